/* mn_discovery.c - mnDiscovery: foreign agents that are heard, the last advertisement, and counters. */
#include <stddef.h>

#include "mib/node.h"
#include "mib/view.h"

static const struct mobile_shown *shown_of(const struct mib_cell *cell)
{
	return mib_node_shown(&cell->view->node);
}

/* ---- mnFATable ---- */

static void key_at(const void *context, size_t i, struct mib_key *out)
{
	const struct mobile_heard_pair *pairs = context;

	mib_key_octets(out, &pairs[i].agent, MIB_ADDRESS_OCTETS);
	mib_key_octets(out, &pairs[i].care_of, MIB_ADDRESS_OCTETS);
}

/* Whose advertisement is not valid any more is not heard. */
static bool find_pair(struct mib_view *view, const struct mib_key *from, bool after,
                      struct mib_key *found, void *row)
{
	const struct mobile_shown *shown = mib_node_shown(&view->node);
	struct mobile_heard_pair pairs[MOBILE_PAIRS_MAX];
	size_t count = 0, place;

	for (size_t i = 0; i < shown->pair_count; i++)
		if (view->monotonic_ms < shown->pairs[i].expires_ms)
			pairs[count++] = shown->pairs[i];
	place = mib_place_of_few(pairs, count, key_at, from, after);
	if (place == count)
		return false;
	key_at(pairs, place, found);
	*(struct mobile_heard_pair *)row = pairs[place];
	return true;
}

static bool read_agent(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_address(out, ((const struct mobile_heard_pair *)cell->row)->agent);
}

static bool read_care_of(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_address(out, ((const struct mobile_heard_pair *)cell->row)->care_of);
}

static const struct mib_column pair_columns[] = {
	{ 1, MIB_READ, read_agent, NULL },   /* mnFAAddress */
	{ 2, MIB_READ, read_care_of, NULL }, /* mnCOA */
};

struct mib_table mn_agents = {
	.name = "mnFAEntry",
	MIB_ROOT(MIB_MIP_ROOT, 1, 3, 2, 1, 1),
	.index = { 2, { { .kind = MIB_PART_ADDRESS }, { .kind = MIB_PART_ADDRESS } } },
	MIB_COLUMNS(pair_columns),
	.find = find_pair,
};

/* ---- mnRecentAdvReceived: missing until there was one ---- */

static const struct mobile_advertised_last *last_of(const struct mib_cell *cell)
{
	const struct mobile_advertised_last *last = &shown_of(cell)->last;

	return last->source.s_addr ? last : NULL;
}

static bool read_source(const struct mib_cell *cell, struct mib_value *out)
{
	const struct mobile_advertised_last *last = last_of(cell);

	return last && mib_address(out, last->source);
}

static bool read_sequence(const struct mib_cell *cell, struct mib_value *out)
{
	const struct mobile_advertised_last *last = last_of(cell);

	return last && mib_integer(out, last->sequence);
}

static bool read_flags(const struct mib_cell *cell, struct mib_value *out)
{
	/* In the order of their bits. The first, vjCompression, is reserved by now. */
	static const uint16_t bits[] = {
		0,
		AGENT_GRE,
		AGENT_MINIMAL,
		AGENT_FOREIGN,
		AGENT_HOME,
		AGENT_BUSY,
		AGENT_REGISTRATION_REQUIRED,
	};
	const struct mobile_advertised_last *last = last_of(cell);

	return last && mib_bits(out, last->flags, bits, sizeof(bits) / sizeof(bits[0]));
}

static bool read_registration_lifetime(const struct mib_cell *cell, struct mib_value *out)
{
	const struct mobile_advertised_last *last = last_of(cell);

	return last && mib_integer(out, last->registration_lifetime_s);
}

static bool read_lifetime(const struct mib_cell *cell, struct mib_value *out)
{
	const struct mobile_advertised_last *last = last_of(cell);

	return last && mib_integer(out, last->lifetime_s);
}

static bool read_time(const struct mib_cell *cell, struct mib_value *out)
{
	const struct mobile_advertised_last *last = last_of(cell);

	return last && mib_ticks(out, mib_view_ticks_of_monotonic(cell->view, last->heard_ms));
}

static const struct mib_column heard_columns[] = {
	{ 1, MIB_READ, read_source, NULL },                /* mnAdvSourceAddress */
	{ 2, MIB_READ, read_sequence, NULL },              /* mnAdvSequence */
	{ 3, MIB_READ, read_flags, NULL },                 /* mnAdvFlags */
	{ 4, MIB_READ, read_registration_lifetime, NULL }, /* mnAdvMaxRegLifetime */
	{ 5, MIB_READ, read_lifetime, NULL },              /* mnAdvMaxAdvLifetime */
	{ 6, MIB_READ, read_time, NULL },                  /* mnAdvTimeReceived */
};

struct mib_table mn_heard = {
	.name = "mnRecentAdvReceived",
	MIB_ROOT(MIB_MIP_ROOT, 1, 3, 2, 2),
	MIB_SCALARS,
	MIB_COLUMNS(heard_columns),
};

/* ---- counters ---- */

#define COUNTER(arc, expression)                                                                   \
	static bool read_##arc(const struct mib_cell *cell, struct mib_value *out)                 \
	{                                                                                          \
		const struct mobile_counts *c = &shown_of(cell)->counts;                           \
                                                                                                   \
		return mib_counter(out, expression);                                               \
	}

COUNTER(3, c->solicitations)
COUNTER(4, c->advertisements)
COUNTER(5, c->unsound)
COUNTER(6, c->skipped)
COUNTER(7, c->moves_away)
COUNTER(8, c->moves_on)
COUNTER(9, c->moves_home)
COUNTER(10, c->announced)
COUNTER(11, c->restarts)

static const struct mib_column counter_columns[] = {
	{ 3, MIB_READ, read_3, NULL },   /* mnSolicitationsSent */
	{ 4, MIB_READ, read_4, NULL },   /* mnAdvertisementsReceived */
	{ 5, MIB_READ, read_5, NULL },   /* mnAdvsDroppedInvalidExtension */
	{ 6, MIB_READ, read_6, NULL },   /* mnAdvsIgnoredUnknownExtension */
	{ 7, MIB_READ, read_7, NULL },   /* mnMoveFromHAToFA */
	{ 8, MIB_READ, read_8, NULL },   /* mnMoveFromFAToFA */
	{ 9, MIB_READ, read_9, NULL },   /* mnMoveFromFAToHA */
	{ 10, MIB_READ, read_10, NULL }, /* mnGratuitousARPsSend */
	{ 11, MIB_READ, read_11, NULL }, /* mnAgentRebootsDectected */
};

struct mib_table mn_discovery = {
	.name = "mnDiscovery",
	MIB_ROOT(MIB_MIP_ROOT, 1, 3, 2),
	MIB_SCALARS,
	MIB_COLUMNS(counter_columns),
};
