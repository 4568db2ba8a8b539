/* node_tunnel.h - the mobile node's end of its tunnels, in user space: a TUN device on the
 * host's side, raw sockets on the other. Nobody's but the caller's thread; nothing waits.
 *
 * Opening needs CAP_NET_ADMIN and CAP_NET_RAW; nothing after it does.
 *
 * May include: agentd/dataplane, proto, agentd/base. */
#ifndef AGENTD_DATAPLANE_NODE_TUNNEL_H
#define AGENTD_DATAPLANE_NODE_TUNNEL_H

#include "agentd/dataplane/node_packets.h"

struct node_tunnel;

/* A device of this name, which is down. NULL with *why and a sentence. */
struct node_tunnel *node_tunnel_open(const char *device, uint32_t mark, enum ha_error *why,
                                     char *report, size_t size);
void node_tunnel_close(struct node_tunnel *tunnel); /* NULL is fine */

/* Packets for a foreign agent on the link leave by this socket of node_link_open, by the interface
 * of that index. Until it is told they are not sent. It stays the caller's. */
void node_tunnel_attach(struct node_tunnel *tunnel, int link, unsigned interface);

/* From now on packets go in and out by these; none: everything is dropped. Copied. */
void node_tunnel_use(struct node_tunnel *tunnel, const struct node_tunnels *tunnels);

/* Descriptors that can be read when there is something to do: at most NODE_TUNNEL_SOURCES. */
#define NODE_TUNNEL_SOURCES 4u
size_t node_tunnel_sources(const struct node_tunnel *tunnel, int out[NODE_TUNNEL_SOURCES]);

/* Do what there is, up to a few dozen packets of each source. false: somebody has deleted the
 * device. */
bool node_tunnel_work(struct node_tunnel *tunnel);

/* A datagram that carries a packet, as it came to the socket of registrations. */
enum node_fate node_tunnel_datagram(struct node_tunnel *tunnel, const struct ip4 *outer,
                                    uint16_t source_port, uint16_t destination_port,
                                    struct span payload);

/* Send a keepalive through the first tunnel. */
void node_tunnel_keepalive(struct node_tunnel *tunnel, struct in_addr home_agent,
                           uint16_t sequence);

/* How many packets had that fate. */
uint64_t node_tunnel_count(const struct node_tunnel *tunnel, enum node_fate fate);

#endif
