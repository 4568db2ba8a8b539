/* test_consensus_orders.c - one member, and what the others say in an order that
 * only a bad network makes. Each of these orders has cost somebody an entry, an
 * answer or a working member once; most were found by tests/sim. */
#include <stdlib.h>
#include <string.h>

#include "consensus_world.h"
#include "suite.h"

/* Member 1 is there; the others are what a test says in their name. */
static struct world *alone(uint64_t term)
{
	struct world *w = world_new(3, 0);

	for (uint8_t i = 1; i <= 3; i++)
		world_stop(w, i);
	w->member[1].term = term;
	return w;
}

/* Something that its log holds from before. */
static void held(struct world *w, uint64_t index, uint64_t term, const char *text)
{
	struct world_member *m = &w->member[1];
	struct world_entry *to = &m->log[m->log_count++];

	to->entry = (struct journal_entry){
		.serial = m->log_count, .index = index, .term = term, .size = strlen(text)
	};
	memcpy(to->text, text, to->entry.size);
	to->entry.command = to->text;
	m->durable = m->log_count;
}

static void say_with(struct world *w, uint8_t from, struct consensus_message m, const char *text)
{
	uint8_t octets[CONSENSUS_HEADER_MAX + 64], *end;

	m.entry_count = text ? 1 : 0;
	end = octets + consensus_encode(&m, octets);
	if (text)
		end = consensus_entry_encode(end, m.term, JOURNAL_COMMAND, text, strlen(text));
	CU_ASSERT_EQUAL(consensus_receive(w->member[1].core, w->now_ns, from, octets,
	                                  (size_t)(end - octets)),
	                HA_OK);
}

static void say(struct world *w, uint8_t from, struct consensus_message m)
{
	say_with(w, from, m, NULL);
}

/* The newest message to member 2 of that type in this millisecond. */
static bool said(const struct world *w, enum consensus_type type, struct consensus_message *out)
{
	for (size_t i = w->queued; i-- > 0;)
		if (w->queue[i].to == 2 && w->queue[i].octets[5] == type)
			return consensus_decode(w->queue[i].octets, w->queue[i].size, out) == HA_OK;
	return false;
}

static struct consensus_message wait_for(struct world *w, enum consensus_type type)
{
	struct consensus_message m = { 0 };

	for (unsigned ms = 0; ms < 2000; ms++) {
		world_run(w, 1);
		if (said(w, type, &m))
			return m;
	}
	CU_FAIL_FATAL("it does not say that");
	return m;
}

/* Member 2 votes for it. */
static struct consensus_message elect(struct world *w)
{
	struct consensus_message m = wait_for(w, CONSENSUS_VOTE);

	CU_ASSERT_TRUE(m.pre_vote);
	say(w, 2,
	    (struct consensus_message){ .type = CONSENSUS_VOTED,
	                                .term = m.term - 1,
	                                .pre_vote = true,
	                                .granted = true });
	CU_ASSERT_TRUE_FATAL(said(w, CONSENSUS_VOTE, &m) && !m.pre_vote);
	say(w, 2,
	    (struct consensus_message){ .type = CONSENSUS_VOTED, .term = m.term, .granted = true });
	return wait_for(w, CONSENSUS_APPEND);
}

/* Member 2 answers the newest message, in one way or another. */
static void answer(struct world *w, const struct consensus_message *append, uint64_t index,
                   uint64_t rejected)
{
	say(w, 2,
	    (struct consensus_message){ .type = CONSENSUS_APPENDED,
	                                .term = append->term,
	                                .stamp = append->stamp,
	                                .index = index,
	                                .rejected = rejected });
}

static struct consensus_message append_of(uint64_t term, uint64_t index, uint64_t index_term,
                                          uint64_t commit)
{
	return (struct consensus_message){ .type = CONSENSUS_APPEND,
		                           .term = term,
		                           .stamp = 1,
		                           .lease_ms = 30,
		                           .index = index,
		                           .index_term = index_term,
		                           .commit = commit };
}

static struct consensus_status status_of(const struct world *w)
{
	struct consensus_status status;

	consensus_status(w->member[1].core, &status);
	return status;
}

