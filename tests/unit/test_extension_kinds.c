/* test_extension_kinds.c - each kind of extension that is kept: its fields, every
 * length it may claim, every subtype, every prefix and every turned bit. */
#include "proto/extension.h"

#include <arpa/inet.h>
#include <stddef.h>

#include "proto/message.h"
#include "tests/unit/octets.h"
#include "tests/unit/suite.h"

enum shape {
	SIMPLE, /* type, length */
	LONG,   /* type, subtype, two octets of length */
	SHORT,  /* type, length with the subtype, subtype */
};

#define COUNT(kind) offsetof(struct mip_extensions, kind##_count)

/* An extension as it should be, and what may become of its data. */
static const struct kind {
	const char *hex;
	enum shape shape;
	size_t count;              /* offset of the counter */
	size_t size_min, size_max; /* octets of data that it may have */
	uint8_t subtype_max;       /* known are those from hex's to this */
} kinds[] = {
	{ "202400000100000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f", SIMPLE,
	  COUNT(mobile_home), 4, 255, 0 },
	{ "2401001400000400000102030405060708090a0b0c0d0e0f", LONG, COUNT(mobile_aaa), 20, 999, 1 },
	{ "2500000600000a2b0001", LONG, COUNT(cvse), 6, 999, 255 },
	{ "2600000700000a2b000109", LONG, COUNT(cvse), 6, 999, 255 },
	{ "2c0600008000006e", SHORT, COUNT(udp_reply), 5, 5, 0 },
	{ "2d020044", SHORT, COUNT(fa_error), 1, 1, 0 },
	{ "2e060000c0000201", SIMPLE, COUNT(gfa), 6, 6, 0 },
	{ "830461406262", SIMPLE, COUNT(nai), 1, 253, 0 },
	{ "8404c0ffee01", SIMPLE, COUNT(challenge), 1, 255, 0 },
	{ "8906800065432188", SIMPLE, COUNT(revocation), 6, 255, 0 },
	{ "8b0501c0000201", SHORT, COUNT(dynamic_ha), 4, 4, 2 },
	{ "8c060000c6336402", SIMPLE, COUNT(hierarchical), 6, 6, 0 },
	{ "9006000080040000", SHORT, COUNT(udp_request), 5, 5, 0 },
	{ "910e0171756f74612072656163686564", SHORT, COUNT(message), 1, 254, 2 },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))
#define FOR_EACH_KIND(kind) for (const struct kind *kind = kinds; kind < kinds + KINDS; kind++)
#define MESSAGE_MAX 1200u

/* A reply (or another type) with extensions behind it. */
struct message {
	uint8_t octets[MESSAGE_MAX];
	size_t size;
	struct mip_extensions found;
};

static void begin(struct message *message, uint8_t type)
{
	memset(message->octets, 0, sizeof(message->octets));
	message->octets[0] = type;
	message->size = MIP_REPLY_SIZE;
}

static void add(struct message *message, const void *octets, size_t size)
{
	memcpy(message->octets + message->size, octets, size);
	message->size += size;
}

static void add_hex(struct message *message, const char *hex)
{
	struct octets octets = octets_of_hex(hex);

	add(message, octets.at, octets.size);
	free(octets.at);
}

static enum ha_error decode(struct message *message)
{
	struct octets exact = octets_copy(message->octets, message->size);
	struct span whole = { exact.at, exact.size };
	struct reader in = reader_over(exact.at, exact.size);
	enum ha_error error;

	reader_take(&in, MIP_REPLY_SIZE);
	error = mip_extensions_decode(whole, &in, &message->found);
	free(exact.at);
	return error;
}

static unsigned counted(const struct message *message, const struct kind *kind)
{
	return *(const unsigned *)((const char *)&message->found + kind->count);
}

/* Over octets that stay: the spans can be looked at. */
static enum ha_error decode_in_place(struct message *message)
{
	struct reader in = reader_over(message->octets, message->size);

	reader_take(&in, MIP_REPLY_SIZE);
	return mip_extensions_decode((struct span){ message->octets, message->size }, &in,
	                             &message->found);
}

static bool span_is(struct span span, const struct message *message, size_t at, size_t size)
{
	return span.at == message->octets + at && span.size == size;
}

/* ---- what is the same for all ---- */

