/* consensus.c - life of a group: opened over what the store holds, filled with
 * what the log holds, started, trimmed, looked at. */
#include "replication/consensus_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIP_MOST_MS 200u /* longer ones want a longer lease than there is */
#define LEASE_LEAST_MS 30u
#define HEARTBEAT_LEAST_MS 10u
#define ELECTION_LEAST_MS 100u
#define SNAPSHOT_PATIENCE_MS 200u /* until who lacks too much is told so again */

/* ---- members ---- */

enum ha_error consensus_configuration(const struct consensus *c, struct raft_configuration *out)
{
	raft_configuration_init(out);
	for (size_t i = 0; i < c->options.member_count; i++) {
		uint8_t number = c->members[i].number;

		if (raft_configuration_add(out, number, c->names[number], RAFT_VOTER) != 0) {
			raft_configuration_close(out);
			return HA_E_NOMEM;
		}
	}
	return HA_OK;
}

bool consensus_is_witness(const struct consensus *c, uint8_t member)
{
	for (size_t i = 0; i < c->options.member_count; i++)
		if (c->members[i].number == member)
			return c->members[i].witness;
	return false;
}

static bool members_are_possible(const struct consensus_options *options)
{
	uint32_t seen = 0;

	if (options->member_count < 1 || options->member_count > REPLICATION_MEMBERS_MAX)
		return false;
	for (size_t i = 0; i < options->member_count; i++) {
		uint8_t number = options->members[i].number;

		if (number < 1 || number > REPLICATION_MEMBERS_MAX || seen & 1u << number)
			return false;
		seen |= 1u << number;
	}
	return options->self <= REPLICATION_MEMBERS_MAX && seen & 1u << options->self;
}

/* ---- timers ---- */

struct consensus_timing consensus_timing(uint32_t round_trip_us)
{
	uint32_t trip_ms = round_trip_us / 1000 < TRIP_MOST_MS ? (round_trip_us + 999) / 1000
	                                                       : TRIP_MOST_MS;
	struct consensus_timing timing = {
		.heartbeat_ms = trip_ms / 4 > HEARTBEAT_LEAST_MS ? trip_ms / 4 : HEARTBEAT_LEAST_MS,
	};
	uint32_t lease_ms = 2 * trip_ms + 2 * timing.heartbeat_ms;

	timing.lease_ms = lease_ms > LEASE_LEAST_MS ? lease_ms : LEASE_LEAST_MS;
	timing.election_ms = 3 * timing.lease_ms > ELECTION_LEAST_MS ? 3 * timing.lease_ms
	                                                             : ELECTION_LEAST_MS;
	return timing;
}

static void set_timers(struct consensus *c)
{
	uint32_t election_ms = c->timing.election_ms * (c->witness ? WITNESS_PATIENCE : 1);

	raft_set_election_timeout(&c->raft, election_ms);
	raft_set_heartbeat_timeout(&c->raft, c->timing.heartbeat_ms);
}

void consensus_set_timing(struct consensus *c, uint64_t now_ns,
                          const struct consensus_timing *timing)
{
	c->now_ns = now_ns;
	if (memcmp(&c->timing, timing, sizeof(*timing)) == 0)
		return;
	c->timing = *timing;
	lease_change(&c->lease, timing->lease_ms);
	set_timers(c);
}

/* ---- open, restore, start ---- */

static enum ha_error init(struct consensus *c)
{
	enum ha_error error = window_init(&c->window, c->base_index + 1, c->options.memory_max);

	if (error != HA_OK)
		return error;
	for (unsigned i = 1; i <= REPLICATION_MEMBERS_MAX; i++)
		snprintf(c->names[i], sizeof(c->names[i]), "%u", i % 10);
	if (raft_init(&c->raft, NULL, NULL, c->options.self, c->names[c->options.self]) != 0)
		return HA_E_NOMEM;
	c->open = true;
	/* Or it formats what it might trace, in memory that all its users share, and
	 * nobody reads it. */
	c->raft.tracer = NULL;
	raft_seed(&c->raft, c->options.seed);
	raft_set_pre_vote(&c->raft, true);
	raft_set_max_inflight_entries(&c->raft, INFLIGHT_MAX);
	raft_set_install_snapshot_timeout(&c->raft, SNAPSHOT_PATIENCE_MS);
	set_timers(c);
	return HA_OK;
}

