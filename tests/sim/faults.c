/* faults.c - what goes wrong, and what operators do: each kind on its own, at
 * random times with the plan's mean between them. */
#include <errno.h>
#include <stddef.h>

#include "tests/sim/world.h"

#define DISK_OCTETS (1u << 30)

typedef void fault(struct world *world, struct member *member);

static uint64_t some_ms(struct world *world, uint32_t below)
{
	return (1 + dice_below(&world->dice, below)) * MS;
}

/* ---- processes ---- */

static void come_back(struct world *world, struct member *member)
{
	uint64_t away_ms = dice_chance(&world->dice, 4) ? 3000 : 400;

	member_boot_at(member, world->now_ns + dice_below(&world->dice, (uint32_t)away_ms) * MS);
}

static void crash(struct world *world, struct member *member)
{
	if (!member->alive)
		return;
	member_crash(member, false);
	come_back(world, member);
}

static void power(struct world *world, struct member *member)
{
	if (!member->alive)
		return;
	member_crash(member, true);
	come_back(world, member);
}

/* All at once, as in one room. */
static void power_of_all(struct world *world, struct member *member)
{
	(void)member;
	for (unsigned i = 1; i <= world->plan.members; i++)
		power(world, &world->members[i]);
}

static void restart(struct world *world, struct member *member)
{
	if (!member->alive)
		return;
	member_stop(member);
	member_boot_at(member, world->now_ns + some_ms(world, 300));
}

/* Nothing happens for a while, then everything that came meanwhile. */
static void freeze(struct world *world, struct member *member)
{
	uint64_t length_ns = some_ms(world, world->plan.freeze_length_ms);

	if (!member->alive || member->frozen_until_ns > world->now_ns)
		return;
	world_trace(world, "member %u freezes for %llu ms", member->number,
	            (unsigned long long)(length_ns / MS));
	world->judge.tally.freezes++;
	member->frozen_until_ns = world->now_ns + length_ns;
	network_member_frozen(world, member->number);
}

/* ---- the network ---- */

static void heal(struct world *world, struct event *event)
{
	(void)event;
	for (uint8_t i = 1; i <= world->plan.members; i++)
		for (uint8_t k = 1; k <= world->plan.members; k++)
			network_cut(world, i, k, false);
}

static void cut_off(struct world *world, uint8_t number, bool in, bool out)
{
	for (uint8_t i = 1; i <= world->plan.members; i++) {
		if (i == number)
			continue;
		if (in)
			network_cut(world, i, number, true);
		if (out)
			network_cut(world, number, i, true);
	}
}

static void cut_some_links(struct world *world)
{
	for (uint8_t i = 1; i <= world->plan.members; i++)
		for (uint8_t k = 1; k <= world->plan.members; k++)
			if (i != k && dice_chance(&world->dice, 3))
				network_cut(world, i, k, true);
}

/* Who is cut off is often the one that leads. */
static struct member *some_leader(struct world *world, struct member *other)
{
	for (unsigned i = 1; i <= world->plan.members; i++)
		if (world->members[i].replicas[0].role == REPLICATION_LEADER)
			return &world->members[i];
	return other;
}

static void cut(struct world *world, struct member *member)
{
	uint32_t kind = dice_below(&world->dice, 4);

	if (dice_chance(&world->dice, 2))
		member = some_leader(world, member);
	world_trace(world, "the network is cut around member %u, kind %u", member->number, kind);
	world->judge.tally.cuts++;
	if (kind == 3)
		cut_some_links(world);
	else
		cut_off(world, member->number, kind != 1, kind != 2);
	schedule_put(
		&world->schedule,
		&(struct event){ .at_ns = world->now_ns + some_ms(world, world->plan.cut_length_ms),
	                         .happen = heal });
}

/* ---- disks ---- */

static void stall(struct world *world, struct member *member)
{
	world->judge.tally.disk_faults++;
	member->stalled_until_ns = world->now_ns + some_ms(world, 800);
}

static void disk_error(struct world *world, struct member *member)
{
	struct fake_disk *disk = dice_chance(&world->dice, 3) ? member->ballot_disk
	                                                      : member->log_disk;

	world->judge.tally.disk_faults++;
	fake_disk_fail(disk, 1 + dice_below(&world->dice, 8), EIO, dice_chance(&world->dice, 2));
}

static void roomy(struct world *world, struct event *event)
{
	fake_disk_set_capacity(world->members[event->number].log_disk, DISK_OCTETS);
}

static void full(struct world *world, struct member *member)
{
	world->judge.tally.disk_faults++;
	fake_disk_set_capacity(member->log_disk, 0);
	schedule_put(&world->schedule,
	             &(struct event){ .at_ns = world->now_ns + some_ms(world, 2000),
	                              .happen = roomy,
	                              .number = member->number });
}

static void set_store(struct member *member, enum ha_error answer)
{
	for (unsigned g = 0; g < member->world->plan.groups; g++)
		if (member->replicas[g].store)
			member->replicas[g].store->failing = answer;
}

static void store_works(struct world *world, struct event *event)
{
	set_store(&world->members[event->number], HA_OK);
}

