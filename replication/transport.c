/* transport.c - the sockets of all members in the hands of one thread. Packets
 * that come in are judged in this order: are they whole, is the sender the one
 * whose key it has, are they newer than what came before, and does the client
 * admit him. */
#include "replication/transport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "replication/counters.h"
#include "replication/transport_link.h"
#include "replication/transport_socket.h"

/* What is dealt with in one go, so that timers are not late. */
#define PACKETS_AT_ONCE 256u
#define EVENTS_AT_ONCE 64u

#define QUEUE_MAX 1000000u
#define WAIT_MAX_NS UINT64_C(1000000000)

#define LISTENER_EVENTS                                                                            \
	(ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
#define LINK_EVENTS                                                                                \
	(ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)

/* Of the descriptors that are waited for; the links' monitors follow. */
enum poll_place {
	POLL_PACKETS,
	POLL_EVENT,
	POLL_CONNECTIONS,
	POLL_LINKS
};

struct transport {
	struct transport_client client;
	struct transport_net *net;
	struct transport_socket in;
	struct link_sender self;
	int queue_max;
	size_t link_count;
	struct link links[REPLICATION_MEMBERS_MAX];
	struct log_limit impostors;
};

/* ---- opening and closing ---- */

static enum ha_error dial(struct transport *t, struct link *link, char *report, size_t size)
{
	const struct transport_socket_options dialing = {
		.type = ZMQ_PUSH,
		.member = link->member,
		.queue_max = t->queue_max,
		.octets_max = PACKET_MAX,
		.events = LINK_EVENTS,
	};

	link_set_open(link, false, clock_monotonic_ns());
	return transport_socket_open(t->net, &dialing, &link->out, report, size);
}

static enum ha_error open_link(struct transport *t, uint8_t member, char *report, size_t size)
{
	struct link *link = &t->links[t->link_count++];

	link->member = member;
	return dial(t, link, report, size);
}

static enum ha_error open_sockets(struct transport *t, const struct transport_options *options,
                                  char *report, size_t size)
{
	const struct transport_socket_options listening = {
		.type = ZMQ_PULL,
		.queue_max = t->queue_max,
		.octets_max = PACKET_MAX,
		.events = LISTENER_EVENTS,
	};
	enum ha_error why = HA_OK;

	if (options->queue_max < 1 || options->queue_max > QUEUE_MAX)
		return ha_refuse(
			report, size, HA_E_RANGE,
			"connections of the cluster: a queue of %zu packets is not from 1 to %u",
			options->queue_max, QUEUE_MAX);
	t->net = transport_net_open(options->cluster, &why, report, size);
	if (t->net)
		why = transport_socket_open(t->net, &listening, &t->in, report, size);
	for (size_t i = 0; i < options->cluster->member_count && why == HA_OK; i++)
		if (options->cluster->members[i].number != t->self.self)
			why = open_link(t, options->cluster->members[i].number, report, size);
	return why;
}

struct transport *transport_open(const struct transport_options *options,
                                 const struct transport_client *client, enum ha_error *why,
                                 char *report, size_t size)
{
	struct transport *t = calloc(1, sizeof(*t));

	if (!t) {
		*why = ha_refuse(report, size, HA_E_NOMEM,
		                 "connections of the cluster: out of memory");
		return NULL;
	}
	t->client = *client;
	t->self.self = options->cluster->self;
	t->self.session = clock_wall_ns();
	t->self.identity = options->identity;
	t->queue_max = (int)options->queue_max;
	t->impostors.per_second = 1;
	*why = open_sockets(t, options, report, size);
	if (*why == HA_OK)
		return t;
	transport_close(t);
	return NULL;
}

void transport_close(struct transport *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->link_count; i++)
		link_close(&t->links[i]);
	transport_socket_close(&t->in);
	transport_net_close(t->net);
	free(t);
}

void transport_identify(struct transport *t, const struct transport_identity *identity)
{
	t->self.identity = *identity;
}

/* NULL: there is no such other member. */
static struct link *find_link(const struct transport *t, uint8_t member)
{
	for (size_t i = 0; i < t->link_count; i++)
		if (t->links[i].member == member)
			return (struct link *)&t->links[i];
	return NULL;
}

/* ---- sending ---- */

void transport_send(struct transport *t, uint8_t member, uint32_t group,
                    const struct consensus_octets *pieces, size_t count)
{
	struct link *link = find_link(t, member);

	if (link)
		link_add(link, &t->self, group, pieces, count);
}

void transport_flush(struct transport *t)
{
	for (size_t i = 0; i < t->link_count; i++)
		link_flush(&t->links[i], &t->self, false);
}

/* ---- connections ---- */

