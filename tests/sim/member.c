/* member.c - a process and its host: boots, crashes, stops, and shows time. */
#include <stdlib.h>

#include "tests/sim/world.h"

#define FILE_OCTETS JOURNAL_SEGMENT_MIN
#define DISK_OCTETS (1u << 30)
#define RETRY_MS 200u

/* ---- clocks ---- */

uint64_t member_monotonic_ns(const struct member *member)
{
	int64_t true_ns = (int64_t)member->world->now_ns;

	return (uint64_t)(member->monotonic_offset_ns + true_ns +
	                  true_ns / 1000 * member->drift_ppm / 1000);
}

uint64_t member_true_ns(const struct member *member, uint64_t monotonic_ns)
{
	int64_t shown = (int64_t)monotonic_ns - member->monotonic_offset_ns;

	if (shown < 0)
		return 0;
	return (uint64_t)(shown - shown / 1000 * member->drift_ppm / 1000 +
	                  shown / 100000 * member->drift_ppm / 10000 * member->drift_ppm / 1000);
}

uint64_t member_wall_ms(const struct member *member)
{
	return (uint64_t)((int64_t)(WORLD_BEGINS_MS + member->world->now_ns / MS) +
	                  member->wall_offset_ms);
}

static void set_clocks(struct member *member)
{
	struct world *world = member->world;
	int32_t most = world->plan.drift_ppm;

	member->monotonic_offset_ns = (int64_t)((1 + dice_below(&world->dice, 100000)) * 1000 * MS);
	if (most)
		member->drift_ppm = (int32_t)dice_below(&world->dice, (uint32_t)(2 * most)) - most;
}

/* ---- events ---- */

void member_event(struct member *member, uint64_t delay_ns, event_handler *happen, uint8_t group,
                  uint64_t number)
{
	schedule_put(&member->world->schedule,
	             &(struct event){ .at_ns = member->world->now_ns + delay_ns,
	                              .happen = happen,
	                              .member = member->number,
	                              .life = member->life,
	                              .group = group,
	                              .number = number });
}

static void boots(struct world *world, struct event *event)
{
	struct member *member = &world->members[event->number];

	if (!member->alive && member->boots_ns && world->now_ns >= member->boots_ns)
		member_boot(member);
}

void member_boot_at(struct member *member, uint64_t at_ns)
{
	member->boots_ns = at_ns;
	schedule_put(&member->world->schedule,
	             &(struct event){ .at_ns = at_ns, .happen = boots, .number = member->number });
}

/* ---- life ---- */

void member_init(struct world *world, uint8_t number)
{
	struct member *member = &world->members[number];

	*member = (struct member){
		.world = world,
		.number = number,
		.witness = number == world->plan.witness,
		.log_disk = fake_disk_new(FILE_OCTETS, DISK_OCTETS),
		.ballot_disk = fake_disk_new(FILE_OCTETS, DISK_OCTETS),
	};
	set_clocks(member);
	for (uint8_t g = 0; g < world->plan.groups; g++)
		member->replicas[g] = (struct replica){
			.world = world,
			.member = member,
			.group = g,
			.store = member->witness ? NULL : rows_new(),
			.hold = UINT64_MAX,
		};
}

static void close_all(struct member *member)
{
	for (unsigned g = 0; g < member->world->plan.groups; g++)
		replica_close(&member->replicas[g]);
	disk_close(member);
	member->alive = member->dying = false;
	member->writes = member->keeps = false;
	member->life++;
	member->frozen_until_ns = 0;
}

void member_free(struct member *member)
{
	close_all(member);
	for (unsigned g = 0; g < member->world->plan.groups; g++)
		rows_free(member->replicas[g].store);
	fake_disk_free(member->log_disk);
	fake_disk_free(member->ballot_disk);
}

static bool open_all(struct member *member)
{
	struct world *world = member->world;

	if (!disk_open_ballot(member))
		return false;
	for (unsigned g = 0; g < world->plan.groups; g++)
		if (!replica_open(&member->replicas[g]))
			return false;
	if (!disk_open(member))
		return false;
	for (unsigned g = 0; g < world->plan.groups; g++)
		if (!replica_start(&member->replicas[g]))
			return false;
	return true;
}

void member_boot(struct member *member)
{
	struct world *world = member->world;

	member->life++;
	member->boots_ns = 0;
	if (!open_all(member)) {
		world_trace(world, "member %u does not come up", member->number);
		close_all(member);
		fake_disk_restart(member->log_disk);
		fake_disk_restart(member->ballot_disk);
		member_boot_at(member, world->now_ns + RETRY_MS * MS);
		return;
	}
	world_trace(world, "member %u is up", member->number);
	member->alive = true;
	network_member_back(world, member->number);
	member_settle(member);
}

void member_crash(struct member *member, bool power)
{
	struct world *world = member->world;

	if (!member->alive)
		return;
	world_trace(world, "member %u: %s", member->number, power ? "power cut" : "crash");
	world->judge.tally.crashes++;
	world->judge.tally.power_cuts += power;
	member->alive = false;
	disk_crash_begins(member);
	close_all(member);
	disk_crash_ends(member, power);
	if (power)
		set_clocks(member);
	network_member_gone(world, member->number, power);
}

void member_stop(struct member *member)
{
	struct world *world = member->world;

	if (!member->alive)
		return;
	world_trace(world, "member %u stops", member->number);
	world->judge.tally.restarts++;
	disk_drain(member);
	for (unsigned g = 0; g < world->plan.groups; g++)
		if (dice_chance(&world->dice, 2))
			pass_finish(&member->replicas[g]);
	close_all(member);
	fake_disk_restart(member->log_disk);
	fake_disk_restart(member->ballot_disk);
	network_member_gone(world, member->number, false);
}

void member_settle(struct member *member)
{
	struct world *world = member->world;

	for (unsigned g = 0; g < world->plan.groups && member->alive && !member->dying; g++)
		replica_settle(&member->replicas[g]);
	if (!member->alive || !member->dying)
		return;
	world_trace(world, "member %u cannot go on", member->number);
	member_crash(member, false);
	member_boot_at(member, world->now_ns + (1 + dice_below(&world->dice, 1000)) * MS);
}

/* In one step: as a rename is, and what the process is then told. */
void member_replace(struct replica *replica, struct store *rows, uint64_t index, uint64_t term)
{
	struct member *member = replica->member;
	struct ballot_group *ballot = disk_ballot_of(member, replica->group);

	disk_drain(member);
	if (member->dying) {
		rows_free(rows);
		return;
	}
	if (member->witness) {
		ballot->base_index = index;
		ballot->base_term = term;
		if (ballot_save(member->ballot, &member->ballot_state) != HA_OK) {
			member->dying = true;
			return;
		}
	}
	close_all(member);
	if (!member->witness) {
		rows_free(replica->store);
		replica->store = rows;
	}
	replica->fresh = true;
	network_member_gone(member->world, member->number, false);
	fake_disk_restart(member->log_disk);
	fake_disk_restart(member->ballot_disk);
	member_boot(member);
}
