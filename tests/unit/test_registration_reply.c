/* test_registration_reply.c - from octets to facts, and from a verdict to octets:
 * decoding, authentication, the binding that is made and the reply, which is
 * compared with the vectors of tests/golden/vectors.json. */
#include <jansson.h>
#include <stdlib.h>

#include "agentd/base/address.h"
#include "tests/unit/octets.h"
#include "tests/unit/registration_situation.h"
#include "tests/unit/suite.h"

#define VECTORS_FILE "golden/vectors.json" /* tests run in tests/ */

/* ---- authentication of octets ---- */

static const uint8_t key_octets[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static struct mip_key_state some_key(uint8_t first)
{
	struct mip_key_state key;
	uint8_t octets[16];

	memcpy(octets, key_octets, sizeof(octets));
	octets[0] = first;
	CU_ASSERT_EQUAL(mip_key_state_init(&key, MIP_HMAC_MD5, octets, sizeof(octets)), HA_OK);
	return key;
}

static void put_request(struct writer *w)
{
	struct situation s;

	good(&s);
	mip_request_encode(w, &s.request.fixed);
}

static void authentication_needs_key_and_exactly_one(void)
{
	struct mip_key_state key = some_key(0), other = some_key(1);
	uint8_t octets[256];
	struct writer w = writer_over(octets, sizeof(octets));
	struct registration_request request;
	const struct mip_authentication *found = &request.extensions.mobile_home;

	put_request(&w);
	mip_authentication_append(&w, MIP_EXTENSION_MOBILE_HOME, 256, &key);
	CU_ASSERT_EQUAL(registration_request_decode(writer_span(&w), &request), HA_OK);
	CU_ASSERT_EQUAL(request.fault, HA_OK);
	CU_ASSERT_EQUAL(registration_authenticate(found, 1, &key), AUTHENTICATION_VALID);
	CU_ASSERT_EQUAL(registration_authenticate(found, 1, &other), AUTHENTICATION_WRONG);
	CU_ASSERT_EQUAL(registration_authenticate(found, 2, &key), AUTHENTICATION_WRONG);
	CU_ASSERT_EQUAL(registration_authenticate(found, 1, NULL), AUTHENTICATION_NO_ASSOCIATION);
	CU_ASSERT_EQUAL(registration_authenticate(found, 0, &key), AUTHENTICATION_ABSENT);
	CU_ASSERT_EQUAL(registration_authenticate(found, 0, NULL), AUTHENTICATION_ABSENT);
	CU_ASSERT_NOT_EQUAL(registration_digest(&request), 0);
}

static void decoding_tells_faults_from_what_is_no_request(void)
{
	struct mip_key_state key = some_key(0);
	uint8_t octets[256];
	struct writer w = writer_over(octets, sizeof(octets));
	struct registration_request request;
	struct span whole;

	put_request(&w);
	mip_authentication_append(&w, MIP_EXTENSION_MOBILE_HOME, 256, &key);
	whole = writer_span(&w);
	for (size_t size = 0; size < whole.size; size++) {
		struct octets cut = octets_copy(whole.at, size);
		enum ha_error error = registration_request_decode((struct span){ cut.at, cut.size },
		                                                  &request);

		CU_ASSERT_EQUAL(error, size < MIP_REQUEST_SIZE ? HA_E_TRUNCATED : HA_OK);
		if (size > MIP_REQUEST_SIZE)
			CU_ASSERT_NOT_EQUAL(request.fault, HA_OK);
		CU_ASSERT_EQUAL(registration_digest(&request), 0);
		free(cut.at);
	}
	put_u8(&w, 200); /* skippable, but cut short */
	CU_ASSERT_EQUAL(registration_request_decode(writer_span(&w), &request), HA_OK);
	CU_ASSERT_EQUAL(request.fault, HA_E_TRUNCATED);
	CU_ASSERT_EQUAL(request.extensions.mobile_home_count, 1);
	octets[whole.size] = 99; /* unknown, and must not be skipped */
	put_u8(&w, 0);
	CU_ASSERT_EQUAL(registration_request_decode(writer_span(&w), &request), HA_OK);
	CU_ASSERT_EQUAL(request.fault, HA_E_UNKNOWN_EXTENSION);
	octets[0] = MIP_TYPE_REPLY;
	CU_ASSERT_EQUAL(registration_request_decode(writer_span(&w), &request), HA_E_MALFORMED);
}

/* ---- bindings and replies ---- */

static void binding_has_what_was_granted(void)
{
	static const struct {
		uint8_t flags;
		enum encapsulation encapsulation;
	} rows[] = {
		{ 0, ENCAPSULATION_IPIP },
		{ MIP_REQUEST_MINIMAL, ENCAPSULATION_MINIMAL },
		{ MIP_REQUEST_GRE, ENCAPSULATION_GRE },
		{ MIP_REQUEST_GRE | MIP_REQUEST_MINIMAL | MIP_REQUEST_BROADCAST,
		  ENCAPSULATION_GRE },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct situation s;
		struct registration_verdict verdict;
		struct binding b;

		good(&s);
		s.request.fixed.flags = rows[i].flags;
		s.request.source_port = 4434;
		verdict = decide(&s);
		b = registration_binding(&s.request, &verdict, &s.facts.policy, CLUSTER_MS);
		CU_ASSERT_EQUAL(b.encapsulation, rows[i].encapsulation);
		CU_ASSERT_EQUAL(b.flags, rows[i].flags);
		CU_ASSERT_TRUE(address_equal(b.care_of, s.request.fixed.care_of));
		CU_ASSERT_TRUE(address_equal(b.endpoint, s.request.fixed.care_of));
		CU_ASSERT_TRUE(address_equal(b.source, s.request.source));
		CU_ASSERT_EQUAL(b.source_port, 4434);
		CU_ASSERT_EQUAL(b.endpoint_port, 0);
		CU_ASSERT_EQUAL(b.granted_s, 300);
		CU_ASSERT_EQUAL(b.granted_ms, CLUSTER_MS);
		CU_ASSERT_EQUAL(b.identification, s.request.fixed.identification);
	}
}

static json_t *find_vector(json_t *vectors, const char *id)
{
	size_t i;
	json_t *vector;

	json_array_foreach(vectors, i, vector)
	{
		if (strcmp(json_string_value(json_object_get(vector, "id")), id) == 0)
			return vector;
	}
	CU_FAIL_FATAL("no such vector");
	return NULL;
}

static uint64_t hex_field(json_t *fields, const char *name)
{
	return strtoull(json_string_value(json_object_get(fields, name)), NULL, 16);
}

/* A request and a verdict that should give this reply, octet for octet. */
static void check_golden(json_t *vector)
{
	json_t *fields = json_object_get(vector, "fields");
	struct octets expected = octets_of_hex(json_string_value(json_object_get(vector, "hex")));
	struct mip_key_state key = some_key(0);
	struct registration_signers signers = { .mobile_spi = 256, .mobile_key = &key };
	struct registration_facts facts = { .policy.home_agent = address("192.0.2.1") };
	struct registration_request request = { .fixed = { .lifetime_s = 1 } };
	struct registration_verdict verdict = { 0 };
	uint8_t out[REGISTRATION_REPLY_MAX];
	size_t size;

	verdict.home = address(json_string_value(json_object_get(fields, "home_address")));
	request.fixed.home_agent = address("255.255.255.255"); /* not what the reply says */
	verdict.code = (enum mip_code)json_integer_value(json_object_get(fields, "code"));
	verdict.lifetime_s = (uint16_t)json_integer_value(json_object_get(fields, "lifetime"));
	verdict.identification = hex_field(fields, "identification");
	size = registration_reply(&request, &verdict, &facts, &signers, out);
	CU_ASSERT_EQUAL(size, expected.size);
	CU_ASSERT_EQUAL(memcmp(out, expected.at, expected.size), 0);
	free(expected.at);
}

static void replies_are_the_golden_ones(void)
{
	static const char *const ids[] = { "rrp-accept-timestamp", "rrp-133-timestamp",
		                           "rrp-136-discovery", "rrp-deregistered" };
	json_t *file = json_load_file(VECTORS_FILE, 0, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	for (size_t i = 0; i < ROWS(ids); i++)
		check_golden(find_vector(json_object_get(file, "vectors"), ids[i]));
	json_decref(file);
}

/* Decided as well: the time of day of 5.7.1 is in the vector. */
static void golden_mismatch_is_decided_so(void)
{
	struct situation s;
	struct registration_verdict verdict;

	good(&s);
	s.facts.wall_ms = clock_ms_of_ntp(UINT64_C(0xe900010000000000), WALL_MS) + 250;
	s.request.fixed.identification = UINT64_C(0xe900000012345678);
	verdict = decide(&s);
	CU_ASSERT_EQUAL(verdict.code, MIP_ID_MISMATCH);
	CU_ASSERT_EQUAL(verdict.identification, UINT64_C(0xe900010012345678));
}

static void replies_are_signed_for_whom_they_concern(void)
{
	static const struct {
		bool mobile, foreign;
		uint16_t lifetime_s;
		enum mip_code code;
		size_t size;
	} rows[] = {
		{ true, false, 300, MIP_ACCEPTED, 42 }, { true, true, 300, MIP_ACCEPTED, 64 },
		{ true, true, 0, MIP_ACCEPTED, 42 },    { true, true, 300, MIP_FA_AUTH_FAILED, 64 },
		{ false, true, 300, MIP_ACCEPTED, 0 },  { true, true, 300, MIP_SILENCE, 0 },
	};
	struct mip_key_state key = some_key(0), other = some_key(1);

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct situation s;
		struct registration_verdict verdict = { .code = rows[i].code };
		struct registration_signers signers = { 256, rows[i].mobile ? &key : NULL, 300,
			                                rows[i].foreign ? &other : NULL };
		uint8_t out[REGISTRATION_REPLY_MAX];
		struct mip_extensions found;
		struct mip_reply reply;
		struct reader in;
		size_t size;

		good(&s);
		s.request.fixed.lifetime_s = rows[i].lifetime_s;
		size = registration_reply(&s.request, &verdict, &s.facts, &signers, out);
		CU_ASSERT_EQUAL(size, rows[i].size);
		if (size == 0)
			continue;
		in = reader_over(out, size);
		CU_ASSERT_EQUAL(mip_reply_decode(&in, &reply), HA_OK);
		CU_ASSERT_EQUAL(mip_extensions_decode((struct span){ out, size }, &in, &found),
		                HA_OK);
		CU_ASSERT_EQUAL(registration_authenticate(&found.mobile_home,
		                                          found.mobile_home_count, &key),
		                AUTHENTICATION_VALID);
		CU_ASSERT_EQUAL(found.foreign_home_count, size > 42);
		if (size > 42)
			CU_ASSERT_EQUAL(registration_authenticate(&found.foreign_home, 1, &other),
			                AUTHENTICATION_VALID);
	}
}

static CU_TestInfo tests[] = {
	{ "authentication needs a key and exactly one extension",
	  authentication_needs_key_and_exactly_one },
	{ "decoding tells faults from what is no request",
	  decoding_tells_faults_from_what_is_no_request },
	{ "a binding has what was granted", binding_has_what_was_granted },
	{ "replies are the golden ones", replies_are_the_golden_ones },
	{ "the golden mismatch is decided so", golden_mismatch_is_decided_so },
	{ "replies are signed for whom they concern", replies_are_signed_for_whom_they_concern },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("registration_reply", tests);
}
