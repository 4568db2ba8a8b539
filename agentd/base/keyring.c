/* keyring.c - sealing and opening; the one file that knows the cryptographic
 * library. */
#include "agentd/base/keyring.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define FORMAT 1u
#define FORMAT_OCTETS 1u
#define ID_OCTETS 4u
#define NONCE_OCTETS crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_OCTETS crypto_aead_xchacha20poly1305_ietf_ABYTES
#define HEADER_OCTETS (FORMAT_OCTETS + ID_OCTETS)
#define FINGERPRINT_OCTETS 8u

_Static_assert(KEYRING_KEY_OCTETS == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "size of a key");
_Static_assert(KEYRING_OVERHEAD == HEADER_OCTETS + NONCE_OCTETS + TAG_OCTETS, "size of a blob");

struct key {
	uint32_t id;
	uint8_t octets[KEYRING_KEY_OCTETS];
	char fingerprint[2 * FINGERPRINT_OCTETS + 1];
};

struct keyring {
	pthread_rwlock_t lock;
	size_t count;
	struct key keys[KEYRING_KEYS_MAX]; /* the first one seals */
};

struct keyring *keyring_new(void)
{
	struct keyring *ring = sodium_init() >= 0 ? sodium_malloc(sizeof(*ring)) : NULL;

	if (!ring)
		return NULL;
	memset(ring, 0, sizeof(*ring));
	pthread_rwlock_init(&ring->lock, NULL);
	return ring;
}

void keyring_free(struct keyring *ring)
{
	if (!ring)
		return;
	pthread_rwlock_destroy(&ring->lock);
	sodium_free(ring); /* wipes */
}

static void make_fingerprint(struct key *key)
{
	static const uint8_t label[] = "hearth cluster key";
	uint8_t digest[crypto_generichash_BYTES_MIN];

	_Static_assert(sizeof(digest) >= FINGERPRINT_OCTETS, "size of a fingerprint");
	crypto_generichash(digest, sizeof(digest), label, sizeof(label), key->octets,
	                   sizeof(key->octets));
	sodium_bin2hex(key->fingerprint, sizeof(key->fingerprint), digest, FINGERPRINT_OCTETS);
}

static const struct key *find(const struct keyring *ring, uint32_t id)
{
	for (size_t i = 0; i < ring->count; i++)
		if (ring->keys[i].id == id)
			return &ring->keys[i];
	return NULL;
}

static bool has_octets(const struct keyring *ring, const uint8_t key[KEYRING_KEY_OCTETS])
{
	bool found = false;

	for (size_t i = 0; i < ring->count; i++)
		found |= sodium_memcmp(ring->keys[i].octets, key, KEYRING_KEY_OCTETS) == 0;
	return found;
}

enum ha_error keyring_add(struct keyring *ring, uint32_t id, const uint8_t key[KEYRING_KEY_OCTETS])
{
	enum ha_error error = HA_OK;

	if (id == 0 || sodium_is_zero(key, KEYRING_KEY_OCTETS))
		return HA_E_RANGE;
	pthread_rwlock_wrlock(&ring->lock);
	if (find(ring, id) || has_octets(ring, key)) {
		error = HA_E_EXISTS;
	} else if (ring->count == KEYRING_KEYS_MAX) {
		error = HA_E_CAPACITY;
	} else {
		struct key *added = &ring->keys[ring->count++];

		added->id = id;
		memcpy(added->octets, key, KEYRING_KEY_OCTETS);
		make_fingerprint(added);
	}
	pthread_rwlock_unlock(&ring->lock);
	return error;
}

void keyring_take(struct keyring *ring, struct keyring *from)
{
	pthread_rwlock_wrlock(&ring->lock);
	ring->count = from->count;
	memcpy(ring->keys, from->keys, sizeof(ring->keys));
	pthread_rwlock_unlock(&ring->lock);
}

size_t keyring_list(struct keyring *ring, struct keyring_entry out[KEYRING_KEYS_MAX])
{
	size_t count;

	pthread_rwlock_rdlock(&ring->lock);
	count = ring->count;
	for (size_t i = 0; i < count; i++) {
		out[i].id = ring->keys[i].id;
		memcpy(out[i].fingerprint, ring->keys[i].fingerprint, sizeof(out[i].fingerprint));
	}
	pthread_rwlock_unlock(&ring->lock);
	return count;
}

bool keyring_has(struct keyring *ring, uint32_t id)
{
	bool has;

	pthread_rwlock_rdlock(&ring->lock);
	has = find(ring, id) != NULL;
	pthread_rwlock_unlock(&ring->lock);
	return has;
}

