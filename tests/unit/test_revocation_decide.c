/* test_revocation_decide.c - what a revocation deserves: every reason for silence,
 * what is newer than what, the acknowledgment, and which registrations can be
 * revoked at all. What we send is compared with the golden vectors. */
#include "agentd/registration/revocation.h"

#include "tests/unit/golden.h"
#include "tests/unit/registration_situation.h"

#define AGENT "198.51.100.2"
#define STAMP 1000u /* of the agent, in its registration */

struct revoked {
	struct revocation_message message;
	struct revocation_facts facts;
	struct binding binding;
};

/* What is taken; cases spoil one thing. */
static void taken(struct revoked *r)
{
	*r = (struct revoked){
		.message = {
			.fixed = {
				.inform = true,
				.home = address("10.0.0.1"),
				.home_domain = address("192.0.2.1"),
				.foreign_domain = address(AGENT),
				.identifier = STAMP + 1,
			},
			.source = address(AGENT),
		},
		.facts = {
			.home_agent = address("192.0.2.1"),
			.foreign_home = AUTHENTICATION_VALID,
			.node_known = true,
			.binding_count = 1,
			.cluster_ms = CLUSTER_MS,
		},
		.binding = {
			.care_of = address(AGENT),
			.source = address(AGENT),
			.features = BINDING_REVOCABLE | BINDING_REVOCATION_INFORM,
			.agent_stamp = STAMP,
			.expires_ms = CLUSTER_MS + 1,
		},
	};
}

static struct revocation_verdict judge(struct revoked *r)
{
	r->facts.bindings = &r->binding;
	return revocation_decide(&r->message, &r->facts);
}

static void sound_one_is_taken(void)
{
	struct revocation_verdict verdict;
	struct revoked r;

	taken(&r);
	verdict = judge(&r);
	CU_ASSERT_EQUAL(verdict.fate, REVOCATION_TAKEN);
	CU_ASSERT_TRUE(verdict.inform);
	CU_ASSERT_TRUE(address_equal(verdict.mark.agent, address(AGENT)));
	CU_ASSERT_TRUE(address_equal(verdict.mark.care_of, address(AGENT)));
	CU_ASSERT_EQUAL(verdict.mark.identifier, STAMP + 1);
}

/* ---- silence ---- */

static void unsigned_one(struct revoked *r)
{
	r->facts.foreign_home = AUTHENTICATION_ABSENT;
}

static void without_association(struct revoked *r)
{
	r->facts.foreign_home = AUTHENTICATION_NO_ASSOCIATION;
}

static void wrongly_signed(struct revoked *r)
{
	r->facts.foreign_home = AUTHENTICATION_WRONG;
}

static void malformed(struct revoked *r)
{
	r->message.fault = HA_E_TRUNCATED;
}

static void reflected(struct revoked *r)
{
	r->message.fixed.agent = true;
}

static void for_another_agent(struct revoked *r)
{
	r->message.fixed.home_domain = address("192.0.2.2");
}

static void for_no_agent(struct revoked *r)
{
	r->message.fixed.home_domain.s_addr = INADDR_ANY;
}

static void of_nobody(struct revoked *r)
{
	r->facts.node_known = false;
	r->facts.binding_count = 0;
}

static void of_no_binding(struct revoked *r)
{
	r->facts.binding_count = 0;
}

static void of_another_care_of(struct revoked *r)
{
	r->binding.care_of = address("198.51.100.3");
}

static void of_another_agent(struct revoked *r)
{
	r->message.source = address("198.51.100.3");
}

static void of_an_ended_binding(struct revoked *r)
{
	r->binding.expires_ms = CLUSTER_MS;
}

static void not_agreed_on(struct revoked *r)
{
	r->binding.features = BINDING_UDP;
}

static void of_the_registration(struct revoked *r)
{
	r->message.fixed.identifier = STAMP;
}

static void before_the_registration(struct revoked *r)
{
	r->message.fixed.identifier = STAMP - 1;
}

static void half_a_cycle_away(struct revoked *r)
{
	r->message.fixed.identifier = STAMP + (UINT32_C(1) << 31);
}

