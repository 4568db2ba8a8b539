/* test_foreign_relay.c - what a foreign agent sends for a request (RFC 5944 sections
 * 3.7.2.2 and 3.7.2.3): octets, addresses, and who signs. */
#include <string.h>

#include "tests/unit/dice.h"
#include "tests/unit/foreign_situation.h"
#include "tests/unit/octets.h"
#include "tests/unit/suite.h"

#define STAMP 0x01020304u

/* What was relayed, read by whom it is for. */
struct relayed {
	uint8_t octets[ROOM];
	struct span message;
	struct foreign_relay plan;
	struct foreign_request read;
};

static void relay(struct situation *s, struct relayed *out)
{
	struct foreign_signer signer = { .spi = FOREIGN_SPI, .key = &s->foreign_home };
	struct writer w = writer_over(out->octets, sizeof(out->octets));

	out->plan = foreign_relay_plan(&s->request, &s->facts);
	foreign_relay_write(&out->plan, &signer, STAMP, &w);
	CU_ASSERT_EQUAL(w.error, HA_OK);
	out->message = writer_span(&w);
	CU_ASSERT_TRUE(out->message.size <= out->plan.kept.size + FOREIGN_RELAY_ADDED_MAX);
	CU_ASSERT_EQUAL(foreign_request_decode(out->message, &out->read), HA_OK);
	CU_ASSERT_EQUAL(out->read.fault, HA_OK);
}

static bool begins_with(struct span message, struct span kept)
{
	return message.size >= kept.size && memcmp(message.at, kept.at, kept.size) == 0;
}

/* All that the node says for us alone: delivery style, challenge, and its signature. */
static void add_for_us(struct situation *s)
{
	put_octets(&s->writer, "\x82\0\x84\4abcd", 8);
	sign(s, MIP_EXTENSION_MOBILE_FOREIGN);
	look_again(s);
}

static void octets_for_the_home_agent_stay_and_ours_go(void)
{
	struct relayed relayed;
	struct situation s;
	size_t signed_size;

	good(&s);
	signed_size = writer_used(&s.writer);
	add_for_us(&s);
	relay(&s, &relayed);
	CU_ASSERT_EQUAL(relayed.message.size, signed_size);
	CU_ASSERT_TRUE(begins_with(relayed.message, relayed.plan.kept));
	CU_ASSERT_EQUAL(relayed.plan.kept.size, signed_size);
	CU_ASSERT_EQUAL(relayed.read.extensions.mobile_foreign_count, 0);
	CU_ASSERT_EQUAL(relayed.read.extensions.challenge_count, 0);
	CU_ASSERT_EQUAL(relayed.read.extensions.delivery_count, 0);
	CU_ASSERT_FALSE(relayed.plan.challenge);
	CU_ASSERT_EQUAL(
		registration_authenticate(&relayed.read.extensions.mobile_home, 1, &s.mobile_home),
		AUTHENTICATION_VALID);
}

/* RFC 4721 section 3.2: with MN-AAA the challenge is the home agent's matter too. */
static void challenge_under_mn_aaa_stays(void)
{
	struct relayed relayed;
	struct situation s;
	struct span challenge = { (const uint8_t *)"abcd", 4 };

	good(&s);
	mip_challenge_append(&s.writer, challenge);
	mip_generalized_append(&s.writer, MIP_GENERALIZED_MOBILE_AAA, 400, &s.mobile_home,
	                       challenge);
	sign(&s, MIP_EXTENSION_MOBILE_FOREIGN);
	look_again(&s);
	s.facts.home_agent_associated = true;
	CU_ASSERT_EQUAL(foreign_decide(&s.request, &s.facts).code, FOREIGN_UNKNOWN_CHALLENGE);
	relay(&s, &relayed);
	CU_ASSERT_TRUE(relayed.plan.challenge);
	CU_ASSERT_EQUAL(relayed.read.extensions.challenge_count, 1);
	CU_ASSERT_EQUAL(relayed.read.extensions.mobile_aaa_count, 1);
	CU_ASSERT_EQUAL(relayed.read.extensions.mobile_foreign_count, 0);
	CU_ASSERT_TRUE(mip_authentication_covers(&relayed.read.extensions.foreign_home,
	                                         relayed.read.extensions.challenge));
}

