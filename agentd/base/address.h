/* address.h - IPv4 addresses as text and as facts. struct in_addr is always in
 * network order; a realm is a number (overlapping address spaces, one
 * customer each), 0 by default.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_BASE_ADDRESS_H
#define AGENTD_BASE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
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

/* Can one host be reached under it: not 0/8, 127/8, multicast, 240/4 or
 * all-ones. */
bool address_is_unicast(struct in_addr address);

#endif
