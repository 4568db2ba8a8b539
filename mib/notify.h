/* notify.h - events as notifications: which objects each tells, and how many are told.
 * Pure but for what it counts; nothing here knows Net-SNMP.
 *
 * May include: agentd/flow/events.h, mib/tree.h, mib/view.h. */
#ifndef MIB_NOTIFY_H
#define MIB_NOTIFY_H

#include "agentd/flow/events.h"
#include "mib/tree.h"
#include "mib/view.h"

#define NOTIFIED_MAX 8u /* objects of one notification */

struct notified {
	struct mib_name name;
	struct mib_value value;
};

struct notification {
	enum event_kind kind;
	struct mib_name name; /* what snmpTrapOID says */
	size_t count;
	struct notified objects[NOTIFIED_MAX];
};

/* What became of the notifications of a kind. */
struct notify_figures {
	uint32_t sent;
	uint32_t held_back;
	uint64_t last_sent_ms; /* clock_monotonic_ms(); 0 = never */
};

/* The settings of group 0, which are those of the process. While it starts again they are as
 * notify_limits_keep found them. */
void notify_limit(struct mib_view *view, enum event_kind kind, struct notify_limit *out);
/* Group 0 is about to be paused, between two requests: nothing can be asked of it then. */
void notify_limits_keep(struct mib_view *view);

/* One for a process, zero at first but for `reporter`. One thread makes notifications;
 * others may read the figures. */
struct notifier {
	uint32_t reporter; /* number of this member, 0 when it is alone */
	struct {
		_Atomic uint32_t sent;
		_Atomic uint32_t held_back;
		_Atomic uint64_t last_sent_ms;
		uint64_t minute_ms; /* when the present minute of the limit began */
		uint32_t used;      /* of it */
	} kinds[EVENT_KIND_MAX + 1];
	/* Alarms whose raising was told, for which the end is told too. */
	struct notify_told {
		uint32_t index; /* 0 = a free place */
		struct event_subject of;
		enum event_severity severity;
		uint64_t raised_ms;
	} told[EVENTS_ALARMS_MAX];
};

/* The notification of an event, or none: it is switched off, beyond its limit, or the end
 * of an alarm that was never told of. `now_ms` is of the monotonic clock. */
bool notify_of(struct notifier *notifier, const struct event *event,
               const struct notify_limit *limit, uint64_t now_ms, struct notification *out);

/* After events were lost: the end of an alarm that was told and is not in the list any
 * more, as an event; false: there is none. Again until there is none. */
bool notify_missed(const struct notifier *notifier, struct event *out);

/* Any thread. */
void notify_figures(const struct notifier *notifier, enum event_kind kind,
                    struct notify_figures *out);

#endif
