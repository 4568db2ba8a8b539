/* cluster_trim.c - what may go: of a group, from memory, what its store holds; of the
 * log, what no group needs. */
#include "replication/cluster_internal.h"

#include "agentd/base/log.h"

#define WITNESS_STEP 65536u /* entries: how much further before it is worth a flush */
#define TRIM_AGAIN_MS 100u  /* until a log is looked at again that had nothing to let go */

static bool log_holds_more_than(const struct cluster *c, uint64_t quarters)
{
	struct journal_status log;

	journal_status(c->journal, &log);
	return log.octets > log.octets_max / 4 * quarters;
}

/* What a witness may let go: everything that is committed, as far as memory or log
 * is short. */
static enum ha_error witness_base(struct cluster_group *group, const struct consensus_status *now,
                                  uint64_t *index)
{
	struct cluster *c = group->cluster;

	*index = group->trimmed;
	if (now->applied_index < group->trimmed + WITNESS_STEP &&
	    now->memory < group_memory(c) / 2 && !log_holds_more_than(c, 2))
		return HA_OK;
	*index = now->applied_index;
	return group_forget(group, now->applied_index, now->applied_term);
}

/* ---- the log ---- */

/* The log keeps what is in memory, for after a restart; while it is filling only
 * what the store lacks. */
static uint64_t needs_from(const struct cluster_group *group, bool filling)
{
	uint64_t serial;

	if (!filling)
		return consensus_oldest(group->core);
	serial = consensus_serial(group->core, group->trimmed + 1);
	return serial ? serial : UINT64_MAX; /* all that there is is in the store */
}

/* Once while it lasts: at its end nothing more is accepted, in any group. */
static void say_who_fills(struct cluster *c, const struct cluster_group *group)
{
	bool fills = log_holds_more_than(c, 3);

	if (fills && !c->fills)
		log_warning("the log fills, for the store of group %u does not keep up", group->id);
	c->fills = fills;
}

void group_carry_on(struct cluster_group *group)
{
	struct carry *carry = &group->carry;

	if (!carry->serial ||
	    atomic_load(&group->cluster->durable) < carry->serial + carry->count - 1)
		return;
	consensus_carried(group->core, carry->index, carry->serial, carry->count);
	carry->serial = 0;
	group->trim_ns = 0; /* the log can let go */
}

/* A group that has few entries, and these in the older half of the log. Every store
 * holds less than its group ordered: a new leader's first entry is not for it. */
static void carry(struct cluster_group *group, uint64_t serial)
{
	struct journal_status log;
	struct carry *of = &group->carry;

	journal_status(group->cluster->journal, &log);
	if (of->serial || group->begins || group->cluster->alone ||
	    serial > log.first_serial + (log.last_serial - log.first_serial) / 2)
		return;
	of->index = group->trimmed + 1;
	if (consensus_carry(group->core, of->index, &of->serial, &of->count) != HA_OK)
		of->serial = 0; /* it is tried again, and said if it cannot be */
}

static void trim_log(struct cluster *c)
{
	bool filling = log_holds_more_than(c, 2);
	struct cluster_group *last = c->groups[0];
	uint64_t serial = needs_from(last, filling);

	for (size_t i = 1; i < c->group_count; i++) {
		uint64_t needed = needs_from(c->groups[i], filling);

		if (needed < serial) {
			serial = needed;
			last = c->groups[i];
		}
	}
	if (serial > 0)
		journal_trim(c->journal, serial - 1);
	if (!filling)
		return;
	carry(last, serial);
	say_who_fills(c, last);
}

/* ---- a group ---- */

/* It may fill after the store has stopped to follow, so it is looked at now and then. */
enum ha_error group_trim(struct cluster_group *group, uint64_t now_ns)
{
	struct cluster *c = group->cluster;
	uint64_t index = atomic_load(&group->trim), serial;
	struct consensus_status now;
	enum ha_error error = HA_OK;

	if (!c->witness && index <= group->trimmed && now_ns < group->trim_ns)
		return HA_OK; /* most turns */
	consensus_status(group->core, &now);
	if (c->witness)
		error = witness_base(group, &now, &index);
	if (index > now.applied_index)
		index = now.applied_index;
	if (index > now.commit_index)
		index = now.commit_index; /* a store of another member's may be ahead of it */
	if (error == HA_OK && index > group->trimmed) {
		error = consensus_trim(group->core, now_ns, index,
		                       c->witness ? 0 : atomic_load(&group->hold), &serial);
		group->trimmed = index;
	} else if (now_ns < group->trim_ns) {
		return error;
	}
	group->trim_ns = now_ns + TRIM_AGAIN_MS * MS;
	if (error == HA_OK)
		trim_log(c);
	return error;
}
