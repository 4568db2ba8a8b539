/* test_keyring.c - sealing and opening: what opens, where and with which key,
 * and that nothing else does; memory that is locked and in no core dump. */
#include "agentd/base/keyring.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/octets.h"
#include "tests/unit/suite.h"

static const uint8_t secret[16] = "a mobile's key.";

static struct keyring_octets octets(const void *at, size_t size)
{
	return (struct keyring_octets){ at, size };
}

static struct keyring_octets text(const char *string)
{
	return octets(string, strlen(string));
}

static struct keyring_octets of_blob(const struct keyring_blob *blob)
{
	return octets(blob->at, blob->size);
}

/* A ring with keys of these numbers (ending with 0), each filled with `fill` + its number. */
static struct keyring *ring_of(uint8_t fill, const uint32_t *ids)
{
	struct keyring *ring = keyring_new();
	uint8_t key[KEYRING_KEY_OCTETS];

	CU_ASSERT_PTR_NOT_NULL_FATAL(ring);
	for (; *ids; ids++) {
		memset(key, (uint8_t)(fill + *ids), sizeof(key));
		CU_ASSERT_EQUAL(keyring_add(ring, *ids, key), HA_OK);
	}
	return ring;
}

static struct keyring *ring_of_one(uint32_t id)
{
	return ring_of(0, (const uint32_t[]){ id, 0 });
}

static struct keyring_blob sealed(struct keyring *ring, const char *context)
{
	struct keyring_blob blob;

	CU_ASSERT_EQUAL(keyring_seal(ring, text(context), octets(secret, sizeof(secret)), &blob),
	                HA_OK);
	return blob;
}

static void what_was_sealed_opens(void)
{
	struct keyring *ring = ring_of_one(7);
	struct keyring_plain plain;

	for (size_t size = 0; size <= KEYRING_PLAIN_MAX; size++) {
		uint8_t from[KEYRING_PLAIN_MAX];
		struct keyring_blob blob;

		memset(from, (int)size, sizeof(from));
		CU_ASSERT_EQUAL(keyring_seal(ring, text("place"), octets(from, size), &blob),
		                HA_OK);
		CU_ASSERT_EQUAL(blob.size, size + KEYRING_OVERHEAD);
		CU_ASSERT_EQUAL(keyring_blob_key(of_blob(&blob)), 7);
		CU_ASSERT_EQUAL(keyring_open(ring, text("place"), of_blob(&blob), &plain), HA_OK);
		CU_ASSERT_EQUAL(plain.size, size);
		CU_ASSERT_EQUAL(memcmp(plain.at, from, size), 0);
	}
	keyring_free(ring);
}

/* Made by another implementation of the algorithm, from the key 01 02 .. 20. */
static void a_blob_of_another_implementation_opens(void)
{
	struct octets blob = octets_of_hex(
		"0100000007404142434445464748494a4b4c4d4e4f5051525354555657afac9650735326ab2ada6f2a"
		"051ce89bf588336b74386ae94a35a9e75e2ea2c4");
	uint8_t key[KEYRING_KEY_OCTETS];
	struct keyring *ring = keyring_new();
	struct keyring_plain plain;

	CU_ASSERT_PTR_NOT_NULL_FATAL(ring);
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i + 1);
	CU_ASSERT_EQUAL(keyring_add(ring, 7, key), HA_OK);
	CU_ASSERT_EQUAL(keyring_open(ring, text("context"), octets(blob.at, blob.size), &plain),
	                HA_OK);
	CU_ASSERT_EQUAL(plain.size, 16);
	for (size_t i = 0; i < plain.size; i++)
		CU_ASSERT_EQUAL(plain.at[i], 0xa0 + i);
	free(blob.at);
	keyring_free(ring);
}

