/* association.c - from the store, and into a plan. */
#include "mib/association.h"

#include <string.h>

#include "mib/peers.h"
#include "proto/authenticator.h"

bool association_place_is_valid(const struct association_place *place)
{
	bool mobile = place->kind == PEER_MOBILE_NODE;

	if (!mobile && place->kind != PEER_FOREIGN_AGENT)
		return false;
	if (!mobile && (place->by_name || place->use != ASSOCIATION_HOME))
		return false;
	if (place->use != ASSOCIATION_HOME && place->use != ASSOCIATION_AAA)
		return false;
	if (!place->by_name && place->address.s_addr == 0)
		return false;
	return place->spi >= MIP_SPI_MIN ||
	       (place->spi == MIP_SPI_CHAP && place->use == ASSOCIATION_AAA);
}

bool association_spi_is_valid(const struct association_place *place, uint8_t algorithm)
{
	bool chap = algorithm == MIP_CHAP;

	return chap == (place->spi == MIP_SPI_CHAP) && (!chap || place->use == ASSOCIATION_AAA);
}

bool association_is_md5(uint8_t algorithm)
{
	return algorithm == MIP_KEYED_MD5 || algorithm == MIP_KEYED_MD5_RFC2002;
}

/* ---- replay protection ---- */

bool association_protects(enum peer_kind kind, unsigned use)
{
	return kind == PEER_MOBILE_NODE && use == ASSOCIATION_HOME;
}

enum association_replay association_replay_of(enum peer_kind kind, unsigned use, uint8_t replay)
{
	if (!association_protects(kind, use))
		return ASSOCIATION_UNPROTECTED;
	return replay == REPLAY_NONCE ? ASSOCIATION_NONCES : ASSOCIATION_TIMESTAMPS;
}

void association_take_replay(struct set_row *row, uint32_t arc,
                             const struct association_place *place,
                             const struct association_known *known, struct association_wish *wish)
{
	bool protects = association_protects(place->kind, place->use);
	int64_t replay = set_number(row, arc, 0);

	if (replay && protects != (replay != ASSOCIATION_UNPROTECTED))
		set_refuse(row, arc, REFUSAL_INCONSISTENT);
	wish->replay = known->replay;
	if (replay == ASSOCIATION_NONCES)
		wish->replay = REPLAY_NONCE;
	if (replay == ASSOCIATION_TIMESTAMPS)
		wish->replay = REPLAY_TIMESTAMP;
}

/* ---- what is there ---- */

static bool find_peer(struct store_reader *reader, const struct association_place *place,
                      struct peer_row *out)
{
	struct row_octets key;

	if (place->by_name)
		peer_row_key_of_name((uint8_t)place->kind, place->realm, &place->name, &key);
	else
		peer_row_key_of_address((uint8_t)place->kind, place->realm, place->address, &key);
	return mib_peer_at(reader, &key, out);
}

static bool find_association(struct store_reader *reader, const struct association_place *place,
                             struct association_known *known)
{
	struct association_row row = { .peer = known->peer.id,
		                       .spi = place->spi,
		                       .use = (uint8_t)place->use };
	struct store_bytes value, bytes;
	struct row_octets key;
	bool found;

	association_row_key(&row, &key);
	bytes = (struct store_bytes){ key.at, key.size };
	found = store_get(reader, STORE_ASSOCIATIONS, bytes, &value) == HA_OK &&
	        association_row_decode(mib_span(bytes), mib_span(value), &row) == HA_OK;
	if (found) {
		known->algorithm = row.algorithm;
		known->replay = row.replay;
		known->tolerance_s = row.tolerance_s;
		known->version = row.created;
	}
	mip_wipe(&row, sizeof(row));
	return found;
}

void association_look(struct mib_group *group, const struct association_place *place,
                      struct association_known *out)
{
	struct store_reader *reader = mib_group_reader(group);

	memset(out, 0, sizeof(*out));
	out->has_peer = reader && find_peer(reader, place, &out->peer);
	out->exists = out->has_peer && find_association(reader, place, out);
}

/* ---- what is to be ---- */

static void name_peer(const struct association_place *place, const struct association_known *known,
                      struct change *out)
{
	out->peer = place->kind;
	out->realm = place->realm;
	out->spi = place->spi;
	out->use = (uint8_t)place->use;
	if (!place->by_name)
		out->address = place->address;
	if (place->by_name && known->has_peer)
		memcpy(out->nai, known->peer.nai, sizeof(out->nai));
}

static void check_room(struct set_row *row, struct mib_group *group,
                       const struct association_known *known)
{
	const struct agent_status *status = mib_group_status(group);
	uint32_t peers = status->mobile_nodes + status->foreign_agents;

	if (status->associations >= status->associations_capacity ||
	    (!known->has_peer && peers >= status->nodes_capacity))
		set_refuse(row, 0, REFUSAL_NO_ROOM);
}

static void fill_new(struct set_step *step, const struct association_known *known,
                     const struct association_wish *wish)
{
	step->change.known_peer = known->has_peer;
	if (!known->has_peer) {
		memcpy(step->change.nai, wish->nai, sizeof(step->change.nai));
		memcpy(step->change.pool, wish->pool, sizeof(step->change.pool));
	}
}

static void fill_old(struct set_step *step, const struct association_wish *wish)
{
	step->change.replace = true;
	step->change.known_peer = true;
	step->change.keep_key = !wish->key;
}

void association_want(struct set_row *row, struct mib_group *group,
                      const struct association_place *place, const struct association_known *known,
                      const struct association_wish *wish)
{
	struct set_step *step = set_step(row, CHANGE_ADD_ASSOCIATION);

	if (!step)
		return;
	name_peer(place, known, &step->change);
	step->change.replay = wish->replay;
	step->change.tolerance_s = wish->tolerance_s;
	step->change.guard = (struct change_guard){ .set = true, .version = known->version };
	if (known->exists) {
		fill_old(step, wish);
	} else {
		fill_new(step, known, wish);
		check_room(row, group, known);
	}
	if (!wish->key)
		return;
	step->change.algorithm = wish->algorithm;
	step->change.key_size = (uint8_t)wish->key->size;
	memcpy(step->change.key, wish->key->is.octets, wish->key->size);
}

void association_unwant(struct set_row *row, const struct association_place *place,
                        const struct association_known *known)
{
	struct set_step *step = set_step(row, CHANGE_REMOVE_ASSOCIATION);

	if (!step)
		return;
	name_peer(place, known, &step->change);
	step->change.guard = (struct change_guard){ .set = true, .version = known->version };
}