/* An entry of an old term on a majority may yet be replaced: what commits it is
 * one of the new term behind it. */
static void entries_of_old_terms_are_not_committed_by_counting(void)
{
	struct world *w = alone(3);
	struct consensus_message append;

	held(w, 2, 2, "x");
	world_start(w, 1);
	append = elect(w);
	CU_ASSERT_EQUAL(append.term, 4);
	answer(w, &append, 2, 0);
	world_run(w, 5);
	CU_ASSERT_EQUAL(status_of(w).commit_index, 1);
	CU_ASSERT_STRING_EQUAL(w->member[1].applied, "");
	append = wait_for(w, CONSENSUS_APPEND);
	answer(w, &append, 3, 0);
	world_run(w, 5);
	CU_ASSERT_EQUAL(status_of(w).commit_index, 3);
	CU_ASSERT_STRING_EQUAL(w->member[1].applied, "x");
	world_free(w);
}

/* What it holds behind the entry that a message speaks of may be anything. */
static void a_stale_tail_is_not_acknowledged(void)
{
	struct world *w = alone(2);
	struct consensus_message m;

	held(w, 2, 2, "x");
	world_start(w, 1);
	world_run(w, 1);
	say(w, 2, append_of(3, 1, 1, 1));
	CU_ASSERT_TRUE_FATAL(said(w, CONSENSUS_APPENDED, &m));
	CU_ASSERT_EQUAL(m.rejected, 0);
	CU_ASSERT_EQUAL(m.index, 1);
	say_with(w, 2, append_of(3, 1, 1, 1), "y");
	m = wait_for(w, CONSENSUS_APPENDED);
	CU_ASSERT_EQUAL(m.index, 2);
	CU_ASSERT_STRING_EQUAL(w->member[1].applied, "");
	say(w, 2, append_of(3, 2, 3, 2));
	world_run(w, 2);
	CU_ASSERT_STRING_EQUAL(w->member[1].applied, "y");
	world_free(w);
}

/* Not even if it was sent by who leads again now. */
static void a_leader_of_an_old_term_is_refused_with_no_index(void)
{
	struct world *w = alone(1);
	struct consensus_message m;

	held(w, 2, 1, "x");
	held(w, 3, 1, "y");
	world_start(w, 1);
	world_run(w, 1);
	say(w, 3, append_of(5, 1, 1, 1));
	world_run(w, 1);
	say(w, 2, append_of(4, 9, 4, 1));
	CU_ASSERT_TRUE_FATAL(said(w, CONSENSUS_APPENDED, &m));
	CU_ASSERT_EQUAL(m.term, 5);
	CU_ASSERT_NOT_EQUAL(m.rejected, 0);
	CU_ASSERT_EQUAL(m.index, 0);
	say_with(w, 2, append_of(4, 1, 1, 1), "z");
	CU_ASSERT_TRUE_FATAL(said(w, CONSENSUS_APPENDED, &m));
	CU_ASSERT_NOT_EQUAL(m.rejected, 0);
	CU_ASSERT_EQUAL(m.index, 0);
	world_free(w);
}

static void such_a_refusal_does_not_confuse_who_leads_again(void)
{
	struct world *w = alone(1);
	struct consensus_message append;

	world_start(w, 1);
	append = elect(w);
	answer(w, &append, 0, 1);
	append = wait_for(w, CONSENSUS_APPEND); /* that is a message at all */
	CU_ASSERT_EQUAL(append.index, 1);
	answer(w, &append, 2, 0);
	world_run(w, 5);
	CU_ASSERT_EQUAL(w->member[1].role, REPLICATION_LEADER);
	world_free(w);
}