static void seen_before(struct revoked *r)
{
	r->facts.newest = (struct revocation_mark){ address(AGENT), address(AGENT), STAMP + 1 };
}

static void older_than_one_before(struct revoked *r)
{
	r->facts.newest = (struct revocation_mark){ address(AGENT), address(AGENT), STAMP + 9 };
}

static void replayed_when_all_is_gone(struct revoked *r)
{
	seen_before(r);
	r->facts.binding_count = 0;
}

static void gone_by_another_agents(struct revoked *r)
{
	r->facts.newest = (struct revocation_mark){ address("198.51.100.3"), address(AGENT), 1 };
	r->facts.binding_count = 0;
}

static void gone_under_another_care_of(struct revoked *r)
{
	r->facts.newest = (struct revocation_mark){ address(AGENT), address("198.51.100.3"), 1 };
	r->facts.binding_count = 0;
}

static void every_reason_for_silence(void)
{
	static const struct {
		void (*spoil)(struct revoked *r);
		enum revocation_fate fate;
	} rows[] = {
		{ unsigned_one, REVOCATION_UNAUTHENTICATED },
		{ without_association, REVOCATION_UNAUTHENTICATED },
		{ wrongly_signed, REVOCATION_UNAUTHENTICATED },
		{ malformed, REVOCATION_UNSOUND },
		{ reflected, REVOCATION_REFLECTED },
		{ for_another_agent, REVOCATION_UNKNOWN },
		{ for_no_agent, REVOCATION_UNKNOWN },
		{ of_nobody, REVOCATION_UNKNOWN },
		{ of_no_binding, REVOCATION_UNKNOWN },
		{ of_another_care_of, REVOCATION_UNKNOWN },
		{ of_another_agent, REVOCATION_UNKNOWN },
		{ of_an_ended_binding, REVOCATION_UNKNOWN },
		{ not_agreed_on, REVOCATION_UNKNOWN },
		{ of_the_registration, REVOCATION_REPLAYED },
		{ before_the_registration, REVOCATION_REPLAYED },
		{ half_a_cycle_away, REVOCATION_REPLAYED },
		{ seen_before, REVOCATION_REPLAYED },
		{ older_than_one_before, REVOCATION_REPLAYED },
		{ replayed_when_all_is_gone, REVOCATION_REPLAYED },
		{ gone_by_another_agents, REVOCATION_UNKNOWN },
		{ gone_under_another_care_of, REVOCATION_UNKNOWN },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct revocation_verdict verdict;
		struct revoked r;

		taken(&r);
		rows[i].spoil(&r);
		verdict = judge(&r);
		CU_ASSERT_EQUAL(verdict.fate, rows[i].fate);
		CU_ASSERT_FALSE(verdict.inform);
		CU_ASSERT_TRUE(verdict.reason[0] != '\0');
		/* Who did not authenticate himself learns nothing of all the rest. */
		r.facts.foreign_home = AUTHENTICATION_WRONG;
		CU_ASSERT_EQUAL(judge(&r).fate, REVOCATION_UNAUTHENTICATED);
	}
}

static void agent_is_who_relayed_or_who_ends_the_tunnel(void)
{
	struct revoked r;

	taken(&r);
	r.binding.source = address("198.51.100.7"); /* another address of the same agent */
	CU_ASSERT_EQUAL(judge(&r).fate, REVOCATION_TAKEN);
	taken(&r);
	r.message.source = r.binding.source = address("198.51.100.7");
	CU_ASSERT_EQUAL(judge(&r).fate, REVOCATION_TAKEN);
}

static void new_transmission_of_what_has_ended_is_taken(void)
{
	struct revoked r;

	taken(&r);
	older_than_one_before(&r);
	r.message.fixed.identifier = STAMP + 10;
	r.facts.binding_count = 0;
	CU_ASSERT_EQUAL(judge(&r).fate, REVOCATION_TAKEN);
	CU_ASSERT_TRUE(judge(&r).inform);
	r.message.fixed.inform = false;
	CU_ASSERT_FALSE(judge(&r).inform);
}

