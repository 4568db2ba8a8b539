/* test_home_arp_plan.c - announcements over a clock that the test turns. */
#include "agentd/dataplane/home_arp_plan.h"

#include "agentd/dataplane/home_arp_bucket.h"
#include "tests/unit/suite.h"

#define MS UINT64_C(1000000)
#define PER_S 1000u
#define AGAIN_MS 1000u
#define ROOM 100u
#define BURST 20u /* that the bucket holds at this rate */

static struct home_arp_plan *plan;
static uint64_t now_ns, began_ns;

static void begin(void)
{
	now_ns = began_ns = 5000 * MS;
	plan = home_arp_plan_new(ROOM, PER_S, AGAIN_MS, now_ns);
	CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
}

static void end(void)
{
	home_arp_plan_free(plan);
}

static struct in_addr home(uint32_t number)
{
	return (struct in_addr){ htonl(number) };
}

static enum home_arp_added add(enum home_arp_event event, uint32_t number)
{
	return home_arp_plan_add(plan, event, 3, home(number), now_ns);
}

struct moment {
	uint64_t at_ms; /* since the beginning */
	uint32_t home;
	uint8_t turn;
};

/* Live from one moment of the plan to the next, paying for each job; what was done. */
static size_t live(struct moment *out, size_t max)
{
	struct home_arp_job job;
	size_t count = 0;

	for (;;) {
		uint64_t next_ns;

		while (home_arp_plan_take(plan, now_ns, &job)) {
			CU_ASSERT_FATAL(count < max);
			CU_ASSERT_EQUAL(job.net, 3);
			out[count++] = (struct moment){ (now_ns - began_ns) / MS,
				                        ntohl(job.home.s_addr), job.turn };
			home_arp_plan_pay(plan, now_ns);
			home_arp_plan_again(plan, &job, now_ns);
		}
		next_ns = home_arp_plan_next(plan, now_ns, false);
		if (next_ns == HOME_ARP_NEVER)
			return count;
		CU_ASSERT_FATAL(next_ns > now_ns);
		now_ns = next_ns;
	}
}

static void check(const struct moment *is, const struct moment *should, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CU_ASSERT_EQUAL(is[i].at_ms, should[i].at_ms);
		CU_ASSERT_EQUAL(is[i].home, should[i].home);
		CU_ASSERT_EQUAL(is[i].turn, should[i].turn);
	}
}

static void who_left_is_announced_three_times(void)
{
	static const struct moment should[] = {
		{ 0, 1, HOME_ARP_TURN_NOW },
		{ 1000, 1, HOME_ARP_TURN_AGAIN },
		{ 2000, 1, HOME_ARP_TURN_LAST },
	};
	struct moment is[10];

	begin();
	CU_ASSERT_EQUAL(add(HOME_ARP_LEFT_HOME, 1), HOME_ARP_ADDED);
	CU_ASSERT_EQUAL(live(is, 10), 3);
	check(is, should, 3);
	CU_ASSERT_EQUAL(home_arp_plan_waiting(plan), 0);
	end();
}

static void who_came_is_looked_for_in_between(void)
{
	static const struct moment should[] = {
		{ 0, 1, HOME_ARP_TURN_NOW },
		{ 20, 1, HOME_ARP_TURN_ANSWERED },
		{ 1020, 1, HOME_ARP_TURN_AGAIN },
		{ 2020, 1, HOME_ARP_TURN_LAST },
	};
	struct moment is[10];

	begin();
	add(HOME_ARP_CAME_HOME, 1);
	CU_ASSERT_EQUAL(live(is, 10), 4);
	check(is, should, 4);
	end();
}

static void nothing_is_due_for_nobody(void)
{
	struct home_arp_job job;

	begin();
	CU_ASSERT_FALSE(home_arp_plan_take(plan, now_ns, &job));
	CU_ASSERT_EQUAL(home_arp_plan_next(plan, now_ns, false), HOME_ARP_NEVER);
	CU_ASSERT_EQUAL(home_arp_plan_next(plan, now_ns, true), now_ns);
	end();
}

static void rate_is_kept(void)
{
	struct moment is[3 * ROOM];
	size_t count, more = 0; /* windows with more than may be */

	begin();
	for (uint32_t i = 0; i < ROOM; i++)
		CU_ASSERT_EQUAL(add(HOME_ARP_LEFT_HOME, i), HOME_ARP_ADDED);
	count = live(is, 3 * ROOM);
	CU_ASSERT_EQUAL(count, 3 * ROOM);
	for (size_t i = 0; i < count; i++)
		for (size_t j = i; j < count; j++)
			more += j - i + 1 > BURST + is[j].at_ms - is[i].at_ms;
	CU_ASSERT_EQUAL(more, 0);
	CU_ASSERT_EQUAL(is[BURST - 1].at_ms, 0);
	CU_ASSERT_EQUAL(is[ROOM - 1].at_ms, ROOM - BURST);
	end();
}

