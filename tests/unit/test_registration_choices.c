/* test_registration_choices.c - what a verdict is made of beside the checks: nonces,
 * lifetimes that differ, agents that are asked for, gateways, and the node's
 * association towards AAA. */
#include "agentd/registration/checks.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/dice.h"
#include "tests/unit/registration_situation.h"
#include "tests/unit/suite.h"

static struct mip_key_state key(enum mip_algorithm algorithm, uint8_t octet)
{
	uint8_t octets[32];
	struct mip_key_state state;

	memset(octets, octet, sizeof(octets));
	CU_ASSERT_EQUAL(mip_key_state_init(&state, algorithm, octets, sizeof(octets)), HA_OK);
	return state;
}

/* ---- nonces, RFC 5944 section 5.7.2 ---- */

static struct mip_key_state secret;

static void good_nonce(struct situation *s, uint64_t newest, unsigned salt)
{
	good(s);
	secret = key(MIP_HMAC_SHA256, 5);
	s->facts.nonces = true;
	s->facts.nonce_secret = &secret;
	s->facts.node = 17;
	s->facts.spi = 256;
	s->facts.newest_identification = newest;
	s->request.fixed.identification =
		(uint64_t)registration_nonce(&secret, 17, 256, newest, salt) << 32 | 0x12345678;
}

static void a_nonce_is_of_its_node_and_moment(void)
{
	struct mip_key_state other = key(MIP_HMAC_SHA256, 6);
	const uint32_t nonce = (good_nonce(&(struct situation){ 0 }, 9, 3),
	                        registration_nonce(&secret, 17, 256, 9, 3));

	CU_ASSERT_EQUAL(nonce >> 28, 3); /* the salt stands in it */
	CU_ASSERT_EQUAL(registration_nonce(&secret, 17, 256, 9, 3), nonce);
	CU_ASSERT_NOT_EQUAL(registration_nonce(&other, 17, 256, 9, 3), nonce);
	CU_ASSERT_NOT_EQUAL(registration_nonce(&secret, 18, 256, 9, 3), nonce);
	CU_ASSERT_NOT_EQUAL(registration_nonce(&secret, 17, 257, 9, 3), nonce);
	CU_ASSERT_NOT_EQUAL(registration_nonce(&secret, 17, 256, 10, 3), nonce);
	CU_ASSERT_NOT_EQUAL(registration_nonce(&secret, 17, 256, 9, 4) << 4, nonce << 4);
}

static void every_salt_is_good_until_something_newer_is_accepted(void)
{
	for (unsigned salt = 0; salt < 16; salt++) {
		struct situation s;
		struct registration_verdict verdict;
		uint64_t identification;

		good_nonce(&s, 9, salt);
		identification = s.request.fixed.identification;
		verdict = decide(&s);
		CU_ASSERT_EQUAL(verdict.code, MIP_ACCEPTED);
		CU_ASSERT_EQUAL((uint32_t)verdict.identification, 0x12345678);
		CU_ASSERT_NOT_EQUAL(verdict.identification >> 32, identification >> 32);
		CU_ASSERT_EQUAL(decide(&s).identification, verdict.identification);

		s.facts.newest_identification = identification; /* it was accepted */
		s.facts.newest_digest = DIGEST + 1;
		CU_ASSERT_EQUAL(decide(&s).code, MIP_ID_MISMATCH);
		s.request.fixed.identification = verdict.identification; /* what it was given */
		CU_ASSERT_EQUAL(decide(&s).code, MIP_ACCEPTED);
		s.facts.newest_identification = verdict.identification;
		CU_ASSERT_EQUAL(decide(&s).code, MIP_ID_MISMATCH);
	}
}

/* Denied for another reason: the nonce that it brought was not used up, and the
 * new one is good as well. */
