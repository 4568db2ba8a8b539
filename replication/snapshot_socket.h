/* snapshot_socket.h - the sockets of snapshots: one that serves, and one of who
 * fetches, on the port after the cluster's. What comes is of a member, by its key.
 *
 * One thread per socket.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_SNAPSHOT_SOCKET_H
#define REPLICATION_SNAPSHOT_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "replication/replication.h"
#include "replication/snapshot_format.h"

struct snapshot_socket;

/* Whom a packet came from, and by which connection. */
struct snapshot_peer {
	uint8_t member;
	uint8_t size;
	uint8_t connection[16];
};

/* Bind (`member` is 0), or connect to a member. Errors of transport_open, with a
 * sentence. */
struct snapshot_socket *snapshot_socket_open(const struct replication_cluster *cluster,
                                             uint8_t member, enum ha_error *why, char *report,
                                             size_t size);
/* What was sent may still leave, within a moment. Accepts NULL. */
void snapshot_socket_close(struct snapshot_socket *socket);

/* Sleep until a packet is here, `event` (a descriptor, or -1) is readable, or the
 * time is up. */
void snapshot_socket_wait(struct snapshot_socket *socket, int event, uint32_t timeout_ms);

/* The next packet, if one is here: borrowed until the next call. *from is for the
 * side that serves. */
bool snapshot_socket_receive(struct snapshot_socket *socket, struct snapshot_peer *from,
                             const void **octets, size_t *size);

/* Where the body of a message may be made before it is sent: SNAPSHOT_BODY_MAX
 * octets. */
uint8_t *snapshot_socket_room(struct snapshot_socket *socket);

/* Copies. `to` is NULL on the side that fetches. false: it cannot leave, and is
 * lost; not all that is lost is known. */
bool snapshot_socket_send(struct snapshot_socket *socket, const struct snapshot_peer *to,
                          const struct snapshot_message *message);

#endif
