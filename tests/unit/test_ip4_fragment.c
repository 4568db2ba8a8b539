/* test_ip4_fragment.c - packets cut into fragments and put together again, with their
 * options. */
#include "proto/ip4.h"

#include "tests/unit/packets.h"
#include "tests/unit/suite.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define ROUTER_ALERT 0x94, 4, 0, 0 /* copied */
#define RECORD_ROUTE 7, 3, 4       /* not copied */
#define LOOSE_ROUTE 0x83, 7, 4, 198, 51, 100, 9

static uint8_t together[IP4_TOTAL_MAX + 1];

/* What the fragments of a packet have in common, and what they add up to. */
struct pieces {
	size_t count;
	size_t payload;
	size_t options_first, options_last;
	bool last_mf;
};

static void check_piece(const struct ip4 *whole, const struct ip4 *piece, size_t mtu)
{
	CU_ASSERT_TRUE(piece->total <= mtu);
	CU_ASSERT_EQUAL(piece->id, whole->id);
	CU_ASSERT_EQUAL(piece->tos, whole->tos);
	CU_ASSERT_EQUAL(piece->ttl, whole->ttl);
	CU_ASSERT_EQUAL(piece->df, whole->df);
	CU_ASSERT_EQUAL(piece->protocol, whole->protocol);
	CU_ASSERT_EQUAL(piece->source.s_addr, whole->source.s_addr);
	CU_ASSERT_EQUAL(piece->destination.s_addr, whole->destination.s_addr);
}

/* Cut and put together. Every fragment but the last has MF, follows the one before, and
 * has a payload that is a multiple of 8 octets. */
static struct pieces pieces_of(struct octets packet, size_t mtu)
{
	struct ip4_fragments fragments;
	struct pieces pieces = { .last_mf = true };
	struct ip4 whole, piece;
	size_t room = mtu < IP4_TOTAL_MAX ? mtu : IP4_TOTAL_MAX;
	struct octets buffer = { .at = malloc(room), .size = room };
	struct writer out = writer_over(buffer.at, buffer.size);

	CU_ASSERT_EQUAL_FATAL(ip4_read(span_of(packet), &whole), HA_OK);
	CU_ASSERT_EQUAL_FATAL(ip4_fragments_begin(&fragments, span_of(packet), mtu), HA_OK);
	while (ip4_fragments_next(&fragments, &out)) {
		struct span payload;

		CU_ASSERT_EQUAL_FATAL(ip4_read(writer_span(&out), &piece), HA_OK);
		CU_ASSERT_EQUAL(piece.total, writer_used(&out));
		CU_ASSERT_TRUE(pieces.last_mf);
		CU_ASSERT_EQUAL(piece.offset, whole.offset + pieces.payload);
		check_piece(&whole, &piece, mtu);
		payload = ip4_payload(writer_span(&out), &piece);
		memcpy(together + pieces.payload, payload.at, payload.size);
		pieces.payload += payload.size;
		pieces.options_last = piece.options.size;
		if (pieces.count++ == 0)
			pieces.options_first = piece.options.size;
		pieces.last_mf = piece.mf;
		if (piece.mf && !whole.mf)
			CU_ASSERT_EQUAL(payload.size % 8, 0);
		out = writer_over(buffer.at, buffer.size);
		if (pieces.payload == packet.size - whole.header_size)
			break;
	}
	CU_ASSERT_FALSE(ip4_fragments_next(&fragments, &out));
	CU_ASSERT_EQUAL(pieces.payload, packet.size - whole.header_size);
	CU_ASSERT_EQUAL(memcmp(together, packet.at + whole.header_size, pieces.payload), 0);
	CU_ASSERT_EQUAL(pieces.last_mf, whole.mf);
	free(buffer.at);
	return pieces;
}

static void fragments_make_the_packet_again(void)
{
	static const size_t payloads[] = { 0, 1, 7, 8, 9, 16, 547, 548, 1480, 1481, 2960, 65515 };
	static const size_t mtus[] = { 28, 29, 35, 36, 68, 576, 1499, 1500, 1507, 1508, 65535 };

	for (size_t i = 0; i < ROWS(payloads); i++)
		for (size_t j = 0; j < ROWS(mtus); j++) {
			struct octets packet = packet_of(plain_header(), payloads[i]);
			struct pieces pieces = pieces_of(packet, mtus[j]);

			CU_ASSERT_EQUAL(pieces.count == 1, packet.size <= mtus[j]);
			free(packet.at);
		}
}

