/* advertised_link.h - an interface on which the agent advertises itself, as the
 * configuration names it:
 *
 *     eth1 foreign
 *     eth1 both router every 3-4 lifetime 12 prefix-lengths
 *     eth2 foreign solicited broadcast
 *
 * May include: agentd/base. */
#ifndef AGENTD_BASE_ADVERTISED_LINK_H
#define AGENTD_BASE_ADVERTISED_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/home_network.h"

#define ADVERTISED_LINKS_MAX 8u

/* RFC 1256 section 6.1. */
#define ADVERTISED_EVERY_LEAST_S 3u
#define ADVERTISED_EVERY_LONGEST_LEAST_S 4u
#define ADVERTISED_EVERY_MOST_S 1800u
#define ADVERTISED_LIFETIME_MOST_S 9000u

enum advertised_role {
	ADVERTISED_HOME = 1, /* or-ed; 0: there is no such link */
	ADVERTISED_FOREIGN = 2,
};

/* X(word, member): what may be said of one, in the order in which it is written. */
#define ADVERTISED_CHOICES(X)                                                                      \
	X("router", router) /* routes for everybody, not for mobile nodes alone */                 \
	X("registration-required", required) /* also of nodes with an address of their own here */ \
	X("prefix-lengths", prefix_lengths)  /* of the agent's addresses are told */               \
	X("solicited", solicited)            /* nothing is said unasked */                         \
	X("broadcast", broadcast)            /* to 255.255.255.255, and not to 224.0.0.1 */

/* Without padding: two of them are equal when their octets are. */
struct advertised_link {
	char interface[HOME_NETWORK_INTERFACE_MAX];
	uint16_t least_s, most_s; /* between unsolicited advertisements; 0 = not said */
	uint16_t lifetime_s;      /* of one; 0 = not said */
	uint8_t roles;            /* enum advertised_role */
#define X(word, member) bool member;
	ADVERTISED_CHOICES(X)
#undef X
};

/* How it is to be written, as the end of a sentence. */
#define ADVERTISED_LINK_ALLOWED                                                                    \
	"empty, or an interface with foreign, home or both, and then what is wanted of router, "   \
	"registration-required, every MIN-MAX, lifetime SECONDS, prefix-lengths, solicited and "   \
	"broadcast, with single spaces between them"

/* An empty text is no link. false leaves *out alone: it is not written as it must be, or a
 * time is outside what RFC 1256 section 4.1 allows. */
bool advertised_link_parse(const char *text, struct advertised_link *out);
/* As it is parsed. Returns the length. */
size_t advertised_link_format(const struct advertised_link *link, char *out, size_t size);

static inline bool advertised_link_is_given(const struct advertised_link *link)
{
	return link->roles != 0;
}

/* "foreign", "home", "both"; static. */
const char *advertised_role_name(unsigned roles);

#endif
