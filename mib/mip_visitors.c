/* mip_visitors.c - faVisitorTable: who visits, and who waits for the home agent's word. The
 * index is the source address of the request alone: of several nodes with one such address
 * the accepted one is shown. */
#include "agentd/base/binding.h"
#include "mib/bindings.h"
#include "mib/objects.h"
#include "mib/view.h"

static void key_at(const void *context, size_t i, struct mib_key *out)
{
	const struct visit_row *rows = context;

	mib_key_octets(out, &rows[i].source, MIB_ADDRESS_OCTETS);
}

static bool find_visitor(struct mib_view *view, const struct mib_key *from, bool after,
                         struct mib_key *found, void *row)
{
	const struct visit_row *rows;
	size_t count = mib_visits_rows(&view->visits, &rows);
	size_t place = mib_place(rows, count, key_at, from, after);

	if (place == count)
		return false;
	key_at(rows, place, found);
	*(struct visit_row *)row = rows[place];
	return true;
}

static const struct visit_row *visitor_of(const struct mib_cell *cell)
{
	return cell->row;
}

static bool read_source(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_address(out, visitor_of(cell)->source);
}

static bool read_home(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_address(out, visitor_of(cell)->home);
}

static bool read_home_agent(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_address(out, visitor_of(cell)->home_agent);
}

static bool read_granted(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, visitor_of(cell)->granted_s);
}

static bool read_remaining(const struct mib_cell *cell, struct mib_value *out)
{
	uint64_t expires_ms = visitor_of(cell)->expires_ms, now_ms = cell->view->monotonic_ms;

	if (expires_ms == BINDING_NEVER_EXPIRES)
		return mib_unsigned(out, LIFETIME_INFINITE);
	return mib_unsigned(out, expires_ms > now_ms ? (expires_ms - now_ms) / 1000u : 0);
}

static bool read_flags(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_registration_flags(out, visitor_of(cell)->flags);
}

static bool read_identification_low(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, (int32_t)(uint32_t)visitor_of(cell)->identification);
}

static bool read_identification_high(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, (int32_t)(uint32_t)(visitor_of(cell)->identification >> 32));
}

static bool read_accepted(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_truth(out, visitor_of(cell)->accepted);
}

static const struct mib_column columns[] = {
	{ 1, MIB_READ, read_source, NULL },
	{ 2, MIB_READ, read_home, NULL },
	{ 3, MIB_READ, read_home_agent, NULL },
	{ 4, MIB_READ, read_granted, NULL },
	{ 5, MIB_READ, read_remaining, NULL },
	{ 6, MIB_READ, read_flags, NULL },
	{ 7, MIB_READ, read_identification_low, NULL },
	{ 8, MIB_READ, read_identification_high, NULL },
	{ 9, MIB_READ, read_accepted, NULL },
};

struct mib_table mip_visitors = {
	.name = "faVisitorEntry",
	MIB_ROOT(MIB_MIP_ROOT, 1, 5, 3, 1, 1),
	.index = { 1, { { .kind = MIB_PART_ADDRESS } } },
	MIB_COLUMNS(columns),
	.find = find_visitor,
};