static void offers(struct situation *s)
{
	s->facts.home_agent_associated = true;
	s->policy.offers |= AGENT_UDP_TUNNEL | AGENT_REVOCATION;
}

static void what_is_added_stands_behind_and_is_signed(void)
{
	const struct mip_extensions *e;
	struct relayed relayed;
	struct situation s;

	good(&s);
	offers(&s);
	s.policy.udp_forced = s.policy.revocation_inform = true;
	add_for_us(&s);
	relay(&s, &relayed);
	e = &relayed.read.extensions;
	CU_ASSERT_TRUE(begins_with(relayed.message, relayed.plan.kept));
	CU_ASSERT_EQUAL(e->udp_request_count, 1);
	CU_ASSERT_TRUE(e->udp_request.forced);
	CU_ASSERT_FALSE(e->udp_request.registration_required);
	CU_ASSERT_EQUAL(e->revocation_count, 1);
	CU_ASSERT_TRUE(e->revocation.inform);
	CU_ASSERT_EQUAL(e->revocation.timestamp, STAMP);
	CU_ASSERT_EQUAL(e->foreign_home.spi, FOREIGN_SPI);
	CU_ASSERT_FALSE(mip_authentication_covers(&e->mobile_home, e->udp_request.at));
	CU_ASSERT_TRUE(mip_authentication_covers(&e->foreign_home, e->udp_request.at));
	CU_ASSERT_TRUE(mip_authentication_covers(&e->foreign_home, e->revocation.at));
	CU_ASSERT_EQUAL(
		registration_authenticate(&e->foreign_home, e->foreign_home_count, &s.foreign_home),
		AUTHENTICATION_VALID);
}

/* Relayed in place it is the same, and what is kept has not moved. */
static void in_place_nothing_is_copied(void)
{
	struct foreign_signer signer;
	struct foreign_relay plan;
	struct relayed relayed;
	struct situation s;
	struct writer w;

	good(&s);
	offers(&s);
	add_for_us(&s);
	relay(&s, &relayed);
	signer = (struct foreign_signer){ .spi = FOREIGN_SPI, .key = &s.foreign_home };
	plan = foreign_relay_plan(&s.request, &s.facts);
	w = writer_over(s.octets, sizeof(s.octets));
	foreign_relay_write(&plan, &signer, STAMP, &w);
	CU_ASSERT_EQUAL(w.error, HA_OK);
	CU_ASSERT_PTR_EQUAL(plan.kept.at, s.octets);
	CU_ASSERT_EQUAL_FATAL(writer_used(&w), relayed.message.size);
	CU_ASSERT_EQUAL(memcmp(s.octets, relayed.message.at, relayed.message.size), 0);
}

static void want_of_room_and_of_a_key_is_told(void)
{
	struct foreign_signer nobody = { .spi = FOREIGN_SPI };
	struct foreign_relay plan;
	uint8_t octets[ROOM];
	struct situation s;
	struct writer w;

	good(&s);
	offers(&s);
	plan = foreign_relay_plan(&s.request, &s.facts);
	w = writer_over(octets, sizeof(octets));
	foreign_relay_write(&plan, &nobody, STAMP, &w);
	CU_ASSERT_EQUAL(w.error, HA_E_NOTFOUND);
	w = writer_over(octets, plan.kept.size + 8);
	foreign_relay_write(&plan, &nobody, STAMP, &w);
	CU_ASSERT_EQUAL(w.error, HA_E_NOSPACE);
}

/* ---- who gets what added ---- */

static void deregister(struct situation *s)
{
	s->request.fixed.lifetime_s = 0;
}

