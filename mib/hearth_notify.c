/* hearth_notify.c - hearthNotifyTable: one row for each kind of event. */
#include <string.h>

#include "mib/notify.h"
#include "mib/objects.h"
#include "mib/view.h"
#include "mib/writings.h"

#define X(symbol, number, name, severity, what) number,
static const uint8_t kinds[] = { EVENT_KINDS(X) };
#undef X

static void key_at(const void *context, size_t i, struct mib_key *out)
{
	(void)context;
	mib_key_number(out, kinds[i]);
}

/* A row is the kind, as an unsigned. */
static bool find_kind(struct mib_view *view, const struct mib_key *from, bool after,
                      struct mib_key *found, void *row)
{
	size_t i = mib_place(NULL, sizeof(kinds), key_at, from, after);
	unsigned kind;

	(void)view;
	if (i == sizeof(kinds))
		return false;
	key_at(NULL, i, found);
	kind = kinds[i];
	memcpy(row, &kind, sizeof(kind));
	return true;
}

static enum event_kind kind_of(const struct mib_cell *cell)
{
	return (enum event_kind) * (const unsigned *)cell->row;
}

/* ---- what an operator wants ---- */

static struct notify_limit limit_of(const struct mib_cell *cell)
{
	struct notify_limit limit;

	notify_limit(cell->view, kind_of(cell), &limit);
	return limit;
}

static bool read_enabled(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_truth(out, limit_of(cell).enabled);
}

static bool read_per_minute(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_unsigned(out, limit_of(cell).per_minute);
}

/* ---- what became of them ---- */

static struct notify_figures figures_of(const struct mib_cell *cell)
{
	struct notify_figures figures = { 0 };

	if (cell->view->notifier)
		notify_figures(cell->view->notifier, kind_of(cell), &figures);
	return figures;
}

static bool read_sent(const struct mib_cell *cell, struct mib_value *out)
{
	return cell->view->notifier && mib_counter(out, figures_of(cell).sent);
}

static bool read_held_back(const struct mib_cell *cell, struct mib_value *out)
{
	return cell->view->notifier && mib_counter(out, figures_of(cell).held_back);
}

static bool read_last_sent(const struct mib_cell *cell, struct mib_value *out)
{
	uint64_t sent_ms = figures_of(cell).last_sent_ms;

	return sent_ms && mib_ticks(out, mib_view_ticks_of_monotonic(cell->view, sent_ms));
}

static const struct mib_column columns[] = {
	{ 2, MIB_WRITE, read_enabled, NULL },    /* hearthNotifyEnabled */
	{ 3, MIB_WRITE, read_per_minute, NULL }, /* hearthNotifyPerMinute */
	{ 4, MIB_READ, read_sent, NULL },        /* hearthNotifySent */
	{ 5, MIB_READ, read_held_back, NULL },   /* hearthNotifyHeldBack */
	{ 6, MIB_READ, read_last_sent, NULL },   /* hearthNotifyLastSent */
};

struct mib_table hearth_notify = {
	.name = "hearthNotifyEntry",
	MIB_ROOT(MIB_HEARTH_ROOT, 1, 10, 1, 1),
	.index = { 1, { { .kind = MIB_PART_NUMBER } } },
	MIB_COLUMNS(columns),
	.find = find_kind,
	.writing = &write_notify,
};
