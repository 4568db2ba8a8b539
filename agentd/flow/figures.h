/* figures.h - the figures of an operator's first graph: requests by what they ask for and
 * what became of them, how long accepted ones waited for their reply, most bindings at
 * once, and who leads since when.
 *
 * Requests and replies are those of the process, all its groups together, since it
 * started. At any moment a request that was received is accepted, denied, unanswered or
 * under way. The rest is of a group.
 *
 * Any thread asks. Nobody who answers requests waits for that, and what is not asked for
 * costs nothing but the counting.
 *
 * May include: agentd/base. */
#ifndef AGENTD_FLOW_FIGURES_H
#define AGENTD_FLOW_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "agentd/base/counters.h"

struct agent; /* agentd/flow/agent.h */

/* ---- requests ---- */

/* What a request asks for, by its lifetime and by the bindings that the node it claims to
 * be from had when it was looked at; whether it is authentic does not matter. A
 * retransmission counts again.
 * X(id, name, what) */
#define REQUEST_KINDS(X)                                                                           \
	X(INITIAL, "initial", "requests of nodes without bindings")                                \
	X(REFRESH, "refresh", "requests of nodes that stay where they are")                        \
	X(MOVE, "move", "requests of nodes at a new care-of address")                              \
	X(DEREGISTER, "deregister", "requests with lifetime zero")

/* The numbers are those of hearthRequestKind. */
enum request_kind {
	REQUEST_NONE, /* it is no request */
#define X(id, name, what) REQUEST_##id,
	REQUEST_KINDS(X)
#undef X
	REQUEST_KIND_END
};

#define REQUEST_KIND_COUNT (REQUEST_KIND_END - 1u)

/* What became of it. A reply that was sent counts, whether the network took it or not.
 * X(id, name, help), made of the name of a kind and what it is of. */
#define REQUEST_OUTCOMES(X, kind, of)                                                              \
	X(RECEIVED, kind "-received", of ": looked at")                                            \
	X(ACCEPTED, kind "-accepted", of ": accepted, once they had taken effect")                 \
	X(DENIED, kind "-denied", of ": denied")                                                   \
	X(UNANSWERED, kind "-unanswered",                                                          \
	  of ": looked at and left unanswered by the RFC's wish, as too many or too frequent, or " \
	     "because leadership was lost meanwhile")

enum request_outcome {
#define X(id, name, help) REQUEST_##id,
	REQUEST_OUTCOMES(X, "", "")
#undef X
	REQUEST_OUTCOME_COUNT
};

/* One counter for each kind and outcome: initial-received, initial-accepted, ... */
extern struct counter_set request_counters;

/* Static: "initial", "refresh", "move", "deregister". NULL: there is no such kind. */
const char *request_kind_name(enum request_kind kind);

struct request_figures {
	uint64_t counts[REQUEST_OUTCOME_COUNT];
	uint64_t per_minute;      /* received in the last full minute */
	uint64_t per_minute_peak; /* received in the full minute with most */
	uint64_t peak_ms;         /* Unix time when that began; 0 = none was full yet */
};

/* [kind - 1] of all kinds. */
void figures_requests(struct request_figures out[REQUEST_KIND_COUNT]);

/* ---- replies ---- */

/* Of the requests whose acceptance was sent in the last full minute: from the moment when
 * the kernel had the datagram to the one when the reply was sent. Percentiles are up to
 * 1.6 % too high. */
struct latency_figures {
	uint64_t replies;   /* 0: there were none, and so are the others */
	uint32_t median_us; /* half of them took no longer */
	uint32_t high_us;   /* 99 of 100 took no longer */
	uint32_t max_us;
};
void figures_latency(struct latency_figures *out);

/* ---- a group ---- */

struct group_figures {
	uint32_t bindings_peak;    /* most at once that this node knew of since agentd started */
	uint64_t bindings_peak_ms; /* Unix time when there were so many first */

	/* Who leads, as this node sees it; a witness leads nothing. A node that is alone has
	 * led since it started. Times are Unix time. */
	uint64_t leader_since_ms; /* the present one leads, in its term; 0 = there is none */
	/* How often another member began to lead, or the same one again after an election,
	 * since agentd started. The first leader that it hears of is no change. */
	uint32_t leader_changes;
	uint64_t failover_ms; /* when the last change was complete; 0 = there was none */
	/* How long nobody led then: since the leader before was heard here last; of one that
	 * led here, since it could not answer any more. 0 = there was no change. */
	uint32_t failover_took_ms;
	uint8_t leader_before; /* who led before that change; 0 = there was none */
};
/* Not while the agent is between two runs (agent_again). */
void figures_group(struct agent *agent, struct group_figures *out);

/* ---- for agentd/flow ---- */

/* Minutes are counted from now on. Before threads start; again it is harmless. */
void figures_begin(void);

/* A network thread is about to count something of now. */
void figures_look(uint64_t now_ns);

/* Nothing for REQUEST_NONE. */
void figures_count(enum request_kind kind, enum request_outcome outcome);
/* A reply to it was sent. Both are clock_monotonic_ns(). */
void figures_replied(enum request_kind kind, bool accepted, uint64_t arrived_ns, uint64_t now_ns);

/* How many bindings are there now? Engine's thread, or while there is none. */
void figures_note_bindings(struct agent *agent);
/* Others see the most that were noted. The same thread. */
void figures_show_bindings(struct agent *agent);

#endif