static void deregister_home(struct situation *s)
{
	deregister(s);
	s->request.fixed.care_of = s->request.fixed.home;
}

static void co_locate(struct situation *s)
{
	s->request.fixed.flags |= MIP_REQUEST_DECAPSULATES;
	s->request.fixed.care_of = address("198.51.100.77");
}

static void as_it_is(struct situation *s)
{
	(void)s;
}

static void stranger(struct situation *s)
{
	s->facts.home_agent_associated = false;
}

static void without_nat(struct situation *s)
{
	s->policy.offers &= (uint16_t)~AGENT_UDP_TUNNEL;
}

static void without_revocation(struct situation *s)
{
	s->policy.offers &= (uint16_t)~AGENT_REVOCATION;
}

static void node_asks_for_udp(struct situation *s)
{
	begin_request(s);
	mip_udp_tunnel_request_append(&s->writer, false, false, 0);
	sign(s, MIP_EXTENSION_MOBILE_HOME);
	look_again(s);
}

static void any_agent(struct situation *s)
{
	s->request.fixed.home_agent = address("0.0.0.0");
	s->policy.home_agent = address("192.0.2.9");
}

static const struct {
	const char *rule;
	void (*make)(struct situation *);
	bool udp, revocation, authenticated;
	const char *source, *destination;
} plans[] = {
	{ "RFC 5944 3.7.2.2", as_it_is, true, true, true, "198.51.100.2", "192.0.2.1" },
	{ "RFC 5944 3.5.4: not on a deregistration", deregister, false, false, false,
	  "198.51.100.2", "192.0.2.1" },
	{ "RFC 5944 3.7.2.2: from a care-of address", deregister_home, false, false, false,
	  "198.51.100.1", "192.0.2.1" },
	{ "RFC 5944 3.5.4, RFC 3519 4.5: not for a co-located node", co_locate, false, false, false,
	  "198.51.100.1", "192.0.2.1" },
	{ "RFC 3543 4.2.1: revocation needs an association", stranger, true, false, false,
	  "198.51.100.2", "192.0.2.1" },
	{ "RFC 3519 3.3: not behind a NAT", without_nat, false, true, true, "198.51.100.2",
	  "192.0.2.1" },
	{ "RFC 3543 3.1: X is not offered", without_revocation, true, false, true, "198.51.100.2",
	  "192.0.2.1" },
	{ "RFC 3519 4.4: the node's own is the home agent's to judge", node_asks_for_udp, false,
	  true, true, "198.51.100.2", "192.0.2.1" },
	{ "RFC 4433 5.2: to the agent that is chosen", any_agent, true, true, true, "198.51.100.2",
	  "192.0.2.9" },
};

static void plans_are_as_the_rules_say(void)
{
	for (size_t i = 0; i < ROWS(plans); i++) {
		struct foreign_relay plan;
		struct situation s;

		good(&s);
		offers(&s);
		plans[i].make(&s);
		plan = foreign_relay_plan(&s.request, &s.facts);
		CU_ASSERT_EQUAL(plan.udp_request, plans[i].udp);
		CU_ASSERT_EQUAL(plan.revocation, plans[i].revocation);
		CU_ASSERT_EQUAL(plan.authenticated, plans[i].authenticated);
		CU_ASSERT_EQUAL(plan.source.s_addr, address(plans[i].source).s_addr);
		CU_ASSERT_EQUAL(plan.destination.s_addr, address(plans[i].destination).s_addr);
	}
}

/* ---- RFC 5944 section 3.7.1: what is kept of it ---- */

