/* cluster_trim.c - what may go: of a group, from memory, what its store holds; of the
 * log, what no group needs. */
#include "replication/cluster_internal.h"

#include "agentd/base/log.h"

#define WITNESS_STEP 65536u /* entries: how much further before it is worth a flush */
#define FILLING 4u          /* eighths of a log that keeps only what stores lack */
#define FILLS 6u            /* of one that it is time to warn of; the last ones are kept for */
#define FILLS_SHARED 5u     /* what must go on, and in a shared log for copies */
#define TRIM_AGAIN_MS 100u  /* until a log is looked at again that had nothing to let go */

static bool log_holds_more_than(const struct cluster *c, uint64_t eighths)
{
	struct journal_status log;

	journal_status(c->journal, &log);
	return log.octets > log.octets_max / 8 * eighths;
}

/* What a witness may let go: everything that is committed, as far as memory or log
 * is short. */
static enum ha_error witness_base(struct cluster_group *group, const struct consensus_status *now,
                                  uint64_t *index)
{
	struct cluster *c = group->cluster;

	*index = group->trimmed;
	if (now->applied_index < group->trimmed + WITNESS_STEP &&
	    now->memory < group_memory(c) / 2 && !log_holds_more_than(c, FILLING))
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

	if (group->begins)
		return UINT64_MAX; /* it is void */
	if (!filling)
		return consensus_oldest(group->core);
	serial = consensus_serial(group->core, group->trimmed + 1);
	return serial ? serial : UINT64_MAX; /* all that there is is in the store */
}

/* Once while it lasts: at its end nothing more is accepted, in any group. */
static void say_who_fills(struct cluster *c, const struct cluster_group *group)
{
	bool fills = log_holds_more_than(c, c->group_count > 1 ? FILLS_SHARED : FILLS);

	if (fills && !c->fills)
		log_warning("the log fills, for the store of group %u does not keep up", group->id);
	c->fills = fills;
}

/* Whose entries lie in the older half of a log that is filling has them put behind it
 * once more. Every store holds less than its group ordered: a new leader's first entry
 * is not for it. */
static enum ha_error carry(struct cluster *c)
{
	enum ha_error error = HA_OK;
	struct journal_status log;

	journal_status(c->journal, &log);
	for (size_t i = 0; i < c->group_count && error == HA_OK; i++) {
		struct cluster_group *group = c->groups[i];

		if (!group->begins && needs_from(group, true) <= log.half_serial)
			error = consensus_carry(group->core, group->trimmed + 1);
	}
	return error;
}

/* What no group needs. Returns the one that needs most of the rest. */
static struct cluster_group *let_go(struct cluster *c, bool filling)
{
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
	return last;
}

void cluster_trim_restored(struct cluster *c)
{
	let_go(c, true);
}

static enum ha_error trim_log(struct cluster *c)
{
	bool filling = log_holds_more_than(c, FILLING);

	say_who_fills(c, let_go(c, filling));
	return filling && c->group_count > 1 ? carry(c) : HA_OK;
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
	return error == HA_OK ? trim_log(c) : error;
}