static void a_denial_leaves_the_nonce_good(void)
{
	struct situation s;
	struct registration_verdict verdict;

	good_nonce(&s, 9, 2);
	s.request.fixed.care_of = address("192.0.2.1");
	verdict = decide(&s);
	CU_ASSERT_EQUAL(verdict.code, MIP_PROHIBITED);
	s.request.fixed.care_of = address("198.51.100.2");
	CU_ASSERT_EQUAL(decide(&s).code, MIP_ACCEPTED);
	s.request.fixed.identification = verdict.identification;
	CU_ASSERT_EQUAL(decide(&s).code, MIP_ACCEPTED);
}

/* Whatever it brings: with the answer to that it is in step again. */
static void a_node_comes_back_into_step(void)
{
	struct dice dice = { 3 };

	for (unsigned i = 0; i < 500; i++) {
		struct situation s;
		struct registration_verdict verdict;
		uint64_t brought = i == 0 ? 0 : i == 1 ? UINT64_MAX : dice_next(&dice);

		good_nonce(&s, dice_chance(&dice, 3) ? 0 : dice_next(&dice), 0);
		if (brought >> 32 == s.request.fixed.identification >> 32)
			continue;
		s.request.fixed.identification = brought;
		verdict = decide(&s);
		CU_ASSERT_EQUAL(verdict.code, MIP_ID_MISMATCH);
		CU_ASSERT_EQUAL((uint32_t)verdict.identification, (uint32_t)brought);
		s.request.fixed.identification = (verdict.identification & ~UINT64_C(0xffffffff)) |
		                                 (uint32_t)dice_next(&dice);
		CU_ASSERT_EQUAL(decide(&s).code, MIP_ACCEPTED);
	}
}

static void nonces_need_no_time_but_a_secret(void)
{
	struct situation s;
	struct registration_verdict verdict;

	good_nonce(&s, 9, 2);
	s.facts.wall_ms = 0;
	CU_ASSERT_EQUAL(decide(&s).code, MIP_ACCEPTED);
	s.facts.nonce_secret = NULL;
	verdict = decide(&s);
	CU_ASSERT_EQUAL(verdict.code, MIP_ID_MISMATCH);
	CU_ASSERT_EQUAL(verdict.identification, s.request.fixed.identification);
	s.facts.newest_identification = s.request.fixed.identification; /* a repetition is known */
	s.facts.newest_digest = DIGEST;
	s.request.fixed.lifetime_s = 0;
	CU_ASSERT_EQUAL(decide(&s).code, MIP_ACCEPTED);
	CU_ASSERT_TRUE(decide(&s).repeated);
}

static void a_repeated_request_gets_the_same_nonce_again(void)
{
	struct situation s;
	struct registration_verdict first, again;

	good_nonce(&s, 9, 2);
	first = decide(&s);
	s.facts.newest_identification = s.request.fixed.identification;
	s.facts.newest_digest = DIGEST;
	add_binding(&s, "198.51.100.2", 200000);
	s.bindings[0].identification = s.request.fixed.identification;
	again = decide(&s);
	CU_ASSERT_EQUAL(again.code, MIP_ACCEPTED);
	CU_ASSERT_TRUE(again.repeated);
	CU_ASSERT_EQUAL(again.identification, first.identification);
}

/* ---- lifetimes that differ ---- */

