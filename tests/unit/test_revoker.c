/* test_revoker.c - when revocations are sent and when no more, over a clock that
 * the test turns. */
#include "agentd/flow/revoker.h"

#include <string.h>

#include "tests/unit/suite.h"

#define START_MS UINT64_C(1700000000300)
#define TICK_MS 100u

static struct revoker *revoker;
static struct revoker_letter sent[64];
static uint64_t sent_ms[64];
static unsigned sent_count;
static uint64_t now_ms;
static enum revoker_step step;
static size_t given_up;

static void set_up(void)
{
	revoker = revoker_new();
	CU_ASSERT_PTR_NOT_NULL_FATAL(revoker);
	sent_count = 0;
	given_up = 0;
	now_ms = START_MS;
	step = REVOKER_SENT;
}

static void tear_down(void)
{
	revoker_free(revoker);
}

static struct in_addr agent_number(uint32_t number)
{
	return (struct in_addr){ htonl(0xc6336400u + number) };
}

/* A binding of some home, granted long ago, that ends now. */
static struct state_ended ended(uint64_t place)
{
	return (struct state_ended){
		.place = place,
		.binding = {
			.care_of = agent_number(1),
			.source = agent_number(1),
			.features = BINDING_REVOCABLE | BINDING_REVOCATION_INFORM,
			.granted_ms = START_MS - 60000,
			.expires_ms = START_MS + 600000,
		},
	};
}

static void add(struct state_ended one)
{
	CU_ASSERT_EQUAL(revoker_add(revoker, &one, 1, now_ms), 0);
}

static enum revoker_step note(void *context, const struct revoker_letter *letter)
{
	(void)context;
	if (step == REVOKER_SENT && sent_count < 64) {
		sent_ms[sent_count] = now_ms;
		sent[sent_count++] = *letter;
	}
	return step;
}

static void tick(void)
{
	given_up += revoker_run(revoker, now_ms, 1000, note, NULL);
}

static void let_pass(uint64_t ms)
{
	for (uint64_t end_ms = now_ms + ms; now_ms < end_ms; now_ms += TICK_MS)
		tick();
}

static void letter_says_what_ended(void)
{
	struct state_ended one = ended(5), moved = ended(6), silent = ended(7);

	set_up();
	one.binding.care_of = agent_number(9);
	moved.moved = true;
	silent.binding.features = BINDING_REVOCABLE;
	add(one);
	add(moved);
	add(silent);
	CU_ASSERT_EQUAL(revoker_count(revoker), 3);
	tick();
	CU_ASSERT_EQUAL_FATAL(sent_count, 3);
	CU_ASSERT_EQUAL(sent[0].place, 5);
	CU_ASSERT_EQUAL(sent[0].care_of.s_addr, agent_number(9).s_addr);
	CU_ASSERT_EQUAL(sent[0].agent.s_addr, agent_number(1).s_addr);
	CU_ASSERT_EQUAL(sent[0].identifier, START_MS / 1000);
	CU_ASSERT_TRUE(sent[0].inform);
	CU_ASSERT_FALSE(sent[1].inform); /* the node knows */
	CU_ASSERT_FALSE(sent[2].inform); /* it was not agreed on */
	tear_down();
}

static void repeats_back_off_and_end(void)
{
	set_up();
	add(ended(1));
	let_pass(UINT64_C(3600000));
	CU_ASSERT_EQUAL_FATAL(sent_count, REVOKER_SENDS);
	CU_ASSERT_EQUAL(sent_ms[0], START_MS);
	for (unsigned i = 1; i < sent_count; i++) {
		uint64_t gap_ms = sent_ms[i] - sent_ms[i - 1];

		CU_ASSERT_TRUE(gap_ms >= REVOKER_PACE_MS << (i - 1));
		CU_ASSERT_TRUE(gap_ms < (REVOKER_PACE_MS << (i - 1)) + TICK_MS);
		CU_ASSERT_TRUE(sent[i].identifier > sent[i - 1].identifier);
	}
	CU_ASSERT_EQUAL(given_up, 1);
	CU_ASSERT_EQUAL(revoker_count(revoker), 0);
	tear_down();
}

/* The reply bore its second, and counts as a message of that binding. */
static void first_waits_for_a_second_after_the_reply(void)
{
	struct state_ended one = ended(1);

	set_up();
	one.binding.granted_ms = START_MS - 10;
	add(one);
	let_pass(5000);
	CU_ASSERT_TRUE_FATAL(sent_count > 0);
	CU_ASSERT_TRUE(sent_ms[0] >= one.binding.granted_ms + 1000);
	CU_ASSERT_TRUE(sent[0].identifier > one.binding.granted_ms / 1000);
	tear_down();
}

static void nothing_is_sent_beyond_the_lifetime(void)
{
	struct state_ended one = ended(1);

	set_up();
	one.binding.expires_ms = START_MS + 3000;
	add(one);
	let_pass(60000);
	CU_ASSERT_EQUAL(sent_count, 2); /* at 0 and 1.1 s; not at 3.3 s */
	CU_ASSERT_EQUAL(given_up, 1);
	one.binding.expires_ms = BINDING_NEVER_EXPIRES;
	add(one);
	let_pass(UINT64_C(3600000));
	CU_ASSERT_EQUAL(sent_count, 2 + REVOKER_SENDS);
	CU_ASSERT_EQUAL(given_up, 2);
	tear_down();
}

