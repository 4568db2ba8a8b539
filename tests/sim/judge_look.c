/* judge_look.c - the state of things: sums of states, leases, memory, and whether
 * everything works again. */
#include <stdio.h>
#include <string.h>

#include "tests/sim/judge_internal.h"

#define MEMORY_SLACK (256u << 10) /* beyond what the store does not hold yet */

/* ---- states ---- */

static uint64_t sum_of_binding(const struct binding *binding, uint64_t sum)
{
	const uint64_t words[] = {
		(uint64_t)binding->care_of.s_addr << 32 | binding->source.s_addr,
		(uint64_t)binding->endpoint.s_addr << 32 | binding->endpoint_port,
		(uint64_t)binding->granted_s << 32 | (uint64_t)binding->flags << 16 |
			binding->encapsulation,
		binding->identification,
		binding->granted_ms,
		binding->expires_ms,
	};

	return judge_digest(words, sizeof(words), sum);
}

static uint64_t sum_of_mobile(const struct state_view *view, uint64_t sum)
{
	const uint64_t words[] = {
		view->id,
		view->replay.identification,
		view->replay.digest,
		view->replay.used_ms,
		(uint64_t)view->home.s_addr << 32 | view->limit,
		(uint64_t)view->leased << 32 | view->binding_count,
	};

	sum = judge_digest(words, sizeof(words), sum);
	for (size_t i = 0; i < view->binding_count; i++)
		sum = sum_of_binding(&view->bindings[i], sum);
	return sum;
}

static uint64_t sum_of_service(struct state *state, const struct state_view *view, uint64_t sum)
{
	struct state_service service = { .accepted = 0 };

	state_service(state, view->realm, view->home, &view->name, &service);
	return judge_digest((const uint64_t[]){ service.accepted, service.accepted_ms,
	                                        service.served_ms, service.since_ms },
	                    4 * sizeof(uint64_t), sum);
}

uint64_t judge_sum(struct replica *replica)
{
	struct state_totals totals;
	uint64_t sum;

	state_totals(replica->agent->state, &totals);
	sum = 1 + totals.mobile_nodes + 1000u * totals.associations + 1000000u * totals.bindings;
	for (unsigned i = 0; i < WORLD_MOBILES; i++) {
		struct state_view view;

		if (judge_look_at(replica, replica->group * WORLD_MOBILES + i, &view))
			sum = sum_of_service(replica->agent->state, &view,
			                     sum_of_mobile(&view, sum));
	}
	return sum ? sum : 1;
}

/* ---- leases and memory ---- */

/* One at most may answer, at any moment, by the clocks of all of them. */
void judge_leases(struct world *world)
{
	for (unsigned g = 0; g < world->plan.groups; g++) {
		uint8_t first = 0;

		for (uint8_t i = 1; i <= world->plan.members; i++) {
			struct replica *replica = &world->members[i].replicas[g];

			if (!replica->consensus || consensus_lease_ns(replica->consensus) <=
			                                   member_monotonic_ns(&world->members[i]))
				continue;
			if (first)
				judge_violation(world, VIOLATION_STALE_ANSWER,
				                "members %u and %u may both answer for group %u",
				                first, i, g);
			first = i;
		}
	}
}

void judge_memory(struct replica *replica)
{
	const struct plan *plan = &replica->world->plan;
	uint64_t log_octets = (uint64_t)plan->log_segments * JOURNAL_SEGMENT_MIN;
	struct consensus_status status;

	consensus_status(replica->consensus, &status);
	if (status.memory > plan->memory_max + log_octets + MEMORY_SLACK)
		judge_violation(replica->world, VIOLATION_UNBOUNDED,
		                "member %u, group %u: keeps %llu octets of entries %llu to %llu",
		                replica->member->number, replica->group,
		                (unsigned long long)status.memory,
		                (unsigned long long)status.first_index,
		                (unsigned long long)status.last_index);
}

/* ---- the end ---- */

static struct replica *leader_of(struct world *world, unsigned group)
{
	struct replica *leader = NULL;

	for (unsigned i = 1; i <= world->plan.members; i++) {
		struct replica *replica = &world->members[i].replicas[group];

		if (!replica->consensus || !replica_may_answer(replica))
			continue;
		if (leader)
			return NULL;
		leader = replica;
	}
	return leader;
}

static const char *lags(struct replica *leader, struct replica *replica)
{
	static char text[JUDGE_TEXT_MAX];
	struct consensus_status theirs, ours;

	consensus_status(leader->consensus, &theirs);
	consensus_status(replica->consensus, &ours);
	if (ours.applied_index == theirs.last_index && ours.stored_index == theirs.last_index &&
	    (!replica->agent || judge_sum(replica) == judge_sum(leader)))
		return NULL;
	snprintf(text, sizeof(text),
	         "member %u, group %u: stored %llu, applied %llu of %llu of member %u",
	         replica->member->number, replica->group, (unsigned long long)ours.stored_index,
	         (unsigned long long)ours.applied_index, (unsigned long long)theirs.last_index,
	         leader->member->number);
	return text;
}

static const char *lacks(struct replica *leader)
{
	const struct world *world = leader->world;

	for (unsigned i = 0; i < WORLD_MOBILES; i++) {
		unsigned number = leader->group * WORLD_MOBILES + i;
		const struct promise *promise = &world->judge.promises[number];
		struct state_view view;

		if (!judge_look_at(leader, number, &view))
			return "a node is not known";
		if (view.in_flight) {
			world_trace(leader->world, "node %u", number);
			return "a node's proposal is under way for ever";
		}
		if (promise->told && clock_ntp_is_later(promise->told, view.replay.identification))
			return "an acknowledged registration is not there";
	}
	return NULL;
}

static const char *unsettled_group(struct world *world, unsigned group)
{
	struct replica *leader = leader_of(world, group);
	const char *why;

	if (!leader)
		return "there is no leader";
	if (!leader->agent)
		return "the witness leads";
	for (unsigned i = 1; i <= world->plan.members; i++) {
		struct replica *replica = &world->members[i].replicas[group];

		if (!replica->consensus)
			return "a member is not there";
		why = lags(leader, replica);
		if (why)
			return why;
	}
	return lacks(leader);
}

void judge_describe(struct world *world)
{
	for (unsigned i = 1; i <= world->plan.members; i++) {
		const struct member *member = &world->members[i];

		for (unsigned g = 0; g < world->plan.groups && member->alive; g++) {
			struct consensus_status s;

			consensus_status(member->replicas[g].consensus, &s);
			world_trace(
				world,
				"member %u, group %u: role %d of term %llu under %u, entries %llu to "
				"%llu, stored %llu, committed %llu, applied %llu, base %llu, memory %llu, "
				"log segments %zu, tail %llu, used %llu",
				i, g, (int)s.role, (unsigned long long)s.term, s.leader,
				(unsigned long long)s.first_index, (unsigned long long)s.last_index,
				(unsigned long long)s.stored_index,
				(unsigned long long)s.commit_index,
				(unsigned long long)s.applied_index,
				(unsigned long long)replica_base(&member->replicas[g]),
				(unsigned long long)s.memory, member->journal->segment_count,
				(unsigned long long)member->journal->tail,
				(unsigned long long)member->journal->used);
		}
	}
}

const char *judge_unsettled(struct world *world)
{
	for (unsigned g = 0; g < world->plan.groups; g++) {
		const char *why = unsettled_group(world, g);

		if (why)
			return why;
	}
	return NULL;
}
