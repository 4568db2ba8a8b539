/* test_ip4.c - the IPv4 header, its checksum, and hops. */
#include "proto/ip4.h"

#include "tests/unit/packets.h"
#include "tests/unit/suite.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* Checksum reckoned octet by octet, another way than ip4_sum goes. */
static uint16_t slow_checksum(const uint8_t *at, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < size; i++) {
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return (uint16_t)~sum;
}

static bool is_zero(const struct ip4 *ip)
{
	static const struct ip4 zero;

	return memcmp(ip, &zero, sizeof(zero)) == 0;
}

static void written_header_is_read(void)
{
	static const uint8_t golden[] = {
		0x45, 0x10, 0x00, 0x1c, 0xbe, 0xef, 0x40, 0x00, 0x3f, 0x11,
		0x7e, 0xbf, 203,  0,    113,  7,    192,  0,    2,    10,
	};
	struct ip4 header = plain_header(), ip;
	struct octets packet;

	header.df = true;
	packet = packet_of(header, 8);
	CU_ASSERT_EQUAL(memcmp(packet.at, golden, sizeof(golden)), 0);
	CU_ASSERT_EQUAL(ip4_read(span_of(packet), &ip), HA_OK);
	CU_ASSERT_EQUAL(ip.source.s_addr, header.source.s_addr);
	CU_ASSERT_EQUAL(ip.destination.s_addr, header.destination.s_addr);
	CU_ASSERT_EQUAL(ip.total, 28);
	CU_ASSERT_EQUAL(ip.id, 0xbeef);
	CU_ASSERT_EQUAL(ip.offset, 0);
	CU_ASSERT_EQUAL(ip.header_size, 20);
	CU_ASSERT_EQUAL(ip.tos, 0x10);
	CU_ASSERT_EQUAL(ip.ttl, 63);
	CU_ASSERT_EQUAL(ip.protocol, IP4_UDP);
	CU_ASSERT_TRUE(ip.df);
	CU_ASSERT_FALSE(ip.mf || ip4_is_fragment(&ip));
	CU_ASSERT_EQUAL(ip.options.size, 0);
	CU_ASSERT_PTR_EQUAL(ip4_payload(span_of(packet), &ip).at, packet.at + 20);
	CU_ASSERT_EQUAL(ip4_payload(span_of(packet), &ip).size, 8);
	free(packet.at);
}

static void every_header_size_is_read(void)
{
	uint8_t options[44];

	memset(options, 1, sizeof(options));
	for (unsigned words = 0; words < 16; words++) {
		struct octets packet;
		struct ip4 header = plain_header(), ip;

		if (words >= 5)
			header.options = (struct span){ options, words * 4 - IP4_HEADER_MIN };
		packet = packet_of(header, 60);
		packet.at[0] = (uint8_t)(0x40 | words);
		if (words < 5) {
			CU_ASSERT_EQUAL(ip4_read(span_of(packet), &ip), HA_E_MALFORMED);
			CU_ASSERT_TRUE(is_zero(&ip));
		} else {
			CU_ASSERT_EQUAL(ip4_read(span_of(packet), &ip), HA_OK);
			CU_ASSERT_EQUAL(ip.header_size, words * 4);
			CU_ASSERT_PTR_EQUAL(ip.options.at, packet.at + 20);
			CU_ASSERT_EQUAL(ip.options.size, words * 4 - 20);
			CU_ASSERT_EQUAL(ip4_payload(span_of(packet), &ip).size, 60);
		}
		free(packet.at);
	}
}

/* A packet of 20 + 8 octets with one thing changed, and its checksum mended. */
static const struct {
	const char *what;
	unsigned at, octet;
	enum ha_error error;
} changes[] = {
	{ "nothing", 0, 0x45, HA_OK },
	{ "version 6", 0, 0x65, HA_E_MALFORMED },
	{ "version 0", 0, 0x05, HA_E_MALFORMED },
	{ "IHL 4", 0, 0x44, HA_E_MALFORMED },
	{ "IHL 7, the whole packet", 0, 0x47, HA_OK },
	{ "IHL 8, beyond the total length", 0, 0x48, HA_E_MALFORMED },
	{ "total one too long", 3, 29, HA_E_TRUNCATED },
	{ "total far too long", 2, 0xff, HA_E_TRUNCATED },
	{ "total shorter: padding follows", 3, 27, HA_OK },
	{ "total is the header's", 3, 20, HA_OK },
	{ "total below the header's", 3, 19, HA_E_MALFORMED },
	{ "total 0", 3, 0, HA_E_MALFORMED },
	{ "more fragments", 6, 0x20, HA_OK },
	{ "the reserved flag", 6, 0x80, HA_OK },
	{ "TTL 0", 8, 0, HA_OK },
};

static void wrong_headers_are_refused(void)
{
	for (size_t i = 0; i < ROWS(changes); i++) {
		struct octets packet = packet_of(plain_header(), 8);
		struct ip4 ip;
		enum ha_error error;

		packet.at[changes[i].at] = (uint8_t)changes[i].octet;
		if ((packet.at[0] & 0x0f) * 4u <= packet.size)
			packet_mend(packet);
		error = ip4_read(span_of(packet), &ip);
		CU_ASSERT_EQUAL(error, changes[i].error);
		if (error != changes[i].error)
			fprintf(stderr, "%s: %s\n", changes[i].what, ha_strerror(error));
		CU_ASSERT_EQUAL(error != HA_OK, is_zero(&ip));
		free(packet.at);
	}
}