static void what_ended_long_ago_is_not_sent(void)
{
	struct state_ended one = ended(1);

	set_up();
	CU_ASSERT_EQUAL(revoker_add(revoker, &one, 1, now_ms - REVOKER_AGE_MS), 0);
	tick();
	CU_ASSERT_EQUAL(sent_count, 0);
	CU_ASSERT_EQUAL(given_up, 1);
	tear_down();
}

static void answer_ends_it(void)
{
	set_up();
	add(ended(1));
	CU_ASSERT_FALSE(revoker_acknowledge(revoker, agent_number(1), 1, START_MS / 1000));
	let_pass(4000);
	CU_ASSERT_EQUAL_FATAL(sent_count, 3);
	CU_ASSERT_FALSE(revoker_acknowledge(revoker, agent_number(2), 1, sent[1].identifier));
	CU_ASSERT_FALSE(revoker_acknowledge(revoker, agent_number(1), 2, sent[1].identifier));
	CU_ASSERT_FALSE(revoker_acknowledge(revoker, agent_number(1), 1, sent[2].identifier + 1));
	CU_ASSERT_FALSE(revoker_acknowledge(revoker, agent_number(1), 1, 0));
	CU_ASSERT_TRUE(revoker_acknowledge(revoker, agent_number(1), 1, sent[1].identifier));
	CU_ASSERT_FALSE(revoker_acknowledge(revoker, agent_number(1), 1, sent[1].identifier));
	let_pass(600000);
	CU_ASSERT_EQUAL(sent_count, 3);
	CU_ASSERT_EQUAL(given_up, 0);
	CU_ASSERT_EQUAL(revoker_count(revoker), 0);
	tear_down();
}

static void waiting_and_cancelling(void)
{
	set_up();
	add(ended(1));
	step = REVOKER_WAIT;
	let_pass(2000);
	CU_ASSERT_EQUAL(revoker_count(revoker), 1);
	step = REVOKER_SENT;
	tick(); /* at once: it was due all the time */
	CU_ASSERT_EQUAL(sent_count, 1);
	step = REVOKER_CANCEL;
	let_pass(2000);
	CU_ASSERT_EQUAL(revoker_count(revoker), 0);
	CU_ASSERT_EQUAL(sent_count, 1);
	CU_ASSERT_EQUAL(given_up, 0);
	tear_down();
}

/* The later end of the same binding takes the place of the earlier. */
static void one_letter_per_binding(void)
{
	struct state_ended one = ended(1), other = ended(1);

	set_up();
	add(one);
	other.binding.care_of = agent_number(2);
	add(other);
	CU_ASSERT_EQUAL(revoker_count(revoker), 2);
	let_pass(8000);
	sent_count = 0;
	one.binding.granted_ms = now_ms;
	one.moved = true;
	add(one);
	CU_ASSERT_EQUAL(revoker_count(revoker), 2);
	let_pass(2000);
	CU_ASSERT_EQUAL_FATAL(sent_count, 1);
	CU_ASSERT_FALSE(sent[0].inform);
	CU_ASSERT_TRUE(sent_ms[0] >= one.binding.granted_ms + 1000);
	tear_down();
}

static void table_is_bounded(void)
{
	struct state_ended one;

	set_up();
	for (uint64_t i = 0; i < REVOKER_LETTERS; i++)
		add(ended(i));
	one = ended(REVOKER_LETTERS);
	CU_ASSERT_EQUAL(revoker_add(revoker, &one, 1, now_ms), 1);
	CU_ASSERT_EQUAL(revoker_count(revoker), REVOKER_LETTERS);
	given_up += revoker_run(revoker, now_ms, 10, note, NULL);
	CU_ASSERT_EQUAL(sent_count, 10); /* a share at a time */
	for (uint64_t i = 0; i < 10; i++)
		CU_ASSERT_TRUE(revoker_acknowledge(revoker, sent[i].agent, sent[i].place,
		                                   sent[i].identifier));
	for (uint64_t i = 0; i < 10; i++)
		add(ended(REVOKER_LETTERS + i));
	CU_ASSERT_EQUAL(revoker_add(revoker, &(struct state_ended){ .place = 1u << 20 }, 1, now_ms),
	                1);
	/* Who does not lead only forgets. */
	now_ms += REVOKER_AGE_MS;
	CU_ASSERT_EQUAL(revoker_run(revoker, now_ms, 0, note, NULL), REVOKER_LETTERS);
	CU_ASSERT_EQUAL(sent_count, 10);
	CU_ASSERT_EQUAL(revoker_count(revoker), 0);
	tear_down();
}

static CU_TestInfo tests[] = {
	{ "a letter says what ended", letter_says_what_ended },
	{ "repeats back off and end", repeats_back_off_and_end },
	{ "the first waits for a second after the reply",
	  first_waits_for_a_second_after_the_reply },
	{ "nothing is sent beyond the lifetime", nothing_is_sent_beyond_the_lifetime },
	{ "what ended long ago is not sent", what_ended_long_ago_is_not_sent },
	{ "an answer ends it", answer_ends_it },
	{ "waiting and cancelling", waiting_and_cancelling },
	{ "one letter per binding", one_letter_per_binding },
	{ "the table is bounded", table_is_bounded },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("revoker", tests);
}
