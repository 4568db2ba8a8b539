/* test_registration_layout.c - which extensions a reply has, in which order, and who
 * can vouch for them: what is for the mobile node stands before its
 * authenticator, what is for the foreign agent behind it (RFC 5944 section
 * 3.8.3.3); and the largest one fits. */
#include <stdlib.h>
#include <string.h>

#include "proto/extension_write.h"
#include "tests/unit/registration_situation.h"
#include "tests/unit/suite.h"

static struct mip_key_state mobile, foreign;

static struct mip_key_state key(uint8_t octet)
{
	uint8_t octets[32];
	struct mip_key_state state;

	memset(octets, octet, sizeof(octets));
	CU_ASSERT_EQUAL(mip_key_state_init(&state, MIP_HMAC_SHA256, octets, sizeof(octets)), HA_OK);
	return state;
}

static struct registration_signers both(void)
{
	mobile = key(1);
	foreign = key(2);
	return (struct registration_signers){ 256, &mobile, 300, &foreign };
}

/* Types of the extensions, after each other; message strings and 139 in RFC
 * 4433's form have lengths of their own kind, which the decoder checks. */
static size_t types_of(const uint8_t *reply, size_t size, uint8_t types[16])
{
	size_t count = 0;

	for (size_t at = MIP_REPLY_SIZE; at < size && count < 16; count++) {
		bool wide = reply[at] == MIP_EXTENSION_DYNAMIC_HA && reply[at + 1] < 3;

		types[count] = reply[at];
		at += wide ? 8 : 2u + reply[at + 1];
	}
	return count;
}

static void check_types(struct situation *s, const uint8_t *expected, size_t count)
{
	struct registration_signers signers = both();
	struct registration_verdict verdict = decide(s);
	uint8_t out[REGISTRATION_REPLY_MAX], types[16];
	struct mip_extensions found;
	struct mip_reply reply;
	struct reader in;
	size_t size = registration_reply(&s->request, &verdict, &s->facts, &signers, out);

	CU_ASSERT_EQUAL_FATAL(types_of(out, size, types), count);
	CU_ASSERT_EQUAL(memcmp(types, expected, count), 0);
	in = reader_over(out, size);
	CU_ASSERT_EQUAL(mip_reply_decode(&in, &reply), HA_OK);
	CU_ASSERT_EQUAL(mip_extensions_decode((struct span){ out, size }, &in, &found), HA_OK);
	CU_ASSERT_EQUAL(reply.code, (uint8_t)verdict.code);
	CU_ASSERT_EQUAL(
		registration_authenticate(&found.mobile_home, found.mobile_home_count, &mobile),
		AUTHENTICATION_VALID);
	if (found.foreign_home_count)
		CU_ASSERT_EQUAL(registration_authenticate(&found.foreign_home, 1, &foreign),
		                AUTHENTICATION_VALID);
}

#define CHECK_TYPES(s, ...)                                                                        \
	do {                                                                                       \
		static const uint8_t expected_[] = { __VA_ARGS__ };                                \
		check_types(s, expected_, sizeof(expected_));                                      \
	} while (0)

/* A name in the octets of the request that stand where the node spoke. */
static void name_it(struct situation *s, const uint8_t *octets, size_t size)
{
	s->request.extensions.mobile_home.covered = (struct span){ octets, 1024 };
	s->request.extensions.nai = (struct span){ octets, size };
	s->request.extensions.nai_count = 1;
}

static void by_a_foreign_agent(struct situation *s)
{
	s->facts.foreign_agent_associated = true;
	s->facts.foreign_home = AUTHENTICATION_VALID;
	s->request.extensions.foreign_home_count = 1;
	s->request.extensions.foreign_home.covered = octets_at(0, sizeof(request_octets));
}

static const uint8_t letters[1024] = { 'a', 'b', '@', 'c', 'd' };

