/* test_foreign_visitor.c - what follows from a home agent's reply (RFC 5944 section
 * 3.7.3.2): what becomes of the visitor, and what the mobile node is sent. */
#include <stdio.h>

#include "agentd/base/binding.h"
#include "tests/unit/foreign_answered.h"
#include "tests/unit/suite.h"

/* ---- RFC 5944 section 3.7.3.2: what becomes of the visitor ---- */

static void visiting(struct answered *a)
{
	a->visitor.asked.care_of = a->pending.care_of;
	a->facts.visitor = &a->visitor;
}

ANSWERED(known, visiting(a))
ANSWERED(leaves, visiting(a); leave(a))
ANSWERED(leaves_all, leaves(a); a->pending.care_of = a->pending.home)
ANSWERED(leaves_zero, leaves(a); a->pending.care_of = address("0.0.0.0"))
ANSWERED(leaves_another, leaves(a); a->pending.care_of = address("203.0.113.1"))
ANSWERED(ended_by_home, visiting(a); a->reply.fixed.lifetime_s = 0)
ANSWERED(denied, visiting(a); deny(a))
ANSWERED(one_binding, a->reply.fixed.code = MIP_ACCEPTED_ONE_BINDING)
ANSWERED(shorter, a->reply.fixed.lifetime_s = 100)
ANSWERED(longer, a->reply.fixed.lifetime_s = 500)
ANSWERED(longer_than_ours, a->policy.max_lifetime_s = 50)
ANSWERED(endless,
         a->reply.fixed.lifetime_s = a->pending.lifetime_s = a->policy.max_lifetime_s = 0xffff)

static const struct {
	const char *rule;
	void (*make)(struct answered *);
	enum foreign_visitor_change visitor;
	uint16_t lifetime_s;
} ends[] = {
	{ "accepted", as_it_is, FOREIGN_VISITOR_CREATED, 300 },
	{ "accepted with code 1", one_binding, FOREIGN_VISITOR_CREATED, 300 },
	{ "accepted again", known, FOREIGN_VISITOR_REFRESHED, 300 },
	{ "for less", shorter, FOREIGN_VISITOR_CREATED, 100 },
	{ "RFC 5944 3.6.2.2: for more", longer, FOREIGN_VISITOR_CREATED, 300 },
	{ "for more than we serve", longer_than_ours, FOREIGN_VISITOR_CREATED, 50 },
	{ "for ever", endless, FOREIGN_VISITOR_CREATED, LIFETIME_INFINITE },
	{ "deregistered", leaves, FOREIGN_VISITOR_ENDED, 0 },
	{ "deregistered everywhere", leaves_all, FOREIGN_VISITOR_ENDED, 0 },
	{ "deregistered without a care-of address", leaves_zero, FOREIGN_VISITOR_ENDED, 0 },
	{ "deregistered elsewhere", leaves_another, FOREIGN_VISITOR_KEPT, 0 },
	{ "deregistered, and never here", leave, FOREIGN_VISITOR_KEPT, 0 },
	{ "granted nothing", ended_by_home, FOREIGN_VISITOR_ENDED, 0 },
	{ "denied", denied, FOREIGN_VISITOR_KEPT, 0 },
};

static void visitors_come_and_go(void)
{
	for (size_t i = 0; i < ROWS(ends); i++) {
		struct foreign_reply_verdict verdict;
		struct answered a;

		good_reply(&a);
		ends[i].make(&a);
		verdict = foreign_reply_decide(&a.reply, &a.facts);
		if (verdict.visitor != ends[i].visitor)
			printf("%s: %d\n", ends[i].rule, (int)verdict.visitor);
		CU_ASSERT_EQUAL(verdict.effect, FOREIGN_REPLY_RELAY);
		CU_ASSERT_EQUAL(verdict.visitor, ends[i].visitor);
		CU_ASSERT_EQUAL(verdict.lifetime_s, ends[i].lifetime_s);
	}
}

