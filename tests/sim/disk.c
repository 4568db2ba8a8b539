/* disk.c - the log and the ballot of a member, on disks in memory that forget
 * what was not flushed. The steps of the log's threads are events; the time that
 * a flush takes passes before it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/world.h"

#define SEGMENT_OCTETS JOURNAL_SEGMENT_MIN
#define STORE_ID 1u
#define KEEP_US 5000u /* at most, until the keeper does something */
#define TRIM_MS 100u  /* after which a log is looked at that may have filled */

/* An entry that the log gave back at a start. */
struct found {
	struct found *next;
	struct journal_entry entry;
	uint8_t octets[];
};

/* ---- the ballot ---- */

bool disk_open_ballot(struct member *member)
{
	enum ha_error why;
	char report[256] = "";

	member->ballot = ballot_open(fake_disk_io(member->ballot_disk), "ballot",
	                             &member->ballot_state, &why, report, sizeof(report));
	if (!member->ballot && !fake_disk_failed(member->ballot_disk))
		judge_violation(member->world, VIOLATION_FAILED, "ballot of member %u: %s",
		                member->number, report);
	return member->ballot;
}

struct ballot_group *disk_ballot_of(struct member *member, uint8_t group)
{
	struct ballot_state *state = &member->ballot_state;

	for (size_t i = 0; i < state->group_count; i++)
		if (state->groups[i].group == group)
			return &state->groups[i];
	state->groups[state->group_count] = (struct ballot_group){ .group = group, .term = 1 };
	return &state->groups[state->group_count++];
}

enum ha_error disk_save_ballot(struct replica *replica, uint64_t term, uint8_t voted_for)
{
	struct member *member = replica->member;
	struct ballot_group *group = disk_ballot_of(member, replica->group);
	enum ha_error error;

	judge_voted(replica, term, voted_for);
	group->term = term;
	group->voted_for = voted_for;
	error = ballot_save(member->ballot, &member->ballot_state);
	if (error != HA_OK)
		member->dying = true;
	return error;
}

/* ---- the log: writing ---- */

static void tell_all(struct member *member)
{
	uint64_t now_ns = member_monotonic_ns(member);

	for (unsigned g = 0; g < member->world->plan.groups; g++)
		if (consensus_stored(member->replicas[g].consensus, now_ns, member->told_serial) !=
		    HA_OK)
			member->dying = true;
}

static void tell(struct world *world, struct event *event)
{
	struct member *member = &world->members[event->member];

	if (event->number <= member->told_serial)
		return;
	member->told_serial = event->number;
	tell_all(member);
}

static uint64_t flush_ns(struct member *member)
{
	struct world *world = member->world;
	const struct plan *plan = &world->plan;
	uint64_t us = plan->flush_us / 2 + dice_below(&world->dice, plan->flush_us + 1);
	uint64_t stalled_ns = 0;

	if (!world->calm && dice_below(&world->dice, 1000) < plan->slow_flush_permille)
		us += dice_below(&world->dice, plan->slow_flush_us + 1);
	if (member->stalled_until_ns > world->now_ns)
		stalled_ns = member->stalled_until_ns - world->now_ns;
	return us * US + stalled_ns;
}

static void write_later(struct member *member);

static bool has_work(const struct member *member)
{
	return member->journal->sealed_first || member->journal->open;
}

static void write_now(struct world *world, struct event *event)
{
	struct member *member = &world->members[event->member];
	uint64_t before = member->durable_serial;

	member->writes = false;
	if (member->stalled_until_ns > world->now_ns) {
		write_later(member);
		return;
	}
	journal_write_next(member->journal);
	if (member->dying)
		return;
	if (member->durable_serial > before)
		member_event(member, dice_below(&world->dice, 50) * US, tell, 0,
		             member->durable_serial);
	if (has_work(member))
		write_later(member);
}

static void write_later(struct member *member)
{
	if (member->writes)
		return;
	member->writes = true;
	member_event(member, flush_ns(member), write_now, 0, 0);
}

static event_handler look;
static void keep_later(struct member *member);

static void keep_now(struct world *world, struct event *event)
{
	struct member *member = &world->members[event->member];

	member->keeps = false;
	if (journal_keep(member->journal) && !member->dying)
		keep_later(member);
}

