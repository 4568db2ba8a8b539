/* ahead.c - hints for the cache, and peeks. */
#include "agentd/state/ahead.h"

#include "agentd/base/address.h"
#include "agentd/state/internal.h"

#define LINE 64u /* octets of a cache line */

_Static_assert(STATE_NOWHERE == SLOT_NONE, "a place is a slot");

static void prefetch_row(const void *row, size_t octets)
{
	for (size_t at = 0; at < octets; at += LINE)
		__builtin_prefetch((const char *)row + at);
	__builtin_prefetch((const char *)row + octets - 1); /* rows begin anywhere in a line */
}

uint32_t state_prefetch_peer(struct state *state, enum peer_kind kind, uint32_t realm,
                             struct in_addr address)
{
	uint64_t probe = 0;
	uint32_t slot = peer_index_probe(
		&state->index, peer_index_hash(&state->index, kind, realm, address), &probe);

	if (slot != SLOT_NONE) {
		prefetch_row(&state->peers[slot], sizeof(state->peers[slot]));
		prefetch_row(&state->services[slot], sizeof(state->services[slot]));
	}
	return slot;
}

void state_prefetch_rows(struct state *state, uint32_t place)
{
	uint32_t association, binding;

	if (place == STATE_NOWHERE)
		return;
	peer_lock(state, place);
	association = state->peers[place].associations;
	binding = state->peers[place].bindings;
	peer_unlock(state, place);
	if (association != SLOT_NONE)
		prefetch_row(&state->associations[association],
		             sizeof(state->associations[association]));
	if (binding != SLOT_NONE)
		prefetch_row(&state->bindings[binding], sizeof(state->bindings[binding]));
}

static enum state_standing standing_of(const struct state *state, const struct peer *peer,
                                       struct in_addr source, uint64_t time_ms)
{
	enum state_standing standing = STATE_UNBOUND;

	for (uint32_t at = peer->bindings; at != SLOT_NONE; at = state->bindings[at].next) {
		const struct binding *binding = &state->bindings[at].binding;

		if (binding->expires_ms <= time_ms)
			continue;
		if (address_equal(binding->source, source))
			return STATE_BOUND_THUS;
		standing = STATE_BOUND;
	}
	return standing;
}

enum state_standing state_peek(struct state *state, uint32_t realm, struct in_addr home,
                               struct in_addr source, uint64_t time_ms)
{
	uint32_t slot = peer_lock_found(state, PEER_MOBILE_NODE, realm, home);
	enum state_standing standing;

	if (slot == SLOT_NONE)
		return STATE_UNKNOWN;
	standing = standing_of(state, &state->peers[slot], source, time_ms);
	peer_unlock(state, slot);
	return standing;
}

bool state_has_peer(struct state *state, enum peer_kind kind, uint32_t realm,
                    struct in_addr address)
{
	uint32_t slot = peer_lock_found(state, kind, realm, address);

	if (slot == SLOT_NONE)
		return false;
	peer_unlock(state, slot);
	return true;
}