static struct foreign_visitor visitor_of(struct answered *a, const struct foreign_answer *answer)
{
	struct foreign_reply_verdict verdict = foreign_reply_decide(&a->reply, &a->facts);

	return foreign_visitor_of(&a->reply, &a->facts, &verdict, answer, NOW_MS);
}

/* Signed, with a UDP tunnel and revocation agreed on. */
static void agree(struct answered *a)
{
	struct mip_key_state key = key_of("foreign-and-home");

	associate(a);
	a->pending.features |= FOREIGN_HAS_UDP | FOREIGN_HAS_REVOCATION | FOREIGN_HAS_INFORM |
	                       FOREIGN_HAS_DELIVERY;
	a->pending.flags = MIP_REQUEST_REVERSE | MIP_REQUEST_MINIMAL;
	mip_udp_tunnel_reply_append(&a->writer, MIP_UDP_ACCEPTED, false, 45);
	mip_revocation_support_append(&a->writer, true, 77);
	mip_authentication_append(&a->writer, MIP_EXTENSION_FOREIGN_HOME, FOREIGN_SPI, &key);
	read_again(a);
	a->facts.foreign_home = registration_authenticate(
		&a->reply.extensions.foreign_home, a->reply.extensions.foreign_home_count, &key);
}

static void visitor_has_what_was_agreed(void)
{
	struct answered a;
	struct foreign_answer answer = { .challenge = { (const uint8_t *)"next", 4 },
		                         .mobile = { MOBILE_SPI, &a.mobile_foreign } };
	struct foreign_visitor v;

	good_reply(&a);
	agree(&a);
	CU_ASSERT_EQUAL(a.facts.foreign_home, AUTHENTICATION_VALID);
	v = visitor_of(&a, &answer);
	CU_ASSERT_EQUAL(v.home.s_addr, address("10.0.0.1").s_addr);
	CU_ASSERT_EQUAL(v.home_agent.s_addr, address("192.0.2.1").s_addr);
	CU_ASSERT_EQUAL(v.asked.care_of.s_addr, address("198.51.100.2").s_addr);
	CU_ASSERT_EQUAL(v.asked.link[5], 7);
	CU_ASSERT_EQUAL(v.granted_ms, NOW_MS);
	CU_ASSERT_EQUAL(v.began_ms, NOW_MS);
	CU_ASSERT_EQUAL(v.expires_ms, NOW_MS + 300000);
	CU_ASSERT_EQUAL(v.granted_s, 300);
	CU_ASSERT_EQUAL(v.encapsulation, ENCAPSULATION_MINIMAL);
	CU_ASSERT_EQUAL(v.features, FOREIGN_HAS_UDP | FOREIGN_HAS_REVOCATION | FOREIGN_HAS_INFORM |
	                                    FOREIGN_HAS_DELIVERY);
	CU_ASSERT_EQUAL(v.keepalive_s, 45);
	CU_ASSERT_EQUAL(v.home_agent_stamp, 77);
	CU_ASSERT_EQUAL(v.mobile_spi, MOBILE_SPI);
	CU_ASSERT_EQUAL(v.offered_size, 4);
	CU_ASSERT_EQUAL(memcmp(v.offered, "next", 4), 0);
}

ANSWERED(stays, visiting(a); a->visitor.asked = a->pending; a->visitor.began_ms = NOW_MS - 9)
ANSWERED(on_another_link, stays(a); a->visitor.asked.interface++)
ANSWERED(from_another_address, stays(a); a->visitor.asked.link[5]++)

static void visitor_begins_anew_where_it_was_not(void)
{
	static const struct {
		const char *rule;
		void (*make)(struct answered *);
		uint64_t began_ms;
	} rows[] = {
		{ "where it is served already", stays, NOW_MS - 9 },
		{ "on another link", on_another_link, NOW_MS },
		{ "from another link address", from_another_address, NOW_MS },
	};
	struct foreign_answer nothing = { .challenge = { NULL, 0 } };

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct answered a;

		good_reply(&a);
		rows[i].make(&a);
		CU_ASSERT_EQUAL(visitor_of(&a, &nothing).began_ms, rows[i].began_ms);
	}
}

