/* load.c - the store's rows into empty tables, at start. Binding rows can be
 * newer than the log position of the store; they say so themselves. */
#include "agentd/state/internal.h"

static bool is_known(struct state *state, const struct peer_row *row)
{
	struct name_digest name = name_digest_of(
		row->realm, (struct span){ (const uint8_t *)row->nai, strlen(row->nai) });

	return (row->address.s_addr &&
	        peer_find(state, row->kind, row->realm, row->address) != SLOT_NONE) ||
	       (row->nai[0] && name_find(state, &name) != SLOT_NONE);
}

enum ha_error state_load_peer(struct state *state, const struct peer_row *row)
{
	uint32_t slot;

	enum ha_error error;

	if (row->id == 0 || row->id == UINT64_MAX || is_known(state, row))
		return HA_E_DAMAGED;
	error = peer_add(state, row, &slot);
	return error == HA_E_NO_POOL ? HA_E_DAMAGED : error;
}

/* Where the slot of a peer's id is, or SLOT_NONE to be overwritten. Ids were given
 * in turn, and rows come in their order: no hash scatters them. */
static uint32_t *place_of_id(struct state *state, uint64_t id)
{
	uint64_t at = id;
	uint32_t *place;

	do
		place = &state->by_id[at++ & state->by_id_mask];
	while (*place != SLOT_NONE && state->peers[*place].id != id);
	return place;
}

/* Rows that follow their peers name them by id. Ids have gaps without bound:
 * the table has room for the peers, not for the ids. It is made once and
 * dropped when the log is replayed. */
static enum ha_error index_ids(struct state *state)
{
	uint64_t size = 64;

	while (size < (uint64_t)state->peer_pool.fresh * 2)
		size *= 2;
	state->by_id_mask = size - 1;
	state->by_id = malloc(size * sizeof(*state->by_id));
	if (!state->by_id)
		return HA_E_NOMEM;
	memset(state->by_id, 0xff, size * sizeof(*state->by_id));
	for (uint32_t slot = 0; slot < state->peer_pool.fresh; slot++) {
		uint32_t *place = place_of_id(state, state->peers[slot].id);

		if (*place != SLOT_NONE)
			return HA_E_DAMAGED; /* two peers of one id */
		*place = slot;
	}
	return HA_OK;
}

enum ha_error loaded_slot(struct state *state, uint64_t id, uint32_t *slot)
{
	enum ha_error error = state->by_id ? HA_OK : index_ids(state);

	*slot = error == HA_OK ? *place_of_id(state, id) : SLOT_NONE;
	return error;
}

enum ha_error state_load_node(struct state *state, const struct node_row *row)
{
	uint32_t slot;
	enum ha_error error = loaded_slot(state, row->peer, &slot);

	if (error == HA_OK && slot == SLOT_NONE)
		error = HA_E_DAMAGED;
	return error == HA_OK ? peer_set_node(state, slot, row) : error;
}

/* The newer row has the newer replay state. All rows of a peer that were
 * written together have one version. */
static void raise_replay(struct state *state, uint32_t slot, const struct replay_state *replay,
                         const struct service *service, uint64_t version)
{
	struct peer *peer = &state->peers[slot];

	if (version < peer->version)
		return;
	peer->version = version;
	peer->replay = *replay;
	service_load(state, slot, service);
	association_note_use(state, slot, replay->spi, replay->used_ms);
}

/* A row of a peer that is gone was left by a crash between two transactions:
 * the next write of that home address clears it away. */
enum ha_error state_load_replay(struct state *state, const struct replay_row *row)
{
	uint32_t slot;
	enum ha_error error = loaded_slot(state, row->peer, &slot);
	struct peer *peer;

	if (error != HA_OK || slot == SLOT_NONE)
		return error;
	peer = &state->peers[slot];
	raise_replay(state, slot, &row->state, &row->service, row->version);
	if (peer->pool != LABEL_NONE && row->home.s_addr)
		lease_load(state, slot, row);
	return HA_OK;
}

/* A node with a pool has a replay row of the same age beside its bindings'. */
static bool is_of(const struct peer *peer, const struct binding_row *row)
{
	return peer->realm == row->realm && peer->address.s_addr == row->home.s_addr &&
	       (peer->pool == LABEL_NONE ? row->version >= peer->version
	                                 : row->version == peer->version && peer->leased);
}

/* The peer of a binding row, or SLOT_NONE when the row is of an earlier
 * incarnation of who has the address, or of an address that its node left. */
static enum ha_error owner_of(struct state *state, const struct binding_row *row, uint32_t *slot)
{
	enum ha_error error = loaded_slot(state, row->node, slot);

	if (error == HA_OK && *slot != SLOT_NONE && !is_of(&state->peers[*slot], row))
		*slot = SLOT_NONE;
	return error;
}

enum ha_error state_load_binding(struct state *state, const struct binding_row *row)
{
	uint32_t slot;
	enum ha_error error = owner_of(state, row, &slot);

	if (error != HA_OK || slot == SLOT_NONE)
		return error;
	raise_replay(state, slot, &row->replay, &row->service, row->version);
	if (row->binding.granted_ms > state->time_ms)
		state->time_ms = row->binding.granted_ms;
	return binding_put(state, slot, &row->binding, row->version);
}

enum ha_error state_load_setting(struct state *state, const struct setting_row *row)
{
	return setting_put(state, row->name, row->value, row->version);
}
