/* watch_facts.h - for agentd/flow only: what a look at an agent finds, for alarms.h. What
 * costs little is looked at each time, the rest every second or every few.
 *
 * May include: agentd/flow/alarms.h, agentd/flow/agent.h. */
#ifndef AGENTD_FLOW_WATCH_FACTS_H
#define AGENTD_FLOW_WATCH_FACTS_H

#include "agentd/flow/agent.h"
#include "agentd/flow/alarms.h"

/* A counter that only rises, and what it did in the time between two looks. */
struct counted {
	uint64_t before;
	bool known; /* there was a look */
};
uint64_t counted_since(struct counted *counted, uint64_t now);

/* Zero at first. */
struct watch_facts {
	struct replication_status status;
	struct alarm_facts facts; /* points to the others */
	struct dataplane_status path;
	uint64_t second_ms, period_ms; /* when to look at the rest again, of the monotonic clock */
	uint64_t failed_ms;            /* of the last look at `failed` */
	struct counted failed;
	struct counted flushed, flushed_slowly, stuck;
	uint32_t reigns; /* that were there at the last look, of the status */
};

/* Failures of authentication since the start, of the process. Also datagrams of sources
 * that are not looked at any more since they failed too often: a flood that is held off is
 * one. A denial that was not sent to such a source is of a request that failed already. */
uint64_t watch_facts_failures(void);

/* A run begins: its log counts its flushes from 0. */
void watch_facts_begin(struct watch_facts *watched);

/* Since the last look this member has begun to lead after another one: *out says it, but for
 * the group. `status` is filled in. */
bool watch_facts_leader(struct watch_facts *watched, struct event_leader *out);

/* `status` is filled in. Returns what is in `watched`. */
const struct alarm_facts *watch_facts_look(struct watch_facts *watched, struct agent *agent,
                                           uint64_t now_ms);

#endif
