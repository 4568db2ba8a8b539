/* peers.c - slots of peers and of their associations. */
#include "agentd/state/internal.h"

/* A slot from the free list, else a fresh one. `next` reads the free list's
 * link out of the table that the pool stands for. */
uint32_t pool_take(struct pool *pool, uint32_t (*next)(struct state *, uint32_t),
                   struct state *state)
{
	uint32_t slot = pool->free;

	if (slot != SLOT_NONE) {
		pool->free = next(state, slot);
		return slot;
	}
	return pool->fresh < pool->capacity ? pool->fresh++ : SLOT_NONE;
}

static uint32_t next_free_peer(struct state *state, uint32_t slot)
{
	return state->peers[slot].associations;
}

static uint32_t next_free_association(struct state *state, uint32_t slot)
{
	return state->associations[slot].next;
}

void peer_lock(struct state *state, uint32_t slot)
{
	pthread_mutex_lock(&state->locks[slot % LOCKS]);
}

void peer_unlock(struct state *state, uint32_t slot)
{
	pthread_mutex_unlock(&state->locks[slot % LOCKS]);
}

static bool is_peer(const struct peer *peer, enum peer_kind kind, uint32_t realm,
                    struct in_addr address)
{
	return peer->id && peer->kind == kind && peer->realm == realm &&
	       peer->address.s_addr == address.s_addr;
}

uint32_t peer_lock_found(struct state *state, enum peer_kind kind, uint32_t realm,
                         struct in_addr address)
{
	uint64_t hash = peer_index_hash(&state->index, kind, realm, address);
	uint64_t probe;
	uint32_t slot, version;

	do {
		version = peer_index_version(&state->index);
		probe = 0;
		while ((slot = peer_index_probe(&state->index, hash, &probe)) != SLOT_NONE) {
			peer_lock(state, slot);
			if (is_peer(&state->peers[slot], kind, realm, address))
				return slot;
			peer_unlock(state, slot);
		}
	} while (version % 2 || version != peer_index_version(&state->index));
	return SLOT_NONE;
}

uint32_t peer_find(struct state *state, enum peer_kind kind, uint32_t realm, struct in_addr address)
{
	uint64_t hash = peer_index_hash(&state->index, kind, realm, address);
	uint64_t probe = 0;

	for (;;) {
		uint32_t slot = peer_index_probe(&state->index, hash, &probe);

		if (slot == SLOT_NONE || is_peer(&state->peers[slot], kind, realm, address))
			return slot;
	}
}

static _Atomic uint32_t *total_of(struct state *state, uint8_t kind)
{
	return kind == PEER_MOBILE_NODE ? &state->mobile_nodes : &state->foreign_agents;
}

static struct peer peer_of(struct state *state, const struct peer_row *row)
{
	struct span nai = { (const uint8_t *)row->nai, strlen(row->nai) };
	unsigned pool = address_pool_find(&state->pools, row->pool);

	return (struct peer){
		.id = row->id,
		.created = row->created,
		.version = row->created,
		.name = name_digest_of(row->realm, nai),
		.realm = row->realm,
		.address = row->address,
		.group = row->group,
		.associations = SLOT_NONE,
		.bindings = SLOT_NONE,
		.kind = (uint8_t)row->kind,
		.limit = row->bindings,
		.reserved = row->bindings,
		.pool = pool == POOLS_MAX ? LABEL_NONE : (uint8_t)pool,
		.policy = LABEL_NONE,
	};
}

/* Its address, or when it has none of its own its pool. */
static void enter(struct state *state, uint32_t slot)
{
	const struct peer *peer = &state->peers[slot];

	if (peer->address.s_addr)
		peer_index_insert(
			&state->index,
			peer_index_hash(&state->index, peer->kind, peer->realm, peer->address),
			slot);
	name_insert(state, slot);
	if (peer->pool != LABEL_NONE) {
		pthread_mutex_lock(&state->pools_lock);
		state->pools.pools[peer->pool].users++;
		pthread_mutex_unlock(&state->pools_lock);
	}
}

