/* authenticator.c - authenticators by MD5, the only file that knows the hash
 * library. A further algorithm is a row of MIP_ALGORITHMS and a row of
 * `transforms`.
 *
 * The state of HMAC-MD5 is what the hash holds after one block of inner and one
 * of outer padding, in host byte order: it is for this process only. */
#include "proto/authenticator.h"

#include <assert.h>
#include <nettle/md5.h>
#include <nettle/memops.h>
#include <string.h>

#include "proto/extension.h"

#define SPI_SIZE 4u
#define HASH_STATE_SIZE sizeof(((struct md5_ctx *)NULL)->state)

static_assert(2 * HASH_STATE_SIZE <= MIP_KEY_SIZE_MAX, "both states fit where a key does");
static_assert(MIP_KEY_SIZE_MAX <= MD5_BLOCK_SIZE, "HMAC never has to shorten a key");
static_assert(MD5_DIGEST_SIZE <= MIP_AUTHENTICATOR_SIZE_MAX, "an authenticator fits");

typedef void transform_key(struct mip_key_state *out, const uint8_t *key, size_t key_size);
typedef void transform_compute(const struct mip_key_state *state, struct span covered,
                               uint8_t *out);

static transform_key hmac_md5_key, keyed_md5_key;
static transform_compute hmac_md5, keyed_md5, keyed_md5_rfc2002;

static const struct transform {
	size_t size; /* of the authenticator; 0 = no such algorithm */
	transform_key *key;
	transform_compute *compute;
} transforms[] = {
	[MIP_HMAC_MD5] = { MD5_DIGEST_SIZE, hmac_md5_key, hmac_md5 },
	[MIP_KEYED_MD5] = { MD5_DIGEST_SIZE, keyed_md5_key, keyed_md5 },
	[MIP_KEYED_MD5_RFC2002] = { MD5_DIGEST_SIZE, keyed_md5_key, keyed_md5_rfc2002 },
};

static const struct {
	const char *name;
	enum mip_algorithm algorithm;
} names[] = {
#define X(symbol, value, name, help) { name, symbol },
	MIP_ALGORITHMS(X)
#undef X
};

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

bool mip_algorithm_parse(const char *name, enum mip_algorithm *out)
{
	for (size_t i = 0; i < ROWS(names); i++) {
		if (strcmp(names[i].name, name) == 0) {
			*out = names[i].algorithm;
			return true;
		}
	}
	return false;
}

const char *mip_algorithm_name(unsigned algorithm)
{
	for (size_t i = 0; i < ROWS(names); i++)
		if (names[i].algorithm == algorithm)
			return names[i].name;
	return NULL;
}

/* NULL for a number that is no algorithm. */
static const struct transform *transform_of(unsigned algorithm)
{
	if (algorithm >= ROWS(transforms) || transforms[algorithm].size == 0)
		return NULL;
	return &transforms[algorithm];
}

enum ha_error mip_key_state_init(struct mip_key_state *out, unsigned algorithm, const void *key,
                                 size_t key_size)
{
	const struct transform *transform = transform_of(algorithm);

	*out = (struct mip_key_state){ 0 };
	if (!transform)
		return HA_E_UNSUPPORTED;
	if (key_size < MIP_KEY_SIZE_MIN || key_size > MIP_KEY_SIZE_MAX)
		return HA_E_RANGE;
	transform->key(out, key, key_size);
	out->algorithm = (uint8_t)algorithm;
	return HA_OK;
}

size_t mip_authenticator_size(const struct mip_key_state *state)
{
	const struct transform *transform = transform_of(state->algorithm);

	return transform ? transform->size : 0;
}

void mip_authenticator_compute(const struct mip_key_state *state, struct span covered,
                               uint8_t out[MIP_AUTHENTICATOR_SIZE_MAX])
{
	const struct transform *transform = transform_of(state->algorithm);

	if (transform)
		transform->compute(state, covered, out);
}

