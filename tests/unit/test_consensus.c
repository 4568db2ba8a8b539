/* test_consensus.c - replication/consensus.h: members that elect, agree, lose
 * each other and hand over; what is promised, and what is never done. */
#include <stdlib.h>
#include <string.h>

#include "consensus_world.h"
#include "suite.h"

static uint8_t another(const struct world *w, uint8_t than)
{
	for (uint8_t i = 1; i <= w->count; i++)
		if (i != than && w->member[i].core)
			return i;
	return 0;
}

static void one_leads_and_all_apply_in_order(void)
{
	struct world *w = world_new(3, 0);
	uint8_t leader = world_leader(w, 1000);

	CU_ASSERT_NOT_EQUAL_FATAL(leader, 0);
	CU_ASSERT_TRUE(world_may_answer(w, leader));
	CU_ASSERT_EQUAL(world_submit(w, leader, "a", 7), HA_OK);
	CU_ASSERT_EQUAL(world_submit(w, leader, "b", 8), HA_OK);
	CU_ASSERT_EQUAL(world_submit(w, another(w, leader), "c", 9), HA_E_NOTLEADER);
	world_run(w, 50);
	for (uint8_t i = 1; i <= 3; i++) {
		CU_ASSERT_STRING_EQUAL(w->member[i].applied, "ab");
		CU_ASSERT_EQUAL(world_may_answer(w, i), i == leader);
	}
	world_free(w);
}

static void nothing_is_applied_before_a_majority_stored_it(void)
{
	struct world *w = world_new(3, 0);
	uint8_t leader = world_leader(w, 1000);

	for (uint8_t i = 1; i <= 3; i++)
		w->member[i].slow_disk = i != leader;
	CU_ASSERT_EQUAL(world_submit(w, leader, "a", 1), HA_OK);
	world_run(w, 50);
	CU_ASSERT_STRING_EQUAL(w->member[leader].applied, "");
	w->member[another(w, leader)].slow_disk = false;
	world_run(w, 20);
	CU_ASSERT_STRING_EQUAL(w->member[leader].applied, "a");
	world_free(w);
}

static void a_dead_leader_is_replaced_when_promises_lapse(void)
{
	struct world *w = world_new(3, 0);
	uint8_t first = world_leader(w, 1000), second;

	CU_ASSERT_EQUAL(world_submit(w, first, "a", 1), HA_OK);
	world_run(w, 30);
	world_stop(w, first);
	world_run(w, 25);
	CU_ASSERT_EQUAL(world_leads_now(w), 0); /* the lease of the dead one may last */
	second = world_leader(w, 60);
	CU_ASSERT_TRUE(second != 0 && second != first);
	CU_ASSERT_EQUAL(world_submit(w, second, "b", 2), HA_OK);
	world_run(w, 30);
	world_start(w, first);
	world_run(w, 100);
	CU_ASSERT_STRING_EQUAL(w->member[first].applied, "ab");
	CU_ASSERT_EQUAL(world_leads_now(w), second);
	world_free(w);
}

static void who_is_cut_off_answers_nothing_and_tells_what_is_lost(void)
{
	struct world *w = world_new(3, 0);
	uint8_t first = world_leader(w, 1000), second;

	world_isolate(w, first, true);
	CU_ASSERT_EQUAL(world_submit(w, first, "lost", 5), HA_OK);
	for (unsigned ms = 0; ms < 600 && world_leads_now(w) != 0 && world_may_answer(w, first);
	     ms++)
		world_run(w, 1);
	CU_ASSERT_FALSE(world_may_answer(w, first));
	world_run(w, 600);
	second = another(w, first);
	second = w->member[second].role == REPLICATION_LEADER ? second
	                                                      : (uint8_t)(6 - first - second);
	CU_ASSERT_EQUAL(w->member[second].role, REPLICATION_LEADER);
	CU_ASSERT_NOT_EQUAL(w->member[first].role, REPLICATION_LEADER);
	CU_ASSERT_EQUAL(w->member[first].lost_count, 1);
	CU_ASSERT_EQUAL(w->member[first].lost[0], 5);
	CU_ASSERT_EQUAL(world_submit(w, second, "kept", 6), HA_OK);
	world_run(w, 20);
	world_isolate(w, first, false);
	world_run(w, 500);
	for (uint8_t i = 1; i <= 3; i++)
		CU_ASSERT_STRING_EQUAL(w->member[i].applied, "kept");
	world_free(w);
}

