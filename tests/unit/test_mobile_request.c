/* test_mobile_request.c - the request of a mobile node, rule by rule of RFC 5944 section
 * 3.6.1, and what home agents and foreign agents of ours make of it. */
#include "agentd/registration/foreign.h"
#include "tests/unit/mobile_situation.h"
#include "tests/unit/suite.h"

static struct situation s;

/* ---- addresses and TTL, section 3.6.1.1 ---- */

static void no_home_address(struct situation *t)
{
	by_agent(t);
	t->node.home = address("0.0.0.0");
	t->node.nai = words("a@b");
}

static void unknown_agent(struct situation *t)
{
	by_agent(t);
	t->at.agent = address("0.0.0.0");
}

static void agent_required(struct situation *t)
{
	co_located(t);
	t->at.by_agent = true;
	t->at.agent = address("198.51.100.1");
}

static void no_home_agent(struct situation *t)
{
	co_located(t);
	t->node.home_agent = address("0.0.0.0");
	t->node.home_network = (struct address_prefix){ address("10.0.0.0"), 24 };
}

static void no_home_agent_by_agent(struct situation *t)
{
	by_agent(t);
	t->node.home_agent = address("0.0.0.0");
	t->node.home_network = (struct address_prefix){ address("10.0.0.0"), 24 };
}

static void any_home_agent(struct situation *t)
{
	no_home_address(t);
	t->node.home_agent = address("0.0.0.0");
}

static void any_home_agent_requested(struct situation *t)
{
	co_located(t);
	t->node.home = address("0.0.0.0");
	t->node.home_agent = address("0.0.0.0");
	t->node.nai = words("a@b");
	t->node.requested = address("192.0.2.9");
	t->node.home_network = (struct address_prefix){ address("10.0.0.0"), 24 };
}

static const struct place {
	void (*make)(struct situation *);
	const char *source, *destination;
	uint8_t ttl;
	const char *home, *home_agent, *care_of;
	bool by_agent, broadcast;
} places[] = {
	{ co_located, "198.51.100.7", "192.0.2.1", 255, "10.0.0.5", "192.0.2.1", "198.51.100.7",
	  false, false },
	{ by_agent, "10.0.0.5", "198.51.100.1", 255, "10.0.0.5", "192.0.2.1", "198.51.100.2", true,
	  false },
	{ at_home, "10.0.0.5", "192.0.2.1", 255, "10.0.0.5", "192.0.2.1", "10.0.0.5", false,
	  false },
	{ no_home_address, "0.0.0.0", "198.51.100.1", 255, "0.0.0.0", "192.0.2.1", "198.51.100.2",
	  true, false },
	{ unknown_agent, "10.0.0.5", "224.0.0.11", 1, "10.0.0.5", "192.0.2.1", "198.51.100.2", true,
	  true },
	{ agent_required, "198.51.100.7", "198.51.100.1", 255, "10.0.0.5", "192.0.2.1",
	  "198.51.100.7", true, false },
	{ no_home_agent, "198.51.100.7", "10.0.0.255", 255, "10.0.0.5", "10.0.0.255",
	  "198.51.100.7", false, true },
	/* Never sent there through an agent, but said in the message. */
	{ no_home_agent_by_agent, "10.0.0.5", "198.51.100.1", 255, "10.0.0.5", "10.0.0.255",
	  "198.51.100.2", true, false },
	{ any_home_agent, "0.0.0.0", "198.51.100.1", 255, "0.0.0.0", "255.255.255.255",
	  "198.51.100.2", true, false },
	{ any_home_agent_requested, "198.51.100.7", "192.0.2.9", 255, "0.0.0.0", "255.255.255.255",
	  "198.51.100.7", false, false },
};

static void addresses_are_those_of_the_place(void)
{
	for (size_t i = 0; i < ROWS(places); i++) {
		const struct place *p = &places[i];

		p->make(&s);
		ask(&s);
		CU_ASSERT(address_equal(s.plan.source, address(p->source)));
		CU_ASSERT(address_equal(s.plan.destination, address(p->destination)));
		CU_ASSERT_EQUAL(s.plan.ttl, p->ttl);
		CU_ASSERT(address_equal(s.fixed.home, address(p->home)));
		CU_ASSERT(address_equal(s.fixed.home_agent, address(p->home_agent)));
		CU_ASSERT(address_equal(s.fixed.care_of, address(p->care_of)));
		CU_ASSERT_EQUAL(s.plan.by_agent, p->by_agent);
		CU_ASSERT_EQUAL(s.plan.broadcast, p->broadcast);
	}
}