static void what_is_void_costs_nothing(void)
{
	struct home_arp_job job;
	unsigned taken = 0;

	begin();
	for (uint32_t i = 0; i < ROOM; i++)
		add(HOME_ARP_LEFT_HOME, i);
	while (home_arp_plan_take(plan, now_ns, &job))
		taken++;
	CU_ASSERT_EQUAL(taken, ROOM);
	CU_ASSERT_EQUAL(home_arp_plan_waiting(plan), 0);
	end();
}

/* First turns are worth more than repetitions, and are never given up for others. */
static void full_plan_gives_up_repetitions(void)
{
	struct home_arp_job job;
	unsigned first = 0;

	begin();
	add(HOME_ARP_LEFT_HOME, 0);
	CU_ASSERT_TRUE_FATAL(home_arp_plan_take(plan, now_ns, &job));
	home_arp_plan_again(plan, &job, now_ns);
	for (uint32_t i = 1; i < ROOM; i++)
		CU_ASSERT_EQUAL(add(HOME_ARP_LEFT_HOME, i), HOME_ARP_ADDED);
	CU_ASSERT_EQUAL(add(HOME_ARP_CAME_HOME, ROOM), HOME_ARP_ADDED_FOR_ANOTHER);
	CU_ASSERT_EQUAL(add(HOME_ARP_LEFT_HOME, ROOM + 1), HOME_ARP_REFUSED);
	CU_ASSERT_EQUAL(home_arp_plan_waiting(plan), ROOM);
	while (home_arp_plan_take(plan, now_ns, &job)) {
		CU_ASSERT_EQUAL(job.turn, HOME_ARP_TURN_NOW);
		first++;
	}
	CU_ASSERT_EQUAL(first, ROOM);
	end();
}

/* New jobs took its room while it was out. */
static void repetition_without_room_is_dropped(void)
{
	struct home_arp_job job;

	begin();
	add(HOME_ARP_LEFT_HOME, 0);
	CU_ASSERT_TRUE_FATAL(home_arp_plan_take(plan, now_ns, &job));
	for (uint32_t i = 1; i <= ROOM; i++)
		CU_ASSERT_EQUAL(add(HOME_ARP_LEFT_HOME, i), HOME_ARP_ADDED);
	home_arp_plan_again(plan, &job, now_ns);
	CU_ASSERT_EQUAL(home_arp_plan_waiting(plan), ROOM);
	end();
}

static void walk_shares_the_rate(void)
{
	begin();
	for (unsigned i = 0; i < BURST; i++) {
		CU_ASSERT_TRUE(home_arp_plan_can_pay(plan, now_ns));
		home_arp_plan_pay(plan, now_ns);
	}
	CU_ASSERT_FALSE(home_arp_plan_can_pay(plan, now_ns));
	CU_ASSERT_EQUAL(home_arp_plan_next(plan, now_ns, true), now_ns + MS);
	now_ns += MS;
	CU_ASSERT_TRUE(home_arp_plan_can_pay(plan, now_ns));
	end();
}

static void bucket_of_any_rate_fills(void)
{
	static const uint32_t rates[] = { 1, 3, 49, 50, 1000, 1000003, UINT32_MAX };

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct home_arp_bucket bucket = home_arp_bucket_of(rates[i], 20, 0);
		uint64_t when_ns;

		CU_ASSERT_TRUE(home_arp_bucket_look(&bucket, 0) >= 1);
		CU_ASSERT_EQUAL(home_arp_bucket_when(&bucket, 0), 0);
		home_arp_bucket_spend(&bucket, 0, home_arp_bucket_look(&bucket, 0));
		CU_ASSERT_EQUAL(home_arp_bucket_look(&bucket, 0), 0);
		when_ns = home_arp_bucket_when(&bucket, 0);
		CU_ASSERT_TRUE(when_ns > 0 && when_ns <= 1000 * MS);
		CU_ASSERT_EQUAL(home_arp_bucket_look(&bucket, when_ns), 1);
		CU_ASSERT_EQUAL(home_arp_bucket_look(&bucket, when_ns - 1), 0);
	}
}

static CU_TestInfo tests[] = {
	{ "who left is announced three times", who_left_is_announced_three_times },
	{ "who came is looked for in between", who_came_is_looked_for_in_between },
	{ "nothing is due for nobody", nothing_is_due_for_nobody },
	{ "the rate is kept", rate_is_kept },
	{ "what is void costs nothing", what_is_void_costs_nothing },
	{ "a full plan gives up repetitions", full_plan_gives_up_repetitions },
	{ "a repetition without room is dropped", repetition_without_room_is_dropped },
	{ "a walk shares the rate", walk_shares_the_rate },
	{ "a bucket of any rate fills", bucket_of_any_rate_fills },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("home_arp_plan", tests);
}
