/* event_kinds.h - what an operator can be told of unasked: each kind with its number in
 * HEARTH-MIB (HearthEventKind), its name in settings, and how bad its alarm is. Declared
 * here once, for alarms, for notifications, and for the settings that switch those.
 *
 * May include: nothing. */
#ifndef AGENTD_BASE_EVENT_KINDS_H
#define AGENTD_BASE_EVENT_KINDS_H

/* HearthSeverity of HEARTH-MIB. */
enum event_severity {
	EVENT_NO_ALARM = 0, /* it happens, and is over */
	EVENT_CRITICAL = 1, /* mobile nodes are not served, or what was acknowledged may be lost */
	EVENT_MAJOR = 2,    /* one more failure would do that */
	EVENT_MINOR = 3,    /* something works worse than it should */
	EVENT_WARNING = 4,  /* it will, if nobody does anything */
};

/* X(symbol, number, name, severity unless whoever raises it knows better, what is told of).
 * Append only: numbers are in the MIB, names in stores. */
#define EVENT_KINDS(X)                                                                             \
	X(EVENT_LEADER_CHANGED, 1, "leader-changed", EVENT_NO_ALARM, "another leader of a group")  \
	X(EVENT_NO_MAJORITY, 2, "no-majority", EVENT_CRITICAL, "a majority out of reach")          \
	X(EVENT_NO_LEADER, 3, "no-leader", EVENT_CRITICAL, "a group without a leader")             \
	X(EVENT_REDUNDANCY_LOST, 4, "redundancy-lost", EVENT_MAJOR,                                \
	  "acknowledged state that one member alone holds")                                        \
	X(EVENT_MEMBER_UNREACHABLE, 5, "member-unreachable", EVENT_MINOR, "a member out of reach") \
	X(EVENT_MEMBER_REFUSES, 6, "member-refuses", EVENT_MINOR, "a member that refuses another") \
	X(EVENT_MEMBER_LAGS, 7, "member-lags", EVENT_MINOR, "a member that needs the whole store") \
	X(EVENT_MEMBER_OF_OTHER_GROUPS, 8, "member-of-other-groups", EVENT_MINOR,                  \
	  "a member with other groups")                                                            \
	X(EVENT_OF_NO_CLUSTER, 9, "of-no-cluster", EVENT_MAJOR, "a node that is of no cluster")    \
	X(EVENT_CLOCK_OFF, 10, "clock-off", EVENT_MAJOR, "a clock too far from the others")        \
	X(EVENT_DISK_SLOW, 11, "disk-slow", EVENT_MINOR, "a slow disk")                            \
	X(EVENT_DISK_FAILED, 12, "disk-failed", EVENT_CRITICAL, "a disk that fails")               \
	X(EVENT_STORE_NEARLY_FULL, 13, "store-nearly-full", EVENT_WARNING, "a nearly full store")  \
	X(EVENT_POOL_EXHAUSTED, 14, "pool-exhausted", EVENT_CRITICAL, "a pool without addresses")  \
	X(EVENT_BINDING_LIMIT_REACHED, 15, "binding-limit-reached", EVENT_MAJOR,                   \
	  "no room for more bindings")                                                             \
	X(EVENT_AUTHENTICATION_SURGE, 16, "authentication-surge", EVENT_MINOR,                     \
	  "a surge of failed authentications")                                                     \
	X(EVENT_DATA_PATH_FELL_BACK, 17, "data-path-fell-back", EVENT_MINOR,                       \
	  "a slower data path in use")                                                             \
	X(EVENT_DATA_PATH_TROUBLE, 18, "data-path-trouble", EVENT_MAJOR,                           \
	  "trouble of the data path")                                                              \
	X(EVENT_AUTHENTICATION_FAILURE, 19, "authentication-failure", EVENT_NO_ALARM,              \
	  "a failed authentication (mipAuthFailure)")                                              \
	X(EVENT_TEST, 20, "test", EVENT_NO_ALARM, "tests that an operator asks for")

enum event_kind {
#define X(symbol, number, name, severity, what) symbol = number,
	EVENT_KINDS(X)
#undef X
};

#define EVENT_KIND_MAX 20u /* the highest number; the lowest is 1 */

#endif
