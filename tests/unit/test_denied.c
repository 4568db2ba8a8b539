/* test_denied.c - who was denied and who has an address from a pool, in the order of
 * addresses: as a look at every single node says it, whatever happens to them. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/state/command.h"
#include "tests/unit/look.h"
#include "tests/unit/state_universe.h"
#include "tests/unit/suite.h"
#include "tests/unit/universe_pools.h"

#define COMMANDS 20000u
#define MANY 5000u
#define REALMS 2u
#define CANDIDATES (UNIVERSE_HOMES + UNIVERSE_POOL_ADDRESSES)

static const struct state_capacity capacity = { 64, 256, 512 };
static struct state *state;
static uint64_t time_ms;

static void open_state(const struct state_capacity *room)
{
	enum ha_error why;

	time_ms = 1000000;
	state = state_new(room, universe_ring(), &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
}

/* ---- what a look at each says ---- */

static int compare(const void *one, const void *other)
{
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;

	return a < b ? -1 : a > b;
}

/* All addresses that anybody may have. */
static void candidates(uint32_t out[CANDIDATES])
{
	for (unsigned i = 0; i < UNIVERSE_HOMES; i++)
		out[i] = address_host(universe_home(i));
	for (unsigned i = 0; i < UNIVERSE_POOL_ADDRESSES; i++)
		out[UNIVERSE_HOMES + i] = address_host(universe_pool_address(i));
	qsort(out, CANDIDATES, sizeof(*out), compare);
}

static bool is_denied(uint32_t realm, struct in_addr home)
{
	struct state_service service;

	return state_service(state, realm, home, NULL, &service) && service.denied_code;
}

/* Are the two orders of this realm what the single nodes say? */
static bool is_right(uint32_t realm)
{
	const struct in_addr last = { INADDR_BROADCAST };
	struct in_addr denied = { 0 }, leased = { 0 };
	uint32_t all[CANDIDATES];

	candidates(all);
	for (size_t i = 0; i < CANDIDATES; i++) {
		struct in_addr home = { htonl(all[i]) };
		struct state_view view;

		if ((i && all[i] == all[i - 1]) ||
		    !look_at(state, PEER_MOBILE_NODE, realm, home, 0, &view) ||
		    (view.pool != LABEL_NONE && !view.leased))
			continue;
		if (view.leased) {
			if (!state_next_leased(state, realm, &leased, last) ||
			    leased.s_addr != home.s_addr)
				return false;
			leased.s_addr = htonl(all[i] + 1);
		}
		if (is_denied(realm, home)) {
			if (!state_next_denied(state, realm, &denied) ||
			    denied.s_addr != home.s_addr)
				return false;
			denied.s_addr = htonl(all[i] + 1);
		}
	}
	return !state_next_denied(state, realm, &denied) &&
	       !state_next_leased(state, realm, &leased, last);
}

/* ---- whatever happens ---- */

static void apply(uint64_t index, const void *octets, size_t size)
{
	struct state_outcome outcome;

	if (size == 0)
		return;
	CU_ASSERT_EQUAL_FATAL(state_apply(state, index, (struct span){ octets, size }, &outcome),
	                      HA_OK);
	state_outcome_free(&outcome);
}

static void configure(struct dice *dice, uint64_t index)
{
	struct change change = dice_chance(dice, 2) ? universe_change(dice)
	                                            : universe_pool_change(dice);
	uint8_t *octets;
	size_t size;

	CU_ASSERT_EQUAL_FATAL(command_configure(time_ms, "test", NULL, &change, 1, &octets, &size),
	                      HA_OK);
	apply(index, octets, size);
	free(octets);
}

static bool deny(struct dice *dice)
{
	uint32_t realm = dice_chance(dice, 8);
	struct state_view view;
	bool known = dice_chance(dice, 2)
	                     ? universe_look(state, realm, dice_below(dice, UNIVERSE_NAMES), 0,
	                                     &view)
	                     : look_at(state, PEER_MOBILE_NODE, realm,
	                               universe_home(dice_below(dice, UNIVERSE_HOMES)), 0, &view);

	if (known)
		state_note_denial(state, &view, (uint8_t)(128u + dice_below(dice, 8)), time_ms);
	return known;
}

static void step(struct dice *dice, uint64_t index)
{
	uint8_t octets[256];
	uint32_t what = dice_below(dice, 12);

	time_ms += dice_below(dice, 2000);
	if (what < 3)
		configure(dice, index);
	else if (what < 4)
		apply(index, octets, universe_expire(dice, time_ms, octets, sizeof(octets)));
	else if (what < 5)
		apply(index, octets, universe_drop(dice, time_ms, octets, sizeof(octets)));
	else if (what < 7)
		apply(index, octets,
		      universe_registration(dice, state, time_ms, octets, sizeof(octets)));
	else if (what < 10)
		apply(index, octets,
		      universe_pool_registration(dice, state, time_ms, dice_chance(dice, 4), octets,
		                                 sizeof(octets)));
	else
		deny(dice);
}