struct consensus *consensus_open(const struct consensus_options *options,
                                 const struct consensus_host *host, enum ha_error *why)
{
	struct consensus *c = members_are_possible(options) ? calloc(1, sizeof(*c)) : NULL;

	*why = c ? HA_OK : members_are_possible(options) ? HA_E_NOMEM : HA_E_RANGE;
	if (!c)
		return NULL;
	c->options = *options;
	memcpy(c->members, options->members, options->member_count * sizeof(c->members[0]));
	c->options.members = c->members;
	c->host = *host;
	c->timing = options->timing;
	c->witness = consensus_is_witness(c, options->self);
	c->eligible = true;
	c->base_index = c->applied = c->stored = options->base_index;
	c->base_term = c->applied_term = options->base_term;
	c->announced = REPLICATION_FOLLOWER;
	*why = init(c);
	if (*why == HA_OK)
		return c;
	consensus_close(c);
	return NULL;
}

void consensus_close(struct consensus *c)
{
	if (!c)
		return;
	if (c->open)
		raft_close(&c->raft, NULL);
	window_destroy(&c->window);
	free(c);
}

/* The log may begin with leftovers of entries that were replaced later, whose
 * own beginning is gone; what replaced them begins the window anew. */
static void begin_at(struct consensus *c, uint64_t index)
{
	window_truncate(&c->window, 0);
	c->window.first = index;
	c->window.last = index - 1;
}

/* Nothing was there, or it came to its end before this one. Or it is copies that were
 * broken off, and what they were made of was let go in part: then all of it follows
 * once more, or the store has it. What is missing in earnest is seen at the start. */
static bool begins_window(const struct consensus *c, uint64_t index)
{
	return index < c->window.first || c->window.last < c->window.first ||
	       index > c->window.last + 1;
}

/* A copy was made of what the group held then: it adds what is not here any more,
 * and takes nothing away, for not all of its copies may be here. The store's are of
 * no concern. */
static bool is_held(const struct consensus *c, const struct journal_entry *copy)
{
	const struct window_entry *held = window_at(&c->window, copy->index);

	if (held)
		return held->term == copy->term;
	return copy->index <= c->base_index && copy->index < c->window.first &&
	       c->window.last >= c->window.first;
}

/* What the store lacks is taken whatever memory_max says: it may have been more
 * when it was written. */
enum ha_error consensus_restore(struct consensus *c, const struct journal_entry *entry)
{
	struct window_block *block;
	uint8_t *at;

	if (entry->serial > c->durable)
		c->durable = entry->serial;
	if (entry->kind == JOURNAL_BEGIN) {
		begin_at(c, entry->index + 1);
		return HA_OK;
	}
	if (entry->copy && is_held(c, entry))
		return HA_OK;
	if (begins_window(c, entry->index))
		begin_at(c, entry->index);
	window_truncate(&c->window, entry->index);
	while (!window_has_room(&c->window, 1, CONSENSUS_ENTRY_HEADER + entry->size) &&
	       c->window.first <= c->base_index && c->window.first <= c->window.last)
		window_drop_first(&c->window);
	if (!window_has_row(&c->window))
		return HA_E_NOMEM;
	block = window_block_new(CONSENSUS_ENTRY_HEADER + entry->size);
	if (!block)
		return HA_E_NOMEM;
	at = window_block_octets(block);
	consensus_entry_encode(at, entry->term, entry->kind, entry->command, entry->size);
	window_push(&c->window, block, at, 1, entry->serial, NULL);
	return HA_OK;
}

bool consensus_goes_on(const struct consensus *c, bool proven)
{
	const struct window_entry *base = window_at(&c->window, c->base_index);

	if (c->window.last < c->window.first)
		return true;
	if (base ? base->term != c->base_term : proven)
		return false;
	return c->window.first <= c->base_index + 1 && c->window.last >= c->base_index;
}

static enum ha_error check_restored(const struct consensus *c)
{
	const struct window_entry *last = window_at(&c->window, c->window.last);

	if (!consensus_goes_on(c, false) || (last && last->term > c->options.term))
		return HA_E_DAMAGED;
	return HA_OK;
}