static void plain_replies_are_short(void)
{
	struct situation s;

	good(&s);
	CHECK_TYPES(&s, MIP_EXTENSION_MOBILE_HOME, MIP_EXTENSION_FOREIGN_HOME);
	good(&s);
	s.request.fixed.lifetime_s = 0;
	CHECK_TYPES(&s, MIP_EXTENSION_MOBILE_HOME); /* section 3.5.4 */
	good(&s);
	name_it(&s, letters, 5);
	CHECK_TYPES(&s, MIP_EXTENSION_NAI, MIP_EXTENSION_MOBILE_HOME, MIP_EXTENSION_FOREIGN_HOME);
}

static void a_challenge_goes_back_to_who_sent_it(void)
{
	struct situation s;

	good(&s);
	s.request.extensions.challenge = octets_at(SAID_BEHIND, 20);
	s.request.extensions.challenge_count = 1;
	CHECK_TYPES(&s, MIP_EXTENSION_MOBILE_HOME, MIP_EXTENSION_CHALLENGE,
	            MIP_EXTENSION_FOREIGN_HOME);
	s.request.fixed.care_of = address("192.0.2.1"); /* a denial too */
	CHECK_TYPES(&s, MIP_EXTENSION_MOBILE_HOME, MIP_EXTENSION_CHALLENGE,
	            MIP_EXTENSION_FOREIGN_HOME);
}

static void a_udp_tunnel_is_answered_where_it_was_asked_for(void)
{
	static const struct {
		size_t at;
		uint8_t flags;
	} rows[] = { { SAID_BY_NODE, MIP_REQUEST_DECAPSULATES }, { SAID_BEHIND, 0 } };

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct situation s;

		good(&s);
		s.facts.policy.udp_tunnel = UDP_TUNNEL_BEHIND_NAT;
		s.request.fixed.flags = rows[i].flags;
		s.request.extensions.udp_request_count = 1;
		s.request.extensions.udp_request.at = octets_at(rows[i].at, 8);
		if (i == 0)
			CHECK_TYPES(&s, MIP_EXTENSION_UDP_REPLY, MIP_EXTENSION_MOBILE_HOME,
			            MIP_EXTENSION_FOREIGN_HOME);
		else
			CHECK_TYPES(&s, MIP_EXTENSION_MOBILE_HOME, MIP_EXTENSION_UDP_REPLY,
			            MIP_EXTENSION_FOREIGN_HOME);
		s.request.fixed.care_of = address("192.0.2.1"); /* denied: not a word of it */
		CHECK_TYPES(&s, MIP_EXTENSION_MOBILE_HOME, MIP_EXTENSION_FOREIGN_HOME);
	}
}

static void a_redirection_names_the_other_agent(void)
{
	for (unsigned form = 0; form < 3; form++) {
		struct registration_signers signers = both();
		struct registration_verdict verdict;
		uint8_t out[REGISTRATION_REPLY_MAX];
		struct mip_extensions found;
		struct mip_reply reply;
		struct reader in;
		struct situation s;
		size_t size;

		good(&s);
		name_it(&s, letters, 5);
		s.facts.policy.dynamic_home_agent = true;
		s.facts.policy.redirect = address("192.0.2.9");
		s.request.fixed.home_agent.s_addr = INADDR_ANY;
		s.request.extensions.dynamic_ha_count = form > 0;
		s.request.extensions.dynamic_ha.at = (struct span){ letters + 8, 8 };
		s.request.extensions.dynamic_ha.subtype = MIP_DYNAMIC_HA_REQUESTED;
		s.request.extensions.dynamic_ha.address = address("192.0.2.1");
		s.request.extensions.dynamic_ha.rfc4433_form = form == 1;
		CHECK_TYPES(&s, MIP_EXTENSION_NAI, MIP_EXTENSION_DYNAMIC_HA,
		            MIP_EXTENSION_MOBILE_HOME, MIP_EXTENSION_FOREIGN_HOME);
		verdict = decide(&s);
		size = registration_reply(&s.request, &verdict, &s.facts, &signers, out);
		in = reader_over(out, size);
		mip_reply_decode(&in, &reply);
		CU_ASSERT_EQUAL(mip_extensions_decode((struct span){ out, size }, &in, &found),
		                HA_OK);
		CU_ASSERT_EQUAL(found.dynamic_ha.rfc4433_form, form < 2); /* as it asked */
		CU_ASSERT_EQUAL(found.dynamic_ha.subtype, MIP_DYNAMIC_HA_REDIRECTED);
		CU_ASSERT_TRUE(address_equal(found.dynamic_ha.address, address("192.0.2.9")));
		CU_ASSERT_TRUE(address_equal(reply.home_agent, address("192.0.2.1")));
	}
}

