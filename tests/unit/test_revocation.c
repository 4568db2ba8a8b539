/* test_revocation.c - revocations and their acknowledgments: against octets
 * written by hand, at every length, with every bit turned, and with what signs
 * them. */
#include "proto/revocation.h"

#include "proto/authenticator.h"
#include "proto/extension.h"
#include "proto/message.h"
#include "tests/unit/octets.h"
#include "tests/unit/suite.h"

static const uint8_t revocation_octets[MIP_REVOCATION_SIZE] = {
	0x07, 0x00, 0xc0, 0x00, 0xc0, 0x00, 0x02, 0x0a, 0xc0, 0x00,
	0x02, 0x01, 0xc6, 0x33, 0x64, 0x02, 0x65, 0x43, 0x30, 0x01,
};
static const uint8_t ack_octets[MIP_REVOCATION_ACK_SIZE] = {
	0x0f, 0x00, 0x80, 0x00, 0xc0, 0x00, 0x02, 0x0a, 0x65, 0x43, 0x30, 0x01,
};

static void revocation_is_read_as_drawn(void)
{
	struct reader in = reader_over(revocation_octets, sizeof(revocation_octets));
	struct mip_revocation revocation;

	CU_ASSERT_EQUAL(mip_revocation_decode(&in, &revocation), HA_OK);
	CU_ASSERT_TRUE(revocation.agent);
	CU_ASSERT_TRUE(revocation.inform);
	CU_ASSERT_EQUAL(ntohl(revocation.home.s_addr), 0xc000020a);
	CU_ASSERT_EQUAL(ntohl(revocation.home_domain.s_addr), 0xc0000201);
	CU_ASSERT_EQUAL(ntohl(revocation.foreign_domain.s_addr), 0xc6336402);
	CU_ASSERT_EQUAL(revocation.identifier, 0x65433001);
	CU_ASSERT_EQUAL(reader_left(&in), 0);
}

static void acknowledgment_is_read_as_drawn(void)
{
	struct reader in = reader_over(ack_octets, sizeof(ack_octets));
	struct mip_revocation_ack ack;

	CU_ASSERT_EQUAL(mip_revocation_ack_decode(&in, &ack), HA_OK);
	CU_ASSERT_TRUE(ack.inform);
	CU_ASSERT_EQUAL(ntohl(ack.home.s_addr), 0xc000020a);
	CU_ASSERT_EQUAL(ack.identifier, 0x65433001);
	CU_ASSERT_EQUAL(reader_left(&in), 0);
}

/* Both messages by one face, so that each edge is written once. */
union message {
	struct mip_revocation revocation;
	struct mip_revocation_ack ack;
};

static enum ha_error decode_revocation(struct reader *in, union message *out)
{
	return mip_revocation_decode(in, &out->revocation);
}

static enum ha_error decode_ack(struct reader *in, union message *out)
{
	return mip_revocation_ack_decode(in, &out->ack);
}

static void encode_revocation(struct writer *out, const union message *from)
{
	mip_revocation_encode(out, &from->revocation);
}

static void encode_ack(struct writer *out, const union message *from)
{
	mip_revocation_ack_encode(out, &from->ack);
}

static const struct kind {
	const uint8_t *octets;
	size_t size;
	uint8_t flags; /* of octet 2; all else in octets 1 to 3 is reserved */
	enum ha_error (*decode)(struct reader *in, union message *out);
	void (*encode)(struct writer *out, const union message *from);
} kinds[] = {
	{ revocation_octets, sizeof(revocation_octets), 0xc0, decode_revocation,
	  encode_revocation },
	{ ack_octets, sizeof(ack_octets), 0x80, decode_ack, encode_ack },
};

#define FOR_EACH_KIND(kind) for (const struct kind *kind = kinds; kind < kinds + 2; kind++)

static void every_prefix_is_truncated(void)
{
	static const union message zero;

	FOR_EACH_KIND(kind)
	{
		for (size_t size = 0; size < kind->size; size++) {
			struct octets exact = octets_copy(kind->octets, size);
			struct reader in = reader_over(exact.at, exact.size);
			union message message = { 0 };

			CU_ASSERT_EQUAL(kind->decode(&in, &message), HA_E_TRUNCATED);
			CU_ASSERT_EQUAL(memcmp(&message, &zero, sizeof(zero)), 0);
			free(exact.at);
		}
	}
}

