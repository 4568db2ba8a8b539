/* history.h - what an agent may hold, given what was asked of it and what it
 * promised: the model behind verification. Pure.
 *
 * A request whose acceptance arrived has had its effect, once, however often it
 * was sent. One that was denied has none. One without an answer, or with fewer
 * answers than copies, may or may not have had it. So a node's history allows a
 * set of outcomes, most often one.
 *
 * May include: agentd/load/record.h, exchange.h. */
#ifndef AGENTD_LOAD_HISTORY_H
#define AGENTD_LOAD_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "agentd/base/binding.h"
#include "agentd/load/record.h"

/* Entries of one home address, in order of identification; borrowed. */
struct history {
	const struct load_record *records;
	size_t count;
};

/* Bring entries into the order in which history_next finds them. */
void history_sort(struct load_record *records, size_t count);

/* The history that begins at records[*at]; *at moves behind it. */
struct history history_next(const struct load_record *records, size_t count, size_t *at);

/* One binding, and all bindings of a node; zero-initialised has none. */
struct held {
	struct in_addr care_of;
	uint64_t identification;
	uint64_t expires_ms; /* Unix time, roughly; UINT64_MAX = never */
};

struct outcome {
	size_t count;
	struct held at[BINDING_LIMIT_MAX]; /* by care-of address, which no two share */
};

/* Put a binding in, in place of one with its care-of address. false when there
 * is no room for it. */
bool outcome_put(struct outcome *outcome, struct held held);

/* A set; zero-initialised is empty. Owned by the caller (outcomes_free). */
struct outcomes {
	struct outcome *at;
	size_t count, room;
};
void outcomes_free(struct outcomes *outcomes);

/* Which outcomes the history allows. HA_E_NOMEM, or HA_E_CAPACITY: too many
 * requests without an answer. */
enum ha_error history_outcomes(const struct history *history, struct outcomes *out);

/* Is entry `i` the same request as the one before it, sent again as it was? */
bool history_is_copy(const struct history *history, size_t i);

/* The answer to the request at `i`, an acceptance if there is one; NULL when
 * there is none. */
const struct load_record *history_answer_to(const struct history *history, size_t i);

/* How many entries of a kind, from `i` on, have the identification of entry `i`. */
size_t history_entries_of(const struct history *history, size_t i, enum record_what what);

/* The acceptance with the highest identification; NULL when there is none. */
const struct load_record *history_newest_accepted(const struct history *history);

enum finding {
	FINDING_ALLOWED,
	FINDING_LOST,        /* a promised binding is missing, or an older one is there */
	FINDING_RESURRECTED, /* a former binding is there beside what may be there, or alone */
	FINDING_UNEXPLAINED, /* a binding that nobody asked for */
};

/* Is what was found one of the outcomes; if not, what is wrong. */
enum finding history_judge(const struct history *history, const struct outcomes *outcomes,
                           const struct outcome *found, uint64_t now_ms);

#endif
