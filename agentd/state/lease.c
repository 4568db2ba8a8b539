/* lease.c - which home address of its pool a mobile node has. Applying thread,
 * with no peer's lock held.
 *
 * An address that was given back stays written with its last holder, so that
 * it gets the same one again if nobody else did meanwhile. */
#include "agentd/state/internal.h"

#include "agentd/base/address.h"

static uint64_t index_hash(const struct state *state, const struct peer *peer)
{
	return peer_index_hash(&state->index, PEER_MOBILE_NODE, peer->realm, peer->address);
}

static void mark(struct state *state, const struct peer *peer, struct in_addr home, bool taken)
{
	if (peer->pool == LABEL_NONE)
		return;
	pthread_mutex_lock(&state->pools_lock);
	address_pool_mark(&state->pools.pools[peer->pool], home, taken);
	pthread_mutex_unlock(&state->pools_lock);
}

static void set_address(struct state *state, uint32_t slot, struct in_addr home, bool leased)
{
	struct peer *peer = &state->peers[slot];

	if (peer->address.s_addr && !address_equal(peer->address, home))
		peer_index_remove(&state->index, index_hash(state, peer), slot);
	peer_lock(state, slot);
	peer->leased = leased;
	if (address_equal(peer->address, home)) {
		peer_unlock(state, slot);
		return;
	}
	peer->address = home;
	dirty_mark(state, slot);
	peer_unlock(state, slot);
	if (home.s_addr)
		peer_index_insert(&state->index, index_hash(state, peer), slot);
}

static bool holds_fast(const struct peer *peer)
{
	return peer->pool == LABEL_NONE || peer->leased || peer->binding_count > 0;
}

enum ha_error lease_take(struct state *state, uint32_t slot, struct in_addr home, uint64_t index)
{
	struct peer *peer = &state->peers[slot];
	uint32_t other = peer_find(state, PEER_MOBILE_NODE, peer->realm, home);

	if (peer->leased && !address_equal(peer->address, home))
		return HA_E_CONFLICT; /* a node has one address */
	if (other != SLOT_NONE && other != slot) {
		if (holds_fast(&state->peers[other]))
			/* A log that is replayed may be older than who has it now. */
			return state->peers[other].created > index ? HA_E_STALE : HA_E_EXISTS;
		set_address(state, other, (struct in_addr){ 0 }, false);
	}
	set_address(state, slot, home, true);
	mark(state, peer, home, true);
	return HA_OK;
}

void lease_release(struct state *state, uint32_t slot)
{
	struct peer *peer = &state->peers[slot];

	if (peer->pool == LABEL_NONE || !peer->leased)
		return;
	peer_lock(state, slot);
	peer->leased = false;
	dirty_mark(state, slot);
	peer_unlock(state, slot);
	mark(state, peer, peer->address, false);
}

static bool is_sticky(struct state *state, const struct peer *peer)
{
	bool sticky;

	pthread_mutex_lock(&state->pools_lock);
	sticky = state->pools.pools[peer->pool].range.sticky;
	pthread_mutex_unlock(&state->pools_lock);
	return sticky;
}

/* After bindings went: the address may go with the last one. */
void lease_settle(struct state *state, uint32_t slot)
{
	const struct peer *peer = &state->peers[slot];

	if (peer->pool != LABEL_NONE && peer->leased && peer->binding_count == 0 &&
	    !is_sticky(state, peer))
		lease_release(state, slot);
}

/* A node of its own address comes, where another one's last one was. */
void lease_forget(struct state *state, uint32_t slot)
{
	if (!holds_fast(&state->peers[slot]))
		set_address(state, slot, (struct in_addr){ 0 }, false);
}

/* ---- deciding: any thread ---- */

static bool is_free(struct state *state, const struct address_pool *pool, struct in_addr home,
                    uint32_t self)
{
	uint32_t slot;
	bool free_now;

	if (address_pool_is_taken(pool, home))
		return false;
	slot = peer_lock_found(state, PEER_MOBILE_NODE, pool->range.realm, home);
	if (slot == SLOT_NONE)
		return true;
	free_now = slot == self || !holds_fast(&state->peers[slot]);
	peer_unlock(state, slot);
	return free_now;
}

