/* cluster_view.c - counting members, and rows of what is to be said. */
#include "agentd/flow/cluster_view.h"

const struct replication_peer *cluster_peer(const struct replication_status *status, uint8_t number)
{
	for (size_t i = 0; i < status->member_count; i++)
		if (status->members[i].number == number)
			return &status->members[i];
	return NULL;
}

uint8_t cluster_leader(const struct replication_status *status)
{
	const struct replication_peer *peer = cluster_peer(status, status->leader);

	if (!peer)
		return 0;
	if (peer->self)
		return status->role == REPLICATION_LEADER ? peer->number : 0;
	return peer->connected ? peer->number : 0;
}

bool cluster_peer_holds(const struct replication_peer *peer)
{
	if (peer->witness)
		return false;
	return peer->self || (peer->connected && !peer->refused && !peer->installing &&
	                      peer->match_index > 0 && peer->lag_ms < CLUSTER_LAG_MS);
}

void cluster_view_of(const struct replication_status *status, struct cluster_view *out)
{
	*out = (struct cluster_view){
		.members = (unsigned)status->member_count,
		.majority = (unsigned)status->member_count / 2 + 1,
	};
	for (size_t i = 0; i < status->member_count; i++) {
		const struct replication_peer *peer = &status->members[i];

		out->reachable += peer->self || (peer->connected && !peer->refused);
		out->data += !peer->witness;
		out->holding += cluster_peer_holds(peer);
	}
}

