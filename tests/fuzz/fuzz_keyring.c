/* fuzz_keyring.c - whatever stands in a key file: it is taken, and its keys are
 * told apart, or it is refused with one printable sentence that repeats no key.
 * And whatever stands where a sealed secret should be: nobody who lacks the
 * key makes one that opens. */
#include <stdlib.h>
#include <string.h>

#include "agentd/base/keyring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_ring(struct keyring *ring)
{
	struct keyring_entry entries[KEYRING_KEYS_MAX];
	size_t count = keyring_list(ring, entries);

	require(count >= 1 && count <= KEYRING_KEYS_MAX);
	require(keyring_sealing_id(ring) == entries[0].id);
	for (size_t i = 0; i < count; i++) {
		require(entries[i].id != 0 && keyring_has(ring, entries[i].id));
		for (size_t j = 0; j < i; j++) {
			require(entries[i].id != entries[j].id);
			require(strcmp(entries[i].fingerprint, entries[j].fingerprint) != 0);
		}
	}
}

/* A sentence begins with its place and has no row of digits that could be a key. */
static void check_refusal(const struct keyring_error *error)
{
	size_t digits = 0;

	require(strncmp(error->text, "fuzz:", 5) == 0);
	for (const char *c = error->text; *c; c++) {
		require((unsigned char)*c >= 0x20 && *c != 0x7f);
		digits = strchr("0123456789abcdefABCDEF", *c) ? digits + 1 : 0;
		require(digits <= 10);
	}
}

static void try_file(const uint8_t *data, size_t size)
{
	struct keyring_error error = { "" };
	struct keyring *ring = keyring_new();

	require(ring != NULL);
	if (keyring_parse("fuzz", (const char *)data, size, ring, &error) == HA_OK)
		check_ring(ring);
	else
		check_refusal(&error);
	keyring_free(ring);
}

/* The first octet is how much of the input is the context. */
static void try_blob(const uint8_t *data, size_t size)
{
	static struct keyring *ring;
	static const uint8_t key[KEYRING_KEY_OCTETS] = { 1 };
	size_t context = size && data[0] < size ? data[0] : 0;
	struct keyring_octets place = { data, context };
	struct keyring_octets blob = { data + context, size - context };
	struct keyring_plain plain;

	if (!ring)
		require((ring = keyring_new()) && keyring_add(ring, 1, key) == HA_OK);
	require(keyring_open(ring, place, blob, &plain) != HA_OK);
	require(plain.size == 0);
	require((keyring_blob_check(blob) == HA_OK) == (keyring_blob_key(blob) != 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_file(data, size);
	try_blob(data, size);
	return 0;
}
