/* test_lease.c - addresses of a pool of two, and who has them: reserved, leased,
 * given back and taken over, also while others reserve. */
#include <pthread.h>

#include "tests/unit/dice.h"
#include "tests/unit/lease_world.h"
#include "tests/unit/suite.h"

/* ---- one after the other ---- */

static void each_gets_one_until_all_are_taken(void)
{
	struct state_view view;

	begin("released");
	CU_ASSERT_EQUAL(come(0), FIRST);
	CU_ASSERT_EQUAL(come(1), SECOND);
	CU_ASSERT_EQUAL(come(2), 0);
	CU_ASSERT_EQUAL(come(0), FIRST); /* keeps it */
	CU_ASSERT_EQUAL(taken(), 2);
	view = look(2);
	CU_ASSERT_EQUAL(state_reserve(state, &view), HA_E_CAPACITY);
	CU_ASSERT_EQUAL(view.reserved.s_addr, 0);
	view.pool = LABEL_NONE;
	CU_ASSERT_EQUAL(state_reserve(state, &view), HA_E_NO_POOL);
	state_free(state);
}

static void it_goes_back_with_the_last_binding(void)
{
	begin("released");
	for (unsigned way = 0; way < 3; way++) {
		struct state_view view;

		CU_ASSERT_EQUAL(come(0), FIRST);
		view = look(0);
		CU_ASSERT_EQUAL(way == 0   ? unbind(&view)
		                : way == 1 ? expire(FIRST)
		                           : drop(FIRST, 0, false),
		                HA_OK);
		check(0, FIRST, false, 0);
		CU_ASSERT_EQUAL(taken(), 0);
	}
	state_free(state);
}

static void a_former_holder_comes_first_and_then_others(void)
{
	begin("released");
	come(0);
	CU_ASSERT_EQUAL(expire(FIRST), HA_OK);
	CU_ASSERT_EQUAL(come(1), SECOND); /* one that nobody had goes first */
	CU_ASSERT_EQUAL(come(0), FIRST);
	CU_ASSERT_EQUAL(expire(FIRST), HA_OK);
	CU_ASSERT_EQUAL(come(2), FIRST);
	check(0, 0, false, 0); /* evicted */
	CU_ASSERT_EQUAL(look(0).version, applied);
	CU_ASSERT_EQUAL(come(0), 0);
	state_free(state);
}

