/* dirty.c - which peers the store does not have as they are, and copies of
 * them for the thread that writes it. */
#include "agentd/state/internal.h"

#include <stdlib.h>

struct sortable {
	uint64_t key; /* realm and address: the order of the binding rows */
	uint32_t slot;
};

void dirty_mark(struct state *state, uint32_t slot)
{
	if (state->peers[slot].dirty)
		return;
	state->peers[slot].dirty = true;
	pthread_mutex_lock(&state->dirty_lock);
	state->dirty[state->dirty_count++] = slot; /* a slot is in it once: there is room */
	pthread_mutex_unlock(&state->dirty_lock);
}

/* Loading marks whom it puts there as the rows say. Who lost an address to a newer
 * row is not as they say, and stays marked. */
static bool is_as_stored(const struct peer *peer)
{
	return peer->pool == LABEL_NONE || peer->address.s_addr;
}

void dirty_forget(struct state *state)
{
	size_t kept = 0;

	for (size_t i = 0; i < state->dirty_count; i++) {
		struct peer *peer = &state->peers[state->dirty[i]];

		if (is_as_stored(peer))
			peer->dirty = false;
		else
			state->dirty[kept++] = state->dirty[i];
	}
	state->dirty_count = kept;
}

size_t state_dirty_count(struct state *state)
{
	size_t count;

	pthread_mutex_lock(&state->dirty_lock);
	count = state->dirty_count;
	pthread_mutex_unlock(&state->dirty_lock);
	return count;
}

static uint64_t key_of(struct state *state, uint32_t slot)
{
	uint64_t key;

	peer_lock(state, slot);
	key = (uint64_t)state->peers[slot].realm << 32 | ntohl(state->peers[slot].address.s_addr);
	peer_unlock(state, slot);
	return key;
}

#define DIGITS 4u
#define RADIX 65536u

/* One pass of a radix sort by 16 bits; false when they are all the same. */
static bool sort_pass(const struct sortable *from, struct sortable *to, size_t count,
                      unsigned digit, size_t *histogram)
{
	unsigned shift = digit * 16;
	size_t sum = 0;

	memset(histogram, 0, RADIX * sizeof(*histogram));
	for (size_t i = 0; i < count; i++)
		histogram[from[i].key >> shift & (RADIX - 1)]++;
	if (histogram[from[0].key >> shift & (RADIX - 1)] == count)
		return false;
	for (size_t i = 0; i < RADIX; i++) {
		size_t here = histogram[i];

		histogram[i] = sum;
		sum += here;
	}
	for (size_t i = 0; i < count; i++)
		to[histogram[from[i].key >> shift & (RADIX - 1)]++] = from[i];
	return true;
}

static int by_key(const void *a, const void *b)
{
	uint64_t x = ((const struct sortable *)a)->key, y = ((const struct sortable *)b)->key;

	return (x > y) - (x < y);
}

/* Sorts `rows`; `spare` has the same room. Returns where the result is. */
static struct sortable *sort(struct sortable *rows, struct sortable *spare, size_t count)
{
	size_t *histogram = count > RADIX / 16 ? malloc(RADIX * sizeof(*histogram)) : NULL;

	if (!histogram) {
		qsort(rows, count, sizeof(*rows), by_key);
		return rows;
	}
	for (unsigned digit = 0; digit < DIGITS; digit++) {
		if (sort_pass(rows, spare, count, digit, histogram)) {
			struct sortable *swap = rows;

			rows = spare;
			spare = swap;
		}
	}
	free(histogram);
	return rows;
}

static enum ha_error sort_slots(struct state *state, uint32_t *slots, size_t count)
{
	struct sortable *rows = malloc(2 * count * sizeof(*rows));
	struct sortable *sorted;

	if (!rows)
		return HA_E_NOMEM;
	for (size_t i = 0; i < count; i++)
		rows[i] = (struct sortable){ key_of(state, slots[i]), slots[i] };
	sorted = sort(rows, rows + count, count);
	for (size_t i = 0; i < count; i++)
		slots[i] = sorted[i].slot;
	free(rows);
	return HA_OK;
}

