/* visit_reasons.h - everything that can become of a packet of a foreign agent's visitors,
 * and what can happen to it on the way: one row is the counter, the word of a trace and of
 * a test, and the sentence for an operator.
 *
 * May include: agentd/dataplane/packet_reasons.h, agentd/base. */
#ifndef AGENTD_DATAPLANE_VISIT_REASONS_H
#define AGENTD_DATAPLANE_VISIT_REASONS_H

#include "agentd/dataplane/packet_reasons.h"

/* X(id, name, fate, help, sentence). The name is that of the counter, behind "visit-". The
 * sentence follows "the packet ". The fate: enum packet_fate. */
#define VISITOR_REASONS_TUNNEL(X)                                                                  \
	X(DELIVERED, "delivered", WENT_ON, "packets from home agents that went to visitors",       \
	  "comes from the home agent's tunnel and goes to the visitor")                            \
	X(KEPT_ALIVE, "kept-alive", WENT_ON, "answers of home agents to our keepalives",           \
	  "is the home agent's answer to a keepalive of ours")                                     \
	X(NO_VISITOR, "no-visitor", DROPPED, "packets from tunnels to nobody who visits",          \
	  "is dropped: its inner destination is no visitor's, and nobody is told")                 \
	X(OTHER_AGENT, "other-agent", DROPPED,                                                     \
	  "packets from tunnels to a visitor that another home agent sends for",                   \
	  "is dropped: its tunnel does not come from the home agent of that visitor")              \
	X(KIND, "kind", DROPPED,                                                                   \
	  "packets from a home agent with another encapsulation, port or care-of address than "    \
	  "agreed upon",                                                                           \
	  "is dropped: its encapsulation, port or care-of address is not that agreed upon")        \
	X(NOT_OURS, "not-ours", DROPPED, "packets from tunnels to an address that is not ours",    \
	  "is dropped: its tunnel ends at no address of this agent")                               \
	X(LATE, "late", DROPPED,                                                                   \
	  "packets from GRE tunnels that came after one with a later sequence number",             \
	  "is dropped: a packet with a later sequence number has come before it")

#define VISITOR_REASONS_LINK(X)                                                                    \
	X(REVERSED, "reversed", WENT_ON, "packets of visitors that went into reverse tunnels",     \
	  "comes from the visitor and goes into its tunnel to the home agent")                     \
	X(REDELIVERED, "redelivered", WENT_ON,                                                     \
	  "packets that visitors had encapsulated to us and that went into reverse tunnels",       \
	  "was encapsulated by the visitor and goes into its tunnel to the home agent")            \
	X(ROUTED, "routed", WENT_ON, "packets of visitors that went on by the host's routes",      \
	  "comes from the visitor, without a reverse tunnel for it, and goes on by the routes")    \
	X(PASSED, "passed", WENT_ON,                                                               \
	  "packets of other hosts of visited links that went on by the host's routes",             \
	  "comes from a host that is no visitor, for which this link routes")                      \
	X(LOCAL, "local", WENT_ON, "packets of visited links for this host itself",                \
	  "is for this host itself")                                                               \
	X(STRANGER, "stranger", DROPPED,                                                           \
	  "packets of hosts that do not visit, on links that route for visitors only",             \
	  "is dropped: it comes from no visitor, and the link routes for visitors only")           \
	X(WRONG_PLACE, "wrong-place", DROPPED,                                                     \
	  "packets with a visitor's source that came from another link or link address",           \
	  "is dropped: its source is a visitor's, but it comes from another link or link address") \
	X(NOT_AGREED, "not-agreed", DROPPED,                                                       \
	  "packets encapsulated to us by visitors without that delivery style",                    \
	  "is dropped: the visitor has not agreed on the encapsulating delivery style")            \
	X(NOT_ITS_OWN, "not-its-own", DROPPED,                                                     \
	  "packets of somebody else that a visitor had encapsulated to us",                        \
	  "is dropped: the visitor encapsulates a packet of somebody else")                        \
	X(OWN_SOURCE, "own-source", DROPPED,                                                       \
	  "packets of visited links with an address of this host as their source",                 \
	  "is dropped: it comes from a visited link and claims to come from this host")            \
	X(NOT_UNICAST, "not-unicast", DROPPED,                                                     \
	  "broadcasts and multicasts of visited links that were not encapsulated to us",           \
	  "is dropped: a broadcast or multicast, which only the encapsulating style carries")      \
	X(SELF_EXIT, "self-exit", DROPPED, "packets of visitors whose home agent would be us",     \
	  "is not tunnelled: the home agent's address is one of this host's")

