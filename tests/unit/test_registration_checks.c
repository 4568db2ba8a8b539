/* test_registration_checks.c - the verdict on a request as a table: what is wrong
 * with it, one thing at a time and every two things together, and what is
 * answered.
 *
 * The order of `faults` is the order in which RFC 5944 section 3.8.2 checks:
 * of two faults the earlier one decides. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/registration_situation.h"
#include "tests/unit/suite.h"

/* ---- every fault alone, and every two ---- */

static void unknown_extension(struct situation *s)
{
	s->request.fault = HA_E_UNKNOWN_EXTENSION;
}

static void unsigned_request(struct situation *s)
{
	s->facts.mobile_home = AUTHENTICATION_ABSENT;
}

static void unknown_node(struct situation *s)
{
	s->facts.mobile_home = AUTHENTICATION_NO_ASSOCIATION;
	s->facts.node = 0;
}

static void unknown_spi(struct situation *s)
{
	s->facts.mobile_home = AUTHENTICATION_NO_ASSOCIATION;
}

static void wrong_authenticator(struct situation *s)
{
	s->facts.mobile_home = AUTHENTICATION_WRONG;
}

static void wrong_aaa(struct situation *s)
{
	s->request.extensions.mobile_aaa_count = 1;
	s->request.extensions.mobile_aaa.covered = octets_at(0, SAID_BEHIND);
	s->facts.mobile_aaa = AUTHENTICATION_WRONG;
}

static void mute(struct situation *s)
{
	s->facts.mute = true;
}

static void broken_chain(struct situation *s)
{
	s->request.fault = HA_E_TRUNCATED;
}

static void two_names(struct situation *s)
{
	s->request.extensions.nai = octets_at(SAID_BY_NODE, 3);
	s->request.extensions.nai_count = 2;
}

static void old_identification(struct situation *s)
{
	s->facts.newest_identification = s->request.fixed.identification + 1;
}

static void unsigned_by_foreign_agent(struct situation *s)
{
	s->facts.foreign_agent_associated = true;
}

static void signed_by_stranger(struct situation *s)
{
	s->facts.foreign_agent_associated = false;
	s->request.extensions.foreign_home_count = 1;
}

static void vendor_of_node(struct situation *s)
{
	s->request.extensions.cvse = octets_at(SAID_BY_NODE, 8);
	s->request.extensions.cvse_count = 1;
}

static void vendor_of_agent(struct situation *s)
{
	s->request.extensions.cvse = octets_at(SAID_BEHIND, 8);
	s->request.extensions.cvse_count = 1;
}

static void broadcast(struct situation *s)
{
	s->request.broadcast = true;
}

static void another_home_agent(struct situation *s)
{
	s->request.fixed.home_agent = address("192.0.2.255");
}

static void asks_for_any_agent(struct situation *s)
{
	s->facts.policy.dynamic_home_agent = true;
	s->request.fixed.home_agent = address("255.255.255.255");
	s->request.extensions.nai = octets_at(SAID_BY_NODE, 3);
	s->request.extensions.nai_count = 1;
}

static void asks_for_another_agent(struct situation *s)
{
	asks_for_any_agent(s);
	s->request.extensions.dynamic_ha_count = 1;
	s->request.extensions.dynamic_ha.at = octets_at(SAID_BY_NODE + 8, 8);
	s->request.extensions.dynamic_ha.subtype = MIP_DYNAMIC_HA_REQUESTED;
	s->request.extensions.dynamic_ha.address = address("192.0.2.77");
}

static void sent_elsewhere(struct situation *s)
{
	asks_for_any_agent(s);
	s->facts.policy.redirect = address("192.0.2.88");
}

static void reserved_flags(struct situation *s)
{
	s->facts.policy.strict_reserved = true;
	s->request.fixed.flags |= MIP_REQUEST_X;
}

static void another_home_address(struct situation *s)
{
	s->request.fixed.home = address("10.0.0.2");
}

static void no_encapsulation(struct situation *s)
{
	s->facts.policy.gre = s->facts.policy.minimal = false;
	s->request.fixed.flags |= MIP_REQUEST_GRE;
}

static void reverse_tunnel_missing(struct situation *s)
{
	s->facts.policy.reverse_tunnel = REVERSE_TUNNEL_REQUIRED;
}

static void reverse_tunnel(struct situation *s)
{
	s->request.fixed.flags |= MIP_REQUEST_REVERSE;
}

/* Of a node that decapsulates itself, and forces it. */
static void udp_tunnel(struct situation *s)
{
	s->request.fixed.flags |= MIP_REQUEST_DECAPSULATES;
	s->request.extensions.udp_request_count = 1;
	s->request.extensions.udp_request.at = octets_at(SAID_BY_NODE + 16, 8);
	s->request.extensions.udp_request.forced = true;
}

static void udp_reserved(struct situation *s)
{
	udp_tunnel(s);
	s->request.extensions.udp_request.reserved_set = true;
}

static void udp_not_offered(struct situation *s)
{
	udp_tunnel(s);
}

