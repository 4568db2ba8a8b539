/* test_groups.c - several groups of a cluster behind one engine, with all their
 * threads: who leads which, that each has its own order in the log that they share,
 * and that one whose machine is slow, away or begins anew does not hold up the rest. */
#include <string.h>

#include "agentd/base/log.h"
#include "tests/unit/groups_fixture.h"
#include "tests/unit/suite.h"

#define LARGE (128u << 10) /* octets of a command that is not put into texts */
#define ROUNDS 175u        /* so many of them are more than the log holds */
#define LARGE_COUNT 30u    /* of them are more than memory keeps for who lags */

/* ---- tests ---- */

static void each_group_has_its_order_and_its_leader(void)
{
	struct world *w = groups_spread_world();
	const struct replication_command stray = {
		.group = 1, .ticket = 1, .command = "x", .size = 1
	};

	groups_submit(w, 0, "a");
	groups_submit(w, 1, "b");
	groups_submit(w, 2, "c");
	groups_submit(w, 1, "d");
	groups_await_text(w, 0, "a");
	groups_await_text(w, 1, "bd");
	groups_await_text(w, 2, "c");
	CU_ASSERT_EQUAL(replication_submit(w->nodes[0].parts[0].replication, &stray, 1),
	                HA_E_RANGE);
	groups_world_free(w);
}

static void a_member_that_ends_moves_only_what_it_led(void)
{
	struct world *w = groups_spread_world();
	struct node *gone = &w->nodes[1];
	struct replication_status before, after;

	groups_submit(w, 0, "a");
	groups_submit(w, 1, "b");
	replication_status(w->nodes[0].parts[0].replication, &before);
	groups_node_close(gone);
	CU_ASSERT_PTR_NOT_EQUAL(groups_await_leader(w, 1, gone)->node, gone);
	groups_submit(w, 1, "c");
	CU_ASSERT_PTR_EQUAL(groups_await_leader(w, 0, NULL)->node, &w->nodes[0]);
	CU_ASSERT_PTR_EQUAL(groups_await_leader(w, 2, NULL)->node, &w->nodes[2]);
	replication_status(w->nodes[0].parts[0].replication, &after);
	CU_ASSERT_EQUAL(before.term, after.term);
	CU_ASSERT_EQUAL(groups_node_open(gone), HA_OK); /* over what its stores hold */
	groups_await_text(w, 0, "a");
	groups_await_text(w, 1, "bc");
	groups_world_free(w);
}

static void a_restart_replays_to_each_its_own(void)
{
	struct world *w = groups_spread_world();
	struct node *n = &w->nodes[2];

	groups_submit(w, 0, "a");
	groups_submit(w, 1, "b");
	groups_submit(w, 2, "c");
	for (uint32_t g = 0; g < GROUPS_COUNT; g++)
		groups_await_text(w, g, (const char *[]){ "a", "b", "c" }[g]);
	groups_node_close(n);
	for (uint32_t g = 0; g < GROUPS_COUNT; g++)
		groups_part_forget(&n->parts[g]);
	CU_ASSERT_EQUAL(groups_node_open(n), HA_OK);
	for (uint32_t g = 0; g < GROUPS_COUNT; g++)
		groups_await_text(w, g, (const char *[]){ "a", "b", "c" }[g]);
	groups_world_free(w);
}

static enum ha_error submit_large(struct part *leader)
{
	static char large[LARGE];
	const struct replication_command command = {
		.group = leader->group, .ticket = 1, .command = large, .size = sizeof(large)
	};

	return replication_submit(leader->replication, &command, 1);
}

static void trim_all(struct world *w, uint32_t group)
{
	for (unsigned i = 0; i < GROUPS_MEMBERS; i++) {
		struct part *p = &w->nodes[i].parts[group];

		if (p->replication)
			replication_trim(p->replication, p->applied);
	}
}

static unsigned lost_of(const struct world *w, uint32_t group)
{
	unsigned lost = 0;

	for (unsigned i = 0; i < GROUPS_MEMBERS; i++)
		lost += w->nodes[i].parts[group].lost;
	return lost;
}

