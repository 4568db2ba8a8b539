/* judge_disks.c - what the disks of the members hold, and that nothing which was
 * durable is gone after a crash. */
#include <stdlib.h>

#include "tests/sim/judge_internal.h"

static struct holdings *holdings_of(const struct replica *replica)
{
	return &replica->world->judge.ledgers[replica->group].holdings[replica->member->number];
}

/* What a log begins with may be left of entries that were replaced later, and whose
 * own beginning was let go. */
/* A copy says again what the log held then, and ends nothing. While the process runs it
 * is what is there; at a start, what it was made of may be gone. */
static bool is_known(struct member *member, struct holdings *held, const struct journal_entry *copy)
{
	const struct mark *mark = judge_mark(&held->marks, copy->index);
	bool there = copy->index <= held->last && mark->term == copy->term;

	if (there && mark->digest != judge_digest(copy->command, copy->size, 0))
		judge_violation(member->world, VIOLATION_FAILED,
		                "the log of member %u: another entry %llu than was copied",
		                member->number, (unsigned long long)copy->index);
	if (!there && member->alive)
		judge_violation(member->world, VIOLATION_FAILED,
		                "the log of member %u: a copy of entry %llu, which is not there",
		                member->number, (unsigned long long)copy->index);
	return there || (held->last && copy->index <= held->base);
}

void judge_stored(struct member *member, const struct journal_entry *entry)
{
	struct world *world = member->world;
	struct holdings *held = &world->judge.ledgers[entry->group].holdings[member->number];
	struct mark *mark = judge_mark(&held->marks, entry->index);

	if (entry->kind == JOURNAL_BEGIN) {
		held->last = 0;
		return;
	}
	if (entry->copy && is_known(member, held, entry))
		return;
	if (entry->index <= held->last)
		world->judge.tally.truncations++;
	else if (member->alive && held->last && entry->index > held->last + 1 &&
	         entry->index > held->base + 1)
		judge_violation(world, VIOLATION_FAILED,
		                "the log of member %u: entry %llu after %llu", member->number,
		                (unsigned long long)entry->index, (unsigned long long)held->last);
	*mark = (struct mark){ .term = entry->term,
		               .digest = judge_digest(entry->command, entry->size, 0) };
	held->last = entry->index;
}

void judge_based(struct replica *replica, uint64_t index)
{
	struct holdings *held = holdings_of(replica);

	if (index > held->base)
		held->base = index;
}

void judge_erased(struct replica *replica)
{
	struct holdings *held = holdings_of(replica);

	held->last = held->before_last = 0;
}

/* ---- a start ---- */

void judge_recovering(struct replica *replica)
{
	struct holdings *held = holdings_of(replica);

	free(held->before.at);
	held->before = held->marks;
	held->before_last = held->last;
	held->marks = (struct marks){ 0 };
	held->last = 0;
}

/* Up to where it was told to be durable, each entry is there, or another of a
 * later term that had come in its place. */
void judge_recovered(struct replica *replica)
{
	struct holdings *held = holdings_of(replica);

	for (uint64_t i = held->base + 1; i <= held->before_last; i++) {
		const struct mark *before = judge_mark(&held->before, i);
		const struct mark *now = judge_mark(&held->marks, i);

		if (i <= held->last && now->term == before->term && now->digest == before->digest)
			continue;
		if (i > held->last || now->term <= before->term)
			judge_violation(replica->world, VIOLATION_LOST,
			                "entry %llu was durable at member %u, and is gone",
			                (unsigned long long)i, replica->member->number);
		break;
	}
	if (held->last < held->base)
		held->last = held->base;
}

/* ---- votes ---- */

void judge_voted(struct replica *replica, uint64_t term, uint8_t voted_for)
{
	const struct ballot_group *group = disk_ballot_of(replica->member, replica->group);

	if (term < group->term ||
	    (term == group->term && group->voted_for && voted_for != group->voted_for))
		judge_violation(replica->world, VIOLATION_DOUBLE_LEADER,
		                "member %u votes for %u in term %llu after %u in %llu",
		                replica->member->number, voted_for, (unsigned long long)term,
		                group->voted_for, (unsigned long long)group->term);
}
