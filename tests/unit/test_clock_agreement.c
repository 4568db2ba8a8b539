/* test_clock_agreement.c - wall clocks of some members: which time they agree on,
 * and what one wrong or changing clock does to it. */
#include "agentd/base/clock_agreement.h"

#include "agentd/base/clock.h"
#include "tests/unit/suite.h"

#define HOUR 3600000000 /* microseconds, as all below */
#define SECOND 1000000
#define TOLERANCE 1000000u
#define BEGIN 5000000000u /* monotonic */
#define WALL 1700000000000000u

static void the_middle_is_of_a_majority(void)
{
	static const struct {
		size_t count, voters;
		int64_t offsets[5];
		bool agreed;
		int64_t at;
	} rows[] = {
		{ 1, 1, { 0 }, true, 0 },
		{ 1, 3, { 0 }, false, 0 },
		{ 2, 3, { 0, 400 }, true, 200 },
		{ 2, 3, { 0, -401 }, true, -201 },
		{ 2, 3, { 0, HOUR }, false, 0 }, /* either may be wrong */
		{ 2, 2, { 0, 3 * SECOND }, false, 0 },
		{ 3, 3, { 0, 100, HOUR }, true, 100 },
		{ 3, 3, { 0, HOUR, HOUR + 7 }, true, HOUR }, /* ours is wrong */
		{ 3, 3, { 0, HOUR, -HOUR }, false, 0 },
		{ 3, 3, { 0, SECOND, 2 * SECOND }, true, SECOND },
		{ 3, 3, { 0, SECOND, 2 * SECOND + 1 }, true, SECOND },
		{ 3, 5, { 0, 5, -5 }, true, 0 },
		{ 3, 5, { 0, 5, HOUR }, false, 0 },
		{ 4, 5, { 0, 5, HOUR, HOUR }, false, 0 },
		{ 4, 5, { 0, 4, 6, HOUR }, true, 5 },
		{ 5, 5, { 0, -HOUR, 3, 5, HOUR }, true, 3 },
		{ 0, 3, { 0 }, false, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t at = 0;

		CU_ASSERT_EQUAL(clock_majority(rows[i].offsets, rows[i].count, rows[i].voters,
		                               TOLERANCE, &at),
		                rows[i].agreed);
		CU_ASSERT_EQUAL(at, rows[i].at);
	}
}

/* ---- as time passes ---- */

static struct clock_agreement agreed;
static uint64_t now_us; /* monotonic */
static int64_t off_us;  /* our wall clock, of the true one */

static uint64_t true_wall(void)
{
	return WALL + (now_us - BEGIN);
}

static void begin(int64_t off)
{
	now_us = BEGIN;
	off_us = off;
	clock_agreement_start(&agreed, WALL + (uint64_t)off, now_us);
}

static bool update(const int64_t *offsets, size_t count)
{
	now_us += 100000;
	return clock_agreement_update(&agreed, (uint64_t)((int64_t)true_wall() + off_us), now_us,
	                              offsets, count, 3, TOLERANCE);
}

/* Milliseconds between what is agreed and the truth. */
static int64_t error_ms(void)
{
	return (int64_t)clock_agreement_ms(&agreed, now_us * 1000u) -
	       (int64_t)(true_wall() / 1000u);
}

static void alone_it_goes_on_from_our_own_clock(void)
{
	const int64_t alone[] = { 0 };

	begin(HOUR);
	CU_ASSERT_EQUAL(error_ms(), 3600000);
	CU_ASSERT_FALSE(update(alone, 1));
	CU_ASSERT_EQUAL(error_ms(), 3600000);
	off_us = 0; /* set right, but nobody says so */
	CU_ASSERT_FALSE(update(alone, 1));
	CU_ASSERT_EQUAL(error_ms(), 3600000);
}

static void the_others_put_it_right(void)
{
	const int64_t others[] = { 0, -HOUR, -HOUR };

	begin(HOUR);
	CU_ASSERT_TRUE(update(others, 3));
	CU_ASSERT_EQUAL(error_ms(), 0);
}

/* What is known of the others' clocks is from before, for a moment. */
static void a_step_of_our_clock_moves_nothing(void)
{
	const int64_t before[] = { 0, 0, 0 }, after[] = { 0, -HOUR, -HOUR };
	unsigned updates = 0;

	begin(0);
	CU_ASSERT_TRUE(update(before, 3));
	off_us = HOUR;
	CU_ASSERT_FALSE(update(before, 3));
	CU_ASSERT_EQUAL(error_ms(), 0);
	while (!update(after, 3))
		updates++;
	CU_ASSERT_EQUAL(updates + 1, CLOCK_SETTLE_US / 100000 - 0);
	CU_ASSERT_EQUAL(error_ms(), 0);
}

static void a_step_of_anothers_moves_nothing(void)
{
	const int64_t before[] = { 0, 0, 0 }, after[] = { 0, HOUR, 0 }, only[] = { 0, HOUR };

	begin(0);
	CU_ASSERT_TRUE(update(before, 3));
	CU_ASSERT_TRUE(update(after, 3));
	CU_ASSERT_EQUAL(error_ms(), 0);
	CU_ASSERT_FALSE(update(only, 2));
	CU_ASSERT_EQUAL(error_ms(), 0);
}

static void a_majority_that_steps_is_followed(void)
{
	const int64_t after[] = { 0, HOUR, HOUR };

	begin(0);
	CU_ASSERT_TRUE(update(after, 3));
	CU_ASSERT_EQUAL(error_ms(), 3600000);
}

/* A clock that is only steered never counts as set. */
static void a_steered_clock_is_not_set(void)
{
	begin(0);
	for (unsigned i = 0; i < 100; i++) {
		int64_t others[] = { 0, 0, 0 };

		off_us += 50; /* 500 millionths */
		others[1] = others[2] = -off_us;
		CU_ASSERT_TRUE(update(others, 3));
		CU_ASSERT_EQUAL(error_ms(), 0);
	}
}

static CU_TestInfo tests[] = {
	{ "the middle is of a majority", the_middle_is_of_a_majority },
	{ "alone it goes on from our own clock", alone_it_goes_on_from_our_own_clock },
	{ "the others put it right", the_others_put_it_right },
	{ "a step of our clock moves nothing", a_step_of_our_clock_moves_nothing },
	{ "a step of another's moves nothing", a_step_of_anothers_moves_nothing },
	{ "a majority that steps is followed", a_majority_that_steps_is_followed },
	{ "a steered clock is not set", a_steered_clock_is_not_set },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("clock_agreement", tests);
}
