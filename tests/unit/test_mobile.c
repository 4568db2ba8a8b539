/* test_mobile.c - a mobile node from moment to moment: a world of agents by the script, no
 * clock, no socket. */
#include "agentd/mobile/mobile.h"

#include "tests/unit/mobile_situation.h"
#include "tests/unit/suite.h"

static struct mip_key_state home_key, signing_key; /* of the node, of who answers */
static struct mobile_settings settings;
static struct mobile mobile;
static uint64_t now_ms;

/* What it wanted done. */
static struct {
	struct mobile_plan plan;
	struct mac to;
	uint8_t message[MOBILE_REQUEST_MAX];
	size_t size;
	unsigned sent, placed, announced, announced_before, solicited, keepalives;
	struct mobile_stay stay;
	uint64_t random;
} seen;

static bool see_send(void *context, const struct mobile_plan *planned, struct mac to,
                     struct span message)
{
	(void)context;
	seen.plan = *planned;
	seen.to = to;
	memcpy(seen.message, message.at, message.size);
	seen.size = message.size;
	seen.sent++;
	seen.announced_before = seen.announced;
	return true;
}

static void see_place(void *context, const struct mobile_stay *stay)
{
	(void)context;
	seen.stay = *stay;
	seen.placed++;
}

static void see_announce(void *context, struct in_addr home)
{
	(void)context;
	CU_ASSERT(address_equal(home, address("10.0.0.5")));
	seen.announced++;
}

static void see_solicit(void *context)
{
	(void)context;
	seen.solicited++;
}

static void see_keepalive(void *context, struct in_addr home_agent, uint16_t sequence)
{
	(void)context;
	(void)sequence;
	CU_ASSERT(address_equal(home_agent, address("192.0.2.1")));
	seen.keepalives++;
}

