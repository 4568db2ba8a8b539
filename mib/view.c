/* view.c - opened with the first object that needs it, closed with the request. */
#include "mib/view.h"

#include <stdlib.h>
#include <string.h>

#include "agentd/base/clock.h"

#define CLOCKS_APART_MS 100

struct mib_cached {
	mib_find *find; /* NULL = nothing yet */
	bool after;
	bool found;
	struct mib_key from;
	struct mib_row row;
};

bool mib_view_open(struct mib_view *view, size_t table_count)
{
	memset(view, 0, sizeof(*view));
	view->cached = calloc(table_count, sizeof(*view->cached));
	view->table_count = table_count;
	return view->cached;
}

void mib_view_close(struct mib_view *view)
{
	mib_view_end(view);
	mib_visits_close(&view->visits);
	free(view->cached);
	view->cached = NULL;
}

void mib_view_add(struct mib_view *view, struct agent *agent)
{
	view->groups[view->group_count++] = (struct mib_group){ .agent = agent,
		                                                .number = agent_group(agent) };
}

void mib_view_visit(struct mib_view *view, struct visit *visit)
{
	view->visits.visit = visit;
}

/* The two clocks are read one after the other, and sysUpTime is in hundredths: only what
 * differs by more is another beginning, as that of a master that was restarted. */
static void note_beginning(struct mib_view *view)
{
	int64_t began_ms = (int64_t)view->monotonic_ms - (int64_t)view->uptime * 10;
	int64_t moved_ms = began_ms - view->began_ms;

	if (!view->knows_beginning || moved_ms > CLOCKS_APART_MS || moved_ms < -CLOCKS_APART_MS)
		view->began_ms = began_ms;
	view->knows_beginning = true;
}

void mib_view_begin_at(struct mib_view *view, uint32_t context, uint64_t uptime, uint64_t unix_ms,
                       uint64_t monotonic_ms)
{
	mib_view_end(view);
	view->begun = true;
	view->context = context;
	view->uptime = uptime;
	view->unix_ms = unix_ms;
	view->monotonic_ms = monotonic_ms;
	note_beginning(view);
}

void mib_view_begin(struct mib_view *view, uint32_t context, uint64_t uptime)
{
	if (!view->begun || view->context != context)
		mib_view_begin_at(view, context, uptime, clock_wall_ms(), clock_monotonic_ms());
}

void mib_view_end(struct mib_view *view)
{
	if (!view->begun)
		return;
	for (size_t i = 0; i < view->group_count; i++)
		mib_group_forget(&view->groups[i]);
	mib_visits_forget(&view->visits);
	view->node.has = false;
	for (size_t i = 0; i < view->table_count; i++)
		view->cached[i].find = NULL;
	view->begun = view->counted = false;
}

static bool is_cached(const struct mib_cached *cached, mib_find *find, const struct mib_key *from,
                      bool after)
{
	return cached->find == find && cached->after == after &&
	       mib_key_compare(&cached->from, from) == 0;
}

const struct mib_row *mib_view_row(struct mib_view *view, const struct mib_table *table,
                                   mib_find *find, const struct mib_key *from, bool after)
{
	struct mib_cached *cached = &view->cached[table->number];

	if (!is_cached(cached, find, from, after)) {
		struct mib_key found = { 0 };

		cached->from = *from;
		cached->after = after;
		cached->find = find;
		cached->found = find(view, from, after, &found, cached->row.is);
		cached->row.key = found;
	}
	return cached->found ? &cached->row : NULL;
}

static bool is_asked_about(const struct mib_view *view, const struct mib_group *group)
{
	return view->context == MIB_ALL_GROUPS || view->context == group->number;
}

struct mib_group *mib_view_any(struct mib_view *view, size_t i)
{
	for (size_t at = 0; at < view->group_count; at++)
		if (is_asked_about(view, &view->groups[at]) && i-- == 0)
			return &view->groups[at];
	return NULL;
}

struct mib_group *mib_view_group(struct mib_view *view, size_t i)
{
	struct mib_group *group;

	for (size_t at = 0; (group = mib_view_any(view, at)); at++)
		if (!group->paused && i-- == 0)
			return group;
	return NULL;
}

