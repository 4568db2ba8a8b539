/* hearth_requests.c - hearthRequestTable: the first graph, requests by what they ask for. */
#include <string.h>

#include "agentd/flow/figures.h"
#include "mib/objects.h"
#include "mib/view.h"

static void key_at(const void *context, size_t i, struct mib_key *out)
{
	(void)context;
	mib_key_number(out, (uint32_t)i + 1);
}

/* A row is the figures of the kind. */
static bool find_kind(struct mib_view *view, const struct mib_key *from, bool after,
                      struct mib_key *found, void *row)
{
	size_t i = mib_place(NULL, REQUEST_KIND_COUNT, key_at, from, after);
	struct request_figures figures[REQUEST_KIND_COUNT];

	(void)view;
	if (i == REQUEST_KIND_COUNT)
		return false;
	figures_requests(figures);
	key_at(NULL, i, found);
	memcpy(row, &figures[i], sizeof(figures[i]));
	return true;
}

static const struct request_figures *figures_of(const struct mib_cell *cell)
{
	return cell->row;
}

/* The columns from 2 on are the outcomes in their order. */
static bool read_outcome(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_counter64(out, figures_of(cell)->counts[cell->column->arc - 2]);
}

/* Before the first full minute nothing is. */
static bool is_known(const struct mib_cell *cell)
{
	return figures_of(cell)->peak_ms != 0;
}

static bool read_per_minute(const struct mib_cell *cell, struct mib_value *out)
{
	return is_known(cell) && mib_unsigned(out, figures_of(cell)->per_minute);
}

static bool read_peak(const struct mib_cell *cell, struct mib_value *out)
{
	return is_known(cell) && mib_unsigned(out, figures_of(cell)->per_minute_peak);
}

static bool read_peak_time(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_date(out, figures_of(cell)->peak_ms);
}

static const struct mib_column columns[] = {
	{ 2 + REQUEST_RECEIVED, MIB_READ, read_outcome, NULL },   /* hearthRequestReceived */
	{ 2 + REQUEST_ACCEPTED, MIB_READ, read_outcome, NULL },   /* hearthRequestAccepted */
	{ 2 + REQUEST_DENIED, MIB_READ, read_outcome, NULL },     /* hearthRequestDenied */
	{ 2 + REQUEST_UNANSWERED, MIB_READ, read_outcome, NULL }, /* hearthRequestUnanswered */
	{ 6, MIB_READ, read_per_minute, NULL },                   /* hearthRequestPerMinute */
	{ 7, MIB_READ, read_peak, NULL },                         /* hearthRequestPerMinutePeak */
	{ 8, MIB_READ, read_peak_time, NULL }, /* hearthRequestPerMinutePeakTime */
};

struct mib_table hearth_requests = {
	.name = "hearthRequestEntry",
	MIB_ROOT(MIB_HEARTH_ROOT, 1, 4, 1, 1),
	.index = { 1, { { .kind = MIB_PART_NUMBER } } },
	MIB_COLUMNS(columns),
	.find = find_kind,
};
