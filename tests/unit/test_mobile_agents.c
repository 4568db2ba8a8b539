/* test_mobile_agents.c - a mobile node from moment to moment, among foreign agents. */
#include "tests/unit/mobile_world.h"

static void agents_are_looked_for(void)
{
	begin();
	settings.choice = MOBILE_CHOOSE_AGENT;
	have("198.51.100.7");
	pass(5000);
	CU_ASSERT(seen.solicited >= 2);
	CU_ASSERT_EQUAL(seen.sent, 0);
	hear("203.0.113.1", 5);
	CU_ASSERT_EQUAL(seen.sent, 1);
	CU_ASSERT(address_equal(seen.plan.destination, address("203.0.113.1")));
	CU_ASSERT(address_equal(seen.plan.fixed.care_of, address("203.0.113.1")));
	CU_ASSERT_EQUAL(seen.to.octets[5], 1); /* where the advertisement came from */
	CU_ASSERT_EQUAL(seen.plan.fixed.lifetime_s, 200);
	CU_ASSERT(seen.plan.fixed.flags & MIP_REQUEST_REVERSE);
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
	CU_ASSERT(address_equal(seen.stay.agent, address("203.0.113.1")));
	CU_ASSERT_EQUAL(seen.stay.agent_mac.octets[5], 1);
}

static void the_agent_in_use_stays_as_long_as_it_is_heard(void)
{
	begin();
	hear("203.0.113.1", 5);
	reply(0, 200);
	for (uint16_t i = 6; i < 12; i++) {
		now_ms += 3000;
		hear("203.0.113.1", i);
		hear("203.0.114.1", i);
	}
	CU_ASSERT_EQUAL(seen.sent, 1);
	/* It falls silent: the other one is taken when its lifetime is over. */
	now_ms += 5000;
	hear("203.0.114.1", 12);
	CU_ASSERT_EQUAL(seen.sent, 1);
	pass(4001);
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT(address_equal(seen.plan.destination, address("203.0.114.1")));
}

static void an_agent_that_began_anew_is_asked_again(void)
{
	begin();
	hear("203.0.113.1", 300);
	reply(0, 200);
	now_ms += 3000;
	hear("203.0.113.1", 301);
	CU_ASSERT_EQUAL(seen.sent, 1);
	now_ms += 3000;
	hear("203.0.113.1", 0);
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
}

static void who_denies_is_left_alone(void)
{
	begin();
	hear("203.0.113.1", 5);
	hear("203.0.114.1", 5);
	CU_ASSERT(address_equal(seen.plan.destination, address("203.0.113.1")));
	now_ms += 1000;
	reply(66, 0);
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT(address_equal(seen.plan.destination, address("203.0.114.1")));
	/* With an address of its own it needs neither. */
	have("198.51.100.7");
	now_ms += 1000;
	reply(66, 0);
	CU_ASSERT_EQUAL(seen.sent, 3);
	CU_ASSERT(address_equal(seen.plan.destination, address("192.0.2.1")));
}

static bool is_asked(const char *agent)
{
	return address_equal(seen.plan.destination, address(agent));
}

/* Both every second, for that long. */
static void hear_both(uint16_t *sequence, unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i++) {
		hear("203.0.113.1", *sequence);
		pass(500);
		hear("203.0.114.1", (*sequence)++);
		pass(500);
	}
}

static void it_keeps_with_whom_it_asked(void)
{
	uint16_t sequence = 5;

	for (unsigned eager = 0; eager < 2; eager++) {
		begin();
		settings.eager = eager;
		hear_both(&sequence, 3);
		CU_ASSERT(is_asked("203.0.113.1"));
		CU_ASSERT_EQUAL(mobile.counts.moves, 1);
		CU_ASSERT_EQUAL(mobile.counts.repeated, seen.sent - 1);
		reply(0, 200);
		CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
	}
}

