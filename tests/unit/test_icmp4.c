/* test_icmp4.c - ICMP errors written and read, who may be told, and echoes. */
#include "proto/icmp4.h"

#include "tests/unit/packets.h"
#include "tests/unit/suite.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static const struct icmp4_error too_big = {
	.type = ICMP4_UNREACHABLE,
	.code = ICMP4_TOO_BIG,
	.mtu = 1400,
	.ttl = 64,
	.id = 0x1234,
};

/* The least of a packet that may be quoted: two headers' worth. */
static void error_is_written_octet_for_octet(void)
{
	static const uint8_t golden[] = {
		0x45, 0xc0, 0x00, 0x38, 0x12, 0x34, 0x00, 0x00, 0x40, 0x01, /* IP */
		0x69, 0xc8, 192,  0,    2,    1,    203,  0,    113,  7,    /* addresses */
		0x03, 0x04, 0xeb, 0x73, 0x00, 0x00, 0x05, 0x78,             /* ICMP */
		0x45, 0x10, 0x00, 0x1c, 0xbe, 0xef, 0x00, 0x00, 0x3f, 0x11, /* quoted IP */
		0xbe, 0xbf, 203,  0,    113,  7,    192,  0,    2,    10,   /* addresses */
		0,    1,    2,    3,    4,    5,    6,    7,                /* and 8 octets */
	};
	struct octets packet = packet_of(plain_header(), 8);
	struct icmp4_error error = too_big;
	uint8_t room[sizeof(golden)];
	struct writer out = writer_over(room, sizeof(room));

	error.source = address4(192, 0, 2, 1);
	CU_ASSERT_EQUAL(icmp4_error_write(&out, &error, span_of(packet)), HA_OK);
	CU_ASSERT_EQUAL(writer_used(&out), sizeof(golden));
	CU_ASSERT_EQUAL(memcmp(room, golden, sizeof(golden)), 0);
	free(packet.at);
}

static void error_comes_back(void)
{
	static const struct {
		struct icmp4_error error;
		unsigned mtu, pointer; /* as read */
	} rows[] = {
		{ { .type = ICMP4_UNREACHABLE, .code = ICMP4_NETWORK }, 0, 0 },
		{ { .type = ICMP4_UNREACHABLE, .code = ICMP4_HOST }, 0, 0 },
		{ { .type = ICMP4_UNREACHABLE, .code = ICMP4_PROHIBITED }, 0, 0 },
		{ { .type = ICMP4_UNREACHABLE, .code = ICMP4_TOO_BIG, .mtu = 68 }, 68, 0 },
		{ { .type = ICMP4_UNREACHABLE, .code = ICMP4_TOO_BIG, .mtu = 65535 }, 65535, 0 },
		{ { .type = ICMP4_TIME_EXCEEDED, .code = ICMP4_IN_TRANSIT }, 0, 0 },
		{ { .type = ICMP4_TIME_EXCEEDED, .code = ICMP4_REASSEMBLY }, 0, 0 },
		{ { .type = ICMP4_PARAMETER_PROBLEM, .pointer = 20 }, 0, 20 },
		{ { .type = ICMP4_SOURCE_QUENCH }, 0, 0 },
	};
	static const size_t payloads[] = { 0, 1, 7, 8, 100, 528, 529, 1480 };

	for (size_t i = 0; i < ROWS(rows) * ROWS(payloads); i++) {
		const struct icmp4_error *error = &rows[i / ROWS(payloads)].error;
		struct octets packet = packet_of(plain_header(), payloads[i % ROWS(payloads)]);
		size_t quoted = packet.size < 548 ? packet.size : 548;
		uint8_t room[ICMP4_ERROR_MAX];
		struct writer out = writer_over(room, sizeof(room));
		struct icmp4 icmp;
		struct ip4 ip;

		CU_ASSERT_EQUAL(icmp4_error_write(&out, error, span_of(packet)), HA_OK);
		CU_ASSERT_EQUAL(ip4_read(writer_span(&out), &ip), HA_OK);
		CU_ASSERT_EQUAL(ip.total, 28 + quoted);
		CU_ASSERT_EQUAL(ip.protocol, IP4_ICMP);
		CU_ASSERT_EQUAL(ip.destination.s_addr, address4(203, 0, 113, 7).s_addr);
		CU_ASSERT_EQUAL(icmp4_read(ip4_payload(writer_span(&out), &ip), &icmp), HA_OK);
		CU_ASSERT_EQUAL(icmp.type, error->type);
		CU_ASSERT_EQUAL(icmp.code, error->code);
		CU_ASSERT_EQUAL(icmp.mtu, rows[i / ROWS(payloads)].mtu);
		CU_ASSERT_EQUAL(icmp.pointer, rows[i / ROWS(payloads)].pointer);
		CU_ASSERT_EQUAL_FATAL(icmp.body.size, quoted);
		CU_ASSERT_EQUAL(memcmp(icmp.body.at, packet.at, quoted), 0);
		free(packet.at);
	}
}

