/* load.c - the store's rows into empty tables, at start. Binding rows can be
 * newer than the log position of the store; they say so themselves. */
#include "agentd/state/internal.h"

enum ha_error state_load_peer(struct state *state, const struct peer_row *row)
{
	uint32_t slot;

	if (row->id == 0 || peer_find(state, row->kind, row->realm, row->address) != SLOT_NONE)
		return HA_E_DAMAGED;
	return peer_add(state, row, &slot);
}

/* Rows that follow their peers name them by id. Peers are loaded in the order
 * of their keys, associations in the order of ids: a table from one to the
 * other is made once and dropped when the log is replayed. */
static uint32_t slot_of(struct state *state, uint64_t id)
{
	if (!state->by_id) {
		state->by_id_size = state->next_id;
		state->by_id = malloc(state->by_id_size * sizeof(*state->by_id));
		if (!state->by_id)
			return SLOT_NONE;
		memset(state->by_id, 0xff, state->by_id_size * sizeof(*state->by_id));
		for (uint32_t slot = 0; slot < state->peer_pool.fresh; slot++)
			if (state->peers[slot].id)
				state->by_id[state->peers[slot].id] = slot;
	}
	return id < state->by_id_size ? state->by_id[id] : SLOT_NONE;
}

enum ha_error state_load_association(struct state *state, const struct association_row *row)
{
	uint32_t slot = slot_of(state, row->peer);

	if (slot == SLOT_NONE)
		return HA_E_DAMAGED;
	return association_add(state, slot, row);
}

static void raise_replay(struct peer *peer, uint64_t identification, uint64_t digest,
                         uint64_t version)
{
	if (version < peer->version)
		return;
	peer->version = version;
	if (identification < peer->identification)
		return;
	peer->identification = identification;
	peer->digest = digest;
}

/* A row of a peer that is gone was left by a crash between two transactions:
 * the next write of that home address clears it away. */
enum ha_error state_load_replay(struct state *state, const struct replay_row *row)
{
	uint32_t slot = slot_of(state, row->peer);

	if (slot != SLOT_NONE)
		raise_replay(&state->peers[slot], row->identification, row->digest, row->version);
	return HA_OK;
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
