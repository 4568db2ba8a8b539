/* test_clock.c - NTP timestamps and cluster time, with readings made up here. */
#include "agentd/base/clock.h"

#include <stdbool.h>

#include "tests/unit/suite.h"

#define MS 1000000ull             /* in nanoseconds */
#define NOW_MS 1790000000123ull   /* September 2026 */
#define ERA_1_MS 2085978496000ull /* 7 February 2036, 06:28:16: NTP seconds wrap */

static void known_times_convert(void)
{
	CU_ASSERT_EQUAL(clock_ntp_of_ms(0), 2208988800ull << 32);
	CU_ASSERT_EQUAL(clock_ntp_of_ms(500), 2208988800ull << 32 | 0x80000000u);
	CU_ASSERT_EQUAL(clock_ntp_of_ms(1000), 2208988801ull << 32);
	CU_ASSERT_EQUAL(clock_ntp_of_ms(ERA_1_MS - 1) >> 32, 0xffffffff);
	CU_ASSERT_EQUAL(clock_ntp_of_ms(ERA_1_MS), 0);
	CU_ASSERT_EQUAL(clock_ntp_of_ms(ERA_1_MS + 250), 0x40000000);
}

static void timestamps_come_back_within_a_millisecond(void)
{
	static const uint64_t times[] = { 86400000000, NOW_MS,         ERA_1_MS - 1,
		                          ERA_1_MS,    ERA_1_MS + 999, 3 * ERA_1_MS };

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		for (uint64_t ms = times[i]; ms < times[i] + 1000; ms++) {
			uint64_t back = clock_ms_of_ntp(clock_ntp_of_ms(ms), times[i]);

			CU_ASSERT_TRUE(back == ms || back + 1 == ms);
		}
	}
}

/* Which era a timestamp is of follows from the time that is near. */
static void era_is_the_near_one(void)
{
	uint64_t after = clock_ntp_of_ms(ERA_1_MS + 3000);
	uint64_t before = clock_ntp_of_ms(ERA_1_MS - 3000);

	CU_ASSERT_EQUAL(clock_ms_of_ntp(after, ERA_1_MS - 2000), ERA_1_MS + 3000);
	CU_ASSERT_EQUAL(clock_ms_of_ntp(before, ERA_1_MS + 2000), ERA_1_MS - 3000);
	CU_ASSERT_EQUAL(clock_ms_of_ntp(before, ERA_1_MS - 2000), ERA_1_MS - 3000);
}

static void before_1970_is_zero(void)
{
	CU_ASSERT_EQUAL(clock_ms_of_ntp(2208988799ull << 32, 0), 0);
	CU_ASSERT_EQUAL(clock_ms_of_ntp(2208988800ull << 32, 0), 0);
	CU_ASSERT_EQUAL(clock_ms_of_ntp(2208988801ull << 32, 0), 1000);
}

/* Later identifications are greater as 64-bit numbers within an era. */
static void timestamps_keep_order(void)
{
	for (uint64_t ms = NOW_MS; ms < NOW_MS + 2000; ms++)
		CU_ASSERT_TRUE(clock_ntp_of_ms(ms) < clock_ntp_of_ms(ms + 1));
}

static void real_clocks_advance(void)
{
	uint64_t monotonic = clock_monotonic_ns();

	CU_ASSERT_TRUE(clock_monotonic_ns() >= monotonic);
	CU_ASSERT_TRUE(clock_wall_ms() > 1700000000000ull);
}

static void start_takes_the_later(void)
{
	struct cluster_clock clock;

	cluster_clock_start(&clock, NOW_MS, NOW_MS + 5, 7 * MS);
	CU_ASSERT_EQUAL(cluster_clock_read(&clock, NOW_MS + 5, 7 * MS), NOW_MS + 5);
	cluster_clock_start(&clock, NOW_MS, NOW_MS - 5, 7 * MS);
	CU_ASSERT_EQUAL(cluster_clock_read(&clock, NOW_MS - 5, 7 * MS), NOW_MS);
}

static void steady_clocks_agree(void)
{
	struct cluster_clock clock;

	cluster_clock_start(&clock, 0, NOW_MS, 0);
	for (uint64_t ms = 0; ms <= 10000; ms += 7)
		CU_ASSERT_EQUAL(cluster_clock_read(&clock, NOW_MS + ms, ms * MS), NOW_MS + ms);
}

/* Read every `step_us` for `seconds` with a wall clock that is off by
 * `offset_ms`; returns how far cluster time is from the wall clock at the end.
 * On the way it may neither go back nor leave the rate. */
static int64_t run(int64_t offset_ms, uint64_t step_us, uint64_t seconds)
{
	struct cluster_clock clock;
	uint64_t last = NOW_MS, wall = NOW_MS;
	bool forward = true, in_rate = true;

	cluster_clock_start(&clock, 0, NOW_MS, 0);
	for (uint64_t us = 0; us <= seconds * 1000000; us += step_us) {
		uint64_t now;
		int64_t passed = (int64_t)(us / 1000);

		wall = (uint64_t)((int64_t)(NOW_MS + us / 1000) + offset_ms);
		now = cluster_clock_read(&clock, wall, us * 1000);
		forward = forward && now >= last;
		in_rate = in_rate && (int64_t)(now - NOW_MS) <= passed + passed / 20 + 1 &&
		          (int64_t)(now - NOW_MS) >= passed - passed / 20 - 1;
		last = now;
	}
	CU_ASSERT_TRUE(forward);
	CU_ASSERT_TRUE(in_rate);
	return (int64_t)(wall - last);
}