static bool is_current(const struct world *w, uint8_t number)
{
	struct consensus_status status;

	consensus_status(w->member[number].core, &status);
	return status.current;
}

/* Until it is current: then it has all. */
static void await_current(struct world *w, uint8_t number, const char *all)
{
	unsigned ms = 0;

	for (; !is_current(w, number) && ms < 1000; ms++)
		world_run(w, 1);
	CU_ASSERT_TRUE(ms > 0 && ms < 1000);
	CU_ASSERT_STRING_EQUAL(w->member[number].applied, all);
}

static void who_was_away_is_current_when_it_has_what_came_meanwhile(void)
{
	struct world *w = world_new(3, 0);
	uint8_t leader = world_leader(w, 1000), away = another(w, leader);

	CU_ASSERT_EQUAL(world_submit(w, leader, "a", 1), HA_OK);
	world_run(w, 50);
	CU_ASSERT_TRUE(is_current(w, leader) && is_current(w, away));
	world_stop(w, away);
	CU_ASSERT_EQUAL(world_submit(w, leader, "b", 2), HA_OK);
	world_run(w, 50);
	world_start(w, away);
	CU_ASSERT_FALSE(is_current(w, away));
	await_current(w, away, "ab");
	world_isolate(w, away, true);
	world_run(w, 1000);
	CU_ASSERT_EQUAL(world_submit(w, world_leader(w, 1000), "c", 3), HA_OK);
	world_run(w, 50);
	w->member[away].slow_disk = true;
	world_isolate(w, away, false);
	for (unsigned ms = 0; is_current(w, away) && ms < 1000; ms++)
		world_run(w, 1); /* until it hears the leader again */
	CU_ASSERT_STRING_EQUAL(w->member[away].applied, "ab");
	w->member[away].slow_disk = false;
	await_current(w, away, "abc");
	world_free(w);
}

static void two_never_may_answer_at_once(void)
{
	struct world *w = world_new(3, 0);

	for (unsigned round = 0; round < 20; round++) {
		uint8_t leader = world_leader(w, 1000);

		CU_ASSERT_NOT_EQUAL_FATAL(leader, 0);
		world_isolate(w, leader, true);
		for (unsigned ms = 0; ms < 300; ms++) {
			unsigned answering = 0;

			world_run(w, 1);
			for (uint8_t i = 1; i <= 3; i++)
				answering += world_may_answer(w, i);
			CU_ASSERT_TRUE(answering <= 1);
		}
		world_isolate(w, leader, false);
		world_run(w, 100);
	}
	world_free(w);
}

