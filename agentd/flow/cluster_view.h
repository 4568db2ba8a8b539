/* cluster_view.h - what the figures of a cluster mean: who is within reach, who
 * holds what was acknowledged, and what the loss of one more would do. Pure.
 *
 * May include: replication. */
#ifndef AGENTD_FLOW_CLUSTER_VIEW_H
#define AGENTD_FLOW_CLUSTER_VIEW_H

#include "replication/replication.h"

/* A member that lacks nothing older than this holds what was acknowledged, but for
 * what is on its way. */
#define CLUSTER_LAG_MS 1000u

struct cluster_view {
	unsigned members;
	unsigned majority;
	unsigned reachable; /* with this one */
	unsigned data;      /* members that are no witness */
	unsigned holding;   /* data members that hold what was acknowledged; the leader knows */
};

void cluster_view_of(const struct replication_status *status, struct cluster_view *out);

/* The member that leads, as far as it can be known here; 0 = nobody. One that is out
 * of reach is remembered as the leader, and is none. */
uint8_t cluster_leader(const struct replication_status *status);

/* Member by its number; NULL. */
const struct replication_peer *cluster_peer(const struct replication_status *status,
                                            uint8_t number);

/* Does this data member hold what was acknowledged? The leader knows. */
bool cluster_peer_holds(const struct replication_peer *peer);

/* A sentence for each thing that an operator should see to; static. Returns how
 * many. */
#define CLUSTER_WARNINGS_MAX 13u
size_t cluster_warnings(const struct replication_status *status,
                        const char *out[CLUSTER_WARNINGS_MAX]);

#endif
