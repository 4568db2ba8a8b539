/* events.c - the list and the queue, each under a lock of its own. Of an alarm, the change
 * of the list and its event are made under the list's, so that events come in the order in
 * which the list changed. */
#include "agentd/flow/events.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"

_Atomic bool events_taken;

/* By their indexes. */
static struct {
	pthread_mutex_t lock;
	struct event_alarm alarms[EVENTS_ALARMS_MAX];
	uint32_t count;
	uint32_t last_index;
	uint64_t changed_ms, changed_monotonic_ms;
	uint64_t unlisted;
} list = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* The oldest first. */
static struct {
	pthread_mutex_t lock;
	struct event events[EVENTS_MAX];
	size_t count;
	int descriptor;
} queue = { .lock = PTHREAD_MUTEX_INITIALIZER, .descriptor = -1 };

static _Atomic uint64_t lost[EVENT_KIND_MAX + 1];

/* ---- names ---- */

const char *event_severity_name(enum event_severity severity)
{
	static const char *const names[] = {
		[EVENT_NO_ALARM] = "none", [EVENT_CRITICAL] = "critical", [EVENT_MAJOR] = "major",
		[EVENT_MINOR] = "minor",   [EVENT_WARNING] = "warning",
	};

	return names[severity];
}

static const struct {
	const char *name;
	enum event_severity severity;
} kinds[EVENT_KIND_MAX + 1] = {
#define X(symbol, number, name, severity, what) [number] = { name, severity },
	EVENT_KINDS(X)
#undef X
};

const char *event_kind_name(unsigned kind)
{
	return kind <= EVENT_KIND_MAX && kinds[kind].name ? kinds[kind].name : "";
}

enum event_severity event_kind_severity(enum event_kind kind)
{
	return kinds[kind].severity;
}

/* ---- the queue ---- */

/* The higher, the sooner it goes when there is no room. */
static unsigned haste(const struct event *event)
{
	switch (event->what) {
	case EVENT_RAISED:
	case EVENT_CLEARED:
		return event->alarm.severity;
	case EVENT_LEADER:
		return EVENT_MAJOR;
	case EVENT_ASKED:
		return EVENT_WARNING + 1;
	case EVENT_FAILURE:
		break;
	}
	return EVENT_WARNING + 2;
}

static void note_lost(enum event_kind kind)
{
	atomic_fetch_add_explicit(&lost[kind], 1, memory_order_relaxed);
}

/* With the lock. */
static void remove_at(size_t at)
{
	queue.count--;
	memmove(&queue.events[at], &queue.events[at + 1],
	        (queue.count - at) * sizeof(queue.events[0]));
}

/* With the lock. false: everything that waits is more important than the new one. */
static bool make_room(const struct event *new)
{
	size_t at = 0;

	for (size_t i = 1; i < queue.count; i++)
		if (haste(&queue.events[i]) > haste(&queue.events[at]))
			at = i;
	if (haste(&queue.events[at]) < haste(new))
		return false;
	note_lost(queue.events[at].kind);
	remove_at(at);
	return true;
}

/* With the lock. */
static void append(const struct event *event)
{
	const uint64_t one = 1;

	if (queue.descriptor < 0)
		return;
	if (queue.count == EVENTS_MAX && !make_room(event)) {
		note_lost(event->kind);
		return;
	}
	queue.events[queue.count++] = *event;
	/* Full or interrupted: it is readable then. */
	if (write(queue.descriptor, &one, sizeof(one)) < 0)
		return;
}

static void stamp(struct event *event)
{
	event->at_ms = clock_wall_ms();
	event->at_monotonic_ms = clock_monotonic_ms();
}

static void post(const struct event *event)
{
	if (!events_are_taken())
		return;
	pthread_mutex_lock(&queue.lock);
	append(event);
	pthread_mutex_unlock(&queue.lock);
}

void events_leader(const struct event_leader *leader)
{
	struct event event = {
		.what = EVENT_LEADER,
		.kind = EVENT_LEADER_CHANGED,
		.leader = *leader,
	};

	stamp(&event);
	post(&event);
}

void events_test(void)
{
	struct event event = { .what = EVENT_ASKED, .kind = EVENT_TEST };

	stamp(&event);
	post(&event);
}

/* The kernel's last tick will do, and costs a few nanoseconds. */
static uint64_t second_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec;
}

/* Two threads in a new second may both begin it: then a few more are told. */
static bool is_within_limit(void)
{
	static _Atomic uint64_t second;
	static _Atomic uint32_t told;
	uint64_t now = second_now();

	if (atomic_load_explicit(&second, memory_order_relaxed) != now) {
		atomic_store_explicit(&second, now, memory_order_relaxed);
		atomic_store_explicit(&told, 0, memory_order_relaxed);
	}
	if (atomic_load_explicit(&told, memory_order_relaxed) >= EVENTS_FAILURES_MAX)
		return false;
	return atomic_fetch_add_explicit(&told, 1, memory_order_relaxed) < EVENTS_FAILURES_MAX;
}

static void post_failure(const struct event_failure *failure)
{
	struct event event = {
		.what = EVENT_FAILURE,
		.kind = EVENT_AUTHENTICATION_FAILURE,
		.failure = *failure,
	};

	stamp(&event);
	append(&event);
}

void events_failure(const struct event_failure *failure)
{
	if (!is_within_limit() || pthread_mutex_trylock(&queue.lock) != 0) {
		note_lost(EVENT_AUTHENTICATION_FAILURE);
		return;
	}
	post_failure(failure);
	pthread_mutex_unlock(&queue.lock);
}

