/* mn_home_agents.c - mnHATable: home agents that the mobile node may use, read and written. */
#include <string.h>

#include "agentd/base/address.h"
#include "mib/node.h"
#include "mib/view.h"
#include "mib/write_node.h"

enum {
	CURRENT = 2,
	STATUS = 3,
};

static void key_at(const void *context, size_t i, struct mib_key *out)
{
	const struct in_addr *addresses = context;

	mib_key_octets(out, &addresses[i], MIB_ADDRESS_OCTETS);
}

static bool find(struct mib_view *view, const struct mib_key *from, bool after,
                 struct mib_key *found, void *row)
{
	const struct mobile_shown *shown = mib_node_shown(&view->node);
	size_t place = mib_place_of_few(shown->home_agents, shown->home_agent_count, key_at, from,
	                                after);

	if (place == shown->home_agent_count)
		return false;
	key_at(shown->home_agents, place, found);
	*(struct in_addr *)row = shown->home_agents[place];
	return true;
}

static bool read_current(const struct mib_cell *cell, struct mib_value *out)
{
	const struct mobile_shown *shown = mib_node_shown(&cell->view->node);
	const struct in_addr *address = cell->row;

	return mib_truth(out, shown->bound && address_equal(*address, shown->home_agent));
}

static bool read_status(const struct mib_cell *cell, struct mib_value *out)
{
	(void)cell;
	return mib_integer(out, MIB_ROW_ACTIVE);
}

static const struct mib_column columns[] = {
	{ CURRENT, MIB_READ, read_current, NULL },
	{ STATUS, MIB_WRITE, read_status, NULL },
};

/* ---- writing ---- */

static void judge(struct set_row *row)
{
	bool exists = set_found(row) != NULL;
	enum set_intent intent = set_intent(row, STATUS, exists);
	struct mobile_wish wish = { .wanted = intent == SET_CREATE };

	memcpy(&wish.home_agent, row->key.at, sizeof(wish.home_agent));
	if (intent == SET_CREATE || (intent == SET_DESTROY && exists))
		write_node(row, STATUS, &wish);
}

static const struct mib_writable writable[] = {
	{ STATUS, MIB_INTEGER, MIB_ROW_ACTIVE, MIB_ROW_DESTROY, false },
};
static const struct mib_writing writing = { MIB_WRITABLE(writable), judge };

struct mib_table mn_home_agents = {
	.name = "mnHAEntry",
	MIB_ROOT(MIB_MIP_ROOT, 1, 3, 1, 3, 1),
	.index = { 1, { { .kind = MIB_PART_ADDRESS } } },
	MIB_COLUMNS(columns),
	.find = find,
	.writing = &writing,
};
