/* consensus_receive.c - messages in: what is let through to the library, when,
 * and what acknowledging promises. */
#include "replication/consensus_internal.h"

#include <stdlib.h>
#include <string.h>

typedef enum ha_error handler(struct consensus *c, uint8_t from, const struct consensus_message *m);

static enum ha_error step_receive(struct consensus *c, uint8_t from, struct raft_message *message)
{
	struct raft_event event = { .type = RAFT_RECEIVE };

	message->server_id = from;
	message->server_address = c->names[from];
	event.receive.message = message;
	return consensus_step(c, &event);
}

static enum ha_error drop_stale(struct consensus *c)
{
	c->stale++;
	return HA_OK;
}

/* ---- a leader's entries ---- */

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Before the library answers: the answer promises. */
static void hear_leader(struct consensus *c, uint8_t from, const struct consensus_message *m)
{
	uint32_t lease_ms = m->lease_ms < CONSENSUS_LEASE_MAX_MS ? m->lease_ms
	                                                         : CONSENSUS_LEASE_MAX_MS;

	consensus_reign_heard(c, from, m->term);
	/* The first message of a term stands behind all that its leader holds. */
	if (c->heard.leader != from || c->heard.term != m->term)
		c->heard = (struct heard){ .leader = from,
			                   .term = m->term,
			                   .goal = later(m->commit, m->index) };
	else if (c->now_ns > c->promised_ns)
		c->heard.goal = later(c->heard.goal, m->commit);
	c->heard.stamp = later(c->heard.stamp, m->stamp);
	c->promised_ns = later(c->promised_ns, c->now_ns + lease_ms * MS);
	consensus_stand_later(c);
	memset(c->held, 0, sizeof(c->held));
}

/* How many of a message's first entries are here already: they may be committed
 * now, and then let go, which makes room. */
static uint32_t held_already(const struct consensus *c, const struct consensus_message *m)
{
	const uint8_t *at = m->entries;
	struct journal_entry entry;
	uint32_t count = 0;

	for (; count < m->entry_count; count++) {
		at = consensus_entry_decode(at, &entry);
		if (consensus_term_of(c, m->index + 1 + count) != entry.term)
			break;
	}
	return count;
}

/* Is all that is new in a message what terms begin with? */
static bool only_begins(const struct consensus_message *m, uint32_t held)
{
	const uint8_t *at = m->entries;
	struct journal_entry entry;

	for (uint32_t i = 0; i < m->entry_count; i++) {
		at = consensus_entry_decode(at, &entry);
		if (i >= held && entry.kind != JOURNAL_BARRIER)
			return false;
	}
	return true;
}

/* For those with which terms begin, even when there is none for others, and while
 * copies are made: nothing that is here already is committed before. */
static bool has_room_to_begin(const struct consensus *c, size_t count)
{
	return window_has_room_to_begin(&c->window, count) &&
	       c->host.room(c->host.context, JOURNAL_USE_BEGIN, count,
	                    count * CONSENSUS_ENTRY_HEADER);
}

static bool has_room(const struct consensus *c, const struct consensus_message *m)
{
	return !c->carry.next && window_has_room(&c->window, m->entry_count, m->entry_octets) &&
	       c->host.room(c->host.context, JOURNAL_USE_ORDER, m->entry_count, m->entry_octets);
}

/* How many of a message's first entries are taken. */
static uint32_t taken(const struct consensus *c, const struct consensus_message *m)
{
	uint32_t held;

	if (m->entry_count == 0 || has_room(c, m))
		return m->entry_count;
	held = held_already(c, m);
	return only_begins(m, held) && has_room_to_begin(c, m->entry_count - held) ? m->entry_count
	                                                                           : held;
}

/* The library wants to own a batch, which it gives back or frees. What there is
 * no room for is lost on the way, as it were, and comes again; the rest of the
 * message is a heartbeat. */
static bool give_entries(struct consensus *c, const struct consensus_message *m,
                         struct raft_append_entries *out)
{
	const uint8_t *at = m->entries;
	uint32_t count = taken(c, m);
	void *batch = count ? raft_malloc(1) : NULL;

