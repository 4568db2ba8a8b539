/* journal_recovery.c - what the directory says after a stop, a crash or a
 * power cut: where the log begins, where it ends, and whether everything
 * between is there. It never guesses: what could be a lost acknowledged entry
 * stops the start with a sentence for the operator.
 *
 * One batch at most was being written when the power went, the last one. It
 * was not acknowledged, so it may be dropped when it is torn. A batch with a
 * later number is only written after the one before is durable: if one stands
 * anywhere behind the break, the break is damage.
 *
 * What cannot be told: damage that befell the very last acknowledged batch
 * later looks like a torn one. Only the store can know better: if it holds
 * more than the log does, that is reported. */
#include <inttypes.h>
#include <string.h>

#include "agentd/base/log.h"
#include "replication/counters.h"
#include "replication/journal_internal.h"

#define REPLAY_CHUNK 256u

/* A place where a batch may begin. */
struct place {
	size_t segment; /* index into the table */
	uint32_t offset;
};

struct recovery {
	struct journal *journal;
	/* what was found so far */
	bool any; /* batch */
	bool torn;
	struct journal_batch_header last; /* of the good ones; at first none, of no entries */
	struct place last_place;
	struct place end; /* of the good ones */
	uint8_t *image;   /* of the batch being looked at */
	uint8_t *last_image;
};

static struct journal_name name_at(const struct journal *journal, size_t i)
{
	return journal_segment_name(journal->segments[i].sequence);
}

/* ---- batches ---- */

static enum ha_error reopen(struct journal *journal, size_t i)
{
	struct journal_segment *segment = &journal->segments[i];
	return segment->file >= 0 ? HA_OK : journal_segment_open(journal, segment);
}

static enum ha_error read_at(struct journal *journal, struct place at, uint8_t *octets, size_t size)
{
	const enum ha_error open = reopen(journal, at.segment);
	if (open != HA_OK)
		return open;
	const struct journal_segment *segment = &journal->segments[at.segment];
	int error = journal_io_read(journal->io, segment->file, octets, size, at.offset);
	return error ? journal_refuse_io(journal, error, name_at(journal, at.segment).text, "read")
	             : HA_OK;
}

enum found {
	FOUND_NOTHING, /* no batch of this place's turn */
	FOUND_TORN,    /* it was begun */
	FOUND_BATCH,
};

static uint64_t expected_number(const struct recovery *recovery)
{
	return recovery->last.number + 1;
}

/* Is the next batch at this place? Reads it into recovery->image. */
static enum ha_error look(struct recovery *recovery, struct place at,
                          struct journal_batch_header *header, enum found *found)
{
	struct journal *journal = recovery->journal;
	const struct journal_segment *segment = &journal->segments[at.segment];
	*found = FOUND_NOTHING;
	if (at.offset + JOURNAL_BLOCK > segment->octets)
		return HA_OK;
	enum ha_error error = read_at(journal, at, recovery->image, JOURNAL_BLOCK);
	if (error != HA_OK)
		return error;
	const enum journal_batch_state state = journal_batch_decode(recovery->image, segment->seed,
	                                                            header);
	if (state == JOURNAL_BATCH_TORN)
		*found = FOUND_TORN;
	if (state != JOURNAL_BATCH_HEADED ||
	    (recovery->any && header->number != expected_number(recovery)))
		return HA_OK;

	*found = FOUND_TORN;
	const uint32_t span = journal_batch_span(header->body_octets);
	if (span > segment->octets - at.offset)
		return HA_OK;
	if (span > JOURNAL_BLOCK) {
		const struct place rest = { at.segment, at.offset + JOURNAL_BLOCK };
		error = read_at(journal, rest, recovery->image + JOURNAL_BLOCK,
		                span - JOURNAL_BLOCK);
		if (error != HA_OK)
			return error;
	}
	if (journal_batch_intact(recovery->image + JOURNAL_BATCH_HEADER, header, segment->seed))
		*found = FOUND_BATCH;
	return HA_OK;
}

static enum ha_error damaged_at(struct recovery *recovery, struct place at, const char *how)
{
	struct journal *journal = recovery->journal;
	return journal_refuse(
		journal, HA_E_DAMAGED, "%s/%s: at octet %" PRIu32 " %s: " JOURNAL_REMEDY,
		journal->directory_path, name_at(journal, at.segment).text, at.offset, how);
}