static bool leads(struct mib_group *group)
{
	return mib_group_status(group)->replication.role == REPLICATION_LEADER;
}

struct mib_group *mib_view_led(struct mib_view *view, size_t i)
{
	struct mib_group *group;

	for (size_t at = 0; (group = mib_view_group(view, at)); at++)
		if ((view->context == group->number || leads(group)) && i-- == 0)
			return group;
	return NULL;
}

struct mib_group *mib_view_group_of(struct mib_view *view, uint32_t number)
{
	struct mib_group *group;

	for (size_t at = 0; (group = mib_view_group(view, at)); at++)
		if (group->number == number)
			return group;
	return NULL;
}

/* ---- rows by the number of a group ---- */

static void key_of_group(const void *context, size_t i, struct mib_key *out)
{
	const struct mib_view *view = context;

	mib_key_number(out, view->groups[i].number);
}

static bool find_group(struct mib_view *view, const struct mib_key *from, bool after, bool any,
                       struct mib_key *found, void *row)
{
	size_t i = mib_place(view, view->group_count, key_of_group, from, after);

	for (; i < view->group_count; i++) {
		struct mib_group *group = &view->groups[i];

		if (!is_asked_about(view, group) || (group->paused && !any))
			continue;
		key_of_group(view, i, found);
		memcpy(row, &group, sizeof(group));
		return true;
	}
	return false;
}

bool mib_find_group(struct mib_view *view, const struct mib_key *from, bool after,
                    struct mib_key *found, void *row)
{
	return find_group(view, from, after, false, found, row);
}

bool mib_find_any_group(struct mib_view *view, const struct mib_key *from, bool after,
                        struct mib_key *found, void *row)
{
	return find_group(view, from, after, true, found, row);
}

/* ---- what agents say of themselves ---- */

const struct agent_status *mib_group_status(struct mib_group *group)
{
	if (!group->has_status)
		agent_status(group->agent, &group->status);
	group->has_status = true;
	return &group->status;
}

const struct config *mib_group_config(struct mib_group *group)
{
	if (!group->has_config)
		agent_config(group->agent, &group->config);
	group->has_config = true;
	return &group->config;
}

const struct dataplane_status *mib_group_forwarding(struct mib_group *group)
{
	if (!group->has_forwarding)
		agent_forwarding(group->agent, &group->forwarding);
	group->has_forwarding = true;
	return &group->forwarding;
}

const struct home_status *mib_group_home(struct mib_group *group)
{
	if (!group->has_home)
		agent_home(group->agent, &group->home);
	group->has_home = true;
	return &group->home;
}

const struct group_figures *mib_group_figures(struct mib_group *group)
{
	if (!group->has_figures)
		figures_group(group->agent, &group->figures);
	group->has_figures = true;
	return &group->figures;
}

void mib_view_count(struct mib_view *view)
{
	for (size_t i = 0; i < view->group_count && !view->counted; i++)
		if (!view->groups[i].paused)
			agent_count(view->groups[i].agent);
	view->counted = true;
}

struct store_reader *mib_group_reader(struct mib_group *group)
{
	if (!group->reading) {
		memset(&group->reader, 0, sizeof(group->reader));
		struct store *store = agent_store(group->agent);

		group->reading = store && store_read_open(store, &group->reader) == HA_OK;
	}
	return group->reading ? &group->reader : NULL;
}

void mib_group_forget(struct mib_group *group)
{
	if (group->reading)
		store_read_close(&group->reader);
	group->reading = group->has_status = group->has_config = false;
	group->has_forwarding = group->has_home = group->has_figures = false;
}

/* ---- moments ---- */

uint64_t mib_view_ticks_of_monotonic(const struct mib_view *view, uint64_t monotonic_ms)
{
	int64_t age_ms = (int64_t)monotonic_ms - view->began_ms;

	return age_ms > 0 ? (uint64_t)age_ms / 10u : 0;
}

uint64_t mib_view_ticks_of_unix(const struct mib_view *view, uint64_t unix_ms)
{
	uint64_t age_ms = view->unix_ms > unix_ms ? view->unix_ms - unix_ms : 0;

	if (age_ms > view->monotonic_ms)
		age_ms = view->monotonic_ms;
	return mib_view_ticks_of_monotonic(view, view->monotonic_ms - age_ms);
}
