/* test_foreign.c - what a foreign agent says to a request, as a table: what is wrong with
 * it, one thing at a time and every two things together, and what is answered.
 *
 * The order of `faults` is the order of the checks: of two faults the earlier one
 * decides. */
#include <stdio.h>
#include <string.h>

#include "proto/icmp4.h"
#include "tests/unit/foreign_situation.h"
#include "tests/unit/suite.h"

/* ---- every fault alone, and every two ---- */

static void no_agent(struct situation *s)
{
	s->policy.offers &= (uint16_t)~AGENT_FOREIGN;
}

static void unknown_extension(struct situation *s)
{
	s->request.fault = HA_E_UNKNOWN_EXTENSION;
}

static void revocation_of_node(struct situation *s)
{
	ADD(s, "\x89\x06\0\0\0\0\0\1");
}

static void bare_challenge(struct situation *s)
{
	ADD(s, "\x84\4abcd");
}

static void broken_chain(struct situation *s)
{
	s->request.fault = HA_E_TRUNCATED;
}

static void no_authorization(struct situation *s)
{
	s->request.extensions.mobile_home_count = 0;
}

static void name_behind(struct situation *s)
{
	ADD(s, "\x83\3a@b");
}

static void reserved_flags(struct situation *s)
{
	s->policy.strict_reserved = true;
	s->request.fixed.flags |= MIP_REQUEST_X;
}

static void other_care_of(struct situation *s)
{
	s->request.fixed.care_of = address("198.51.100.3");
}

static void unsigned_for_us(struct situation *s)
{
	s->facts.mobile_associated = true;
}

static void wrong_aaa(struct situation *s)
{
	s->facts.mobile_aaa = AUTHENTICATION_WRONG;
}

static void vendor(struct situation *s)
{
	ADD(s, "\x26\0\0\6\0\0\0\1\0\1");
}

static void no_challenge(struct situation *s)
{
	s->policy.challenges = true;
}

static void signed_challenge(struct situation *s)
{
	put_octets(&s->writer, "\x84\4abcd", 6);
	sign(s, MIP_EXTENSION_MOBILE_FOREIGN);
	look_again(s);
}

static void unknown_challenge(struct situation *s)
{
	signed_challenge(s);
	s->facts.challenge = CHALLENGE_UNKNOWN;
}

static void stale_challenge(struct situation *s)
{
	signed_challenge(s);
	s->facts.challenge = CHALLENGE_STALE;
}

static void long_lifetime(struct situation *s)
{
	s->request.fixed.lifetime_s = 1801;
}

static void no_gre(struct situation *s)
{
	s->request.fixed.flags |= MIP_REQUEST_GRE;
	s->policy.offers &= (uint16_t)~AGENT_GRE;
}

static void reverse(struct situation *s)
{
	s->request.fixed.flags |= MIP_REQUEST_REVERSE;
}

static void no_delivery_style(struct situation *s)
{
	reverse(s);
	ADD(s, "\x82\0");
}

static void reverse_missing(struct situation *s)
{
	s->policy.reverse_required = true;
}

static void from_afar(struct situation *s)
{
	reverse(s);
	s->request.ttl = 254;
}

static void no_reverse(struct situation *s)
{
	reverse(s);
	s->policy.offers &= (uint16_t)~AGENT_REVERSE_TUNNEL;
}

static void nameless(struct situation *s)
{
	s->request.fixed.home = address("0.0.0.0");
}

static void home_of_ours(struct situation *s)
{
	s->facts.home_is_ours = true;
}

static void any_home_agent(struct situation *s)
{
	s->request.fixed.home_agent = address("255.255.255.255");
}

static void we_are_home_agent(struct situation *s)
{
	s->facts.home_agent_is_ours = true;
}

static void home_agent_not_allowed(struct situation *s)
{
	CU_ASSERT_TRUE(address_prefixes_parse("203.0.113.0/24", &s->policy.home_agents));
}