static void padding_is_not_quoted(void)
{
	struct octets packet = packet_of(plain_header(), 26);
	struct icmp4_error error = too_big;
	uint8_t room[ICMP4_ERROR_MAX];
	struct writer out = writer_over(room, sizeof(room));

	packet.at[3] = 30;
	packet_mend(packet);
	CU_ASSERT_EQUAL(icmp4_error_write(&out, &error, span_of(packet)), HA_OK);
	CU_ASSERT_EQUAL(writer_used(&out), 28 + 30);
	free(packet.at);
}

static void error_that_cannot_be_written_leaves_nothing(void)
{
	struct octets packet = packet_of(plain_header(), 8);
	uint8_t room[56];

	for (size_t size = 0; size < 28; size++) {
		struct octets cut = octets_copy(packet.at, size);
		struct writer out = writer_over(room, sizeof(room));

		CU_ASSERT_EQUAL(icmp4_error_write(&out, &too_big, span_of(cut)),
		                size < 20 ? HA_E_TRUNCATED : HA_OK);
		CU_ASSERT_EQUAL(writer_used(&out), size < 20 ? 0 : 28 + size);
		free(cut.at);
	}
	for (size_t size = 0; size < sizeof(room); size++) {
		struct writer out = writer_over(room, size);

		CU_ASSERT_EQUAL(icmp4_error_write(&out, &too_big, span_of(packet)), HA_E_NOSPACE);
		CU_ASSERT_EQUAL(writer_used(&out), 0);
	}
	free(packet.at);
}

/* A message of 8 octets and a quote of `body` octets. */
static struct octets message_of(unsigned type, unsigned code, uint32_t rest, size_t body)
{
	struct octets message = { .at = malloc(ICMP4_HEADER + body), .size = ICMP4_HEADER + body };
	struct writer out = writer_over(message.at, message.size);
	uint16_t checksum;

	put_u8(&out, (uint8_t)type);
	put_u8(&out, (uint8_t)code);
	put_u16(&out, 0);
	put_u32(&out, rest);
	for (size_t i = 0; i < body; i++)
		put_u8(&out, (uint8_t)(i + 3));
	checksum = ip4_checksum(span_of(message));
	message.at[2] = (uint8_t)(checksum >> 8);
	message.at[3] = (uint8_t)checksum;
	return message;
}

static void broken_messages_are_refused(void)
{
	struct octets message = message_of(ICMP4_UNREACHABLE, ICMP4_HOST, 0, 28);
	static const struct icmp4 zero;
	struct icmp4 icmp;

	for (size_t size = 0; size < message.size; size++) {
		struct octets cut = octets_copy(message.at, size);

		CU_ASSERT_EQUAL(icmp4_read(span_of(cut), &icmp),
		                size < 8 ? HA_E_TRUNCATED : HA_E_MALFORMED);
		CU_ASSERT_EQUAL(memcmp(&icmp, &zero, sizeof(zero)), 0);
		free(cut.at);
	}
	for (size_t bit = 0; bit < 8 * message.size; bit++) {
		octets_flip(message, bit);
		CU_ASSERT_EQUAL(icmp4_read(span_of(message), &icmp), HA_E_MALFORMED);
		octets_flip(message, bit);
	}
	CU_ASSERT_EQUAL(icmp4_read(span_of(message), &icmp), HA_OK);
	free(message.at);
}

