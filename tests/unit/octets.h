/* octets.h - octets for tests of codecs: from hexadecimal text, and in memory
 * of exactly their size, so that AddressSanitizer sees one octet too far. */
#ifndef TESTS_UNIT_OCTETS_H
#define TESTS_UNIT_OCTETS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct octets {
	uint8_t *at;
	size_t size;
};

/* The caller frees .at. */
static inline struct octets octets_copy(const void *from, size_t size)
{
	struct octets copy = { .at = malloc(size), .size = size };

	if (!copy.at && size)
		abort();
	if (size)
		memcpy(copy.at, from, size);
	return copy;
}

/* The caller frees .at. Aborts on anything but pairs of hexadecimal digits. */
static inline struct octets octets_of_hex(const char *hex)
{
	size_t digits = strlen(hex);
	struct octets out = { .at = malloc(digits / 2 + 1), .size = digits / 2 };

	if (!out.at || digits % 2)
		abort();
	for (size_t i = 0; i < out.size; i++) {
		unsigned octet;

		if (sscanf(hex + 2 * i, "%2x", &octet) != 1)
			abort();
		out.at[i] = (uint8_t)octet;
	}
	return out;
}

static inline void octets_flip(struct octets octets, size_t bit)
{
	octets.at[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
}

#endif
