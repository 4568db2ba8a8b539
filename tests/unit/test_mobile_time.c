/* test_mobile_time.c - identifications, times to wait and lifetimes of a mobile node. */
#include "agentd/registration/mobile_time.h"

#include <CUnit/CUnit.h>

#include "agentd/base/clock.h"
#include "proto/codes.h"
#include "tests/unit/suite.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define NOW_MS UINT64_C(1900000000000)

static uint64_t ms_of(uint64_t identification)
{
	return clock_ms_of_ntp(identification, NOW_MS);
}

static void a_timestamp_is_the_time_of_day(void)
{
	struct mobile_identity identity = { 0 };
	uint64_t first = mobile_identification(&identity, NOW_MS, UINT64_C(0x123456789abcdef));
	uint64_t ahead = ms_of(first) > NOW_MS ? ms_of(first) - NOW_MS : NOW_MS - ms_of(first);

	CU_ASSERT(ahead <= 1);
	/* What the clock does not tell is random. */
	CU_ASSERT((first & 0xffff) == 0xcdef);
}

static void timestamps_only_grow(void)
{
	struct mobile_identity identity = { 0 };
	uint64_t before = mobile_identification(&identity, NOW_MS, UINT64_MAX);

	for (unsigned i = 0; i < 1000; i++) {
		/* However the clock goes, and whatever is at random. */
		uint64_t next = mobile_identification(&identity, NOW_MS - i, i * 77777u);

		CU_ASSERT(clock_ntp_is_later(next, before));
		before = next;
	}
	CU_ASSERT(ms_of(before) < NOW_MS + 1000);
}

/* RFC 5944 section 5.7.1: only the seconds of the home agent's clock are told. */
static void the_home_agents_clock_is_taken(void)
{
	static const int64_t shifts_ms[] = { 3600000, -3600000, 9000, -9000 };

	for (size_t i = 0; i < ROWS(shifts_ms); i++) {
		struct mobile_identity identity = { 0 };
		uint64_t theirs_ms = NOW_MS + (uint64_t)shifts_ms[i];
		uint64_t sent = mobile_identification(&identity, NOW_MS, 1);
		uint64_t reply = (clock_ntp_of_ms(theirs_ms) & ~UINT64_C(0xffffffff)) |
		                 (sent & 0xffffffff);
		uint64_t next;

		mobile_identity_learn(&identity, MIP_ID_MISMATCH, sent, reply, NOW_MS);
		next = mobile_identification(&identity, NOW_MS + 2000, 2);
		CU_ASSERT(ms_of(next) <= theirs_ms + 3000 && ms_of(next) + 3000 >= theirs_ms);
	}
}

static void what_was_accepted_is_exceeded(void)
{
	struct mobile_identity identity = { 0 };
	uint64_t accepted = mobile_identification(&identity, NOW_MS, 1), sent, next;

	mobile_identity_learn(&identity, MIP_ACCEPTED, accepted, accepted, NOW_MS);
	sent = mobile_identification(&identity, NOW_MS, 1);
	/* The home agent's clock has gone back by an hour. */
	mobile_identity_learn(&identity, MIP_ID_MISMATCH, sent, clock_ntp_of_ms(NOW_MS - 3600000),
	                      NOW_MS);
	next = mobile_identification(&identity, NOW_MS, 1);
	CU_ASSERT(clock_ntp_is_later(next, accepted));
	CU_ASSERT(ms_of(next) <= NOW_MS + 1);
}

static void other_denials_do_not_move_the_clock(void)
{
	struct mobile_identity identity = { 0 };
	uint64_t sent = mobile_identification(&identity, NOW_MS, 1);

	mobile_identity_learn(&identity, MIP_PROHIBITED, sent, clock_ntp_of_ms(NOW_MS + 999999),
	                      NOW_MS);
	CU_ASSERT(identity.offset == 0);
	/* Nor does an answer to who looked for a home agent, if the time was right. */
	mobile_identity_learn(&identity, MIP_UNKNOWN_HA, sent, sent, NOW_MS);
	CU_ASSERT(identity.offset == 0);
}

