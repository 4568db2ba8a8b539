/* test_mobile_forged.c - a mobile node on a link where others make up what they like: agents, homes,
 * link addresses and denials. */
#include "tests/unit/mobile_world.h"

#include <stdio.h>

static bool is_asked(const char *agent)
{
	return address_equal(seen.plan.destination, address(agent));
}

/* ---- homes ---- */

/* Two that name the home agent among their routers: each is somebody else. */
static void hear_forged_homes(uint16_t sequence)
{
	static const char *const sources[] = { "203.0.113.66", "203.0.113.67" };
	static struct advertisement a;

	for (size_t i = 0; i < ROWS(sources); i++) {
		make_advertisement(&a, sources[i], AGENT_HOME, sequence);
		a.routers[0].address = address("192.0.2.1");
		hear_this(&a, sources[i]);
	}
}

/* How long of these seconds it was taken for home by them; `answering`: the home agent is there. */
static unsigned seconds_at_home(unsigned seconds, uint16_t *sequence, bool answering)
{
	unsigned count = 0;

	for (unsigned i = 0; i < seconds; i++) {
		hear("203.0.113.1", *sequence);
		hear_forged_homes((*sequence)++);
		pass(1000);
		if (mobile.pending && (answering || is_asked("203.0.113.1")))
			reply(0, seen.plan.fixed.lifetime_s);
		count += seen.stay.way == MOBILE_AT_HOME;
	}
	return count;
}

static void many_who_forge_home_are_one(void)
{
	uint16_t sequence = 5;

	begin();
	hear("203.0.113.1", sequence++);
	reply(0, 200);
	/* 15 s are waited for an answer each time, with 1, 2, 4, 8 minutes between. */
	CU_ASSERT(seconds_at_home(75, &sequence, false) <= 16);
	CU_ASSERT_EQUAL(seen.stay.way, MOBILE_BY_AGENT);
	CU_ASSERT(seen.stay.bound);
	CU_ASSERT(seconds_at_home(925, &sequence, false) <= 4 * 16);
	CU_ASSERT_EQUAL(seen.stay.way, MOBILE_BY_AGENT);
	/* Behind another link it may be true, and is asked at once. */
	mobile_link_changed(&mobile);
	CU_ASSERT(seconds_at_home(20, &sequence, true) >= 18);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_HOME);
	CU_ASSERT_EQUAL(mobile.home_refused.spell_ms, 0);
}

/* ---- agents ---- */

static void hear_forged_agents(unsigned count, uint16_t sequence)
{
	char forged[INET_ADDRSTRLEN];

	for (unsigned i = 0; i < count; i++) {
		snprintf(forged, sizeof(forged), "203.0.112.%u", 10 + i);
		hear(forged, sequence);
	}
}

/* An address of its own serves all the time, whoever says that there is an agent. */
static void silent_agents_take_no_place(void)
{
	uint16_t sequence = 5;
	unsigned elsewhere = 0, unbound = 0;

	begin();
	have("198.51.100.7");
	reply(0, 200);
	for (unsigned i = 0; i < 900; i++) {
		hear_forged_agents(15, sequence++);
		pass(1000);
		if (mobile.pending && is_asked("192.0.2.1"))
			reply(0, 200);
		elsewhere += seen.stay.way != MOBILE_CO_LOCATED;
		unbound += !seen.stay.bound;
	}
	CU_ASSERT_EQUAL(elsewhere, 0);
	CU_ASSERT_EQUAL(unbound, 0);
	CU_ASSERT(mobile.counts.moves <= 20);
	/* But without it they are all there is. */
	have(NULL);
	CU_ASSERT(mobile.at.way == MOBILE_BY_AGENT);
	CU_ASSERT_FALSE(seen.stay.bound);
}

static void who_has_served_is_asked_though_strangers_rest(void)
{
	uint16_t sequence = 5;

	begin();
	hear("203.0.113.1", sequence++);
	reply(0, 200);
	have("198.51.100.7");
	pass(9001); /* the agent is heard no more */
	CU_ASSERT(is_asked("192.0.2.1"));
	reply(0, 600);
	for (unsigned i = 0; i < 60; i++) {
		hear_forged_agents(6, sequence++);
		pass(1000);
		if (mobile.pending && is_asked("192.0.2.1"))
			reply(0, 600);
	}
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
	CU_ASSERT_EQUAL(mobile.strange, 3);
	hear("203.0.113.1", sequence++);
	pass(1000);
	CU_ASSERT(is_asked("203.0.113.1"));
	reply(0, 200);
	CU_ASSERT_EQUAL(seen.stay.way, MOBILE_BY_AGENT);
}

/* Packets go by the agent that was left as long as it is heard, and by the new one when that has
 * accepted. */