static void who_does_not_answer_is_left_for_who_may(void)
{
	uint16_t sequence = 5;

	begin();
	hear_both(&sequence, 14);
	CU_ASSERT_EQUAL(seen.sent, 4);
	CU_ASSERT(is_asked("203.0.113.1"));
	hear_both(&sequence, 2);
	CU_ASSERT(is_asked("203.0.114.1"));
	reply(0, 60);
	/* It falls silent, too, when it is asked again; the first one has its turn. */
	hear_both(&sequence, 44);
	CU_ASSERT(is_asked("203.0.114.1"));
	hear_both(&sequence, 18);
	CU_ASSERT(is_asked("203.0.113.1"));
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
	/* Each time longer: an address of its own is not left every minute for who is silent. */
	begin();
	have("198.51.100.7");
	reply(0, 65000);
	hear_both(&sequence, 1);
	settings.choice = MOBILE_CHOOSE_ANY;
	for (unsigned i = 0; i < 20 * 60; i++) {
		hear("203.0.113.1", sequence++);
		pass(1000);
		if (seen.plan.fixed.care_of.s_addr == address("198.51.100.7").s_addr &&
		    mobile.pending)
			reply(0, 65000);
	}
	CU_ASSERT(mobile.counts.moves <= 12);
}

static void who_is_alone_is_asked_all_the_same(void)
{
	uint16_t sequence = 5;

	begin();
	for (unsigned i = 0; i < 40; i++) {
		hear("203.0.113.1", sequence++);
		pass(1000);
	}
	CU_ASSERT_EQUAL(mobile.counts.moves, 1);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ASKING);
	CU_ASSERT_EQUAL(seen.sent, 6);
	/* Also when it denies: as long as that is waited out, and no longer. */
	reply(78, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REFUSED);
	for (unsigned i = 0; i < 10; i++) {
		hear("203.0.113.1", sequence++);
		pass(1000);
	}
	CU_ASSERT_EQUAL(seen.sent, 7);
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
}

/* RFC 5944 section 2.4: while it hears none, and at the full rate on another link. */
static void it_solicits_as_long_as_it_hears_none(void)
{
	unsigned before;

	begin();
	pass(1000000);
	CU_ASSERT(seen.solicited > 10 && seen.solicited < 40);
	/* Whom it can not register through is heard all the same. */
	hear_with("203.0.113.1", ALL_OFFERS | AGENT_BUSY, 5, "");
	before = seen.solicited;
	pass(8000);
	CU_ASSERT_EQUAL(seen.solicited, before);
	CU_ASSERT_EQUAL(seen.sent, 0);
	pass(100000); /* and not any more when its advertisement has ended */
	CU_ASSERT(seen.solicited > before);
	mobile_link_changed(&mobile);
	before = seen.solicited;
	pass(4500);
	CU_ASSERT(seen.solicited >= before + 3);
	hear("203.0.113.1", 6);
	reply(0, 200);
	before = seen.solicited;
	pass(9000 + 4500); /* its agent is heard no more */
	CU_ASSERT_EQUAL(mobile.state, MOBILE_SEARCHING);
	CU_ASSERT(seen.solicited >= before + 3);
}

static void another_link_address_counts_when_an_answer_came_by_it(void)
{
	begin();
	hear("203.0.113.1", 5);
	reply(0, 200);
	CU_ASSERT_EQUAL(seen.stay.agent_mac.octets[1], 0);
	now_ms += 2000;
	heard_on = 7;
	hear("203.0.113.1", 6);
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT_EQUAL(seen.to.octets[1], 7);
	CU_ASSERT_EQUAL(mobile.stay.agent_mac.octets[1], 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
	reply(0, 200);
	CU_ASSERT_EQUAL(seen.stay.agent_mac.octets[1], 7);
	pass(1000);
	CU_ASSERT_EQUAL(seen.sent, 2);
}

static void a_forged_link_address_turns_nothing_aside(void)
{
	begin();
	hear("203.0.113.1", 5);
	reply(0, 200);
	now_ms += 2000;
	heard_on = 66;
	hear("203.0.113.1", 0); /* as if it had been started again */
	CU_ASSERT_EQUAL(seen.to.octets[1], 66);
	/* Nobody there passes it on, and the agent is asked. */
	pass(1000);
	CU_ASSERT_EQUAL(seen.sent, 3);
	CU_ASSERT_EQUAL(seen.to.octets[1], 0);
	CU_ASSERT_EQUAL(mobile.stay.agent_mac.octets[1], 0);
	CU_ASSERT(seen.stay.bound);
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.stay.agent_mac.octets[1], 0);
	CU_ASSERT_EQUAL(mobile.counts.moves, 1);
	CU_ASSERT_EQUAL(mobile.counts.doubted, 1);
}

