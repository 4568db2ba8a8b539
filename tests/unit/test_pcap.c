/* test_pcap.c - files of captured packets: every link and both octet orders are
 * read, what is broken, cut or of somebody else is passed over or refused, and
 * what is written has right checksums and is read again. */
#include "agentd/programs/pcap.h"

#include <stdlib.h>
#include <string.h>

#include "agentd/programs/capture.h"
#include "tests/unit/suite.h"

#define PORT 434u
#define FILE_MAX 4096u

static const uint8_t payload[] = { 1, 2, 3, 4, 5 };

/* ---- files made by hand ---- */

static uint8_t octets[FILE_MAX];
static struct writer w;
static bool little;

static void put_number(uint32_t number)
{
	put_u32(&w, little ? __builtin_bswap32(number) : number);
}

static void begin_file(uint32_t magic, uint32_t link)
{
	w = writer_over(octets, sizeof(octets));
	put_number(magic);
	put_octets(&w, little ? "\2\0\4\0" : "\0\2\0\4", 4);
	for (unsigned i = 0; i < 3; i++)
		put_number(65535);
	w.at -= 12;
	put_number(0);
	put_number(0);
	put_number(65535);
	put_number(link);
}

static void put_ip(uint16_t fragment, uint8_t protocol, uint16_t port, unsigned options)
{
	put_u8(&w, (uint8_t)(0x45 + options));
	put_u8(&w, 0);
	put_u16(&w, (uint16_t)(28 + 4 * options + sizeof(payload)));
	put_u16(&w, 7);
	put_u16(&w, fragment);
	put_u8(&w, 64);
	put_u8(&w, protocol);
	put_u16(&w, 0);
	put_u32(&w, 0xc6336407);
	put_u32(&w, 0xc0000201);
	for (unsigned i = 0; i < options; i++)
		put_u32(&w, 0x01010101);
	put_u16(&w, 5434);
	put_u16(&w, port);
	put_u16(&w, 8 + sizeof(payload));
	put_u16(&w, 0);
	put_octets(&w, payload, sizeof(payload));
}

static void begin_record(size_t size)
{
	put_number(1700000000);
	put_number(250);
	put_number((uint32_t)size);
	put_number((uint32_t)size);
}

static void put_plain(void)
{
	begin_record(28 + sizeof(payload));
	put_ip(0, 17, PORT, 0);
}

/* ---- reading them ---- */

static struct pcap_reader reader;

static FILE *open_octets(size_t size)
{
	FILE *file = tmpfile();

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL_FATAL(fwrite(octets, 1, size, file), size);
	rewind(file);
	return file;
}

static enum ha_error open_reader(FILE *file)
{
	uint8_t header[PCAP_HEADER_SIZE];

	CU_ASSERT_EQUAL_FATAL(fread(header, 1, sizeof(header), file), sizeof(header));
	return pcap_reader_open(&reader, file, header);
}

static void expect_one(uint64_t time_ns, bool broadcast)
{
	FILE *file = open_octets(writer_used(&w));
	struct pcap_packet packet;

	CU_ASSERT_EQUAL_FATAL(open_reader(file), HA_OK);
	CU_ASSERT_EQUAL_FATAL(pcap_reader_next(&reader, PORT, &packet), HA_OK);
	CU_ASSERT_EQUAL(packet.time_ns, time_ns);
	CU_ASSERT_EQUAL(packet.source.s_addr, htonl(0xc6336407));
	CU_ASSERT_EQUAL(packet.destination.s_addr, htonl(0xc0000201));
	CU_ASSERT_EQUAL(packet.source_port, 5434);
	CU_ASSERT_EQUAL(packet.destination_port, PORT);
	CU_ASSERT_EQUAL(packet.broadcast, broadcast);
	CU_ASSERT_EQUAL_FATAL(packet.payload.size, sizeof(payload));
	CU_ASSERT_EQUAL(memcmp(packet.payload.at, payload, sizeof(payload)), 0);
	CU_ASSERT_EQUAL(pcap_reader_next(&reader, PORT, &packet), HA_E_NOTFOUND);
	fclose(file);
}

static void both_orders_and_both_clocks_are_read(void)
{
	for (unsigned i = 0; i < 2; i++) {
		little = i == 1;
		begin_file(0xa1b2c3d4, 101);
		put_plain();
		expect_one(UINT64_C(1700000000000250000), false);
		begin_file(0xa1b23c4d, 228);
		put_plain();
		expect_one(UINT64_C(1700000000000000250), false);
	}
	little = false;
}

static void put_ethernet(bool everybody, unsigned tags)
{
	begin_record(14 + 4 * tags + 28 + sizeof(payload));
	put_octets(&w, everybody ? "\xff\xff\xff\xff\xff\xff" : "\2\0\0\0\0\1", 6);
	put_octets(&w, "\2\0\0\0\0\2", 6);
	for (unsigned i = 0; i < tags; i++)
		put_u32(&w, 0x81000005);
	put_u16(&w, 0x0800);
	put_ip(0, 17, PORT, 0);
}

