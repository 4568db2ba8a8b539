/* replica.c - a group of a member: what consensus asks of its host. */
#include <stdlib.h>

#include "tests/sim/world.h"

#define APPLY_AT_ONCE 8u
#define EXPIRE_MS 50u

/* ---- the host ---- */

static enum ha_error save_ballot(void *context, uint64_t term, uint8_t voted_for)
{
	return disk_save_ballot(context, term, voted_for);
}

static enum ha_error append(void *context, const struct journal_entry *entries, size_t count,
                            uint64_t *serial)
{
	struct replica *replica = context;

	return disk_append(replica->member, entries, count, serial);
}

static bool room(void *context, enum journal_use use, size_t count, size_t octets)
{
	struct replica *replica = context;

	return disk_has_room(replica->member, use, count, octets);
}

static void send_message(void *context, uint8_t member, const struct consensus_octets *pieces,
                         size_t count)
{
	struct replica *replica = context;

	network_send(replica->member, member, replica->group, pieces, count);
}

static void apply_one(struct replica *replica, const struct replication_entry *entry)
{
	struct state_outcome outcome = { .error = HA_OK };
	enum ha_error error = HA_OK;

	if (replica->agent)
		error = state_apply(replica->agent->state, entry->index,
		                    (struct span){ entry->command, entry->size }, &outcome);
	if (error != HA_OK)
		judge_violation(replica->world, VIOLATION_FAILED, "entry %llu of member %u: %s",
		                (unsigned long long)entry->index, replica->member->number,
		                ha_strerror(error));
	replica->applied = entry->index;
	replica->applied_term = entry->term;
	judge_applied(replica, entry, outcome.error);
	if (replica->agent) {
		service_applied(replica, entry, &outcome);
		if (outcome.results)
			pass_configured(replica, entry->index, &outcome);
	}
	state_outcome_free(&outcome);
}

static void apply(void *context, const struct replication_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		apply_one(context, &entries[i]);
}

static void lost(void *context, const uint64_t *tickets, size_t count)
{
	service_lost(context, tickets, count);
}

static void role(void *context, enum replication_role new_role, uint64_t term)
{
	static const char *const names[] = { "a follower", "a candidate", "the leader" };
	struct replica *replica = context;

	world_trace(replica->world, "member %u, group %u: %s of term %llu", replica->member->number,
	            replica->group, names[new_role], (unsigned long long)term);
	replica->role = new_role;
	replica->role_term = term;
	if (new_role != REPLICATION_LEADER)
		return;
	judge_leads(replica);
	replica->led = true;
}

static void admit(void *context, uint8_t member, uint64_t incarnation)
{
	(void)context;
	(void)member;
	(void)incarnation;
}

static void want_snapshot(void *context, uint8_t leader, uint64_t index, uint64_t term)
{
	snapshot_want(context, leader, index, term);
}

/* ---- its life ---- */

uint64_t replica_base(const struct replica *replica)
{
	uint64_t index = replica->member->witness
	                         ? disk_ballot_of(replica->member, replica->group)->base_index
	                         : pass_stored_index(replica->store);

	return index ? index : 1;
}

uint64_t replica_base_term(const struct replica *replica)
{
	uint64_t term = replica->member->witness
	                        ? disk_ballot_of(replica->member, replica->group)->base_term
	                        : pass_stored_term(replica->store);

	return term ? term : 1;
}

bool replica_begin(struct replica *replica)
{
	struct world *world = replica->world;
	const struct ballot_group *ballot = disk_ballot_of(replica->member, replica->group);
	const struct consensus_host host = {
		.context = replica,
		.save_ballot = save_ballot,
		.append = append,
		.room = room,
		.send = send_message,
		.apply = apply,
		.admit = admit,
		.lost = lost,
		.role = role,
		.want_snapshot = want_snapshot,
	};
	const struct consensus_options options = {
		.group = replica->group,
		.self = replica->member->number,
		.members = world->roster,
		.member_count = world->plan.members,
		.timing = world->plan.timing,
		.base_index = replica_base(replica),
		.base_term = replica_base_term(replica),
		.term = ballot->term,
		.voted_for = ballot->voted_for,
		.memory_max = world->plan.memory_max,
		.seed = (uint32_t)dice_next(&world->dice),
	};
	enum ha_error why;

	consensus_close(replica->consensus);
	replica->consensus = consensus_open(&options, &host, &why);
	if (!replica->consensus)
		judge_violation(world, VIOLATION_FAILED, "member %u does not open: %s",
		                replica->member->number, ha_strerror(why));
	return replica->consensus;
}