static void registration_has_what_the_request_had(void)
{
	struct foreign_registration kept;
	struct foreign_relay plan;
	struct situation s;
	struct span name = { (const uint8_t *)"a@b", 3 };

	good(&s);
	begin_request(&s);
	mip_nai_append(&s.writer, name);
	sign(&s, MIP_EXTENSION_MOBILE_HOME);
	offers(&s);
	add_for_us(&s);
	s.policy.revocation_inform = true;
	plan = foreign_relay_plan(&s.request, &s.facts);
	kept = foreign_registration_of(&s.request, &plan, STAMP, 77);
	CU_ASSERT_EQUAL(kept.home.s_addr, address("10.0.0.1").s_addr);
	CU_ASSERT_EQUAL(kept.home_agent.s_addr, address("192.0.2.1").s_addr);
	CU_ASSERT_EQUAL(kept.relayed_to.s_addr, address("192.0.2.1").s_addr);
	CU_ASSERT_EQUAL(kept.care_of.s_addr, address("198.51.100.2").s_addr);
	CU_ASSERT_EQUAL(kept.source.s_addr, address("10.0.0.1").s_addr);
	CU_ASSERT_EQUAL(kept.destination.s_addr, address("198.51.100.9").s_addr);
	CU_ASSERT_EQUAL(kept.identification, IDENTIFICATION);
	CU_ASSERT_EQUAL(kept.since_ms, 77);
	CU_ASSERT_EQUAL(kept.interface, 3);
	CU_ASSERT_EQUAL(kept.revocation_stamp, STAMP);
	CU_ASSERT_EQUAL(kept.source_port, 2345);
	CU_ASSERT_EQUAL(kept.lifetime_s, 300);
	CU_ASSERT_EQUAL(kept.features, FOREIGN_HAS_DELIVERY | FOREIGN_HAS_UDP |
	                                       FOREIGN_HAS_REVOCATION | FOREIGN_HAS_INFORM |
	                                       FOREIGN_HAS_SIGNED);
	CU_ASSERT_EQUAL(memcmp(kept.link, s.request.link, FOREIGN_LINK_SIZE), 0);
	CU_ASSERT_EQUAL(kept.challenge_size, 4);
	CU_ASSERT_EQUAL(memcmp(kept.challenge, "abcd", 4), 0);
	CU_ASSERT_EQUAL(kept.nai_size, 3);
	CU_ASSERT_EQUAL(memcmp(kept.nai, "a@b", 3), 0);
	plan.challenge = true;
	CU_ASSERT_TRUE(foreign_registration_of(&s.request, &plan, STAMP, 77).features &
	               FOREIGN_HAS_CHALLENGE);
	s.request.extensions.challenge.size = FOREIGN_CHALLENGE_MAX + 1;
	CU_ASSERT_EQUAL(foreign_registration_of(&s.request, &plan, STAMP, 77).challenge_size, 0);
}

/* ---- hostile octets ---- */

/* Whatever comes, what is relayed begins with what came and is no longer than promised. */
static void spoil_and_relay(const struct situation *s, struct dice *dice)
{
	struct octets octets = octets_copy(s->octets,
	                                   writer_used(&s->writer) - dice_below(dice, 3));
	struct foreign_signer signer = { .spi = FOREIGN_SPI, .key = &s->foreign_home };
	struct foreign_request request;
	uint8_t relayed[ROOM];

	for (unsigned flips = dice_below(dice, 6); flips > 0; flips--)
		octets_flip(octets, 8 + dice_below(dice, (uint32_t)octets.size * 8 - 8));
	CU_ASSERT_EQUAL_FATAL(
		foreign_request_decode((struct span){ octets.at, octets.size }, &request), HA_OK);
	foreign_decide(&request, &s->facts);
	if (request.fault == HA_OK) {
		struct foreign_relay plan = foreign_relay_plan(&request, &s->facts);
		struct writer w = writer_over(relayed, sizeof(relayed));

		foreign_relay_write(&plan, &signer, STAMP, &w);
		CU_ASSERT_EQUAL(w.error, HA_OK);
		CU_ASSERT_TRUE(plan.kept.size >= MIP_REQUEST_SIZE);
		CU_ASSERT_TRUE(plan.kept.size <= octets.size);
		CU_ASSERT_TRUE(writer_used(&w) <= plan.kept.size + FOREIGN_RELAY_ADDED_MAX);
		CU_ASSERT_EQUAL(memcmp(relayed, octets.at, plan.kept.size), 0);
	}
	free(octets.at);
}

