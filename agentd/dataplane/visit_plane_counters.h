/* visit_plane_counters.h - what happens to packets of visitors between the kernel and user
 * space; what becomes of them there is counted by visit_reasons.h.
 *
 * May include: agentd/base. */
#ifndef AGENTD_DATAPLANE_VISIT_PLANE_COUNTERS_H
#define AGENTD_DATAPLANE_VISIT_PLANE_COUNTERS_H

#include "agentd/base/counters.h"

/* X(id, name, mib_arc, help) */
#define VISIT_PLANE_COUNTERS(X)                                                                    \
	X(TUNNEL, "visit-user-tunnel", 0, "packets from tunnels of visitors that came")            \
	X(LINK, "visit-user-link", 0, "packets that hosts of visited links send by this one")      \
	X(ERRORS, "visit-user-errors", 0, "ICMP errors to care-of addresses that came")            \
	X(MERGED, "visit-user-merged", 0,                                                          \
	  "packets that the kernel had made of several, or left unfinished")                       \
	X(MERGED_UNKNOWN, "visit-user-merged-unknown", 0,                                          \
	  "such packets that were dropped because nothing was known of their parts")               \
	X(CUT, "visit-user-cut", 0, "packets that did not come whole")                             \
	X(HEALED, "visit-user-healed", 0,                                                          \
	  "looks at which device, rules or routes had been taken away and were made again")        \
	X(SENT, "visit-user-sent", 0, "packets that were sent")                                    \
	X(SEND_TOO_BIG, "visit-user-send-too-big", 0,                                              \
	  "packets that were larger than a link's MTU")                                            \
	X(SEND_NO_ROUTE, "visit-user-send-no-route", 0,                                            \
	  "packets for which this host has no route, or no link any more")                         \
	X(SEND_FENCED, "visit-user-send-fenced", 0,                                                \
	  "packets that were not sent since the deadline had passed after they came")              \
	X(SEND_FULL, "visit-user-send-full", 0, "packets for which there was no room in a queue")  \
	X(SEND_FAILED, "visit-user-send-failed", 0,                                                \
	  "packets that the network did not take otherwise")

enum visit_plane_counter {
#define X(id, name, mib_arc, help) VISIT_PLANE_##id,
	VISIT_PLANE_COUNTERS(X)
#undef X
	VISIT_PLANE_COUNTER_COUNT
};

extern struct counter_set visit_plane_counters;

static inline void visit_plane_count(enum visit_plane_counter counter)
{
	counter_add(&visit_plane_counters, counter, 1);
}

#endif
