/* home_network.c - a home network's line to a struct and back. */
#include "agentd/base/home_network.h"

#include <stdio.h>
#include <string.h>

#include "agentd/base/word.h"

_Static_assert(sizeof(struct home_network) == 4 + 1 + 1 + HOME_NETWORK_INTERFACE_MAX + 2,
               "octets that say nothing would make equal networks differ");

#define LENGTH_MIN 8u /* bits: no larger network is anybody's home */

static const char *const kinds[] = {
	[HOME_NETWORK_NONE] = "none",
	[HOME_NETWORK_LINK] = "link",
	[HOME_NETWORK_ROUTER] = "router",
	[HOME_NETWORK_VIRTUAL] = "virtual",
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

const char *home_network_kind_name(enum home_network_kind kind)
{
	return kind < KIND_COUNT ? kinds[kind] : "none";
}

bool interface_name_is_valid(const char *name)
{
	return strlen(name) < HOME_NETWORK_INTERFACE_MAX && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0 && !strpbrk(name, "/: \t");
}

static bool parse_kind(const char *text, uint8_t *out)
{
	for (size_t kind = HOME_NETWORK_LINK; kind < KIND_COUNT; kind++) {
		if (strcmp(text, kinds[kind]) != 0)
			continue;
		*out = (uint8_t)kind;
		return true;
	}
	return false;
}

static bool parse_prefix(const char *text, struct home_network *out)
{
	struct address_prefix prefix;

	if (!strchr(text, '/') || !address_prefix_parse(text, &prefix) ||
	    prefix.length < LENGTH_MIN || !address_is_unicast(prefix.network))
		return false;
	out->network = prefix.network;
	out->length = prefix.length;
	return true;
}

bool home_network_parse(const char *text, struct home_network *out)
{
	struct home_network network;
	char prefix[INET_ADDRSTRLEN + 3], kind[8];

	memset(&network, 0, sizeof(network));
	if (*text) {
		if (!word_take(&text, prefix, sizeof(prefix)) || !parse_prefix(prefix, &network) ||
		    !word_take(&text, kind, sizeof(kind)) || !parse_kind(kind, &network.kind))
			return false;
		if (network.kind != HOME_NETWORK_VIRTUAL &&
		    (!word_take(&text, network.interface, sizeof(network.interface)) ||
		     !interface_name_is_valid(network.interface)))
			return false;
		if (*text)
			return false;
	}
	*out = network;
	return true;
}

size_t home_network_format(const struct home_network *network, char *out, size_t size)
{
	if (!home_network_is_given(network))
		return (size_t)snprintf(out, size, "%s", "");
	return (size_t)snprintf(out, size, "%s/%u %s%s%s", address_format(network->network).text,
	                        network->length, home_network_kind_name(network->kind),
	                        *network->interface ? " " : "", network->interface);
}

bool home_networks_meet(const struct home_network *a, const struct home_network *b)
{
	const struct home_network *wider = a->length < b->length ? a : b;
	const struct address_prefix prefix = home_network_prefix(wider);

	return home_network_is_given(a) && home_network_is_given(b) &&
	       address_in_prefix(wider == a ? b->network : a->network, &prefix);
}