static void store_fails(struct world *world, struct member *member)
{
	world->judge.tally.disk_faults++;
	set_store(member, HA_E_NODISK);
	schedule_put(&world->schedule,
	             &(struct event){ .at_ns = world->now_ns + some_ms(world, 3000),
	                              .happen = store_works,
	                              .number = member->number });
}

/* ---- clocks ---- */

static void clock_jump(struct world *world, struct member *member)
{
	uint32_t most = world->plan.clock_jump_ms;

	world->judge.tally.clock_jumps++;
	member->wall_offset_ms = (int64_t)dice_below(&world->dice, 2 * most + 1) - most;
}

/* ---- operators ---- */

/* Whoever was asked to stand may not reach all, or not hear their answers. */
static void cut_now_and_then(struct world *world)
{
	if (!world->plan.cut_ms || dice_chance(&world->dice, 2))
		return;
	cut_some_links(world);
	schedule_put(
		&world->schedule,
		&(struct event){ .at_ns = world->now_ns + some_ms(world, 400), .happen = heal });
}

static void transfer(struct world *world, struct member *member)
{
	uint8_t group = (uint8_t)dice_below(&world->dice, world->plan.groups);
	uint8_t to = (uint8_t)dice_below(&world->dice, world->plan.members + 1);
	struct replica *replica = &some_leader(world, member)->replicas[group];
	enum ha_error error;

	if (!replica->consensus || replica->member->frozen_until_ns > world->now_ns)
		return;
	error = consensus_transfer(replica->consensus, member_monotonic_ns(replica->member), to);
	if (error == HA_OK) {
		world_trace(world, "member %u hands group %u over to %u", replica->member->number,
		            group, to);
		world->judge.tally.transfers++;
		cut_now_and_then(world);
	} else if (error != HA_E_NOTLEADER && error != HA_E_NOTFOUND && error != HA_E_BUSY) {
		replica->member->dying = true;
	}
	member_settle(replica->member);
}

static void set_drained(struct member *member, bool drained)
{
	member->drained = drained;
	for (unsigned g = 0; g < member->world->plan.groups; g++)
		if (member->replicas[g].consensus)
			consensus_set_eligible(member->replicas[g].consensus, !drained);
}

static void undrain(struct world *world, struct event *event)
{
	set_drained(&world->members[event->number], false);
}

static void drain(struct world *world, struct member *member)
{
	set_drained(member, true);
	schedule_put(&world->schedule,
	             &(struct event){ .at_ns = world->now_ns + some_ms(world, 2000),
	                              .happen = undrain,
	                              .number = member->number });
	transfer(world, member);
}

/* ---- when ---- */

static const struct {
	size_t period; /* where it stands in the plan */
	fault *happens;
	unsigned weight; /* so many times the plan's period */
} faults[] = {
	{ offsetof(struct plan, crash_ms), crash, 1 },
	{ offsetof(struct plan, power_ms), power, 1 },
	{ offsetof(struct plan, power_ms), power_of_all, 5 },
	{ offsetof(struct plan, restart_ms), restart, 1 },
	{ offsetof(struct plan, freeze_ms), freeze, 1 },
	{ offsetof(struct plan, cut_ms), cut, 1 },
	{ offsetof(struct plan, stall_ms), stall, 1 },
	{ offsetof(struct plan, disk_error_ms), disk_error, 1 },
	{ offsetof(struct plan, full_ms), full, 1 },
	{ offsetof(struct plan, store_ms), store_fails, 1 },
	{ offsetof(struct plan, clock_ms), clock_jump, 1 },
	{ offsetof(struct plan, transfer_ms), transfer, 1 },
	{ offsetof(struct plan, drain_ms), drain, 1 },
};
#define FAULTS (sizeof(faults) / sizeof(faults[0]))

static event_handler strike;

static void strike_later(struct world *world, size_t which)
{
	uint32_t period_ms = *(const uint32_t *)((const char *)&world->plan +
	                                         faults[which].period) *
	                     faults[which].weight;

	if (period_ms)
		schedule_put(
			&world->schedule,
			&(struct event){ .at_ns = world->now_ns + some_ms(world, 2 * period_ms),
		                         .happen = strike,
		                         .number = which });
}

static void strike(struct world *world, struct event *event)
{
	struct member *member = &world->members[1 + dice_below(&world->dice, world->plan.members)];

	if (world->calm)
		return;
	faults[event->number].happens(world, member);
	strike_later(world, event->number);
}

void faults_start(struct world *world)
{
	for (size_t i = 0; i < FAULTS; i++)
		strike_later(world, i);
}

void faults_end(struct world *world)
{
	world->calm = true;
	heal(world, NULL);
	for (unsigned i = 1; i <= world->plan.members; i++) {
		struct member *member = &world->members[i];

		member->stalled_until_ns = 0;
		member->wall_offset_ms = 0;
		set_store(member, HA_OK);
		set_drained(member, false);
		fake_disk_set_capacity(member->log_disk, DISK_OCTETS);
		fake_disk_fail(member->log_disk, 0, 0, false);
		fake_disk_fail(member->ballot_disk, 0, 0, false);
		if (!member->alive)
			member_boot_at(member, world->now_ns + MS);
	}
}