static uint64_t see_random(void *context)
{
	(void)context;
	return seen.random += UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t see_wall(void *context)
{
	(void)context;
	return UINT64_C(1900000000000) + now_ms;
}

static const struct mobile_ops ops = { .send = see_send,
	                               .place = see_place,
	                               .announce = see_announce,
	                               .solicit = see_solicit,
	                               .keepalive = see_keepalive,
	                               .random = see_random,
	                               .wall_ms = see_wall };

static void begin(void)
{
	home_key = signing_key = key_of("mobile-and-home.");
	settings = (struct mobile_settings){
		.node = { .home = address("10.0.0.5"),
		          .home_agent = address("192.0.2.1"),
		          .home_network = { address("10.0.0.0"), 24 },
		          .mobile_home = { HOME_SPI, &home_key } },
		.wishes = { .lifetime_s = 300, .reverse = true },
		.reverse_optional = true,
		.encapsulation_optional = true,
		.keepalive_s = 110,
	};
	memset(&seen, 0, sizeof(seen));
	now_ms = 1000000;
	mobile_init(&mobile, &settings, &ops);
}

static uint64_t step(void)
{
	return mobile_step(&mobile, now_ms);
}

/* Let time pass until `ms` from now, doing what is due. */
static void pass(uint64_t ms)
{
	uint64_t until_ms = now_ms + ms;

	for (unsigned i = 0; i < 100000; i++) {
		uint64_t due_ms = step();

		if (due_ms > until_ms)
			break;
		CU_ASSERT_FATAL(due_ms > now_ms || i < 10);
		now_ms = due_ms > now_ms ? due_ms : now_ms;
	}
	now_ms = until_ms;
	step();
}

static void have(const char *own)
{
	struct in_addr at = own ? address(own) : (struct in_addr){ 0 };

	mobile_addresses(&mobile, &at, own ? 1 : 0);
	step();
}

static void hear_with(const char *source, uint16_t flags, uint16_t sequence, const char *challenge)
{
	static struct advertisement a;
	const struct mac from = { { 2, 0, 0, 0, 0, (uint8_t)address_host(address(source)) } };

	memset(&a, 0, sizeof(a));
	a.lifetime_s = 9;
	a.sequence = sequence;
	a.registration_lifetime_s = 200;
	a.flags = flags;
	a.router_count = 1;
	a.routers[0].address = address(source);
	if (flags & AGENT_FOREIGN) {
		a.care_of_count = 1;
		a.care_of[0] = address(source);
	}
	a.challenge = words(challenge);
	mobile_advertised(&mobile, &a, address(source), from, now_ms);
	step();
}

#define ALL_OFFERS (AGENT_FOREIGN | AGENT_REVERSE_TUNNEL | AGENT_GRE | AGENT_MINIMAL)

static void hear(const char *source, uint16_t sequence)
{
	hear_with(source, ALL_OFFERS, sequence, "");
}

/* What whoever was asked answers. */
static void reply_with(unsigned code, uint16_t lifetime_s, void (*inside)(struct writer *))
{
	uint8_t octets[512];
	struct writer out = writer_over(octets, sizeof(octets));
	const struct mip_reply fixed = { .code = (uint8_t)code,
		                         .lifetime_s = lifetime_s,
		                         .home = seen.plan.fixed.home,
		                         .home_agent = seen.plan.fixed.home_agent,
		                         .identification = seen.plan.fixed.identification };

	mip_reply_encode(&out, &fixed);
	if (inside)
		inside(&out);
	if (mobile_code_is_of_home(code))
		mip_authentication_append(&out, MIP_EXTENSION_MOBILE_HOME, HOME_SPI, &signing_key);
	mobile_received(&mobile, writer_span(&out), seen.plan.destination, now_ms);
	step();
}

static void reply(unsigned code, uint16_t lifetime_s)
{
	reply_with(code, lifetime_s, NULL);
}

/* ---- with an address of its own ---- */

static void an_address_is_registered_and_renewed(void)
{
	begin();
	step();
	CU_ASSERT_EQUAL(mobile.state, MOBILE_SEARCHING);
	have("198.51.100.7");
	CU_ASSERT_EQUAL(seen.sent, 1);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ASKING);
	CU_ASSERT(seen.stay.attached && !seen.stay.bound);
	now_ms += 40;
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
	CU_ASSERT(seen.stay.bound && seen.stay.reverse);
	CU_ASSERT_EQUAL(seen.stay.count, 1);
	CU_ASSERT(address_equal(seen.stay.care_of[0], address("198.51.100.7")));
	/* A quarter of what was granted before its end, from when it was asked for. */
	CU_ASSERT(step() == 1000000 + 150000);
	pass(149900);
	CU_ASSERT_EQUAL(seen.sent, 1);
	pass(100);
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED); /* it still is */
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
	CU_ASSERT_EQUAL(mobile.counts.accepted, 2);
}

static void silence_is_met_with_patience_and_then_the_end(void)
{
	begin();
	have("198.51.100.7");
	reply(0, 200);
	pass(150000);
	CU_ASSERT_EQUAL(seen.sent, 2);
	pass(1000);
	pass(2000);
	pass(4000);
	CU_ASSERT_EQUAL(seen.sent, 5);
	CU_ASSERT_EQUAL(mobile.counts.repeated, 3);
	CU_ASSERT(seen.stay.bound);
	pass(44000);
	CU_ASSERT(!seen.stay.bound);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ASKING);
	CU_ASSERT_EQUAL(mobile.counts.lapsed, 1);
	CU_ASSERT_EQUAL(seen.stay.count, 0);
	pass(60000);
	CU_ASSERT(seen.sent > 6);
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
}

/* With nonces the same octets once more, with timestamps other ones. */
static void what_is_sent_again_depends_on_the_style(void)
{
	for (unsigned nonces = 0; nonces < 2; nonces++) {
		uint8_t first[MOBILE_REQUEST_MAX];

		begin();
		settings.nonces = nonces;
		mobile_init(&mobile, &settings, &ops);
		have("198.51.100.7");
		memcpy(first, seen.message, seen.size);
		pass(1000);
		CU_ASSERT_EQUAL(seen.sent, 2);
		CU_ASSERT_EQUAL(memcmp(first, seen.message, seen.size) == 0, nonces);
	}
}

