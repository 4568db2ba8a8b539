/* hearth_process.c - hearthProcess: the program, this member, and its log. In a cluster all
 * groups have the log and the ballot of the node; alone each has a log of its own. */
#include "agentd/base/counters.h"
#include "mib/counter_names.h"
#include "mib/objects.h"
#include "mib/view.h"

static bool read_version(const struct mib_cell *cell, struct mib_value *out)
{
	(void)cell;
	return mib_text(out, HEARTH_VERSION);
}

/* Of the first group that is there; NULL while all start again. */
static const struct agent_status *first_status(const struct mib_cell *cell)
{
	struct mib_group *group = mib_view_group(cell->view, 0);

	return group ? mib_group_status(group) : NULL;
}

static bool read_started(const struct mib_cell *cell, struct mib_value *out)
{
	const struct agent_status *status = first_status(cell);

	return status && mib_date(out, status->started_ms);
}

static bool read_discontinuity(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_ticks(out,
	                 mib_view_ticks_of_monotonic(cell->view, counters_since_ns() / 1000000u));
}

static bool read_member(const struct mib_cell *cell, struct mib_value *out)
{
	const struct agent_status *status = first_status(cell);

	return status && mib_unsigned(out, status->replication.self);
}

static bool read_group_count(const struct mib_cell *cell, struct mib_value *out)
{
	size_t count = 0;

	while (mib_view_any(cell->view, count))
		count++;
	return mib_unsigned(out, count);
}

static bool read_drained(const struct mib_cell *cell, struct mib_value *out)
{
	const struct agent_status *status = first_status(cell);

	return status && mib_truth(out, status->replication.drained);
}

static bool read_clock_off(const struct mib_cell *cell, struct mib_value *out)
{
	const struct agent_status *status = first_status(cell);

	return status && mib_truth(out, status->replication.clock_off);
}

/* ---- the log ---- */

struct logs {
	uint64_t octets, octets_max, flushes;
	bool any, full;
};

static struct logs look_at_logs(struct mib_view *view)
{
	struct logs logs = { 0 };
	struct mib_group *group;

	for (size_t i = 0; (group = mib_view_group(view, i)); i++) {
		const struct replication_status *log = &mib_group_status(group)->replication;

		logs.full = logs.full || log->full;
		if (logs.any && log->member_count > 0)
			continue;
		logs.octets += log->log_octets;
		logs.octets_max += log->log_octets_max;
		logs.flushes += log->flushes;
		logs.any = true;
	}
	return logs;
}

static bool read_log_octets(const struct mib_cell *cell, struct mib_value *out)
{
	struct logs logs = look_at_logs(cell->view);

	return logs.any && mib_counter64(out, logs.octets);
}

static bool read_log_octets_max(const struct mib_cell *cell, struct mib_value *out)
{
	struct logs logs = look_at_logs(cell->view);

	return logs.any && mib_counter64(out, logs.octets_max);
}

static bool read_log_full(const struct mib_cell *cell, struct mib_value *out)
{
	struct logs logs = look_at_logs(cell->view);

	return logs.any && mib_truth(out, logs.full);
}

static bool read_log_flushes(const struct mib_cell *cell, struct mib_value *out)
{
	struct logs logs = look_at_logs(cell->view);

	return logs.any && mib_counter64(out, logs.flushes);
}

static bool read_flush_failures(const struct mib_cell *cell, struct mib_value *out)
{
	static const struct mib_sum_row rows[] = { { 12, "log-flush-failures" } };
	uint64_t sum;

	return mib_count_sum(cell, rows, 1, &sum) && mib_counter64(out, sum);
}

static const struct mib_column columns[] = {
	{ 1, MIB_READ, read_version, NULL },         /* hearthProgramVersion */
	{ 2, MIB_READ, read_started, NULL },         /* hearthStarted */
	{ 3, MIB_READ, read_discontinuity, NULL },   /* hearthCounterDiscontinuity */
	{ 4, MIB_READ, read_member, NULL },          /* hearthMemberNumber */
	{ 5, MIB_READ, read_group_count, NULL },     /* hearthGroupCount */
	{ 6, MIB_READ, read_drained, NULL },         /* hearthDrained */
	{ 7, MIB_READ, read_clock_off, NULL },       /* hearthClockOff */
	{ 8, MIB_READ, read_log_octets, NULL },      /* hearthLogOctets */
	{ 9, MIB_READ, read_log_octets_max, NULL },  /* hearthLogOctetsMax */
	{ 10, MIB_READ, read_log_full, NULL },       /* hearthLogFull */
	{ 11, MIB_READ, read_log_flushes, NULL },    /* hearthLogFlushes */
	{ 12, MIB_READ, read_flush_failures, NULL }, /* hearthLogFlushFailures */
};

struct mib_table hearth_process = {
	.name = "hearthProcess",
	MIB_ROOT(MIB_HEARTH_ROOT, 1, 1),
	MIB_SCALARS,
	MIB_COLUMNS(columns),
};
