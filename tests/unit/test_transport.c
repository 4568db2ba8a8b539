/* test_transport.c - three members in one process, over the loopback interface:
 * what arrives, who is admitted, what is told when connections come and go, and
 * what members that misbehave can do. */
#include "replication/transport.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "agentd/base/clock.h"
#include "replication/counters.h"
#include "replication/transport_packet.h"
#include "replication/transport_socket.h"
#include "tests/unit/cluster_fixture.h"
#include "tests/unit/suite.h"

#define MEMBERS 3u
#define QUEUE_MAX 1000u
#define KNOCKS 200u

struct node {
	struct transport *transport;
	int event;
	bool hangs;          /* does nothing when it is stepped */
	uint32_t refuses;    /* bit i: member i is not admitted */
	uint32_t connected;  /* as it was told */
	size_t breaks;       /* how often a connection broke */
	size_t messages;     /* that came */
	size_t octets;       /* of the last one */
	uint32_t group;      /* of it */
	uint8_t from;        /* of it */
	uint8_t first, last; /* octets of it */
	size_t disordered;   /* messages whose first octet is not their number */
	struct transport_identity met[MEMBERS + 1];
};

static struct replication_cluster views[MEMBERS];
static struct node nodes[MEMBERS];
static enum ha_error why;
static char report[256];
static size_t queue_max = QUEUE_MAX;

/* ---- the client ---- */

static void on_message(void *context, uint8_t from, uint32_t group, const void *octets, size_t size)
{
	struct node *node = context;
	const uint8_t *at = octets;

	node->disordered += at[0] != (uint8_t)node->messages;
	node->messages++;
	node->octets = size;
	node->group = group;
	node->from = from;
	node->first = at[0];
	node->last = at[size - 1];
}

static bool on_admit(void *context, uint8_t from, const struct transport_identity *identity)
{
	struct node *node = context;

	node->met[from] = *identity;
	return (node->refuses >> from & 1) == 0;
}

static void on_connected(void *context, uint8_t member)
{
	struct node *node = context;

	CU_ASSERT_EQUAL(node->connected >> member & 1, 0);
	node->connected |= 1u << member;
}

static void on_disconnected(void *context, uint8_t member)
{
	struct node *node = context;

	CU_ASSERT_EQUAL(node->connected >> member & 1, 1);
	node->connected &= ~(1u << member);
	node->breaks++;
}

/* ---- the cluster ---- */

static struct transport *open_member(size_t i)
{
	const struct transport_client client = { .context = &nodes[i],
		                                 .message = on_message,
		                                 .admit = on_admit,
		                                 .connected = on_connected,
		                                 .disconnected = on_disconnected };
	const struct transport_options options = {
		.cluster = &views[i],
		.identity = { .cluster = 77, .incarnation = 1000 + i },
		.queue_max = queue_max,
	};

	return transport_open(&options, &client, &why, report, sizeof(report));
}

