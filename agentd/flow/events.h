/* events.h - what this process has to tell an operator unasked: the alarms that are
 * raised now, and a stream of what happens, for one taker (who sends notifications).
 * Both are of the process, all its groups together.
 *
 * The list has each alarm once. The queue keeps EVENTS_MAX events; when more come than
 * are taken, the oldest of the least important go and are counted, so a taker that was
 * late looks into the list to see what is so. While nobody takes, nothing is queued:
 * what was raised before is in the list only.
 *
 * Any thread, unless a function says otherwise; no call waits for anything but a lock
 * that is held to copy.
 *
 * May include: agentd/base. */
#ifndef AGENTD_FLOW_EVENTS_H
#define AGENTD_FLOW_EVENTS_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "agentd/base/event_kinds.h"

#define EVENTS_TEXT_MAX 256u
#define EVENTS_MAX 256u         /* that wait to be taken */
#define EVENTS_ALARMS_MAX 512u  /* that are in the list */
#define EVENTS_FAILURES_MAX 20u /* failed authentications in a second that are told */

#define EVENTS_PROCESS (-1) /* of no group in particular */

/* ---- alarms ---- */

/* What an alarm is about: two that are equal in this are the same alarm. */
struct event_subject {
	enum event_kind kind;
	int32_t group;   /* or EVENTS_PROCESS */
	uint32_t member; /* of the cluster, 0 = none in particular */
	uint32_t item;   /* which of several of that kind, such as the pool; 0 = there is one */
};

struct event_alarm {
	uint32_t index; /* from 1; no two alarms of a process have the same */
	struct event_subject of;
	enum event_severity severity;
	uint64_t raised_ms;           /* Unix time */
	uint64_t raised_monotonic_ms; /* of clock_monotonic_ns() */
	char text[EVENTS_TEXT_MAX];   /* the line in the log; of an end: how it is now */
};

/* Raise an alarm, whose text is cut to what fits. One that is raised stays as it is, and
 * nothing is told. When the list is full, the newest of the least severe ones gives way to
 * one that is worse, and is told as cleared; where none is less severe, the new one is
 * neither listed nor told. */
void events_raise(const struct event_subject *of, enum event_severity severity, const char *text);

/* An alarm that was raised before and is not over: if it found no place, or lost it, and
 * there is one now, it is raised anew. Else nothing happens, and nothing is counted. */
void events_raise_again(const struct event_subject *of, enum event_severity severity,
                        const char *text);

/* It is over; `text` says how it is now. Nothing happens when it is not in the list. */
void events_clear(const struct event_subject *of, const char *text);

/* The alarm with the lowest index above this one; false: there is none. From 0 on all of
 * them in order; what is raised meanwhile comes last. */
bool events_alarm_after(uint32_t index, struct event_alarm *out);

struct event_summary {
	uint32_t count;            /* in the list */
	enum event_severity worst; /* EVENT_NO_ALARM: none is raised */
	uint64_t changed_ms;       /* when one was raised or cleared last, Unix time; 0 = never */
	uint64_t changed_monotonic_ms;
	uint64_t unlisted; /* that found no place in the list, or lost it, since the start */
};
void events_summary(struct event_summary *out);

/* "critical" to "warning", "none"; of the table. Static. */
const char *event_severity_name(enum event_severity severity);
/* As it is in settings; "" for a number that is none. Static. */
const char *event_kind_name(unsigned kind);
/* Of its alarm, unless whoever raises it knows better. */
enum event_severity event_kind_severity(enum event_kind kind);

/* ---- events ---- */

/* A group has another leader than before. The new leader tells it. */
struct event_leader {
	uint32_t group;
	uint32_t leader; /* this member */
	uint32_t before;
	uint64_t term;
	uint32_t without_ms; /* how long there was none */
};

/* A request failed authentication or replay protection: what mipAuthFailure tells. */
struct event_failure {
	uint32_t group;
	struct in_addr home;     /* that the request claims */
	uint32_t spi;            /* as mipSecRecentViolationSPI has it */
	uint64_t identification; /* of the request */
	unsigned reason;         /* of mipSecRecentViolationReason, from 1 */
};

enum event_what {
	EVENT_RAISED,  /* alarm */
	EVENT_CLEARED, /* alarm, with its index, severity and time of the raising */
	EVENT_LEADER,  /* leader */
	EVENT_FAILURE, /* failure */
	EVENT_ASKED,   /* somebody wants to see that telling works; no more is said */
};

struct event {
	enum event_what what;
	enum event_kind kind;
	uint64_t at_ms; /* Unix time */
	uint64_t at_monotonic_ms;
	union {
		struct event_alarm alarm;
		struct event_leader leader;
		struct event_failure failure;
	};
};

void events_leader(const struct event_leader *leader);
void events_test(void);

/* For a network thread under a flood: who has made sure that events_are_taken tells of a
 * failure at the cost of a few tens of nanoseconds. More than EVENTS_FAILURES_MAX in a
 * second are counted as lost and not told, nor is one that finds the lock held. */
void events_failure(const struct event_failure *failure);

extern _Atomic bool events_taken;
static inline bool events_are_taken(void)
{
	return atomic_load_explicit(&events_taken, memory_order_relaxed);
}

/* Be the taker from now on. *descriptor becomes readable when there is something to take;
 * it stays this module's, and is closed by events_detach. HA_E_BUSY: there is a taker;
 * HA_E_CAPACITY or the errno's nearest: no descriptor. */
enum ha_error events_attach(int *descriptor);

/* The taker's thread: the oldest event; false: there is none, and the descriptor is not
 * readable until there is. */
bool events_take(struct event *out);

/* The taker's thread. What was not taken is forgotten. */
void events_detach(void);

/* Events of a kind since the start that a taker should have got and did not, since they
 * were too many. */
uint64_t events_lost(unsigned kind);

#endif