enum ha_error peer_add(struct state *state, const struct peer_row *row, uint32_t *slot)
{
	uint32_t committed = state->committed + row->bindings;
	struct peer peer = peer_of(state, row);

	if (committed > state->capacity.bindings)
		return HA_E_CAPACITY;
	if (row->pool[0] && peer.pool == LABEL_NONE)
		return HA_E_NO_POOL;
	*slot = pool_take(&state->peer_pool, next_free_peer, state);
	if (*slot == SLOT_NONE)
		return HA_E_CAPACITY;

	peer_lock(state, *slot);
	peer.dirty = state->peers[*slot].dirty; /* it may still be in the list */
	peer.lost = state->peers[*slot].lost;   /* likewise */
	state->peers[*slot] = peer;
	service_load(state, *slot, &(struct service){ 0 });
	denials_forget(state, *slot);
	peer_unlock(state, *slot);
	enter(state, *slot);
	state->committed = committed;
	atomic_fetch_add(total_of(state, (uint8_t)row->kind), 1);
	if (row->id >= state->next_id)
		state->next_id = row->id + 1;
	return HA_OK;
}

static void leave(struct state *state, uint32_t slot)
{
	const struct peer *peer = &state->peers[slot];

	if (peer->address.s_addr)
		peer_index_remove(
			&state->index,
			peer_index_hash(&state->index, peer->kind, peer->realm, peer->address),
			slot);
	name_remove(state, slot);
	if (peer->policy != LABEL_NONE)
		state->policies.users[peer->policy]--;
	if (peer->pool == LABEL_NONE)
		return;
	lease_forget(state, slot);
	pthread_mutex_lock(&state->pools_lock);
	state->pools.pools[peer->pool].users--;
	pthread_mutex_unlock(&state->pools_lock);
}

enum ha_error peer_set_node(struct state *state, uint32_t slot, const struct node_row *row)
{
	struct peer *peer = &state->peers[slot];
	uint32_t committed = state->committed - peer->reserved + row->reserved;
	uint8_t policy = policy_label(state, row->policy);

	if (row->policy[0] && policy == LABEL_NONE)
		return HA_E_CAPACITY;
	if (committed > state->capacity.bindings)
		return HA_E_CAPACITY;
	if (peer->policy != LABEL_NONE)
		state->policies.users[peer->policy]--;
	if (policy != LABEL_NONE)
		state->policies.users[policy]++;
	peer_lock(state, slot);
	peer->policy = policy;
	peer->limit = row->bindings;
	peer->reserved = row->reserved;
	peer_unlock(state, slot);
	state->committed = committed;
	return HA_OK;
}

static bool every_binding(const struct binding *binding, const void *argument)
{
	(void)binding;
	(void)argument;
	return true;
}

void peer_remove(struct state *state, uint32_t slot)
{
	struct peer *peer = &state->peers[slot];

	leave(state, slot);
	atomic_fetch_sub(total_of(state, peer->kind), 1);
	state->committed -= peer->reserved;

	while (peer->associations != SLOT_NONE) {
		const struct association *first = &state->associations[peer->associations];

		association_remove(state, slot, first->spi, first->use);
	}
	peer_lock(state, slot);
	bindings_remove(state, slot, every_binding, NULL);
	denials_forget(state, slot);
	*peer = (struct peer){
		.associations = state->peer_pool.free,
		.dirty = peer->dirty,
		.lost = peer->lost,
	};
	peer_unlock(state, slot);
	state->peer_pool.free = slot;
}

static bool is_association(const struct association *association, uint32_t spi,
                           enum association_use use)
{
	return association->spi == spi && association->use == use;
}

uint32_t association_find(struct state *state, const struct peer *peer, uint32_t spi,
                          enum association_use use)
{
	uint32_t at = peer->associations;

	while (at != SLOT_NONE && !is_association(&state->associations[at], spi, use))
		at = state->associations[at].next;
	return at;
}

