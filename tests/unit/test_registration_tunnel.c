/* test_registration_tunnel.c - how packets will reach a node: encapsulations, and
 * tunnels in UDP (RFC 3519), for whom and whereto. */
#include "tests/unit/registration_situation.h"
#include "tests/unit/suite.h"

/* ---- without UDP ---- */

static void encapsulation_is_one_that_is_offered(void)
{
	static const struct {
		uint8_t flags;
		bool gre, minimal;
		enum mip_code code;
		enum encapsulation encapsulation;
	} rows[] = {
		{ 0, 1, 1, MIP_ACCEPTED, ENCAPSULATION_IPIP },
		{ MIP_REQUEST_GRE, 1, 0, MIP_ACCEPTED, ENCAPSULATION_GRE },
		{ MIP_REQUEST_GRE, 0, 1, MIP_ENCAPSULATION_UNAVAILABLE, 0 },
		{ MIP_REQUEST_MINIMAL, 0, 1, MIP_ACCEPTED, ENCAPSULATION_MINIMAL },
		{ MIP_REQUEST_MINIMAL, 1, 0, MIP_ENCAPSULATION_UNAVAILABLE, 0 },
		{ MIP_REQUEST_GRE | MIP_REQUEST_MINIMAL, 1, 1, MIP_ACCEPTED, ENCAPSULATION_GRE },
		{ MIP_REQUEST_GRE | MIP_REQUEST_MINIMAL, 1, 0, MIP_ACCEPTED, ENCAPSULATION_GRE },
		{ MIP_REQUEST_GRE | MIP_REQUEST_MINIMAL, 0, 1, MIP_ACCEPTED,
		  ENCAPSULATION_MINIMAL },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct situation s;
		struct registration_verdict verdict;

		good(&s);
		s.request.fixed.flags = rows[i].flags;
		s.facts.policy.gre = rows[i].gre;
		s.facts.policy.minimal = rows[i].minimal;
		verdict = decide(&s);
		CU_ASSERT_EQUAL(verdict.code, rows[i].code);
		if (verdict.code == MIP_ACCEPTED)
			CU_ASSERT_EQUAL(verdict.tunnel.encapsulation, rows[i].encapsulation);
	}
}

/* ---- RFC 3519 ---- */

struct udp_case {
	const char *source; /* the care-of address is 198.51.100.2 */
	bool forced, required;
	enum udp_tunnel policy;
	enum mip_code code;
	bool udp, forced_reply;
	const char *endpoint;
	uint16_t port;
};

static const struct udp_case udp_cases[] = {
	/* no NAT, and not asked for by force: declined */
	{ "198.51.100.2", 0, 0, UDP_TUNNEL_NO, MIP_ACCEPTED, 0, 0, "198.51.100.2", 0 },
	{ "198.51.100.2", 0, 0, UDP_TUNNEL_BEHIND_NAT, MIP_ACCEPTED, 0, 0, "198.51.100.2", 0 },
	{ "198.51.100.2", 0, 0, UDP_TUNNEL_ON_REQUEST, MIP_ACCEPTED, 0, 0, "198.51.100.2", 0 },
	/* a NAT: the source is where packets go */
	{ "203.0.113.9", 0, 0, UDP_TUNNEL_BEHIND_NAT, MIP_ACCEPTED, 1, 0, "203.0.113.9", 4434 },
	{ "203.0.113.9", 0, 0, UDP_TUNNEL_ON_REQUEST, MIP_ACCEPTED, 1, 0, "203.0.113.9", 4434 },
	{ "203.0.113.9", 1, 0, UDP_TUNNEL_ON_REQUEST, MIP_ACCEPTED, 1, 0, "203.0.113.9", 4434 },
	{ "203.0.113.9", 1, 0, UDP_TUNNEL_BEHIND_NAT, MIP_ACCEPTED, 1, 0, "203.0.113.9", 4434 },
	{ "203.0.113.9", 0, 0, UDP_TUNNEL_NO, MIP_PROHIBITED, 0, 0, NULL, 0 },
	/* forced though there is none */
	{ "198.51.100.2", 1, 0, UDP_TUNNEL_ON_REQUEST, MIP_ACCEPTED, 1, 1, "198.51.100.2", 4434 },
	{ "198.51.100.2", 1, 0, UDP_TUNNEL_BEHIND_NAT, MIP_PROHIBITED, 0, 0, NULL, 0 },
	{ "198.51.100.2", 1, 0, UDP_TUNNEL_NO, MIP_PROHIBITED, 0, 0, NULL, 0 },
	/* through a foreign agent: the port is known with the first keepalive */
	{ "203.0.113.9", 0, 1, UDP_TUNNEL_BEHIND_NAT, MIP_ACCEPTED, 1, 0, "203.0.113.9", 0 },
	{ "198.51.100.2", 0, 1, UDP_TUNNEL_BEHIND_NAT, MIP_ACCEPTED, 1, 0, "198.51.100.2", 0 },
	{ "198.51.100.2", 1, 1, UDP_TUNNEL_ON_REQUEST, MIP_ACCEPTED, 1, 1, "198.51.100.2", 0 },
	{ "203.0.113.9", 0, 1, UDP_TUNNEL_NO, MIP_PROHIBITED, 0, 0, NULL, 0 },
};

