/* notify.c - a table of events by what they are: the notification, its objects, and
 * where each comes from. */
#include "mib/notify.h"

#include <stdio.h>
#include <string.h>

#include "mib/counters.h"
#include "mib/object.h"

#define MINUTE_MS 60000u

/* A name: the object, then its index. */
#define MIP(...)                                                                                   \
	(const uint32_t[])                                                                         \
	{                                                                                          \
		MIB_MIP_ROOT, __VA_ARGS__                                                          \
	}
#define HEARTH(...)                                                                                \
	(const uint32_t[])                                                                         \
	{                                                                                          \
		MIB_HEARTH_ROOT, __VA_ARGS__                                                       \
	}
#define ARCS(...) (sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))
#define OF_MIP(...) MIP(__VA_ARGS__), ARCS(MIB_MIP_ROOT, __VA_ARGS__)
#define OF_HEARTH(...) HEARTH(__VA_ARGS__), ARCS(MIB_HEARTH_ROOT, __VA_ARGS__)

static void name_of(struct mib_name *out, const uint32_t *arcs, size_t count)
{
	memcpy(out->at, arcs, count * sizeof(arcs[0]));
	out->size = count;
}

/* One more object, whose index is a number. Returns where its value belongs. */
static struct mib_value *add(struct notification *out, const uint32_t *arcs, size_t count,
                             uint32_t index)
{
	struct notified *object = &out->objects[out->count++];

	name_of(&object->name, arcs, count);
	object->name.at[object->name.size++] = index;
	return &object->value;
}

/* ---- what each tells ---- */

static void tell_reporter(const struct notifier *notifier, struct notification *out)
{
	mib_unsigned(add(out, OF_HEARTH(1, 10, 3), 0), notifier->reporter);
}

static void tell_held_back(const struct notifier *notifier, struct notification *out)
{
	mib_counter(add(out, OF_HEARTH(1, 10, 1, 1, 5), out->kind),
	            notifier->kinds[out->kind].held_back);
}

static void tell_alarm(const struct notifier *notifier, const struct event *event,
                       struct notification *out)
{
	const struct event_alarm *alarm = &event->alarm;

	mib_integer(add(out, OF_HEARTH(1, 8, 4, 1, 2), alarm->index), (int32_t)alarm->of.kind);
	mib_integer(add(out, OF_HEARTH(1, 8, 4, 1, 3), alarm->index), (int32_t)alarm->severity);
	mib_integer(add(out, OF_HEARTH(1, 8, 4, 1, 4), alarm->index), alarm->of.group);
	mib_unsigned(add(out, OF_HEARTH(1, 8, 4, 1, 5), alarm->index), alarm->of.member);
	mib_date(add(out, OF_HEARTH(1, 8, 4, 1, 6), alarm->index), alarm->raised_ms);
	mib_text(add(out, OF_HEARTH(1, 8, 4, 1, 7), alarm->index), alarm->text);
	tell_reporter(notifier, out);
	tell_held_back(notifier, out);
}

static void tell_leader(const struct notifier *notifier, const struct event *event,
                        struct notification *out)
{
	const struct event_leader *leader = &event->leader;

	mib_unsigned(add(out, OF_HEARTH(1, 2, 1, 1, 7), leader->group), leader->leader);
	mib_counter64(add(out, OF_HEARTH(1, 2, 1, 1, 8), leader->group), leader->term);
	mib_unsigned(add(out, OF_HEARTH(1, 2, 1, 1, 12), leader->group), leader->without_ms);
	tell_reporter(notifier, out);
	tell_held_back(notifier, out);
}

/* One more object of a violator, whose index is the home address. */
static struct mib_value *add_of_violator(struct notification *out, uint32_t column,
                                         struct in_addr home)
{
	struct mib_value *value = add(out, OF_MIP(1, 2, 3, 1), column);
	struct mib_name *name = &out->objects[out->count - 1].name;
	uint8_t octets[sizeof(home)];

	memcpy(octets, &home, sizeof(octets));
	for (size_t i = 0; i < sizeof(octets); i++)
		name->at[name->size++] = octets[i];
	return value;
}

static void tell_failure(const struct notifier *notifier, const struct event *event,
                         struct notification *out)
{
	const struct event_failure *failure = &event->failure;
	uint64_t identification = failure->identification;

	(void)notifier;
	mib_address(add_of_violator(out, 1, failure->home), failure->home);
	mib_integer(add_of_violator(out, 3, failure->home), (int32_t)failure->spi);
	mib_integer(add_of_violator(out, 5, failure->home), (int32_t)(uint32_t)identification);
	mib_integer(add_of_violator(out, 6, failure->home),
	            (int32_t)(uint32_t)(identification >> 32));
	mib_integer(add_of_violator(out, 7, failure->home), (int32_t)failure->reason);
	tell_held_back(notifier, out);
}