static void busy(struct situation *s)
{
	s->policy.offers |= AGENT_BUSY;
}

static void too_many_pending(struct situation *s)
{
	s->facts.pending_full = true;
}

static void no_room(struct situation *s)
{
	s->facts.no_resources = true;
}

static const struct fault {
	const char *check; /* its name */
	const char *rule;
	void (*make)(struct situation *);
	enum foreign_code code;
	enum registration_violation violation;
} faults[] = {
	{ "enabled", "RFC 5944 2.1.1: F is not offered", no_agent, FOREIGN_SILENCE, 0 },
	{ "extensions-known", "RFC 5944 1.8", unknown_extension, FOREIGN_SILENCE, 0 },
	{ "revocation-support", "RFC 3543 4.2.1", revocation_of_node, FOREIGN_SILENCE,
	  VIOLATION_OTHER },
	{ "challenge-signed", "RFC 4721 3.2", bare_challenge, FOREIGN_SILENCE,
	  VIOLATION_MISSING_EXTENSION },
	{ "well-formed", "RFC 5944 3.4: 70", broken_chain, FOREIGN_POORLY_FORMED_REQUEST, 0 },
	{ "authorization", "RFC 5944 3.3: 70", no_authorization, FOREIGN_POORLY_FORMED_REQUEST, 0 },
	{ "order", "RFC 5944 3.6.1.3: 70", name_behind, FOREIGN_POORLY_FORMED_REQUEST, 0 },
	{ "reserved", "RFC 5944 3.7.2.1: 70", reserved_flags, FOREIGN_POORLY_FORMED_REQUEST, 0 },
	{ "care-of", "RFC 5944 3.7.2.1: 77", other_care_of, FOREIGN_INVALID_CARE_OF, 0 },
	{ "mobile-foreign", "RFC 5944 3.7.2.1: 67", unsigned_for_us, FOREIGN_MN_AUTH_FAILED,
	  VIOLATION_BAD_AUTHENTICATOR },
	{ "aaa-authenticator", "RFC 4721 3.2: 108", wrong_aaa, FOREIGN_AAA_AUTH_FAILED,
	  VIOLATION_BAD_AUTHENTICATOR },
	{ "vendor", "RFC 3115 2.3: 100", vendor, FOREIGN_CVSE_MOBILE, 0 },
	{ "challenge-present", "RFC 4721 3.2: 105", no_challenge, FOREIGN_MISSING_CHALLENGE,
	  VIOLATION_MISSING_EXTENSION },
	{ "challenge-known", "RFC 4721 3.2: 104", unknown_challenge, FOREIGN_UNKNOWN_CHALLENGE,
	  VIOLATION_OTHER },
	{ "challenge-fresh", "RFC 4721 3.2: 106", stale_challenge, FOREIGN_STALE_CHALLENGE,
	  VIOLATION_OTHER },
	{ "lifetime", "RFC 5944 3.7.2.3: 69", long_lifetime, FOREIGN_LIFETIME_TOO_LONG, 0 },
	{ "encapsulation", "RFC 3024 4.2.1: 72", no_gre, FOREIGN_ENCAPSULATION_UNAVAILABLE, 0 },
	{ "delivery-style", "RFC 3024 4.2.1: 79", no_delivery_style, FOREIGN_DELIVERY_UNSUPPORTED,
	  0 },
	{ "reverse-mandatory", "RFC 3024 4.2.1: 75", reverse_missing, FOREIGN_REVERSE_MANDATORY,
	  0 },
	{ "distance", "RFC 3024 4.2.1: 76", from_afar, FOREIGN_TOO_DISTANT, 0 },
	{ "reverse-tunnel", "RFC 3024 4.2.1: 74", no_reverse, FOREIGN_REVERSE_UNAVAILABLE, 0 },
	{ "home-address", "RFC 2794 3: 96", nameless, FOREIGN_HOME_REQUIRED, 0 },
	{ "home-foreign", "RFC 5944 3.4: 65", home_of_ours, FOREIGN_PROHIBITED, 0 },
	{ "any-home-agent", "RFC 4433 5.2: 90", any_home_agent, FOREIGN_HOME_AGENT_REQUIRED, 0 },
	{ "home-agent", "RFC 5944 3.7.2: 194", we_are_home_agent, FOREIGN_INVALID_HOME_AGENT, 0 },
	{ "home-agent-allowed", "RFC 5944 3.4: 65", home_agent_not_allowed, FOREIGN_PROHIBITED, 0 },
	{ "busy", "RFC 5944 2.1.1: 66", busy, FOREIGN_NO_RESOURCES, 0 },
	{ "pending", "RFC 5944 3.7.1: 66", too_many_pending, FOREIGN_NO_RESOURCES, 0 },
	{ "resources", "RFC 5944 3.4: 66", no_room, FOREIGN_NO_RESOURCES, 0 },
};

