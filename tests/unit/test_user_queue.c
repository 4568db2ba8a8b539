/* test_user_queue.c - packets that leave together, over the loopback device of a network of
 * the test's own. */
#include "agentd/dataplane/user_queue.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/ip4.h"
#include "tests/unit/links.h"
#include "tests/unit/suite.h"

#define HERE "127.0.0.1"
#define NOWHERE "203.0.113.1"
#define FENCED_GROUP 3u
#define NO_INTERFACE 9999u
#define LARGEST 60000u /* octets that the device takes */

static struct user_queue *queue;
static int out, in;
static unsigned interface;
static unsigned left_count;
static struct {
	struct user_queued packet;
	int number;
} left[3 * USER_QUEUE_PACKETS];
static bool fence_open;
static uint8_t octets[IP4_TOTAL_MAX], heard[IP4_TOTAL_MAX];

static bool may_leave(void *context, uint8_t group, uint64_t now_ns)
{
	(void)context;
	CU_ASSERT_TRUE(now_ns > 0);
	return group != FENCED_GROUP || fence_open;
}

static void note_left(void *context, const struct user_queued *packet, int number)
{
	(void)context;
	left[left_count].packet = *packet;
	left[left_count++].number = number;
}

static void begin(void)
{
	const int room = 4 << 20;

	left_count = 0;
	fence_open = false;
	out = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	in = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IP4_IPIP);
	queue = user_queue_new(&(struct user_queue_options){
		.fd = out, .may_leave = may_leave, .left = note_left });
	CU_ASSERT_TRUE_FATAL(out >= 0 && in >= 0 && queue);
	CU_ASSERT_EQUAL_FATAL(setsockopt(in, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)), 0);
}

static void end(void)
{
	user_queue_free(queue);
	close(in);
	close(out);
}

static void put(const char *to, uint16_t size, uint16_t id, uint8_t group)
{
	struct writer writer = writer_over(octets, sizeof(octets));
	const struct ip4 ip = { .source = { inet_addr(HERE) },
		                .destination = { inet_addr(to) },
		                .id = id,
		                .ttl = 64,
		                .df = true,
		                .protocol = IP4_IPIP,
		                .header_size = IP4_HEADER_MIN,
		                .total = size };
	const struct user_queued facts = {
		.endpoint = ip.destination,
		.size = size,
		.group = group,
		.interface = interface,
		.link = { 2, 0, 0, 0, 0, 2 },
	};

	ip4_write(&writer, &ip);
	memset(octets + IP4_HEADER_MIN, id & 0xff, size - IP4_HEADER_MIN);
	user_queue_put(queue, (struct span){ octets, size }, &facts);
}

/* Is the next one that arrives this one, whole? */
static bool arrives(uint16_t size, uint16_t id)
{
	struct pollfd about = { .fd = in, .events = POLLIN };
	struct ip4 ip;
	ssize_t got;

	if (poll(&about, 1, 10000) != 1)
		return false;
	got = recv(in, heard, sizeof(heard), 0);
	return got == size && ip4_read((struct span){ heard, size }, &ip) == HA_OK && ip.id == id &&
	       heard[size - 1] == (id & 0xff);
}

static bool nothing_arrives(void)
{
	return recv(in, heard, sizeof(heard), 0) < 0 && errno == EAGAIN;
}

static void packets_wait_and_leave_in_order(void)
{
	begin();
	for (uint16_t i = 1; i <= 10; i++)
		put(HERE, (uint16_t)(40 + i), i, 0);
	CU_ASSERT_TRUE(nothing_arrives());
	CU_ASSERT_EQUAL(left_count, 0);
	user_queue_send(queue);
	for (uint16_t i = 1; i <= 10; i++)
		CU_ASSERT_TRUE(arrives((uint16_t)(40 + i), i));
	CU_ASSERT_EQUAL(left_count, 10);
	CU_ASSERT_EQUAL(left[9].number, 0);
	CU_ASSERT_EQUAL(left[9].packet.size, 50);
	user_queue_send(queue);
	CU_ASSERT_EQUAL(left_count, 10);
	end();
}

static void full_queue_sends(void)
{
	begin();
	for (uint16_t i = 1; i <= USER_QUEUE_PACKETS; i++)
		put(HERE, 40, i, 0);
	CU_ASSERT_EQUAL(left_count, 0);
	put(HERE, 41, 1000, 0);
	CU_ASSERT_EQUAL(left_count, USER_QUEUE_PACKETS);
	for (uint16_t i = 1; i <= USER_QUEUE_PACKETS; i++)
		CU_ASSERT_TRUE(arrives(40, i));
	CU_ASSERT_TRUE(nothing_arrives());
	user_queue_send(queue);
	CU_ASSERT_TRUE(arrives(41, 1000));
	end();
}

static void large_packets_need_room(void)
{
	begin();
	for (uint16_t i = 1; i <= 4; i++) {
		put(HERE, LARGEST, i, 0);
		CU_ASSERT_EQUAL(left_count, i < 3 ? 0 : 2);
	}
	user_queue_send(queue);
	for (uint16_t i = 1; i <= 4; i++)
		CU_ASSERT_TRUE(arrives(LARGEST, i));
	end();
}

