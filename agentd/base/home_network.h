/* home_network.h - a network of home addresses as the configuration names it:
 *
 *     192.0.2.0/24 link eth0
 *     198.51.100.0/24 router eth1
 *     10.64.0.0/16 virtual
 *
 * May include: agentd/base. */
#ifndef AGENTD_BASE_HOME_NETWORK_H
#define AGENTD_BASE_HOME_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/address.h"

#define HOME_NETWORKS_MAX 8u
#define HOME_NETWORK_INTERFACE_MAX 16u /* octets of a name with its end, as the kernel has it */

enum home_network_kind {
	HOME_NETWORK_NONE,
	HOME_NETWORK_LINK,    /* this host is one among others on the link, beside its router */
	HOME_NETWORK_ROUTER,  /* this host is the router of the link */
	HOME_NETWORK_VIRTUAL, /* there is no link: every node is always away */
};

/* Without padding: two of them are equal when their octets are. */
struct home_network {
	struct in_addr network;
	uint8_t length;
	uint8_t kind; /* enum home_network_kind; HOME_NETWORK_NONE: there is none here */
	char interface[HOME_NETWORK_INTERFACE_MAX]; /* of the link; empty where there is none */
	uint16_t reserved;
};

/* How it is to be written, as the end of a sentence. */
#define HOME_NETWORK_ALLOWED                                                                       \
	"empty, or a prefix such as 192.0.2.0/24 of 8 to 32 bits with link and an interface, "     \
	"router and an interface, or virtual, with single spaces between them"

/* An empty text is no network. false leaves *out alone. */
bool home_network_parse(const char *text, struct home_network *out);
/* As it is parsed. Returns the length. */
size_t home_network_format(const struct home_network *network, char *out, size_t size);

static inline bool home_network_is_given(const struct home_network *network)
{
	return network->kind != HOME_NETWORK_NONE;
}

static inline struct address_prefix home_network_prefix(const struct home_network *network)
{
	return (struct address_prefix){ network->network, network->length };
}

/* Both are given, and there are addresses that belong to both. */
bool home_networks_meet(const struct home_network *a, const struct home_network *b);

/* "link", "router", "virtual"; static. */
const char *home_network_kind_name(enum home_network_kind kind);

/* What the kernel takes for the name of an interface. */
bool interface_name_is_valid(const char *name);

#endif