/* Two that cannot be true of one request at once. */
static const struct {
	void (*one)(struct situation *);
	void (*other)(struct situation *);
} apart[] = {
	{ unknown_extension, broken_chain },
	{ bare_challenge, unknown_challenge },
	{ bare_challenge, stale_challenge },
	{ unsigned_for_us, no_challenge },
	{ no_challenge, unknown_challenge },
	{ no_challenge, stale_challenge },
	{ unknown_challenge, stale_challenge },
	{ no_delivery_style, reverse_missing },
	{ reverse_missing, from_afar },
	{ reverse_missing, no_reverse },
	{ nameless, home_of_ours },
};

static bool exclude_each_other(const struct fault *a, const struct fault *b)
{
	for (size_t i = 0; i < ROWS(apart); i++)
		if (a->make == apart[i].one && b->make == apart[i].other)
			return true;
	return false;
}

static void check_denied(const struct situation *s, const struct foreign_verdict *verdict,
                         const struct fault *fault)
{
	if (strcmp(verdict->check, fault->check) != 0)
		printf("%s (%s): %s, code %u\n", fault->check, fault->rule, verdict->check,
		       (unsigned)verdict->code);
	CU_ASSERT_STRING_EQUAL(verdict->check, fault->check);
	CU_ASSERT_EQUAL(verdict->code, fault->code);
	CU_ASSERT_EQUAL(verdict->violation, fault->violation);
	CU_ASSERT_EQUAL(verdict->effect,
	                fault->code == FOREIGN_SILENCE ? FOREIGN_DROP : FOREIGN_DENY);
	CU_ASSERT_EQUAL(verdict->lifetime_s,
	                fault->make == long_lifetime ? 1800 : s->request.fixed.lifetime_s);
	CU_ASSERT_TRUE(strlen(verdict->reason) > 0);
}

static void one_fault_is_named(void)
{
	for (size_t i = 0; i < ROWS(faults); i++) {
		struct foreign_verdict verdict;
		struct situation s;

		good(&s);
		faults[i].make(&s);
		verdict = foreign_decide(&s.request, &s.facts);
		check_denied(&s, &verdict, &faults[i]);
	}
}

static void of_two_faults_the_earlier_is_named(void)
{
	unsigned pairs = 0;

	for (size_t i = 0; i < ROWS(faults); i++) {
		for (size_t j = i + 1; j < ROWS(faults); j++) {
			struct foreign_verdict verdict;
			struct situation s;

			if (exclude_each_other(&faults[i], &faults[j]))
				continue;
			good(&s);
			faults[j].make(&s);
			faults[i].make(&s);
			verdict = foreign_decide(&s.request, &s.facts);
			check_denied(&s, &verdict, &faults[i]);
			pairs++;
		}
	}
	CU_ASSERT_EQUAL(pairs, ROWS(faults) * (ROWS(faults) - 1) / 2 - ROWS(apart));
}

