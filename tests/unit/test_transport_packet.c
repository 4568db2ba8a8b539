/* test_transport_packet.c - packets there and back, by their golden octets, cut
 * at every place, and with every bit turned. */
#include "replication/transport_packet.h"

#include <string.h>

#include "agentd/base/hex.h"
#include "tests/unit/suite.h"

static const struct packet_header header = {
	.feature_level = 3,
	.sender = 5,
	.members = 0x3e,
	.witnesses = 0x08,
	.flags = PACKET_REFUSES | PACKET_UNWILLING,
	.groups = 0xd4c3b2a1,
	.cluster = 0x1122334455667788,
	.incarnation = 0x99aabbccddeeff01,
	.session = 0x0102030405060708,
	.sequence = 0x1000000000000002,
	.sent_ns = 0x2000000000000003,
	.echo_ns = 0x3000000000000004,
	.held_ns = 0x4000000000000005,
	.wall_us = 0x5000000000000006,
};

/* Of the header, of a message "abc" of group 7, and of one "d" of group 0. */
#define GOLDEN                                                                                     \
	"4852504b"                                                                                 \
	"0100"                                                                                     \
	"0300"                                                                                     \
	"053e0805a1b2c3d4"                                                                         \
	"8877665544332211"                                                                         \
	"01ffeeddccbbaa99"                                                                         \
	"0807060504030201"                                                                         \
	"0200000000000010"                                                                         \
	"0300000000000020"                                                                         \
	"0400000000000030"                                                                         \
	"0500000000000040"                                                                         \
	"0600000000000050"                                                                         \
	"0700000003000000616263"                                                                   \
	"000000000100000064"

#define GOLDEN_OCTETS ((sizeof(GOLDEN) - 1) / 2)

static void golden(uint8_t out[GOLDEN_OCTETS])
{
	CU_ASSERT_TRUE_FATAL(hex_parse(GOLDEN, strlen(GOLDEN), out, GOLDEN_OCTETS));
}

static bool equal(const struct packet_header *a, const struct packet_header *b)
{
	return a->feature_level == b->feature_level && a->sender == b->sender &&
	       a->members == b->members && a->witnesses == b->witnesses && a->flags == b->flags &&
	       a->groups == b->groups && a->cluster == b->cluster &&
	       a->incarnation == b->incarnation && a->session == b->session &&
	       a->sequence == b->sequence && a->sent_ns == b->sent_ns && a->echo_ns == b->echo_ns &&
	       a->held_ns == b->held_ns && a->wall_us == b->wall_us;
}

static enum ha_error read_header(const uint8_t *octets, size_t size)
{
	struct octets_in in = octets_in_over(octets, size);
	struct packet_header ignored;

	return packet_read_header(&in, &ignored);
}

static void what_is_written_are_the_golden_octets(void)
{
	uint8_t expected[GOLDEN_OCTETS], written[GOLDEN_OCTETS];

	golden(expected);
	packet_write_header(&header, written);
	packet_write_message_header(7, 3, written + PACKET_HEADER);
	memcpy(written + PACKET_HEADER + 8, "abc", 3);
	packet_write_message_header(0, 1, written + PACKET_HEADER + 11);
	written[PACKET_HEADER + 19] = 'd';
	CU_ASSERT_EQUAL(memcmp(written, expected, sizeof(expected)), 0);
}

static void golden_octets_are_read(void)
{
	uint8_t octets[GOLDEN_OCTETS];
	struct octets_in in = octets_in_over(octets, sizeof(octets));
	struct packet_message message;
	struct packet_header read;

	golden(octets);
	CU_ASSERT_EQUAL_FATAL(packet_read_header(&in, &read), HA_OK);
	CU_ASSERT_TRUE(equal(&read, &header));
	CU_ASSERT_TRUE_FATAL(packet_next(&in, &message));
	CU_ASSERT_EQUAL(message.group, 7);
	CU_ASSERT_EQUAL(message.size, 3);
	CU_ASSERT_EQUAL(memcmp(message.octets, "abc", 3), 0);
	CU_ASSERT_TRUE_FATAL(packet_next(&in, &message));
	CU_ASSERT_EQUAL(message.group, 0);
	CU_ASSERT_EQUAL(message.size, 1);
	CU_ASSERT_EQUAL(message.octets[0], 'd');
	CU_ASSERT_FALSE(packet_next(&in, &message));
}

