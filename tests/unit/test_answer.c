/* test_answer.c - what an agent answers to solicitations, and how much at most: RFC 1256
 * section 4.3 as RFC 5944 section 2.3 changes it, and RFC 4721 section 2.1. */
#include "tests/unit/advertise_world.h"

/* RFC 5944 sections 2.1 and 2.3. */
static void answer_goes_to_who_asked(void)
{
	struct advertise_settings settings = plain();
	struct advertise_interface interface = begun(&settings);
	struct advertise_total total = in_all();
	struct advertise_verdict verdict;

	send_next(&interface, &settings, 0);
	/* of no network that the agent has: it need not be a neighbour */
	verdict = advertise_solicited(&interface, &settings, &total, address4(10, 9, 8, 7), 50, 0);
	CU_ASSERT_EQUAL(verdict.fate, ADVERTISE_ANSWER_ONE);
	CU_ASSERT_EQUAL(verdict.destination.s_addr, address4(10, 9, 8, 7).s_addr);
	CU_ASSERT_EQUAL(verdict.lifetime_s, 1800);
	CU_ASSERT_EQUAL(verdict.sequence, 1);
	CU_ASSERT_EQUAL(verdict.challenge, ADVERTISE_CHALLENGE_OF_NODE);
	CU_ASSERT_EQUAL(interface.due_ms, 16000); /* the timer goes on */
}

static void sources_are_judged(void)
{
	static const struct {
		unsigned a, b, c, d;
		enum advertise_fate fate;
	} rows[] = {
		{ 192, 0, 2, 7, ADVERTISE_ANSWER_ONE },
		{ 0, 0, 0, 0, ADVERTISE_POSTPONED }, /* RFC 1256 section 4.2: has no address yet */
		{ 127, 0, 0, 1, ADVERTISE_BAD_SOURCE },
		{ 224, 0, 0, 1, ADVERTISE_BAD_SOURCE },
		{ 255, 255, 255, 255, ADVERTISE_BAD_SOURCE },
		{ 240, 0, 0, 1, ADVERTISE_BAD_SOURCE },
		{ 0, 1, 2, 3, ADVERTISE_BAD_SOURCE },
	};
	struct advertise_settings settings = plain();
	struct advertise_total total = in_all();

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct advertise_interface interface = begun(&settings);
		struct in_addr source = address4(rows[i].a, rows[i].b, rows[i].c, rows[i].d);

		CU_ASSERT_EQUAL(
			advertise_solicited(&interface, &settings, &total, source, 50, 0).fate,
			rows[i].fate);
		advertise_end(&interface, &settings, 60);
		CU_ASSERT_EQUAL(
			advertise_solicited(&interface, &settings, &total, source, 70, 0).fate,
			ADVERTISE_SILENT);
	}
}

/* RFC 1256 section 4.3: a random delay of two seconds at most, one answer for all that ask
 * meanwhile, and the timer begins anew; RFC 4721 section 2.1: with no new challenge. */
static void who_has_no_address_is_answered_with_all(void)
{
	static const struct {
		uint32_t random;
		uint64_t delay_ms;
	} rows[] = { { 0, 0 }, { LATEST / 2, 1000 }, { LATEST, 2000 } };
	struct in_addr nobody = { INADDR_ANY };
	struct advertise_total total = in_all();
	struct advertise_settings settings = plain();

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct advertise_interface interface = begun(&settings);
		struct advertise_verdict verdict;
		uint64_t asked_ms = 0, due_ms;

		for (unsigned sent = 0; sent < 5; sent++)
			asked_ms = send_next(&interface, &settings, 0) + 100000;
		advertise_solicited(&interface, &settings, &total, nobody, asked_ms,
		                    rows[i].random);
		due_ms = asked_ms + rows[i].delay_ms;
		CU_ASSERT_EQUAL(interface.due_ms, due_ms);
		advertise_solicited(&interface, &settings, &total, nobody, asked_ms + 1, LATEST);
		CU_ASSERT_EQUAL(interface.due_ms, due_ms);
		verdict = advertise_tick(&interface, &settings, due_ms, 0);
		CU_ASSERT_EQUAL(verdict.fate, ADVERTISE_ANSWER_ALL);
		CU_ASSERT_EQUAL(verdict.destination.s_addr, settings.everybody.s_addr);
		CU_ASSERT_EQUAL(verdict.challenge, ADVERTISE_CHALLENGE_NEWEST);
		CU_ASSERT_EQUAL(interface.due_ms, due_ms + 450000);
		verdict = advertise_tick(&interface, &settings, due_ms + 450000, 0);
		CU_ASSERT_EQUAL(verdict.fate, ADVERTISE_PERIODIC);
	}
}

