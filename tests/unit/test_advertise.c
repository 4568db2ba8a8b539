/* test_advertise.c - when an agent advertises unasked, and what it says: RFC 1256 section 4.3
 * as RFC 5944 section 2.3 changes it, rule by rule. */
#include "tests/unit/advertise_world.h"

/* Settings */

static void settings_are_what_rfc_1256_allows(void)
{
	static const struct {
		uint32_t min_s, max_s, lifetime_s;
		enum ha_error error;
	} rows[] = {
		{ 450, 600, 1800, HA_OK },
		{ 3, 4, 4, HA_OK },
		{ 1800, 1800, 9000, HA_OK },
		{ 4, 4, 12, HA_OK },
		{ 3, 3, 12, HA_E_RANGE }, /* the longest interval is at least 4 s */
		{ 2, 4, 12, HA_E_RANGE },
		{ 5, 4, 12, HA_E_RANGE },
		{ 3, 1801, 9000, HA_E_RANGE },
		{ 3, 600, 599, HA_E_RANGE }, /* the lifetime is at least that interval */
		{ 3, 600, 9001, HA_E_RANGE },
		{ 0, 0, 0, HA_E_RANGE },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct advertise_settings settings = plain();

		settings.min_interval_ms = rows[i].min_s * 1000;
		settings.max_interval_ms = rows[i].max_s * 1000;
		settings.lifetime_s = (uint16_t)rows[i].lifetime_s;
		CU_ASSERT_EQUAL(advertise_settings_check(&settings), rows[i].error);
	}
}

/* RFC 5944 section 2.1: not the broadcast address of a subnet, for one. */
static void everybody_has_two_addresses(void)
{
	struct advertise_settings settings = plain();

	settings.everybody = address4(255, 255, 255, 255);
	CU_ASSERT_EQUAL(advertise_settings_check(&settings), HA_OK);
	settings.everybody = address4(192, 0, 2, 255);
	CU_ASSERT_EQUAL(advertise_settings_check(&settings), HA_E_MALFORMED);
	settings.everybody = address4(224, 0, 0, 2);
	CU_ASSERT_EQUAL(advertise_settings_check(&settings), HA_E_MALFORMED);
}

static void defaults_follow_the_longest_interval(void)
{
	static const struct {
		uint32_t max_ms, min_ms;
		uint16_t lifetime_s;
	} rows[] = {
		{ ADVERTISE_INTERVAL_DEFAULT_MS, 450000, 1800 },
		{ 4000, 3000, 12 },
		{ 1800000, 1350000, 5400 },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct advertise_settings settings = plain();

		settings.max_interval_ms = rows[i].max_ms;
		settings.min_interval_ms = advertise_min_interval_default_ms(rows[i].max_ms);
		settings.lifetime_s = advertise_lifetime_default_s(rows[i].max_ms);
		CU_ASSERT_EQUAL(settings.min_interval_ms, rows[i].min_ms);
		CU_ASSERT_EQUAL(settings.lifetime_s, rows[i].lifetime_s);
		CU_ASSERT_EQUAL(advertise_settings_check(&settings), HA_OK);
		CU_ASSERT_TRUE(advertise_lifetime_is_ample(&settings));
		settings.lifetime_s--;
		CU_ASSERT_FALSE(advertise_lifetime_is_ample(&settings));
	}
}

/* Unasked */

static void first_is_soon(void)
{
	struct advertise_settings settings = plain();
	struct advertise_interface interface;

	advertise_init(&interface, ADVERTISE_BOOTED);
	CU_ASSERT_EQUAL(interface.due_ms, ADVERTISE_NEVER);
	advertise_begin(&interface, &settings, 1000, 0);
	CU_ASSERT_EQUAL(interface.due_ms, 1000);
	advertise_begin(&interface, &settings, 9000, 0); /* is on already */
	CU_ASSERT_EQUAL(interface.due_ms, 1000);
	advertise_init(&interface, ADVERTISE_BOOTED);
	advertise_begin(&interface, &settings, 1000, LATEST);
	CU_ASSERT_EQUAL(interface.due_ms, 3000);
	CU_ASSERT_EQUAL(advertise_tick(&interface, &settings, 2999, 0).fate, ADVERTISE_WAIT);
	CU_ASSERT_EQUAL(advertise_tick(&interface, &settings, 3000, 0).fate, ADVERTISE_PERIODIC);
}

