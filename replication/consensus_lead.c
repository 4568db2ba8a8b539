/* consensus_lead.c - a leader's business: the barrier of its term, commands in
 * order, handing over; and how one becomes it: time-outs, and standing early. */
#include "replication/consensus_internal.h"

#include <string.h>

/* ---- entries of ours ---- */

static struct window_block *block_of(const struct consensus *c, enum journal_kind kind,
                                     const struct replication_command *commands, size_t count,
                                     size_t octets)
{
	struct window_block *block = window_block_new(octets);
	uint8_t *at = block ? window_block_octets(block) : NULL;

	for (size_t i = 0; block && i < count; i++)
		at = consensus_entry_encode(at, c->raft.current_term, (uint8_t)kind,
		                            commands[i].command, commands[i].size);
	return block;
}

static void fill(struct consensus *c, const struct replication_command *commands, size_t count,
                 const uint8_t *at)
{
	static uint64_t nothing;

	for (size_t i = 0; i < count; i++) {
		at = consensus_entry_decode(at, &c->to_log[i]);
		c->to_log[i].index = c->window.last + 1 + i;
		c->to_log[i].group = c->options.group;
		c->tickets[i] = commands[i].ticket;
		/* It only wants to see a batch: it is not its own. */
		c->entries[i] = consensus_library_entry(c->to_log[i].term, c->to_log[i].kind,
		                                        &nothing);
	}
}

/* To the log and the window first: the library's messages take them from there. */
static enum ha_error put_in_order(struct consensus *c, enum journal_kind kind,
                                  const struct replication_command *commands, size_t count,
                                  size_t octets)
{
	struct raft_event event = { .type = RAFT_SUBMIT };
	struct window_block *block = block_of(c, kind, commands, count, octets);
	enum ha_error error;
	uint64_t serial;

	if (!block)
		return HA_E_NOMEM;
	consensus_carry_no_more(c);
	fill(c, commands, count, window_block_octets(block));
	error = c->host.append(c->host.context, c->to_log, count, &serial);
	if (error != HA_OK) {
		window_block_drop(block);
		return error;
	}
	window_push(&c->window, block, window_block_octets(block), count, serial, c->tickets);
	event.submit.entries = c->entries;
	event.submit.n = (unsigned)count;
	c->submitting = true;
	error = consensus_step(c, &event);
	c->submitting = false;
	return error;
}

static size_t octets_of(const struct replication_command *commands, size_t count)
{
	size_t octets = count * CONSENSUS_ENTRY_HEADER;

	for (size_t i = 0; i < count; i++)
		octets += commands[i].size;
	return octets;
}

static enum ha_error submit(struct consensus *c, enum journal_kind kind,
                            const struct replication_command *commands, size_t count)
{
	size_t octets = octets_of(commands, count);

	if (c->announced != REPLICATION_LEADER || !consensus_leads(c) ||
	    c->lease_forfeited == c->raft.current_term)
		return HA_E_NOTLEADER;
	if (c->transfer.member || c->carry.next || count > CONSENSUS_ENTRIES_MAX)
		return HA_E_BUSY;
	if (!window_has_room(&c->window, count, octets))
		return HA_E_CAPACITY;
	if (!c->host.room(c->host.context, JOURNAL_USE_ORDER, count, octets))
		return HA_E_BUSY;
	return put_in_order(c, kind, commands, count, octets);
}

enum ha_error consensus_submit(struct consensus *c, uint64_t now_ns,
                               const struct replication_command *commands, size_t count)
{
	c->now_ns = now_ns;
	return submit(c, JOURNAL_COMMAND, commands, count);
}

enum ha_error consensus_admit(struct consensus *c, uint64_t now_ns, uint8_t member,
                              uint64_t incarnation)
{
	uint8_t octets[CONSENSUS_ADMIT_OCTETS];
	const struct replication_command command = { .group = c->options.group,
		                                     .command = octets,
		                                     .size = sizeof(octets) };

	consensus_admit_encode(octets, member, incarnation);
	c->now_ns = now_ns;
	return submit(c, JOURNAL_ADMIT, &command, 1);
}