static void every_link_is_read(void)
{
	for (unsigned tags = 0; tags < 3; tags++) {
		begin_file(0xa1b2c3d4, 1);
		put_ethernet(tags == 1, tags);
		expect_one(UINT64_C(1700000000000250000), tags == 1);
	}
	begin_file(0xa1b2c3d4, 113);
	begin_record(16 + 28 + sizeof(payload));
	put_octets(&w, "\0\1\0\1\0\6\2\0\0\0\0\2\0\0\x08\0", 16);
	put_ip(0, 17, PORT, 0);
	expect_one(UINT64_C(1700000000000250000), true);
	begin_file(0xa1b2c3d4, 276);
	begin_record(20 + 28 + sizeof(payload));
	put_octets(&w, "\x08\0\0\0\0\0\0\1\0\1\0\6\2\0\0\0\0\2\0\0", 20);
	put_ip(0, 17, PORT, 0);
	expect_one(UINT64_C(1700000000000250000), false);
}

static void what_is_of_no_concern_is_passed_over(void)
{
	begin_file(0xa1b2c3d4, 101);
	begin_record(28 + sizeof(payload));
	put_ip(0, 6, PORT, 0); /* TCP */
	begin_record(28 + sizeof(payload));
	put_ip(0, 17, PORT + 1, 0);
	begin_record(28 + sizeof(payload));
	put_ip(0x2000, 17, PORT, 0); /* a fragment */
	begin_record(28 + sizeof(payload));
	put_ip(1, 17, PORT, 0); /* a later one */
	begin_record(0);
	begin_record(1);
	put_u8(&w, 0x60);
	begin_record(36 + sizeof(payload));
	put_ip(0, 17, PORT, 2); /* options before it: this one counts */
	expect_one(UINT64_C(1700000000000250000), false);
	CU_ASSERT_EQUAL(reader.cut, 0);
}

static void a_datagram_that_was_cut_is_counted(void)
{
	begin_file(0xa1b2c3d4, 101);
	begin_record(28 + sizeof(payload) - 1);
	put_ip(0, 17, PORT, 0);
	w.at--;
	put_plain();
	expect_one(UINT64_C(1700000000000250000), false);
	CU_ASSERT_EQUAL(reader.cut, 1);
}

static void broken_files_are_refused(void)
{
	struct pcap_packet packet;
	FILE *file;

	begin_file(0xa1b2c3d4, 147);
	file = open_octets(writer_used(&w));
	CU_ASSERT_EQUAL(open_reader(file), HA_E_UNSUPPORTED);
	CU_ASSERT_PTR_NOT_NULL(strstr(reader.report, "link type 147"));
	fclose(file);
	begin_file(0xa1b2c3d5, 101);
	file = open_octets(writer_used(&w));
	CU_ASSERT_EQUAL(open_reader(file), HA_E_SYNTAX);
	fclose(file);
	begin_file(0xa1b2c3d4, 101);
	begin_record(PCAP_RECORD_MAX + 1);
	file = open_octets(writer_used(&w));
	CU_ASSERT_EQUAL_FATAL(open_reader(file), HA_OK);
	CU_ASSERT_EQUAL(pcap_reader_next(&reader, PORT, &packet), HA_E_SYNTAX);
	CU_ASSERT_STRING_EQUAL(reader.report, "packet 1 claims 262145 octets");
	fclose(file);
}

/* A prefix is refused, or it ends between packets. */
static void every_prefix_is_refused_or_ends_well(void)
{
	size_t size;

	begin_file(0xa1b2c3d4, 1);
	put_ethernet(false, 1);
	size = writer_used(&w);
	for (size_t i = PCAP_HEADER_SIZE; i < size; i++) {
		FILE *file = open_octets(i);
		struct pcap_packet packet;

		CU_ASSERT_EQUAL_FATAL(open_reader(file), HA_OK);
		CU_ASSERT_EQUAL(pcap_reader_next(&reader, PORT, &packet),
		                i == PCAP_HEADER_SIZE ? HA_E_NOTFOUND : HA_E_SYNTAX);
		fclose(file);
	}
}

