/* state.c - the tables' life, and looking at what is in them. */
#include "agentd/state/internal.h"

#include "agentd/base/arena.h"
#include "agentd/base/clock.h"
#include "agentd/state/command.h"
#include "agentd/state/configure.h"

static struct expiry_link *link_of(void *owner, uint32_t slot)
{
	return &((struct state *)owner)->bindings[slot].link;
}

static bool map_tables(struct state *state)
{
	const struct state_capacity *c = &state->capacity;
	size_t *octets = state->arena_octets;

	octets[0] = (c->peers + 1u) * sizeof(*state->peers);
	octets[1] = (c->associations + 1u) * sizeof(*state->associations);
	octets[2] = (c->bindings + 1u) * sizeof(*state->bindings);
	octets[3] = (c->peers + 1u) * sizeof(*state->dirty);
	octets[4] = (c->peers + 1u) * sizeof(*state->services);
	state->peers = arena_map(octets[0]);
	state->associations = arena_map(octets[1]);
	state->bindings = arena_map(octets[2]);
	state->dirty = arena_map(octets[3]);
	state->services = arena_map(octets[4]);
	return state->peers && state->associations && state->bindings && state->dirty &&
	       state->services;
}

static struct pool pool_of(uint32_t capacity)
{
	return (struct pool){ .capacity = capacity, .free = SLOT_NONE };
}

static bool make_wheel(struct state *state, bool wanted)
{
	return !wanted || expiry_new(&state->expiry, link_of, state);
}

static struct state *make(const struct state_capacity *capacity, struct keyring *ring,
                          size_t settings, bool wheel, enum ha_error *why)
{
	struct state *state = calloc(1, sizeof(*state));

	*why = HA_E_NOMEM;
	if (!state)
		return NULL;
	state->capacity = *capacity;
	state->ring = ring;
	state->next_id = 1;
	state->lost = SLOT_NONE;
	state->peer_pool = pool_of(capacity->peers);
	state->association_pool = pool_of(capacity->associations);
	state->binding_pool = pool_of(capacity->bindings);
	for (size_t i = 0; i < LOCKS; i++)
		pthread_mutex_init(&state->locks[i], NULL);
	pthread_mutex_init(&state->dirty_lock, NULL);
	pthread_mutex_init(&state->settings_lock, NULL);
	pthread_mutex_init(&state->pools_lock, NULL);
	state->settings = calloc(settings, sizeof(*state->settings));
	if (!state->settings || !secrets_new(state) || !map_tables(state) || !denials_new(state) ||
	    !make_wheel(state, wheel) ||
	    !peer_index_new(&state->index, capacity->peers, clock_monotonic_ns()) ||
	    !peer_index_new(&state->names, capacity->peers, clock_monotonic_ns())) {
		state_free(state);
		return NULL;
	}
	*why = HA_OK;
	return state;
}

struct state *state_new(const struct state_capacity *capacity, struct keyring *ring,
                        enum ha_error *why)
{
	return make(capacity, ring, SETTINGS_MAX, true, why);
}

struct state *state_new_trial(const struct state_capacity *capacity, struct keyring *ring,
                              size_t settings, enum ha_error *why)
{
	return make(capacity, ring, settings, false, why);
}

void state_free(struct state *state)
{
	if (!state)
		return;
	arena_unmap(state->peers, state->arena_octets[0]);
	arena_unmap(state->associations, state->arena_octets[1]);
	arena_unmap(state->bindings, state->arena_octets[2]);
	arena_unmap(state->dirty, state->arena_octets[3]);
	arena_unmap(state->services, state->arena_octets[4]);
	denials_free(state);
	secrets_free(state);
	peer_index_free(&state->index);
	peer_index_free(&state->names);
	address_pools_free(&state->pools);
	if (state->settings)
		mip_wipe(state->settings, state->setting_count * sizeof(*state->settings));
	free(state->settings);
	expiry_free(&state->expiry);
	free(state->by_id);
	free(state);
}

void state_prefetch(struct state *state, enum peer_kind kind, uint32_t realm,
                    struct in_addr address)
{
	peer_index_prefetch(&state->index, peer_index_hash(&state->index, kind, realm, address));
}

static void view_peer(const struct state *state, const struct peer *peer, uint32_t slot,
                      struct state_view *out)
{
	out->slot = slot;
	out->realm = peer->realm;
	out->id = peer->id;
	out->version = peer->version;
	out->replay = peer->replay;
	out->in_flight = peer->in_flight;
	out->name = peer->name;
	out->home = peer->address;
	out->reserved.s_addr = 0;
	out->limit = peer->limit;
	out->pool = peer->pool;
	out->policy = peer->policy;
	out->leased = peer->leased;
	out->sticky = peer->leased && peer->sticky;
	out->binding_count = 0;
	for (uint32_t at = peer->bindings; at != SLOT_NONE; at = state->bindings[at].next)
		out->bindings[out->binding_count++] = state->bindings[at].binding;
}

/* The first association of a peer signs replies, unless none does. */
static uint32_t first_signer(const struct state *state, const struct peer *peer)
{
	uint32_t at = peer->associations;

	return at != SLOT_NONE && state->associations[at].use == ASSOCIATION_HOME ? at : SLOT_NONE;
}

static void view_association(struct state *state, const struct peer *peer, uint32_t spi,
                             struct state_view *out)
{
	uint32_t at = association_find(state, peer, spi, ASSOCIATION_HOME);

	out->associated = at != SLOT_NONE;
	if (!out->associated)
		at = first_signer(state, peer);
	out->spi = 0;
	out->tolerance_s = 0;
	out->replay_style = REPLAY_TIMESTAMP;
	out->key.algorithm = 0;
	if (at == SLOT_NONE)
		return;
	out->spi = state->associations[at].spi;
	out->tolerance_s = state->associations[at].tolerance_s;
	out->replay_style = state->associations[at].replay;
	out->key = state->associations[at].key;
}