static void handing_over_is_quick_and_exclusive(void)
{
	struct world *w = world_new(3, 0);
	uint8_t first = world_leader(w, 1000), second = another(w, first);
	unsigned ms = 0;

	CU_ASSERT_EQUAL(world_submit(w, first, "a", 1), HA_OK);
	CU_ASSERT_EQUAL(consensus_transfer(w->member[second].core, w->now_ns, 0), HA_E_NOTLEADER);
	CU_ASSERT_EQUAL(consensus_transfer(w->member[first].core, w->now_ns, first), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(consensus_transfer(w->member[first].core, w->now_ns, second), HA_OK);
	CU_ASSERT_EQUAL(world_submit(w, first, "b", 2), HA_E_BUSY);
	for (; ms < 100 && !world_may_answer(w, second); ms++) {
		world_run(w, 1);
		CU_ASSERT_FALSE(world_may_answer(w, first) && world_may_answer(w, second));
	}
	CU_ASSERT_TRUE(ms < 30);
	CU_ASSERT_STRING_EQUAL(w->member[second].applied, "a");
	CU_ASSERT_EQUAL(w->member[first].lost_count, 0);
	world_free(w);
}

static void a_transfer_that_fails_ends_the_term(void)
{
	struct world *w = world_new(3, 0);
	uint8_t first = world_leader(w, 1000), second = another(w, first);
	uint64_t term = w->member[first].term;

	w->cut[first][second] = true; /* it is asked, and does not hear it */
	CU_ASSERT_EQUAL(consensus_transfer(w->member[first].core, w->now_ns, second), HA_OK);
	CU_ASSERT_FALSE(world_may_answer(w, first));
	for (unsigned ms = 0; ms < 1000 && w->member[first].term == term; ms++) {
		world_run(w, 1);
		CU_ASSERT_FALSE(world_may_answer(w, first) && w->member[first].term == term);
	}
	w->cut[first][second] = false;
	CU_ASSERT_NOT_EQUAL(world_leader(w, 1000), 0);
	world_free(w);
}

static void a_witness_votes_stores_and_hands_on(void)
{
	struct world *w = world_new(3, 3);
	uint8_t leader = world_leader(w, 1000), other = leader == 1 ? 2 : 1;

	CU_ASSERT_TRUE(leader == 1 || leader == 2);
	world_stop(w, other);
	CU_ASSERT_EQUAL(world_submit(w, leader, "a", 1), HA_OK); /* the witness is the majority */
	world_run(w, 30);
	CU_ASSERT_STRING_EQUAL(w->member[leader].applied, "a");
	world_stop(w, leader);
	world_run(w, 50);
	world_start(w, other); /* it lacks the entry; the witness has it */
	for (unsigned ms = 0; ms < 3000 && world_leads_now(w) == 0; ms++) {
		world_run(w, 1);
		CU_ASSERT_NOT_EQUAL(w->member[3].role, REPLICATION_LEADER);
	}
	CU_ASSERT_EQUAL(world_leads_now(w), other);
	CU_ASSERT_STRING_EQUAL(w->member[other].applied, "a");
	world_free(w);
}

static void who_may_not_stand_does_not(void)
{
	struct world *w = world_new(3, 0);
	uint8_t leader = world_leader(w, 1000);

	for (uint8_t i = 1; i <= 3; i++)
		if (i != leader)
			consensus_set_eligible(w->member[i].core, false);
	world_stop(w, leader);
	world_run(w, 1000);
	CU_ASSERT_EQUAL(world_leads_now(w), 0);
	consensus_set_eligible(w->member[another(w, leader)].core, true);
	CU_ASSERT_EQUAL(world_leader(w, 1000), another(w, leader));
	world_free(w);
}

static void entries_that_were_replaced_are_not_taken_for_stored(void)
{
	struct world *w = world_new(3, 0);
	uint8_t first = world_leader(w, 1000);
	struct consensus_status status;

	world_isolate(w, first, true);
	for (unsigned i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(world_submit(w, first, "x", i + 1), HA_OK);
	world_run(w, 700);
	for (uint8_t i = 1; i <= 3; i++)
		if (w->member[i].role == REPLICATION_LEADER)
			CU_ASSERT_EQUAL(world_submit(w, i, "y", 9), HA_OK);
	world_run(w, 20);
	w->member[first].slow_disk = true;
	world_isolate(w, first, false);
	world_run(w, 300);
	consensus_status(w->member[first].core, &status);
	CU_ASSERT_TRUE(status.stored_index < status.last_index);
	CU_ASSERT_STRING_EQUAL(w->member[first].applied, "");
	w->member[first].slow_disk = false;
	world_run(w, 50);
	CU_ASSERT_STRING_EQUAL(w->member[first].applied, "y");
	world_stop(w, first); /* the log replays to the same */
	world_start(w, first);
	world_run(w, 300);
	CU_ASSERT_STRING_EQUAL(w->member[first].applied, "y");
	world_free(w);
}

static void trim(struct world *w, uint8_t number)
{
	struct world_member *m = &w->member[number];
	struct consensus_status status;
	uint64_t serial;

	consensus_status(m->core, &status);
	CU_ASSERT_EQUAL(
		consensus_trim(m->core, w->now_ns, status.applied_index, UINT64_MAX, &serial),
		HA_OK);
	m->base_index = status.applied_index;
	m->base_term = status.applied_term;
	CU_ASSERT_TRUE(serial > 0 && serial <= m->log_count + 1);
}

static void submit_many(struct world *w, uint8_t leader, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		CU_ASSERT_EQUAL(world_submit(w, leader, "12345678", 1), HA_OK);
		if (i % 100 == 0)
			world_run(w, 2);
	}
	world_run(w, 20);
}

static void who_lags_is_served_from_memory(void)
{
	struct world *w = world_new(3, 0);
	uint8_t leader = world_leader(w, 1000), laggard = another(w, leader);

	world_stop(w, laggard);
	submit_many(w, leader, 3000);
	trim(w, leader);
	world_start(w, laggard);
	world_run(w, 500);
	CU_ASSERT_EQUAL(w->member[laggard].applied_count, 3000);
	CU_ASSERT_EQUAL(w->member[laggard].wanted_snapshot, 0);
	world_free(w);
}

static void who_has_nothing_is_served_from_memory(void)
{
	struct world *w = world_new(3, 0);
	struct world_member *m = &w->member[3];
	uint8_t leader;

	world_stop(w, 3);
	leader = world_leader(w, 1000);
	submit_many(w, leader, 100);
	trim(w, leader); /* the store holds it all, and memory too */
	world_start(w, 3);
	world_run(w, 300);
	CU_ASSERT_EQUAL(m->applied_count, 100);
	CU_ASSERT_EQUAL(m->wanted_snapshot, 0);
	world_stop(w, leader); /* whoever starts over its store serves from there on */
	world_start(w, leader);
	leader = world_leader(w, 1000);
	submit_many(w, leader, 1);
	CU_ASSERT_EQUAL(m->applied_count, 101);
	world_free(w);
}

static void who_lags_too_far_wants_the_store(void)
{
	struct world *w = world_new(3, 0);
	uint8_t leader, laggard;
	struct world_member *m;

	w->memory_max = 1u << 20;
	for (uint8_t i = 1; i <= 3; i++) {
		world_stop(w, i);
		world_start(w, i);
	}
	leader = world_leader(w, 1000);
	laggard = another(w, leader);
	m = &w->member[laggard];
	world_stop(w, laggard);
	for (unsigned i = 0; i < 4; i++) {
		submit_many(w, leader, 3000);
		trim(w, leader);
	}
	w->met[6 - leader - laggard] = 77; /* let in meanwhile, with another disk */
	world_start(w, laggard);
	world_run(w, 300);
	CU_ASSERT_TRUE(m->wanted_snapshot > 0);
	CU_ASSERT_EQUAL(m->admitted, 1u << (6 - leader - laggard));
	CU_ASSERT_EQUAL(m->applied_count, 0);
	/* The store comes over, a bit older than the newest entry. */
	submit_many(w, leader, 10);
	world_stop(w, laggard);
	m->log_count = m->durable = 0;
	m->base_index = w->member[leader].base_index;
	m->base_term = w->member[leader].base_term;
	world_start(w, laggard);
	m->wanted_snapshot = 0;
	world_run(w, 300);
	CU_ASSERT_EQUAL(m->applied_count, 10);
	CU_ASSERT_EQUAL(m->wanted_snapshot, 0);
	world_free(w);
}

/* Nothing else counts while the third one is gone. */
static void who_lacks_the_store_acknowledges_the_leader(void)
{
	struct world *w = world_new(3, 0);
	uint8_t leader, laggard;

	w->memory_max = 1u << 20;
	for (uint8_t i = 1; i <= 3; i++) {
		world_stop(w, i);
		world_start(w, i);
	}
	leader = world_leader(w, 1000);
	laggard = another(w, leader);
	world_stop(w, laggard);
	for (unsigned i = 0; i < 4; i++) {
		submit_many(w, leader, 3000);
		trim(w, leader);
	}
	world_start(w, laggard);
	world_run(w, 100);
	world_stop(w, (uint8_t)(6 - leader - laggard));
	for (unsigned i = 0; i < 10; i++) {
		world_run(w, 100);
		CU_ASSERT_TRUE(world_may_answer(w, leader));
	}
	CU_ASSERT_TRUE(w->member[laggard].wanted_snapshot > 1);
	world_free(w);
}

static void a_log_without_room_stalls_and_goes_on(void)
{
	struct world *w = world_new(3, 0);
	uint8_t leader = world_leader(w, 1000);

	w->member[leader].full = JOURNAL_USE_COPIES;
	CU_ASSERT_EQUAL(world_submit(w, leader, "a", 1), HA_E_BUSY);
	w->member[leader].full = 0;
	for (uint8_t i = 1; i <= 3; i++)
		w->member[i].full = i != leader ? JOURNAL_USE_COPIES : 0;
	CU_ASSERT_EQUAL(world_submit(w, leader, "b", 2), HA_OK);
	world_run(w, 300);
	CU_ASSERT_EQUAL(world_leads_now(w), leader); /* heartbeats go through */
	CU_ASSERT_STRING_EQUAL(w->member[leader].applied, "");
	w->member[another(w, leader)].full = 0;
	world_run(w, 100);
	CU_ASSERT_STRING_EQUAL(w->member[leader].applied, "b");
	world_free(w);
}

static void what_is_no_message_is_counted(void)
{
	struct world *w = world_new(2, 0);
	struct consensus_status status;
	uint8_t octets[64] = { 0 };

	CU_ASSERT_EQUAL(consensus_receive(w->member[1].core, w->now_ns, 2, octets, sizeof(octets)),
	                HA_E_MALFORMED);
	CU_ASSERT_EQUAL(consensus_receive(w->member[1].core, w->now_ns, 4, octets, sizeof(octets)),
	                HA_E_MALFORMED);
	consensus_status(w->member[1].core, &status);
	CU_ASSERT_EQUAL(status.malformed, 2);
	CU_ASSERT_NOT_EQUAL(world_leader(w, 1000), 0);
	world_free(w);
}

static void sites_far_apart_have_a_leader_that_lasts(void)
{
	const struct consensus_timing timing = consensus_timing(120000);
	struct world *w = world_new(3, 0);
	uint8_t leader;
	uint64_t term;

	w->delay_ms = 60;
	for (uint8_t i = 1; i <= 3; i++)
		consensus_set_timing(w->member[i].core, w->now_ns, &timing);
	leader = world_leader(w, 5000);
	CU_ASSERT_NOT_EQUAL_FATAL(leader, 0);
	world_run(w, 500);
	term = w->member[leader].term;
	for (unsigned ms = 0; ms < 3000; ms++) {
		world_run(w, 1);
		CU_ASSERT_TRUE(world_may_answer(w, leader));
	}
	CU_ASSERT_EQUAL(w->member[leader].term, term);
	CU_ASSERT_EQUAL(world_submit(w, leader, "a", 1), HA_OK);
	world_run(w, 400);
	for (uint8_t i = 1; i <= 3; i++)
		CU_ASSERT_STRING_EQUAL(w->member[i].applied, "a");
	world_free(w);
}

static void all_agree_whom_to_let_in_again(void)
{
	struct world *w = world_new(3, 0);
	uint8_t leader = world_leader(w, 1000);

	CU_ASSERT_EQUAL(consensus_admit(w->member[another(w, leader)].core, w->now_ns, 3, 77),
	                HA_E_NOTLEADER);
	CU_ASSERT_EQUAL(consensus_admit(w->member[leader].core, w->now_ns, 3, 77), HA_OK);
	world_run(w, 50);
	for (uint8_t i = 1; i <= 3; i++)
		CU_ASSERT_EQUAL(w->member[i].admitted, 1u << 3);
	world_free(w);
}

static void five_survive_two(void)
{
	struct world *w = world_new(5, 0);
	uint8_t leader = world_leader(w, 1000);

	world_stop(w, leader);
	leader = world_leader(w, 1000);
	CU_ASSERT_NOT_EQUAL_FATAL(leader, 0);
	world_stop(w, leader);
	leader = world_leader(w, 1000);
	CU_ASSERT_NOT_EQUAL_FATAL(leader, 0);
	CU_ASSERT_EQUAL(world_submit(w, leader, "a", 1), HA_OK);
	world_run(w, 30);
	CU_ASSERT_STRING_EQUAL(w->member[leader].applied, "a");
	world_free(w);
}

static CU_TestInfo tests[] = {
	{ "one leads, and all apply in order", one_leads_and_all_apply_in_order },
	{ "nothing is applied before a majority stored it",
	  nothing_is_applied_before_a_majority_stored_it },
	{ "a dead leader is replaced when promises lapse",
	  a_dead_leader_is_replaced_when_promises_lapse },
	{ "who is cut off answers nothing and tells what is lost",
	  who_is_cut_off_answers_nothing_and_tells_what_is_lost },
	{ "who was away is current when it has what came meanwhile",
	  who_was_away_is_current_when_it_has_what_came_meanwhile },
	{ "two never may answer at once", two_never_may_answer_at_once },
	{ "handing over is quick and exclusive", handing_over_is_quick_and_exclusive },
	{ "a transfer that fails ends the term", a_transfer_that_fails_ends_the_term },
	{ "a witness votes, stores and hands on", a_witness_votes_stores_and_hands_on },
	{ "who may not stand does not", who_may_not_stand_does_not },
	{ "entries that were replaced are not taken for stored",
	  entries_that_were_replaced_are_not_taken_for_stored },
	{ "who lags is served from memory", who_lags_is_served_from_memory },
	{ "who has nothing is served from memory", who_has_nothing_is_served_from_memory },
	{ "who lags too far wants the store", who_lags_too_far_wants_the_store },
	{ "who lacks the store acknowledges the leader",
	  who_lacks_the_store_acknowledges_the_leader },
	{ "a log without room stalls and goes on", a_log_without_room_stalls_and_goes_on },
	{ "what is no message is counted", what_is_no_message_is_counted },
	{ "sites far apart have a leader that lasts", sites_far_apart_have_a_leader_that_lasts },
	{ "all agree whom to let in again", all_agree_whom_to_let_in_again },
	{ "five survive two", five_survive_two },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("consensus", tests);
}
