/* peers.c - the store has the peers of a kind and realm in two ranges, those known by
 * name first. Tables want them last, since an address is shorter. */
#include "mib/peers.h"

#include <string.h>

#include "agentd/base/address.h"
#include "mib/counters.h"
#include "mib/view.h"

#define FAMILY_OCTETS 1u

/* ---- identities ---- */

struct mib_peer_identity mib_peer_identity_at(const struct mib_key *key, size_t at)
{
	struct mib_peer_identity identity = { 0 };
	size_t left;

	if (at >= key->size)
		return identity;
	identity.size = key->at[at];
	left = key->size - at - 1;
	memcpy(identity.at, key->at + at + 1, left < MIB_IDENTITY_MAX ? left : MIB_IDENTITY_MAX);
	return identity;
}

void mib_peer_identity_key(const struct mib_peer_identity *identity, struct mib_key *key)
{
	mib_key_string(key, identity->at, identity->size);
}

bool mib_peer_place_equal(const struct mib_peer_place *one, const struct mib_peer_place *other)
{
	return one->kind == other->kind && one->realm == other->realm &&
	       one->identity.size == other->identity.size &&
	       one->identity.size <= MIB_IDENTITY_MAX &&
	       memcmp(one->identity.at, other->identity.at, one->identity.size) == 0;
}

struct agent_whom mib_peer_whom(const struct mib_peer_place *place, const struct peer_row *peer,
                                struct name_digest *name)
{
	struct agent_whom whom = { .realm = place->realm, .address = peer->address };

	if (place->identity.size == sizeof(name->octets)) {
		memcpy(name->octets, place->identity.at, sizeof(name->octets));
		whom.name = name;
	}
	return whom;
}

/* ---- peers ---- */

bool mib_peer_at(struct store_reader *reader, const struct row_octets *key, struct peer_row *out)
{
	const struct store_bytes bytes = { key->at, key->size };
	struct store_bytes value;

	return store_get(reader, STORE_PEERS, bytes, &value) == HA_OK &&
	       peer_row_decode(mib_span(bytes), mib_span(value), out) == HA_OK;
}

/* The key of a row; with the octets of an identity that is shorter or longer than those
 * of the range, where the range begins. */
static size_t key_of(const struct mib_peer_place *place, size_t octets, struct row_octets *out)
{
	const uint8_t *at = place->identity.at;
	struct in_addr address = { 0 };
	struct name_digest name = { { 0 } };
	bool whole = place->identity.size == octets;

	if (octets == MIB_ADDRESS_OCTETS) {
		if (whole)
			memcpy(&address, at, sizeof(address));
		peer_row_key_of_address(place->kind, place->realm, address, out);
	} else {
		if (whole)
			memcpy(name.octets, at, sizeof(name.octets));
		peer_row_key_of_name(place->kind, place->realm, &name, out);
	}
	return out->size - octets;
}

/* Those whose identity has so many octets. */
static bool find_in_range(struct store_reader *reader, const struct mib_peer_place *from,
                          size_t octets, bool after, struct mib_peer_place *place,
                          struct peer_row *row)
{
	struct row_octets key;
	size_t prefix = key_of(from, octets, &key);
	struct store_row raw;
	enum ha_error why = store_seek(reader, STORE_PEERS,
	                               (struct store_bytes){ key.at, key.size },
	                               after && from->identity.size == octets, &raw);

	while (why == HA_OK && raw.key.size >= prefix && memcmp(raw.key.at, key.at, prefix) == 0) {
		if (peer_row_decode(mib_span(raw.key), mib_span(raw.value), row) == HA_OK) {
			*place = (struct mib_peer_place){ from->kind, from->realm, { 0 } };
			place->identity.size = (uint8_t)octets;
			memcpy(place->identity.at, (const uint8_t *)raw.key.at + prefix, octets);
			return true;
		}
		mib_count(MIB_COUNT_UNREADABLE);
		why = store_next(reader, STORE_PEERS, &raw);
	}
	return false;
}

bool mib_peer_address(struct store_reader *reader, const struct mib_peer_place *from, bool after,
                      struct mib_peer_place *place, struct peer_row *row)
{
	return from->identity.size <= MIB_ADDRESS_OCTETS &&
	       find_in_range(reader, from, MIB_ADDRESS_OCTETS, after, place, row);
}

static bool find_in_realm(struct store_reader *reader, const struct mib_peer_place *from,
                          bool after, struct mib_peer_place *place, struct peer_row *row)
{
	return mib_peer_address(reader, from, after, place, row) ||
	       (from->identity.size <= NAME_DIGEST_SIZE &&
	        find_in_range(reader, from, NAME_DIGEST_SIZE, after, place, row));
}

/* The next kind and realm of which there is a row, whatever is in it. */
static bool next_realm(struct store_reader *reader, struct mib_peer_place *at)
{
	struct row_octets key;
	struct store_row raw;
	struct reader in;

	peer_row_key_of_address(at->kind, at->realm, (struct in_addr){ 0 }, &key);
	key.size -= FAMILY_OCTETS + MIB_ADDRESS_OCTETS;
	memset(key.at + key.size, UINT8_MAX, STORE_KEY_MAX - key.size);
	if (store_seek(reader, STORE_PEERS, (struct store_bytes){ key.at, STORE_KEY_MAX }, true,
	               &raw) != HA_OK)
		return false;
	in = reader_over(raw.key.at, raw.key.size);
	*at = (struct mib_peer_place){ .kind = get_u8(&in) };
	at->realm = get_u32(&in);
	return in.error == HA_OK;
}

bool mib_peer_find(struct store_reader *reader, const struct mib_peer_place *from, bool after,
                   struct mib_peer_place *place, struct peer_row *row)
{
	struct mib_peer_place at = *from;

	while (!find_in_realm(reader, &at, after, place, row)) {
		if (!next_realm(reader, &at))
			return false;
		after = false;
	}
	return true;
}

/* ---- associations ---- */

/* Keys begin with the id of the peer, as `first` does. */
static bool is_of_same(const struct store_row *raw, const struct row_octets *first)
{
	return raw->key.size >= sizeof(uint64_t) &&
	       memcmp(raw->key.at, first->at, sizeof(uint64_t)) == 0;
}

bool mib_peer_association(struct store_reader *reader, uint64_t peer, struct mib_peer_spi from,
                          bool after, struct association_row *row)
{
	struct association_row first = { .peer = peer, .spi = from.spi, .use = from.use };
	struct row_octets key;
	struct store_row raw;
	enum ha_error why;

	association_row_key(&first, &key);
	why = store_seek(reader, STORE_ASSOCIATIONS, (struct store_bytes){ key.at, key.size },
	                 after, &raw);
	while (why == HA_OK && is_of_same(&raw, &key)) {
		why = association_row_decode(mib_span(raw.key), mib_span(raw.value), row);
		mip_wipe(row->key, sizeof(row->key));
		mip_wipe(&row->sealed, sizeof(row->sealed));
		if (why == HA_OK)
			return true;
		mib_count(MIB_COUNT_UNREADABLE);
		why = store_next(reader, STORE_ASSOCIATIONS, &raw);
	}
	return false;
}
