/* journal_format.c - see journal_format.h for the layout. The only file that
 * includes the hash. */
#include "replication/journal_format.h"

#include <string.h>
#include <xxhash.h>

#define SEGMENT_MAGIC 0x316765734c4d4548u /* "HEMLseg1" */
#define BATCH_MAGIC 0x68637462u           /* "btch" */
#define COPY 0x80u                        /* of the octet that holds the kind */
#define SEGMENT_CHECKSUM_SEED 0x48656172746821u

/* What differs between the formats, in octets. */
static const struct {
	size_t segment_covered; /* by the checksum of a segment's header */
	size_t record_header;
} layouts[JOURNAL_FORMAT + 1] = {
	[1] = { 40, 24 },
	[2] = { JOURNAL_SEGMENT_HEADER - sizeof(uint64_t), JOURNAL_RECORD_HEADER },
	[3] = { JOURNAL_SEGMENT_HEADER - sizeof(uint64_t), JOURNAL_RECORD_HEADER },
};

static uint8_t *put_u32(uint8_t *at, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (8 * i));
	return at + 4;
}

static uint8_t *put_u64(uint8_t *at, uint64_t value)
{
	for (unsigned i = 0; i < 8; i++)
		at[i] = (uint8_t)(value >> (8 * i));
	return at + 8;
}

static uint32_t get_u32(const uint8_t *at)
{
	uint32_t value = 0;
	for (unsigned i = 0; i < 4; i++)
		value |= (uint32_t)at[i] << (8 * i);
	return value;
}

static uint64_t get_u64(const uint8_t *at)
{
	return get_u32(at) | (uint64_t)get_u32(at + 4) << 32;
}

static uint64_t checksum(const uint8_t *octets, size_t size, uint64_t seed)
{
	return XXH3_64bits_withSeed(octets, size, seed);
}

void journal_segment_encode(uint8_t *block, const struct journal_segment_header *header)
{
	memset(block, 0, JOURNAL_BLOCK);
	uint8_t *at = put_u64(block, SEGMENT_MAGIC);
	at = put_u32(at, header->format);
	at = put_u32(at, header->octets);
	at = put_u64(at, header->sequence);
	at = put_u64(at, header->seed);
	at = put_u64(at, header->store_id);
	if (header->format > 1)
		at = put_u64(at, header->first_serial);
	put_u64(at, checksum(block, (size_t)(at - block), SEGMENT_CHECKSUM_SEED));
}

enum ha_error journal_segment_decode(const uint8_t *block, struct journal_segment_header *out)
{
	const uint32_t format = get_u32(block + 8);
	if (get_u64(block) != SEGMENT_MAGIC)
		return HA_E_DAMAGED;
	if (format > JOURNAL_FORMAT)
		return HA_E_NEWER;
	if (format < JOURNAL_FORMAT_OLDEST)
		return HA_E_DAMAGED;
	const size_t covered = layouts[format].segment_covered;
	if (get_u64(block + covered) != checksum(block, covered, SEGMENT_CHECKSUM_SEED))
		return HA_E_DAMAGED;

	const struct journal_segment_header header = {
		.format = format,
		.octets = get_u32(block + 12),
		.sequence = get_u64(block + 16),
		.seed = get_u64(block + 24),
		.store_id = get_u64(block + 32),
		.first_serial = format > 1 ? get_u64(block + 40) : 0,
	};
	if (header.octets < JOURNAL_SEGMENT_MIN || header.octets > JOURNAL_SEGMENT_MAX ||
	    header.octets % JOURNAL_BLOCK != 0 || header.sequence == 0)
		return HA_E_DAMAGED;
	*out = header;
	return HA_OK;
}

uint8_t *journal_record_encode(uint8_t *at, const struct journal_entry *entry)
{
	at = put_u32(at, entry->group);
	at = put_u32(at, (uint32_t)entry->size);
	at = put_u64(at, entry->term);
	at = put_u64(at, entry->index ? entry->index : entry->serial);
	*at++ = (uint8_t)(entry->kind | (entry->copy ? COPY : 0));
	if (entry->size > 0)
		memcpy(at, entry->command, entry->size);
	return at + entry->size;
}