/* RFC 1256 section 4.3: behind the first three at most 16 s, then between the least and the
 * most, evenly by the random number. */
static void intervals_are_short_at_first_and_random_then(void)
{
	static const struct {
		uint32_t random;
		uint64_t interval_ms;
	} rows[] = {
		{ LATEST, 16000 },  { 0, 16000 },           { LATEST / 2, 16000 },  { 0, 450000 },
		{ LATEST, 600000 }, { LATEST / 2, 525000 }, { LATEST / 4, 487500 },
	};
	struct advertise_settings settings = plain();
	struct advertise_interface interface = begun(&settings);

	for (size_t i = 0; i < ROWS(rows); i++) {
		uint64_t at_ms = send_next(&interface, &settings, rows[i].random);

		CU_ASSERT_EQUAL(interface.due_ms, at_ms + rows[i].interval_ms);
		CU_ASSERT_EQUAL(advertise_tick(&interface, &settings, interface.due_ms - 1, 0).fate,
		                ADVERTISE_WAIT);
	}
}

static void short_intervals_are_not_lengthened_at_first(void)
{
	struct advertise_settings settings = plain();
	struct advertise_interface interface;
	uint64_t at_ms;

	settings.min_interval_ms = 3000;
	settings.max_interval_ms = 4000;
	interface = begun(&settings);
	at_ms = send_next(&interface, &settings, 0);
	CU_ASSERT_EQUAL(interface.due_ms, at_ms + 3000);
}

static void message_goes_to_everybody(void)
{
	struct advertise_settings settings = plain();
	struct advertise_interface interface = begun(&settings);
	struct advertise_verdict verdict = advertise_tick(&interface, &settings, 0, 0);

	CU_ASSERT_EQUAL(verdict.fate, ADVERTISE_PERIODIC);
	CU_ASSERT_EQUAL(verdict.destination.s_addr, settings.everybody.s_addr);
	CU_ASSERT_EQUAL(verdict.lifetime_s, 1800);
	CU_ASSERT_EQUAL(verdict.challenge, ADVERTISE_CHALLENGE_FRESH);
}

/* RFC 5944 section 2.3.2: 0, then each one more, and 256 behind 0xffff, whatever kind of
 * advertisement it is. */
static void sequence_counts_all_and_rolls_over_to_256(void)
{
	struct advertise_settings settings = plain();
	struct advertise_interface interface = begun(&settings);
	struct advertise_total total = in_all();
	uint32_t expected = 0;

	for (uint32_t i = 0; i < 140000; i++) {
		struct advertise_verdict verdict;
		uint64_t at_ms = interface.due_ms;

		if (i % 2)
			verdict = advertise_solicited(&interface, &settings, &total,
			                              address4(192, 0, 2, 7), at_ms, 0);
		else
			verdict = advertise_tick(&interface, &settings, at_ms, 0);
		if (verdict.sequence != expected || !advertise_fate_sends(verdict.fate))
			break;
		expected = expected == 0xffff ? 256 : expected + 1;
	}
	CU_ASSERT_EQUAL(expected, 256 + (140000 - 65536) - 65280);
	CU_ASSERT_EQUAL(interface.sequence, expected);
}

static void sequence_outlives_the_interface(void)
{
	struct advertise_settings settings = plain();
	struct advertise_interface interface = begun(&settings);

	CU_ASSERT_EQUAL(advertise_tick(&interface, &settings, 0, 0).sequence, 0);
	CU_ASSERT_EQUAL(advertise_end(&interface, &settings, 10).sequence, 1);
	advertise_begin(&interface, &settings, 20, 0);
	CU_ASSERT_EQUAL(advertise_tick(&interface, &settings, interface.due_ms, 0).sequence, 2);
}

