/* test_events.c - the list of alarms and the queue of events: each alarm once, bounded,
 * the worst kept, and nothing lost uncounted between threads. They are of the process, so
 * each case leaves them empty. */
#include "agentd/flow/events.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct event event;
static struct event_alarm alarm;
static struct event_summary summary;

static struct event_subject of(enum event_kind kind, uint32_t item)
{
	return (struct event_subject){ .kind = kind, .group = 2, .member = 1, .item = item };
}

static void raise(enum event_kind kind, uint32_t item)
{
	const struct event_subject subject = of(kind, item);

	events_raise(&subject, event_kind_severity(kind), "it is so");
}

static void clear(enum event_kind kind, uint32_t item)
{
	const struct event_subject subject = of(kind, item);

	events_clear(&subject, "it is over");
}

static void clear_all(void)
{
	while (events_alarm_after(0, &alarm))
		events_clear(&alarm.of, "");
}

static void fail(unsigned reason)
{
	const struct event_failure failure = { .spi = 256, .identification = 7, .reason = reason };

	events_failure(&failure);
}

static int attach(void)
{
	int descriptor = -1;

	CU_ASSERT_EQUAL_FATAL(events_attach(&descriptor), HA_OK);
	return descriptor;
}

static bool is_readable(int descriptor)
{
	struct pollfd look = { .fd = descriptor, .events = POLLIN };

	return poll(&look, 1, 0) == 1;
}

/* ---- the list ---- */

static void an_alarm_is_in_the_list_once(void)
{
	uint32_t first;

	raise(EVENT_DISK_SLOW, 0);
	CU_ASSERT_TRUE(events_alarm_after(0, &alarm));
	first = alarm.index;
	CU_ASSERT_NOT_EQUAL(first, 0);
	CU_ASSERT_EQUAL(alarm.of.kind, EVENT_DISK_SLOW);
	CU_ASSERT_EQUAL(alarm.of.group, 2);
	CU_ASSERT_EQUAL(alarm.of.member, 1);
	CU_ASSERT_EQUAL(alarm.severity, EVENT_MINOR);
	CU_ASSERT_STRING_EQUAL(alarm.text, "it is so");
	CU_ASSERT_NOT_EQUAL(alarm.raised_ms, 0);
	raise(EVENT_DISK_SLOW, 0);
	CU_ASSERT_FALSE(events_alarm_after(first, &alarm));
	clear(EVENT_DISK_SLOW, 0);
	CU_ASSERT_FALSE(events_alarm_after(0, &alarm));
	clear(EVENT_DISK_SLOW, 0);
	raise(EVENT_DISK_SLOW, 0);
	CU_ASSERT_TRUE(events_alarm_after(first, &alarm));
	CU_ASSERT_EQUAL(alarm.index, first + 1);
	clear_all();
}

static void alarms_are_apart_by_kind_group_member_and_item(void)
{
	struct event_subject subject = of(EVENT_POOL_EXHAUSTED, 1);

	events_raise(&subject, EVENT_MAJOR, "");
	subject.item++;
	events_raise(&subject, EVENT_MAJOR, "");
	subject.group = EVENTS_PROCESS;
	events_raise(&subject, EVENT_MAJOR, "");
	subject.member++;
	events_raise(&subject, EVENT_MAJOR, "");
	subject.kind = EVENT_DISK_FAILED;
	events_raise(&subject, EVENT_MAJOR, "");
	events_summary(&summary);
	CU_ASSERT_EQUAL(summary.count, 5);
	subject = of(EVENT_POOL_EXHAUSTED, 2);
	events_clear(&subject, "");
	events_summary(&summary);
	CU_ASSERT_EQUAL(summary.count, 4);
	clear_all();
}

static void the_list_is_read_in_order_of_index(void)
{
	uint32_t index = 0, rows = 0;

	for (uint32_t i = 0; i < 20; i++)
		raise(EVENT_POOL_EXHAUSTED, i);
	clear(EVENT_POOL_EXHAUSTED, 7);
	for (; events_alarm_after(index, &alarm); rows++) {
		CU_ASSERT_TRUE(alarm.index > index);
		CU_ASSERT_NOT_EQUAL(alarm.of.item, 7);
		index = alarm.index;
		if (rows == 10) /* what is raised meanwhile comes last */
			raise(EVENT_POOL_EXHAUSTED, 7);
		if (rows == 18)
			break;
	}
	CU_ASSERT_TRUE(events_alarm_after(index, &alarm));
	CU_ASSERT_EQUAL(alarm.of.item, 7);
	clear_all();
}