static void fence_is_asked_when_they_leave(void)
{
	begin();
	fence_open = true;
	put(HERE, 40, 1, 0);
	put(HERE, 40, 2, FENCED_GROUP);
	put(HERE, 40, 3, FENCED_GROUP);
	put(HERE, 40, 4, 1);
	fence_open = false;
	user_queue_send(queue);
	CU_ASSERT_TRUE(arrives(40, 1));
	CU_ASSERT_TRUE(arrives(40, 4));
	CU_ASSERT_TRUE(nothing_arrives());
	CU_ASSERT_EQUAL(left_count, 4);
	CU_ASSERT_EQUAL(left[1].number, USER_QUEUE_FENCED);
	CU_ASSERT_EQUAL(left[2].number, USER_QUEUE_FENCED);
	CU_ASSERT_EQUAL(left[3].number, 0);
	end();
}

static void refused_packets_hold_nobody_up(void)
{
	begin();
	put(NOWHERE, 40, 1, 0);
	put(HERE, 40, 2, 0);
	put(HERE, IP4_TOTAL_MAX, 3, 0);
	put(HERE, 40, 4, 0);
	put(NOWHERE, 40, 5, 0);
	user_queue_send(queue);
	CU_ASSERT_TRUE(arrives(40, 2));
	CU_ASSERT_TRUE(arrives(40, 4));
	CU_ASSERT_TRUE(nothing_arrives());
	CU_ASSERT_EQUAL_FATAL(left_count, 5);
	CU_ASSERT_EQUAL(left[0].number, ENETUNREACH);
	CU_ASSERT_EQUAL(left[0].packet.endpoint.s_addr, inet_addr(NOWHERE));
	CU_ASSERT_EQUAL(left[1].number, 0);
	CU_ASSERT_EQUAL(left[2].number, EMSGSIZE);
	CU_ASSERT_EQUAL(left[2].packet.size, IP4_TOTAL_MAX);
	CU_ASSERT_EQUAL(left[3].number, 0);
	CU_ASSERT_EQUAL(left[4].number, ENETUNREACH);
	end();
}

static bool neighbour_hears(uint16_t id)
{
	struct pollfd about = { .fd = in, .events = POLLIN };
	struct link_traffic traffic;
	struct ip4 ip;

	return poll(&about, 1, 10000) == 1 &&
	       link_socket_receive_traffic(in, heard, sizeof(heard), &traffic) &&
	       ip4_read(traffic.packet, &ip) == HA_OK && ip.id == id;
}

static bool hears_any(int fd)
{
	struct link_traffic traffic;

	return link_socket_receive_traffic(fd, heard, sizeof(heard), &traffic);
}

static void packets_leave_to_link_addresses(void)
{
	const struct in_addr own = { inet_addr(NOWHERE) };
	enum ha_error why;
	int other;

	left_count = 0;
	out = link_socket_open(&why);
	in = link_socket_open_traffic(if_nametoindex("there"), (struct in_addr){ 0 }, &why);
	other = link_socket_open_traffic(if_nametoindex("there"), own, &why);
	queue = user_queue_new(&(struct user_queue_options){
		.fd = out, .to_links = true, .may_leave = may_leave, .left = note_left });
	CU_ASSERT_TRUE_FATAL(out >= 0 && in >= 0 && other >= 0 && queue);
	interface = if_nametoindex("here");
	put(NOWHERE, 40, 1, 0);
	interface = NO_INTERFACE;
	put(NOWHERE, 40, 2, 0);
	interface = if_nametoindex("here");
	put(NOWHERE, 40, 3, 0);
	interface = 0;
	user_queue_send(queue);
	CU_ASSERT_TRUE(neighbour_hears(1));
	CU_ASSERT_TRUE(neighbour_hears(3));
	CU_ASSERT_FALSE(hears_any(other)); /* they are for that host itself */
	close(other);
	CU_ASSERT_EQUAL_FATAL(left_count, 3);
	CU_ASSERT_EQUAL(left[0].number, 0);
	CU_ASSERT_EQUAL(left[1].number, ENXIO);
	CU_ASSERT_EQUAL(left[1].packet.interface, NO_INTERFACE);
	CU_ASSERT_EQUAL(left[2].number, 0);
	end();
}

static CU_TestInfo tests[] = {
	{ "packets wait, and leave in order", packets_wait_and_leave_in_order },
	{ "a full queue sends", full_queue_sends },
	{ "large packets need room", large_packets_need_room },
	{ "the fence is asked when they leave", fence_is_asked_when_they_leave },
	{ "refused packets hold nobody up", refused_packets_hold_nobody_up },
	{ "packets leave to link addresses", packets_leave_to_link_addresses },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	if (unshare(CLONE_NEWNET) != 0) {
		fprintf(stderr, "skipped: the kernel refuses: a network: %s\n", strerror(errno));
		return 77;
	}
	if (system(LINKS_UP "set -e; ip link set lo mtu 60000 up; ip link add here type veth "
	                    "peer name there address 02:00:00:00:00:02; up here there") != 0) {
		fprintf(stderr, "the network of the test cannot be made\n");
		return 1;
	}
	return suite_run("user_queue", tests);
}