static void the_maximum_is_lowered_by_so_much_at_most(void)
{
	static const struct {
		uint16_t max_s, percent, least_s;
	} rows[] = {
		{ 1800, 0, 1800 }, { 1800, 5, 1710 }, { 1800, 50, 900 },      { 1, 50, 1 },
		{ 2, 50, 1 },      { 19, 5, 19 },     { 0xfffe, 50, 0x7fff }, { 20, 5, 19 },
		{ 99, 1, 99 },     { 100, 1, 99 },    { 0xffff, 50, 0xffff },
	};
	struct dice dice = { 1 };

	for (size_t i = 0; i < ROWS(rows); i++) {
		uint16_t least = 0xffff, most = 0;

		for (unsigned n = 0; n < 4000; n++) {
			struct situation s;
			uint16_t granted;

			good(&s);
			s.facts.policy.max_lifetime_s = rows[i].max_s;
			s.facts.policy.lifetime_jitter = rows[i].percent;
			s.request.fixed.lifetime_s = 0xffff;
			s.request.fixed.identification += dice_below(&dice, 1000000);
			granted = decide(&s).lifetime_s;
			CU_ASSERT_EQUAL(decide(&s).lifetime_s, granted); /* no dice of ours */
			CU_ASSERT_TRUE(granted >= rows[i].least_s && granted <= rows[i].max_s);
			least = granted < least ? granted : least;
			most = granted > most ? granted : most;
			s.request.fixed.lifetime_s = rows[i].max_s; /* who asks for that gets it */
			CU_ASSERT_EQUAL(decide(&s).lifetime_s, rows[i].max_s);
		}
		CU_ASSERT_TRUE(most - least >= (rows[i].max_s - rows[i].least_s) * 9 / 10);
	}
}

/* ---- MN-AAA, RFC 4721 ---- */

static void who_enables_a_request_must_verify(void)
{
	static const struct {
		enum authentication home, aaa;
		bool willing;
		enum mip_code code;
	} rows[] = {
		{ AUTHENTICATION_VALID, AUTHENTICATION_ABSENT, false, MIP_ACCEPTED },
		{ AUTHENTICATION_VALID, AUTHENTICATION_VALID, false, MIP_ACCEPTED },
		{ AUTHENTICATION_ABSENT, AUTHENTICATION_VALID, false, MIP_ACCEPTED },
		{ AUTHENTICATION_VALID, AUTHENTICATION_WRONG, false, MIP_AAA_AUTH_FAILED },
		{ AUTHENTICATION_VALID, AUTHENTICATION_NO_ASSOCIATION, false, MIP_AAA_AUTH_FAILED },
		{ AUTHENTICATION_ABSENT, AUTHENTICATION_WRONG, false, MIP_SILENCE },
		{ AUTHENTICATION_ABSENT, AUTHENTICATION_WRONG, true, MIP_AAA_AUTH_FAILED },
		{ AUTHENTICATION_ABSENT, AUTHENTICATION_NO_ASSOCIATION, false, MIP_SILENCE },
		{ AUTHENTICATION_ABSENT, AUTHENTICATION_NO_ASSOCIATION, true, MIP_AAA_AUTH_FAILED },
		{ AUTHENTICATION_WRONG, AUTHENTICATION_VALID, false, MIP_SILENCE },
		{ AUTHENTICATION_WRONG, AUTHENTICATION_VALID, true, MIP_MN_AUTH_FAILED },
		{ AUTHENTICATION_NO_ASSOCIATION, AUTHENTICATION_VALID, false, MIP_SILENCE },
		{ AUTHENTICATION_NO_ASSOCIATION, AUTHENTICATION_VALID, true, MIP_MN_AUTH_FAILED },
		{ AUTHENTICATION_ABSENT, AUTHENTICATION_ABSENT, true, MIP_SILENCE },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct situation s;

		good(&s);
		s.request.extensions.mobile_home_count = rows[i].home != AUTHENTICATION_ABSENT;
		s.request.extensions.mobile_aaa_count = rows[i].aaa != AUTHENTICATION_ABSENT;
		s.request.extensions.mobile_aaa.covered = octets_at(0, SAID_BEHIND);
		s.facts.mobile_home = rows[i].home;
		s.facts.mobile_aaa = rows[i].aaa;
		s.facts.policy.reply_to_failed_authentication = rows[i].willing;
		CU_ASSERT_EQUAL(decide(&s).code, rows[i].code);
	}
}

/* What the node says of itself must be under its own authenticator, and the one
 * towards AAA behind the other. */