static void the_first_key_seals_and_all_open(void)
{
	struct keyring *old = ring_of_one(1);
	struct keyring *both = ring_of(0, (const uint32_t[]){ 2, 1, 0 });
	struct keyring *fresh = ring_of_one(2);
	struct keyring_blob before = sealed(old, "place"), after = sealed(both, "place");
	struct keyring_plain plain;

	CU_ASSERT_EQUAL(keyring_sealing_id(both), 2);
	CU_ASSERT_EQUAL(keyring_blob_key(of_blob(&after)), 2);
	CU_ASSERT_EQUAL(keyring_open(both, text("place"), of_blob(&before), &plain), HA_OK);
	CU_ASSERT_EQUAL(keyring_open(both, text("place"), of_blob(&after), &plain), HA_OK);
	CU_ASSERT_EQUAL(keyring_open(fresh, text("place"), of_blob(&after), &plain), HA_OK);
	CU_ASSERT_EQUAL(keyring_open(fresh, text("place"), of_blob(&before), &plain), HA_E_NO_KEY);
	keyring_free(old);
	keyring_free(both);
	keyring_free(fresh);
}

static bool is_zero(const struct keyring_plain *plain)
{
	for (size_t i = 0; i < sizeof(plain->at); i++)
		if (plain->at[i])
			return false;
	return plain->size == 0;
}

static void another_place_or_key_does_not_open(void)
{
	struct keyring *ring = ring_of_one(1);
	struct keyring *other = ring_of(9, (const uint32_t[]){ 1, 0 });
	struct keyring_blob blob = sealed(ring, "place");
	struct keyring_plain plain;
	char long_context[KEYRING_CONTEXT_MAX + 1] = "place";

	CU_ASSERT_EQUAL(keyring_open(ring, text("plate"), of_blob(&blob), &plain), HA_E_OTHER_KEY);
	CU_ASSERT_EQUAL(keyring_open(ring, text(""), of_blob(&blob), &plain), HA_E_OTHER_KEY);
	CU_ASSERT_EQUAL(keyring_open(ring, text("places"), of_blob(&blob), &plain), HA_E_OTHER_KEY);
	CU_ASSERT_EQUAL(keyring_open(ring, octets(long_context, sizeof(long_context)),
	                             of_blob(&blob), &plain),
	                HA_E_OTHER_KEY);
	CU_ASSERT_EQUAL(keyring_open(other, text("place"), of_blob(&blob), &plain), HA_E_OTHER_KEY);
	CU_ASSERT_TRUE(is_zero(&plain));
	keyring_free(ring);
	keyring_free(other);
}

static void no_prefix_opens(void)
{
	struct keyring *ring = ring_of_one(1);
	struct keyring_blob blob = sealed(ring, "place");
	struct keyring_plain plain;

	for (size_t size = 0; size < blob.size; size++) {
		struct octets prefix = octets_copy(blob.at, size);
		enum ha_error why = keyring_open(ring, text("place"), octets(prefix.at, size),
		                                 &plain);

		CU_ASSERT_EQUAL(why, size < KEYRING_OVERHEAD ? HA_E_MALFORMED : HA_E_OTHER_KEY);
		CU_ASSERT_TRUE(is_zero(&plain));
		free(prefix.at);
	}
	keyring_free(ring);
}

static void no_flipped_bit_is_overlooked(void)
{
	struct keyring *ring = ring_of_one(1);
	struct keyring_blob blob = sealed(ring, "place");
	struct keyring_plain plain;

	for (size_t bit = 0; bit < 8 * blob.size; bit++) {
		struct octets altered = octets_copy(blob.at, blob.size);
		enum ha_error expected = bit < 8    ? HA_E_NEWER
		                         : bit < 40 ? HA_E_NO_KEY
		                                    : HA_E_OTHER_KEY;

		octets_flip(altered, bit);
		if (altered.at[0] == 0)
			expected = HA_E_MALFORMED;
		if (bit == 39)
			expected = HA_E_MALFORMED; /* number 0 */
		CU_ASSERT_EQUAL(
			keyring_open(ring, text("place"), octets(altered.at, altered.size), &plain),
			expected);
		CU_ASSERT_TRUE(is_zero(&plain));
		free(altered.at);
	}
	keyring_free(ring);
}