/* The foreign agent authenticates itself, and what stands before that. */
static void vouch(struct situation *s)
{
	s->facts.foreign_agent_associated = true;
	s->facts.foreign_home = AUTHENTICATION_VALID;
	s->request.extensions.foreign_home_count = 1;
	s->request.extensions.foreign_home.covered = octets_at(0, 200);
}

/* Asked by the node, which decapsulates itself, or by its foreign agent. */
static void ask_for_udp(struct situation *s, const struct udp_case *c, bool by_node)
{
	struct mip_udp_tunnel_request *udp = &s->request.extensions.udp_request;

	good(s);
	s->request.source = address(c->source);
	s->request.source_port = 4434;
	s->facts.policy.udp_tunnel = (uint8_t)c->policy;
	s->facts.policy.keepalive_s = 110;
	s->request.extensions.udp_request_count = 1;
	udp->at = octets_at(by_node ? SAID_BY_NODE : SAID_BEHIND, 8);
	udp->forced = c->forced;
	udp->registration_required = c->required;
	if (by_node)
		s->request.fixed.flags |= MIP_REQUEST_DECAPSULATES;
	else
		vouch(s);
}

static void check_udp(const struct udp_case *c, bool by_node)
{
	struct situation s;
	struct registration_verdict verdict;
	struct binding binding;

	ask_for_udp(&s, c, by_node);
	verdict = decide(&s);
	CU_ASSERT_EQUAL(verdict.code, c->code);
	if (c->code != MIP_ACCEPTED)
		return;
	CU_ASSERT_TRUE(verdict.tunnel.answered);
	CU_ASSERT_EQUAL(verdict.tunnel.udp, c->udp);
	CU_ASSERT_EQUAL(verdict.tunnel.forced, c->forced_reply);
	CU_ASSERT_EQUAL(verdict.tunnel.reply_code, c->udp ? MIP_UDP_ACCEPTED : MIP_UDP_DECLINED);
	binding = registration_binding(&s.request, &verdict, &s.facts.policy, CLUSTER_MS);
	CU_ASSERT_TRUE(address_equal(binding.endpoint, address(c->endpoint)));
	CU_ASSERT_TRUE(address_equal(binding.care_of, address("198.51.100.2")));
	CU_ASSERT_EQUAL(binding.endpoint_port, c->port);
	CU_ASSERT_EQUAL(binding.features & BINDING_UDP, c->udp ? BINDING_UDP : 0);
	CU_ASSERT_EQUAL(binding.features & BINDING_UDP_FORCED,
	                c->forced_reply ? BINDING_UDP_FORCED : 0);
	CU_ASSERT_EQUAL(binding.keepalive_s, c->udp ? 110 : 0);
	s.request.fixed.lifetime_s = 0; /* leaving needs none */
	CU_ASSERT_EQUAL(decide(&s).code, MIP_ACCEPTED);
	CU_ASSERT_FALSE(decide(&s).tunnel.answered);
}

static void udp_tunnels_are_as_was_seen_and_asked(void)
{
	for (size_t i = 0; i < ROWS(udp_cases); i++) {
		check_udp(&udp_cases[i], true);
		check_udp(&udp_cases[i], false);
	}
}