bool replica_open(struct replica *replica)
{
	replica->role = REPLICATION_FOLLOWER;
	replica->applied = replica_base(replica);
	replica->applied_term = replica_base_term(replica);
	replica->tick_ns = UINT64_MAX;
	if (!replica->member->witness && !pass_load(replica))
		return false;
	judge_based(replica, replica->applied);
	judge_recovering(replica);
	return replica_begin(replica);
}

void replica_restore(struct replica *replica, const struct journal_entry *entry)
{
	enum ha_error error = consensus_restore(replica->consensus, entry);

	judge_stored(replica->member, entry);
	if (error == HA_OK)
		return;
	judge_violation(replica->world, VIOLATION_LOST,
	                "member %u cannot restore entry %llu after %llu: %s",
	                replica->member->number, (unsigned long long)entry->index,
	                (unsigned long long)replica_base(replica), ha_strerror(error));
	replica->member->dying = true;
}

bool replica_start(struct replica *replica)
{
	enum ha_error error = consensus_start(replica->consensus,
	                                      member_monotonic_ns(replica->member));

	judge_recovered(replica);
	if (error != HA_OK)
		judge_violation(replica->world, VIOLATION_LOST, "member %u does not start: %s",
		                replica->member->number, ha_strerror(error));
	else if (replica->member->drained)
		consensus_set_eligible(replica->consensus, false);
	member_event(replica->member, EXPIRE_MS * MS, service_expire, replica->group, 0);
	member_event(replica->member, EXPIRE_MS * MS, pass_begin, replica->group, 0);
	return error == HA_OK;
}

void replica_close(struct replica *replica)
{
	pass_abandon(replica);
	snapshot_abandon(replica);
	consensus_close(replica->consensus);
	pass_agent_free(replica->agent);
	replica->consensus = NULL;
	replica->agent = NULL;
	replica->role = REPLICATION_FOLLOWER;
	replica->led = replica->applies = false;
	replica->hold = UINT64_MAX;
	for (size_t i = 0; i < WORLD_PENDING; i++)
		replica->pending[i].ticket = 0;
}

/* ---- its events ---- */

static void tick(struct world *world, struct event *event)
{
	struct member *member = &world->members[event->member];
	struct replica *replica = &member->replicas[event->group];

	if (event->number != replica->tick_ns)
		return; /* there is an earlier one */
	replica->tick_ns = UINT64_MAX;
	if (consensus_tick(replica->consensus, member_monotonic_ns(member)) != HA_OK)
		member->dying = true;
}

static void ask_for_tick(struct replica *replica)
{
	struct world *world = replica->world;
	uint64_t due_ns = consensus_due_ns(replica->consensus);
	uint64_t at_ns;

	if (due_ns == UINT64_MAX)
		return;
	at_ns = member_true_ns(replica->member, due_ns);
	if (at_ns < world->now_ns)
		at_ns = world->now_ns;
	at_ns += (10 + dice_below(&world->dice, 200)) * US;
	if (at_ns >= replica->tick_ns)
		return;
	replica->tick_ns = at_ns;
	member_event(replica->member, at_ns - world->now_ns, tick, replica->group, at_ns);
}

static void apply_later(struct world *world, struct event *event)
{
	struct replica *replica = &world->members[event->member].replicas[event->group];

	replica->applies = false;
	consensus_apply(replica->consensus, 1 + dice_below(&world->dice, APPLY_AT_ONCE));
}

static void apply_some(struct replica *replica)
{
	uint32_t late_us = replica->world->calm ? 0 : replica->world->plan.applying_us;

	if (replica->applies)
		return;
	if (!late_us) {
		while (consensus_apply(replica->consensus, APPLY_AT_ONCE))
			;
		return;
	}
	replica->applies = true;
	member_event(replica->member, dice_below(&replica->world->dice, late_us) * US, apply_later,
	             replica->group, 0);
}

static bool has_committed(const struct replica *replica)
{
	struct consensus_status status;

	consensus_status(replica->consensus, &status);
	return status.commit_index > status.applied_index;
}

void replica_settle(struct replica *replica)
{
	if (!replica->consensus)
		return;
	if (has_committed(replica))
		apply_some(replica);
	if (replica->led) {
		replica->led = false;
		service_leads(replica);
	}
	judge_memory(replica);
	ask_for_tick(replica);
}

bool replica_may_answer(const struct replica *replica)
{
	return replica->role == REPLICATION_LEADER &&
	       consensus_lease_ns(replica->consensus) > member_monotonic_ns(replica->member);
}

void replica_trim(struct replica *replica)
{
	struct member *member = replica->member;
	uint64_t serial = 0;

	if (consensus_trim(replica->consensus, member_monotonic_ns(member), replica_base(replica),
	                   replica->hold, &serial) != HA_OK)
		member->dying = true;
	disk_trim(member);
}