static void a_refusal_that_was_overtaken_ends_nothing(void)
{
	struct world *w = alone(1);
	struct consensus_message append;

	world_start(w, 1);
	append = elect(w);
	answer(w, &append, 2, 0);
	world_run(w, 5);
	CU_ASSERT_EQUAL(world_submit(w, 1, "a", 1), HA_OK);
	CU_ASSERT_EQUAL(world_submit(w, 1, "b", 2), HA_OK);
	CU_ASSERT_EQUAL(world_submit(w, 1, "c", 3), HA_OK);
	CU_ASSERT_TRUE_FATAL(said(w, CONSENSUS_APPEND, &append));
	answer(w, &append, 2, 3); /* b came first, */
	answer(w, &append, 3, 0); /* then a, */
	answer(w, &append, 3, 4); /* then c, */
	answer(w, &append, 2, 3); /* and the first answer again */
	for (unsigned i = 0; i < 3; i++)
		append = wait_for(w, CONSENSUS_APPEND);
	CU_ASSERT_EQUAL(append.index, 3);
	CU_ASSERT_EQUAL(append.entry_count, 2);
	world_free(w);
}

static void who_waits_for_an_entry_that_is_replaced_is_told(void)
{
	struct world *w = alone(1);
	struct consensus_message append;

	world_start(w, 1);
	append = elect(w);
	answer(w, &append, 2, 0);
	world_run(w, 5);
	CU_ASSERT_EQUAL(world_submit(w, 1, "ours", 9), HA_OK);
	/* The next leader's first words are of a committed entry in its place. */
	say_with(w, 2, append_of(append.term + 1, 2, append.term, 3), "theirs");
	CU_ASSERT_EQUAL(w->member[1].lost_count, 1);
	CU_ASSERT_EQUAL(w->member[1].lost[0], 9);
	say(w, 2, append_of(append.term + 1, 3, append.term + 1, 3));
	world_run(w, 2);
	CU_ASSERT_STRING_EQUAL(w->member[1].applied, "theirs");
	world_free(w);
}

/* The log may hold more of what is in the store than there is memory. */
static void who_starts_with_much_takes_what_comes(void)
{
	struct world *w = alone(1);
	struct consensus_message m;

	for (uint64_t index = 2; index <= 1000; index++)
		held(w, index, 1, "a longer command");
	w->member[1].base_index = 1000;
	w->memory_max = 65536;
	world_start(w, 1);
	CU_ASSERT_TRUE(status_of(w).first_index > 1);
	CU_ASSERT_TRUE(status_of(w).memory <= w->memory_max / 2);
	say_with(w, 2, append_of(2, 1000, 1, 1000), "x");
	m = wait_for(w, CONSENSUS_APPENDED);
	CU_ASSERT_EQUAL(m.index, 1001);
	world_free(w);
}

/* Who was asked to stand is helped against promises, but for that one term: of
 * later ones there may be a leader that nobody asked. */
static void handing_over_is_for_one_term(void)
{
	struct world *w = alone(1);
	struct consensus_message m;

	world_start(w, 1);
	world_run(w, 1);
	say(w, 2, append_of(3, 1, 1, 1));
	say(w, 2,
	    (struct consensus_message){
		    .type = CONSENSUS_STAND_NOW, .term = 3, .index = 1, .index_term = 1 });
	CU_ASSERT_TRUE_FATAL(said(w, CONSENSUS_VOTE, &m));
	CU_ASSERT_EQUAL(m.term, 4);
	CU_ASSERT_TRUE(m.handed_over);
	for (unsigned i = 0; i < 3; i++) {
		m = wait_for(w, CONSENSUS_VOTE);
		CU_ASSERT_TRUE(m.term > 4);
		CU_ASSERT_FALSE(m.handed_over);
	}
	world_free(w);
}

static struct consensus_message vote_of(uint64_t term, bool pre_vote)
{
	return (struct consensus_message){ .type = CONSENSUS_VOTE,
		                           .term = term,
		                           .index = 1,
		                           .index_term = 1,
		                           .pre_vote = pre_vote };
}

/* An answer to what somebody asked who found a leader since. */
static void a_late_answer_changes_no_term(void)
{
	struct world *w = alone(3);

	world_start(w, 1);
	world_run(w, 1);
	say(w, 2,
	    (struct consensus_message){ .type = CONSENSUS_VOTED, .term = 4, .pre_vote = true });
	CU_ASSERT_EQUAL(status_of(w).term, 3);
	CU_ASSERT_EQUAL(status_of(w).stale, 1);
	world_free(w);
}

