/* user_sockets.h - raw sockets by which user space gets what came out of tunnels, and
 * sends what goes into them.
 *
 * May include: agentd/base. */
#ifndef AGENTD_DATAPLANE_USER_SOCKETS_H
#define AGENTD_DATAPLANE_USER_SOCKETS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "agentd/base/error.h"

/* A descriptor, or -1 with *why. All need CAP_NET_RAW, those with a mark CAP_NET_ADMIN
 * too; neither afterwards. None of them blocks. */

/* What is addressed to `agent`, which need not be an address of this host yet, with
 * this protocol of IP: whole packets with their headers. */
int user_socket_open(struct in_addr agent, int protocol, enum ha_error *why);

/* Likewise datagrams of tunnels in UDP to that port (RFC 3519 section 3.3), and not the
 * registrations that share it; with their headers, too. */
int user_socket_open_udp(struct in_addr agent, uint16_t port, enum ha_error *why);

/* Have it said by which interface each packet came; with user_socket_read. */
bool user_socket_tell_interface(int fd);
/* The next one; *interface 0: not known. Negative: errno. */
ssize_t user_socket_read(int fd, uint8_t *room, size_t size, unsigned *interface);

/* ICMP errors for `agent` of the types that are about a tunnel's packets. */
int user_socket_open_icmp(struct in_addr agent, enum ha_error *why);

/* Sends whole packets; with a mark, unless that is 0. */
int user_socket_open_sender(uint32_t mark, enum ha_error *why);

/* One packet to where its header says, by the interface of that index unless it is 0. 0, or
 * errno: EMSGSIZE where it is larger than the interface's MTU. */
int user_socket_send(int fd, const uint8_t *packet, size_t size, unsigned interface);

#endif