static void every_prefix_is_refused(void)
{
	struct octets packet = packet_of(plain_header(), 8);

	for (size_t size = 0; size < packet.size; size++) {
		struct octets cut = octets_copy(packet.at, size);
		struct ip4 ip;

		CU_ASSERT_EQUAL(ip4_read(span_of(cut), &ip), HA_E_TRUNCATED);
		CU_ASSERT_TRUE(is_zero(&ip));
		CU_ASSERT_EQUAL(ip4_read_quoted(span_of(cut), &ip),
		                size < 20 ? HA_E_TRUNCATED : HA_OK);
		if (size >= 20)
			CU_ASSERT_EQUAL(ip4_payload(span_of(cut), &ip).size, size - 20);
		free(cut.at);
	}
	free(packet.at);
}

static void every_flipped_bit_of_a_header_is_seen(void)
{
	struct octets packet = packet_of(plain_header(), 0);

	for (size_t bit = 0; bit < 8 * packet.size; bit++) {
		struct ip4 ip;

		octets_flip(packet, bit);
		CU_ASSERT_NOT_EQUAL(ip4_read(span_of(packet), &ip), HA_OK);
		octets_flip(packet, bit);
	}
	free(packet.at);
}

static void padding_is_not_part_of_the_packet(void)
{
	struct octets packet = packet_of(plain_header(), 26);
	struct ip4 ip;

	packet.at[3] = 21;
	packet_mend(packet);
	CU_ASSERT_EQUAL(ip4_read(span_of(packet), &ip), HA_OK);
	CU_ASSERT_EQUAL(ip4_payload(span_of(packet), &ip).size, 1);
	free(packet.at);
}

static void headers_that_cannot_be_are_not_written(void)
{
	static const uint8_t options[44];
	static const struct {
		uint16_t total, offset;
		size_t options, room;
		enum ha_error error;
	} rows[] = {
		{ 20, 0, 0, 20, HA_OK },          { 20, 0, 0, 19, HA_E_NOSPACE },
		{ 19, 0, 0, 60, HA_E_RANGE },     { 60, 0, 40, 60, HA_OK },
		{ 64, 0, 44, 64, HA_E_RANGE },    { 23, 0, 3, 60, HA_E_RANGE },
		{ 23, 0, 4, 60, HA_E_RANGE },     { 20, 65528, 0, 60, HA_OK },
		{ 20, 65527, 0, 60, HA_E_RANGE },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		uint8_t room[64];
		struct writer out = writer_over(room, rows[i].room);
		struct ip4 header = plain_header();

		header.total = rows[i].total;
		header.offset = rows[i].offset;
		header.options = (struct span){ options, rows[i].options };
		ip4_write(&out, &header);
		CU_ASSERT_EQUAL(out.error, rows[i].error);
	}
}

static void checksum_of_every_size_is_right(void)
{
	uint8_t octets[131];

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 151 + 200);
	for (size_t size = 0; size <= sizeof(octets); size++) {
		struct octets exact = octets_copy(octets, size);
		uint16_t expected = slow_checksum(octets, size);

		CU_ASSERT_EQUAL(ip4_checksum(span_of(exact)), expected);
		for (size_t cut = 0; cut <= size; cut += 2) {
			uint64_t sum = ip4_sum(0, (struct span){ exact.at, cut });

			sum = ip4_sum(sum, (struct span){ exact.at + cut, size - cut });
			CU_ASSERT_EQUAL(ip4_sum_finish(sum), expected);
		}
		free(exact.at);
	}
}

/* RFC 1624 section 4: the case in which the older equation gives the other zero. */
static void checksum_is_updated(void)
{
	CU_ASSERT_EQUAL(ip4_checksum_update(0xdd2f, 0x5555, 0x3285), 0x0000);
	for (uint32_t before = 0; before <= 0xffff; before += 7) {
		uint8_t octets[6] = { 0x12, 0x34, (uint8_t)(before >> 8), (uint8_t)before, 0xfe };
		uint16_t after = (uint16_t)(before * 31 + 5);
		uint16_t checksum = slow_checksum(octets, sizeof(octets));

		checksum = ip4_checksum_update(checksum, (uint16_t)before, after);
		octets[2] = (uint8_t)(after >> 8);
		octets[3] = (uint8_t)after;
		CU_ASSERT_EQUAL(checksum, slow_checksum(octets, sizeof(octets)));
	}
}

static void hops_are_counted(void)
{
	for (unsigned ttl = 0; ttl <= 255; ttl++) {
		for (unsigned id = 0; id < 0x10000; id += 0x333) {
			struct ip4 header = plain_header(), ip, again;
			struct octets packet;

			header.ttl = (uint8_t)ttl;
			header.id = (uint16_t)id;
			packet = packet_of(header, 0);
			CU_ASSERT_EQUAL(ip4_read(span_of(packet), &ip), HA_OK);
			CU_ASSERT_EQUAL(ip4_decrement_ttl(packet.at, &ip), ttl > 1);
			CU_ASSERT_EQUAL(ip4_read(span_of(packet), &again), HA_OK);
			CU_ASSERT_EQUAL(again.ttl, ttl > 1 ? ttl - 1 : ttl);
			CU_ASSERT_EQUAL(ip.ttl, again.ttl);
			free(packet.at);
		}
	}
}

static CU_TestInfo tests[] = {
	{ "a written header is read", written_header_is_read },
	{ "every header size is read, 5 to 15 words", every_header_size_is_read },
	{ "wrong headers are refused", wrong_headers_are_refused },
	{ "every prefix is refused", every_prefix_is_refused },
	{ "every flipped bit of a header is seen", every_flipped_bit_of_a_header_is_seen },
	{ "padding is not part of the packet", padding_is_not_part_of_the_packet },
	{ "headers that cannot be are not written", headers_that_cannot_be_are_not_written },
	{ "the checksum of every size is right", checksum_of_every_size_is_right },
	{ "a checksum is updated", checksum_is_updated },
	{ "hops are counted", hops_are_counted },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("ip4", tests);
}