/* ---- terms ---- */

enum ha_error consensus_begin_term(struct consensus *c)
{
	const struct replication_command barrier = { .group = c->options.group };

	c->stand_ns = 0;
	c->hand_over_ns = 0;
	memset(c->installing, 0, sizeof(c->installing));
	if (c->barrier > c->window.first &&
	    consensus_term_of(c, c->barrier) == c->raft.current_term)
		return HA_OK; /* the library's own */
	c->barrier = c->window.last + 1;
	return put_in_order(c, JOURNAL_BARRIER, &barrier, 1, CONSENSUS_ENTRY_HEADER);
}

void consensus_lose(struct consensus *c, uint64_t index)
{
	size_t count = 0;

	if (index <= c->applied)
		index = c->applied + 1;
	for (; index <= c->window.last; index++) {
		struct window_entry *entry = window_at(&c->window, index);

		if (entry->ticket == 0)
			continue;
		c->tickets[count++] = entry->ticket;
		entry->ticket = 0;
		if (count < CONSENSUS_ENTRIES_MAX)
			continue;
		c->host.lost(c->host.context, c->tickets, count);
		count = 0;
	}
	if (count > 0)
		c->host.lost(c->host.context, c->tickets, count);
}

void consensus_end_term(struct consensus *c)
{
	c->barrier = 0;
	c->transfer = (struct transfer){ 0 };
	consensus_lose(c, raft_commit_index(&c->raft) + 1);
}

/* ---- the log's progress ---- */

enum ha_error consensus_stored(struct consensus *c, uint64_t now_ns, uint64_t serial)
{
	struct raft_event event = { .type = RAFT_PERSISTED_ENTRIES };
	enum ha_error error = HA_OK;

	c->now_ns = now_ns;
	if (serial > c->durable)
		c->durable = serial;
	while (c->stored < c->window.last &&
	       window_at(&c->window, c->stored + 1)->serial <= c->durable)
		c->stored++;
	if (c->stored > c->raft.last_stored) {
		event.persisted_entries.index = c->stored;
		error = consensus_step(c, &event);
	}
	if (error == HA_OK)
		error = consensus_carry_on(c);
	return error == HA_OK ? consensus_transfer_on(c) : error;
}

/* ---- handing over ---- */

static bool is_connected(const struct consensus *c, uint8_t member)
{
	return c->connected & 1u << member;
}

static bool is_unwilling(const struct consensus *c, uint8_t member)
{
	return c->unwilling & 1u << member;
}

static bool can_take_over(const struct consensus *c, uint8_t member)
{
	for (size_t i = 0; i < c->options.member_count; i++)
		if (c->members[i].number == member)
			return member != c->options.self && !c->members[i].witness &&
			       is_connected(c, member);
	return false;
}

/* The most advanced member that can take over and would; 0 = there is none. */
static uint8_t most_advanced(const struct consensus *c)
{
	raft_index best = 0, match;
	uint8_t member = 0;

	for (size_t i = 0; i < c->options.member_count; i++) {
		uint8_t number = c->members[i].number;

		if (!can_take_over(c, number) || is_unwilling(c, number))
			continue;
		if (raft_match_index(&c->raft, number, &match) == 0 &&
		    (member == 0 || match > best)) {
			best = match;
			member = number;
		}
	}
	return member;
}

enum ha_error consensus_transfer(struct consensus *c, uint64_t now_ns, uint8_t member)
{
	c->now_ns = now_ns;
	if (!consensus_leads(c))
		return HA_E_NOTLEADER;
	if (c->transfer.member)
		return HA_E_BUSY;
	if (member == 0)
		member = most_advanced(c);
	if (!can_take_over(c, member))
		return HA_E_NOTFOUND;
	if (is_unwilling(c, member))
		return HA_E_UNSUPPORTED;
	c->transfer = (struct transfer){
		.member = member,
		.until_ns = now_ns + 2 * c->timing.election_ms * MS,
	};
	return consensus_transfer_on(c);
}

