/* consensus_window.h - the newest entries of a group in memory, in the form in
 * which they travel: what is not applied yet, and behind it what members that
 * lag may still ask for.
 *
 * Entries come in blocks (what was submitted together, or came in one message),
 * so that a run of them leaves as a few pieces and without copying.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_CONSENSUS_WINDOW_H
#define REPLICATION_CONSENSUS_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "replication/consensus.h"

struct window_block;

struct window_entry {
	struct window_block *block;
	const uint8_t *at; /* its octets as in a message, header first */
	uint32_t size;     /* of them */
	uint8_t kind;
	uint64_t term;
	uint64_t serial; /* in the log */
	uint64_t ticket; /* 0 once nobody waits for it */
};

/* Entries first .. last, none when last is first - 1. */
struct window {
	uint64_t first;
	uint64_t last;
	uint64_t octets;     /* of the blocks and the table's rows in use */
	uint64_t octets_max; /* what window_has_room goes by */
	struct window_entry *ring;
	uint64_t mask;
	size_t ring_octets;
};

/* Empty, before entry `first`. Memory comes as it is used. HA_E_NOMEM. */
enum ha_error window_init(struct window *window, uint64_t first, uint64_t octets_max);
void window_destroy(struct window *window); /* harmless on a zeroed one */

/* For so many entries of so many octets, headers included? */
bool window_has_room(const struct window *window, size_t count, size_t octets);

/* For so many entries with which terms begin? They may take a little more than others:
 * what was put in order before is committed with them, and goes. */
bool window_has_room_to_begin(const struct window *window, size_t count);

/* For one more entry at all, whatever its size? */
bool window_has_row(const struct window *window);

/* A block of so many octets, to be filled; the caller's until it was given to
 * window_push or window_block_drop. NULL: no memory. */
struct window_block *window_block_new(size_t octets);
uint8_t *window_block_octets(struct window_block *block);
void window_block_drop(struct window_block *block);

/* Put entries that lie in `block` from `at` on behind the last. Their serials
 * follow one another; tickets may be NULL. The block is the window's then.
 * There must be room. */
void window_push(struct window *window, struct window_block *block, const uint8_t *at, size_t count,
                 uint64_t serial, const uint64_t *tickets);

/* The entry, or NULL when it is not here. */
struct window_entry *window_at(const struct window *window, uint64_t index);

/* An entry for the log or the machine. It must be here. */
struct journal_entry window_entry(const struct window *window, uint64_t index);

/* Octets of entries from `index` on as pieces, at most so many entries and
 * pieces, and no more octets than `octets_max` after the first entry. Returns
 * the number of entries. */
struct window_cut {
	size_t octets_max;
	size_t entries_max;
	struct consensus_octets *pieces;
	size_t pieces_max;
	size_t piece_count; /* out */
};
size_t window_cut(const struct window *window, uint64_t index, struct window_cut *cut);

void window_truncate(struct window *window, uint64_t from); /* it and all after it go */
void window_drop_first(struct window *window);              /* the oldest goes */

#endif
