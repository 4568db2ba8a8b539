/* revoker.h - revocations that we owe to foreign agents (RFC 3543 section
 * 4.2.2.1): when each is due, again and again until it is acknowledged, and when to
 * give up. No clock, socket or key here: times are arguments, and a visitor sends.
 *
 * Every member of a group keeps what it applied, for as long as its leader would
 * go on sending; only the leader sends, and a new leader goes on where the old one
 * was. An agent that is told twice acknowledges twice, or ignores what it does not
 * know any more. The table is in memory only: after a start there is in it what
 * the log had and the store did not; other agents find out when the lifetime
 * that they know of ends.
 *
 * Times are cluster time in milliseconds. Any thread; the visitor runs with the
 * table's lock held.
 *
 * May include: agentd/state, proto, agentd/base. */
#ifndef AGENTD_FLOW_REVOKER_H
#define AGENTD_FLOW_REVOKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/state/state.h"

#define REVOKER_LETTERS 4096u /* that wait for an acknowledgment at once */
#define REVOKER_SENDS 7u      /* transmissions of one, at most */

/* A second and its part that cluster time may be ahead of ours (clock.h): an
 * agent sends no two messages of one binding within a second, and each bears
 * another second. After the first the time between two doubles. */
#define REVOKER_PACE_MS 1100u

/* From the end of the binding until nobody waits for an acknowledgment any more. */
#define REVOKER_AGE_MS (REVOKER_PACE_MS << REVOKER_SENDS)

struct revoker;

/* One revocation, to be sent now. */
struct revoker_letter {
	uint64_t place; /* realm and home address */
	struct in_addr care_of;
	struct in_addr agent; /* whom it goes to */
	bool inform;
	uint32_t identifier;
};

struct revoker *revoker_new(void); /* NULL: no memory */
void revoker_free(struct revoker *revoker);

/* Bindings that ended at `time_ms`. Returns how many found no room. */
size_t revoker_add(struct revoker *revoker, const struct state_ended *ended, size_t count,
                   uint64_t time_ms);

enum revoker_step {
	REVOKER_SENT,
	REVOKER_WAIT,   /* not now: it is due again at once */
	REVOKER_CANCEL, /* it must not be sent any more */
};

typedef enum revoker_step revoker_visitor(void *context, const struct revoker_letter *letter);

/* Those that are due, `max` at most, each given to the visitor once. Returns how
 * many were given up: their binding would have ended by now, or nobody answered. */
size_t revoker_run(struct revoker *revoker, uint64_t now_ms, size_t max, revoker_visitor *send,
                   void *context);

/* The agent answered one that was sent to it. false: there is none that waits
 * for that answer. */
bool revoker_acknowledge(struct revoker *revoker, struct in_addr agent, uint64_t place,
                         uint32_t identifier);

size_t revoker_count(struct revoker *revoker); /* that wait */

#endif
