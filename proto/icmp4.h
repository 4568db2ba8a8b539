/* icmp4.h - ICMP (RFC 792) as a router and a tunnel's entry need it: errors, and echoes
 * for keepalives.
 *
 * May include: proto/cursor.h, proto/ip4.h, agentd/base. */
#ifndef PROTO_ICMP4_H
#define PROTO_ICMP4_H

#include "proto/ip4.h"

#define ICMP4_HEADER 8u
#define ICMP4_ERROR_MAX 576u /* octets of an error, IP header included, RFC 1812 section 4.3.2.3 */

enum icmp4_type {
	ICMP4_ECHO_REPLY = 0,
	ICMP4_UNREACHABLE = 3,
	ICMP4_SOURCE_QUENCH = 4,
	ICMP4_REDIRECT = 5,
	ICMP4_ECHO = 8,
	ICMP4_TIME_EXCEEDED = 11,
	ICMP4_PARAMETER_PROBLEM = 12,
};

enum icmp4_code {
	ICMP4_NETWORK = 0, /* of ICMP4_UNREACHABLE, to ICMP4_PROHIBITED */
	ICMP4_HOST = 1,
	ICMP4_PROTOCOL = 2,
	ICMP4_PORT = 3,
	ICMP4_TOO_BIG = 4,
	ICMP4_SOURCE_ROUTE = 5,
	ICMP4_PROHIBITED = 13,
	ICMP4_IN_TRANSIT = 0, /* of ICMP4_TIME_EXCEEDED */
	ICMP4_REASSEMBLY = 1,
};

struct icmp4 {
	uint8_t type; /* enum icmp4_type, or any other */
	uint8_t code;
	uint8_t pointer;   /* of a parameter problem: the octet that is wrong */
	uint16_t mtu;      /* of ICMP4_TOO_BIG: of the next hop; 0 from old routers, RFC 1191 */
	uint16_t id;       /* of an echo */
	uint16_t sequence; /* of an echo */
	/* Borrowed. Of an error: the packet it is about, as much as was quoted, without
	 * extensions (RFC 4884). Of others: what follows the first 8 octets. */
	struct span body;
};

/* Whether a message of that type is about another packet. */
bool icmp4_is_error(unsigned type);

/* `message` is the payload of an IP packet. HA_E_TRUNCATED: shorter than 8 octets.
 * HA_E_MALFORMED: wrong checksum. *out is zeroed then. */
enum ha_error icmp4_read(struct span message, struct icmp4 *out);

/* An error to be sent. */
struct icmp4_error {
	struct in_addr source; /* an address of this router */
	uint8_t type;
	uint8_t code;
	uint8_t pointer;
	uint16_t mtu;
	uint8_t ttl; /* of the error's own header */
	uint16_t id; /* likewise */
};

/* Whether an error about `packet` may be sent to its source (RFC 1122 section 3.2.2, RFC
 * 1812 section 4.3.2.7): it is not about an ICMP error or an ICMP message of unknown
 * type, nor about a fragment other than the first, nor a broadcast or multicast, nor
 * from an address that is no single host's. Directed broadcasts and broadcasts of the
 * link are known to the caller only. `packet` may be cut as in a quote, and the answer
 * is no where its header is cut, too. */
bool icmp4_may_answer(struct span packet);

/* A whole IP packet: the error, to the source of `packet`, quoting as much of it as fits
 * ICMP4_ERROR_MAX (RFC 1812 section 4.3.2.3) and is at hand. Precedence 6 (RFC 1812
 * section 4.3.2.5). Whether it may be sent is icmp4_may_answer's. HA_E_TRUNCATED,
 * HA_E_MALFORMED: `packet` as ip4_read_quoted; HA_E_NOSPACE. Nothing is written then. */
enum ha_error icmp4_error_write(struct writer *out, const struct icmp4_error *error,
                                struct span packet);

/* A whole IP packet: the answer to the echo request in `packet`, which is not looked at
 * for whom it was meant. Options are not returned. HA_E_TRUNCATED, HA_E_MALFORMED: as ip4_read
 * and icmp4_read; HA_E_UNSUPPORTED: not an echo request, or a fragment of one;
 * HA_E_NOSPACE. Nothing is written then. */
enum ha_error icmp4_echo_answer(struct writer *out, struct span packet, uint8_t ttl, uint16_t id);

/* A whole IP packet: an echo request with `data`, which the peer returns, as a keepalive
 * (RFC 3519 section 4.9). HA_E_NOSPACE, HA_E_RANGE (above 65535 octets); nothing is
 * written then. */
enum ha_error icmp4_echo_write(struct writer *out, const struct ip4 *header, uint16_t id,
                               uint16_t sequence, struct span data);

#endif
