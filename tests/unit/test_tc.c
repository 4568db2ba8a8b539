/* test_tc.c - the BPF program as a function, packet in, packet and verdict out: against
 * the codec of user space, at its deadlines, and over hostile headers. */
#include <arpa/inet.h>
#include <linux/pkt_cls.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "agentd/base/clock.h"
#include "proto/arp.h"
#include "proto/message.h"
#include "proto/tunnel.h"
#include "tests/unit/suite.h"
#include "tests/unit/tc_fixture.h"

#define ETHERNET 14u
#define HOME FIXTURE_HOME
#define CARE_OF "203.0.113.7"
#define OTHER_CARE_OF "203.0.113.8"
#define PEER "192.0.2.99"
#define TTL FIXTURE_TTL

static struct tc_fixture fixture;

static void expect_tunnelled(const struct tunnels_binding *binding, struct span packet)
{
	struct fixture_result result = fixture_send(&fixture, packet);
	struct span wanted;

	CU_ASSERT_EQUAL(result.action, TC_ACT_REDIRECT);
	CU_ASSERT_EQUAL(result.reason, TC_TUNNELLED);
	wanted = fixture_wrapped(binding, packet, fixture_inside(&result));
	CU_ASSERT_EQUAL_FATAL(fixture_inside(&result).size, wanted.size);
	CU_ASSERT_EQUAL(memcmp(fixture_inside(&result).at, wanted.at, wanted.size), 0);
}

static void every_encapsulation_is_that_of_user_space(void)
{
	const struct tunnels_binding kinds[] = {
		fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0),
		fixture_binding(CARE_OF, ENCAPSULATION_MINIMAL, 0),
		fixture_binding(CARE_OF, ENCAPSULATION_GRE, 0),
		fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 40001),
	};
	const uint16_t sizes[] = { 0, 1, 40, 1400 };

	fixture_begin(&fixture);
	for (size_t kind = 0; kind < 4; kind++) {
		fixture_bind(&fixture, kinds[kind], NULL);
		for (size_t size = 0; size < 4; size++) {
			struct ip4 ip = fixture_header(PEER, HOME, sizes[size]);

			expect_tunnelled(&kinds[kind], fixture_packet(&ip));
			ip.df = true;
			ip.tos = 0xb9;
			ip.ttl = 2;
			expect_tunnelled(&kinds[kind], fixture_packet(&ip));
		}
	}
	fixture_close(&fixture);
}

static void filling_of_a_frame_stays_behind(void)
{
	const struct tunnels_binding binding = fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0);
	struct ip4 ip = fixture_header(PEER, HOME, 8);
	struct span packet, frame, wanted;
	struct fixture_result result;

	fixture_begin(&fixture);
	fixture_bind(&fixture, binding, NULL);
	packet = fixture_packet(&ip);
	frame = fixture_frame(&fixture, packet);
	frame.size += 18; /* to the 60 octets of the smallest frame */
	result = fixture_run(&fixture, fixture.home, frame, 0);
	wanted = fixture_wrapped(&binding, packet, fixture_inside(&result));
	CU_ASSERT_EQUAL(fixture_inside(&result).size, wanted.size);
	CU_ASSERT_EQUAL(memcmp(fixture_inside(&result).at, wanted.at, wanted.size), 0);
	fixture_close(&fixture);
}

static void traffic_is_counted_by_binding(void)
{
	struct ip4 ip = fixture_header(PEER, HOME, 100);
	struct tunnels_home found;
	struct tunnels_counters *row;

	fixture_begin(&fixture);
	fixture_bind(&fixture, fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0), NULL);
	fixture_send(&fixture, fixture_packet(&ip));
	fixture_send(&fixture, fixture_packet(&ip));
	CU_ASSERT_TRUE_FATAL(tunnels_find(fixture.tunnels, 0, fixture_address(HOME), &found));
	row = tunnels_counters_of(fixture.tunnels, found.bindings[0].slot);
	CU_ASSERT_EQUAL(tunnels_read(&row->out_packets), 2);
	CU_ASSERT_EQUAL(tunnels_read(&row->out_octets), 240);
	CU_ASSERT_EQUAL(tunnels_read(&row->in_packets), 0);
	fixture_close(&fixture);
}