static void the_summary_says_how_many_and_the_worst(void)
{
	uint64_t changed;

	events_summary(&summary);
	CU_ASSERT_EQUAL(summary.count, 0);
	CU_ASSERT_EQUAL(summary.worst, EVENT_NO_ALARM);
	CU_ASSERT_STRING_EQUAL(event_severity_name(summary.worst), "none");
	raise(EVENT_STORE_NEARLY_FULL, 0);
	events_summary(&summary);
	CU_ASSERT_EQUAL(summary.worst, EVENT_WARNING);
	raise(EVENT_NO_LEADER, 0);
	raise(EVENT_DISK_SLOW, 0);
	events_summary(&summary);
	CU_ASSERT_EQUAL(summary.count, 3);
	CU_ASSERT_EQUAL(summary.worst, EVENT_CRITICAL);
	CU_ASSERT_STRING_EQUAL(event_severity_name(summary.worst), "critical");
	changed = summary.changed_monotonic_ms;
	clear(EVENT_NO_LEADER, 0);
	events_summary(&summary);
	CU_ASSERT_EQUAL(summary.worst, EVENT_MINOR);
	CU_ASSERT_TRUE(summary.changed_monotonic_ms >= changed);
	clear_all();
}

static void a_full_list_keeps_the_worst(void)
{
	uint64_t before;

	events_summary(&summary);
	before = summary.unlisted;
	for (uint32_t i = 0; i < EVENTS_ALARMS_MAX; i++)
		raise(i ? EVENT_DISK_SLOW : EVENT_STORE_NEARLY_FULL, i);
	raise(EVENT_DISK_SLOW, EVENTS_ALARMS_MAX); /* takes the place of the warning */
	raise(EVENT_DISK_SLOW, EVENTS_ALARMS_MAX + 1);
	raise(EVENT_STORE_NEARLY_FULL, EVENTS_ALARMS_MAX + 2);
	events_summary(&summary);
	CU_ASSERT_EQUAL(summary.count, EVENTS_ALARMS_MAX);
	CU_ASSERT_EQUAL(summary.unlisted, before + 3);
	CU_ASSERT_EQUAL(summary.worst, EVENT_MINOR);
	CU_ASSERT_TRUE(events_alarm_after(0, &alarm));
	CU_ASSERT_EQUAL(alarm.of.item, 1);
	raise(EVENT_NO_LEADER, 0);
	events_summary(&summary);
	CU_ASSERT_EQUAL(summary.worst, EVENT_CRITICAL);
	clear_all();
}

static void raise_again(enum event_kind kind, uint32_t item)
{
	const struct event_subject subject = of(kind, item);

	events_raise_again(&subject, event_kind_severity(kind), "it is so still");
}

static uint32_t count_of(void)
{
	events_summary(&summary);
	return summary.count;
}

/* What gave way comes back when there is a place, or one that is less severe. */
static void what_gave_way_comes_back(void)
{
	uint64_t unlisted;

	for (uint32_t i = 0; i < EVENTS_ALARMS_MAX; i++)
		raise(i ? EVENT_DISK_SLOW : EVENT_STORE_NEARLY_FULL, i);
	raise(EVENT_DISK_SLOW, EVENTS_ALARMS_MAX);
	CU_ASSERT_EQUAL(count_of(), EVENTS_ALARMS_MAX);
	unlisted = summary.unlisted;
	raise_again(EVENT_STORE_NEARLY_FULL, 0);
	CU_ASSERT_EQUAL(count_of(), EVENTS_ALARMS_MAX);
	CU_ASSERT_EQUAL(summary.unlisted, unlisted);
	clear(EVENT_DISK_SLOW, 1);
	raise_again(EVENT_DISK_SLOW, 2); /* which is there */
	CU_ASSERT_EQUAL(count_of(), EVENTS_ALARMS_MAX - 1);
	raise_again(EVENT_STORE_NEARLY_FULL, 0);
	CU_ASSERT_EQUAL(count_of(), EVENTS_ALARMS_MAX);
	raise_again(EVENT_DISK_SLOW, 1);
	CU_ASSERT_EQUAL(count_of(), EVENTS_ALARMS_MAX);
	CU_ASSERT_EQUAL(summary.unlisted, unlisted + 1);
	for (uint32_t index = 0; events_alarm_after(index, &alarm); index = alarm.index)
		CU_ASSERT_EQUAL(alarm.of.kind, EVENT_DISK_SLOW);
	CU_ASSERT_EQUAL(alarm.of.item, 1);
	CU_ASSERT_STRING_EQUAL(alarm.text, "it is so still");
	clear_all();
}

