/* state.c - the tables' life, looking, and applying registrations. */
#include "agentd/state/internal.h"

#include "agentd/base/arena.h"
#include "agentd/base/clock.h"
#include "agentd/state/command.h"
#include "proto/cluster.pb-c.h"

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
	state->peers = arena_map(octets[0]);
	state->associations = arena_map(octets[1]);
	state->bindings = arena_map(octets[2]);
	state->dirty = arena_map(octets[3]);
	return state->peers && state->associations && state->bindings && state->dirty;
}

static struct pool pool_of(uint32_t capacity)
{
	return (struct pool){ .capacity = capacity, .free = SLOT_NONE };
}

struct state *state_new(const struct state_capacity *capacity, enum ha_error *why)
{
	struct state *state = calloc(1, sizeof(*state));

	*why = HA_E_NOMEM;
	if (!state)
		return NULL;
	state->capacity = *capacity;
	state->next_id = 1;
	state->peer_pool = pool_of(capacity->peers);
	state->association_pool = pool_of(capacity->associations);
	state->binding_pool = pool_of(capacity->bindings);
	for (size_t i = 0; i < LOCKS; i++)
		pthread_mutex_init(&state->locks[i], NULL);
	pthread_mutex_init(&state->dirty_lock, NULL);
	pthread_mutex_init(&state->settings_lock, NULL);
	if (!map_tables(state) || !expiry_new(&state->expiry, link_of, state) ||
	    !peer_index_new(&state->index, capacity->peers, clock_monotonic_ns())) {
		state_free(state);
		return NULL;
	}
	*why = HA_OK;
	return state;
}

void state_free(struct state *state)
{
	if (!state)
		return;
	arena_unmap(state->peers, state->arena_octets[0]);
	arena_unmap(state->associations, state->arena_octets[1]);
	arena_unmap(state->bindings, state->arena_octets[2]);
	arena_unmap(state->dirty, state->arena_octets[3]);
	peer_index_free(&state->index);
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
	out->id = peer->id;
	out->version = peer->version;
	out->identification = peer->identification;
	out->digest = peer->digest;
	out->in_flight = peer->in_flight;
	out->limit = peer->limit;
	out->binding_count = 0;
	for (uint32_t at = peer->bindings; at != SLOT_NONE; at = state->bindings[at].next)
		out->bindings[out->binding_count++] = state->bindings[at].binding;
}

static void view_association(struct state *state, const struct peer *peer, uint32_t spi,
                             struct state_view *out)
{
	uint32_t at = association_find(state, peer, spi);

	out->associated = at != SLOT_NONE;
	if (!out->associated)
		at = peer->associations;
	out->spi = 0;
	out->tolerance_s = 0;
	out->key.algorithm = 0;
	if (at == SLOT_NONE)
		return;
	out->spi = state->associations[at].spi;
	out->tolerance_s = state->associations[at].tolerance_s;
	out->key = state->associations[at].key;
}

bool state_look(struct state *state, enum peer_kind kind, uint32_t realm, struct in_addr address,
                uint32_t spi, struct state_view *out)
{
	uint32_t slot = peer_lock_found(state, kind, realm, address);

	if (slot == SLOT_NONE)
		return false;
	view_peer(state, &state->peers[slot], slot, out);
	view_association(state, &state->peers[slot], spi, out);
	peer_unlock(state, slot);
	return true;
}

bool state_claim(struct state *state, const struct state_view *view, uint64_t identification)
{
	struct peer *peer = &state->peers[view->slot];
	bool unchanged;

	peer_lock(state, view->slot);
	unchanged = peer->id == view->id && peer->version == view->version && !peer->in_flight;
	if (unchanged)
		peer->in_flight = identification;
	peer_unlock(state, view->slot);
	return unchanged;
}

void state_release(struct state *state, const struct state_view *view)
{
	struct peer *peer = &state->peers[view->slot];

	peer_lock(state, view->slot);
	if (peer->id == view->id)
		peer->in_flight = 0;
	peer_unlock(state, view->slot);
}

