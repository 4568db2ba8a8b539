/* index.c - open addressing with linear probing. A removal closes the gap it
 * makes, so that looking for somebody who is not there stays short for ever. */
#include "agentd/state/index.h"

#include "agentd/base/arena.h"

#define EMPTY UINT64_C(0)

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

/* Cells keep the high half of the hash: where their entry would like to be can
 * be told without asking its peer. */
static uint64_t home_of(const struct peer_index *index, uint64_t hash)
{
	return hash >> 32 & index->mask;
}

static uint64_t read_cell(const struct peer_index *index, uint64_t at)
{
	return atomic_load_explicit(&index->cells[at & index->mask], memory_order_acquire);
}

static void write_cell(struct peer_index *index, uint64_t at, uint64_t cell)
{
	atomic_store_explicit(&index->cells[at & index->mask], cell, memory_order_release);
}

uint32_t peer_index_probe(const struct peer_index *index, uint64_t hash, uint64_t *probe)
{
	while (*probe <= index->mask) {
		uint64_t cell = read_cell(index, home_of(index, hash) + (*probe)++);

		if (cell == EMPTY)
			return SLOT_NONE;
		if ((cell ^ hash) >> 32 == 0)
			return (uint32_t)cell - 1u;
	}
	return SLOT_NONE;
}

uint32_t peer_index_version(const struct peer_index *index)
{
	return atomic_load_explicit(&index->version, memory_order_acquire);
}

void peer_index_prefetch(const struct peer_index *index, uint64_t hash)
{
	__builtin_prefetch((const void *)&index->cells[home_of(index, hash)]);
}

void peer_index_insert(struct peer_index *index, uint64_t hash, uint32_t slot)
{
	uint64_t at = home_of(index, hash);

	while (read_cell(index, at) != EMPTY)
		at++;
	write_cell(index, at, cell_of(hash, slot));
}

/* Whoever stands behind the gap moves up, unless that would be before its home. */
static void close_gap(struct peer_index *index, uint64_t gap)
{
	uint64_t cell;

	for (uint64_t at = gap + 1; (cell = read_cell(index, at)) != EMPTY; at++) {
		if (((at - home_of(index, cell)) & index->mask) < at - gap)
			continue;
		write_cell(index, gap, cell);
		gap = at;
	}
	write_cell(index, gap, EMPTY);
}

void peer_index_remove(struct peer_index *index, uint64_t hash, uint32_t slot)
{
	uint64_t at = home_of(index, hash), wanted = cell_of(hash, slot), cell;

	while ((cell = read_cell(index, at)) != wanted) {
		if (cell == EMPTY)
			return;
		at++;
	}
	atomic_fetch_add(&index->version, 1);
	close_gap(index, at);
	atomic_fetch_add(&index->version, 1);
}