/* Section 4.6.1: who decapsulates asks. */
static void udp_is_asked_for_by_who_decapsulates(void)
{
	struct situation s;

	ask_for_udp(&s, &udp_cases[3], true);
	s.request.fixed.flags = 0;
	CU_ASSERT_EQUAL(decide(&s).code, MIP_POORLY_FORMED);
	ask_for_udp(&s, &udp_cases[3], false);
	s.request.fixed.flags = MIP_REQUEST_DECAPSULATES;
	CU_ASSERT_EQUAL(decide(&s).code, MIP_POORLY_FORMED);
	ask_for_udp(&s, &udp_cases[3], true);
	s.request.extensions.udp_request_count = 2;
	CU_ASSERT_EQUAL(decide(&s).code, MIP_POORLY_FORMED);
}

static void udp_carries_what_is_offered(void)
{
	static const struct {
		uint8_t protocol, flags;
		bool gre, minimal;
		enum mip_code code;
		enum encapsulation encapsulation;
	} rows[] = {
		{ 0, 0, 0, 0, MIP_ACCEPTED, ENCAPSULATION_IPIP },
		{ 0, MIP_REQUEST_GRE, 1, 0, MIP_ACCEPTED, ENCAPSULATION_GRE },
		{ 0, MIP_REQUEST_MINIMAL, 0, 1, MIP_ACCEPTED, ENCAPSULATION_MINIMAL },
		{ 4, 0, 0, 0, MIP_ACCEPTED, ENCAPSULATION_IPIP },
		{ 4, MIP_REQUEST_GRE, 1, 0, MIP_ACCEPTED, ENCAPSULATION_IPIP },
		{ 47, 0, 1, 0, MIP_ACCEPTED, ENCAPSULATION_GRE },
		{ 47, 0, 0, 1, MIP_UDP_UNAVAILABLE, 0 },
		{ 55, 0, 0, 1, MIP_ACCEPTED, ENCAPSULATION_MINIMAL },
		{ 55, 0, 1, 0, MIP_UDP_UNAVAILABLE, 0 },
		{ 1, 0, 1, 1, MIP_UDP_UNAVAILABLE, 0 },
		{ 255, 0, 1, 1, MIP_UDP_UNAVAILABLE, 0 },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct situation s;
		struct registration_verdict verdict;

		ask_for_udp(&s, &udp_cases[3], true);
		s.request.extensions.udp_request.encapsulation = rows[i].protocol;
		s.request.fixed.flags |= rows[i].flags;
		s.facts.policy.gre = rows[i].gre;
		s.facts.policy.minimal = rows[i].minimal;
		verdict = decide(&s);
		CU_ASSERT_EQUAL(verdict.code, rows[i].code);
		if (verdict.code == MIP_ACCEPTED)
			CU_ASSERT_EQUAL(verdict.tunnel.encapsulation, rows[i].encapsulation);
	}
}

/* Anybody can add an extension behind the node's authenticator, and send it all
 * from where he wants the packets to go. */
static void udp_is_for_who_is_vouched_for(void)
{
	static const struct {
		const char *source;
		bool authentic, covered, unverified, forced;
		enum mip_code code;
		bool udp;
	} rows[] = {
		{ "203.0.113.9", 1, 1, 0, 0, MIP_ACCEPTED, 1 },
		{ "203.0.113.9", 0, 1, 0, 0, MIP_PROHIBITED, 0 },
		{ "203.0.113.9", 1, 0, 0, 0, MIP_PROHIBITED, 0 },
		{ "203.0.113.9", 0, 0, 1, 0, MIP_ACCEPTED, 1 },
		{ "198.51.100.2", 0, 0, 0, 0, MIP_ACCEPTED, 0 },
		{ "198.51.100.2", 0, 0, 0, 1, MIP_PROHIBITED, 0 },
		{ "198.51.100.2", 0, 0, 1, 1, MIP_ACCEPTED, 1 },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct udp_case c = { .source = rows[i].source,
			              .forced = rows[i].forced,
			              .policy = UDP_TUNNEL_ON_REQUEST };
		struct situation s;
		struct registration_verdict verdict;

		ask_for_udp(&s, &c, false);
		if (!rows[i].covered)
			s.request.extensions.foreign_home.covered = octets_at(0, SAID_BEHIND);
		if (!rows[i].authentic) {
			s.facts.foreign_agent_associated = false;
			s.facts.foreign_home = AUTHENTICATION_ABSENT;
			s.request.extensions.foreign_home_count = 0;
		}
		s.facts.policy.udp_tunnel_unverified = rows[i].unverified;
		verdict = decide(&s);
		CU_ASSERT_EQUAL(verdict.code, rows[i].code);
		if (verdict.code == MIP_ACCEPTED)
			CU_ASSERT_EQUAL(verdict.tunnel.udp, rows[i].udp);
	}
}