static void sticky_is_kept_until_released(void)
{
	begin("sticky");
	come(0);
	CU_ASSERT_TRUE(look(0).sticky);
	CU_ASSERT_EQUAL(expire(FIRST), HA_OK);
	check(0, FIRST, true, 0);
	come(1);
	CU_ASSERT_EQUAL(come(2), 0);
	CU_ASSERT_EQUAL(drop(FIRST, 0, true), HA_OK);
	check(0, FIRST, false, 0);
	CU_ASSERT_EQUAL(drop(FIRST, 0, true), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(come(2), FIRST);
	state_free(state);
}

/* What a lease is was settled when it was taken: the setting may be newer. */
static void a_pool_that_changes_does_not_change_leases(void)
{
	begin("sticky");
	come(0);
	CU_ASSERT_EQUAL(set("pool.p", "10.64.0.1-10.64.0.2 released"), HA_OK);
	come(1);
	CU_ASSERT_EQUAL(expire(FIRST), HA_OK);
	CU_ASSERT_EQUAL(expire(SECOND), HA_OK);
	check(0, FIRST, true, 0);
	check(1, SECOND, false, 0);
	come(0); /* from its next registration on */
	CU_ASSERT_EQUAL(expire(FIRST), HA_OK);
	check(0, FIRST, false, 0);
	CU_ASSERT_EQUAL(taken(), 0);
	state_free(state);
}

static void a_release_waits_for_bindings_that_stay(void)
{
	struct state_view view;
	const struct binding other = { .care_of = at(CARE_OF + 1), .expires_ms = TIME_MS + 9 };
	struct command_registration registration;

	begin("sticky");
	come(0);
	view = look(0);
	registration = asked(&view, FIRST);
	registration.binding = &other;
	registration.keep_others = true;
	CU_ASSERT_EQUAL(put(&registration), HA_OK);
	CU_ASSERT_EQUAL(drop(FIRST, CARE_OF, true), HA_OK);
	check(0, FIRST, true, 1);
	CU_ASSERT_EQUAL(drop(FIRST, CARE_OF + 1, true), HA_OK);
	check(0, FIRST, false, 0);
	CU_ASSERT_EQUAL(drop(SECOND, 0, true), HA_E_NOTFOUND);
	state_free(state);
}

/* ---- proposals under way ---- */

static void what_is_kept_for_a_proposal_nobody_else_gets(void)
{
	struct state_view first, second, third;

	begin("released");
	first = look(0);
	second = look(1);
	third = look(2);
	CU_ASSERT_EQUAL(state_reserve(state, &first), HA_OK);
	CU_ASSERT_EQUAL(state_reserve(state, &second), HA_OK);
	CU_ASSERT_NOT_EQUAL(first.reserved.s_addr, second.reserved.s_addr);
	CU_ASSERT_EQUAL(state_reserve(state, &third), HA_E_CAPACITY);
	state_unreserve(state, &first);
	CU_ASSERT_EQUAL(state_reserve(state, &third), HA_OK);
	CU_ASSERT_EQUAL(third.reserved.s_addr, first.reserved.s_addr);
	CU_ASSERT_EQUAL(claim(&third), HA_OK);
	let_go(&third); /* could not be put in order */
	CU_ASSERT_EQUAL(taken(), 1);
	CU_ASSERT_EQUAL(claim(&second), HA_OK);
	CU_ASSERT_EQUAL(claim(&second), HA_E_CONFLICT); /* and gives it back */
	state_free(state);
}

static void a_claim_that_fails_gives_the_address_back(void)
{
	struct state_view view, late;

	begin("released");
	view = look(0);
	CU_ASSERT_EQUAL(state_reserve(state, &view), HA_OK);
	late = look(0);
	CU_ASSERT_EQUAL(state_reserve(state, &late), HA_OK);
	CU_ASSERT_EQUAL(taken(), 2);
	CU_ASSERT_EQUAL(claim(&view), HA_OK);
	CU_ASSERT_EQUAL(claim(&late), HA_E_CONFLICT);
	CU_ASSERT_EQUAL(taken(), 1);
	state_free(state);
}

/* The node would take it again: between its end and that nobody may get it. */
static void an_address_released_under_a_proposal_stays_out(void)
{
	for (unsigned way = 0; way < 3; way++) {
		struct state_view view, other;

		begin("released");
		come(0);
		come(1);
		view = look(0);
		other = look(2);
		CU_ASSERT_EQUAL(claim(&view), HA_OK);
		CU_ASSERT_EQUAL(expire(FIRST), HA_OK);
		check(0, FIRST, false, 0);
		CU_ASSERT_EQUAL(state_reserve(state, &other), HA_E_CAPACITY);
		if (way == 0)
			CU_ASSERT_EQUAL(bind_at(&view, FIRST), HA_OK);
		if (way == 1)
			CU_ASSERT_EQUAL(unbind(&view), HA_OK);
		if (way == 2)
			let_go(&view);
		CU_ASSERT_EQUAL(taken(), way == 0 ? 2 : 1);
		CU_ASSERT_EQUAL(state_reserve(state, &other), way == 0 ? HA_E_CAPACITY : HA_OK);
		state_free(state);
	}
}

/* A deregistration names no address unless it has one. */
static void a_proposal_without_an_address_frees_nobodys(void)
{
	struct state_view former, other;

	begin("released");
	come(0);
	CU_ASSERT_EQUAL(expire(FIRST), HA_OK);
	former = look(0);
	other = look(1);
	other.home = at(FIRST);
	CU_ASSERT_EQUAL(state_reserve(state, &other), HA_OK);
	CU_ASSERT_EQUAL(host(other.reserved), FIRST);
	CU_ASSERT_EQUAL(claim(&former), HA_OK);
	CU_ASSERT_EQUAL(unbind(&former), HA_OK);
	CU_ASSERT_EQUAL(taken(), 1);
	former = look(0);
	CU_ASSERT_EQUAL(claim(&former), HA_OK);
	let_go(&former);
	CU_ASSERT_EQUAL(taken(), 1);
	state_free(state);
}

static void a_node_that_goes_leaves_its_address(void)
{
	const struct change gone = node_change(CHANGE_REMOVE_PEER, 0);

	for (unsigned way = 0; way < 4; way++) {
		struct state_view view;

		begin("sticky");
		if (way % 2)
			come(0);
		view = look(0);
		if (!view.leased)
			CU_ASSERT_EQUAL(state_reserve(state, &view), HA_OK);
		CU_ASSERT_EQUAL(claim(&view), HA_OK);
		CU_ASSERT_EQUAL(change(&gone), HA_OK);
		CU_ASSERT_EQUAL(taken(), 1); /* until the proposal has an end */
		if (way >= 2) {
			let_go(&view);
		} else {
			CU_ASSERT_EQUAL(bind_at(&view, FIRST), HA_E_NOTFOUND);
		}
		CU_ASSERT_EQUAL(taken(), 0);
		state_free(state);
	}
	begin("sticky");
	come(0);
	CU_ASSERT_EQUAL(change(&gone), HA_OK);
	CU_ASSERT_EQUAL(taken(), 0);
	CU_ASSERT_EQUAL(come(1), SECOND);
	CU_ASSERT_EQUAL(come(2), FIRST);
	state_free(state);
}

/* ---- who comes last has it ---- */

static void the_later_registration_has_the_address(void)
{
	struct state_view ann, bob;

	begin("sticky");
	come(0);
	ann = look(0);
	bob = look(1);
	CU_ASSERT_EQUAL(bind_at(&bob, FIRST), HA_OK);
	check(1, FIRST, true, 1);
	check(0, 0, false, 0);
	CU_ASSERT_EQUAL(look(0).version, applied);
	CU_ASSERT_EQUAL(taken(), 1);
	CU_ASSERT_EQUAL(bind_at(&ann, SECOND), HA_OK);
	CU_ASSERT_EQUAL(bind_at(&bob, SECOND), HA_OK); /* one address each: it moves */
	check(1, SECOND, true, 1);
	check(0, 0, false, 0);
	CU_ASSERT_EQUAL(taken(), 1);
	state_free(state);
}

/* Also when it comes to nothing: then it is nobody's. */
static void an_unknown_node_takes_the_address_from_others(void)
{
	struct state_view view;

	begin("sticky");
	come(0);
	view = look(1);
	view.id = 99;
	CU_ASSERT_EQUAL(bind_at(&view, FIRST), HA_E_NOTFOUND);
	check(0, 0, false, 0);
	CU_ASSERT_EQUAL(taken(), 0);
	state_free(state);
}

static void a_command_must_fit_its_node(void)
{
	struct change own = node_change(CHANGE_ADD_ASSOCIATION, 0);
	const struct binding binding = { .care_of = at(CARE_OF), .expires_ms = TIME_MS + 9 };
	struct command_registration registration;
	struct state_view view;

	begin("sticky");
	come(0);
	view = look(0);
	registration = asked(&view, FIRST);
	registration.binding = &binding;
	registration.name = NULL; /* by its place only */
	CU_ASSERT_EQUAL(put(&registration), HA_E_NOTFOUND);
	registration.name = &view.name;
	registration.place = (uint64_t)1 << 32 | FIRST; /* of another realm */
	CU_ASSERT_EQUAL(put(&registration), HA_E_EXISTS);
	registration.place = 0;
	CU_ASSERT_EQUAL(put(&registration), HA_E_STALE); /* that one counted */
	CU_ASSERT_EQUAL(bind_at(&view, 0), HA_E_EXISTS);
	check(0, FIRST, true, 1);

	own = (struct change){ .kind = CHANGE_ADD_ASSOCIATION, .peer = PEER_MOBILE_NODE };
	own.address = at(0x0a000001);
	own.spi = 256;
	own.algorithm = MIP_HMAC_MD5;
	own.key_size = 16;
	snprintf(own.nai, sizeof(own.nai), "dot");
	CU_ASSERT_EQUAL(change(&own), HA_OK);
	view.name = name_digest_of(0, (struct span){ (const uint8_t *)"dot", 3 });
	view.id = 4;
	CU_ASSERT_EQUAL(bind_at(&view, SECOND), HA_E_NOTFOUND); /* it has one of its own */
	CU_ASSERT_EQUAL(taken(), 1);
	state_free(state);
}

/* ---- threads: no address is kept for two, whoever applies meanwhile ---- */

#define ROUNDS 50000u

static _Atomic int keepers[2]; /* of each address, by a reservation that has no end yet */
static _Atomic uint32_t kept, doubles;
static _Atomic bool finished;

static bool find(struct state_view *view)
{
	return !view->leased && state_reserve(state, view) == HA_OK;
}

static void keep(const struct state_view *view)
{
	doubles += keepers[host(view->reserved) - FIRST]++ != 0;
}

static void keep_no_more(const struct state_view *view)
{
	keepers[host(view->reserved) - FIRST]--;
}

static void *reserve(void *seed)
{
	struct dice dice = { (uintptr_t)seed };

	while (!finished) {
		struct state_view view = look(dice_below(&dice, 3));

		if (!find(&view))
			continue;
		keep(&view);
		kept++;
		for (volatile unsigned busy = dice_below(&dice, 300); busy > 0; busy--)
			;
		keep_no_more(&view);
		if (dice_chance(&dice, 2))
			state_unreserve(state, &view);
		else if (claim(&view) == HA_OK) /* which otherwise gave back what was kept */
			let_go(&view);
	}
	return NULL;
}

/* A claim of who has an address that comes to nothing, while it ends or not. */
static void *claim_and_release(void *seed)
{
	struct dice dice = { (uintptr_t)seed };

	while (!finished) {
		struct state_view view = look(dice_below(&dice, 3));

		if (view.leased && claim(&view) == HA_OK)
			let_go(&view);
	}
	return NULL;
}

/* Another pool comes or goes, tried on a copy first. */
static void change_pools(bool comes)
{
	struct change pool = { .kind = comes ? CHANGE_SET : CHANGE_UNSET,
		               .name = "pool.q",
		               .value = "10.65.0.1-10.65.0.2 sticky" };
	uint8_t *octets;
	size_t size;

	CU_ASSERT_EQUAL_FATAL(
		command_configure_whole(TIME_MS, "test", NULL, &pool, 1, &octets, &size), HA_OK);
	CU_ASSERT_EQUAL(apply(octets, size), HA_OK);
	free(octets);
}

static void come_or_go(struct dice *dice)
{
	struct state_view view = look(dice_below(dice, 3));

	if (dice_chance(dice, 1000)) {
		change_pools(true);
		change_pools(false);
	}
	if (view.binding_count > 0 && dice_chance(dice, 2)) {
		expire(host(view.home));
	} else if (view.binding_count > 0) {
		if (claim(&view) == HA_OK)
			unbind(&view);
	} else if (find(&view) && claim(&view) == HA_OK) {
		keep(&view);
		bind_at(&view, host(view.reserved));
		keep_no_more(&view); /* it is leased */
	}
}

static void check_kept_by_one(const char *pool)
{
	void *(*const bodies[])(void *) = { reserve, reserve, claim_and_release };
	struct dice dice = { 1 };
	pthread_t threads[3];

	begin_over(pool);
	kept = doubles = 0;
	finished = false;
	for (uintptr_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, bodies[i], (void *)(i + 2)),
		                      0);
	for (unsigned i = 0; i < ROUNDS || !kept; i++)
		come_or_go(&dice);
	finished = true;
	for (size_t i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT_EQUAL(doubles, 0);
	CU_ASSERT_EQUAL(taken(), look(0).leased + look(1).leased + look(2).leased);
	state_free(state);
}

static void reservations_are_held_by_one(void)
{
	check_kept_by_one("10.64.0.1-10.64.0.2 released");
	check_kept_by_one("10.64.0.1-10.64.0.1 released"); /* others wait for it */
}

static CU_TestInfo tests[] = {
	{ "each gets one until all are taken", each_gets_one_until_all_are_taken },
	{ "it goes back with the last binding", it_goes_back_with_the_last_binding },
	{ "a former holder comes first, and then others",
	  a_former_holder_comes_first_and_then_others },
	{ "sticky is kept until released", sticky_is_kept_until_released },
	{ "a pool that changes does not change leases",
	  a_pool_that_changes_does_not_change_leases },
	{ "a release waits for bindings that stay", a_release_waits_for_bindings_that_stay },
	{ "what is kept for a proposal nobody else gets",
	  what_is_kept_for_a_proposal_nobody_else_gets },
	{ "a claim that fails gives the address back", a_claim_that_fails_gives_the_address_back },
	{ "an address released under a proposal stays out",
	  an_address_released_under_a_proposal_stays_out },
	{ "a proposal without an address frees nobody's",
	  a_proposal_without_an_address_frees_nobodys },
	{ "a node that goes leaves its address", a_node_that_goes_leaves_its_address },
	{ "the later registration has the address", the_later_registration_has_the_address },
	{ "an unknown node takes the address from others",
	  an_unknown_node_takes_the_address_from_others },
	{ "a command must fit its node", a_command_must_fit_its_node },
	{ "reservations are held by one", reservations_are_held_by_one },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("lease", tests);
}