static void order_is_that_of_who_speaks(void)
{
	static const struct {
		size_t nai, dynamic_ha, aaa_covers;
		enum mip_code code;
	} rows[] = {
		{ SAID_BY_NODE, 0, SAID_BEHIND, MIP_ACCEPTED },
		{ SAID_BEHIND, 0, SAID_BEHIND, MIP_POORLY_FORMED },
		{ 0, SAID_BY_NODE, SAID_BEHIND, MIP_ACCEPTED },
		{ 0, SAID_BEHIND, SAID_BEHIND, MIP_POORLY_FORMED },
		{ 0, 0, AUTHENTICATOR_AT, MIP_POORLY_FORMED },
		{ AUTHENTICATOR_AT - 1, 0, SAID_BEHIND, MIP_POORLY_FORMED }, /* half of it */
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct mip_extensions *e;
		struct situation s;

		good(&s);
		e = &s.request.extensions;
		e->nai_count = rows[i].nai > 0;
		e->nai = octets_at(rows[i].nai, 3);
		e->dynamic_ha_count = rows[i].dynamic_ha > 0;
		e->dynamic_ha.at = octets_at(rows[i].dynamic_ha, 8);
		e->mobile_aaa_count = 1;
		e->mobile_aaa.covered = octets_at(0, rows[i].aaa_covers);
		s.facts.mobile_aaa = AUTHENTICATION_VALID;
		CU_ASSERT_EQUAL(decide(&s).code, rows[i].code);
	}
}

/* Octets, not facts: CHAP over the challenge that came with the request. */
static void chap_is_over_the_challenge(void)
{
	static const uint8_t challenge[] = { 9, 8, 7, 6, 5 };
	struct mip_key_state aaa = key(MIP_CHAP, 7), other = key(MIP_CHAP, 8);
	uint8_t octets[256];
	struct writer w = writer_over(octets, sizeof(octets));
	struct registration_request request;
	struct situation s;

	good(&s);
	mip_request_encode(&w, &s.request.fixed);
	put_u8(&w, MIP_EXTENSION_CHALLENGE);
	put_u8(&w, sizeof(challenge));
	put_octets(&w, challenge, sizeof(challenge));
	put_u8(&w, MIP_EXTENSION_GENERALIZED);
	put_u8(&w, 1);
	put_u16(&w, 4 + 16);
	put_u32(&w, MIP_SPI_CHAP);
	memset(octets + writer_used(&w), 0, 16);
	mip_chap_compute(&aaa, writer_span(&w), (struct span){ challenge, sizeof(challenge) },
	                 octets + writer_used(&w));
	CU_ASSERT_EQUAL(registration_request_decode((struct span){ octets, writer_used(&w) + 16 },
	                                            &request),
	                HA_OK);
	CU_ASSERT_EQUAL(request.fault, HA_OK);
	CU_ASSERT_EQUAL(request.extensions.mobile_aaa.spi, MIP_SPI_CHAP);
	CU_ASSERT_EQUAL(registration_authenticate_aaa(&request.extensions, &aaa),
	                AUTHENTICATION_VALID);
	CU_ASSERT_EQUAL(registration_authenticate_aaa(&request.extensions, &other),
	                AUTHENTICATION_WRONG);
	CU_ASSERT_EQUAL(registration_authenticate_aaa(&request.extensions, NULL),
	                AUTHENTICATION_NO_ASSOCIATION);
	CU_ASSERT_NOT_EQUAL(registration_digest(&request), 0); /* of what enables it */
	request.extensions.mobile_aaa_count = 2;
	CU_ASSERT_EQUAL(registration_authenticate_aaa(&request.extensions, &aaa),
	                AUTHENTICATION_WRONG);
	request.extensions.mobile_aaa_count = 0;
	CU_ASSERT_EQUAL(registration_authenticate_aaa(&request.extensions, &aaa),
	                AUTHENTICATION_ABSENT);
}

/* ---- agents that are asked for, RFC 4433; gateways, RFC 4857 ---- */

