/* shared_address.c - a list of addresses with interfaces, read. */
#include "agentd/base/shared_address.h"

#include <stdio.h>
#include <string.h>

#include "agentd/base/address.h"

#define WORD_MAX 48u

static bool is_new(const struct shared_address *all, size_t count, struct in_addr address)
{
	for (size_t i = 0; i < count; i++)
		if (address_equal(all[i].address, address))
			return false;
	return true;
}

static bool parse_one(const char *text, size_t length, struct shared_address *out)
{
	char word[WORD_MAX];
	char *interface;

	if (length >= sizeof(word))
		return false;
	memcpy(word, text, length);
	word[length] = '\0';
	interface = strchr(word, '@');
	if (!interface)
		return false;
	*interface++ = '\0';
	if (!address_parse(word, &out->address) || !address_is_unicast(out->address) ||
	    !*interface || strchr(interface, '%') || !interface_name_is_valid(interface))
		return false;
	memset(out->interface, 0, sizeof(out->interface));
	snprintf(out->interface, sizeof(out->interface), "%.15s", interface);
	return true;
}

bool shared_addresses_parse(const char *text, struct shared_address out[SHARED_ADDRESSES_MAX],
                            size_t *count)
{
	struct shared_address found[SHARED_ADDRESSES_MAX] = { { .address.s_addr = 0 } };
	size_t n = 0;

	while (*text) {
		size_t length = strcspn(text, ",");

		if (n == SHARED_ADDRESSES_MAX || !parse_one(text, length, &found[n]) ||
		    !is_new(found, n, found[n].address))
			return false;
		n++;
		text += length;
		if (*text == '\0')
			break;
		text += 1 + strspn(text + 1, " ");
		if (*text == '\0')
			return false;
	}
	memcpy(out, found, n * sizeof(*out));
	*count = n;
	return true;
}