static void each_care_of_address_gets_a_copy(void)
{
	const struct tunnels_binding first = fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0);
	const struct tunnels_binding second = fixture_binding(OTHER_CARE_OF, ENCAPSULATION_MINIMAL,
	                                                      0);
	struct ip4 ip = fixture_header(PEER, HOME, 100);
	struct fixture_result result;
	struct span packet, wanted;

	fixture_begin(&fixture);
	fixture_bind(&fixture, first, &second);
	packet = fixture_packet(&ip);
	result = fixture_send(&fixture, packet);
	wanted = fixture_wrapped(&first, packet, fixture_inside(&result));
	CU_ASSERT_EQUAL_FATAL(fixture_inside(&result).size, wanted.size);
	CU_ASSERT_EQUAL(memcmp(fixture_inside(&result).at, wanted.at, wanted.size), 0);
	while (tc_count(fixture.tc, TC_TUNNELLED) <
	       2) /* the other copy comes round by the interface */
		sched_yield();
	fixture_forget(&fixture);
	/* It looks like this then. */
	result = fixture_run(&fixture, fixture.home, fixture_frame(&fixture, packet),
	                     TC_COPY_MARK | 1);
	CU_ASSERT_EQUAL(result.reason, TC_TUNNELLED);
	wanted = fixture_wrapped(&second, packet, fixture_inside(&result));
	CU_ASSERT_EQUAL_FATAL(fixture_inside(&result).size, wanted.size);
	CU_ASSERT_EQUAL(memcmp(fixture_inside(&result).at, wanted.at, wanted.size), 0);
	/* One that is gone meanwhile. */
	result = fixture_run(&fixture, fixture.home, fixture_frame(&fixture, packet),
	                     TC_COPY_MARK | 5);
	CU_ASSERT_EQUAL(result.action, TC_ACT_SHOT);
	CU_ASSERT_EQUAL(result.reason, TC_LOST);
	fixture_close(&fixture);
}

/* ---- what is not done here ---- */

/* By way of the kernel, which counts the hop. */
static void expect_user(struct span packet, unsigned reason)
{
	struct fixture_result result = fixture_send(&fixture, packet);

	CU_ASSERT_EQUAL(result.action, TC_ACT_UNSPEC);
	CU_ASSERT_EQUAL(result.reason, reason);
	CU_ASSERT_EQUAL_FATAL(fixture_inside(&result).size, packet.size);
	CU_ASSERT_EQUAL(memcmp(fixture_inside(&result).at, packet.at, packet.size), 0);
}

static void expect_untouched(struct fixture_result result, struct span packet)
{
	CU_ASSERT_EQUAL(result.action, TC_ACT_UNSPEC);
	CU_ASSERT_EQUAL_FATAL(fixture_inside(&result).size, packet.size);
	CU_ASSERT_EQUAL(memcmp(fixture_inside(&result).at, packet.at, packet.size), 0);
}

static void the_uncommon_goes_to_user_space(void)
{
	static const uint8_t options[4] = { 148, 4, 0, 0 };
	struct ip4 ip = fixture_header(PEER, HOME, 100);
	struct span packet;

	fixture_begin(&fixture);
	fixture_bind(&fixture, fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0), NULL);
	ip.ttl = 1;
	expect_user(fixture_packet(&ip), TC_USER_TTL);
	ip = fixture_header(PEER, HOME, 100);
	ip.options = (struct span){ options, sizeof(options) };
	ip.total += 4;
	expect_user(fixture_packet(&ip), TC_USER_HEADER);
	ip = fixture_header(PEER, HOME, 100);
	packet = fixture_packet(&ip);
	fixture_room[10] ^= 1;
	expect_user(packet, TC_USER_HEADER);
	ip = fixture_header(PEER, HOME, 100);
	ip.protocol = IP4_IPIP;
	expect_user(fixture_packet(&ip), TC_USER_NESTED);
	ip = fixture_header(PEER, HOME, 1461);
	expect_user(fixture_packet(&ip), TC_USER_SIZE);
	ip = fixture_header(CARE_OF, HOME, 100);
	expect_user(fixture_packet(&ip), TC_USER_SOURCE);
	ip = fixture_header("10.1.0.1", HOME, 100);
	expect_user(fixture_packet(&ip), TC_USER_SOURCE);
	ip = fixture_header(FIXTURE_AGENT, HOME, 100);
	expect_user(fixture_packet(&ip), TC_USER_SOURCE);
	fixture_bind(&fixture, fixture_binding("10.1.0.1", ENCAPSULATION_IPIP, 0), NULL);
	ip = fixture_header(PEER, HOME, 100);
	expect_user(fixture_packet(&ip), TC_USER_ROUTE);
	fixture_bind(&fixture, fixture_binding(CARE_OF, ENCAPSULATION_MINIMAL, 0), NULL);
	ip.mf = true;
	expect_user(fixture_packet(&ip), TC_USER_KIND);
	fixture_close(&fixture);
}