/* Give the client what the store does not hold. */
static enum ha_error replay(struct recovery *recovery, const struct journal_batch_header *header,
                            struct place at)
{
	struct journal *journal = recovery->journal;
	struct journal_entry chunk[REPLAY_CHUNK];
	size_t n = 0;
	enum ha_error error;
	struct journal_cursor cursor = journal_cursor_over(recovery->image + JOURNAL_BATCH_HEADER,
	                                                   header, NULL);

	/* Nothing of a batch is replayed before all of it was seen to be sound. */
	struct journal_cursor check = cursor;
	while ((error = journal_cursor_next(&check, &chunk[0])) == HA_OK)
		if (journal->client.met)
			journal->client.met(journal->client.context, &chunk[0]);
	if (error != HA_E_NOTFOUND)
		return damaged_at(recovery, at, "a batch holds records that do not add up");

	while (journal_cursor_next(&cursor, &chunk[n]) == HA_OK) {
		if (chunk[n].serial <= journal->applied)
			continue;
		if (++n < REPLAY_CHUNK)
			continue;
		journal->client.replay(journal->client.context, chunk, n);
		replication_count(REPLICATION_COUNTER_ENTRIES_REPLAYED, n);
		n = 0;
	}
	if (n > 0)
		journal->client.replay(journal->client.context, chunk, n);
	replication_count(REPLICATION_COUNTER_ENTRIES_REPLAYED, n);
	return HA_OK;
}

static void note_batch(struct recovery *recovery, const struct journal_batch_header *header,
                       struct place at)
{
	struct journal_segment *segment = &recovery->journal->segments[at.segment];
	if (segment->first_serial == 0)
		segment->first_serial = header->first_serial;
	segment->last_serial = header->first_serial + header->entries - 1;

	recovery->any = true;
	recovery->last = *header;
	recovery->last_place = at;
	recovery->end = (struct place){ at.segment,
		                        at.offset + journal_batch_span(header->body_octets) };
	uint8_t *image = recovery->last_image;
	recovery->last_image = recovery->image;
	recovery->image = image;
}

/* A whole batch: does it continue the ones before? */
static enum ha_error accept(struct recovery *recovery, const struct journal_batch_header *header,
                            struct place at)
{
	struct journal *journal = recovery->journal;
	if (!recovery->any && !journal->whole && header->first_serial > journal->applied + 1)
		return journal_refuse(journal, HA_E_DAMAGED,
		                      "%s: the log begins with entry %" PRIu64
		                      ", but the store ends with %" PRIu64
		                      ": the store is older than the log; restore both from the "
		                      "same backup",
		                      journal->directory_path, header->first_serial,
		                      journal->applied);
	if (recovery->any &&
	    (header->previous != recovery->last.mark ||
	     header->first_serial != recovery->last.first_serial + recovery->last.entries))
		return damaged_at(recovery, at, "a batch does not continue the one before");
	const enum ha_error error = replay(recovery, header, at);
	if (error == HA_OK)
		note_batch(recovery, header, at);
	return error;
}

/* The writer moves on when a batch does not fit. But the oldest file begins with
 * a batch: where the store does not say what has to be there, it must be found. */
static bool may_go_on_in_next(const struct recovery *recovery, struct place at)
{
	return at.segment + 1 < recovery->journal->segment_count &&
	       (recovery->any || !recovery->journal->whole);
}

/* From the given segment on, as far as batches follow one another. */
static enum ha_error walk(struct recovery *recovery, size_t start)
{
	struct journal *journal = recovery->journal;
	struct journal_batch_header header;
	recovery->end = (struct place){ start, JOURNAL_BLOCK };

	for (;;) {
		enum found found;
		struct place at = recovery->end;
		enum ha_error error = look(recovery, at, &header, &found);
		if (error != HA_OK)
			return error;
		if (found != FOUND_BATCH && may_go_on_in_next(recovery, at)) {
			recovery->torn |= found == FOUND_TORN;
			at = (struct place){ at.segment + 1, JOURNAL_BLOCK };
			error = look(recovery, at, &header, &found);
			if (error != HA_OK)
				return error;
		}
		if (found != FOUND_BATCH) {
			recovery->torn |= found == FOUND_TORN;
			return HA_OK;
		}
		recovery->torn = false;
		error = accept(recovery, &header, at);
		if (error != HA_OK)
			return error;
		if (at.segment > start)
			journal_segment_close(journal, &journal->segments[at.segment - 1]);
	}
}

/* Where to begin: at the last segment of which the store holds everything
 * before its first entry. Damage before that is of no concern any more. For a
 * client that wants all there is: at the first. */
