/* cluster_group.c - a group's host: its entries go to the log that all groups
 * share, its messages into the packets that all share, its vote into the ballot. */
#include "replication/cluster_internal.h"

#include <stdlib.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"

#define MEMORY_LEAST (4u << 20) /* octets of entries of a group, whatever the share */
#define LOG_PARTS 4u            /* of which what stores lack takes one, at most */

struct cluster_group *group_find(struct cluster *c, uint32_t id)
{
	for (size_t i = 0; i < c->group_count; i++)
		if (c->groups[i]->id == id)
			return c->groups[i];
	return NULL;
}

/* The row of a group; it is made with the first vote. */
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

	if (group->runs && !group->eligible)
		group->cluster->timed_ns = 0; /* who holds something may lead: in this turn */
	return journal_append(group->cluster->journal, entries, count, serial);
}

static bool room(void *context, enum journal_use use, size_t count, size_t octets)
{
	struct cluster_group *group = context;

	return journal_room(group->cluster->journal, use, count, octets) == HA_OK;
}

static void send(void *context, uint8_t member, const struct consensus_octets *pieces, size_t count)
{
	struct cluster_group *group = context;

	transport_send(group->cluster->transport, member, group->id, pieces, count);
}

static void apply(void *context, const struct replication_entry *entries, size_t count)
{
	struct cluster_group *group = context;

	/* Who is told by the machine finds these applied. */
	atomic_store(&group->committed, entries[count - 1].index);
	if (!group->cluster->witness)
		group->machine.apply(group->machine.context, entries, count);
	atomic_store(&group->applied, entries[count - 1].index);
}

static void admit(void *context, uint8_t member, uint64_t incarnation)
{
	struct cluster_group *group = context;

	identity_take(group->cluster, member, incarnation);
	group->cluster->renews = true;
}

static uint64_t met(void *context, uint8_t member)
{
	const struct cluster_group *group = context;

	return group->cluster->state.met[member];
}

static void lost(void *context, const uint64_t *tickets, size_t count)
{
	struct cluster_group *group = context;

	if (group->runs && group->machine.lost)
		group->machine.lost(group->machine.context, tickets, count);
}

static void role(void *context, enum replication_role role, uint64_t term)
{
	struct cluster_group *group = context;
	struct cluster *c = group->cluster;

	if (group->role == REPLICATION_LEADER) {
		atomic_fetch_add(&group->reign, 1);
		group->spreads = 0; /* whoever leads after us, it comes not back to be given away */
	}
	group->role = role;
	group->role_term = term;
	cluster_publish(group, clock_monotonic_ns());
	pthread_cond_broadcast(&c->request_done); /* an orderly end waits for it */
	if (group->runs && group->machine.role)
		group->machine.role(group->machine.context, role, term);
}

static void leads(void *context, uint8_t member, uint64_t term, uint64_t until_ns)
{
	struct cluster_group *group = context;
	struct replication_reign *reign = &group->seen;
	uint64_t now_ns = clock_monotonic_ns();

	if (reign->leader == member && reign->term == term)
		return; /* the core is a new one */
	if (until_ns < reign->last_ns)
		until_ns = reign->last_ns;
	*reign = (struct replication_reign){
		.leader = member,
		.term = term,
		.since_ms = clock_wall_ms(),
		.changes = reign->changes + (reign->leader != 0),
		.before = reign->leader,
		.vacant_us = reign->leader && now_ns > until_ns ? (now_ns - until_ns) / 1000u : 0,
		.last_ns = now_ns,
	};
	group->published_ns = 0; /* it is shown at the end of this turn */
}

enum ha_error group_forget(struct cluster_group *group, uint64_t index, uint64_t term)
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

	if (c->witness && group_forget(group, index, term) != HA_OK)
		cluster_fail(c, HA_E_IO, "the ballot cannot be written");
	else if (group->runs && group->machine.outrun)
		group->machine.outrun(group->machine.context, leader);
}

