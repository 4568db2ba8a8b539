/* features.h - what changes the meaning of what is stored begins for a whole cluster at
 * once: when its leader sees that all members, the witness among them, have a program
 * that knows it (FEATURE_PREFIX in agentd/state/change.h). An agent that is alone begins
 * with its start. What was refused is tried again later, in both.
 *
 * May include: everything below layer 4. */
#ifndef AGENTD_FLOW_FEATURES_H
#define AGENTD_FLOW_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

#include "agentd/flow/agent.h"

/* Is there one to begin with, and can it begin now? `status` is the replication's. */
bool features_are_due(struct agent *agent, const struct replication_status *status);

/* From which level on a program knows what: the one that it tells in a cluster
 * (feature_level of struct replication_peer). What comes next gets a number of its own, and
 * the program's becomes that (PACKET_FEATURE_LEVEL in replication/transport_packet.h). */
enum feature_level {
	FEATURE_LEVEL_NODE_COUNTERS = 2,
	/* Changes that are made together, guards of additions, and associations that keep
	 * their keys. */
	FEATURE_LEVEL_BATCH = 2,
};

#define FEATURES_REST_MIN_MS 1000u
#define FEATURES_REST_MAX_MS 30000u

/* When to try: at once, then after rests that double. Zero at first. */
struct features_pace {
	uint64_t next_ms;
	uint32_t rest_ms; /* after which that is; 0: nothing was tried yet */
};

/* `due`: as features_are_due says it now; when it is not, the next time begins anew.
 * `now_ms`: any clock that does not go back. true: try now. */
bool features_pace(struct features_pace *pace, bool due, uint64_t now_ms);

/* Put those in order that are due, and wait until the store has them. Who may not any
 * more, or cannot, leaves it for later. Not on the engine's thread. */
void features_run(struct agent *agent);

#endif
