/* own_key.c - the key of an association out of its row in the store. */
#include "agentd/flow/own_key.h"

#include "agentd/flow/internal.h"
#include "agentd/state/rows.h"
#include "agentd/state/seal.h"

static struct store_bytes bytes_of(const struct row_octets *octets)
{
	return (struct store_bytes){ octets->at, octets->size };
}

static struct span span_of(const struct row_octets *octets)
{
	return (struct span){ octets->at, octets->size };
}

static enum ha_error find_peer(struct store_reader *reader, const struct row_octets *place,
                               uint64_t *id)
{
	struct store_bytes value;
	struct peer_row row;
	enum ha_error error = store_get(reader, STORE_PEERS, bytes_of(place), &value);

	if (error == HA_OK)
		error = peer_row_decode(span_of(place), (struct span){ value.at, value.size },
		                        &row);
	*id = error == HA_OK ? row.id : 0;
	return error;
}

static bool is_of(const struct store_row *raw, const struct row_octets *prefix)
{
	return raw->key.size > prefix->size && memcmp(raw->key.at, prefix->at, prefix->size) == 0;
}

/* Has the peer another row than that of this key? */
static bool is_only(struct store_reader *reader, uint64_t peer, const struct row_octets *key)
{
	const struct replay_row of_peer = { .peer = peer };
	struct row_octets prefix; /* also how its associations' keys begin */
	struct store_row raw;
	enum ha_error error;

	replay_row_key(&of_peer, &prefix);
	error = store_seek(reader, STORE_ASSOCIATIONS, bytes_of(&prefix), false, &raw);
	for (; error == HA_OK && is_of(&raw, &prefix);
	     error = store_next(reader, STORE_ASSOCIATIONS, &raw))
		if (raw.key.size != key->size || memcmp(raw.key.at, key->at, key->size) != 0)
			return false;
	return true;
}

/* *out is of `change`, and of the peer in out->place. */
static enum ha_error find_row(struct store_reader *reader, const struct change *change,
                              struct own_row *out)
{
	struct association_row key = { .spi = change->spi, .use = change->use };
	struct row_octets octets;
	struct store_bytes value;
	enum ha_error error = find_peer(reader, &out->place, &key.peer);

	association_row_key(&key, &octets);
	if (error == HA_OK)
		error = store_get(reader, STORE_ASSOCIATIONS, bytes_of(&octets), &value);
	if (error == HA_OK)
		error = association_row_decode(span_of(&octets),
		                               (struct span){ value.at, value.size }, &out->row);
	out->only = error == HA_OK && is_only(reader, key.peer, &octets);
	return error;
}

enum ha_error own_row_find(struct agent *agent, const struct change *change, struct own_row *out)
{
	struct store_reader reader = { 0 };
	enum ha_error error;

	if (!change->guard.set || change->guard.version == 0)
		return HA_E_RANGE;
	state_place_of_change(agent->state, change, &out->place);
	error = store_read_open(agent->store, &reader);
	if (error == HA_OK)
		error = find_row(&reader, change, out);
	store_read_close(&reader);
	if (error == HA_OK && out->row.created != change->guard.version)
		error = HA_E_CONFLICT;
	return error;
}

enum ha_error own_row_open(struct agent *agent, const struct own_row *own, struct change *change)
{
	const struct seal_place where = { span_of(&own->place), own->row.spi, own->row.use };
	struct keyring_plain plain;
	enum ha_error error = seal_open_key(agent->keyring, &where, &own->row.sealed, &plain);

	if (error == HA_OK && plain.size > sizeof(change->key))
		error = HA_E_DAMAGED;
	if (error == HA_OK) {
		change->algorithm = own->row.algorithm;
		change->key_size = (uint8_t)plain.size;
		memcpy(change->key, plain.at, plain.size);
	}
	mip_wipe(&plain, sizeof(plain));
	return error;
}

enum ha_error own_key_take(struct agent *agent, struct change *change)
{
	struct own_row own;
	enum ha_error error = own_row_find(agent, change, &own);

	return error == HA_OK ? own_row_open(agent, &own, change) : error;
}