/* RFC 4884: a length in words says where the quote ends and extensions begin. */
static void extensions_are_not_part_of_the_quote(void)
{
	static const struct {
		unsigned type, words;
		size_t body, quote;
	} rows[] = {
		{ ICMP4_UNREACHABLE, 32, 140, 128 },
		{ ICMP4_TIME_EXCEEDED, 32, 140, 128 },
		{ ICMP4_PARAMETER_PROBLEM, 34, 140, 136 },
		{ ICMP4_UNREACHABLE, 0, 140, 140 },
		{ ICMP4_UNREACHABLE, 35, 140, 140 },
		{ ICMP4_UNREACHABLE, 36, 140, 140 },
		{ ICMP4_UNREACHABLE, 255, 140, 140 },
		{ ICMP4_UNREACHABLE, 31, 140, 140 },
		{ ICMP4_REDIRECT, 32, 140, 140 },
		{ ICMP4_SOURCE_QUENCH, 32, 140, 140 },
		{ ICMP4_ECHO, 32, 140, 140 },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct octets message = message_of(rows[i].type, 0, rows[i].words << 16,
		                                   rows[i].body);
		struct icmp4 icmp;

		CU_ASSERT_EQUAL(icmp4_read(span_of(message), &icmp), HA_OK);
		CU_ASSERT_EQUAL(icmp.body.size, rows[i].quote);
		free(message.at);
	}
}

static void second_word_is_the_types_own(void)
{
	static const struct {
		unsigned type, code;
		unsigned mtu, pointer, id, sequence;
	} rows[] = {
		{ ICMP4_UNREACHABLE, ICMP4_TOO_BIG, 0x0506, 0, 0, 0 },
		{ ICMP4_UNREACHABLE, ICMP4_HOST, 0, 0, 0, 0 },
		{ ICMP4_PARAMETER_PROBLEM, 0, 0, 0x03, 0, 0 },
		{ ICMP4_ECHO, 0, 0, 0, 0x0304, 0x0506 },
		{ ICMP4_ECHO_REPLY, 0, 0, 0, 0x0304, 0x0506 },
		{ ICMP4_TIME_EXCEEDED, 4, 0, 0, 0, 0 },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct octets message = message_of(rows[i].type, rows[i].code, 0x03040506, 0);
		struct icmp4 icmp;

		CU_ASSERT_EQUAL(icmp4_read(span_of(message), &icmp), HA_OK);
		CU_ASSERT_EQUAL(icmp.mtu, rows[i].mtu);
		CU_ASSERT_EQUAL(icmp.pointer, rows[i].pointer);
		CU_ASSERT_EQUAL(icmp.id, rows[i].id);
		CU_ASSERT_EQUAL(icmp.sequence, rows[i].sequence);
		free(message.at);
	}
}

/* RFC 1812 section 4.3.2.7. Addresses by their first octet, the rest is 0.2.10. */
static void answers_go_where_they_may(void)
{
	static const struct {
		const char *what;
		unsigned source, destination, offset;
		bool mf, may;
	} rows[] = {
		{ "plain", 203, 192, 0, false, true },
		{ "the first fragment", 203, 192, 0, true, true },
		{ "a later fragment", 203, 192, 1480, true, false },
		{ "the last fragment", 203, 192, 8, false, false },
		{ "from this network", 0, 192, 0, false, false },
		{ "from loopback", 127, 192, 0, false, false },
		{ "from multicast", 224, 192, 0, false, false },
		{ "from 239", 239, 192, 0, false, false },
		{ "from reserved", 240, 192, 0, false, false },
		{ "from 255", 255, 192, 0, false, false },
		{ "from 223", 223, 192, 0, false, true },
		{ "from 126", 126, 192, 0, false, true },
		{ "from 128", 128, 192, 0, false, true },
		{ "to multicast", 203, 224, 0, false, false },
		{ "to 239", 203, 239, 0, false, false },
		{ "to reserved", 203, 240, 0, false, true },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct ip4 header = plain_header();
		struct octets packet;

		header.source = address4(rows[i].source, 0, 2, 10);
		header.destination = address4(rows[i].destination, 0, 2, 10);
		header.offset = (uint16_t)rows[i].offset;
		header.mf = rows[i].mf;
		packet = packet_of(header, 8);
		CU_ASSERT_EQUAL(icmp4_may_answer(span_of(packet)), rows[i].may);
		if (icmp4_may_answer(span_of(packet)) != rows[i].may)
			fprintf(stderr, "%s\n", rows[i].what);
		free(packet.at);
	}
}