/* ---- the taker ---- */

enum ha_error events_attach(int *descriptor)
{
	enum ha_error why = HA_OK;

	pthread_mutex_lock(&queue.lock);
	if (queue.descriptor >= 0) {
		why = HA_E_BUSY;
	} else {
		queue.descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (queue.descriptor < 0)
			why = ha_error_of_errno(errno);
	}
	if (why == HA_OK) {
		queue.count = 0;
		*descriptor = queue.descriptor;
		atomic_store(&events_taken, true);
	}
	pthread_mutex_unlock(&queue.lock);
	return why;
}

bool events_take(struct event *out)
{
	uint64_t count;
	bool any;

	pthread_mutex_lock(&queue.lock);
	any = queue.count > 0;
	if (any) {
		*out = queue.events[0];
		remove_at(0);
	} else if (queue.descriptor >= 0 && read(queue.descriptor, &count, sizeof(count)) < 0 &&
	           errno != EAGAIN) {
		log_error("the event of alarms cannot be read: %s", strerror(errno));
	}
	pthread_mutex_unlock(&queue.lock);
	return any;
}

void events_detach(void)
{
	pthread_mutex_lock(&queue.lock);
	atomic_store(&events_taken, false);
	if (queue.descriptor >= 0)
		close(queue.descriptor);
	queue.descriptor = -1;
	queue.count = 0;
	pthread_mutex_unlock(&queue.lock);
}

uint64_t events_lost(unsigned kind)
{
	return kind <= EVENT_KIND_MAX ? atomic_load_explicit(&lost[kind], memory_order_relaxed) : 0;
}

/* ---- the list: all with its lock ---- */

static struct event_alarm *find(const struct event_subject *of)
{
	for (uint32_t i = 0; i < list.count; i++) {
		const struct event_subject *has = &list.alarms[i].of;

		if (has->kind == of->kind && has->group == of->group && has->member == of->member &&
		    has->item == of->item)
			return &list.alarms[i];
	}
	return NULL;
}

static void unlist(struct event_alarm *alarm)
{
	size_t behind = (size_t)(&list.alarms[--list.count] - alarm);

	memmove(alarm, alarm + 1, behind * sizeof(*alarm));
}

static void note_change(const struct event *event)
{
	list.changed_ms = event->at_ms;
	list.changed_monotonic_ms = event->at_monotonic_ms;
	post(event);
}

/* Of an alarm in the list. */
static void end(struct event_alarm *alarm, const char *text)
{
	struct event event = { .what = EVENT_CLEARED, .kind = alarm->of.kind, .alarm = *alarm };

	snprintf(event.alarm.text, sizeof(event.alarm.text), "%s", text);
	stamp(&event);
	unlist(alarm);
	note_change(&event);
}

/* false: all in the list are at least as bad. Of an alarm that comes again it was counted
 * when it found no place, or lost it. */
static bool give_way(enum event_severity severity, bool again)
{
	struct event_alarm *least = &list.alarms[0];

	for (uint32_t i = 1; i < list.count; i++)
		if (list.alarms[i].severity >= least->severity)
			least = &list.alarms[i];
	if (least->severity <= severity) {
		list.unlisted += !again;
		return false;
	}
	list.unlisted++;
	end(least, "there are too many alarms to keep this one, which is not over");
	return true;
}

/* ---- alarms ---- */

static void put(const struct event_subject *of, enum event_severity severity, const char *text,
                bool again)
{
	struct event event = {
		.what = EVENT_RAISED,
		.kind = of->kind,
		.alarm = { .of = *of, .severity = severity },
	};

	snprintf(event.alarm.text, sizeof(event.alarm.text), "%s", text);
	stamp(&event);
	event.alarm.raised_ms = event.at_ms;
	event.alarm.raised_monotonic_ms = event.at_monotonic_ms;
	pthread_mutex_lock(&list.lock);
	if (!find(of) && (list.count < EVENTS_ALARMS_MAX || give_way(severity, again))) {
		event.alarm.index = ++list.last_index;
		list.alarms[list.count++] = event.alarm;
		note_change(&event);
	}
	pthread_mutex_unlock(&list.lock);
}

void events_raise(const struct event_subject *of, enum event_severity severity, const char *text)
{
	put(of, severity, text, false);
}

void events_raise_again(const struct event_subject *of, enum event_severity severity,
                        const char *text)
{
	put(of, severity, text, true);
}

void events_clear(const struct event_subject *of, const char *text)
{
	struct event_alarm *alarm;

	pthread_mutex_lock(&list.lock);
	alarm = find(of);
	if (alarm)
		end(alarm, text);
	pthread_mutex_unlock(&list.lock);
}

bool events_alarm_after(uint32_t index, struct event_alarm *out)
{
	uint32_t i = 0;
	bool any;

	pthread_mutex_lock(&list.lock);
	while (i < list.count && list.alarms[i].index <= index)
		i++;
	any = i < list.count;
	if (any)
		*out = list.alarms[i];
	pthread_mutex_unlock(&list.lock);
	return any;
}

void events_summary(struct event_summary *out)
{
	pthread_mutex_lock(&list.lock);
	*out = (struct event_summary){
		.count = list.count,
		.changed_ms = list.changed_ms,
		.changed_monotonic_ms = list.changed_monotonic_ms,
		.unlisted = list.unlisted,
	};
	for (uint32_t i = 0; i < list.count; i++)
		if (out->worst == EVENT_NO_ALARM || list.alarms[i].severity < out->worst)
			out->worst = list.alarms[i].severity;
	pthread_mutex_unlock(&list.lock);
}
