/* test_link_socket.c - packets between two link addresses of a network of the test's own. */
#include "agentd/dataplane/link_socket.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/links.h"
#include "tests/unit/packets.h"
#include "tests/unit/suite.h"

#define PORT 434u
#define SOLICITATION 10u
#define MTU 1400u

static const uint8_t here_link[] = { 2, 0, 0, 0, 0, 1 }, there_link[] = { 2, 0, 0, 0, 0, 2 },
		     nobodys_link[] = { 2, 0, 0, 0, 0, 3 },
		     everybody[] = { 255, 255, 255, 255, 255, 255 },
		     agents[] = { 1, 0, 0x5e, 0, 0, 0x0b }, routers[] = { 1, 0, 0x5e, 0, 0, 2 };
static unsigned here, there;
static int out, in;
static uint8_t room[IP4_TOTAL_MAX];
static struct link_heard heard;

static void begin(void)
{
	enum ha_error why;

	out = link_socket_open(&why);
	CU_ASSERT_EQUAL(why, HA_OK);
	in = link_socket_listen(there, PORT, &why);
	CU_ASSERT_EQUAL(why, HA_OK);
	CU_ASSERT_TRUE_FATAL(out >= 0 && in >= 0);
}

static void end(void)
{
	close(out);
	close(in);
}

/* The first octets behind the header; `number` is the last octet. */
static int send_packet(struct ip4 header, const uint8_t *first, size_t count, size_t payload,
                       const uint8_t *to, uint8_t number)
{
	struct octets packet = packet_of(header, payload);
	int failed;

	memcpy(packet.at + packet.size - payload, first, count);
	packet.at[packet.size - 1] = number;
	failed = link_socket_send(out, here, to, span_of(packet));
	free(packet.at);
	return failed;
}

static int send_datagram(struct ip4 header, uint16_t port, const uint8_t *to, uint8_t number)
{
	const uint8_t ports[] = { 4, 210, (uint8_t)(port >> 8), (uint8_t)port };

	header.protocol = IP4_UDP;
	return send_packet(header, ports, sizeof(ports), 60, to, number);
}

static int send_icmp(uint8_t type, const uint8_t *to, uint8_t number)
{
	struct ip4 header = plain_header();

	header.protocol = IP4_ICMP;
	return send_packet(header, &type, 1, 8, to, number);
}

/* Is that the next one that is heard? */
static bool hears(uint8_t number)
{
	struct pollfd about = { .fd = in, .events = POLLIN };

	return poll(&about, 1, 10000) == 1 && link_socket_receive(in, room, sizeof(room), &heard) &&
	       heard.packet.at[heard.packet.size - 1] == number;
}

static void datagram_says_where_it_came_from(void)
{
	begin();
	CU_ASSERT_EQUAL(send_datagram(plain_header(), PORT, there_link, 1), 0);
	CU_ASSERT_TRUE_FATAL(hears(1));
	CU_ASSERT_EQUAL(heard.packet.size, 80);
	CU_ASSERT_EQUAL(memcmp(heard.link, here_link, sizeof(here_link)), 0);
	CU_ASSERT_EQUAL(heard.interface, there);
	CU_ASSERT_TRUE(heard.to_one);
	CU_ASSERT_FALSE(heard.begun);
	CU_ASSERT_FALSE(link_socket_receive(in, room, sizeof(room), &heard));
	end();
}

static void what_is_said_to_all_is_heard(void)
{
	static const uint8_t *const to[] = { everybody, agents, routers };

	begin();
	for (uint8_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
		CU_ASSERT_EQUAL(send_datagram(plain_header(), PORT, to[i], i), 0);
		CU_ASSERT_TRUE(hears(i));
		CU_ASSERT_FALSE(heard.to_one);
		CU_ASSERT_EQUAL(send_icmp(SOLICITATION, to[i], i), 0);
		CU_ASSERT_TRUE(hears(i));
	}
	end();
}

