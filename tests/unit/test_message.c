/* test_message.c - the fixed parts of requests and replies: against octets
 * written by hand, at every length, with every bit turned. */
#include "proto/message.h"

#include "tests/unit/octets.h"
#include "tests/unit/suite.h"

/* S, D and T; 300 s; 192.0.2.10 at 192.0.2.1 by 198.51.100.2. */
static const uint8_t request_octets[MIP_REQUEST_SIZE] = {
	0x01, 0xa2, 0x01, 0x2c, 0xc0, 0x00, 0x02, 0x0a, 0xc0, 0x00, 0x02, 0x01,
	0xc6, 0x33, 0x64, 0x02, 0xe9, 0x01, 0x02, 0x03, 0x12, 0x34, 0x56, 0x78,
};
static const uint8_t reply_octets[MIP_REPLY_SIZE] = {
	0x03, 0x85, 0x07, 0x08, 0xc0, 0x00, 0x02, 0x0a, 0xc0, 0x00,
	0x02, 0x01, 0xe9, 0x01, 0x02, 0x03, 0x12, 0x34, 0x56, 0x78,
};

static void request_is_read_as_drawn(void)
{
	struct reader in = reader_over(request_octets, sizeof(request_octets));
	struct mip_request request;

	CU_ASSERT_EQUAL(mip_request_decode(&in, &request), HA_OK);
	CU_ASSERT_EQUAL(request.flags,
	                MIP_REQUEST_SIMULTANEOUS | MIP_REQUEST_DECAPSULATES | MIP_REQUEST_REVERSE);
	CU_ASSERT_EQUAL(request.lifetime_s, 300);
	CU_ASSERT_EQUAL(ntohl(request.home.s_addr), 0xc000020a);
	CU_ASSERT_EQUAL(ntohl(request.home_agent.s_addr), 0xc0000201);
	CU_ASSERT_EQUAL(ntohl(request.care_of.s_addr), 0xc6336402);
	CU_ASSERT_EQUAL(request.identification, 0xe901020312345678);
	CU_ASSERT_EQUAL(reader_left(&in), 0);
}

static void reply_is_read_as_drawn(void)
{
	struct reader in = reader_over(reply_octets, sizeof(reply_octets));
	struct mip_reply reply;

	CU_ASSERT_EQUAL(mip_reply_decode(&in, &reply), HA_OK);
	CU_ASSERT_EQUAL(reply.code, 133);
	CU_ASSERT_EQUAL(reply.lifetime_s, 1800);
	CU_ASSERT_EQUAL(ntohl(reply.home.s_addr), 0xc000020a);
	CU_ASSERT_EQUAL(ntohl(reply.home_agent.s_addr), 0xc0000201);
	CU_ASSERT_EQUAL(reply.identification, 0xe901020312345678);
	CU_ASSERT_EQUAL(reader_left(&in), 0);
}

static void reader_stands_at_the_extensions(void)
{
	uint8_t octets[MIP_REQUEST_SIZE + 3] = { 0 };
	struct reader in = reader_over(octets, sizeof(octets));
	struct mip_request request;

	memcpy(octets, request_octets, sizeof(request_octets));
	CU_ASSERT_EQUAL(mip_request_decode(&in, &request), HA_OK);
	CU_ASSERT_EQUAL(in.at, octets + MIP_REQUEST_SIZE);
	CU_ASSERT_EQUAL(reader_left(&in), 3);
}

/* Both messages by one face, so that each edge is written once. */
struct kind {
	const uint8_t *octets;
	size_t size;
	enum ha_error (*decode)(struct reader *in, void *out);
	void (*encode)(struct writer *out, const void *from);
};

union message {
	struct mip_request request;
	struct mip_reply reply;
};

static enum ha_error decode_request(struct reader *in, void *out)
{
	return mip_request_decode(in, out);
}

static enum ha_error decode_reply(struct reader *in, void *out)
{
	return mip_reply_decode(in, out);
}

static void encode_request(struct writer *out, const void *from)
{
	mip_request_encode(out, from);
}

static void encode_reply(struct writer *out, const void *from)
{
	mip_reply_encode(out, from);
}

static const struct kind kinds[] = {
	{ request_octets, sizeof(request_octets), decode_request, encode_request },
	{ reply_octets, sizeof(reply_octets), decode_reply, encode_reply },
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
			union message message;

			exact.at[0] = (uint8_t)type;
			CU_ASSERT_EQUAL(kind->decode(&in, &message),
			                type == kind->octets[0] ? HA_OK : HA_E_MALFORMED);
			free(exact.at);
		}
	}
}

/* No bit is lost and none is shared between fields. */
static void every_bit_survives(void)
{
	FOR_EACH_KIND(kind)
	{
		for (size_t bit = 8; bit < 8 * kind->size; bit++) {
			struct octets exact = octets_copy(kind->octets, kind->size);
			struct reader in = reader_over(exact.at, exact.size);
			union message message;
			uint8_t again[MIP_REQUEST_SIZE];
			struct writer out = writer_over(again, sizeof(again));

			octets_flip(exact, bit);
			CU_ASSERT_EQUAL(kind->decode(&in, &message), HA_OK);
			kind->encode(&out, &message);
			CU_ASSERT_EQUAL(out.error, HA_OK);
			CU_ASSERT_EQUAL(writer_used(&out), kind->size);
			CU_ASSERT_EQUAL(memcmp(again, exact.at, kind->size), 0);
			free(exact.at);
		}
	}
}

static void encoding_needs_all_its_room(void)
{
	FOR_EACH_KIND(kind)
	{
		struct reader in = reader_over(kind->octets, kind->size);
		union message message;

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

static CU_TestInfo tests[] = {
	{ "a request is read as drawn", request_is_read_as_drawn },
	{ "a reply is read as drawn", reply_is_read_as_drawn },
	{ "the reader stands at the extensions", reader_stands_at_the_extensions },
	{ "every prefix is truncated", every_prefix_is_truncated },
	{ "other types are malformed", other_types_are_malformed },
	{ "every bit survives", every_bit_survives },
	{ "encoding needs all its room", encoding_needs_all_its_room },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("message", tests);
}