/* The care-of address of a node behind a NAT is its own affair. */
static void where_a_tunnel_goes_must_be_allowed(void)
{
	static const struct {
		const char *source, *allowed;
		enum mip_code code;
	} rows[] = {
		{ "203.0.113.9", "203.0.113.0/24", MIP_ACCEPTED },
		{ "203.0.113.9", "198.51.100.0/24", MIP_PROHIBITED },
		{ "198.51.100.2", "198.51.100.0/24", MIP_ACCEPTED }, /* no NAT, no tunnel in UDP */
		{ "198.51.100.2", "203.0.113.0/24", MIP_PROHIBITED },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct udp_case c = { .source = rows[i].source, .policy = UDP_TUNNEL_BEHIND_NAT };
		struct situation s;

		ask_for_udp(&s, &c, true);
		CU_ASSERT_TRUE(address_prefixes_parse(rows[i].allowed, &s.facts.policy.allow_from));
		CU_ASSERT_EQUAL(decide(&s).code, rows[i].code);
	}
}

/* From wherever it comes this time: what was granted is told. */
static void a_repeated_answer_tells_of_the_tunnel_there_is(void)
{
	for (unsigned had = 0; had < 2; had++) {
		struct udp_case c = { .source = had ? "198.51.100.2" : "203.0.113.9",
			              .policy = UDP_TUNNEL_BEHIND_NAT };
		struct situation s;
		struct registration_verdict verdict;

		ask_for_udp(&s, &c, true);
		s.facts.newest_identification = s.request.fixed.identification;
		s.facts.newest_digest = DIGEST;
		add_binding(&s, "198.51.100.2", 5000);
		s.bindings[0].identification = s.request.fixed.identification;
		s.bindings[0].features = had ? BINDING_UDP | BINDING_REVOCABLE : 0;
		s.bindings[0].endpoint = address("203.0.113.7");
		s.bindings[0].encapsulation = ENCAPSULATION_GRE;
		verdict = decide(&s);
		CU_ASSERT_TRUE(verdict.repeated);
		CU_ASSERT_TRUE(verdict.tunnel.answered);
		CU_ASSERT_EQUAL(verdict.tunnel.udp, had);
		CU_ASSERT_EQUAL(verdict.tunnel.reply_code,
		                had ? MIP_UDP_ACCEPTED : MIP_UDP_DECLINED);
		CU_ASSERT_EQUAL(verdict.revocable, had);
		CU_ASSERT_TRUE(address_equal(verdict.tunnel.endpoint, address("203.0.113.7")));
		CU_ASSERT_EQUAL(verdict.tunnel.encapsulation, ENCAPSULATION_GRE);
	}
}

static CU_TestInfo tests[] = {
	{ "encapsulation is one that is offered", encapsulation_is_one_that_is_offered },
	{ "UDP tunnels are as was seen and asked", udp_tunnels_are_as_was_seen_and_asked },
	{ "UDP is asked for by who decapsulates", udp_is_asked_for_by_who_decapsulates },
	{ "UDP carries what is offered", udp_carries_what_is_offered },
	{ "UDP is for who is vouched for", udp_is_for_who_is_vouched_for },
	{ "where a tunnel goes must be allowed", where_a_tunnel_goes_must_be_allowed },
	{ "a repeated answer tells of the tunnel there is",
	  a_repeated_answer_tells_of_the_tunnel_there_is },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("registration_tunnel", tests);
}