static void one_that_is_due_anyway_is_no_answer(void)
{
	struct advertise_settings settings = plain();
	struct advertise_interface interface = begun(&settings);
	struct advertise_total total = in_all();
	struct in_addr nobody = { INADDR_ANY };

	send_next(&interface, &settings, 0); /* the next one is due at 16000 */
	advertise_solicited(&interface, &settings, &total, nobody, 15000, LATEST);
	CU_ASSERT_EQUAL(interface.due_ms, 16000);
	CU_ASSERT_EQUAL(advertise_tick(&interface, &settings, 16000, 0).fate, ADVERTISE_PERIODIC);
}

/* RFC 5944 section 2.3: only in response. */
static void unasked_nothing_is_said_where_so_configured(void)
{
	struct advertise_settings settings = plain();
	struct advertise_total total = in_all();
	struct advertise_interface interface;
	struct in_addr nobody = { INADDR_ANY }, node = address4(192, 0, 2, 7);

	settings.solicited_only = true;
	interface = begun(&settings);
	CU_ASSERT_EQUAL(interface.due_ms, ADVERTISE_NEVER);
	CU_ASSERT_EQUAL(advertise_tick(&interface, &settings, 1u << 31, 0).fate, ADVERTISE_WAIT);
	CU_ASSERT_EQUAL(advertise_solicited(&interface, &settings, &total, node, 50, 0).fate,
	                ADVERTISE_ANSWER_ONE);
	advertise_solicited(&interface, &settings, &total, nobody, 100, 0);
	advertise_changed(&interface, &settings, 100, 0); /* what was promised is kept */
	CU_ASSERT_EQUAL(advertise_tick(&interface, &settings, 100, 0).fate, ADVERTISE_ANSWER_ALL);
	CU_ASSERT_EQUAL(interface.due_ms, ADVERTISE_NEVER);
	/* the longest interval being over changes nothing */
	advertise_solicited(&interface, &settings, &total, nobody, 10000000, 0);
	CU_ASSERT_EQUAL(advertise_tick(&interface, &settings, 10000000, 0).fate,
	                ADVERTISE_ANSWER_ALL);
	CU_ASSERT_EQUAL(advertise_end(&interface, &settings, 10000001).fate, ADVERTISE_FAREWELL);
}

/* What came of a flood: `per_ms` solicitations in each millisecond of a minute. */
struct flood {
	unsigned one, all, periodic, others;
};

static struct flood flooded(const struct advertise_settings *settings,
                            struct advertise_interface *interfaces, unsigned count,
                            struct advertise_total *total, struct in_addr source)
{
	struct flood flood = { 0 };

	for (uint64_t now_ms = 0; now_ms < 60000; now_ms++)
		for (unsigned i = 0; i < count * 4; i++) {
			struct advertise_interface *interface = &interfaces[i % count];
			enum advertise_fate fate = advertise_solicited(interface, settings, total,
			                                               source, now_ms, 0)
			                                   .fate;

			flood.one += fate == ADVERTISE_ANSWER_ONE;
			fate = advertise_tick(interface, settings, now_ms, 0).fate;
			flood.all += fate == ADVERTISE_ANSWER_ALL;
			flood.periodic += fate == ADVERTISE_PERIODIC;
			flood.others += fate != ADVERTISE_ANSWER_ALL &&
			                fate != ADVERTISE_PERIODIC && fate != ADVERTISE_WAIT;
		}
	return flood;
}