static void view_aaa(struct state *state, const struct peer *peer, uint32_t spi,
                     struct state_view *out)
{
	uint32_t at = spi ? association_find(state, peer, spi, ASSOCIATION_AAA) : SLOT_NONE;

	out->aaa_associated = at != SLOT_NONE;
	out->aaa_key.algorithm = 0;
	if (out->aaa_associated)
		out->aaa_key = state->associations[at].key;
}

bool state_look(struct state *state, const struct state_question *question, struct state_view *out)
{
	uint32_t slot = SLOT_NONE;

	if (question->name)
		slot = name_lock_found(state, question->name);
	if (slot == SLOT_NONE && question->address.s_addr)
		slot = peer_lock_found(state, question->kind, question->realm, question->address);
	if (slot == SLOT_NONE)
		return false;
	view_peer(state, &state->peers[slot], slot, out);
	view_association(state, &state->peers[slot], question->spi, out);
	view_aaa(state, &state->peers[slot], question->aaa_spi, out);
	peer_unlock(state, slot);
	return true;
}

/* A virtual queue: each registration takes one interval, and may come up to
 * burst - 1 intervals before its turn. */
static bool is_too_soon(const struct peer *peer, const struct state_pace *pace)
{
	uint64_t ahead_ms = (uint64_t)pace->interval_ms * (pace->burst ? pace->burst - 1 : 0);

	return pace->interval_ms && peer->paced_ms > pace->now_ms + ahead_ms;
}

static void take_turn(struct peer *peer, const struct state_pace *pace)
{
	if (peer->paced_ms < pace->now_ms)
		peer->paced_ms = pace->now_ms;
	peer->paced_ms += pace->interval_ms;
}

/* With the peer's lock held. A lease may end some time after the bindings that
 * one entry of the log removed, and is no change of version then. */
static enum ha_error check_claim(const struct peer *peer, const struct state_view *view,
                                 const struct state_pace *pace)
{
	if (peer->id != view->id || peer->version != view->version ||
	    peer->leased != view->leased || peer->in_flight)
		return HA_E_CONFLICT;
	return is_too_soon(peer, pace) ? HA_E_TOO_SOON : HA_OK;
}

enum ha_error state_claim(struct state *state, const struct state_view *view,
                          const struct state_pace *pace)
{
	struct peer *peer = &state->peers[view->slot];
	enum ha_error error;

	peer_lock(state, view->slot);
	error = check_claim(peer, view, pace);
	if (error == HA_OK) {
		peer->in_flight = true;
		take_turn(peer, pace);
	}
	peer_unlock(state, view->slot);
	if (error != HA_OK)
		state_unreserve(state, view);
	return error;
}

enum ha_error state_may_claim(struct state *state, const struct state_view *view,
                              const struct state_pace *pace)
{
	enum ha_error error;

	peer_lock(state, view->slot);
	error = check_claim(&state->peers[view->slot], view, pace);
	peer_unlock(state, view->slot);
	return error;
}

void state_note_use(struct state *state, const struct state_view *view, uint64_t time_ms)
{
	peer_lock(state, view->slot);
	if (state->peers[view->slot].id == view->id)
		association_note_use(state, view->slot, view->spi, time_ms);
	peer_unlock(state, view->slot);
}

uint64_t state_last_used(struct state *state, enum peer_kind kind, uint32_t realm,
                         struct in_addr address, const struct name_digest *name, uint32_t spi,
                         enum association_use use)
{
	uint32_t slot = name ? name_lock_found(state, name)
	                     : peer_lock_found(state, kind, realm, address);
	uint64_t used_ms = 0;
	uint32_t at;

	if (slot == SLOT_NONE)
		return 0;
	at = association_find(state, &state->peers[slot], spi, use);
	if (at != SLOT_NONE)
		used_ms = state->associations[at].last_used_ms;
	peer_unlock(state, slot);
	return used_ms;
}

void state_set_configured(struct state *state, uint64_t index, uint64_t next_id)
{
	state->configured = index;
	if (next_id > state->next_id)
		state->next_id = next_id;
	dirty_forget(state);
	free(state->by_id);
	state->by_id = NULL;
}

/* ---- expiry and totals ---- */

struct collection {
	struct state *state;
	uint64_t time_ms;
	uint64_t *places;
	size_t count, max;
};

static uint64_t collect(void *context, uint32_t slot)
{
	struct collection *collection = context;
	const struct binding_slot *binding = &collection->state->bindings[slot];
	const struct peer *peer = &collection->state->peers[binding->peer];

	if (binding->binding.expires_ms > collection->time_ms)
		return binding->binding.expires_ms;
	if (collection->count == collection->max)
		return EXPIRY_STOP;
	collection->places[collection->count++] = place_of_home(peer->realm, peer->address);
	return EXPIRY_ENDED;
}

size_t state_expired(struct state *state, uint64_t time_ms, uint64_t *places, size_t max)
{
	struct collection collection = { state, time_ms, places, 0, max };

	expiry_advance(&state->expiry, time_ms, collect, &collection);
	return collection.count;
}

void state_totals(struct state *state, struct state_totals *out)
{
	*out = (struct state_totals){
		.mobile_nodes = state->mobile_nodes,
		.foreign_agents = state->foreign_agents,
		.associations = state->association_count,
		.bindings = state->binding_count,
		.bindings_committed = state->committed,
		.time_ms = state->time_ms,
	};
}

void state_capacity(struct state *state, struct state_capacity *out)
{
	*out = state->capacity;
}
