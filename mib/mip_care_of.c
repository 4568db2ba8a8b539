/* mip_care_of.c - faCOATable: the care-of addresses that mobile nodes are offered. */
#include "mib/objects.h"
#include "mib/view.h"
#include "mib/writings.h"

static void key_at(const void *context, size_t i, struct mib_key *out)
{
	const struct in_addr *addresses = context;

	mib_key_octets(out, &addresses[i], MIB_ADDRESS_OCTETS);
}

static bool find_care_of(struct mib_view *view, const struct mib_key *from, bool after,
                         struct mib_key *found, void *row)
{
	const struct visit_agent *agent = mib_visits_agent(&view->visits);
	size_t count = agent ? agent->care_of_count : 0;
	size_t place = count ? mib_place_of_few(agent->care_of, count, key_at, from, after) : 0;

	if (place == count)
		return false;
	key_at(agent->care_of, place, found);
	*(struct in_addr *)row = agent->care_of[place];
	return true;
}

static bool read_status(const struct mib_cell *cell, struct mib_value *out)
{
	(void)cell;
	return mib_integer(out, MIB_ROW_ACTIVE);
}

static const struct mib_column columns[] = {
	{ 2, MIB_WRITE, read_status, NULL }, /* faCOAStatus */
};

struct mib_table mip_care_of = {
	.name = "faCOAEntry",
	MIB_ROOT(MIB_MIP_ROOT, 1, 5, 1, 1, 1),
	.index = { 1, { { .kind = MIB_PART_ADDRESS } } },
	MIB_COLUMNS(columns),
	.find = find_care_of,
	.writing = &write_care_of,
};