static void tell_test(const struct notifier *notifier, const struct event *event,
                      struct notification *out)
{
	(void)event;
	mib_unsigned(add(out, OF_HEARTH(1, 1, 4), 0), notifier->reporter);
	tell_reporter(notifier, out);
}

static const struct {
	uint32_t name[10];
	size_t size;
	void (*tell)(const struct notifier *notifier, const struct event *event,
	             struct notification *out);
} rows[] = {
	[EVENT_RAISED] = { { MIB_HEARTH_ROOT, 0, 2 }, 10, tell_alarm },
	[EVENT_CLEARED] = { { MIB_HEARTH_ROOT, 0, 3 }, 10, tell_alarm },
	[EVENT_LEADER] = { { MIB_HEARTH_ROOT, 0, 1 }, 10, tell_leader },
	[EVENT_FAILURE] = { { MIB_MIP_ROOT, 2, 0, 1 }, 10, tell_failure },
	[EVENT_ASKED] = { { MIB_HEARTH_ROOT, 0, 4 }, 10, tell_test },
};

/* ---- how many ---- */

/* The place of an alarm among those that were told; with 0 a free one. */
static struct notify_told *told_place(struct notifier *notifier, uint32_t index)
{
	for (size_t i = 0; i < EVENTS_ALARMS_MAX; i++)
		if (notifier->told[i].index == index)
			return &notifier->told[i];
	return NULL;
}

static void remember(struct notifier *notifier, const struct event_alarm *alarm)
{
	/* The list of alarms has as many places, and who lost its place there is told as
	 * cleared before another one has it. */
	struct notify_told *place = told_place(notifier, 0);

	if (place)
		*place = (struct notify_told){ alarm->index, alarm->of, alarm->severity,
			                       alarm->raised_ms };
}

static bool forget(struct notifier *notifier, uint32_t index)
{
	struct notify_told *place = told_place(notifier, index);

	if (place)
		place->index = 0;
	return place;
}

static bool is_within(struct notifier *notifier, enum event_kind kind,
                      const struct notify_limit *limit, uint64_t now_ms)
{
	if (now_ms - notifier->kinds[kind].minute_ms >= MINUTE_MS) {
		notifier->kinds[kind].minute_ms = now_ms;
		notifier->kinds[kind].used = 0;
	}
	if (limit->per_minute != 0 && notifier->kinds[kind].used >= limit->per_minute) {
		notifier->kinds[kind].held_back++;
		mib_count(MIB_COUNT_NOTIFICATIONS_HELD);
		return false;
	}
	notifier->kinds[kind].used++;
	return true;
}

static bool is_to_be_told(struct notifier *notifier, const struct event *event,
                          const struct notify_limit *limit, uint64_t now_ms)
{
	if (event->what == EVENT_CLEARED)
		return forget(notifier, event->alarm.index);
	if (!limit->enabled || !is_within(notifier, event->kind, limit, now_ms))
		return false;
	if (event->what == EVENT_RAISED)
		remember(notifier, &event->alarm);
	return true;
}

bool notify_of(struct notifier *notifier, const struct event *event,
               const struct notify_limit *limit, uint64_t now_ms, struct notification *out)
{
	if (event->kind < 1 || event->kind > EVENT_KIND_MAX ||
	    !is_to_be_told(notifier, event, limit, now_ms))
		return false;
	out->kind = event->kind;
	out->count = 0;
	name_of(&out->name, rows[event->what].name, rows[event->what].size);
	rows[event->what].tell(notifier, event, out);
	notifier->kinds[event->kind].sent++;
	notifier->kinds[event->kind].last_sent_ms = now_ms;
	return true;
}

static bool is_listed(uint32_t index)
{
	struct event_alarm alarm;

	return events_alarm_after(index - 1, &alarm) && alarm.index == index;
}

bool notify_missed(const struct notifier *notifier, struct event *out)
{
	for (size_t i = 0; i < EVENTS_ALARMS_MAX; i++) {
		const struct notify_told *told = &notifier->told[i];

		if (told->index == 0 || is_listed(told->index))
			continue;
		*out = (struct event){ .what = EVENT_CLEARED, .kind = told->of.kind };
		out->alarm.index = told->index;
		out->alarm.of = told->of;
		out->alarm.severity = told->severity;
		out->alarm.raised_ms = told->raised_ms;
		snprintf(out->alarm.text, sizeof(out->alarm.text), "it is over");
		return true;
	}
	return false;
}

void notify_figures(const struct notifier *notifier, enum event_kind kind,
                    struct notify_figures *out)
{
	memset(out, 0, sizeof(*out));
	if (kind < 1 || kind > EVENT_KIND_MAX)
		return;
	out->sent = notifier->kinds[kind].sent;
	out->held_back = notifier->kinds[kind].held_back;
	out->last_sent_ms = notifier->kinds[kind].last_sent_ms;
}
