/* test_mib_walks.c - tables of a million rows, in a world of some thousand: a walk is what
 * should be there and nothing else, any name leads to what is behind it, and a step costs
 * the same however many rows there are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mib/counters.h"
#include "mib/notify.h"
#include "mib/objects.h"
#include "tests/unit/dice.h"
#include "tests/unit/mib_model.h"
#include "tests/unit/suite.h"

#define NODES 600u
#define FEW_NODES 100u
#define MANY_NODES 3000u
#define READS_MAX 40u /* of one step, of two groups */
#define GUESSES 20000u
#define LAST_ARC UINT32_MAX

static struct mib_table *tables[16];

static struct world *make(size_t nodes)
{
	CU_ASSERT_TRUE_FATAL(model_table_count <= sizeof(tables) / sizeof(tables[0]));
	for (size_t i = 0; i < model_table_count; i++)
		tables[i] = model_tables[i].table;
	return world_new(nodes, tables, model_table_count);
}

static struct mib_name root_of(const struct mib_table *table)
{
	struct mib_name name = { .size = table->root_size };

	memcpy(name.at, table->root, table->root_size * sizeof(uint32_t));
	return name;
}

static struct mib_range below(struct mib_name root)
{
	struct mib_range range;

	mib_range_below(&root, &range);
	return range;
}

/* ---- walks ---- */

/* How many steps of the walk were not what the model has. */
static size_t wrong_steps(struct world *world, const struct model *model,
                          const struct mib_table *table, unsigned *reads_max)
{
	const struct mib_range all = below(root_of(table));
	struct mib_name at = all.start;
	struct mib_value value;
	size_t wrong = 0, steps = 0;
	unsigned reads;
	bool more;

	do {
		mib_view_end(&world->view);
		world_ask(world, world->view.context);
		world_reads();
		more = mib_tree_next(world->tree, &world->view, &at, false, &all, &at, &value);
		reads = world_reads();
		if (reads > *reads_max)
			*reads_max = reads;
		if (more && (steps >= model->count ||
		             model_compare(&model->rows[steps], at.at, at.size) != 0 ||
		             !model_is_value(&model->rows[steps], &value)))
			wrong++;
		steps += more;
	} while (more && steps <= model->count);
	return wrong + (steps != model->count);
}

static void check_walk(struct world *world, const struct model_table *table, uint32_t context,
                       unsigned *reads_max)
{
	struct model model;
	size_t wrong;

	model_make(&model, world, table, context);
	world_ask(world, context);
	wrong = wrong_steps(world, &model, table->table, reads_max);
	CU_ASSERT_EQUAL(wrong, 0);
	if (wrong)
		fprintf(stderr, "%s, context %u: %zu of %zu steps are wrong\n", table->table->name,
		        context, wrong, model.count);
	model_free(&model);
}

static void check_walks(struct world *world)
{
	static const uint32_t contexts[] = { MIB_ALL_GROUPS, WORLD_NUMBER_OF(0), WORLD_NUMBER_OF(1),
		                             2 };
	unsigned reads = 0;

	for (size_t i = 0; i < model_table_count; i++)
		for (size_t c = 0; c < sizeof(contexts) / sizeof(contexts[0]); c++)
			check_walk(world, &model_tables[i], contexts[c], &reads);
}

static void walks_are_what_is_there(void)
{
	struct world *world = make(NODES);

	check_walks(world);
	world_free(world);
}

static void who_leads_is_shown(void)
{
	struct world *world = make(FEW_NODES);

	world->leads[0] = false;
	check_walks(world);
	world->leads[1] = false;
	check_walks(world);
	world_free(world);
}

static void nothing_is_a_table_too(void)
{
	struct world *world = make(0);

	check_walks(world);
	world_free(world);
}

static void what_cannot_be_read_is_passed_over(void)
{
	struct world *world = make(FEW_NODES);
	uint64_t before = counter_read(&mib_counters, MIB_COUNT_UNREADABLE);

	world_spoil(world, 9);
	check_walks(world);
	CU_ASSERT_TRUE(counter_read(&mib_counters, MIB_COUNT_UNREADABLE) >= before + 9u);
	world_free(world);
}

/* ---- costs ---- */

/* The most expensive step of each table. */
static void measure(size_t nodes, unsigned *reads)
{
	struct world *world = make(nodes);

	for (size_t i = 0; i < model_table_count; i++)
		check_walk(world, &model_tables[i], MIB_ALL_GROUPS, &reads[i]);
	world_free(world);
}

static void a_step_costs_the_same_with_any_number_of_rows(void)
{
	unsigned few[16] = { 0 }, many[16] = { 0 };

	measure(FEW_NODES, few);
	measure(MANY_NODES, many);
	for (size_t i = 0; i < model_table_count; i++) {
		CU_ASSERT_TRUE(many[i] <= READS_MAX);
		CU_ASSERT_TRUE(many[i] <= few[i] + 2u);
		if (many[i] > READS_MAX || many[i] > few[i] + 2u)
			fprintf(stderr, "%s: %u reads, with more rows %u\n",
			        model_tables[i].table->name, few[i], many[i]);
	}
}