static void every_kind_has_a_name_and_the_numbers_are_those_of_the_mib(void)
{
	static const char *const names[] = { "", "leader-changed", "no-majority" };

	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT_STRING_EQUAL(event_kind_name(i), names[i]);
	for (unsigned kind = 1; kind <= EVENT_KIND_MAX; kind++)
		CU_ASSERT_NOT_EQUAL(event_kind_name(kind)[0], '\0');
	CU_ASSERT_STRING_EQUAL(event_kind_name(EVENT_KIND_MAX), "test");
	CU_ASSERT_STRING_EQUAL(event_kind_name(EVENT_KIND_MAX + 1), "");
}

/* ---- the queue ---- */

static void without_a_taker_nothing_is_queued(void)
{
	CU_ASSERT_FALSE(events_are_taken());
	raise(EVENT_DISK_SLOW, 0);
	events_test();
	CU_ASSERT_FALSE(events_take(&event));
	attach();
	CU_ASSERT_TRUE(events_are_taken());
	CU_ASSERT_FALSE(events_take(&event));
	events_detach();
	CU_ASSERT_FALSE(events_are_taken());
	clear_all();
}

static void there_is_one_taker(void)
{
	int descriptor;

	attach();
	CU_ASSERT_EQUAL(events_attach(&descriptor), HA_E_BUSY);
	events_test();
	events_detach();
	attach(); /* who comes next gets nothing of the one before */
	CU_ASSERT_FALSE(events_take(&event));
	events_detach();
}

static void an_alarm_and_its_end_are_events(void)
{
	int descriptor = attach();
	uint32_t index;

	CU_ASSERT_FALSE(is_readable(descriptor));
	raise(EVENT_NO_LEADER, 0);
	raise(EVENT_NO_LEADER, 0);
	CU_ASSERT_TRUE(is_readable(descriptor));
	CU_ASSERT_TRUE(events_take(&event));
	CU_ASSERT_EQUAL(event.what, EVENT_RAISED);
	CU_ASSERT_EQUAL(event.kind, EVENT_NO_LEADER);
	CU_ASSERT_STRING_EQUAL(event.alarm.text, "it is so");
	index = event.alarm.index;
	clear(EVENT_NO_LEADER, 0);
	CU_ASSERT_TRUE(events_take(&event));
	CU_ASSERT_EQUAL(event.what, EVENT_CLEARED);
	CU_ASSERT_EQUAL(event.alarm.index, index);
	CU_ASSERT_EQUAL(event.alarm.severity, EVENT_CRITICAL);
	CU_ASSERT_STRING_EQUAL(event.alarm.text, "it is over");
	CU_ASSERT_FALSE(events_take(&event));
	CU_ASSERT_FALSE(is_readable(descriptor));
	events_detach();
}

static void what_is_no_alarm_is_an_event_too(void)
{
	const struct event_leader leader = {
		.group = 1, .leader = 3, .before = 2, .term = 9, .without_ms = 250
	};

	attach();
	events_leader(&leader);
	events_test();
	fail(2);
	CU_ASSERT_TRUE(events_take(&event));
	CU_ASSERT_EQUAL(event.kind, EVENT_LEADER_CHANGED);
	CU_ASSERT_EQUAL(event.leader.leader, 3);
	CU_ASSERT_EQUAL(event.leader.term, 9);
	CU_ASSERT_EQUAL(event.leader.without_ms, 250);
	CU_ASSERT_TRUE(events_take(&event));
	CU_ASSERT_EQUAL(event.kind, EVENT_TEST);
	CU_ASSERT_TRUE(events_take(&event));
	CU_ASSERT_EQUAL(event.kind, EVENT_AUTHENTICATION_FAILURE);
	CU_ASSERT_EQUAL(event.failure.spi, 256);
	CU_ASSERT_EQUAL(event.failure.reason, 2);
	CU_ASSERT_NOT_EQUAL(event.at_ms, 0);
	events_detach();
}

/* ---- too much ---- */

static void a_flood_of_failures_is_counted_and_little_of_it_told(void)
{
	uint64_t before = events_lost(EVENT_AUTHENTICATION_FAILURE), told = 0;

	attach();
	for (unsigned i = 0; i < 100000; i++)
		fail(1);
	while (events_take(&event))
		told++;
	CU_ASSERT_TRUE(told >= 1);
	CU_ASSERT_EQUAL(told + events_lost(EVENT_AUTHENTICATION_FAILURE) - before, 100000);
	events_detach();
}

static void post_mix(uint32_t i)
{
	raise(EVENT_STORE_NEARLY_FULL, i);
	clear(EVENT_STORE_NEARLY_FULL, i);
}