/* Whatever it was before, a mobile node must take 256 for a roll-over or for progress. */
static void who_takes_over_does_not_seem_to_have_booted(void)
{
	struct advertise_settings settings = plain();
	struct advertise_interface interface;

	advertise_init(&interface, ADVERTISE_TAKEN_OVER);
	advertise_begin(&interface, &settings, 0, 0);
	CU_ASSERT_EQUAL(advertise_tick(&interface, &settings, 0, 0).sequence, 256);
}

/* Coming and going */

static void farewell_is_said_to_who_was_told(void)
{
	struct advertise_settings settings = plain();
	struct advertise_interface interface = begun(&settings);
	struct advertise_verdict verdict;

	CU_ASSERT_EQUAL(advertise_end(&interface, &settings, 5).fate, ADVERTISE_SILENT);
	advertise_begin(&interface, &settings, 5, 0);
	send_next(&interface, &settings, 0);
	verdict = advertise_end(&interface, &settings, 10);
	CU_ASSERT_EQUAL(verdict.fate, ADVERTISE_FAREWELL);
	CU_ASSERT_EQUAL(verdict.lifetime_s, 0);
	CU_ASSERT_EQUAL(verdict.destination.s_addr, settings.everybody.s_addr);
	CU_ASSERT_EQUAL(verdict.challenge, ADVERTISE_CHALLENGE_NEWEST);
	CU_ASSERT_EQUAL(interface.due_ms, ADVERTISE_NEVER);
	CU_ASSERT_EQUAL(advertise_tick(&interface, &settings, UINT64_MAX, 0).fate,
	                ADVERTISE_SILENT);
	CU_ASSERT_EQUAL(advertise_end(&interface, &settings, 11).fate, ADVERTISE_SILENT);
}

static void farewell_is_said_to_one_who_asked(void)
{
	struct advertise_settings settings = plain();
	struct advertise_total total = in_all();
	struct advertise_interface interface;

	settings.solicited_only = true;
	interface = begun(&settings);
	advertise_solicited(&interface, &settings, &total, address4(192, 0, 2, 7), 5, 0);
	CU_ASSERT_EQUAL(advertise_end(&interface, &settings, 10).fate, ADVERTISE_FAREWELL);
}

/* RFC 5944 section 2.3: the rate to everybody is limited, also of a link that flaps. */
static void flapping_link_floods_nobody(void)
{
	struct advertise_settings settings = plain();
	struct advertise_interface interface;
	unsigned sent = 0;

	advertise_init(&interface, ADVERTISE_BOOTED);
	for (uint64_t now_ms = 0; now_ms < 30000; now_ms += 10) {
		advertise_begin(&interface, &settings, now_ms, 0);
		sent += advertise_fate_sends(advertise_tick(&interface, &settings, now_ms, 0).fate);
		sent += advertise_fate_sends(advertise_end(&interface, &settings, now_ms).fate);
	}
	CU_ASSERT_EQUAL(sent, 20); /* ten times in 30 s, and their farewells */
}

static void returning_interface_is_advertised_often_again(void)
{
	struct advertise_settings settings = plain();
	struct advertise_interface interface = begun(&settings);

	for (unsigned i = 0; i < 10; i++)
		send_next(&interface, &settings, 0);
	advertise_end(&interface, &settings, interface.due_ms);
	advertise_begin(&interface, &settings, 100000000, 0);
	for (unsigned i = 0; i < 3; i++) {
		uint64_t at_ms = send_next(&interface, &settings, 0);

		CU_ASSERT_EQUAL(interface.due_ms, at_ms + 16000);
	}
}