static void fragments_go_whole_into_the_tunnel(void)
{
	const struct tunnels_binding binding = fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0);
	struct ip4 ip = fixture_header(PEER, HOME, 104);

	fixture_begin(&fixture);
	fixture_bind(&fixture, binding, NULL);
	ip.mf = true;
	expect_tunnelled(&binding, fixture_packet(&ip));
	ip.offset = 104;
	expect_tunnelled(&binding, fixture_packet(&ip));
	fixture_close(&fixture);
}

static void what_is_not_ours_is_untouched(void)
{
	struct ip4 ip = fixture_header(PEER, "10.1.9.9", 100);
	struct span packet, frame;
	uint8_t other[2000];

	fixture_begin(&fixture);
	fixture_bind(&fixture, fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0), NULL);
	packet = fixture_packet(&ip);
	expect_untouched(fixture_send(&fixture, packet), packet);
	ip = fixture_header(PEER, HOME, 100);
	packet = fixture_packet(&ip);
	frame = fixture_frame(&fixture, packet);
	memcpy(other, frame.at, frame.size);
	other[5] ^= 0x55; /* flooded: to somebody else's MAC */
	frame.at = other;
	expect_untouched(fixture_run(&fixture, fixture.home, frame, 0), packet);
	CU_ASSERT_EQUAL(tc_count(fixture.tc, TC_TUNNELLED), 0);
	fixture_close(&fixture);
}

static void the_virtual_mac_is_ours(void)
{
	const struct mac mac = { { 0x00, 0x00, 0x5e, 0x00, 0x01, 0x21 } };
	struct ip4 ip = fixture_header(PEER, HOME, 100);
	struct span frame;
	uint8_t other[2000];

	fixture_begin(&fixture);
	fixture_bind(&fixture, fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0), NULL);
	frame = fixture_frame(&fixture, fixture_packet(&ip));
	memcpy(other, frame.at, frame.size);
	memcpy(other, mac.octets, 6);
	frame.at = other;
	CU_ASSERT_EQUAL(fixture_run(&fixture, fixture.home, frame, 0).action, TC_ACT_UNSPEC);
	tc_mac(fixture.tc, 1, mac);
	CU_ASSERT_EQUAL(fixture_run(&fixture, fixture.home, frame, 0).reason, TC_TUNNELLED);
	tc_mac(fixture.tc, 1, (struct mac){ { 0 } });
	CU_ASSERT_EQUAL(fixture_run(&fixture, fixture.home, frame, 0).action, TC_ACT_UNSPEC);
	tc_mac(fixture.tc, 1, mac);
	tc_agent(fixture.tc, 1, fixture_address(FIXTURE_AGENT)); /* the same: nothing ends */
	CU_ASSERT_EQUAL(fixture_run(&fixture, fixture.home, frame, 0).reason, TC_TUNNELLED);
	tc_agent(fixture.tc, 1, fixture_address(CARE_OF));
	tc_mac(fixture.tc, 1, mac);
	CU_ASSERT_EQUAL(fixture_run(&fixture, fixture.home, frame, 0).reason, TC_FENCED);
	fixture_close(&fixture);
}

static void nothing_passes_the_deadline(void)
{
	struct ip4 ip = fixture_header(PEER, HOME, 100);
	struct fixture_result result;

	fixture_begin(&fixture);
	fixture_bind(&fixture, fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0), NULL);
	tc_fence(fixture.tc, 1, clock_monotonic_ns() + UINT64_C(3600000000000), 0);
	CU_ASSERT_EQUAL(fixture_send(&fixture, fixture_packet(&ip)).reason, TC_TUNNELLED);
	tc_fence(fixture.tc, 1, clock_monotonic_ns() - TC_PATIENCE_NS, UINT64_MAX);
	result = fixture_send(&fixture, fixture_packet(&ip));
	CU_ASSERT_EQUAL(result.action, TC_ACT_SHOT);
	CU_ASSERT_EQUAL(result.reason, TC_FENCED);
	fixture_close(&fixture);
}

