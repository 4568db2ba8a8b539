/* consensus_window.c - a ring of rows over blocks of octets; a block goes with
 * the last entry that lies in it. */
#include "replication/consensus_window.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "replication/consensus_codec.h"

#define ENTRY_OCTETS_LEAST 64u /* a row's share of memory_max, when the ring is sized */
#define ROWS_LEAST 16384u
#define BEGIN_PART 8u /* of the memory, on top of it, is for what terms begin with */

struct window_block {
	size_t size;
	uint32_t entries; /* that lie in it */
	_Alignas(8) uint8_t octets[];
};

enum ha_error window_init(struct window *window, uint64_t first, uint64_t octets_max)
{
	uint64_t rows = ROWS_LEAST;

	while (rows < octets_max / ENTRY_OCTETS_LEAST)
		rows *= 2;
	*window = (struct window){
		.first = first,
		.last = first - 1,
		.octets_max = octets_max,
		.mask = rows - 1,
		.ring_octets = rows * sizeof(struct window_entry),
	};
	/* Pages that are never used cost nothing. */
	window->ring = mmap(NULL, window->ring_octets, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (window->ring != MAP_FAILED)
		return HA_OK;
	window->ring = NULL;
	return HA_E_NOMEM;
}

void window_destroy(struct window *window)
{
	if (!window->ring)
		return;
	while (window->last >= window->first)
		window_drop_first(window);
	munmap(window->ring, window->ring_octets);
	window->ring = NULL;
}

static bool fits(const struct window *window, size_t count, size_t octets, uint64_t octets_max)
{
	uint64_t rows = window->last + 1 - window->first + count;

	return rows <= window->mask + 1 &&
	       window->octets + octets + count * sizeof(struct window_entry) <= octets_max;
}

bool window_has_room(const struct window *window, size_t count, size_t octets)
{
	return fits(window, count, octets, window->octets_max);
}

bool window_has_room_to_begin(const struct window *window, size_t count)
{
	return fits(window, count, count * CONSENSUS_ENTRY_HEADER,
	            window->octets_max + window->octets_max / BEGIN_PART);
}

bool window_has_row(const struct window *window)
{
	return window->last + 1 - window->first <= window->mask;
}

struct window_block *window_block_new(size_t octets)
{
	struct window_block *block = malloc(sizeof(*block) + octets);

	if (block)
		*block = (struct window_block){ .size = octets };
	return block;
}

uint8_t *window_block_octets(struct window_block *block)
{
	return block->octets;
}

void window_block_drop(struct window_block *block)
{
	free(block);
}

static struct window_entry *row(const struct window *window, uint64_t index)
{
	return &window->ring[index & window->mask];
}

void window_push(struct window *window, struct window_block *block, const uint8_t *at, size_t count,
                 uint64_t serial, const uint64_t *tickets)
{
	block->entries = (uint32_t)count;
	window->octets += block->size + count * sizeof(struct window_entry);
	for (size_t i = 0; i < count; i++) {
		struct journal_entry entry;
		const uint8_t *end = consensus_entry_decode(at, &entry);

		*row(window, ++window->last) = (struct window_entry){
			.block = block,
			.at = at,
			.size = (uint32_t)(end - at),
			.kind = entry.kind,
			.term = entry.term,
			.serial = serial + i,
			.ticket = tickets ? tickets[i] : 0,
		};
		at = end;
	}
}

struct window_entry *window_at(const struct window *window, uint64_t index)
{
	return index >= window->first && index <= window->last ? row(window, index) : NULL;
}

struct journal_entry window_entry(const struct window *window, uint64_t index)
{
	const struct window_entry *from = row(window, index);
	struct journal_entry entry;

	consensus_entry_decode(from->at, &entry);
	entry.index = index;
	entry.serial = from->serial;
	entry.ticket = from->ticket;
	return entry;
}

size_t window_cut(const struct window *window, uint64_t index, struct window_cut *cut)
{
	struct consensus_octets *piece = NULL;
	size_t count = 0, octets = 0;

	cut->piece_count = 0;
	for (; index + count <= window->last && count < cut->entries_max; count++) {
		const struct window_entry *entry = row(window, index + count);

		if (count > 0 && octets + entry->size > cut->octets_max)
			break;
		if (piece && (const uint8_t *)piece->at + piece->size == entry->at) {
			piece->size += entry->size;
		} else if (cut->piece_count == cut->pieces_max) {
			break;
		} else {
			piece = &cut->pieces[cut->piece_count++];
			*piece = (struct consensus_octets){ entry->at, entry->size };
		}
		octets += entry->size;
	}
	return count;
}

static void forget(struct window *window, struct window_entry *entry)
{
	window->octets -= sizeof(*entry);
	if (--entry->block->entries == 0) {
		window->octets -= entry->block->size;
		free(entry->block);
	}
	entry->block = NULL;
}

void window_truncate(struct window *window, uint64_t from)
{
	for (; window->last >= from && window->last >= window->first; window->last--)
		forget(window, row(window, window->last));
}

void window_drop_first(struct window *window)
{
	forget(window, row(window, window->first++));
}