static void any_agent_is_asked_for_by_name(void)
{
	static const struct {
		const char *agent, *requested, *redirect;
		bool offered, named, leaving;
		enum mip_code code;
	} rows[] = {
		{ "0.0.0.0", NULL, "0.0.0.0", true, true, false, MIP_ACCEPTED },
		{ "255.255.255.255", NULL, "0.0.0.0", true, true, false, MIP_ACCEPTED },
		{ "255.255.255.255", NULL, "0.0.0.0", false, true, false, MIP_UNKNOWN_HA },
		{ "255.255.255.255", NULL, "0.0.0.0", true, false, false, MIP_UNKNOWN_HA },
		{ "192.0.2.2", NULL, "0.0.0.0", true, true, false, MIP_UNKNOWN_HA },
		{ "0.0.0.0", "192.0.2.1", "0.0.0.0", true, true, false, MIP_ACCEPTED },
		{ "0.0.0.0", "192.0.2.2", "0.0.0.0", true, true, false, MIP_UNKNOWN_HA },
		{ "192.0.2.1", "192.0.2.2", "0.0.0.0", true, true, false, MIP_UNKNOWN_HA },
		{ "192.0.2.1", "192.0.2.2", "0.0.0.0", false, true, false, MIP_ACCEPTED },
		{ "0.0.0.0", NULL, "192.0.2.9", true, true, false, MIP_REDIRECTED },
		{ "0.0.0.0", NULL, "192.0.2.9", true, true, true, MIP_ACCEPTED },
		{ "192.0.2.1", NULL, "192.0.2.9", true, true, false, MIP_ACCEPTED },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct mip_extensions *e;
		struct situation s;

		good(&s);
		e = &s.request.extensions;
		s.request.fixed.home_agent = address(rows[i].agent);
		s.facts.policy.dynamic_home_agent = rows[i].offered;
		s.facts.policy.redirect = address(rows[i].redirect);
		e->nai_count = rows[i].named;
		e->nai = octets_at(SAID_BY_NODE, 3);
		if (rows[i].requested) {
			e->dynamic_ha_count = 1;
			e->dynamic_ha.at = octets_at(SAID_BY_NODE + 8, 8);
			e->dynamic_ha.subtype = MIP_DYNAMIC_HA_REQUESTED;
			e->dynamic_ha.address = address(rows[i].requested);
		}
		if (rows[i].leaving)
			s.request.fixed.lifetime_s = 0;
		CU_ASSERT_EQUAL(decide(&s).code, rows[i].code);
	}
}

static void a_gateway_vouches_for_its_address(void)
{
	static const struct {
		bool offered, authentic, covered, zero, leaving;
		enum mip_code code;
		const char *care_of;
	} rows[] = {
		{ true, true, true, true, false, MIP_ACCEPTED, "198.51.100.77" },
		{ true, true, true, false, false, MIP_ACCEPTED, "198.51.100.2" },
		{ false, true, true, true, false, MIP_DYNAMIC_GFA_UNSUPPORTED, NULL },
		{ true, false, true, true, false, MIP_DYNAMIC_GFA_UNSUPPORTED, NULL },
		{ true, true, false, true, false, MIP_DYNAMIC_GFA_UNSUPPORTED, NULL },
		/* who leaves is vouched for by nobody (RFC 5944 section 3.5.4) */
		{ true, false, true, true, true, MIP_ACCEPTED, "198.51.100.77" },
		{ false, false, true, true, true, MIP_DYNAMIC_GFA_UNSUPPORTED, NULL },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct mip_extensions *e;
		struct situation s;
		struct registration_verdict verdict;

		good(&s);
		e = &s.request.extensions;
		s.facts.policy.gateway_agents = rows[i].offered;
		s.facts.foreign_agent_associated = rows[i].authentic;
		s.facts.foreign_home = rows[i].authentic ? AUTHENTICATION_VALID
		                                         : AUTHENTICATION_ABSENT;
		e->foreign_home_count = rows[i].authentic;
		e->foreign_home.covered = octets_at(0, rows[i].covered ? 200 : SAID_BEHIND);
		e->gfa_count = 1;
		e->gfa.address = address("198.51.100.77");
		e->gfa.at = octets_at(SAID_BEHIND, 8);
		if (rows[i].zero)
			s.request.fixed.care_of.s_addr = 0;
		if (rows[i].leaving)
			s.request.fixed.lifetime_s = 0;
		verdict = decide(&s);
		CU_ASSERT_EQUAL(verdict.code, rows[i].code);
		if (rows[i].care_of)
			CU_ASSERT_TRUE(address_equal(registration_care_of(&s.request),
			                             address(rows[i].care_of)));
	}
}

