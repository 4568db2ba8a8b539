/* cluster_member.c - a member's line to a struct and back. */
#include "agentd/base/cluster_member.h"

#include <stdio.h>
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/base/hex.h"

_Static_assert(sizeof(struct cluster_member) == 4 + 2 + 2 + CLUSTER_KEY_OCTETS,
               "octets that say nothing would make equal members differ");

/* The part of *text before `separator`, copied; *text moves behind that. */
static bool take(const char **text, char separator, char *out, size_t size)
{
	const char *end = strchr(*text, separator);
	size_t length = end ? (size_t)(end - *text) : size;

	if (length >= size)
		return false;
	memcpy(out, *text, length);
	out[length] = '\0';
	*text = end + 1;
	return true;
}

/* The loopback network too: members may be tried out on one host. */
static bool parse_host(const char *text, struct in_addr *out)
{
	return address_parse(text, out) &&
	       (address_is_unicast(*out) || address_host(*out) >> 24 == 127);
}

static bool parse_port(const char *text, uint16_t *out)
{
	unsigned long port = 0;

	if (*text == '0' || !*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		port = port * 10 + (unsigned long)(*text - '0');
		if (port > CLUSTER_PORT_MAX)
			return false;
	}
	*out = (uint16_t)port;
	return true;
}

static bool parse_role(const char *text, uint16_t *witness)
{
	*witness = strcmp(text, "witness") == 0;
	return *witness || strcmp(text, "data") == 0;
}

/* Zeros are what a key file never gives. */
static bool parse_key(const char *text, uint8_t out[CLUSTER_KEY_OCTETS])
{
	static const uint8_t zeros[CLUSTER_KEY_OCTETS];

	return hex_parse(text, strlen(text), out, CLUSTER_KEY_OCTETS) &&
	       memcmp(out, zeros, sizeof(zeros)) != 0;
}

bool cluster_member_parse(const char *text, struct cluster_member *out)
{
	char host[INET_ADDRSTRLEN], port[8], role[8];
	struct cluster_member member;

	memset(&member, 0, sizeof(member));
	if (*text && !(take(&text, ':', host, sizeof(host)) && parse_host(host, &member.address) &&
	               take(&text, ' ', port, sizeof(port)) && parse_port(port, &member.port) &&
	               take(&text, ' ', role, sizeof(role)) && parse_role(role, &member.witness) &&
	               parse_key(text, member.public_key)))
		return false;
	*out = member;
	return true;
}

size_t cluster_member_format(const struct cluster_member *member, char *out, size_t size)
{
	char key[2 * CLUSTER_KEY_OCTETS + 1];

	if (!cluster_member_is_given(member))
		return (size_t)snprintf(out, size, "%s", "");
	hex_format(member->public_key, CLUSTER_KEY_OCTETS, key);
	return (size_t)snprintf(out, size, "%s:%u %s %s", address_format(member->address).text,
	                        member->port, member->witness ? "witness" : "data", key);
}
