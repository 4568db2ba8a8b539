/* test_ownership_plan.c - the steps around the home agent's address, over a clock
 * that the test turns. */
#include "agentd/dataplane/ownership_plan.h"

#include "tests/unit/suite.h"

#define MS UINT64_C(1000000)
#define FOR_EVER UINT64_MAX

static struct ownership_plan plan;
static uint64_t now_ns;
static unsigned done[OWNERSHIP_REST + 1]; /* steps, by kind */
static bool well[OWNERSHIP_REST + 1];     /* how they go */

static void begin(void)
{
	plan = (struct ownership_plan){ .renews = true };
	now_ns = 1000 * MS;
	for (size_t i = 0; i <= OWNERSHIP_REST; i++) {
		done[i] = 0;
		well[i] = true;
	}
}

/* Do all that is due. The last step, or OWNERSHIP_WAIT when there was none. */
static enum ownership_step act(uint64_t until_ns)
{
	enum ownership_step step, last = OWNERSHIP_WAIT;

	(void)ownership_plan_lapse(&plan, now_ns);
	while ((step = ownership_plan_step(&plan, now_ns, until_ns)) != OWNERSHIP_WAIT) {
		CU_ASSERT_FATAL(done[step]++ < 10000);
		ownership_plan_done(&plan, step, well[step], now_ns, now_ns);
		last = step;
	}
	return last;
}

/* As the thread would: from one moment of the plan to the next. */
static void live_until(uint64_t end_ns, uint64_t until_ns)
{
	for (;;) {
		uint64_t next_ns;

		act(until_ns);
		next_ns = ownership_plan_next(&plan, now_ns, until_ns);
		CU_ASSERT_TRUE_FATAL(next_ns > now_ns);
		if (next_ns > end_ns)
			break;
		now_ns = next_ns;
	}
	now_ns = end_ns;
}

static void nothing_is_done_for_nobody(void)
{
	begin();
	CU_ASSERT_EQUAL(act(0), OWNERSHIP_WAIT);
	CU_ASSERT_EQUAL(ownership_plan_next(&plan, now_ns, 0), OWNERSHIP_NEVER);
}

static void taking_announces_at_once(void)
{
	begin();
	CU_ASSERT_EQUAL(ownership_plan_step(&plan, now_ns, FOR_EVER), OWNERSHIP_TAKE);
	CU_ASSERT_EQUAL(act(FOR_EVER), OWNERSHIP_ANNOUNCE);
	CU_ASSERT_TRUE(plan.held);
	CU_ASSERT_EQUAL(done[OWNERSHIP_TAKE], 1);
	CU_ASSERT_EQUAL(done[OWNERSHIP_ANNOUNCE], 1);
}

static void announcements_are_repeated(void)
{
	static const uint64_t after_ms[] = { 0, 50, 200, 500, 1000, 2000, 32000, 62000 };
	uint64_t start_ns;

	begin();
	start_ns = now_ns;
	for (unsigned i = 0; i < 8; i++) {
		if (i > 0) {
			live_until(start_ns + after_ms[i] * MS - 1, FOR_EVER);
			CU_ASSERT_EQUAL(done[OWNERSHIP_ANNOUNCE], i);
		}
		live_until(start_ns + after_ms[i] * MS, FOR_EVER);
		CU_ASSERT_EQUAL(done[OWNERSHIP_ANNOUNCE], i + 1);
	}
}

static void what_is_had_again_is_announced_again(void)
{
	begin();
	live_until(now_ns + 10000 * MS, FOR_EVER);
	CU_ASSERT_EQUAL(done[OWNERSHIP_ANNOUNCE], 6);
	ownership_plan_again(&plan, now_ns);
	CU_ASSERT_EQUAL(act(FOR_EVER), OWNERSHIP_ANNOUNCE);
	live_until(now_ns + 10000 * MS, FOR_EVER);
	CU_ASSERT_EQUAL(done[OWNERSHIP_ANNOUNCE], 12);
	CU_ASSERT_EQUAL(done[OWNERSHIP_TAKE], 1);
}

