/* consensus_step.c - one event into the library, and then, in this order and no
 * other: the ballot durable, what a role that ended leaves behind, entries to
 * the log, messages out, what a role that begins has to do, and who we are told.
 *
 * The library's memory: of a message that came, it frees the batch of its
 * entries unless it hands them back to be stored; then that is ours to free.
 * Entries of ours (a submit) it only looks at. A barrier of its own is freed
 * here too. */
#include "replication/consensus_internal.h"

#include <string.h>

uint64_t consensus_raft_ms(const struct consensus *c)
{
	return c->now_ns / MS + (uint64_t)c->ahead_ms;
}

/* ---- entries ---- */

/* Of `block`, from `at` on; behind the log, then behind the window. */
static enum ha_error append(struct consensus *c, struct window_block *block, uint64_t first,
                            size_t count)
{
	const uint8_t *octets = window_block_octets(block), *at = octets;
	enum ha_error error;
	uint64_t serial;

	consensus_carry_no_more(c);
	for (size_t i = 0; i < count; i++) {
		at = consensus_entry_decode(at, &c->to_log[i]);
		c->to_log[i].index = first + i;
		c->to_log[i].group = c->options.group;
	}
	error = c->host.append(c->host.context, c->to_log, count, &serial);
	if (error != HA_OK) {
		window_block_drop(block);
		return error;
	}
	if (first <= c->window.last) {
		/* With these the commit may have come, and so not have told of ours. */
		consensus_lose(c, first);
		window_truncate(&c->window, first);
		if (c->stored >= first)
			c->stored = first - 1;
	}
	window_push(&c->window, block, octets, count, serial, NULL);
	return HA_OK;
}

/* Those of the message under way from `first` on. */
static enum ha_error append_received(struct consensus *c, uint64_t first, size_t count)
{
	const struct consensus_message *m = c->receiving;
	const uint8_t *at = m->entries;
	struct window_block *block;
	size_t octets;

	for (uint64_t index = m->index + 1; index < first; index++) {
		struct journal_entry skipped;

		at = consensus_entry_decode(at, &skipped);
	}
	octets = m->entry_octets - (size_t)(at - m->entries);
	block = window_block_new(octets);
	if (!block)
		return HA_E_NOMEM;
	memcpy(window_block_octets(block), at, octets);
	return append(c, block, first, count);
}

/* The library puts one of its own in front of a term in which it finds entries
 * that may not be committed. */
static enum ha_error append_barrier(struct consensus *c, uint64_t index)
{
	struct window_block *block = window_block_new(CONSENSUS_ENTRY_HEADER);

	if (!block)
		return HA_E_NOMEM;
	consensus_entry_encode(window_block_octets(block), c->raft.current_term, JOURNAL_BARRIER,
	                       NULL, 0);
	c->barrier = index;
	return append(c, block, index, 1);
}

static enum ha_error follow_entries(struct consensus *c, struct raft_update *update)
{
	void *batch = update->entries.batch[0].batch;
	enum ha_error error;

	if (c->submitting)
		return HA_OK;
	if (update->entries.index <= c->applied)
		error = HA_E_DAMAGED; /* what is applied cannot be replaced */
	else if (consensus_leads(c))
		error = append_barrier(c, update->entries.index);
	else
		error = append_received(c, update->entries.index, update->entries.n);
	raft_free(batch);
	return error;
}

/* ---- roles ---- */

/* Did we become the leader? */
static bool follow_role(struct consensus *c)
{
	bool leads = consensus_leads(c), led = c->led;

	c->led = leads;
	if (leads && !led)
		lease_begin(&c->lease, c->timing.lease_ms);
	else if (led && !leads)
		consensus_end_term(c);
	return leads && !led;
}

static enum replication_role role_of(const struct consensus *c)
{
	if (consensus_leads(c))
		return c->barrier && c->applied >= c->barrier && !c->witness
		               ? REPLICATION_LEADER
		               : REPLICATION_CANDIDATE;
	return c->raft.state == RAFT_CANDIDATE ? REPLICATION_CANDIDATE : REPLICATION_FOLLOWER;
}

void consensus_announce(struct consensus *c)
{
	enum replication_role role = role_of(c);

	if (role == c->announced && c->raft.current_term == c->announced_term)
		return;
	consensus_reign_announced(c, role);
	c->announced = role;
	c->announced_term = c->raft.current_term;
	c->host.role(c->host.context, role, c->raft.current_term);
}

/* ---- the step ---- */

static enum ha_error follow(struct consensus *c, struct raft_update *update)
{
	enum ha_error error = HA_OK;
	bool begins;

	if (update->flags & (RAFT_UPDATE_CURRENT_TERM | RAFT_UPDATE_VOTED_FOR))
		error = c->host.save_ballot(c->host.context, c->raft.current_term,
		                            (uint8_t)c->raft.voted_for);
	begins = follow_role(c);
	if (error == HA_OK && update->flags & RAFT_UPDATE_ENTRIES)
		error = follow_entries(c, update);
	if (error == HA_OK && update->flags & RAFT_UPDATE_MESSAGES)
		for (unsigned i = 0; i < update->messages.n; i++)
			consensus_send_message(c, &update->messages.batch[i]);
	if (error == HA_OK && begins)
		error = consensus_begin_term(c);
	if (error == HA_OK)
		consensus_announce(c);
	return error;
}

static enum ha_error error_of(int result)
{
	switch (result) {
	case RAFT_NOMEM:
		return HA_E_NOMEM;
	case RAFT_NOTLEADER:
		return HA_E_NOTLEADER;
	default:
		return HA_E_DAMAGED; /* two members hold different entries as committed */
	}
}

enum ha_error consensus_step(struct consensus *c, struct raft_event *event)
{
	struct raft_update update = { 0 };
	enum ha_error error;
	int result;

	if (c->broken != HA_OK)
		return c->broken;
	event->time = consensus_raft_ms(c);
	event->capacity = 0;
	result = raft_step(&c->raft, event, &update);
	error = result == 0 ? follow(c, &update) : error_of(result);
	if (error != HA_OK && error != HA_E_NOTLEADER)
		c->broken = error;
	return error;
}

enum ha_error consensus_timeout_now(struct consensus *c)
{
	struct raft_event event = { .type = RAFT_TIMEOUT };
	raft_time due_ms = raft_timeout(&c->raft), now_ms = consensus_raft_ms(c);

	if (due_ms > now_ms)
		c->ahead_ms += (int64_t)(due_ms - now_ms);
	return consensus_step(c, &event);
}
