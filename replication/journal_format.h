/* journal_format.h - the octets of the log: segment header, batch header,
 * record. Encodes and decodes, with bounds; no I/O, no allocation, and no
 * opinion on what a missing or broken part means (journal_recovery.c has it).
 *
 * A segment file has a fixed size. All integers are little-endian.
 *
 *   0      segment header, one block of JOURNAL_BLOCK octets
 *            0 magic u64       8 format u32      12 octets of the segment u32
 *           16 sequence u64   24 seed u64        32 store id u64
 *           40 first serial u64: no entry of this file has a lower one
 *           48 checksum u64 of the 48 octets before it
 *   4096   batches; each begins at a block and is padded to a block with zeros,
 *          so that a flush never writes a block that an earlier one covered
 *            0 magic u32       4 format u32       8 seed of the segment u64
 *           16 number u64     24 first serial u64 32 mark of the batch before u64
 *           40 entries u32    44 body octets u32 48 checksum of the body u64
 *           56 checksum u64 of the 56 octets before it: the mark of this batch
 *           64 body: records one after the other
 *                0 group u32   4 size u32   8 term u64   16 index u64
 *               24 kind u8: the lowest seven bits; the highest: it is a copy
 *               25 command
 *
 * The seed is drawn anew whenever a file is made ready for use, and keys all
 * checksums of its batches: what a recycled file held before cannot be taken
 * for a batch of now. Batch numbers go up by one, across segments; the mark
 * chains them. Padding is in no checksum: it carries nothing.
 *
 * Magic and format stay where they are in all formats to come. Older ones are read
 * and never written. Format 2 has neither copies nor JOURNAL_BEGIN. Format 1 has no
 * first serial in the segment's header (the checksum stands there), no kind in
 * records (the command stands there, and is of the machine), and one group whose
 * indexes are the serial numbers.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_JOURNAL_FORMAT_H
#define REPLICATION_JOURNAL_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "replication/replication.h"

#define JOURNAL_FORMAT 3u
#define JOURNAL_FORMAT_OLDEST 1u /* that can be read */
#define JOURNAL_BLOCK 4096u
#define JOURNAL_SEGMENT_HEADER 56u /* octets in use of its block */
#define JOURNAL_BATCH_HEADER 64u
#define JOURNAL_RECORD_HEADER 25u

/* The largest batch: room for one largest command after a mebibyte of others. */
#define JOURNAL_BATCH_MAX ((2u << 20) + JOURNAL_BLOCK)
#define JOURNAL_BODY_MAX (JOURNAL_BATCH_MAX - JOURNAL_BATCH_HEADER)
#define JOURNAL_ENTRIES_MAX 8192u /* of one batch */

#define JOURNAL_SEGMENT_MIN (16u * JOURNAL_BLOCK)
#define JOURNAL_SEGMENT_MAX (1u << 30)

/* What an entry is to the group it belongs to. Stored on disk: append only, and
 * with another number of the format, for older programs do not know it. */
enum journal_kind {
	JOURNAL_COMMAND = 0, /* of the machine */
	JOURNAL_BARRIER = 1, /* a leader's first entry: nothing to apply */
	JOURNAL_ADMIT = 2,   /* a member may come back with another disk */
	JOURNAL_BEGIN = 3,   /* what the log held of the group is void, for its store is
	                      * another one's, up to this index; not of the group's order */
	JOURNAL_KIND_COUNT
};

/* For what there is to be room. A log has some for what it cannot do without when it
 * takes nothing else any more: whoever comes later here may use what is kept for it, and
 * what is kept for those before. */
enum journal_use {
	JOURNAL_USE_ORDER,  /* whatever is put in order */
	JOURNAL_USE_COPIES, /* with which a shared log lets older places go */
	JOURNAL_USE_BEGIN,  /* of a term or of a group: nothing is let go before */
	JOURNAL_USE_COUNT
};