static bool forwards;

bool __wrap_agent_is_forwarding(const struct agent *agent);
bool __wrap_agent_is_forwarding(const struct agent *agent)
{
	(void)agent;
	return forwards;
}

/* The column of the first traffic counter, walked: how many rows have it. */
static size_t walk_traffic(struct world *world)
{
	struct mib_name at = root_of(&hearth_bindings);
	struct mib_range column;
	struct mib_value value;
	size_t count = 0;

	at.at[at.size++] = 14;
	mib_range_below(&at, &column);
	world_ask(world, MIB_ALL_GROUPS);
	world_reads();
	while (mib_tree_next(world->tree, &world->view, &at, false, &column, &at, &value)) {
		CU_ASSERT_EQUAL(value.type, MIB_COUNTER64);
		CU_ASSERT_EQUAL(value.is.number, 0);
		CU_ASSERT_TRUE(world_reads() <= READS_MAX);
		count++;
	}
	CU_ASSERT_TRUE(world_reads() <= READS_MAX);
	return count;
}

/* No step passes over many of them. */
static void bindings_without_a_tunnel_have_moved_nothing(void)
{
	struct world *world = make(NODES);
	size_t bindings = 0;

	for (unsigned g = 0; g < WORLD_GROUPS; g++)
		for (size_t i = 0; i < world->peer_count[g]; i++)
			bindings += world->peers[g][i].binding_count;
	CU_ASSERT_EQUAL(walk_traffic(world), 0);
	forwards = true;
	CU_ASSERT_EQUAL(walk_traffic(world), bindings);
	forwards = false;
	world_free(world);
}

/* ---- any name ---- */

/* Something near of a row: whole, cut, with an arc changed or added. */
static struct mib_name guess(struct dice *dice, const struct model *model, size_t root_size)
{
	static const uint32_t arcs[] = { 0, 1, 2, 4, 5, 15, 16, 17, 255, 256, 65536, LAST_ARC };
	const struct expected *near = &model->rows[dice_below(dice, (uint32_t)model->count)];
	struct mib_name name = { .size = near->size };
	uint32_t behind = (uint32_t)(near->size - root_size), at;

	memcpy(name.at, near->name, near->size * sizeof(uint32_t));
	at = (uint32_t)root_size + dice_below(dice, behind);
	switch (dice_below(dice, 5)) {
	case 0:
		name.size = at;
		break;
	case 1:
		name.at[at] = arcs[dice_below(dice, sizeof(arcs) / sizeof(arcs[0]))];
		break;
	case 2:
		name.at[at] += dice_chance(dice, 2) ? 1u : UINT32_MAX;
		break;
	case 3:
		name.at[name.size++] = dice_below(dice, 3);
		break;
	default:
		break;
	}
	return name;
}

/* The place of the first row at or behind a name. */
static size_t place_from(const struct model *model, const struct mib_name *name)
{
	size_t after = model_after(model, name->at, name->size);
	bool there = after && model_compare(&model->rows[after - 1u], name->at, name->size) == 0;

	return there ? after - 1u : after;
}

static bool is_next(struct world *world, const struct model *model, const struct mib_name *name,
                    const struct mib_range *range)
{
	size_t place = model_after(model, name->at, name->size);
	size_t end = place_from(model, &range->end);
	struct mib_name found;
	struct mib_value value;

	if (mib_name_compare(name, &range->start) < 0)
		place = place_from(model, &range->start);
	if (!mib_tree_next(world->tree, &world->view, name, false, range, &found, &value))
		return place >= end;
	return place < end && model_compare(&model->rows[place], found.at, found.size) == 0 &&
	       model_is_value(&model->rows[place], &value);
}

static bool is_exact(struct world *world, const struct model *model, const struct mib_name *name)
{
	size_t place = place_from(model, name);
	bool there = place < model_after(model, name->at, name->size);
	struct mib_value value;
	enum mib_found found = mib_tree_get(world->tree, &world->view, name, &value);

	return there ? found == MIB_FOUND && model_is_value(&model->rows[place], &value)
	             : found != MIB_FOUND;
}

