/* ip4.c - the IPv4 header and its checksum. */
#include "proto/ip4.h"

#define FLAG_DF 0x4000u
#define FLAG_MF 0x2000u
#define OFFSET_MASK 0x1fffu
#define OFFSET_UNIT 8u
#define AT_TTL 8u
#define AT_CHECKSUM 10u

static void read_fields(struct reader *in, struct ip4 *out)
{
	unsigned version_size = get_u8(in), fragment;

	if (in->error == HA_OK && version_size >> 4 != 4)
		reader_fail(in, HA_E_MALFORMED);
	out->header_size = (uint8_t)((version_size & 0x0f) * 4);
	out->tos = get_u8(in);
	out->total = get_u16(in);
	out->id = get_u16(in);
	fragment = get_u16(in);
	out->df = fragment & FLAG_DF;
	out->mf = fragment & FLAG_MF;
	out->offset = (uint16_t)((fragment & OFFSET_MASK) * OFFSET_UNIT);
	out->ttl = get_u8(in);
	out->protocol = get_u8(in);
	get_u16(in);
	out->source = get_address(in);
	out->destination = get_address(in);
}

static enum ha_error read_header(struct reader *in, struct ip4 *out)
{
	read_fields(in, out);
	if (in->error != HA_OK)
		return in->error;
	if (out->header_size < IP4_HEADER_MIN || out->total < out->header_size)
		return HA_E_MALFORMED;
	out->options.size = out->header_size - IP4_HEADER_MIN;
	out->options.at = reader_take(in, out->options.size);
	return in->error;
}

enum ha_error ip4_read_quoted(struct span packet, struct ip4 *out)
{
	struct reader in = reader_over(packet.at, packet.size);
	enum ha_error error;

	*out = (struct ip4){ 0 };
	error = read_header(&in, out);
	if (error != HA_OK)
		*out = (struct ip4){ 0 };
	return error;
}

enum ha_error ip4_read(struct span packet, struct ip4 *out)
{
	enum ha_error error = ip4_read_quoted(packet, out);

	if (error == HA_OK &&
	    ip4_checksum((struct span){ .at = packet.at, .size = out->header_size }) != 0)
		error = HA_E_MALFORMED;
	else if (error == HA_OK && out->total > packet.size)
		error = HA_E_TRUNCATED;
	if (error != HA_OK)
		*out = (struct ip4){ 0 };
	return error;
}

struct span ip4_payload(struct span packet, const struct ip4 *ip)
{
	size_t end = packet.size < ip->total ? packet.size : ip->total;

	return (struct span){ .at = packet.at + ip->header_size, .size = end - ip->header_size };
}

static bool can_be_written(const struct ip4 *ip)
{
	size_t header = IP4_HEADER_MIN + ip->options.size;

	return ip->options.size % 4 == 0 && header <= IP4_HEADER_MAX &&
	       ip->offset % OFFSET_UNIT == 0 && ip->total >= header;
}

static void write_fields(struct writer *out, const struct ip4 *ip)
{
	unsigned fragment = ip->offset / OFFSET_UNIT;

	fragment |= (ip->df ? FLAG_DF : 0) | (ip->mf ? FLAG_MF : 0);
	put_u8(out, (uint8_t)(0x40 | (IP4_HEADER_MIN + ip->options.size) / 4));
	put_u8(out, ip->tos);
	put_u16(out, ip->total);
	put_u16(out, ip->id);
	put_u16(out, (uint16_t)fragment);
	put_u8(out, ip->ttl);
	put_u8(out, ip->protocol);
	put_u16(out, 0);
	put_address(out, ip->source);
	put_address(out, ip->destination);
	put_octets(out, ip->options.at, ip->options.size);
}

void ip4_write(struct writer *out, const struct ip4 *ip)
{
	uint8_t header[IP4_HEADER_MAX];
	struct writer draft = writer_over(header, sizeof(header));
	uint16_t checksum;

	if (!can_be_written(ip)) {
		writer_fail(out, HA_E_RANGE);
		return;
	}
	write_fields(&draft, ip);
	checksum = ip4_checksum(writer_span(&draft));
	draft = writer_over(header + AT_CHECKSUM, sizeof(checksum));
	put_u16(&draft, checksum);
	put_octets(out, header, IP4_HEADER_MIN + ip->options.size);
}

/* The sum is kept in the order of the machine: only carries wander, and one's
 * complement addition does not mind where (RFC 1071 section 2 (B)). */
uint64_t ip4_sum(uint64_t sum, struct span piece)
{
	const uint8_t *at = piece.at;
	size_t left = piece.size;
	uint16_t last = 0;

	for (; left >= sizeof(uint32_t); left -= sizeof(uint32_t), at += sizeof(uint32_t)) {
		uint32_t word;

		memcpy(&word, at, sizeof(word));
		sum += word;
	}
	if (left >= sizeof(uint16_t)) {
		uint16_t half;

		memcpy(&half, at, sizeof(half));
		sum += half;
		left -= sizeof(half);
		at += sizeof(half);
	}
	if (left) {
		memcpy(&last, at, 1);
		sum += last;
	}
	return sum;
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint16_t ip4_sum_finish(uint64_t sum)
{
	return (uint16_t)~ntohs(fold(sum));
}

uint64_t ip4_sum_pseudo(struct in_addr source, struct in_addr destination, uint8_t protocol,
                        size_t size)
{
	uint64_t sum = source.s_addr;

	sum += destination.s_addr;
	sum += htons(protocol);
	sum += htons((uint16_t)size);
	return sum;
}

uint16_t ip4_checksum_update(uint16_t checksum, uint16_t before, uint16_t after)
{
	uint64_t sum = (uint16_t)~checksum;

	sum += (uint16_t)~before;
	sum += after;
	return (uint16_t)~fold(sum);
}

bool ip4_decrement_ttl(uint8_t *packet, struct ip4 *ip)
{
	struct reader in = reader_over(packet + AT_TTL, AT_CHECKSUM + 2 - AT_TTL);
	struct writer out = writer_over(packet + AT_TTL, AT_CHECKSUM + 2 - AT_TTL);
	uint16_t before = get_u16(&in), checksum = get_u16(&in);
	uint16_t after = (uint16_t)(before - 0x0100);

	if (ip->ttl <= 1)
		return false;
	put_u16(&out, after);
	put_u16(&out, ip4_checksum_update(checksum, before, after));
	ip->ttl--;
	return true;
}
