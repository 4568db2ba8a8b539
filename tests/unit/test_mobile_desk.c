/* test_mobile_desk.c - what a mobile node shows, how it counts, and home agents that come and go. */
#include "agentd/mobile/desk.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tests/unit/mobile_world.h"

/* ---- home agents ---- */

static void another_home_agent_is_used_when_there_is_none(void)
{
	begin();
	CU_ASSERT_EQUAL(mobile_add_home_agent(&mobile, address("192.0.2.1")), HA_E_EXISTS);
	CU_ASSERT_EQUAL(mobile_add_home_agent(&mobile, address("224.0.0.1")), HA_E_MALFORMED);
	CU_ASSERT_EQUAL(mobile_remove_home_agent(&mobile, address("192.0.2.2")), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(mobile_remove_home_agent(&mobile, address("192.0.2.1")), HA_OK);
	CU_ASSERT_EQUAL(mobile.node.home_agent.s_addr, 0);
	CU_ASSERT_EQUAL(mobile_add_home_agent(&mobile, address("192.0.2.2")), HA_OK);
	have("198.51.100.7");
	CU_ASSERT(address_equal(seen.plan.destination, address("192.0.2.2")));
	for (unsigned i = 3; i < 2 + MOBILE_HOME_AGENTS_MAX; i++)
		CU_ASSERT_EQUAL(
			mobile_add_home_agent(&mobile, (struct in_addr){ htonl(0xc0000200u + i) }),
			HA_OK);
	CU_ASSERT_EQUAL(mobile_add_home_agent(&mobile, address("192.0.2.99")), HA_E_CAPACITY);
}

/* Bound with the first of two. */
static void be_bound(void)
{
	begin();
	have("198.51.100.7");
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile_add_home_agent(&mobile, address("192.0.2.2")), HA_OK);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
	pass(1000);
	CU_ASSERT_EQUAL(seen.sent, 1);
	CU_ASSERT_EQUAL(mobile_remove_home_agent(&mobile, address("192.0.2.1")), HA_OK);
	pass(0);
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT(address_equal(seen.plan.destination, address("192.0.2.1")));
	CU_ASSERT_EQUAL(seen.plan.fixed.lifetime_s, 0);
	CU_ASSERT(seen.stay.bound);
}

static void asks_the_second(void)
{
	pass(1000);
	CU_ASSERT(address_equal(seen.plan.destination, address("192.0.2.2")));
	CU_ASSERT(address_equal(seen.plan.fixed.home_agent, address("192.0.2.2")));
	CU_ASSERT_EQUAL(seen.plan.fixed.lifetime_s, 300);
	CU_ASSERT_FALSE(seen.stay.bound);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ASKING);
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
}

static void a_binding_ends_with_its_home_agent(void)
{
	be_bound();
	reply(0, 0);
	asks_the_second();
	be_bound();
	reply(129, 0); /* it will not: it is left all the same */
	asks_the_second();
}

static void all_bindings_end_with_their_home_agent(void)
{
	have_both();
	CU_ASSERT_EQUAL(mobile_add_home_agent(&mobile, address("192.0.2.2")), HA_OK);
	CU_ASSERT_EQUAL(mobile_remove_home_agent(&mobile, address("192.0.2.1")), HA_OK);
	step();
	CU_ASSERT_EQUAL(seen.plan.fixed.lifetime_s, 0);
	CU_ASSERT(address_equal(seen.plan.fixed.care_of, address("10.0.0.5")));
	CU_ASSERT(address_equal(seen.plan.source, address("198.51.101.7")));
	reply(0, 0);
	asks_the_second();
}