/* ---- flags, section 3.6.1.2 ---- */

struct wish {
	void (*place)(struct situation *);
	struct mobile_wishes wishes;
	enum mobile_purpose purpose;
	uint8_t flags;
};

static const struct wish wishes[] = {
	{ co_located, { .lifetime_s = 300 }, MOBILE_BIND, 0x20 },
	{ by_agent, { .lifetime_s = 300 }, MOBILE_BIND, 0 },
	{ co_located, { .lifetime_s = 300 }, MOBILE_BIND_BESIDE, 0xa0 },
	{ co_located, { .lifetime_s = 300, .reverse = true }, MOBILE_BIND, 0x22 },
	{ by_agent, { .lifetime_s = 300, .reverse = true }, MOBILE_BIND, 0x02 },
	{ co_located, { .encapsulation = ENCAPSULATION_GRE }, MOBILE_BIND, 0x28 },
	{ by_agent, { .encapsulation = ENCAPSULATION_MINIMAL }, MOBILE_BIND, 0x10 },
	{ co_located, { .broadcasts = true }, MOBILE_BIND, 0x60 },
	/* It could not take them out of what the agent delivers. */
	{ by_agent, { .broadcasts = true }, MOBILE_BIND, 0 },
	/* An end says nothing of what is to be. */
	{ co_located, { .reverse = true, .broadcasts = true }, MOBILE_UNBIND, 0x20 },
	{ by_agent, { .encapsulation = ENCAPSULATION_GRE }, MOBILE_UNBIND, 0 },
	{ at_home, { .reverse = true }, MOBILE_UNBIND_ALL, 0 },
};

static void flags_are_those_of_the_wish(void)
{
	for (size_t i = 0; i < ROWS(wishes); i++) {
		wishes[i].place(&s);
		s.wishes = wishes[i].wishes;
		s.purpose = wishes[i].purpose;
		ask(&s);
		CU_ASSERT_EQUAL(s.fixed.flags, wishes[i].flags);
	}
}

static void a_lifetime_is_no_longer_than_the_agent_takes(void)
{
	static const struct {
		uint16_t wished, taken, asked;
	} rows[] = {
		{ 300, 600, 300 },       { 900, 600, 600 },   { 65535, 600, 600 },
		{ 65535, 65535, 65535 }, { 900, 65535, 900 }, { 900, 0, 900 },
		{ 3600, 0, 1800 },       { 65535, 0, 1800 },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		by_agent(&s);
		s.wishes.lifetime_s = rows[i].wished;
		s.at.agent_lifetime_s = rows[i].taken;
		ask(&s);
		CU_ASSERT_EQUAL(s.fixed.lifetime_s, rows[i].asked);
	}
	co_located(&s);
	s.wishes.lifetime_s = 65535;
	ask(&s);
	CU_ASSERT_EQUAL(s.fixed.lifetime_s, 65535);
	s.purpose = MOBILE_UNBIND;
	ask(&s);
	CU_ASSERT_EQUAL(s.fixed.lifetime_s, 0);
	CU_ASSERT(address_equal(s.fixed.care_of, address("198.51.100.7")));
	s.purpose = MOBILE_UNBIND_ALL;
	ask(&s);
	CU_ASSERT(address_equal(s.fixed.care_of, s.node.home));
	CU_ASSERT(address_equal(s.plan.source, address("198.51.100.7")));
}

/* ---- what cannot be asked for ---- */

static void without_key(struct situation *t)
{
	t->node.mobile_home.key = NULL;
}

static void without_identity(struct situation *t)
{
	t->node.home = address("0.0.0.0");
}

static void without_home_agent(struct situation *t)
{
	t->node.home_agent = address("0.0.0.0");
}

static void named_without_home_agent(struct situation *t)
{
	without_home_agent(t);
	t->node.nai = words("a@b");
}

static void at_home_and_binds(struct situation *t)
{
	at_home(t);
	t->purpose = MOBILE_BIND;
}

static void unknown_home_ends(struct situation *t)
{
	without_identity(t);
	t->node.nai = words("a@b");
	t->purpose = MOBILE_UNBIND_ALL;
}

static void home_as_care_of(struct situation *t)
{
	t->at.care_of = t->node.home;
}

static void no_care_of(struct situation *t)
{
	t->at.care_of = address("0.0.0.0");
}

static void gre_not_offered(struct situation *t)
{
	by_agent(t);
	t->at.offers &= (uint16_t)~AGENT_GRE;
	t->wishes.encapsulation = ENCAPSULATION_GRE;
}

