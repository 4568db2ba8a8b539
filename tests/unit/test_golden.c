/* test_golden.c - the vectors of tests/golden/vectors.json and extensions.json.
 *
 * A registration or revocation message must decode to the listed fields and encode
 * to the listed octets; its chain must give what its row in `chains` says; each listed
 * authenticator must verify, and must not once a bit of its key is turned. All other vectors are listed as for later, by kind, and
 * every kind is counted, so that none can drop out unseen. */
#include "proto/authenticator.h"
#include "proto/extension.h"
#include "proto/message.h"
#include "proto/revocation.h"

#include "tests/unit/golden.h"

/* What the walk makes of each chain. Written by hand from the vectors' octets;
 * test_golden_extension.c looks into the extensions. */
static const struct chain {
	const char *id;
	enum ha_error error;
	unsigned mobile_home, mobile_foreign, foreign_home, mobile_aaa, others, skipped;
} chains[] = {
	{ "rrq-fa-hmac-md5", HA_OK, 1, 0, 0, 0, 0, 0 },
	{ "rrq-keyed-md5-rfc2002", HA_OK, 1, 0, 0, 0, 0, 0 },
	{ "rrq-hmac-sha1", HA_OK, 1, 0, 0, 0, 0, 0 },
	{ "rrq-mn-to-fa-mfae", HA_OK, 1, 1, 0, 0, 0, 0 },
	{ "rrq-s-b-m-g-infinite", HA_OK, 1, 0, 0, 0, 0, 0 },
	{ "rrq-colocated", HA_OK, 1, 0, 0, 0, 0, 0 },
	{ "rrq-reverse-tunnel-encaps-delivery", HA_OK, 1, 1, 0, 0, 1, 0 }, /* 130 */
	{ "rrq-deregister-all", HA_OK, 1, 0, 0, 0, 0, 0 },
	{ "rrq-challenge-mnaaa", HA_OK, 1, 0, 0, 1, 2, 0 },    /* 131 132; 36 */
	{ "rrq-challenge-chap-spi", HA_OK, 1, 0, 0, 1, 2, 0 }, /* 131 132; 36 */
	{ "rrq-dynamic-ha", HA_OK, 1, 0, 0, 0, 2, 0 },         /* 131 139 */
	{ "rrq-ha-discovery", HA_OK, 1, 0, 0, 0, 0, 0 },
	{ "rrq-udp-tunnel", HA_OK, 1, 0, 0, 0, 1, 0 }, /* 144 */
	{ "rrq-nonce", HA_OK, 1, 0, 0, 0, 0, 0 },
	{ "rrq-keygen-40", HA_E_UNKNOWN_EXTENSION, 0, 0, 0, 0, 1, 0 }, /* 131; 40 */
	{ "rrp-accept-timestamp", HA_OK, 1, 0, 0, 0, 0, 0 },
	{ "rrp-133-timestamp", HA_OK, 1, 0, 0, 0, 0, 0 },
	{ "rrp-accept-nonce", HA_OK, 1, 0, 0, 0, 0, 0 },
	{ "rrp-136-discovery", HA_OK, 1, 0, 0, 0, 0, 0 },
	{ "rrp-fa-69", HA_OK, 0, 1, 0, 0, 0, 0 },
	{ "rrp-deregistered", HA_OK, 1, 0, 0, 0, 0, 0 },
	{ "rrp-nai-assigned-hoa", HA_OK, 1, 0, 0, 0, 1, 0 },           /* 131 */
	{ "rrp-fhae-revocation", HA_OK, 1, 0, 1, 0, 1, 0 },            /* 137 */
	{ "rrp-fa-error", HA_OK, 1, 1, 0, 0, 1, 0 },                   /* 45 */
	{ "rrp-message-string", HA_OK, 1, 0, 0, 0, 1, 0 },             /* 145 */
	{ "rrp-keygen-41", HA_E_UNKNOWN_EXTENSION, 1, 0, 0, 0, 0, 0 }, /* 41 */
	{ "ro-rrq-pfan", HA_E_UNKNOWN_EXTENSION, 1, 0, 0, 0, 0, 0 },   /* 96 */
	{ "ro-rrq-private", HA_OK, 1, 0, 0, 0, 0, 0 },
	/* 140; then 36, but of subtype 2, which no home agent is to see */
	{ "reg-home-fa-to-gfa", HA_E_UNKNOWN_EXTENSION, 1, 0, 0, 0, 1, 0 },
	{ "reg-dynamic-gfa-rrq", HA_OK, 1, 0, 1, 0, 1, 0 }, /* 46 */
	{ "rrq-hmac-sha256", HA_OK, 1, 0, 0, 0, 0, 0 },
	{ "rrq-chap-colocated", HA_OK, 1, 0, 0, 1, 1, 0 },      /* 131; 36 */
	{ "rrq-chap-long-challenge", HA_OK, 1, 0, 0, 1, 2, 0 }, /* 131 132; 36 */
	{ "rrq-dynamic-ha-short", HA_OK, 1, 0, 0, 0, 2, 0 },    /* 131 139 */
	{ "rrq-vendors", HA_OK, 1, 0, 1, 0, 1, 1 },             /* 38; 134 */
	{ "rrq-revocation-support", HA_OK, 1, 0, 1, 0, 1, 0 },  /* 137 */
	{ "rrp-udp-tunnel", HA_OK, 1, 0, 0, 0, 2, 0 },          /* 131 44 */
	{ "rrp-udp-tunnel-declined", HA_OK, 1, 0, 0, 0, 1, 0 }, /* 44 */
	{ "rrp-redirected", HA_OK, 1, 0, 0, 0, 2, 0 },          /* 131 139 */
	{ "rrp-gfa", HA_OK, 1, 0, 1, 0, 1, 0 },                 /* 46 */
	{ "rrp-challenge", HA_OK, 1, 0, 1, 0, 1, 0 },           /* 132 */
	{ "revocation-by-fa", HA_OK, 0, 0, 1, 0, 0, 0 },
	{ "revocation-direct", HA_OK, 1, 0, 0, 0, 1, 0 }, /* 145 */
	{ "revocation-by-ha", HA_OK, 0, 0, 1, 0, 0, 0 },
	{ "revocation-ack", HA_OK, 0, 0, 1, 0, 0, 0 },
};

