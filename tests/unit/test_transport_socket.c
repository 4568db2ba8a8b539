/* test_transport_socket.c - sockets between members: who gets in, who is told to
 * be the sender, and what comes of strangers. */
#include "replication/transport_socket.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "replication/counters.h"
#include "tests/unit/cluster_fixture.h"
#include "tests/unit/suite.h"

#define HANDSHAKE_FAILED                                                                           \
	(ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL)

static struct replication_cluster views[3];
static struct transport_net *nets[3];
static struct transport_socket in, out;
static char report[256];

static const struct transport_socket_options listening = {
	.type = ZMQ_PULL,
	.queue_max = 10,
	.octets_max = 1000,
	.events = HANDSHAKE_FAILED | ZMQ_EVENT_ACCEPT_FAILED,
};

static const struct transport_socket_options dialing = {
	.type = ZMQ_PUSH,
	.member = 1,
	.queue_max = 10,
	.octets_max = 1000,
	.events = ZMQ_EVENT_ALL,
};

static void set_up(void)
{
	enum ha_error why;

	cluster_make(views, 3);
	for (size_t i = 0; i < 3; i++) {
		nets[i] = transport_net_open(&views[i], &why, report, sizeof(report));
		CU_ASSERT_PTR_NOT_NULL_FATAL(nets[i]);
	}
	CU_ASSERT_EQUAL_FATAL(
		transport_socket_open(nets[0], &listening, &in, report, sizeof(report)), HA_OK);
}

static void tear_down(void)
{
	transport_socket_close(&out);
	transport_socket_close(&in);
	for (size_t i = 0; i < 3; i++)
		transport_net_close(nets[i]);
}

static void dial(size_t from)
{
	CU_ASSERT_EQUAL_FATAL(
		transport_socket_open(nets[from], &dialing, &out, report, sizeof(report)), HA_OK);
}

/* Events of a monitor that have come so far. */
struct seen {
	void *monitor;
	int wanted; /* any of these events */
	bool came;
};

static bool came(void *context)
{
	return ((struct seen *)context)->came;
}

static void look(void *context)
{
	struct seen *seen = context;
	zmq_pollitem_t item = { .socket = seen->monitor, .events = ZMQ_POLLIN };
	uint32_t value;
	uint16_t event;

	(void)zmq_poll(&item, 1, 100);
	while ((event = transport_event(seen->monitor, &value)) != 0)
		seen->came = seen->came || (event & seen->wanted) != 0;
}

static void await_event(void *monitor, int events)
{
	struct seen seen = { .monitor = monitor, .wanted = events };

	cluster_await(came, look, &seen);
}

static uint64_t counted(enum replication_counter counter)
{
	return counter_read(&replication_counters, counter);
}

static void a_message_says_whose_it_is(void)
{
	for (size_t from = 1; from < 3; from++) {
		zmq_msg_t message;

		set_up();
		dial(from);
		await_event(out.monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
		CU_ASSERT_EQUAL(zmq_send(out.socket, "abc", 3, 0), 3);
		zmq_msg_init(&message);
		CU_ASSERT_EQUAL(zmq_msg_recv(&message, in.socket, 0), 3);
		CU_ASSERT_EQUAL(transport_sender(&message), from + 1);
		zmq_msg_close(&message);
		tear_down();
	}
}

static void a_key_of_nobody_is_refused(void)
{
	uint64_t before = counted(REPLICATION_COUNTER_KEYS_REFUSED);

	set_up();
	transport_net_close(nets[1]);
	cluster_make_key(views[1].members[1].public_key, views[1].secret_key);
	nets[1] = transport_net_open(&views[1], &(enum ha_error){ HA_OK }, report, sizeof(report));
	dial(1);
	await_event(out.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
	CU_ASSERT_TRUE(counted(REPLICATION_COUNTER_KEYS_REFUSED) > before);
	CU_ASSERT_EQUAL(zmq_send(out.socket, "abc", 3, ZMQ_DONTWAIT), -1);
	tear_down();
}

/* Our own key is one of the cluster's, and yet nobody else's to come with. */
static void our_own_key_is_refused(void)
{
	set_up();
	dial(0);
	await_event(out.monitor, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
	tear_down();
}

static void who_has_not_the_key_of_the_member_is_not_spoken_to(void)
{
	uint8_t secret[REPLICATION_KEY_OCTETS];

	set_up();
	transport_net_close(nets[1]);
	cluster_make_key(views[1].members[0].public_key, secret);
	nets[1] = transport_net_open(&views[1], &(enum ha_error){ HA_OK }, report, sizeof(report));
	dial(1);
	await_event(in.monitor, HANDSHAKE_FAILED);
	CU_ASSERT_EQUAL(zmq_send(out.socket, "abc", 3, ZMQ_DONTWAIT), -1);
	tear_down();
}

static int connect_plainly(uint32_t from)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
		                    .sin_port = htons(views[0].members[0].port),
		                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in source = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(from) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&source, sizeof(source)), 0);
	CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	return fd;
}

