/* consensus_again.c - another machine behind a group that runs: it goes on from what
 * its store holds, and the group's voice in the cluster is not interrupted. And a
 * quiet group in a log that others fill: its few entries move on with the log. */
#include "replication/consensus_internal.h"

void consensus_abandon(struct consensus *c)
{
	consensus_lose(c, c->applied + 1);
}

/* They are applied again, and nobody waits for them any more. */
static void forget_tickets(struct consensus *c, uint64_t from)
{
	for (uint64_t index = from; index <= c->window.last; index++)
		window_at(&c->window, index)->ticket = 0;
}

bool consensus_rewind(struct consensus *c, uint64_t index, uint64_t term)
{
	if (index < c->base_index || index + 1 < c->window.first ||
	    consensus_term_of(c, index) != term)
		return false;
	forget_tickets(c, index + 1);
	c->applied = index;
	c->applied_term = term;
	c->announced = REPLICATION_FOLLOWER;
	c->announced_term = 0;
	return true;
}

void consensus_renew(struct consensus *c)
{
	c->begin_anew = consensus_leads(c);
}

/* ---- behind the log once more ---- */

#define CARRY_OCTETS PIECE_OCTETS /* at once, if more than one entry */

/* From the next one on, as many as may go at once. */
static size_t collect(struct consensus *c, size_t *octets)
{
	const struct carry *carry = &c->carry;
	size_t count = 0;

	*octets = 0;
	while (carry->next + count <= c->window.last && count < CONSENSUS_ENTRIES_MAX &&
	       *octets < CARRY_OCTETS) {
		struct journal_entry *entry = &c->to_log[count];
		size_t size;

		*entry = window_entry(&c->window, carry->next + count);
		size = CONSENSUS_ENTRY_HEADER + entry->size;
		if (count > 0 && *octets + size > CARRY_OCTETS)
			break;
		entry->group = c->options.group;
		entry->copy = true;
		entry->ticket = 0;
		*octets += size;
		count++;
	}
	return count;
}

enum ha_error consensus_carry_on(struct consensus *c)
{
	struct carry *carry = &c->carry;
	enum ha_error error;
	size_t count, octets;
	uint64_t serial;

	if (carry->whole && c->durable >= carry->whole)
		*carry = (struct carry){ 0 };
	if (carry->next <= c->base_index)
		carry->next = 0; /* the store holds more meanwhile: it is begun anew, if at all */
	if (!carry->next)
		return HA_OK;
	count = collect(c, &octets);
	if (!c->host.room(c->host.context, JOURNAL_USE_COPIES, count, octets))
		return HA_OK; /* later */
	error = c->host.append(c->host.context, c->to_log, count, &serial);
	if (error != HA_OK)
		return error;
	for (size_t i = 0; i < count; i++)
		window_at(&c->window, carry->next + i)->serial = serial + i;
	carry->next += count;
	if (carry->next <= c->window.last)
		return HA_OK;
	carry->next = 0;
	carry->whole = serial + count - 1;
	return HA_OK;
}

void consensus_carry_no_more(struct consensus *c)
{
	c->carry.next = 0;
}

static uint64_t lower(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

enum ha_error consensus_carry(struct consensus *c, uint64_t index)
{
	struct carry *carry = &c->carry;

	if (!carry->next && !carry->whole && window_at(&c->window, index)) {
		carry->pin = consensus_serial(c, index);
		carry->next = index;
		carry->last = c->window.last;
	}
	return consensus_carry_on(c);
}

/* ---- where entries lie ---- */

/* The oldest place of any from `index` on. */
uint64_t consensus_serial(const struct consensus *c, uint64_t index)
{
	const struct window_entry *entry = window_at(&c->window, index);

	if (!entry)
		return 0;
	return c->carry.pin && index <= c->carry.last ? lower(c->carry.pin, entry->serial)
	                                              : entry->serial;
}

uint64_t consensus_oldest(const struct consensus *c)
{
	uint64_t serial = consensus_serial(c, c->window.first);

	return serial ? serial : UINT64_MAX;
}
