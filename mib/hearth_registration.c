/* hearth_registration.c - the scalars of hearthRegistration: busy counters under the names
 * that the module gives them, and how long replies take. */
#include "agentd/flow/figures.h"
#include "mib/counter_names.h"
#include "mib/objects.h"

static const struct mib_sum_row counted[] = {
	{ 3, "datagrams" },
	{ 4, "requests" },
	{ 5, "deregistrations" },
	{ 6, "replies" },
	{ 7, "deregistration-replies" },
	{ 8, "repeated" },
	{ 9, "security-violations" },
	{ 10, "dropped-malformed" },
	{ 10, "dropped-oversize" },
	{ 11, "dropped-stale" },
	{ 12, "dropped-source-limit" },
	{ 13, "dropped-given-way" },
	{ 14, "dropped-silent" },
	{ 15, "dropped-in-flight" },
	{ 16, "dropped-too-soon" },
	{ 17, "dropped-busy" },
	{ 18, "dropped-standby" },
	{ 19, "uncertain" },
	{ 20, "expired" },
	{ 24, "revocations" },
	{ 25, "revocations-sent" },
	{ 26, "revocations-given-up" },
};

static bool read_counted(const struct mib_cell *cell, struct mib_value *out)
{
	uint64_t sum;

	return mib_count_sum(cell, counted, sizeof(counted) / sizeof(counted[0]), &sum) &&
	       mib_counter64(out, sum);
}

/* ---- how long accepted requests took ---- */

static struct latency_figures latency(void)
{
	struct latency_figures figures;

	figures_latency(&figures);
	return figures;
}

static bool read_median(const struct mib_cell *cell, struct mib_value *out)
{
	const struct latency_figures figures = latency();

	(void)cell;
	return figures.replies && mib_unsigned(out, figures.median_us);
}

static bool read_high(const struct mib_cell *cell, struct mib_value *out)
{
	const struct latency_figures figures = latency();

	(void)cell;
	return figures.replies && mib_unsigned(out, figures.high_us);
}

static bool read_max(const struct mib_cell *cell, struct mib_value *out)
{
	const struct latency_figures figures = latency();

	(void)cell;
	return figures.replies && mib_unsigned(out, figures.max_us);
}

static const struct mib_column columns[] = {
	{ 3, MIB_READ, read_counted, NULL },  /* hearthDatagrams */
	{ 4, MIB_READ, read_counted, NULL },  /* hearthRequests */
	{ 5, MIB_READ, read_counted, NULL },  /* hearthDeregistrations */
	{ 6, MIB_READ, read_counted, NULL },  /* hearthReplies */
	{ 7, MIB_READ, read_counted, NULL },  /* hearthDeregistrationReplies */
	{ 8, MIB_READ, read_counted, NULL },  /* hearthRepeatedRequests */
	{ 9, MIB_READ, read_counted, NULL },  /* hearthSecurityViolations */
	{ 10, MIB_READ, read_counted, NULL }, /* hearthDroppedMalformed */
	{ 11, MIB_READ, read_counted, NULL }, /* hearthDroppedStale */
	{ 12, MIB_READ, read_counted, NULL }, /* hearthDroppedSourceLimit */
	{ 13, MIB_READ, read_counted, NULL }, /* hearthDroppedGivenWay */
	{ 14, MIB_READ, read_counted, NULL }, /* hearthDroppedSilent */
	{ 15, MIB_READ, read_counted, NULL }, /* hearthDroppedInFlight */
	{ 16, MIB_READ, read_counted, NULL }, /* hearthDroppedTooSoon */
	{ 17, MIB_READ, read_counted, NULL }, /* hearthDroppedBusy */
	{ 18, MIB_READ, read_counted, NULL }, /* hearthDroppedStandby */
	{ 19, MIB_READ, read_counted, NULL }, /* hearthUncertain */
	{ 20, MIB_READ, read_counted, NULL }, /* hearthExpired */
	{ 21, MIB_READ, read_median, NULL },  /* hearthReplyLatencyMedian */
	{ 22, MIB_READ, read_high, NULL },    /* hearthReplyLatencyHigh */
	{ 23, MIB_READ, read_max, NULL },     /* hearthReplyLatencyMax */
	{ 24, MIB_READ, read_counted, NULL }, /* hearthRevocationsReceived */
	{ 25, MIB_READ, read_counted, NULL }, /* hearthRevocationsSent */
	{ 26, MIB_READ, read_counted, NULL }, /* hearthRevocationsGivenUp */
};

struct mib_table hearth_registration = {
	.name = "hearthRegistration",
	MIB_ROOT(MIB_HEARTH_ROOT, 1, 4),
	MIB_SCALARS,
	MIB_COLUMNS(columns),
};