struct explanation {
	size_t count;
	unsigned codes[64];
};

static void on_check(void *context, const char *name, unsigned code, const char *reason)
{
	struct explanation *seen = context;

	CU_ASSERT_TRUE_FATAL(seen->count < ROWS(faults));
	CU_ASSERT_STRING_EQUAL(name, faults[seen->count].check);
	CU_ASSERT_TRUE(strlen(reason) > 0);
	seen->codes[seen->count++] = code;
}

/* Each check has its fault, in the same order; what is relayed passes all. */
static void every_check_is_tried(void)
{
	for (size_t i = 0; i <= ROWS(faults); i++) {
		struct explanation seen = { .count = 0 };
		struct situation s;
		size_t first = 0;

		good(&s);
		if (i < ROWS(faults))
			faults[i].make(&s);
		foreign_explain(&s.request, &s.facts, on_check, &seen);
		CU_ASSERT_EQUAL(seen.count, ROWS(faults));
		while (first < seen.count && seen.codes[first] == 0)
			first++;
		CU_ASSERT_EQUAL(first, i);
		if (i < ROWS(faults))
			CU_ASSERT_EQUAL(seen.codes[i], faults[i].code);
	}
}

/* RFC 5944 section 3.7.2: not more than one denial per second to the same node. */
static void second_denial_is_held_back(void)
{
	struct foreign_verdict verdict;
	struct situation s;

	good(&s);
	long_lifetime(&s);
	s.facts.denied_lately = true;
	verdict = foreign_decide(&s.request, &s.facts);
	CU_ASSERT_EQUAL(verdict.effect, FOREIGN_DROP);
	CU_ASSERT_EQUAL(verdict.code, FOREIGN_LIFETIME_TOO_LONG);
}

/* ---- what else is denied, and what is not ---- */

static void deregister(struct situation *s)
{
	s->request.fixed.lifetime_s = 0;
}

static void co_locate(struct situation *s)
{
	other_care_of(s);
	s->request.fixed.flags |= MIP_REQUEST_DECAPSULATES;
}

static void no_minimal(struct situation *s)
{
	s->request.fixed.flags |= MIP_REQUEST_MINIMAL;
	s->policy.offers &= (uint16_t)~AGENT_MINIMAL;
}

static void named(struct situation *s)
{
	nameless(s);
	begin_request(s);
	mip_nai_append(&s->writer, (struct span){ (const uint8_t *)"a@b", 3 });
	sign(s, MIP_EXTENSION_MOBILE_HOME);
	look_again(s);
}

static void requested_agent(struct situation *s, const char *agent)
{
	any_home_agent(s);
	begin_request(s);
	mip_dynamic_ha_append(&s->writer, MIP_DYNAMIC_HA_REQUESTED, address(agent), true);
	sign(s, MIP_EXTENSION_MOBILE_HOME);
	look_again(s);
}

static void style_offered(struct situation *s)
{
	s->policy.encapsulating_delivery = true;
}

#define DO(name, ...)                                                                              \
	static void name(struct situation *s)                                                      \
	{                                                                                          \
		__VA_ARGS__;                                                                       \
	}