/* ---- nodes of pools ---- */

static void a_node_of_a_pool_has_what_is_leased(void)
{
	static const struct {
		const char *asked, *has;
		bool leased;
		uint16_t lifetime_s;
		enum mip_code code;
		const char *home; /* 0: to be found */
	} rows[] = {
		{ "0.0.0.0", "0.0.0.0", false, 300, MIP_ACCEPTED, "0.0.0.0" },
		{ "0.0.0.0", "10.64.0.1", true, 300, MIP_ACCEPTED, "10.64.0.1" },
		{ "0.0.0.0", "10.64.0.1", false, 300, MIP_ACCEPTED, "0.0.0.0" },
		{ "10.64.0.1", "10.64.0.1", true, 300, MIP_ACCEPTED, "10.64.0.1" },
		{ "10.64.0.1", "10.64.0.1", false, 300, MIP_ACCEPTED, "0.0.0.0" },
		{ "10.64.0.2", "10.64.0.1", true, 300, MIP_PROHIBITED, "10.64.0.2" },
		{ "10.64.0.2", "0.0.0.0", false, 300, MIP_PROHIBITED, "10.64.0.2" },
		{ "0.0.0.0", "10.64.0.1", true, 0, MIP_ACCEPTED, "10.64.0.1" },
		{ "0.0.0.0", "0.0.0.0", false, 0, MIP_ACCEPTED, "0.0.0.0" },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct situation s;
		struct registration_verdict verdict;

		good(&s);
		s.facts.pooled = true;
		s.facts.leased = rows[i].leased;
		s.facts.node_home = address(rows[i].has);
		s.request.fixed.home = address(rows[i].asked);
		s.request.fixed.lifetime_s = rows[i].lifetime_s;
		verdict = decide(&s);
		CU_ASSERT_EQUAL(verdict.code, rows[i].code);
		CU_ASSERT_TRUE(address_equal(verdict.home, address(rows[i].home)));
	}
}

static CU_TestInfo tests[] = {
	{ "a nonce is of its node and moment", a_nonce_is_of_its_node_and_moment },
	{ "every salt is good until something newer is accepted",
	  every_salt_is_good_until_something_newer_is_accepted },
	{ "a denial leaves the nonce good", a_denial_leaves_the_nonce_good },
	{ "a node comes back into step", a_node_comes_back_into_step },
	{ "nonces need no time but a secret", nonces_need_no_time_but_a_secret },
	{ "a repeated request gets the same nonce again",
	  a_repeated_request_gets_the_same_nonce_again },
	{ "the maximum is lowered by so much at most", the_maximum_is_lowered_by_so_much_at_most },
	{ "who enables a request must verify", who_enables_a_request_must_verify },
	{ "order is that of who speaks", order_is_that_of_who_speaks },
	{ "CHAP is over the challenge", chap_is_over_the_challenge },
	{ "any agent is asked for by name", any_agent_is_asked_for_by_name },
	{ "a gateway vouches for its address", a_gateway_vouches_for_its_address },
	{ "a node of a pool has what is leased", a_node_of_a_pool_has_what_is_leased },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("registration_choices", tests);
}