static void fragments_are_as_few_as_can_be(void)
{
	static const struct {
		size_t payload, mtu, count;
	} rows[] = {
		{ 1480, 1500, 1 }, { 1481, 1500, 2 },   { 2960, 1500, 2 }, { 2961, 1500, 3 },
		{ 16, 28, 2 },     { 17, 28, 3 },       { 23, 35, 2 },     { 24, 35, 3 },
		{ 1481, 1499, 2 }, { 65515, 68, 1365 },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct octets packet = packet_of(plain_header(), rows[i].payload);

		CU_ASSERT_EQUAL(pieces_of(packet, rows[i].mtu).count, rows[i].count);
		free(packet.at);
	}
}

static void fragment_is_cut_further(void)
{
	static const struct {
		uint16_t offset;
		bool mf;
		size_t payload, mtu;
	} rows[] = {
		{ 0, true, 1480, 576 },     { 1480, true, 1480, 576 }, { 2960, false, 13, 28 },
		{ 2960, false, 1001, 576 }, { 65528, false, 7, 1500 }, { 64000, false, 1535, 100 },
		{ 64000, true, 1528, 100 },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct ip4 header = plain_header();
		struct octets packet;

		header.offset = rows[i].offset;
		header.mf = rows[i].mf;
		packet = packet_of(header, rows[i].payload);
		CU_ASSERT_TRUE(pieces_of(packet, rows[i].mtu).count >= 1);
		free(packet.at);
	}
}

static void options_are_copied_where_they_say_so(void)
{
	// clang-format off
	static const struct {
		uint8_t options[40];
		size_t size, first, later;
	} rows[] = {
		{ { ROUTER_ALERT }, 4, 4, 4 },
		{ { RECORD_ROUTE, 0 }, 4, 4, 0 },
		{ { RECORD_ROUTE, ROUTER_ALERT, 0 }, 8, 8, 4 },
		{ { 1, LOOSE_ROUTE }, 8, 8, 8 },
		{ { 1, 1, 1, 1 }, 4, 4, 0 },
		{ { 0, 0x94, 9, 9 }, 4, 4, 0 }, /* behind the end of the options */
		{ { 1, LOOSE_ROUTE, ROUTER_ALERT }, 12, 12, 12 },
	};
	// clang-format on

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct ip4 header = plain_header();
		struct octets packet;
		struct pieces pieces;

		header.options = (struct span){ rows[i].options, rows[i].size };
		packet = packet_of(header, 600);
		pieces = pieces_of(packet, 100);
		CU_ASSERT_EQUAL(pieces.options_first, rows[i].first);
		CU_ASSERT_EQUAL(pieces.options_last, rows[i].later);
		free(packet.at);
	}
}

static void copied_option_is_whole(void)
{
	static const uint8_t options[] = { RECORD_ROUTE, 1, LOOSE_ROUTE, 0 };
	static const uint8_t copied[] = { LOOSE_ROUTE, 0 };
	struct ip4 header = plain_header(), piece;
	struct ip4_fragments fragments;
	uint8_t room[100];
	struct writer out = writer_over(room, sizeof(room));
	struct octets packet;

	header.options = (struct span){ options, sizeof(options) };
	packet = packet_of(header, 100);
	CU_ASSERT_EQUAL(ip4_fragments_begin(&fragments, span_of(packet), sizeof(room)), HA_OK);
	CU_ASSERT_TRUE(ip4_fragments_next(&fragments, &out));
	CU_ASSERT_EQUAL(ip4_read(writer_span(&out), &piece), HA_OK);
	CU_ASSERT_EQUAL(memcmp(piece.options.at, options, sizeof(options)), 0);
	out = writer_over(room, sizeof(room));
	CU_ASSERT_TRUE(ip4_fragments_next(&fragments, &out));
	CU_ASSERT_EQUAL(ip4_read(writer_span(&out), &piece), HA_OK);
	CU_ASSERT_EQUAL_FATAL(piece.options.size, sizeof(copied));
	CU_ASSERT_EQUAL(memcmp(piece.options.at, copied, sizeof(copied)), 0);
	free(packet.at);
}

