/* test_mib_figures.c - counters, alarms and notifications in HEARTH-MIB: sorted by their
 * names, added up as the module says, and the same moment in every request. */
#include <stdlib.h>
#include <string.h>

#include "agentd/base/clock.h"
#include "agentd/dataplane/forward_reasons.h"
#include "agentd/dataplane/tc_keep.h"
#include "agentd/dataplane/user_counters.h"
#include "agentd/flow/counters.h"
#include "agentd/flow/events.h"
#include "agentd/flow/figures.h"
#include "mib/notify.h"
#include "proto/codes.h"
#include "proto/foreign_codes.h"
#include "tests/unit/mib_fixture.h"

/* Where the name begins that is the last part of an index. */
static struct mib_name named(struct mib_name name, const char *text)
{
	for (; *text; text++)
		name.at[name.size++] = (unsigned char)*text;
	return name;
}

static int count_one(void *context, const struct counter_set *set, const struct counter_info *info,
                     uint64_t value)
{
	size_t *count = context;

	(void)set;
	(void)info;
	(void)value;
	++*count;
	return 0;
}

static void counters_are_sorted_by_name(void)
{
	struct mib_name names[MIB_WALK_MAX];
	size_t count = 0;

	mib_set_up();
	counters_visit(count_one, &count);
	CU_ASSERT_EQUAL(walk(NAME(1, 4, 27, 1, 3), names), count);
	CU_ASSERT_EQUAL(walk(NAME(1, 4, 27, 1), NULL), 3 * count);
	CU_ASSERT_EQUAL(names[0].at[13], 'a'); /* accepted; no length stands before it */
	counter_add(&flow_counters, FLOW_REQUESTS, UINT64_C(1) << 32);
	mib_enter(MIB_ALL_GROUPS);
	CU_ASSERT_EQUAL(number(named(NAME(1, 4, 27, 1, 3), "requests")),
	                (int64_t)counter_read(&flow_counters, FLOW_REQUESTS));
	CU_ASSERT_TRUE(is_text(named(NAME(1, 4, 27, 1, 2), "requests"), "registration"));
	CU_ASSERT_TRUE(is_text(named(NAME(1, 4, 27, 1, 4), "requests"),
	                       "registration requests received, lifetime not zero"));
	CU_ASSERT_TRUE(is_missing(named(NAME(1, 4, 27, 1, 3), "request")));
	CU_ASSERT_TRUE(is_missing(named(NAME(1, 4, 27, 1, 3), "requestsx")));
	mib_tear_down();
}

/* Of each scalar that is made of counters: one of these, and by how much it grows when
 * all of them have grown by one. */
static void scalars_add_up_their_counters(void)
{
	static const struct {
		struct counter_set *set;
		size_t counter;
		uint32_t group, arc;
	} rows[] = {
		{ &flow_counters, FLOW_DATAGRAMS, 4, 3 },
		{ &flow_counters, FLOW_REQUESTS, 4, 4 },
		{ &flow_counters, FLOW_DEREGISTRATIONS, 4, 5 },
		{ &flow_counters, FLOW_REPLIES, 4, 6 },
		{ &flow_counters, FLOW_DEREGISTRATION_REPLIES, 4, 7 },
		{ &flow_counters, FLOW_REPEATED, 4, 8 },
		{ &flow_counters, FLOW_SECURITY_VIOLATIONS, 4, 9 },
		{ &flow_counters, FLOW_DROPPED_MALFORMED, 4, 10 },
		{ &flow_counters, FLOW_DROPPED_OVERSIZE, 4, 10 },
		{ &flow_counters, FLOW_DROPPED_STALE, 4, 11 },
		{ &flow_counters, FLOW_DROPPED_SOURCE_LIMIT, 4, 12 },
		{ &flow_counters, FLOW_DROPPED_GIVEN_WAY, 4, 13 },
		{ &flow_counters, FLOW_DROPPED_SILENT, 4, 14 },
		{ &flow_counters, FLOW_DROPPED_IN_FLIGHT, 4, 15 },
		{ &flow_counters, FLOW_DROPPED_TOO_SOON, 4, 16 },
		{ &flow_counters, FLOW_DROPPED_BUSY, 4, 17 },
		{ &flow_counters, FLOW_DROPPED_STANDBY, 4, 18 },
		{ &flow_counters, FLOW_UNCERTAIN, 4, 19 },
		{ &flow_counters, FLOW_EXPIRED, 4, 20 },
		{ &flow_counters, FLOW_REVOCATIONS, 4, 24 },
		{ &flow_counters, FLOW_REVOCATIONS_SENT, 4, 25 },
		{ &flow_counters, FLOW_REVOCATIONS_GIVEN_UP, 4, 26 },
		{ &tc_counters, TC_COUNTER_TUNNELLED, 9, 3 },
		{ &forward_counters, FORWARD_TUNNELLED, 9, 3 },
		{ &tc_counters, TC_COUNTER_REVERSED, 9, 4 },
		{ &forward_counters, FORWARD_REVERSE, 9, 4 },
		{ &forward_counters, FORWARD_UNREACHABLE, 9, 5 },
		{ &tc_counters, TC_COUNTER_FENCED, 9, 5 },
		{ &tc_counters, TC_COUNTER_LOST, 9, 5 },
		{ &user_counters, USER_SEND_FULL, 9, 5 },
		{ &tc_counters, TC_COUNTER_TUNNELLED, 9, 6 },
		{ &tc_counters, TC_COUNTER_REVERSED, 9, 7 },
		{ &tc_counters, TC_COUNTER_FENCED, 9, 8 },
		{ &tc_counters, TC_COUNTER_USER_TTL, 9, 9 },
		{ &tc_counters, TC_COUNTER_USER_REVERSE, 9, 9 },
		{ &user_counters, USER_HEALED, 9, 10 },
		{ &tc_counters, TC_COUNTER_HEALED, 9, 10 },
		{ &flow_counters, FLOW_TUNNELS_HEALED, 9, 10 },
		{ &tc_counters, TC_COUNTER_FAILURES, 9, 11 },
	};

	mib_set_up();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mib_name name = NAME(1, rows[i].group, rows[i].arc, 0);
		int64_t before = number(name);

		counter_add(rows[i].set, rows[i].counter, 1);
		CU_ASSERT_EQUAL(number(name), before + 1);
		CU_ASSERT_EQUAL(mib_get(name).type, MIB_COUNTER64);
	}
	mib_tear_down();
}

