/* test_histogram.c - percentiles, and that nothing is lost or counted twice when one
 * thread takes while others add. */
#include <pthread.h>
#include <stdbool.h>

#include "agentd/base/histogram.h"
#include "tests/unit/suite.h"

/* ---- percentiles ---- */

static void percentiles_are_right_within_a_bucket(void)
{
	static struct histogram histogram;

	CU_ASSERT_EQUAL(histogram_percentile(&histogram, 500000), 0);
	for (uint64_t value = 1; value <= 100000; value++)
		histogram_add(&histogram, value * 1000);
	for (uint32_t percent = 1; percent <= 100; percent++) {
		uint64_t exact = percent * 1000000ull;
		uint64_t told = histogram_percentile(&histogram, percent * 10000);

		CU_ASSERT_TRUE(told >= exact && told <= exact + exact / 64 + 1);
	}
	CU_ASSERT_EQUAL(histogram_percentile(&histogram, 1000000), 100000000);
}

static void the_ends_of_the_range_are_counted(void)
{
	static struct histogram histogram;

	histogram_add(&histogram, 0);
	CU_ASSERT_EQUAL(histogram_percentile(&histogram, 1000000), 0);
	histogram_add(&histogram, UINT64_MAX);
	CU_ASSERT_EQUAL(histogram_percentile(&histogram, 500000), 0);
	CU_ASSERT_EQUAL(histogram_percentile(&histogram, 500001), UINT64_MAX);
	CU_ASSERT_EQUAL(histogram.total, 2);
}

/* ---- many threads ---- */

#define ADDERS 3u
#define VALUES 200000u

static struct histogram_live live;

static void *add(void *argument)
{
	const uint64_t *first = argument;

	for (uint64_t i = 0; i < VALUES; i++)
		histogram_live_add(&live, *first + i);
	return NULL;
}

static void what_is_taken_is_what_came_since(void)
{
	static struct histogram taken;

	histogram_live_take(&live, &taken);
	CU_ASSERT_EQUAL(taken.total, 0);
	CU_ASSERT_EQUAL(taken.max, 0);
	histogram_live_add(&live, 1000);
	histogram_live_add(&live, 1);
	histogram_live_take(&live, &taken);
	CU_ASSERT_EQUAL(taken.total, 2);
	CU_ASSERT_EQUAL(taken.max, 1000);
	CU_ASSERT_EQUAL(histogram_percentile(&taken, 500000), 1);
	CU_ASSERT_EQUAL(histogram_percentile(&taken, 1000000), 1000);
	histogram_live_add(&live, 7);
	histogram_live_take(&live, &taken);
	CU_ASSERT_EQUAL(taken.total, 1);
	CU_ASSERT_EQUAL(taken.max, 7);
	histogram_live_take(&live, &taken);
	CU_ASSERT_EQUAL(taken.total, 0);
}

/* A thread was between the two steps of adding when the others were taken. */
static void a_maximum_of_another_time_is_put_right(void)
{
	static struct histogram taken;

	histogram_live_add(&live, 1000);
	live.max = 1000000;
	histogram_live_take(&live, &taken);
	CU_ASSERT_TRUE(taken.max >= 1000 && taken.max <= 1000 + 1000 / 64 + 1);
	histogram_live_add(&live, 1000);
	live.max = 0;
	histogram_live_take(&live, &taken);
	CU_ASSERT_TRUE(taken.max >= 1000 && taken.max <= 1000 + 1000 / 64 + 1);
}

static void each_value_is_taken_once(void)
{
	static struct histogram taken, sum;
	static uint64_t first[ADDERS] = { 0, 1000, UINT64_C(1) << 40 };
	pthread_t threads[ADDERS];

	for (unsigned i = 0; i < ADDERS; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, add, (void *)&first[i]), 0);
	for (bool ended = false; !ended;) {
		ended = sum.total == (uint64_t)ADDERS * VALUES;
		histogram_live_take(&live, &taken);
		sum.total += taken.total;
		for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
			sum.counts[i] += taken.counts[i];
		if (taken.total)
			CU_ASSERT_TRUE(histogram_percentile(&taken, 500000) <= taken.max);
		if (taken.max > sum.max)
			sum.max = taken.max;
	}
	for (unsigned i = 0; i < ADDERS; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT_EQUAL(sum.total, (uint64_t)ADDERS * VALUES);
	/* The largest may be counted before it is the maximum: to a bucket it is right. */
	CU_ASSERT_TRUE(sum.max >= first[2]);
	CU_ASSERT_EQUAL(histogram_percentile(&sum, 1000000), sum.max);
}

static CU_TestInfo tests[] = {
	{ "percentiles are right within a bucket", percentiles_are_right_within_a_bucket },
	{ "the ends of the range are counted", the_ends_of_the_range_are_counted },
	{ "what is taken is what came since", what_is_taken_is_what_came_since },
	{ "a maximum of another time is put right", a_maximum_of_another_time_is_put_right },
	{ "each value is taken once", each_value_is_taken_once },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("histogram", tests);
}