/* As if a member had answered from the next term: we lead no more, and whoever
 * is fit stands. */
static enum ha_error step_down(struct consensus *c)
{
	struct raft_message message = { .type = RAFT_APPEND_ENTRIES_RESULT };
	struct raft_event event = { .type = RAFT_RECEIVE };
	uint8_t other = c->members[0].number == c->options.self ? c->members[1].number
	                                                        : c->members[0].number;

	message.server_id = other;
	message.server_address = c->names[other];
	message.append_entries_result.term = c->raft.current_term + 1;
	event.receive.message = &message;
	return consensus_step(c, &event);
}

static enum ha_error ask_to_stand(struct consensus *c)
{
	struct raft_event event = { .type = RAFT_TRANSFER };

	c->transfer.asked = true;
	event.transfer.server_id = c->transfer.member;
	return consensus_step(c, &event);
}

static bool has_everything(const struct consensus *c, uint8_t member)
{
	raft_index match;

	return c->stored == c->window.last && raft_match_index(&c->raft, member, &match) == 0 &&
	       match == c->window.last;
}

/* In two steps: those who answer learn of the first before the second. */
enum ha_error consensus_transfer_on(struct consensus *c)
{
	if (!c->transfer.member || !consensus_leads(c))
		return HA_OK;
	if (c->now_ns >= c->transfer.until_ns) {
		bool given_up = c->transfer.given_up;

		c->transfer = (struct transfer){ 0 };
		return given_up ? step_down(c) : HA_OK;
	}
	if (!c->transfer.given_up && has_everything(c, c->transfer.member)) {
		consensus_reign_given_up(c);
		c->transfer.given_up = true;
		c->transfer.until_ns = c->now_ns + 2 * c->timing.election_ms * MS;
		c->lease_forfeited = c->raft.current_term;
	} else if (c->transfer.given_up && !c->transfer.asked &&
	           (!c->host.quiet || c->host.quiet(c->host.context))) {
		return ask_to_stand(c);
	}
	return HA_OK;
}

/* A member lost its disk: the library believes that it has what it had, and only
 * a new leader finds out. That may be us again, at once. */
static enum ha_error begin_anew(struct consensus *c)
{
	if (!c->begin_anew)
		return HA_OK;
	c->begin_anew = false;
	if (!consensus_leads(c))
		return HA_OK;
	c->stand_ns = c->now_ns;
	return step_down(c);
}

/* A witness that was elected, because it alone had everything, hands on. */
static enum ha_error hand_on(struct consensus *c)
{
	if (!c->witness || !consensus_leads(c) || c->transfer.member || c->now_ns < c->hand_over_ns)
		return HA_OK;
	c->hand_over_ns = c->now_ns + RETRY_MS * MS;
	enum ha_error error = consensus_transfer(c, c->now_ns, 0);
	return error == HA_E_NOTFOUND ? HA_OK : error;
}

/* ---- standing ---- */

void consensus_set_eligible(struct consensus *c, bool eligible)
{
	c->eligible = eligible;
}

void consensus_set_unwilling(struct consensus *c, uint32_t members)
{
	c->unwilling = members;
}

void consensus_set_connected(struct consensus *c, uint32_t members)
{
	c->connected = members;
}

unsigned consensus_rank(const struct replication_member *members, size_t count, uint32_t group,
                        uint8_t member)
{
	unsigned alike = 0, before = 0;
	bool witness = false;

	for (size_t i = 0; i < count; i++)
		witness |= members[i].number == member && members[i].witness;
	for (size_t i = 0; i < count; i++) {
		alike += members[i].witness == witness;
		before += members[i].witness == witness && members[i].number < member;
	}
	return alike ? (before + alike - group % alike) % alike : 0;
}

static unsigned rank_of(const struct consensus *c, uint8_t member)
{
	return consensus_rank(c->members, c->options.member_count, c->options.group, member);
}