/* Vectors that this test does not decode, by layer or by message type. Tunnels are test_golden_tunnel.c's,
 * advertisements test_golden_advertisement.c's. */
static struct later {
	const char *kind;
	unsigned expected, seen;
} later[] = {
	{ "udp_payload type 4", 1, 0 },  { "udp_payload type 16", 1, 0 },
	{ "udp_payload type 17", 1, 0 }, { "udp_payload type 18", 7, 0 },
	{ "udp_payload type 19", 3, 0 }, { "icmp_message", 5, 0 },
	{ "ip_packet", 10, 0 },          { "eth_frame", 3, 0 },
	{ "derivation", 3, 0 },
};

/* Octets before the extensions; 0 for a type that is for later. */
static const struct {
	unsigned type;
	size_t size;
} fixed_parts[] = {
	{ MIP_TYPE_REQUEST, MIP_REQUEST_SIZE },
	{ MIP_TYPE_REPLY, MIP_REPLY_SIZE },
	{ MIP_TYPE_REVOCATION, MIP_REVOCATION_SIZE },
	{ MIP_TYPE_REVOCATION_ACK, MIP_REVOCATION_ACK_SIZE },
};

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static bool is_of_type(const json_t *vector, unsigned type)
{
	return is_udp(vector) && type_of(vector) == type;
}

static size_t fixed_size_of(unsigned type)
{
	for (size_t i = 0; i < ROWS(fixed_parts); i++)
		if (fixed_parts[i].type == type)
			return fixed_parts[i].size;
	return 0;
}

static bool is_decoded(const json_t *vector)
{
	return is_udp(vector) && fixed_size_of(type_of(vector)) > 0;
}

static bool octets_equal(struct octets octets, struct span span)
{
	return octets.size == span.size && memcmp(octets.at, span.at, span.size) == 0;
}

static void check_request(const json_t *fields, struct octets octets)
{
	struct reader in = reader_over(octets.at, octets.size);
	struct mip_request request;
	uint8_t again[MIP_REQUEST_SIZE];
	struct writer out = writer_over(again, sizeof(again));

	CU_ASSERT_EQUAL(mip_request_decode(&in, &request), HA_OK);
	CU_ASSERT_EQUAL(request.flags, hex_of(fields, "flags"));
	CU_ASSERT_EQUAL(request.lifetime_s, number_of(fields, "lifetime"));
	CU_ASSERT_EQUAL(request.home.s_addr, address_of(fields, "home_address").s_addr);
	CU_ASSERT_EQUAL(request.home_agent.s_addr, address_of(fields, "home_agent").s_addr);
	CU_ASSERT_EQUAL(request.care_of.s_addr, address_of(fields, "care_of_address").s_addr);
	CU_ASSERT_EQUAL(request.identification, hex_of(fields, "identification"));
	mip_request_encode(&out, &request);
	CU_ASSERT_EQUAL(out.error, HA_OK);
	CU_ASSERT_EQUAL(memcmp(again, octets.at, sizeof(again)), 0);
}