static void inform_is_agreed_on_and_asked_for(void)
{
	struct revoked r;

	for (unsigned i = 0; i < 4; i++) {
		taken(&r);
		r.message.fixed.inform = i & 1;
		if (!(i & 2))
			r.binding.features = BINDING_REVOCABLE;
		CU_ASSERT_EQUAL(judge(&r).fate, REVOCATION_TAKEN);
		CU_ASSERT_EQUAL(judge(&r).inform, i == 3);
	}
}

static void stamps_wrap(void)
{
	CU_ASSERT_TRUE(stamp_is_later(1, 0));
	CU_ASSERT_FALSE(stamp_is_later(0, 1));
	CU_ASSERT_FALSE(stamp_is_later(7, 7));
	CU_ASSERT_TRUE(stamp_is_later(3, UINT32_MAX - 3));
	CU_ASSERT_FALSE(stamp_is_later(UINT32_MAX - 3, 3));
	CU_ASSERT_TRUE(stamp_is_later(0x7fffffffu, 0));
	CU_ASSERT_FALSE(stamp_is_later(0x80000000u, 0));
	CU_ASSERT_EQUAL(revocation_stamp(UINT64_C(1700000000999)), 1700000000u);
	CU_ASSERT_EQUAL(revocation_stamp((UINT64_C(1) << 32) * 1000 + 5000), 5); /* in 2106 */
}

/* ---- messages ---- */

static const json_t *vector(const char *id)
{
	const json_t *found = NULL, *at;
	size_t i;

	json_array_foreach(vectors, i, at) if (strcmp(text_of(at, "id"), id) == 0) found = at;
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	return found;
}

static struct mip_key_state key_of(const json_t *of)
{
	const json_t *auth = json_array_get(json_object_get(of, "auth"), 0);
	struct octets secret = octets_of(auth, "key_hex");
	struct mip_key_state key;

	CU_ASSERT_EQUAL(mip_key_state_init(&key, MIP_HMAC_MD5, secret.at, secret.size), HA_OK);
	free(secret.at);
	return key;
}

static void expect_octets(const json_t *of, const uint8_t *written, size_t size)
{
	struct octets expected = octets_of(of, "hex");

	CU_ASSERT_EQUAL_FATAL(size, expected.size);
	CU_ASSERT_EQUAL(memcmp(written, expected.at, size), 0);
	free(expected.at);
}

static void revocation_is_written_as_golden(void)
{
	const json_t *of = vector("revocation-by-ha"), *fields = json_object_get(of, "fields");
	const struct mip_revocation revocation = {
		.agent = true,
		.inform = true,
		.home = address_of(fields, "home_address"),
		.home_domain = address_of(fields, "home_domain"),
		.foreign_domain = address_of(fields, "foreign_domain"),
		.identifier = (uint32_t)hex_of(fields, "revocation_id"),
	};
	struct mip_key_state key = key_of(of);
	uint8_t octets[REVOCATION_MESSAGE_MAX] = { 0 };

	expect_octets(of, octets, revocation_write(&revocation, 768, &key, octets));
}

static void acknowledgment_is_written_as_golden(void)
{
	const json_t *of = vector("revocation-ack"), *fields = json_object_get(of, "fields");
	const struct mip_revocation_ack ack = {
		.inform = true,
		.home = address_of(fields, "home_address"),
		.identifier = (uint32_t)hex_of(fields, "revocation_id"),
	};
	struct mip_key_state key = key_of(of);
	uint8_t octets[REVOCATION_MESSAGE_MAX] = { 0 };

	expect_octets(of, octets, revocation_ack_write(&ack, 768, &key, octets));
}