/* Who has everything before the window can be served from it: the library has to
 * know the term of the entry before, which is the base's. */
static bool knows_before(const struct consensus *c)
{
	return c->window.first == c->base_index + 1;
}

/* How far the oldest entries go: what members that lag may need stays while it
 * takes a quarter of the memory, and behind a snapshot on its way most of it.
 * The rest is for what comes until the store holds more. */
static void drop_oldest(struct consensus *c, uint64_t hold)
{
	uint64_t quarter = c->window.octets_max / 4;

	while (c->window.first <= c->base_index && c->window.first <= c->window.last &&
	       c->window.octets > (c->window.first > hold ? 3 * quarter : quarter))
		window_drop_first(&c->window);
}

struct raft_entry consensus_library_entry(uint64_t term, uint8_t kind, void *batch)
{
	static uint64_t nothing;

	return (struct raft_entry){
		.term = term,
		.type = kind == JOURNAL_BARRIER ? RAFT_BARRIER : RAFT_COMMAND,
		.buf = { &nothing, sizeof(nothing) },
		.batch = batch,
	};
}

static struct raft_entry *library_entries(const struct consensus *c, size_t *count)
{
	size_t before = knows_before(c);
	struct raft_entry *entries;

	*count = c->window.last + 1 - c->window.first + before;
	entries = calloc(*count ? *count : 1, sizeof(*entries));
	if (entries && before)
		entries[0] = consensus_library_entry(c->base_term, JOURNAL_COMMAND, NULL);
	for (size_t i = before; entries && i < *count; i++) {
		const struct window_entry *from = window_at(&c->window,
		                                            c->window.first + i - before);

		entries[i] = consensus_library_entry(from->term, from->kind, NULL);
	}
	return entries;
}

enum ha_error consensus_start(struct consensus *c, uint64_t now_ns)
{
	struct raft_snapshot_metadata base = {
		.index = c->base_index,
		.term = c->base_term,
		.configuration_index = 1,
	};
	struct raft_event event = { .type = RAFT_START };
	enum ha_error error = check_restored(c);
	size_t count;

	c->now_ns = now_ns;
	if (error == HA_OK)
		error = consensus_configuration(c, &base.configuration);
	if (error != HA_OK)
		return error;
	if (c->window.last < c->window.first)
		begin_at(c, c->base_index + 1);
	drop_oldest(c, UINT64_MAX); /* there must be room before the store holds more */
	event.start.term = c->options.term;
	event.start.voted_for = c->options.voted_for;
	event.start.metadata = &base;
	event.start.start_index = c->window.first - knows_before(c);
	event.start.entries = library_entries(c, &count);
	event.start.n_entries = (unsigned)count;
	if (!event.start.entries) {
		raft_configuration_close(&base.configuration);
		return HA_E_NOMEM;
	}
	c->stored = c->window.last;
	/* Whatever was promised before may have been a moment ago, and for how long
	 * is forgotten. */
	c->promised_ns = now_ns + CONSENSUS_LEASE_MAX_MS * MS;
	error = consensus_step(c, &event);
	free(event.start.entries);
	return error;
}

/* ---- apply ---- */

#define APPLY_CHUNK 256u
#define APPLY_OCTETS (64u << 10) /* after so many nothing more is begun */

static void admit(struct consensus *c, const struct journal_entry *entry)
{
	uint64_t incarnation;
	uint8_t member;

	if (!consensus_admit_decode(entry, &member, &incarnation))
		return;
	c->host.admit(c->host.context, member, incarnation);
	c->begin_anew = consensus_leads(c);
}

static size_t collect(struct consensus *c, uint64_t until, size_t max, size_t *octets,
                      struct replication_entry out[APPLY_CHUNK])
{
	size_t count = 0;

	while (c->applied < until && count < max && count < APPLY_CHUNK && *octets < APPLY_OCTETS) {
		struct journal_entry entry = window_entry(&c->window, ++c->applied);

		*octets += entry.size;
		c->applied_term = entry.term;
		if (entry.kind == JOURNAL_ADMIT)
			admit(c, &entry);
		if (entry.kind != JOURNAL_COMMAND)
			continue;
		out[count++] = (struct replication_entry){
			.index = entry.index,
			.term = entry.term,
			.group = c->options.group,
			.ticket = entry.ticket,
			.command = entry.command,
			.size = entry.size,
		};
	}
	return count;
}