static void hostile_octets_are_harmless(void)
{
	struct dice dice = { .state = 1 };
	struct situation s;

	good(&s);
	offers(&s);
	add_for_us(&s);
	s.facts.policy = &s.policy;
	for (unsigned i = 0; i < 5000; i++)
		spoil_and_relay(&s, &dice);
}

static void what_is_no_request_is_none(void)
{
	struct foreign_request request;
	struct foreign_reply reply;
	struct situation s;

	good(&s);
	CU_ASSERT_EQUAL(foreign_request_decode((struct span){ s.octets, 23 }, &request),
	                HA_E_TRUNCATED);
	CU_ASSERT_EQUAL(foreign_reply_decode((struct span){ s.octets, 24 }, &reply),
	                HA_E_MALFORMED);
	s.octets[0] = MIP_TYPE_REPLY;
	CU_ASSERT_EQUAL(foreign_request_decode((struct span){ s.octets, 24 }, &request),
	                HA_E_MALFORMED);
	CU_ASSERT_EQUAL(foreign_reply_decode((struct span){ s.octets, 19 }, &reply),
	                HA_E_TRUNCATED);
}

/* ---- RFC 5944 section 3.7.2.3 ---- */

static void denial_has_what_was_asked(void)
{
	struct span challenge = { (const uint8_t *)"new-challenge", 13 };
	struct foreign_verdict verdict;
	struct foreign_denial denial;
	struct foreign_answer answer;
	struct foreign_reply read;
	uint8_t octets[FOREIGN_DENIAL_MAX];
	struct writer w = writer_over(octets, sizeof(octets));
	struct situation s;

	good(&s);
	s.policy.message_strings = true;
	s.policy.max_lifetime_s = 200;
	verdict = foreign_decide(&s.request, &s.facts);
	denial = foreign_denial_of(&s.request, &verdict, &s.policy);
	answer = (struct foreign_answer){ .challenge = challenge,
		                          .mobile = { MOBILE_SPI, &s.mobile_foreign } };
	foreign_denial_write(&denial, &answer, &w);
	CU_ASSERT_EQUAL(w.error, HA_OK);
	CU_ASSERT_EQUAL(foreign_reply_decode(writer_span(&w), &read), HA_OK);
	CU_ASSERT_EQUAL(read.fault, HA_OK);
	CU_ASSERT_EQUAL(read.fixed.code, 69);
	CU_ASSERT_EQUAL(read.fixed.lifetime_s, 200);
	CU_ASSERT_EQUAL(read.fixed.home.s_addr, address("10.0.0.1").s_addr);
	CU_ASSERT_EQUAL(read.fixed.home_agent.s_addr, address("192.0.2.1").s_addr);
	CU_ASSERT_EQUAL(read.fixed.identification, IDENTIFICATION);
	CU_ASSERT_EQUAL(read.extensions.challenge_count, 1);
	CU_ASSERT_EQUAL(read.extensions.message.subtype, MIP_MESSAGE_FROM_FOREIGN);
	CU_ASSERT_EQUAL(read.extensions.message.text.size, strlen(verdict.reason));
	CU_ASSERT_EQUAL(read.extensions.mobile_foreign.spi, MOBILE_SPI);
	CU_ASSERT_TRUE(mip_authentication_covers(&read.extensions.mobile_foreign,
	                                         read.extensions.challenge));
	CU_ASSERT_EQUAL(
		registration_authenticate(&read.extensions.mobile_foreign, 1, &s.mobile_foreign),
		AUTHENTICATION_VALID);
}

