/* home_arp_socket.h - ARP about home networks on one link, many frames at a time.
 *
 * Opening needs CAP_NET_RAW; nothing after it does, arp_socket_bind() neither.
 *
 * May include: proto/arp.h, agentd/base. */
#ifndef AGENTD_DATAPLANE_HOME_ARP_SOCKET_H
#define AGENTD_DATAPLANE_HOME_ARP_SOCKET_H

#include "agentd/base/address.h"
#include "agentd/base/error.h"
#include "proto/arp.h"

#define HOME_ARP_BATCH 64u

/* A socket that hears requests for addresses of the networks, at most
 * HOME_ARP_NETWORKS_MAX, and answers from them; nothing before it is bound. -1 with
 * *why. */
int home_arp_socket_open(const struct address_prefix *networks, size_t count, enum ha_error *why);

/* Of the interface it is bound to: is it there, and its MAC; *mac is zero where it has
 * none as Ethernet has. */
bool home_arp_socket_look(int fd, struct mac *mac);

/* Messages that the kernel dropped since the last time. */
uint32_t home_arp_socket_dropped(int fd);

/* Frames of one link, to read or to send. */
struct home_arp_batch;

struct home_arp_batch *home_arp_batch_new(void); /* NULL: out of memory */
void home_arp_batch_free(struct home_arp_batch *batch);

/* Up to `max` that are there; never waits. Their number. */
size_t home_arp_batch_receive(struct home_arp_batch *batch, int fd, size_t max);
/* As arp_decode(), one of them. */
enum ha_error home_arp_batch_read(const struct home_arp_batch *batch, size_t i, struct arp *out);

/* Append a frame to a batch, which holds HOME_ARP_BATCH. */
void home_arp_batch_add(struct home_arp_batch *batch, const struct arp *arp);
size_t home_arp_batch_count(const struct home_arp_batch *batch);
/* Send them; the batch is empty then. How many the network took. */
size_t home_arp_batch_send(struct home_arp_batch *batch, int fd);
void home_arp_batch_clear(struct home_arp_batch *batch);

#endif
