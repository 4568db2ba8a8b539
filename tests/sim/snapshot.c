/* snapshot.c - the store of another member for one that lacks too much: the rows
 * as they are there at one moment, a while on their way, and then a new start
 * over them. */
#include <stdlib.h>

#include "tests/sim/world.h"

#define ASK_US 2000u
#define CARRY_MS 300u /* at most */

static void let_go(struct replica *replica)
{
	struct snapshot *snapshot = &replica->snapshot;
	struct replica *server = &replica->world->members[snapshot->from].replicas[replica->group];

	if (snapshot->rows)
		server->hold = UINT64_MAX; /* the next one that asks holds again */
	rows_free(snapshot->rows);
	*snapshot = (struct snapshot){ 0 };
}

void snapshot_abandon(struct replica *replica)
{
	let_go(replica);
}

static bool is_within_reach(const struct replica *replica, uint8_t number)
{
	const struct world *world = replica->world;
	uint8_t self = replica->member->number;

	return world->members[number].alive && network_reaches(world, number, self) &&
	       network_reaches(world, self, number);
}

/* ---- the end: another store, and a new start over it ---- */

static void take_over(struct replica *replica)
{
	struct member *member = replica->member;
	struct snapshot taken = replica->snapshot;
	struct world *world = replica->world;

	world_trace(world, "member %u, group %u: has the store of member %u, up to %llu",
	            member->number, replica->group, taken.from, (unsigned long long)taken.index);
	world->judge.tally.snapshots++;
	replica->snapshot.rows = NULL;
	world->members[taken.from].replicas[replica->group].hold = UINT64_MAX;
	member_replace(replica, taken.rows, taken.index, taken.term);
}

static void arrives(struct world *world, struct event *event)
{
	struct replica *replica = &world->members[event->member].replicas[event->group];

	if (!replica->snapshot.under_way)
		return;
	if (!is_within_reach(replica, replica->snapshot.from) ||
	    replica->snapshot.index <= replica->applied) {
		let_go(replica);
		return;
	}
	take_over(replica);
}

/* ---- the beginning ---- */

static bool read_rows(struct replica *replica)
{
	struct snapshot *snapshot = &replica->snapshot;
	struct replica *server = &replica->world->members[snapshot->from].replicas[replica->group];

	if (replica->member->witness)
		return true;
	if (!server->store || !server->consensus)
		return false;
	snapshot->rows = rows_copy(server->store);
	snapshot->index = pass_stored_index(snapshot->rows);
	snapshot->term = pass_stored_term(snapshot->rows);
	server->hold = snapshot->index;
	return snapshot->index > replica_base(replica);
}

static void is_asked(struct world *world, struct event *event)
{
	struct replica *replica = &world->members[event->member].replicas[event->group];

	if (!replica->snapshot.under_way)
		return;
	if (!is_within_reach(replica, replica->snapshot.from) || !read_rows(replica)) {
		let_go(replica);
		return;
	}
	member_event(replica->member, dice_below(&world->dice, CARRY_MS) * MS, arrives,
	             replica->group, 0);
}

/* A witness has no store: then from the other one that has. */
static uint8_t server_for(const struct replica *replica, uint8_t leader)
{
	const struct world *world = replica->world;

	if (replica->member->witness || !world->members[leader].witness)
		return leader;
	for (uint8_t i = 1; i <= world->plan.members; i++)
		if (i != leader && i != replica->member->number && is_within_reach(replica, i))
			return i;
	return 0;
}

void snapshot_want(struct replica *replica, uint8_t leader, uint64_t index, uint64_t term)
{
	uint8_t from = server_for(replica, leader);

	if (replica->snapshot.under_way || from == 0)
		return;
	world_trace(replica->world, "member %u, group %u: needs the store of member %u",
	            replica->member->number, replica->group, from);
	replica->snapshot = (struct snapshot){
		.under_way = true, .from = from, .index = index, .term = term
	};
	member_event(replica->member, dice_below(&replica->world->dice, ASK_US) * US, is_asked,
	             replica->group, 0);
}
