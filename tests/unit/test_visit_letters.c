/* test_visit_letters.c - revocations that are owed to home agents (RFC 3543 section 4.2.3.1). */
#include <stdlib.h>

#include "agentd/base/binding.h"
#include "agentd/visit/letters.h"
#include "tests/unit/suite.h"

#define NOW UINT64_C(100000)
#define STAMP 5000u

static struct letters *letters;

static struct in_addr home(uint32_t number)
{
	return (struct in_addr){ htonl(0x0a000000u + number) };
}

static const struct in_addr agent = { 0x010200c0 }, other_agent = { 0x020200c0 };

static struct foreign_visitor visitor(uint32_t number)
{
	return (struct foreign_visitor){
		.asked = { .interface = 3,
		           .link = { 2, 0, 0, 0, 0, 7 },
		           .revocation_stamp = STAMP - 60,
		           .since_ms = NOW - 60000 },
		.home = home(number),
		.home_agent = agent,
		.expires_ms = BINDING_NEVER_EXPIRES,
		.features = FOREIGN_HAS_REVOCATION | FOREIGN_HAS_INFORM,
	};
}

static void begin(void)
{
	CU_ASSERT_EQUAL_FATAL(letters_create(&letters), HA_OK);
}

static bool add(uint32_t number)
{
	const struct foreign_visitor one = visitor(number);

	return letters_add(letters, &one, NOW);
}

static struct letter *due(uint64_t now_ms)
{
	uint32_t place = 0;

	return letters_due(letters, now_ms, &place);
}

static void served(struct in_addr home_address, struct in_addr home_agent, uint64_t granted_ms)
{
	const struct foreign_visitor visitor = { .home = home_address,
		                                 .home_agent = home_agent,
		                                 .granted_ms = granted_ms };

	letters_cancel(letters, &visitor);
}

static void it_is_sent_again_until_it_is_answered(void)
{
	uint64_t now_ms = NOW;
	uint32_t stamp = STAMP;
	struct letter out;

	begin();
	CU_ASSERT_TRUE(add(1));
	for (unsigned i = 0; i < LETTER_SENDS; i++) {
		struct letter *letter = due(now_ms);

		CU_ASSERT_PTR_NOT_NULL_FATAL(letter);
		CU_ASSERT_EQUAL(letter_send(letter, stamp, now_ms), stamp);
		now_ms += (uint64_t)LETTER_PACE_MS << i;
		CU_ASSERT_PTR_NULL(due(now_ms - 1));
		CU_ASSERT_EQUAL(letters_give_up(letters, now_ms - 1), 0);
		stamp += 2;
	}
	CU_ASSERT_PTR_NULL(due(now_ms)); /* once more would be too much */
	CU_ASSERT_EQUAL(letters_give_up(letters, now_ms), 1);
	CU_ASSERT_EQUAL(letters->count, 0);
	CU_ASSERT_FALSE(letters_acknowledge(letters, agent, home(1), STAMP, &out));
	free(letters);
}

static void any_transmission_may_be_answered_and_nothing_else(void)
{
	struct letter out;

	begin();
	CU_ASSERT_TRUE(add(1));
	CU_ASSERT_FALSE(letters_acknowledge(letters, agent, home(1), STAMP, &out));
	letter_send(due(NOW), STAMP, NOW);
	letter_send(due(NOW + LETTER_PACE_MS), STAMP + 1, NOW + LETTER_PACE_MS);
	CU_ASSERT_FALSE(letters_acknowledge(letters, agent, home(1), STAMP + 2, &out));
	CU_ASSERT_FALSE(letters_acknowledge(letters, agent, home(2), STAMP, &out));
	CU_ASSERT_FALSE(letters_acknowledge(letters, other_agent, home(1), STAMP, &out));
	CU_ASSERT_TRUE(letters_acknowledge(letters, agent, home(1), STAMP, &out));
	CU_ASSERT_EQUAL(out.home.s_addr, home(1).s_addr);
	CU_ASSERT_TRUE(out.inform);
	CU_ASSERT_EQUAL(out.link[5], 7);
	CU_ASSERT_FALSE(letters_acknowledge(letters, agent, home(1), STAMP, &out));
	free(letters);
}

/* Section 3.3: no two messages within a second, and none beyond the lifetime. */
static void it_keeps_to_the_registration(void)
{
	struct foreign_visitor one = visitor(1);

	begin();
	one.asked.since_ms = NOW - 10;
	one.expires_ms = NOW + 2000;
	CU_ASSERT_TRUE(letters_add(letters, &one, NOW));
	CU_ASSERT_PTR_NULL(due(NOW - 10 + LETTER_PACE_MS - 1));
	CU_ASSERT_PTR_NOT_NULL(due(NOW - 10 + LETTER_PACE_MS));
	CU_ASSERT_PTR_NULL(due(NOW + 2000));
	CU_ASSERT_EQUAL(letters_give_up(letters, NOW + 1999), 0);
	CU_ASSERT_EQUAL(letters_give_up(letters, NOW + 2000), 1);
	free(letters);
}

