/* hearth_forwards.c - hearthForwardTable: what forwards packets for each group here. Where
 * nothing does, only that is told, and why; a witness has no such row. */
#include "mib/objects.h"
#include "mib/view.h"

static struct mib_group *group_of(const struct mib_cell *cell)
{
	return *(struct mib_group *const *)cell->row;
}

static bool find_data_group(struct mib_view *view, const struct mib_key *from, bool after,
                            struct mib_key *found, void *row)
{
	struct mib_key start = *from;

	while (mib_find_group(view, &start, after, found, row)) {
		if (!mib_group_status(*(struct mib_group **)row)->witness)
			return true;
		start = *found;
		found->size = 0;
		after = true;
	}
	return false;
}

/* NULL where nothing is forwarded. */
static const struct dataplane_status *plane_of(const struct mib_cell *cell)
{
	const struct dataplane_status *status = mib_group_forwarding(group_of(cell));

	return status->in_use == DATAPLANE_PATH_OFF ? NULL : status;
}

static const struct home_status *home_of(const struct mib_cell *cell)
{
	return plane_of(cell) ? mib_group_home(group_of(cell)) : NULL;
}

static bool read_path(const struct mib_cell *cell, struct mib_value *out)
{
	static const int32_t paths[] = {
		[DATAPLANE_PATH_OFF] = 1,
		[DATAPLANE_PATH_USER] = 2,
		[DATAPLANE_PATH_TC] = 3,
	};

	return mib_integer(out, paths[mib_group_forwarding(group_of(cell))->in_use]);
}

static bool read_why(const struct mib_cell *cell, struct mib_value *out)
{
	return mib_text(out, mib_group_forwarding(group_of(cell))->why);
}

static bool read_allowed(const struct mib_cell *cell, struct mib_value *out)
{
	const struct dataplane_status *plane = plane_of(cell);

	return plane && mib_truth(out, plane->forwards);
}

static bool read_tunnels(const struct mib_cell *cell, struct mib_value *out)
{
	const struct dataplane_status *plane = plane_of(cell);

	return plane && mib_unsigned(out, plane->bindings);
}

static bool read_home_links(const struct mib_cell *cell, struct mib_value *out)
{
	const struct home_status *home = home_of(cell);

	return home && mib_unsigned(out, home->links);
}

static bool read_announcements(const struct mib_cell *cell, struct mib_value *out)
{
	const struct home_status *home = home_of(cell);

	return home && mib_unsigned(out, home->waiting);
}

static bool read_routes(const struct mib_cell *cell, struct mib_value *out)
{
	const struct home_status *home = home_of(cell);

	return home && mib_unsigned(out, home->networks);
}

static bool read_trouble(const struct mib_cell *cell, struct mib_value *out)
{
	const struct dataplane_status *plane = plane_of(cell);

	return plane && mib_text(out, plane->doubt);
}

static const struct mib_column columns[] = {
	{ 1, MIB_READ, read_path, NULL },          /* hearthForwardPath */
	{ 2, MIB_READ, read_why, NULL },           /* hearthForwardPathWhy */
	{ 3, MIB_READ, read_allowed, NULL },       /* hearthForwardAllowed */
	{ 4, MIB_READ, read_tunnels, NULL },       /* hearthForwardTunnels */
	{ 5, MIB_READ, read_home_links, NULL },    /* hearthForwardHomeLinks */
	{ 6, MIB_READ, read_announcements, NULL }, /* hearthForwardAnnouncements */
	{ 7, MIB_READ, read_routes, NULL },        /* hearthForwardRoutes */
	{ 8, MIB_READ, read_trouble, NULL },       /* hearthForwardTrouble */
};

struct mib_table hearth_forwards = {
	.name = "hearthForwardEntry",
	MIB_ROOT(MIB_HEARTH_ROOT, 1, 9, 1, 1),
	.index = { 1, { { .kind = MIB_PART_NUMBER } } },
	MIB_COLUMNS(columns),
	.find = find_data_group,
};