static void steps_of_the_wall_clock_are_slewed(void)
{
	static const int64_t offsets_ms[] = { 1, -1, 50, -50, 400, -400 };
	static const uint64_t steps_us[] = { 313, 1000, 19000, 20000, 21500, 1000000 };

	for (size_t i = 0; i < sizeof(offsets_ms) / sizeof(offsets_ms[0]); i++)
		for (size_t j = 0; j < sizeof(steps_us) / sizeof(steps_us[0]); j++) {
			int64_t off = run(offsets_ms[i], steps_us[j], 20);

			CU_ASSERT_TRUE(off >= -1 && off <= 1);
		}
}

/* Steps too large to catch up with in the time are followed at the full rate. */
static void large_steps_never_jump(void)
{
	int64_t ahead = run(86400000, 1000000, 100);
	int64_t behind = run(-86400000, 1000000, 100);

	CU_ASSERT_EQUAL(ahead, 86400000 - 5000);
	CU_ASSERT_EQUAL(behind, -(86400000 - 5000));
}

static void frequent_readings_lose_no_time(void)
{
	CU_ASSERT_TRUE(run(0, 100, 10) == 0);
	CU_ASSERT_TRUE(run(0, 333, 10) <= 1);
}

static void an_older_reading_adds_nothing(void)
{
	struct cluster_clock clock;

	cluster_clock_start(&clock, 0, NOW_MS, 50 * MS);
	CU_ASSERT_EQUAL(cluster_clock_read(&clock, NOW_MS + 100, 150 * MS), NOW_MS + 100);
	CU_ASSERT_EQUAL(cluster_clock_read(&clock, NOW_MS + 99, 149 * MS), NOW_MS + 100);
	CU_ASSERT_EQUAL(cluster_clock_read(&clock, NOW_MS + 101, 151 * MS), NOW_MS + 101);
}

/* ---- a member that follows, and then leads ---- */

static void a_follower_is_never_behind(void)
{
	struct cluster_clock clock;

	cluster_clock_start(&clock, 0, NOW_MS, 0);
	cluster_clock_follow(&clock, NOW_MS + 5000, 100 * MS);
	CU_ASSERT_EQUAL(cluster_clock_read(&clock, NOW_MS + 100, 100 * MS), NOW_MS + 5000);
	cluster_clock_follow(&clock, NOW_MS + 5010, 110 * MS); /* it was there by itself */
	CU_ASSERT_EQUAL(cluster_clock_read(&clock, NOW_MS + 110, 111 * MS), NOW_MS + 5011);
	cluster_clock_follow(&clock, NOW_MS, 120 * MS);
	CU_ASSERT_EQUAL(cluster_clock_read(&clock, NOW_MS + 120, 121 * MS), NOW_MS + 5020);
}

static void who_begins_to_lead_goes_on_from_what_it_followed(void)
{
	static const struct {
		int64_t reading, floor, wall, expected; /* against NOW_MS */
	} rows[] = {
		{ 0, -1000, 3, 0 },            /* as the others have it */
		{ -40000, -50000, 0, -40000 }, /* all slew: it is not the wall clock yet */
		{ 3600000, -1000, 0, 0 },      /* ours was wrong when we began */
		{ 3600000, 5000, 0, 5000 },    /* the others slew back */
		{ -3600000, -1000, 0, -1000 }, /* ours was wrong the other way */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cluster_clock clock;
		uint64_t begun = (uint64_t)((int64_t)NOW_MS + rows[i].reading);

		cluster_clock_start(&clock, 0, begun, 5 * MS);
		cluster_clock_lead(&clock, (uint64_t)((int64_t)NOW_MS + rows[i].floor),
		                   (uint64_t)((int64_t)NOW_MS + rows[i].wall), 5 * MS);
		CU_ASSERT_EQUAL(clock.time_ms, (uint64_t)((int64_t)NOW_MS + rows[i].expected));
	}
}

static CU_TestInfo tests[] = {
	{ "known times convert", known_times_convert },
	{ "timestamps come back within a millisecond", timestamps_come_back_within_a_millisecond },
	{ "the era is the near one", era_is_the_near_one },
	{ "before 1970 is zero", before_1970_is_zero },
	{ "timestamps keep order", timestamps_keep_order },
	{ "real clocks advance", real_clocks_advance },
	{ "start takes the later", start_takes_the_later },
	{ "steady clocks agree", steady_clocks_agree },
	{ "steps of the wall clock are slewed", steps_of_the_wall_clock_are_slewed },
	{ "large steps never jump", large_steps_never_jump },
	{ "frequent readings lose no time", frequent_readings_lose_no_time },
	{ "an older reading adds nothing", an_older_reading_adds_nothing },
	{ "a follower is never behind", a_follower_is_never_behind },
	{ "who begins to lead goes on from what it followed",
	  who_begins_to_lead_goes_on_from_what_it_followed },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("clock", tests);
}
