/* test_tc_copies.c - copies that come round by the interface, when what they were made
 * for is gone meanwhile: nobody may get one of them beside the packet itself. */
#include <linux/pkt_cls.h>
#include <string.h>

#include "tests/unit/suite.h"
#include "tests/unit/tc_fixture.h"

static struct tc_fixture fixture;

static void expect_lost(struct span frame)
{
	struct fixture_result result = fixture_run(&fixture, fixture.home, frame, TC_COPY_MARK | 1);

	CU_ASSERT_EQUAL(result.action, TC_ACT_SHOT);
	CU_ASSERT_EQUAL(result.reason, TC_LOST);
}

static void copy_of_the_unbound_is_lost(void)
{
	struct ip4 ip = fixture_header("192.0.2.99", FIXTURE_HOME, 100);

	fixture_begin(&fixture);
	expect_lost(fixture_frame(&fixture, fixture_packet(&ip)));
	fixture_close(&fixture);
}

static void copy_to_another_mac_is_lost(void)
{
	struct ip4 ip = fixture_header("192.0.2.99", FIXTURE_HOME, 100);
	struct span frame;
	uint8_t other[2000];

	fixture_begin(&fixture);
	fixture_bind(&fixture, fixture_binding("203.0.113.7", ENCAPSULATION_IPIP, 0), NULL);
	frame = fixture_frame(&fixture, fixture_packet(&ip));
	memcpy(other, frame.at, frame.size);
	other[5] ^= 0x55; /* the virtual MAC that it came to is no more ours */
	expect_lost((struct span){ other, frame.size });
	fixture_close(&fixture);
}

/* Of several programs on an interface, each has copies of its own, and the first is to
 * pass on those of the second. */
static void copies_of_another_program_pass(void)
{
	struct tc_options options = fixture_options(&fixture);
	struct ip4 ip = fixture_header("192.0.2.99", FIXTURE_HOME, 100);
	const uint32_t others = TC_COPY_MARK | 7u << TC_COPY_INSTANCE_SHIFT | 1u;
	struct tc *seventh;
	char report[256] = "";
	enum ha_error why;
	struct span frame;

	fixture_begin(&fixture);
	frame = fixture_frame(&fixture, fixture_packet(&ip));
	CU_ASSERT_EQUAL(fixture_run(&fixture, fixture.home, frame, others).action, TC_ACT_UNSPEC);
	options.instance = 7;
	seventh = tc_open(&options, &why, report, sizeof(report));
	CU_ASSERT_PTR_NOT_NULL_FATAL(seventh);
	{
		struct tc_fixture there = fixture;

		there.tc = seventh;
		CU_ASSERT_EQUAL(fixture_run(&there, fixture.home, frame, others).action,
		                TC_ACT_SHOT);
		CU_ASSERT_EQUAL(fixture_run(&there, fixture.home, frame, TC_COPY_MARK | 1).action,
		                TC_ACT_UNSPEC);
	}
	tc_close(seventh, false);
	fixture_close(&fixture);
}

static CU_TestInfo tests[] = {
	{ "a copy of the unbound is lost", copy_of_the_unbound_is_lost },
	{ "a copy to another MAC is lost", copy_to_another_mac_is_lost },
	{ "copies of another program pass", copies_of_another_program_pass },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	if (!fixture_network(&fixture))
		return FIXTURE_SKIPPED;
	return suite_run("tc_copies", tests);
}