static void what_is_too_long_is_refused(void)
{
	static const uint8_t many[KEYRING_BLOB_MAX + 1] = { 1, 0, 0, 0, 1 };
	struct keyring *ring = ring_of_one(1);
	struct keyring_plain plain;
	struct keyring_blob blob;
	char context[KEYRING_CONTEXT_MAX + 1];

	memset(context, 'c', sizeof(context));
	CU_ASSERT_EQUAL(keyring_seal(ring, text(""), octets(many, KEYRING_PLAIN_MAX + 1), &blob),
	                HA_E_RANGE);
	CU_ASSERT_EQUAL(keyring_seal(ring, octets(context, sizeof(context)), text("x"), &blob),
	                HA_E_RANGE);
	CU_ASSERT_EQUAL(blob.size, 0);
	CU_ASSERT_EQUAL(keyring_seal(ring, octets(context, KEYRING_CONTEXT_MAX), text("x"), &blob),
	                HA_OK);
	CU_ASSERT_EQUAL(
		keyring_open(ring, octets(context, KEYRING_CONTEXT_MAX), of_blob(&blob), &plain),
		HA_OK);
	CU_ASSERT_EQUAL(keyring_blob_check(octets(many, sizeof(many))), HA_E_MALFORMED);
	CU_ASSERT_EQUAL(keyring_blob_key(octets(many, sizeof(many))), 0);
	keyring_free(ring);
}

static void the_same_secret_never_looks_the_same(void)
{
	struct keyring *ring = ring_of_one(1);
	struct keyring_blob a = sealed(ring, "place"), b = sealed(ring, "place");

	CU_ASSERT_NOT_EQUAL(memcmp(a.at + 5, b.at + 5, 24), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(a.at + 29, b.at + 29, sizeof(secret)), 0);
	CU_ASSERT_PTR_NULL(memmem(a.at, a.size, secret, sizeof(secret)));
	keyring_free(ring);
}

static void rings_refuse_what_would_be_ambiguous(void)
{
	struct keyring *ring = ring_of_one(1);
	uint8_t key[KEYRING_KEY_OCTETS] = { 0 };
	struct keyring_blob blob;

	CU_ASSERT_EQUAL(keyring_add(ring, 2, key), HA_E_RANGE);
	memset(key, 1, sizeof(key));
	CU_ASSERT_EQUAL(keyring_add(ring, 2, key), HA_E_EXISTS); /* that of number 1 */
	memset(key, 0xaa, sizeof(key));
	CU_ASSERT_EQUAL(keyring_add(ring, 1, key), HA_E_EXISTS);
	CU_ASSERT_EQUAL(keyring_add(ring, 0, key), HA_E_RANGE);
	for (uint32_t id = 2; id <= KEYRING_KEYS_MAX; id++) {
		key[0] = (uint8_t)id;
		CU_ASSERT_EQUAL(keyring_add(ring, id, key), HA_OK);
	}
	key[0] = 0xff;
	CU_ASSERT_EQUAL(keyring_add(ring, 99, key), HA_E_CAPACITY);
	CU_ASSERT_FALSE(keyring_has(ring, 99));
	keyring_free(ring);

	ring = keyring_new();
	CU_ASSERT_EQUAL(keyring_sealing_id(ring), 0);
	CU_ASSERT_EQUAL(keyring_seal(ring, text(""), text("x"), &blob), HA_E_NO_KEY);
	keyring_free(ring);
}