/* Of an interface: 10 a second and 20 at once, besides one in three seconds to everybody, by
 * which those are answered whose own answers were too many. */
static void flood_of_one_interface_is_bounded(void)
{
	struct advertise_settings settings = plain();
	struct advertise_interface interface = begun(&settings);
	struct advertise_total total = in_all();
	struct flood flood = flooded(&settings, &interface, 1, &total, address4(192, 0, 2, 7));

	CU_ASSERT_EQUAL(flood.one, 20 + 599); /* the last is due as the minute ends */
	CU_ASSERT_EQUAL(flood.all + flood.periodic, 20);
	CU_ASSERT_EQUAL(flood.others, 0);
}

static void flood_without_addresses_is_bounded(void)
{
	struct advertise_settings settings = plain();
	struct advertise_interface interface = begun(&settings);
	struct advertise_total total = in_all();
	struct flood flood = flooded(&settings, &interface, 1, &total, (struct in_addr){ 0 });

	CU_ASSERT_EQUAL(flood.one, 0);
	CU_ASSERT_EQUAL(flood.all + flood.periodic, 20);
	CU_ASSERT_EQUAL(flood.others, 0);
}

static void flood_of_all_interfaces_is_bounded(void)
{
	struct advertise_settings settings = plain();
	struct advertise_interface interfaces[8];
	struct advertise_total total = { .answers = { .per_s = 10, .burst = 30 } };
	struct flood flood;

	for (size_t i = 0; i < ROWS(interfaces); i++)
		interfaces[i] = begun(&settings);
	flood = flooded(&settings, interfaces, ROWS(interfaces), &total, address4(192, 0, 2, 7));
	CU_ASSERT_EQUAL(flood.one, 30 + 599);
	CU_ASSERT_EQUAL(flood.all + flood.periodic, 8 * 20);
}

/* Nor the others by one that has no more itself. */
static void others_lose_nothing_by_the_interface(void)
{
	struct advertise_settings settings = plain();
	struct advertise_interface flooded_one, other;
	struct advertise_total total = { .answers = { .per_s = 0, .burst = 5 } };
	struct in_addr node = address4(192, 0, 2, 7);
	unsigned answered = 0;

	settings.answers = (struct rate){ .per_s = 0, .burst = 1 };
	flooded_one = begun(&settings);
	for (unsigned i = 0; i < 100; i++)
		advertise_solicited(&flooded_one, &settings, &total, node, 50, 0);
	settings.answers.burst = 100;
	other = begun(&settings);
	for (unsigned i = 0; i < 100; i++)
		answered += advertise_solicited(&other, &settings, &total, node, 50, 0).fate ==
		            ADVERTISE_ANSWER_ONE;
	CU_ASSERT_EQUAL(answered, 4);
}

/* An interface that comes back owes nothing from before, and tells all anew. */
static void nothing_is_owed_from_before(void)
{
	struct advertise_settings settings = plain(), asked = plain();
	struct advertise_interface interface = begun(&settings);
	struct advertise_total total = in_all();
	struct in_addr nobody = { INADDR_ANY };

	asked.solicited_only = true;
	send_next(&interface, &settings, 0);
	advertise_solicited(&interface, &settings, &total, nobody, 5000, 0);
	advertise_end(&interface, &settings, 5000);
	advertise_begin(&interface, &settings, 20000, LATEST);
	advertise_changed(&interface, &asked, 20000, 0);
	CU_ASSERT_EQUAL(interface.due_ms, ADVERTISE_NEVER);
	advertise_end(&interface, &settings, 20001);
	advertise_begin(&interface, &settings, 30000, LATEST);
	advertise_solicited(&interface, &settings, &total, nobody, 30000, 0);
	CU_ASSERT_EQUAL(advertise_tick(&interface, &settings, 30000, 0).fate, ADVERTISE_PERIODIC);
}