static void codes_are_rows(void)
{
	mib_set_up();
	CU_ASSERT_EQUAL(walk(NAME(1, 4, 2, 1, 3), NULL), mip_code_counters.count);
	CU_ASSERT_TRUE(is_text(NAME(1, 4, 2, 1, 2, 133), "denied-id-mismatch"));
	mip_code_count(MIP_ROUTER_NOT_PERMITTED);
	CU_ASSERT_EQUAL(number(NAME(1, 4, 2, 1, 3, 148)), 1);
	CU_ASSERT_TRUE(is_missing(NAME(1, 4, 2, 1, 3, 2)));
	CU_ASSERT_TRUE(is_missing(NAME(1, 4, 2, 1, 3, 149)));
	mib_tear_down();
}

/* An object of haRegistration. */
static struct mib_name of_home_agent(uint32_t arc)
{
	return (struct mib_name){ 12, { MIB_MIP_ROOT, 1, 6, 3, arc, 0 } };
}

/* The arcs of both branches begin at the same number. */
static void denials_of_a_foreign_agent_are_not_the_home_agents(void)
{
	int64_t before[20];

	mib_set_up();
	counters_register(&foreign_code_counters);
	for (uint32_t arc = 3; arc < 20; arc++) {
		before[arc] = number(of_home_agent(arc));
		CU_ASSERT_TRUE(before[arc] >= 0);
	}
	for (unsigned code = 0; code < 256; code++)
		foreign_code_count((enum foreign_code)code);
	for (uint32_t arc = 3; arc < 20; arc++)
		CU_ASSERT_EQUAL(number(of_home_agent(arc)), before[arc]);
	mip_code_count(MIP_ID_MISMATCH);
	CU_ASSERT_EQUAL(number(of_home_agent(10)), before[10] + 1);
	CU_ASSERT_EQUAL(number(of_home_agent(9)), before[9]);
	mib_tear_down();
}

static void requests_are_rows_of_their_kind(void)
{
	mib_set_up();
	figures_count(REQUEST_MOVE, REQUEST_DENIED);
	figures_count(REQUEST_MOVE, REQUEST_RECEIVED);
	figures_count(REQUEST_DEREGISTER, REQUEST_UNANSWERED);
	CU_ASSERT_EQUAL(walk(NAME(1, 4, 1, 1, 2), NULL), 4);
	CU_ASSERT_EQUAL(number(NAME(1, 4, 1, 1, 2, REQUEST_MOVE)), 1);
	CU_ASSERT_EQUAL(number(NAME(1, 4, 1, 1, 3, REQUEST_MOVE)), 0);
	CU_ASSERT_EQUAL(number(NAME(1, 4, 1, 1, 4, REQUEST_MOVE)), 1);
	CU_ASSERT_EQUAL(number(NAME(1, 4, 1, 1, 5, REQUEST_DEREGISTER)), 1);
	CU_ASSERT_EQUAL(walk(NAME(1, 4, 1, 1, 6), NULL), 0); /* no minute is over */
	CU_ASSERT_EQUAL(walk(NAME(1, 4, 1, 1, 8), NULL), 0);
	for (uint32_t arc = 21; arc <= 23; arc++)
		CU_ASSERT_TRUE(is_missing(NAME(1, 4, arc, 0)));
	mib_tear_down();
}