static void broadcasts_are_not_answered(void)
{
	struct ip4 header = plain_header();
	struct octets packet;

	header.destination = address4(255, 255, 255, 255);
	packet = packet_of(header, 8);
	CU_ASSERT_FALSE(icmp4_may_answer(span_of(packet)));
	free(packet.at);
	header.destination = address4(192, 0, 2, 255);
	packet = packet_of(header, 8);
	CU_ASSERT_TRUE(icmp4_may_answer(span_of(packet))); /* the caller knows the prefix */
	free(packet.at);
}

static void errors_are_not_answered(void)
{
	for (unsigned type = 0; type < 256; type++) {
		bool error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
		bool query = type == 0 || (type >= 8 && type <= 10) || (type >= 13 && type <= 18);
		struct ip4 header = plain_header();
		struct octets packet;

		header.protocol = IP4_ICMP;
		packet = packet_of(header, 8);
		packet.at[20] = (uint8_t)type;
		CU_ASSERT_EQUAL(icmp4_is_error(type), error);
		CU_ASSERT_EQUAL(icmp4_may_answer(span_of(packet)), query);
		packet.at[9] = IP4_UDP;
		CU_ASSERT_TRUE(icmp4_may_answer(span_of(packet)));
		free(packet.at);
	}
}

static void cut_packets_are_answered_with_care(void)
{
	struct ip4 header = plain_header();
	struct octets packet;

	header.protocol = IP4_ICMP;
	packet = packet_of(header, 8);
	for (size_t size = 0; size <= packet.size; size++) {
		struct octets cut = octets_copy(packet.at, size);

		/* The first octet of the payload, 0, is an echo's answer. */
		CU_ASSERT_EQUAL(icmp4_may_answer(span_of(cut)), size > 20);
		free(cut.at);
	}
	free(packet.at);
}

static void echo_is_answered(void)
{
	static const size_t sizes[] = { 0, 1, 8, 56, 1472, 65507 };

	for (size_t i = 0; i < ROWS(sizes); i++) {
		struct octets data = packet_of(plain_header(), sizes[i] < 20 ? 0 : sizes[i] - 20);
		struct octets asked = { malloc(28 + sizes[i]), 28 + sizes[i] };
		struct octets told = { malloc(28 + sizes[i]), 28 + sizes[i] };
		struct writer ask = writer_over(asked.at, asked.size);
		struct writer tell = writer_over(told.at, told.size);
		struct span some = { data.at, sizes[i] };
		struct ip4 header = plain_header(), ip;
		struct icmp4 icmp;

		CU_ASSERT_EQUAL(icmp4_echo_write(&ask, &header, 0x1234, 9, some), HA_OK);
		CU_ASSERT_EQUAL(icmp4_echo_answer(&tell, span_of(asked), 64, 0x77), HA_OK);
		CU_ASSERT_EQUAL(ip4_read(span_of(told), &ip), HA_OK);
		CU_ASSERT_EQUAL(ip.source.s_addr, header.destination.s_addr);
		CU_ASSERT_EQUAL(ip.destination.s_addr, header.source.s_addr);
		CU_ASSERT_EQUAL(ip.ttl, 64);
		CU_ASSERT_EQUAL(ip.id, 0x77);
		CU_ASSERT_EQUAL(ip.tos, header.tos);
		CU_ASSERT_EQUAL(icmp4_read(ip4_payload(span_of(told), &ip), &icmp), HA_OK);
		CU_ASSERT_EQUAL(icmp.type, ICMP4_ECHO_REPLY);
		CU_ASSERT_EQUAL(icmp.id, 0x1234);
		CU_ASSERT_EQUAL(icmp.sequence, 9);
		CU_ASSERT_EQUAL_FATAL(icmp.body.size, sizes[i]);
		CU_ASSERT_EQUAL(memcmp(icmp.body.at, data.at, sizes[i]), 0);
		/* An answer is not answered. */
		tell = writer_over(asked.at, asked.size);
		CU_ASSERT_EQUAL(icmp4_echo_answer(&tell, span_of(told), 64, 1), HA_E_UNSUPPORTED);
		CU_ASSERT_EQUAL(writer_used(&tell), 0);
		free(data.at);
		free(asked.at);
		free(told.at);
	}
}

