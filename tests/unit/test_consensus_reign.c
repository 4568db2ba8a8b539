/* test_consensus_reign.c - who leads and since when nobody did, as each member is told
 * (replication/consensus.h, `leads`). */
#include "consensus_world.h"
#include "suite.h"

#define MS UINT64_C(1000000)

/* All that are up know this leader, and were told so often of one. */
static void check_all(const struct world *w, uint8_t leader, unsigned told)
{
	for (uint8_t i = 1; i <= w->count; i++) {
		if (!w->member[i].core)
			continue;
		CU_ASSERT_EQUAL(w->member[i].reign.leader, leader);
		CU_ASSERT_EQUAL(w->member[i].reign.term, w->member[leader].term);
		CU_ASSERT_EQUAL(w->member[i].reign.told, told);
	}
}

static uint32_t heartbeat_ms(void)
{
	return consensus_timing(0).heartbeat_ms;
}

/* The next one; there is none now. */
static uint8_t await_next(struct world *w, uint8_t than)
{
	for (unsigned ms = 0; ms < 3000; ms++) {
		uint8_t leader = world_leads_now(w);

		if (leader && leader != than)
			return leader;
		world_run(w, 1);
	}
	return 0;
}

static void the_first_leader_follows_nobody(void)
{
	struct world *w = world_new(3, 0);
	uint8_t leader = world_leader(w, 1000);

	CU_ASSERT_NOT_EQUAL_FATAL(leader, 0);
	world_run(w, 500);
	check_all(w, leader, 1);
	for (uint8_t i = 1; i <= 3; i++)
		CU_ASSERT_EQUAL(w->member[i].reign.until_ns, 0);
	world_free(w);
}

static void nobody_led_since_the_last_was_heard(void)
{
	struct world *w = world_new(3, 0);
	uint8_t first = world_leader(w, 1000), second;
	uint64_t stopped_ns;

	world_run(w, 500);
	stopped_ns = w->now_ns;
	world_stop(w, first);
	second = await_next(w, first);
	CU_ASSERT_NOT_EQUAL_FATAL(second, 0);
	CU_ASSERT_EQUAL(w->member[second].reign.at_ns / MS, w->now_ns / MS);
	world_run(w, 500);
	check_all(w, second, 2);
	for (uint8_t i = 1; i <= 3; i++) {
		const struct world_reign *reign = &w->member[i].reign;

		if (i == first)
			continue;
		CU_ASSERT_TRUE(reign->until_ns <= stopped_ns + 2 * MS);
		CU_ASSERT_TRUE(reign->until_ns + (heartbeat_ms() + 2) * MS >= stopped_ns);
		CU_ASSERT_TRUE(reign->at_ns > stopped_ns);
	}
	world_start(w, first);
	world_run(w, 500);
	CU_ASSERT_EQUAL(w->member[first].reign.told, 1); /* it knows of none before */
	CU_ASSERT_EQUAL(w->member[first].reign.until_ns, 0);
	world_free(w);
}

/* It leads no longer than it may answer, as itself sees it. */
static void a_leader_that_is_cut_off_led_until_its_time_was_over(void)
{
	struct world *w = world_new(3, 0);
	uint8_t first = world_leader(w, 1000), second;
	uint64_t until_ns;

	world_run(w, 500);
	world_isolate(w, first, true);
	world_run(w, 1);
	until_ns = consensus_lease_ns(w->member[first].core);
	CU_ASSERT_TRUE(until_ns > w->now_ns);
	second = await_next(w, first);
	CU_ASSERT_NOT_EQUAL_FATAL(second, 0);
	CU_ASSERT_TRUE(w->now_ns > until_ns);
	world_run(w, 500);
	CU_ASSERT_EQUAL(w->member[first].reign.told, 1);
	CU_ASSERT_EQUAL(consensus_reigned_ns(w->member[first].core), until_ns);
	world_isolate(w, first, false);
	world_run(w, 500);
	check_all(w, world_leads_now(w), w->member[second].reign.told);
	CU_ASSERT_EQUAL(w->member[first].reign.until_ns, until_ns);
	world_free(w);
}