/* Tell the client what has become of a link. */
static void review(struct transport *t, struct link *link, uint64_t now)
{
	bool alive = link_is_alive(link, now);

	if (alive == link->connected)
		return;
	link->connected = alive;
	log_info("member %u: %s", link->member,
	         alive        ? "connected"
	         : link->open ? "it is silent"
	                      : "the connection broke");
	if (alive) {
		t->client.connected(t->client.context, link->member);
	} else {
		replication_count(REPLICATION_COUNTER_CONNECTIONS_LOST, 1);
		t->client.disconnected(t->client.context, link->member);
	}
}

/* Said once until it lets us in again. */
static void complain_of_key(struct link *link)
{
	if (!link->told_key)
		log_warning("member %u refuses our key: its configuration names another public key "
		            "for this node than 'agentctl cluster key show' does here",
		            link->member);
	link->told_key = true;
}

static void take_link_event(struct transport *t, struct link *link, uint16_t event)
{
	uint64_t now = clock_monotonic_ns();

	switch (event) {
	case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
		link->told_key = false;
		link_set_open(link, true, now);
		link_flush(link, &t->self, true);
		break;
	case ZMQ_EVENT_DISCONNECTED:
		link_set_open(link, false, now);
		break;
	case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
		complain_of_key(link);
		break;
	default:
		return;
	}
	review(t, link, now);
}

static void take_link_events(struct transport *t, struct link *link)
{
	uint32_t value;
	uint16_t event;

	for (size_t i = 0; i < EVENTS_AT_ONCE; i++) {
		event = transport_event(link->out.monitor, &value);
		if (event == 0)
			break;
		take_link_event(t, link, event);
	}
}

static void count_connection(uint16_t event)
{
	if (event == ZMQ_EVENT_ACCEPT_FAILED)
		replication_count(REPLICATION_COUNTER_STRANGERS, 1);
	if (event == ZMQ_EVENT_ACCEPTED)
		replication_count(REPLICATION_COUNTER_CONNECTIONS, 1);
	if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
		replication_count(REPLICATION_COUNTER_HANDSHAKES, 1);
}

/* ZeroMQ does not tell of every handshake that fails; but of those that do not. */
static void count_connections(struct transport *t)
{
	uint32_t value;
	uint16_t event;

	for (size_t i = 0; i < EVENTS_AT_ONCE; i++) {
		event = transport_event(t->in.monitor, &value);
		if (event == 0)
			break;
		count_connection(event);
	}
}

/* ---- receiving ---- */

static void refuse(struct link *link)
{
	if (link)
		link->refused++;
	replication_count(REPLICATION_COUNTER_PACKETS_REFUSED, 1);
}

/* A member sends what it must not: it runs another program, or was taken over. */
static void complain_of_packet(struct transport *t, uint8_t sender, enum ha_error why)
{
	uint64_t held_back;

	if (!log_limit_pass(&t->impostors, clock_monotonic_ns(), &held_back))
		return;
	log_warning("member %u: a packet was refused: %s", sender, ha_strerror(why));
	if (held_back)
		log_warning("%llu more packets of members were refused",
		            (unsigned long long)held_back);
}

static void hear(struct transport *t, struct link *link, const struct packet_header *header,
                 struct octets_in *in)
{
	uint64_t now = link->came_ns;
	struct packet_message message;

	link->heard_ns = now;
	link->received++;
	link->feature_level = header->feature_level;
	replication_count(REPLICATION_COUNTER_PACKETS_RECEIVED, 1);
	measure_take(&link->measure, header, now, clock_wall_ns() / 1000);
	review(t, link, now);
	while (packet_next(in, &message))
		t->client.message(t->client.context, link->member, message.group, message.octets,
		                  message.size);
}

static bool is_admitted(struct transport *t, uint8_t sender, const struct packet_header *header)
{
	const struct transport_identity identity = {
		.cluster = header->cluster,
		.incarnation = header->incarnation,
		.members = header->members,
		.witnesses = header->witnesses,
		.groups = header->groups,
		.drained = header->flags & PACKET_DRAINED,
		.unwilling = header->flags & PACKET_UNWILLING,
		.refuses = header->flags & PACKET_REFUSES,
	};

	return t->client.admit(t->client.context, sender, &identity);
}

/* `sender` is whose key it came under. */
static void take_packet(struct transport *t, uint8_t sender, const void *octets, size_t size)
{
	struct link *link = find_link(t, sender);
	struct octets_in in = octets_in_over(octets, size);
	struct packet_header header;
	enum ha_error why = packet_read_header(&in, &header);

	if (why == HA_OK && (!link || header.sender != sender))
		why = HA_E_MALFORMED;
	if (why != HA_OK) {
		refuse(link);
		complain_of_packet(t, sender, why);
		return;
	}
	if (!link_take_order(link, &header, clock_monotonic_ns())) {
		refuse(link);
		return;
	}
	link->refusing = !is_admitted(t, sender, &header);
	if (link->refusing)
		refuse(link);
	else
		hear(t, link, &header, &in);
}

