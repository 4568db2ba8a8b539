/* bindings.c - the bindings of one peer, a short list. All with the peer's
 * lock held, all on the applying thread. */
#include "agentd/state/internal.h"

#include "agentd/base/address.h"

static uint32_t next_free_binding(struct state *state, uint32_t slot)
{
	return state->bindings[slot].next;
}

static bool same_tunnel(const struct binding *a, const struct binding *b)
{
	return address_equal(a->care_of, b->care_of) && address_equal(a->endpoint, b->endpoint) &&
	       a->endpoint_port == b->endpoint_port;
}

uint32_t binding_find(struct state *state, const struct peer *peer, const struct binding *like)
{
	uint32_t at = peer->bindings;

	while (at != SLOT_NONE && !same_tunnel(&state->bindings[at].binding, like))
		at = state->bindings[at].next;
	return at;
}

/* In the order of the store's keys: care-of address, endpoint, port. */
static int compare(const struct binding *a, const struct binding *b)
{
	int order = memcmp(&a->care_of, &b->care_of, sizeof(a->care_of));

	if (order == 0)
		order = memcmp(&a->endpoint, &b->endpoint, sizeof(a->endpoint));
	return order ? order : (int)a->endpoint_port - (int)b->endpoint_port;
}

static void link_sorted(struct state *state, struct peer *peer, uint32_t added)
{
	uint32_t *link = &peer->bindings;

	while (*link != SLOT_NONE &&
	       compare(&state->bindings[*link].binding, &state->bindings[added].binding) < 0)
		link = &state->bindings[*link].next;
	state->bindings[added].next = *link;
	*link = added;
}

enum ha_error binding_put(struct state *state, uint32_t slot, const struct binding *binding,
                          uint64_t version)
{
	struct peer *peer = &state->peers[slot];
	uint32_t at = binding_find(state, peer, binding);

	if (at != SLOT_NONE) {
		state->bindings[at].binding = *binding;
		state->bindings[at].version = version;
		expiry_update(&state->expiry, at, binding->expires_ms);
		service_bound(state, slot);
		moved_note(state, peer);
		return HA_OK;
	}
	if (peer->binding_count >= peer->reserved)
		return HA_E_LIMIT;
	at = pool_take(&state->binding_pool, next_free_binding, state);
	if (at == SLOT_NONE)
		return HA_E_CAPACITY; /* cannot be: limits are reserved */

	state->bindings[at] = (struct binding_slot){
		.binding = *binding,
		.version = version,
		.peer = slot,
	};
	expiry_start(&state->expiry, binding->granted_ms);
	expiry_insert(&state->expiry, at, binding->expires_ms);
	link_sorted(state, peer, at);
	peer->binding_count++;
	service_bound(state, slot);
	moved_note(state, peer);
	atomic_fetch_add_explicit(&state->binding_count, 1, memory_order_relaxed);
	return HA_OK;
}

static void unlink_binding(struct state *state, struct peer *peer, uint32_t gone)
{
	uint32_t *link = &peer->bindings;

	while (*link != gone)
		link = &state->bindings[*link].next;
	*link = state->bindings[gone].next;
}

/* The port is a part of the key by which it is stored, and so of the order. */
enum ha_error binding_complete(struct state *state, uint32_t slot, const struct binding *like,
                               uint16_t port, uint64_t version)
{
	struct peer *peer = &state->peers[slot];
	uint32_t at = binding_find(state, peer, like);
	struct binding_slot *half = at == SLOT_NONE ? NULL : &state->bindings[at];

	if (!half || half->binding.endpoint_port != 0 || !(half->binding.features & BINDING_UDP))
		return HA_E_NOTFOUND;
	unlink_binding(state, peer, at);
	half->binding.endpoint_port = port;
	half->version = version;
	link_sorted(state, peer, at);
	moved_note(state, peer);
	return HA_OK;
}

static void give_back(struct state *state, uint32_t at)
{
	expiry_remove(&state->expiry, at);
	state->bindings[at].next = state->binding_pool.free;
	state->binding_pool.free = at;
	atomic_fetch_sub_explicit(&state->binding_count, 1, memory_order_relaxed);
}

unsigned bindings_remove(struct state *state, uint32_t slot, binding_predicate *drop,
                         const void *argument)
{
	struct peer *peer = &state->peers[slot];
	uint32_t *link = &peer->bindings;
	uint64_t latest_ms = 0;
	unsigned removed = 0;

	while (*link != SLOT_NONE) {
		uint32_t at = *link;

		if (!drop(&state->bindings[at].binding, argument)) {
			link = &state->bindings[at].next;
			continue;
		}
		farewell_say(state, peer, &state->bindings[at].binding);
		if (state->bindings[at].binding.expires_ms > latest_ms)
			latest_ms = state->bindings[at].binding.expires_ms;
		*link = state->bindings[at].next;
		give_back(state, at);
		peer->binding_count--;
		removed++;
	}
	if (removed)
		moved_note(state, peer);
	if (removed && peer->binding_count == 0)
		service_unbound(state, slot, latest_ms);
	return removed;
}