static void renewals_come_in_time(void)
{
	begin();
	live_until(now_ns + 10000 * MS, FOR_EVER);
	CU_ASSERT_EQUAL(done[OWNERSHIP_RENEW], 10000 / OWNERSHIP_RENEW_MS);
	CU_ASSERT_EQUAL(done[OWNERSHIP_TAKE], 1);
	CU_ASSERT_TRUE(4 * OWNERSHIP_RENEW_MS <= 1000 * OWNERSHIP_LIFETIME_S);
}

static void deadline_ends_it_to_the_nanosecond(void)
{
	uint64_t until_ns;

	begin();
	until_ns = now_ns + 30 * MS;
	live_until(until_ns - 1, until_ns);
	CU_ASSERT_TRUE(plan.held);
	CU_ASSERT_EQUAL(ownership_plan_next(&plan, now_ns, until_ns), until_ns);
	now_ns = until_ns;
	CU_ASSERT_EQUAL(act(until_ns), OWNERSHIP_GIVE);
	CU_ASSERT_FALSE(plan.held);
	CU_ASSERT_FALSE(plan.touched);
}

static void device_rests_a_while_after(void)
{
	uint64_t given_ns;

	begin();
	act(FOR_EVER);
	CU_ASSERT_EQUAL(act(0), OWNERSHIP_GIVE);
	given_ns = now_ns;
	live_until(given_ns + OWNERSHIP_REST_MS * MS - 1, 0);
	CU_ASSERT_EQUAL(done[OWNERSHIP_REST], 0);
	live_until(given_ns + 60000 * MS, 0);
	CU_ASSERT_EQUAL(done[OWNERSHIP_REST], 1);
	CU_ASSERT_EQUAL(ownership_plan_next(&plan, now_ns, 0), OWNERSHIP_NEVER);
}

static void taken_again_it_does_not_rest(void)
{
	begin();
	act(FOR_EVER);
	act(0);
	now_ns += 100 * MS;
	act(FOR_EVER);
	live_until(now_ns + 5000 * MS, FOR_EVER);
	CU_ASSERT_EQUAL(done[OWNERSHIP_TAKE], 2);
	CU_ASSERT_EQUAL(done[OWNERSHIP_REST], 0);
}

static void stopped_process_takes_it_again(void)
{
	begin();
	act(FOR_EVER);
	now_ns += OWNERSHIP_LIFETIME_S * 1000 * MS;
	CU_ASSERT_TRUE(ownership_plan_lapse(&plan, now_ns));
	CU_ASSERT_FALSE(ownership_plan_lapse(&plan, now_ns));
	CU_ASSERT_EQUAL(act(FOR_EVER), OWNERSHIP_ANNOUNCE);
	CU_ASSERT_EQUAL(done[OWNERSHIP_TAKE], 2);
}

static void stopped_leader_only_cleans_up(void)
{
	uint64_t until_ns;

	begin();
	until_ns = now_ns + 30 * MS;
	act(until_ns);
	now_ns += 5000 * MS;
	CU_ASSERT_EQUAL(act(until_ns), OWNERSHIP_GIVE);
	CU_ASSERT_EQUAL(done[OWNERSHIP_TAKE], 1);
	CU_ASSERT_EQUAL(done[OWNERSHIP_ANNOUNCE], 1);
}

/* Renewals that fail go on until the kernel has surely taken the address away. */
static void failed_renewals_lead_to_another_take(void)
{
	begin();
	act(FOR_EVER);
	well[OWNERSHIP_RENEW] = false;
	live_until(now_ns + 999 * MS, FOR_EVER);
	CU_ASSERT_TRUE(plan.held);
	CU_ASSERT_TRUE(done[OWNERSHIP_RENEW] >= 3);
	now_ns += MS;
	CU_ASSERT_TRUE(ownership_plan_lapse(&plan, now_ns));
	act(FOR_EVER);
	CU_ASSERT_EQUAL(done[OWNERSHIP_TAKE], 2);
	CU_ASSERT_TRUE(plan.held);
}

