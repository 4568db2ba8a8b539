/* stored.c - rows of peers, as the store thread writes them. */
#include "agentd/flow/stored.h"

#include <stdlib.h>

static struct store_bytes bytes_of(const struct row_octets *octets)
{
	return (struct store_bytes){ octets->at, octets->size };
}

void stored_peer(struct store_write *w, const struct state_peer_rows *peer)
{
	struct row_octets keys[BINDING_LIMIT_MAX], values[BINDING_LIMIT_MAX], prefix;
	struct store_row rows[BINDING_LIMIT_MAX];

	for (size_t i = 0; i < peer->binding_count; i++) {
		binding_row_key(&peer->bindings[i], &keys[i]);
		binding_row_value(&peer->bindings[i], &values[i]);
		rows[i] = (struct store_row){ bytes_of(&keys[i]), bytes_of(&values[i]) };
	}
	if (peer->home.s_addr) {
		binding_row_prefix(peer->realm, peer->home, &prefix);
		store_replace_prefix(w, STORE_BINDINGS, bytes_of(&prefix), rows,
		                     peer->binding_count);
	}
	if (peer->binding_count > 0 && !peer->pooled)
		return; /* the bindings carry the replay state */
	replay_row_key(&peer->replay, &keys[0]);
	replay_row_value(&peer->replay, &values[0]);
	store_put(w, STORE_REPLAY, bytes_of(&keys[0]), bytes_of(&values[0]));
}

static bool make_room(struct stored_lost *lost)
{
	size_t room = 2 * lost->room + 64;
	uint32_t *grown;

	if (lost->count < lost->room)
		return true;
	grown = realloc(lost->slots, room * sizeof(*grown));
	if (!grown)
		return false;
	lost->slots = grown;
	lost->room = room;
	return true;
}

enum ha_error stored_lost(struct state *state, struct store_write *w, struct stored_lost *lost)
{
	struct state_peer_rows peer;

	lost->wrote = false;
	while (make_room(lost)) {
		if (!state_take_lost(state, &lost->slots[lost->count]))
			return HA_OK;
		lost->wrote = true;
		if (state_copy_lost(state, lost->slots[lost->count++], &peer))
			stored_peer(w, &peer);
	}
	return HA_E_NOMEM;
}

void stored_lost_end(struct state *state, struct stored_lost *lost, enum ha_error error)
{
	if (error != HA_OK)
		state_return_lost(state, lost->slots, lost->count);
	free(lost->slots);
	lost->slots = NULL;
}