/* Whole only without messages, or with the first one alone. */
static void a_cut_packet_is_refused(void)
{
	uint8_t octets[GOLDEN_OCTETS];

	golden(octets);
	for (size_t size = 0; size < sizeof(octets); size++) {
		bool is_whole = size == PACKET_HEADER || size == PACKET_HEADER + 11;

		CU_ASSERT_EQUAL(read_header(octets, size), is_whole ? HA_OK : HA_E_MALFORMED);
	}
}

/* Of the header only these matter by themselves; the rest are numbers of any
 * value, which whoever asked for them judges. */
static enum ha_error expected_with_bit(size_t bit)
{
	size_t octet = bit / 8;

	if (octet < 4)
		return HA_E_MALFORMED; /* magic */
	if (octet < 6)
		return bit == 32 ? HA_E_MALFORMED : HA_E_NEWER; /* format 0, or a higher one */
	if (octet == 8) /* 5, of which 1 and 4 are members too */
		return bit == 8 * 8 || bit == 8 * 8 + 2 ? HA_OK : HA_E_MALFORMED;
	return HA_OK;
}

static void every_bit_turned_is_judged(void)
{
	uint8_t octets[GOLDEN_OCTETS];

	for (size_t bit = 0; bit < 8 * PACKET_HEADER; bit++) {
		golden(octets);
		octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_EQUAL(read_header(octets, sizeof(octets)), expected_with_bit(bit));
	}
	/* Behind it, a turned bit of a size makes a message end elsewhere. */
	for (size_t bit = 8 * (PACKET_HEADER + 4); bit < 8 * (PACKET_HEADER + 8); bit++) {
		golden(octets);
		octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_EQUAL(read_header(octets, sizeof(octets)), HA_E_MALFORMED);
	}
}

static void numbers_that_cannot_be_are_refused(void)
{
	struct packet_header wrong[5] = { header, header, header, header, header };
	uint8_t octets[PACKET_HEADER];

	wrong[0].feature_level = 0;
	wrong[1].sender = 0;
	wrong[2].sender = REPLICATION_MEMBERS_MAX + 1;
	wrong[3].session = 0;
	wrong[4].sequence = 0;
	for (size_t i = 0; i < 5; i++) {
		packet_write_header(&wrong[i], octets);
		CU_ASSERT_EQUAL(read_header(octets, sizeof(octets)), HA_E_MALFORMED);
	}
}

static void empty_and_endless_messages_are_refused(void)
{
	uint8_t octets[PACKET_HEADER + PACKET_MESSAGE_HEADER];

	packet_write_header(&header, octets);
	packet_write_message_header(0, 0, octets + PACKET_HEADER);
	CU_ASSERT_EQUAL(read_header(octets, sizeof(octets)), HA_E_MALFORMED);
	packet_write_message_header(0, UINT32_MAX, octets + PACKET_HEADER);
	CU_ASSERT_EQUAL(read_header(octets, sizeof(octets)), HA_E_MALFORMED);
}

static CU_TestInfo tests[] = {
	{ "what is written are the golden octets", what_is_written_are_the_golden_octets },
	{ "golden octets are read", golden_octets_are_read },
	{ "a cut packet is refused", a_cut_packet_is_refused },
	{ "every bit turned is judged", every_bit_turned_is_judged },
	{ "numbers that cannot be are refused", numbers_that_cannot_be_are_refused },
	{ "empty and endless messages are refused", empty_and_endless_messages_are_refused },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("transport_packet", tests);
}
