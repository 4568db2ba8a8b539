/* seal.c - the contexts under which secrets are sealed: what a blob belongs to. */
#include "agentd/state/seal.h"

#include <string.h>

#define CONTEXT_KEY 'k'
#define CONTEXT_SECRET 's'

struct context {
	uint8_t at[64];
	size_t size;
};

/* `place` is far shorter than a context; one that is not gets a context that
 * nothing was ever sealed for. */
static struct context context_of_place(const struct seal_place *place)
{
	struct context context = { .size = 0 };
	struct writer w = writer_over(context.at, sizeof(context.at));

	put_u8(&w, CONTEXT_KEY);
	put_u32(&w, place->spi);
	put_u8(&w, place->use);
	put_octets(&w, place->peer.at, place->peer.size);
	context.size = w.error == HA_OK ? writer_used(&w) : 0;
	return context;
}

static struct context context_of_name(const char *name)
{
	struct context context = { .size = 0 };
	struct writer w = writer_over(context.at, sizeof(context.at));

	put_u8(&w, CONTEXT_SECRET);
	put_octets(&w, name, strlen(name));
	context.size = w.error == HA_OK ? writer_used(&w) : 0;
	return context;
}

static struct keyring_octets octets_of(const struct context *context)
{
	return (struct keyring_octets){ context->at, context->size };
}

static struct keyring_octets octets_of_blob(const struct keyring_blob *blob)
{
	return (struct keyring_octets){ blob->at, blob->size };
}

enum ha_error seal_key(struct keyring *ring, const struct seal_place *place, struct span key,
                       struct keyring_blob *out)
{
	struct context context = context_of_place(place);

	return keyring_seal(ring, octets_of(&context), (struct keyring_octets){ key.at, key.size },
	                    out);
}

enum ha_error seal_open_key(struct keyring *ring, const struct seal_place *place,
                            const struct keyring_blob *blob, struct keyring_plain *out)
{
	struct context context = context_of_place(place);

	return keyring_open(ring, octets_of(&context), octets_of_blob(blob), out);
}

enum ha_error seal_secret(struct keyring *ring, const char *name,
                          const uint8_t secret[SECRET_OCTETS], struct keyring_blob *out)
{
	struct context context = context_of_name(name);

	return keyring_seal(ring, octets_of(&context),
	                    (struct keyring_octets){ secret, SECRET_OCTETS }, out);
}

enum ha_error seal_open_secret(struct keyring *ring, const char *name,
                               const struct keyring_blob *blob, uint8_t out[SECRET_OCTETS])
{
	struct context context = context_of_name(name);
	struct keyring_plain plain;
	enum ha_error error = keyring_open(ring, octets_of(&context), octets_of_blob(blob), &plain);

	memset(out, 0, SECRET_OCTETS);
	if (error == HA_OK && plain.size != SECRET_OCTETS)
		error = HA_E_RANGE;
	if (error == HA_OK)
		memcpy(out, plain.at, SECRET_OCTETS);
	mip_wipe(&plain, sizeof(plain));
	return error;
}

enum ha_error seal_blob_of(struct span octets, struct keyring_blob *out)
{
	enum ha_error error = keyring_blob_check((struct keyring_octets){ octets.at, octets.size });

	out->size = 0;
	if (error != HA_OK)
		return error == HA_E_NEWER ? error : HA_E_RANGE;
	memcpy(out->at, octets.at, octets.size);
	out->size = octets.size;
	return HA_OK;
}