/* A manager's SET that fails takes it back. */
static void a_home_agent_that_comes_back_is_used_as_before(void)
{
	be_bound();
	CU_ASSERT_EQUAL(mobile_add_home_agent(&mobile, address("192.0.2.1")), HA_OK);
	pass(1000);
	CU_ASSERT(address_equal(seen.plan.destination, address("192.0.2.1")));
	CU_ASSERT_EQUAL(seen.plan.fixed.lifetime_s, 300);
	CU_ASSERT(seen.stay.bound);
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
	CU_ASSERT_EQUAL(mobile.home_agent_count, 2);
	/* Also where there was nothing to end, and another one was taken at once. */
	begin();
	have("198.51.100.7");
	CU_ASSERT_EQUAL(mobile_add_home_agent(&mobile, address("192.0.2.2")), HA_OK);
	CU_ASSERT_EQUAL(mobile_remove_home_agent(&mobile, address("192.0.2.1")), HA_OK);
	CU_ASSERT(address_equal(mobile.node.home_agent, address("192.0.2.2")));
	CU_ASSERT_EQUAL(mobile_add_home_agent(&mobile, address("192.0.2.1")), HA_OK);
	CU_ASSERT(address_equal(mobile.node.home_agent, address("192.0.2.1")));
	/* But not when the other one has been asked meanwhile. */
	CU_ASSERT_EQUAL(mobile_remove_home_agent(&mobile, address("192.0.2.1")), HA_OK);
	pass(1000);
	CU_ASSERT(address_equal(seen.plan.destination, address("192.0.2.2")));
	CU_ASSERT_EQUAL(mobile_add_home_agent(&mobile, address("192.0.2.1")), HA_OK);
	CU_ASSERT(address_equal(mobile.node.home_agent, address("192.0.2.2")));
}

static void a_silent_home_agent_is_left_after_a_while(void)
{
	be_bound();
	for (unsigned i = 0; i < 60 && address_equal(seen.plan.destination, address("192.0.2.1"));
	     i++)
		pass(1000);
	CU_ASSERT_EQUAL(mobile.counts.ending, 3);
	asks_the_second();
}

static void whoever_ends_waits_for_one_end_alone(void)
{
	be_bound();
	mobile_end(&mobile);
	pass(1000);
	reply(0, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ENDED);
}

/* ---- counters ---- */

static void blames(const char *whom, enum registration_violation reason, uint32_t spi)
{
	CU_ASSERT(address_equal(seen.violation.address, address(whom)));
	CU_ASSERT_EQUAL(seen.violation.reason, reason);
	CU_ASSERT_EQUAL(seen.violation.spi, spi);
	CU_ASSERT_EQUAL(seen.violation.identification, seen.plan.fixed.identification);
	CU_ASSERT_EQUAL(seen.violation.last_ms, now_ms);
}

/* Through a foreign agent: that of the agent, and then that of the home agent. */
static void whoever_should_have_signed_is_to_blame(void)
{
	static struct mip_key_state shared;

	begin();
	hear("203.0.113.1", 5);
	signing_key = key_of("of-somebody-else");
	reply(0, 200);
	blames("192.0.2.1", VIOLATION_BAD_AUTHENTICATOR, HOME_SPI);
	begin();
	shared = key_of("mobile-foreign..");
	settings.foreign = (struct mobile_key){ 900, &shared };
	hear("203.0.113.1", 5);
	reply(0, 200);
	blames("203.0.113.1", VIOLATION_BAD_AUTHENTICATOR, 0);
	CU_ASSERT_EQUAL(seen.violated, 1);
	reply(66, 0);
	CU_ASSERT_EQUAL(seen.violated, 2);
	CU_ASSERT_EQUAL(mobile.counts.unsigned_agent, 2);
}

