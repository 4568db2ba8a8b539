/* pcap.c - the classic capture format, link headers, IPv4 and UDP. A reader knows
 * two octet orders in the file's own headers; packets have the network's. */
#include "agentd/programs/pcap.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC_MICROSECONDS 0xa1b2c3d4u
#define MAGIC_NANOSECONDS 0xa1b23c4du
#define MAGIC_NEXT_GENERATION 0x0a0d0d0au
#define VERSION_MAJOR 2u
#define VERSION_MINOR 4u
#define RECORD_HEADER_SIZE 16u

#define LINK_ETHERNET 1u
#define LINK_RAW 101u
#define LINK_COOKED 113u
#define LINK_IPV4 228u
#define LINK_COOKED_2 276u
#define LINK_MASK 0x0fffffffu /* above are details of the checksum of frames */

#define ETHER_IPV4 0x0800u
#define ETHER_VLAN 0x8100u
#define ETHER_SERVICE_VLAN 0x88a8u
#define COOKED_BROADCAST 1u

#define IPV4_SIZE 20u
#define UDP_SIZE 8u
#define PROTOCOL_UDP 17u
#define FRAGMENT 0x3fffu /* more fragments, or an offset */
#define TIME_TO_LIVE 64u

static uint32_t swap(uint32_t number)
{
	return number >> 24 | (number >> 8 & 0xff00u) | (number & 0xff00u) << 8 | number << 24;
}

/* A number of the file's headers. */
static uint32_t get_number(struct reader *in, bool little)
{
	uint32_t number = get_u32(in);

	return little ? swap(number) : number;
}

enum pcap_kind pcap_recognize(const void *at, size_t size)
{
	struct reader in = reader_over(at, size);
	uint32_t magic = get_u32(&in);

	if (in.error != HA_OK)
		return PCAP_NONE;
	if (magic == MAGIC_NEXT_GENERATION)
		return PCAP_NEXT_GENERATION;
	if (magic == MAGIC_MICROSECONDS || magic == MAGIC_NANOSECONDS ||
	    swap(magic) == MAGIC_MICROSECONDS || swap(magic) == MAGIC_NANOSECONDS)
		return PCAP_CLASSIC;
	return PCAP_NONE;
}

enum ha_error pcap_reader_open(struct pcap_reader *reader, FILE *file,
                               const uint8_t header[PCAP_HEADER_SIZE])
{
	static const uint32_t links[] = { LINK_ETHERNET, LINK_RAW, LINK_COOKED, LINK_IPV4,
		                          LINK_COOKED_2 };
	struct reader in = reader_over(header, PCAP_HEADER_SIZE);
	uint32_t magic = get_u32(&in);

	memset(reader, 0, offsetof(struct pcap_reader, octets));
	reader->file = file;
	if (pcap_recognize(header, PCAP_HEADER_SIZE) != PCAP_CLASSIC) {
		snprintf(reader->report, sizeof(reader->report),
		         "it is no file of captured packets");
		return HA_E_SYNTAX;
	}
	reader->little = magic != MAGIC_MICROSECONDS && magic != MAGIC_NANOSECONDS;
	if (reader->little)
		magic = swap(magic);
	reader->nanoseconds = magic == MAGIC_NANOSECONDS;
	reader_take(&in, PCAP_HEADER_SIZE - 8);
	reader->link = get_number(&in, reader->little) & LINK_MASK;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i] == reader->link)
			return HA_OK;
	snprintf(reader->report, sizeof(reader->report),
	         "its link type %u is not known here: Ethernet, Linux cooked and raw IP are",
	         reader->link);
	return HA_E_UNSUPPORTED;
}

/* ---- records ---- */

static enum ha_error refuse_end(struct pcap_reader *reader)
{
	if (ferror(reader->file)) {
		snprintf(reader->report, sizeof(reader->report), "it cannot be read");
		return HA_E_IO;
	}
	snprintf(reader->report, sizeof(reader->report), "it ends in the middle of packet %llu",
	         (unsigned long long)reader->records + 1);
	return HA_E_SYNTAX;
}

/* The next record's octets. */
static enum ha_error read_record(struct pcap_reader *reader, uint64_t *time_ns, size_t *size)
{
	uint8_t header[RECORD_HEADER_SIZE];
	struct reader in = reader_over(header, sizeof(header));
	size_t got = fread(header, 1, sizeof(header), reader->file);
	uint64_t seconds, fraction;