static void every_flipped_bit_is_survived(void)
{
	size_t size;

	begin_file(0xa1b2c3d4, 1);
	put_ethernet(false, 1);
	put_ethernet(true, 0);
	size = writer_used(&w);
	for (size_t bit = 0; bit < 8 * size; bit++) {
		struct pcap_packet packet;
		unsigned records = 0;
		FILE *file;

		octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
		file = open_octets(size);
		if (open_reader(file) == HA_OK)
			while (pcap_reader_next(&reader, PORT, &packet) == HA_OK)
				records++;
		CU_ASSERT_TRUE(records <= 2);
		fclose(file);
		octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

/* ---- writing ---- */

static uint32_t sum_of(const uint8_t *at, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	return sum;
}

static bool adds_up(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

static void what_is_written_is_right_and_read_again(void)
{
	struct pcap_packet packet = {
		.time_ns = UINT64_C(1700000000123456789),
		.source.s_addr = htonl(0xc6336407),
		.destination.s_addr = htonl(0xc0000201),
		.source_port = 5434,
		.destination_port = PORT,
	};
	uint8_t data[64];

	for (size_t size = 0; size < sizeof(data); size++) {
		FILE *file = tmpfile();
		struct pcap_packet again;
		size_t got;

		memset(data, (int)(0xf0 + size), sizeof(data));
		packet.payload = (struct span){ data, size };
		CU_ASSERT_PTR_NOT_NULL_FATAL(file);
		CU_ASSERT_TRUE(pcap_write_header(file));
		CU_ASSERT_TRUE(pcap_write_packet(file, &packet));
		rewind(file);
		CU_ASSERT_EQUAL_FATAL(open_reader(file), HA_OK);
		CU_ASSERT_EQUAL_FATAL(pcap_reader_next(&reader, PORT, &again), HA_OK);
		CU_ASSERT_EQUAL(again.time_ns, packet.time_ns);
		CU_ASSERT_EQUAL(again.source.s_addr, packet.source.s_addr);
		CU_ASSERT_EQUAL(again.destination.s_addr, packet.destination.s_addr);
		CU_ASSERT_EQUAL(again.payload.size, size);
		rewind(file);
		got = fread(octets, 1, sizeof(octets), file);
		CU_ASSERT_EQUAL(got, PCAP_HEADER_SIZE + 16 + 28 + size);
		CU_ASSERT_TRUE(adds_up(sum_of(octets + 40, 20)));
		CU_ASSERT_TRUE(adds_up(sum_of(octets + 52, 8) + 17 + 8 + (uint32_t)size +
		                       sum_of(octets + 60, 8 + size)));
		fclose(file);
	}
}

/* ---- what else an operator may have ---- */

static struct capture capture;

static enum ha_error open_text(const char *text, size_t size)
{
	FILE *file;
	enum ha_error why;

	memcpy(octets, text, size);
	file = open_octets(size);
	why = capture_open(&capture, file);
	fclose(file);
	return why;
}

static void forms_are_told_from_each_other(void)
{
	struct pcap_packet packet;

	CU_ASSERT_EQUAL_FATAL(open_text("01 02:03\n04\n", 12), HA_OK);
	CU_ASSERT_EQUAL_FATAL(capture_next(&capture, PORT, &packet), HA_OK);
	CU_ASSERT_EQUAL_FATAL(packet.payload.size, 4);
	CU_ASSERT_EQUAL(memcmp(packet.payload.at, "\1\2\3\4", 4), 0);
	CU_ASSERT_EQUAL(packet.time_ns, 0);
	CU_ASSERT_EQUAL(capture_next(&capture, PORT, &packet), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL_FATAL(open_text("\1ab", 3), HA_OK);
	CU_ASSERT_EQUAL_FATAL(capture_next(&capture, PORT, &packet), HA_OK);
	CU_ASSERT_EQUAL(packet.payload.size, 3);
	CU_ASSERT_EQUAL(open_text("\x0a\x0d\x0d\x0a....", 8), HA_E_UNSUPPORTED);
	CU_ASSERT_PTR_NOT_NULL(strstr(capture.report, "editcap -F pcap"));
	CU_ASSERT_EQUAL(open_text("", 0), HA_E_SYNTAX);
	CU_ASSERT_EQUAL(open_text("01 0", 4), HA_E_SYNTAX);
	CU_ASSERT_EQUAL(open_text("01 0x", 5), HA_E_SYNTAX);
	CU_ASSERT_PTR_NOT_NULL(strstr(capture.report, "at character 4"));
	CU_ASSERT_EQUAL(open_text("\xa1\xb2\xc3\xd4", 4), HA_E_SYNTAX);
	CU_ASSERT_EQUAL(capture_hex(&capture, "0aF1", 4), HA_OK);
	CU_ASSERT_EQUAL(capture.size, 2);
	CU_ASSERT_EQUAL(capture_hex(&capture, "  ", 2), HA_E_SYNTAX);
}

static void what_is_too_long_is_no_datagram(void)
{
	size_t size = 2 * (CAPTURE_OCTETS_MAX + 1);
	char *text = malloc(size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	memset(text, '1', size);
	CU_ASSERT_EQUAL(capture_hex(&capture, text, size - 2), HA_OK);
	CU_ASSERT_EQUAL(capture_hex(&capture, text, size), HA_E_RANGE);
	free(text);
}

static CU_TestInfo tests[] = {
	{ "both orders and both clocks are read", both_orders_and_both_clocks_are_read },
	{ "every link is read", every_link_is_read },
	{ "what is of no concern is passed over", what_is_of_no_concern_is_passed_over },
	{ "a datagram that was cut is counted", a_datagram_that_was_cut_is_counted },
	{ "broken files are refused", broken_files_are_refused },
	{ "every prefix is refused or ends well", every_prefix_is_refused_or_ends_well },
	{ "every flipped bit is survived", every_flipped_bit_is_survived },
	{ "what is written is right and read again", what_is_written_is_right_and_read_again },
	{ "forms are told from each other", forms_are_told_from_each_other },
	{ "what is too long is no datagram", what_is_too_long_is_no_datagram },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("pcap", tests);
}
