/* test_golden_extension.c - what the extensions of the golden vectors hold, to the
 * octet, and that our writers write the same. */
#include "proto/extension_write.h"

#include "proto/message.h"
#include "tests/unit/golden.h"

/* The vector of this id, decoded in place. The caller frees octets.at. */
struct decoded {
	struct octets octets;
	const json_t *fields;
	struct mip_extensions found;
};

static struct decoded decode(const char *id)
{
	struct decoded out = { 0 };
	struct reader in;
	size_t i;
	json_t *vector;

	json_array_foreach(vectors, i, vector)
	{
		if (strcmp(text_of(vector, "id"), id) != 0)
			continue;
		out.octets = octets_of(vector, "hex");
		out.fields = json_object_get(vector, "fields");
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(out.octets.at);
	in = reader_over(out.octets.at, out.octets.size);
	reader_take(&in, out.octets.at[0] == MIP_TYPE_REQUEST ? MIP_REQUEST_SIZE : MIP_REPLY_SIZE);
	mip_extensions_decode((struct span){ out.octets.at, out.octets.size }, &in, &out.found);
	return out;
}

/* What was written is what stands in the vector, whole. */
static void check_written(const struct writer *out, struct span at)
{
	CU_ASSERT_EQUAL(out->error, HA_OK);
	CU_ASSERT_EQUAL_FATAL(writer_used(out), at.size);
	CU_ASSERT_EQUAL(memcmp(out->begin, at.at, at.size), 0);
}

/* A span of data to the whole extension with its header of two octets. */
static struct span with_header(struct span data)
{
	return (struct span){ data.at - 2, data.size + 2 };
}

static void identifiers_are_as_listed(void)
{
	struct decoded d = decode("rrp-nai-assigned-hoa");
	uint8_t octets[64];
	struct writer out = writer_over(octets, sizeof(octets));
	const char *nai = text_of(d.fields, "nai");

	CU_ASSERT_EQUAL_FATAL(d.found.nai.size, strlen(nai));
	CU_ASSERT_EQUAL(memcmp(d.found.nai.at, nai, strlen(nai)), 0);
	CU_ASSERT_TRUE(mip_authentication_covers(&d.found.mobile_home, d.found.nai));
	mip_nai_append(&out, d.found.nai);
	check_written(&out, with_header(d.found.nai));
	free(d.octets.at);
}

/* The requests have it behind the Mobile-Home, before the MN-AAA Authentication. */
static void challenges_are_as_listed(void)
{
	static const char *const ids[] = { "rrq-challenge-mnaaa", "rrq-challenge-chap-spi",
		                           "rrq-chap-long-challenge" };

	for (size_t i = 0; i < 3; i++) {
		struct decoded d = decode(ids[i]);
		struct octets want = octets_of(d.fields, "challenge");
		uint8_t octets[257];
		struct writer out = writer_over(octets, sizeof(octets));

		CU_ASSERT_EQUAL_FATAL(d.found.challenge.size, want.size);
		CU_ASSERT_EQUAL(memcmp(d.found.challenge.at, want.at, want.size), 0);
		CU_ASSERT_FALSE(mip_authentication_covers(&d.found.mobile_home, d.found.challenge));
		CU_ASSERT_TRUE(mip_authentication_covers(&d.found.mobile_aaa, d.found.challenge));
		mip_challenge_append(&out, d.found.challenge);
		check_written(&out, with_header(d.found.challenge));
		free(want.at);
		free(d.octets.at);
	}
}

static void dynamic_home_agents_are_as_listed(void)
{
	static const struct {
		const char *id, *field;
		enum mip_dynamic_ha_subtype subtype;
		bool rfc4433_form;
	} rows[] = {
		{ "rrq-dynamic-ha", "requested_ha", MIP_DYNAMIC_HA_REQUESTED, true },
		{ "rrq-dynamic-ha-short", "requested_ha", MIP_DYNAMIC_HA_REQUESTED, false },
		{ "rrp-redirected", "redirected_ha", MIP_DYNAMIC_HA_REDIRECTED, true },
	};

	for (size_t i = 0; i < 3; i++) {
		struct decoded d = decode(rows[i].id);
		struct in_addr want = address_of(d.fields, rows[i].field);
		const struct mip_dynamic_ha *found = &d.found.dynamic_ha;
		uint8_t octets[64];
		struct writer out = writer_over(octets, sizeof(octets));

		CU_ASSERT_EQUAL(found->subtype, rows[i].subtype);
		CU_ASSERT_EQUAL(found->address.s_addr, want.s_addr);
		CU_ASSERT_EQUAL(found->rfc4433_form, rows[i].rfc4433_form);
		CU_ASSERT_TRUE(mip_authentication_covers(&d.found.mobile_home, found->at));
		mip_dynamic_ha_append(&out, rows[i].subtype, want, rows[i].rfc4433_form);
		check_written(&out, found->at);
		free(d.octets.at);
	}
}

static void udp_tunnel_request_is_as_listed(void)
{
	struct decoded d = decode("rrq-udp-tunnel");
	const json_t *want = json_object_get(d.fields, "udp_tunnel_request");
	const struct mip_udp_tunnel_request *found = &d.found.udp_request;
	uint8_t octets[64];
	struct writer out = writer_over(octets, sizeof(octets));

	CU_ASSERT_EQUAL(found->forced, number_of(want, "F"));
	CU_ASSERT_EQUAL(found->registration_required, number_of(want, "R"));
	CU_ASSERT_EQUAL(found->encapsulation, number_of(want, "encapsulation"));
	CU_ASSERT_FALSE(found->reserved_set);
	mip_udp_tunnel_request_append(&out, true, false, found->encapsulation);
	check_written(&out, found->at);
	free(d.octets.at);
}

static void udp_tunnel_replies_are_as_listed(void)
{
	static const char *const ids[] = { "rrp-udp-tunnel", "rrp-udp-tunnel-declined" };

	for (size_t i = 0; i < 2; i++) {
		struct decoded d = decode(ids[i]);
		const json_t *want = json_object_get(d.fields, "udp_tunnel_reply");
		const struct mip_udp_tunnel_reply *found = &d.found.udp_reply;
		uint8_t octets[64];
		struct writer out = writer_over(octets, sizeof(octets));

		CU_ASSERT_EQUAL(found->code, number_of(want, "code"));
		CU_ASSERT_EQUAL(found->forced, number_of(want, "F"));
		CU_ASSERT_EQUAL(found->keepalive_s, number_of(want, "keepalive"));
		mip_udp_tunnel_reply_append(&out, found->code, found->forced, found->keepalive_s);
		check_written(&out, found->at);
		free(d.octets.at);
	}
}

/* The agents': behind the MHAE, before the FHAE. */
static void revocation_supports_are_as_listed(void)
{
	static const struct {
		const char *id;
		uint32_t timestamp;
	} rows[] = { { "rrp-fhae-revocation", 0x65432188 },
		     { "rrq-revocation-support", 0x65432100 } };

	for (size_t i = 0; i < 2; i++) {
		struct decoded d = decode(rows[i].id);
		const struct mip_revocation_support *found = &d.found.revocation;
		uint8_t octets[64];
		struct writer out = writer_over(octets, sizeof(octets));

		CU_ASSERT_TRUE(found->inform);
		CU_ASSERT_EQUAL(found->timestamp, rows[i].timestamp);
		CU_ASSERT_FALSE(mip_authentication_covers(&d.found.mobile_home, found->at));
		CU_ASSERT_TRUE(mip_authentication_covers(&d.found.foreign_home, found->at));
		mip_revocation_support_append(&out, true, found->timestamp);
		check_written(&out, found->at);
		free(d.octets.at);
	}
}

/* The node's would be covered by the MHAE. */
static void vendor_of_the_foreign_agent_is_told_by_its_place(void)
{
	struct decoded d = decode("rrq-vendors");
	struct octets want = octets_of(d.fields, "cvse");

	CU_ASSERT_EQUAL_FATAL(d.found.cvse.size, want.size);
	CU_ASSERT_EQUAL(memcmp(d.found.cvse.at, want.at, want.size), 0);
	CU_ASSERT_FALSE(mip_authentication_covers(&d.found.mobile_home, d.found.cvse));
	CU_ASSERT_TRUE(mip_authentication_covers(&d.found.foreign_home, d.found.cvse));
	CU_ASSERT_EQUAL(d.found.skipped_count, 1);
	free(want.at);
	free(d.octets.at);
}

static void agents_addresses_are_as_listed(void)
{
	struct decoded gfa = decode("reg-dynamic-gfa-rrq"), hfa = decode("reg-home-fa-to-gfa");
	uint8_t octets[64];
	struct writer out = writer_over(octets, sizeof(octets));

	CU_ASSERT_EQUAL(gfa.found.gfa.address.s_addr, address_of(gfa.fields, "gfa").s_addr);
	CU_ASSERT_EQUAL(hfa.found.hierarchical.address.s_addr,
	                address_of(hfa.fields, "hfa").s_addr);
	mip_gfa_append(&out, gfa.found.gfa.address);
	check_written(&out, gfa.found.gfa.at);
	free(gfa.octets.at);
	free(hfa.octets.at);
}

static void texts_and_errors_are_as_listed(void)
{
	struct decoded text = decode("rrp-message-string"), error = decode("rrp-fa-error");
	uint8_t octets[64];
	struct writer out = writer_over(octets, sizeof(octets));
	struct span want = text.found.message.text;

	CU_ASSERT_EQUAL(text.found.message.subtype, MIP_MESSAGE_FROM_HOME);
	CU_ASSERT_EQUAL_FATAL(want.size, strlen("quota reached"));
	CU_ASSERT_EQUAL(memcmp(want.at, "quota reached", want.size), 0);
	mip_message_string_append(&out, MIP_MESSAGE_FROM_HOME, "quota reached");
	check_written(&out, (struct span){ want.at - 3, want.size + 3 });
	CU_ASSERT_EQUAL(error.found.fa_error.status, number_of(error.fields, "fa_error"));
	free(text.octets.at);
	free(error.octets.at);
}

static CU_TestInfo tests[] = {
	{ "identifiers are as listed", identifiers_are_as_listed },
	{ "challenges are as listed", challenges_are_as_listed },
	{ "dynamic home agents are as listed", dynamic_home_agents_are_as_listed },
	{ "the UDP tunnel request is as listed", udp_tunnel_request_is_as_listed },
	{ "UDP tunnel replies are as listed", udp_tunnel_replies_are_as_listed },
	{ "revocation supports are as listed", revocation_supports_are_as_listed },
	{ "a vendor of the foreign agent is told by its place",
	  vendor_of_the_foreign_agent_is_told_by_its_place },
	{ "agents' addresses are as listed", agents_addresses_are_as_listed },
	{ "texts and errors are as listed", texts_and_errors_are_as_listed },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return golden_run("golden_extension", tests);
}