static void a_gateway_is_confirmed(void)
{
	struct situation s;

	good(&s);
	by_a_foreign_agent(&s);
	s.facts.policy.gateway_agents = true;
	s.request.fixed.care_of.s_addr = 0;
	s.request.extensions.gfa_count = 1;
	s.request.extensions.gfa.address = address("198.51.100.77");
	s.request.extensions.gfa.at = octets_at(SAID_BEHIND, 8);
	CHECK_TYPES(&s, MIP_EXTENSION_GFA, MIP_EXTENSION_MOBILE_HOME, MIP_EXTENSION_FOREIGN_HOME);
	s.facts.policy.gateway_agents = false;
	CHECK_TYPES(&s, MIP_EXTENSION_MOBILE_HOME, MIP_EXTENSION_FOREIGN_HOME);
}

static void revocation_is_agreed_on_with_who_authenticates(void)
{
	struct situation s;

	good(&s);
	by_a_foreign_agent(&s);
	s.facts.policy.revocation = true;
	s.request.extensions.revocation_count = 1;
	s.request.extensions.revocation.at = octets_at(SAID_BEHIND, 8);
	CHECK_TYPES(&s, MIP_EXTENSION_MOBILE_HOME, MIP_EXTENSION_REVOCATION,
	            MIP_EXTENSION_FOREIGN_HOME);
	s.facts.policy.revocation = false;
	CHECK_TYPES(&s, MIP_EXTENSION_MOBILE_HOME, MIP_EXTENSION_FOREIGN_HOME);
	s.facts.policy.revocation = true; /* but behind what the agent vouches for */
	s.request.extensions.foreign_home.covered = octets_at(0, SAID_BEHIND);
	CHECK_TYPES(&s, MIP_EXTENSION_MOBILE_HOME, MIP_EXTENSION_FOREIGN_HOME);
}

static void a_denial_may_say_why(void)
{
	struct situation s;

	good(&s);
	s.facts.policy.message_strings = true;
	CHECK_TYPES(&s, MIP_EXTENSION_MOBILE_HOME, MIP_EXTENSION_FOREIGN_HOME);
	s.request.fixed.care_of = address("192.0.2.1");
	CHECK_TYPES(&s, MIP_EXTENSION_MESSAGE, MIP_EXTENSION_MOBILE_HOME,
	            MIP_EXTENSION_FOREIGN_HOME);
}

/* ---- the largest ---- */

static uint8_t many[1024];

/* All that an accepted request can ask for, and all that a denied one gets. */
static void fill(struct situation *s)
{
	struct mip_extensions *e = &s->request.extensions;

	memset(many, 'n', sizeof(many));
	good(s);
	by_a_foreign_agent(s);
	name_it(s, many, MIP_NAI_MAX);
	e->mobile_home.covered.size = 512;
	e->foreign_home.covered = (struct span){ many, sizeof(many) };
	s->facts.policy.gateway_agents = s->facts.policy.revocation = true;
	s->facts.policy.udp_tunnel = UDP_TUNNEL_ON_REQUEST;
	s->facts.policy.message_strings = true;
	e->challenge = (struct span){ many, 255 };
	e->challenge_count = e->udp_request_count = e->gfa_count = e->revocation_count = 1;
	e->udp_request.at = e->gfa.at = e->revocation.at = (struct span){ many + 512, 8 };
	e->udp_request.forced = true;
	e->gfa.address = address("198.51.100.77");
}