static void keep_later(struct member *member)
{
	if (member->keeps)
		return;
	member->keeps = true;
	member_event(member,
	             member->journal->prepare_failed
	                     ? JOURNAL_RETRY_S * 1000 * MS
	                     : dice_below(&member->world->dice, KEEP_US) * US,
	             keep_now, 0, 0);
}

enum ha_error disk_append(struct member *member, const struct journal_entry *entries, size_t count,
                          uint64_t *serial)
{
	enum ha_error error = journal_append(member->journal, entries, count, serial);

	keep_later(member);
	if (has_work(member))
		write_later(member);
	if (error != HA_OK && !member->dying)
		judge_violation(member->world, VIOLATION_FAILED, "the log of member %u refuses: %s",
		                member->number, ha_strerror(error));
	return error;
}

bool disk_has_room(struct member *member, enum journal_use use, size_t count, size_t octets)
{
	if (journal_room(member->journal, use, count, octets) == HA_OK)
		return true;
	keep_later(member);
	return false;
}

static void durable(void *context, struct journal_batch *batch)
{
	struct member *member = context;
	struct journal_cursor cursor = journal_batch_cursor(batch);
	struct journal_entry entry;

	while (journal_cursor_next(&cursor, &entry) == HA_OK) {
		if (member->alive)
			judge_stored(member, &entry);
		member->durable_serial = entry.serial;
	}
	journal_release(member->journal, batch);
}

static void failed(void *context, enum ha_error why, const char *what)
{
	struct member *member = context;

	(void)why;
	world_trace(member->world, "member %u: %s", member->number, what);
	if (member->alive && !fake_disk_failed(member->log_disk))
		judge_violation(member->world, VIOLATION_FAILED, "the log of member %u: %s",
		                member->number, what);
	member->dying = true;
}

/* ---- the log: starting ---- */

static void found(void *context, const struct journal_entry *entries, size_t count)
{
	struct member *member = context;

	for (size_t i = 0; i < count; i++) {
		struct found *one = malloc(sizeof(*one) + entries[i].size);

		if (!one)
			abort();
		*one = (struct found){ .entry = entries[i] };
		if (entries[i].size)
			memcpy(one->octets, entries[i].command, entries[i].size);
		one->entry.command = one->octets;
		*member->found_last = one;
		member->found_last = &one->next;
	}
}

static void forget_found(struct member *member)
{
	while (member->found) {
		struct found *one = member->found;

		member->found = one->next;
		free(one);
	}
	member->found_last = &member->found;
}

static void give_found(struct member *member)
{
	for (const struct found *one = member->found; one; one = one->next)
		replica_restore(&member->replicas[one->entry.group], &one->entry);
}

/* The oldest that the log has to keep of a group: what the store lacks, and what
 * lags may want while there is room. */
static uint64_t oldest(const struct replica *replica, bool filling)
{
	struct consensus_status status;
	uint64_t serial;

	consensus_status(replica->consensus, &status);
	serial = consensus_serial(replica->consensus,
	                          filling ? replica_base(replica) + 1 : status.first_index);
	return serial ? serial : UINT64_MAX;
}

/* What no group needs goes, so that there is room; of one that is void nothing is. */
static void let_go(struct member *member, bool filling, const struct replica *but)
{
	uint64_t serial = UINT64_MAX;

	for (unsigned g = 0; g < member->world->plan.groups; g++) {
		const struct replica *replica = &member->replicas[g];
		uint64_t wanted = replica == but ? UINT64_MAX : oldest(replica, filling);

		if (wanted < serial)
			serial = wanted;
	}
	if (serial > 1)
		journal_trim(member->journal, serial - 1);
}

/* Where groups share the log: that what it held of this one is void. */
static bool say_void(struct replica *replica)
{
	struct member *member = replica->member;
	const struct journal_entry begin = {
		.group = replica->group,
		.kind = JOURNAL_BEGIN,
		.index = replica_base(replica),
		.term = replica_base_term(replica),
	};
	enum ha_error error;
	uint64_t serial;

	let_go(member, true, replica);
	while ((error = journal_append(member->journal, &begin, 1, &serial)) == HA_E_BUSY &&
	       journal_keep(member->journal))
		;
	if (error != HA_OK)
		return false; /* at the next start, perhaps */
	disk_drain(member);
	return member->durable_serial >= serial;
}