/* ---- applying registrations ---- */

static bool has_ended(const struct binding *binding, const void *argument)
{
	return binding->expires_ms <= *(const uint64_t *)argument;
}

static bool has_care_of(const struct binding *binding, const void *argument)
{
	return binding->care_of.s_addr == *(const in_addr_t *)argument;
}

static bool is_another(const struct binding *binding, const void *argument)
{
	return !has_care_of(binding, argument);
}

static bool is_any(const struct binding *binding, const void *argument)
{
	(void)binding;
	(void)argument;
	return true;
}

static struct binding binding_of(const Hearth__Bind *bind, uint64_t identification,
                                 uint64_t time_ms)
{
	return (struct binding){
		.care_of.s_addr = htonl(bind->care_of),
		.endpoint.s_addr = htonl(bind->endpoint),
		.source.s_addr = htonl(bind->source),
		.endpoint_port = (uint16_t)bind->endpoint_port,
		.source_port = (uint16_t)bind->source_port,
		.granted_s = (uint16_t)bind->granted_s,
		.flags = (uint8_t)bind->flags,
		.encapsulation = (uint8_t)bind->encapsulation,
		.identification = identification,
		.granted_ms = time_ms,
		.expires_ms = bind->expires_ms,
	};
}

static enum ha_error apply_bind(struct state *state, uint32_t slot, uint64_t index,
                                const Hearth__Register *registration, uint64_t time_ms)
{
	struct binding binding = binding_of(registration->bind, registration->identification,
	                                    time_ms);

	/* A care-of address is bound once: another endpoint replaces it. */
	if (!registration->bind->keep_others)
		bindings_remove(state, slot, is_another, &binding.care_of.s_addr);
	if (binding_find(state, &state->peers[slot], &binding) == SLOT_NONE)
		bindings_remove(state, slot, has_care_of, &binding.care_of.s_addr);
	return binding_put(state, slot, &binding, index);
}

static void apply_unbind(struct state *state, uint32_t slot, const Hearth__Unbind *unbind)
{
	in_addr_t care_of = htonl(unbind->care_of);

	bindings_remove(state, slot, unbind->has_care_of ? has_care_of : is_any, &care_of);
}

/* With the peer's lock held. The decision was made on what was known then;
 * here it is checked again on what is so now (docs/architecture.md). */
static enum ha_error apply_to_peer(struct state *state, uint32_t slot, uint64_t index,
                                   const Hearth__Register *registration, uint64_t time_ms)
{
	struct peer *peer = &state->peers[slot];
	enum ha_error error = HA_OK;

	if (peer->id != registration->node)
		return HA_E_NOTFOUND; /* of an earlier incarnation, whose claim went with it */
	peer->in_flight = 0;
	if (index <= peer->version)
		return HA_OK; /* the rows that were loaded have it already */
	if (!clock_ntp_is_later(registration->identification, peer->identification))
		return HA_E_STALE;
	bindings_remove(state, slot, has_ended, &time_ms);
	if (registration->effect_case == HEARTH__REGISTER__EFFECT_BIND)
		error = apply_bind(state, slot, index, registration, time_ms);
	else if (registration->effect_case == HEARTH__REGISTER__EFFECT_UNBIND)
		apply_unbind(state, slot, registration->unbind);
	if (error == HA_OK) {
		peer->identification = registration->identification;
		peer->digest = registration->digest;
	}
	peer->version = index;
	dirty_mark(state, slot);
	return error;
}

static struct in_addr home_of(uint64_t place)
{
	return (struct in_addr){ htonl((uint32_t)place) };
}

static enum ha_error apply_registration(struct state *state, uint64_t index,
                                        const Hearth__Register *registration, uint64_t time_ms)
{
	uint32_t slot = peer_lock_found(state, PEER_MOBILE_NODE,
	                                (uint32_t)(registration->place >> 32),
	                                home_of(registration->place));
	enum ha_error error;

	if (slot == SLOT_NONE)
		return HA_E_NOTFOUND;
	error = apply_to_peer(state, slot, index, registration, time_ms);
	peer_unlock(state, slot);
	return error;
}