static void reasons_have_a_fate(void)
{
	mib_set_up();
	CU_ASSERT_EQUAL(walk(NAME(1, 9, 2, 1, 2), NULL), FORWARD_REASON_COUNT);
	CU_ASSERT_EQUAL(walk(NAME(1, 9, 2, 1, 3), NULL), FORWARD_REASON_COUNT);
	CU_ASSERT_EQUAL(number(named(NAME(1, 9, 2, 1, 2), "tunnelled")), 1);
	CU_ASSERT_EQUAL(number(named(NAME(1, 9, 2, 1, 2), "fenced")), 2);
	CU_ASSERT_EQUAL(number(named(NAME(1, 9, 2, 1, 2), "mtu-told")), 3);
	CU_ASSERT_TRUE(
		is_text(named(NAME(1, 9, 2, 1, 4), "expired"), "packets whose TTL ran out here"));
	counter_add(&forward_counters, FORWARD_NESTING, 3);
	CU_ASSERT_EQUAL(number(named(NAME(1, 9, 2, 1, 3), "nesting")), 3);
	CU_ASSERT_TRUE(is_missing(named(NAME(1, 9, 2, 1, 3), "forward-nesting")));
	mib_tear_down();
}

/* ---- alarms ---- */

static void raise_three(void)
{
	static const struct event_subject pool = { EVENT_POOL_EXHAUSTED, 1, 0, 4 };
	static const struct event_subject clock = { EVENT_CLOCK_OFF, EVENTS_PROCESS, 2, 0 };
	static const struct event_subject leader = { EVENT_NO_LEADER, 0, 0, 0 };

	events_raise(&pool, EVENT_WARNING, "the pool is nearly empty");
	events_raise(&clock, EVENT_MAJOR, "the clock is off");
	events_raise(&leader, EVENT_CRITICAL, "nobody leads");
}

static void clear_all(void)
{
	struct event_alarm alarm;

	while (events_alarm_after(0, &alarm))
		events_clear(&alarm.of, "it is over");
}

static void alarms_are_what_is_raised(void)
{
	struct mib_name names[MIB_WALK_MAX];
	uint32_t first;

	mib_set_up();
	clear_all();
	CU_ASSERT_EQUAL(number(NAME(1, 8, 1, 0)), 0);
	CU_ASSERT_EQUAL(number(NAME(1, 8, 2, 0)), EVENT_NO_ALARM);
	raise_three();
	mib_enter(MIB_ALL_GROUPS);
	CU_ASSERT_EQUAL(number(NAME(1, 8, 1, 0)), 3);
	CU_ASSERT_EQUAL(number(NAME(1, 8, 2, 0)), EVENT_CRITICAL);
	CU_ASSERT_EQUAL_FATAL(walk(NAME(1, 8, 4, 1, 2), names), 3);
	first = names[0].at[13];
	CU_ASSERT_EQUAL(number(NAME(1, 8, 4, 1, 2, first)), EVENT_POOL_EXHAUSTED);
	CU_ASSERT_EQUAL(number(NAME(1, 8, 4, 1, 3, first)), EVENT_WARNING);
	CU_ASSERT_EQUAL(number(NAME(1, 8, 4, 1, 4, first)), 1);
	CU_ASSERT_EQUAL(number(NAME(1, 8, 4, 1, 4, first + 1)), -1);
	CU_ASSERT_EQUAL(number(NAME(1, 8, 4, 1, 5, first + 1)), 2);
	CU_ASSERT_EQUAL(mib_get(NAME(1, 8, 4, 1, 6, first)).size, 11);
	CU_ASSERT_TRUE(is_text(NAME(1, 8, 4, 1, 7, first), "the pool is nearly empty"));
	CU_ASSERT_TRUE(is_missing(NAME(1, 8, 4, 1, 2, first - 1)));
	mib_enter(1); /* what is wrong with that group and with the process */
	CU_ASSERT_EQUAL(number(NAME(1, 8, 1, 0)), 2);
	CU_ASSERT_EQUAL(number(NAME(1, 8, 2, 0)), EVENT_MAJOR);
	CU_ASSERT_EQUAL(walk(NAME(1, 8, 4, 1, 2), NULL), 2);
	CU_ASSERT_TRUE(is_missing(NAME(1, 8, 4, 1, 2, first + 2)));
	clear_all();
	mib_enter(MIB_ALL_GROUPS);
	CU_ASSERT_EQUAL(walk(NAME(1, 8, 4), NULL), 0);
	mib_tear_down();
}