static void what_is_bound_serves_until_the_other_accepts(void)
{
	begin();
	settings.eager = true;
	have("198.51.100.7");
	reply(0, 200);
	hear("203.0.113.1", 5);
	pass(1000);
	CU_ASSERT(is_asked("203.0.113.1"));
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ASKING);
	CU_ASSERT(seen.stay.bound);
	CU_ASSERT_EQUAL(seen.stay.way, MOBILE_CO_LOCATED);
	have("198.51.101.7"); /* the address goes: there is nothing to keep */
	CU_ASSERT_FALSE(seen.stay.bound);
	CU_ASSERT_EQUAL(seen.stay.way, MOBILE_BY_AGENT);
	reply(0, 200);
	CU_ASSERT(seen.stay.bound);
	CU_ASSERT(address_equal(seen.stay.agent, address("203.0.113.1")));
	CU_ASSERT_EQUAL(seen.stay.count, 1);
}

static void hear_on_subnet(const char *source, uint16_t sequence)
{
	static struct advertisement a;

	make_advertisement(&a, source, ALL_OFFERS, sequence);
	a.has_prefix_lengths = true;
	a.routers[0].prefix_length = 24;
	hear_this(&a, source);
}

/* Who takes each new agent at once takes one after the other, and is not without any meanwhile. */
static void the_eager_wait_for_an_answer_too(void)
{
	begin();
	settings.eager = true;
	hear_on_subnet("203.0.113.1", 5);
	reply(0, 200);
	for (uint16_t i = 6; i < 12; i++) {
		hear_on_subnet("203.0.113.1", i);
		pass(200);
		hear_on_subnet("203.0.114.1", i);
		pass(200);
		hear_on_subnet("203.0.115.1", i);
		pass(200);
		CU_ASSERT(seen.stay.bound);
		CU_ASSERT(address_equal(seen.stay.agent, address("203.0.113.1")));
	}
	CU_ASSERT(is_asked("203.0.114.1"));
	CU_ASSERT_EQUAL(mobile.counts.moves, 2);
	pass(9001); /* the one that was left is heard no more */
	CU_ASSERT_FALSE(seen.stay.bound);
}

static void a_kept_binding_lapses(void)
{
	uint16_t sequence = 5;

	begin();
	have("198.51.100.7");
	reply(0, 10);
	for (unsigned i = 0; i < 10; i++) {
		CU_ASSERT(seen.stay.bound);
		hear("203.0.113.1", sequence++);
		pass(1000);
	}
	CU_ASSERT_FALSE(seen.stay.bound);
	CU_ASSERT_EQUAL(seen.stay.count, 0);
	CU_ASSERT_EQUAL(seen.stay.way, MOBILE_BY_AGENT);
	CU_ASSERT(mobile.pending);
	CU_ASSERT_EQUAL(mobile.counts.lapsed, 1);
}

/* What it ends is what holds. */
static void a_kept_binding_is_ended_where_it_is(void)
{
	begin();
	have("198.51.100.7");
	reply(0, 200);
	hear("203.0.113.1", 5);
	pass(1000);
	CU_ASSERT(is_asked("203.0.113.1"));
	mobile_end(&mobile);
	pass(1000);
	CU_ASSERT(is_asked("192.0.2.1"));
	CU_ASSERT_EQUAL(seen.plan.fixed.lifetime_s, 0);
	CU_ASSERT(address_equal(seen.plan.source, address("198.51.100.7")));
	/* And what was asked for there, in case that it was granted unheard. */
	CU_ASSERT(address_equal(seen.plan.fixed.care_of, address("10.0.0.5")));
	reply(0, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ENDED);
}

/* ---- link addresses ---- */

/* Before anybody has accepted, too. */
static void a_stranger_does_not_turn_the_first_request_aside(void)
{
	begin();
	hear("203.0.113.1", 5);
	CU_ASSERT_EQUAL(seen.to.octets[1], 0);
	heard_on = 66;
	hear_care_of("203.0.113.1", "203.0.113.66", 0); /* it goes, it says */
	hear_care_of("203.0.113.1", "203.0.113.66", 1800);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ASKING);
	CU_ASSERT_EQUAL(mobile.counts.doubted, 2);
	CU_ASSERT(address_equal(mobile.at.care_of, address("203.0.113.1")));
	/* Whoever was first may be the one who lies: both are asked. */
	pass(1000);
	CU_ASSERT_EQUAL(seen.to.octets[1], 66);
	pass(2000);
	CU_ASSERT_EQUAL(seen.to.octets[1], 0);
	reply(0, 200);
	CU_ASSERT_EQUAL(seen.stay.agent_mac.octets[1], 0);
	CU_ASSERT_EQUAL(mobile.counts.moves, 1);
}

static void be_asked_as_rival(void)
{
	begin();
	settings.nonces = true; /* the same request goes to both */
	mobile_init(&mobile, &settings, &ops);
	heard_on = 0;
	hear("203.0.113.1", 5);
	reply(0, 200);
	pass(2000);
	heard_on = 66;
	hear("203.0.113.1", 6);
	CU_ASSERT_EQUAL(seen.to.octets[1], 66);
	CU_ASSERT_EQUAL(seen.sent, 2);
}