static void other_types_are_malformed(void)
{
	FOR_EACH_KIND(kind)
	{
		for (unsigned type = 0; type <= UINT8_MAX; type++) {
			struct octets exact = octets_copy(kind->octets, kind->size);
			struct reader in = reader_over(exact.at, exact.size);
			union message message = { 0 };

			exact.at[0] = (uint8_t)type;
			CU_ASSERT_EQUAL(kind->decode(&in, &message),
			                type == kind->octets[0] ? HA_OK : HA_E_MALFORMED);
			free(exact.at);
		}
	}
}

/* Reserved bits are ignored and sent as zero; every other one comes back. */
static void every_bit_comes_back_unless_reserved(void)
{
	FOR_EACH_KIND(kind)
	{
		for (size_t bit = 8; bit < 8 * kind->size; bit++) {
			struct octets turned = octets_copy(kind->octets, kind->size);
			struct reader in = reader_over(turned.at, turned.size);
			uint8_t again[MIP_REVOCATION_SIZE];
			struct writer out = writer_over(again, sizeof(again));
			union message message = { 0 };

			octets_flip(turned, bit);
			CU_ASSERT_EQUAL(kind->decode(&in, &message), HA_OK);
			kind->encode(&out, &message);
			CU_ASSERT_EQUAL(writer_used(&out), kind->size);
			turned.at[1] = 0;
			turned.at[2] &= kind->flags;
			turned.at[3] = 0;
			CU_ASSERT_EQUAL(memcmp(again, turned.at, kind->size), 0);
			free(turned.at);
		}
	}
}

static void encoding_needs_all_its_room(void)
{
	FOR_EACH_KIND(kind)
	{
		struct reader in = reader_over(kind->octets, kind->size);
		union message message = { 0 };

		CU_ASSERT_EQUAL(kind->decode(&in, &message), HA_OK);
		for (size_t room = 0; room <= kind->size; room++) {
			struct octets exact = octets_copy(kind->octets, room);
			struct writer out = writer_over(exact.at, exact.size);

			kind->encode(&out, &message);
			CU_ASSERT_EQUAL(out.error, room < kind->size ? HA_E_NOSPACE : HA_OK);
			free(exact.at);
		}
	}
}

static bool is_signed(struct octets octets, const struct kind *kind,
                      const struct mip_key_state *state)
{
	struct reader in = reader_over(octets.at, octets.size);
	union message message = { 0 };
	struct mip_extensions found;

	if (kind->decode(&in, &message) != HA_OK ||
	    mip_extensions_decode((struct span){ octets.at, octets.size }, &in, &found) != HA_OK)
		return false;
	return found.foreign_home_count == 1 && found.foreign_home.spi == 768 &&
	       mip_authenticator_verify(state, found.foreign_home.covered,
	                                found.foreign_home.authenticator);
}

static void every_bit_and_cut_of_a_signed_one_is_noticed(void)
{
	struct mip_key_state state;

	CU_ASSERT_EQUAL(mip_key_state_init(&state, MIP_HMAC_MD5, revocation_octets, 16), HA_OK);
	FOR_EACH_KIND(kind)
	{
		uint8_t octets[64];
		struct writer out = writer_over(octets, sizeof(octets));
		struct octets exact;

		put_octets(&out, kind->octets, kind->size);
		mip_authentication_append(&out, MIP_EXTENSION_FOREIGN_HOME, 768, &state);
		exact = octets_copy(octets, writer_used(&out));
		CU_ASSERT_TRUE(is_signed(exact, kind, &state));
		for (size_t bit = 0; bit < 8 * exact.size; bit++) {
			octets_flip(exact, bit);
			CU_ASSERT_FALSE(is_signed(exact, kind, &state));
			octets_flip(exact, bit);
		}
		free(exact.at);
		for (size_t size = 0; size < writer_used(&out); size++) {
			exact = octets_copy(octets, size);
			CU_ASSERT_FALSE(is_signed(exact, kind, &state));
			free(exact.at);
		}
	}
}

static CU_TestInfo tests[] = {
	{ "a revocation is read as drawn", revocation_is_read_as_drawn },
	{ "an acknowledgment is read as drawn", acknowledgment_is_read_as_drawn },
	{ "every prefix is truncated", every_prefix_is_truncated },
	{ "other types are malformed", other_types_are_malformed },
	{ "every bit comes back unless reserved", every_bit_comes_back_unless_reserved },
	{ "encoding needs all its room", encoding_needs_all_its_room },
	{ "every bit and cut of a signed one is noticed",
	  every_bit_and_cut_of_a_signed_one_is_noticed },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("revocation", tests);
}
