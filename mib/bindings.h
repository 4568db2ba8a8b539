/* bindings.h - what the two tables of bindings share.
 *
 * May include: mib/view.h, agentd/state. */
#ifndef MIB_BINDINGS_H
#define MIB_BINDINGS_H

#include "agentd/state/rows.h"
#include "mib/view.h"

/* A row of either. */
struct mib_binding_row {
	struct mib_group *group;
	struct binding_row binding;
};

_Static_assert(sizeof(struct mib_binding_row) <= MIB_ROW_MAX, "a row has to fit");

static inline const struct mib_binding_row *mib_binding_row_of(const struct mib_cell *cell)
{
	return (const struct mib_binding_row *)cell->row;
}

static inline const struct binding *mib_binding_of(const struct mib_cell *cell)
{
	return &mib_binding_row_of(cell)->binding.binding;
}

/* The first binding in the store of a group whose key is at or after `key`, strictly after
 * it if `after`. A row that cannot be read is passed over and counted. false: there is
 * none. */
bool mib_binding_find(struct mib_group *group, struct store_bytes key, bool after,
                      struct binding_row *out);

/* RegistrationFlags, of the flags as they stand in a request. */
bool mib_registration_flags(struct mib_value *out, uint8_t flags);

#endif