static void minimal_not_offered(struct situation *t)
{
	by_agent(t);
	t->at.offers &= (uint16_t)~AGENT_MINIMAL;
	t->wishes.encapsulation = ENCAPSULATION_MINIMAL;
}

static void no_such_encapsulation(struct situation *t)
{
	t->wishes.encapsulation = ENCAPSULATION_GRE + 1;
}

static void reverse_not_offered(struct situation *t)
{
	by_agent(t);
	t->at.offers &= (uint16_t)~AGENT_REVERSE_TUNNEL;
	t->wishes.reverse = true;
}

static const struct {
	void (*spoil)(struct situation *);
	enum ha_error why;
	const char *reason;
} obstacles[] = {
	{ without_key, HA_E_NOTFOUND, "association" },
	{ without_identity, HA_E_NOTFOUND, "name" },
	{ without_home_agent, HA_E_NOTFOUND, "home network" },
	{ named_without_home_agent, HA_E_NOTFOUND, "ask first" },
	{ at_home_and_binds, HA_E_MALFORMED, "at home" },
	{ unknown_home_ends, HA_E_NOTFOUND, "not known yet" },
	{ home_as_care_of, HA_E_MALFORMED, "care-of" },
	{ no_care_of, HA_E_MALFORMED, "care-of" },
	{ gre_not_offered, HA_E_UNSUPPORTED, "encapsulation" },
	{ minimal_not_offered, HA_E_UNSUPPORTED, "encapsulation" },
	{ no_such_encapsulation, HA_E_UNSUPPORTED, "encapsulation" },
	{ reverse_not_offered, HA_E_UNSUPPORTED, "reverse" },
};

static void what_cannot_be_asked_for_is_said(void)
{
	for (size_t i = 0; i < ROWS(obstacles); i++) {
		co_located(&s);
		obstacles[i].spoil(&s);
		CU_ASSERT_EQUAL(plan(&s), obstacles[i].why);
		CU_ASSERT_PTR_NOT_NULL(strstr(s.reason, obstacles[i].reason));
	}
}

/* ---- extensions, section 3.6.1.3 ---- */

static bool covers(const struct mip_authentication *by, struct span octets)
{
	return mip_authentication_covers(by, octets);
}

static void authenticators_verify(void)
{
	by_agent(&s);
	s.at.mobile_foreign = (struct mobile_key){ FOREIGN_SPI, &s.foreign_key };
	ask(&s);
	CU_ASSERT_EQUAL(s.extensions.mobile_home_count, 1);
	CU_ASSERT_EQUAL(s.extensions.mobile_home.spi, HOME_SPI);
	CU_ASSERT(mip_authenticator_verify(&s.home_key, s.extensions.mobile_home.covered,
	                                   s.extensions.mobile_home.authenticator));
	CU_ASSERT_EQUAL(s.extensions.mobile_foreign_count, 1);
	CU_ASSERT_EQUAL(s.extensions.mobile_foreign.spi, FOREIGN_SPI);
	CU_ASSERT(mip_authenticator_verify(&s.foreign_key, s.extensions.mobile_foreign.covered,
	                                   s.extensions.mobile_foreign.authenticator));
	/* An agent that is not asked is not signed for. */
	s.at.way = MOBILE_CO_LOCATED;
	s.at.by_agent = false;
	ask(&s);
	CU_ASSERT_EQUAL(s.extensions.mobile_foreign_count, 0);
}

static void what_the_home_agent_needs_comes_first(void)
{
	any_home_agent_requested(&s);
	s.wishes.udp = MOBILE_UDP_FORCED;
	ask(&s);
	CU_ASSERT(covers(&s.extensions.mobile_home, s.extensions.nai));
	CU_ASSERT(covers(&s.extensions.mobile_home, s.extensions.dynamic_ha.at));
	CU_ASSERT_EQUAL(s.extensions.dynamic_ha.subtype, MIP_DYNAMIC_HA_REQUESTED);
	CU_ASSERT(address_equal(s.extensions.dynamic_ha.address, address("192.0.2.9")));
	CU_ASSERT(covers(&s.extensions.mobile_home, s.extensions.udp_request.at));
	CU_ASSERT(s.extensions.udp_request.forced);
	CU_ASSERT(!s.extensions.udp_request.registration_required);
	/* Once there is a home agent, none is asked for. */
	s.node.home_agent = address("192.0.2.9");
	ask(&s);
	CU_ASSERT_EQUAL(s.extensions.dynamic_ha_count, 0);
}

