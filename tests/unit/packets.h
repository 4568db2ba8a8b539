/* packets.h - IP packets for tests of what carries them: built from a header and a
 * payload that counts, in memory of exactly their size.
 *
 * May include: proto/ip4.h, tests/unit. */
#ifndef TESTS_UNIT_PACKETS_H
#define TESTS_UNIT_PACKETS_H

#include "proto/ip4.h"
#include "tests/unit/octets.h"

static inline struct span span_of(struct octets octets)
{
	return (struct span){ .at = octets.at, .size = octets.size };
}

static inline struct in_addr address4(unsigned a, unsigned b, unsigned c, unsigned d)
{
	return (struct in_addr){ htonl(a << 24 | b << 16 | c << 8 | d) };
}

/* From a correspondent to a home address. */
static inline struct ip4 plain_header(void)
{
	return (struct ip4){
		.source = address4(203, 0, 113, 7),
		.destination = address4(192, 0, 2, 10),
		.id = 0xbeef,
		.ttl = 63,
		.protocol = IP4_UDP,
		.tos = 0x10,
	};
}

/* `payload` octets that count follow the header; total length and header size are
 * reckoned here. The caller frees .at. Aborts on a header that cannot be written. */
static inline struct octets packet_of(struct ip4 header, size_t payload)
{
	struct octets out = { .size = IP4_HEADER_MIN + header.options.size + payload };
	struct writer w;

	out.at = malloc(out.size);
	w = writer_over(out.at, out.size);
	header.total = (uint16_t)out.size;
	ip4_write(&w, &header);
	for (size_t i = 0; i < payload; i++)
		put_u8(&w, (uint8_t)i);
	if (w.error != HA_OK || out.size > IP4_TOTAL_MAX)
		abort();
	return out;
}

/* After a test has changed a header: its checksum, right again. */
static inline void packet_mend(struct octets packet)
{
	size_t size = (size_t)(packet.at[0] & 0x0f) * 4;
	uint16_t checksum;

	packet.at[10] = packet.at[11] = 0;
	checksum = ip4_checksum((struct span){ .at = packet.at, .size = size });
	packet.at[10] = (uint8_t)(checksum >> 8);
	packet.at[11] = (uint8_t)checksum;
}

#endif
