/* test_tc_hostile.c - whatever stands in a header, the BPF program does what user space
 * would do, or leaves the packet as it is. */
#include <arpa/inet.h>
#include <linux/pkt_cls.h>
#include <string.h>

#include "proto/tunnel.h"
#include "tests/unit/dice.h"
#include "tests/unit/suite.h"
#include "tests/unit/tc_fixture.h"

#define HOME FIXTURE_HOME
#define CARE_OF "203.0.113.7"
#define PEER "192.0.2.99"

static struct tc_fixture fixture;

/* A packet with octets changed, cut or filled up: it is tunnelled only if it is what user
 * space would have taken, and then it is the same. */
static void hostile(struct dice *dice)
{
	struct ip4 ip = fixture_header(PEER, dice_below(dice, 4) ? HOME : FIXTURE_AGENT,
	                               (uint16_t)dice_below(dice, 300));
	struct span packet = fixture_packet(&ip);
	size_t changes = dice_below(dice, 4);
	struct fixture_result result;
	struct span copy;
	static uint8_t room[2000];

	for (size_t i = 0; i < changes; i++)
		fixture_room[dice_below(dice, dice_below(dice, 2) ? 20 : (uint32_t)packet.size)] =
			(uint8_t)dice_next(dice);
	if (dice_below(dice, 2)) { /* a right sum under wrong contents gets further */
		fixture_room[10] = fixture_room[11] = 0;
		uint16_t sum = ip4_checksum((struct span){ fixture_room, 20 });

		fixture_room[10] = (uint8_t)(sum >> 8);
		fixture_room[11] = (uint8_t)sum;
	}
	if (dice_below(dice, 4) == 0)
		packet.size = dice_below(dice, (uint32_t)packet.size - 19) +
		              20; /* less, the kernel runs no program over */
	memcpy(room, packet.at, packet.size);
	copy = (struct span){ room, packet.size };
	result = fixture_send(&fixture, packet);
	if (result.reason != TC_TUNNELLED) {
		CU_ASSERT_NOT_EQUAL(result.action, TC_ACT_SHOT);
		CU_ASSERT_EQUAL(fixture_inside(&result).size, copy.size);
		CU_ASSERT_EQUAL(memcmp(fixture_inside(&result).at, copy.at, copy.size), 0);
		return;
	}
	CU_ASSERT_EQUAL_FATAL(ip4_read(copy, &ip), HA_OK);
	copy.size = ip.total;
	const struct tunnels_binding binding = fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0);
	struct span wanted = fixture_wrapped(&binding, copy, fixture_inside(&result));

	CU_ASSERT_EQUAL_FATAL(fixture_inside(&result).size, wanted.size);
	CU_ASSERT_EQUAL(memcmp(fixture_inside(&result).at, wanted.at, wanted.size), 0);
}

static void hostile_headers_change_nothing(void)
{
	struct dice dice = { 20261129 };

	fixture.hashed = true;
	fixture_begin(&fixture);
	fixture_bind(&fixture, fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0), NULL);
	for (unsigned i = 0; i < 20000; i++)
		hostile(&dice);
	CU_ASSERT_TRUE(tc_count(fixture.tc, TC_TUNNELLED) > 1000);
	CU_ASSERT_TRUE(tc_count(fixture.tc, TC_USER_HEADER) > 1000);
	fixture_close(&fixture);
	fixture.hashed = false;
}

/* The same on the other side: whatever comes in a tunnel is either taken out right or
 * left as it is. */