static void udp_is_asked_for_where_it_can_be(void)
{
	static const struct {
		void (*make)(struct situation *);
		uint16_t offers;
		uint8_t udp;
		enum mobile_purpose purpose;
		bool asked, forced, through_agent;
	} rows[] = {
		{ co_located, 0, MOBILE_UDP_NO, MOBILE_BIND, false, false, false },
		{ co_located, 0, MOBILE_UDP_BEHIND_NAT, MOBILE_BIND, true, false, false },
		{ co_located, 0, MOBILE_UDP_FORCED, MOBILE_BIND, true, true, false },
		{ co_located, 0, MOBILE_UDP_FORCED, MOBILE_UNBIND, false, false, false },
		{ by_agent, AGENT_UDP_TUNNEL, MOBILE_UDP_FORCED, MOBILE_BIND, false, false, false },
		{ agent_required, 0, MOBILE_UDP_BEHIND_NAT, MOBILE_BIND, false, false, false },
		{ agent_required, AGENT_UDP_TUNNEL, MOBILE_UDP_BEHIND_NAT, MOBILE_BIND, true, false,
		  true },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		rows[i].make(&s);
		s.at.offers = rows[i].offers;
		s.wishes.udp = rows[i].udp;
		s.purpose = rows[i].purpose;
		ask(&s);
		CU_ASSERT_EQUAL(s.extensions.udp_request_count, rows[i].asked);
		CU_ASSERT_EQUAL(s.extensions.udp_request.forced, rows[i].forced);
		CU_ASSERT_EQUAL(s.extensions.udp_request.registration_required,
		                rows[i].through_agent);
	}
}

static void the_delivery_style_is_the_agents_matter(void)
{
	by_agent(&s);
	s.wishes.encapsulating = true;
	ask(&s);
	CU_ASSERT_EQUAL(s.extensions.delivery_count, 0); /* without T there is nothing to deliver */
	s.wishes.reverse = true;
	ask(&s);
	CU_ASSERT_EQUAL(s.extensions.delivery_count, 1);
	CU_ASSERT(!covers(&s.extensions.mobile_home, s.extensions.delivery));
	s.at.mobile_foreign = (struct mobile_key){ FOREIGN_SPI, &s.foreign_key };
	ask(&s);
	CU_ASSERT(covers(&s.extensions.mobile_foreign, s.extensions.delivery));
	co_located(&s);
	s.wishes.encapsulating = s.wishes.reverse = true;
	ask(&s);
	CU_ASSERT_EQUAL(s.extensions.delivery_count, 0);
}

/* RFC 4721 section 3.1. */
static void a_challenge_is_answered_and_signed(void)
{
	by_agent(&s);
	s.at.challenge = words("abcdefgh");
	ask(&s);
	CU_ASSERT(covers(&s.extensions.mobile_home, s.extensions.challenge));

	s.node.mobile_aaa = (struct mobile_key){ AAA_SPI, &s.aaa_key };
	ask(&s);
	CU_ASSERT(!covers(&s.extensions.mobile_home, s.extensions.challenge));
	CU_ASSERT(covers(&s.extensions.mobile_aaa, s.extensions.challenge));

	s.at.mobile_foreign = (struct mobile_key){ FOREIGN_SPI, &s.foreign_key };
	ask(&s);
	CU_ASSERT_EQUAL(s.extensions.challenge_count, 1);
	CU_ASSERT(!covers(&s.extensions.mobile_home, s.extensions.challenge));
	CU_ASSERT(covers(&s.extensions.mobile_aaa, s.extensions.challenge));
	CU_ASSERT(covers(&s.extensions.mobile_foreign, s.extensions.challenge));
	CU_ASSERT(covers(&s.extensions.mobile_foreign, s.extensions.mobile_aaa.authenticator));

	s.node.mobile_aaa.key = NULL;
	ask(&s);
	CU_ASSERT(covers(&s.extensions.mobile_foreign, s.extensions.challenge));
	/* Who asks the home agent itself sends none. */
	s.at.way = MOBILE_CO_LOCATED;
	s.at.by_agent = false;
	ask(&s);
	CU_ASSERT_EQUAL(s.extensions.challenge_count, 0);
}

