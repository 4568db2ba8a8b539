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

static uint32_t mask_of(uint8_t length)
{
	return length ? UINT32_MAX << (32 - length) : 0;
}

bool address_in_prefix(struct in_addr address, const struct address_prefix *prefix)
{
	return ((address_host(address) ^ address_host(prefix->network)) &
	        mask_of(prefix->length)) == 0;
}

static bool length_parse(const char *text, uint8_t *out)
{
	unsigned length = 0;

	if (!text[0] || strlen(text) > 2 || strspn(text, "0123456789") != strlen(text))
		return false;
	for (; *text; text++)
		length = length * 10 + (unsigned)(*text - '0');
	*out = (uint8_t)length;
	return length <= 32;
}

bool address_prefix_parse(const char *text, struct address_prefix *out)
{
	struct address_prefix prefix = { .length = 32 };
	const char *slash = strchr(text, '/');
	size_t size = slash ? (size_t)(slash - text) : strlen(text);
	char address[INET_ADDRSTRLEN];

	if (size >= sizeof(address))
		return false;
	memcpy(address, text, size);
	address[size] = '\0';
	if (!address_parse(address, &prefix.network) ||
	    (slash && !length_parse(slash + 1, &prefix.length)) ||
	    address_host(prefix.network) & ~mask_of(prefix.length))
		return false;
	*out = prefix;
	return true;
}

bool address_prefixes_parse(const char *text, struct address_prefixes *out)
{
	struct address_prefixes prefixes = { 0 };
	char one[INET_ADDRSTRLEN + 3];

	if (strcmp(text, "any") == 0) {
		*out = prefixes;
		return true;
	}
	for (;;) {
		size_t size = strcspn(text, ",");

		if (size >= sizeof(one) || prefixes.count == ADDRESS_PREFIXES_MAX)
			return false;
		memcpy(one, text, size);
		one[size] = '\0';
		if (!address_prefix_parse(one, &prefixes.at[prefixes.count++]))
			return false;
		if (!text[size])
			break;
		text += size + 1;
	}
	*out = prefixes;
	return true;
}

size_t address_prefixes_format(const struct address_prefixes *prefixes, char *out, size_t size)
{
	int length = 0;

	if (prefixes->count == 0)
		length = snprintf(out, size, "any");
	for (size_t i = 0; i < prefixes->count && (size_t)length < size; i++)
		length += snprintf(out + length, size - (size_t)length, "%s%s/%u", i ? "," : "",
		                   address_format(prefixes->at[i].network).text,
		                   prefixes->at[i].length);
	return (size_t)length;
}

bool address_in_prefixes(struct in_addr address, const struct address_prefixes *prefixes)
{
	bool inside = prefixes->count == 0;

	for (size_t i = 0; i < prefixes->count && !inside; i++)
		inside = address_in_prefix(address, &prefixes->at[i]);
	return inside;
}
