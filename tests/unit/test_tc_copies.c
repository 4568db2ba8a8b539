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

static CU_TestInfo tests[] = {
	{ "a copy of the unbound is lost", copy_of_the_unbound_is_lost },
	{ "a copy to another MAC is lost", copy_to_another_mac_is_lost },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	if (!fixture_network(&fixture))
		return FIXTURE_SKIPPED;
	return suite_run("tc_copies", tests);
}