static void check_reply(const json_t *fields, struct octets octets)
{
	struct reader in = reader_over(octets.at, octets.size);
	struct mip_reply reply;
	uint8_t again[MIP_REPLY_SIZE];
	struct writer out = writer_over(again, sizeof(again));

	CU_ASSERT_EQUAL(mip_reply_decode(&in, &reply), HA_OK);
	CU_ASSERT_EQUAL(reply.code, number_of(fields, "code"));
	CU_ASSERT_EQUAL(reply.lifetime_s, number_of(fields, "lifetime"));
	CU_ASSERT_EQUAL(reply.home.s_addr, address_of(fields, "home_address").s_addr);
	CU_ASSERT_EQUAL(reply.home_agent.s_addr, address_of(fields, "home_agent").s_addr);
	CU_ASSERT_EQUAL(reply.identification, hex_of(fields, "identification"));
	mip_reply_encode(&out, &reply);
	CU_ASSERT_EQUAL(out.error, HA_OK);
	CU_ASSERT_EQUAL(memcmp(again, octets.at, sizeof(again)), 0);
}

static void check_revocation(const json_t *fields, struct octets octets)
{
	struct reader in = reader_over(octets.at, octets.size);
	struct mip_revocation revocation;
	uint8_t again[MIP_REVOCATION_SIZE];
	struct writer out = writer_over(again, sizeof(again));

	CU_ASSERT_EQUAL(mip_revocation_decode(&in, &revocation), HA_OK);
	CU_ASSERT_EQUAL(revocation.agent, number_of(fields, "A"));
	CU_ASSERT_EQUAL(revocation.inform, number_of(fields, "I"));
	CU_ASSERT_EQUAL(revocation.home.s_addr, address_of(fields, "home_address").s_addr);
	CU_ASSERT_EQUAL(revocation.home_domain.s_addr, address_of(fields, "home_domain").s_addr);
	CU_ASSERT_EQUAL(revocation.foreign_domain.s_addr,
	                address_of(fields, "foreign_domain").s_addr);
	CU_ASSERT_EQUAL(revocation.identifier, hex_of(fields, "revocation_id"));
	mip_revocation_encode(&out, &revocation);
	CU_ASSERT_EQUAL(out.error, HA_OK);
	CU_ASSERT_EQUAL(memcmp(again, octets.at, sizeof(again)), 0);
}

static void check_ack(const json_t *fields, struct octets octets)
{
	struct reader in = reader_over(octets.at, octets.size);
	struct mip_revocation_ack ack;
	uint8_t again[MIP_REVOCATION_ACK_SIZE];
	struct writer out = writer_over(again, sizeof(again));

	CU_ASSERT_EQUAL(mip_revocation_ack_decode(&in, &ack), HA_OK);
	CU_ASSERT_EQUAL(ack.inform, number_of(fields, "I"));
	CU_ASSERT_EQUAL(ack.home.s_addr, address_of(fields, "home_address").s_addr);
	CU_ASSERT_EQUAL(ack.identifier, hex_of(fields, "revocation_id"));
	mip_revocation_ack_encode(&out, &ack);
	CU_ASSERT_EQUAL(out.error, HA_OK);
	CU_ASSERT_EQUAL(memcmp(again, octets.at, sizeof(again)), 0);
}

static unsigned check_type(unsigned type, void (*check)(const json_t *, struct octets))
{
	unsigned checked = 0;
	size_t i;
	json_t *vector;

	json_array_foreach(vectors, i, vector)
	{
		struct octets octets;

		if (!is_of_type(vector, type))
			continue;
		octets = octets_of(vector, "hex");
		CU_ASSERT_EQUAL(octets.size, number_of(vector, "length"));
		check(json_object_get(vector, "fields"), octets);
		free(octets.at);
		checked++;
	}
	return checked;
}

static void requests_have_their_fields(void)
{
	CU_ASSERT_EQUAL(check_type(MIP_TYPE_REQUEST, check_request), 25);
}

static void replies_have_their_fields(void)
{
	CU_ASSERT_EQUAL(check_type(MIP_TYPE_REPLY, check_reply), 16);
}

static void revocations_have_their_fields(void)
{
	CU_ASSERT_EQUAL(check_type(MIP_TYPE_REVOCATION, check_revocation), 3);
	CU_ASSERT_EQUAL(check_type(MIP_TYPE_REVOCATION_ACK, check_ack), 1);
}

