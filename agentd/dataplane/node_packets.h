/* node_packets.h - packets of a mobile node into its tunnels and out of them, when it has
 * both ends of them itself: with a care-of address of its own, or where what it sends is
 * wrapped for the foreign agent (RFC 5944 section 4.2.1, RFC 3024 section 5.2, RFC 3519
 * section 4.9).
 *
 * Pure: octets in, octets out, and one word on what became of them.
 *
 * May include: proto, agentd/base. */
#ifndef AGENTD_DATAPLANE_NODE_PACKETS_H
#define AGENTD_DATAPLANE_NODE_PACKETS_H

#include "agentd/base/address.h"
#include "proto/arp.h"
#include "proto/tunnel.h"

#define NODE_TUNNELS_MAX 4u /* several bindings at once; more than that nobody grants by default */

/* X(symbol, counter name, help) */
#define NODE_FATES(X)                                                                              \
	X(NODE_DELIVERED, "delivered", "Packets from tunnels that were given to the host")         \
	X(NODE_WRAPPED, "wrapped", "Packets of the host that were put into a tunnel")              \
	X(NODE_KEEPALIVE, "keepalive-answers", "Keepalives that the home agent answered")          \
	X(NODE_BROKEN, "broken", "Packets that are broken, or no packets of a tunnel")             \
	X(NODE_STRANGE, "strange", "Packets from tunnels that nobody agreed on")                   \
	X(NODE_MISDIRECTED, "misdirected", "Packets from tunnels that are for another address")    \
	X(NODE_FOREIGN, "not-from-home", "Packets of the host without its home address")           \
	X(NODE_UNBOUND, "unbound", "Packets of the host while there is no tunnel")                 \
	X(NODE_UNSENT, "unsent", "Packets that the kernel did not take")

enum node_fate {
#define X(symbol, name, help) symbol,
	NODE_FATES(X)
#undef X
	NODE_FATES_COUNT,
};

/* What was agreed on. The first tunnel is the newest: what is sent goes there. */
struct node_tunnels {
	struct in_addr home;
	struct address_prefix home_network; /* length 0: unknown */
	bool reverse;                       /* what the host sends goes through the first */
	bool broadcasts;                    /* those of the home network are wanted */
	bool on_link;                       /* the first ends at the foreign agent of the link */
	struct mac agent_mac;               /* which has that link address */
	uint16_t keepalive_id;              /* of our echo requests */
	uint8_t count;
	struct tunnel_end at[NODE_TUNNELS_MAX];
};

/* A packet of the host, to be sent through the first tunnel: written to `out` if NODE_WRAPPED.
 * `id` is of the outer packet. */
enum node_fate node_wrap(const struct node_tunnels *tunnels, struct span packet, uint16_t id,
                         struct writer *out);

/* A whole packet as it came by a raw socket. If NODE_DELIVERED, *inner is for the host, in
 * `packet` or in `scratch`. */
enum node_fate node_unwrap(const struct node_tunnels *tunnels, struct span packet,
                           struct writer *scratch, struct span *inner);

/* The same for a datagram: as tunnel_unwrap_datagram. */
enum node_fate node_unwrap_datagram(const struct node_tunnels *tunnels, const struct ip4 *outer,
                                    uint16_t source_port, uint16_t destination_port,
                                    struct span payload, struct writer *scratch,
                                    struct span *inner);

/* An echo request from the home address to the home agent, through the first tunnel. */
enum node_fate node_keepalive(const struct node_tunnels *tunnels, struct in_addr home_agent,
                              uint16_t sequence, struct writer *out);

#endif
