/* cluster_group.c - a group's host: its entries go to the log that all groups
 * share, its messages into the packets that all share, its vote into the ballot. */
#include "replication/cluster_internal.h"

#include <string.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"

struct cluster_group *group_find(struct cluster *c, uint32_t id)
{
	for (size_t i = 0; i < c->group_count; i++)
		if (c->groups[i].id == id)
			return &c->groups[i];
	return NULL;
}

/* The row of a group; it is made with the first vote. NULL: there is no room. */
struct ballot_group *group_ballot(struct cluster *c, uint32_t id)
{
	struct ballot_state *state = &c->state;

	for (size_t i = 0; i < state->group_count; i++)
		if (state->groups[i].group == id)
			return &state->groups[i];
	if (state->group_count == BALLOT_GROUPS_MAX)
		return NULL;
	state->groups[state->group_count] = (struct ballot_group){ .group = id, .term = 1 };
	return &state->groups[state->group_count++];
}

/* ---- host ---- */

static enum ha_error save_ballot(void *context, uint64_t term, uint8_t voted_for)
{
	struct cluster_group *group = context;
	struct ballot_group *row = group_ballot(group->cluster, group->id);

	row->term = term;
	row->voted_for = voted_for;
	return ballot_save(group->cluster->ballot, &group->cluster->state);
}

static enum ha_error append(void *context, const struct journal_entry *entries, size_t count,
                            uint64_t *serial)
{
	struct cluster_group *group = context;

	if (!group->cluster->eligible)
		group->cluster->timed_ns = 0; /* who holds something may lead: in this turn */
	return journal_append(group->cluster->journal, entries, count, serial);
}

static bool room(void *context, size_t count, size_t octets)
{
	struct cluster_group *group = context;

	return journal_room(group->cluster->journal, count, octets) == HA_OK;
}

static void send(void *context, uint8_t member, const struct consensus_octets *pieces, size_t count)
{
	struct cluster_group *group = context;

	transport_send(group->cluster->transport, member, group->id, pieces, count);
}

static void apply(void *context, const struct replication_entry *entries, size_t count)
{
	struct cluster_group *group = context;
	struct cluster *c = group->cluster;

	/* Who is told by the machine finds these applied. */
	atomic_store(&c->committed, entries[count - 1].index);
	if (!c->witness)
		c->machine.apply(c->machine.context, entries, count);
	atomic_store(&c->applied, entries[count - 1].index);
}

static void admit(void *context, uint8_t member, uint64_t incarnation)
{
	struct cluster_group *group = context;

	identity_take(group->cluster, member, incarnation);
}

static uint64_t met(void *context, uint8_t member)
{
	const struct cluster_group *group = context;

	return group->cluster->state.met[member];
}

static void lost(void *context, const uint64_t *tickets, size_t count)
{
	struct cluster_group *group = context;
	const struct replication_machine *machine = &group->cluster->machine;

	if (machine->lost)
		machine->lost(machine->context, tickets, count);
}

static void role(void *context, enum replication_role role, uint64_t term)
{
	struct cluster_group *group = context;
	struct cluster *c = group->cluster;

	if (group->role == REPLICATION_LEADER)
		atomic_fetch_add(&c->reign, 1);
	group->role = role;
	cluster_publish(c, clock_monotonic_ns());
	pthread_cond_broadcast(&c->request_done); /* an orderly end waits for it */
	if (c->machine.role)
		c->machine.role(c->machine.context, role, term);
}

/* A witness has no store to fetch: it only forgets up to there. */
static enum ha_error forget_up_to(struct cluster_group *group, uint64_t index, uint64_t term)
{
	struct ballot_group *row = group_ballot(group->cluster, group->id);

	if (row->base_index >= index)
		return HA_OK;
	row->base_index = index;
	row->base_term = term;
	return ballot_save(group->cluster->ballot, &group->cluster->state);
}

static void want_snapshot(void *context, uint8_t leader, uint64_t index, uint64_t term)
{
	struct cluster_group *group = context;
	struct cluster *c = group->cluster;

	if (c->witness && forget_up_to(group, index, term) != HA_OK)
		cluster_fail(c, HA_E_IO, "the ballot cannot be written");
	else if (c->machine.outrun)
		c->machine.outrun(c->machine.context, leader);
}

/* What was given up is published at the end of each turn. */
static bool quiet(void *context)
{
	const struct cluster_group *group = context;

	return atomic_load(&group->cluster->answer_until_ns) == 0 &&
	       atomic_load(&group->cluster->answering) == 0;
}

/* ---- life ---- */

/* Who was made the only member has a term of its own: in the one before, a leader
 * may have put entries in order that are not here. */
