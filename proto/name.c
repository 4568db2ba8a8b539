/* name.c - names of mobile nodes as digests. */
#include "proto/name.h"

#include <nettle/sha2.h>

static uint8_t lower(uint8_t octet)
{
	return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet - 'A' + 'a') : octet;
}

/* Where the realm of the name begins; its end when it has none. */
static size_t realm_at(struct span nai)
{
	size_t at = nai.size;

	while (at > 0 && nai.at[at - 1] != '@')
		at--;
	return at == 0 ? nai.size : at;
}

struct name_digest name_digest_of(uint32_t realm, struct span nai)
{
	uint8_t octets[sizeof(uint32_t) + MIP_NAI_MAX], digest[SHA256_DIGEST_SIZE];
	struct writer w = writer_over(octets, sizeof(octets));
	struct name_digest out = { { 0 } };
	size_t folded = realm_at(nai);
	struct sha256_ctx hash;

	if (nai.size == 0 || nai.size > MIP_NAI_MAX)
		return out;
	put_u32(&w, realm);
	for (size_t i = 0; i < nai.size; i++)
		put_u8(&w, i < folded ? nai.at[i] : lower(nai.at[i]));
	sha256_init(&hash);
	sha256_update(&hash, writer_used(&w), octets);
	sha256_digest(&hash, sizeof(digest), digest);
	memcpy(out.octets, digest, sizeof(out.octets));
	return out;
}

bool name_digest_equal(const struct name_digest *a, const struct name_digest *b)
{
	return memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

bool name_digest_is_none(const struct name_digest *digest)
{
	static const struct name_digest none;

	return name_digest_equal(digest, &none);
}
