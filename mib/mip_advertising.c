/* mip_advertising.c - maAdvertisement: the interfaces that agents are advertised on, by their
 * first addresses, and the counters. */
#include "agentd/visit/counters.h"
#include "mib/objects.h"
#include "mib/view.h"
#include "mib/write_visit.h"
#include "mib/writings.h"

#define ALL_SYSTEMS UINT32_C(0xe0000001) /* 224.0.0.1 */

static void key_at(const void *context, size_t i, struct mib_key *out)
{
	const struct visit_link *links = context;

	mib_key_octets(out, &links[i].address, MIB_ADDRESS_OCTETS);
}

static bool find_link(struct mib_view *view, const struct mib_key *from, bool after,
                      struct mib_key *found, void *row)
{
	const struct visit_agent *agent = mib_visits_agent(&view->visits);
	size_t count = agent ? agent->link_count : 0;
	size_t place = count ? mib_place_of_few(agent->links, count, key_at, from, after) : 0;

	if (place == count)
		return false;
	key_at(agent->links, place, found);
	*(struct visit_link *)row = agent->links[place];
	return true;
}

static const struct visit_link *link_of(const struct mib_cell *cell)
{
	return cell->row;
}

static bool read_max_lifetime(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, link_of(cell)->max_lifetime_s);
}

static bool read_prefix_lengths(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_truth(out, link_of(cell)->prefix_lengths);
}

static bool read_address(const struct mib_cell *cell, struct mib_value *out)
{
	uint32_t to = link_of(cell)->broadcast ? INADDR_BROADCAST : ALL_SYSTEMS;

	return mib_address(out, (struct in_addr){ htonl(to) });
}

static bool read_max_interval(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, link_of(cell)->most_s);
}

static bool read_min_interval(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, link_of(cell)->least_s);
}

static bool read_lifetime(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, link_of(cell)->lifetime_s);
}

static bool read_solicited(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_truth(out, link_of(cell)->solicited);
}

static bool read_status(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, link_of(cell)->state == LINK_ACTIVE ? MIB_ROW_ACTIVE
	                                                            : MIB_ROW_NOT_IN_SERVICE);
}

static const struct mib_column link_columns[] = {
	{ ADVERTISED_MAX_REGISTRATION_LIFETIME, MIB_WRITE, read_max_lifetime, NULL },
	{ ADVERTISED_PREFIX_LENGTHS, MIB_WRITE, read_prefix_lengths, NULL },
	{ ADVERTISED_ADDRESS, MIB_WRITE, read_address, NULL },
	{ ADVERTISED_MAX_INTERVAL, MIB_WRITE, read_max_interval, NULL },
	{ ADVERTISED_MIN_INTERVAL, MIB_WRITE, read_min_interval, NULL },
	{ ADVERTISED_LIFETIME, MIB_WRITE, read_lifetime, NULL },
	{ ADVERTISED_SOLICITED, MIB_WRITE, read_solicited, NULL },
	{ ADVERTISED_STATUS, MIB_WRITE, read_status, NULL },
};

struct mib_table mip_advertised_links = {
	.name = "maAdvConfigEntry",
	MIB_ROOT(MIB_MIP_ROOT, 1, 4, 2, 1, 1),
	.index = { 1, { { .kind = MIB_PART_ADDRESS } } },
	MIB_COLUMNS(link_columns),
	.find = find_link,
	.writing = &write_advertised_links,
};

/* ---- counters ---- */

static uint64_t counted(enum visiting_counter counter)
{
	return counter_read(&visiting_counters, counter);
}

static bool read_sent(const struct mib_cell *cell, struct mib_value *out)
{
	uint64_t failed = counted(VISITING_ADVERTISEMENTS_FAILED); /* before: never the more */

	(void)cell;
	return mib_counter(out, counted(VISITING_ADVERTISEMENTS) - failed);
}

static bool read_answers(const struct mib_cell *cell, struct mib_value *out)
{
	(void)cell;
	return mib_counter(out, counted(VISITING_ADVERTISEMENTS_TO_ALL) +
	                                counted(VISITING_ADVERTISEMENTS_TO_ONE));
}

static bool read_solicitations(const struct mib_cell *cell, struct mib_value *out)
{
	(void)cell;
	return mib_counter(out, counted(VISITING_SOLICITATIONS));
}

static const struct mib_column counter_columns[] = {
	{ 2, MIB_READ, read_sent, NULL },          /* maAdvertisementsSent */
	{ 3, MIB_READ, read_answers, NULL },       /* maAdvsSentForSolicitation */
	{ 4, MIB_READ, read_solicitations, NULL }, /* maSolicitationsReceived */
};

struct mib_table mip_advertising = {
	.name = "maAdvertisement",
	MIB_ROOT(MIB_MIP_ROOT, 1, 4, 2),
	MIB_SCALARS,
	MIB_COLUMNS(counter_columns),
};
