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

/* How long the group had no leader before this one: milliseconds, rounded, as far as 32
 * bits go. */
uint32_t cluster_vacant_ms(const struct replication_reign *reign);

/* Member by its number; NULL. */
const struct replication_peer *cluster_peer(const struct replication_status *status,
                                            uint8_t number);

/* Does this data member hold what was acknowledged? The leader knows. */
bool cluster_peer_holds(const struct replication_peer *peer);

/* The part of this node in its group, and of a member. X(symbol, number in HEARTH-MIB
 * (HearthRole), name) */
#define CLUSTER_ROLES(X)                                                                           \
	X(ALONE, 1, "alone")                                                                       \
	X(LEADER, 2, "leader")                                                                     \
	X(CANDIDATE, 3, "candidate")                                                               \
	X(STANDBY, 4, "standby")                                                                   \
	X(WITNESS, 5, "witness")                                                                   \
	X(RESTARTING, 6, "starts again")

enum cluster_role {
#define X(symbol, number, name) CLUSTER_##symbol = number,
	CLUSTER_ROLES(X)
#undef X
};

/* How a member is, the worst first where it is several. X(symbol, number in HEARTH-MIB
 * (HearthMemberCondition), name) */
#define CLUSTER_CONDITIONS(X)                                                                      \
	X(WELL, 1, "well")                                                                         \
	X(LAGGING, 2, "lags")                                                                      \
	X(INSTALLING, 3, "fetches the store")                                                      \
	X(DRAINED, 4, "drained")                                                                   \
	X(CLOCK_OFF, 5, "wrong clock")                                                             \
	X(UNREACHABLE, 6, "out of reach")                                                          \
	X(REFUSED, 7, "refused")                                                                   \
	X(REFUSING, 8, "refuses us")                                                               \
	X(OF_NO_CLUSTER, 9, "of no cluster yet")

enum cluster_condition {
#define X(symbol, number, name) CLUSTER_IS_##symbol = number,
	CLUSTER_CONDITIONS(X)
#undef X
};

/* Never CLUSTER_RESTARTING; CLUSTER_ALONE is who is no member. */
enum cluster_role cluster_own_role(const struct replication_status *status);
enum cluster_role cluster_peer_role(const struct replication_status *status,
                                    const struct replication_peer *peer);
/* What an operator would want to know of it first. */
enum cluster_condition cluster_peer_condition(const struct replication_status *status,
                                              const struct replication_peer *peer);
/* As agentctl has them; static. */
const char *cluster_role_name(enum cluster_role role);
const char *cluster_condition_name(enum cluster_condition condition);

/* What another member lacks. Only the leader knows, and the age only for what came since
 * this process began. */
struct cluster_lag {
	bool known, age_known;
	uint64_t entries;
	uint32_t age_ms;
};
struct cluster_lag cluster_peer_lag(const struct replication_status *status,
                                    const struct replication_peer *peer);

/* A sentence for each thing that an operator should see to; static. Returns how
 * many. */
#define CLUSTER_WARNINGS_MAX 13u
size_t cluster_warnings(const struct replication_status *status,
                        const char *out[CLUSTER_WARNINGS_MAX]);

#endif