/* ---- moments ---- */

static void notifications_are_noted(void)
{
	struct notifier *notifier = calloc(1, sizeof(*notifier));

	CU_ASSERT_PTR_NOT_NULL_FATAL(notifier);
	mib_set_up();
	CU_ASSERT_EQUAL(walk(NAME(1, 10, 1, 1, 2), NULL), EVENT_KIND_MAX);
	CU_ASSERT_EQUAL(number(NAME(1, 10, 1, 1, 2, EVENT_TEST)), MIB_TRUE);
	CU_ASSERT_EQUAL(number(NAME(1, 10, 1, 1, 3, EVENT_TEST)), 60);
	CU_ASSERT_EQUAL(walk(NAME(1, 10, 1, 1, 4), NULL), 0); /* nobody sends any */
	view->notifier = notifier;
	notifier->kinds[EVENT_TEST].sent = 1;
	notifier->kinds[EVENT_TEST].held_back = 5;
	notifier->kinds[EVENT_TEST].last_sent_ms = clock_monotonic_ms();
	mib_enter(MIB_ALL_GROUPS);
	CU_ASSERT_EQUAL(walk(NAME(1, 10, 1, 1, 4), NULL), EVENT_KIND_MAX);
	CU_ASSERT_EQUAL(number(NAME(1, 10, 1, 1, 4, EVENT_TEST)), 1);
	CU_ASSERT_EQUAL(number(NAME(1, 10, 1, 1, 5, EVENT_TEST)), 5);
	CU_ASSERT_EQUAL(number(NAME(1, 10, 1, 1, 5, EVENT_CLOCK_OFF)), 0);
	CU_ASSERT_EQUAL(walk(NAME(1, 10, 1, 1, 6), NULL), 1);
	CU_ASSERT_FALSE(is_missing(NAME(1, 10, 1, 1, 6, EVENT_TEST)));
	mib_tear_down();
	free(notifier);
}

static void at(uint64_t uptime, uint64_t monotonic_ms)
{
	mib_view_begin_at(view, MIB_ALL_GROUPS, uptime, 1700000000000 + monotonic_ms, monotonic_ms);
}

/* sysUpTime has hundredths of a second, and is read a moment before the other clock. A
 * moment is the same TimeStamp nevertheless, until a master that started again counts anew. */
static void a_moment_is_one_timestamp(void)
{
	mib_set_up();
	at(5000, 90000);
	CU_ASSERT_EQUAL(mib_view_ticks_of_monotonic(view, 90000), 5000);
	for (uint64_t ms = 0; ms < 400; ms += 7) {
		at(5000 + (ms + ms % 13) / 10, 90000 + ms);
		CU_ASSERT_EQUAL(mib_view_ticks_of_monotonic(view, 90000), 5000);
	}
	CU_ASSERT_EQUAL(mib_view_ticks_of_unix(view, view->unix_ms - 10000),
	                mib_view_ticks_of_monotonic(view, view->monotonic_ms - 10000));
	at(3, 100000);
	CU_ASSERT_EQUAL(mib_view_ticks_of_monotonic(view, 99990), 2);
	CU_ASSERT_EQUAL(mib_view_ticks_of_monotonic(view, 1), 0);
	CU_ASSERT_EQUAL(mib_view_ticks_of_unix(view, 1), 0);
	mib_tear_down();
}

static CU_TestInfo tests[] = {
	{ "counters are sorted by name", counters_are_sorted_by_name },
	{ "scalars add up their counters", scalars_add_up_their_counters },
	{ "codes are rows", codes_are_rows },
	{ "denials of a foreign agent are not the home agent's",
	  denials_of_a_foreign_agent_are_not_the_home_agents },
	{ "requests are rows of their kind", requests_are_rows_of_their_kind },
	{ "reasons have a fate", reasons_have_a_fate },
	{ "alarms are what is raised", alarms_are_what_is_raised },
	{ "notifications are noted", notifications_are_noted },
	{ "a moment is one timestamp", a_moment_is_one_timestamp },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return mib_suite_run("mib_figures", tests);
}
