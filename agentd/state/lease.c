/* lease.c - which home address of its pool a mobile node has. Applying thread,
 * with no peer's lock held, unless said otherwise.
 *
 * An address that was given back stays written with its last holder, so that
 * it gets the same one again if nobody else did meanwhile.
 *
 * When a log is replayed, the rows of some nodes are newer than the entry at
 * hand (docs/architecture.md, "Log and store"), and what happens between two
 * nodes cannot depend on both being of one age. So it does not: whoever
 * registers last for an address has it. The entry ends the hold of anybody whose
 * row is older than it, and gives the address to its node unless somebody has
 * it by a newer one: then the node has lost it again by now. That nobody loses
 * what he was promised is the business of state_reserve, before the proposal. */
#include "agentd/state/internal.h"

#include "agentd/base/address.h"

static uint64_t index_hash(const struct state *state, const struct peer *peer)
{
	return peer_index_hash(&state->index, PEER_MOBILE_NODE, peer->realm, peer->address);
}

/* With the lock of pools held. */
static struct address_pool *pool_of(struct state *state, uint32_t realm, struct in_addr home)
{
	for (unsigned i = 0; i < POOLS_MAX; i++)
		if (address_pool_has(&state->pools.pools[i], realm, home))
			return &state->pools.pools[i];
	return NULL;
}

/* With the lock of pools held. */
static void mark(struct state *state, uint32_t realm, struct in_addr home, bool taken)
{
	struct address_pool *pool = pool_of(state, realm, home);

	if (pool)
		address_pool_mark(pool, home, taken);
}

static void set_address(struct state *state, uint32_t slot, struct in_addr home)
{
	struct peer *peer = &state->peers[slot];

	if (address_equal(peer->address, home))
		return;
	if (peer->address.s_addr)
		peer_index_remove(&state->index, index_hash(state, peer), slot);
	peer_lock(state, slot);
	moved_note(state, peer);
	lost_mark(state, slot);
	peer->address = home;
	moved_note(state, peer);
	dirty_mark(state, slot);
	denied_follow(state, slot);
	peer_unlock(state, slot);
	if (home.s_addr)
		peer_index_insert(&state->index, index_hash(state, peer), slot);
}

static bool every_binding(const struct binding *binding, const void *argument)
{
	(void)binding;
	(void)argument;
	return true;
}

/* The node has no address, and no bindings that would need one. */
static void lose(struct state *state, uint32_t slot, uint64_t version)
{
	struct peer *peer = &state->peers[slot];
	bool leased = peer->leased;

	pthread_mutex_lock(&state->pools_lock);
	peer_lock(state, slot);
	bindings_remove(state, slot, every_binding, NULL);
	peer->leased = false;
	peer->version = version;
	dirty_mark(state, slot);
	denied_follow(state, slot);
	peer_unlock(state, slot);
	if (leased)
		mark(state, peer->realm, peer->address, false);
	pthread_mutex_unlock(&state->pools_lock);
	set_address(state, slot, (struct in_addr){ 0 });
}

static void hold(struct state *state, uint32_t slot, struct in_addr home, bool sticky)
{
	struct peer *peer = &state->peers[slot];

	if (peer->address.s_addr && !address_equal(peer->address, home))
		lose(state, slot, peer->version);
	set_address(state, slot, home);
	pthread_mutex_lock(&state->pools_lock);
	peer_lock(state, slot);
	peer->leased = true;
	peer->sticky = sticky;
	dirty_mark(state, slot);
	denied_follow(state, slot);
	peer_unlock(state, slot);
	mark(state, peer->realm, home, true);
	pthread_mutex_unlock(&state->pools_lock);
}

void lease_evict(struct state *state, uint32_t realm, struct in_addr home, uint64_t but,
                 uint64_t index)
{
	uint32_t slot = peer_find(state, PEER_MOBILE_NODE, realm, home);
	const struct peer *peer = slot == SLOT_NONE ? NULL : &state->peers[slot];

	if (peer && peer->id != but && peer->pool != LABEL_NONE && peer->version < index)
		lose(state, slot, index);
}