#define VISITOR_REASONS_EITHER(X)                                                                  \
	X(FENCED, "fenced", DROPPED, "packets dropped because this node may not carry any now",    \
	  "is dropped: this node may not carry packets of visitors now")                           \
	X(TOO_BIG, "too-big", DROPPED,                                                             \
	  "packets that a link would not take, and that must not be fragmented",                   \
	  "goes no further: it is too big for the link and must not be fragmented")                \
	X(UNCUT, "uncut", DROPPED, "packets that are too big and cannot be fragmented",            \
	  "is dropped: it is too big and cannot be fragmented")                                    \
	X(TOO_LONG, "too-long", DROPPED, "packets that would exceed 65535 octets in the tunnel",   \
	  "is not tunnelled: with the outer header it would exceed 65535 octets")                  \
	X(FRAGMENTED, "fragmented", EVENT,                                                         \
	  "packets that were fragmented before the tunnel, or the visitor's link",                 \
	  "is fragmented before it goes on")                                                       \
	X(MTU_TOLD, "mtu-told", EVENT, "senders to be told that fragmentation is needed",          \
	  "is bigger than its way takes, which its sender is to be told")                          \
	X(KEEPALIVE_SENT, "keepalive-sent", WENT_ON, "keepalives sent into UDP tunnels",           \
	  "keeps a UDP tunnel alive")

#define VISITOR_REASONS_ERROR(X)                                                                   \
	X(RELAYED, "relayed", WENT_ON, "ICMP errors from reverse tunnels told to the visitor",     \
	  "is an ICMP error from a reverse tunnel, which the visitor is told")                     \
	X(NOTED, "noted", WENT_ON, "ICMP errors from reverse tunnels only taken note of",          \
	  "is an ICMP error from a reverse tunnel, which is taken note of")                        \
	X(ERROR_SILENT, "error-silent", DROPPED,                                                   \
	  "ICMP errors from tunnels of a kind that no visitor is told and nothing follows from",   \
	  "is an ICMP error from a tunnel of which nothing follows")                               \
	X(ERROR_ELSE, "error-else", DROPPED, "ICMP messages that are not about reverse tunnels",   \
	  "is not about a tunnel of this agent")

#define VISITOR_REASONS(X)                                                                         \
	VISITOR_REASONS_TUNNEL(X)                                                                  \
	VISITOR_REASONS_LINK(X)                                                                    \
	VISITOR_REASONS_EITHER(X)                                                                  \
	VISITOR_REASONS_ERROR(X)                                                                   \
	PACKET_REASONS(X)

enum visitor_reason {
#define X(id, name, fate, help, sentence) VISITOR_##id,
	VISITOR_REASONS(X)
#undef X
	VISITOR_REASON_COUNT
};
_Static_assert(VISITOR_REASON_COUNT <= 64, "a set of them is 64 bits");

#define VISITOR_BIT(reason) (UINT64_C(1) << (reason))

/* Static, never NULL; `reason` is below VISITOR_REASON_COUNT. */
const struct packet_reason_info *visitor_reason_info(enum visitor_reason reason);

/* In the order of the rows; names have "visit-" in front. */
extern struct counter_set visitor_counters;

#endif