static void another_address_is_another_place(void)
{
	begin();
	have("198.51.100.7");
	reply(0, 200);
	now_ms += 200;
	have("198.51.101.7");
	CU_ASSERT_EQUAL(seen.sent, 1); /* a second has not passed */
	pass(800);
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT(address_equal(seen.plan.fixed.care_of, address("198.51.101.7")));
	CU_ASSERT((seen.plan.fixed.flags & MIP_REQUEST_SIMULTANEOUS) == 0);
	reply(0, 200);
	CU_ASSERT_EQUAL(seen.stay.count, 1);
	have(NULL);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_SEARCHING);
	CU_ASSERT(!seen.stay.attached);
	CU_ASSERT_EQUAL(mobile.counts.moves, 2);
}

static void bindings_can_stay_beside_each_other(void)
{
	begin();
	settings.simultaneous = true;
	have("198.51.100.7");
	CU_ASSERT(seen.plan.fixed.flags & MIP_REQUEST_SIMULTANEOUS);
	reply(0, 200);
	now_ms += 1000;
	have("198.51.101.7");
	reply(0, 300);
	CU_ASSERT_EQUAL(seen.stay.count, 2);
	CU_ASSERT(address_equal(seen.stay.care_of[0], address("198.51.101.7")));
	CU_ASSERT(address_equal(seen.stay.care_of[1], address("198.51.100.7")));
	pass(200000);
	CU_ASSERT_EQUAL(seen.stay.count, 1);
	CU_ASSERT(seen.stay.bound);
	/* An agent that keeps one alone says so. */
	now_ms += 1000;
	have("198.51.100.7");
	pass(1000);
	reply(1, 300);
	CU_ASSERT_EQUAL(seen.stay.count, 1);
}

static void an_address_of_home_is_home(void)
{
	begin();
	have("198.51.100.7");
	reply(0, 200);
	now_ms += 1000;
	have("10.0.0.66");
	CU_ASSERT_EQUAL(seen.announced, 1);
	CU_ASSERT_EQUAL(seen.announced_before, 1); /* before it was asked for */
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT_EQUAL(seen.plan.fixed.lifetime_s, 0);
	CU_ASSERT(address_equal(seen.plan.fixed.care_of, address("10.0.0.5")));
	CU_ASSERT(address_equal(seen.plan.source, address("10.0.0.5")));
	CU_ASSERT_EQUAL(seen.stay.way, MOBILE_AT_HOME);
	reply(0, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_HOME);
	CU_ASSERT_EQUAL(seen.stay.count, 0);
	pass(400000);
	CU_ASSERT_EQUAL(seen.sent, 2); /* nothing is to be renewed there */
}

/* ---- through foreign agents ---- */

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
	now_ms += 3000;
	hear_with("203.0.113.1", ALL_OFFERS, 6, "qrstuvwx");
	pass(150000);
	CU_ASSERT_EQUAL(memcmp(seen.plan.challenge.at, "qrstuvwx", 8), 0);
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

/* ---- denials ---- */

static void a_denial_is_waited_out_longer_each_time(void)
{
	begin();
	have("198.51.100.7");
	reply(129, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REFUSED);
	CU_ASSERT_EQUAL(mobile.code, 129);
	pass(9999);
	CU_ASSERT_EQUAL(seen.sent, 1);
	pass(1);
	CU_ASSERT_EQUAL(seen.sent, 2);
	reply(129, 0);
	pass(19999);
	CU_ASSERT_EQUAL(seen.sent, 2);
	pass(1);
	CU_ASSERT_EQUAL(seen.sent, 3);
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REGISTERED);
}

static void clocks_that_differ_are_put_right_at_once(void)
{
	begin();
	have("198.51.100.7");
	reply(133, 0);
	pass(1000);
	CU_ASSERT_EQUAL(seen.sent, 2);
	reply(133, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_REFUSED);
}