	if (count && !batch)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		struct journal_entry entry;

		at = consensus_entry_decode(at, &entry);
		c->entries[i] = consensus_library_entry(entry.term, entry.kind, batch);
	}
	out->entries = c->entries;
	out->n_entries = count;
	return true;
}

static enum ha_error on_append(struct consensus *c, uint8_t from, const struct consensus_message *m)
{
	struct raft_message message = { .type = RAFT_APPEND_ENTRIES };
	struct raft_append_entries *append = &message.append_entries;

	if (m->term == c->raft.current_term && consensus_leads(c))
		return HA_E_MALFORMED; /* we are the only leader of our term */
	if (m->term >= c->raft.current_term)
		hear_leader(c, from, m);
	append->version = 1;
	append->term = m->term;
	append->prev_log_index = m->index;
	append->prev_log_term = m->index_term;
	append->leader_commit = m->commit;
	if (!give_entries(c, m, append))
		return HA_E_NOMEM;
	return step_receive(c, from, &message);
}

/* A refusal of what we sent as the leader of an older term says nothing, and one of
 * what is known to be stored there was overtaken: the library would look for
 * where the logs meet below that, and then send nothing any more. */
static bool is_outdated(const struct consensus *c, uint8_t from, const struct consensus_message *m)
{
	raft_index match;

	return m->index == 0 ||
	       (raft_match_index(&c->raft, from, &match) == 0 && m->rejected <= match);
}

static enum ha_error on_appended(struct consensus *c, uint8_t from,
                                 const struct consensus_message *m)
{
	struct raft_message message = { .type = RAFT_APPEND_ENTRIES_RESULT };
	struct raft_append_entries_result *result = &message.append_entries_result;

	if (!consensus_leads(c) || m->term < c->raft.current_term)
		return drop_stale(c);
	if (m->term == c->raft.current_term && m->rejected && is_outdated(c, from, m))
		return drop_stale(c);
	/* An answer older than another one would make the library forget. */
	if (m->term == c->raft.current_term && !lease_acknowledge(&c->lease, from, m->stamp))
		return drop_stale(c);
	if (m->rejected == 0 && m->index >= c->base_index)
		c->installing[from] = false;
	result->version = 1;
	result->term = m->term;
	result->rejected = m->rejected;
	result->last_log_index = m->index;
	return step_receive(c, from, &message);
}

/* ---- votes ---- */

uint64_t consensus_guard_ns(const struct consensus *c)
{
	return later(c->promised_ns, consensus_leads(c) ? consensus_lease_ns(c) : 0);
}

static enum ha_error step_vote(struct consensus *c, uint8_t from, const struct consensus_message *m)
{
	struct raft_message message = { .type = RAFT_REQUEST_VOTE };
	struct raft_request_vote *vote = &message.request_vote;

	vote->version = 2;
	vote->term = m->term;
	vote->candidate_id = from;
	vote->last_log_index = m->index;
	vote->last_log_term = m->index_term;
	vote->pre_vote = m->pre_vote;
	/* The library remembers a dead leader for ever; our promise is what counts. */
	vote->disrupt_leader = true;
	return step_receive(c, from, &message);
}

static enum ha_error on_vote(struct consensus *c, uint8_t from, const struct consensus_message *m)
{
	if (m->handed_over || c->now_ns >= consensus_guard_ns(c))
		return step_vote(c, from, m);
	c->held[from] = (struct held_vote){ .held = true, .message = *m };
	c->held_votes++;
	return HA_OK;
}

enum ha_error consensus_release_votes(struct consensus *c)
{
	enum ha_error error = HA_OK;

	for (uint8_t i = 1; i <= REPLICATION_MEMBERS_MAX && error == HA_OK; i++) {
		if (!c->held[i].held || c->now_ns < consensus_guard_ns(c))
			continue;
		c->held[i].held = false;
		error = step_vote(c, i, &c->held[i].message);
	}
	return error;
}

