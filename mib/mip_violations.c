/* mip_violations.c - mipSecViolationTable: who violated security lately, whether this node
 * leads by now or not, or is an agent at all. The tables behind it have a fixed size. */
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/flow/inspect.h"
#include "mib/objects.h"
#include "mib/view.h"

/* The least row at or after a key, or after it alone. */
struct search {
	const struct in_addr *after; /* rows are above it; NULL: all are */
	struct violation *least;
	bool found;
};

/* Of several with one address the row is shown that was met first. */
static void look_in(struct search *search, struct violations *violations)
{
	struct violation row;

	if (!violations_next(violations, search->after, &row) ||
	    (search->found && address_host(row.address) >= address_host(search->least->address)))
		return;
	*search->least = row;
	search->found = true;
}

/* Of each group; then of a foreign agent, which belongs to none, or of a mobile node. */
static void look_everywhere(struct mib_view *view, struct search *search)
{
	struct mib_group *group;

	for (size_t i = 0; (group = mib_view_group(view, i)); i++)
		look_in(search, agent_violations(group->agent));
	if (view->context != MIB_ALL_GROUPS)
		return;
	if (view->visits.visit)
		look_in(search, visit_violations(view->visits.visit));
	if (view->node.desk)
		look_in(search, mobile_desk_violations(view->node.desk));
}

/* Rows at or after an address are those above the one before it. */
static bool find_violation(struct mib_view *view, const struct mib_key *from, bool after,
                           struct mib_key *found, void *row)
{
	struct in_addr address = { 0 };
	struct search search = { .least = row };
	uint32_t number;

	memcpy(&address, from->at,
	       from->size < MIB_ADDRESS_OCTETS ? from->size : MIB_ADDRESS_OCTETS);
	number = address_host(address);
	address.s_addr = htonl(number - !after);
	search.after = number || after ? &address : NULL;
	look_everywhere(view, &search);
	if (search.found)
		mib_key_octets(found, &search.least->address, MIB_ADDRESS_OCTETS);
	return search.found;
}

/* ---- columns ---- */

static const struct violation *row_of(const struct mib_cell *cell)
{
	return cell->row;
}

static bool read_count(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_counter(out, row_of(cell)->count);
}

static bool read_spi(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, (int32_t)row_of(cell)->spi);
}

static bool read_time(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_ticks(out, mib_view_ticks_of_monotonic(cell->view, row_of(cell)->last_ms));
}

static bool read_identification_low(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, (int32_t)(uint32_t)row_of(cell)->identification);
}

static bool read_identification_high(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, (int32_t)(uint32_t)(row_of(cell)->identification >> 32));
}

/* Their numbers are those of the module. */
static bool read_reason(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, row_of(cell)->reason);
}

static const struct mib_column columns[] = {
	{ 2, MIB_READ, read_count, NULL },
	{ 3, MIB_READ, read_spi, NULL },
	{ 4, MIB_READ, read_time, NULL },
	{ 5, MIB_READ, read_identification_low, NULL },
	{ 6, MIB_READ, read_identification_high, NULL },
	{ 7, MIB_READ, read_reason, NULL },
};

struct mib_table mip_violations = {
	.name = "mipSecViolationEntry",
	MIB_ROOT(MIB_MIP_ROOT, 1, 2, 3, 1),
	.index = { 1, { { .kind = MIB_PART_ADDRESS } } },
	MIB_COLUMNS(columns),
	.find = find_violation,
};