static void denial_may_be_bare(void)
{
	struct foreign_answer nothing = { .challenge = { NULL, 0 } };
	struct foreign_verdict verdict;
	struct foreign_denial denial;
	uint8_t octets[MIP_REPLY_SIZE];
	struct writer w = writer_over(octets, sizeof(octets));
	struct situation s;

	good(&s);
	s.facts.no_resources = true;
	verdict = foreign_decide(&s.request, &s.facts);
	denial = foreign_denial_of(&s.request, &verdict, &s.policy);
	CU_ASSERT_EQUAL(denial.lifetime_s, 300);
	foreign_denial_write(&denial, &nothing, &w);
	CU_ASSERT_EQUAL(w.error, HA_OK);
	CU_ASSERT_EQUAL(writer_used(&w), MIP_REPLY_SIZE);
}

/* The longest of everything has room in what the header promises. */
static void the_longest_denial_has_room(void)
{
	static char reason[400];
	static const uint8_t challenge[255];
	struct foreign_denial denial = { .code = FOREIGN_UNSPECIFIED, .reason = reason };
	struct mip_key_state key;
	struct foreign_answer answer = { .challenge = { challenge, sizeof(challenge) },
		                         .mobile = { MOBILE_SPI, &key } };
	uint8_t octets[FOREIGN_DENIAL_MAX];
	struct writer w = writer_over(octets, sizeof(octets));

	memset(reason, 'a', sizeof(reason) - 1);
	CU_ASSERT_EQUAL(mip_key_state_init(&key, MIP_HMAC_SHA256, challenge, 32), HA_OK);
	foreign_denial_write(&denial, &answer, &w);
	CU_ASSERT_EQUAL(w.error, HA_OK);
	CU_ASSERT_TRUE(writer_used(&w) > 500);
}

static void addresses_of_answers(void)
{
	static const struct {
		const char *rule, *asked, *home, *source, *destination;
	} rows[] = {
		{ "RFC 5944 3.7.2.3", "198.51.100.1", "10.0.0.1", "198.51.100.1", "10.0.0.1" },
		{ "all agents", "224.0.0.11", "10.0.0.1", "198.51.100.9", "10.0.0.1" },
		{ "broadcast is no source", "255.255.255.255", "10.0.0.1", "198.51.100.9",
		  "10.0.0.1" },
		{ "no home address", "198.51.100.1", "0.0.0.0", "198.51.100.1", "255.255.255.255" },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct foreign_addresses to = foreign_addresses_of(
			address(rows[i].asked), address("198.51.100.9"), address(rows[i].home));

		CU_ASSERT_EQUAL(to.source.s_addr, address(rows[i].source).s_addr);
		CU_ASSERT_EQUAL(to.destination.s_addr, address(rows[i].destination).s_addr);
	}
}

static CU_TestInfo tests[] = {
	{ "RFC 5944 3.7.2.2: the home agent's octets stay, ours go",
	  octets_for_the_home_agent_stay_and_ours_go },
	{ "RFC 4721 3.2: a challenge under MN-AAA stays", challenge_under_mn_aaa_stays },
	{ "RFC 5944 3.7.2.2: what is added stands behind and is signed",
	  what_is_added_stands_behind_and_is_signed },
	{ "in place nothing is copied", in_place_nothing_is_copied },
	{ "want of room and of a key is told", want_of_room_and_of_a_key_is_told },
	{ "plans are as the rules say", plans_are_as_the_rules_say },
	{ "RFC 5944 3.7.1: a registration has what the request had",
	  registration_has_what_the_request_had },
	{ "hostile octets are harmless", hostile_octets_are_harmless },
	{ "what is no request is none", what_is_no_request_is_none },
	{ "RFC 5944 3.7.2.3: a denial has what was asked", denial_has_what_was_asked },
	{ "RFC 5944 3.7.2.3: a denial may be bare", denial_may_be_bare },
	{ "the longest denial has room", the_longest_denial_has_room },
	{ "RFC 5944 3.7.2.3: addresses of answers", addresses_of_answers },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("foreign_relay", tests);
}