static void a_full_queue_keeps_the_worst_and_counts_the_rest(void)
{
	uint64_t before = events_lost(EVENT_STORE_NEARLY_FULL);
	unsigned worst = 0, newest = 0, told = 0;

	attach();
	raise(EVENT_NO_LEADER, 0);
	fail(1);
	for (uint32_t i = 0; i < EVENTS_MAX; i++)
		post_mix(i);
	clear(EVENT_NO_LEADER, 0);
	for (; events_take(&event); told++) {
		worst += event.alarm.severity == EVENT_CRITICAL;
		newest = event.what == EVENT_FAILURE ? 0 : event.alarm.of.item;
		CU_ASSERT_NOT_EQUAL(event.what, EVENT_FAILURE);
	}
	CU_ASSERT_EQUAL(told, EVENTS_MAX);
	CU_ASSERT_EQUAL(worst, 2);
	CU_ASSERT_EQUAL(newest, 0); /* the end of the first one came last */
	CU_ASSERT_EQUAL(events_lost(EVENT_STORE_NEARLY_FULL) - before, EVENTS_MAX + 2);
	events_detach();
}

static void what_is_less_important_than_all_that_waits_goes_itself(void)
{
	uint64_t before = events_lost(EVENT_TEST);

	attach();
	for (uint32_t i = 0; i < EVENTS_MAX; i++)
		raise(EVENT_NO_LEADER, i);
	events_test();
	CU_ASSERT_EQUAL(events_lost(EVENT_TEST) - before, 1);
	while (events_take(&event))
		CU_ASSERT_EQUAL(event.kind, EVENT_NO_LEADER);
	events_detach();
	clear_all();
}

/* ---- threads ---- */

#define THREADS 3u
#define ROUNDS 5000u

static _Atomic unsigned posting;

static void *come_and_go(void *argument)
{
	const uint32_t own = *(const uint32_t *)argument;

	for (uint32_t i = 0; i < ROUNDS; i++) {
		raise(EVENT_DISK_SLOW, own);
		if (events_are_taken())
			fail(own + 1);
		clear(EVENT_DISK_SLOW, own);
	}
	posting--;
	return NULL;
}

static uint64_t lost_in_all(void)
{
	return events_lost(EVENT_DISK_SLOW) + events_lost(EVENT_AUTHENTICATION_FAILURE);
}

static void threads_lose_nothing_uncounted(void)
{
	static const uint32_t numbers[THREADS] = { 0, 1, 2 };
	uint64_t before = lost_in_all(), taken = 0;
	uint32_t index = 0;
	pthread_t threads[THREADS];

	attach();
	posting = THREADS;
	for (size_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, come_and_go, (void *)(uintptr_t)&numbers[i]);
	while (posting) {
		taken += events_take(&event);
		if (events_alarm_after(index, &alarm))
			index = alarm.index;
		events_summary(&summary);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	while (events_take(&event))
		taken++;
	CU_ASSERT_EQUAL(taken + lost_in_all() - before, 3u * THREADS * ROUNDS);
	events_summary(&summary);
	CU_ASSERT_EQUAL(summary.count, 0);
	events_detach();
}

static CU_TestInfo tests[] = {
	{ "an alarm is in the list once", an_alarm_is_in_the_list_once },
	{ "alarms are apart by kind, group, member and item",
	  alarms_are_apart_by_kind_group_member_and_item },
	{ "the list is read in order of index", the_list_is_read_in_order_of_index },
	{ "the summary says how many and the worst", the_summary_says_how_many_and_the_worst },
	{ "a full list keeps the worst", a_full_list_keeps_the_worst },
	{ "what gave way comes back", what_gave_way_comes_back },
	{ "every kind has a name and the numbers are those of the MIB",
	  every_kind_has_a_name_and_the_numbers_are_those_of_the_mib },
	{ "without a taker nothing is queued", without_a_taker_nothing_is_queued },
	{ "there is one taker", there_is_one_taker },
	{ "an alarm and its end are events", an_alarm_and_its_end_are_events },
	{ "what is no alarm is an event too", what_is_no_alarm_is_an_event_too },
	{ "a flood of failures is counted and little of it told",
	  a_flood_of_failures_is_counted_and_little_of_it_told },
	{ "a full queue keeps the worst and counts the rest",
	  a_full_queue_keeps_the_worst_and_counts_the_rest },
	{ "what is less important than all that waits goes itself",
	  what_is_less_important_than_all_that_waits_goes_itself },
	{ "threads lose nothing uncounted", threads_lose_nothing_uncounted },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("events", tests);
}
