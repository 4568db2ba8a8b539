/* test_mobile_reply.c - what a mobile node makes of a reply (RFC 5944 section 3.6.2): every
 * fault, what an acceptance grants, and what helps against each denial. */
#include "tests/unit/mobile_situation.h"
#include "tests/unit/suite.h"

static struct situation s;

/* A reply to the request in `s`, as a home agent or a foreign agent would send it. */
struct answer {
	struct mip_reply fixed;
	struct in_addr source;
	bool unsigned_by_home, signed_twice, signed_wrongly;
	bool unsigned_by_agent, agent_twice, agent_wrongly;
	uint32_t home_spi;
	struct span nai;
	void (*inside)(struct writer *);  /* before Mobile-Home */
	void (*outside)(struct writer *); /* behind it */
	size_t cut;                       /* octets left out at the end */
};

static struct answer answer_of(unsigned code)
{
	return (struct answer){
		.fixed = { .code = (uint8_t)code,
		           .lifetime_s = 200,
		           .home = s.plan.fixed.home,
		           .home_agent = s.plan.fixed.home_agent,
		           .identification = IDENTIFICATION },
		.source = s.plan.destination,
		.home_spi = HOME_SPI,
		.unsigned_by_home = !mobile_code_is_of_home(code),
		.unsigned_by_agent = !s.at.mobile_foreign.key,
	};
}

static void sign(struct writer *out, uint8_t type, uint32_t spi, const struct mip_key_state *key,
                 bool twice, bool wrongly)
{
	mip_authentication_append(out, type, spi, key);
	if (wrongly)
		out->at[-1] ^= 1;
	if (twice)
		mip_authentication_append(out, type, spi, key);
}

static uint8_t octets[1024];

static struct mobile_verdict judge(const struct answer *a)
{
	struct writer out = writer_over(octets, sizeof(octets));
	struct mobile_reply reply;

	mip_reply_encode(&out, &a->fixed);
	if (a->nai.size)
		mip_nai_append(&out, a->nai);
	if (a->inside)
		a->inside(&out);
	if (!a->unsigned_by_home)
		sign(&out, MIP_EXTENSION_MOBILE_HOME, a->home_spi, &s.home_key, a->signed_twice,
		     a->signed_wrongly);
	if (a->outside)
		a->outside(&out);
	if (!a->unsigned_by_agent)
		sign(&out, MIP_EXTENSION_MOBILE_FOREIGN, FOREIGN_SPI, &s.foreign_key,
		     a->agent_twice, a->agent_wrongly);
	CU_ASSERT_EQUAL(out.error, HA_OK);
	CU_ASSERT_EQUAL(
		mobile_reply_decode((struct span){ octets, writer_used(&out) - a->cut }, &reply),
		HA_OK);
	reply.source = a->source;
	return mobile_reply_judge(&reply, &s.plan);
}

static void asked_agent(void)
{
	by_agent(&s);
	s.at.mobile_foreign = (struct mobile_key){ FOREIGN_SPI, &s.foreign_key };
	ask(&s);
}

static void asked_home(void)
{
	co_located(&s);
	ask(&s);
}

/* ---- faults ---- */

static void put_unknown(struct writer *out)
{
	put_u8(out, 99);
	put_u8(out, 0);
}

static void unknown_extension(struct answer *a)
{
	a->outside = put_unknown;
}

static void from_elsewhere(struct answer *a)
{
	a->source = address("192.0.2.77");
}

static void other_low_half(struct answer *a)
{
	a->fixed.identification ^= 1;
}

static void other_home(struct answer *a)
{
	a->fixed.home = address("10.0.0.6");
}

static void other_name(struct answer *a)
{
	a->nai = words("b@b");
}

static void cut_off(struct answer *a)
{
	a->cut = 1;
}

static void no_signature(struct answer *a)
{
	a->unsigned_by_home = true;
}

static void two_signatures(struct answer *a)
{
	a->signed_twice = true;
}

static void wrong_signature(struct answer *a)
{
	a->signed_wrongly = true;
}

static void other_spi(struct answer *a)
{
	a->home_spi++;
}

static void agent_is_silent(struct answer *a)
{
	a->unsigned_by_agent = true;
}

static void agent_signs_twice(struct answer *a)
{
	a->agent_twice = true;
}

static void agent_signs_wrongly(struct answer *a)
{
	a->agent_wrongly = true;
}

static void other_home_agent(struct answer *a)
{
	a->fixed.home_agent = address("192.0.2.8");
}