static void each_is_found_and_counted(void)
{
	FOR_EACH_KIND(kind)
	{
		struct message message;

		begin(&message, MIP_TYPE_REPLY);
		for (unsigned count = 1; count <= 3; count++) {
			add_hex(&message, kind->hex);
			CU_ASSERT_EQUAL(decode(&message), HA_OK);
			CU_ASSERT_EQUAL(counted(&message, kind), count);
			CU_ASSERT_EQUAL(message.found.skipped_count, 0);
		}
	}
}

static void every_prefix_is_truncated(void)
{
	FOR_EACH_KIND(kind)
	{
		struct message message;
		size_t whole;

		begin(&message, MIP_TYPE_REPLY);
		add_hex(&message, kind->hex);
		whole = message.size;
		for (message.size = MIP_REPLY_SIZE + 1; message.size < whole; message.size++) {
			CU_ASSERT_EQUAL(decode(&message), HA_E_TRUNCATED);
			CU_ASSERT_EQUAL(counted(&message, kind), 0);
		}
	}
}

/* The extension with `size` octets of its kind of data, its length told right. */
static void add_of_size(struct message *message, const struct kind *kind, size_t size)
{
	struct octets octets = octets_of_hex(kind->hex);
	size_t header = kind->shape == SIMPLE ? 2 : kind->shape == SHORT ? 3 : 4;
	uint8_t *at = message->octets + message->size;

	memset(at, 'a', header + size);
	memcpy(at, octets.at, octets.size < header + size ? octets.size : header + size);
	if (kind->shape == LONG) {
		at[2] = (uint8_t)(size >> 8);
		at[3] = (uint8_t)size;
	} else {
		at[1] = (uint8_t)(size + header - 2);
	}
	message->size += header + size;
	free(octets.at);
}

static void every_length_is_right_or_malformed(void)
{
	static const size_t longest[] = { [SIMPLE] = 255, [LONG] = 999, [SHORT] = 254 };

	FOR_EACH_KIND(kind)
	{
		for (size_t size = 0; size <= longest[kind->shape]; size++) {
			bool right = size >= kind->size_min && size <= kind->size_max;
			struct message message;

			begin(&message, MIP_TYPE_REPLY);
			add_of_size(&message, kind, size);
			CU_ASSERT_EQUAL(decode(&message), right ? HA_OK : HA_E_MALFORMED);
			CU_ASSERT_EQUAL(counted(&message, kind), right);
		}
	}
}

/* Unknown ones are skipped above 127, and end the matter below. Their data is not
 * looked at. */
static void every_subtype_follows_the_rule(void)
{
	FOR_EACH_KIND(kind)
	{
		for (unsigned subtype = 0; kind->shape != SIMPLE && subtype <= 255; subtype++) {
			struct message message;
			uint8_t *at = message.octets + MIP_REPLY_SIZE;
			size_t place = kind->shape == SHORT ? 2 : 1;
			bool known;

			begin(&message, MIP_TYPE_REPLY);
			add_hex(&message, kind->hex);
			known = subtype >= at[place] && subtype <= kind->subtype_max;
			at[place] = (uint8_t)subtype;
			if (at[0] >= 128) {
				CU_ASSERT_EQUAL(decode(&message), HA_OK);
				CU_ASSERT_EQUAL(message.found.skipped_count, !known);
			} else {
				CU_ASSERT_EQUAL(decode(&message),
				                known ? HA_OK : HA_E_UNKNOWN_EXTENSION);
			}
			CU_ASSERT_EQUAL(counted(&message, kind), known);
		}
	}
}