ANSWERED(not_covered, a->facts.foreign_home = AUTHENTICATION_ABSENT)
ANSWERED(not_asked, a->pending.features = FOREIGN_HAS_SIGNED)
ANSWERED(declined, a->reply.extensions.udp_reply.code = MIP_UDP_DECLINED)
ANSWERED(not_told, a->reply.extensions.revocation.inform = false)

static void visitor_has_no_more_than_that(void)
{
	static const struct {
		const char *rule;
		void (*make)(struct answered *);
		unsigned features;
	} rows[] = {
		{ "RFC 3543 4.2.1: nobody vouches for it", not_covered, FOREIGN_HAS_DELIVERY },
		{ "RFC 3519 4.5: it was not asked for", not_asked, 0 },
		{ "RFC 3519 4.6: declined", declined,
		  FOREIGN_HAS_DELIVERY | FOREIGN_HAS_REVOCATION | FOREIGN_HAS_INFORM },
		{ "RFC 3543 4.2.1: we decide whom to tell", not_told,
		  FOREIGN_HAS_DELIVERY | FOREIGN_HAS_REVOCATION | FOREIGN_HAS_UDP },
	};
	struct foreign_answer nothing = { .challenge = { NULL, 0 } };

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct foreign_visitor v;
		struct answered a;

		good_reply(&a);
		agree(&a);
		rows[i].make(&a);
		v = visitor_of(&a, &nothing);
		CU_ASSERT_EQUAL(v.features, rows[i].features);
		CU_ASSERT_EQUAL(v.keepalive_s, rows[i].features & FOREIGN_HAS_UDP ? 45 : 0);
		CU_ASSERT_EQUAL(v.home_agent_stamp,
		                rows[i].features & FOREIGN_HAS_REVOCATION ? 77 : 0);
		CU_ASSERT_EQUAL(v.mobile_spi, 0);
		CU_ASSERT_EQUAL(v.offered_size, 0);
	}
}

static void visitor_for_ever_never_expires(void)
{
	struct foreign_answer nothing = { .challenge = { NULL, 0 } };
	struct answered a;

	good_reply(&a);
	endless(&a);
	CU_ASSERT_EQUAL(visitor_of(&a, &nothing).expires_ms, BINDING_NEVER_EXPIRES);
}

/* ---- what the mobile node is sent ---- */

struct sent {
	uint8_t octets[ROOM];
	size_t size;
	struct foreign_reply read;
};

static void send_on(struct answered *a, struct sent *out)
{
	struct foreign_answer answer = { .challenge = { (const uint8_t *)"next", 4 },
		                         .mobile = { MOBILE_SPI, &a->mobile_foreign } };
	struct foreign_reply_verdict verdict = foreign_reply_decide(&a->reply, &a->facts);
	struct writer w = writer_over(out->octets, sizeof(out->octets));

	CU_ASSERT_NOT_EQUAL(verdict.effect, FOREIGN_REPLY_DROP);
	foreign_reply_write(&a->reply, &a->facts, &verdict, &answer, &w);
	CU_ASSERT_EQUAL(w.error, HA_OK);
	out->size = writer_used(&w);
	CU_ASSERT_EQUAL(foreign_reply_decode(writer_span(&w), &out->read), HA_OK);
	CU_ASSERT_EQUAL(out->read.fault, HA_OK);
	CU_ASSERT_EQUAL(out->read.extensions.challenge.size, 4);
	CU_ASSERT_EQUAL(memcmp(out->read.extensions.challenge.at, "next", 4), 0);
	CU_ASSERT_EQUAL(out->read.extensions.challenge_count, 1);
	CU_ASSERT_TRUE(mip_authentication_covers(&out->read.extensions.mobile_foreign,
	                                         out->read.extensions.challenge));
	CU_ASSERT_EQUAL(registration_authenticate(&out->read.extensions.mobile_foreign,
	                                          out->read.extensions.mobile_foreign_count,
	                                          &a->mobile_foreign),
	                AUTHENTICATION_VALID);
}