/* Section 3.5: what is not later is a replay to the home agent. */
static void identifiers_grow_whatever_the_clock_does(void)
{
	begin();
	CU_ASSERT_TRUE(add(1));
	CU_ASSERT_EQUAL(letter_send(due(NOW), STAMP - 100, NOW), STAMP - 59);
	CU_ASSERT_EQUAL(letter_send(due(NOW + LETTER_PACE_MS), STAMP - 100, NOW), STAMP - 58);
	CU_ASSERT_EQUAL(letter_send(due(NOW + 3 * LETTER_PACE_MS), STAMP, NOW), STAMP);
	free(letters);
}

static void who_comes_back_is_not_revoked(void)
{
	begin();
	CU_ASSERT_TRUE(add(1));
	CU_ASSERT_TRUE(add(2));
	letters_hold(letters, home(1), other_agent, NOW + 7000);
	letters_hold(letters, home(2), agent, NOW + 7000);
	CU_ASSERT_EQUAL(due(NOW)->home.s_addr, home(1).s_addr);
	served(home(1), other_agent, NOW);
	CU_ASSERT_EQUAL(letters->count, 2);
	served(home(1), agent, NOW - 1); /* that was what it had before */
	CU_ASSERT_EQUAL(letters->count, 2);
	served(home(1), agent, NOW);
	CU_ASSERT_EQUAL(letters->count, 1);
	CU_ASSERT_PTR_NULL(due(NOW + 6999));
	CU_ASSERT_EQUAL(due(NOW + 7000)->home.s_addr, home(2).s_addr);
	letters_hold(letters, home(2), agent, NOW); /* not sooner */
	CU_ASSERT_PTR_NULL(due(NOW + 6999));
	free(letters);
}

static void so_many_and_no_more_wait(void)
{
	begin();
	for (uint32_t i = 0; i < LETTERS_MAX; i++)
		CU_ASSERT_TRUE(add(i));
	CU_ASSERT_FALSE(add(LETTERS_MAX));
	letter_send(due(NOW), STAMP, NOW);
	CU_ASSERT_TRUE(add(0)); /* in its own place, from the beginning */
	CU_ASSERT_EQUAL(due(NOW)->home.s_addr, home(0).s_addr);
	CU_ASSERT_EQUAL(due(NOW)->sends, 0);
	CU_ASSERT_EQUAL(letters->count, LETTERS_MAX);
	served(home(5), agent, NOW + 1);
	CU_ASSERT_TRUE(add(LETTERS_MAX));
	free(letters);
}

/* A member of a cluster hears of it again and again, and of its end. */
static void one_that_is_there_is_kept(void)
{
	struct foreign_visitor one = visitor(1);

	begin();
	CU_ASSERT_EQUAL(letters_deadline(&one, NOW),
	                NOW + ((uint64_t)LETTER_PACE_MS << LETTER_SENDS));
	CU_ASSERT_TRUE(letters_keep(letters, &one, NOW));
	CU_ASSERT_PTR_NOT_NULL_FATAL(due(NOW));
	(void)letter_send(due(NOW), STAMP, NOW);
	CU_ASSERT_TRUE(letters_keep(letters, &one, NOW + 1));
	CU_ASSERT_EQUAL(letters->count, 1);
	CU_ASSERT_PTR_NULL(due(NOW + 1)); /* it was sent */
	letters_hold_all(letters, NOW + 60000);
	CU_ASSERT_PTR_NULL(due(NOW + 59999));
	CU_ASSERT_PTR_NOT_NULL(due(NOW + 60000));
	letters_drop(letters, home(2), agent);
	letters_drop(letters, home(1), other_agent);
	CU_ASSERT_EQUAL(letters->count, 1);
	letters_drop(letters, home(1), agent);
	CU_ASSERT_EQUAL(letters->count, 0);
	one.expires_ms = NOW + 5;
	CU_ASSERT_EQUAL(letters_deadline(&one, NOW), NOW + 5);
	CU_ASSERT_TRUE(letters_keep(letters, &one, NOW));
	CU_ASSERT_EQUAL(letters_give_up(letters, NOW + 5), 1);
	for (uint32_t i = 0; i < LETTERS_MAX; i++)
		CU_ASSERT_TRUE(add(i));
	one = visitor(LETTERS_MAX);
	CU_ASSERT_FALSE(letters_keep(letters, &one, NOW));
	letters_drop_all(letters);
	CU_ASSERT_EQUAL(letters->count, 0);
	CU_ASSERT_PTR_NULL(due(NOW));
	CU_ASSERT_TRUE(letters_keep(letters, &one, NOW));
	free(letters);
}

static CU_TestInfo tests[] = {
	{ "one that is there is kept", one_that_is_there_is_kept },
	{ "RFC 3543 4.2.3.1: it is sent again until it is answered",
	  it_is_sent_again_until_it_is_answered },
	{ "RFC 3543 3.5: any transmission may be answered and nothing else",
	  any_transmission_may_be_answered_and_nothing_else },
	{ "RFC 3543 3.3: it keeps to the registration", it_keeps_to_the_registration },
	{ "RFC 3543 3.5: identifiers grow whatever the clock does",
	  identifiers_grow_whatever_the_clock_does },
	{ "who comes back is not revoked", who_comes_back_is_not_revoked },
	{ "so many and no more wait", so_many_and_no_more_wait },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("visit_letters", tests);
}
