/* transport_socket.c - what every socket between members has in common. */
#include "replication/transport_socket.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "replication/transport_gate.h"

/* Milliseconds. Whoever sends over a connection whose other end is gone without a
 * word gives it up after RETRANSMIT; without that and CONNECT, a network that is
 * whole again would stay unused for seconds. Whoever only receives gives it up
 * after HEARTBEAT, which is longer, because the answer to a heartbeat waits behind
 * the largest message, on its way over a slow network. */
#define HEARTBEAT_INTERVAL 50
#define HEARTBEAT_TIMEOUT 1000
#define CONNECT_TIMEOUT 150
#define RETRANSMIT_TIMEOUT 300
#define RECONNECT_INTERVAL 10
#define RECONNECT_INTERVAL_MAX 100
/* Who connects and does not prove who he is costs a descriptor that long. */
#define HANDSHAKE_TIMEOUT 1000

struct transport_net {
	void *context;
	struct transport_gate *gate;
	uint8_t self;
	size_t member_count;
	struct replication_member members[REPLICATION_MEMBERS_MAX];
	uint8_t secret_key[REPLICATION_KEY_OCTETS];
	atomic_uint monitors; /* opened so far: each has a name */
};

/* ---- the context ---- */

static const struct replication_member *find_member(const struct transport_net *net, uint8_t number)
{
	for (size_t i = 0; i < net->member_count; i++)
		if (net->members[i].number == number)
			return &net->members[i];
	return NULL;
}

static struct transport_net *net_new(const struct replication_cluster *cluster)
{
	struct transport_net *net = calloc(1, sizeof(*net));

	if (!net)
		return NULL;
	net->self = cluster->self;
	net->member_count = cluster->member_count;
	memcpy(net->members, cluster->members, sizeof(net->members));
	memcpy(net->secret_key, cluster->secret_key, sizeof(net->secret_key));
	return net;
}

struct transport_net *transport_net_open(const struct replication_cluster *cluster,
                                         enum ha_error *why, char *report, size_t size)
{
	struct transport_net *net = net_new(cluster);

	*why = HA_OK;
	if (!net) {
		*why = ha_refuse(report, size, HA_E_NOMEM,
		                 "connections of the cluster: out of memory");
		return NULL;
	}
	if (!find_member(net, net->self)) {
		*why = ha_refuse(report, size, HA_E_RANGE,
		                 "this node is to be member %u, which the cluster does not have",
		                 net->self);
	} else {
		net->context = zmq_ctx_new();
		if (!net->context)
			*why = HA_E_NOMEM;
		else
			net->gate = transport_gate_open(net->context, cluster, why);
		if (*why != HA_OK)
			ha_refuse(report, size, *why, "connections of the cluster: ZeroMQ: %s",
			          zmq_strerror(zmq_errno()));
	}
	if (*why == HA_OK)
		return net;
	transport_net_close(net);
	return NULL;
}

void transport_net_close(struct transport_net *net)
{
	if (!net)
		return;
	if (net->context)
		zmq_ctx_shutdown(net->context); /* the gate's thread ends */
	transport_gate_close(net->gate);
	if (net->context)
		while (zmq_ctx_term(net->context) != 0 && zmq_errno() == EINTR)
			;
	explicit_bzero(net->secret_key, sizeof(net->secret_key));
	free(net);
}

/* ---- sockets ---- */

/* The nearest of ours to an error of ZeroMQ. */
static enum ha_error error_of(int number)
{
	switch (number) {
	case EADDRINUSE:
		return HA_E_INUSE;
	case EADDRNOTAVAIL:
	case ENODEV:
		return HA_E_NOTFOUND;
	case EINVAL:
		return HA_E_RANGE;
	default:
		return ha_error_of_errno(number);
	}
}

static bool set_numbers(void *socket, const struct transport_socket_options *options)
{
	const struct {
		int option, value;
	} rows[] = {
		{ ZMQ_LINGER, 0 },
		{ ZMQ_IMMEDIATE, 1 },
		{ ZMQ_SNDHWM, options->queue_max },
		{ ZMQ_RCVHWM, options->queue_max },
		{ ZMQ_HEARTBEAT_IVL, HEARTBEAT_INTERVAL },
		{ ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT },
		{ ZMQ_HANDSHAKE_IVL, HANDSHAKE_TIMEOUT },
		{ ZMQ_CONNECT_TIMEOUT, CONNECT_TIMEOUT },
		{ ZMQ_TCP_MAXRT, RETRANSMIT_TIMEOUT },
		{ ZMQ_RECONNECT_IVL, RECONNECT_INTERVAL },
		{ ZMQ_RECONNECT_IVL_MAX, RECONNECT_INTERVAL_MAX },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (zmq_setsockopt(socket, rows[i].option, &rows[i].value, sizeof(int)) != 0)
			return false;
	return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &options->octets_max, sizeof(int64_t)) == 0;
}

static bool set_key(void *socket, int option, const uint8_t key[REPLICATION_KEY_OCTETS])
{
	return zmq_setsockopt(socket, option, key, REPLICATION_KEY_OCTETS) == 0;
}

