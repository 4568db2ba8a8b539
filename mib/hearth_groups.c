/* hearth_groups.c - hearthGroupTable: the home agent groups of this process, as this node
 * sees them. A witness knows of a group what it votes about; it holds no bindings. Of one
 * that starts again only that is known. */
#include "agentd/flow/cluster_view.h"
#include "mib/objects.h"
#include "mib/view.h"
#include "mib/writings.h"

static struct mib_group *group_of(const struct mib_cell *cell)
{
	return *(struct mib_group *const *)cell->row;
}

/* NULL while it starts again. */
static const struct agent_status *status_of(const struct mib_cell *cell)
{
	struct mib_group *group = group_of(cell);

	return group->paused ? NULL : mib_group_status(group);
}

static const struct replication_status *log_of(const struct mib_cell *cell)
{
	const struct agent_status *status = status_of(cell);

	return status ? &status->replication : NULL;
}

/* The same where there are bindings. */
static const struct agent_status *data_of(const struct mib_cell *cell)
{
	const struct agent_status *status = status_of(cell);

	return status && !status->witness ? status : NULL;
}

/* ---- what it is ---- */

static const struct config *config_of(const struct mib_cell *cell)
{
	struct mib_group *group = group_of(cell);

	return group->paused ? NULL : mib_group_config(group);
}

static bool read_address_type(const struct mib_cell *cell, struct mib_value *out)
{
	const struct config *config = config_of(cell);

	return config && mib_integer(out, config->home_agent_address.s_addr ? MIB_ADDRESS_IPV4
	                                                                    : MIB_ADDRESS_UNKNOWN);
}

static bool read_address(const struct mib_cell *cell, struct mib_value *out)
{
	const struct config *config = config_of(cell);

	return config && mib_inet_address(out, config->home_agent_address);
}

static bool read_port(const struct mib_cell *cell, struct mib_value *out)
{
	const struct config *config = config_of(cell);

	return config && mib_unsigned(out, config->home_agent_port);
}

static bool read_realm(const struct mib_cell *cell, struct mib_value *out)
{
	const struct mib_group *group = group_of(cell);

	return !group->paused && mib_unsigned(out, agent_realm(group->agent));
}

/* ---- who leads ---- */

static bool read_role(const struct mib_cell *cell, struct mib_value *out)
{
	const struct replication_status *log = log_of(cell);

	return mib_integer(out, log ? (int32_t)cluster_own_role(log) : CLUSTER_RESTARTING);
}

static bool read_leader(const struct mib_cell *cell, struct mib_value *out)
{
	const struct replication_status *log = log_of(cell);

	return log && mib_unsigned(out, cluster_leader(log));
}

static bool read_term(const struct mib_cell *cell, struct mib_value *out)
{
	const struct replication_status *log = log_of(cell);

	return log && mib_counter64(out, log->term);
}

/* NULL while it starts again. */
static const struct group_figures *history_of(const struct mib_cell *cell)
{
	struct mib_group *group = group_of(cell);

	return group->paused ? NULL : mib_group_figures(group);
}

static bool read_leader_changes(const struct mib_cell *cell, struct mib_value *out)
{
	const struct group_figures *history = history_of(cell);

	return history && mib_counter(out, history->leader_changes);
}

static bool read_leader_since(const struct mib_cell *cell, struct mib_value *out)
{
	const struct group_figures *history = history_of(cell);

	return history && mib_date(out, history->leader_since_ms);
}

static bool read_failover_time(const struct mib_cell *cell, struct mib_value *out)
{
	const struct group_figures *history = history_of(cell);

	return history && mib_date(out, history->failover_ms);
}

static bool read_failover_duration(const struct mib_cell *cell, struct mib_value *out)
{
	const struct group_figures *history = history_of(cell);

	return history && history->failover_ms && mib_unsigned(out, history->failover_took_ms);
}

/* ---- its log and store ---- */

static bool read_first_index(const struct mib_cell *cell, struct mib_value *out)
{
	const struct replication_status *log = log_of(cell);

	return log && mib_counter64(out, log->first_index);
}

/* Who works alone knows of nothing before it is on the disk. */
static bool read_last_index(const struct mib_cell *cell, struct mib_value *out)
{
	const struct replication_status *log = log_of(cell);

	return log && mib_counter64(out, log->member_count ? log->last_index : log->stored_index);
}

