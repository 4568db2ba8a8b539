/* test_sources.c - buckets of failures: what a source may cause, when it is
 * limited, who is vouched for, and who keeps a place in a full table. */
#include "agentd/flow/sources.h"

#include <arpa/inet.h>

#include "tests/unit/suite.h"

#define RATE 10u
#define SEED UINT64_C(0x9e3779b97f4a7c15)

static struct sources sources;
static const uint64_t start_ms = (uint64_t)UINT32_MAX - 2000; /* the short clock wraps on the way */

static struct in_addr address(uint32_t host)
{
	return (struct in_addr){ .s_addr = htonl(host) };
}

static const uint32_t flooder = 0xc0000201, neighbour = 0xc0000202;

static void fail(uint32_t host, unsigned times, uint64_t now_ms)
{
	for (unsigned i = 0; i < times; i++)
		sources_failed(&sources, address(host), now_ms, RATE);
}

static bool limited(uint32_t host, uint64_t now_ms)
{
	return sources_is_limited(&sources, address(host), now_ms, RATE);
}

static void a_source_is_limited_when_its_bucket_is_empty(void)
{
	sources_init(&sources, SEED);
	CU_ASSERT_FALSE(limited(flooder, start_ms));
	fail(flooder, RATE - 1, start_ms);
	CU_ASSERT_FALSE(limited(flooder, start_ms));
	fail(flooder, 1, start_ms);
	CU_ASSERT_TRUE(limited(flooder, start_ms));
	CU_ASSERT_FALSE(limited(neighbour, start_ms));
}

static void a_bucket_fills_with_time_and_no_further(void)
{
	sources_init(&sources, SEED);
	fail(flooder, 5 * RATE, start_ms); /* more than empty is not worse */
	CU_ASSERT_TRUE(limited(flooder, start_ms + 99));
	CU_ASSERT_FALSE(limited(flooder, start_ms + 100)); /* one of ten a second */
	fail(flooder, 1, start_ms + 100);
	CU_ASSERT_TRUE(limited(flooder, start_ms + 199));
	CU_ASSERT_FALSE(limited(flooder, start_ms + 3600000));
	fail(flooder, RATE, start_ms + 3600000);
	CU_ASSERT_TRUE(limited(flooder, start_ms + 3600000));
}

/* Looked at every millisecond for ten seconds: as many as the rate says, and the
 * bucket that was full at first. */
static void the_rate_is_what_is_let_through(void)
{
	unsigned through = 0;

	sources_init(&sources, SEED);
	for (uint64_t at_ms = start_ms; at_ms < start_ms + 10000; at_ms++) {
		if (limited(flooder, at_ms))
			continue;
		through++;
		fail(flooder, 1, at_ms);
	}
	CU_ASSERT_TRUE(through >= 11 * RATE - 1 && through <= 11 * RATE);
}

static void a_genuine_request_vouches_for_a_minute(void)
{
	sources_init(&sources, SEED);
	sources_vouch(&sources, address(flooder), start_ms);
	CU_ASSERT_FALSE(sources_is_vouched(&sources, address(flooder), start_ms)); /* no need */
	fail(flooder, 1, start_ms);
	CU_ASSERT_FALSE(sources_is_vouched(&sources, address(flooder), start_ms));
	for (uint64_t at_ms = start_ms; at_ms < start_ms + 5000; at_ms++) { /* 0 on the way */
		fail(flooder, 1, at_ms);
		sources_vouch(&sources, address(flooder), at_ms);
		CU_ASSERT_TRUE(sources_is_vouched(&sources, address(flooder), at_ms));
	}
	CU_ASSERT_TRUE(sources_is_vouched(&sources, address(flooder), start_ms + 64000));
	CU_ASSERT_FALSE(sources_is_vouched(&sources, address(flooder), start_ms + 65000));
	CU_ASSERT_FALSE(sources_is_vouched(&sources, address(neighbour), start_ms));
}

/* Many times more addresses than there is room for, each failing once. */
static void made_up_addresses_drive_out_each_other(void)
{
	unsigned kept = 0;

	sources_init(&sources, SEED);
	fail(flooder, RATE, start_ms);
	fail(neighbour, 1, start_ms);
	sources_vouch(&sources, address(neighbour), start_ms);
	for (uint32_t i = 0; i < 10 * SOURCES_MAX; i++)
		fail(0x0a000000 + i, 1, start_ms);
	CU_ASSERT_TRUE(limited(flooder, start_ms));
	CU_ASSERT_TRUE(sources_is_vouched(&sources, address(neighbour), start_ms));
	for (unsigned s = 0; s < SOURCES_SETS; s++)
		for (unsigned w = 0; w < SOURCES_WAYS; w++)
			kept += sources.at[s][w].address.s_addr != 0;
	CU_ASSERT_EQUAL(kept, SOURCES_MAX); /* the hash reaches every place */
}

static void no_address_has_no_place(void)
{
	sources_init(&sources, SEED);
	fail(0, 2 * RATE, start_ms);
	CU_ASSERT_FALSE(limited(0, start_ms));
}

static CU_TestInfo tests[] = {
	{ "a source is limited when its bucket is empty",
	  a_source_is_limited_when_its_bucket_is_empty },
	{ "a bucket fills with time and no further", a_bucket_fills_with_time_and_no_further },
	{ "the rate is what is let through", the_rate_is_what_is_let_through },
	{ "a genuine request vouches for a minute", a_genuine_request_vouches_for_a_minute },
	{ "made-up addresses drive out each other", made_up_addresses_drive_out_each_other },
	{ "no address has no place", no_address_has_no_place },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("sources", tests);
}