static void replies_are_counted_by_what_is_wrong(void)
{
	begin();
	have("198.51.100.7");
	signing_key = key_of("of-somebody-else");
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.counts.unsigned_home_agent, 1);
	blames("192.0.2.1", VIOLATION_BAD_AUTHENTICATOR, HOME_SPI);
	signing_key = home_key;
	seen.plan.fixed.identification++;
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.counts.bad_identification, 1);
	blames("192.0.2.1", VIOLATION_BAD_IDENTIFIER, HOME_SPI);
	seen.plan.fixed.identification--;
	seen.plan.fixed.home = address("10.0.0.6");
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.counts.bad_home, 1);
	seen.plan.fixed.home = address("10.0.0.5");
	seen.plan.destination = address("192.0.2.66");
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.counts.bad_home_agent, 1);
	blames("192.0.2.66", VIOLATION_OTHER, 0);
	CU_ASSERT_EQUAL(mobile.counts.discarded, 4);
	CU_ASSERT_EQUAL(mobile.counts.violations, seen.violated);
	seen.plan.destination = address("192.0.2.1");
	reply(133, 0);
	CU_ASSERT_EQUAL(mobile.counts.denied_identification, 1);
	CU_ASSERT_EQUAL(mobile.counts.denied_home_agent, 1);
	CU_ASSERT_EQUAL(mobile.counts.replies, 4);
	CU_ASSERT_EQUAL(mobile.counts.replies_ending, 1);
	begin();
	hear("203.0.113.1", 5);
	reply(66, 0);
	CU_ASSERT_EQUAL(mobile.counts.denied_agent, 1);
	CU_ASSERT_EQUAL(mobile.counts.denied_home_agent, 0);
}

static void advertisements_are_counted_by_what_they_say(void)
{
	begin();
	hear("203.0.113.1", 300);
	reply(0, 200);
	hear("203.0.113.1", 0);
	CU_ASSERT_EQUAL(mobile.counts.restarts, 1);
	CU_ASSERT_EQUAL(mobile.last.sequence, 0);
	CU_ASSERT(address_equal(mobile.last.source, address("203.0.113.1")));
	mobile_unsound(&mobile, DISCOVERY_UNKNOWN);
	mobile_unsound(&mobile, DISCOVERY_CUT);
	mobile_unsound(&mobile, DISCOVERY_CHECKSUM);
	mobile_unsound(&mobile, DISCOVERY_OTHER_TYPE);
	CU_ASSERT_EQUAL(mobile.counts.unsound, 2);
}

static void moves_are_counted_by_where_they_lead(void)
{
	begin();
	have("198.51.100.7");
	have("198.51.101.7");
	CU_ASSERT_EQUAL(mobile.counts.moves_on, 1);
	have("10.0.0.9");
	CU_ASSERT_EQUAL(mobile.counts.moves_home, 1);
	have(NULL);
	have("198.51.100.7");
	CU_ASSERT_EQUAL(mobile.counts.moves_away, 1);
	CU_ASSERT_EQUAL(mobile.counts.moves, 4);
}

/* ---- what is shown ---- */

static void attempts_are_shown_until_they_hold(void)
{
	static struct mobile_shown shown;

	begin();
	hear("203.0.113.1", 5);
	mobile_shown_of(&mobile, &shown);
	CU_ASSERT_EQUAL_FATAL(shown.attempt_count, 1);
	CU_ASSERT_FALSE(shown.attempts[0].accepted);
	CU_ASSERT(address_equal(shown.attempts[0].as.agent, address("203.0.113.1")));
	CU_ASSERT_EQUAL(shown.attempts[0].as.granted_s, 200); /* no more than it takes */
	CU_ASSERT_EQUAL(shown.attempts[0].as.identification, seen.plan.fixed.identification);
	CU_ASSERT_EQUAL_FATAL(shown.pair_count, 1);
	CU_ASSERT(address_equal(shown.pairs[0].care_of, address("203.0.113.1")));
	reply(0, 100);
	mobile_shown_of(&mobile, &shown);
	CU_ASSERT_EQUAL_FATAL(shown.attempt_count, 1);
	CU_ASSERT_TRUE(shown.attempts[0].accepted && shown.bound);
	CU_ASSERT_EQUAL(shown.attempts[0].as.granted_s, 100);
	CU_ASSERT_FALSE(shown.attempts[0].as.own);
	CU_ASSERT_EQUAL(shown.attempts[0].as.sent_ms, now_ms);
	CU_ASSERT_EQUAL(shown.home_agent_count, 1);
}