static void chap_is_over_the_challenge_or_zero(void)
{
	by_agent(&s);
	CU_ASSERT_EQUAL(mip_key_state_init(&s.aaa_key, MIP_CHAP, "mobile-and-aaa..", 16), HA_OK);
	s.node.mobile_aaa = (struct mobile_key){ MIP_SPI_CHAP, &s.aaa_key };
	s.at.challenge = words("abcdefgh");
	ask(&s);
	CU_ASSERT_EQUAL(registration_authenticate_aaa(&s.extensions, &s.aaa_key),
	                AUTHENTICATION_VALID);
	s.at = (struct mobile_attachment){ .way = MOBILE_CO_LOCATED,
		                           .care_of = address("198.51.100.7"),
		                           .challenge = words("abcdefgh") };
	ask(&s);
	CU_ASSERT_EQUAL(s.extensions.challenge_count, 0);
	CU_ASSERT_EQUAL(registration_authenticate_aaa(&s.extensions, &s.aaa_key),
	                AUTHENTICATION_VALID);
}

static void an_agent_of_ours_relays_it(void)
{
	struct foreign_policy policy = {
		.offers = AGENT_FOREIGN | AGENT_MINIMAL | AGENT_GRE | AGENT_REVERSE_TUNNEL,
		.care_of = { address("198.51.100.2") },
		.care_of_count = 1,
		.max_lifetime_s = 600,
		.encapsulating_delivery = true,
		.challenges = true,
	};
	struct foreign_facts facts = { .policy = &policy,
		                       .mobile_foreign = AUTHENTICATION_VALID,
		                       .mobile_associated = true,
		                       .challenge = CHALLENGE_FRESH };
	struct foreign_request request;
	struct foreign_verdict verdict;

	by_agent(&s);
	s.node.nai = words("a@b");
	s.wishes = (struct mobile_wishes){ .lifetime_s = 900,
		                           .encapsulation = ENCAPSULATION_GRE,
		                           .reverse = true,
		                           .encapsulating = true };
	s.at.challenge = words("abcdefgh");
	s.at.mobile_foreign = (struct mobile_key){ FOREIGN_SPI, &s.foreign_key };
	ask(&s);
	CU_ASSERT_EQUAL(foreign_request_decode((struct span){ s.octets, s.size }, &request), HA_OK);
	request.source = s.plan.source;
	request.destination = s.plan.destination;
	request.ttl = s.plan.ttl;
	verdict = foreign_decide(&request, &facts);
	CU_ASSERT_EQUAL(verdict.effect, FOREIGN_RELAY);
	CU_ASSERT_STRING_EQUAL(verdict.check, "");
}

static void a_request_needs_all_its_room(void)
{
	by_agent(&s);
	s.at.challenge = words("abcdefgh");
	s.at.mobile_foreign = (struct mobile_key){ FOREIGN_SPI, &s.foreign_key };
	ask(&s);
	for (size_t room = 0; room <= s.size; room++) {
		uint8_t octets[MOBILE_REQUEST_MAX];
		struct writer out = writer_over(octets, room);

		mobile_request_write(&s.plan, IDENTIFICATION, &out);
		CU_ASSERT_EQUAL(out.error, room < s.size ? HA_E_NOSPACE : HA_OK);
	}
}

static void a_network_has_an_address_of_all(void)
{
	static const struct {
		const char *network;
		uint8_t length;
		const char *all;
	} rows[] = {
		{ "10.0.0.0", 8, "10.255.255.255" },
		{ "10.0.0.128", 25, "10.0.0.255" },
		{ "10.0.0.4", 32, "10.0.0.4" },
		{ "0.0.0.0", 0, "255.255.255.255" },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct address_prefix network = { address(rows[i].network), rows[i].length };

		CU_ASSERT(address_equal(mobile_directed_broadcast(&network), address(rows[i].all)));
	}
}

static CU_TestInfo tests[] = {
	{ "addresses are those of the place", addresses_are_those_of_the_place },
	{ "flags are those of the wish", flags_are_those_of_the_wish },
	{ "a lifetime is no longer than the agent takes",
	  a_lifetime_is_no_longer_than_the_agent_takes },
	{ "what cannot be asked for is said", what_cannot_be_asked_for_is_said },
	{ "authenticators verify", authenticators_verify },
	{ "what the home agent needs comes first", what_the_home_agent_needs_comes_first },
	{ "UDP is asked for where it can be", udp_is_asked_for_where_it_can_be },
	{ "the delivery style is the agent's matter", the_delivery_style_is_the_agents_matter },
	{ "a challenge is answered and signed", a_challenge_is_answered_and_signed },
	{ "CHAP is over the challenge or zero", chap_is_over_the_challenge_or_zero },
	{ "an agent of ours relays it", an_agent_of_ours_relays_it },
	{ "a request needs all its room", a_request_needs_all_its_room },
	{ "a network has an address of all", a_network_has_an_address_of_all },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("mobile_request", tests);
}
