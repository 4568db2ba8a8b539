/* node_link.h - what a mobile node hears on a link before it has an address there, and says:
 * advertisements of agents with the link address that they came from, replies that came by a
 * foreign agent, solicitations and requests to a link address (RFC 5944 sections 2.4, 3.6.1.1,
 * 4.6).
 *
 * Opening needs CAP_NET_RAW; nothing after it does. Nothing here waits.
 *
 * May include: agentd/dataplane/link_socket.h, proto, agentd/base. */
#ifndef AGENTD_DATAPLANE_NODE_LINK_H
#define AGENTD_DATAPLANE_NODE_LINK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "proto/arp.h"
#include "proto/cursor.h"
#include "proto/ip4.h"

#define NODE_DATAGRAM_MAX 2048u /* octets of a packet that is sent or heard here */

/* Hears router advertisements, and UDP to `port`, on the interface of that index. -1 with
 * *why. */
int node_link_open(unsigned interface, uint16_t port, enum ha_error *why);

struct node_heard {
	struct ip4 ip;
	struct mac from;
	struct span payload;  /* of ICMP: the message; of UDP: behind its header */
	uint16_t source_port; /* of UDP; host order */
};

/* The next one, in `room`; what is broken is skipped. false: none waits. */
bool node_link_receive(int fd, uint8_t *room, size_t size, struct node_heard *out);

/* Both send one packet to that link address; false: the kernel did not take it. */
bool node_link_solicit(int fd, unsigned interface, struct in_addr source);

struct node_datagram {
	struct in_addr source, destination;
	uint16_t source_port, destination_port; /* host order */
	uint8_t ttl;
	struct span payload;
};

/* A whole packet of the caller's. false: the kernel did not take it. */
bool node_link_put(int fd, unsigned interface, struct mac to, struct span packet);

bool node_link_send(int fd, unsigned interface, struct mac to,
                    const struct node_datagram *datagram);

#endif