/* The last one is heard, and none before it. */
static void what_is_not_for_agents_is_not_heard(void)
{
	static const uint8_t options_of[4] = { 1, 1, 1, 0 };
	struct ip4 fragment = plain_header(), with_options = plain_header();

	begin();
	fragment.mf = true;
	CU_ASSERT_EQUAL(send_datagram(fragment, PORT, there_link, 1), 0);
	fragment.mf = false;
	fragment.offset = 8;
	CU_ASSERT_EQUAL(send_datagram(fragment, PORT, there_link, 2), 0);
	CU_ASSERT_EQUAL(send_datagram(plain_header(), PORT + 1, there_link, 3), 0);
	CU_ASSERT_EQUAL(send_datagram(plain_header(), PORT, nobodys_link, 4), 0);
	CU_ASSERT_EQUAL(send_icmp(SOLICITATION - 1, there_link, 5), 0);
	CU_ASSERT_EQUAL(send_icmp(8, there_link, 6), 0);
	with_options.options = (struct span){ options_of, sizeof(options_of) };
	CU_ASSERT_EQUAL(send_datagram(with_options, PORT, there_link, 7), 0);
	CU_ASSERT_TRUE(hears(7));
	CU_ASSERT_EQUAL(heard.packet.size, 84);
	end();
}

static void what_does_not_fit_is_skipped(void)
{
	struct pollfd about;

	begin();
	CU_ASSERT_EQUAL(send_datagram(plain_header(), PORT, there_link, 1), 0);
	CU_ASSERT_EQUAL(send_icmp(SOLICITATION, there_link, 2), 0);
	about = (struct pollfd){ .fd = in, .events = POLLIN };
	CU_ASSERT_EQUAL(poll(&about, 1, 10000), 1);
	CU_ASSERT_TRUE(link_socket_receive(in, room, 79, &heard));
	CU_ASSERT_EQUAL(heard.packet.size, 28);
	end();
}

static void failures_are_told(void)
{
	struct ip4 header = plain_header();
	struct octets large = packet_of(header, MTU - IP4_HEADER_MIN + 1);
	enum ha_error why;

	begin();
	CU_ASSERT_EQUAL(link_socket_send(out, here, there_link, span_of(large)), EMSGSIZE);
	large.size--;
	CU_ASSERT_EQUAL(link_socket_send(out, here, there_link, span_of(large)), 0);
	CU_ASSERT_EQUAL(link_socket_send(out, 9999, there_link, span_of(large)), ENXIO);
	CU_ASSERT_EQUAL(link_socket_listen(0, PORT, &why), -1);
	CU_ASSERT_NOT_EQUAL(why, HA_OK);
	CU_ASSERT_EQUAL(link_socket_listen(9999, PORT, &why), -1);
	CU_ASSERT_NOT_EQUAL(why, HA_OK);
	CU_ASSERT_EQUAL(system("ip link set here down"), 0);
	CU_ASSERT_EQUAL(link_socket_send(out, here, there_link, span_of(large)), ENETDOWN);
	CU_ASSERT_EQUAL(system("ip link set here up"), 0);
	CU_ASSERT_EQUAL(send_datagram(plain_header(), PORT, there_link, 8), 0);
	CU_ASSERT_TRUE(hears(8));
	free(large.at);
	end();
}

static CU_TestInfo tests[] = {
	{ "a datagram says where it came from", datagram_says_where_it_came_from },
	{ "what is said to all is heard", what_is_said_to_all_is_heard },
	{ "what is not for agents is not heard", what_is_not_for_agents_is_not_heard },
	{ "what does not fit is skipped", what_does_not_fit_is_skipped },
	{ "failures are told", failures_are_told },
	CU_TEST_INFO_NULL,
};

static const char *const setup = LINKS_UP
	"set -e; sysctl -qw net.ipv6.conf.default.disable_ipv6=1;"
	"ip link add here address 02:00:00:00:00:01 mtu 1400 type veth peer name there address "
	"02:00:00:00:00:02 mtu 1400; up here there";

int main(void)
{
	if (unshare(CLONE_NEWNET) != 0) {
		fprintf(stderr, "skipped: the kernel refuses: a network: %s\n", strerror(errno));
		return 77;
	}
	if (system(setup) != 0) {
		fprintf(stderr, "the network of the test cannot be made\n");
		return 1;
	}
	here = if_nametoindex("here");
	there = if_nametoindex("there");
	return suite_run("link_socket", tests);
}