static void start(size_t i)
{
	nodes[i] = (struct node){ .event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	CU_ASSERT_FATAL(nodes[i].event >= 0);
	nodes[i].transport = open_member(i);
	CU_ASSERT_PTR_NOT_NULL_FATAL(nodes[i].transport);
}

static void stop(size_t i)
{
	if (nodes[i].transport)
		close(nodes[i].event);
	transport_close(nodes[i].transport);
	nodes[i].transport = NULL;
}

static void step(void *context)
{
	(void)context;
	for (size_t i = 0; i < MEMBERS; i++)
		if (nodes[i].transport && !nodes[i].hangs)
			CU_ASSERT_EQUAL(transport_wait(nodes[i].transport, nodes[i].event,
			                               clock_monotonic_ns() + 1000000),
			                HA_OK);
}

/* Those that run see one another and nobody else. */
static bool all_are_connected(void *context)
{
	uint32_t running = 0;

	(void)context;
	for (size_t i = 0; i < MEMBERS; i++)
		running |= nodes[i].transport && !nodes[i].hangs ? 1u << (i + 1) : 0;
	for (size_t i = 0; i < MEMBERS; i++)
		if ((running >> (i + 1) & 1) && nodes[i].connected != (running & ~(1u << (i + 1))))
			return false;
	return true;
}

static void await_all(void)
{
	cluster_await(all_are_connected, step, NULL);
}

static void set_up(void)
{
	cluster_make(views, MEMBERS);
	for (size_t i = 0; i < MEMBERS; i++)
		start(i);
	await_all();
}

static void tear_down(void)
{
	for (size_t i = 0; i < MEMBERS; i++)
		stop(i);
}

static struct transport_link look(size_t i, uint8_t member)
{
	struct transport_link link;

	transport_look(nodes[i].transport, member, &link);
	return link;
}

/* From member 1, of `size` octets of which the first is `first` and the last 9. */
static void send_to(uint8_t member, uint32_t group, size_t size, uint8_t first)
{
	uint8_t *octets = calloc(1, size);
	const struct consensus_octets pieces[] = {
		{ .at = &first, .size = 1 },
		{ .at = NULL, .size = 0 },
		{ .at = octets, .size = size - 2 },
		{ .at = &(uint8_t){ 9 }, .size = 1 },
	};

	CU_ASSERT_PTR_NOT_NULL_FATAL(octets);
	transport_send(nodes[0].transport, member, group, pieces, 4);
	free(octets);
}

static bool has_messages(void *context)
{
	return nodes[1].messages >= *(size_t *)context;
}

static void await_messages(size_t count)
{
	cluster_await(has_messages, step, &count);
	CU_ASSERT_EQUAL(nodes[1].messages, count);
}

/* ---- what arrives ---- */

static void messages_arrive_as_they_were_sent(void)
{
	set_up();
	send_to(2, 7, 1000, 0);
	transport_flush(nodes[0].transport);
	await_messages(1);
	CU_ASSERT_EQUAL(nodes[1].from, 1);
	CU_ASSERT_EQUAL(nodes[1].group, 7);
	CU_ASSERT_EQUAL(nodes[1].octets, 1000);
	CU_ASSERT_EQUAL(nodes[1].first, 0);
	CU_ASSERT_EQUAL(nodes[1].last, 9);
	CU_ASSERT_EQUAL(nodes[0].messages + nodes[2].messages, 0);
	tear_down();
}

static void messages_of_one_flush_are_one_packet(void)
{
	uint64_t sent;

	set_up();
	sent = look(0, 2).sent;
	for (size_t i = 0; i < 500; i++)
		send_to(2, (uint32_t)i, 100, (uint8_t)i);
	transport_flush(nodes[0].transport);
	CU_ASSERT_EQUAL(look(0, 2).sent, sent + 1);
	transport_flush(nodes[0].transport); /* there is nothing more */
	CU_ASSERT_EQUAL(look(0, 2).sent, sent + 1);
	await_messages(500);
	CU_ASSERT_EQUAL(nodes[1].disordered, 0);
	CU_ASSERT_EQUAL(nodes[1].group, 499);
	tear_down();
}

static void the_largest_message_passes_and_no_larger_one(void)
{
	uint64_t dropped;

	set_up();
	dropped = look(0, 2).dropped;
	send_to(2, 0, CONSENSUS_MESSAGE_MAX + 1, 0);
	CU_ASSERT_EQUAL(look(0, 2).dropped, dropped + 1);
	send_to(2, 0, CONSENSUS_MESSAGE_MAX, 0);
	send_to(2, 0, CONSENSUS_MESSAGE_MAX, 1); /* in a packet of its own */
	transport_flush(nodes[0].transport);
	await_messages(2);
	CU_ASSERT_EQUAL(nodes[1].octets, CONSENSUS_MESSAGE_MAX);
	CU_ASSERT_EQUAL(nodes[1].disordered, 0);
	CU_ASSERT_EQUAL(look(0, 2).dropped, dropped + 1);
	tear_down();
}

static void nothing_goes_to_who_is_no_other_member(void)
{
	set_up();
	send_to(1, 0, 10, 0);
	send_to(4, 0, 10, 0);
	send_to(0, 0, 10, 0);
	transport_flush(nodes[0].transport);
	send_to(2, 0, 10, 0);
	transport_flush(nodes[0].transport);
	await_messages(1);
	CU_ASSERT_EQUAL(nodes[0].messages + nodes[2].messages, 0);
	CU_ASSERT_FALSE(look(0, 1).connected);
	CU_ASSERT_FALSE(look(0, 4).connected);
	tear_down();
}

/* One wait deals with a share, so that timers are not late. */
static void many_packets_are_dealt_with_in_shares(void)
{
	const size_t count = QUEUE_MAX - 100;
	size_t largest = 0;

	set_up();
	for (size_t i = 0; i < count; i++) {
		send_to(2, 0, 10, (uint8_t)i);
		transport_flush(nodes[0].transport);
	}
	while (nodes[1].messages < count) {
		size_t before = nodes[1].messages;

		step(NULL);
		if (nodes[1].messages - before > largest)
			largest = nodes[1].messages - before;
	}
	CU_ASSERT_TRUE(largest <= 256);
	CU_ASSERT_EQUAL(nodes[1].disordered, 0);
	CU_ASSERT_EQUAL(look(0, 2).dropped, 0);
	tear_down();
}

static void an_event_ends_the_wait_and_is_read(void)
{
	uint64_t count = 5;

	set_up();
	CU_ASSERT_EQUAL(write(nodes[0].event, &count, sizeof(count)), sizeof(count));
	CU_ASSERT_EQUAL(transport_wait(nodes[0].transport, nodes[0].event, UINT64_MAX), HA_OK);
	while (read(nodes[0].event, &count, sizeof(count)) > 0) /* something else came first */
		CU_ASSERT_EQUAL(count, 5);
	tear_down();
}

/* ---- who is admitted ---- */

static void members_say_who_they_are(void)
{
	const struct transport_identity later = { .cluster = 88, .incarnation = 2 };

	set_up();
	CU_ASSERT_EQUAL(nodes[0].met[2].cluster, 77);
	CU_ASSERT_EQUAL(nodes[0].met[2].incarnation, 1001);
	CU_ASSERT_EQUAL(nodes[1].met[3].incarnation, 1002);
	transport_identify(nodes[0].transport, &later);
	send_to(2, 0, 10, 0);
	transport_flush(nodes[0].transport);
	await_messages(1);
	CU_ASSERT_EQUAL(nodes[1].met[1].cluster, 88);
	CU_ASSERT_EQUAL(nodes[1].met[1].incarnation, 2);
	tear_down();
}

static bool is_refused(void *context)
{
	(void)context;
	return !look(1, 1).connected && look(1, 1).refused >= 3;
}

static void who_is_not_admitted_is_not_heard(void)
{
	uint64_t received;

	set_up();
	nodes[1].refuses = 1u << 1;
	received = look(1, 1).received;
	send_to(2, 0, 10, 0);
	transport_flush(nodes[0].transport);
	cluster_await(is_refused, step, NULL);
	CU_ASSERT_EQUAL(look(1, 1).received, received);
	CU_ASSERT_EQUAL(nodes[1].messages, 0);
	CU_ASSERT_TRUE(look(0, 2).connected); /* which it does not refuse */
	nodes[1].refuses = 0;
	await_all();
	tear_down();
}

/* ---- coming and going ---- */

static void an_end_is_told_at_once_and_a_return_too(void)
{
	set_up();
	for (size_t round = 0; round < 3; round++) {
		size_t breaks = nodes[0].breaks;

		stop(2);
		await_all();
		CU_ASSERT_EQUAL(nodes[0].breaks, breaks + 1);
		start(2);
		await_all();
		CU_ASSERT_EQUAL(nodes[0].breaks, breaks + 1);
	}
	tear_down();
}

/* Its connections stand, since ZeroMQ's thread answers for it. */
static void who_hangs_is_told_to_be_gone(void)
{
	set_up();
	nodes[2].hangs = true;
	await_all();
	CU_ASSERT_FALSE(look(0, 3).connected);
	nodes[2].hangs = false;
	await_all();
	CU_ASSERT_TRUE(look(0, 3).connected);
	tear_down();
}

static bool has_dropped(void *context)
{
	(void)context;
	return look(0, 3).dropped > 0;
}

static void flood(void *context)
{
	(void)context;
	send_to(3, 0, 100000, 0);
	transport_flush(nodes[0].transport);
}

static void more_than_the_queue_is_dropped(void)
{
	uint64_t counted = counter_read(&replication_counters, REPLICATION_COUNTER_PACKETS_DROPPED);

	queue_max = 4;
	set_up();
	queue_max = QUEUE_MAX;
	nodes[2].hangs = true;
	cluster_await(has_dropped, flood, NULL);
	CU_ASSERT_TRUE(look(0, 3).sent > 0);
	CU_ASSERT_TRUE(counter_read(&replication_counters, REPLICATION_COUNTER_PACKETS_DROPPED) >
	               counted);
	send_to(2, 0, 10, 0); /* nobody else waits for it */
	transport_flush(nodes[0].transport);
	await_messages(1);
	tear_down();
}

static bool is_measured(void *context)
{
	(void)context;
	return look(0, 2).round_trip_us > 0 && look(1, 1).round_trip_us > 0;
}

static void round_trips_and_clocks_are_measured(void)
{
	set_up();
	cluster_await(is_measured, step, NULL);
	CU_ASSERT_TRUE(llabs(look(0, 2).clock_offset_us) < 30000000);
	CU_ASSERT_EQUAL(look(0, 2).feature_level, PACKET_FEATURE_LEVEL);
	CU_ASSERT_TRUE(look(0, 2).heard_ns <= clock_monotonic_ns());
	tear_down();
}

/* ---- members that misbehave ---- */

/* Member 3's key in other hands. */
struct impostor {
	struct transport_net *net;
	struct transport_socket out;
};

static struct impostor impostor_at_member_1(void)
{
	const struct transport_socket_options dialing = { .type = ZMQ_PUSH,
		                                          .member = 1,
		                                          .queue_max = 1000,
		                                          .octets_max = 1000,
		                                          .events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED };
	struct impostor impostor;
	uint32_t value;

	impostor.net = transport_net_open(&views[2], &why, report, sizeof(report));
	CU_ASSERT_EQUAL_FATAL(transport_socket_open(impostor.net, &dialing, &impostor.out, report,
	                                            sizeof(report)),
	                      HA_OK);
	while (transport_event(impostor.out.monitor, &value) == 0)
		step(NULL);
	return impostor;
}

static void impostor_ends(struct impostor *impostor)
{
	transport_socket_close(&impostor->out);
	transport_net_close(impostor->net);
}

static bool is_refused_by_1(void *context)
{
	return look(0, 3).refused >= *(uint64_t *)context;
}

static void what_members_must_not_send_is_refused(void)
{
	uint8_t packet[PACKET_HEADER];
	struct packet_header header = {
		.feature_level = 1, .sender = 2, .session = UINT64_MAX, .sequence = 1
	};
	struct impostor impostor;
	uint64_t refused = 0;

	set_up();
	stop(2);
	await_all();
	impostor = impostor_at_member_1();
	refused = look(0, 3).refused + 4;
	packet_write_header(&header, packet); /* in another's name */
	CU_ASSERT_EQUAL(zmq_send(impostor.out.socket, packet, sizeof(packet), 0), sizeof(packet));
	CU_ASSERT_EQUAL(zmq_send(impostor.out.socket, packet, sizeof(packet) - 1, 0),
	                sizeof(packet) - 1);
	CU_ASSERT_EQUAL(zmq_send(impostor.out.socket, "", 0, 0), 0);
	packet[4] = 2; /* a format to come */
	CU_ASSERT_EQUAL(zmq_send(impostor.out.socket, packet, sizeof(packet), 0), sizeof(packet));
	cluster_await(is_refused_by_1, step, &refused);
	CU_ASSERT_EQUAL(look(0, 2).refused, 0);
	CU_ASSERT_TRUE(look(0, 2).connected);
	impostor_ends(&impostor);
	tear_down();
}

static bool keys_were_refused(void *context)
{
	return counter_read(&replication_counters, REPLICATION_COUNTER_KEYS_REFUSED) >=
	       *(uint64_t *)context;
}

static bool member_3_is_let_in(void *context)
{
	(void)context;
	return look(0, 3).connected && look(2, 1).connected;
}

/* And comes in when it is the key that is expected, without starting again. */
static void another_key_than_the_members_stays_outside(void)
{
	struct replication_member *changed = &views[2].members[2];
	uint64_t refused = counter_read(&replication_counters, REPLICATION_COUNTER_KEYS_REFUSED) +
	                   2;

	set_up();
	stop(2);
	cluster_make_key(changed->public_key, views[2].secret_key);
	start(2);
	cluster_await(keys_were_refused, step, &refused);
	CU_ASSERT_FALSE(look(0, 3).connected);
	CU_ASSERT_FALSE(look(1, 3).connected);
	CU_ASSERT_TRUE(look(0, 2).connected);
	stop(0);
	views[0].members[2] = *changed;
	start(0);
	cluster_await(member_3_is_let_in, step, NULL);
	CU_ASSERT_FALSE(look(1, 3).connected);
	tear_down();
}

/* From an address of no member, and with octets that are no handshake from one. */
static void knock(uint32_t from, const char *octets)
{
	struct sockaddr_in source = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(from) };
	struct sockaddr_in name = { .sin_family = AF_INET,
		                    .sin_port = htons(views[0].members[0].port),
		                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&source, sizeof(source)), 0);
	if (connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0)
		(void)send(fd, octets, strlen(octets), MSG_NOSIGNAL);
	close(fd);
}

