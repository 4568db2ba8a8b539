/* test_rate.c - the bucket that bounds answers. */
#include "agentd/discovery/rate.h"

#include "tests/unit/suite.h"

static unsigned take_all(struct rate_bucket *bucket, const struct rate *rate, uint64_t now_ms)
{
	unsigned taken = 0;

	while (rate_take(bucket, rate, now_ms))
		taken++;
	return taken;
}

static void is_full_at_first_and_no_fuller_later(void)
{
	static const struct rate rate = { .per_s = 10, .burst = 4 };
	struct rate_bucket bucket = { 0 };

	CU_ASSERT_EQUAL(take_all(&bucket, &rate, 5000), 4);
	CU_ASSERT_EQUAL(take_all(&bucket, &rate, 5099), 0);
	CU_ASSERT_EQUAL(take_all(&bucket, &rate, 5100), 1);
	CU_ASSERT_EQUAL(take_all(&bucket, &rate, 5350), 2);
	CU_ASSERT_EQUAL(take_all(&bucket, &rate, 5400), 1);
	CU_ASSERT_EQUAL(take_all(&bucket, &rate, 1000000), 4);
	CU_ASSERT_EQUAL(take_all(&bucket, &rate, UINT64_MAX), 4);
}

static void looking_takes_nothing(void)
{
	static const struct rate rate = { .per_s = 1, .burst = 1 };
	struct rate_bucket bucket = { 0 };

	CU_ASSERT_TRUE(rate_has(&bucket, &rate, 0));
	CU_ASSERT_TRUE(rate_has(&bucket, &rate, 0));
	CU_ASSERT_TRUE(rate_take(&bucket, &rate, 0));
	CU_ASSERT_FALSE(rate_has(&bucket, &rate, 0));
}

static void nothing_allowed_is_nothing(void)
{
	static const struct rate none = { .per_s = 100, .burst = 0 },
				 once = { .per_s = 0, .burst = 2 };
	struct rate_bucket bucket = { 0 }, other = { 0 };

	CU_ASSERT_EQUAL(take_all(&bucket, &none, 0), 0);
	CU_ASSERT_EQUAL(take_all(&bucket, &none, 1000000), 0);
	CU_ASSERT_EQUAL(take_all(&other, &once, 0), 2);
	CU_ASSERT_EQUAL(take_all(&other, &once, UINT64_MAX), 0);
}

static void clock_that_goes_back_fills_nothing(void)
{
	static const struct rate rate = { .per_s = 1000, .burst = 2 };
	struct rate_bucket bucket = { 0 };

	CU_ASSERT_EQUAL(take_all(&bucket, &rate, 5000), 2);
	CU_ASSERT_EQUAL(take_all(&bucket, &rate, 1000), 0);
	CU_ASSERT_EQUAL(take_all(&bucket, &rate, 5000), 0);
	CU_ASSERT_EQUAL(take_all(&bucket, &rate, 5001), 1);
}

static void lower_rate_counts_at_once(void)
{
	static const struct rate high = { .per_s = 1000, .burst = 1000 };
	static const struct rate low = { .per_s = 1, .burst = 1 };
	struct rate_bucket bucket = { 0 };

	CU_ASSERT_TRUE(rate_has(&bucket, &high, 0));
	CU_ASSERT_EQUAL(take_all(&bucket, &low, 0), 1);
}

static CU_TestInfo tests[] = {
	{ "a bucket is full at first and no fuller later", is_full_at_first_and_no_fuller_later },
	{ "looking takes nothing", looking_takes_nothing },
	{ "where nothing is allowed nothing is taken", nothing_allowed_is_nothing },
	{ "a clock that goes back fills nothing", clock_that_goes_back_fills_nothing },
	{ "a lower rate counts at once", lower_rate_counts_at_once },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("rate", tests);
}
