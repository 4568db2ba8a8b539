/* authenticator.c - authenticators by MD5, SHA-1 and SHA-256, the only file that
 * knows the hash library. A further algorithm is a row of MIP_ALGORITHMS and a
 * row of `transforms`.
 *
 * The state of HMAC is what the hash holds after one block of inner and one
 * of outer padding, in host byte order: it is for this process only. */
#include "proto/authenticator.h"

#include <assert.h>
#include <nettle/md5.h>
#include <nettle/memops.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <string.h>

#include "proto/extension.h"

#define SPI_SIZE 4u
#define BLOCK_SIZE 64u          /* octets that each of the hashes takes at once */
#define CHAP_CHALLENGE_MAX 237u /* octets of a challenge that are hashed, its last */

static_assert(MIP_KEY_SIZE_MAX <= BLOCK_SIZE, "HMAC never has to shorten a key");

/* A hash that is taken up in the middle: its state alone, between two blocks. */
struct hash {
	size_t state_size;
	size_t digest_size;
	void (*begin)(uint8_t *state, const uint8_t block[BLOCK_SIZE]);
	void (*finish)(const uint8_t *state, struct span octets, uint8_t *digest);
};

/* The contexts of the hash library differ in the size of their state only. */
#define HASH(name, DIGEST_SIZE)                                                                    \
	static void name##_begin(uint8_t *state, const uint8_t block[BLOCK_SIZE])                  \
	{                                                                                          \
		struct name##_ctx hash;                                                            \
                                                                                                   \
		name##_init(&hash);                                                                \
		name##_update(&hash, BLOCK_SIZE, block);                                           \
		memcpy(state, hash.state, sizeof(hash.state));                                     \
		mip_wipe(&hash, sizeof(hash));                                                     \
	}                                                                                          \
	static void name##_finish(const uint8_t *state, struct span octets, uint8_t *digest)       \
	{                                                                                          \
		struct name##_ctx hash;                                                            \
                                                                                                   \
		memcpy(hash.state, state, sizeof(hash.state));                                     \
		hash.count = 1; /* the block of padded key */                                      \
		hash.index = 0;                                                                    \
		name##_update(&hash, octets.size, octets.at);                                      \
		name##_digest(&hash, DIGEST_SIZE, digest);                                         \
	}                                                                                          \
	static const struct hash name = { sizeof(((struct name##_ctx *)NULL)->state), DIGEST_SIZE, \
		                          name##_begin, name##_finish };                           \
	static_assert(2 * sizeof(((struct name##_ctx *)NULL)->state) <= MIP_KEY_SIZE_MAX,          \
	              "both states fit where a key does");                                         \
	static_assert((DIGEST_SIZE) <= MIP_AUTHENTICATOR_SIZE_MAX, "an authenticator fits")

HASH(md5, MD5_DIGEST_SIZE);
HASH(sha1, SHA1_DIGEST_SIZE);
HASH(sha256, SHA256_DIGEST_SIZE);

typedef void transform_key(const struct hash *hash, struct mip_key_state *out, const uint8_t *key,
                           size_t key_size);
typedef void transform_compute(const struct hash *hash, const struct mip_key_state *state,
                               struct span covered, uint8_t *out);

static transform_key hmac_key, plain_key;
static transform_compute hmac, keyed_md5, keyed_md5_rfc2002;

static const struct transform {
	const struct hash *hash; /* NULL = no such algorithm */
	transform_key *key;
	transform_compute *compute; /* NULL = needs more than what is covered */
} transforms[] = {
	[MIP_HMAC_MD5] = { &md5, hmac_key, hmac },
	[MIP_KEYED_MD5] = { &md5, plain_key, keyed_md5 },
	[MIP_KEYED_MD5_RFC2002] = { &md5, plain_key, keyed_md5_rfc2002 },
	[MIP_HMAC_SHA1] = { &sha1, hmac_key, hmac },
	[MIP_HMAC_SHA256] = { &sha256, hmac_key, hmac },
	[MIP_CHAP] = { &md5, plain_key, NULL },
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
	if (algorithm >= ROWS(transforms) || !transforms[algorithm].hash)
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
	transform->key(transform->hash, out, key, key_size);
	out->algorithm = (uint8_t)algorithm;
	return HA_OK;
}

size_t mip_authenticator_size(const struct mip_key_state *state)
{
	const struct transform *transform = transform_of(state->algorithm);

	return transform && transform->compute ? transform->hash->digest_size : 0;
}

void mip_authenticator_compute(const struct mip_key_state *state, struct span covered,
                               uint8_t out[MIP_AUTHENTICATOR_SIZE_MAX])
{
	const struct transform *transform = transform_of(state->algorithm);

	if (transform && transform->compute)
		transform->compute(transform->hash, state, covered, out);
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

/* A generalized authentication of CHAP is the one place for its SPI, and that
 * for nothing else. */
static bool chap_is_where_it_belongs(uint8_t subtype, uint32_t spi, bool chap)
{
	if (!chap)
		return spi != MIP_SPI_CHAP;
	return spi == MIP_SPI_CHAP && subtype == MIP_GENERALIZED_MOBILE_AAA;
}

void mip_generalized_append(struct writer *out, uint8_t subtype, uint32_t spi,
                            const struct mip_key_state *state, struct span challenge)
{
	uint8_t authenticator[MIP_AUTHENTICATOR_SIZE_MAX];
	bool chap = state->algorithm == MIP_CHAP;
	size_t size = chap ? MIP_CHAP_SIZE : mip_authenticator_size(state);

	if (size == 0)
		writer_fail(out, HA_E_UNSUPPORTED);
	if (!chap_is_where_it_belongs(subtype, spi, chap))
		writer_fail(out, HA_E_MALFORMED);
	put_u8(out, MIP_EXTENSION_GENERALIZED);
	put_u8(out, subtype);
	put_u16(out, (uint16_t)(SPI_SIZE + size));
	put_u32(out, spi);
	if (out->error != HA_OK)
		return;
	if (chap)
		mip_chap_compute(state, writer_span(out), challenge, authenticator);
	else
		mip_authenticator_compute(state, writer_span(out), authenticator);
	put_octets(out, authenticator, size);
}

void mip_wipe(void *secret, size_t size)
{
	explicit_bzero(secret, size);
}

/* HMAC, RFC 2104. */

/* The hash state after one block of the key padded with zeros, every octet
 * exclusive-ored with `pad`. */
static void padded_key_state(const struct hash *hash, uint8_t *out, uint8_t pad, const uint8_t *key,
                             size_t key_size)
{
	uint8_t block[BLOCK_SIZE];

	memset(block, pad, sizeof(block));
	for (size_t i = 0; i < key_size; i++)
		block[i] ^= key[i];
	hash->begin(out, block);
	mip_wipe(block, sizeof(block));
}

static void hmac_key(const struct hash *hash, struct mip_key_state *out, const uint8_t *key,
                     size_t key_size)
{
	padded_key_state(hash, out->secret, 0x36, key, key_size);
	padded_key_state(hash, out->secret + hash->state_size, 0x5c, key, key_size);
}

static void hmac(const struct hash *hash, const struct mip_key_state *state, struct span covered,
                 uint8_t *out)
{
	uint8_t inner[MIP_AUTHENTICATOR_SIZE_MAX];

	hash->finish(state->secret, covered, inner);
	hash->finish(state->secret + hash->state_size, (struct span){ inner, hash->digest_size },
	             out);
}

/* Keyed MD5, "prefix and suffix" of RFC 2002: the key is not padded. */

static void plain_key(const struct hash *hash, struct mip_key_state *out, const uint8_t *key,
                      size_t key_size)
{
	(void)hash;
	memcpy(out->secret, key, key_size);
	out->key_size = (uint8_t)key_size;
}

static void keyed_md5(const struct hash *unused, const struct mip_key_state *state,
                      struct span covered, uint8_t *out)
{
	struct md5_ctx hash;

	(void)unused;
	md5_init(&hash);
	md5_update(&hash, state->key_size, state->secret);
	md5_update(&hash, covered.size, covered.at);
	md5_update(&hash, state->key_size, state->secret);
	md5_digest(&hash, MD5_DIGEST_SIZE, out);
	mip_wipe(&hash, sizeof(hash)); /* its block holds the key */
}

static void keyed_md5_rfc2002(const struct hash *unused, const struct mip_key_state *state,
                              struct span covered, uint8_t *out)
{
	covered.size -= covered.size < SPI_SIZE ? covered.size : SPI_SIZE;
	keyed_md5(unused, state, covered, out);
}

/* CHAP, RFC 4721 section 8. */

static void md5_of(struct span octets, uint8_t digest[MD5_DIGEST_SIZE])
{
	struct md5_ctx hash;

	md5_init(&hash);
	md5_update(&hash, octets.size, octets.at);
	md5_digest(&hash, MD5_DIGEST_SIZE, digest);
}

static struct span last_of(struct span octets, size_t max)
{
	size_t size = octets.size < max ? octets.size : max;

	return (struct span){ .at = octets.at + (octets.size - size), .size = size };
}

void mip_chap_compute(const struct mip_key_state *state, struct span covered, struct span challenge,
                      uint8_t out[MIP_AUTHENTICATOR_SIZE_MAX])
{
	static const uint8_t zero[1];
	uint8_t message[MD5_DIGEST_SIZE];
	struct md5_ctx hash;
	struct span tail;

	if (state->algorithm != MIP_CHAP)
		return;
	if (challenge.size == 0)
		challenge = (struct span){ .at = zero, .size = sizeof(zero) };
	tail = last_of(challenge, CHAP_CHALLENGE_MAX);
	md5_of(covered, message);
	md5_init(&hash);
	md5_update(&hash, 1, challenge.at);
	md5_update(&hash, state->key_size, state->secret);
	md5_update(&hash, sizeof(message), message);
	md5_update(&hash, tail.size, tail.at);
	md5_digest(&hash, MIP_CHAP_SIZE, out);
	mip_wipe(&hash, sizeof(hash)); /* its block holds the key */
}

bool mip_chap_verify(const struct mip_key_state *state, struct span covered, struct span challenge,
                     struct span authenticator)
{
	uint8_t expected[MIP_AUTHENTICATOR_SIZE_MAX];

	if (state->algorithm != MIP_CHAP || authenticator.size != MIP_CHAP_SIZE)
		return false;
	mip_chap_compute(state, covered, challenge, expected);
	return memeql_sec(expected, authenticator.at, MIP_CHAP_SIZE);
}