enum ha_error lease_take(struct state *state, uint32_t slot, uint32_t realm, struct in_addr home,
                         bool sticky)
{
	uint32_t other = peer_find(state, PEER_MOBILE_NODE, realm, home);

	if (state->peers[slot].realm != realm || !home.s_addr)
		return HA_E_EXISTS;
	if (other != SLOT_NONE && other != slot) {
		lose(state, slot, state->peers[slot].version); /* it went there nevertheless */
		return HA_E_EXISTS;
	}
	hold(state, slot, home, sticky);
	return HA_OK;
}

/* The row says what is no longer so: it has to be written again, since nothing
 * that is replayed need touch the node. */
static void keep_dirty(struct state *state, uint32_t slot)
{
	peer_lock(state, slot);
	dirty_mark(state, slot);
	peer_unlock(state, slot);
}

void lease_load(struct state *state, uint32_t slot, const struct replay_row *row)
{
	const struct peer *peer = &state->peers[slot];
	uint32_t other = peer_find(state, PEER_MOBILE_NODE, peer->realm, row->home);

	if (other != SLOT_NONE && state->peers[other].pool != LABEL_NONE &&
	    state->peers[other].version < row->version) {
		lose(state, other, state->peers[other].version);
		other = SLOT_NONE;
	}
	if (other != SLOT_NONE)
		keep_dirty(state, slot);
	else if (row->leased)
		hold(state, slot, row->home, row->sticky);
	else
		set_address(state, slot, row->home);
}

/* While a registration of the node is under way its address stays out of the
 * pool: that would take it again. Applying it puts the pool right. */
void lease_forget(struct state *state, uint32_t slot)
{
	struct peer *peer = &state->peers[slot];
	bool back;

	pthread_mutex_lock(&state->pools_lock);
	peer_lock(state, slot);
	back = peer->leased && !peer->in_flight;
	peer->leased = false;
	dirty_mark(state, slot);
	denied_follow(state, slot);
	peer_unlock(state, slot);
	if (back)
		mark(state, peer->realm, peer->address, false);
	pthread_mutex_unlock(&state->pools_lock);
}

bool lease_release(struct state *state, uint32_t slot, uint64_t index)
{
	struct peer *peer = &state->peers[slot];

	if (!peer->leased || peer->binding_count > 0)
		return false;
	peer_lock(state, slot);
	peer->version = index;
	peer_unlock(state, slot);
	lease_forget(state, slot);
	return true;
}

void lease_settle(struct state *state, uint32_t slot, uint64_t index)
{
	if (!state->peers[slot].sticky)
		lease_release(state, slot, index);
}

/* ---- any thread ---- */

/* With the lock of pools held. */
static bool is_leased(struct state *state, uint32_t realm, struct in_addr home)
{
	uint32_t slot = peer_lock_found(state, PEER_MOBILE_NODE, realm, home);
	bool leased;

	if (slot == SLOT_NONE)
		return false;
	leased = state->peers[slot].leased;
	peer_unlock(state, slot);
	return leased;
}

#define LEASES_AT_ONCE (1u << 16) /* addresses to look at with the lock held */

/* The first addresses of a pool from `first` on: which are they? false: there are none. */
static bool first_of_pools(const struct state *state, uint32_t realm, uint64_t first,
                           const struct address_pool **pool, uint64_t *begin)
{
	*pool = NULL;
	for (unsigned i = 0; i < POOLS_MAX; i++) {
		const struct address_pool *other = &state->pools.pools[i];
		uint64_t from = first > other->range.first ? first : other->range.first;

		if (!other->taken || other->range.realm != realm || other->range.last < first ||
		    (*pool && from >= *begin))
			continue;
		*pool = other;
		*begin = from;
	}
	return *pool;
}

/* With the lock of pools held. Some of the addresses from *first on are looked at, and
 * *first is behind them; above `last` when there are no more. */
static bool find_leased(struct state *state, uint32_t realm, uint64_t *first, uint64_t last,
                        struct in_addr *home)
{
	const struct address_pool *pool;
	uint64_t begin = 0, end;
	bool found;