DO(dereg_elsewhere, deregister(s); other_care_of(s))
DO(dereg_busy, deregister(s); busy(s))
DO(dereg_no_room, deregister(s); no_room(s))
DO(dereg_reverse_missing, deregister(s); reverse_missing(s))
DO(dereg_no_gre, deregister(s); no_gre(s))
DO(dereg_afar, deregister(s); from_afar(s))
DO(dereg_home_of_ours, deregister(s); home_of_ours(s))
DO(dereg_many_pending, deregister(s); too_many_pending(s))
DO(co_located_no_gre, co_locate(s); no_gre(s))
DO(co_located_no_reverse, co_locate(s); no_reverse(s))
DO(co_located_afar, co_locate(s); from_afar(s))
DO(co_located_no_style, co_locate(s); no_delivery_style(s))
DO(co_located_revocation, co_locate(s); revocation_of_node(s))
DO(flags_ignored, s->request.fixed.flags |= MIP_REQUEST_X | MIP_REQUEST_R)
DO(r_is_reserved, s->policy.strict_reserved = true; s->request.fixed.flags |= MIP_REQUEST_R)
DO(at_the_limit, s->request.fixed.lifetime_s = 1800)
DO(infinity, s->request.fixed.lifetime_s = 0xffff)
DO(infinity_taken, infinity(s); s->policy.max_lifetime_s = 0xffff)
DO(signed_for_us, unsigned_for_us(s); s->facts.mobile_foreign = AUTHENTICATION_VALID)
DO(wrong_for_us, unsigned_for_us(s); s->facts.mobile_foreign = AUTHENTICATION_WRONG)
DO(other_spi, unsigned_for_us(s); s->facts.mobile_foreign = AUTHENTICATION_NO_ASSOCIATION)
DO(signed_by_stranger, s->facts.mobile_foreign = AUTHENTICATION_NO_ASSOCIATION)
DO(known_needs_none, no_challenge(s); signed_for_us(s))
DO(fresh_challenge, no_challenge(s); signed_challenge(s); s->facts.challenge = CHALLENGE_FRESH)
DO(challenge_again, fresh_challenge(s); s->facts.challenge = CHALLENGE_REPEATED)
DO(aaa_is_not_ours, s->facts.mobile_aaa = AUTHENTICATION_NO_ASSOCIATION)
DO(style, style_offered(s); no_delivery_style(s))
DO(style_of_the_future, style_offered(s); reverse(s); ADD(s, "\x82\1\1"))
DO(style_without_t, style_offered(s); ADD(s, "\x82\0"))
DO(name_will_not_do, named(s); s->policy.home_required = true)
DO(named_ours, named(s); home_of_ours(s))
DO(home_is_care_of, s->request.fixed.home = address("198.51.100.1"))
DO(home_is_multicast, s->request.fixed.home = address("224.0.0.5"))
DO(agent_is_multicast, s->request.fixed.home_agent = address("224.0.0.5"))
DO(agent_of_operator, any_home_agent(s); s->policy.home_agent = address("192.0.2.1"))
DO(agent_requested, requested_agent(s, "192.0.2.1"))
DO(agent_requested_badly, requested_agent(s, "127.0.0.1"))
DO(allowed_agent, CU_ASSERT_TRUE(address_prefixes_parse("192.0.2.0/24", &s->policy.home_agents)))
DO(busy_for_others, busy(s); s->facts.visiting = true)

