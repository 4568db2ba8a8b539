/* bound.c - who is bound, for those who forward packets: which home addresses
 * changed, and what is bound there now. */
#include "agentd/state/internal.h"

void state_observe(struct state *state, state_moved *moved, void *context)
{
	state->moved = moved;
	state->moved_context = context;
}

void moved_note(struct state *state, const struct peer *peer)
{
	if (state->moved && peer->address.s_addr)
		state->moved(state->moved_context, peer->realm, peer->address);
}

/* With the peer's lock held. */
static void copy(const struct state *state, const struct peer *peer, struct state_bound *out)
{
	out->realm = peer->realm;
	out->home = peer->address;
	out->group = peer->group;
	out->count = 0;
	for (uint32_t at = peer->bindings; at != SLOT_NONE && out->count < BINDING_LIMIT_MAX;
	     at = state->bindings[at].next)
		out->bindings[out->count++] = state->bindings[at].binding;
}

void state_bound_at(struct state *state, uint32_t realm, struct in_addr home,
                    struct state_bound *out)
{
	uint32_t slot = peer_lock_found(state, PEER_MOBILE_NODE, realm, home);

	*out = (struct state_bound){ .realm = realm, .home = home };
	if (slot == SLOT_NONE)
		return;
	copy(state, &state->peers[slot], out);
	peer_unlock(state, slot);
}

static bool is_bound(const struct peer *peer)
{
	return peer->id != 0 && peer->kind == PEER_MOBILE_NODE && peer->binding_count > 0 &&
	       peer->address.s_addr;
}

bool state_next_bound(struct state *state, uint32_t *place, struct state_bound *out)
{
	while (*place < state->peer_pool.fresh) {
		uint32_t slot = (*place)++;
		bool bound;

		peer_lock(state, slot);
		bound = is_bound(&state->peers[slot]);
		if (bound)
			copy(state, &state->peers[slot], out);
		peer_unlock(state, slot);
		if (bound)
			return true;
	}
	return false;
}