/* On a slow machine that moment may be over before the packet is sent. */
static void a_deadline_that_has_just_passed_may_be_put_off(void)
{
	struct ip4 ip = fixture_header(PEER, HOME, 100);
	struct fixture_result result = { .reason = TC_FENCED };

	fixture_begin(&fixture);
	fixture_bind(&fixture, fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0), NULL);
	for (unsigned tries = 0; tries < 1000 && result.reason == TC_FENCED; tries++) {
		tc_fence(fixture.tc, 1, clock_monotonic_ns(), UINT64_MAX);
		result = fixture_send(&fixture, fixture_packet(&ip));
	}
	CU_ASSERT_EQUAL(result.reason, TC_USER_FENCED);
	expect_untouched(result, fixture_packet(&ip));
	fixture_close(&fixture);
}

static void known_limits_of_an_exit_hold(void)
{
	struct ip4 ip = fixture_header(PEER, HOME, 980);
	const struct tunnels_binding binding = fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0);

	fixture_begin(&fixture);
	fixture_bind(&fixture, binding, NULL);
	CU_ASSERT_EQUAL(tc_exit(fixture.tc, fixture_address(CARE_OF), 1019), HA_OK);
	expect_user(fixture_packet(&ip), TC_USER_SIZE);
	CU_ASSERT_EQUAL(tc_exit(fixture.tc, fixture_address(CARE_OF), 1020), HA_OK);
	expect_tunnelled(&binding, fixture_packet(&ip));
	CU_ASSERT_EQUAL(tc_exit(fixture.tc, fixture_address(CARE_OF), 0), HA_OK);
	expect_user(fixture_packet(&ip), TC_USER_SIZE);
	CU_ASSERT_EQUAL(tc_exit(fixture.tc, fixture_address(CARE_OF), UINT32_MAX), HA_OK);
	expect_tunnelled(&binding, fixture_packet(&ip));
	fixture_close(&fixture);
}

/* ---- out of the reverse tunnel ---- */

static void expect_reversed(const struct tunnels_binding *binding, struct ip4 ip)
{
	struct span inner = fixture_packet(&ip);
	struct fixture_result result = fixture_send(&fixture, fixture_reversed(binding, inner));
	struct ip4 read;

	CU_ASSERT_EQUAL(result.action, TC_ACT_REDIRECT);
	CU_ASSERT_EQUAL(result.reason, TC_REVERSED);
	CU_ASSERT_EQUAL_FATAL(fixture_inside(&result).size, inner.size);
	CU_ASSERT_EQUAL_FATAL(ip4_read(fixture_inside(&result), &read), HA_OK);
	if (binding->encapsulation != ENCAPSULATION_MINIMAL) {
		CU_ASSERT_TRUE(ip4_decrement_ttl(fixture_room, &ip));
		CU_ASSERT_EQUAL(memcmp(fixture_inside(&result).at, inner.at, inner.size), 0);
		return;
	}
	/* TTL and identification are those of the outer header. */
	CU_ASSERT_EQUAL(read.source.s_addr, ip.source.s_addr);
	CU_ASSERT_EQUAL(read.destination.s_addr, ip.destination.s_addr);
	CU_ASSERT_EQUAL(read.protocol, ip.protocol);
	CU_ASSERT_EQUAL(memcmp(fixture_inside(&result).at + 20, inner.at + 20, inner.size - 20), 0);
}

static void reverse_tunnels_end_here(void)
{
	const struct tunnels_binding kinds[] = {
		fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0),
		fixture_binding(CARE_OF, ENCAPSULATION_MINIMAL, 0),
		fixture_binding(CARE_OF, ENCAPSULATION_GRE, 0),
	};

	fixture_begin(&fixture);
	for (size_t kind = 0; kind < 3; kind++) {
		fixture_bind(&fixture, kinds[kind], NULL);
		expect_reversed(&kinds[kind], fixture_header(HOME, PEER, 100));
		expect_reversed(&kinds[kind], fixture_header(HOME, PEER, 1400));
	}
	fixture_close(&fixture);
}

/* UDP with a checksum, as user space sends it, is user space's; without one it is done. */
static void reverse_tunnel_in_udp_ends_here(void)
{
	const struct tunnels_binding binding = fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 40001);
	struct ip4 ip = fixture_header(HOME, PEER, 100);
	struct span packet;
	struct fixture_result result;

	fixture_begin(&fixture);
	fixture_bind(&fixture, binding, NULL);
	packet = fixture_reversed(&binding, fixture_packet(&ip));
	fixture_tunnel_room[26] = fixture_tunnel_room[27] = 0;
	result = fixture_send(&fixture, packet);
	CU_ASSERT_EQUAL(result.reason, TC_REVERSED);
	CU_ASSERT_EQUAL(fixture_inside(&result).size, ip.total);
	fixture_tunnel_room[21] ^= 1; /* from another port */
	expect_untouched(fixture_send(&fixture, packet), packet);
	fixture_close(&fixture);
}