static void udp_of_unknown_protocol(struct situation *s)
{
	udp_tunnel(s);
	s->facts.policy.udp_tunnel = UDP_TUNNEL_ON_REQUEST;
	s->request.extensions.udp_request.encapsulation = 99;
}

static void gateway_agent(struct situation *s)
{
	s->request.extensions.gfa_count = 1;
	s->request.extensions.gfa.address = address("198.51.100.77");
	s->request.extensions.gfa.at = octets_at(SAID_BEHIND, 8);
}

static void care_of_zero(struct situation *s)
{
	s->request.fixed.care_of.s_addr = INADDR_ANY;
}

static void care_of_nowhere(struct situation *s)
{
	s->request.fixed.care_of = address("127.0.0.1");
}

static void care_of_us(struct situation *s)
{
	s->request.fixed.care_of = address("192.0.2.1");
}

static void from_elsewhere(struct situation *s)
{
	CU_ASSERT_TRUE(address_prefixes_parse("203.0.113.0/24", &s->facts.policy.allow_from));
}

static void too_many(struct situation *s)
{
	s->request.fixed.flags |= MIP_REQUEST_SIMULTANEOUS;
	while (s->facts.binding_count < LIMIT)
		add_binding(s, s->facts.binding_count ? "198.51.100.9" : "198.51.100.8", 1000);
}

static void switched_off(struct situation *s)
{
	s->facts.policy.disabled = true;
}

static void log_is_full(struct situation *s)
{
	s->facts.no_resources = true;
}

static const struct fault {
	const char *check; /* its name */
	void (*make)(struct situation *);
	enum mip_code code;
	enum registration_violation violation;
} faults[] = {
	{ "enabled", switched_off, MIP_SILENCE, VIOLATION_NONE },
	{ "extensions-known", unknown_extension, MIP_SILENCE, VIOLATION_NONE },
	{ "authorization-present", unsigned_request, MIP_SILENCE, VIOLATION_MISSING_EXTENSION },
	{ "association", unknown_node, MIP_SILENCE, VIOLATION_NO_ASSOCIATION },
	{ "spi", unknown_spi, MIP_SILENCE, VIOLATION_BAD_SPI },
	{ "authenticator", wrong_authenticator, MIP_SILENCE, VIOLATION_BAD_AUTHENTICATOR },
	{ "aaa-authenticator", wrong_aaa, MIP_AAA_AUTH_FAILED, VIOLATION_BAD_AUTHENTICATOR },
	{ "answerable", mute, MIP_SILENCE, VIOLATION_NO_ASSOCIATION },
	{ "well-formed", broken_chain, MIP_POORLY_FORMED, VIOLATION_NONE },
	{ "order", two_names, MIP_POORLY_FORMED, VIOLATION_NONE },
	{ "identification", old_identification, MIP_ID_MISMATCH, VIOLATION_BAD_IDENTIFIER },
	{ "foreign-agent", unsigned_by_foreign_agent, MIP_FA_AUTH_FAILED,
	  VIOLATION_BAD_AUTHENTICATOR },
	{ "foreign-agent-known", signed_by_stranger, MIP_SILENCE, VIOLATION_NO_ASSOCIATION },
	{ "vendor-mobile", vendor_of_node, MIP_CVSE_MOBILE, VIOLATION_NONE },
	{ "vendor-foreign", vendor_of_agent, MIP_CVSE_FOREIGN, VIOLATION_NONE },
	{ "discovery", broadcast, MIP_UNKNOWN_HA, VIOLATION_NONE },
	{ "home-agent", another_home_agent, MIP_UNKNOWN_HA, VIOLATION_NONE },
	{ "requested-agent", asks_for_another_agent, MIP_UNKNOWN_HA, VIOLATION_NONE },
	{ "redirect", sent_elsewhere, MIP_REDIRECTED, VIOLATION_NONE },
	{ "reserved", reserved_flags, MIP_POORLY_FORMED, VIOLATION_NONE },
	{ "home-address", another_home_address, MIP_PROHIBITED, VIOLATION_NONE },
	{ "encapsulation", no_encapsulation, MIP_ENCAPSULATION_UNAVAILABLE, VIOLATION_NONE },
	{ "reverse-mandatory", reverse_tunnel_missing, MIP_REVERSE_MANDATORY, VIOLATION_NONE },
	{ "reverse-tunnel", reverse_tunnel, MIP_REVERSE_UNAVAILABLE, VIOLATION_NONE },
	{ "udp-form", udp_reserved, MIP_POORLY_FORMED, VIOLATION_NONE },
	{ "udp-allowed", udp_not_offered, MIP_PROHIBITED, VIOLATION_NONE },
	{ "udp-encapsulation", udp_of_unknown_protocol, MIP_UDP_UNAVAILABLE, VIOLATION_NONE },
	{ "gateway", gateway_agent, MIP_DYNAMIC_GFA_UNSUPPORTED, VIOLATION_NONE },
	{ "care-of-zero", care_of_zero, MIP_ZERO_CARE_OF, VIOLATION_NONE },
	{ "care-of-form", care_of_nowhere, MIP_POORLY_FORMED, VIOLATION_NONE },
	{ "care-of-allowed", care_of_us, MIP_PROHIBITED, VIOLATION_NONE },
	{ "origin", from_elsewhere, MIP_PROHIBITED, VIOLATION_NONE },
	{ "binding-limit", too_many, MIP_TOO_MANY_BINDINGS, VIOLATION_NONE },
	{ "resources", log_is_full, MIP_NO_RESOURCES, VIOLATION_NONE },
};