static void the_largest_fits(void)
{
	struct registration_signers signers = both();
	struct registration_verdict verdict;
	uint8_t out[REGISTRATION_REPLY_MAX];
	char text[400];
	struct situation s;

	fill(&s);
	CHECK_TYPES(&s, MIP_EXTENSION_NAI, MIP_EXTENSION_GFA, MIP_EXTENSION_MOBILE_HOME,
	            MIP_EXTENSION_UDP_REPLY, MIP_EXTENSION_CHALLENGE, MIP_EXTENSION_REVOCATION,
	            MIP_EXTENSION_FOREIGN_HOME);
	fill(&s);
	memset(text, 'r', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	verdict = registration_refuse(&s.request, &s.facts, MIP_REDIRECTED, text);
	CU_ASSERT_TRUE(registration_reply(&s.request, &verdict, &s.facts, &signers, out) >
	               MIP_REPLY_SIZE + 3 * 250 + 2 * 38);
}

/* ---- what came in as octets ---- */

/* An extension that could not be sent back must not cost the answer. */
static void odd_extensions_are_answered(void)
{
	static const struct {
		uint8_t type, size;
		enum mip_code code;
	} rows[] = {
		{ MIP_EXTENSION_NAI, 0, MIP_POORLY_FORMED },
		{ MIP_EXTENSION_NAI, 1, MIP_ACCEPTED },
		{ MIP_EXTENSION_NAI, 254, MIP_POORLY_FORMED },
		{ MIP_EXTENSION_NAI, 255, MIP_POORLY_FORMED },
		{ MIP_EXTENSION_CHALLENGE, 0, MIP_POORLY_FORMED },
		{ MIP_EXTENSION_CHALLENGE, 1, MIP_ACCEPTED },
		{ MIP_EXTENSION_CHALLENGE, 255, MIP_ACCEPTED },
	};
	struct registration_signers signers = both();

	for (size_t i = 0; i < ROWS(rows); i++) {
		uint8_t octets[512], out[REGISTRATION_REPLY_MAX];
		struct writer w = writer_over(octets, sizeof(octets));
		struct registration_verdict verdict;
		struct situation s;

		good(&s);
		mip_request_encode(&w, &s.request.fixed);
		put_u8(&w, rows[i].type);
		put_u8(&w, rows[i].size);
		for (unsigned n = 0; n < rows[i].size; n++)
			put_u8(&w, 'x');
		mip_authentication_append(&w, MIP_EXTENSION_MOBILE_HOME, 256, &mobile);
		CU_ASSERT_EQUAL(registration_request_decode(writer_span(&w), &s.request), HA_OK);
		s.request.source = address("198.51.100.2");
		verdict = decide(&s);
		CU_ASSERT_EQUAL(verdict.code, rows[i].code);
		CU_ASSERT_TRUE(registration_reply(&s.request, &verdict, &s.facts, &signers, out) >
		               0);
	}
}

static CU_TestInfo tests[] = {
	{ "plain replies are short", plain_replies_are_short },
	{ "a challenge goes back to who sent it", a_challenge_goes_back_to_who_sent_it },
	{ "a UDP tunnel is answered where it was asked for",
	  a_udp_tunnel_is_answered_where_it_was_asked_for },
	{ "a redirection names the other agent", a_redirection_names_the_other_agent },
	{ "a gateway is confirmed", a_gateway_is_confirmed },
	{ "revocation is agreed on with who authenticates",
	  revocation_is_agreed_on_with_who_authenticates },
	{ "a denial may say why", a_denial_may_say_why },
	{ "the largest fits", the_largest_fits },
	{ "odd extensions are answered", odd_extensions_are_answered },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("registration_layout", tests);
}