static enum ha_error on_voted(struct consensus *c, uint8_t from, const struct consensus_message *m)
{
	struct raft_message message = { .type = RAFT_REQUEST_VOTE_RESULT };
	struct raft_request_vote_result *result = &message.request_vote_result;

	/* The library looks whether it only asked before it looks whether it stands at
	 * all, and may take the term over of an answer to what it asked before. */
	if (c->raft.state != RAFT_CANDIDATE)
		return drop_stale(c);
	/* The vote that elects us puts an entry in order: there must be room. */
	if (!has_room_to_begin(c, 1))
		return drop_stale(c);
	result->version = 2;
	result->term = m->term;
	result->pre_vote = m->pre_vote;
	result->vote_granted = m->granted;
	return step_receive(c, from, &message);
}

/* ---- the rest ---- */

/* Decided by entries that never come here. */
static void take_admitted(struct consensus *c, const struct consensus_message *m)
{
	const uint8_t *at = m->entries;

	for (uint32_t i = 0; i < m->entry_count; i++) {
		struct journal_entry entry;
		uint64_t incarnation;
		uint8_t member;

		at = consensus_entry_decode(at, &entry);
		if (entry.kind == JOURNAL_ADMIT &&
		    consensus_admit_decode(&entry, &member, &incarnation))
			c->host.admit(c->host.context, member, incarnation);
	}
}

static enum ha_error on_snapshot(struct consensus *c, uint8_t from,
                                 const struct consensus_message *m)
{
	if (m->term < c->raft.current_term)
		return drop_stale(c);
	if (m->index <= c->applied || consensus_term_of(c, m->index) == m->index_term)
		return HA_OK;
	take_admitted(c, m);
	c->host.want_snapshot(c->host.context, from, m->index, m->index_term);
	return HA_OK;
}

/* The leader gave up answering before it said so: our promise to it is void. */
static enum ha_error on_stand_now(struct consensus *c, uint8_t from,
                                  const struct consensus_message *m)
{
	struct raft_message message = { .type = RAFT_TIMEOUT_NOW };
	enum ha_error error;

	if (!c->eligible || c->witness || m->term != c->raft.current_term ||
	    c->heard.leader != from || c->heard.term != m->term)
		return drop_stale(c);
	message.timeout_now.version = 1;
	message.timeout_now.term = m->term;
	message.timeout_now.last_log_index = m->index;
	message.timeout_now.last_log_term = m->index_term;
	c->handed_term = m->term + 1;
	error = step_receive(c, from, &message);
	if (c->raft.state != RAFT_FOLLOWER)
		c->promised_ns = c->now_ns;
	return error;
}

static handler *const handlers[] = {
	[CONSENSUS_APPEND] = on_append,     [CONSENSUS_APPENDED] = on_appended,
	[CONSENSUS_VOTE] = on_vote,         [CONSENSUS_VOTED] = on_voted,
	[CONSENSUS_SNAPSHOT] = on_snapshot, [CONSENSUS_STAND_NOW] = on_stand_now,
};

static bool is_member(const struct consensus *c, uint8_t number)
{
	for (size_t i = 0; i < c->options.member_count; i++)
		if (c->members[i].number == number && number != c->options.self)
			return true;
	return false;
}

enum ha_error consensus_receive(struct consensus *c, uint64_t now_ns, uint8_t from,
                                const void *octets, size_t size)
{
	struct consensus_message m;
	enum ha_error error;

	c->now_ns = now_ns;
	if (!is_member(c, from) || size > CONSENSUS_MESSAGE_MAX ||
	    consensus_decode(octets, size, &m) != HA_OK) {
		c->malformed++;
		return HA_E_MALFORMED;
	}
	c->heard_of_ns[from] = now_ns;
	c->receiving = &m;
	error = handlers[m.type](c, from, &m);
	c->receiving = NULL;
	if (error == HA_E_MALFORMED)
		c->malformed++;
	return error == HA_OK ? consensus_transfer_on(c) : error;
}
