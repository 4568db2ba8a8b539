/* packet_reasons.h - what can become of a packet, at home and where somebody visits: the
 * rows that both have. The tables are forward_reasons.h and visit_reasons.h.
 *
 * May include: agentd/base. */
#ifndef AGENTD_DATAPLANE_PACKET_REASONS_H
#define AGENTD_DATAPLANE_PACKET_REASONS_H

#include "agentd/base/counters.h"

/* What a row is. */
enum packet_fate {
	PACKET_WENT_ON, /* the end of a packet's way here: it was handed on, or answered */
	PACKET_DROPPED, /* the end: it was not */
	PACKET_EVENT,   /* something on the way to one of the ends */
};

/* X(id, name, fate, help, sentence). The name is that of the counter, behind that of its table.
 * The sentence follows "the packet ". */
#define PACKET_REASONS_TUNNEL(X)                                                                   \
	X(TUNNEL_BROKEN, "tunnel-broken", DROPPED, "packets from tunnels with broken headers",     \
	  "is dropped: a header of it is broken or cut off")                                       \
	X(TUNNEL_CHECKSUM, "tunnel-checksum", DROPPED,                                             \
	  "packets from tunnels with a wrong checksum of UDP, GRE or minimal encapsulation",       \
	  "is dropped: the checksum of its tunnel is wrong")                                       \
	X(TUNNEL_UNKNOWN, "tunnel-unknown", DROPPED, "packets from tunnels of an unknown kind",    \
	  "is dropped: its tunnel is of an unknown kind")                                          \
	X(TUNNEL_FRAGMENT, "tunnel-fragment", DROPPED,                                             \
	  "fragments of outer packets that nobody put together",                                   \
	  "is dropped: a fragment of an outer packet")                                             \
	X(INNER_DEAD, "inner-dead", DROPPED, "packets from tunnels with a TTL of 0 inside",        \
	  "is dropped: the TTL inside is 0")

#define PACKET_REASONS_HEADER(X)                                                                   \
	X(HEADER, "header", DROPPED, "packets with a broken IP header",                            \
	  "is dropped: its IP header is broken or cut off")                                        \
	X(BAD_SOURCE, "bad-source", DROPPED,                                                       \
	  "packets whose source no host can have there, such as loopback or a group",              \
	  "is dropped: no host can have its source there")                                         \
	X(NESTING, "nesting", DROPPED, "packets in too many tunnels already",                      \
	  "is dropped: it is in as many tunnels as is allowed already")                            \
	X(EXPIRED, "expired", DROPPED, "packets whose TTL ran out here",                           \
	  "is dropped: its TTL ran out")

#define PACKET_REASONS_COMPLAINT(X)                                                                \
	X(BROKEN_TOLD, "broken-told", EVENT, "senders to be told that a tunnel does not work",     \
	  "goes into a tunnel that is known not to work, which its sender is to be told")          \
	X(ERROR_SENT, "error-sent", EVENT, "ICMP errors that were sent",                           \
	  "caused an ICMP error to its sender")                                                    \
	X(ERROR_LIMITED, "error-limited", EVENT, "ICMP errors not sent because they are too many", \
	  "caused no ICMP error, because there were too many of them")                             \
	X(ERROR_FORBIDDEN, "error-forbidden", EVENT,                                               \
	  "ICMP errors not sent because there must be none about such a packet",                   \
	  "caused no ICMP error, because there must be none about such a packet")

#define PACKET_REASONS_ERROR(X)                                                                    \
	X(MTU_DOUBTED, "mtu-doubted", EVENT,                                                       \
	  "ICMP errors that told of a smaller MTU of a tunnel than is believed",                   \
	  "tells of a smaller MTU than is believed, which counts as the least that is")            \
	X(ERROR_BROKEN, "error-broken", DROPPED, "ICMP errors that are cut or have a wrong sum",   \
	  "is dropped: the ICMP error is broken or cut off")                                       \
	X(ERROR_UNKNOWN, "error-unknown", DROPPED,                                                 \
	  "ICMP errors about packets that were not sent from here",                                \
	  "is dropped: it is about a packet that was not sent into a tunnel here")

#define PACKET_REASONS(X)                                                                          \
	PACKET_REASONS_TUNNEL(X)                                                                   \
	PACKET_REASONS_HEADER(X)                                                                   \
	PACKET_REASONS_COMPLAINT(X)                                                                \
	PACKET_REASONS_ERROR(X)

struct packet_reason_info {
	const char *name;
	const char *sentence;
	enum packet_fate fate;
};

#endif