static bool read_stored_index(const struct mib_cell *cell, struct mib_value *out)
{
	const struct replication_status *log = log_of(cell);

	return log && mib_counter64(out, log->stored_index);
}

static bool read_committed_index(const struct mib_cell *cell, struct mib_value *out)
{
	const struct replication_status *log = log_of(cell);

	return log && mib_counter64(out, log->member_count ? log->commit_index : log->stored_index);
}

static bool read_applied_index(const struct mib_cell *cell, struct mib_value *out)
{
	const struct agent_status *status = data_of(cell);

	return status && mib_counter64(out, status->replication.applied_index);
}

static bool read_store_index(const struct mib_cell *cell, struct mib_value *out)
{
	const struct agent_status *status = data_of(cell);

	return status && mib_counter64(out, status->store_index);
}

static bool read_store_lag(const struct mib_cell *cell, struct mib_value *out)
{
	const struct agent_status *status = data_of(cell);

	return status && mib_unsigned(out, status->store_lag_ms);
}

static bool read_store_failing(const struct mib_cell *cell, struct mib_value *out)
{
	const struct agent_status *status = data_of(cell);

	return status && mib_truth(out, status->store_failing);
}

/* ---- its members ---- */

/* Who works alone is all that there is. */
static struct cluster_view look_at_members(const struct replication_status *log)
{
	struct cluster_view view = { 1, 1, 1, 1, 1 };

	if (log->member_count)
		cluster_view_of(log, &view);
	return view;
}

static bool read_reachable(const struct mib_cell *cell, struct mib_value *out)
{
	const struct replication_status *log = log_of(cell);

	return log && mib_unsigned(out, look_at_members(log).reachable);
}

static bool read_needed(const struct mib_cell *cell, struct mib_value *out)
{
	const struct replication_status *log = log_of(cell);

	return log && mib_unsigned(out, look_at_members(log).majority);
}

static bool read_redundancy(const struct mib_cell *cell, struct mib_value *out)
{
	const struct replication_status *log = log_of(cell);

	return log && log->role == REPLICATION_LEADER &&
	       mib_unsigned(out, look_at_members(log).holding);
}

static bool read_address_here(const struct mib_cell *cell, struct mib_value *out)
{
	const struct agent_status *status = data_of(cell);

	return status && status->address.managed && mib_truth(out, status->address.owned);
}

/* ---- how much it holds ---- */

static bool read_mobile_nodes(const struct mib_cell *cell, struct mib_value *out)
{
	const struct agent_status *status = data_of(cell);

	return status && mib_unsigned(out, status->mobile_nodes);
}

static bool read_mobile_nodes_max(const struct mib_cell *cell, struct mib_value *out)
{
	const struct agent_status *status = data_of(cell);

	return status && mib_unsigned(out, status->nodes_capacity);
}

static bool read_foreign_agents(const struct mib_cell *cell, struct mib_value *out)
{
	const struct agent_status *status = data_of(cell);

	return status && mib_unsigned(out, status->foreign_agents);
}

static bool read_associations(const struct mib_cell *cell, struct mib_value *out)
{
	const struct agent_status *status = data_of(cell);

	return status && mib_unsigned(out, status->associations);
}

static bool read_associations_max(const struct mib_cell *cell, struct mib_value *out)
{
	const struct agent_status *status = data_of(cell);

	return status && mib_unsigned(out, status->associations_capacity);
}

static bool read_bindings(const struct mib_cell *cell, struct mib_value *out)
{
	const struct agent_status *status = data_of(cell);

	return status && mib_unsigned(out, status->bindings);
}

/* NULL where there are no bindings. */
static const struct group_figures *peak_of(const struct mib_cell *cell)
{
	return data_of(cell) ? mib_group_figures(group_of(cell)) : NULL;
}

static bool read_peak(const struct mib_cell *cell, struct mib_value *out)
{
	const struct group_figures *peak = peak_of(cell);

	return peak && mib_unsigned(out, peak->bindings_peak);
}

static bool read_peak_time(const struct mib_cell *cell, struct mib_value *out)
{
	const struct group_figures *peak = peak_of(cell);

	return peak && mib_date(out, peak->bindings_peak_ms);
}

