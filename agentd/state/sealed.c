/* sealed.c - what of the state is sealed under which of the cluster's keys, and
 * the commands that seal it anew. Applying thread, unless said otherwise. */
#include "agentd/state/internal.h"

#include <stdio.h>

#include "agentd/base/arena.h"
#include "proto/cluster.pb-c.h"

/* ---- how much is sealed under which key ---- */

static bool is_unused(const struct sealed_key *key)
{
	return key->associations == 0 && key->secrets == 0;
}

uint8_t sealed_index(struct state *state, uint32_t id)
{
	uint8_t unused = SEALED_NONE;

	for (uint8_t i = 0; i < SEALED_KEYS_MAX; i++) {
		if (state->sealed_keys[i].id == id && !is_unused(&state->sealed_keys[i]))
			return i;
		if (unused == SEALED_NONE && is_unused(&state->sealed_keys[i]))
			unused = i;
	}
	if (unused != SEALED_NONE)
		state->sealed_keys[unused].id = id;
	return unused;
}

size_t state_sealed(struct state *state, struct state_sealed out[STATE_SEALED_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < SEALED_KEYS_MAX; i++) {
		const struct sealed_key *key = &state->sealed_keys[i];

		if (!is_unused(key))
			out[count++] = (struct state_sealed){ key->id, key->associations,
				                              key->secrets };
	}
	return count;
}

/* ---- places ---- */

static void peer_place(const struct peer *peer, struct row_octets *out)
{
	if (peer->pool == LABEL_NONE)
		peer_row_key_of_address(peer->kind, peer->realm, peer->address, out);
	else
		peer_row_key_of_name(peer->kind, peer->realm, &peer->name, out);
}

static struct span span_of(const struct row_octets *octets)
{
	return (struct span){ octets->at, octets->size };
}

static struct span span_of_data(const ProtobufCBinaryData *data)
{
	return (struct span){ data->data, data->len };
}