	if (got == 0 && feof(reader->file))
		return HA_E_NOTFOUND;
	if (got != sizeof(header))
		return refuse_end(reader);
	seconds = get_number(&in, reader->little);
	fraction = get_number(&in, reader->little);
	*size = get_number(&in, reader->little);
	if (*size > sizeof(reader->octets)) {
		snprintf(reader->report, sizeof(reader->report), "packet %llu claims %zu octets",
		         (unsigned long long)reader->records + 1, *size);
		return HA_E_SYNTAX;
	}
	if (fread(reader->octets, 1, *size, reader->file) != *size)
		return refuse_end(reader);
	*time_ns = seconds * 1000000000u + fraction * (reader->nanoseconds ? 1u : 1000u);
	reader->records++;
	return HA_OK;
}

/* ---- a packet ---- */

static bool is_everybody(const uint8_t hardware[6])
{
	static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	return memcmp(hardware, everybody, sizeof(everybody)) == 0;
}

static uint16_t take_ethernet(struct reader *in, bool *broadcast)
{
	uint8_t destination[6] = { 0 };
	uint16_t type;

	get_octets(in, destination, sizeof(destination));
	*broadcast = in->error == HA_OK && is_everybody(destination);
	reader_take(in, 6);
	type = get_u16(in);
	for (unsigned tags = 0; tags < 2 && (type == ETHER_VLAN || type == ETHER_SERVICE_VLAN);
	     tags++) {
		reader_take(in, 2);
		type = get_u16(in);
	}
	return type;
}

/* The protocol inside; what is left of `in` is its packet. */
static uint16_t take_link(const struct pcap_reader *reader, struct reader *in, bool *broadcast)
{
	uint16_t type = ETHER_IPV4;

	*broadcast = false;
	switch (reader->link) {
	case LINK_ETHERNET:
		return take_ethernet(in, broadcast);
	case LINK_COOKED:
		*broadcast = get_u16(in) == COOKED_BROADCAST;
		reader_take(in, 12);
		return get_u16(in);
	case LINK_COOKED_2:
		type = get_u16(in);
		reader_take(in, 8);
		*broadcast = get_u8(in) == COOKED_BROADCAST;
		reader_take(in, 9);
		return type;
	default:
		return type;
	}
}

/* What is left of `in` is what IPv4 carries. false: no whole UDP is in it. */
static bool take_ipv4(struct reader *in, struct pcap_packet *out)
{
	uint8_t version = get_u8(in);
	size_t header = (version & 15u) * 4u;
	uint16_t fragment;
	uint8_t protocol;

	reader_take(in, 5); /* what is behind the length is padding, which UDP's own length shows */
	fragment = get_u16(in);
	get_u8(in);
	protocol = get_u8(in);
	get_u16(in);
	out->source = get_address(in);
	out->destination = get_address(in);
	if (in->error != HA_OK || version >> 4 != 4 || header < IPV4_SIZE || fragment & FRAGMENT ||
	    protocol != PROTOCOL_UDP)
		return false;
	reader_take(in, header - IPV4_SIZE);
	return in->error == HA_OK;
}

/* Whether it is a datagram to the port; one that is not whole is counted. */
static bool take_udp(struct pcap_reader *reader, struct reader *in, uint16_t port,
                     struct pcap_packet *out)
{
	uint16_t length;

	out->source_port = get_u16(in);
	out->destination_port = get_u16(in);
	length = get_u16(in);
	get_u16(in);
	if (in->error != HA_OK || out->destination_port != port || length < UDP_SIZE)
		return false;
	if (reader_left(in) < length - UDP_SIZE) {
		reader->cut++;
		return false;
	}
	out->payload = (struct span){ in->at, length - UDP_SIZE };
	return true;
}

static bool take_packet(struct pcap_reader *reader, size_t size, uint16_t port,
                        struct pcap_packet *out)
{
	struct reader in = reader_over(reader->octets, size);

	if (take_link(reader, &in, &out->broadcast) != ETHER_IPV4 || !take_ipv4(&in, out) ||
	    !take_udp(reader, &in, port, out))
		return false;
	out->broadcast = out->broadcast || out->destination.s_addr == INADDR_BROADCAST;
	out->record = reader->records;
	return true;
}

enum ha_error pcap_reader_next(struct pcap_reader *reader, uint16_t port, struct pcap_packet *out)
{
	enum ha_error why;
	size_t size = 0;

	do {
		*out = (struct pcap_packet){ 0 };
		why = read_record(reader, &out->time_ns, &size);
	} while (why == HA_OK && !take_packet(reader, size, port, out));
	return why;
}

/* ---- writing ---- */

