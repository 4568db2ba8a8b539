/* transport_socket.h - sockets of ZeroMQ between the members of a cluster, for
 * transport*.c and snapshot*.c only. What they share: our keys, who may connect,
 * and how soon a dead connection is noticed.
 *
 * Connections are taken from the addresses of members only. Whoever connects
 * proves by CURVE that it has the secret key of a member; the
 * gate (transport_gate.c) refuses all others, and its answer goes along with
 * every message, so that no member can pass for another one. Whoever is
 * connected to proves the same.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_TRANSPORT_SOCKET_H
#define REPLICATION_TRANSPORT_SOCKET_H

#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "replication/replication.h"

/* A context of ZeroMQ with a gate. Any thread may open sockets, and each socket
 * is of one thread. */
struct transport_net;

/* Copies what it needs of the cluster. HA_E_RANGE (no such member as self),
 * HA_E_NOMEM, HA_E_IO; with a sentence. */
struct transport_net *transport_net_open(const struct replication_cluster *cluster,
                                         enum ha_error *why, char *report, size_t size);
/* After all its sockets. Accepts NULL. */
void transport_net_close(struct transport_net *net);

struct transport_socket_options {
	int type;           /* ZMQ_PULL and so on */
	uint8_t member;     /* whom to connect to; 0: bind to our address, for members to connect */
	uint8_t port_add;   /* to the port of the member */
	int queue_max;      /* messages waiting in either direction, for each connection */
	int64_t octets_max; /* of a message that comes in; who sends more is cut off */
	int events;         /* ZMQ_EVENT_*; 0 = none wanted */
};

/* Neither blocks: LINGER is 0, and nothing is queued for who is not connected. */
struct transport_socket {
	void *socket;
	void *monitor; /* a pair that receives `events`; NULL if there are none */
};

/* HA_E_INUSE, HA_E_NOTFOUND (bind: our address is not here), HA_E_RANGE, HA_E_NOMEM,
 * HA_E_IO; with a sentence. *out is zeroed then. */
enum ha_error transport_socket_open(struct transport_net *net,
                                    const struct transport_socket_options *options,
                                    struct transport_socket *out, char *report, size_t size);
void transport_socket_close(struct transport_socket *socket); /* accepts a zeroed one */

/* The member whose key the sender of a message (zmq_msg_t) has; 0 for one that
 * came in over no bound socket. */
uint8_t transport_sender(void *message);

/* The next event of a monitor, with its value; 0 when there is none now. */
uint16_t transport_event(void *monitor, uint32_t *value);

#endif