static void every_algorithm_has_room(void)
{
	const struct mip_revocation revocation = { .agent = true };
	const struct mip_revocation_ack ack = { .inform = true };
	uint8_t octets[REVOCATION_MESSAGE_MAX], secret[MIP_KEY_SIZE_MAX] = { 1 };
	struct mip_key_state key;

#define X(symbol, value, name, help)                                                               \
	CU_ASSERT_EQUAL(mip_key_state_init(&key, symbol, secret, sizeof(secret)), HA_OK);          \
	CU_ASSERT_EQUAL(revocation_write(&revocation, 256, &key, octets) > 0, symbol != MIP_CHAP); \
	CU_ASSERT_EQUAL(revocation_ack_write(&ack, 256, &key, octets) > 0, symbol != MIP_CHAP);
	MIP_ALGORITHMS(X)
#undef X
	key.algorithm = 0; /* none */
	CU_ASSERT_EQUAL(revocation_write(&revocation, 256, &key, octets), 0);
	CU_ASSERT_EQUAL(revocation_ack_write(&ack, 256, &key, octets), 0);
}

static void golden_ones_are_decoded_and_authenticated(void)
{
	const json_t *of = vector("revocation-by-fa"), *ack_of = vector("revocation-ack");
	struct octets octets = octets_of(of, "hex"), ack_octets = octets_of(ack_of, "hex");
	struct mip_key_state key = key_of(of);
	struct revocation_message message;
	struct revocation_ack_message ack;

	CU_ASSERT_EQUAL(revocation_decode((struct span){ octets.at, octets.size }, &message),
	                HA_OK);
	CU_ASSERT_EQUAL(message.fault, HA_OK);
	CU_ASSERT_FALSE(message.fixed.agent);
	CU_ASSERT_EQUAL(registration_authenticate(&message.extensions.foreign_home,
	                                          message.extensions.foreign_home_count, &key),
	                AUTHENTICATION_VALID);
	CU_ASSERT_EQUAL(
		revocation_ack_decode((struct span){ ack_octets.at, ack_octets.size }, &ack),
		HA_OK);
	CU_ASSERT_EQUAL(revocation_ack_judge(&ack, AUTHENTICATION_VALID), REVOCATION_TAKEN);
	CU_ASSERT_EQUAL(revocation_ack_judge(&ack, AUTHENTICATION_WRONG),
	                REVOCATION_UNAUTHENTICATED);
	ack.fault = HA_E_UNKNOWN_EXTENSION;
	CU_ASSERT_EQUAL(revocation_ack_judge(&ack, AUTHENTICATION_VALID), REVOCATION_UNSOUND);
	CU_ASSERT_EQUAL(
		revocation_decode((struct span){ ack_octets.at, ack_octets.size }, &message),
		HA_E_MALFORMED);
	CU_ASSERT_EQUAL(revocation_ack_decode((struct span){ octets.at, 11 }, &ack),
	                HA_E_MALFORMED);
	free(octets.at);
	free(ack_octets.at);
}

/* ---- which registrations can be revoked ---- */

/* As if octets: the node's part, the agent's 137, the agent's authentication. */
static const uint8_t chain[64];

static void offered(struct situation *s)
{
	good(s);
	s->request.extensions.mobile_home.covered = (struct span){ chain, 20 };
	s->request.extensions.foreign_home.covered = (struct span){ chain, 40 };
	s->request.extensions.foreign_home_count = 1;
	s->request.extensions.revocation = (struct mip_revocation_support){
		.inform = true,
		.timestamp = STAMP,
		.at = { chain + 24, 8 },
	};
	s->request.extensions.revocation_count = 1;
	s->facts.policy.revocation = true;
	s->facts.foreign_home = AUTHENTICATION_VALID;
	s->facts.foreign_agent_associated = true;
}

static void policy_declines(struct situation *s)
{
	s->facts.policy.revocation = false;
}

static void nobody_offers(struct situation *s)
{
	s->request.extensions.revocation_count = 0;
}

static void nobody_signs(struct situation *s)
{
	s->facts.foreign_home = AUTHENTICATION_ABSENT;
	s->facts.foreign_agent_associated = false;
	s->request.extensions.foreign_home_count = 0;
}

static void behind_the_signature(struct situation *s)
{
	s->request.extensions.revocation.at.at = chain + 50;
}

static void of_the_node_itself(struct situation *s)
{
	s->request.extensions.revocation.at.at = chain + 4;
}

static void of_a_colocated_node(struct situation *s)
{
	s->request.fixed.flags = MIP_REQUEST_DECAPSULATES;
}