static enum ha_error find_start(struct recovery *recovery, size_t *start)
{
	struct journal *journal = recovery->journal;
	*start = 0;
	for (size_t i = journal->whole ? 0 : journal->segment_count; i-- > 0;) {
		struct journal_batch_header header;
		enum found found;
		const struct place first = { i, JOURNAL_BLOCK };
		const enum ha_error error = look(recovery, first, &header, &found);
		journal_segment_close(journal, &journal->segments[i]);
		if (error != HA_OK)
			return error;
		if (found == FOUND_BATCH && header.first_serial <= journal->applied + 1) {
			*start = i;
			return HA_OK;
		}
	}
	return HA_OK;
}

/* ---- behind the end ---- */

/* Does a batch that was written after the break begin in this piece? */
static bool later_batch_in(const struct recovery *recovery, const uint8_t *piece, size_t size,
                           uint64_t seed, uint64_t limit)
{
	(void)recovery;
	for (size_t at = 0; at + JOURNAL_BLOCK <= size; at += JOURNAL_BLOCK) {
		struct journal_batch_header header;
		if (journal_batch_decode(piece + at, seed, &header) == JOURNAL_BATCH_HEADED &&
		    header.number > limit)
			return true;
	}
	return false;
}

/* The highest number that a batch behind the end may carry: that of the torn
 * one. When no batch was good, the torn one is the first of its segment. */
static enum ha_error torn_number(struct recovery *recovery, uint64_t *limit)
{
	struct journal_batch_header header;
	*limit = expected_number(recovery);
	if (recovery->any)
		return HA_OK;
	const struct journal_segment *segment = &recovery->journal->segments[recovery->end.segment];
	const enum ha_error error = read_at(recovery->journal, recovery->end, recovery->image,
	                                    JOURNAL_BLOCK);
	if (error == HA_OK &&
	    journal_batch_decode(recovery->image, segment->seed, &header) == JOURNAL_BATCH_HEADED)
		*limit = header.number;
	else
		*limit = 0;
	return error;
}

static enum ha_error scan_segment(struct recovery *recovery, struct place from, uint64_t limit)
{
	struct journal *journal = recovery->journal;
	const size_t piece_max = JOURNAL_BATCH_MAX - JOURNAL_BATCH_MAX % JOURNAL_BLOCK;
	while (from.offset < journal->segments[from.segment].octets) {
		const size_t left = journal->segments[from.segment].octets - from.offset;
		const size_t size = left < piece_max ? left : piece_max;
		const enum ha_error error = read_at(journal, from, recovery->image, size);
		if (error != HA_OK)
			return error;
		if (later_batch_in(recovery, recovery->image, size,
		                   journal->segments[from.segment].seed, limit))
			return damaged_at(recovery, recovery->end,
			                  "an acknowledged batch is broken, later ones follow it");
		from.offset += (uint32_t)size;
	}
	return HA_OK;
}

static enum ha_error scan_behind(struct recovery *recovery)
{
	struct journal *journal = recovery->journal;
	uint64_t limit;
	enum ha_error error = torn_number(recovery, &limit);
	struct place from = recovery->end;
	while (error == HA_OK && from.segment < journal->segment_count) {
		error = scan_segment(recovery, from, limit);
		if (from.segment != recovery->end.segment)
			journal_segment_close(journal, &journal->segments[from.segment]);
		from = (struct place){ from.segment + 1, JOURNAL_BLOCK };
	}
	return error;
}

static enum ha_error judge_end(struct recovery *recovery)
{
	struct journal *journal = recovery->journal;
	const uint64_t last = recovery->last.first_serial + recovery->last.entries - 1;
	if (last < journal->applied)
		return journal_refuse(
			journal, HA_E_DAMAGED,
			"%s: the log ends with entry %" PRIu64 ", but the store holds %" PRIu64
			": entries of the log are missing; restore both from the same "
			"backup",
			journal->directory_path, last, journal->applied);
	if (recovery->torn) {
		replication_count(REPLICATION_COUNTER_TORN_BATCHES, 1);
		log_notice("%s/%s: a batch after entry %" PRIu64
		           " was interrupted before it was acknowledged, dropped",
		           journal->directory_path, name_at(journal, recovery->end.segment).text,
		           last);
	}
	return HA_OK;
}

/* ---- go on from there ---- */

/* After a failed sync the system may show octets that the disk does not have,
 * and believe they are clean. So write the last batch once more. */
