/* test_extension_write.c - every writer of an extension: the octets as drawn by
 * hand, in any room, and read back. */
#include "proto/extension_write.h"

#include <arpa/inet.h>

#include "proto/message.h"
#include "tests/unit/octets.h"
#include "tests/unit/suite.h"

static struct in_addr home_agent(void)
{
	return (struct in_addr){ .s_addr = htonl(0xc0000201) };
}

static struct span text(const char *from)
{
	return (struct span){ (const uint8_t *)from, strlen(from) };
}

static void write_delivery(struct writer *out)
{
	mip_delivery_append(out);
}

static void write_nai(struct writer *out)
{
	mip_nai_append(out, text("user@example.com"));
}

static void write_challenge(struct writer *out)
{
	mip_challenge_append(out, text("\xc0\xff\xee\x01"));
}

static void write_revocation(struct writer *out)
{
	mip_revocation_support_append(out, true, 0x65432188);
}

static void write_revocation_without_inform(struct writer *out)
{
	mip_revocation_support_append(out, false, 1);
}

static void write_dynamic_ha(struct writer *out)
{
	mip_dynamic_ha_append(out, MIP_DYNAMIC_HA_REDIRECTED, home_agent(), false);
}

static void write_dynamic_ha_long(struct writer *out)
{
	mip_dynamic_ha_append(out, MIP_DYNAMIC_HA_REQUESTED, home_agent(), true);
}

static void write_udp_request(struct writer *out)
{
	mip_udp_tunnel_request_append(out, true, false, 4);
}

static void write_udp_request_through_agent(struct writer *out)
{
	mip_udp_tunnel_request_append(out, false, true, 47);
}

static void write_udp_reply(struct writer *out)
{
	mip_udp_tunnel_reply_append(out, MIP_UDP_ACCEPTED, true, 110);
}

static void write_udp_reply_declined(struct writer *out)
{
	mip_udp_tunnel_reply_append(out, MIP_UDP_DECLINED, false, 0);
}

static void write_gfa(struct writer *out)
{
	mip_gfa_append(out, home_agent());
}

static void write_message(struct writer *out)
{
	mip_message_string_append(out, MIP_MESSAGE_FROM_HOME, "quota reached");
}

static void write_fa_error(struct writer *out)
{
	mip_fa_error_append(out, 68);
}

static const struct row {
	void (*write)(struct writer *out);
	const char *hex;
} rows[] = {
	{ write_delivery, "8200" },
	{ write_nai, "831075736572406578616d706c652e636f6d" },
	{ write_challenge, "8404c0ffee01" },
	{ write_revocation, "8906800065432188" },
	{ write_revocation_without_inform, "8906000000000001" },
	{ write_dynamic_ha, "8b0502c0000201" },
	{ write_dynamic_ha_long, "8b010004c0000201" },
	{ write_udp_request, "9006000080040000" },
	{ write_udp_request_through_agent, "90060000402f0000" },
	{ write_udp_reply, "2c0600008000006e" },
	{ write_udp_reply_declined, "2c06004000000000" },
	{ write_gfa, "2e060000c0000201" },
	{ write_message, "910e0171756f74612072656163686564" },
	{ write_fa_error, "2d020044" },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void octets_are_as_drawn(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct octets want = octets_of_hex(rows[i].hex);
		uint8_t octets[64];
		struct writer out = writer_over(octets, sizeof(octets));

		rows[i].write(&out);
		CU_ASSERT_EQUAL(out.error, HA_OK);
		CU_ASSERT_EQUAL_FATAL(writer_used(&out), want.size);
		CU_ASSERT_EQUAL(memcmp(octets, want.at, want.size), 0);
		free(want.at);
	}
}

/* Whole or not at all, whatever the room. */
static void writers_need_all_their_room(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct octets want = octets_of_hex(rows[i].hex);

		for (size_t room = 0; room <= want.size; room++) {
			struct octets exact = octets_copy(want.at, room);
			struct writer out = writer_over(exact.at, exact.size);

			rows[i].write(&out);
			CU_ASSERT_EQUAL(out.error, room < want.size ? HA_E_NOSPACE : HA_OK);
			CU_ASSERT_EQUAL(writer_used(&out), room < want.size ? 0 : want.size);
			free(exact.at);
		}
		free(want.at);
	}
}

static void failed_writers_stay_as_they_are(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		uint8_t octets[64];
		struct writer out = writer_over(octets, sizeof(octets));

		writer_fail(&out, HA_E_TRAILING);
		rows[i].write(&out);
		CU_ASSERT_EQUAL(out.error, HA_E_TRAILING);
		CU_ASSERT_EQUAL(writer_used(&out), 0);
	}
}