uint32_t keyring_sealing_id(struct keyring *ring)
{
	uint32_t id;

	pthread_rwlock_rdlock(&ring->lock);
	id = ring->count ? ring->keys[0].id : 0;
	pthread_rwlock_unlock(&ring->lock);
	return id;
}

/* ---- what is authenticated beside the secret: the blob's head, the context ---- */

struct bound {
	size_t size;
	uint8_t at[HEADER_OCTETS + KEYRING_CONTEXT_MAX];
};

static void put_header(uint8_t out[HEADER_OCTETS], uint32_t id)
{
	uint32_t number = htonl(id);

	out[0] = FORMAT;
	memcpy(out + FORMAT_OCTETS, &number, sizeof(number));
}

/* false: the context is too long. */
static bool bind_context(const uint8_t header[HEADER_OCTETS], struct keyring_octets context,
                         struct bound *out)
{
	if (context.size > KEYRING_CONTEXT_MAX)
		return false;
	memcpy(out->at, header, HEADER_OCTETS);
	if (context.size)
		memcpy(out->at + HEADER_OCTETS, context.at, context.size);
	out->size = HEADER_OCTETS + context.size;
	return true;
}

static void seal_under(const struct key *key, const struct bound *bound,
                       struct keyring_octets plain, struct keyring_blob *out)
{
	uint8_t *nonce = out->at + HEADER_OCTETS;

	randombytes_buf(nonce, NONCE_OCTETS);
	crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE_OCTETS, NULL, plain.at, plain.size,
	                                           bound->at, bound->size, NULL, nonce,
	                                           key->octets);
	out->size = plain.size + KEYRING_OVERHEAD;
}

enum ha_error keyring_seal(struct keyring *ring, struct keyring_octets context,
                           struct keyring_octets plain, struct keyring_blob *out)
{
	enum ha_error error = HA_OK;
	struct bound bound;

	out->size = 0;
	if (plain.size > KEYRING_PLAIN_MAX)
		return HA_E_RANGE;
	pthread_rwlock_rdlock(&ring->lock);
	put_header(out->at, ring->count ? ring->keys[0].id : 0);
	if (!ring->count)
		error = HA_E_NO_KEY;
	else if (!bind_context(out->at, context, &bound))
		error = HA_E_RANGE;
	else
		seal_under(&ring->keys[0], &bound, plain, out);
	pthread_rwlock_unlock(&ring->lock);
	return error;
}

/* Of octets that are long enough. */
static uint32_t key_of(struct keyring_octets blob)
{
	uint32_t number;

	memcpy(&number, (const uint8_t *)blob.at + FORMAT_OCTETS, sizeof(number));
	return ntohl(number);
}

enum ha_error keyring_blob_check(struct keyring_octets blob)
{
	const uint8_t *octets = blob.at;

	if (blob.size == 0 || octets[0] == 0)
		return HA_E_MALFORMED;
	if (octets[0] > FORMAT)
		return HA_E_NEWER;
	if (blob.size < KEYRING_OVERHEAD || blob.size > KEYRING_BLOB_MAX)
		return HA_E_MALFORMED;
	return key_of(blob) ? HA_OK : HA_E_MALFORMED;
}

uint32_t keyring_blob_key(struct keyring_octets blob)
{
	return keyring_blob_check(blob) == HA_OK ? key_of(blob) : 0;
}

static bool open_under(const struct key *key, const struct bound *bound, struct keyring_octets blob,
                       struct keyring_plain *out)
{
	const uint8_t *nonce = (const uint8_t *)blob.at + HEADER_OCTETS;
	unsigned long long size = 0;
	int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
		out->at, &size, NULL, nonce + NONCE_OCTETS,
		blob.size - HEADER_OCTETS - NONCE_OCTETS, bound->at, bound->size, nonce,
		key->octets);

	out->size = failed ? 0 : (size_t)size;
	return !failed;
}

enum ha_error keyring_open(struct keyring *ring, struct keyring_octets context,
                           struct keyring_octets blob, struct keyring_plain *out)
{
	enum ha_error error = keyring_blob_check(blob);
	const struct key *key;
	struct bound bound;

	*out = (struct keyring_plain){ 0 };
	if (error != HA_OK)
		return error;
	if (!bind_context(blob.at, context, &bound))
		return HA_E_OTHER_KEY; /* nothing was ever sealed for such a place */
	pthread_rwlock_rdlock(&ring->lock);
	key = find(ring, key_of(blob));
	if (!key)
		error = HA_E_NO_KEY;
	else if (!open_under(key, &bound, blob, out))
		error = HA_E_OTHER_KEY;
	pthread_rwlock_unlock(&ring->lock);
	return error;
}

void keyring_random(void *out, size_t size)
{
	randombytes_buf(out, size);
}