static void associations_are_shown_by_whom_they_are_with(void)
{
	static struct mip_key_state shared;
	static struct mobile_shown shown;

	begin();
	shared = key_of("mobile-foreign..");
	settings.foreign = (struct mobile_key){ 900, &shared };
	settings.nonces = true;
	CU_ASSERT_EQUAL(mobile_add_home_agent(&mobile, address("192.0.2.2")), HA_OK);
	hear("203.0.113.1", 5);
	hear_with("192.0.2.9", AGENT_HOME, 5, "");
	mobile_shown_of(&mobile, &shown);
	CU_ASSERT_EQUAL_FATAL(shown.association_count, 3);
	for (size_t i = 0; i < 2; i++) {
		CU_ASSERT(address_equal(shown.associations[i].peer, shown.home_agents[i]));
		CU_ASSERT_EQUAL(shown.associations[i].spi, HOME_SPI);
		CU_ASSERT_EQUAL(shown.associations[i].algorithm, home_key.algorithm);
		CU_ASSERT_TRUE(shown.associations[i].of_home);
	}
	CU_ASSERT(address_equal(shown.associations[2].peer, address("203.0.113.1")));
	CU_ASSERT_EQUAL(shown.associations[2].spi, 900);
	CU_ASSERT_FALSE(shown.associations[2].of_home);
	CU_ASSERT_TRUE(shown.nonces);
	settings.foreign = (struct mobile_key){ 0 };
	mobile_shown_of(&mobile, &shown);
	CU_ASSERT_EQUAL(shown.association_count, 2);
}

/* ---- the desk ---- */

struct asking {
	struct mobile_desk *desk;
	struct mobile_wish wishes[2], undo[2];
	enum ha_error outcome;
	size_t refused;
	atomic_bool done;
};

static void *ask_and_wait(void *context)
{
	struct asking *asking = context;

	asking->outcome = mobile_desk_ask(asking->desk, asking->wishes, 2, asking->undo,
	                                  &asking->refused);
	atomic_store(&asking->done, true);
	return NULL;
}

/* While somebody else is the node. */
static void ask_of_node(struct asking *asking)
{
	pthread_t thread;

	atomic_store(&asking->done, false);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, ask_and_wait, asking), 0);
	while (!atomic_load(&asking->done))
		mobile_desk_work(asking->desk, &mobile);
	pthread_join(thread, NULL);
}

static struct mobile_wish wish_of(bool wanted, const char *home_agent)
{
	return (struct mobile_wish){ .wanted = wanted, .home_agent = address(home_agent) };
}

static void all_that_is_asked_is_done_or_nothing(void)
{
	struct asking asking = { .desk = mobile_desk_open() };
	static struct mobile_shown shown;

	CU_ASSERT_PTR_NOT_NULL_FATAL(asking.desk);
	begin();
	asking.wishes[0] = wish_of(true, "192.0.2.2");
	asking.wishes[1] = wish_of(true, "192.0.2.1");
	ask_of_node(&asking);
	CU_ASSERT_EQUAL(asking.outcome, HA_E_EXISTS);
	CU_ASSERT_EQUAL(asking.refused, 1);
	mobile_desk_look(asking.desk, &shown);
	CU_ASSERT_EQUAL(shown.home_agent_count, 1);
	asking.wishes[1] = wish_of(false, "192.0.2.1");
	ask_of_node(&asking);
	CU_ASSERT_EQUAL(asking.outcome, HA_OK);
	mobile_desk_look(asking.desk, &shown);
	CU_ASSERT_EQUAL_FATAL(shown.home_agent_count, 1);
	CU_ASSERT(address_equal(shown.home_agents[0], address("192.0.2.2")));
	asking.wishes[0] = asking.undo[0];
	asking.wishes[1] = asking.undo[1];
	ask_of_node(&asking);
	CU_ASSERT_EQUAL(asking.outcome, HA_OK);
	mobile_desk_look(asking.desk, &shown);
	CU_ASSERT(address_equal(shown.home_agents[0], address("192.0.2.1")));
	/* Nobody is there to do it: it is not done later either. */
	CU_ASSERT_PTR_NULL(ask_and_wait(&asking));
	CU_ASSERT_EQUAL(asking.outcome, HA_E_BUSY);
	mobile_desk_work(asking.desk, &mobile);
	mobile_desk_look(asking.desk, &shown);
	CU_ASSERT(address_equal(shown.home_agents[0], address("192.0.2.1")));
	mobile_desk_close(asking.desk);
}