static void strange_tunnels_go_up_untouched(void)
{
	const struct tunnels_binding agreed = fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0);
	const struct tunnels_binding elsewhere = fixture_binding(OTHER_CARE_OF, ENCAPSULATION_IPIP,
	                                                         0);
	const struct tunnels_binding other_kind = fixture_binding(CARE_OF, ENCAPSULATION_GRE, 0);
	struct ip4 ip = fixture_header(HOME, PEER, 100);
	struct span packet;

	fixture_begin(&fixture);
	fixture_bind(&fixture, agreed, NULL);
	packet = fixture_reversed(&elsewhere, fixture_packet(&ip));
	expect_untouched(fixture_send(&fixture, packet), packet);
	packet = fixture_reversed(&other_kind, fixture_packet(&ip));
	expect_untouched(fixture_send(&fixture, packet), packet);
	ip = fixture_header("10.1.9.9", PEER, 100); /* not bound */
	packet = fixture_reversed(&agreed, fixture_packet(&ip));
	expect_untouched(fixture_send(&fixture, packet), packet);
	ip = fixture_header(HOME, HOME, 100); /* to a bound one: hairpin */
	packet = fixture_reversed(&agreed, fixture_packet(&ip));
	expect_untouched(fixture_send(&fixture, packet), packet);
	ip = fixture_header(HOME, "224.0.0.5", 100);
	packet = fixture_reversed(&agreed, fixture_packet(&ip));
	expect_untouched(fixture_send(&fixture, packet), packet);
	ip = fixture_header(HOME, PEER, 100);
	ip.ttl = 1;
	packet = fixture_reversed(&agreed, fixture_packet(&ip));
	expect_untouched(fixture_send(&fixture, packet), packet);
	tc_fence(fixture.tc, 1, 0, 0);
	ip.ttl = 9;
	packet = fixture_reversed(&agreed, fixture_packet(&ip));
	expect_untouched(fixture_send(&fixture, packet), packet);
	CU_ASSERT_EQUAL(tc_count(fixture.tc, TC_REVERSED), 0);
	fixture_close(&fixture);
}

/* ---- ARP ---- */

static const struct mac asker = { { 2, 0, 0, 0, 0, 9 } };

static struct fixture_result ask(const struct arp *arp, unsigned interface)
{
	static uint8_t frame[64];
	struct writer out = writer_over(frame, sizeof(frame));

	memset(frame, 0, sizeof(frame));
	arp_encode(&out, arp);
	return fixture_run(&fixture, interface, (struct span){ frame, 60 }, 0);
}

static struct arp question(const char *from, const char *about)
{
	return (struct arp){
		.to = { { 255, 255, 255, 255, 255, 255 } },
		.from = asker,
		.operation = ARP_REQUEST,
		.sender_mac = asker,
		.sender = fixture_address(from),
		.target = fixture_address(about),
	};
}

static void arp_is_answered_for_who_is_away(void)
{
	struct arp asked = question("10.1.0.5", HOME), answer, wanted;
	struct fixture_result result;
	struct reader in;
	struct mac mac;

	fixture_begin(&fixture);
	fixture_bind(&fixture, fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0), NULL);
	result = ask(&asked, fixture.home);
	CU_ASSERT_EQUAL(result.action, TC_ACT_REDIRECT);
	CU_ASSERT_EQUAL(result.reason, TC_ARP_ANSWERED);
	in = reader_over(result.frame.at, result.frame.size);
	CU_ASSERT_EQUAL_FATAL(arp_decode(&in, &answer), HA_OK);
	memcpy(mac.octets, fixture.home_mac, 6);
	wanted = arp_answer(&asked, mac);
	CU_ASSERT_EQUAL(memcmp(&answer, &wanted, sizeof(answer)), 0);
	fixture_close(&fixture);
}