/* What was given up is published at the end of each turn. */
static bool quiet(void *context)
{
	const struct cluster_group *group = context;

	return atomic_load(&group->answer_until_ns) == 0 && atomic_load(&group->answering) == 0;
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

struct cluster_group *group_new(struct cluster *c, uint32_t id, enum ha_error *why)
{
	struct cluster_group *group = NULL;

	*why = HA_E_CAPACITY;
	if (!group_ballot(c, id) || c->group_count == REPLICATION_GROUPS_MAX)
		return NULL;
	*why = HA_E_NOMEM;
	group = calloc(1, sizeof(*group));
	if (!group || queue_init(&group->queue) != HA_OK) {
		if (group)
			queue_destroy(&group->queue);
		free(group);
		return NULL;
	}
	*why = HA_OK;
	group->face.engine = &replication_engine_cluster;
	group->cluster = c;
	group->id = id;
	group->spreads = GROUP_SPREADS;
	pthread_mutex_init(&group->status_mutex, NULL);
	c->groups[c->group_count++] = group;
	return group;
}

void group_free(struct cluster_group *group)
{
	consensus_close(group->core);
	queue_destroy(&group->queue);
	pthread_mutex_destroy(&group->status_mutex);
	free(group);
}

static const struct consensus_host host_of_group = {
	.save_ballot = save_ballot,
	.append = append,
	.room = room,
	.send = send,
	.apply = apply,
	.admit = admit,
	.met = met,
	.lost = lost,
	.role = role,
	.leads = leads,
	.want_snapshot = want_snapshot,
	.quiet = quiet,
};

/* What a store lacks is in memory, and so never more than that: in the log it leaves
 * room for what the other groups put there, and for a copy of itself. */
static uint64_t log_share(const struct cluster *c)
{
	uint64_t octets = (uint64_t)c->options.segment_octets * c->options.segments_max;

	return octets / LOG_PARTS / c->group_count;
}

uint64_t group_memory(const struct cluster *c)
{
	uint64_t share = c->config.memory_max / c->group_count;

	if (c->group_count == 1)
		return share;
	if (share > log_share(c))
		share = log_share(c);
	return share > MEMORY_LEAST ? share : MEMORY_LEAST;
}

static enum ha_error open_core(struct cluster_group *group, const struct ballot_group *row)
{
	struct cluster *c = group->cluster;
	struct consensus_host host = host_of_group;
	const struct consensus_options options = {
		.group = group->id,
		.self = c->config.self,
		.members = c->config.members,
		.member_count = c->config.member_count,
		.timing = consensus_timing(0),
		.base_index = group->base_index,
		.base_term = group->base_term,
		.term = row->term,
		.voted_for = row->voted_for,
		.memory_max = group_memory(c),
		.seed = (uint32_t)(c->state.incarnation ^ clock_monotonic_ns()) + group->id,
	};
	struct consensus *core;
	enum ha_error error;

	host.context = group;
	core = consensus_open(&options, &host, &error);
	if (!core)
		return error;
	consensus_close(group->core);
	group->core = core;
	return error;
}

enum ha_error group_begin(struct cluster_group *group, uint64_t base_index, uint64_t base_term)
{
	struct cluster *c = group->cluster;
	struct ballot_group *row = group_ballot(c, group->id);

	if (c->config.member_count == 1 && begin_alone(c, row) != HA_OK)
		return HA_E_IO;
	if (c->witness) {
		base_index = row->base_index;
		base_term = row->base_term;
	}
	group->base_index = base_index ? base_index : 1;
	group->base_term = base_term ? base_term : 1;
	group->trimmed = group->base_index;
	group->restored = 0;
	group->restore_error = HA_OK;
	group->role = REPLICATION_FOLLOWER;
	group->share = c->group_count > 1 ? GROUP_SHARE_FIRST : GROUP_SHARE_MAX;
	return open_core(group, row);
}

#define LONE_TERM 1u /* of what an agent alone put in order; a cluster begins with the next */

/* What a lone agent left is in the store, and is for nobody else: a member that holds
 * nothing counts as having entry 1, and would go on behind that. */
void group_restore(struct cluster_group *group, const struct journal_entry *entry)
{
	if (group->restore_error != HA_OK)
		return;
	if (entry->kind != JOURNAL_BEGIN && entry->term == LONE_TERM &&
	    entry->index <= group->base_index)
		return;
	group->restored++;
	group->restore_error = consensus_restore(group->core, entry);
}