	if (!first_of_pools(state, realm, *first, &pool, &begin) || begin > last) {
		*first = last + 1;
		return false;
	}
	end = begin + LEASES_AT_ONCE - 1;
	if (end > last)
		end = last;
	if (end > pool->range.last)
		end = pool->range.last;
	home->s_addr = htonl((uint32_t)begin);
	found = address_pool_next_taken(pool, home, (struct in_addr){ htonl((uint32_t)end) });
	*first = (found ? address_host(*home) : end) + 1;
	return found && is_leased(state, realm, *home);
}

bool state_next_leased(struct state *state, uint32_t realm, struct in_addr *home,
                       struct in_addr last)
{
	uint64_t first = address_host(*home), end = address_host(last);
	bool found = false;

	while (!found && first <= end) {
		pthread_mutex_lock(&state->pools_lock);
		found = find_leased(state, realm, &first, end, home);
		pthread_mutex_unlock(&state->pools_lock);
	}
	return found;
}

void lease_resolve(struct state *state, uint32_t realm, struct in_addr home)
{
	pthread_mutex_lock(&state->pools_lock);
	mark(state, realm, home, is_leased(state, realm, home));
	pthread_mutex_unlock(&state->pools_lock);
}

/* The end of the claim and of what it kept are one: between them an expiry would
 * give the address back, somebody reserve it, and the end free it again. */
void state_release(struct state *state, const struct state_hold *hold)
{
	struct peer *peer = &state->peers[hold->slot];

	pthread_mutex_lock(&state->pools_lock);
	peer_lock(state, hold->slot);
	if (peer->id == hold->node)
		peer->in_flight = false;
	peer_unlock(state, hold->slot);
	if (hold->home.s_addr)
		mark(state, hold->realm, hold->home, is_leased(state, hold->realm, hold->home));
	pthread_mutex_unlock(&state->pools_lock);
}

struct state_hold state_hold_of(const struct state_view *view)
{
	struct state_hold hold = {
		.node = view->id,
		.slot = view->slot,
		.realm = view->realm,
		.home = view->reserved,
	};

	if (!hold.home.s_addr && view->leased)
		hold.home = view->home;
	return hold;
}

/* Nobody's, or merely whom it belonged to last. With the lock of pools held. */
static bool is_free(struct state *state, const struct address_pool *pool, struct in_addr home)
{
	uint32_t slot;
	bool free_now;

	if (!address_pool_has(pool, pool->range.realm, home) || address_pool_is_taken(pool, home))
		return false;
	slot = peer_lock_found(state, PEER_MOBILE_NODE, pool->range.realm, home);
	if (slot == SLOT_NONE)
		return true;
	free_now = state->peers[slot].pool != LABEL_NONE && !state->peers[slot].leased;
	peer_unlock(state, slot);
	return free_now;
}

/* An address that is somebody's own cannot lie in a pool, unless an earlier
 * program let it: so many are passed over, not more. */
#define TRIES_MAX 4096u

static enum ha_error find_free(struct state *state, struct address_pool *pool, struct in_addr *out)
{
	for (unsigned i = 0; i < TRIES_MAX && address_pool_next(pool, out); i++)
		if (is_free(state, pool, *out))
			return HA_OK;
	return HA_E_CAPACITY;
}

/* With the pools' lock. */
static enum ha_error choose(struct state *state, struct state_view *view)
{
	struct address_pool *pool = &state->pools.pools[view->pool];

	view->reserved = view->home;
	if (!pool->name[0])
		return HA_E_NO_POOL;
	if (is_free(state, pool, view->home))
		return HA_OK;
	return find_free(state, pool, &view->reserved);
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

void state_unreserve(struct state *state, const struct state_view *view)
{
	if (view->reserved.s_addr)
		lease_resolve(state, view->realm, view->reserved);
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

bool state_pool_is_sticky(struct state *state, uint8_t pool)
{
	return pool < POOLS_MAX && state->sticky_pools >> pool & 1;
}