static bool all_are_at(struct world *w, const struct what *what)
{
	for (unsigned i = 0; i < GROUPS_MEMBERS; i++)
		if (w->nodes[i].parts[what->group].replication &&
		    w->nodes[i].parts[what->group].applied < what->index)
			return false;
	return true;
}

static bool all_are_at_or_it_is_lost(struct world *w, const struct what *what)
{
	return all_are_at(w, what) || lost_of(w, what->group) != what->lost;
}

/* Until all that are up have something after `index`. */
static void submit_large_after(struct world *w, uint32_t group, const struct node *but,
                               uint64_t index)
{
	struct what what = { .group = group, .index = index + 1 };

	do {
		what.lost = lost_of(w, group);
		while (submit_large(groups_await_leader(w, group, but)) != HA_OK)
			groups_pause(w);
		groups_await(w, all_are_at_or_it_is_lost, what);
	} while (!all_are_at(w, &what));
	trim_all(w, group);
}

/* More than the log holds, of one group; the stores of the others hold nothing yet, and
 * of what they have in the log nothing is lost. */
static void what_one_lets_go_another_keeps(void)
{
	struct world *w = groups_spread_world();
	struct node *n = &w->nodes[2];
	uint64_t applied = 0;

	groups_submit(w, 1, "b");
	groups_await_text(w, 1, "b");
	for (unsigned i = 0; i < ROUNDS; i++) {
		submit_large_after(w, 0, NULL, applied);
		applied = w->nodes[0].parts[0].applied;
	}
	groups_node_close(n);
	groups_part_forget(&n->parts[1]);
	CU_ASSERT_EQUAL(groups_node_open(n), HA_OK);
	groups_await_text(w, 1, "b");
	groups_submit(w, 0, "a");
	groups_await_text(w, 0, "a");
	groups_world_free(w);
}

static bool is_full(const struct part *p)
{
	struct replication_status status;

	replication_status(p->replication, &status);
	return status.full;
}

static bool has_leader(struct world *w, const struct what *what, bool full)
{
	for (unsigned i = 0; i < GROUPS_MEMBERS; i++) {
		const struct part *p = &w->nodes[i].parts[what->group];

		if (p->role == REPLICATION_LEADER && is_full(p) == full)
			return true;
	}
	return false;
}

static bool a_leader_is_full(struct world *w, const struct what *what)
{
	return has_leader(w, what, true);
}

static bool a_leader_has_room(struct world *w, const struct what *what)
{
	return has_leader(w, what, false);
}

/* Until a leader of it says that it is full. */
static void fill(struct world *w, const struct what *what)
{
	while (!a_leader_is_full(w, what))
		if (submit_large(groups_await_leader(w, what->group, NULL)) != HA_OK)
			groups_pause(w);
}

static bool nobody_is_full(struct world *w, const struct what *what)
{
	(void)what;
	for (unsigned i = 0; i < GROUPS_MEMBERS; i++)
		for (uint32_t g = 0; g < GROUPS_COUNT; g++)
			if (is_full(&w->nodes[i].parts[g]))
				return false;
	return true;
}

/* The stores of one group hold nothing more: it alone is refused, and the others put
 * several times in order what the log holds. After a restart what was put is there. */
static void a_store_that_stops_fills_only_its_own_group(void)
{
	struct world *w = groups_spread_world();
	const struct what stuck = { .group = 1 };
	uint64_t applied = 0;

	fill(w, &stuck);
	CU_ASSERT_EQUAL(submit_large(groups_await_leader(w, stuck.group, NULL)), HA_E_CAPACITY);
	for (unsigned i = 0; i < ROUNDS; i++) {
		submit_large_after(w, 0, NULL, applied);
		applied = w->nodes[0].parts[0].applied;
	}
	fill(w, &stuck); /* it is still, or whoever leads it now is soon */
	groups_await(w, a_leader_has_room, (struct what){ .group = 0 });
	groups_await(w, a_leader_has_room, (struct what){ .group = 2 });
	groups_node_close(&w->nodes[2]);
	groups_part_forget(&w->nodes[2].parts[1]);
	CU_ASSERT_EQUAL(groups_node_open(&w->nodes[2]), HA_OK);
	w->stores_follow = true;
	groups_await(w, nobody_is_full, stuck);
	groups_submit(w, stuck.group, "b");
	groups_submit(w, 2, "c");
	groups_await_text(w, 2, "c");
	groups_world_free(w);
}

