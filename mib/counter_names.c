/* counter_names.c - sorted once, and looked up by halving. */
#include "mib/counter_names.h"

#include <stdlib.h>
#include <string.h>

#include "mib/view.h"

static struct mib_counter *sorted;
static size_t sorted_count;

const char *mib_counter_name(const struct mib_counter *counter)
{
	return counter->set->infos[counter->at].name;
}

void mib_counter_key(const struct mib_counter *counter, size_t skipped, struct mib_key *out)
{
	const char *name = mib_counter_name(counter) + skipped;

	mib_key_octets(out, name, strlen(name));
}

static int compare_counters(const void *one, const void *other)
{
	return strcmp(mib_counter_name(one), mib_counter_name(other));
}

static int count_one(void *context, const struct counter_set *set, const struct counter_info *info,
                     uint64_t value)
{
	size_t *count = context;

	(void)set;
	(void)info;
	(void)value;
	++*count;
	return 0;
}

static int add_one(void *context, const struct counter_set *set, const struct counter_info *info,
                   uint64_t value)
{
	(void)context;
	(void)value;
	sorted[sorted_count++] = (struct mib_counter){ set, (size_t)(info - set->infos) };
	return 0;
}

size_t mib_counter_names(const struct mib_counter **out)
{
	size_t count = 0;

	if (!sorted) {
		counters_visit(count_one, &count);
		sorted = calloc(count + 1, sizeof(*sorted));
		if (sorted)
			counters_visit(add_one, NULL);
		if (sorted)
			qsort(sorted, sorted_count, sizeof(*sorted), compare_counters);
	}
	*out = sorted;
	return sorted_count;
}

/* ---- by name ---- */

static size_t place_of(const struct mib_counter *counters, size_t count, const char *name,
                       size_t length)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strncmp(mib_counter_name(&counters[middle]), name, length) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool add_named(const char *name, uint64_t *sum)
{
	const size_t length = strcspn(name, "*");
	const size_t compared = name[length] ? length : length + 1;
	const struct mib_counter *counters;
	size_t count = mib_counter_names(&counters);
	bool any = false;

	for (size_t i = place_of(counters, count, name, compared); i < count; i++) {
		if (strncmp(mib_counter_name(&counters[i]), name, compared) != 0)
			break;
		*sum += counter_read(counters[i].set, counters[i].at);
		any = true;
	}
	return any;
}

bool mib_count_sum(const struct mib_cell *cell, const struct mib_sum_row *rows, size_t count,
                   uint64_t *out)
{
	bool any = false;

	mib_view_count(cell->view);
	*out = 0;
	for (size_t i = 0; i < count; i++)
		if (rows[i].arc == cell->column->arc && add_named(rows[i].name, out))
			any = true;
	return any;
}

/* ---- by object ---- */

struct search {
	enum counter_branch branch;
	uint32_t arc;
	uint64_t sum;
};

static int add_if_asked(void *context, const struct counter_set *set,
                        const struct counter_info *info, uint64_t value)
{
	struct search *search = context;

	if (set->mib_branch == search->branch && info->mib_arc == search->arc)
		search->sum += value;
	return 0;
}

bool mib_read_branch(const struct mib_cell *cell, enum counter_branch branch, struct mib_value *out)
{
	struct search search = { .branch = branch, .arc = cell->column->arc };

	mib_view_count(cell->view);
	counters_visit(add_if_asked, &search);
	return mib_counter(out, search.sum);
}