static enum ha_error take_packets(struct transport *t)
{
	for (size_t i = 0; i < PACKETS_AT_ONCE; i++) {
		zmq_msg_t message;
		int code = 0;

		zmq_msg_init(&message);
		if (zmq_msg_recv(&message, t->in.socket, ZMQ_DONTWAIT) >= 0)
			take_packet(t, transport_sender(&message), zmq_msg_data(&message),
			            zmq_msg_size(&message));
		else
			code = zmq_errno();
		zmq_msg_close(&message);
		if (code)
			return code == EAGAIN || code == EINTR ? HA_OK : HA_E_IO;
	}
	return HA_OK;
}

/* ---- waiting ---- */

/* What goes wrong here, such as a lack of descriptors, may be better the next time. */
static void redial(struct transport *t, struct link *link)
{
	char report[256];

	transport_socket_close(&link->out);
	if (dial(t, link, report, sizeof(report)) != HA_OK)
		log_debug("%s", report);
}

/* Pings that are due, members that fell silent, and connections that do not come
 * back by themselves. */
static void tend_links(struct transport *t)
{
	uint64_t now = clock_monotonic_ns();

	for (size_t i = 0; i < t->link_count; i++) {
		struct link *link = &t->links[i];

		if (link->open && now - link->sent_ns >= LINK_PING_NS)
			link_flush(link, &t->self, true);
		if (!link->open && now - link->since_ns >= LINK_REDIAL_NS)
			redial(t, link);
		review(t, link, now);
	}
}

/* Rounded up, so that nobody who waits for a time has to wait again. */
static long wait_ms(const struct transport *t, uint64_t until_ns)
{
	uint64_t now = clock_monotonic_ns();

	if (until_ns > now + WAIT_MAX_NS)
		until_ns = now + WAIT_MAX_NS;
	for (size_t i = 0; i < t->link_count; i++)
		if (link_due_ns(&t->links[i]) < until_ns)
			until_ns = link_due_ns(&t->links[i]);
	return until_ns <= now ? 0 : (long)((until_ns - now + 999999) / 1000000);
}

static size_t poll_items(const struct transport *t, int event,
                         zmq_pollitem_t items[POLL_LINKS + REPLICATION_MEMBERS_MAX])
{
	items[POLL_PACKETS] = (zmq_pollitem_t){ .socket = t->in.socket, .events = ZMQ_POLLIN };
	items[POLL_EVENT] = (zmq_pollitem_t){ .fd = event, .events = ZMQ_POLLIN };
	items[POLL_CONNECTIONS] = (zmq_pollitem_t){ .socket = t->in.monitor, .events = ZMQ_POLLIN };
	for (size_t i = 0; i < t->link_count; i++)
		items[POLL_LINKS + i] = (zmq_pollitem_t){ .socket = t->links[i].out.monitor,
			                                  .fd = -1, /* where there is no socket */
			                                  .events = ZMQ_POLLIN };
	return POLL_LINKS + t->link_count;
}

static void read_empty(int event)
{
	uint64_t count;

	/* Somebody else may have read it; the next wait tells. */
	if (read(event, &count, sizeof(count)) < 0)
		return;
}

enum ha_error transport_wait(struct transport *t, int event, uint64_t until_ns)
{
	zmq_pollitem_t items[POLL_LINKS + REPLICATION_MEMBERS_MAX];
	size_t count = poll_items(t, event, items);
	enum ha_error why = HA_OK;

	if (zmq_poll(items, (int)count, wait_ms(t, until_ns)) < 0)
		return zmq_errno() == EINTR ? HA_OK : HA_E_IO;
	if (items[POLL_EVENT].revents)
		read_empty(event);
	if (items[POLL_PACKETS].revents)
		why = take_packets(t);
	if (items[POLL_CONNECTIONS].revents)
		count_connections(t);
	for (size_t i = 0; i < t->link_count; i++)
		if (items[POLL_LINKS + i].revents)
			take_link_events(t, &t->links[i]);
	tend_links(t);
	return why;
}

void transport_look(const struct transport *t, uint8_t member, struct transport_link *out)
{
	const struct link *link = find_link(t, member);

	*out = (struct transport_link){ 0 };
	if (!link)
		return;
	*out = (struct transport_link){
		.connected = link->connected,
		.speaks = link_speaks(link, clock_monotonic_ns()),
		.feature_level = link->feature_level,
		.round_trip_us = link->measure.round_trip_us,
		.clock_offset_us = link->measure.clock_offset_us,
		.heard_ns = link->heard_ns,
		.sent = link->sent,
		.received = link->received,
		.dropped = link->dropped,
		.refused = link->refused,
	};
}