bool consensus_apply(struct consensus *c, size_t max)
{
	struct replication_entry chunk[APPLY_CHUNK];
	uint64_t until = raft_commit_index(&c->raft);
	size_t count, octets = 0;

	if (until > c->stored)
		until = c->stored;
	while (c->applied < until && max > 0 && octets < APPLY_OCTETS) {
		count = collect(c, until, max, &octets, chunk);
		if (count > 0)
			c->host.apply(c->host.context, chunk, count);
		max -= count < max ? count : max;
	}
	consensus_announce(c);
	return c->applied < until;
}

/* ---- trim ---- */

uint64_t consensus_term_of(const struct consensus *c, uint64_t index)
{
	const struct window_entry *entry = window_at(&c->window, index);

	return entry ? entry->term : index == c->base_index ? c->base_term : 0;
}

static enum ha_error tell_library(struct consensus *c)
{
	struct raft_event event = { .type = RAFT_SNAPSHOT };
	enum ha_error error;

	event.snapshot.metadata.index = c->base_index;
	event.snapshot.metadata.term = c->base_term;
	event.snapshot.metadata.configuration_index = 1;
	event.snapshot.trailing = (unsigned)(c->base_index + 2 - c->window.first);
	error = consensus_configuration(c, &event.snapshot.metadata.configuration);
	return error == HA_OK ? consensus_step(c, &event) : error;
}

enum ha_error consensus_trim(struct consensus *c, uint64_t now_ns, uint64_t index, uint64_t hold,
                             uint64_t *serial)
{
	enum ha_error error = HA_OK;
	uint64_t term = consensus_term_of(c, index);

	c->now_ns = now_ns;
	if (index > c->base_index && index <= c->applied && term) {
		c->base_index = index;
		c->base_term = term;
		drop_oldest(c, hold);
		error = tell_library(c);
	}
	*serial = consensus_oldest(c);
	return error;
}

/* ---- looking ---- */

bool consensus_is_full(const struct consensus *c)
{
	return !window_has_room(&c->window, 1, 4096);
}

uint64_t consensus_lease_ns(const struct consensus *c)
{
	if (c->announced != REPLICATION_LEADER || !consensus_leads(c) ||
	    c->lease_forfeited == c->raft.current_term)
		return 0;
	return lease_until(&c->lease, c->options.member_count);
}

static void look_at_peer(const struct consensus *c, uint8_t member, struct consensus_peer *out)
{
	raft_index match = 0;

	*out = (struct consensus_peer){ .member = member, .heard_ns = c->heard_of_ns[member] };
	if (!consensus_leads(c) || raft_match_index(&c->raft, member, &match) != 0)
		return;
	out->match = match;
	out->installing = c->installing[member];
	out->silent = out->heard_ns + c->timing.election_ms * MS < c->now_ns;
}

static uint8_t leader_of(const struct consensus *c)
{
	if (consensus_leads(c))
		return c->options.self;
	return c->heard.term == c->raft.current_term ? c->heard.leader : 0;
}

static bool is_current(const struct consensus *c)
{
	return consensus_leads(c) ? c->announced == REPLICATION_LEADER
	                          : leader_of(c) != 0 && c->applied >= c->heard.goal;
}

void consensus_status(const struct consensus *c, struct consensus_status *out)
{
	*out = (struct consensus_status){
		.role = c->announced,
		.term = c->raft.current_term,
		.leader = leader_of(c),
		.current = is_current(c),
		.voted_for = (uint8_t)c->raft.voted_for,
		.first_index = c->window.first,
		.last_index = c->window.last,
		.stored_index = c->stored,
		.commit_index = raft_commit_index(&c->raft),
		.applied_index = c->applied,
		.applied_term = c->applied_term,
		.memory = c->window.octets,
		.transferring = c->transfer.member != 0,
		.lease_ms = c->timing.lease_ms,
		.election_ms = c->timing.election_ms,
		.malformed = c->malformed,
		.stale = c->stale,
		.held_votes = c->held_votes,
	};
	for (size_t i = 0; i < c->options.member_count; i++)
		if (c->members[i].number != c->options.self)
			look_at_peer(c, c->members[i].number, &out->peers[out->peer_count++]);
}