static bool read_reserved(const struct mib_cell *cell, struct mib_value *out)
{
	const struct agent_status *status = data_of(cell);

	return status && mib_unsigned(out, status->bindings_committed);
}

static bool read_bindings_max(const struct mib_cell *cell, struct mib_value *out)
{
	const struct agent_status *status = data_of(cell);

	return status && mib_unsigned(out, status->bindings_capacity);
}

static const struct mib_column columns[] = {
	{ 2, MIB_READ, read_address_type, NULL },       /* hearthGroupAddressType */
	{ 3, MIB_READ, read_address, NULL },            /* hearthGroupAddress */
	{ 4, MIB_READ, read_port, NULL },               /* hearthGroupPort */
	{ 5, MIB_READ, read_realm, NULL },              /* hearthGroupRealm */
	{ 6, MIB_READ, read_role, NULL },               /* hearthGroupRole */
	{ 7, MIB_WRITE, read_leader, NULL },            /* hearthGroupLeader */
	{ 8, MIB_READ, read_term, NULL },               /* hearthGroupTerm */
	{ 9, MIB_READ, read_leader_changes, NULL },     /* hearthGroupLeaderChanges */
	{ 10, MIB_READ, read_leader_since, NULL },      /* hearthGroupLeaderSince */
	{ 11, MIB_READ, read_failover_time, NULL },     /* hearthGroupFailoverTime */
	{ 12, MIB_READ, read_failover_duration, NULL }, /* hearthGroupFailoverDuration */
	{ 13, MIB_READ, read_first_index, NULL },       /* hearthGroupFirstIndex */
	{ 14, MIB_READ, read_last_index, NULL },        /* hearthGroupLastIndex */
	{ 15, MIB_READ, read_stored_index, NULL },      /* hearthGroupStoredIndex */
	{ 16, MIB_READ, read_committed_index, NULL },   /* hearthGroupCommittedIndex */
	{ 17, MIB_READ, read_applied_index, NULL },     /* hearthGroupAppliedIndex */
	{ 18, MIB_READ, read_store_index, NULL },       /* hearthGroupStoreIndex */
	{ 19, MIB_READ, read_store_lag, NULL },         /* hearthGroupStoreLag */
	{ 20, MIB_READ, read_store_failing, NULL },     /* hearthGroupStoreFailing */
	{ 21, MIB_READ, read_reachable, NULL },         /* hearthGroupMembersReachable */
	{ 22, MIB_READ, read_needed, NULL },            /* hearthGroupMembersNeeded */
	{ 23, MIB_READ, read_redundancy, NULL },        /* hearthGroupRedundancy */
	{ 24, MIB_READ, read_address_here, NULL },      /* hearthGroupAddressHere */
	{ 25, MIB_READ, read_mobile_nodes, NULL },      /* hearthGroupMobileNodes */
	{ 26, MIB_READ, read_mobile_nodes_max, NULL },  /* hearthGroupMobileNodesMax */
	{ 27, MIB_READ, read_foreign_agents, NULL },    /* hearthGroupForeignAgents */
	{ 28, MIB_READ, read_associations, NULL },      /* hearthGroupAssociations */
	{ 29, MIB_READ, read_associations_max, NULL },  /* hearthGroupAssociationsMax */
	{ 30, MIB_READ, read_bindings, NULL },          /* hearthGroupBindings */
	{ 31, MIB_READ, read_peak, NULL },              /* hearthGroupBindingsPeak */
	{ 32, MIB_READ, read_peak_time, NULL },         /* hearthGroupBindingsPeakTime */
	{ 33, MIB_READ, read_reserved, NULL },          /* hearthGroupBindingsReserved */
	{ 34, MIB_READ, read_bindings_max, NULL },      /* hearthGroupBindingsMax */
};

struct mib_table hearth_groups = {
	.name = "hearthGroupEntry",
	MIB_ROOT(MIB_HEARTH_ROOT, 1, 2, 1, 1),
	.index = { 1, { { .kind = MIB_PART_NUMBER } } },
	MIB_COLUMNS(columns),
	.find = mib_find_any_group,
	.writing = &write_groups,
};