static void a_leader_leads_until_now(void)
{
	struct world *w = world_new(3, 0);
	uint8_t leader = world_leader(w, 1000);

	for (unsigned i = 0; i < 5; i++) {
		world_run(w, 100);
		CU_ASSERT_TRUE(consensus_reigned_ns(w->member[leader].core) + heartbeat_ms() * MS >=
		               w->now_ns);
	}
	check_all(w, leader, 1);
	world_free(w);
}

static void handing_over_begins_when_the_old_leader_gives_up(void)
{
	struct world *w = world_new(3, 0);
	uint8_t first = world_leader(w, 1000), second = first % 3 + 1;
	uint64_t asked_ns;

	world_run(w, 500);
	asked_ns = w->now_ns;
	CU_ASSERT_EQUAL(consensus_transfer(w->member[first].core, w->now_ns, second), HA_OK);
	CU_ASSERT_EQUAL(await_next(w, first), second);
	world_run(w, 500);
	check_all(w, second, 2);
	CU_ASSERT_TRUE(w->member[first].reign.until_ns >= asked_ns);
	for (uint8_t i = 1; i <= 3; i++) {
		const struct world_reign *reign = &w->member[i].reign;

		CU_ASSERT_TRUE(reign->until_ns + (heartbeat_ms() + 2) * MS >= asked_ns);
		CU_ASSERT_TRUE(reign->until_ns < reign->at_ns);
		CU_ASSERT_TRUE(reign->at_ns - reign->until_ns < 50 * MS);
	}
	world_free(w);
}

/* The leader is the same, in the same term. */
static void who_was_away_sees_no_change(void)
{
	struct world *w = world_new(3, 0);
	uint8_t leader = world_leader(w, 1000), other = leader % 3 + 1;
	uint64_t term = w->member[leader].term;

	world_run(w, 500);
	world_isolate(w, other, true);
	world_run(w, 1000);
	CU_ASSERT_TRUE(consensus_reigned_ns(w->member[other].core) + 900 * MS < w->now_ns);
	world_isolate(w, other, false);
	world_run(w, 1000);
	CU_ASSERT_EQUAL(w->member[leader].term, term);
	check_all(w, leader, 1);
	CU_ASSERT_TRUE(consensus_reigned_ns(w->member[other].core) + heartbeat_ms() * 2 * MS >=
	               w->now_ns);
	world_free(w);
}

/* It is elected for a moment, to hand on: nobody is served meanwhile. */
static void a_witness_is_no_leader(void)
{
	struct world *w = world_new(3, 3);
	uint8_t leader = world_leader(w, 1000), other = leader == 1 ? 2 : 1;

	world_stop(w, other);
	CU_ASSERT_EQUAL(world_submit(w, leader, "a", 1), HA_OK);
	world_run(w, 30);
	world_stop(w, leader);
	world_run(w, 50);
	world_start(w, other); /* it lacks the entry; the witness has it */
	CU_ASSERT_EQUAL(await_next(w, leader), other);
	world_run(w, 100);
	CU_ASSERT_EQUAL(w->member[3].reign.leader, other);
	CU_ASSERT_EQUAL(w->member[3].reign.told, 2);
	CU_ASSERT_EQUAL(w->member[other].reign.leader, other);
	CU_ASSERT_EQUAL(w->member[other].reign.told, 1);
	world_free(w);
}

static CU_TestInfo tests[] = {
	{ "the first leader follows nobody", the_first_leader_follows_nobody },
	{ "nobody led since the last was heard", nobody_led_since_the_last_was_heard },
	{ "a leader that is cut off led until its time was over",
	  a_leader_that_is_cut_off_led_until_its_time_was_over },
	{ "a leader leads until now", a_leader_leads_until_now },
	{ "handing over begins when the old leader gives up",
	  handing_over_begins_when_the_old_leader_gives_up },
	{ "who was away sees no change", who_was_away_sees_no_change },
	{ "a witness is no leader", a_witness_is_no_leader },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("consensus_reign", tests);
}