/* A reply with all of them decodes to what was written. */
static void all_are_read_back(void)
{
	uint8_t octets[256];
	struct writer out = writer_over(octets, sizeof(octets));
	struct reader in = reader_over(octets, MIP_REPLY_SIZE);
	struct mip_extensions found;
	struct mip_reply reply;

	mip_reply_encode(&out, &(struct mip_reply){ .lifetime_s = 1 });
	CU_ASSERT_EQUAL(mip_reply_decode(&in, &reply), HA_OK);
	for (size_t i = 0; i < ROWS; i++)
		rows[i].write(&out);
	CU_ASSERT_EQUAL_FATAL(out.error, HA_OK);
	in.end = out.at;
	CU_ASSERT_EQUAL(mip_extensions_decode(writer_span(&out), &in, &found), HA_OK);
	CU_ASSERT_EQUAL(found.nai_count, 1);
	CU_ASSERT_EQUAL(found.challenge_count, 1);
	CU_ASSERT_EQUAL(found.revocation_count, 2);
	CU_ASSERT_TRUE(found.revocation.inform);
	CU_ASSERT_EQUAL(found.dynamic_ha_count, 2);
	CU_ASSERT_FALSE(found.dynamic_ha.rfc4433_form);
	CU_ASSERT_EQUAL(found.udp_request_count, 2);
	CU_ASSERT_EQUAL(found.udp_request.encapsulation, 4);
	CU_ASSERT_EQUAL(found.udp_reply_count, 2);
	CU_ASSERT_EQUAL(found.udp_reply.keepalive_s, 110);
	CU_ASSERT_EQUAL(found.gfa_count, 1);
	CU_ASSERT_EQUAL(found.gfa.address.s_addr, home_agent().s_addr);
	CU_ASSERT_EQUAL(found.message_count, 1);
	CU_ASSERT_EQUAL(found.fa_error_count, 1);
	CU_ASSERT_EQUAL(found.skipped_count, 0);
}

static enum ha_error nai_error(struct span nai)
{
	uint8_t octets[300];
	struct writer out = writer_over(octets, sizeof(octets));

	mip_nai_append(&out, nai);
	CU_ASSERT_EQUAL(writer_used(&out), out.error == HA_OK ? nai.size + 2 : 0);
	return out.error;
}

static void only_a_nai_is_written_as_one(void)
{
	uint8_t octets[MIP_NAI_MAX + 1];

	memset(octets, 'a', sizeof(octets));
	CU_ASSERT_EQUAL(nai_error((struct span){ octets, 0 }), HA_E_MALFORMED);
	CU_ASSERT_EQUAL(nai_error((struct span){ octets, 1 }), HA_OK);
	CU_ASSERT_EQUAL(nai_error((struct span){ octets, MIP_NAI_MAX }), HA_OK);
	CU_ASSERT_EQUAL(nai_error((struct span){ octets, MIP_NAI_MAX + 1 }), HA_E_MALFORMED);
	octets[3] = '\n';
	CU_ASSERT_EQUAL(nai_error((struct span){ octets, 3 }), HA_OK);
	CU_ASSERT_EQUAL(nai_error((struct span){ octets, 4 }), HA_E_MALFORMED);
}

static void challenges_and_statuses_have_their_ranges(void)
{
	static const uint8_t zeros[256];
	uint8_t octets[300];

	for (size_t size = 0; size <= sizeof(zeros); size++) {
		struct writer out = writer_over(octets, sizeof(octets));

		mip_challenge_append(&out, (struct span){ zeros, size });
		CU_ASSERT_EQUAL(out.error, size >= 1 && size <= 255 ? HA_OK : HA_E_RANGE);
	}
	for (unsigned status = 0; status <= UINT8_MAX; status++) {
		struct writer out = writer_over(octets, sizeof(octets));

		mip_fa_error_append(&out, (uint8_t)status);
		CU_ASSERT_EQUAL(out.error, status >= 64 && status <= 127 ? HA_OK : HA_E_RANGE);
	}
}

/* `fill` times an x, then one character; how many octets of text are written? */
static size_t written_of(size_t fill, const char *character)
{
	char from[300] = { 0 };
	uint8_t octets[300];
	struct writer out = writer_over(octets, sizeof(octets));

	memset(from, 'x', fill);
	memcpy(from + fill, character, strlen(character));
	mip_message_string_append(&out, MIP_MESSAGE_FROM_HOME, from);
	CU_ASSERT_EQUAL(out.error, HA_OK);
	if (writer_used(&out) == 0)
		return 0;
	CU_ASSERT_EQUAL(octets[1], writer_used(&out) - 2);
	CU_ASSERT_EQUAL(memcmp(octets + 3, from, writer_used(&out) - 3), 0);
	return writer_used(&out) - 3;
}

static void long_messages_are_cut_between_characters(void)
{
	static const char *const characters[] = { "y", "\xc3\xa9", "\xe2\x82\xac",
		                                  "\xf0\x9f\x9a\x80" };

	for (size_t size = 1; size <= 4; size++) {
		for (size_t fill = 0; fill <= 260; fill++) {
			size_t whole = fill + size;
			size_t cut = fill < MIP_MESSAGE_MAX ? fill : MIP_MESSAGE_MAX;

			CU_ASSERT_EQUAL(written_of(fill, characters[size - 1]),
			                whole <= MIP_MESSAGE_MAX ? whole : cut);
		}
	}
	CU_ASSERT_EQUAL(written_of(0, ""), 0);
}

static CU_TestInfo tests[] = {
	{ "octets are as drawn", octets_are_as_drawn },
	{ "writers need all their room", writers_need_all_their_room },
	{ "failed writers stay as they are", failed_writers_stay_as_they_are },
	{ "all are read back", all_are_read_back },
	{ "only a NAI is written as one", only_a_nai_is_written_as_one },
	{ "challenges and statuses have their ranges", challenges_and_statuses_have_their_ranges },
	{ "long messages are cut between characters", long_messages_are_cut_between_characters },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("extension_write", tests);
}
