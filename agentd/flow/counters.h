/* counters.h - what happens to requests on their way. Reply codes are counted
 * in proto/codes.h. */
#ifndef AGENTD_FLOW_COUNTERS_H
#define AGENTD_FLOW_COUNTERS_H

#include "agentd/base/counters.h"

/* X(id, name, mib_arc, help) */
#define FLOW_COUNTERS(X)                                                                           \
	X(DATAGRAMS, "datagrams", 0, "datagrams received and dealt with, whatever they were")      \
	X(REQUESTS, "requests", 16, "registration requests received, lifetime not zero")           \
	X(DEREGISTRATIONS, "deregistrations", 17, "deregistration requests received")              \
	X(REPLIES, "replies", 18, "registration replies sent to requests")                         \
	X(DEREGISTRATION_REPLIES, "deregistration-replies", 19,                                    \
	  "registration replies sent to deregistration requests")                                  \
	X(REPEATED, "repeated", 0, "retransmissions answered again without a change")              \
	X(DROPPED_MALFORMED, "dropped-malformed", 0,                                               \
	  "datagrams that are no message to a home agent")                                         \
	X(DROPPED_OVERSIZE, "dropped-oversize", 0, "datagrams longer than any request can be")     \
	X(DROPPED_STALE, "dropped-stale", 0,                                                       \
	  "datagrams that waited longer than overload.request-age before they were read")          \
	X(DROPPED_SOURCE_LIMIT, "dropped-source-limit", 0,                                         \
	  "under overload, of sources that failed too often: datagrams not looked at, denials "    \
	  "not sent")                                                                              \
	X(DENIALS_MUTED, "denials-muted", 0, "of dropped-source-limit: denials not sent")          \
	X(DROPPED_GIVEN_WAY, "dropped-given-way", 0,                                               \
	  "requests of unbound nodes not looked at under overload: refreshes came first")          \
	X(DROPPED_SILENT, "dropped-silent", 0, "requests that the RFC wants left unanswered")      \
	X(DROPPED_IN_FLIGHT, "dropped-in-flight", 0,                                               \
	  "requests of a node whose previous one was still under way")                             \
	X(DROPPED_TOO_SOON, "dropped-too-soon", 0,                                                 \
	  "requests of a node that registers more often than it may")                              \
	X(DROPPED_BUSY, "dropped-busy", 0, "requests dropped because too many were under way")     \
	X(DROPPED_STANDBY, "dropped-standby", 0,                                                   \
	  "datagrams not looked at because another member of the cluster leads")                   \
	X(DROPPED_DISABLED, "dropped-disabled", 0,                                                 \
	  "registration requests left unanswered because registration.enabled is no")              \
	X(UNCERTAIN, "uncertain", 0,                                                               \
	  "granted requests left unanswered: leadership was lost before they took effect")         \
	X(WITHHELD, "withheld", 0, "replies not sent because leadership was lost meanwhile")       \
	X(APPLY_REFUSED, "apply-refused", 0,                                                       \
	  "granted requests that lost against a newer one before they took effect")                \
	X(SEND_FAILED, "send-failed", 0, "replies that the network did not take")                  \
	X(SECURITY_VIOLATIONS, "security-violations", 0,                                           \
	  "requests that failed authentication or replay protection")                              \
	X(VIOLATORS_FORGOTTEN, "violators-forgotten", 0,                                           \
	  "rows of `agentctl violations` that gave way to others")                                 \
	X(REVOCATIONS, "revocations", 0, "registration revocations received from foreign agents")  \
	X(REVOCATIONS_ACKNOWLEDGED, "revocations-acknowledged", 0,                                 \
	  "acknowledgments sent to foreign agents that revoked")                                   \
	X(REVOCATIONS_UNAUTHENTICATED, "revocations-unauthenticated", 0,                           \
	  "revocations and acknowledgments without a valid foreign-home authenticator")            \
	X(REVOCATIONS_REFLECTED, "revocations-reflected", 0,                                       \
	  "revocations dropped because a home agent made them, perhaps this one")                  \
	X(REVOCATIONS_REPLAYED, "revocations-replayed", 0,                                         \
	  "revocations dropped because they were no newer than what is known")                     \
	X(REVOCATIONS_UNKNOWN, "revocations-unknown", 0,                                           \
	  "revocations dropped because that agent has no such revocable binding")                  \
	X(REVOCATIONS_SENT, "revocations-sent", 0,                                                 \
	  "registration revocations sent to foreign agents, each transmission")                    \
	X(REVOCATIONS_CONFIRMED, "revocations-confirmed", 0,                                       \
	  "sent revocations that the foreign agent acknowledged")                                  \
	X(REVOCATION_ACKS_UNEXPECTED, "revocation-acks-unexpected", 0,                             \
	  "acknowledgments of no revocation that waits for one")                                   \
	X(REVOCATIONS_NEEDLESS, "revocations-needless", 0,                                         \
	  "revocations withdrawn because the mobile node had registered there again")              \
	X(REVOCATIONS_GIVEN_UP, "revocations-given-up", 0,                                         \
	  "revocations that no foreign agent acknowledged in time")                                \
	X(REVOCATIONS_OVERFLOW, "revocations-overflow", 0,                                         \
	  "revocations never sent because too many waited for an acknowledgment")                  \
	X(EXPIRED, "expired", 0, "mobile nodes with bindings found at the end of their lifetime")  \
	X(CHECKPOINT_FAILURES, "checkpoint-failures", 0, "writes of the store that failed")        \
	X(TUNNELS_REFUSED, "tunnels-refused", 0,                                                   \
	  "changes of bindings that the table of tunnels had no room for")                         \
	X(PORTS_REFUSED, "ports-refused", 0,                                                       \
	  "ports of UDP tunnels that were not put in order: this member does not lead, or the "    \
	  "log takes nothing")                                                                     \
	X(TUNNELS_HEALED, "tunnels-healed", 0,                                                     \
	  "home addresses whose tunnels were not as their bindings, and were put right")           \
	X(REFILLS, "refills", 0,                                                                   \
	  "times that the store of another member was fetched, because ours lagged too far")       \
	X(REFILL_FAILURES, "refill-failures", 0, "of these, the ones that failed")

enum flow_counter {
#define X(id, name, mib_arc, help) FLOW_##id,
	FLOW_COUNTERS(X)
#undef X
	FLOW_COUNTER_COUNT
};

extern struct counter_set flow_counters;

static inline void flow_count(enum flow_counter counter)
{
	counter_add(&flow_counters, counter, 1);
}

#endif
