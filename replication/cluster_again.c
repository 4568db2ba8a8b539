/* cluster_again.c - a group's machine comes and goes. While it is away its group
 * votes and takes entries into the log like any member's; what was committed since is
 * applied to the next machine, from where that one's store ends. Where the store is
 * another member's and nothing here goes on from it, the log is told so before the
 * group begins anew: a restart must not take what was there before for a part of it. */
#include "replication/cluster_internal.h"

#include "agentd/base/log.h"

static void take_options(struct cluster_group *group, const struct replication_options *options,
                         const struct replication_machine *machine)
{
	group->lent = true;
	group->machine = *machine;
	group->opened_index = options->applied;
	group->opened_term = options->applied_term;
	group->reset = options->reset;
	if (!group->cluster->started)
		group->seen = options->reign;
	group->tick_ms = options->tick_ms > 0 ? options->tick_ms : 1;
	atomic_store(&group->trim, 0);
	atomic_store(&group->hold, UINT64_MAX);
	atomic_store(&group->applied, options->applied);
	atomic_store(&group->stopping, false);
}

enum ha_error again_open(struct cluster_group *group, const struct replication_options *options,
                         const struct replication_machine *machine, char *report, size_t size)
{
	enum ha_error error = HA_OK;

	take_options(group, options, machine);
	if (group->cluster->started)
		error = cluster_ask(group, WISH_ATTACH, 0);
	if (error == HA_OK)
		return HA_OK;
	group->lent = false;
	return ha_refuse(report, size, error,
	                 error == HA_E_DAMAGED
	                         ? "group %u: its store does not go on to what this member keeps "
	                           "of it; it needs the store of another member"
	                         : "group %u cannot be opened",
	                 group->id);
}

/* ---- engine's thread ---- */

enum ha_error again_say(struct cluster_group *group)
{
	const struct journal_entry begin = {
		.group = group->id,
		.kind = JOURNAL_BEGIN,
		.index = group->base_index,
		.term = group->base_term,
	};

	return journal_append(group->cluster->journal, &begin, 1, &group->begin_serial);
}

/* The base over which the group goes on: of a witness what it let go. */
static void find_base(const struct cluster_group *group, uint64_t *index, uint64_t *term)
{
	const struct ballot_group *row = group_ballot(group->cluster, group->id);

	*index = group->cluster->witness ? row->base_index : group->opened_index;
	*term = group->cluster->witness ? row->base_term : group->opened_term;
	*index = *index ? *index : 1;
	*term = *term ? *term : 1;
}

static bool goes_on(const struct cluster_group *group)
{
	uint64_t index, term;

	find_base(group, &index, &term);
	return consensus_rewind(group->core, index, term);
}

/* Nothing of it moves until the log knows. */
static enum ha_error begin_saying(struct cluster_group *group)
{
	if (!group->begins)
		log_notice("group %u begins anew over its store: what the log held of it is void",
		           group->id);
	group->begins = true;
	find_base(group, &group->base_index, &group->base_term);
	return again_say(group);
}

static enum ha_error begin_core(struct cluster_group *group, uint64_t now_ns)
{
	struct cluster *c = group->cluster;
	enum ha_error error = group_begin(group, group->opened_index, group->opened_term);

	if (error != HA_OK)
		return error;
	group->begins = false;
	group->begin_serial = 0;
	consensus_set_connected(group->core, c->connected);
	consensus_set_unwilling(group->core, c->unwilling_others);
	consensus_set_eligible(group->core, false);
	c->timed_ns = 0; /* its timers are set in this turn */
	return consensus_start(group->core, now_ns);
}

enum ha_error again_attach(struct cluster_group *group, uint64_t now_ns)
{
	enum ha_error error = HA_OK;

	if (!group->begins && goes_on(group))
		return HA_OK;
	if (!group->reset && !group->cluster->witness)
		return HA_E_DAMAGED;
	if (!group->begin_serial)
		error = begin_saying(group);
	if (error != HA_OK)
		return error;
	if (atomic_load(&group->cluster->durable) < group->begin_serial)
		return HA_E_BUSY;
	error = begin_core(group, now_ns);
	if (error != HA_OK)
		cluster_fail(group->cluster, error, "a group cannot begin anew");
	return error;
}

void again_run(struct cluster_group *group)
{
	cluster_empty_queue(group);
	group->runs = true;
	group->cluster->timed_ns = 0; /* it may stand for election in this turn */
	if (group->machine.role)
		group->machine.role(group->machine.context, group->role, group->role_term);
}

void again_pause(struct cluster_group *group)
{
	atomic_store(&group->accepting, false);
	group_may_answer(group, 0);
	cluster_empty_queue(group);
	consensus_abandon(group->core);
	consensus_set_eligible(group->core, false);
	group->runs = group->eligible = false;
}