static const struct {
	const char *rule;
	void (*make)(struct situation *);
	enum foreign_code code;
} choices[] = {
	{ "RFC 5944 3.7.2.1: 77 is for lifetimes that are not zero", dereg_elsewhere, 0 },
	{ "RFC 5944 3.7: deregistrations are relayed when busy", dereg_busy, 0 },
	{ "RFC 5944 3.7: and without room", dereg_no_room, 0 },
	{ "RFC 5944 3.7: and without T", dereg_reverse_missing, 0 },
	{ "RFC 5944 3.7: and with G", dereg_no_gre, 0 },
	{ "RFC 5944 3.7: and from afar", dereg_afar, 0 },
	{ "RFC 5944 3.7: and with an address of ours", dereg_home_of_ours, 0 },
	{ "RFC 5944 3.7.1: not beyond the limit", dereg_many_pending, FOREIGN_NO_RESOURCES },
	{ "RFC 5944 3.7.2.1: 77 is for D clear", co_locate, 0 },
	{ "RFC 5944 3.7.2.1: a co-located node decapsulates itself", co_located_no_gre, 0 },
	{ "RFC 3024 4.2.1: and sends through its own tunnel", co_located_no_reverse, 0 },
	{ "RFC 3024 4.2.1: from wherever it is", co_located_afar, 0 },
	{ "RFC 3024 3.3: in its own style", co_located_no_style, 0 },
	{ "RFC 3543 4.3.2: and may offer revocation", co_located_revocation, 0 },
	{ "RFC 5944 3.3: r and x are ignored", flags_ignored, 0 },
	{ "RFC 5944 3.7.2.1: r is reserved", r_is_reserved, FOREIGN_POORLY_FORMED_REQUEST },
	{ "RFC 5944 3.7.2.3: the maximum is taken", at_the_limit, 0 },
	{ "RFC 5944 3.7.2.3: infinity is not", infinity, FOREIGN_LIFETIME_TOO_LONG },
	{ "RFC 5944 3.3: where it is the maximum, it is", infinity_taken, 0 },
	{ "RFC 5944 3.7.2.1: Mobile-Foreign verifies", signed_for_us, 0 },
	{ "RFC 5944 3.7.2.1: does not verify", wrong_for_us, FOREIGN_MN_AUTH_FAILED },
	{ "RFC 5944 3.7.2.1: another SPI", other_spi, FOREIGN_MN_AUTH_FAILED },
	{ "RFC 5944 3.7.2.1: nothing is shared to check it by", signed_by_stranger, 0 },
	{ "RFC 4721 3.2: an association does for a challenge", known_needs_none, 0 },
	{ "RFC 4721 3.2: a fresh challenge", fresh_challenge, 0 },
	{ "RFC 4721 3.2: the same request again", challenge_again, 0 },
	{ "RFC 4721 3.2: MN-AAA may be the home agent's to check", aaa_is_not_ours, 0 },
	{ "RFC 3024 3.3: encapsulating delivery", style, 0 },
	{ "RFC 3024 3.4: a style of the future", style_of_the_future,
	  FOREIGN_DELIVERY_UNSUPPORTED },
	{ "RFC 3024 3.3: only with T", style_without_t, FOREIGN_POORLY_FORMED_REQUEST },
	{ "RFC 3024 4.2.1: minimal encapsulation", no_minimal, FOREIGN_ENCAPSULATION_UNAVAILABLE },
	{ "RFC 2794 3: known by its name", named, 0 },
	{ "RFC 2794 3: names are not kept", name_will_not_do, FOREIGN_HOME_REQUIRED },
	{ "RFC 2794 3: no address, none of ours", named_ours, 0 },
	{ "RFC 5944 1.5: our care-of address is no home address", home_is_care_of,
	  FOREIGN_PROHIBITED },
	{ "RFC 5944 1.6: a home address is one host's", home_is_multicast, FOREIGN_PROHIBITED },
	{ "RFC 5944 3.7.2: a home agent is one host", agent_is_multicast,
	  FOREIGN_INVALID_HOME_AGENT },
	{ "RFC 4433 5.2: we choose", agent_of_operator, 0 },
	{ "RFC 4433 5.2: the node chooses", agent_requested, 0 },
	{ "RFC 4433 5.2: a routable unicast address", agent_requested_badly,
	  FOREIGN_HOME_AGENT_REQUIRED },
	{ "RFC 5944 3.4: an allowed home agent", allowed_agent, 0 },
	{ "RFC 5944 2.1.1: busy is for new ones", busy_for_others, 0 },
};

static void choices_are_as_the_rules_say(void)
{
	for (size_t i = 0; i < ROWS(choices); i++) {
		struct foreign_verdict verdict;
		struct situation s;

		good(&s);
		choices[i].make(&s);
		verdict = foreign_decide(&s.request, &s.facts);
		if (verdict.code != choices[i].code)
			printf("%s: code %u, %s\n", choices[i].rule, (unsigned)verdict.code,
			       verdict.check);
		CU_ASSERT_EQUAL(verdict.code, choices[i].code);
		CU_ASSERT_EQUAL(verdict.effect, choices[i].code ? FOREIGN_DENY : FOREIGN_RELAY);
	}
}