static void failed_takes_slow_down(void)
{
	begin();
	well[OWNERSHIP_TAKE] = false;
	live_until(now_ns + 60000 * MS, FOR_EVER);
	CU_ASSERT_FALSE(plan.held);
	CU_ASSERT_TRUE(done[OWNERSHIP_TAKE] >= 60000 / OWNERSHIP_RETRY_MAX_MS);
	CU_ASSERT_TRUE(done[OWNERSHIP_TAKE] <= 60000 / OWNERSHIP_RETRY_MAX_MS + 10);
	CU_ASSERT_EQUAL(done[OWNERSHIP_ANNOUNCE], 0);
}

static void word_from_outside_is_tried_at_once(void)
{
	begin();
	well[OWNERSHIP_TAKE] = false;
	live_until(now_ns + 60000 * MS, FOR_EVER);
	well[OWNERSHIP_TAKE] = true;
	now_ns += MS;
	CU_ASSERT_EQUAL(act(FOR_EVER), OWNERSHIP_WAIT);
	ownership_plan_told(&plan);
	CU_ASSERT_EQUAL(act(FOR_EVER), OWNERSHIP_ANNOUNCE);
}

static void half_a_take_is_given_back(void)
{
	begin();
	well[OWNERSHIP_TAKE] = false;
	act(FOR_EVER);
	CU_ASSERT_TRUE(plan.touched);
	live_until(now_ns + OWNERSHIP_RETRY_MS * MS, 0);
	CU_ASSERT_EQUAL(done[OWNERSHIP_GIVE], 1);
	CU_ASSERT_FALSE(plan.touched);
}

static void failed_gives_are_tried_again(void)
{
	begin();
	act(FOR_EVER);
	well[OWNERSHIP_GIVE] = false;
	CU_ASSERT_EQUAL(act(0), OWNERSHIP_GIVE);
	CU_ASSERT_FALSE(plan.held);
	well[OWNERSHIP_GIVE] = true;
	live_until(now_ns + OWNERSHIP_RETRY_MS * MS, 0);
	CU_ASSERT_EQUAL(done[OWNERSHIP_GIVE], 2);
	CU_ASSERT_FALSE(plan.touched);
}

static void hook_is_called_once_each_way(void)
{
	begin();
	plan.renews = false;
	plan.touched = true; /* a predecessor may have taken it */
	CU_ASSERT_EQUAL(act(0), OWNERSHIP_GIVE);
	live_until(now_ns + 60000 * MS, FOR_EVER);
	live_until(now_ns + 60000 * MS, 0);
	CU_ASSERT_EQUAL(done[OWNERSHIP_TAKE], 1);
	CU_ASSERT_EQUAL(done[OWNERSHIP_GIVE], 2);
	CU_ASSERT_EQUAL(done[OWNERSHIP_RENEW] + done[OWNERSHIP_ANNOUNCE] + done[OWNERSHIP_REST], 0);
}

static CU_TestInfo tests[] = {
	{ "nothing is done for nobody", nothing_is_done_for_nobody },
	{ "taking announces at once", taking_announces_at_once },
	{ "announcements are repeated", announcements_are_repeated },
	{ "what is had again is announced again", what_is_had_again_is_announced_again },
	{ "renewals come in time", renewals_come_in_time },
	{ "a deadline ends it to the nanosecond", deadline_ends_it_to_the_nanosecond },
	{ "the device rests a while after", device_rests_a_while_after },
	{ "taken again it does not rest", taken_again_it_does_not_rest },
	{ "a process that was stopped takes it again", stopped_process_takes_it_again },
	{ "a leader that was stopped only cleans up", stopped_leader_only_cleans_up },
	{ "failed renewals lead to another take", failed_renewals_lead_to_another_take },
	{ "failed takes slow down", failed_takes_slow_down },
	{ "a word from outside is tried at once", word_from_outside_is_tried_at_once },
	{ "half a take is given back", half_a_take_is_given_back },
	{ "failed gives are tried again", failed_gives_are_tried_again },
	{ "a hook is called once each way", hook_is_called_once_each_way },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("ownership_plan", tests);
}