static void a_rivals_denial_is_not_believed(void)
{
	be_asked_as_rival();
	reply(66, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
	CU_ASSERT_EQUAL(mobile.counts.denied, 0);
	CU_ASSERT_EQUAL(mobile.counts.discarded, 1);
	CU_ASSERT_EQUAL(seen.sent, 2); /* a second has not passed */
	pass(1000);
	CU_ASSERT_EQUAL(seen.sent, 3);
	CU_ASSERT_EQUAL(seen.to.octets[1], 0);
	reply(0, 200);
	CU_ASSERT_EQUAL(seen.stay.agent_mac.octets[1], 0);
	/* It is not asked again for a while. */
	pass(2000);
	hear("203.0.113.1", 7);
	CU_ASSERT_EQUAL(seen.sent, 3);
	/* What the home agent says by it counts. */
	be_asked_as_rival();
	reply(129, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REFUSED);
	/* And so does what the agent itself says. */
	be_asked_as_rival();
	answers_from.octets[1] = 0;
	reply(66, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REFUSED);
}

/* Where the answer comes from is the agent, and not where the request went last. */
static void who_answered_is_the_agent(void)
{
	be_asked_as_rival();
	answers_from.octets[1] = 0;
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
	CU_ASSERT_EQUAL(seen.stay.agent_mac.octets[1], 0);
	/* One that sends by another link address than it is asked at is asked there all the same. */
	be_asked_as_rival();
	answers_from.octets[1] = 99;
	reply(0, 200);
	CU_ASSERT_EQUAL(seen.stay.agent_mac.octets[1], 66);
}

/* Neither has proved anything: the one that denies makes room for the other. */
static void whoever_denies_first_is_not_the_last_word(void)
{
	begin();
	heard_on = 66;
	hear("203.0.113.1", 5);
	heard_on = 0;
	hear("203.0.113.1", 5);
	CU_ASSERT_EQUAL(seen.to.octets[1], 66);
	reply(66, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ASKING);
	pass(1000);
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT_EQUAL(seen.to.octets[1], 0);
	reply(0, 200);
	CU_ASSERT_EQUAL(seen.stay.agent_mac.octets[1], 0);
}

/* Whoever has seen the request can deny it, but not by the link address that it went to. */
static void a_strangers_denial_is_not_heard(void)
{
	begin();
	hear("203.0.113.1", 5);
	answers_from.octets[1] = 99;
	reply(66, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ASKING);
	CU_ASSERT(mobile.pending);
	CU_ASSERT_EQUAL(mobile.counts.denied, 0);
	CU_ASSERT_EQUAL(mobile.counts.discarded, 1);
	CU_ASSERT_EQUAL(mobile.counts.violations, 1);
	CU_ASSERT_EQUAL(mobile.counts.bad_link, 1);
	/* Nor while two are asked in turn, */
	be_asked_as_rival();
	answers_from.octets[1] = 99;
	reply(66, 0);
	CU_ASSERT_EQUAL(mobile.counts.bad_link, 1);
	CU_ASSERT(mobile.has_rival && mobile.pending);
	/* nor where an address of its own is registered through an agent (R). */
	begin();
	have("198.51.100.7");
	hear_with("203.0.113.1", ALL_OFFERS | AGENT_REGISTRATION_REQUIRED, 5, "");
	pass(1000);
	CU_ASSERT(is_asked("203.0.113.1"));
	answers_from.octets[1] = 99;
	reply(66, 0);
	CU_ASSERT_EQUAL(mobile.counts.bad_link, 1);
	CU_ASSERT(mobile.pending);
	/* What the home agent has signed may come by any, and so may what the agent has. */
	reply(129, 0);
	CU_ASSERT_EQUAL(mobile.counts.denied, 1);
	CU_ASSERT_EQUAL(mobile.counts.bad_link, 1);
}

static CU_TestInfo tests[] = {
	{ "many who forge home are one", many_who_forge_home_are_one },
	{ "silent agents take no place", silent_agents_take_no_place },
	{ "who has served is asked though strangers rest",
	  who_has_served_is_asked_though_strangers_rest },
	{ "what is bound serves until the other accepts",
	  what_is_bound_serves_until_the_other_accepts },
	{ "the eager wait for an answer too", the_eager_wait_for_an_answer_too },
	{ "a kept binding lapses", a_kept_binding_lapses },
	{ "a kept binding is ended where it is", a_kept_binding_is_ended_where_it_is },
	{ "a stranger does not turn the first request aside",
	  a_stranger_does_not_turn_the_first_request_aside },
	{ "a rival's denial is not believed", a_rivals_denial_is_not_believed },
	{ "who answered is the agent", who_answered_is_the_agent },
	{ "whoever denies first is not the last word", whoever_denies_first_is_not_the_last_word },
	{ "a stranger's denial is not heard", a_strangers_denial_is_not_heard },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("mobile_forged", tests);
}
