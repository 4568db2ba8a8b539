/* test_state_threads.c - one thread applies, two look and claim, one takes what
 * changed and copies it: for ThreadSanitizer, and for what must hold whatever
 * the order: a view is of one moment, and a claim is held by one. */
#include "agentd/state/state.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/state/command.h"
#include "tests/unit/look.h"
#include "tests/unit/state_universe.h"
#include "tests/unit/suite.h"

#define COMMANDS 30000u

static struct state *state;
static _Atomic bool finished;
static _Atomic uint32_t torn, looked, copied;

/* What cannot be true of one moment. */
static bool is_torn(const struct state_view *view, uint32_t spi)
{
	if (view->binding_count > view->limit || view->id == 0)
		return true;
	if (view->associated && (view->spi != spi || view->key.algorithm == 0))
		return true;
	for (size_t i = 0; i < view->binding_count; i++)
		if (view->bindings[i].identification > view->replay.identification)
			return true;
	return false;
}

static void *look(void *seed)
{
	struct dice dice = { (uintptr_t)seed };

	while (!finished) {
		struct in_addr home = universe_home(dice_below(&dice, UNIVERSE_HOMES));
		uint32_t spi = universe_spi(dice_below(&dice, UNIVERSE_SPIS));
		struct state_totals totals;
		struct state_view view;

		state_prefetch(state, PEER_MOBILE_NODE, 0, home);
		state_totals(state, &totals);
		if (!look_at(state, PEER_MOBILE_NODE, 0, home, spi, &view))
			continue;
		looked++;
		torn += is_torn(&view, spi);
		if (state_claim(state, &view, &(struct state_pace){ 0 }) == HA_OK)
			let_go(state, &view);
	}
	return NULL;
}

static void copy_all(struct dice *dice)
{
	struct state_peer_rows rows;
	uint32_t *slots;
	size_t count;

	CU_ASSERT_EQUAL_FATAL(state_take_dirty(state, &slots, &count), HA_OK);
	for (size_t i = 0; i < count; i++)
		copied += state_copy_peer(state, slots[i], &rows);
	if (dice_chance(dice, 4))
		state_return_dirty(state, slots, count, count);
	free(slots);
	copied += state_copy_at(state, 0, universe_home(dice_below(dice, UNIVERSE_HOMES)), &rows);
}

static void *copy(void *seed)
{
	struct dice dice = { (uintptr_t)seed };

	while (!finished)
		copy_all(&dice);
	return NULL;
}

static void apply(uint64_t index, struct span command)
{
	struct state_outcome outcome;

	CU_ASSERT_EQUAL(state_apply(state, index, command, &outcome), HA_OK);
	state_outcome_free(&outcome);
}

static void apply_something(struct dice *dice, uint64_t index, uint64_t time_ms)
{
	uint8_t octets[256], *made;
	size_t size;

	if (dice_chance(dice, 5)) {
		struct change change = universe_change(dice);

		CU_ASSERT_EQUAL(command_configure(time_ms, "test", NULL, &change, 1, &made, &size),
		                HA_OK);
		apply(index, (struct span){ made, size });
		free(made);
		return;
	}
	size = dice_chance(dice, 6)
	               ? universe_expire(dice, time_ms, octets, sizeof(octets))
	               : universe_registration(dice, state, time_ms, octets, sizeof(octets));
	apply(index, (struct span){ octets, size });
}

static void views_are_whole_while_others_write(void)
{
	static const struct state_capacity capacity = { 6, 12, 20 };
	static void *(*const roles[])(void *) = { look, look, copy };
	struct dice dice = { 1 };
	pthread_t threads[3];
	enum ha_error why;

	state = state_new(&capacity, universe_ring(), &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
	for (uintptr_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, roles[i], (void *)(i + 2)),
		                      0);
	for (uint64_t index = 1; index <= COMMANDS || !looked || !copied; index++)
		apply_something(&dice, index, 1000000 + index * 300);
	finished = true;
	for (size_t i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT_EQUAL(torn, 0);
	state_free(state);
}

/* ---- claims ---- */

static _Atomic uint32_t holders, claims, doubles;
static struct state_view claimed;

static void *claim(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < 20000; i++) {
		if (state_claim(state, &claimed, &(struct state_pace){ 0 }) != HA_OK)
			continue;
		claims++;
		doubles += holders++ != 0;
		holders--;
		let_go(state, &claimed);
	}
	return NULL;
}

static void claim_is_held_by_one(void)
{
	static const struct state_capacity capacity = { 1, 1, 1 };
	struct peer_row row = { .kind = PEER_MOBILE_NODE, .id = 1, .bindings = 1, .created = 1 };
	pthread_t threads[2];
	enum ha_error why;

	state = state_new(&capacity, universe_ring(), &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
	row.address = universe_home(0);
	CU_ASSERT_EQUAL(state_load_peer(state, &row), HA_OK);
	CU_ASSERT_TRUE(look_at(state, PEER_MOBILE_NODE, 0, row.address, 256, &claimed));
	for (size_t i = 0; i < 2; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, claim, NULL), 0);
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT_TRUE(claims > 0);
	CU_ASSERT_EQUAL(doubles, 0);
	state_free(state);
}

static CU_TestInfo tests[] = {
	{ "views are whole while others write", views_are_whole_while_others_write },
	{ "a claim is held by one", claim_is_held_by_one },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("state_threads", tests);
}
