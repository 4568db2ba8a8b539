/* hearth_forwarding.c - the scalars of hearthForwarding: packets of both paths. */
#include "agentd/dataplane/forward_reasons.h"
#include "mib/counter_names.h"
#include "mib/objects.h"

static const struct mib_sum_row counted[] = {
	{ 3, "tc-tunnelled" },
	{ 3, "forward-tunnelled" },
	{ 4, "tc-reversed" },
	{ 4, "forward-reverse" },
	/* Beside the reasons that end a packet's way, what neither path could carry on. */
	{ 5, "tc-fenced" },
	{ 5, "tc-lost" },
	{ 5, "user-cut" },
	{ 5, "user-merged-unknown" },
	{ 5, "user-send-*" },
	{ 6, "tc-tunnelled" },
	{ 7, "tc-reversed" },
	{ 8, "tc-fenced" },
	{ 9, "tc-user-*" },
	{ 10, "user-healed" },
	{ 10, "tc-healed" },
	{ 10, "tunnels-healed" },
	{ 11, "tc-failures" },
};

static bool sum_of(const struct mib_cell *cell, uint64_t *sum)
{
	return mib_count_sum(cell, counted, sizeof(counted) / sizeof(counted[0]), sum);
}

static bool read_counted(const struct mib_cell *cell, struct mib_value *out)
{
	uint64_t sum;

	return sum_of(cell, &sum) && mib_counter64(out, sum);
}

static bool read_dropped(const struct mib_cell *cell, struct mib_value *out)
{
	uint64_t sum;

	if (!sum_of(cell, &sum))
		return false;
	for (unsigned i = 0; i < FORWARD_REASON_COUNT; i++)
		if (forward_reason_info((enum forward_reason)i)->fate == PACKET_DROPPED)
			sum += counter_read(&forward_counters, i);
	return mib_counter64(out, sum);
}

static const struct mib_column columns[] = {
	{ 3, MIB_READ, read_counted, NULL },  /* hearthForwardTunnelledPackets */
	{ 4, MIB_READ, read_counted, NULL },  /* hearthForwardReversedPackets */
	{ 5, MIB_READ, read_dropped, NULL },  /* hearthForwardDroppedPackets */
	{ 6, MIB_READ, read_counted, NULL },  /* hearthForwardFastTunnelled */
	{ 7, MIB_READ, read_counted, NULL },  /* hearthForwardFastReversed */
	{ 8, MIB_READ, read_counted, NULL },  /* hearthForwardFastFenced */
	{ 9, MIB_READ, read_counted, NULL },  /* hearthForwardFastLeft */
	{ 10, MIB_READ, read_counted, NULL }, /* hearthForwardHealed */
	{ 11, MIB_READ, read_counted, NULL }, /* hearthForwardFailures */
};

struct mib_table hearth_forwarding = {
	.name = "hearthForwarding",
	MIB_ROOT(MIB_HEARTH_ROOT, 1, 9),
	MIB_SCALARS,
	MIB_COLUMNS(columns),
};