void association_note_use(struct state *state, uint32_t slot, uint32_t spi, uint64_t time_ms)
{
	uint32_t at = association_find(state, &state->peers[slot], spi, ASSOCIATION_HOME);

	if (at != SLOT_NONE && state->associations[at].last_used_ms < time_ms)
		state->associations[at].last_used_ms = time_ms;
}

static bool stands_before(const struct association *a, const struct association *b)
{
	if (a->use != b->use)
		return a->use < b->use;
	return a->created < b->created || (a->created == b->created && a->spi < b->spi);
}

/* Those that sign replies first, and of them the oldest: the one that the peer
 * most likely has (RFC 5944 section 3.8.2.1). By what the rows hold, so that
 * the order outlives a restart. */
static void link_association(struct state *state, struct peer *peer, uint32_t added)
{
	uint32_t *link = &peer->associations;

	while (*link != SLOT_NONE &&
	       stands_before(&state->associations[*link], &state->associations[added]))
		link = &state->associations[*link].next;
	state->associations[added].next = *link;
	*link = added;
}

/* SLOT_NONE when there is none under that SPI. */
static uint32_t unlink_association(struct state *state, struct peer *peer, uint32_t spi,
                                   enum association_use use)
{
	uint32_t *link = &peer->associations;
	uint32_t at;

	while (*link != SLOT_NONE && !is_association(&state->associations[*link], spi, use))
		link = &state->associations[*link].next;
	at = *link;
	if (at != SLOT_NONE)
		*link = state->associations[at].next;
	return at;
}

enum ha_error association_put(struct state *state, uint32_t slot, const struct association_row *row,
                              const struct mip_key_state *key)
{
	struct association association = {
		.next = SLOT_NONE,
		.spi = row->spi,
		.created = row->created,
		.tolerance_s = row->tolerance_s,
		.use = row->use,
		.replay = row->replay,
		.sealed = sealed_index(state, row->sealed.size ? seal_blob_key(&row->sealed) : 0),
	};
	struct peer *peer = &state->peers[slot];
	uint32_t at;

	if (association.sealed == SEALED_NONE)
		return HA_E_CAPACITY;
	peer_lock(state, slot);
	at = unlink_association(state, peer, row->spi, row->use);
	if (at == SLOT_NONE) {
		at = pool_take(&state->association_pool, next_free_association, state);
		if (at != SLOT_NONE)
			atomic_fetch_add(&state->association_count, 1);
	} else {
		const struct association *old = &state->associations[at];

		state->sealed_keys[old->sealed].associations--;
		if (memcmp(&old->key, key, sizeof(*key)) == 0)
			association.last_used_ms = old->last_used_ms;
	}
	if (at != SLOT_NONE) {
		state->sealed_keys[association.sealed].associations++;
		state->associations[at] = association;
		state->associations[at].key = *key;
		link_association(state, peer, at);
	}
	peer_unlock(state, slot);
	return at == SLOT_NONE ? HA_E_CAPACITY : HA_OK;
}

enum ha_error association_add(struct state *state, uint32_t slot, const struct association_row *row)
{
	struct mip_key_state key;
	enum ha_error error = sealed_open(state, slot, row, &key);

	if (error == HA_OK)
		error = association_put(state, slot, row, &key);
	else
		sealed_note_unopened(state, error, &row->sealed);
	mip_wipe(&key, sizeof(key));
	return error;
}

void association_remove(struct state *state, uint32_t slot, uint32_t spi, enum association_use use)
{
	uint32_t at;

	peer_lock(state, slot);
	at = unlink_association(state, &state->peers[slot], spi, use);
	if (at != SLOT_NONE) {
		state->sealed_keys[state->associations[at].sealed].associations--;
		mip_wipe(&state->associations[at], sizeof(state->associations[at]));
		state->associations[at].next = state->association_pool.free;
		state->association_pool.free = at;
		atomic_fetch_sub(&state->association_count, 1);
	}
	peer_unlock(state, slot);
}