static bool is_outrun(struct world *w, const struct what *what)
{
	return w->nodes[what->but->number - 1].parts[what->group].outruns > 0;
}

static void leave_behind(struct world *w, const struct part *p)
{
	for (uint64_t i = 0; i < LARGE_COUNT; i++)
		submit_large_after(w, p->group, p->node, p->applied + i);
}

/* It was away for so long that nobody keeps what it lacks: it gets a store, and the
 * other groups do not notice; nor does the next start take the old log for its own. */
static void a_group_begins_anew_over_the_store_of_another(void)
{
	struct world *w = groups_spread_world();
	struct node *n = &w->nodes[2];
	struct part *p = &n->parts[1];

	groups_submit(w, 1, "b");
	groups_await_text(w, 1, "b");
	groups_node_close(n);
	leave_behind(w, p);
	CU_ASSERT_EQUAL(groups_node_open(n), HA_OK);
	groups_await(w, is_outrun, (struct what){ .group = 1, .but = n });
	groups_part_close(p);
	groups_part_copy(p, groups_await_leader(w, 1, n->world->nodes + 2));
	CU_ASSERT_EQUAL(groups_part_open(p, false), HA_E_DAMAGED);
	CU_ASSERT_EQUAL(groups_part_open(p, true), HA_OK);
	groups_submit(w, 1, "c");
	groups_submit(w, 0, "a");
	groups_await_text(w, 1, "bc");
	groups_await_text(w, 0, "a");
	groups_node_close(n);
	CU_ASSERT_EQUAL(groups_node_open(n), HA_OK);
	groups_submit(w, 1, "d");
	groups_await_text(w, 1, "bcd");
	groups_world_free(w);
}

/* The same, but the store was there before the start. */
static void a_node_starts_over_the_store_of_another(void)
{
	struct world *w = groups_spread_world();
	struct node *n = &w->nodes[2];
	struct part *p = &n->parts[1];

	groups_submit(w, 1, "b");
	groups_submit(w, 2, "x");
	groups_await_text(w, 1, "b");
	groups_await_text(w, 2, "x");
	groups_node_close(n);
	groups_submit(w, 1, "c");
	groups_await_text(w, 1, "bc");
	groups_part_copy(p, groups_await_leader(w, 1, n));
	p->resets = true;
	CU_ASSERT_EQUAL(groups_node_open(n), HA_OK);
	p->resets = false;
	groups_submit(w, 1, "d");
	groups_await_text(w, 1, "bcd");
	groups_node_close(n);
	groups_part_forget(&n->parts[2]);
	CU_ASSERT_EQUAL(groups_node_open(n), HA_OK);
	groups_submit(w, 1, "e");
	groups_await_text(w, 1, "bcde");
	groups_await_text(w, 2, "x");
	groups_world_free(w);
}

#define SLOW_COUNT 200u

static void a_slow_machine_does_not_hold_up_the_others(void)
{
	struct world *w = groups_spread_world();
	char all[SLOW_COUNT + 1] = "";

	w->slow_us = 2000;
	for (unsigned i = 0; i < SLOW_COUNT; i++) {
		groups_submit(w, GROUPS_SLOW, "s");
		all[i] = 's';
	}
	groups_submit(w, 0, "a");
	groups_submit(w, 2, "c");
	groups_await_text(w, 0, "a");
	groups_await_text(w, 2, "c");
	groups_await_text(w, GROUPS_SLOW, all);
	groups_world_free(w);
}

