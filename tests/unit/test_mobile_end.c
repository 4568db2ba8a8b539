/* test_mobile_end.c - a mobile node that is to end all its bindings: at once, as far as it is let. */
#include "tests/unit/mobile_world.h"

static bool is_care_of(const char *care_of)
{
	return seen.plan.fixed.lifetime_s == 0 &&
	       address_equal(seen.plan.fixed.care_of, address(care_of));
}

/* Bound by one agent after the other, the last one in use. */
static void be_bound_twice(void)
{
	begin();
	settings.simultaneous = true;
	hear_care_of("203.0.113.1", "203.0.113.1", 9);
	reply(0, 200);
	pass(8000);
	hear_care_of("203.0.114.1", "203.0.114.1", 1800);
	pass(1001);
	reply(0, 200);
	CU_ASSERT_EQUAL(seen.stay.count, 2);
	CU_ASSERT(mobile_is_bound(&mobile));
	pass(1000);
}

static void all_end_by_one_request(void)
{
	be_bound_twice();
	mobile_end(&mobile);
	step();
	CU_ASSERT(is_care_of("10.0.0.5"));
	CU_ASSERT(address_equal(seen.plan.destination, address("203.0.114.1")));
	CU_ASSERT_EQUAL(seen.sent, 3);
	pass(3000); /* it is lost, and sent again */
	CU_ASSERT_EQUAL(seen.sent, 5);
	CU_ASSERT(is_care_of("10.0.0.5"));
	reply(0, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ENDED);
	CU_ASSERT_FALSE(mobile_is_bound(&mobile));
	CU_ASSERT_EQUAL(seen.stay.count, 0);
}

static void an_agent_that_relays_only_its_own_ends_that(void)
{
	be_bound_twice();
	mobile_end(&mobile);
	step();
	reply(77, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
	pass(1000);
	CU_ASSERT(is_care_of("203.0.114.1"));
	reply(0, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ENDED);
	CU_ASSERT(mobile_is_bound(&mobile));
	CU_ASSERT_EQUAL(mobile.held_count, 1);
	CU_ASSERT(address_equal(mobile.held[0].care_of, address("203.0.113.1")));
	/* Whoever denies that, too, has all left. */
	be_bound_twice();
	mobile_end(&mobile);
	step();
	reply(77, 0);
	pass(1000);
	reply(66, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ENDED);
	CU_ASSERT_EQUAL(mobile.held_count, 2);
}

static void what_can_be_helped_is_asked_again(void)
{
	be_bound_twice();
	mobile_end(&mobile);
	step();
	reply(133, 0);
	pass(1000);
	CU_ASSERT(is_care_of("10.0.0.5"));
	reply(0, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ENDED);
	CU_ASSERT_FALSE(mobile_is_bound(&mobile));
}

/* What lapses meanwhile need not be ended. */
static void what_lapses_has_ended(void)
{
	be_bound_twice();
	mobile_end(&mobile);
	pass(201000);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ENDED);
	CU_ASSERT_FALSE(mobile_is_bound(&mobile));
}

/* More than are remembered. */
static void what_is_not_remembered_ends_too(void)
{
	char own[INET_ADDRSTRLEN] = "198.51.100.1";

	begin();
	settings.simultaneous = true;
	for (unsigned i = 0; i <= MOBILE_BINDINGS_MAX; i++) {
		own[strlen(own) - 1] = (char)('1' + i);
		have(own);
		pass(1000);
		reply(0, i < MOBILE_BINDINGS_MAX ? 20 : 300);
	}
	CU_ASSERT_EQUAL(mobile.held_count, MOBILE_BINDINGS_MAX);
	pass(30000);
	CU_ASSERT_EQUAL(mobile.held_count, 1);
	mobile_end(&mobile);
	step();
	CU_ASSERT(is_care_of("10.0.0.5"));
	CU_ASSERT(address_equal(seen.plan.source, address(own)));
	/* But where the home agent keeps one alone there are no others. */
	mobile_init(&mobile, &settings, &ops);
	have(own);
	reply(1, 300);
	pass(1000);
	mobile_end(&mobile);
	step();
	CU_ASSERT(is_care_of(own));
}

/* By whatever place it is at, also before it is registered there. */
static void what_was_left_is_ended_from_elsewhere(void)
{
	begin();
	have("198.51.100.7");
	reply(0, 200);
	pass(1000);
	have("198.51.101.7");
	CU_ASSERT_FALSE(seen.stay.bound);
	mobile_end(&mobile);
	pass(1000);
	CU_ASSERT(is_care_of("10.0.0.5"));
	CU_ASSERT(address_equal(seen.plan.source, address("198.51.101.7")));
	reply(0, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ENDED);
	CU_ASSERT_FALSE(mobile_is_bound(&mobile));
	/* Where there is nobody to ask it is left. */
	begin();
	have("198.51.100.7");
	reply(0, 200);
	have(NULL);
	mobile_end(&mobile);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ENDED);
	CU_ASSERT(mobile_is_bound(&mobile));
}

/* The answer to what is out counts. */
static void an_end_at_home_is_awaited(void)
{
	begin();
	have("198.51.100.7");
	reply(0, 200);
	pass(1000);
	have("10.0.0.66");
	CU_ASSERT(is_care_of("10.0.0.5"));
	mobile_end(&mobile);
	step();
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT(mobile_is_bound(&mobile));
	reply(0, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ENDED);
	CU_ASSERT_FALSE(mobile_is_bound(&mobile));
	/* A denial is the end of it, for there is no other way. */
	begin();
	have("198.51.100.7");
	reply(0, 200);
	pass(1000);
	have("10.0.0.66");
	mobile_end(&mobile);
	reply(129, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ENDED);
	CU_ASSERT(mobile_is_bound(&mobile));
}

static CU_TestInfo tests[] = {
	{ "all end by one request", all_end_by_one_request },
	{ "an agent that relays only its own ends that",
	  an_agent_that_relays_only_its_own_ends_that },
	{ "what can be helped is asked again", what_can_be_helped_is_asked_again },
	{ "what lapses has ended", what_lapses_has_ended },
	{ "what is not remembered ends too", what_is_not_remembered_ends_too },
	{ "what was left is ended from elsewhere", what_was_left_is_ended_from_elsewhere },
	{ "an end at home is awaited", an_end_at_home_is_awaited },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("mobile_end", tests);
}