static enum ha_error settle(struct recovery *recovery)
{
	struct journal *journal = recovery->journal;
	const struct journal_io *io = journal->io;
	int error = 0;
	if (recovery->any) {
		const struct place at = recovery->last_place;
		const int file = journal->segments[at.segment].file;
		error = journal_io_write(io, file, recovery->last_image,
		                         journal_batch_span(recovery->last.body_octets), at.offset);
		if (!error)
			error = io->sync_file(io->context, file);
		if (error)
			return journal_refuse_io(journal, error, name_at(journal, at.segment).text,
			                         "written");
	}
	error = io->sync_directory(io->context, journal->directory);
	return error ? journal_refuse_io(journal, error, "", "synced") : HA_OK;
}

/* Ready segments of another size would not hold what is promised, and those of
 * another format would not be understood. */
static enum ha_error open_ready(struct recovery *recovery)
{
	struct journal *journal = recovery->journal;
	while (journal->segment_count > recovery->end.segment + 1) {
		const size_t last = journal->segment_count - 1;
		if (journal->segments[last].octets == journal->segment_octets &&
		    journal->segments[last].format == JOURNAL_FORMAT)
			break;
		const enum ha_error error = journal_segment_remove(journal, last);
		if (error != HA_OK)
			return error;
	}
	for (size_t i = recovery->end.segment; i < journal->segment_count; i++) {
		const enum ha_error error = reopen(journal, i);
		if (error != HA_OK)
			return error;
	}
	return HA_OK;
}

/* A file of an older format takes nothing more: an older program must refuse
 * what it does not understand, and it looks at the formats of files. Nor does an
 * empty one that is too small for a batch of now: see may_go_on_in_next. */
static bool tail_is_outdated(const struct recovery *recovery)
{
	const struct journal *journal = recovery->journal;
	const struct journal_segment *tail = &journal->segments[recovery->end.segment];
	return tail->format != JOURNAL_FORMAT ||
	       (!recovery->any && tail->octets < journal->segment_octets);
}

static enum ha_error resume(struct recovery *recovery, size_t start)
{
	struct journal *journal = recovery->journal;
	journal->next_serial = recovery->last.first_serial + recovery->last.entries;
	journal->stored_serial = journal->next_serial - 1;
	enum ha_error error = reopen(journal, recovery->end.segment);
	if (error == HA_OK)
		error = settle(recovery);
	if (error == HA_OK)
		error = open_ready(recovery);
	if (error == HA_OK && tail_is_outdated(recovery)) {
		error = journal_leave_tail(journal, &recovery->end.segment, recovery->any);
		recovery->end.offset = JOURNAL_BLOCK;
	}
	if (error != HA_OK)
		return error;

	const struct journal_segment *tail = &journal->segments[recovery->end.segment];
	journal->used = journal->durable_sequence = tail->sequence;
	if (recovery->any) {
		journal->used = journal->segments[start].sequence;
		journal->durable_sequence =
			journal->segments[recovery->last_place.segment].sequence;
	}
	journal->tail = journal->writing_sequence = tail->sequence;
	journal->tail_offset = recovery->end.offset;
	journal->tail_octets = tail->octets;
	journal->next_number = expected_number(recovery);
	journal->mark = recovery->last.mark;
	return HA_OK;
}

/* The serial number of a log without entries. What an erased one held before, its
 * files remember; a store that counts on entries does not ask them. */
static uint64_t first_serial(const struct journal *journal)
{
	const uint64_t begin = journal->begins + 1;
	if (!journal->whole || journal->segment_count == 0)
		return begin;
	const uint64_t floor = journal->segments[journal->segment_count - 1].floor_serial;
	return floor > begin ? floor : begin;
}

static enum ha_error recover_batches(struct recovery *recovery)
{
	size_t start = 0;
	enum ha_error error = HA_OK;
	if (recovery->journal->segment_count > 0) {
		error = find_start(recovery, &start);
		if (error == HA_OK)
			error = walk(recovery, start);
		if (error == HA_OK)
			error = scan_behind(recovery);
	}
	if (error == HA_OK)
		error = judge_end(recovery);
	if (error == HA_OK && recovery->journal->segment_count == 0)
		error = journal_ensure_segments(recovery->journal, 2);
	if (error == HA_OK)
		error = resume(recovery, start);
	if (error == HA_OK)
		error = journal_ensure_segments(recovery->journal, 2);
	return error;
}

enum ha_error journal_recover(struct journal *journal)
{
	struct recovery recovery = {
		.journal = journal,
		.image = journal->batches[0].image,
		.last_image = journal->batches[1].image,
		.end = { 0, JOURNAL_BLOCK },
	};
	const enum ha_error error = journal_open_directory(journal);
	if (error != HA_OK)
		return error;
	recovery.last.first_serial = journal->next_serial = first_serial(journal);
	return recover_batches(&recovery);
}
