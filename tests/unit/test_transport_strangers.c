/* test_transport_strangers.c - what members that misbehave, and others who come to
 * the port of the cluster, can do. */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "replication/counters.h"
#include "replication/transport_packet.h"
#include "replication/transport_socket.h"
#include "tests/unit/suite.h"
#include "tests/unit/transport_fixture.h"

#define KNOCKS 200u

/* ---- members ---- */

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

/* ---- others ---- */

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

static CU_TestInfo tests[] = {
	{ "what members must not send is refused", what_members_must_not_send_is_refused },
	{ "another key than the member's stays outside",
	  another_key_than_the_members_stays_outside },
	{ "strangers are counted, and in nobody's way", strangers_are_counted_and_in_nobodys_way },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("transport_strangers", tests);
}