/* RFC 5944 section 3.7.2: who is its home agent too does not relay. */
static void own_home_agent_is_handed_the_request(void)
{
	struct situation s;

	good(&s);
	we_are_home_agent(&s);
	s.facts.served_here = true;
	CU_ASSERT_EQUAL(foreign_decide(&s.request, &s.facts).effect, FOREIGN_HAND_OVER);
}

/* ---- RFC 5944 section 3.7.3: errors instead of a reply ---- */

static void icmp_errors_have_their_codes(void)
{
	static const struct {
		unsigned type, code;
		enum foreign_code denial;
	} errors[] = {
		{ ICMP4_UNREACHABLE, ICMP4_NETWORK, FOREIGN_NETWORK_UNREACHABLE },
		{ ICMP4_UNREACHABLE, ICMP4_HOST, FOREIGN_HOST_UNREACHABLE },
		{ ICMP4_UNREACHABLE, ICMP4_PROTOCOL, FOREIGN_UNREACHABLE },
		{ ICMP4_UNREACHABLE, ICMP4_PORT, FOREIGN_PORT_UNREACHABLE },
		{ ICMP4_UNREACHABLE, ICMP4_TOO_BIG, FOREIGN_UNREACHABLE },
		{ ICMP4_UNREACHABLE, ICMP4_SOURCE_ROUTE, FOREIGN_UNREACHABLE },
		{ ICMP4_UNREACHABLE, 6, FOREIGN_NETWORK_UNREACHABLE },
		{ ICMP4_UNREACHABLE, 7, FOREIGN_HOST_UNREACHABLE },
		{ ICMP4_UNREACHABLE, 8, FOREIGN_HOST_UNREACHABLE },
		{ ICMP4_UNREACHABLE, 9, FOREIGN_NETWORK_UNREACHABLE },
		{ ICMP4_UNREACHABLE, 10, FOREIGN_HOST_UNREACHABLE },
		{ ICMP4_UNREACHABLE, 11, FOREIGN_NETWORK_UNREACHABLE },
		{ ICMP4_UNREACHABLE, 12, FOREIGN_HOST_UNREACHABLE },
		{ ICMP4_UNREACHABLE, ICMP4_PROHIBITED, FOREIGN_UNREACHABLE },
		{ ICMP4_TIME_EXCEEDED, ICMP4_IN_TRANSIT, FOREIGN_UNREACHABLE },
		{ ICMP4_PARAMETER_PROBLEM, 0, FOREIGN_UNREACHABLE },
		{ ICMP4_SOURCE_QUENCH, 0, FOREIGN_NO_CODE },
		{ ICMP4_REDIRECT, 1, FOREIGN_NO_CODE },
		{ ICMP4_ECHO, 0, FOREIGN_NO_CODE },
		{ ICMP4_ECHO_REPLY, 0, FOREIGN_NO_CODE },
	};

	for (size_t i = 0; i < ROWS(errors); i++)
		CU_ASSERT_EQUAL(foreign_code_of_icmp(errors[i].type, errors[i].code),
		                errors[i].denial);
}

static CU_TestInfo tests[] = {
	{ "one fault is named", one_fault_is_named },
	{ "of two faults the earlier is named", of_two_faults_the_earlier_is_named },
	{ "every check is tried", every_check_is_tried },
	{ "RFC 5944 3.7.2: a second denial is held back", second_denial_is_held_back },
	{ "choices are as the rules say", choices_are_as_the_rules_say },
	{ "RFC 5944 3.7.2: our own home agent is handed it", own_home_agent_is_handed_the_request },
	{ "RFC 5944 3.7.3: ICMP errors have their codes", icmp_errors_have_their_codes },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("foreign", tests);
}
