/* test_mobile_off.c - a mobile node that is switched off and on again. */
#include "agentd/mobile/desk.h"

#include "tests/unit/mobile_world.h"

static void is_off(void)
{
	unsigned sent = seen.sent, solicited = seen.solicited;
	uint64_t heard = mobile.counts.advertisements;

	CU_ASSERT_EQUAL(mobile.state, MOBILE_OFF);
	CU_ASSERT_TRUE(seen.stay.off);
	CU_ASSERT_FALSE(seen.stay.attached || seen.stay.bound);
	CU_ASSERT_EQUAL(seen.stay.count, 0);
	CU_ASSERT_EQUAL(step(), UINT64_MAX);
	hear("203.0.113.1", 7);
	hear("192.0.2.1", 8);
	mobile_unsound(&mobile, DISCOVERY_CUT);
	have("198.51.100.7");
	mobile_link_changed(&mobile);
	pass(600000);
	CU_ASSERT_EQUAL(seen.sent, sent);
	CU_ASSERT_EQUAL(seen.solicited, solicited);
	CU_ASSERT_EQUAL(mobile.counts.advertisements, heard);
	CU_ASSERT_EQUAL(mobile.counts.unsound, 0);
	CU_ASSERT_EQUAL(mobile.heard.count, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_OFF);
}

static void be_registered(void)
{
	begin();
	have("198.51.100.7");
	reply(0, 200);
	pass(1000);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
}

static void switch_off(void)
{
	unsigned sent = seen.sent;

	mobile_enable(&mobile, false);
	pass(0);
	CU_ASSERT_EQUAL(seen.sent, sent + 1);
	CU_ASSERT_EQUAL(seen.plan.fixed.lifetime_s, 0);
	CU_ASSERT_TRUE(seen.stay.bound);
	CU_ASSERT_FALSE(seen.stay.off);
}

static void a_binding_is_ended_first(void)
{
	be_registered();
	switch_off();
	reply(0, 0);
	is_off();
	be_registered();
	switch_off();
	reply(129, 0); /* it will not */
	is_off();
}

static void all_bindings_are_ended(void)
{
	have_both();
	switch_off();
	CU_ASSERT(address_equal(seen.plan.fixed.care_of, address("10.0.0.5")));
	reply(0, 0);
	is_off();
}

/* It is asked three times, and is not waited for beyond the binding. */
static void a_silent_home_agent_is_not_waited_for(void)
{
	be_registered();
	switch_off();
	for (unsigned i = 0; i < 60 && mobile.state != MOBILE_OFF; i++)
		pass(1000);
	CU_ASSERT_EQUAL(mobile.counts.ending, 3);
	is_off();
	be_registered();
	switch_off();
	now_ms += 200000;
	step();
	is_off();
}

static void where_nothing_is_bound_it_is_off_at_once(void)
{
	begin();
	mobile_enable(&mobile, false);
	is_off();
	begin();
	have("198.51.100.7"); /* asked, and not answered */
	mobile_enable(&mobile, false);
	is_off();
	reply(0, 200); /* too late */
	CU_ASSERT_EQUAL(mobile.state, MOBILE_OFF);
	CU_ASSERT_FALSE(seen.stay.bound);
	begin();
	have("10.0.0.9");
	reply(0, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_HOME);
	mobile_enable(&mobile, false);
	is_off();
}

static void switched_on_it_looks_where_it_is(void)
{
	be_registered();
	switch_off();
	reply(0, 0);
	is_off();
	mobile_enable(&mobile, true);
	CU_ASSERT_FALSE(seen.stay.off);
	pass(1000);
	CU_ASSERT_EQUAL(seen.plan.fixed.lifetime_s, 300);
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
	/* Without an address it solicits at once. */
	have(NULL);
	mobile_enable(&mobile, false);
	is_off();
	have(NULL);
	mobile_enable(&mobile, true);
	pass(2000);
	CU_ASSERT(seen.solicited > 0);
	hear("203.0.113.1", 300);
	pass(1000);
	CU_ASSERT(address_equal(seen.plan.destination, address("203.0.113.1")));
}

/* A manager's SET that fails takes it back. */
static void switched_on_before_the_end_it_registers_again(void)
{
	be_registered();
	switch_off();
	mobile_enable(&mobile, true);
	CU_ASSERT_TRUE(seen.stay.bound);
	pass(1000);
	CU_ASSERT_EQUAL(seen.plan.fixed.lifetime_s, 300);
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
}

static void a_home_agent_may_be_left_meanwhile(void)
{
	be_registered();
	CU_ASSERT_EQUAL(mobile_add_home_agent(&mobile, address("192.0.2.2")), HA_OK);
	CU_ASSERT_EQUAL(mobile_remove_home_agent(&mobile, address("192.0.2.1")), HA_OK);
	switch_off();
	CU_ASSERT(address_equal(seen.plan.destination, address("192.0.2.1")));
	reply(0, 0);
	CU_ASSERT(address_equal(mobile.node.home_agent, address("192.0.2.2")));
	is_off();
	CU_ASSERT_EQUAL(mobile_remove_home_agent(&mobile, address("192.0.2.2")), HA_OK);
	CU_ASSERT_EQUAL(mobile_add_home_agent(&mobile, address("192.0.2.3")), HA_OK);
	is_off();
	mobile_enable(&mobile, true);
	pass(1000);
	CU_ASSERT(address_equal(seen.plan.destination, address("192.0.2.3")));
}

static void whoever_is_off_ends_at_once(void)
{
	be_registered();
	switch_off();
	reply(0, 0);
	mobile_end(&mobile);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ENDED);
	be_registered();
	switch_off();
	mobile_end(&mobile);
	pass(1000);
	CU_ASSERT_EQUAL(seen.plan.fixed.lifetime_s, 0);
	mobile_enable(&mobile, true); /* too late */
	reply(0, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ENDED);
}

static CU_TestInfo tests[] = {
	{ "a binding is ended first", a_binding_is_ended_first },
	{ "all bindings are ended", all_bindings_are_ended },
	{ "a silent home agent is not waited for", a_silent_home_agent_is_not_waited_for },
	{ "where nothing is bound it is off at once", where_nothing_is_bound_it_is_off_at_once },
	{ "switched on, it looks where it is", switched_on_it_looks_where_it_is },
	{ "switched on before the end, it registers again",
	  switched_on_before_the_end_it_registers_again },
	{ "a home agent may be left meanwhile", a_home_agent_may_be_left_meanwhile },
	{ "whoever is off ends at once", whoever_is_off_ends_at_once },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("mobile_off", tests);
}