/* What all together lack is not taken from the interface's own. */
static void interface_loses_nothing_by_the_others(void)
{
	struct advertise_settings settings = plain();
	struct advertise_interface interface = begun(&settings);
	struct advertise_total total = { .answers = { .per_s = 0, .burst = 0 } };
	struct in_addr node = address4(192, 0, 2, 7);

	for (unsigned i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(
			advertise_solicited(&interface, &settings, &total, node, 50, 0).fate,
			ADVERTISE_POSTPONED);
	total = in_all();
	for (unsigned i = 0; i < 20; i++)
		CU_ASSERT_EQUAL(
			advertise_solicited(&interface, &settings, &total, node, 50, 0).fate,
			ADVERTISE_ANSWER_ONE);
	CU_ASSERT_EQUAL(advertise_solicited(&interface, &settings, &total, node, 50, 0).fate,
	                ADVERTISE_POSTPONED);
}

/* RFC 4721 section 2.1 lets no answer have a new challenge; a flood must not keep the old one
 * for ever. */
static void flood_does_not_keep_challenges_from_changing(void)
{
	struct advertise_settings settings = plain();
	struct advertise_interface interface;
	struct advertise_total total = in_all();
	struct flood flood;

	settings.min_interval_ms = 9000;
	settings.max_interval_ms = 12000;
	interface = begun(&settings);
	flood = flooded(&settings, &interface, 1, &total, (struct in_addr){ 0 });
	CU_ASSERT_EQUAL(flood.periodic, 5); /* at 0, 12, 24, 36 and 48 s */
	CU_ASSERT_EQUAL(flood.all, 15);
}

/* Nor does a longer interval of before. */
static void changed_settings_count_for_challenges_too(void)
{
	struct advertise_settings settings = plain(), often = plain();
	struct advertise_interface interface = begun(&settings);
	struct advertise_total total = in_all();
	struct in_addr nobody = { INADDR_ANY };

	often.min_interval_ms = 9000;
	often.max_interval_ms = 12000;
	send_next(&interface, &settings, 0);
	advertise_changed(&interface, &often, 1000, LATEST);
	advertise_solicited(&interface, &often, &total, nobody, 12000, 0);
	CU_ASSERT_EQUAL(advertise_tick(&interface, &often, 12000, 0).fate, ADVERTISE_ANSWER_ALL);
	advertise_solicited(&interface, &often, &total, nobody, 15000, 0);
	CU_ASSERT_EQUAL(advertise_tick(&interface, &often, 15000, 0).fate, ADVERTISE_PERIODIC);
}

static CU_TestInfo tests[] = {
	{ "an answer goes to who asked", answer_goes_to_who_asked },
	{ "sources are judged", sources_are_judged },
	{ "who has no address is answered with all", who_has_no_address_is_answered_with_all },
	{ "one that is due anyway is no answer", one_that_is_due_anyway_is_no_answer },
	{ "unasked nothing is said where so configured",
	  unasked_nothing_is_said_where_so_configured },
	{ "a flood of one interface is bounded", flood_of_one_interface_is_bounded },
	{ "a flood without addresses is bounded", flood_without_addresses_is_bounded },
	{ "a flood of all interfaces is bounded", flood_of_all_interfaces_is_bounded },
	{ "others lose nothing by the interface", others_lose_nothing_by_the_interface },
	{ "nothing is owed from before", nothing_is_owed_from_before },
	{ "changed settings count for challenges too", changed_settings_count_for_challenges_too },
	{ "an interface loses nothing by the others", interface_loses_nothing_by_the_others },
	{ "a flood does not keep challenges from changing",
	  flood_does_not_keep_challenges_from_changing },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("answer", tests);
}