bool mip_authenticator_verify(const struct mip_key_state *state, struct span covered,
                              struct span authenticator)
{
	uint8_t expected[MIP_AUTHENTICATOR_SIZE_MAX];
	size_t size = mip_authenticator_size(state);

	if (size == 0 || authenticator.size != size)
		return false;
	mip_authenticator_compute(state, covered, expected);
	return memeql_sec(expected, authenticator.at, size);
}

void mip_authentication_append(struct writer *out, uint8_t type, uint32_t spi,
                               const struct mip_key_state *state)
{
	uint8_t authenticator[MIP_AUTHENTICATOR_SIZE_MAX];
	size_t size = mip_authenticator_size(state);

	if (size == 0)
		writer_fail(out, HA_E_UNSUPPORTED);
	if (type < MIP_EXTENSION_MOBILE_HOME || type > MIP_EXTENSION_FOREIGN_HOME)
		writer_fail(out, HA_E_MALFORMED);
	put_u8(out, type);
	put_u8(out, (uint8_t)(SPI_SIZE + size));
	put_u32(out, spi);
	if (out->error != HA_OK)
		return;
	mip_authenticator_compute(state, writer_span(out), authenticator);
	put_octets(out, authenticator, size);
}

void mip_wipe(void *secret, size_t size)
{
	explicit_bzero(secret, size);
}

/* HMAC-MD5, RFC 2104. */

/* The hash state after one block of the key padded with zeros, every octet
 * exclusive-ored with `pad`. */
static void padded_key_state(uint8_t *out, uint8_t pad, const uint8_t *key, size_t key_size)
{
	uint8_t block[MD5_BLOCK_SIZE];
	struct md5_ctx hash;

	memset(block, pad, sizeof(block));
	for (size_t i = 0; i < key_size; i++)
		block[i] ^= key[i];
	md5_init(&hash);
	md5_update(&hash, sizeof(block), block);
	memcpy(out, hash.state, HASH_STATE_SIZE);
	mip_wipe(block, sizeof(block));
	mip_wipe(&hash, sizeof(hash));
}

static void hmac_md5_key(struct mip_key_state *out, const uint8_t *key, size_t key_size)
{
	padded_key_state(out->secret, 0x36, key, key_size);
	padded_key_state(out->secret + HASH_STATE_SIZE, 0x5c, key, key_size);
}

static void hash_from_state(const uint8_t *state, const uint8_t *octets, size_t size, uint8_t *out)
{
	struct md5_ctx hash;

	memcpy(hash.state, state, HASH_STATE_SIZE);
	hash.count = 1; /* the padded key was one block */
	hash.index = 0;
	md5_update(&hash, size, octets);
	md5_digest(&hash, MD5_DIGEST_SIZE, out);
}

static void hmac_md5(const struct mip_key_state *state, struct span covered, uint8_t *out)
{
	uint8_t inner[MD5_DIGEST_SIZE];

	hash_from_state(state->secret, covered.at, covered.size, inner);
	hash_from_state(state->secret + HASH_STATE_SIZE, inner, sizeof(inner), out);
}

/* Keyed MD5, "prefix and suffix" of RFC 2002: the key is not padded. */

static void keyed_md5_key(struct mip_key_state *out, const uint8_t *key, size_t key_size)
{
	memcpy(out->secret, key, key_size);
	out->key_size = (uint8_t)key_size;
}

static void keyed_md5(const struct mip_key_state *state, struct span covered, uint8_t *out)
{
	struct md5_ctx hash;

	md5_init(&hash);
	md5_update(&hash, state->key_size, state->secret);
	md5_update(&hash, covered.size, covered.at);
	md5_update(&hash, state->key_size, state->secret);
	md5_digest(&hash, MD5_DIGEST_SIZE, out);
	mip_wipe(&hash, sizeof(hash)); /* its block holds the key */
}

static void keyed_md5_rfc2002(const struct mip_key_state *state, struct span covered, uint8_t *out)
{
	covered.size -= covered.size < SPI_SIZE ? covered.size : SPI_SIZE;
	keyed_md5(state, covered, out);
}
