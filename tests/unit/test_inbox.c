/* test_inbox.c - datagrams over loopback: octets, senders, stamps and batches
 * are those that were sent. */
#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/flow/inbox.h"
#include "tests/unit/suite.h"

static struct inbox inbox;
static int receiver, sender;

static int bound_socket(struct sockaddr_in *name)
{
	socklen_t size = sizeof(*name);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	*name = (struct sockaddr_in){ .sin_family = AF_INET,
		                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)name, sizeof(*name)), 0);
	CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)name, &size), 0);
	return fd;
}

/* Returns the sender's name. */
static struct sockaddr_in set_up(void)
{
	struct sockaddr_in to, from;

	receiver = bound_socket(&to);
	sender = bound_socket(&from);
	CU_ASSERT_EQUAL_FATAL(connect(sender, (struct sockaddr *)&to, sizeof(to)), 0);
	inbox_init(&inbox);
	return from;
}

static void tear_down(void)
{
	close(sender);
	close(receiver);
}

static void send_octets(uint8_t octet, size_t size)
{
	uint8_t octets[INBOX_DATAGRAM_MAX + 1];

	memset(octets, octet, sizeof(octets));
	CU_ASSERT_EQUAL(send(sender, octets, size, 0), (ssize_t)size);
}

static void datagrams_come_whole_and_in_order(void)
{
	struct sockaddr_in from = set_up();

	for (uint8_t i = 0; i < 3; i++)
		send_octets(i, 40u + i);
	CU_ASSERT_EQUAL_FATAL(inbox_receive(&inbox, receiver), 3);
	for (uint8_t i = 0; i < 3; i++) {
		struct span datagram = inbox_datagram(&inbox, i);

		CU_ASSERT_EQUAL(datagram.size, 40u + i);
		CU_ASSERT_EQUAL(datagram.at[0], i);
		CU_ASSERT_EQUAL(datagram.at[datagram.size - 1], i);
		CU_ASSERT_FALSE(inbox_is_cut(&inbox, i));
		CU_ASSERT_EQUAL(inbox.from[i].sin_addr.s_addr, from.sin_addr.s_addr);
		CU_ASSERT_EQUAL(inbox.from[i].sin_port, from.sin_port);
	}
	CU_ASSERT_EQUAL(inbox_receive(&inbox, receiver), 0);
	tear_down();
}

static void a_batch_is_bounded(void)
{
	set_up();
	for (unsigned i = 0; i < INBOX_BATCH + 1; i++)
		send_octets((uint8_t)i, 24);
	CU_ASSERT_EQUAL(inbox_receive(&inbox, receiver), INBOX_BATCH);
	CU_ASSERT_EQUAL(inbox_receive(&inbox, receiver), 1);
	CU_ASSERT_EQUAL(inbox_datagram(&inbox, 0).at[0], INBOX_BATCH);
	tear_down();
}

static void what_is_too_long_is_marked(void)
{
	set_up();
	send_octets(1, INBOX_DATAGRAM_MAX);
	send_octets(2, INBOX_DATAGRAM_MAX + 1);
	send_octets(3, 24);
	CU_ASSERT_EQUAL_FATAL(inbox_receive(&inbox, receiver), 3);
	CU_ASSERT_FALSE(inbox_is_cut(&inbox, 0));
	CU_ASSERT_TRUE(inbox_is_cut(&inbox, 1));
	CU_ASSERT_EQUAL(inbox_datagram(&inbox, 1).size, INBOX_DATAGRAM_MAX);
	CU_ASSERT_FALSE(inbox_is_cut(&inbox, 2));
	tear_down();
}

/* The kernel begins to stamp at arrival a little after the first socket asks for
 * it; until then it stamps when a datagram is read. */
#define ATTEMPTS 100000u

static void stamps_tell_when_it_arrived(void)
{
	uint64_t before_ns, between_ns, arrived_ns;
	unsigned attempt = 0;

	set_up();
	send_octets(1, 24);
	CU_ASSERT_EQUAL_FATAL(inbox_receive(&inbox, receiver), 1);
	CU_ASSERT_EQUAL(inbox_arrived_ns(&inbox, 0), 0); /* nobody asked for it yet */
	CU_ASSERT_TRUE_FATAL(inbox_stamp(receiver));
	do {
		before_ns = clock_wall_ns();
		send_octets(2, 24);
		between_ns = clock_wall_ns();
		CU_ASSERT_EQUAL_FATAL(inbox_receive(&inbox, receiver), 1);
		arrived_ns = inbox_arrived_ns(&inbox, 0);
		CU_ASSERT_TRUE_FATAL(arrived_ns >= before_ns);
		CU_ASSERT_TRUE_FATAL(arrived_ns <= clock_wall_ns());
	} while (arrived_ns > between_ns && ++attempt < ATTEMPTS);
	CU_ASSERT_TRUE(attempt < ATTEMPTS);
	tear_down();
}

static CU_TestInfo tests[] = {
	{ "datagrams come whole and in order", datagrams_come_whole_and_in_order },
	{ "a batch is bounded", a_batch_is_bounded },
	{ "what is too long is marked", what_is_too_long_is_marked },
	{ "stamps tell when it arrived", stamps_tell_when_it_arrived },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("inbox", tests);
}
