/* test_solicit.c - when a mobile node solicits: RFC 1256 section 5.3, RFC 5944 section 2.4. */
#include "agentd/discovery/solicit.h"

#include "tests/unit/suite.h"

#define LONGEST 60000u
#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* RFC 1256 section 6, MAX_SOLICITATION_DELAY. */
static void first_comes_within_a_second(void)
{
	static const struct {
		uint32_t random;
		uint64_t due_ms;
	} rows[] = { { 0, 7000 }, { UINT32_MAX / 2, 7500 }, { UINT32_MAX, 8000 } };
	struct solicit solicit;

	for (size_t i = 0; i < ROWS(rows); i++) {
		solicit_init(&solicit);
		CU_ASSERT_EQUAL(solicit.due_ms, SOLICIT_NEVER);
		solicit_begin(&solicit, true, LONGEST, 7000, rows[i].random);
		CU_ASSERT_EQUAL(solicit.due_ms, rows[i].due_ms);
		CU_ASSERT_FALSE(rows[i].due_ms > 7000 &&
		                solicit_tick(&solicit, LONGEST, rows[i].due_ms - 1, 0));
		CU_ASSERT_TRUE(solicit_tick(&solicit, LONGEST, rows[i].due_ms, 0));
	}
}

/* RFC 5944 section 2.4: three at one a second, then the interval doubles. */
static void interval_doubles_behind_the_third(void)
{
	static const uint32_t nominal[] = {
		1000, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000
	};

	for (uint32_t i = 0; i < ROWS(nominal); i++)
		CU_ASSERT_EQUAL(solicit_nominal_ms(i + 1, LONGEST), nominal[i]);
	CU_ASSERT_EQUAL(solicit_nominal_ms(UINT32_MAX, LONGEST), LONGEST);
	CU_ASSERT_EQUAL(solicit_nominal_ms(12, 3600000), 1024000);
}

/* At random, but never sooner than the nominal interval, so that no rate is exceeded. */
static void each_comes_at_its_interval_or_up_to_half_later(void)
{
	static const uint32_t randoms[] = { 0, UINT32_MAX };

	for (size_t i = 0; i < ROWS(randoms); i++) {
		struct solicit solicit;
		uint64_t now_ms = 0;

		solicit_init(&solicit);
		solicit_begin(&solicit, true, LONGEST, 0, 0);
		for (uint32_t number = 1; number < 100; number++) {
			uint32_t nominal_ms = solicit_nominal_ms(number, LONGEST);

			CU_ASSERT_TRUE(solicit_tick(&solicit, LONGEST, now_ms, randoms[i]));
			CU_ASSERT_EQUAL(solicit.due_ms,
			                now_ms + nominal_ms + (randoms[i] ? nominal_ms / 2 : 0));
			CU_ASSERT_FALSE(solicit_tick(&solicit, LONGEST, solicit.due_ms - 1, 0));
			now_ms = solicit.due_ms;
		}
	}
}

/* Ten sent, so that the interval is the longest. */
static struct solicit after_ten(uint64_t *now_ms)
{
	struct solicit solicit;

	*now_ms = 0;
	solicit_init(&solicit);
	solicit_begin(&solicit, true, LONGEST, 0, 0);
	for (unsigned i = 0; i < 10; i++) {
		*now_ms = solicit.due_ms;
		CU_ASSERT_TRUE(solicit_tick(&solicit, LONGEST, *now_ms, 0));
	}
	return solicit;
}

/* RFC 5944 section 2.4: the rate does not rise while the node has not been registered and
 * nothing tells it that it has moved. */
static void rate_does_not_rise_in_a_search(void)
{
	uint64_t now_ms, due_ms;
	struct solicit solicit = after_ten(&now_ms);

	due_ms = solicit.due_ms;
	solicit_begin(&solicit, false, LONGEST, now_ms + 5, 0);
	CU_ASSERT_EQUAL(solicit.due_ms, due_ms);
	solicit_end(&solicit);
	CU_ASSERT_EQUAL(solicit.due_ms, SOLICIT_NEVER);
	CU_ASSERT_FALSE(solicit_tick(&solicit, LONGEST, UINT64_MAX, 0));
	solicit_begin(&solicit, false, LONGEST, now_ms + 10, 0);
	CU_ASSERT_EQUAL(solicit.due_ms, now_ms + 10 + LONGEST);
}

static void rate_begins_anew_after_a_registration(void)
{
	uint64_t now_ms;
	struct solicit solicit = after_ten(&now_ms);

	solicit_end(&solicit);
	solicit_begin(&solicit, true, LONGEST, now_ms + 100000, 0);
	CU_ASSERT_EQUAL(solicit.due_ms, now_ms + 100000);
	CU_ASSERT_TRUE(solicit_tick(&solicit, LONGEST, now_ms + 100000, 0));
	CU_ASSERT_EQUAL(solicit.due_ms, now_ms + 101000);
}

/* A link that comes and goes: each time is a new one, but one a second is the limit. */
static void beginning_often_sends_no_more_than_one_a_second(void)
{
	struct solicit solicit;
	unsigned sent = 0;

	solicit_init(&solicit);
	for (uint64_t now_ms = 0; now_ms < 10000; now_ms += 10) {
		solicit_begin(&solicit, true, LONGEST, now_ms, 0);
		sent += solicit_tick(&solicit, LONGEST, now_ms, 0);
	}
	CU_ASSERT_EQUAL(sent, 10);
}

static CU_TestInfo tests[] = {
	{ "the first comes within a second", first_comes_within_a_second },
	{ "the interval doubles behind the third", interval_doubles_behind_the_third },
	{ "each comes at its interval or up to a half later",
	  each_comes_at_its_interval_or_up_to_half_later },
	{ "the rate does not rise in a search", rate_does_not_rise_in_a_search },
	{ "the rate begins anew after a registration", rate_begins_anew_after_a_registration },
	{ "beginning often sends no more than one a second",
	  beginning_often_sends_no_more_than_one_a_second },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("solicit", tests);
}
