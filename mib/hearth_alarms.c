/* hearth_alarms.c - the scalars of hearthAlarms and hearthAlarmTable: what is wrong now. In
 * the context of a group that is what is wrong with it, and with the whole process. */
#include <string.h>

#include "agentd/flow/events.h"
#include "mib/objects.h"
#include "mib/view.h"

static bool is_asked_about(const struct mib_view *view, const struct event_alarm *alarm)
{
	return view->context == MIB_ALL_GROUPS || alarm->of.group == EVENTS_PROCESS ||
	       (uint32_t)alarm->of.group == view->context;
}

/* The next one above an index. */
static bool next_alarm(const struct mib_view *view, uint32_t index, struct event_alarm *out)
{
	while (events_alarm_after(index, out)) {
		if (is_asked_about(view, out))
			return true;
		index = out->index;
	}
	return false;
}

/* ---- scalars ---- */

struct summary {
	uint32_t count;
	enum event_severity worst;
};

static struct summary look_at_alarms(const struct mib_view *view)
{
	struct summary summary = { 0, EVENT_NO_ALARM };
	struct event_alarm alarm;

	for (uint32_t index = 0; next_alarm(view, index, &alarm); index = alarm.index) {
		summary.count++;
		if (summary.worst == EVENT_NO_ALARM || alarm.severity < summary.worst)
			summary.worst = alarm.severity;
	}
	return summary;
}

static bool read_count(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_unsigned(out, look_at_alarms(cell->view).count);
}

static bool read_worst(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_integer(out, (int32_t)look_at_alarms(cell->view).worst);
}

static bool read_last_change(const struct mib_cell *cell, struct mib_value *out)
{
	struct event_summary summary;

	events_summary(&summary);
	return mib_ticks(out, summary.changed_ms ? mib_view_ticks_of_monotonic(
							   cell->view, summary.changed_monotonic_ms)
	                                         : 0);
}

static const struct mib_column scalars[] = {
	{ 1, MIB_READ, read_count, NULL },       /* hearthAlarmCount */
	{ 2, MIB_READ, read_worst, NULL },       /* hearthAlarmWorst */
	{ 3, MIB_READ, read_last_change, NULL }, /* hearthAlarmLastChange */
};

struct mib_table hearth_alarms = {
	.name = "hearthAlarms",
	MIB_ROOT(MIB_HEARTH_ROOT, 1, 8),
	MIB_SCALARS,
	MIB_COLUMNS(scalars),
};

/* ---- the table ---- */

static bool find_alarm(struct mib_view *view, const struct mib_key *from, bool after,
                       struct mib_key *found, void *row)
{
	struct event_alarm alarm;
	uint32_t index = mib_key_number_at(from, 0);

	/* Numbers begin with 1, and what is looked for is above the one before. */
	if (!after && index > 0)
		index--;
	if (!next_alarm(view, index, &alarm))
		return false;
	mib_key_number(found, alarm.index);
	memcpy(row, &alarm, sizeof(alarm));
	return true;
}

static bool read_kind(const struct mib_cell *cell, struct mib_value *out)
{
	const struct event_alarm *alarm = cell->row;

	return mib_integer(out, (int32_t)alarm->of.kind);
}

static bool read_severity(const struct mib_cell *cell, struct mib_value *out)
{
	const struct event_alarm *alarm = cell->row;

	return mib_integer(out, (int32_t)alarm->severity);
}

static bool read_group(const struct mib_cell *cell, struct mib_value *out)
{
	const struct event_alarm *alarm = cell->row;

	return mib_integer(out, alarm->of.group);
}

static bool read_member(const struct mib_cell *cell, struct mib_value *out)
{
	const struct event_alarm *alarm = cell->row;

	return mib_unsigned(out, alarm->of.member);
}

static bool read_raised(const struct mib_cell *cell, struct mib_value *out)
{
	const struct event_alarm *alarm = cell->row;

	return mib_date(out, alarm->raised_ms);
}

static bool read_text(const struct mib_cell *cell, struct mib_value *out)
{
	const struct event_alarm *alarm = cell->row;

	return mib_text(out, alarm->text);
}

static const struct mib_column columns[] = {
	{ 2, MIB_READ, read_kind, NULL },     /* hearthAlarmKind */
	{ 3, MIB_READ, read_severity, NULL }, /* hearthAlarmSeverity */
	{ 4, MIB_READ, read_group, NULL },    /* hearthAlarmGroup */
	{ 5, MIB_READ, read_member, NULL },   /* hearthAlarmMember */
	{ 6, MIB_READ, read_raised, NULL },   /* hearthAlarmRaised */
	{ 7, MIB_READ, read_text, NULL },     /* hearthAlarmText */
};

struct mib_table hearth_alarm_rows = {
	.name = "hearthAlarmEntry",
	MIB_ROOT(MIB_HEARTH_ROOT, 1, 8, 4, 1),
	.index = { 1, { { .kind = MIB_PART_NUMBER } } },
	MIB_COLUMNS(columns),
	.find = find_alarm,
};
