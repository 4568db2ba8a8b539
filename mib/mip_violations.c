/* mip_violations.c - mipSecViolationTable: who violated security lately, whether this node
 * leads by now or not. The table behind it has a fixed size. */
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/flow/inspect.h"
#include "mib/groups.h"
#include "mib/objects.h"

/* Rows at or after an address are those above the one before it. */
static bool find_in(struct mib_group *group, const struct mib_key *from, bool after,
                    struct mib_key *found, void *out)
{
	struct in_addr address = { 0 };
	struct violation *row = out;
	uint32_t number;

	memcpy(&address, from->at,
	       from->size < MIB_ADDRESS_OCTETS ? from->size : MIB_ADDRESS_OCTETS);
	number = address_host(address);
	address.s_addr = htonl(number - !after);
	if (!violations_next(agent_violations(group->agent), number || after ? &address : NULL,
	                     row))
		return false;
	mib_key_octets(found, &row->address, MIB_ADDRESS_OCTETS);
	return true;
}

static bool find_violation(struct mib_view *view, const struct mib_key *from, bool after,
                           struct mib_key *found, void *row)
{
	return mib_find_merged(view, mib_view_group, from, after, found, row, find_in);
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
