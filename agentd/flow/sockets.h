/* sockets.h - the sockets on which registrations come: one per network thread
 * on the home agent's address, and for the first thread those on which mobile
 * nodes look for a home agent by broadcast
 * (RFC 5944 section 3.8.3.2).
 *
 * Opened before privileges are dropped: the port is below 1024. A member that does
 * not lead has them too, bound to an address that is not here yet.
 *
 * May include: agentd/base. */
#ifndef AGENTD_FLOW_SOCKETS_H
#define AGENTD_FLOW_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#include "agentd/base/config.h"

/* The socket of a thread. Several threads share the port, several processes
 * must not: the first thread tries whether it can have the port alone.
 * The errno's nearest error with a sentence in `report`; *out is -1 then. */
enum ha_error socket_open(const struct config *config, unsigned thread, int *out, char *report,
                          size_t size);

/* One more socket of the same port, for tunnels in UDP, behind those of `threads` threads.
 * From now on the kernel gives it all messages of type 4 (RFC 3519 section 3.3), and none
 * of them to the others; registrations go to a thread by who sends them. */
enum ha_error tunnel_socket_open(const struct config *config, unsigned threads, int *out,
                                 char *report, size_t size);

/* One datagram, without waiting. `port` in host order. false: the network did
 * not take it. */
bool socket_send(int fd, struct in_addr to, uint16_t port, const void *octets, size_t size);

/* Broadcasts to the home network: to the broadcast address of the interface
 * that has the home agent's address, and to all ones on that interface. One
 * process opens them once: each socket of a port gets its own copy of a
 * broadcast, and one answer is enough. */
#define BROADCAST_SOCKETS 2u

/* Where the address moves, the interface is the configured one, or that of the
 * same network. -1 where there is none: an interface without broadcasts, an address
 * that no interface has. That is no failure; what fails is told in a warning. */
void broadcast_sockets_open(const struct config *config, int out[BROADCAST_SOCKETS]);

#endif