/* Of all of a table, and of a range whose ends are anywhere in it. */
static void check_guesses(struct world *world, const struct model_table *table)
{
	const struct mib_range all = below(root_of(table->table));
	size_t root_size = all.start.size;
	struct dice dice = { 5 };
	struct model model;
	unsigned wrong = 0;

	model_make(&model, world, table, MIB_ALL_GROUPS);
	world_ask(world, MIB_ALL_GROUPS);
	for (unsigned i = 0; i < GUESSES; i++) {
		struct mib_name name = guess(&dice, &model, root_size);
		struct mib_range range = { guess(&dice, &model, root_size),
			                   guess(&dice, &model, root_size) };

		if (!is_next(world, &model, &name, &all) ||
		    !is_next(world, &model, &name, &range) || !is_exact(world, &model, &name))
			wrong++;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	if (wrong)
		fprintf(stderr, "%s: %u guesses led elsewhere\n", table->table->name, wrong);
	model_free(&model);
}

static void any_name_leads_to_what_is_behind_it(void)
{
	struct world *world = make(NODES);

	for (size_t i = 0; i < model_table_count; i++)
		check_guesses(world, &model_tables[i]);
	world_free(world);
}

/* ---- groups, and time ---- */

static void a_group_that_starts_again_has_no_rows(void)
{
	struct world *world = make(FEW_NODES);
	const struct mib_range all = below(root_of(&hearth_nodes));
	struct mib_name at = all.start;
	struct mib_value value;

	world->view.groups[0].paused = true;
	world_ask(world, MIB_ALL_GROUPS);
	CU_ASSERT_TRUE(mib_tree_next(world->tree, &world->view, &at, false, &all, &at, &value));
	CU_ASSERT_EQUAL(at.at[all.start.size + 1u], WORLD_NUMBER_OF(1));
	world->view.groups[1].paused = true;
	world_ask(world, MIB_ALL_GROUPS);
	at = all.start;
	CU_ASSERT_FALSE(mib_tree_next(world->tree, &world->view, &at, false, &all, &at, &value));
	world->view.groups[0].paused = world->view.groups[1].paused = false;
	world_free(world);
}

/* Nobody can be asked for what an operator wants of notifications; it is what it was. */
static void limits_hold_while_their_group_starts_again(void)
{
	const enum event_kind kind = EVENT_AUTHENTICATION_FAILURE;
	struct world *world = make(FEW_NODES);
	struct notify_limit limit;

	world_set(world, 0, "notify.authentication-failure.enabled", "no");
	world_set(world, 0, "notify.authentication-failure.per-minute", "7");
	world_ask(world, MIB_ALL_GROUPS);
	notify_limit(&world->view, kind, &limit);
	CU_ASSERT_FALSE(limit.enabled);
	CU_ASSERT_EQUAL(limit.per_minute, 7);
	mib_view_end(&world->view);

	notify_limits_keep(&world->view);
	CU_ASSERT_FALSE(world->view.groups[0].reading);
	world->view.groups[0].paused = true;
	notify_limits_keep(&world->view); /* too late, and does nothing */
	world_ask(world, MIB_ALL_GROUPS);
	notify_limit(&world->view, kind, &limit);
	CU_ASSERT_FALSE(limit.enabled);
	CU_ASSERT_EQUAL(limit.per_minute, 7);
	notify_limit(&world->view, EVENT_TEST, &limit);
	CU_ASSERT_TRUE(limit.enabled);

	world_set(world, 0, "notify.authentication-failure.enabled", "yes");
	world->view.groups[0].paused = false;
	world_ask(world, MIB_ALL_GROUPS);
	notify_limit(&world->view, kind, &limit);
	CU_ASSERT_TRUE(limit.enabled);
	world_free(world);
}

/* By the clock of the cluster, whatever that of the host is. */
static void what_is_left_of_a_lifetime_is_in_cluster_time(void)
{
	struct world *world = make(FEW_NODES);
	struct mib_name column = root_of(&mip_bindings), at, found;
	struct mib_range all;
	struct mib_value value;
	unsigned ending = 0;

	column.at[column.size++] = 8;
	mib_range_below(&column, &all);
	at = column;
	world_ask(world, WORLD_NUMBER_OF(0));
	for (unsigned g = 0; g < WORLD_GROUPS; g++)
		world->view.groups[g].status.cluster_time_ms = world->now_ms + 86400000u / 2u;
	while (mib_tree_next(world->tree, &world->view, &at, false, &all, &found, &value)) {
		bool endless = value.is.number == 65535;

		at = found;
		ending += !endless;
		CU_ASSERT_EQUAL(value.type, MIB_UNSIGNED);
		CU_ASSERT_TRUE(endless || (value.is.number >= 43200u && value.is.number < 129600u));
	}
	CU_ASSERT_TRUE(ending > 0);
	world_free(world);
}

static CU_TestInfo tests[] = {
	{ "walks are what is there", walks_are_what_is_there },
	{ "MIP-MIB shows who leads, or who is asked for", who_leads_is_shown },
	{ "tables without rows", nothing_is_a_table_too },
	{ "what cannot be read is passed over and counted", what_cannot_be_read_is_passed_over },
	{ "a step costs the same with any number of rows",
	  a_step_costs_the_same_with_any_number_of_rows },
	{ "bindings without a tunnel have moved nothing",
	  bindings_without_a_tunnel_have_moved_nothing },
	{ "any name leads to what is behind it", any_name_leads_to_what_is_behind_it },
	{ "a group that starts again has no rows", a_group_that_starts_again_has_no_rows },
	{ "limits hold while their group starts again",
	  limits_hold_while_their_group_starts_again },
	{ "what is left of a lifetime is in cluster time",
	  what_is_left_of_a_lifetime_is_in_cluster_time },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("mib_walks", tests);
}