static void a_machine_comes_back_while_the_others_go_on(void)
{
	struct world *w = groups_spread_world();
	struct part *p = &w->nodes[0].parts[1];
	enum ha_error error;

	groups_submit(w, 1, "b");
	groups_await_text(w, 1, "b");
	groups_part_close(p);
	CU_ASSERT_EQUAL(groups_part_open(&w->nodes[0].parts[0], false), HA_E_INUSE);
	groups_submit(w, 1, "c");
	groups_submit(w, 0, "a");
	groups_await_text(w, 0, "a");
	error = groups_part_open(p, false);
	CU_ASSERT_EQUAL(error, HA_OK);
	groups_await_text(w, 1, "bc");
	groups_part_close(p);
	groups_part_forget(p);
	CU_ASSERT_EQUAL(groups_part_open(p, false), HA_OK); /* all is kept still */
	groups_await_text(w, 1, "bc");
	groups_world_free(w);
}

static void a_leader_without_machine_leads_no_more(void)
{
	struct world *w = groups_spread_world();
	struct part *p = &w->nodes[1].parts[1];

	groups_submit(w, 1, "b");
	groups_await_text(w, 1, "b");
	groups_part_close(p);
	CU_ASSERT_PTR_NOT_EQUAL(groups_await_leader(w, 1, p->node), p);
	groups_submit(w, 1, "c");
	CU_ASSERT_EQUAL(groups_part_open(p, false), HA_OK);
	groups_await_text(w, 1, "bc");
	CU_ASSERT_PTR_EQUAL(groups_await_leader(w, 0, NULL)->node, &w->nodes[0]);
	groups_world_free(w);
}

static void a_group_that_is_missing_is_noticed(void)
{
	struct world *w = groups_spread_world();
	struct node *n = &w->nodes[2];

	groups_submit(w, 0, "a");
	groups_submit(w, 2, "c");
	groups_await_text(w, 0, "a");
	groups_await_text(w, 2, "c");
	groups_node_close(n);
	w->groups = 2;
	CU_ASSERT_EQUAL(groups_node_open(n), HA_E_FOREIGN);
	groups_node_close(n);
	n->without_others = true;
	CU_ASSERT_EQUAL(groups_node_open(n), HA_OK);
	groups_submit(w, 0, "b");
	groups_await_text(w, 0, "ab");
	groups_world_free(w);
}

static void all_groups_of_a_member_are_drained(void)
{
	struct world *w = groups_spread_world();
	struct node *n = &w->nodes[0];

	CU_ASSERT_EQUAL(replication_drain(n->parts[2].replication, true), HA_OK);
	for (uint32_t g = 0; g < GROUPS_COUNT; g++)
		CU_ASSERT_PTR_NOT_EQUAL(groups_await_leader(w, g, n)->node, n);
	groups_world_free(w);
}

static CU_TestInfo tests[] = {
	{ "each group has its order and its leader", each_group_has_its_order_and_its_leader },
	{ "a member that ends moves only what it led", a_member_that_ends_moves_only_what_it_led },
	{ "a restart replays to each its own", a_restart_replays_to_each_its_own },
	{ "what one lets go another keeps", what_one_lets_go_another_keeps },
	{ "a store that stops fills only its own group",
	  a_store_that_stops_fills_only_its_own_group },
	{ "a machine comes back while the others go on",
	  a_machine_comes_back_while_the_others_go_on },
	{ "a leader without machine leads no more", a_leader_without_machine_leads_no_more },
	{ "a group begins anew over the store of another",
	  a_group_begins_anew_over_the_store_of_another },
	{ "a node starts over the store of another", a_node_starts_over_the_store_of_another },
	{ "a slow machine does not hold up the others",
	  a_slow_machine_does_not_hold_up_the_others },
	{ "a group that is missing is noticed", a_group_that_is_missing_is_noticed },
	{ "all groups of a member are drained", all_groups_of_a_member_are_drained },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return suite_run("groups", tests);
}