static void deregistration(struct situation *s)
{
	s->request.fixed.lifetime_s = 0;
}

static void revocation_is_agreed_on_with_the_agent(void)
{
	static void (*const spoilers[])(struct situation * s) = {
		policy_declines,    nobody_offers,       nobody_signs,   behind_the_signature,
		of_the_node_itself, of_a_colocated_node, deregistration,
	};
	struct registration_verdict verdict;
	struct binding binding;
	struct situation s;

	offered(&s);
	verdict = decide(&s);
	CU_ASSERT_EQUAL(verdict.code, MIP_ACCEPTED);
	CU_ASSERT_TRUE(verdict.revocable);
	binding = registration_binding(&s.request, &verdict, &s.facts.policy, CLUSTER_MS);
	CU_ASSERT_EQUAL(binding.features, BINDING_REVOCABLE | BINDING_REVOCATION_INFORM);
	CU_ASSERT_EQUAL(binding.agent_stamp, STAMP);
	for (size_t i = 0; i < ROWS(spoilers); i++) {
		offered(&s);
		spoilers[i](&s);
		verdict = decide(&s);
		CU_ASSERT_EQUAL(verdict.code, MIP_ACCEPTED);
		CU_ASSERT_FALSE(verdict.revocable);
		binding = registration_binding(&s.request, &verdict, &s.facts.policy, CLUSTER_MS);
		CU_ASSERT_EQUAL(binding.features, 0);
		CU_ASSERT_EQUAL(binding.agent_stamp, 0);
	}
}

/* A revocation is later than what the reply said, by the same clock. */
static void reply_tells_the_clock_of_revocations(void)
{
	const uint8_t secret[16] = { 1 };
	struct mip_key_state key;
	const struct registration_signers signers = { 256, &key, 768, &key };
	uint8_t octets[REGISTRATION_REPLY_MAX];
	struct registration_verdict verdict;
	struct mip_extensions found;
	struct mip_reply fixed;
	struct situation s;
	struct reader in;
	size_t size;

	CU_ASSERT_EQUAL(mip_key_state_init(&key, MIP_HMAC_MD5, secret, sizeof(secret)), HA_OK);
	offered(&s);
	s.facts.wall_ms = WALL_MS + 86400000; /* a host whose clock is off */
	verdict = decide(&s);
	verdict.revocable = true;
	size = registration_reply(&s.request, &verdict, &s.facts, &signers, octets);
	in = reader_over(octets, size);
	CU_ASSERT_EQUAL(mip_reply_decode(&in, &fixed), HA_OK);
	CU_ASSERT_EQUAL(mip_extensions_decode((struct span){ octets, size }, &in, &found), HA_OK);
	CU_ASSERT_EQUAL_FATAL(found.revocation_count, 1);
	CU_ASSERT_EQUAL(found.revocation.timestamp, CLUSTER_MS / 1000);
	CU_ASSERT_TRUE(mip_authentication_covers(&found.foreign_home, found.revocation.at));
	CU_ASSERT_FALSE(mip_authentication_covers(&found.mobile_home, found.revocation.at));
}

static CU_TestInfo tests[] = {
	{ "a sound one is taken", sound_one_is_taken },
	{ "every reason for silence", every_reason_for_silence },
	{ "the agent is who relayed or who ends the tunnel",
	  agent_is_who_relayed_or_who_ends_the_tunnel },
	{ "a new transmission of what has ended is taken",
	  new_transmission_of_what_has_ended_is_taken },
	{ "inform is agreed on and asked for", inform_is_agreed_on_and_asked_for },
	{ "stamps wrap", stamps_wrap },
	{ "a revocation is written as golden", revocation_is_written_as_golden },
	{ "an acknowledgment is written as golden", acknowledgment_is_written_as_golden },
	{ "every algorithm has room", every_algorithm_has_room },
	{ "golden ones are decoded and authenticated", golden_ones_are_decoded_and_authenticated },
	{ "revocation is agreed on with the agent", revocation_is_agreed_on_with_the_agent },
	{ "a reply tells the clock of revocations", reply_tells_the_clock_of_revocations },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return golden_run("revocation_decide", tests);
}
