/* test_bound.c - who is told of what is bound: a mirror that looks again only at the
 * home addresses that the state names has the same bindings as the state, whatever
 * random commands did. */
#include <stdlib.h>
#include <string.h>

#include "agentd/state/command.h"
#include "agentd/state/state.h"
#include "tests/unit/state_universe.h"
#include "tests/unit/suite.h"
#include "tests/unit/universe_pools.h"

#define SEEDS 40u
#define COMMANDS 1500u
#define NOTED_MAX 4096u
#define MIRROR_MAX 64u

static const struct state_capacity capacity = { 16, 40, 40 };

static struct {
	struct state *state;
	struct dice dice;
	uint64_t time_ms, index;
	size_t noted_count;
	struct {
		uint32_t realm;
		struct in_addr home;
	} noted[NOTED_MAX];
	struct state_bound mirror[MIRROR_MAX]; /* by home address, in no order; count 0: free */
} world;

static void note(void *context, uint32_t realm, struct in_addr home)
{
	CU_ASSERT_PTR_EQUAL(context, &world);
	CU_ASSERT_NOT_EQUAL(home.s_addr, 0);
	CU_ASSERT_FATAL(world.noted_count < NOTED_MAX);
	world.noted[world.noted_count].realm = realm;
	world.noted[world.noted_count++].home = home;
}

/* ---- commands ---- */

static size_t configure(uint8_t *octets, size_t size)
{
	const struct change change = dice_chance(&world.dice, 2) ? universe_pool_change(&world.dice)
	                                                         : universe_change(&world.dice);
	uint8_t *made;
	size_t made_size;

	CU_ASSERT_EQUAL_FATAL(
		command_configure(world.time_ms, "test", NULL, &change, 1, &made, &made_size),
		HA_OK);
	CU_ASSERT_FATAL(made_size <= size);
	memcpy(octets, made, made_size);
	free(made);
	return made_size;
}

static size_t any_command(uint8_t *octets, size_t size)
{
	switch (dice_below(&world.dice, 9)) {
	case 0:
	case 1:
		return configure(octets, size);
	case 2:
		return universe_expire(&world.dice, world.time_ms, octets, size);
	case 3:
		return universe_drop(&world.dice, world.time_ms, octets, size);
	case 4:
		return universe_completion(&world.dice, world.time_ms, octets);
	case 5:
	case 6:
		return universe_pool_registration(&world.dice, world.state, world.time_ms, true,
		                                  octets, size);
	default:
		return universe_registration(&world.dice, world.state, world.time_ms, octets, size);
	}
}

static void apply_one(void)
{
	struct state_outcome outcome;
	uint8_t octets[8192];
	size_t size = any_command(octets, sizeof(octets));

	world.time_ms += dice_below(&world.dice, 4000);
	if (size == 0)
		return;
	CU_ASSERT_EQUAL_FATAL(
		state_apply(world.state, ++world.index, (struct span){ octets, size }, &outcome),
		HA_OK);
	state_outcome_free(&outcome);
}

/* ---- the mirror ---- */

static struct state_bound *place_of(uint32_t realm, struct in_addr home)
{
	struct state_bound *room = NULL;

	for (size_t i = 0; i < MIRROR_MAX; i++) {
		struct state_bound *at = &world.mirror[i];

		if (at->count && at->realm == realm && at->home.s_addr == home.s_addr)
			return at;
		if (!at->count)
			room = at;
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(room);
	return room;
}

static void follow(void)
{
	for (size_t i = 0; i < world.noted_count; i++)
		state_bound_at(world.state, world.noted[i].realm, world.noted[i].home,
		               place_of(world.noted[i].realm, world.noted[i].home));
	world.noted_count = 0;
}

static size_t count_mirror(void)
{
	size_t count = 0;

	for (size_t i = 0; i < MIRROR_MAX; i++)
		count += world.mirror[i].count > 0;
	return count;
}

static void compare(void)
{
	struct state_bound bound;
	uint32_t place = 0;
	size_t homes = 0;

	for (; state_next_bound(world.state, &place, &bound); homes++) {
		const struct state_bound *seen = place_of(bound.realm, bound.home);

		CU_ASSERT_EQUAL_FATAL(seen->count, bound.count);
		CU_ASSERT_TRUE(bound.count > 0);
		CU_ASSERT_EQUAL_FATAL(memcmp(seen->bindings, bound.bindings,
		                             bound.count * sizeof(bound.bindings[0])),
		                      0);
	}
	CU_ASSERT_EQUAL_FATAL(homes, count_mirror());
}

static size_t run_seed(uint64_t seed)
{
	enum ha_error why;
	size_t most = 0;

	memset(&world, 0, sizeof(world));
	world.dice.state = seed;
	world.time_ms = 1000000;
	world.index = 1;
	world.state = state_new(&capacity, universe_ring(), &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(world.state);
	state_set_configured(world.state, 1, 1);
	state_observe(world.state, note, &world);
	for (unsigned i = 0; i < COMMANDS; i++) {
		apply_one();
		follow();
		compare();
		most = count_mirror() > most ? count_mirror() : most;
	}
	state_free(world.state);
	return most;
}

static void who_looks_where_it_is_told_knows_all(void)
{
	size_t most = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		size_t bound = run_seed(seed);

		most = bound > most ? bound : most;
	}
	CU_ASSERT_TRUE(most >= 4); /* the worlds were not empty */
}

static void nobody_is_told_any_more(void)
{
	run_seed(1);
	world.noted_count = 0;
	world.state = NULL;
	world.state = state_new(&capacity, universe_ring(), &(enum ha_error){ 0 });
	CU_ASSERT_PTR_NOT_NULL_FATAL(world.state);
	state_set_configured(world.state, 1, 1);
	state_observe(world.state, note, &world);
	state_observe(world.state, NULL, NULL);
	for (unsigned i = 0; i < COMMANDS; i++)
		apply_one();
	CU_ASSERT_EQUAL(world.noted_count, 0);
	state_free(world.state);
}

static CU_TestInfo tests[] = {
	{ "who looks where it is told knows all", who_looks_where_it_is_told_knows_all },
	{ "nobody is told any more", nobody_is_told_any_more },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("bound", tests);
}
