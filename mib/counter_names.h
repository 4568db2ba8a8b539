/* counter_names.h - the counters of the process by name, and objects that are one of them
 * or the sum of several.
 *
 * On the thread of the view. All counters are registered before the first call.
 *
 * May include: agentd/base/counters.h, mib/object.h. */
#ifndef MIB_COUNTER_NAMES_H
#define MIB_COUNTER_NAMES_H

#include "agentd/base/counters.h"
#include "mib/object.h"

struct mib_counter {
	const struct counter_set *set;
	size_t at; /* within it */
};

/* All of them, in the order that an IMPLIED index of names has. Static. None when there is
 * no memory. */
size_t mib_counter_names(const struct mib_counter **out);

const char *mib_counter_name(const struct mib_counter *counter);

/* The key of a name without the first `skipped` octets. */
void mib_counter_key(const struct mib_counter *counter, size_t skipped, struct mib_key *out);

/* One counter that belongs to the object `arc`: its name, or the beginning of several names
 * and then a *. */
struct mib_sum_row {
	uint32_t arc;
	const char *name;
};

/* The sum of the rows of the column's arc; false: none of them counts in this process. */
bool mib_count_sum(const struct mib_cell *cell, const struct mib_sum_row *rows, size_t count,
                   uint64_t *out);

/* The sum of all counters whose object is the column's in that branch of MIP-MIB. */
bool mib_read_branch(const struct mib_cell *cell, enum counter_branch branch,
                     struct mib_value *out);

#endif
