/* test_visited.c - mobile nodes of a load on a foreign agent's link: their frames, what they ask
 * for, and the options for it. */
#include <arpa/inet.h>
#include <string.h>

#include "agentd/load/exchange.h"
#include "agentd/load/options.h"
#include "agentd/load/visited.h"
#include "proto/ip4.h"
#include "tests/unit/suite.h"

#define MESSAGE "a registration request"
#define UDP_AT 34u

static struct visited visited;
static uint8_t frame[VISITED_HEADERS + sizeof(MESSAGE)];

static struct in_addr address(const char *text)
{
	struct in_addr out = { 0 };

	CU_ASSERT_EQUAL(inet_pton(AF_INET, text, &out), 1);
	return out;
}

static void wrap(uint32_t node, const char *home)
{
	memcpy(frame + VISITED_HEADERS, MESSAGE, sizeof(MESSAGE));
	visited_wrap(&visited, node, address(home), frame, sizeof(MESSAGE));
}

static void begin(void)
{
	visited_init(&visited, address("198.51.100.1"));
	wrap(0x01020304, "10.0.0.5");
}

static struct span whole(void)
{
	return (struct span){ frame, sizeof(frame) };
}

static void a_frame_is_of_its_node(void)
{
	static const uint8_t everybody[MAC_OCTETS] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t sender[MAC_OCTETS] = { 2, 0, 1, 2, 3, 4 };
	const struct span packet = { frame + 14, sizeof(frame) - 14 };
	const struct span udp = { frame + UDP_AT, sizeof(frame) - UDP_AT };
	struct ip4 ip;

	begin();
	CU_ASSERT_EQUAL(memcmp(frame, everybody, MAC_OCTETS), 0);
	CU_ASSERT_EQUAL(memcmp(frame + 6, sender, MAC_OCTETS), 0);
	CU_ASSERT_EQUAL(ip4_read(packet, &ip), HA_OK);
	CU_ASSERT_EQUAL(ip.source.s_addr, address("10.0.0.5").s_addr);
	CU_ASSERT_EQUAL(ip.destination.s_addr, address("198.51.100.1").s_addr);
	CU_ASSERT_EQUAL(ip.total, packet.size);
	CU_ASSERT_EQUAL(udp.at[2] << 8 | udp.at[3], 434);
	CU_ASSERT_EQUAL(ip4_sum_finish(ip4_sum(
				ip4_sum_pseudo(ip.source, ip.destination, IP4_UDP, udp.size), udp)),
	                0);
}

/* Of any length: a checksum of what has an odd one, too. */
static void checksums_are_right_for_each_node(void)
{
	for (uint32_t node = 0; node < 70000; node += 7) {
		const struct span udp = { frame + UDP_AT, sizeof(frame) - UDP_AT };
		uint64_t sum = ip4_sum_pseudo(address("10.0.0.5"), visited.agent, IP4_UDP,
		                              udp.size);

		frame[VISITED_HEADERS] = (uint8_t)node;
		frame[VISITED_HEADERS + 1] = (uint8_t)(node >> 8);
		visited_wrap(&visited, node, address("10.0.0.5"), frame, sizeof(MESSAGE));
		CU_ASSERT_EQUAL(ip4_sum_finish(ip4_sum(sum, udp)), 0);
		CU_ASSERT(frame[UDP_AT + 6] || frame[UDP_AT + 7]);
	}
}

static void an_answer_tells_where_the_agent_is(void)
{
	static const uint8_t agent[MAC_OCTETS] = { 2, 7, 7, 7, 7, 7 };
	struct span message;

	begin();
	memcpy(frame + 6, agent, MAC_OCTETS);
	message = visited_unwrap(&visited, whole());
	CU_ASSERT_EQUAL_FATAL(message.size, sizeof(MESSAGE));
	CU_ASSERT_EQUAL(memcmp(message.at, MESSAGE, sizeof(MESSAGE)), 0);
	wrap(6, "10.0.0.6");
	CU_ASSERT_EQUAL(memcmp(frame, agent, MAC_OCTETS), 0);
}

static void what_is_broken_is_nothing(void)
{
	for (size_t size = 0; size < sizeof(frame); size++) {
		begin();
		CU_ASSERT_EQUAL(visited_unwrap(&visited, (struct span){ frame, size }).size, 0);
		CU_ASSERT_EQUAL(visited.agent_mac.octets[0], 0xff);
	}
	begin();
	frame[UDP_AT + 5] = 7;
	CU_ASSERT_EQUAL(visited_unwrap(&visited, whole()).size, 0);
	frame[UDP_AT + 5] = 200;
	CU_ASSERT_EQUAL(visited_unwrap(&visited, whole()).size, 0);
	begin();
	frame[15] ^= 1;
	CU_ASSERT_EQUAL(visited_unwrap(&visited, whole()).size, 0);
}

/* ---- what is asked for ---- */

static enum ha_error parse(int count, char **arguments, struct load_identity *identity)
{
	struct load_options_error error;
	struct load_options options;
	enum ha_error why = load_options_parse(count, arguments, &options, &error);

	return why == HA_OK ? load_options_identity(&options, identity, &error) : why;
}

static void nodes_of_a_foreign_agent_have_its_address(void)
{
	static char *const words[] = { "--link",  "eth1",         "--home-agent", "192.0.2.1",
		                       "refresh", "--care-of",    "192.0.2.9",    "--nodes",
		                       "7",       "--first-home", "10.0.0.1" };
	const struct load_node node = { .effect = LOAD_BIND, .lifetime_s = 300, .offset = 5 };
	struct load_identity identity;
	struct mip_request request;

	CU_ASSERT_EQUAL_FATAL(parse(11, (char **)words, &identity), HA_OK);
	load_request_of(&identity, address("10.0.0.1"), &node, &request);
	CU_ASSERT_EQUAL(request.care_of.s_addr, address("192.0.2.9").s_addr);
	CU_ASSERT_EQUAL(request.home_agent.s_addr, address("192.0.2.1").s_addr);
	CU_ASSERT_EQUAL(request.flags, 0);
	/* A link needs both addresses, and a mode that registers. */
	CU_ASSERT_EQUAL(parse(5, (char **)words, &identity), HA_E_RANGE);
	CU_ASSERT_EQUAL(parse(2, (char *[]){ "--link=eth1", "refresh" }, &identity), HA_E_RANGE);
	CU_ASSERT_EQUAL(parse(4,
	                      (char *[]){ "--link=eth1", "storm", "--care-of=192.0.2.9",
	                                  "--home-agent=192.0.2.1" },
	                      &identity),
	                HA_E_UNSUPPORTED);
}

static CU_TestInfo tests[] = {
	{ "a frame is of its node", a_frame_is_of_its_node },
	{ "checksums are right for each node", checksums_are_right_for_each_node },
	{ "an answer tells where the agent is", an_answer_tells_where_the_agent_is },
	{ "what is broken is nothing", what_is_broken_is_nothing },
	{ "nodes of a foreign agent have its address", nodes_of_a_foreign_agent_have_its_address },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("visited", tests);
}
