/* segments.h - one packet of a tunnel that is really several: what a network card, or the
 * kernel for it, made of segments of a TCP connection (or datagrams of UDP) that came one
 * after the other in the same tunnel, IP in IP or GRE. It has one outer and one inner
 * header, the data of all, and below the inner header a checksum that is only begun: it
 * is over the pseudo header alone. Cut again, each is as it was on the wire.
 *
 * A packet whose checksum was left to the sender's device looks the same, and is cut into
 * one.
 *
 * May include: proto/ip4.h, proto/tunnel.h, agentd/base. */
#ifndef PROTO_SEGMENTS_H
#define PROTO_SEGMENTS_H

#include "proto/ip4.h"

struct segments {
	struct span packet; /* borrowed until the last one is cut */
	struct ip4 outer, inner;
	size_t inner_at; /* offsets in the packet: of the inner header */
	size_t transport_at;
	size_t data_at;
	size_t size; /* octets of data in each but the last; the caller's, at least 1 */
	size_t done; /* octets of data that were cut off */
	uint16_t number;
	bool marked; /* by ECN: CWR of TCP is the first one's; the caller's */
	bool ended;
};

/* Look at a packet that may be cut off behind the header of TCP or UDP inside. false: it
 * is not one of a tunnel with such a header inside, or a fragment. With `size` for one. */
bool segments_find(struct span packet, struct segments *out);

/* The same for one that is in no tunnel: its own header is the one below which it is cut,
 * and `outer` and `inner` are both that. */
bool segments_find_plain(struct span packet, struct segments *out);

/* Whether its checksum is only begun. One of 65536 that are complete looks the same:
 * segments_is_complete tells them apart. The packet must be whole for the latter. */
bool segments_is_begun(const struct segments *segments);
bool segments_is_complete(const struct segments *segments);

/* How many there are. */
size_t segments_count(const struct segments *segments);

/* Octets that they have inside of the tunnel, headers of each included. */
size_t segments_octets(const struct segments *segments);

/* Write the next one, tunnel and all; false when there is none, or with HA_E_NOSPACE of
 * the writer. The packet must be whole. */
bool segments_next(struct segments *segments, struct writer *out);

#endif