static void hostile_tunnels_change_nothing(void)
{
	const struct tunnels_binding kinds[] = {
		fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0),
		fixture_binding(CARE_OF, ENCAPSULATION_MINIMAL, 0),
		fixture_binding(CARE_OF, ENCAPSULATION_GRE, 0),
		fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 40001),
	};
	static uint8_t scratch[2100], room[2100];
	struct dice dice = { 20261130 };

	fixture_begin(&fixture);
	for (unsigned i = 0; i < 20000; i++) {
		const struct tunnels_binding *kind = &kinds[i / 5000];
		struct ip4 ip = fixture_header(HOME, PEER, (uint16_t)dice_below(&dice, 300));
		struct span packet = fixture_reversed(kind, fixture_packet(&ip));
		struct tunnel_unwrapped unwrapped;
		struct fixture_result result;
		struct writer spare;

		if (i % 5000 == 0)
			fixture_bind(&fixture, *kind, NULL);
		if (kind->features)
			fixture_tunnel_room[26] = fixture_tunnel_room[27] = 0;
		for (size_t change = dice_below(&dice, 3); change > 0; change--)
			fixture_tunnel_room[dice_below(&dice, 48)] = (uint8_t)dice_next(&dice);
		memcpy(room, packet.at, packet.size);
		result = fixture_send(&fixture, packet);
		if (result.reason != TC_REVERSED) {
			CU_ASSERT_EQUAL(memcmp(fixture_inside(&result).at, room, packet.size), 0);
			continue;
		}
		packet.at = room;
		spare = writer_over(scratch, sizeof(scratch));
		CU_ASSERT_EQUAL_FATAL(tunnel_unwrap(packet, &spare, &unwrapped), HA_OK);
		CU_ASSERT_EQUAL_FATAL(unwrapped.inner.size, fixture_inside(&result).size);
		memmove(scratch, unwrapped.inner.at, unwrapped.inner.size);
		CU_ASSERT_TRUE(ip4_decrement_ttl(scratch, &unwrapped.ip));
		CU_ASSERT_EQUAL(memcmp(scratch, fixture_inside(&result).at, unwrapped.inner.size),
		                0);
	}
	CU_ASSERT_TRUE(tc_count(fixture.tc, TC_REVERSED) > 1000);
	fixture_close(&fixture);
}

/* A tunnel whose header says that nothing follows, and a packet in what fills the frame. */
static void what_is_behind_the_tunnel_is_not_in_it(void)
{
	static const struct {
		uint8_t encapsulation;
		uint16_t port;
	} kinds[] = { { ENCAPSULATION_GRE, 0 },
		      { ENCAPSULATION_IPIP, 40001 },
		      { ENCAPSULATION_IPIP, 0 } };

	fixture_begin(&fixture);
	for (size_t i = 0; i < 3; i++) {
		struct tunnels_binding kind = fixture_binding(CARE_OF, kinds[i].encapsulation,
		                                              kinds[i].port);
		struct ip4 ip = fixture_header(HOME, PEER, 1000);
		struct span packet = fixture_reversed(&kind, fixture_packet(&ip));
		struct fixture_result result;
		uint16_t sum;

		fixture_bind(&fixture, kind, NULL);
		fixture_tunnel_room[2] = 0;
		fixture_tunnel_room[3] = 20;
		fixture_tunnel_room[10] = fixture_tunnel_room[11] = 0;
		sum = ip4_checksum((struct span){ fixture_tunnel_room, 20 });
		fixture_tunnel_room[10] = (uint8_t)(sum >> 8);
		fixture_tunnel_room[11] = (uint8_t)sum;
		if (kinds[i].port)
			fixture_tunnel_room[24] = fixture_tunnel_room[25] =
				fixture_tunnel_room[26] = fixture_tunnel_room[27] = 0;
		packet.size = kinds[i].port ? 72 : 46;
		result = fixture_send(&fixture, packet);
		CU_ASSERT_NOT_EQUAL(result.reason, TC_REVERSED);
	}
	fixture_close(&fixture);
}

static CU_TestInfo tests[] = {
	{ "what is behind the tunnel is not in it", what_is_behind_the_tunnel_is_not_in_it },
	{ "hostile headers change nothing", hostile_headers_change_nothing },
	{ "hostile tunnels change nothing", hostile_tunnels_change_nothing },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	if (!fixture_network(&fixture))
		return FIXTURE_SKIPPED;
	return suite_run("tc_hostile", tests);
}
