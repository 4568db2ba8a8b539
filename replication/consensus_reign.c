/* consensus_reign.c - who leads, as far as this member can know, and until when the one
 * before was known to lead: for who wants to see how long there was nobody. */
#include "replication/consensus_internal.h"

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* We do while we may answer; another one did when it was heard last. */
uint64_t consensus_reigned_ns(const struct consensus *c)
{
	const struct reigning *seen = &c->seen;
	uint64_t lease_ns;

	if (seen->leader != c->options.self || c->announced != REPLICATION_LEADER ||
	    c->announced_term != seen->term || c->lease_forfeited == seen->term)
		return seen->until_ns;
	lease_ns = lease_until(&c->lease, c->options.member_count);
	return later(seen->until_ns, c->now_ns < lease_ns ? c->now_ns : lease_ns);
}

static void begin(struct consensus *c, uint8_t member, uint64_t term)
{
	uint64_t before_ns = consensus_reigned_ns(c);

	if (c->seen.leader == member && c->seen.term == term)
		return;
	c->seen = (struct reigning){ .leader = member, .term = term, .until_ns = c->now_ns };
	if (c->host.leads)
		c->host.leads(c->host.context, member, term, before_ns);
}

void consensus_reign_heard(struct consensus *c, uint8_t from, uint64_t term)
{
	if (consensus_is_witness(c, from))
		return;
	begin(c, from, term);
	c->seen.until_ns = c->now_ns;
}

void consensus_reign_announced(struct consensus *c, enum replication_role role)
{
	if (role == REPLICATION_LEADER)
		begin(c, c->options.self, c->raft.current_term);
	else
		c->seen.until_ns = consensus_reigned_ns(c);
}

void consensus_reign_given_up(struct consensus *c)
{
	c->seen.until_ns = consensus_reigned_ns(c);
}
