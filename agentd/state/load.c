/* load.c - the store's rows into empty tables, at start. Binding rows can be
 * newer than the log position of the store; they say so themselves. */
#include "agentd/state/internal.h"

enum ha_error state_load_peer(struct state *state, const struct peer_row *row)
{
	uint32_t slot;

	if (row->id == 0 || row->id == UINT64_MAX ||
	    peer_find(state, row->kind, row->realm, row->address) != SLOT_NONE)
		return HA_E_DAMAGED;
	return peer_add(state, row, &slot);
}

/* Where the slot of a peer's id is, or SLOT_NONE to be overwritten. */
static uint32_t *place_of_id(struct state *state, uint64_t id)
{
	uint64_t at = id * UINT64_C(0x9e3779b97f4a7c15) >> 32;
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

static enum ha_error slot_of(struct state *state, uint64_t id, uint32_t *slot)
{
	enum ha_error error = state->by_id ? HA_OK : index_ids(state);

	*slot = error == HA_OK ? *place_of_id(state, id) : SLOT_NONE;
	return error;
}

enum ha_error state_load_association(struct state *state, const struct association_row *row)
{
	uint32_t slot;
	enum ha_error error = slot_of(state, row->peer, &slot);

	if (error == HA_OK && slot == SLOT_NONE)
		error = HA_E_DAMAGED;
	return error == HA_OK ? association_add(state, slot, row) : error;
}

static void raise_replay(struct peer *peer, uint64_t identification, uint64_t digest,
                         uint64_t version)
{
	if (version < peer->version)
		return;
	peer->version = version; /* the newer row has the newer identification */
	peer->identification = identification;
	peer->digest = digest;
}

/* A row of a peer that is gone was left by a crash between two transactions:
 * the next write of that home address clears it away. */
enum ha_error state_load_replay(struct state *state, const struct replay_row *row)
{
	uint32_t slot;
	enum ha_error error = slot_of(state, row->peer, &slot);

	if (slot != SLOT_NONE)
		raise_replay(&state->peers[slot], row->identification, row->digest, row->version);
	return error;
}

enum ha_error state_load_binding(struct state *state, const struct binding_row *row)
{
	uint32_t slot = peer_find(state, PEER_MOBILE_NODE, row->realm, row->home);
	struct peer *peer = slot == SLOT_NONE ? NULL : &state->peers[slot];

	if (!peer || peer->id != row->node || row->version < peer->created)
		return HA_OK; /* of an earlier incarnation, as above */
	raise_replay(peer, row->replay, row->digest, row->version);
	if (row->binding.granted_ms > state->time_ms)
		state->time_ms = row->binding.granted_ms;
	return binding_put(state, slot, &row->binding, row->version);
}

enum ha_error state_load_setting(struct state *state, const char *name, const char *value)
{
	return setting_put(state, name, value);
}