static void changed_settings_count_at_once(void)
{
	struct advertise_settings settings = plain(), often = plain(), asked = plain();
	struct advertise_interface interface = begun(&settings);
	uint64_t at_ms = 0;

	for (unsigned i = 0; i < 5; i++)
		at_ms = send_next(&interface, &settings, 0);
	often.min_interval_ms = 3000;
	often.max_interval_ms = 4000;
	asked.solicited_only = true;
	advertise_changed(&interface, &often, at_ms + 1, 0);
	CU_ASSERT_EQUAL(interface.due_ms, at_ms + 3001);
	advertise_changed(&interface, &settings, at_ms + 2, 0); /* no later for it */
	CU_ASSERT_EQUAL(interface.due_ms, at_ms + 3001);
	advertise_changed(&interface, &asked, at_ms + 3, 0);
	CU_ASSERT_EQUAL(interface.due_ms, ADVERTISE_NEVER);
	advertise_changed(&interface, &often, at_ms + 4, 0);
	CU_ASSERT_EQUAL(interface.due_ms, at_ms + 3004);
	advertise_end(&interface, &often, at_ms + 5);
	advertise_changed(&interface, &often, at_ms + 6, 0);
	CU_ASSERT_EQUAL(interface.due_ms, ADVERTISE_NEVER);
}

/* What a message says */

/* RFC 5944 section 2.1.1: a foreign agent that is busy says so, and goes on; a home agent
 * never is. */
static void busy_is_said_and_nothing_else_changes(void)
{
	static const struct {
		uint16_t flags;
		bool busy;
		uint16_t written;
	} rows[] = {
		{ AGENT_FOREIGN, false, AGENT_FOREIGN },
		{ AGENT_FOREIGN, true, AGENT_FOREIGN | AGENT_BUSY },
		{ AGENT_FOREIGN | AGENT_BUSY, false, AGENT_FOREIGN },
		{ AGENT_HOME, true, AGENT_HOME },
		{ AGENT_HOME | AGENT_BUSY, true, AGENT_HOME },
		{ AGENT_HOME | AGENT_FOREIGN | AGENT_GRE, true,
		  AGENT_HOME | AGENT_FOREIGN | AGENT_GRE | AGENT_BUSY },
	};
	struct advertise_verdict verdict = { .sequence = 77, .lifetime_s = 99 };

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct advertisement message = { .flags = rows[i].flags, .care_of_count = 1 };

		advertise_fill(&message, &verdict, rows[i].busy);
		CU_ASSERT_EQUAL(message.flags, rows[i].written);
		CU_ASSERT_EQUAL(message.sequence, 77);
		CU_ASSERT_EQUAL(message.lifetime_s, 99);
		CU_ASSERT_EQUAL(advertisement_check(&message), HA_OK);
	}
}

static void fates_have_words(void)
{
	for (unsigned i = 0; i <= ADVERTISE_FATE_COUNT; i++)
		for (unsigned other = 0; other < i; other++)
			CU_ASSERT_STRING_NOT_EQUAL(advertise_fate_word(i),
			                           advertise_fate_word(other));
	CU_ASSERT_FALSE(advertise_fate_sends(ADVERTISE_FATE_COUNT));
}

static CU_TestInfo tests[] = {
	{ "settings are what RFC 1256 allows", settings_are_what_rfc_1256_allows },
	{ "everybody has two addresses", everybody_has_two_addresses },
	{ "defaults follow the longest interval", defaults_follow_the_longest_interval },
	{ "the first is soon", first_is_soon },
	{ "intervals are short at first and random then",
	  intervals_are_short_at_first_and_random_then },
	{ "short intervals are not lengthened at first",
	  short_intervals_are_not_lengthened_at_first },
	{ "a message goes to everybody", message_goes_to_everybody },
	{ "the sequence counts all and rolls over to 256",
	  sequence_counts_all_and_rolls_over_to_256 },
	{ "the sequence outlives the interface", sequence_outlives_the_interface },
	{ "who takes over does not seem to have booted",
	  who_takes_over_does_not_seem_to_have_booted },
	{ "a farewell is said to who was told", farewell_is_said_to_who_was_told },
	{ "a farewell is said to one who asked", farewell_is_said_to_one_who_asked },
	{ "a flapping link floods nobody", flapping_link_floods_nobody },
	{ "a returning interface is advertised often again",
	  returning_interface_is_advertised_often_again },
	{ "changed settings count at once", changed_settings_count_at_once },
	{ "busy is said and nothing else changes", busy_is_said_and_nothing_else_changes },
	{ "fates have words", fates_have_words },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("advertise", tests);
}