static const struct fault {
	const char *check, *rule;
	void (*make)(struct answer *);
	bool by_agent;
	unsigned code;
	enum registration_violation violation;
} faults[] = {
	{ "extensions-known", "RFC 5944 1.8", unknown_extension, true, 0, 0 },
	{ "sender", "RFC 5944 3.8.3.1", from_elsewhere, false, 0, VIOLATION_OTHER },
	{ "sender", "RFC 5944 3.7.2.3", from_elsewhere, true, 66, VIOLATION_OTHER },
	{ "identification", "RFC 5944 3.6.2.1", other_low_half, false, 0,
	  VIOLATION_BAD_IDENTIFIER },
	{ "identification", "RFC 5944 3.6.2.1", other_low_half, false, 133,
	  VIOLATION_BAD_IDENTIFIER },
	{ "home", "RFC 5944 3.4", other_home, false, 0, VIOLATION_OTHER },
	{ "name", "RFC 2794 3", other_name, false, 0, VIOLATION_OTHER },
	{ "possible", "RFC 5944 3.4", NULL, false, 66, VIOLATION_OTHER },
	{ "possible", "RFC 5944 3.7.2", NULL, false, 194, VIOLATION_OTHER },
	{ "well-formed", "RFC 5944 1.9", cut_off, false, 0, 0 },
	{ "mobile-foreign", "RFC 5944 3.6.2.1 a", agent_is_silent, true, 0,
	  VIOLATION_BAD_AUTHENTICATOR },
	{ "mobile-foreign", "RFC 5944 3.6.2.1 a", agent_signs_twice, true, 0,
	  VIOLATION_BAD_AUTHENTICATOR },
	{ "mobile-foreign", "RFC 5944 3.6.2.1 a", agent_signs_wrongly, true, 66,
	  VIOLATION_BAD_AUTHENTICATOR },
	{ "mobile-home", "RFC 5944 3.6.2.1 b", no_signature, true, 0, VIOLATION_BAD_AUTHENTICATOR },
	{ "mobile-home", "RFC 5944 3.6.2.1 b", no_signature, false, 1,
	  VIOLATION_BAD_AUTHENTICATOR },
	{ "mobile-home", "RFC 5944 3.6.2.1 b", no_signature, false, 133,
	  VIOLATION_BAD_AUTHENTICATOR },
	{ "mobile-home", "RFC 5944 3.6.2.1 b", two_signatures, false, 0,
	  VIOLATION_BAD_AUTHENTICATOR },
	{ "mobile-home", "RFC 5944 3.6.2.1 b", wrong_signature, false, 0,
	  VIOLATION_BAD_AUTHENTICATOR },
	{ "mobile-home", "RFC 5944 3.2", other_spi, false, 0, VIOLATION_BAD_AUTHENTICATOR },
	{ "home-agent", "RFC 5944 3.4", other_home_agent, false, 0, VIOLATION_OTHER },
};

static void what_is_wrong_is_discarded(void)
{
	for (size_t i = 0; i < ROWS(faults); i++) {
		const struct fault *f = &faults[i];
		struct mobile_verdict verdict;
		struct answer a;

		if (f->by_agent)
			asked_agent();
		else
			asked_home();
		a = answer_of(f->code);
		if (f->make)
			f->make(&a);
		verdict = judge(&a);
		CU_ASSERT_EQUAL(verdict.effect, MOBILE_DISCARD);
		CU_ASSERT_STRING_EQUAL(verdict.check, f->check);
		CU_ASSERT_EQUAL(verdict.violation, f->violation);
		CU_ASSERT(verdict.reason[0] != '\0' && f->rule[0] != '\0');
	}
}

static void what_is_no_reply_is_told(void)
{
	struct mobile_reply reply;
	uint8_t request[24] = { MIP_TYPE_REQUEST };
	uint8_t short_one[19] = { MIP_TYPE_REPLY };

	CU_ASSERT_EQUAL(mobile_reply_decode((struct span){ short_one, sizeof(short_one) }, &reply),
	                HA_E_TRUNCATED);
	CU_ASSERT_EQUAL(mobile_reply_decode((struct span){ request, 24 }, &reply), HA_E_MALFORMED);
}

static void no_octet_can_be_changed(void)
{
	struct writer out = writer_over(octets, sizeof(octets));
	struct answer a;

	asked_home();
	a = answer_of(0);
	mip_reply_encode(&out, &a.fixed);
	sign(&out, MIP_EXTENSION_MOBILE_HOME, HOME_SPI, &s.home_key, false, false);
	for (size_t i = 0; i < writer_used(&out); i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			struct mobile_reply reply;

			octets[i] ^= (uint8_t)(1u << bit);
			if (mobile_reply_decode(writer_span(&out), &reply) == HA_OK) {
				reply.source = a.source;
				CU_ASSERT_EQUAL(mobile_reply_judge(&reply, &s.plan).effect,
				                MOBILE_DISCARD);
			}
			octets[i] ^= (uint8_t)(1u << bit);
		}
}

