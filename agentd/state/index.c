/* index.c - open addressing with linear probing and graves. */
#include "agentd/state/index.h"

#include "agentd/base/arena.h"

#define EMPTY UINT64_C(0)
#define GRAVE UINT64_C(0xffffffff) /* slot + 1 never reaches it */

bool peer_index_new(struct peer_index *index, uint32_t capacity, uint64_t seed)
{
	uint64_t cells = 64;

	while (cells < (uint64_t)capacity * 2)
		cells *= 2;
	*index = (struct peer_index){ .mask = cells - 1, .seed = seed };
	index->octets = cells * sizeof(*index->cells);
	index->cells = arena_map(index->octets);
	return index->cells != NULL;
}

void peer_index_free(struct peer_index *index)
{
	arena_unmap(index->cells, index->octets);
	index->cells = NULL;
}

/* The finalizer of a well-known 64-bit mixer; the seed keeps chains private. */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

uint64_t peer_index_hash(const struct peer_index *index, enum peer_kind kind, uint32_t realm,
                         struct in_addr address)
{
	uint64_t place = (uint64_t)realm << 32 | ntohl(address.s_addr);

	return mix(mix(place ^ index->seed) + (uint64_t)kind);
}

static uint64_t cell_of(uint64_t hash, uint32_t slot)
{
	return (hash & ~UINT64_C(0xffffffff)) | (slot + 1u);
}

uint32_t peer_index_probe(const struct peer_index *index, uint64_t hash, uint64_t *probe)
{
	while (*probe <= index->mask) {
		uint64_t at = (hash + (*probe)++) & index->mask;
		uint64_t cell = atomic_load_explicit(&index->cells[at], memory_order_acquire);

		if (cell == EMPTY)
			return SLOT_NONE;
		if (cell != GRAVE && (cell ^ hash) >> 32 == 0)
			return (uint32_t)cell - 1u;
	}
	return SLOT_NONE;
}

void peer_index_prefetch(const struct peer_index *index, uint64_t hash)
{
	__builtin_prefetch((const void *)&index->cells[hash & index->mask]);
}

void peer_index_insert(struct peer_index *index, uint64_t hash, uint32_t slot)
{
	uint64_t at = hash & index->mask;

	for (;; at = (at + 1) & index->mask) {
		uint64_t cell = atomic_load_explicit(&index->cells[at], memory_order_relaxed);

		if (cell == GRAVE)
			index->graves--;
		if (cell == EMPTY || cell == GRAVE)
			break;
	}
	atomic_store_explicit(&index->cells[at], cell_of(hash, slot), memory_order_release);
}

/* Graves at the end of a run become empty again, so that they do not pile up. */
static void bury(struct peer_index *index, uint64_t at)
{
	uint64_t next = (at + 1) & index->mask;

	atomic_store_explicit(&index->cells[at], GRAVE, memory_order_release);
	index->graves++;
	if (atomic_load_explicit(&index->cells[next], memory_order_relaxed) != EMPTY)
		return;
	while (atomic_load_explicit(&index->cells[at], memory_order_relaxed) == GRAVE) {
		atomic_store_explicit(&index->cells[at], EMPTY, memory_order_release);
		index->graves--;
		at = (at - 1) & index->mask;
	}
}

void peer_index_remove(struct peer_index *index, uint64_t hash, uint32_t slot)
{
	uint64_t at = hash & index->mask;
	uint64_t wanted = cell_of(hash, slot);

	for (uint64_t n = 0; n <= index->mask; n++, at = (at + 1) & index->mask) {
		uint64_t cell = atomic_load_explicit(&index->cells[at], memory_order_relaxed);

		if (cell == EMPTY)
			return;
		if (cell == wanted) {
			bury(index, at);
			return;
		}
	}
}