static void what_is_no_echo_is_not_answered(void)
{
	uint8_t asked[28], room[28];
	struct writer out = writer_over(asked, sizeof(asked));
	struct ip4 header = plain_header();
	static const struct {
		unsigned at, octet;
		size_t room;
		enum ha_error error;
	} rows[] = {
		{ 9, IP4_UDP, 28, HA_E_UNSUPPORTED },
		{ 6, 0x20, 28, HA_E_UNSUPPORTED },
		{ 7, 0x01, 28, HA_E_UNSUPPORTED },
		{ 22, 0x01, 28, HA_E_MALFORMED },
		{ 0, 0x46, 28, HA_E_TRUNCATED },
		{ 2, 0x01, 28, HA_E_TRUNCATED },
		{ 3, 27, 28, HA_E_TRUNCATED },
		{ 8, 63, 27, HA_E_NOSPACE },
		{ 8, 63, 28, HA_OK },
	};

	CU_ASSERT_EQUAL(icmp4_echo_write(&out, &header, 1, 2, (struct span){ 0 }), HA_OK);
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct octets packet = octets_copy(asked, sizeof(asked));

		out = writer_over(room, rows[i].room);
		packet.at[rows[i].at] = (uint8_t)rows[i].octet;
		packet_mend(packet);
		CU_ASSERT_EQUAL(icmp4_echo_answer(&out, span_of(packet), 64, 0), rows[i].error);
		CU_ASSERT_EQUAL(writer_used(&out), rows[i].error == HA_OK ? 28 : 0);
		free(packet.at);
	}
}

static void echo_has_its_limits(void)
{
	static uint8_t room[IP4_TOTAL_MAX], data[IP4_TOTAL_MAX];
	struct writer out = writer_over(room, sizeof(room));
	struct ip4 header = plain_header();
	struct span many = { data, IP4_TOTAL_MAX - 27 };

	CU_ASSERT_EQUAL(icmp4_echo_write(&out, &header, 1, 2, many), HA_E_RANGE);
	CU_ASSERT_EQUAL(writer_used(&out), 0);
	out = writer_over(room, 27);
	many.size = 0;
	CU_ASSERT_EQUAL(icmp4_echo_write(&out, &header, 1, 2, many), HA_E_NOSPACE);
	CU_ASSERT_EQUAL(writer_used(&out), 0);
}

static CU_TestInfo tests[] = {
	{ "an error is written octet for octet", error_is_written_octet_for_octet },
	{ "an error comes back", error_comes_back },
	{ "padding is not quoted", padding_is_not_quoted },
	{ "an error that cannot be written leaves nothing",
	  error_that_cannot_be_written_leaves_nothing },
	{ "broken messages are refused", broken_messages_are_refused },
	{ "extensions are not part of the quote", extensions_are_not_part_of_the_quote },
	{ "the second word is the type's own", second_word_is_the_types_own },
	{ "answers go where they may", answers_go_where_they_may },
	{ "broadcasts are not answered", broadcasts_are_not_answered },
	{ "errors are not answered", errors_are_not_answered },
	{ "cut packets are answered with care", cut_packets_are_answered_with_care },
	{ "an echo is answered", echo_is_answered },
	{ "what is no echo is not answered", what_is_no_echo_is_not_answered },
	{ "an echo has its limits", echo_has_its_limits },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("icmp4", tests);
}