/* The home agent's reply to its authenticator, then ours, and nothing of what was for us. */
static void accepted_reply_is_sent_on(void)
{
	struct answered a;
	struct sent sent;
	size_t signed_size;

	good_reply(&a);
	signed_size = writer_used(&a.writer);
	agree(&a);
	echo(&a);
	mip_generalized_append(&a.writer, MIP_GENERALIZED_MOBILE_AAA, 400, &a.mobile_home,
	                       (struct span){ NULL, 0 });
	read_again(&a);
	send_on(&a, &sent);
	CU_ASSERT_EQUAL(sent.read.extensions.mobile_aaa_count, 0);
	CU_ASSERT_EQUAL(memcmp(sent.octets, a.octets, signed_size), 0);
	CU_ASSERT_EQUAL(sent.read.extensions.revocation_count, 0);
	CU_ASSERT_EQUAL(sent.read.extensions.udp_reply_count, 0);
	CU_ASSERT_EQUAL(sent.read.extensions.foreign_home_count, 0);
	CU_ASSERT_EQUAL(sent.read.extensions.fa_error_count, 0);
	CU_ASSERT_EQUAL(sent.read.extensions.message_count, 0);
	CU_ASSERT_EQUAL(
		registration_authenticate(&sent.read.extensions.mobile_home, 1, &a.mobile_home),
		AUTHENTICATION_VALID);
}

/* RFC 4636: as the home agent wrote it, with our word behind. */
static void protest_keeps_the_reply(void)
{
	struct answered a;
	struct sent sent;

	good_reply(&a);
	a.policy.fa_errors = a.policy.message_strings = true;
	vendor(&a);
	send_on(&a, &sent);
	CU_ASSERT_EQUAL(sent.read.fixed.code, MIP_ACCEPTED);
	CU_ASSERT_EQUAL(sent.read.extensions.fa_error_count, 1);
	CU_ASSERT_EQUAL(sent.read.extensions.fa_error.status, 101);
	CU_ASSERT_EQUAL(sent.read.extensions.cvse_count, 0);
	CU_ASSERT_EQUAL(sent.read.extensions.message.subtype, MIP_MESSAGE_FROM_FOREIGN);
	CU_ASSERT_EQUAL(sent.read.extensions.mobile_home_count, 1);
}

/* Without an authenticator to keep, there is nothing to protest against. */
static void unsigned_reply_is_denied_at_all_events(void)
{
	struct answered a;

	good_reply(&a);
	a.policy.fa_errors = true;
	unwrap(&a);
	CU_ASSERT_EQUAL(foreign_reply_decide(&a.reply, &a.facts).effect, FOREIGN_REPLY_DENY);
}

static void denial_is_of_the_request(void)
{
	struct answered a;
	struct sent sent;

	good_reply(&a);
	unsigned_reply(&a);
	send_on(&a, &sent);
	CU_ASSERT_EQUAL(sent.read.fixed.code, 68);
	CU_ASSERT_EQUAL(sent.read.fixed.lifetime_s, 300);
	CU_ASSERT_EQUAL(sent.read.fixed.identification, IDENTIFICATION);
	CU_ASSERT_EQUAL(sent.read.extensions.mobile_home_count, 0);
}

