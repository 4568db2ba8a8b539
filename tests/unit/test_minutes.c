/* test_minutes.c - what is of which minute, whenever somebody notices that it is over. */
#include "agentd/flow/minutes.h"
#include "tests/unit/suite.h"

#define MINUTE_MS (MINUTE_NS / 1000000u)

static void a_minute_has_what_was_counted_in_it(void)
{
	struct minutes minutes;

	minutes_begin(&minutes, 1000, 50000);
	CU_ASSERT_FALSE(minutes_is_over(&minutes, 1000 + MINUTE_NS - 1));
	CU_ASSERT_TRUE(minutes_is_over(&minutes, 1000 + MINUTE_NS));
	CU_ASSERT_EQUAL(minutes.of[0].peak_ms, 0);
	CU_ASSERT_TRUE(minutes_turn(&minutes, 1000 + MINUTE_NS, 50000 + MINUTE_MS,
	                            (uint64_t[MINUTES_COUNTERS]){ 7, 0, 2, 1 }));
	CU_ASSERT_EQUAL(minutes.of[0].last, 7);
	CU_ASSERT_EQUAL(minutes.of[1].last, 0);
	CU_ASSERT_EQUAL(minutes.of[0].peak, 7);
	CU_ASSERT_EQUAL(minutes.of[0].peak_ms, 50000);
	CU_ASSERT_EQUAL(minutes.of[1].peak_ms, 50000); /* it was full, though empty */
	CU_ASSERT_TRUE(minutes_turn(&minutes, 1000 + 2 * MINUTE_NS, 50000 + 2 * MINUTE_MS,
	                            (uint64_t[MINUTES_COUNTERS]){ 14, 5, 3, 1 }));
	CU_ASSERT_EQUAL(minutes.of[0].last, 7);
	CU_ASSERT_EQUAL(minutes.of[0].peak_ms, 50000); /* the first of equal ones */
	CU_ASSERT_EQUAL(minutes.of[1].last, 5);
	CU_ASSERT_EQUAL(minutes.of[1].peak, 5);
	CU_ASSERT_EQUAL(minutes.of[1].peak_ms, 50000 + MINUTE_MS);
	CU_ASSERT_EQUAL(minutes.of[2].last, 1);
	CU_ASSERT_EQUAL(minutes.of[2].peak, 2);
}

/* Nobody counted anything, and nobody looked, for a while. */
static void a_minute_that_was_noticed_late_is_not_the_last_one(void)
{
	struct minutes minutes;

	minutes_begin(&minutes, 0, 50000);
	CU_ASSERT_FALSE(minutes_turn(&minutes, 3 * MINUTE_NS + MINUTE_NS / 2,
	                             50000 + 3 * MINUTE_MS + MINUTE_MS / 2,
	                             (uint64_t[MINUTES_COUNTERS]){ 9 }));
	CU_ASSERT_EQUAL(minutes.of[0].last, 0);
	CU_ASSERT_EQUAL(minutes.of[0].peak, 9);
	CU_ASSERT_EQUAL(minutes.of[0].peak_ms, 50000);
	CU_ASSERT_EQUAL(minutes.began_ms, 50000 + 3 * MINUTE_MS);
	CU_ASSERT_FALSE(minutes_is_over(&minutes, 4 * MINUTE_NS - 1));
	CU_ASSERT_TRUE(minutes_turn(&minutes, 4 * MINUTE_NS, 50000 + 4 * MINUTE_MS,
	                            (uint64_t[MINUTES_COUNTERS]){ 19 }));
	CU_ASSERT_EQUAL(minutes.of[0].last, 10);
	CU_ASSERT_EQUAL(minutes.of[0].peak_ms, 50000 + 3 * MINUTE_MS);
}

static CU_TestInfo tests[] = {
	{ "a minute has what was counted in it", a_minute_has_what_was_counted_in_it },
	{ "a minute that was noticed late is not the last one",
	  a_minute_that_was_noticed_late_is_not_the_last_one },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("minutes", tests);
}