/* Ends when the other side closes, whatever it says before. */
static void await_end(int fd)
{
	char octets[256];

	while (recv(fd, octets, sizeof(octets), 0) > 0)
		;
	close(fd);
}

static void strangers_are_cut_off(void)
{
	static const char garbage[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
	int speaks, is_silent;

	set_up();
	is_silent = connect_plainly(INADDR_LOOPBACK);
	speaks = connect_plainly(INADDR_LOOPBACK);
	CU_ASSERT_EQUAL(send(speaks, garbage, sizeof(garbage), MSG_NOSIGNAL), sizeof(garbage));
	await_end(speaks);
	await_end(is_silent);
	dial(2);
	await_event(out.monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
	tear_down();
}

/* Nothing is said to them, and nothing of theirs is read. */
static void other_addresses_are_not_let_in(void)
{
	char octet;
	int fd;

	set_up();
	fd = connect_plainly(INADDR_LOOPBACK + 1);
	CU_ASSERT_TRUE(recv(fd, &octet, 1, 0) <= 0);
	close(fd);
	await_event(in.monitor, ZMQ_EVENT_ACCEPT_FAILED);
	tear_down();
}

static void who_has_no_key_at_all_is_refused(void)
{
	struct transport_socket plain = { NULL, NULL };
	char endpoint[64];
	void *context;

	set_up();
	context = zmq_ctx_new();
	plain.socket = zmq_socket(context, ZMQ_PUSH);
	snprintf(endpoint, sizeof(endpoint), "tcp://127.0.0.1:%u", views[0].members[0].port);
	CU_ASSERT_EQUAL(zmq_connect(plain.socket, endpoint), 0);
	await_event(in.monitor, HANDSHAKE_FAILED);
	CU_ASSERT_EQUAL(zmq_setsockopt(plain.socket, ZMQ_LINGER, &(int){ 0 }, sizeof(int)), 0);
	transport_socket_close(&plain);
	zmq_ctx_term(context);
	tear_down();
}

static void an_end_is_noticed(void)
{
	set_up();
	dial(1);
	await_event(out.monitor, ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
	transport_socket_close(&in);
	await_event(out.monitor, ZMQ_EVENT_DISCONNECTED);
	tear_down();
}

static void places_that_cannot_be_are_told(void)
{
	struct transport_socket_options options = listening;
	struct transport_socket second;

	set_up();
	CU_ASSERT_EQUAL(transport_socket_open(nets[0], &options, &second, report, sizeof(report)),
	                HA_E_INUSE);
	CU_ASSERT_PTR_NULL(second.socket);
	CU_ASSERT_PTR_NULL(second.monitor);
	CU_ASSERT_PTR_NOT_NULL(strstr(report, "member 1: 127.0.0.1 port"));
	options.member = 4;
	CU_ASSERT_EQUAL(transport_socket_open(nets[0], &options, &second, report, sizeof(report)),
	                HA_E_RANGE);
	tear_down();
}

static void open_as(const char *address, uint8_t self, enum ha_error expected)
{
	struct transport_socket socket;
	enum ha_error why;

	cluster_make(views, 2);
	views[0].self = self;
	snprintf(views[0].members[0].address, sizeof(views[0].members[0].address), "%s", address);
	nets[0] = transport_net_open(&views[0], &why, report, sizeof(report));
	if (why == HA_OK) {
		CU_ASSERT_EQUAL(
			transport_socket_open(nets[0], &listening, &socket, report, sizeof(report)),
			expected);
	} else {
		CU_ASSERT_PTR_NULL(nets[0]);
		CU_ASSERT_EQUAL(why, expected);
	}
	transport_net_close(nets[0]);
}

static void addresses_that_are_not_here_are_told(void)
{
	open_as("192.0.2.1", 1, HA_E_NOTFOUND);
	open_as("host.invalid", 1, HA_E_NOTFOUND);
	open_as("127.0.0.1", 3, HA_E_RANGE);
}

static CU_TestInfo tests[] = {
	{ "a message says whose it is", a_message_says_whose_it_is },
	{ "a key of nobody is refused", a_key_of_nobody_is_refused },
	{ "our own key is refused", our_own_key_is_refused },
	{ "who has not the key of the member is not spoken to",
	  who_has_not_the_key_of_the_member_is_not_spoken_to },
	{ "strangers are cut off", strangers_are_cut_off },
	{ "other addresses are not let in", other_addresses_are_not_let_in },
	{ "who has no key at all is refused", who_has_no_key_at_all_is_refused },
	{ "an end is noticed", an_end_is_noticed },
	{ "places that cannot be are told", places_that_cannot_be_are_told },
	{ "addresses that are not here are told", addresses_that_are_not_here_are_told },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("transport_socket", tests);
}
