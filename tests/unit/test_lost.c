/* test_lost.c - leadership is lost with a registration under way. Its claim goes at
 * once; its entry may come later like anybody else's, or never. With addresses of a
 * pool of two. */
#include "tests/unit/lease_world.h"
#include "tests/unit/suite.h"

/* The node has an address of its own before, or not. */
#define FOR_BOTH(leased) for (unsigned leased = 0; leased < 2; leased++)

static void start(bool leased)
{
	begin("released");
	if (leased)
		CU_ASSERT_EQUAL(come(0), FIRST);
}

static struct state_view propose(unsigned who)
{
	struct state_view view = look(who);

	if (!view.leased)
		CU_ASSERT_EQUAL(state_reserve(state, &view), HA_OK);
	CU_ASSERT_EQUAL(claim(&view), HA_OK);
	return view;
}

static struct state_view lose(unsigned who)
{
	struct state_view view = propose(who);

	let_go(&view);
	return view;
}

static uint32_t kept(const struct state_view *view)
{
	return host(view->leased ? view->home : view->reserved);
}

static void never_applied_it_keeps_nothing(void)
{
	FOR_BOTH(leased)
	{
		struct state_view view;

		start(leased);
		view = propose(0);
		CU_ASSERT_EQUAL(taken(), 1);
		let_go(&view);
		CU_ASSERT_EQUAL(taken(), leased);
		check(0, leased ? FIRST : 0, leased, leased);
		CU_ASSERT_FALSE(look(0).in_flight);
		CU_ASSERT_NOT_EQUAL(come(1), 0);
		state_free(state);
	}
}

static void applied_later_it_is_like_anybody_elses(void)
{
	FOR_BOTH(leased)
	{
		struct state_view view;

		start(leased);
		view = lose(0);
		CU_ASSERT_EQUAL(bind_at(&view, kept(&view)), HA_OK);
		check(0, FIRST, true, 1);
		CU_ASSERT_EQUAL(taken(), 1);
		CU_ASSERT_FALSE(look(0).in_flight);
		state_free(state);
	}
}

/* The next leader ended the lease in between. */
static void applied_behind_an_expiry_it_takes_the_address_again(void)
{
	struct state_view view;

	start(true);
	view = lose(0);
	CU_ASSERT_EQUAL(expire(FIRST), HA_OK);
	CU_ASSERT_EQUAL(taken(), 0);
	CU_ASSERT_EQUAL(bind_at(&view, FIRST), HA_OK);
	check(0, FIRST, true, 1);
	CU_ASSERT_EQUAL(taken(), 1);
	state_free(state);
}

/* The next leader gave the address to another node; the lost entry came before
 * that, or never. */
static void overtaken_it_leaves_nothing_behind(void)
{
	FOR_BOTH(applied_too)
	{
		struct state_view view, other;

		start(false);
		view = lose(0);
		if (applied_too)
			CU_ASSERT_EQUAL(bind_at(&view, kept(&view)), HA_OK);
		other = look(1);
		CU_ASSERT_EQUAL(bind_at(&other, FIRST), HA_OK);
		check(1, FIRST, true, 1);
		check(0, 0, false, 0);
		CU_ASSERT_EQUAL(taken(), 1);
		CU_ASSERT_EQUAL(come(0), SECOND);
		CU_ASSERT_EQUAL(taken(), 2);
		state_free(state);
	}
}

/* This member leads again: what it had put in order before has come by then, or
 * never will. */
static void claimed_anew_the_node_is_claimed_once(void)
{
	FOR_BOTH(applied_too)
	{
		struct state_view view, again;

		start(false);
		view = lose(0);
		if (applied_too)
			CU_ASSERT_EQUAL(bind_at(&view, kept(&view)), HA_OK);
		again = propose(0);
		CU_ASSERT_TRUE(look(0).in_flight);
		CU_ASSERT_EQUAL(taken(), 1);
		CU_ASSERT_EQUAL(bind_at(&again, kept(&again)), HA_OK);
		check(0, kept(&again), true, 1);
		CU_ASSERT_FALSE(look(0).in_flight);
		CU_ASSERT_EQUAL(taken(), 1);
		CU_ASSERT_NOT_EQUAL(come(1), 0);
		CU_ASSERT_EQUAL(taken(), 2);
		state_free(state);
	}
}

/* An entry of the next leader ends a claim that this member has not let go yet: it
 * could not put its proposal in order any more. */
static void an_entry_of_another_leader_ends_a_claim(void)
{
	struct state_view view, same;

	start(false);
	view = propose(0);
	same = look(0);
	CU_ASSERT_EQUAL(bind_at(&same, SECOND), HA_OK);
	check(0, SECOND, true, 1);
	CU_ASSERT_FALSE(look(0).in_flight);
	CU_ASSERT_EQUAL(taken(), 2); /* what was kept is not free before it is let go */
	let_go(&view);
	CU_ASSERT_EQUAL(taken(), 1);
	CU_ASSERT_EQUAL(come(1), FIRST);
	state_free(state);
}

static void a_node_that_went_meanwhile_is_not_touched(void)
{
	const struct change gone = node_change(CHANGE_REMOVE_PEER, 0);
	struct state_view view, other;

	start(true);
	view = propose(0);
	CU_ASSERT_EQUAL(change(&gone), HA_OK);
	other = look(1);
	CU_ASSERT_EQUAL(bind_at(&other, FIRST), HA_OK);
	let_go(&view);
	check(1, FIRST, true, 1);
	CU_ASSERT_EQUAL(taken(), 1);
	CU_ASSERT_EQUAL(bind_at(&view, FIRST), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(taken(), 0); /* whoever comes last for an address has it */
	state_free(state);
}

static CU_TestInfo tests[] = {
	{ "never applied, it keeps nothing", never_applied_it_keeps_nothing },
	{ "applied later, it is like anybody else's", applied_later_it_is_like_anybody_elses },
	{ "applied behind an expiry, it takes the address again",
	  applied_behind_an_expiry_it_takes_the_address_again },
	{ "overtaken, it leaves nothing behind", overtaken_it_leaves_nothing_behind },
	{ "claimed anew, the node is claimed once", claimed_anew_the_node_is_claimed_once },
	{ "an entry of another leader ends a claim", an_entry_of_another_leader_ends_a_claim },
	{ "a node that went meanwhile is not touched", a_node_that_went_meanwhile_is_not_touched },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("lost", tests);
}