/* Whatever a bit makes of it, the walk ends, and says so in one of its words. */
static void every_turned_bit_is_survived(void)
{
	FOR_EACH_KIND(kind)
	{
		struct message message, turned;

		begin(&message, MIP_TYPE_REPLY);
		add_hex(&message, kind->hex);
		for (size_t bit = 8 * MIP_REPLY_SIZE; bit < 8 * message.size; bit++) {
			enum ha_error error;

			turned = message;
			turned.octets[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
			error = decode(&turned);
			CU_ASSERT_TRUE(error == HA_OK || error == HA_E_TRUNCATED ||
			               error == HA_E_MALFORMED || error == HA_E_UNKNOWN_EXTENSION);
		}
	}
}

/* ---- fields ---- */

static void first_of_each_is_kept(void)
{
	struct message m;

	begin(&m, MIP_TYPE_REPLY);
	add_hex(&m, "830361406a83026262");
	add_hex(&m, "8404c0ffee01840109");
	add_hex(&m, "89067fff000000078906800065432188"); /* all but I, then I alone */
	CU_ASSERT_EQUAL(decode_in_place(&m), HA_OK);
	CU_ASSERT_EQUAL(m.found.nai_count, 2);
	CU_ASSERT_TRUE(span_is(m.found.nai, &m, 22, 3));
	CU_ASSERT_EQUAL(m.found.challenge_count, 2);
	CU_ASSERT_TRUE(span_is(m.found.challenge, &m, 31, 4));
	CU_ASSERT_EQUAL(m.found.revocation_count, 2);
	CU_ASSERT_FALSE(m.found.revocation.inform);
	CU_ASSERT_EQUAL(m.found.revocation.timestamp, 7);
	CU_ASSERT_TRUE(span_is(m.found.revocation.at, &m, 38, 8));
}

static void generalized_authentication_is_read(void)
{
	struct message m;

	begin(&m, MIP_TYPE_REQUEST);
	add_hex(&m, "2401001700000002000102030405060708090a0b0c0d0e0f101112");
	CU_ASSERT_EQUAL(decode_in_place(&m), HA_OK);
	CU_ASSERT_EQUAL(m.found.mobile_aaa.spi, 2);
	CU_ASSERT_TRUE(span_is(m.found.mobile_aaa.covered, &m, 0, MIP_REPLY_SIZE + 8));
	CU_ASSERT_TRUE(span_is(m.found.mobile_aaa.authenticator, &m, MIP_REPLY_SIZE + 8, 19));
}

static void addresses_are_read(void)
{
	struct message m;

	begin(&m, MIP_TYPE_REQUEST);
	add_hex(&m, "2e06ffffc0000201");
	add_hex(&m, "8c060000c6336402");
	CU_ASSERT_EQUAL(decode_in_place(&m), HA_OK);
	CU_ASSERT_EQUAL(ntohl(m.found.gfa.address.s_addr), 0xc0000201);
	CU_ASSERT_TRUE(span_is(m.found.gfa.at, &m, 20, 8));
	CU_ASSERT_EQUAL(ntohl(m.found.hierarchical.address.s_addr), 0xc6336402);
	CU_ASSERT_TRUE(span_is(m.found.hierarchical.at, &m, 28, 8));
}

static void udp_tunnel_request_is_read(void)
{
	static const struct {
		const char *hex;
		bool forced, registration_required, reserved_set;
		uint8_t encapsulation;
	} rows[] = {
		{ "9006000080040000", true, false, false, 4 },
		{ "90060000402f0000", false, true, false, 47 },
		{ "900600ff3f000000", false, false, false, 0 },
		{ "9006000000370001", false, false, true, 55 },
		{ "9006000000378000", false, false, true, 55 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct message m;

		begin(&m, MIP_TYPE_REQUEST);
		add_hex(&m, rows[i].hex);
		CU_ASSERT_EQUAL(decode_in_place(&m), HA_OK);
		CU_ASSERT_EQUAL(m.found.udp_request.forced, rows[i].forced);
		CU_ASSERT_EQUAL(m.found.udp_request.registration_required,
		                rows[i].registration_required);
		CU_ASSERT_EQUAL(m.found.udp_request.encapsulation, rows[i].encapsulation);
		CU_ASSERT_EQUAL(m.found.udp_request.reserved_set, rows[i].reserved_set);
		CU_ASSERT_TRUE(span_is(m.found.udp_request.at, &m, 20, 8));
	}
}

static void what_a_reply_alone_has_is_read(void)
{
	struct message m;

	begin(&m, MIP_TYPE_REPLY);
	add_hex(&m, "2c0600407fff006e");
	add_hex(&m, "2d02004d");
	add_hex(&m, "910302c3a9");
	CU_ASSERT_EQUAL(decode_in_place(&m), HA_OK);
	CU_ASSERT_EQUAL(m.found.udp_reply.code, 64);
	CU_ASSERT_FALSE(m.found.udp_reply.forced);
	CU_ASSERT_EQUAL(m.found.udp_reply.keepalive_s, 110);
	CU_ASSERT_TRUE(span_is(m.found.udp_reply.at, &m, 20, 8));
	CU_ASSERT_EQUAL(m.found.fa_error.status, 77);
	CU_ASSERT_EQUAL(m.found.message.subtype, MIP_MESSAGE_FROM_FOREIGN);
	CU_ASSERT_TRUE(span_is(m.found.message.text, &m, 35, 2));
}

/* A request that holds 44 or 45 is one with an extension nobody knows there. */
static void replies_only_is_for_replies_only(void)
{
	static const char *const hex[] = { "2c0600008000006e", "2d020044" };

	for (unsigned type = 0; type <= UINT8_MAX; type++) {
		for (size_t i = 0; i < 2; i++) {
			struct message m;

			begin(&m, (uint8_t)type);
			add_hex(&m, hex[i]);
			CU_ASSERT_EQUAL(decode(&m),
			                type == MIP_TYPE_REPLY ? HA_OK : HA_E_UNKNOWN_EXTENSION);
		}
	}
}

/* The number it once had and the one it has; the octet behind the type is
 * reserved. */
static void critical_vendor_extensions_are_kept_whole(void)
{
	struct message m;

	begin(&m, MIP_TYPE_REQUEST);
	add_hex(&m, "26ff000700000a2b000109");
	add_hex(&m, "2500000600000a2b0001");
	CU_ASSERT_EQUAL(decode_in_place(&m), HA_OK);
	CU_ASSERT_EQUAL(m.found.cvse_count, 2);
	CU_ASSERT_TRUE(span_is(m.found.cvse, &m, 20, 11));
}

static void normal_vendor_extensions_are_skipped(void)
{
	struct message m;

	begin(&m, MIP_TYPE_REQUEST);
	add_hex(&m, "8608000000000a2b0001");
	add_hex(&m, "8503010203");
	add_hex(&m, "8600");
	add_hex(&m, "88040361402e"); /* the NAI of an agent */
	CU_ASSERT_EQUAL(decode(&m), HA_OK);
	CU_ASSERT_EQUAL(m.found.skipped_count, 4);
}

/* ---- 139 in both layouts ---- */

static void dynamic_ha_comes_in_both_layouts(void)
{
	static const struct {
		const char *hex;
		uint8_t subtype;
		bool rfc4433_form;
	} rows[] = {
		{ "8b010004c0000201", 1, true },
		{ "8b020004c0000201", 2, true },
		{ "8b0501c0000201", 1, false },
		{ "8b0502c0000201", 2, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct message m;
		size_t size = strlen(rows[i].hex) / 2;

		begin(&m, MIP_TYPE_REQUEST);
		add_hex(&m, rows[i].hex);
		add_hex(&m, "8403010203"); /* the walk goes on behind it */
		CU_ASSERT_EQUAL(decode_in_place(&m), HA_OK);
		CU_ASSERT_EQUAL(m.found.dynamic_ha_count, 1);
		CU_ASSERT_EQUAL(m.found.dynamic_ha.subtype, rows[i].subtype);
		CU_ASSERT_EQUAL(ntohl(m.found.dynamic_ha.address.s_addr), 0xc0000201);
		CU_ASSERT_EQUAL(m.found.dynamic_ha.rfc4433_form, rows[i].rfc4433_form);
		CU_ASSERT_TRUE(span_is(m.found.dynamic_ha.at, &m, 20, size));
		CU_ASSERT_EQUAL(m.found.challenge_count, 1);
	}
}

static void other_forms_of_dynamic_ha(void)
{
	static const struct {
		const char *hex;
		enum ha_error error;
		unsigned skipped;
	} rows[] = {
		{ "8b010005c000020100", HA_E_MALFORMED, 0 }, /* as drawn, five octets */
		{ "8b010000", HA_E_MALFORMED, 0 },
		{ "8b0101", HA_E_MALFORMED, 0 }, /* short, subtype 1 without an address */
		{ "8b0601c000020100", HA_E_MALFORMED, 0 },
		{ "8b0503c0000201", HA_OK, 1 }, /* another subtype */
		{ "8b0103", HA_OK, 1 },
		/* as drawn, but subtype 3: three octets are skipped, then pads, then a 2 */
		{ "8b030004c0000201", HA_E_UNKNOWN_EXTENSION, 1 },
		{ "8b00", HA_E_TRUNCATED, 0 },
		{ "8b01", HA_E_TRUNCATED, 0 },
		{ "8b0100", HA_E_TRUNCATED, 0 },
		{ "8b010004", HA_E_TRUNCATED, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct message m;

		begin(&m, MIP_TYPE_REQUEST);
		add_hex(&m, rows[i].hex);
		CU_ASSERT_EQUAL(decode(&m), rows[i].error);
		CU_ASSERT_EQUAL(m.found.skipped_count, rows[i].skipped);
		CU_ASSERT_EQUAL(m.found.dynamic_ha_count, 0);
	}
}

/* ---- NAI and coverage ---- */

static void a_nai_is_printable_ascii(void)
{
	for (unsigned octet = 0; octet <= UINT8_MAX; octet++) {
		struct message m;
		bool printable = octet >= 0x20 && octet < 0x7f;

		begin(&m, MIP_TYPE_REQUEST);
		add_hex(&m, "830361006a");
		m.octets[23] = (uint8_t)octet;
		CU_ASSERT_EQUAL(decode(&m), printable ? HA_OK : HA_E_MALFORMED);
		CU_ASSERT_EQUAL(m.found.nai_count, printable);
	}
	CU_ASSERT_FALSE(mip_nai_is_valid((struct span){ NULL, 0 }));
}

/* NAI | 32 | challenge | 34: who covers what. */
static void coverage_ends_at_the_authenticator(void)
{
	struct message m;
	struct span outside;

	begin(&m, MIP_TYPE_REQUEST);
	add_hex(&m, "830361406a");
	add_hex(&m, "200800000100aabbccdd");
	add_hex(&m, "8404c0ffee01");
	add_hex(&m, "220800000300aabbccdd");
	CU_ASSERT_EQUAL(decode_in_place(&m), HA_OK);
	CU_ASSERT_TRUE(mip_authentication_covers(&m.found.mobile_home, m.found.nai));
	CU_ASSERT_FALSE(mip_authentication_covers(&m.found.mobile_home, m.found.challenge));
	CU_ASSERT_TRUE(mip_authentication_covers(&m.found.foreign_home, m.found.nai));
	CU_ASSERT_TRUE(mip_authentication_covers(&m.found.foreign_home, m.found.challenge));
	CU_ASSERT_FALSE(mip_authentication_covers(&m.found.mobile_aaa, m.found.nai));
	CU_ASSERT_FALSE(mip_authentication_covers(&m.found.mobile_home, m.found.cvse));
	outside = (struct span){ m.octets, m.found.mobile_home.covered.size };
	CU_ASSERT_TRUE(mip_authentication_covers(&m.found.mobile_home, outside));
	outside.size++;
	CU_ASSERT_FALSE(mip_authentication_covers(&m.found.mobile_home, outside));
	outside.size = SIZE_MAX;
	CU_ASSERT_FALSE(mip_authentication_covers(&m.found.mobile_home, outside));
	m.found.mobile_home.covered.at++; /* one that begins an octet later */
	outside = (struct span){ m.octets, 2 };
	CU_ASSERT_FALSE(mip_authentication_covers(&m.found.mobile_home, outside));
}

static void every_octet_is_covered_or_not(void)
{
	struct message m;

	begin(&m, MIP_TYPE_REQUEST);
	add_hex(&m, "200800000100aabbccdd8404c0ffee01");
	CU_ASSERT_EQUAL(decode_in_place(&m), HA_OK);
	for (size_t at = 0; at < m.size; at++)
		CU_ASSERT_EQUAL(mip_authentication_covers(&m.found.mobile_home,
		                                          (struct span){ m.octets + at, 1 }),
		                at < MIP_REPLY_SIZE + 6);
}

static CU_TestInfo tests[] = {
	{ "each is found and counted", each_is_found_and_counted },
	{ "every prefix is truncated", every_prefix_is_truncated },
	{ "every length is right or malformed", every_length_is_right_or_malformed },
	{ "every subtype follows the rule", every_subtype_follows_the_rule },
	{ "every turned bit is survived", every_turned_bit_is_survived },
	{ "the first of each is kept", first_of_each_is_kept },
	{ "a generalized authentication is read", generalized_authentication_is_read },
	{ "addresses are read", addresses_are_read },
	{ "a UDP tunnel request is read", udp_tunnel_request_is_read },
	{ "what a reply alone has is read", what_a_reply_alone_has_is_read },
	{ "replies only is for replies only", replies_only_is_for_replies_only },
	{ "critical vendor extensions are kept whole", critical_vendor_extensions_are_kept_whole },
	{ "normal vendor extensions are skipped", normal_vendor_extensions_are_skipped },
	{ "dynamic HA comes in both layouts", dynamic_ha_comes_in_both_layouts },
	{ "other forms of dynamic HA", other_forms_of_dynamic_ha },
	{ "a NAI is printable ASCII", a_nai_is_printable_ascii },
	{ "coverage ends at the authenticator", coverage_ends_at_the_authenticator },
	{ "every octet is covered or not", every_octet_is_covered_or_not },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("extension_kinds", tests);
}