/* `peer` is NULL for a socket that is bound. */
static bool set_keys(struct transport_net *net, void *socket, const struct replication_member *peer)
{
	const int is_server = 1;

	if (!set_key(socket, ZMQ_CURVE_SECRETKEY, net->secret_key))
		return false;
	if (peer)
		return set_key(socket, ZMQ_CURVE_PUBLICKEY,
		               find_member(net, net->self)->public_key) &&
		       set_key(socket, ZMQ_CURVE_SERVERKEY, peer->public_key);
	return zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &is_server, sizeof(is_server)) == 0 &&
	       zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, TRANSPORT_GATE_DOMAIN,
	                      strlen(TRANSPORT_GATE_DOMAIN)) == 0;
}

/* Connections from where no other member is are closed before anything is read,
 * so that strangers cannot use up the descriptors of this process. */
static bool set_filters(const struct transport_net *net, void *socket)
{
	char filter[REPLICATION_ADDRESS_MAX + 8];

	for (size_t i = 0; i < net->member_count; i++) {
		if (net->members[i].number == net->self)
			continue;
		snprintf(filter, sizeof(filter), "%s/32", net->members[i].address);
		if (zmq_setsockopt(socket, ZMQ_TCP_ACCEPT_FILTER, filter, strlen(filter)) != 0)
			return false;
	}
	return true;
}

/* Before the socket is bound or connected, so that no event is missed. */
static bool watch(struct transport_net *net, struct transport_socket *s, int events)
{
	char name[48];

	if (events == 0)
		return true;
	snprintf(name, sizeof(name), "inproc://monitor-%u",
	         atomic_fetch_add_explicit(&net->monitors, 1, memory_order_relaxed));
	if (zmq_socket_monitor(s->socket, name, events) != 0)
		return false;
	s->monitor = zmq_socket(net->context, ZMQ_PAIR);
	return s->monitor && zmq_connect(s->monitor, name) == 0;
}

/* From our own address, which is the one that the peer lets in. */
static int dial(struct transport_net *net, void *socket, const struct replication_member *peer,
                unsigned port)
{
	char endpoint[2 * REPLICATION_ADDRESS_MAX + 32];

	snprintf(endpoint, sizeof(endpoint), "tcp://%s:0;%s:%u",
	         find_member(net, net->self)->address, peer->address, port);
	return zmq_connect(socket, endpoint);
}

static int listen_at(const struct transport_net *net, void *socket,
                     const struct replication_member *self, unsigned port)
{
	char endpoint[REPLICATION_ADDRESS_MAX + 16];

	snprintf(endpoint, sizeof(endpoint), "tcp://%s:%u", self->address, port);
	return set_filters(net, socket) ? zmq_bind(socket, endpoint) : -1;
}

static bool open_at(struct transport_net *net, const struct transport_socket_options *options,
                    const struct replication_member *at, struct transport_socket *out)
{
	const struct replication_member *peer = options->member ? at : NULL;
	unsigned port = (unsigned)at->port + options->port_add;

	out->socket = zmq_socket(net->context, options->type);
	if (!out->socket || !set_numbers(out->socket, options) ||
	    !set_keys(net, out->socket, peer) || !watch(net, out, options->events))
		return false;
	return (peer ? dial(net, out->socket, peer, port)
	             : listen_at(net, out->socket, at, port)) == 0;
}

enum ha_error transport_socket_open(struct transport_net *net,
                                    const struct transport_socket_options *options,
                                    struct transport_socket *out, char *report, size_t size)
{
	uint8_t number = options->member ? options->member : net->self;
	const struct replication_member *at = find_member(net, number);
	int code;

	*out = (struct transport_socket){ NULL, NULL };
	if (!at)
		return ha_refuse(report, size, HA_E_RANGE, "the cluster has no member %u", number);
	if (open_at(net, options, at, out))
		return HA_OK;
	code = zmq_errno();
	transport_socket_close(out);
	return ha_refuse(report, size, error_of(code), "member %u: %s port %u cannot be %s: %s",
	                 number, at->address, (unsigned)at->port + options->port_add,
	                 options->member ? "connected to" : "listened on", zmq_strerror(code));
}

void transport_socket_close(struct transport_socket *s)
{
	uint32_t value;

	if (s->monitor) {
		/* ZeroMQ's thread waits where nobody takes its events. */
		while (transport_event(s->monitor, &value))
			;
		zmq_socket_monitor(s->socket, NULL, 0);
		zmq_close(s->monitor);
	}
	if (s->socket)
		zmq_close(s->socket);
	*s = (struct transport_socket){ NULL, NULL };
}

/* ---- what comes in ---- */

uint8_t transport_sender(void *message)
{
	const char *user = zmq_msg_gets(message, "User-Id");

	if (!user || user[0] < '1' || user[0] > '0' + (char)REPLICATION_MEMBERS_MAX || user[1])
		return 0;
	return (uint8_t)(user[0] - '0');
}

/* Two frames: the event with its value, and the place, which is not needed. */
uint16_t transport_event(void *monitor, uint32_t *value)
{
	uint8_t octets[6];
	uint16_t event = 0;
	char place[1];

	if (zmq_recv(monitor, octets, sizeof(octets), ZMQ_DONTWAIT) != (int)sizeof(octets))
		return 0;
	(void)zmq_recv(monitor, place, sizeof(place), 0);
	memcpy(&event, octets, sizeof(event));
	memcpy(value, octets + sizeof(event), sizeof(*value));
	return event;
}
