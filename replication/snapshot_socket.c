/* snapshot_socket.c - ROUTER and DEALER, over what all sockets of the cluster
 * have in common. */
#include "replication/snapshot_socket.h"

#include <stdlib.h>
#include <zmq.h>

#include "replication/transport_socket.h"

#define ENCRYPTION_OCTETS 64 /* at most, that a packet has more on the line */
#define LINGER_MS 200        /* for the fetcher's last word */
#define PACKETS_MAX 64       /* of a peer, that wait here; more than a fetcher takes at once */

struct snapshot_socket {
	struct transport_net *net;
	struct transport_socket open;
	bool serves;
	zmq_msg_t packet; /* the newest one */
	uint8_t out[SNAPSHOT_MESSAGE_MAX];
};

struct snapshot_socket *snapshot_socket_open(const struct replication_cluster *cluster,
                                             uint8_t member, enum ha_error *why, char *report,
                                             size_t size)
{
	struct snapshot_socket *s = calloc(1, sizeof(*s));
	const struct transport_socket_options options = {
		.type = member ? ZMQ_DEALER : ZMQ_ROUTER,
		.member = member,
		.port_add = 1,
		.queue_max = PACKETS_MAX,
		.octets_max = SNAPSHOT_MESSAGE_MAX + ENCRYPTION_OCTETS,
	};

	if (!s) {
		*why = ha_refuse(report, size, HA_E_NOMEM, "the socket of snapshots: %s",
		                 ha_strerror(HA_E_NOMEM));
		return NULL;
	}
	zmq_msg_init(&s->packet);
	s->serves = member == 0;
	s->net = transport_net_open(cluster, why, report, size);
	if (s->net)
		*why = transport_socket_open(s->net, &options, &s->open, report, size);
	if (*why == HA_OK)
		return s;
	snapshot_socket_close(s);
	return NULL;
}

void snapshot_socket_close(struct snapshot_socket *s)
{
	const int linger = LINGER_MS;

	if (!s)
		return;
	zmq_msg_close(&s->packet);
	if (s->open.socket)
		zmq_setsockopt(s->open.socket, ZMQ_LINGER, &linger, sizeof(linger));
	transport_socket_close(&s->open);
	transport_net_close(s->net);
	free(s);
}

void snapshot_socket_wait(struct snapshot_socket *s, int event, uint32_t timeout_ms)
{
	zmq_pollitem_t items[] = { { .socket = s->open.socket, .events = ZMQ_POLLIN },
		                   { .fd = event, .events = ZMQ_POLLIN } };

	zmq_poll(items, event < 0 ? 1 : 2, (long)timeout_ms);
}

static bool receive_part(struct snapshot_socket *s)
{
	return zmq_msg_recv(&s->packet, s->open.socket, ZMQ_DONTWAIT) >= 0;
}

static void note_connection(struct snapshot_socket *s, struct snapshot_peer *from)
{
	size_t size = zmq_msg_size(&s->packet);

	from->size = size <= sizeof(from->connection) ? (uint8_t)size : 0;
	memcpy(from->connection, zmq_msg_data(&s->packet), from->size);
}

/* Of a message in more parts than it should have, the last one counts. */
bool snapshot_socket_receive(struct snapshot_socket *s, struct snapshot_peer *from,
                             const void **octets, size_t *size)
{
	*from = (struct snapshot_peer){ 0 };
	if (!receive_part(s))
		return false;
	if (s->serves)
		note_connection(s, from);
	while (zmq_msg_more(&s->packet))
		if (!receive_part(s))
			return false;
	from->member = transport_sender(&s->packet);
	*octets = zmq_msg_data(&s->packet);
	*size = zmq_msg_size(&s->packet);
	return true;
}

uint8_t *snapshot_socket_room(struct snapshot_socket *s)
{
	return s->out + SNAPSHOT_HEADER;
}

bool snapshot_socket_send(struct snapshot_socket *s, const struct snapshot_peer *to,
                          const struct snapshot_message *message)
{
	size_t size = snapshot_encode(s->out, message);

	if (to &&
	    zmq_send(s->open.socket, to->connection, to->size, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
		return false;
	return zmq_send(s->open.socket, s->out, size, ZMQ_DONTWAIT) >= 0;
}
