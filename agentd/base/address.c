/* address.c - IPv4 addresses as text and as facts. */
#include "agentd/base/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

struct address_text address_format(struct in_addr address)
{
	struct address_text out = { "" };

	inet_ntop(AF_INET, &address, out.text, sizeof(out.text));
	return out;
}

bool address_parse(const char *text, struct in_addr *out)
{
	struct in_addr parsed;

	if (inet_pton(AF_INET, text, &parsed) != 1)
		return false;
	*out = parsed;
	return true;
}

bool address_is_unicast(struct in_addr address)
{
	uint32_t host = address_host(address);
	uint8_t first = (uint8_t)(host >> 24);

	return first != 0 && first != 127 && first < 224;
}