/* One entry of the log. The serial number counts all entries of the file set,
 * without holes; index and term are the group's, and an index may come again:
 * then it replaces, and what followed it is gone. */
struct journal_entry {
	uint64_t serial;
	uint64_t index;
	uint64_t term;
	uint32_t group;
	uint8_t kind;    /* enum journal_kind */
	bool copy;       /* of an entry that lies further ahead, and replaces nothing there */
	uint64_t ticket; /* of this process; not on the disk */
	const void *command;
	size_t size;
};

struct journal_segment_header {
	uint32_t format;
	uint32_t octets; /* of the whole file */
	uint64_t sequence;
	uint64_t seed;
	uint64_t store_id;
	uint64_t first_serial; /* no entry has a lower one; 0 in format 1 */
};

struct journal_batch_header {
	uint32_t format;
	uint64_t number;
	uint64_t first_serial;
	uint64_t previous; /* mark of the batch before; 0 for the very first */
	uint64_t mark;     /* of this one */
	uint64_t body_checksum;
	uint32_t entries;
	uint32_t body_octets;
};

/* Octets that a batch with such a body takes in the file. */
static inline uint32_t journal_batch_span(size_t body_octets)
{
	return (uint32_t)((JOURNAL_BATCH_HEADER + body_octets + JOURNAL_BLOCK - 1) &
	                  ~(size_t)(JOURNAL_BLOCK - 1));
}

/* Write the header's block: JOURNAL_BLOCK octets. */
void journal_segment_encode(uint8_t *block, const struct journal_segment_header *header);

/* HA_E_NEWER, or HA_E_DAMAGED for everything else that is wrong: magic,
 * checksum, an impossible size. *out is untouched on failure. */
enum ha_error journal_segment_decode(const uint8_t *block, struct journal_segment_header *out);

/* Append one record in JOURNAL_FORMAT to `at`, which has room for it; an index of
 * 0 becomes the serial number. Returns the end. */
uint8_t *journal_record_encode(uint8_t *at, const struct journal_entry *entry);

/* Close a batch: `image` starts with room for the header, the body follows.
 * Computes both checksums, fills in header->mark and body_checksum, writes the
 * header and zeroes the padding up to journal_batch_span. */
void journal_batch_seal(uint8_t *image, struct journal_batch_header *header, uint64_t seed);

enum journal_batch_state {
	JOURNAL_BATCH_NONE,   /* nothing that was begun under this seed */
	JOURNAL_BATCH_TORN,   /* begun under this seed, header broken */
	JOURNAL_BATCH_HEADED, /* the header is whole; the body was not looked at */
};

/* What stands at the start of a block (JOURNAL_BATCH_HEADER octets are read)?
 * *out is filled for JOURNAL_BATCH_HEADED only, and then body_octets is at
 * most JOURNAL_BODY_MAX and entries at most JOURNAL_ENTRIES_MAX. */
enum journal_batch_state journal_batch_decode(const uint8_t *octets, uint64_t seed,
                                              struct journal_batch_header *out);

/* Does the body that follows the header have its checksum? */
bool journal_batch_intact(const uint8_t *body, const struct journal_batch_header *header,
                          uint64_t seed);

/* Walk the records of a body. */
struct journal_cursor {
	const uint8_t *at;
	const uint8_t *end;
	uint64_t next_serial;
	uint32_t format;
	uint32_t left;           /* entries */
	const uint64_t *tickets; /* of the entries left, or NULL: all 0 */
};

struct journal_cursor journal_cursor_over(const uint8_t *body,
                                          const struct journal_batch_header *header,
                                          const uint64_t *tickets);

/* The next entry, borrowed from the body. HA_E_NOTFOUND after the last;
 * HA_E_DAMAGED when the records do not add up to what the header says. */
enum ha_error journal_cursor_next(struct journal_cursor *cursor, struct journal_entry *out);

#endif