static void a_nonce_is_the_home_agents_newest(void)
{
	static const unsigned codes[] = { MIP_ACCEPTED, MIP_ID_MISMATCH, MIP_UNSPECIFIED };
	struct mobile_identity identity = { .nonces = true };
	uint64_t before = mobile_identification(&identity, NOW_MS, 5);

	CU_ASSERT(before == 5);
	for (size_t i = 0; i < ROWS(codes); i++) {
		uint64_t nonce = 0x1000 + i, next;

		mobile_identity_learn(&identity, codes[i], before, nonce << 32 | 5, NOW_MS);
		next = mobile_identification(&identity, NOW_MS, 5);
		CU_ASSERT(next >> 32 == nonce);
		/* Our half is another one too. */
		CU_ASSERT((uint32_t)next != (uint32_t)before);
		before = next;
	}
}

/* ---- asking again ---- */

static void the_first_wait_is_for_messages_and_round_trips(void)
{
	static const struct {
		uint32_t round_trip_ms;
		size_t octets;
		uint16_t lifetime_s;
		uint32_t timeout_ms;
	} rows[] = {
		{ 0, 60, 300, 1000 },       { 450, 60, 300, 1100 },    { 5000, 600, 300, 11100 },
		{ 600000, 60, 300, 64000 }, { 600000, 60, 20, 20000 }, { 0, 60, 0, 1000 },
		{ 5000, 0, 0, 10100 },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct mobile_retry retry = { 0 };

		mobile_retry_begin(&retry, 5000, rows[i].round_trip_ms, rows[i].octets,
		                   rows[i].lifetime_s);
		CU_ASSERT_EQUAL(retry.timeout_ms, rows[i].timeout_ms);
		CU_ASSERT(retry.due_ms == 5000 + rows[i].timeout_ms);
	}
}

static void waits_double_up_to_the_lifetime(void)
{
	static const uint32_t waits_ms[] = { 1000, 2000, 4000, 8000, 10000, 10000 };
	struct mobile_retry retry = { 0 };
	uint64_t now_ms = 7;

	mobile_retry_begin(&retry, now_ms, 0, 60, 10);
	for (size_t i = 0; i < ROWS(waits_ms); i++) {
		CU_ASSERT_EQUAL(retry.timeout_ms, waits_ms[i]);
		now_ms = retry.due_ms;
		mobile_retry_again(&retry, now_ms, 10);
	}
	/* Infinity and an end have the same longest wait. */
	for (unsigned i = 0; i < 10; i++)
		mobile_retry_again(&retry, now_ms, i % 2 ? 0 : 65535);
	CU_ASSERT_EQUAL(retry.timeout_ms, MOBILE_TIMEOUT_MAX_MS);
}

static void requests_are_a_second_apart(void)
{
	struct mobile_retry retry = { 0 };

	CU_ASSERT(mobile_retry_allowed_ms(&retry) == 0);
	mobile_retry_begin(&retry, 5000, 0, 60, 300);
	CU_ASSERT(mobile_retry_allowed_ms(&retry) == 6000);
	/* Even where the lifetime is no longer. */
	mobile_retry_again(&retry, 6000, 1);
	CU_ASSERT(retry.due_ms >= 7000);
}

static void a_lifetime_counts_from_the_sending(void)
{
	static const struct {
		uint16_t granted_s;
		uint64_t refresh_ms, expires_ms;
	} rows[] = {
		{ 4, 13000, 14000 },           { 300, 235000, 310000 },
		{ 1800, 1690000, 1810000 },    { 0, 10000, 10000 },
		{ 65534, 65424000, 65544000 }, { 65535, UINT64_MAX, UINT64_MAX },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct mobile_lifetime lifetime = mobile_lifetime_of(10000, rows[i].granted_s);

		CU_ASSERT(lifetime.refresh_ms == rows[i].refresh_ms);
		CU_ASSERT(lifetime.expires_ms == rows[i].expires_ms);
	}
}

static CU_TestInfo tests[] = {
	{ "a timestamp is the time of day", a_timestamp_is_the_time_of_day },
	{ "timestamps only grow", timestamps_only_grow },
	{ "the home agent's clock is taken", the_home_agents_clock_is_taken },
	{ "what was accepted is exceeded", what_was_accepted_is_exceeded },
	{ "other denials do not move the clock", other_denials_do_not_move_the_clock },
	{ "a nonce is the home agent's newest", a_nonce_is_the_home_agents_newest },
	{ "the first wait is for messages and round trips",
	  the_first_wait_is_for_messages_and_round_trips },
	{ "waits double up to the lifetime", waits_double_up_to_the_lifetime },
	{ "requests are a second apart", requests_are_a_second_apart },
	{ "a lifetime counts from the sending", a_lifetime_counts_from_the_sending },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("mobile_time", tests);
}
