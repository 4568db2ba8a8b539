/* arp_socket.h - ARP about one address on one interface: said, heard, answered.
 *
 * Opening needs CAP_NET_RAW; nothing after it does.
 *
 * May include: proto/arp.h, agentd/base. */
#ifndef AGENTD_DATAPLANE_ARP_SOCKET_H
#define AGENTD_DATAPLANE_ARP_SOCKET_H

#include <stdbool.h>

#include "agentd/base/error.h"
#include "proto/arp.h"

/* A socket that hears nothing but ARP from or for `address`, and nothing at all
 * before it is bound. -1 with *why. */
int arp_socket_open(struct in_addr address, enum ha_error *why);

/* Hear and speak on that interface, by its index; it may be down. */
enum ha_error arp_socket_bind(int fd, unsigned interface);

/* Both never wait. false: the network did not take it; nothing was there. What
 * is no ARP is skipped. */
bool arp_socket_send(int fd, const struct arp *arp);
bool arp_socket_receive(int fd, struct arp *out);

#endif