uint32_t cluster_vacant_ms(const struct replication_reign *reign)
{
	uint64_t ms = (reign->vacant_us + 500u) / 1000u;

	return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

/* ---- a member in words ---- */

enum cluster_role cluster_peer_role(const struct replication_status *status,
                                    const struct replication_peer *peer)
{
	if (peer->number == cluster_leader(status))
		return CLUSTER_LEADER;
	if (peer->witness)
		return CLUSTER_WITNESS;
	if (peer->self && status->role == REPLICATION_CANDIDATE)
		return CLUSTER_CANDIDATE;
	return CLUSTER_STANDBY;
}

enum cluster_role cluster_own_role(const struct replication_status *status)
{
	const struct replication_peer *self = cluster_peer(status, status->self);

	return self ? cluster_peer_role(status, self) : CLUSTER_ALONE;
}

enum cluster_condition cluster_peer_condition(const struct replication_status *status,
                                              const struct replication_peer *peer)
{
	if (peer->refused)
		return CLUSTER_IS_REFUSED;
	if (peer->of_none || (peer->self && status->member_of_none))
		return CLUSTER_IS_OF_NO_CLUSTER;
	if (!peer->self && !peer->connected)
		return CLUSTER_IS_UNREACHABLE;
	if (peer->self && status->clock_off)
		return CLUSTER_IS_CLOCK_OFF;
	if (peer->refuses)
		return CLUSTER_IS_REFUSING;
	if (peer->drained || (peer->self && status->drained))
		return CLUSTER_IS_DRAINED;
	if (peer->installing)
		return CLUSTER_IS_INSTALLING;
	if (status->role == REPLICATION_LEADER && !peer->witness && !cluster_peer_holds(peer))
		return CLUSTER_IS_LAGGING;
	return CLUSTER_IS_WELL;
}

const char *cluster_role_name(enum cluster_role role)
{
	static const char *const names[] = {
#define X(symbol, number, name) [number] = name,
		CLUSTER_ROLES(X)
#undef X
	};

	return names[role];
}

const char *cluster_condition_name(enum cluster_condition condition)
{
	static const char *const names[] = {
#define X(symbol, number, name) [number] = name,
		CLUSTER_CONDITIONS(X)
#undef X
	};

	return names[condition];
}

struct cluster_lag cluster_peer_lag(const struct replication_status *status,
                                    const struct replication_peer *peer)
{
	uint64_t last = status->last_index, match = peer->match_index;
	struct cluster_lag lag = { 0 };

	if (status->role != REPLICATION_LEADER || peer->self)
		return lag;
	lag.known = true;
	lag.entries = last > match ? last - match : 0;
	lag.age_known = match && peer->lag_ms != UINT32_MAX;
	if (lag.age_known)
		lag.age_ms = peer->lag_ms;
	return lag;
}

/* ---- what is to be said ---- */

typedef bool warning_test(const struct replication_status *status, const struct cluster_view *view);

static bool leads(const struct replication_status *status)
{
	return status->role == REPLICATION_LEADER;
}

static bool lacks_majority(const struct replication_status *status, const struct cluster_view *view)
{
	return view->reachable < view->majority && !leads(status) && !status->member_of_none;
}

static bool lacks_leader(const struct replication_status *status, const struct cluster_view *view)
{
	return cluster_leader(status) == 0 && view->reachable >= view->majority;
}

static bool is_of_none(const struct replication_status *status, const struct cluster_view *view)
{
	(void)view;
	return status->member_of_none;
}

static bool has_witness_for_leader(const struct replication_status *status,
                                   const struct cluster_view *view)
{
	const struct replication_peer *leader = cluster_peer(status, cluster_leader(status));

	(void)view;
	return leader && leader->witness;
}

static bool is_refused(const struct replication_status *status, const struct cluster_view *view)
{
	(void)view;
	for (size_t i = 0; i < status->member_count; i++)
		if (status->members[i].refuses)
			return true;
	return false;
}

static bool holds_alone(const struct replication_status *status, const struct cluster_view *view)
{
	return leads(status) && view->holding == 1;
}

/* Said once: who holds alone loses service in any case. */
static bool has_none_to_spare(const struct replication_status *status,
                              const struct cluster_view *view)
{
	return view->reachable == view->majority && view->members > 1 && !holds_alone(status, view);
}

static bool lacks_some(const struct replication_status *status, const struct cluster_view *view)
{
	return leads(status) && view->holding > 1 && view->holding < view->data;
}

static bool refuses(const struct replication_status *status, const struct cluster_view *view)
{
	(void)view;
	for (size_t i = 0; i < status->member_count; i++)
		if (status->members[i].refused)
			return true;
	return false;
}

static bool differs(const struct replication_status *status, const struct cluster_view *view)
{
	(void)view;
	for (size_t i = 0; i < status->member_count; i++)
		if (status->members[i].other_groups)
			return true;
	return false;
}

static bool is_off(const struct replication_status *status, const struct cluster_view *view)
{
	(void)view;
	return status->clock_off;
}

static bool is_drained(const struct replication_status *status, const struct cluster_view *view)
{
	(void)view;
	return status->drained;
}

static bool is_full(const struct replication_status *status, const struct cluster_view *view)
{
	(void)view;
	return status->full;
}

static const struct {
	warning_test *test;
	const char *text;
} rows[] = {
	{ lacks_majority,
	  "no majority: too few members are within reach, and nobody answers mobile "
	  "nodes on this side" },
	{ is_of_none,
	  "this node is of no cluster yet: it waits for one, which the data member with "
	  "the lowest number founds, and nobody answers mobile nodes" },
	{ lacks_leader,
	  "no leader is heard: nobody answers mobile nodes, unless one leads whom this "
	  "node does not hear" },
	{ has_witness_for_leader,
	  "no data member would lead: all within reach are drained, hold too "
	  "little or have a wrong clock; nobody answers mobile nodes" },
	{ holds_alone, "no redundancy: the loss of this node loses service" },
	{ has_none_to_spare, "no member to spare: the loss of one more ends service" },
	{ lacks_some, "less redundancy: not all data members hold what was acknowledged" },
	{ refuses,
	  "a member is refused: it has another disk than before, is of another cluster, or "
	  "is configured with other members; the log of this node says which" },
	{ is_refused, "a member refuses this node: its log says why" },
	{ is_full,
	  "this node takes no more into its log, for its store does not keep up: as the leader "
	  "it denies registrations" },
	{ differs, "a member is configured with other groups, or other addresses of them; the log "
	           "of this node says which" },
	{ is_off, "the clock of this node is off: it does not lead" },
	{ is_drained, "this node is drained: it does not lead" },
};

_Static_assert(sizeof(rows) / sizeof(rows[0]) <= CLUSTER_WARNINGS_MAX, "there is room for all");

size_t cluster_warnings(const struct replication_status *status,
                        const char *out[CLUSTER_WARNINGS_MAX])
{
	struct cluster_view view;
	size_t count = 0;

	cluster_view_of(status, &view);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && view.members > 0; i++)
		if (rows[i].test(status, &view))
			out[count++] = rows[i].text;
	return count;
}