static void strangers_replies_change_nothing(void)
{
	uint8_t octets[64] = { MIP_TYPE_REPLY };

	begin();
	have("198.51.100.7");
	for (unsigned i = 0; i < sizeof(octets); i++)
		mobile_received(&mobile, (struct span){ octets, i }, address("192.0.2.1"), now_ms);
	signing_key.secret[0] ^= 1;
	reply(0, 200);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ASKING);
	CU_ASSERT_EQUAL(seen.sent, 1);
	CU_ASSERT(mobile.counts.discarded == sizeof(octets) + 1);
	CU_ASSERT(mobile.counts.violations > 0);
}

/* ---- tunnels in UDP ---- */

static void put_udp(struct writer *out)
{
	mip_udp_tunnel_reply_append(out, MIP_UDP_ACCEPTED, false, 20);
}

static void keepalives_are_sent_and_missed(void)
{
	begin();
	settings.wishes.udp = MOBILE_UDP_FORCED;
	mobile_init(&mobile, &settings, &ops);
	have("198.51.100.7");
	reply_with(0, 300, put_udp);
	CU_ASSERT(seen.stay.udp);
	CU_ASSERT_EQUAL(seen.keepalives, 0);
	pass(20000);
	CU_ASSERT_EQUAL(seen.keepalives, 1);
	mobile_keepalive_answered(&mobile);
	pass(20000);
	CU_ASSERT_EQUAL(seen.keepalives, 2);
	CU_ASSERT_EQUAL(seen.sent, 1);
	/* Nobody answers any more: the port is gone on the way. */
	pass(20000 + 2 * 2000);
	CU_ASSERT_EQUAL(seen.keepalives, 4);
	CU_ASSERT_EQUAL(seen.sent, 2);
}

/* ---- the end ---- */

static void a_binding_is_ended(void)
{
	begin();
	have("198.51.100.7");
	reply(0, 200);
	now_ms += 1000;
	mobile_end(&mobile);
	step();
	CU_ASSERT_EQUAL(seen.sent, 2);
	CU_ASSERT_EQUAL(seen.plan.fixed.lifetime_s, 0);
	CU_ASSERT(address_equal(seen.plan.fixed.care_of, address("198.51.100.7")));
	reply(0, 0);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ENDED);
	CU_ASSERT(step() == UINT64_MAX);
	begin();
	mobile_end(&mobile);
	CU_ASSERT_EQUAL(mobile.state, MOBILE_ENDED);
}

static CU_TestInfo tests[] = {
	{ "an address is registered and renewed", an_address_is_registered_and_renewed },
	{ "silence is met with patience and then the end",
	  silence_is_met_with_patience_and_then_the_end },
	{ "what is sent again depends on the style", what_is_sent_again_depends_on_the_style },
	{ "another address is another place", another_address_is_another_place },
	{ "bindings can stay beside each other", bindings_can_stay_beside_each_other },
	{ "an address of home is home", an_address_of_home_is_home },
	{ "agents are looked for", agents_are_looked_for },
	{ "the agent in use stays as long as it is heard",
	  the_agent_in_use_stays_as_long_as_it_is_heard },
	{ "an agent that began anew is asked again", an_agent_that_began_anew_is_asked_again },
	{ "who denies is left alone", who_denies_is_left_alone },
	{ "what is not offered is not asked for", what_is_not_offered_is_not_asked_for },
	{ "challenges are answered", challenges_are_answered },
	{ "an agent can insist", an_agent_can_insist },
	{ "the home agent is home", the_home_agent_is_home },
	{ "forged agents push out nobody who serves", forged_agents_push_out_nobody_who_serves },
	{ "a denial is waited out longer each time", a_denial_is_waited_out_longer_each_time },
	{ "clocks that differ are put right at once", clocks_that_differ_are_put_right_at_once },
	{ "strangers' replies change nothing", strangers_replies_change_nothing },
	{ "keepalives are sent and missed", keepalives_are_sent_and_missed },
	{ "a binding is ended", a_binding_is_ended },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("mobile", tests);
}