/* Connections counted since a set of them was read. */
struct counts {
	uint64_t strangers, connections, handshakes;
};

static struct counts counts_now(void)
{
	return (struct counts){
		.strangers = counter_read(&replication_counters, REPLICATION_COUNTER_STRANGERS),
		.connections = counter_read(&replication_counters, REPLICATION_COUNTER_CONNECTIONS),
		.handshakes = counter_read(&replication_counters, REPLICATION_COUNTER_HANDSHAKES),
	};
}

static bool knocks_were_counted(void *context)
{
	const struct counts *before = context;
	struct counts now = counts_now();

	return now.strangers - before->strangers >= KNOCKS &&
	       (now.connections - before->connections) - (now.handshakes - before->handshakes) >=
	               KNOCKS;
}

static void strangers_are_counted_and_in_nobodys_way(void)
{
	struct counts before;

	set_up();
	before = counts_now();
	for (size_t i = 0; i < KNOCKS; i++) {
		knock(INADDR_LOOPBACK + 1, "");
		knock(INADDR_LOOPBACK, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
		step(NULL);
	}
	cluster_await(knocks_were_counted, step, &before);
	await_all();
	send_to(2, 0, 10, 0);
	transport_flush(nodes[0].transport);
	await_messages(1);
	tear_down();
}

/* ---- opening ---- */

static void what_cannot_be_opened_is_told(void)
{
	set_up();
	CU_ASSERT_PTR_NULL(open_member(0));
	CU_ASSERT_EQUAL(why, HA_E_INUSE);
	CU_ASSERT_PTR_NOT_NULL(strstr(report, "127.0.0.1"));
	queue_max = 0;
	CU_ASSERT_PTR_NULL(open_member(0));
	CU_ASSERT_EQUAL(why, HA_E_RANGE);
	queue_max = QUEUE_MAX;
	stop(0);
	views[0].self = 4;
	CU_ASSERT_PTR_NULL(open_member(0));
	CU_ASSERT_EQUAL(why, HA_E_RANGE);
	tear_down();
}

static CU_TestInfo tests[] = {
	{ "messages arrive as they were sent", messages_arrive_as_they_were_sent },
	{ "messages of one flush are one packet", messages_of_one_flush_are_one_packet },
	{ "the largest message passes, and no larger one",
	  the_largest_message_passes_and_no_larger_one },
	{ "nothing goes to who is no other member", nothing_goes_to_who_is_no_other_member },
	{ "many packets are dealt with in shares", many_packets_are_dealt_with_in_shares },
	{ "an event ends the wait and is read", an_event_ends_the_wait_and_is_read },
	{ "members say who they are", members_say_who_they_are },
	{ "who is not admitted is not heard", who_is_not_admitted_is_not_heard },
	{ "an end is told at once, and a return too", an_end_is_told_at_once_and_a_return_too },
	{ "who hangs is told to be gone", who_hangs_is_told_to_be_gone },
	{ "more than the queue is dropped", more_than_the_queue_is_dropped },
	{ "round trips and clocks are measured", round_trips_and_clocks_are_measured },
	{ "what members must not send is refused", what_members_must_not_send_is_refused },
	{ "another key than the member's stays outside",
	  another_key_than_the_members_stays_outside },
	{ "strangers are counted, and in nobody's way", strangers_are_counted_and_in_nobodys_way },
	{ "what cannot be opened is told", what_cannot_be_opened_is_told },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("transport", tests);
}