static void expire_at(struct state *state, uint64_t index, uint64_t place, uint64_t time_ms)
{
	uint32_t slot = peer_lock_found(state, PEER_MOBILE_NODE, (uint32_t)(place >> 32),
	                                home_of(place));

	if (slot == SLOT_NONE)
		return;
	if (index > state->peers[slot].version &&
	    bindings_remove(state, slot, has_ended, &time_ms) > 0) {
		state->peers[slot].version = index;
		dirty_mark(state, slot);
	}
	peer_unlock(state, slot);
}

/* ---- taking commands apart without the heap ---- */

#define SCRATCH 1024u

struct scratch {
	_Alignas(16) uint8_t octets[SCRATCH];
	size_t used;
};

/* A configuration holds keys: what it was unpacked into is wiped. */
#define HEAP_HEADER 16u

static void *heap_alloc(size_t size)
{
	uint8_t *block = malloc(HEAP_HEADER + size);

	if (!block)
		return NULL;
	memcpy(block, &size, sizeof(size));
	return block + HEAP_HEADER;
}

static void heap_free(void *pointer)
{
	uint8_t *block;
	size_t size;

	if (!pointer)
		return;
	block = (uint8_t *)pointer - HEAP_HEADER;
	memcpy(&size, block, sizeof(size));
	mip_wipe(pointer, size);
	free(block);
}

/* Small messages never leave the stack; a configuration goes to the heap. */
static void *scratch_alloc(void *context, size_t size)
{
	struct scratch *scratch = context;
	size_t rounded = (size + 15u) & ~(size_t)15u;

	if (rounded > SCRATCH - scratch->used)
		return heap_alloc(size);
	scratch->used += rounded;
	return scratch->octets + scratch->used - rounded;
}

static void scratch_free(void *context, void *pointer)
{
	struct scratch *scratch = context;
	uintptr_t at = (uintptr_t)pointer, begin = (uintptr_t)scratch->octets;

	if (at < begin || at >= begin + SCRATCH)
		heap_free(pointer);
}

static enum ha_error apply_command(struct state *state, uint64_t index,
                                   const Hearth__Command *command, struct state_outcome *out)
{
	if (command->version == 0)
		return HA_E_MALFORMED;
	if (command->version > COMMAND_VERSION)
		return HA_E_NEWER;
	out->time_ms = command->time_ms;
	if (command->time_ms > state->time_ms)
		state->time_ms = command->time_ms;

	switch (command->command_case) {
	case HEARTH__COMMAND__COMMAND_REGISTRATION:
		out->error = apply_registration(state, index, command->registration,
		                                command->time_ms);
		return HA_OK;
	case HEARTH__COMMAND__COMMAND_EXPIRE:
		for (size_t i = 0; i < command->expire->n_places; i++)
			expire_at(state, index, command->expire->places[i], command->time_ms);
		return HA_OK;
	case HEARTH__COMMAND__COMMAND_CONFIGURE:
		return configure_apply(state, index, command->configure, out);
	default:
		return HA_E_MALFORMED;
	}
}

enum ha_error state_apply(struct state *state, uint64_t index, struct span octets,
                          struct state_outcome *out)
{
	struct scratch scratch;
	ProtobufCAllocator allocator = { scratch_alloc, scratch_free, &scratch };
	Hearth__Command *command;
	enum ha_error error;

	scratch.used = 0;
	*out = (struct state_outcome){ 0 };
	command = hearth__command__unpack(&allocator, octets.size, octets.at);
	if (!command)
		return HA_E_MALFORMED;
	error = apply_command(state, index, command, out);
	hearth__command__free_unpacked(command, &allocator);
	if (out->results)
		mip_wipe(scratch.octets, scratch.used);
	return error;
}

void state_set_configured(struct state *state, uint64_t index, uint64_t next_id)
{
	state->configured = index;
	if (next_id > state->next_id)
		state->next_id = next_id;
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