bool pcap_may_replace(int file)
{
	uint8_t magic[4];
	struct stat about;
	ssize_t size;

	if (fstat(file, &about) != 0)
		return false;
	if (!S_ISREG(about.st_mode))
		return S_ISFIFO(about.st_mode) || S_ISCHR(about.st_mode);
	size = pread(file, magic, sizeof(magic), 0);
	return size == 0 || (size > 0 && pcap_recognize(magic, (size_t)size) != PCAP_NONE);
}

bool pcap_write_header(FILE *file)
{
	uint8_t octets[PCAP_HEADER_SIZE];
	struct writer w = writer_over(octets, sizeof(octets));

	put_u32(&w, MAGIC_NANOSECONDS);
	put_u16(&w, VERSION_MAJOR);
	put_u16(&w, VERSION_MINOR);
	put_u32(&w, 0);
	put_u32(&w, 0);
	put_u32(&w, PCAP_RECORD_MAX);
	put_u32(&w, LINK_RAW);
	return fwrite(octets, 1, writer_used(&w), file) == sizeof(octets);
}

/* The Internet checksum of octets over a sum so far; an odd one at the end counts
 * as if a zero followed. */
static uint32_t add_up(uint32_t sum, const uint8_t *at, size_t size)
{
	struct reader in = reader_over(at, size);

	while (reader_left(&in) > 1)
		sum += get_u16(&in);
	return reader_left(&in) ? sum + ((uint32_t)get_u8(&in) << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffffu) + (sum >> 16);
	return (uint16_t)~sum;
}

/* 0 would say that there is none. */
static uint16_t udp_checksum(const struct pcap_packet *packet, const uint8_t udp[UDP_SIZE])
{
	uint8_t pseudo[12];
	struct writer w = writer_over(pseudo, sizeof(pseudo));
	uint32_t sum;
	uint16_t folded;

	put_address(&w, packet->source);
	put_address(&w, packet->destination);
	put_u16(&w, PROTOCOL_UDP);
	put_u16(&w, (uint16_t)(UDP_SIZE + packet->payload.size));
	sum = add_up(0, pseudo, sizeof(pseudo));
	sum = add_up(sum, udp, UDP_SIZE);
	folded = fold(add_up(sum, packet->payload.at, packet->payload.size));
	return folded ? folded : 0xffff;
}

static void put_ipv4(struct writer *out, const struct pcap_packet *packet, uint16_t checksum)
{
	put_u8(out, 0x45);
	put_u8(out, 0);
	put_u16(out, (uint16_t)(IPV4_SIZE + UDP_SIZE + packet->payload.size));
	put_u32(out, 0);
	put_u8(out, TIME_TO_LIVE);
	put_u8(out, PROTOCOL_UDP);
	put_u16(out, checksum);
	put_address(out, packet->source);
	put_address(out, packet->destination);
}

static void put_udp(struct writer *out, const struct pcap_packet *packet, uint16_t checksum)
{
	put_u16(out, packet->source_port);
	put_u16(out, packet->destination_port);
	put_u16(out, (uint16_t)(UDP_SIZE + packet->payload.size));
	put_u16(out, checksum);
}

/* Twice: with a checksum of zero to sum it up, and as it is. */
static void put_headers(struct writer *out, const struct pcap_packet *packet)
{
	uint8_t ipv4[IPV4_SIZE], udp[UDP_SIZE];
	struct writer w = writer_over(ipv4, sizeof(ipv4)), v = writer_over(udp, sizeof(udp));

	put_ipv4(&w, packet, 0);
	put_udp(&v, packet, 0);
	put_ipv4(out, packet, fold(add_up(0, ipv4, sizeof(ipv4))));
	put_udp(out, packet, udp_checksum(packet, udp));
}

bool pcap_write_packet(FILE *file, const struct pcap_packet *packet)
{
	uint8_t octets[RECORD_HEADER_SIZE + IPV4_SIZE + UDP_SIZE];
	struct writer w = writer_over(octets, sizeof(octets));
	size_t size = packet->payload.size;

	if (size > UINT16_MAX - IPV4_SIZE - UDP_SIZE)
		return false;
	put_u32(&w, (uint32_t)(packet->time_ns / 1000000000u));
	put_u32(&w, (uint32_t)(packet->time_ns % 1000000000u));
	put_u32(&w, (uint32_t)(IPV4_SIZE + UDP_SIZE + size));
	put_u32(&w, (uint32_t)(IPV4_SIZE + UDP_SIZE + size));
	put_headers(&w, packet);
	return fwrite(octets, 1, writer_used(&w), file) == sizeof(octets) &&
	       fwrite(packet->payload.at, 1, size, file) == size && fflush(file) == 0;
}
