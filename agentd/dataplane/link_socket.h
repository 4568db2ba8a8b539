/* link_socket.h - whole IPv4 packets to and from neighbours on a link, by their link
 * addresses: a foreign agent asks nobody for these by ARP, but keeps what a visitor's own
 * messages came from (RFC 5944 section 4.6).
 *
 * Opening needs CAP_NET_RAW; nothing after it does. None of the sockets blocks. What comes
 * and goes this way passes no filter of the host, such as nftables.
 *
 * May include: proto/cursor.h, agentd/base. */
#ifndef AGENTD_DATAPLANE_LINK_SOCKET_H
#define AGENTD_DATAPLANE_LINK_SOCKET_H

#include <linux/if_packet.h>
#include <stdbool.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "proto/cursor.h"

#define LINK_ADDRESS_OCTETS 6u /* links are Ethernet, or look like it */

/* A descriptor that sends and hears nothing, or -1 with *why. */
int link_socket_open(enum ha_error *why);

/* One packet to that link address, by the interface of that index. 0, or errno: EMSGSIZE
 * where it is larger than the interface's MTU, ENXIO or ENODEV where there is no such
 * interface, ENETDOWN where it is down. Any thread. */
int link_socket_send(int fd, unsigned interface, const uint8_t link[LINK_ADDRESS_OCTETS],
                     struct span packet);

/* The same as an address, for sendmmsg. */
struct sockaddr_ll link_socket_place(unsigned interface, const uint8_t link[LINK_ADDRESS_OCTETS]);

/* A descriptor that hears on one interface what mobile nodes say to agents: UDP to `port`,
 * and solicitations (ICMP of type 10), whatever address they are sent to, and those to
 * 224.0.0.2 and 224.0.0.11 with the host being in neither group. Not what others are sent,
 * nor fragments: a registration that had to be cut is not heard. -1 with *why.
 *
 * The host's own UDP socket gets the same datagrams; without one it would answer that there
 * is no such port. */
int link_socket_listen(unsigned interface, uint16_t port, enum ha_error *why);

/* How a packet came. */
struct link_heard {
	struct span packet; /* whole, in the caller's room */
	unsigned interface;
	uint8_t link[LINK_ADDRESS_OCTETS]; /* where it came from */
	bool to_one;                       /* sent to the link address of this host */
	/* The checksum of UDP or ICMP may be only begun: its sender left it to a device, as
	 * between hosts that share one machine. Then it says nothing. */
	bool begun;
};

/* The next one, in `room`; what does not fit it, or does not come from an address of
 * LINK_ADDRESS_OCTETS, is skipped. false: none waits. */
bool link_socket_receive(int fd, uint8_t *room, size_t size, struct link_heard *out);

/* ---- all that hosts of a link send by this one ---- */

/* A descriptor that hears on one interface whatever IPv4 is sent to its own link address, but
 * not to the address `own`: that is the host's, and would only wake a thread. -1 with *why. */
int link_socket_open_traffic(unsigned interface, struct in_addr own, enum ha_error *why);

/* Hear another interface from now on. false: there is none of that index. Needs no right. */
bool link_socket_move(int fd, unsigned interface);

/* One packet of it, or several that the kernel has merged (proto/segments.h). */
struct link_traffic {
	struct span packet; /* in the caller's room */
	uint8_t link[LINK_ADDRESS_OCTETS];
	uint16_t size; /* octets of data in each but the last; 0: it is one */
	bool begun;    /* its checksum is only begun */
	bool marked;   /* as in struct segments */
};

/* The next one, in `room`; what does not fit is skipped. false: none waits. */
bool link_socket_receive_traffic(int fd, uint8_t *room, size_t size, struct link_traffic *out);

#endif