static bool make_void(struct replica *replica)
{
	char report[256] = "";

	if (replica->world->plan.groups > 1)
		return say_void(replica);
	return journal_erase(replica->member->journal, report, sizeof(report)) == HA_OK;
}

/* The store came from another member, or a witness forgot up to somewhere: a log
 * that does not go on from there goes. */
static bool settle(struct replica *replica)
{
	bool witness = replica->member->witness;

	if (!replica->fresh && !witness)
		return true;
	if (!consensus_goes_on(replica->consensus, replica->fresh && !witness)) {
		if (!make_void(replica))
			return false;
		judge_erased(replica);
		if (!replica_begin(replica))
			return false;
	}
	replica->fresh = false;
	return true;
}

static bool open_log(struct member *member)
{
	const struct journal_client client = {
		.context = member, .replay = found, .durable = durable, .failed = failed
	};
	const struct journal_options options = {
		.directory = "log",
		.store_id = STORE_ID,
		.whole = true,
		.segment_octets = SEGMENT_OCTETS,
		.segments_max = member->world->plan.log_segments,
		.shared = member->world->plan.groups > 1,
		.io = fake_disk_io(member->log_disk),
	};
	char report[512] = "";
	enum ha_error why;

	member->found_last = &member->found;
	member->journal = journal_open(&options, &client, &why, report, sizeof(report));
	if (member->journal)
		return true;
	if (!fake_disk_failed(member->log_disk) && why != HA_E_NODISK)
		judge_violation(member->world, VIOLATION_LOST, "the log of member %u: %s",
		                member->number, report);
	return false;
}

bool disk_open(struct member *member)
{
	struct journal_status status;
	bool open = open_log(member);

	if (open)
		give_found(member);
	for (unsigned g = 0; open && g < member->world->plan.groups; g++)
		open = settle(&member->replicas[g]);
	if (open) {
		journal_status(member->journal, &status);
		member->durable_serial = member->told_serial = status.stored_serial;
		keep_later(member);
		member_event(member, TRIM_MS * MS, look, 0, 0);
	}
	forget_found(member);
	return open && !member->dying;
}

/* ---- the log: the rest ---- */

bool disk_is_filling(struct member *member)
{
	struct journal_status status;

	journal_status(member->journal, &status);
	return status.octets > status.octets_max / 2;
}

/* As cluster_trim.c does it: what is in the older half of a log that is filling goes
 * behind it once more. */
static void carry(struct member *member)
{
	struct journal_status log;

	journal_status(member->journal, &log);
	for (unsigned g = 0; g < member->world->plan.groups; g++) {
		struct replica *replica = &member->replicas[g];

		if (oldest(replica, true) > log.half_serial)
			continue;
		if (consensus_carry(replica->consensus, replica_base(replica) + 1) != HA_OK)
			member->dying = true;
	}
}

void disk_trim(struct member *member)
{
	bool filling = disk_is_filling(member);

	let_go(member, filling, NULL);
	if (filling && member->world->plan.groups > 1)
		carry(member);
	keep_later(member);
}

static void look(struct world *world, struct event *event)
{
	struct member *member = &world->members[event->member];

	tell_all(member); /* as in every turn of the engine */
	disk_trim(member);
	member_event(member, TRIM_MS * MS, look, 0, 0);
}

void disk_drain(struct member *member)
{
	while (has_work(member) && journal_write_next(member->journal))
		;
}

void disk_close(struct member *member)
{
	journal_close(member->journal);
	ballot_close(member->ballot);
	member->journal = NULL;
	member->ballot = NULL;
}

void disk_crash_begins(struct member *member)
{
	struct dice *dice = &member->world->dice;

	if (!member->journal || !dice_chance(dice, 2))
		return;
	fake_disk_fail(member->log_disk, 1 + dice_below(dice, 3), EIO, true);
	journal_write_next(member->journal);
}

void disk_crash_ends(struct member *member, bool power)
{
	struct dice *dice = &member->world->dice;

	if (power) {
		fake_disk_cut(member->log_disk, dice_next(dice));
		fake_disk_cut(member->ballot_disk, dice_next(dice));
	} else {
		fake_disk_restart(member->log_disk);
		fake_disk_restart(member->ballot_disk);
	}
}