static void the_switch_is_asked_for_with_the_rest(void)
{
	struct asking asking = { .desk = mobile_desk_open() };
	static struct mobile_shown shown;

	CU_ASSERT_PTR_NOT_NULL_FATAL(asking.desk);
	begin();
	asking.wishes[0] = (struct mobile_wish){ .kind = MOBILE_WISH_ENABLED };
	asking.wishes[1] = wish_of(true, "192.0.2.1");
	ask_of_node(&asking);
	CU_ASSERT_EQUAL(asking.outcome, HA_E_EXISTS);
	CU_ASSERT_EQUAL(asking.refused, 1);
	mobile_desk_look(asking.desk, &shown);
	CU_ASSERT_FALSE(shown.off);
	asking.wishes[1].home_agent = address("192.0.2.2");
	ask_of_node(&asking);
	CU_ASSERT_EQUAL(asking.outcome, HA_OK);
	mobile_desk_look(asking.desk, &shown);
	CU_ASSERT_TRUE(shown.off);
	CU_ASSERT_EQUAL(shown.state, MOBILE_OFF);
	memcpy(asking.wishes, asking.undo, sizeof(asking.wishes));
	ask_of_node(&asking);
	CU_ASSERT_EQUAL(asking.outcome, HA_OK);
	mobile_desk_look(asking.desk, &shown);
	CU_ASSERT_FALSE(shown.off);
	CU_ASSERT_EQUAL(shown.home_agent_count, 1);
	/* To be what it is already is taken back as that. */
	asking.wishes[0] = (struct mobile_wish){ .wanted = true, .kind = MOBILE_WISH_ENABLED };
	ask_of_node(&asking);
	CU_ASSERT_TRUE(asking.undo[1].kind == MOBILE_WISH_ENABLED && asking.undo[1].wanted);
	mobile_desk_close(asking.desk);
}

static CU_TestInfo tests[] = {
	{ "another home agent is used when there is none",
	  another_home_agent_is_used_when_there_is_none },
	{ "a binding ends with its home agent", a_binding_ends_with_its_home_agent },
	{ "all bindings end with their home agent", all_bindings_end_with_their_home_agent },
	{ "a home agent that comes back is used as before",
	  a_home_agent_that_comes_back_is_used_as_before },
	{ "a silent home agent is left after a while", a_silent_home_agent_is_left_after_a_while },
	{ "whoever ends waits for one end alone", whoever_ends_waits_for_one_end_alone },
	{ "replies are counted by what is wrong", replies_are_counted_by_what_is_wrong },
	{ "whoever should have signed is to blame", whoever_should_have_signed_is_to_blame },
	{ "advertisements are counted by what they say",
	  advertisements_are_counted_by_what_they_say },
	{ "moves are counted by where they lead", moves_are_counted_by_where_they_lead },
	{ "attempts are shown until they hold", attempts_are_shown_until_they_hold },
	{ "associations are shown by whom they are with",
	  associations_are_shown_by_whom_they_are_with },
	{ "all that is asked is done or nothing", all_that_is_asked_is_done_or_nothing },
	{ "the switch is asked for with the rest", the_switch_is_asked_for_with_the_rest },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("mobile_desk", tests);
}