static enum ha_error walk(struct octets octets, struct mip_extensions *found)
{
	struct reader in = reader_over(octets.at, octets.size);

	CU_ASSERT_PTR_NOT_NULL(reader_take(&in, fixed_size_of(octets.at[0])));
	return mip_extensions_decode((struct span){ octets.at, octets.size }, &in, found);
}

static const struct chain *chain_of(const json_t *vector)
{
	for (size_t i = 0; i < ROWS(chains); i++)
		if (strcmp(chains[i].id, text_of(vector, "id")) == 0)
			return &chains[i];
	return NULL;
}

static unsigned others(const struct mip_extensions *found)
{
	return found->nai_count + found->challenge_count + found->revocation_count +
	       found->dynamic_ha_count + found->udp_request_count + found->udp_reply_count +
	       found->gfa_count + found->hierarchical_count + found->message_count +
	       found->fa_error_count + found->cvse_count + found->delivery_count;
}

static void chains_follow_the_rule(void)
{
	unsigned checked = 0;
	size_t i;
	json_t *vector;

	json_array_foreach(vectors, i, vector)
	{
		const struct chain *chain;
		struct mip_extensions found;
		struct octets octets;

		if (!is_decoded(vector))
			continue;
		chain = chain_of(vector);
		CU_ASSERT_PTR_NOT_NULL_FATAL(chain);
		octets = octets_of(vector, "hex");
		CU_ASSERT_EQUAL(walk(octets, &found), chain->error);
		CU_ASSERT_EQUAL(found.mobile_home_count, chain->mobile_home);
		CU_ASSERT_EQUAL(found.mobile_foreign_count, chain->mobile_foreign);
		CU_ASSERT_EQUAL(found.foreign_home_count, chain->foreign_home);
		CU_ASSERT_EQUAL(found.mobile_aaa_count, chain->mobile_aaa);
		CU_ASSERT_EQUAL(others(&found), chain->others);
		CU_ASSERT_EQUAL(found.skipped_count, chain->skipped);
		free(octets.at);
		checked++;
	}
	CU_ASSERT_EQUAL(checked, ROWS(chains));
}

static bool algorithm_of(const json_t *auth, enum mip_algorithm *out)
{
	const char *name = text_of(auth, "algorithm");

	return mip_algorithm_parse(strcmp(name, "chap-md5") == 0 ? "chap" : name, out);
}

static bool verifies(const json_t *auth, const struct mip_key_state *state, struct span covered,
                     struct span authenticator)
{
	struct octets challenge;
	bool verified;

	if (state->algorithm != MIP_CHAP)
		return mip_authenticator_verify(state, covered, authenticator);
	challenge = octets_of(auth, "challenge_hex");
	verified = mip_chap_verify(state, covered, (struct span){ challenge.at, challenge.size },
	                           authenticator);
	free(challenge.at);
	return verified;
}

/* One listed authenticator by its own covered octets, and with every single
 * bit of its key turned. The list leaves the SPI out of what RFC 2002 covers;
 * our coverage always has it, so four octets are appended. */
static void check_listed(const json_t *auth, enum mip_algorithm algorithm)
{
	struct octets covered = octets_of(auth, "covered_hex");
	struct octets authenticator = octets_of(auth, "authenticator_hex");
	struct octets key = octets_of(auth, "key_hex");
	struct span expected = { authenticator.at, authenticator.size };
	struct mip_key_state state;

	if (algorithm == MIP_KEYED_MD5_RFC2002) {
		covered.size += 4;
		covered.at = realloc(covered.at, covered.size);
		memset(covered.at + covered.size - 4, 0xee, 4);
	}
	CU_ASSERT_EQUAL(mip_key_state_init(&state, algorithm, key.at, key.size), HA_OK);
	CU_ASSERT_TRUE(verifies(auth, &state, (struct span){ covered.at, covered.size }, expected));
	for (size_t bit = 0; bit < 8 * key.size; bit++) {
		octets_flip(key, bit);
		CU_ASSERT_EQUAL(mip_key_state_init(&state, algorithm, key.at, key.size), HA_OK);
		CU_ASSERT_FALSE(verifies(auth, &state, (struct span){ covered.at, covered.size },
		                         expected));
		octets_flip(key, bit);
	}
	free(covered.at);
	free(authenticator.at);
	free(key.at);
}

static void listed_authenticators_verify(void)
{
	unsigned checked = 0;
	size_t i, j;
	json_t *vector, *auth;

	json_array_foreach(vectors, i, vector)
	{
		json_array_foreach(json_object_get(vector, "auth"), j, auth)
		{
			enum mip_algorithm algorithm;

			CU_ASSERT_TRUE_FATAL(algorithm_of(auth, &algorithm));
			check_listed(auth, algorithm);
			checked++;
		}
	}
	CU_ASSERT_EQUAL(checked, 69);
}