void journal_batch_seal(uint8_t *image, struct journal_batch_header *header, uint64_t seed)
{
	const size_t used = JOURNAL_BATCH_HEADER + (size_t)header->body_octets;
	memset(image + used, 0, journal_batch_span(header->body_octets) - used);
	header->body_checksum = checksum(image + JOURNAL_BATCH_HEADER, header->body_octets, seed);

	uint8_t *at = put_u32(image, BATCH_MAGIC);
	at = put_u32(at, header->format);
	at = put_u64(at, seed);
	at = put_u64(at, header->number);
	at = put_u64(at, header->first_serial);
	at = put_u64(at, header->previous);
	at = put_u32(at, header->entries);
	at = put_u32(at, header->body_octets);
	at = put_u64(at, header->body_checksum);
	header->mark = checksum(image, (size_t)(at - image), seed);
	put_u64(at, header->mark);
}

enum journal_batch_state journal_batch_decode(const uint8_t *octets, uint64_t seed,
                                              struct journal_batch_header *out)
{
	if (get_u32(octets) != BATCH_MAGIC || get_u64(octets + 8) != seed)
		return JOURNAL_BATCH_NONE;
	const size_t covered = JOURNAL_BATCH_HEADER - sizeof(uint64_t);
	const struct journal_batch_header header = {
		.format = get_u32(octets + 4),
		.number = get_u64(octets + 16),
		.first_serial = get_u64(octets + 24),
		.previous = get_u64(octets + 32),
		.entries = get_u32(octets + 40),
		.body_octets = get_u32(octets + 44),
		.body_checksum = get_u64(octets + 48),
		.mark = get_u64(octets + covered),
	};
	if (header.format < JOURNAL_FORMAT_OLDEST || header.format > JOURNAL_FORMAT ||
	    header.mark != checksum(octets, covered, seed) ||
	    header.body_octets > JOURNAL_BODY_MAX || header.entries > JOURNAL_ENTRIES_MAX ||
	    header.entries == 0 || header.first_serial == 0)
		return JOURNAL_BATCH_TORN;
	*out = header;
	return JOURNAL_BATCH_HEADED;
}

bool journal_batch_intact(const uint8_t *body, const struct journal_batch_header *header,
                          uint64_t seed)
{
	return checksum(body, header->body_octets, seed) == header->body_checksum;
}

struct journal_cursor journal_cursor_over(const uint8_t *body,
                                          const struct journal_batch_header *header,
                                          const uint64_t *tickets)
{
	return (struct journal_cursor){
		.at = body,
		.end = body + header->body_octets,
		.next_serial = header->first_serial,
		.format = header->format,
		.left = header->entries,
		.tickets = tickets,
	};
}

static struct journal_entry decode_record(const struct journal_cursor *cursor)
{
	const size_t header = layouts[cursor->format].record_header;
	const uint8_t kind = cursor->format > 1 ? cursor->at[24] : JOURNAL_COMMAND;
	const uint8_t copy = cursor->format > 2 ? kind & COPY : 0;
	return (struct journal_entry){
		.serial = cursor->next_serial,
		.group = get_u32(cursor->at),
		.size = get_u32(cursor->at + 4),
		.term = get_u64(cursor->at + 8),
		.index = get_u64(cursor->at + 16),
		.kind = kind ^ copy,
		.copy = copy != 0,
		.command = cursor->at + header,
		.ticket = cursor->tickets ? *cursor->tickets : 0,
	};
}

static bool is_possible(const struct journal_entry *entry, uint32_t format)
{
	const uint8_t kinds = format > 2 ? JOURNAL_KIND_COUNT : JOURNAL_BEGIN;
	if (format == 1 && entry->index != entry->serial)
		return false;
	return entry->size <= REPLICATION_COMMAND_MAX && entry->index != 0 && entry->kind < kinds &&
	       !(entry->copy && entry->kind == JOURNAL_BEGIN);
}

enum ha_error journal_cursor_next(struct journal_cursor *cursor, struct journal_entry *out)
{
	const size_t left = (size_t)(cursor->end - cursor->at);
	const size_t header = layouts[cursor->format].record_header;
	if (cursor->left == 0)
		return left == 0 ? HA_E_NOTFOUND : HA_E_DAMAGED;
	if (left < header)
		return HA_E_DAMAGED;

	const struct journal_entry entry = decode_record(cursor);
	if (entry.size > left - header || !is_possible(&entry, cursor->format))
		return HA_E_DAMAGED;

	cursor->at += header + entry.size;
	cursor->next_serial++;
	cursor->left--;
	if (cursor->tickets)
		cursor->tickets++;
	*out = entry;
	return HA_OK;
}
