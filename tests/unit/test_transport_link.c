/* test_transport_link.c - what headers tell: order, round trips, clocks, and who
 * is alive. No connection is made. */
#include "replication/transport_link.h"

#include "tests/unit/suite.h"

#define MS UINT64_C(1000000)
#define S (1000 * MS)

static struct link link_new(void)
{
	return (struct link){ .member = 2, .used = PACKET_HEADER };
}

/* ---- order ---- */

static void packets_come_once_and_in_order(void)
{
	static const struct {
		uint64_t session, sequence, now_ns;
		bool expected;
	} rows[] = {
		{ 10, 1, 1 * S, true },
		{ 10, 1, 1 * S, false }, /* the same again */
		{ 10, 5, 1 * S, true },  /* some were dropped */
		{ 10, 4, 1 * S, false },
		{ 11, 1, 1 * S, true },             /* it started again */
		{ 10, 6, 1 * S + 999 * MS, false }, /* what was on its way from before */
		{ 11, 2, 1 * S + 999 * MS, true },
		{ 9, 1, 3 * S, true }, /* it started again after its clock was set back */
		{ 9, 2, 3 * S, true },
		{ 11, 3, 3 * S, true },
		{ UINT64_MAX, UINT64_MAX, 3 * S, true },
		{ UINT64_MAX, UINT64_MAX, 9 * S, false },
	};
	struct link link = link_new();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct packet_header header = { .session = rows[i].session,
			                        .sequence = rows[i].sequence,
			                        .sent_ns = 100 + i };

		CU_ASSERT_EQUAL(link_take_order(&link, &header, rows[i].now_ns), rows[i].expected);
		if (!rows[i].expected)
			continue;
		CU_ASSERT_EQUAL(link.their_ns, 100 + i);
		CU_ASSERT_EQUAL(link.came_ns, rows[i].now_ns);
	}
}

/* ---- alive ---- */

static void who_is_silent_is_not_alive(void)
{
	struct link link = link_new();

	CU_ASSERT_FALSE(link_is_alive(&link, 10 * S));
	link.heard_ns = 10 * S;
	CU_ASSERT_FALSE(link_is_alive(&link, 10 * S)); /* we cannot answer */
	link.open = true;
	CU_ASSERT_TRUE(link_is_alive(&link, 10 * S));
	CU_ASSERT_TRUE(link_is_alive(&link, 10 * S + LINK_SILENCE_NS - 1));
	CU_ASSERT_FALSE(link_is_alive(&link, 10 * S + LINK_SILENCE_NS));
}

static void a_link_says_when_it_wants_to_be_looked_at(void)
{
	struct link link = link_new();

	link_set_open(&link, false, 3 * S);
	CU_ASSERT_EQUAL(link_due_ns(&link), 3 * S + LINK_REDIAL_NS);
	link_set_open(&link, true, 4 * S);
	CU_ASSERT_TRUE(link_due_ns(&link) <= 4 * S); /* nothing was sent yet */
	link.sent_ns = 5 * S;
	CU_ASSERT_EQUAL(link_due_ns(&link), 5 * S + LINK_PING_NS);
	link.connected = true;
	link.heard_ns = 4 * S;
	CU_ASSERT_EQUAL(link_due_ns(&link), 4 * S + LINK_SILENCE_NS);
	link.heard_ns = 5 * S;
	CU_ASSERT_EQUAL(link_due_ns(&link), 5 * S + LINK_PING_NS);
}

/* ---- round trips and clocks ---- */

/* A packet that echoes what we sent at `echo_ms`, held there for a while, from
 * where the wall clock showed `wall_us`; it comes at `now_ms`, when ours showed
 * a whole second. */
static void take(struct measure *m, uint64_t echo_ms, uint64_t held_ms, uint64_t wall_us,
                 uint64_t now_ms)
{
	const struct packet_header header = { .echo_ns = echo_ms * MS,
		                              .held_ns = held_ms * MS,
		                              .wall_us = wall_us };

	measure_take(m, &header, now_ms * MS, 1000000);
}

static void what_was_held_is_no_round_trip(void)
{
	struct measure m = { 0 };

	take(&m, 100, 40, 1000000, 150);
	CU_ASSERT_TRUE(m.known);
	CU_ASSERT_EQUAL(m.round_trip_us, 10001);
	CU_ASSERT_EQUAL(m.clock_offset_us, 5000); /* it was read half a round trip ago */
}

static void what_echoes_nothing_measures_nothing(void)
{
	static const struct {
		uint64_t echo_ms, held_ms, now_ms;
	} rows[] = {
		{ 0, 0, 150 },           /* nothing */
		{ 100, 51, 150 },        /* held longer than it is ago */
		{ 151, 0, 150 },         /* of a time to come */
		{ 100, 0, 100 + 10001 }, /* too long ago */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct measure m = { 0 };

		take(&m, rows[i].echo_ms, rows[i].held_ms, 1000000, rows[i].now_ms);
		CU_ASSERT_FALSE(m.known);
		CU_ASSERT_EQUAL(m.round_trip_us, 0);
	}
}

static void round_trips_are_smoothed(void)
{
	struct measure m = { 0 };

	take(&m, 100, 0, 1000000, 108);
	take(&m, 100, 0, 1000000, 116);
	CU_ASSERT_EQUAL(m.round_trip_us, 9001);
	for (size_t i = 0; i < 100; i++)
		take(&m, 100, 0, 1000000, 101);
	CU_ASSERT_TRUE(m.round_trip_us >= 1001 && m.round_trip_us < 1010);
}

static void a_clock_that_is_set_is_seen_at_once(void)
{
	struct measure m = { 0 };

	take(&m, 100, 0, 1000000, 102);
	CU_ASSERT_EQUAL(m.clock_offset_us, 1000);
	take(&m, 100, 0, 4000000, 102);
	CU_ASSERT_EQUAL(m.clock_offset_us, 3001000);
	take(&m, 100, 0, 1, 102);
	CU_ASSERT_EQUAL(m.clock_offset_us, -998999);
}

static void a_packet_that_waited_moves_no_clock(void)
{
	struct measure m = { 0 };

	take(&m, 100, 0, 1000000, 102);
	take(&m, 100, 0, 1000000, 200); /* its offset may be 50 ms more or less */
	CU_ASSERT_EQUAL(m.clock_offset_us, 1000);
	take(&m, 100, 0, 1000800, 102);
	CU_ASSERT_EQUAL(m.clock_offset_us, 1100);
}

static CU_TestInfo tests[] = {
	{ "packets come once and in order", packets_come_once_and_in_order },
	{ "who is silent is not alive", who_is_silent_is_not_alive },
	{ "a link says when it wants to be looked at", a_link_says_when_it_wants_to_be_looked_at },
	{ "what was held is no round trip", what_was_held_is_no_round_trip },
	{ "what echoes nothing measures nothing", what_echoes_nothing_measures_nothing },
	{ "round trips are smoothed", round_trips_are_smoothed },
	{ "a clock that is set is seen at once", a_clock_that_is_set_is_seen_at_once },
	{ "a packet that waited moves no clock", a_packet_that_waited_moves_no_clock },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("transport_link", tests);
}