static const struct mip_authentication *found_of(const struct mip_extensions *found, uint64_t type)
{
	switch (type) {
	case MIP_EXTENSION_MOBILE_HOME:
		return found->mobile_home_count ? &found->mobile_home : NULL;
	case MIP_EXTENSION_MOBILE_FOREIGN:
		return found->mobile_foreign_count ? &found->mobile_foreign : NULL;
	case MIP_EXTENSION_FOREIGN_HOME:
		return found->foreign_home_count ? &found->foreign_home : NULL;
	case MIP_EXTENSION_GENERALIZED:
		return found->mobile_aaa_count ? &found->mobile_aaa : NULL;
	default:
		return NULL;
	}
}

/* What the walk found must be what the list has, to the octet. */
static void check_found(const json_t *auth, const struct mip_authentication *found)
{
	struct octets covered = octets_of(auth, "covered_hex");
	struct octets authenticator = octets_of(auth, "authenticator_hex");
	struct octets key = octets_of(auth, "key_hex");
	struct span listed_part = found->covered;
	enum mip_algorithm algorithm;
	struct mip_key_state state;

	if (strcmp(text_of(auth, "algorithm"), "keyed-md5-rfc2002") == 0)
		listed_part.size -= 4;
	CU_ASSERT_EQUAL(found->spi, number_of(auth, "spi"));
	CU_ASSERT_TRUE(octets_equal(covered, listed_part));
	CU_ASSERT_TRUE(octets_equal(authenticator, found->authenticator));
	CU_ASSERT_TRUE_FATAL(algorithm_of(auth, &algorithm));
	CU_ASSERT_EQUAL(mip_key_state_init(&state, algorithm, key.at, key.size), HA_OK);
	CU_ASSERT_TRUE(verifies(auth, &state, found->covered, found->authenticator));
	free(covered.at);
	free(authenticator.at);
	free(key.at);
}

static void found_authentications_are_the_listed(void)
{
	unsigned checked = 0, behind_unknown = 0;
	size_t i, j;
	json_t *vector, *auth;

	json_array_foreach(vectors, i, vector)
	{
		struct mip_extensions found;
		struct octets octets;

		if (!is_decoded(vector))
			continue;
		octets = octets_of(vector, "hex");
		walk(octets, &found);
		json_array_foreach(json_object_get(vector, "auth"), j, auth)
		{
			const struct mip_authentication *one = found_of(
				&found, number_of(auth, "ext_type"));

			if (one)
				check_found(auth, one);
			*(one ? &checked : &behind_unknown) += 1;
		}
		free(octets.at);
	}
	CU_ASSERT_EQUAL(checked, 57);
	CU_ASSERT_EQUAL(behind_unknown, 3); /* behind 40 and 41; 36 of subtype 2 */
}

static struct later *later_of(const json_t *vector)
{
	char kind[64];

	if (is_udp(vector))
		snprintf(kind, sizeof(kind), "udp_payload type %u", type_of(vector));
	else
		snprintf(kind, sizeof(kind), "%s", text_of(vector, "layer"));
	for (size_t i = 0; i < ROWS(later); i++)
		if (strcmp(later[i].kind, kind) == 0)
			return &later[i];
	return NULL;
}

static void the_rest_is_for_later_and_counted(void)
{
	size_t i;
	json_t *vector;

	CU_ASSERT_EQUAL(json_array_size(vectors), 79);
	json_array_foreach(vectors, i, vector)
	{
		struct later *row;

		if (is_decoded(vector))
			continue;
		row = later_of(vector);
		CU_ASSERT_PTR_NOT_NULL_FATAL(row);
		row->seen++;
		printf("for later: %s (%s)\n", text_of(vector, "id"), row->kind);
	}
	for (i = 0; i < ROWS(later); i++)
		CU_ASSERT_EQUAL(later[i].seen, later[i].expected);
}

static CU_TestInfo tests[] = {
	{ "requests have their fields", requests_have_their_fields },
	{ "replies have their fields", replies_have_their_fields },
	{ "revocations have their fields", revocations_have_their_fields },
	{ "chains follow the rule", chains_follow_the_rule },
	{ "listed authenticators verify", listed_authenticators_verify },
	{ "found authentications are the listed", found_authentications_are_the_listed },
	{ "the rest is for later, and counted", the_rest_is_for_later_and_counted },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return golden_run("golden", tests);
}