static enum ha_error begin_alone(struct cluster *c, struct ballot_group *row)
{
	row->term++;
	row->voted_for = c->config.self;
	return ballot_save(c->ballot, &c->state);
}

enum ha_error group_open(struct cluster *c, struct cluster_group *group, uint32_t id,
                         uint64_t base_index, uint64_t base_term)
{
	const struct consensus_host host = {
		.context = group,
		.save_ballot = save_ballot,
		.append = append,
		.room = room,
		.send = send,
		.apply = apply,
		.admit = admit,
		.met = met,
		.lost = lost,
		.role = role,
		.want_snapshot = want_snapshot,
		.quiet = quiet,
	};
	struct ballot_group *row = group_ballot(c, id);
	struct consensus_options options = {
		.group = id,
		.self = c->config.self,
		.members = c->config.members,
		.member_count = c->config.member_count,
		.timing = consensus_timing(0),
		.memory_max = c->config.memory_max,
		.seed = (uint32_t)(c->state.incarnation ^ clock_monotonic_ns()),
	};
	enum ha_error error;

	if (!row)
		return HA_E_CAPACITY;
	if (c->config.member_count == 1 && begin_alone(c, row) != HA_OK)
		return HA_E_IO;
	if (c->witness) {
		base_index = row->base_index;
		base_term = row->base_term;
	}
	options.base_index = base_index ? base_index : 1;
	options.base_term = base_term ? base_term : 1;
	options.term = row->term;
	options.voted_for = row->voted_for;
	*group = (struct cluster_group){
		.cluster = c,
		.id = id,
		.base_index = options.base_index,
		.base_term = options.base_term,
		.trimmed = options.base_index,
	};
	group->core = consensus_open(&options, &host, &error);
	return error;
}

void group_close(struct cluster_group *group)
{
	consensus_close(group->core);
	group->core = NULL;
}

#define LONE_TERM 1u /* of what an agent alone put in order; a cluster begins with the next */

/* What a lone agent left is in the store, and is for nobody else: a member that holds
 * nothing counts as having entry 1, and would go on behind that. */
void group_restore(struct cluster_group *group, const struct journal_entry *entry)
{
	if (group->restore_error != HA_OK)
		return;
	if (entry->term == LONE_TERM && entry->index <= group->base_index)
		return;
	group->restored++;
	group->restore_error = consensus_restore(group->core, entry);
}

/* ---- trim ---- */

#define WITNESS_STEP 65536u /* entries: how much further before it is worth a flush */
#define TRIM_AGAIN_MS 100u  /* until a log is looked at again that had nothing to let go */

static bool log_is_filling(const struct cluster *c)
{
	struct journal_status log;

	journal_status(c->journal, &log);
	return log.octets > log.octets_max / 2;
}

/* What a witness may let go: everything that is committed, as far as memory or log
 * is short. */
static enum ha_error witness_base(struct cluster_group *group, const struct consensus_status *now,
                                  uint64_t *index)
{
	struct cluster *c = group->cluster;

	*index = group->trimmed;
	if (now->applied_index < group->trimmed + WITNESS_STEP &&
	    now->memory < c->config.memory_max / 2 && !log_is_filling(c))
		return HA_OK;
	*index = now->applied_index;
	return forget_up_to(group, now->applied_index, now->applied_term);
}

/* The log keeps what is in memory, for after a restart; while it is filling only
 * what the store lacks. It may fill after the store has stopped to follow, so it is
 * looked at now and then. */
static void trim_log(struct cluster_group *group)
{
	uint64_t serial = group->kept;

	if (log_is_filling(group->cluster)) {
		serial = consensus_serial(group->core, group->trimmed + 1);
		if (serial == 0)
			serial = UINT64_MAX; /* all that there is is in the store */
	}
	if (serial > 0)
		journal_trim(group->cluster->journal, serial - 1);
}

enum ha_error group_trim(struct cluster_group *group, uint64_t now_ns)
{
	struct cluster *c = group->cluster;
	uint64_t index = atomic_load(&c->trim);
	struct consensus_status now;
	enum ha_error error = HA_OK;

	if (!c->witness && index <= group->trimmed && now_ns < group->trim_ns)
		return HA_OK; /* most turns */
	consensus_status(group->core, &now);
	if (c->witness)
		error = witness_base(group, &now, &index);
	if (index > now.applied_index)
		index = now.applied_index;
	if (error == HA_OK && index > group->trimmed) {
		error = consensus_trim(group->core, now_ns, index,
		                       c->witness ? 0 : atomic_load(&c->hold), &group->kept);
		group->trimmed = index;
	} else if (now_ns < group->trim_ns) {
		return error;
	}
	group->trim_ns = now_ns + TRIM_AGAIN_MS * MS;
	if (error == HA_OK)
		trim_log(group);
	return error;
}
