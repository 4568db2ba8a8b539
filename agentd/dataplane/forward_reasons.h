/* forward_reasons.h - everything that can become of a packet, and what can happen to
 * it on the way: one row is the counter, the word of a trace and of a test, and the
 * sentence for an operator.
 *
 * May include: agentd/dataplane/packet_reasons.h, agentd/base. */
#ifndef AGENTD_DATAPLANE_FORWARD_REASONS_H
#define AGENTD_DATAPLANE_FORWARD_REASONS_H

#include "agentd/dataplane/packet_reasons.h"

/* X(id, name, fate, help, sentence). The name is that of the counter, behind "forward-".
 * The sentence follows "the packet ". */
#define FORWARD_REASONS_HOME(X)                                                                    \
	X(TUNNELLED, "tunnelled", WENT_ON, "packets to bound home addresses that were tunnelled",  \
	  "is tunnelled to where the mobile node is")                                              \
	X(HOME_LINK, "home-link", WENT_ON,                                                         \
	  "packets to home addresses without a binding that went on to the home link",             \
	  "goes on to the home link: its destination has no binding")                              \
	X(LOCAL, "local", WENT_ON, "packets for this host itself", "is for this host itself")      \
	X(FENCED, "fenced", DROPPED,                                                               \
	  "packets dropped because this node may not forward for their home agent address",        \
	  "is dropped: this node has no contact with a majority of its cluster")                   \
	X(NO_NETWORK, "no-network", DROPPED, "packets to addresses of no home network",            \
	  "is dropped: its destination is in no home network of this agent")                       \
	X(NO_AGENT, "no-agent", DROPPED, "packets of a group without a home agent address",        \
	  "is dropped: this node has no home agent address for the binding")                       \
	X(NOT_UNICAST, "not-unicast", DROPPED,                                                     \
	  "broadcasts and multicasts that did not come from their home link",                      \
	  "is dropped: a broadcast or multicast, and not from its home link")                      \
	X(UNREACHABLE, "unreachable", DROPPED,                                                     \
	  "packets to home addresses of a virtual network that have no binding",                   \
	  "is dropped: its destination has no binding, and the home network no link")              \
	X(OWN_SOURCE, "own-source", DROPPED,                                                       \
	  "packets from outside with an address of this host as their source",                     \
	  "is dropped: it comes from outside and claims to come from this host")                   \
	X(SPECIAL_LOOP, "special-loop", DROPPED,                                                   \
	  "packets that a care-of address tunnelled back to the home address",                     \
	  "is dropped: the care-of address itself sent it back in a tunnel")

#define FORWARD_REASONS_COPY(X)                                                                    \
	X(SPECIAL, "special", EVENT, "packets that came in a tunnel to the home address",          \
	  "came in a tunnel to the home address, and its contents go on")                          \
	X(EXIT_SOURCE, "exit-source", DROPPED, "copies whose source is the exit of their tunnel",  \
	  "is not tunnelled: its source is the exit of the tunnel")                                \
	X(SELF_EXIT, "self-exit", DROPPED, "copies whose tunnel would lead back into itself",      \
	  "is not tunnelled: the exit is the home address itself")                                 \
	X(BOUND_EXIT, "bound-exit", DROPPED,                                                       \
	  "copies whose tunnel would end at a home address that is itself bound",                  \
	  "is not tunnelled: the exit is a bound home address, whose tunnels it would go into")    \
	X(NO_PORT, "no-port", DROPPED, "copies for a UDP tunnel whose keepalive has not come yet", \
	  "is not tunnelled: the first keepalive of the UDP tunnel has not come yet")              \
	X(TOO_BIG, "too-big", DROPPED,                                                             \
	  "copies that the link would not take, and that must not be fragmented",                  \
	  "goes no further: it is too big for the link and must not be fragmented")                \
	X(UNCUT, "uncut", DROPPED, "copies that are too big and cannot be fragmented",             \
	  "is not tunnelled: it is too big and cannot be fragmented")                              \
	X(TOO_LONG, "too-long", DROPPED, "copies that would exceed 65535 octets in the tunnel",    \
	  "is not tunnelled: with the outer header it would exceed 65535 octets")                  \
	X(FRAGMENTED, "fragmented", EVENT,                                                         \
	  "copies that were fragmented before the tunnel, or the home link",                       \
	  "is fragmented before it goes on")                                                       \
	X(MTU_TOLD, "mtu-told", EVENT, "senders to be told that fragmentation is needed",          \
	  "is bigger than the tunnel takes, which its sender is to be told")

