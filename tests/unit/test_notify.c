/* test_notify.c - events to notifications: which are told, how many, and that no end of an
 * alarm is missing whose beginning was told. */
#include <stdio.h>
#include <string.h>

#include "mib/notify.h"
#include "tests/unit/suite.h"

static const struct notify_limit free_of_limit = { .enabled = true };
static struct notifier notifier;
static struct notification out;

static void begin(void)
{
	memset(&notifier, 0, sizeof(notifier));
	notifier.reporter = 2;
}

static struct event alarm_event(enum event_what what, uint32_t index)
{
	struct event event = { .what = what, .kind = EVENT_POOL_EXHAUSTED };

	event.alarm.index = index;
	event.alarm.of = (struct event_subject){ EVENT_POOL_EXHAUSTED, 3, 1, 7 };
	event.alarm.severity = EVENT_CRITICAL;
	event.alarm.raised_ms = 1700000000000u;
	snprintf(event.alarm.text, sizeof(event.alarm.text), "pool east has no address left");
	return event;
}

static bool tell(const struct event *event, const struct notify_limit *limit, uint64_t now_ms)
{
	return notify_of(&notifier, event, limit, now_ms, &out);
}

static void names_and_values_are_of_the_alarm(void)
{
	static const uint32_t raised[] = { 1, 3, 6, 1, 4, 1, 32473, 1, 0, 2 };
	static const uint32_t text[] = { 1, 3, 6, 1, 4, 1, 32473, 1, 1, 8, 4, 1, 7, 41 };
	struct event event = alarm_event(EVENT_RAISED, 41);

	begin();
	CU_ASSERT_TRUE_FATAL(tell(&event, &free_of_limit, 1));
	CU_ASSERT_EQUAL(out.name.size, 10);
	CU_ASSERT_EQUAL(memcmp(out.name.at, raised, sizeof(raised)), 0);
	CU_ASSERT_EQUAL_FATAL(out.count, 8);
	CU_ASSERT_EQUAL(out.objects[2].value.is.integer, 3);
	CU_ASSERT_EQUAL(memcmp(out.objects[5].name.at, text, sizeof(text)), 0);
	CU_ASSERT_EQUAL(out.objects[5].value.size, strlen(event.alarm.text));
	CU_ASSERT_EQUAL(out.objects[6].value.is.number, 2);
}

static void an_end_is_told_when_its_beginning_was(void)
{
	const struct notify_limit off = { .enabled = false };
	struct event raised = alarm_event(EVENT_RAISED, 1);
	struct event cleared = alarm_event(EVENT_CLEARED, 1);

	begin();
	CU_ASSERT_FALSE(tell(&raised, &off, 1));
	CU_ASSERT_FALSE(tell(&cleared, &free_of_limit, 1));
	CU_ASSERT_TRUE(tell(&raised, &free_of_limit, 1));
	CU_ASSERT_TRUE(tell(&cleared, &off, 1));
	CU_ASSERT_FALSE(tell(&cleared, &free_of_limit, 1));
}

static void the_limit_is_of_a_minute_and_a_kind(void)
{
	const struct notify_limit two = { .enabled = true, .per_minute = 2 };
	struct event failure = { .what = EVENT_FAILURE, .kind = EVENT_AUTHENTICATION_FAILURE };
	struct event test = { .what = EVENT_ASKED, .kind = EVENT_TEST };
	struct notify_figures figures;
	unsigned told = 0;

	begin();
	for (int i = 0; i < 10; i++)
		told += tell(&failure, &two, 60001);
	CU_ASSERT_EQUAL(told, 2);
	CU_ASSERT_TRUE(tell(&test, &two, 60001));
	CU_ASSERT_FALSE(tell(&failure, &two, 119999));
	CU_ASSERT_TRUE(tell(&failure, &two, 120001));
	CU_ASSERT_EQUAL(out.objects[out.count - 1].value.is.number, 9);
	notify_figures(&notifier, EVENT_AUTHENTICATION_FAILURE, &figures);
	CU_ASSERT_EQUAL(figures.sent, 3);
	CU_ASSERT_EQUAL(figures.held_back, 9);
	CU_ASSERT_EQUAL(figures.last_sent_ms, 120001);
}

static void the_end_of_an_alarm_in_its_limit_is_told(void)
{
	const struct notify_limit one = { .enabled = true, .per_minute = 1 };
	struct event first = alarm_event(EVENT_RAISED, 1), second = alarm_event(EVENT_RAISED, 2);
	struct event first_end = alarm_event(EVENT_CLEARED, 1);
	struct event second_end = alarm_event(EVENT_CLEARED, 2);

	begin();
	CU_ASSERT_TRUE(tell(&first, &one, 60001));
	CU_ASSERT_FALSE(tell(&second, &one, 60001));
	CU_ASSERT_TRUE(tell(&first_end, &one, 60001));
	CU_ASSERT_FALSE(tell(&second_end, &one, 60001));
}

/* The list of alarms is empty here: each that was told is over. */
static void a_lost_end_is_made_up_for(void)
{
	struct event raised = alarm_event(EVENT_RAISED, 5);
	struct event missed;

	begin();
	CU_ASSERT_FALSE(notify_missed(&notifier, &missed));
	CU_ASSERT_TRUE(tell(&raised, &free_of_limit, 1));
	CU_ASSERT_TRUE_FATAL(notify_missed(&notifier, &missed));
	CU_ASSERT_EQUAL(missed.what, EVENT_CLEARED);
	CU_ASSERT_EQUAL(missed.alarm.index, 5);
	CU_ASSERT_EQUAL(missed.alarm.of.group, 3);
	CU_ASSERT_TRUE(tell(&missed, &free_of_limit, 1));
	CU_ASSERT_FALSE(notify_missed(&notifier, &missed));
}

static void a_violator_is_named_by_its_address(void)
{
	static const uint32_t spi[] = { 1, 3, 6, 1, 2, 1, 44, 1, 2, 3, 1, 3, 10, 0, 0, 9 };
	struct event event = { .what = EVENT_FAILURE, .kind = EVENT_AUTHENTICATION_FAILURE };

	begin();
	event.failure = (struct event_failure){
		0, { htonl(0x0a000009) }, 0x80000001u, 0x12345678ffffffffu, 2
	};
	CU_ASSERT_TRUE_FATAL(tell(&event, &free_of_limit, 1));
	CU_ASSERT_EQUAL(out.objects[1].name.size, 16);
	CU_ASSERT_EQUAL(memcmp(out.objects[1].name.at, spi, sizeof(spi)), 0);
	CU_ASSERT_EQUAL(out.objects[1].value.is.integer, INT32_MIN + 1);
	CU_ASSERT_EQUAL(out.objects[2].value.is.integer, -1);
	CU_ASSERT_EQUAL(out.objects[3].value.is.integer, 0x12345678);
}

static CU_TestInfo tests[] = {
	{ "names and values are of the alarm", names_and_values_are_of_the_alarm },
	{ "an end is told when its beginning was", an_end_is_told_when_its_beginning_was },
	{ "the limit is of a minute and a kind", the_limit_is_of_a_minute_and_a_kind },
	{ "the end of an alarm in its limit is told", the_end_of_an_alarm_in_its_limit_is_told },
	{ "a lost end is made up for", a_lost_end_is_made_up_for },
	{ "a violator is named by its address", a_violator_is_named_by_its_address },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("notify", tests);
}
