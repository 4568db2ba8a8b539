/* test_tc_home.c - nodes at home: the BPF program leaves their packets to the host's routes,
 * by a mark that the rules to user space let pass. */
#include <arpa/inet.h>
#include <linux/pkt_cls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "agentd/base/clock.h"
#include "proto/tunnel.h"
#include "tests/unit/suite.h"
#include "tests/unit/tc_fixture.h"

#define AT_HOME "10.1.9.9"
#define CARE_OF "203.0.113.7"
#define PEER "192.0.2.99"
#define OWN "10.1.0.1"

static struct tc_fixture fixture;

static struct fixture_result send_to(const char *address, uint32_t mark)
{
	struct ip4 ip = fixture_header(PEER, address, 100);

	return fixture_run(&fixture, fixture.home, fixture_frame(&fixture, fixture_packet(&ip)),
	                   mark);
}

static void expect_mark(const char *address, uint32_t mark, unsigned reason)
{
	struct fixture_result result = send_to(address, 0);

	CU_ASSERT_EQUAL(result.action, TC_ACT_UNSPEC);
	CU_ASSERT_EQUAL(result.mark, mark);
	CU_ASSERT_EQUAL(result.reason, reason);
}

static void a_node_at_home_is_left_to_the_routes(void)
{
	fixture_begin(&fixture);
	expect_mark(AT_HOME, FIXTURE_HOME_MARK, TC_AT_HOME);
	expect_mark(FIXTURE_HOME, FIXTURE_HOME_MARK, TC_AT_HOME);
	CU_ASSERT_EQUAL(send_to(AT_HOME, 5).mark, FIXTURE_HOME_MARK | 5);
	fixture_bind(&fixture, fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0), NULL);
	CU_ASSERT_EQUAL(send_to(FIXTURE_HOME, 0).reason, TC_TUNNELLED);
	expect_mark(AT_HOME, FIXTURE_HOME_MARK, TC_AT_HOME);
	fixture_close(&fixture);
}

static void all_else_comes_to_user_space(void)
{
	fixture_begin(&fixture);
	expect_mark(PEER, 0, TC_REASON_COUNT);
	expect_mark(OWN, 0, TC_REASON_COUNT);
	expect_mark("10.1.255.255", 0, TC_REASON_COUNT);
	expect_mark("10.1.0.0", 0, TC_REASON_COUNT);
	fixture_bind(&fixture, fixture_binding(OWN, ENCAPSULATION_IPIP, 0), NULL);
	expect_mark(FIXTURE_HOME, 0, TC_USER_ROUTE);
	tc_fence(fixture.tc, 1, clock_monotonic_ns(), UINT64_MAX);
	expect_mark(AT_HOME, 0, TC_REASON_COUNT);
	fixture_close(&fixture);
}

static void begin_with(const struct tc_network *networks, size_t count, uint32_t mark)
{
	struct tc_options options = fixture_options(&fixture);
	enum ha_error why;
	char report[256];

	options.networks = networks;
	options.network_count = count;
	options.home_mark = mark;
	fixture.tc = tc_open(&options, &why, report, sizeof(report));
	CU_ASSERT_PTR_NOT_NULL_FATAL(fixture.tc);
	fixture.tunnels = tunnels_new(options.size, tc_rows(fixture.tc));
	tc_agent(fixture.tc, 1, fixture_address(FIXTURE_AGENT));
	tc_fence(fixture.tc, 1, UINT64_MAX, UINT64_MAX);
	fixture_forget(&fixture);
}