/* ---- acceptances ---- */

static void the_shorter_lifetime_counts(void)
{
	struct mobile_verdict verdict;
	struct answer a;

	asked_home();
	a = answer_of(0);
	verdict = judge(&a);
	CU_ASSERT_EQUAL(verdict.effect, MOBILE_ACCEPTED);
	CU_ASSERT_EQUAL(verdict.lifetime_s, 200);
	CU_ASSERT(verdict.of_home && !verdict.one_binding && !verdict.udp);
	CU_ASSERT_STRING_EQUAL(verdict.check, "");
	a.fixed.lifetime_s = 900;
	CU_ASSERT_EQUAL(judge(&a).lifetime_s, 300);
	a = answer_of(1);
	CU_ASSERT(judge(&a).one_binding);
}

/* Whoever looks for a home agent is answered by one that it does not know. */
static void a_home_agent_is_found(void)
{
	struct mobile_verdict verdict;
	struct answer a;

	co_located(&s);
	s.node.home_agent = address("0.0.0.0");
	s.node.home_network = (struct address_prefix){ address("10.0.0.0"), 24 };
	ask(&s);
	a = answer_of(136);
	a.source = a.fixed.home_agent = address("10.0.0.1");
	verdict = judge(&a);
	CU_ASSERT_EQUAL(verdict.effect, MOBILE_DENIED);
	CU_ASSERT(address_equal(verdict.home_agent, address("10.0.0.1")));
}

static void a_name_is_given_an_address(void)
{
	struct answer a;

	co_located(&s);
	s.node.home = address("0.0.0.0");
	s.node.nai = words("a@b");
	ask(&s);
	a = answer_of(0);
	CU_ASSERT_STRING_EQUAL(judge(&a).check, "granted");
	a.fixed.home = address("10.0.0.9");
	a.nai = s.node.nai;
	CU_ASSERT_EQUAL(judge(&a).effect, MOBILE_ACCEPTED);
	CU_ASSERT(address_equal(judge(&a).home, address("10.0.0.9")));
}

static void put_udp_accepted(struct writer *out)
{
	mip_udp_tunnel_reply_append(out, MIP_UDP_ACCEPTED, false, 45);
}

static void put_udp_declined(struct writer *out)
{
	mip_udp_tunnel_reply_append(out, MIP_UDP_DECLINED, false, 0);
}

static void packets_go_in_udp_if_that_is_signed_and_was_asked_for(void)
{
	struct mobile_verdict verdict;
	struct answer a;

	co_located(&s);
	s.wishes.udp = MOBILE_UDP_BEHIND_NAT;
	ask(&s);
	a = answer_of(0);
	CU_ASSERT(!judge(&a).udp);
	a.inside = put_udp_accepted;
	verdict = judge(&a);
	CU_ASSERT(verdict.udp);
	CU_ASSERT_EQUAL(verdict.keepalive_s, 45);
	a.inside = put_udp_declined;
	CU_ASSERT(!judge(&a).udp);
	a.inside = NULL;
	a.outside = put_udp_accepted;
	CU_ASSERT(!judge(&a).udp);

	asked_home();
	a = answer_of(0);
	a.inside = put_udp_accepted;
	CU_ASSERT(!judge(&a).udp);
}

static void put_challenge(struct writer *out)
{
	mip_challenge_append(out, words("ijklmnop"));
}

static void the_next_challenge_is_kept(void)
{
	struct mobile_verdict verdict;
	struct answer a;

	asked_agent();
	a = answer_of(0);
	a.outside = put_challenge;
	verdict = judge(&a);
	CU_ASSERT_EQUAL(verdict.effect, MOBILE_ACCEPTED);
	CU_ASSERT_EQUAL(verdict.challenge.size, 8);
	a = answer_of(104);
	a.outside = put_challenge;
	verdict = judge(&a);
	CU_ASSERT_EQUAL(verdict.effect, MOBILE_DENIED);
	CU_ASSERT_EQUAL(verdict.challenge.size, 8);
	CU_ASSERT(!verdict.of_home);
}

/* ---- what helps ---- */

static void every_code_has_a_text_and_an_author(void)
{
	for (unsigned code = 0; code < 256; code++) {
		bool home = code < 2 || (code > 127 && code != 194);

		CU_ASSERT_EQUAL(mobile_code_is_of_home(code), home);
		CU_ASSERT(mobile_code_text(code)[0] != '\0');
	}
	CU_ASSERT_STRING_EQUAL(mobile_code_text(133), mip_code_info(133)->text);
	CU_ASSERT_STRING_EQUAL(mobile_code_text(69), foreign_code_info(69)->text);
}