static void packets_that_cannot_be_cut_are_told(void)
{
	// clang-format off
	static const struct {
		uint8_t options[4];
		size_t size, payload, mtu;
		uint16_t offset;
		enum ha_error error;
	} rows[] = {
		{ { 0 }, 0, 100, 28, 0, HA_OK },
		{ { 0 }, 0, 100, 27, 0, HA_E_RANGE },
		{ { 0 }, 0, 100, 0, 0, HA_E_RANGE },
		{ { 0 }, 0, 0, 19, 0, HA_E_RANGE },
		{ { ROUTER_ALERT }, 4, 100, 32, 0, HA_OK },
		{ { ROUTER_ALERT }, 4, 100, 31, 0, HA_E_RANGE },
		{ { 0x94, 1, 0, 0 }, 4, 100, 60, 0, HA_E_MALFORMED },
		{ { 0x94, 0, 0, 0 }, 4, 100, 60, 0, HA_E_MALFORMED },
		{ { 0x94, 5, 0, 0 }, 4, 100, 60, 0, HA_E_MALFORMED },
		{ { 1, 1, 1, 0x94 }, 4, 100, 60, 0, HA_E_MALFORMED },
		{ { 0x94, 5, 0, 0 }, 4, 36, 60, 0, HA_OK }, /* not cut: not looked at */
		{ { 0 }, 0, 100, 60, 65528, HA_E_RANGE },
		{ { 0 }, 0, 16, 28, 65520, HA_E_RANGE },
		{ { 0 }, 0, 15, 28, 65520, HA_OK },
	};
	// clang-format on

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct ip4 header = plain_header();
		struct ip4_fragments fragments;
		struct octets packet;

		header.options = (struct span){ rows[i].options, rows[i].size };
		header.offset = rows[i].offset;
		packet = packet_of(header, rows[i].payload);
		CU_ASSERT_EQUAL(ip4_fragments_begin(&fragments, span_of(packet), rows[i].mtu),
		                rows[i].error);
		packet.at[10] ^= 1;
		CU_ASSERT_EQUAL(ip4_fragments_begin(&fragments, span_of(packet), rows[i].mtu),
		                HA_E_MALFORMED);
		free(packet.at);
	}
}

static void buffer_that_is_too_small_ends_it(void)
{
	struct octets packet = packet_of(plain_header(), 100);
	struct ip4_fragments fragments;
	uint8_t room[59];
	size_t count = 0;

	CU_ASSERT_EQUAL(ip4_fragments_begin(&fragments, span_of(packet), 60), HA_OK);
	for (;;) {
		struct writer out = writer_over(room, sizeof(room));

		if (!ip4_fragments_next(&fragments, &out))
			break;
		CU_ASSERT_EQUAL(out.error, count < 2 ? HA_E_NOSPACE : HA_OK);
		count++;
	}
	CU_ASSERT_EQUAL(count, 3);
	free(packet.at);
}

static void source_routes_are_found(void)
{
	// clang-format off
	static const struct {
		uint8_t options[12];
		size_t size;
		bool routed;
	} rows[] = {
		{ { 0 }, 0, false },
		{ { ROUTER_ALERT }, 4, false },
		{ { 1, LOOSE_ROUTE }, 8, true },
		{ { 1, 0x89, 7, 4, 198, 51, 100, 9 }, 8, true },
		{ { 1, 0x83, 7, 8, 198, 51, 100, 9 }, 8, false }, /* followed to its end */
		{ { ROUTER_ALERT, 1, LOOSE_ROUTE }, 12, true },
		{ { 0, LOOSE_ROUTE }, 8, false },
		{ { 0x83, 2, 0, 0 }, 4, false },
		{ { 0x94, 9, 0, 0, LOOSE_ROUTE, 0 }, 12, false }, /* inside another */
		{ { 0x94, 0, 0, 0, 1, LOOSE_ROUTE }, 12, false }, /* cannot be read */
	};
	// clang-format on

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct octets exact = octets_copy(rows[i].options, rows[i].size);
		struct ip4 ip = plain_header();

		ip.options = span_of(exact);
		CU_ASSERT_EQUAL(ip4_is_source_routed(&ip), rows[i].routed);
		free(exact.at);
	}
}

static CU_TestInfo tests[] = {
	{ "fragments make the packet again", fragments_make_the_packet_again },
	{ "fragments are as few as can be", fragments_are_as_few_as_can_be },
	{ "a fragment is cut further", fragment_is_cut_further },
	{ "options are copied where they say so", options_are_copied_where_they_say_so },
	{ "a copied option is whole", copied_option_is_whole },
	{ "packets that cannot be cut are told", packets_that_cannot_be_cut_are_told },
	{ "a buffer that is too small ends it", buffer_that_is_too_small_ends_it },
	{ "source routes are found", source_routes_are_found },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("ip4_fragment", tests);
}