static bool is_inside(const struct address_pool *pool, struct in_addr home)
{
	uint32_t number = address_host(home);

	return number >= pool->range.first && number <= pool->range.last;
}

/* Addresses with an owner of their own inside a range are passed over; there
 * are few, or the pool is badly chosen: so many are looked at, not more. */
#define TRIES_MAX 4096u

static enum ha_error find_free(struct state *state, struct address_pool *pool, uint32_t self,
                               struct in_addr *out)
{
	for (unsigned i = 0; i < TRIES_MAX && address_pool_next(pool, out); i++)
		if (is_free(state, pool, *out, self))
			return HA_OK;
	return HA_E_CAPACITY;
}

/* A node whose last address cannot be had again waits until the store knows
 * that its bindings there are gone. */
static bool may_move(struct state *state, const struct state_view *view)
{
	bool clean;

	peer_lock(state, view->slot);
	clean = !state->peers[view->slot].dirty;
	peer_unlock(state, view->slot);
	return clean;
}

/* With the pools' lock. */
static enum ha_error choose(struct state *state, struct state_view *view)
{
	struct address_pool *pool = &state->pools.pools[view->pool];

	view->reserved = view->home;
	if (!pool->name[0])
		return HA_E_NO_POOL;
	if (view->home.s_addr && is_inside(pool, view->home) &&
	    is_free(state, pool, view->home, view->slot))
		return HA_OK;
	if (view->home.s_addr && !may_move(state, view))
		return HA_E_BUSY;
	return find_free(state, pool, view->slot, &view->reserved);
}

enum ha_error state_reserve(struct state *state, struct state_view *view)
{
	enum ha_error error;

	if (view->pool >= POOLS_MAX)
		return HA_E_NO_POOL;
	pthread_mutex_lock(&state->pools_lock);
	error = choose(state, view);
	if (error == HA_OK)
		address_pool_mark(&state->pools.pools[view->pool], view->reserved, true);
	else
		view->reserved.s_addr = 0;
	pthread_mutex_unlock(&state->pools_lock);
	return error;
}

enum ha_error state_probe(struct state *state, struct state_view *view)
{
	struct address_pool *pool;
	enum ha_error error;
	uint32_t next;

	if (view->pool >= POOLS_MAX)
		return HA_E_NO_POOL;
	pthread_mutex_lock(&state->pools_lock);
	pool = &state->pools.pools[view->pool];
	next = pool->next;
	error = choose(state, view);
	pool->next = next;
	pthread_mutex_unlock(&state->pools_lock);
	if (error != HA_OK)
		view->reserved.s_addr = 0;
	return error;
}

/* Unless it was applied after all, and belongs to the node now. */
void lease_unreserve(struct state *state, const struct state_view *view)
{
	const struct peer *peer = &state->peers[view->slot];
	bool mine;

	if (!view->reserved.s_addr)
		return;
	pthread_mutex_lock(&state->pools_lock);
	peer_lock(state, view->slot);
	mine = peer->id == view->id && peer->leased && address_equal(peer->address, view->reserved);
	peer_unlock(state, view->slot);
	if (!mine)
		address_pool_mark(&state->pools.pools[view->pool], view->reserved, false);
	pthread_mutex_unlock(&state->pools_lock);
}

void state_unreserve(struct state *state, const struct state_view *view)
{
	lease_unreserve(state, view);
}

bool state_pool_at(struct state *state, unsigned i, struct state_pool *out)
{
	const struct address_pool *pool;

	if (i >= POOLS_MAX)
		return false;
	pthread_mutex_lock(&state->pools_lock);
	pool = &state->pools.pools[i];
	*out = (struct state_pool){
		.realm = pool->range.realm,
		.first.s_addr = htonl(pool->range.first),
		.last.s_addr = htonl(pool->range.last),
		.sticky = pool->range.sticky,
		.leased = pool->taken,
		.nodes = pool->users,
	};
	memcpy(out->name, pool->name, sizeof(out->name));
	pthread_mutex_unlock(&state->pools_lock);
	return true;
}