struct denial {
	unsigned code;
	struct mobile_wishes before;
	bool optional;
	enum mobile_remedy remedy;
	struct mobile_wishes after;
};

static const struct denial denials[] = {
	{ 72, { .encapsulation = ENCAPSULATION_GRE }, true, MOBILE_AGAIN, { 0 } },
	{ 72,
	  { .encapsulation = ENCAPSULATION_GRE },
	  false,
	  MOBILE_OTHER_AGENT,
	  { .encapsulation = ENCAPSULATION_GRE } },
	{ 72, { 0 }, true, MOBILE_OTHER_AGENT, { 0 } },
	{ 139, { .encapsulation = ENCAPSULATION_MINIMAL }, true, MOBILE_AGAIN, { 0 } },
	{ 139, { 0 }, true, MOBILE_GIVE_UP, { 0 } },
	{ 142, { .encapsulation = ENCAPSULATION_GRE }, true, MOBILE_AGAIN, { 0 } },
	{ 74, { .reverse = true }, true, MOBILE_AGAIN, { 0 } },
	{ 74, { .reverse = true }, false, MOBILE_OTHER_AGENT, { .reverse = true } },
	{ 137, { .reverse = true }, true, MOBILE_AGAIN, { 0 } },
	{ 137, { .reverse = true }, false, MOBILE_GIVE_UP, { .reverse = true } },
	{ 75, { 0 }, true, MOBILE_AGAIN, { .reverse = true } },
	{ 138, { 0 }, true, MOBILE_AGAIN, { .reverse = true } },
	{ 138, { 0 }, false, MOBILE_GIVE_UP, { 0 } },
	{ 79,
	  { .reverse = true, .encapsulating = true },
	  false,
	  MOBILE_AGAIN,
	  { .reverse = true } },
	{ 79, { .reverse = true }, false, MOBILE_OTHER_AGENT, { .reverse = true } },
	{ 133, { 0 }, false, MOBILE_AGAIN, { 0 } },
	{ 64, { 0 }, true, MOBILE_OTHER_AGENT, { 0 } },
	{ 78, { 0 }, true, MOBILE_OTHER_AGENT, { 0 } },
	{ 194, { 0 }, true, MOBILE_OTHER_AGENT, { 0 } },
	{ 128, { 0 }, true, MOBILE_GIVE_UP, { 0 } },
	{ 131, { 0 }, true, MOBILE_GIVE_UP, { 0 } },
	{ 135, { 0 }, true, MOBILE_GIVE_UP, { 0 } },
};

static enum mobile_remedy repair(const struct mobile_verdict *verdict, struct mobile_tries *tries,
                                 bool optional)
{
	struct mobile_terms terms = { .node = &s.node,
		                      .at = &s.at,
		                      .wishes = &s.wishes,
		                      .reverse_optional = optional,
		                      .encapsulation_optional = optional };

	return mobile_repair(verdict, tries, &terms);
}

static struct mobile_verdict denied(unsigned code)
{
	return (struct mobile_verdict){ .effect = MOBILE_DENIED,
		                        .code = (uint8_t)code,
		                        .of_home = mobile_code_is_of_home(code) };
}

static void each_denial_is_met(void)
{
	for (size_t i = 0; i < ROWS(denials); i++) {
		const struct denial *d = &denials[i];
		struct mobile_verdict verdict = denied(d->code);
		struct mobile_tries tries = { 0 };

		asked_agent();
		s.wishes = d->before;
		CU_ASSERT_EQUAL(repair(&verdict, &tries, d->optional), d->remedy);
		CU_ASSERT_EQUAL(s.wishes.encapsulation, d->after.encapsulation);
		CU_ASSERT_EQUAL(s.wishes.reverse, d->after.reverse);
		CU_ASSERT_EQUAL(s.wishes.encapsulating, d->after.encapsulating);
	}
}

static void no_remedy_is_used_twice(void)
{
	struct mobile_verdict without = denied(137), with = denied(138), late = denied(133);
	struct mobile_tries tries = { 0 };

	asked_home();
	s.wishes.reverse = true;
	CU_ASSERT_EQUAL(repair(&without, &tries, true), MOBILE_AGAIN);
	CU_ASSERT_EQUAL(repair(&with, &tries, true), MOBILE_AGAIN);
	CU_ASSERT_EQUAL(repair(&without, &tries, true), MOBILE_GIVE_UP);
	CU_ASSERT_EQUAL(repair(&late, &tries, true), MOBILE_AGAIN);
	CU_ASSERT_EQUAL(repair(&late, &tries, true), MOBILE_GIVE_UP);
	tries = (struct mobile_tries){ 0 };
	CU_ASSERT_EQUAL(repair(&late, &tries, true), MOBILE_AGAIN);
}

