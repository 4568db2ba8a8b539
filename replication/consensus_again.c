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

#define CARRY_OCTETS (1u << 20) /* at most; a batch of the log holds them */
#define CARRY_ENTRIES 4096u

enum ha_error consensus_carry(struct consensus *c, uint64_t index, uint64_t *serial, size_t *count)
{
	size_t octets = 0;

	*count = 0;
	if (c->window.last - index >= CARRY_ENTRIES)
		return HA_E_CAPACITY;
	for (; index + *count <= c->window.last && octets <= CARRY_OCTETS; ++*count) {
		struct journal_entry *entry = &c->to_log[*count];

		*entry = window_entry(&c->window, index + *count);
		entry->group = c->options.group;
		octets += CONSENSUS_ENTRY_HEADER + entry->size;
	}
	if (octets > CARRY_OCTETS)
		return HA_E_CAPACITY;
	if (c->stored < c->window.last || !c->host.room(c->host.context, *count, octets))
		return HA_E_BUSY;
	return c->host.append(c->host.context, c->to_log, *count, serial);
}

/* What was replaced meanwhile lies behind them already. */
void consensus_carried(struct consensus *c, uint64_t index, uint64_t serial, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct window_entry *entry = window_at(&c->window, index + i);

		if (entry && entry->serial < serial)
			entry->serial = serial + i;
	}
}
