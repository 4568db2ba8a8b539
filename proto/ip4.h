/* ip4.h - IPv4 packets (RFC 791): the header, its checksum, fragments.
 *
 * Numbers are in host order, addresses in network order. Packets are the caller's:
 * nothing here allocates or keeps them. Checksums are taken to be complete, as they
 * are in what a TUN device without vnet header hands out. A packet socket may hand
 * out some that the sender left to its device, which fail no check here, since the
 * header's own is never left to a device, but would go on broken.
 *
 * May include: proto/cursor.h, agentd/base. */
#ifndef PROTO_IP4_H
#define PROTO_IP4_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/cursor.h"

#define IP4_HEADER_MIN 20u
#define IP4_HEADER_MAX 60u
#define IP4_TOTAL_MAX 65535u
#define IP4_MTU_MIN 68u       /* every link carries that much, RFC 791 section 3.2 */
#define IP4_DATAGRAM_MIN 576u /* every host takes that much, RFC 791 section 3.1 */

enum ip4_protocol {
	IP4_ICMP = 1,
	IP4_IPIP = 4,
	IP4_TCP = 6,
	IP4_UDP = 17,
	IP4_GRE = 47,
	IP4_MINIMAL = 55,
};

struct ip4 {
	struct in_addr source, destination;
	struct span options; /* borrowed from the packet; multiple of 4 octets */
	uint16_t total;      /* octets, header included */
	uint16_t id;
	uint16_t offset; /* octets, multiple of 8 */
	uint8_t header_size;
	uint8_t tos;
	uint8_t ttl;
	uint8_t protocol; /* enum ip4_protocol, or any other */
	bool df, mf;
};

static inline bool ip4_is_fragment(const struct ip4 *ip)
{
	return ip->mf || ip->offset != 0;
}

/* The header of a whole packet. Octets behind its total length are padding and not
 * looked at. HA_E_TRUNCATED: header or total length reach beyond `packet`.
 * HA_E_MALFORMED: not version 4, IHL below 5, total length below the header's, or a
 * wrong header checksum. *out is zeroed then. */
enum ha_error ip4_read(struct span packet, struct ip4 *out);

/* The same for a packet that may be cut behind its header, as in an ICMP error. The
 * checksum is not verified: not every router corrects it before quoting. */
enum ha_error ip4_read_quoted(struct span packet, struct ip4 *out);

/* What follows the header, up to the total length or the end of a cut packet.
 * Borrowed. */
struct span ip4_payload(struct span packet, const struct ip4 *ip);

/* The header with its options and checksum; `header_size` is not looked at. Sticks to
 * the writer: HA_E_RANGE (options not a multiple of 4 or above 40 octets, an offset
 * that is no multiple of 8 or above 65528, a total length below the header's) or
 * HA_E_NOSPACE. */
void ip4_write(struct writer *out, const struct ip4 *ip);

/* Internet checksum (RFC 1071). A running sum goes over pieces; all but the last are
 * of even size. Sum a thing together with its checksum: the result is 0. */
uint64_t ip4_sum(uint64_t sum, struct span piece);
uint16_t ip4_sum_finish(uint64_t sum); /* complemented */

static inline uint16_t ip4_checksum(struct span octets)
{
	return ip4_sum_finish(ip4_sum(0, octets));
}

/* Sum over the pseudo header of TCP and UDP, `size` octets of which follow. */
uint64_t ip4_sum_pseudo(struct in_addr source, struct in_addr destination, uint8_t protocol,
                        size_t size);

/* A checksum after 16 bits under it changed (RFC 1624, equation 3). */
uint16_t ip4_checksum_update(uint16_t checksum, uint16_t before, uint16_t after);

/* Count a hop, in the packet and in what was read of it. False, and nothing is
 * changed, when the packet may not go on: its TTL is 1 or 0. */
bool ip4_decrement_ttl(uint8_t *packet, struct ip4 *ip);

/* Cuts a packet into fragments (RFC 791 section 3.2). The caller decides whether DF
 * forbids it; the bit is left as it is. */
struct ip4_fragments {
	struct ip4 ip;
	struct span payload;
	size_t mtu;
	size_t done; /* octets of the payload that were handed out */
	bool ended;
	uint8_t copied[40]; /* options of all fragments but the first */
	uint8_t copied_size;
};

/* Borrows `packet` until the last fragment. One that fits `mtu` gives one fragment,
 * itself. HA_E_TRUNCATED, HA_E_MALFORMED: as ip4_read, and options whose sizes do not
 * add up. HA_E_RANGE: `mtu` holds no 8 octets behind the header, or the packet is a
 * fragment that reaches beyond 65535 octets. */
enum ha_error ip4_fragments_begin(struct ip4_fragments *fragments, struct span packet, size_t mtu);

/* Write the next fragment; false when there is none. HA_E_NOSPACE sticks to the
 * writer. */
bool ip4_fragments_next(struct ip4_fragments *fragments, struct writer *out);

/* Whether the packet has a source route, loose or strict, that it has not yet
 * followed to its end. */
bool ip4_is_source_routed(const struct ip4 *ip);

#endif