static void a_lifetime_too_long_is_shortened(void)
{
	struct mobile_tries tries = { 0 };
	struct mobile_verdict verdict;
	struct answer a;

	asked_agent();
	a = answer_of(69);
	a.fixed.lifetime_s = 120;
	verdict = judge(&a);
	CU_ASSERT_EQUAL(verdict.lifetime_s, 120);
	CU_ASSERT_EQUAL(repair(&verdict, &tries, false), MOBILE_AGAIN);
	ask(&s);
	CU_ASSERT_EQUAL(s.fixed.lifetime_s, 120);
	verdict.lifetime_s = 0;
	tries.repaired = 0;
	CU_ASSERT_EQUAL(repair(&verdict, &tries, false), MOBILE_OTHER_AGENT);
}

static void the_home_agent_that_answers_is_asked(void)
{
	struct mobile_verdict verdict = denied(136);
	struct mobile_tries tries = { 0 };

	asked_home();
	verdict.home_agent = s.node.home_agent;
	CU_ASSERT_EQUAL(repair(&verdict, &tries, false), MOBILE_GIVE_UP);
	verdict.home_agent = address("10.0.0.1");
	tries.repaired = 0;
	CU_ASSERT_EQUAL(repair(&verdict, &tries, false), MOBILE_AGAIN);
	ask(&s);
	CU_ASSERT(address_equal(s.plan.destination, address("10.0.0.1")));
}

static void put_redirected(struct writer *out)
{
	mip_dynamic_ha_append(out, MIP_DYNAMIC_HA_REDIRECTED, address("192.0.2.50"), true);
}

static void a_redirection_is_followed_if_it_is_signed(void)
{
	struct mobile_tries tries = { 0 };
	struct mobile_verdict verdict;
	struct answer a;

	co_located(&s);
	s.node.home = s.node.home_agent = address("0.0.0.0");
	s.node.requested = address("192.0.2.9");
	s.node.nai = words("a@b");
	ask(&s);
	a = answer_of(143);
	a.outside = put_redirected;
	verdict = judge(&a);
	CU_ASSERT_EQUAL(repair(&verdict, &tries, false), MOBILE_GIVE_UP);
	a.outside = NULL;
	a.inside = put_redirected;
	verdict = judge(&a);
	tries.repaired = 0;
	CU_ASSERT_EQUAL(repair(&verdict, &tries, false), MOBILE_AGAIN);
	ask(&s);
	CU_ASSERT(address_equal(s.plan.destination, address("192.0.2.50")));
	CU_ASSERT(address_equal(s.extensions.dynamic_ha.address, address("192.0.2.50")));
}

static void another_challenge_is_answered(void)
{
	struct mobile_verdict verdict = denied(106);
	struct mobile_tries tries = { 0 };

	asked_agent();
	CU_ASSERT_EQUAL(repair(&verdict, &tries, false), MOBILE_OTHER_AGENT);
	verdict.challenge = words("ijklmnop");
	tries.repaired = 0;
	CU_ASSERT_EQUAL(repair(&verdict, &tries, false), MOBILE_AGAIN);
}

static CU_TestInfo tests[] = {
	{ "what is wrong is discarded", what_is_wrong_is_discarded },
	{ "what is no reply is told", what_is_no_reply_is_told },
	{ "no octet can be changed", no_octet_can_be_changed },
	{ "the shorter lifetime counts", the_shorter_lifetime_counts },
	{ "a home agent is found", a_home_agent_is_found },
	{ "a name is given an address", a_name_is_given_an_address },
	{ "packets go in UDP if that is signed and was asked for",
	  packets_go_in_udp_if_that_is_signed_and_was_asked_for },
	{ "the next challenge is kept", the_next_challenge_is_kept },
	{ "every code has a text and an author", every_code_has_a_text_and_an_author },
	{ "each denial is met", each_denial_is_met },
	{ "no remedy is used twice", no_remedy_is_used_twice },
	{ "a lifetime too long is shortened", a_lifetime_too_long_is_shortened },
	{ "the home agent that answers is asked", the_home_agent_that_answers_is_asked },
	{ "a redirection is followed if it is signed", a_redirection_is_followed_if_it_is_signed },
	{ "another challenge is answered", another_challenge_is_answered },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("mobile_reply", tests);
}
