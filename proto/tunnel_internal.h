/* tunnel_internal.h - the headers between outer and inner packet, for tunnel*.c.
 *
 * May include: proto/tunnel.h. */
#ifndef PROTO_TUNNEL_INTERNAL_H
#define PROTO_TUNNEL_INTERNAL_H

#include "proto/tunnel.h"

#define UDP_HEADER 8u
#define UDP_DATA_HEADER 4u /* type, next header, reserved: RFC 3519 section 3.3 */
#define MINIMAL_SHORT 8u   /* RFC 2004 section 3, without the original source */
#define MINIMAL_LONG 12u
#define MINIMAL_SOURCE 0x80u /* S: the original source is there */
#define GRE_HEADER 4u
#define GRE_FIELD 4u /* checksum and reserved; key; sequence */
#define GRE_IPV4 0x0800u

enum gre_flag {
	GRE_CHECKSUM = 0x8000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	/* Bits 1, 4 and 5, and the version: a packet with one of them is not for us
	 * (RFC 2784 section 2.3, with 2 and 3 given back by RFC 2890). */
	GRE_REFUSED = 0x4c07,
};

struct gre {
	uint16_t flags;    /* enum gre_flag, and bits that are to be ignored */
	uint16_t payload;  /* GRE_IPV4, or any other */
	uint32_t key;      /* 0 without */
	uint32_t sequence; /* 0 without */
};

/* The header up to the payload. HA_E_TRUNCATED or HA_E_UNSUPPORTED sticks to the
 * reader. The checksum, which is over the payload too, is not verified. */
struct gre gre_read(struct reader *in);

struct minimal {
	uint8_t protocol;
	uint8_t size; /* MINIMAL_SHORT or MINIMAL_LONG */
	struct in_addr destination;
	struct in_addr source; /* INADDR_ANY if short: the outer one */
};

/* HA_E_TRUNCATED (what was read stays, the size included) or HA_E_MALFORMED, for a
 * wrong checksum, sticks to the reader. */
struct minimal minimal_read(struct reader *in);

/* The packet's own header again, from the one that was made of it; `payload` octets
 * follow, at most IP4_TOTAL_MAX with the header. */
struct ip4 minimal_restore(const struct ip4 *outer, const struct minimal *minimal, size_t payload);

/* false: no tunnel has that protocol. UDP is none: it says what is in it. */
bool encapsulation_of_protocol(unsigned protocol, uint8_t *encapsulation);

#endif
