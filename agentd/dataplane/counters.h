/* counters.h - what happens to the home agent's address; one row per counter, see
 * agentd/base/counters.h for where a row ends up.
 *
 * May include: agentd/base. */
#ifndef AGENTD_DATAPLANE_COUNTERS_H
#define AGENTD_DATAPLANE_COUNTERS_H

#include "agentd/base/counters.h"

/* X(id, name, mib_arc, help) */
#define DATAPLANE_COUNTERS(X)                                                                      \
	X(TAKES, "address-takes", 0, "times the home agent's address was taken by this node")      \
	X(GIVES, "address-gives", 0, "times it was given up")                                      \
	X(DEADLINES, "address-deadlines", 0,                                                       \
	  "times it was given up because the leader could no longer prove that it leads")          \
	X(LAPSES, "address-lapses", 0,                                                             \
	  "times the kernel took it away because agentd did not run for a second")                 \
	X(ANNOUNCEMENTS, "address-announcements", 0, "times it was announced by gratuitous ARP")   \
	X(ARP_ANSWERS, "address-arp-answers", 0, "requests of ARP for it that were answered")      \
	X(CONFLICTS, "address-conflicts", 0,                                                       \
	  "messages of ARP by which another host claimed it while it was ours")                    \
	X(ARP_FAILURES, "address-arp-failures", 0,                                                 \
	  "messages of ARP that the network did not take")                                         \
	X(FAILURES, "address-failures", 0,                                                         \
	  "attempts to take, keep or give it that the kernel or the hook refused")                 \
	X(HOOK_TIMEOUTS, "address-hook-timeouts", 0, "runs of the hook that were ended by force")

enum dataplane_counter {
#define X(id, name, mib_arc, help) DATAPLANE_##id,
	DATAPLANE_COUNTERS(X)
#undef X
	DATAPLANE_COUNTER_COUNT
};

extern struct counter_set dataplane_counters;

static inline void dataplane_count(enum dataplane_counter counter)
{
	counter_add(&dataplane_counters, counter, 1);
}

#endif