static void orders_are_what_single_nodes_say(void)
{
	struct dice dice = { 11 };
	unsigned wrong = 0, denied = 0, leased = 0;

	open_state(&capacity);
	for (uint64_t index = 1; index <= COMMANDS; index++) {
		struct in_addr first = { 0 }, other = { 0 };

		step(&dice, index);
		for (uint32_t realm = 0; realm < REALMS; realm++)
			wrong += !is_right(realm);
		denied += state_next_denied(state, 0, &first);
		leased += state_next_leased(state, 0, &other, (struct in_addr){ INADDR_BROADCAST });
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_TRUE(denied > COMMANDS / 10u && leased > COMMANDS / 10u);
	state_free(state);
}

/* ---- many ---- */

static struct in_addr scattered(uint32_t i)
{
	return (struct in_addr){ htonl(0x0a000000u | (i * 0x9e3779b1u & 0x3fffffu)) };
}

static void load_many(void)
{
	const struct state_capacity room = { MANY, MANY, MANY };

	open_state(&room);
	for (uint32_t i = 0; i < MANY; i++) {
		const struct peer_row row = { .kind = PEER_MOBILE_NODE,
			                      .address = scattered(i),
			                      .id = i + 1u,
			                      .bindings = 1 };

		CU_ASSERT_EQUAL_FATAL(state_load_peer(state, &row), HA_OK);
	}
	state_set_configured(state, 1, MANY + 1u);
}

/* How many places of the walk are not those of the list. */
static size_t differences(uint32_t *list, size_t count)
{
	struct in_addr home = { 0 };
	size_t wrong = 0;

	qsort(list, count, sizeof(*list), compare);
	for (size_t i = 0; i < count; i++) {
		wrong += !state_next_denied(state, 0, &home) || address_host(home) != list[i];
		home.s_addr = htonl(list[i] + 1u);
	}
	return wrong + state_next_denied(state, 0, &home);
}

static void many_are_in_order(void)
{
	static uint32_t list[MANY];
	static bool was[MANY];
	struct dice dice = { 3 };
	size_t count = 0;

	load_many();
	while (count < MANY * 3u / 4u) {
		uint32_t who = dice_below(&dice, MANY);
		struct state_view view;

		CU_ASSERT_TRUE_FATAL(look_at(state, PEER_MOBILE_NODE, 0, scattered(who), 0, &view));
		state_note_denial(state, &view, 131, 1);
		if (!was[who])
			list[count++] = address_host(scattered(who));
		was[who] = true;
		if (count % 500u == 0)
			CU_ASSERT_EQUAL(differences(list, count), 0);
	}
	CU_ASSERT_EQUAL(differences(list, count), 0);
	state_free(state);
}

/* ---- threads ---- */

static _Atomic bool finished;
static _Atomic uint64_t noted, listed;

static void *deny_all_the_time(void *argument)
{
	struct dice dice = { (uintptr_t)argument };
	uint64_t count = 0;

	while (!finished) {
		uint32_t realm = dice_chance(&dice, 8);
		struct state_view view;

		if (!universe_look(state, realm, dice_below(&dice, UNIVERSE_NAMES), 0, &view))
			continue;
		state_note_denial(state, &view, 133, ++count);
		noted++;
	}
	return NULL;
}

static void *list_all_the_time(void *argument)
{
	(void)argument;
	while (!finished) {
		struct in_addr home = { 0 }, lease = { 0 };

		while (state_next_denied(state, 0, &home)) {
			home.s_addr = htonl(address_host(home) + 1u);
			listed++;
		}
		listed += state_next_leased(state, 0, &lease, (struct in_addr){ INADDR_BROADCAST });
	}
	return NULL;
}

static void others_list_while_nodes_change(void)
{
	struct dice dice = { 7 };
	pthread_t threads[3];

	open_state(&capacity);
	finished = false;
	noted = listed = 0;
	pthread_create(&threads[0], NULL, deny_all_the_time, (void *)1);
	pthread_create(&threads[1], NULL, deny_all_the_time, (void *)2);
	pthread_create(&threads[2], NULL, list_all_the_time, NULL);
	for (uint64_t index = 1; index <= COMMANDS || !noted || !listed; index++)
		step(&dice, index);
	finished = true;
	for (size_t i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	for (uint32_t realm = 0; realm < REALMS; realm++)
		CU_ASSERT_TRUE(is_right(realm));
	state_free(state);
}

static CU_TestInfo tests[] = {
	{ "orders are what single nodes say", orders_are_what_single_nodes_say },
	{ "many are in order", many_are_in_order },
	{ "others list while nodes change", others_list_while_nodes_change },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("denied", tests);
}