/* Of somebody else's care-of address, of its own end, of a life that is longer than it is. */
static void what_is_said_from_there_is_not_believed(void)
{
	begin();
	hear("203.0.113.1", 5);
	reply(0, 200);
	heard_on = 66;
	for (unsigned i = 0; i < 100; i++) {
		now_ms += 50;
		hear_care_of("203.0.113.1", "203.0.113.66", i % 2 ? 0 : 1800);
		CU_ASSERT(address_equal(seen.plan.fixed.care_of, address("203.0.113.1")));
	}
	CU_ASSERT(seen.stay.bound);
	CU_ASSERT(seen.sent <= 7); /* once a second */
	CU_ASSERT_EQUAL(mobile.counts.moves, 1);
	CU_ASSERT_EQUAL(mobile.counts.doubted, 100);
	/* When the agent itself is heard no more, its place is free. */
	pass(9001);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_SEARCHING);
	hear("203.0.113.1", 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ASKING);
	CU_ASSERT_EQUAL(seen.to.octets[1], 66);
}

/* RFC 3543 section 4.1; `on` is of the link address that it comes from. */
static void remind(const char *source, uint16_t sequence, uint8_t on)
{
	const struct mac from = { { 2, on, 0, 0, 0, (uint8_t)address_host(address(source)) } };
	static struct advertisement a;

	make_advertisement(&a, source, ALL_OFFERS, sequence);
	mobile_reminded(&mobile, &a, address(source), from, now_ms);
	step();
}

static void who_is_told_alone_registers_again(void)
{
	begin();
	hear("203.0.113.1", 300);
	remind("203.0.113.1", 0, 0); /* it waits for its answer */
	CU_ASSERT_EQUAL(mobile.counts.reminded, 0);
	reply(0, 200);
	now_ms += 3000;
	remind("203.0.113.1", 301, 0); /* no news */
	remind("203.0.113.2", 0, 0);   /* of another agent */
	remind("203.0.113.1", 0, 66);  /* by another */
	CU_ASSERT_EQUAL(seen.sent, 1);
	remind("203.0.113.1", 0, 0);
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT_EQUAL(mobile.counts.reminded, 1);
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
	CU_ASSERT_EQUAL(mobile.counts.moves, 1);
}

/* From far away, with the agent's address, through the tunnel: it is the agent that delivers it. */
static void reminders_are_believed_a_few_times(void)
{
	begin();
	hear("203.0.113.1", 300);
	reply(0, 200);
	for (unsigned i = 0; i < 8; i++) {
		now_ms += 1100;
		remind("203.0.113.1", 0, 0);
		if (mobile.pending)
			reply(0, 200);
	}
	CU_ASSERT_EQUAL(mobile.counts.reminded, 3);
	CU_ASSERT_EQUAL(seen.sent, 4);
}

static void packets_are_wrapped_for_who_takes_them_so(void)
{
	begin();
	settings.wishes.encapsulating = true;
	mobile_init(&mobile, &settings, &ops);
	hear("203.0.113.1", 5);
	CU_ASSERT(seen.plan.delivery);
	now_ms += 1000;
	reply(79, 0);
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT(!seen.plan.delivery);
	reply(0, 200);
	CU_ASSERT(seen.stay.reverse && !seen.stay.encapsulating);
	now_ms += 1000;
	mobile_link_changed(&mobile);
	step();
	hear("203.0.114.1", 5);
	CU_ASSERT(seen.plan.delivery);
	reply(0, 200);
	CU_ASSERT(seen.stay.reverse && seen.stay.encapsulating);
}

static void what_is_not_offered_is_not_asked_for(void)
{
	begin();
	settings.wishes.encapsulation = ENCAPSULATION_GRE;
	hear_with("203.0.113.1", AGENT_FOREIGN, 5, "");
	CU_ASSERT_EQUAL(seen.sent, 1);
	CU_ASSERT_EQUAL(seen.plan.fixed.flags, 0);
	/* Or nothing is asked for, where the operator insists. */
	begin();
	settings.reverse_optional = false;
	hear_with("203.0.113.1", AGENT_FOREIGN, 5, "");
	CU_ASSERT_EQUAL(seen.sent, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REFUSED);
	CU_ASSERT(mobile.reason[0] != '\0');
}

static void put_challenge(struct writer *out)
{
	mip_challenge_append(out, words("ijklmnop"));
}