static bool is_equal(struct span a, struct span b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

/* The peer that stands in the store under this key, or SLOT_NONE. */
static uint32_t find_place(struct state *state, struct span place)
{
	struct peer_key key;
	uint32_t slot;
	struct row_octets is;

	if (peer_row_key_decode(place, &key) != HA_OK)
		return SLOT_NONE;
	slot = key.by_name ? name_find(state, &key.name)
	                   : peer_find(state, key.kind, key.realm, key.address);
	if (slot == SLOT_NONE)
		return SLOT_NONE;
	peer_place(&state->peers[slot], &is); /* an address can be one of a pool */
	return is_equal(span_of(&is), place) ? slot : SLOT_NONE;
}

/* ---- opening ---- */

/* What cannot be opened here may be opened elsewhere: going on without it would
 * make this member another one. */
enum ha_error sealed_note_unopened(struct state *state, enum ha_error error,
                                   const struct keyring_blob *blob)
{
	if (error != HA_E_NO_KEY && error != HA_E_OTHER_KEY && error != HA_E_NEWER)
		return error;
	state->unopened = error;
	state->unopened_key = blob->size ? seal_blob_key(blob) : 0;
	return error;
}

uint32_t state_unopened_key(const struct state *state)
{
	return state->unopened_key;
}

enum ha_error sealed_open(struct state *state, uint32_t slot, const struct association_row *row,
                          struct mip_key_state *out)
{
	struct row_octets peer;
	struct seal_place place = { .spi = row->spi, .use = row->use };
	struct keyring_plain plain;
	enum ha_error error;

	if (row->sealed.size == 0) /* of a store that an earlier program wrote */
		return mip_key_state_init(out, row->algorithm, row->key, row->key_size);
	peer_place(&state->peers[slot], &peer);
	place.peer = span_of(&peer);
	error = seal_open_key(state->ring, &place, &row->sealed, &plain);
	if (error == HA_OK)
		error = mip_key_state_init(out, row->algorithm, plain.at, plain.size);
	mip_wipe(&plain, sizeof(plain));
	return error;
}

/* ---- an association's key on its way into a row ---- */

/* Commands of earlier programs carry the key itself: whoever applies one seals it. */
static enum ha_error seal_here(struct state *state, const struct seal_place *place,
                               const Hearth__AddAssociation *add, struct keyring_blob *out)
{
	struct span key = { add->key.data, add->has_key ? add->key.len : 0 };

	return sealed_note_unopened(state, seal_key(state->ring, place, key, out), out);
}

enum ha_error sealed_of_command(struct state *state, uint32_t slot,
                                const Hearth__AddAssociation *add, struct keyring_blob *out)
{
	struct row_octets peer;
	struct seal_place place = { .spi = add->spi, .use = (uint8_t)add->use };

	peer_place(&state->peers[slot], &peer);
	place.peer = span_of(&peer);
	if (!add->has_sealed)
		return seal_here(state, &place, add, out);
	if (!add->has_place || !is_equal(place.peer, span_of_data(&add->place)))
		return HA_E_CONFLICT; /* another peer had the name or address then */
	return sealed_note_unopened(state, seal_blob_of(span_of_data(&add->sealed), out), out);
}

/* ---- sealing anew ---- */

static enum ha_error replace_seal(struct state *state, uint32_t slot, uint32_t at,
                                  const struct keyring_blob *sealed)
{
	struct association *association = &state->associations[at];
	uint8_t index = sealed_index(state, seal_blob_key(sealed));

	if (index == SEALED_NONE)
		return HA_E_CAPACITY;
	peer_lock(state, slot);
	state->sealed_keys[association->sealed].associations--;
	state->sealed_keys[index].associations++;
	association->sealed = index;
	peer_unlock(state, slot);
	return HA_OK;
}

static void note_sealed(struct state *state, uint32_t slot, uint32_t at,
                        const struct keyring_blob *sealed, struct row_log *rows)
{
	const struct association *association = &state->associations[at];
	struct association_row row = {
		.peer = state->peers[slot].id,
		.spi = association->spi,
		.use = association->use,
		.replay = association->replay,
		.algorithm = association->key.algorithm,
		.tolerance_s = association->tolerance_s,
		.created = association->created,
		.sealed = *sealed,
	};

	association_note(rows, ROW_PUT, &row);
}

enum ha_error apply_reseal(struct state *state, const Hearth__Reseal *reseal, struct row_log *rows)
{
	uint32_t slot = find_place(state, span_of_data(&reseal->place)), at = SLOT_NONE;
	struct keyring_blob sealed;
	enum ha_error error;

	if (slot != SLOT_NONE && reseal->use <= ASSOCIATION_AAA)
		at = association_find(state, &state->peers[slot], reseal->spi,
		                      (enum association_use)reseal->use);
	if (at == SLOT_NONE)
		return HA_E_NOTFOUND;
	if (state->associations[at].created != reseal->created ||
	    state->sealed_keys[state->associations[at].sealed].id != reseal->replaces)
		return HA_E_CONFLICT;
	error = sealed_note_unopened(state, seal_blob_of(span_of_data(&reseal->sealed), &sealed),
	                             &sealed);
	if (error == HA_OK)
		error = replace_seal(state, slot, at, &sealed);
	if (error == HA_OK)
		note_sealed(state, slot, at, &sealed, rows);
	return error;
}

/* ---- secrets of the cluster ---- */

bool secrets_new(struct state *state)
{
	state->secrets = arena_map(SECRETS_MAX * sizeof(*state->secrets));
	return state->secrets != NULL;
}

void secrets_free(struct state *state)
{
	arena_unmap(state->secrets, SECRETS_MAX * sizeof(*state->secrets));
}

static bool is_secret_name(const char *name)
{
	return strncmp(name, SECRET_PREFIX, strlen(SECRET_PREFIX)) == 0 &&
	       strlen(name) < sizeof(((struct secret *)0)->name);
}

/* That of the name, or else the first free one; NULL: all are taken. */
static struct secret *secret_at(struct state *state, const char *name)
{
	for (size_t i = 0; i < SECRETS_MAX; i++)
		if (!state->secrets[i].name[0] || strcmp(state->secrets[i].name, name) == 0)
			return &state->secrets[i];
	return NULL;
}

static enum ha_error put_secret(struct state *state, struct secret *to, const char *name,
                                const struct keyring_blob *sealed)
{
	uint8_t plain[SECRET_OCTETS];
	enum ha_error error = sealed_note_unopened(
		state, seal_open_secret(state->ring, name, sealed, plain), sealed);
	uint8_t index = error == HA_OK ? sealed_index(state, seal_blob_key(sealed)) : SEALED_NONE;

	if (error == HA_OK && index == SEALED_NONE)
		error = HA_E_CAPACITY;
	if (error == HA_OK) {
		pthread_mutex_lock(&state->settings_lock);
		if (to->name[0])
			state->sealed_keys[to->sealed].secrets--;
		state->sealed_keys[index].secrets++;
		to->sealed = index;
		snprintf(to->name, sizeof(to->name), "%s", name);
		memcpy(to->plain, plain, sizeof(plain));
		pthread_mutex_unlock(&state->settings_lock);
	}
	mip_wipe(plain, sizeof(plain));
	return error;
}

enum ha_error apply_secret(struct state *state, const Hearth__Secret *secret, struct row_log *rows)
{
	struct secret *at = is_secret_name(secret->name) ? secret_at(state, secret->name) : NULL;
	struct keyring_blob sealed;
	uint32_t is;
	enum ha_error error;

	if (!at)
		return HA_E_RANGE;
	is = at->name[0] ? state->sealed_keys[at->sealed].id : 0;
	if (is != secret->replaces)
		return secret->replaces ? HA_E_CONFLICT : HA_E_EXISTS;
	error = sealed_note_unopened(state, seal_blob_of(span_of_data(&secret->sealed), &sealed),
	                             &sealed);
	if (error == HA_OK)
		error = put_secret(state, at, secret->name, &sealed);
	if (error == HA_OK)
		row_log_append(rows, ROW_PUT, ROW_SETTING,
		               (struct span){ (const uint8_t *)secret->name, strlen(secret->name) },
		               (struct span){ sealed.at, sealed.size });
	return error;
}

enum ha_error state_load_secret(struct state *state, const char *name, struct span value)
{
	struct secret *at = is_secret_name(name) ? secret_at(state, name) : NULL;
	struct keyring_blob sealed;
	enum ha_error error = seal_blob_of(value, &sealed);

	if (!at || error == HA_E_RANGE)
		return HA_E_DAMAGED;
	return error == HA_OK ? put_secret(state, at, name, &sealed)
	                      : sealed_note_unopened(state, error, &sealed);
}

uint32_t state_secret(struct state *state, const char *name, uint8_t out[SECRET_OCTETS])
{
	struct secret *at;
	uint32_t key = 0;

	memset(out, 0, SECRET_OCTETS);
	pthread_mutex_lock(&state->settings_lock);
	at = secret_at(state, name);
	if (at && at->name[0]) {
		memcpy(out, at->plain, SECRET_OCTETS);
		key = state->sealed_keys[at->sealed].id;
	}
	pthread_mutex_unlock(&state->settings_lock);
	return key;
}

/* ---- sealing, by who puts a command in order: any thread ---- */

void state_place_of_change(struct state *state, const struct change *change, struct row_octets *out)
{
	struct name_digest name = name_digest_of(
		change->realm, (struct span){ (const uint8_t *)change->nai, strlen(change->nai) });
	uint32_t slot = change->nai[0] ? name_lock_found(state, &name)
	                               : peer_lock_found(state, change->peer, change->realm,
	                                                 change->address);

	if (slot != SLOT_NONE) {
		peer_place(&state->peers[slot], out);
		peer_unlock(state, slot);
	} else if (change->address.s_addr) {
		peer_row_key_of_address((uint8_t)change->peer, change->realm, change->address, out);
	} else {
		peer_row_key_of_name((uint8_t)change->peer, change->realm, &name, out);
	}
}

enum ha_error state_seal(struct state *state, struct change *change)
{
	struct seal_place place = { .spi = change->spi, .use = change->use };
	struct row_octets peer;
	enum ha_error error;

	_Static_assert(sizeof(change->place) >= 6 + NAME_DIGEST_SIZE, "the row key of a peer");
	state_place_of_change(state, change, &peer);
	place.peer = span_of(&peer);
	error = seal_key(state->ring, &place, (struct span){ change->key, change->key_size },
	                 &change->sealed);
	memcpy(change->place, peer.at, peer.size);
	change->place_size = (uint8_t)peer.size;
	mip_wipe(change->key, sizeof(change->key));
	change->key_size = 0;
	return error;
}

/* ---- rows of earlier programs: while the store is loaded ---- */

enum ha_error state_seal_loaded(struct state *state, struct association_row *row)
{
	uint32_t slot, at = SLOT_NONE;
	struct seal_place place = { .spi = row->spi, .use = row->use };
	struct row_octets peer;
	enum ha_error error = loaded_slot(state, row->peer, &slot);

	if (error == HA_OK && slot != SLOT_NONE)
		at = association_find(state, &state->peers[slot], row->spi,
		                      (enum association_use)row->use);
	if (error != HA_OK || at == SLOT_NONE)
		return error == HA_OK ? HA_E_DAMAGED : error;
	peer_place(&state->peers[slot], &peer);
	place.peer = span_of(&peer);
	error = seal_key(state->ring, &place, (struct span){ row->key, row->key_size },
	                 &row->sealed);
	mip_wipe(row->key, sizeof(row->key));
	row->key_size = 0;
	return error == HA_OK ? replace_seal(state, slot, at, &row->sealed) : error;
}