#define FORWARD_REASONS_TUNNEL(X)                                                                  \
	X(REVERSE, "reverse", WENT_ON, "packets from reverse tunnels that went on",                \
	  "comes from the mobile node's tunnel and goes on")                                       \
	X(HAIRPIN, "hairpin", WENT_ON, "packets from one mobile node away to another",             \
	  "comes from one mobile node's tunnel and goes into another one's")                       \
	X(GATEWAY, "gateway", WENT_ON, "packets from trusted gateways that went on",               \
	  "comes from a trusted gateway and goes on")                                              \
	X(REVERSE_BROADCAST, "reverse-broadcast", WENT_ON,                                         \
	  "broadcasts and multicasts from reverse tunnels",                                        \
	  "is a broadcast or multicast from the mobile node's tunnel to the home network")         \
	X(KEEPALIVE, "keepalive", WENT_ON, "keepalives of UDP tunnels that were answered",         \
	  "is a keepalive of a UDP tunnel and is answered")                                        \
	X(PORT_LEARNT, "port-learnt", EVENT, "UDP tunnels completed by their first keepalive",     \
	  "is the first keepalive, which says where the UDP tunnel goes")                          \
	X(UNWRAPPED_AGAIN, "unwrapped-again", EVENT,                                               \
	  "packets that their mobile node had put into a tunnel of its own",                       \
	  "was in a tunnel of the mobile node's own")                                              \
	X(NOT_OURS, "not-ours", DROPPED, "packets from tunnels to an address that is no agent's",  \
	  "is dropped: its tunnel ends at no home agent address of this node")                     \
	X(REVERSE_UNBOUND, "reverse-unbound", DROPPED,                                             \
	  "packets from tunnels whose inner source has no binding",                                \
	  "is dropped: its inner source has no binding, and its outer one is no trusted gateway")  \
	X(REVERSE_CARE_OF, "reverse-care-of", DROPPED,                                             \
	  "packets from tunnels that come from somewhere else than the care-of address",           \
	  "is dropped: it comes from somewhere else than the care-of address of its inner source") \
	X(REVERSE_KIND, "reverse-kind", DROPPED,                                                   \
	  "packets from a care-of address with another encapsulation or port than agreed upon",    \
	  "is dropped: its encapsulation or port is not that agreed upon")                         \
	X(REVERSE_AGENT, "reverse-agent", DROPPED,                                                 \
	  "packets from tunnels to another home agent address than that of the binding",           \
	  "is dropped: its tunnel ends at another home agent address than that of its binding")    \
	X(REVERSE_OTHER, "reverse-other", DROPPED,                                                 \
	  "packets whose mobile node had put somebody else's packet into a tunnel",                \
	  "is dropped: the mobile node tunnels a packet of somebody else")                         \
	X(REVERSE_LATE, "reverse-late", DROPPED,                                                   \
	  "packets from GRE tunnels that came after one with a later sequence number",             \
	  "is dropped: a packet with a later sequence number has come before it")                  \
	X(REVERSE_LOOP, "reverse-loop", DROPPED,                                                   \
	  "packets from GRE tunnels to the very host that sent them through it",                   \
	  "is dropped: its destination is where its GRE tunnel begins")

#define FORWARD_REASONS_ERROR(X)                                                                   \
	X(RELAYED, "relayed", WENT_ON, "ICMP errors from tunnels that were told to the sender",    \
	  "is an ICMP error from a tunnel, which the sender is told")                              \
	X(NOTED, "noted", WENT_ON, "ICMP errors from tunnels that were only taken note of",        \
	  "is an ICMP error from a tunnel, which is taken note of")                                \
	X(ERROR_SILENT, "error-silent", DROPPED,                                                   \
	  "ICMP errors from tunnels of a kind that no sender is told and nothing follows from",    \
	  "is an ICMP error from a tunnel of which nothing follows")                               \
	X(ERROR_ELSE, "error-else", DROPPED, "ICMP messages that are not about tunnels",           \
	  "is not about a tunnel of this agent")

#define FORWARD_REASONS_BROADCAST(X)                                                                 \
	X(BROADCAST, "broadcast", WENT_ON,                                                           \
	  "broadcasts and multicasts of home links that were tunnelled",                             \
	  "is tunnelled to the mobile nodes that asked for broadcasts")                              \
	X(BROADCAST_NOBODY, "broadcast-nobody", DROPPED,                                             \
	  "broadcasts and multicasts that no mobile node away asked for",                            \
	  "is left alone: no mobile node away asked for broadcasts")                                 \
	X(BROADCAST_CATEGORY, "broadcast-category", DROPPED,                                         \
	  "broadcasts and multicasts of a category that is not forwarded",                           \
	  "is left alone: broadcasts of its category are not forwarded")                             \
	X(BROADCAST_ELSEWHERE, "broadcast-elsewhere", DROPPED,                                       \
	  "broadcasts and multicasts of home links that the leader spreads, which this node is not", \
	  "is left alone: the leader hears it too and spreads it")                                   \
	X(BROADCAST_UNICAST, "broadcast-unicast", DROPPED,                                           \
	  "packets of home links that are neither broadcasts nor multicasts",                        \
	  "is left alone: it is neither a broadcast nor a multicast")                                \
	X(BROADCAST_CAPPED, "broadcast-capped", EVENT,                                               \
	  "broadcasts and multicasts that not all mobile nodes got, being too many",                 \
	  "does not reach all mobile nodes that asked for broadcasts, being too many")               \
	X(BROADCAST_NESTED, "broadcast-nested", EVENT,                                               \
	  "broadcasts and multicasts wrapped for a mobile node behind a foreign agent",              \
	  "is addressed to the home address first, for the foreign agent to know whose it is")

#define FORWARD_REASONS(X)                                                                         \
	FORWARD_REASONS_HOME(X)                                                                    \
	FORWARD_REASONS_COPY(X)                                                                    \
	FORWARD_REASONS_TUNNEL(X)                                                                  \
	FORWARD_REASONS_ERROR(X)                                                                   \
	FORWARD_REASONS_BROADCAST(X)                                                               \
	PACKET_REASONS(X)

enum forward_reason {
#define X(id, name, fate, help, sentence) FORWARD_##id,
	FORWARD_REASONS(X)
#undef X
	FORWARD_REASON_COUNT
};
_Static_assert(FORWARD_REASON_COUNT <= 64, "a set of them is 64 bits");

#define FORWARD_BIT(reason) (UINT64_C(1) << (reason))

/* Static, never NULL; `reason` is below FORWARD_REASON_COUNT. */
const struct packet_reason_info *forward_reason_info(enum forward_reason reason);

/* In the order of the rows; names have "forward-" in front. */
extern struct counter_set forward_counters;

#endif