static void challenges_are_answered(void)
{
	begin();
	hear_with("203.0.113.1", ALL_OFFERS, 5, "abcdefgh");
	CU_ASSERT_EQUAL(memcmp(seen.plan.challenge.at, "abcdefgh", 8), 0);
	now_ms += 1000;
	reply_with(106, 0, put_challenge);
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT_EQUAL(memcmp(seen.plan.challenge.at, "ijklmnop", 8), 0);
	reply(0, 200);
	for (uint16_t i = 6; i < 66 && seen.sent == 2; i++) {
		pass(3000);
		hear_with("203.0.113.1", ALL_OFFERS, i, "qrstuvwx");
	}
	CU_ASSERT_EQUAL(seen.sent, 3);
	CU_ASSERT_EQUAL(memcmp(seen.plan.challenge.at, "qrstuvwx", 8), 0);
}

/* Which is sent again as long as it is not answered: octets of another one are of the next request. */
static void a_challenge_is_that_of_its_request(void)
{
	begin();
	hear_with("203.0.113.1", ALL_OFFERS, 5, "abcdefgh");
	hear_with("203.0.113.1", ALL_OFFERS, 6, "ijklmnopqrstuvwx");
	pass(1000);
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT_EQUAL(seen.plan.challenge.size, 8);
	CU_ASSERT_EQUAL(memcmp(seen.plan.challenge.at, "abcdefgh", 8), 0);
}

/* The agent in use stops offering what can be done without, and starts again. */
static void what_is_not_offered_any_more_is_done_without(void)
{
	begin();
	settings.wishes.encapsulation = ENCAPSULATION_GRE;
	mobile_init(&mobile, &settings, &ops);
	hear("203.0.113.1", 5);
	CU_ASSERT(seen.plan.fixed.flags & MIP_REQUEST_REVERSE);
	CU_ASSERT(seen.plan.fixed.flags & MIP_REQUEST_GRE);
	reply(0, 200);
	for (uint16_t i = 6; i < 66 && seen.sent == 1; i++) {
		pass(3000);
		hear_with("203.0.113.1", AGENT_FOREIGN, i, "");
	}
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT_EQUAL(seen.plan.fixed.flags, 0);
	CU_ASSERT(address_equal(seen.plan.destination, address("203.0.113.1")));
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
	CU_ASSERT_FALSE(seen.stay.reverse);
}

static void who_offers_too_little_is_left(void)
{
	begin();
	settings.reverse_optional = false;
	hear_with("203.0.113.1", AGENT_FOREIGN, 5, "");
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REFUSED);
	hear("203.0.113.1", 6);
	have("198.51.100.7");
	CU_ASSERT_EQUAL(mobile.at.way, MOBILE_CO_LOCATED);
}

static void agents_are_asked_who_the_home_agent_is(void)
{
	begin();
	settings.node.home_agent.s_addr = 0;
	mobile_init(&mobile, &settings, &ops);
	hear("203.0.113.1", 5);
	CU_ASSERT(address_equal(seen.plan.fixed.home_agent, address("10.0.0.255")));
	CU_ASSERT_EQUAL(mobile.counts.looking, 1);
}

static void an_agent_can_insist(void)
{
	begin();
	settings.choice = MOBILE_CHOOSE_OWN;
	hear_with("203.0.113.1", ALL_OFFERS | AGENT_REGISTRATION_REQUIRED, 5, "");
	have("198.51.100.7");
	CU_ASSERT(address_equal(seen.plan.destination, address("203.0.113.1")));
	CU_ASSERT(address_equal(seen.plan.fixed.care_of, address("198.51.100.7")));
	CU_ASSERT(seen.plan.fixed.flags & MIP_REQUEST_DECAPSULATES);
}

static void the_home_agent_is_home(void)
{
	begin();
	hear("203.0.113.1", 5);
	reply(0, 200);
	now_ms += 2000;
	hear_with("192.0.2.1", AGENT_HOME, 5, "");
	CU_ASSERT_EQUAL(seen.announced, 1);
	CU_ASSERT_EQUAL(seen.stay.way, MOBILE_AT_HOME);
	CU_ASSERT_EQUAL(seen.plan.fixed.lifetime_s, 0);
	CU_ASSERT(!seen.plan.by_agent);
}