static void in_place_it_is_the_same(void)
{
	struct foreign_answer nothing = { .challenge = { NULL, 0 } };
	struct foreign_reply_verdict verdict;
	struct answered a;
	struct writer w;
	uint8_t before[ROOM];

	good_reply(&a);
	memcpy(before, a.octets, sizeof(before));
	verdict = foreign_reply_decide(&a.reply, &a.facts);
	w = writer_over(a.octets, sizeof(a.octets));
	foreign_reply_write(&a.reply, &a.facts, &verdict, &nothing, &w);
	CU_ASSERT_EQUAL(writer_used(&w), a.reply.message.size);
	CU_ASSERT_EQUAL(memcmp(before, a.octets, writer_used(&w)), 0);
}

/* RFC 4636 section 6: a home agent whose grant we deny is told, where it is known to have
 * granted. */
static void denied_grant_is_revoked(void)
{
	struct answered a;

	good_reply(&a);
	signed_reply(&a);
	no_revocation(&a);
	CU_ASSERT_TRUE(foreign_reply_decide(&a.reply, &a.facts).revoke);
	a.reply.fixed.lifetime_s = 0;
	CU_ASSERT_FALSE(foreign_reply_decide(&a.reply, &a.facts).revoke);
	good_reply(&a);
	no_revocation(&a);
	CU_ASSERT_FALSE(foreign_reply_decide(&a.reply, &a.facts).revoke);
	a.facts.home_agent_associated = true; /* and nothing proves that it granted */
	CU_ASSERT_EQUAL(foreign_reply_decide(&a.reply, &a.facts).code, FOREIGN_PROHIBITED);
	CU_ASSERT_FALSE(foreign_reply_decide(&a.reply, &a.facts).revoke);
	signed_reply(&a);
	a.policy.revocation_required = false;
	CU_ASSERT_FALSE(foreign_reply_decide(&a.reply, &a.facts).revoke);
}

/* RFC 4721 section 3.2: a copy proves what was proved, and nothing else does. */
static void a_proof_is_of_all_authenticators(void)
{
	struct situation s;
	uint64_t proof, other;

	good(&s);
	proof = foreign_request_proof(&s.request, 5);
	CU_ASSERT_EQUAL(proof, foreign_request_proof(&s.request, 5));
	CU_ASSERT_NOT_EQUAL(proof, foreign_request_proof(&s.request, 6));
	ADD(&s, "\x84\4abcd");
	sign(&s, MIP_EXTENSION_MOBILE_FOREIGN);
	look_again(&s);
	other = foreign_request_proof(&s.request, 5);
	CU_ASSERT_NOT_EQUAL(proof, other);
	s.octets[writer_used(&s.writer) - 1] ^= 1;
	CU_ASSERT_NOT_EQUAL(other, foreign_request_proof(&s.request, 5));
	s.octets[writer_used(&s.writer) - 1] ^= 1;
	CU_ASSERT_EQUAL(other, foreign_request_proof(&s.request, 5));
	s.octets[3] ^= 1; /* what no longer verifies is a matter of others */
	CU_ASSERT_EQUAL(other, foreign_request_proof(&s.request, 5));
}

static CU_TestInfo tests[] = {
	{ "RFC 5944 3.7.3.2: visitors come and go", visitors_come_and_go },
	{ "a visitor has what was agreed", visitor_has_what_was_agreed },
	{ "a visitor begins anew where it was not", visitor_begins_anew_where_it_was_not },
	{ "a visitor has no more than that", visitor_has_no_more_than_that },
	{ "a visitor for ever never expires", visitor_for_ever_never_expires },
	{ "RFC 5944 3.7.3.2: an accepted reply is sent on", accepted_reply_is_sent_on },
	{ "RFC 4636: a protest keeps the reply", protest_keeps_the_reply },
	{ "an unsigned reply is denied at all events", unsigned_reply_is_denied_at_all_events },
	{ "RFC 5944 3.7.3.1: a denial is of the request", denial_is_of_the_request },
	{ "in place it is the same", in_place_it_is_the_same },
	{ "RFC 4636 6: a denied grant is revoked", denied_grant_is_revoked },
	{ "RFC 4721 3.2: a proof is of all authenticators", a_proof_is_of_all_authenticators },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("foreign_visitor", tests);
}