/* The next start knows neither to whom it promised something nor for how long. */
static void a_long_promise_survives_a_restart(void)
{
	const unsigned long_ms = CONSENSUS_LEASE_MAX_MS - 50;
	struct world *w = alone(1);
	struct consensus_message m = append_of(3, 1, 1, 1);

	world_start(w, 1);
	world_run(w, 1);
	m.lease_ms = long_ms;
	say(w, 2, m);
	world_stop(w, 1);
	world_start(w, 1);
	say(w, 2, vote_of(4, true));
	for (unsigned ms = 0; ms < long_ms; ms++) {
		world_run(w, 1);
		CU_ASSERT_FALSE(said(w, CONSENSUS_VOTED, &m));
	}
	(void)wait_for(w, CONSENSUS_VOTED);
	world_free(w);
}

/* What is not on the disk must not be acted upon, by whatever comes next. */
static void whose_ballot_is_not_stored_says_no_more(void)
{
	struct world *w = alone(1);
	uint8_t octets[CONSENSUS_HEADER_MAX];
	struct consensus_message m = vote_of(4, false);
	size_t size = consensus_encode(&m, octets), queued;

	world_start(w, 1);
	world_run(w, 1);
	w->now_ns += 2ull * CONSENSUS_LEASE_MAX_MS * 1000000;
	w->member[1].no_ballot = true;
	queued = w->queued;
	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(consensus_receive(w->member[1].core, w->now_ns, 2, octets, size),
		                HA_E_IO);
	m = append_of(4, 1, 1, 1);
	size = consensus_encode(&m, octets);
	CU_ASSERT_EQUAL(consensus_receive(w->member[1].core, w->now_ns, 2, octets, size), HA_E_IO);
	CU_ASSERT_EQUAL(w->queued, queued);
	world_free(w);
}

/* Entries that nobody knows to be committed fill the logs of all: without a leader that
 * would be so for ever. */
static void a_leader_begins_over_full_logs(void)
{
	struct world *w = world_new(3, 0);
	uint8_t leader = world_leader(w, 1000);

	for (uint8_t i = 1; i <= 3; i++)
		w->member[i].slow_disk = i != leader;
	CU_ASSERT_EQUAL(world_submit(w, leader, "a", 1), HA_OK);
	world_run(w, 20);
	for (uint8_t i = 1; i <= 3; i++) {
		w->member[i].full = JOURNAL_USE_BEGIN;
		w->member[i].slow_disk = false;
	}
	world_stop(w, leader);
	world_run(w, 20);
	for (uint8_t i = 1; i <= 3; i++)
		if (i != leader)
			CU_ASSERT_STRING_EQUAL(w->member[i].applied, "");
	world_start(w, leader);
	CU_ASSERT_TRUE_FATAL(world_leader(w, 3000) != 0);
	world_run(w, 300);
	for (uint8_t i = 1; i <= 3; i++)
		CU_ASSERT_STRING_EQUAL(w->member[i].applied, "a");
	CU_ASSERT_EQUAL(world_submit(w, world_leads_now(w), "b", 2), HA_E_BUSY);
	world_free(w);
}

static CU_TestInfo tests[] = {
	{ "entries of old terms are not committed by counting",
	  entries_of_old_terms_are_not_committed_by_counting },
	{ "a stale tail is not acknowledged", a_stale_tail_is_not_acknowledged },
	{ "a leader of an old term is refused with no index",
	  a_leader_of_an_old_term_is_refused_with_no_index },
	{ "such a refusal does not confuse who leads again",
	  such_a_refusal_does_not_confuse_who_leads_again },
	{ "a refusal that was overtaken ends nothing", a_refusal_that_was_overtaken_ends_nothing },
	{ "who waits for an entry that is replaced is told",
	  who_waits_for_an_entry_that_is_replaced_is_told },
	{ "who starts with much takes what comes", who_starts_with_much_takes_what_comes },
	{ "handing over is for one term", handing_over_is_for_one_term },
	{ "a late answer changes no term", a_late_answer_changes_no_term },
	{ "a long promise survives a restart", a_long_promise_survives_a_restart },
	{ "whose ballot is not stored says no more", whose_ballot_is_not_stored_says_no_more },
	{ "a leader begins over full logs", a_leader_begins_over_full_logs },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("consensus_orders", tests);
}