/* Two that cannot be true of one request at once. */
static const struct {
	void (*one)(struct situation *);
	void (*other)(struct situation *);
} apart[] = {
	{ unknown_extension, broken_chain },
	{ unsigned_request, unknown_node },
	{ unsigned_request, unknown_spi },
	{ unsigned_request, wrong_authenticator },
	{ unsigned_request, wrong_aaa }, /* which is an authorization */
	{ unknown_node, unknown_spi },   /* of no node at all */
	{ unknown_node, wrong_authenticator },
	{ unknown_spi, wrong_authenticator },
	{ unknown_spi, mute },
	{ unsigned_by_foreign_agent, signed_by_stranger },
	{ vendor_of_node, vendor_of_agent },
	{ another_home_agent, asks_for_another_agent },
	{ another_home_agent, sent_elsewhere },
	{ reverse_tunnel_missing, reverse_tunnel },
	{ udp_not_offered, udp_of_unknown_protocol },
	{ care_of_zero, care_of_nowhere },
	{ care_of_zero, care_of_us },
	{ care_of_nowhere, care_of_us },
};

static bool exclude_each_other(const struct fault *a, const struct fault *b)
{
	for (size_t i = 0; i < ROWS(apart); i++)
		if (a->make == apart[i].one && b->make == apart[i].other)
			return true;
	return false;
}

static void check_denied(const struct situation *s, const struct registration_verdict *verdict,
                         const struct fault *fault)
{
	uint64_t identification = s->request.fixed.identification;

	if (strcmp(verdict->check, fault->check) != 0)
		printf("%s: %s, code %u\n", fault->check, verdict->check, (unsigned)verdict->code);
	CU_ASSERT_STRING_EQUAL(verdict->check, fault->check);
	CU_ASSERT_EQUAL(verdict->code, fault->code);
	CU_ASSERT_EQUAL(verdict->violation, fault->violation);
	CU_ASSERT_EQUAL(verdict->effect, REGISTRATION_NONE);
	CU_ASSERT_FALSE(verdict->repeated);
	CU_ASSERT_PTR_NOT_NULL(verdict->reason);
	CU_ASSERT_EQUAL(verdict->lifetime_s, 300);
	CU_ASSERT_EQUAL((uint32_t)verdict->identification, (uint32_t)identification);
	if (fault->code != MIP_ID_MISMATCH)
		CU_ASSERT_EQUAL(verdict->identification, identification);
}

static void one_fault_is_named(void)
{
	for (size_t i = 0; i < ROWS(faults); i++) {
		struct situation s;
		struct registration_verdict verdict;

		good(&s);
		faults[i].make(&s);
		verdict = decide(&s);
		check_denied(&s, &verdict, &faults[i]);
	}
}

static void of_two_faults_the_earlier_is_named(void)
{
	unsigned pairs = 0;

	for (size_t i = 0; i < ROWS(faults); i++) {
		for (size_t j = i + 1; j < ROWS(faults); j++) {
			struct situation s;
			struct registration_verdict verdict;

			if (exclude_each_other(&faults[i], &faults[j]))
				continue;
			good(&s);
			faults[j].make(&s);
			faults[i].make(&s);
			verdict = decide(&s);
			check_denied(&s, &verdict, &faults[i]);
			pairs++;
		}
	}
	CU_ASSERT_EQUAL(pairs, ROWS(faults) * (ROWS(faults) - 1) / 2 - ROWS(apart));
}

/* ---- the checks by name ---- */

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

/* Each check has its fault, in the same order; what is granted passes all. */
static void every_check_is_tried(void)
{
	for (size_t i = 0; i <= ROWS(faults); i++) {
		struct explanation seen = { .count = 0 };
		struct situation s;
		size_t first = 0;

		good(&s);
		if (i < ROWS(faults))
			faults[i].make(&s);
		s.facts.bindings = s.bindings;
		registration_explain(&s.request, &s.facts, on_check, &seen);
		CU_ASSERT_EQUAL(seen.count, ROWS(faults));
		while (first < seen.count && seen.codes[first] == 0)
			first++;
		CU_ASSERT_EQUAL(first, i);
		if (i < ROWS(faults))
			CU_ASSERT_EQUAL(seen.codes[i], faults[i].code);
	}
}

static CU_TestInfo tests[] = {
	{ "one fault is named", one_fault_is_named },
	{ "of two faults the earlier is named", of_two_faults_the_earlier_is_named },
	{ "every check is tried", every_check_is_tried },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("registration_checks", tests);
}