enum ha_error state_take_dirty(struct state *state, uint32_t **slots, size_t *count)
{
	enum ha_error error;
	size_t room = state_dirty_count(state);
	uint32_t *taken = malloc((room + 1) * sizeof(*taken));

	*slots = NULL;
	*count = 0;
	if (!taken)
		return HA_E_NOMEM;

	/* Entries behind `room` came in meanwhile: they wait for the next call. */
	pthread_mutex_lock(&state->dirty_lock);
	memcpy(taken, state->dirty, room * sizeof(*taken));
	state->dirty_count -= room;
	memmove(state->dirty, state->dirty + room, state->dirty_count * sizeof(*taken));
	pthread_mutex_unlock(&state->dirty_lock);

	error = room ? sort_slots(state, taken, room) : HA_OK;
	if (error != HA_OK) {
		state_return_dirty(state, taken, room, 0);
		free(taken);
		return error;
	}
	*slots = taken;
	*count = room;
	return HA_OK;
}

/* A slot that was not copied still has its mark, and nobody can have listed it
 * again; one that was copied may have been marked and listed again since. */
void state_return_dirty(struct state *state, const uint32_t *slots, size_t count, size_t copied)
{
	for (size_t i = 0; i < count; i++) {
		peer_lock(state, slots[i]);
		if (i >= copied)
			state->peers[slots[i]].dirty = false;
		dirty_mark(state, slots[i]);
		peer_unlock(state, slots[i]);
	}
}

static void copy_bindings(struct state *state, const struct peer *peer, struct state_peer_rows *out)
{
	struct service service = service_copy(state, (uint32_t)(peer - state->peers));

	for (uint32_t at = peer->bindings; at != SLOT_NONE; at = state->bindings[at].next) {
		out->bindings[out->binding_count++] = (struct binding_row){
			.realm = peer->realm,
			.home = peer->address,
			.binding = state->bindings[at].binding,
			.node = peer->id,
			.replay = peer->replay,
			.version = peer->version,
			.group = peer->group,
			.service = service,
		};
	}
}

/* With the peer's lock held. */
static bool copy_rows(struct state *state, uint32_t slot, struct state_peer_rows *out)
{
	const struct peer *peer = &state->peers[slot];
	bool alive = peer->id && peer->kind == PEER_MOBILE_NODE;

	out->realm = peer->realm;
	out->home = peer->address;
	out->pooled = peer->pool != LABEL_NONE;
	out->binding_count = 0;
	out->replay = (struct replay_row){
		.peer = peer->id,
		.state = peer->replay,
		.home = out->pooled ? peer->address : (struct in_addr){ 0 },
		.leased = peer->leased,
		.sticky = peer->leased && peer->sticky,
		.version = peer->version,
		.service = service_copy(state, slot),
	};
	if (alive)
		copy_bindings(state, peer, out);
	return alive;
}

bool state_copy_peer(struct state *state, uint32_t slot, struct state_peer_rows *out)
{
	bool alive;

	peer_lock(state, slot);
	state->peers[slot].dirty = false;
	alive = copy_rows(state, slot, out);
	peer_unlock(state, slot);
	return alive;
}

bool state_copy_lost(struct state *state, uint32_t slot, struct state_peer_rows *out)
{
	bool alive;

	peer_lock(state, slot);
	alive = copy_rows(state, slot, out);
	peer_unlock(state, slot);
	return alive;
}

bool state_copy_at(struct state *state, uint32_t realm, struct in_addr home,
                   struct state_peer_rows *out)
{
	uint32_t slot = peer_lock_found(state, PEER_MOBILE_NODE, realm, home);
	bool alive;

	if (slot == SLOT_NONE)
		return false;
	alive = copy_rows(state, slot, out);
	peer_unlock(state, slot);
	return alive;
}