static void fingerprints_tell_keys_apart_and_nothing_else(void)
{
	struct keyring *ring = ring_of(0, (const uint32_t[]){ 3, 1, 0 });
	struct keyring *moved = ring_of(2, (const uint32_t[]){ 1, 0 }); /* as number 3 above */
	struct keyring_entry entries[KEYRING_KEYS_MAX], other[KEYRING_KEYS_MAX];

	CU_ASSERT_EQUAL(keyring_list(ring, entries), 2);
	CU_ASSERT_EQUAL(keyring_list(moved, other), 1);
	CU_ASSERT_EQUAL(entries[0].id, 3);
	CU_ASSERT_EQUAL(entries[1].id, 1);
	CU_ASSERT_STRING_NOT_EQUAL(entries[0].fingerprint, entries[1].fingerprint);
	CU_ASSERT_STRING_EQUAL(entries[0].fingerprint, other[0].fingerprint);
	CU_ASSERT_EQUAL(strlen(entries[0].fingerprint), 16);
	keyring_free(ring);
	keyring_free(moved);
}

/* The flags of the mapping in which the address lies, as the kernel says them. */
static void mapping_flags(const void *address, char *out, size_t size)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	unsigned long begin, end;
	bool within = false;
	char line[512];

	out[0] = '\0';
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
			within = (unsigned long)address >= begin && (unsigned long)address < end;
		else if (within && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(out, size, "%s", line + 8);
	}
	fclose(file);
}

static void keys_are_locked_and_in_no_core_dump(void)
{
	struct keyring *ring = ring_of_one(1);
	char flags[512];

	mapping_flags(ring, flags, sizeof(flags));
	CU_ASSERT_PTR_NOT_NULL(strstr(flags, " dd"));               /* do not dump */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* they make mlock idle */
	CU_ASSERT_PTR_NOT_NULL(strstr(flags, " lo"));               /* locked */
#endif
	keyring_free(ring);
}

/* ---- keys change while others seal and open ---- */

static struct keyring *shared;
static atomic_bool finished;
static atomic_uint failures, opened;

static void *seal_and_open(void *argument)
{
	struct keyring_plain plain;
	struct keyring_blob blob;

	(void)argument;
	while (!finished) {
		if (keyring_seal(shared, text("place"), octets(secret, sizeof(secret)), &blob) !=
		            HA_OK ||
		    keyring_open(shared, text("place"), of_blob(&blob), &plain) != HA_OK)
			failures++;
		opened++;
	}
	return NULL;
}

static void keys_can_be_taken_while_others_work(void)
{
	pthread_t threads[2];

	shared = ring_of_one(1);
	finished = false;
	for (size_t i = 0; i < 2; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, seal_and_open, NULL), 0);
	for (unsigned i = 0; i < 500 || opened < 100; i++) {
		struct keyring *next = ring_of(0, i % 2 ? (const uint32_t[]){ 1, 2, 0 }
		                                        : (const uint32_t[]){ 2, 1, 0 });

		keyring_take(shared, next);
		keyring_free(next);
		CU_ASSERT_EQUAL(keyring_sealing_id(shared), i % 2 ? 1 : 2);
	}
	finished = true;
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT_EQUAL(failures, 0);
	keyring_free(shared);
}

static CU_TestInfo tests[] = {
	{ "what was sealed opens", what_was_sealed_opens },
	{ "a blob of another implementation opens", a_blob_of_another_implementation_opens },
	{ "the first key seals and all open", the_first_key_seals_and_all_open },
	{ "another place or key does not open", another_place_or_key_does_not_open },
	{ "no prefix opens", no_prefix_opens },
	{ "no flipped bit is overlooked", no_flipped_bit_is_overlooked },
	{ "what is too long is refused", what_is_too_long_is_refused },
	{ "the same secret never looks the same", the_same_secret_never_looks_the_same },
	{ "rings refuse what would be ambiguous", rings_refuse_what_would_be_ambiguous },
	{ "fingerprints tell keys apart, and nothing else",
	  fingerprints_tell_keys_apart_and_nothing_else },
	{ "keys are locked, and in no core dump", keys_are_locked_and_in_no_core_dump },
	{ "keys can be taken while others work", keys_can_be_taken_while_others_work },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("keyring", tests);
}