/* Too large for a table, with one inside that has no link. */
static void networks_without_a_table_are_told_apart_too(void)
{
	const struct tc_network networks[] = {
		{ .prefix = { { htonl(0x0a000000) }, 8 }, .group = 1, .has_link = true },
		{ .prefix = { { htonl(0x0a020000) }, 16 }, .group = 1 },
	};
	struct tunnels_home home = {
		.home = fixture_address(FIXTURE_HOME),
		.group = 1,
		.count = 1,
		.bindings = { fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0) },
	};

	begin_with(networks, 2, FIXTURE_HOME_MARK);
	expect_mark(AT_HOME, FIXTURE_HOME_MARK, TC_AT_HOME);
	expect_mark("10.2.0.9", 0, TC_REASON_COUNT);
	tc_put(fixture.tc, &home);
	CU_ASSERT_EQUAL(send_to(FIXTURE_HOME, 0).reason, TC_TUNNELLED);
	home.home = fixture_address("10.2.0.9");
	tc_put(fixture.tc, &home);
	CU_ASSERT_EQUAL(send_to("10.2.0.9", 0).reason, TC_TUNNELLED);
	fixture_close(&fixture);
}

static void without_a_mark_nothing_is_left_alone(void)
{
	const struct tc_network network = {
		.prefix = { { htonl(0x0a010000) }, 16 },
		.group = 1,
		.has_link = true,
	};

	begin_with(&network, 1, 0);
	expect_mark(AT_HOME, 0, TC_REASON_COUNT);
	fixture_close(&fixture);
}

/* Older kernels look for no way by a mark: then it is user space's. */
static bool knows_ways_by_mark(void)
{
	struct utsname name;
	unsigned major = 0, minor = 0;

	CU_ASSERT_EQUAL(uname(&name), 0);
	CU_ASSERT_EQUAL(sscanf(name.release, "%u.%u", &major, &minor), 2);
	return major > 6 || (major == 6 && minor >= 10);
}

/* As the daemon makes them. */
static void make_rules(void)
{
	CU_ASSERT_EQUAL_FATAL(
		system("ip route add 10.1.0.0/16 dev user table 434 && ip rule add to "
	               "10.1.0.0/16 fwmark 0/0x40000000 lookup 434"),
		0);
}

static void end_rules(void)
{
	CU_ASSERT_EQUAL(system("ip rule del table 434 && ip route flush table 434"), 0);
}

/* The outer packet passes the rules, as those of user space do. */
static void a_care_of_address_may_be_on_a_home_link(void)
{
	make_rules();
	fixture_begin(&fixture);
	fixture_bind(&fixture, fixture_binding("10.1.0.88", ENCAPSULATION_IPIP, 0), NULL);
	CU_ASSERT_EQUAL(send_to(FIXTURE_HOME, 0).reason,
	                knows_ways_by_mark() ? TC_TUNNELLED : TC_USER_ROUTE);
	fixture_close(&fixture);
	end_rules();
}

static void a_reverse_tunnel_leads_to_who_is_at_home(void)
{
	const struct tunnels_binding binding = fixture_binding(CARE_OF, ENCAPSULATION_IPIP, 0);
	struct ip4 ip = fixture_header(FIXTURE_HOME, AT_HOME, 100);
	struct fixture_result result;

	make_rules();
	fixture_begin(&fixture);
	fixture_bind(&fixture, binding, NULL);
	result = fixture_send(&fixture, fixture_reversed(&binding, fixture_packet(&ip)));
	CU_ASSERT_EQUAL(result.reason, knows_ways_by_mark() ? TC_REVERSED : TC_USER_REVERSE);
	ip.destination = fixture_address("10.1.255.255");
	result = fixture_send(&fixture, fixture_reversed(&binding, fixture_packet(&ip)));
	CU_ASSERT_EQUAL(result.reason, TC_USER_REVERSE);
	fixture_close(&fixture);
	end_rules();
}

static CU_TestInfo tests[] = {
	{ "a node at home is left to the routes", a_node_at_home_is_left_to_the_routes },
	{ "all else comes to user space", all_else_comes_to_user_space },
	{ "networks without a table are told apart, too",
	  networks_without_a_table_are_told_apart_too },
	{ "without a mark nothing is left alone", without_a_mark_nothing_is_left_alone },
	{ "a care-of address may be on a home link", a_care_of_address_may_be_on_a_home_link },
	{ "a reverse tunnel leads to who is at home", a_reverse_tunnel_leads_to_who_is_at_home },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	if (!fixture_network(&fixture))
		return FIXTURE_SKIPPED;
	return suite_run("tc_home", tests);
}