/* At home its home agent answers. Who only says that it is the home agent is not waited for. */
static void a_forged_home_is_left_again(void)
{
	uint16_t sequence = 5;

	begin();
	hear("203.0.113.1", sequence++);
	reply(0, 200);
	for (unsigned i = 0; i < 60; i++) {
		hear("203.0.113.1", sequence++);
		hear_with("192.0.2.1", AGENT_HOME, 5, "");
		pass(1000);
		if (is_asked("203.0.113.1") && mobile.pending)
			reply(0, 200);
	}
	CU_ASSERT_EQUAL(mobile.counts.moves, 3);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
	CU_ASSERT_EQUAL(seen.stay.way, MOBILE_BY_AGENT);
	/* Where there is nobody else it may be so. */
	mobile_link_changed(&mobile);
	for (unsigned i = 0; i < 60; i++) {
		hear_with("192.0.2.1", AGENT_HOME, 5, "");
		pass(1000);
	}
	CU_ASSERT_EQUAL(seen.stay.way, MOBILE_AT_HOME);
	CU_ASSERT_EQUAL(mobile.counts.moves, 4);
	reply(0, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_HOME);
}

/* Between two requests a second passes: that is waited for, and nothing else comes due before. */
static void it_rests_between_requests(void)
{
	begin();
	hear("203.0.113.1", 5);
	reply(0, 0); /* for no time at all, though it asked for some */
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REFUSED);
	CU_ASSERT(!mobile.stay.bound);
	CU_ASSERT(step() > now_ms);
	pass(5000);
	CU_ASSERT_EQUAL(seen.sent, 1);
	begin();
	have("198.51.100.7");
	reply(0, 10);
	now_ms = mobile.lifetime.refresh_ms;
	step();
	CU_ASSERT_EQUAL(seen.sent, 2);
	mobile_end(&mobile);
	CU_ASSERT(step() > now_ms);
	pass(1000);
	CU_ASSERT_EQUAL(seen.sent, 3);
	CU_ASSERT_EQUAL(seen.plan.fixed.lifetime_s, 0);
}

static void forged_agents_push_out_nobody_who_serves(void)
{
	begin();
	hear("203.0.113.1", 5);
	reply(0, 200);
	for (unsigned i = 0; i < 1000; i++) {
		char forged[INET_ADDRSTRLEN];

		snprintf(forged, sizeof(forged), "203.1.%u.%u", i / 200, 2 + i % 200);
		hear(forged, 1);
	}
	CU_ASSERT_EQUAL(seen.sent, 1);
	now_ms += 4000;
	hear("203.0.113.1", 6);
	pass(1000);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
	CU_ASSERT_EQUAL(mobile.stay.agent_mac.octets[5], 1);
}

static CU_TestInfo tests[] = {
	{ "agents are looked for", agents_are_looked_for },
	{ "the agent in use stays as long as it is heard",
	  the_agent_in_use_stays_as_long_as_it_is_heard },
	{ "an agent that began anew is asked again", an_agent_that_began_anew_is_asked_again },
	{ "who denies is left alone", who_denies_is_left_alone },
	{ "it keeps with whom it asked", it_keeps_with_whom_it_asked },
	{ "who does not answer is left for who may", who_does_not_answer_is_left_for_who_may },
	{ "who is alone is asked all the same", who_is_alone_is_asked_all_the_same },
	{ "it solicits as long as it hears none", it_solicits_as_long_as_it_hears_none },
	{ "another link address counts when an answer came by it",
	  another_link_address_counts_when_an_answer_came_by_it },
	{ "a forged link address turns nothing aside", a_forged_link_address_turns_nothing_aside },
	{ "what is said from there is not believed", what_is_said_from_there_is_not_believed },
	{ "packets are wrapped for who takes them so", packets_are_wrapped_for_who_takes_them_so },
	{ "what is not offered is not asked for", what_is_not_offered_is_not_asked_for },
	{ "challenges are answered", challenges_are_answered },
	{ "a challenge is that of its request", a_challenge_is_that_of_its_request },
	{ "what is not offered any more is done without",
	  what_is_not_offered_any_more_is_done_without },
	{ "who offers too little is left", who_offers_too_little_is_left },
	{ "agents are asked who the home agent is", agents_are_asked_who_the_home_agent_is },
	{ "an agent can insist", an_agent_can_insist },
	{ "the home agent is home", the_home_agent_is_home },
	{ "a forged home is left again", a_forged_home_is_left_again },
	{ "it rests between requests", it_rests_between_requests },
	{ "forged agents push out nobody who serves", forged_agents_push_out_nobody_who_serves },
	{ "RFC 3543 4.1: who is told alone registers again", who_is_told_alone_registers_again },
	{ "reminders are believed a few times", reminders_are_believed_a_few_times },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("mobile_agents", tests);
}