/* Members behind us in rank wait for us: data members in their order, then witnesses. */
static unsigned rank(const struct consensus *c)
{
	unsigned before = 0, ours = rank_of(c, c->options.self);

	for (size_t i = 0; i < c->options.member_count; i++) {
		const struct replication_member *m = &c->members[i];

		if (m->number == c->options.self || m->number == c->heard.leader)
			continue;
		before += m->witness == c->witness ? rank_of(c, m->number) < ours : c->witness;
	}
	return before;
}

void consensus_disconnected(struct consensus *c, uint64_t now_ns, uint8_t member)
{
	c->now_ns = now_ns;
	c->connected &= ~(1u << member);
	if (c->raft.state != RAFT_FOLLOWER || c->heard.leader != member ||
	    c->heard.term != c->raft.current_term)
		return;
	c->stand_ns = (now_ns > c->promised_ns ? now_ns : c->promised_ns) + rank(c) * RANK_MS * MS;
}

void consensus_stand_later(struct consensus *c)
{
	if (c->stand_ns)
		c->stand_ns = is_connected(c, c->heard.leader)
		                      ? 0
		                      : c->promised_ns + rank(c) * RANK_MS * MS;
}

static bool may_stand(const struct consensus *c)
{
	return c->eligible || c->raft.state != RAFT_FOLLOWER;
}

enum ha_error consensus_stand_early(struct consensus *c)
{
	if (c->stand_ns == 0 || c->now_ns < c->stand_ns)
		return HA_OK;
	if (c->raft.state == RAFT_FOLLOWER && c->stored < c->window.last) {
		c->stand_ns = c->now_ns + MS; /* what it has must be stored first */
		return HA_OK;
	}
	c->stand_ns = 0;
	if (c->raft.state != RAFT_FOLLOWER || !may_stand(c))
		return HA_OK;
	return consensus_timeout_now(c);
}

/* ---- time ---- */

static enum ha_error time_out(struct consensus *c)
{
	struct raft_event event = { .type = RAFT_TIMEOUT };

	if (consensus_raft_ms(c) < raft_timeout(&c->raft) || !may_stand(c))
		return HA_OK;
	if (c->raft.state == RAFT_FOLLOWER && c->now_ns < c->promised_ns)
		return HA_OK;
	return consensus_step(c, &event);
}

enum ha_error consensus_tick(struct consensus *c, uint64_t now_ns)
{
	enum ha_error error;

	c->now_ns = now_ns;
	error = consensus_release_votes(c);
	if (error == HA_OK)
		error = begin_anew(c);
	if (error == HA_OK)
		error = consensus_stand_early(c);
	if (error == HA_OK)
		error = time_out(c);
	if (error == HA_OK)
		error = hand_on(c);
	return error == HA_OK ? consensus_transfer_on(c) : error;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The library's time-out in our clock, or when it is worth another look. */
static uint64_t timeout_ns(const struct consensus *c)
{
	int64_t due_ms = (int64_t)raft_timeout(&c->raft) - c->ahead_ms;
	uint64_t due_ns = due_ms > 0 ? (uint64_t)due_ms * MS : 0;

	if (!may_stand(c))
		return c->now_ns + REST_MS * MS;
	if (c->raft.state == RAFT_FOLLOWER && due_ns < c->promised_ns)
		return c->promised_ns;
	return due_ns;
}

uint64_t consensus_due_ns(const struct consensus *c)
{
	uint64_t due_ns = timeout_ns(c);

	for (unsigned i = 1; i <= REPLICATION_MEMBERS_MAX; i++)
		if (c->held[i].held)
			due_ns = sooner(due_ns, consensus_guard_ns(c));
	if (c->stand_ns)
		due_ns = sooner(due_ns, c->stand_ns);
	if (c->begin_anew)
		due_ns = c->now_ns;
	if (c->transfer.member)
		due_ns = sooner(due_ns, c->transfer.given_up && !c->transfer.asked
		                                ? c->now_ns
		                                : c->transfer.until_ns);
	if (c->witness && consensus_leads(c) && !c->transfer.member)
		due_ns = sooner(due_ns, c->hand_over_ns);
	return due_ns;
}
