/* address.h - IPv4 addresses as text and as facts. struct in_addr is always in
 * network order; a realm is a number (overlapping address spaces, one
 * customer each), 0 by default.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_BASE_ADDRESS_H
#define AGENTD_BASE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAMILY_IPV4 4u /* the family tag of keys and commands */

struct address_text {
	char text[INET_ADDRSTRLEN];
};

/* Dotted form, by value, for use inside one expression. */
struct address_text address_format(struct in_addr address);

/* Strict dotted quad, nothing before or after. false leaves *out alone. */
bool address_parse(const char *text, struct in_addr *out);

static inline uint32_t address_host(struct in_addr address)
{
	return ntohl(address.s_addr);
}

static inline bool address_equal(struct in_addr a, struct in_addr b)
{
	return a.s_addr == b.s_addr;
}

/* A network: the first `length` bits of an address. */
struct address_prefix {
	struct in_addr network;
	uint8_t length; /* 0 to 32 */
};

/* "10.0.0.0/8", or an address alone for itself. Bits beyond the length must be
 * zero. false leaves *out alone. */
bool address_prefix_parse(const char *text, struct address_prefix *out);

bool address_in_prefix(struct in_addr address, const struct address_prefix *prefix);

#define ADDRESS_PREFIXES_MAX 8u

/* Some networks; none of them stands for all addresses. */
struct address_prefixes {
	uint8_t count;
	struct address_prefix at[ADDRESS_PREFIXES_MAX];
};

/* "any", or prefixes with commas between them. false leaves *out alone. */
bool address_prefixes_parse(const char *text, struct address_prefixes *out);
/* As it is parsed. Returns the length. */
size_t address_prefixes_format(const struct address_prefixes *prefixes, char *out, size_t size);
bool address_in_prefixes(struct in_addr address, const struct address_prefixes *prefixes);

/* Can one host be reached under it: not 0/8, 127/8, multicast, 240/4 or
 * all-ones. */
bool address_is_unicast(struct in_addr address);

#endif
