/* user_counters.h - what happens to packets between the kernel and user space; what
 * becomes of them there is counted by forward_reasons.h.
 *
 * May include: agentd/base. */
#ifndef AGENTD_DATAPLANE_USER_COUNTERS_H
#define AGENTD_DATAPLANE_USER_COUNTERS_H

#include "agentd/base/counters.h"

/* X(id, name, mib_arc, help) */
#define USER_COUNTERS(X)                                                                           \
	X(HOME, "user-home", 0, "packets to home addresses that came to user space")               \
	X(TUNNEL, "user-tunnel", 0, "packets from tunnels that came to user space")                \
	X(ERRORS, "user-errors", 0, "ICMP errors that came to user space")                         \
	X(BROADCASTS, "user-broadcasts", 0,                                                        \
	  "broadcasts and multicasts of home links that came to user space")                       \
	X(HEALED, "user-healed", 0,                                                                \
	  "looks at which device, rules or routes had been taken away and were made again")        \
	X(CUT, "user-cut", 0, "packets that did not come whole")                                   \
	X(MERGED, "user-merged", 0,                                                                \
	  "packets from tunnels that the kernel had made of several, or left unfinished")          \
	X(MERGED_UNKNOWN, "user-merged-unknown", 0,                                                \
	  "such packets that were dropped because nothing was known of their parts")               \
	X(OTHER, "user-other", 0, "packets of other protocols than IPv4 on our device")            \
	X(SENT, "user-sent", 0, "packets that user space sent")                                    \
	X(SEND_TOO_BIG, "user-send-too-big", 0, "packets that were larger than the link's MTU")    \
	X(SEND_NO_ROUTE, "user-send-no-route", 0, "packets for which this host has no route")      \
	X(PORTS_CROWDED, "user-ports-crowded", 0,                                                  \
	  "first keepalives of UDP tunnels left alone because too many tunnels are being made")    \
	X(SEND_FENCED, "user-send-fenced", 0,                                                      \
	  "packets that were not sent since the deadline had passed after they came")              \
	X(SEND_FULL, "user-send-full", 0, "packets for which there was no room in a queue")        \
	X(SEND_FAILED, "user-send-failed", 0, "packets that the network did not take otherwise")

enum user_counter {
#define X(id, name, mib_arc, help) USER_##id,
	USER_COUNTERS(X)
#undef X
	USER_COUNTER_COUNT
};

extern struct counter_set user_counters;

static inline void user_count(enum user_counter counter)
{
	counter_add(&user_counters, counter, 1);
}

#endif
