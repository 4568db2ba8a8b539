/* hearth_forward_reasons.c - hearthForwardReasonTable: what became of packets in user space,
 * by reason. The counters of the reasons stand together among all, under their common
 * beginning and in the same order. */
#include <string.h>

#include "agentd/dataplane/forward_reasons.h"
#include "mib/counter_names.h"
#include "mib/objects.h"

#define SKIPPED (sizeof("forward-") - 1)

static void key_at(const void *context, size_t i, struct mib_key *out)
{
	const struct mib_counter *counters = context;

	mib_counter_key(&counters[i], SKIPPED, out);
}

static size_t reasons_of(const struct mib_counter **out)
{
	const struct mib_counter *counters;
	size_t count = mib_counter_names(&counters), first = 0;

	while (first < count && counters[first].set != &forward_counters)
		first++;
	*out = counters + first;
	return first < count ? FORWARD_REASON_COUNT : 0;
}

/* A row is a struct mib_counter, whose place in the set is the reason. */
static bool find_reason(struct mib_view *view, const struct mib_key *from, bool after,
                        struct mib_key *found, void *row)
{
	const struct mib_counter *reasons;
	size_t count = reasons_of(&reasons);
	size_t i = mib_place(reasons, count, key_at, from, after);

	(void)view;
	if (i == count)
		return false;
	key_at(reasons, i, found);
	memcpy(row, &reasons[i], sizeof(reasons[i]));
	return true;
}

static bool read_fate(const struct mib_cell *cell, struct mib_value *out)
{
	static const int32_t fates[] = {
		[PACKET_WENT_ON] = 1,
		[PACKET_DROPPED] = 2,
		[PACKET_EVENT] = 3,
	};
	const struct mib_counter *reason = cell->row;

	return mib_integer(out, fates[forward_reason_info((enum forward_reason)reason->at)->fate]);
}

static bool read_packets(const struct mib_cell *cell, struct mib_value *out)
{
	const struct mib_counter *reason = cell->row;

	return mib_counter64(out, counter_read(reason->set, reason->at));
}

static bool read_meaning(const struct mib_cell *cell, struct mib_value *out)
{
	const struct mib_counter *reason = cell->row;

	return mib_text(out, reason->set->infos[reason->at].help);
}

static const struct mib_column columns[] = {
	{ 2, MIB_READ, read_fate, NULL },    /* hearthForwardFate */
	{ 3, MIB_READ, read_packets, NULL }, /* hearthForwardReasonPackets */
	{ 4, MIB_READ, read_meaning, NULL }, /* hearthForwardReasonMeaning */
};

struct mib_table hearth_forward_reasons = {
	.name = "hearthForwardReasonEntry",
	MIB_ROOT(MIB_HEARTH_ROOT, 1, 9, 2, 1),
	.index = { 1, { { .kind = MIB_PART_IMPLIED, .max = 63 } } },
	MIB_COLUMNS(columns),
	.find = find_reason,
};