static void arp_is_silent_otherwise(void)
{
	const struct arp cases[] = {
		question("0.0.0.0", HOME),        /* a probe */
		question(HOME, HOME),             /* an announcement, or the node itself */
		question("10.1.0.5", "10.1.9.9"), /* not bound */
		question("10.1.0.5", "10.1.0.1"), /* the kernel's */
	};
	struct arp asked = question("10.1.0.5", HOME);

	fixture_begin(&fixture);
	fixture_bind(&fixture, fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0), NULL);
	for (size_t i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(ask(&cases[i], fixture.home).action, TC_ACT_UNSPEC);
	CU_ASSERT_EQUAL(ask(&asked, fixture.core).action, TC_ACT_UNSPEC);
	tc_fence(fixture.tc, 1, UINT64_MAX, clock_monotonic_ns());
	CU_ASSERT_EQUAL(ask(&asked, fixture.home).reason, TC_ARP_FENCED);
	asked.operation = ARP_REPLY;
	CU_ASSERT_EQUAL(ask(&asked, fixture.home).action, TC_ACT_UNSPEC);
	fixture_close(&fixture);
}

static bool is_answered(struct arp asked)
{
	return ask(&asked, fixture.home).reason == TC_ARP_ANSWERED;
}

static void arp_is_for_whom_it_says(void)
{
	const struct mac mac = { { 0x00, 0x00, 0x5e, 0x00, 0x01, 0x21 } };
	struct arp asked = question("10.1.0.5", HOME);

	fixture_begin(&fixture);
	fixture_bind(&fixture, fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0), NULL);
	memcpy(asked.to.octets, fixture.home_mac, 6);
	CU_ASSERT_TRUE(is_answered(asked));
	asked.to = mac;
	CU_ASSERT_FALSE(is_answered(asked));
	tc_mac(fixture.tc, 1, mac);
	CU_ASSERT_TRUE(is_answered(asked));
	asked.sender_mac = mac;
	CU_ASSERT_FALSE(is_answered(asked));
	asked.sender_mac = asker;
	asked.from = mac;
	CU_ASSERT_FALSE(is_answered(asked));
	asked.from = asker;
	memset(&asked.sender_mac, 0, sizeof(asked.sender_mac));
	CU_ASSERT_FALSE(is_answered(asked));
	fixture_close(&fixture);
}

/* What a bound node says is for user space, which learns from it that the node is back;
 * its questions about itself are never answered, by whatever address. */
static void a_node_that_speaks_is_heard(void)
{
	const struct mac other = { { 2, 0, 0, 0, 0, 8 } };
	struct arp asked = question("10.1.0.5", HOME), itself = question(HOME, HOME);
	struct tunnels_home home = { .group = 1, .count = 1 };

	fixture_begin(&fixture);
	fixture_bind(&fixture, fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0), NULL);
	CU_ASSERT_TRUE(is_answered(asked));
	CU_ASSERT_FALSE(is_answered(itself));
	CU_ASSERT_FALSE(is_answered(asked));
	asked.sender_mac = other;
	CU_ASSERT_TRUE(is_answered(asked));
	home.home = fixture_address("10.1.0.5");
	home.bindings[0] = fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0);
	CU_ASSERT_EQUAL(tunnels_put(fixture.tunnels, &home), HA_OK);
	CU_ASSERT_FALSE(is_answered(asked)); /* who asks is bound */
	fixture_close(&fixture);
}

static CU_TestInfo tests[] = {
	{ "every encapsulation is that of user space", every_encapsulation_is_that_of_user_space },
	{ "the filling of a frame stays behind", filling_of_a_frame_stays_behind },
	{ "traffic is counted by binding", traffic_is_counted_by_binding },
	{ "each care-of address gets a copy", each_care_of_address_gets_a_copy },
	{ "the uncommon goes to user space", the_uncommon_goes_to_user_space },
	{ "fragments go whole into the tunnel", fragments_go_whole_into_the_tunnel },
	{ "what is not ours is untouched", what_is_not_ours_is_untouched },
	{ "the virtual MAC is ours", the_virtual_mac_is_ours },
	{ "nothing passes the deadline", nothing_passes_the_deadline },
	{ "a deadline that has just passed", a_deadline_that_has_just_passed_may_be_put_off },
	{ "known limits of an exit hold", known_limits_of_an_exit_hold },
	{ "reverse tunnels end here", reverse_tunnels_end_here },
	{ "a reverse tunnel in UDP ends here", reverse_tunnel_in_udp_ends_here },
	{ "strange tunnels go up untouched", strange_tunnels_go_up_untouched },
	{ "ARP is answered for who is away", arp_is_answered_for_who_is_away },
	{ "ARP is silent otherwise", arp_is_silent_otherwise },
	{ "ARP is for whom it says", arp_is_for_whom_it_says },
	{ "a node that speaks is heard", a_node_that_speaks_is_heard },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	if (!fixture_network(&fixture))
		return FIXTURE_SKIPPED;
	return suite_run("tc", tests);
}
