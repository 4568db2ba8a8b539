/* hearth_counters.c - hearthCounterTable: every counter of the process by its name. */
#include <string.h>

#include "mib/counter_names.h"
#include "mib/objects.h"
#include "mib/view.h"

static void key_at(const void *context, size_t i, struct mib_key *out)
{
	const struct mib_counter *counters = context;

	mib_counter_key(&counters[i], 0, out);
}

/* A row is a struct mib_counter. */
static bool find_counter(struct mib_view *view, const struct mib_key *from, bool after,
                         struct mib_key *found, void *row)
{
	const struct mib_counter *counters;
	size_t count = mib_counter_names(&counters);
	size_t i = mib_place(counters, count, key_at, from, after);

	(void)view;
	if (i == count)
		return false;
	key_at(counters, i, found);
	memcpy(row, &counters[i], sizeof(counters[i]));
	return true;
}

static bool read_module(const struct mib_cell *cell, struct mib_value *out)
{
	const struct mib_counter *counter = cell->row;

	return mib_text(out, counter->set->name);
}

static bool read_value(const struct mib_cell *cell, struct mib_value *out)
{
	const struct mib_counter *counter = cell->row;

	mib_view_count(cell->view);
	return mib_counter64(out, counter_read(counter->set, counter->at));
}

static bool read_meaning(const struct mib_cell *cell, struct mib_value *out)
{
	const struct mib_counter *counter = cell->row;

	return mib_text(out, counter->set->infos[counter->at].help);
}

static const struct mib_column columns[] = {
	{ 2, MIB_READ, read_module, NULL },  /* hearthCounterModule */
	{ 3, MIB_READ, read_value, NULL },   /* hearthCounterValue */
	{ 4, MIB_READ, read_meaning, NULL }, /* hearthCounterMeaning */
};

struct mib_table hearth_counters = {
	.name = "hearthCounterEntry",
	MIB_ROOT(MIB_HEARTH_ROOT, 1, 4, 27, 1),
	.index = { 1, { { .kind = MIB_PART_IMPLIED, .max = 63 } } },
	MIB_COLUMNS(columns),
	.find = find_counter,
};
