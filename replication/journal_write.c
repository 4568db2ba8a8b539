/* journal_write.c - entries into batches, batches onto the disk: the append
 * side and the log thread. Files are prepared in journal_segments.c.
 *
 * There is no timer: while one batch is written and flushed, the next one
 * collects. A batch gets its place in a file when its first entry arrives, so
 * an entry that was accepted has its place. */
#include <inttypes.h>
#include <string.h>

#include "agentd/base/clock.h"
#include "replication/counters.h"
#include "replication/journal_internal.h"

#define BATCH_FILL (1u << 20) /* octets after which a batch takes no more */

/* ---- append ---- */

/* Octets of the records of all entries; 0 when one of them is too large. */
static size_t records_size(const struct journal_entry *entries, size_t count)
{
	size_t octets = 0;
	for (size_t i = 0; i < count; i++) {
		if (entries[i].size > REPLICATION_COMMAND_MAX)
			return 0;
		octets += JOURNAL_RECORD_HEADER + entries[i].size;
	}
	return octets;
}

static size_t body_limit(const struct journal *journal)
{
	const size_t of_segment = journal->segment_octets - JOURNAL_BLOCK - JOURNAL_BATCH_HEADER;
	return of_segment < JOURNAL_BODY_MAX ? of_segment : JOURNAL_BODY_MAX;
}

/* The open batch is complete: give it its number and queue it. With the mutex. */
static void seal_open(struct journal *journal)
{
	struct journal_batch *batch = journal->open;
	struct journal_segment *segment = journal_segment_at(journal, batch->sequence);

	batch->header.number = journal->next_number++;
	journal->tail_offset += journal_batch_span(batch->header.body_octets);
	if (segment->first_serial == 0)
		segment->first_serial = batch->header.first_serial;
	segment->last_serial = journal->next_serial - 1;

	batch->next = NULL;
	if (journal->sealed_last)
		journal->sealed_last->next = batch;
	else
		journal->sealed_first = batch;
	journal->sealed_last = batch;
	journal->open = NULL;
}

static bool open_has_room(const struct journal *journal, size_t octets, size_t count)
{
	const struct journal_batch *batch = journal->open;
	const size_t body = batch->header.body_octets + octets;
	if (batch->header.body_octets >= BATCH_FILL || body > JOURNAL_BODY_MAX ||
	    batch->header.entries + count > JOURNAL_ENTRIES_MAX)
		return false;
	return batch->offset + journal_batch_span(body) <= journal->tail_octets;
}

/* Why is there no prepared file? With the mutex. */
static enum ha_error no_segment(const struct journal *journal)
{
	const bool none_free = journal->used == journal->segments[0].sequence;
	if (journal->prepare_failed ||
	    (none_free && journal->segment_count >= journal->segments_max))
		return HA_E_CAPACITY;
	return HA_E_BUSY; /* the keeper is at it */
}

/* Let the tail move on to the next file if a batch of that size needs it. */
static enum ha_error place(struct journal *journal, size_t octets)
{
	if (journal->tail_offset + journal_batch_span(octets) <= journal->tail_octets)
		return HA_OK;
	const uint64_t last = journal->segments[journal->segment_count - 1].sequence;
	if (journal->tail == last)
		return no_segment(journal);
	journal->tail++;
	journal->tail_offset = JOURNAL_BLOCK;
	journal->tail_octets = journal_segment_at(journal, journal->tail)->octets;
	journal_ask_keeper(journal);
	return HA_OK;
}

/* Make journal->open a batch that takes `octets` more. With the mutex. */
static enum ha_error make_room(struct journal *journal, size_t octets, size_t count)
{
	if (journal->closing || journal->failed)
		return HA_E_CLOSED;
	if (journal->open && open_has_room(journal, octets, count))
		return HA_OK;
	if (journal->open)
		seal_open(journal);
	if (!journal->free)
		return HA_E_BUSY;
	const enum ha_error error = place(journal, octets);
	if (error != HA_OK)
		return error;

	struct journal_batch *batch = journal->free;
	journal->free = batch->next;
	batch->next = NULL;
	batch->header = (struct journal_batch_header){ .format = JOURNAL_FORMAT,
		                                       .first_serial = journal->next_serial };
	batch->sequence = journal->tail;
	batch->offset = journal->tail_offset;
	journal->open = batch;
	return HA_OK;
}

/* With the mutex, after make_room. */
static void copy_in(struct journal *journal, const struct journal_entry *entries, size_t count)
{
	struct journal_batch *batch = journal->open;
	uint8_t *begin = batch->image + JOURNAL_BATCH_HEADER + batch->header.body_octets;
	uint8_t *at = begin;
	for (size_t i = 0; i < count; i++) {
		struct journal_entry entry = entries[i];
		entry.serial = journal->next_serial++;
		at = journal_record_encode(at, &entry);
		batch->tickets[batch->header.entries++] = entry.ticket;
	}
	batch->header.body_octets += (uint32_t)(at - begin);
}

static void count_refusal(enum ha_error error)
{
	if (error == HA_E_BUSY)
		replication_count(REPLICATION_COUNTER_REFUSED_BUSY, 1);
	else if (error == HA_E_CAPACITY)
		replication_count(REPLICATION_COUNTER_REFUSED_CAPACITY, 1);
}

enum ha_error journal_append(struct journal *journal, const struct journal_entry *entries,
                             size_t count, uint64_t *first_serial)
{
	if (count == 0)
		return HA_OK;
	const size_t octets = count <= JOURNAL_ENTRIES_MAX ? records_size(entries, count) : 0;
	if (octets == 0 || octets > body_limit(journal))
		return HA_E_RANGE;

	pthread_mutex_lock(&journal->mutex);
	const enum ha_error error = make_room(journal, octets, count);
	if (error == HA_OK) {
		if (first_serial)
			*first_serial = journal->next_serial;
		copy_in(journal, entries, count);
	}
	/* Refused entries may have sealed a batch, too. */
	const bool wake = journal->log_idle;
	journal->log_idle = false;
	pthread_mutex_unlock(&journal->mutex);
	if (wake)
		pthread_cond_signal(&journal->log_wake);
	count_refusal(error);
	return error;
}

#define BEGIN_LEAST (16u * JOURNAL_BLOCK) /* each beginning may be a batch of its own */

/* How many files it may have: all, or those that are there when no other can be had. */
static uint64_t files_max(const struct journal *journal)
{
	return journal->prepare_failed || journal->segment_count > journal->segments_max
	               ? journal->segment_count
	               : journal->segments_max;
}

/* Octets that stay free for other uses. What stores lack of all groups together is at
 * most a quarter of a log that they share, and so are copies of it. */
static uint64_t kept_from(const struct journal *journal, enum journal_use use)
{
	const uint64_t files = files_max(journal), all = files * journal->segment_octets;
	uint64_t kept = all / 16 > BEGIN_LEAST ? all / 16 : BEGIN_LEAST;
	uint64_t most;

	if (use == JOURNAL_USE_BEGIN)
		return 0;
	if (use == JOURNAL_USE_ORDER && journal->shared)
		kept += all / 4;
	/* The tail must be able to move on. */
	most = files > 2 ? (files - 2) * (journal->segment_octets - JOURNAL_BLOCK) : 0;
	return kept < most ? kept : most;
}

/* Octets behind the tail's file, in those that are ready and those that may come. */
static uint64_t room_behind_tail(const struct journal *journal)
{
	const uint64_t in_use = journal->tail - journal->used + 1;

	return (files_max(journal) - in_use) * (journal->segment_octets - JOURNAL_BLOCK);
}

/* Does a batch at `offset` leave what is kept for other uses? */
static bool leaves_enough(const struct journal *journal, enum journal_use use, uint32_t offset,
                          uint32_t span)
{
	uint64_t room = room_behind_tail(journal);

	if (offset + span <= journal->tail_octets)
		room += journal->tail_octets - offset;
	return room >= span + kept_from(journal, use);
}

/* The log thread may take the open batch before the append comes: then a new one
 * needs a buffer and a place behind it. With the mutex. */
static enum ha_error look_for_room(const struct journal *journal, enum journal_use use,
                                   size_t octets, size_t count)
{
	uint32_t offset = journal->tail_offset;

	if (journal->closing || journal->failed)
		return HA_E_CLOSED;
	if (!journal->free && !(journal->open && open_has_room(journal, octets, count)))
		return HA_E_BUSY;
	if (journal->open)
		offset += journal_batch_span(journal->open->header.body_octets);
	if (use != JOURNAL_USE_BEGIN &&
	    !leaves_enough(journal, use, offset, journal_batch_span(octets)))
		return HA_E_CAPACITY;
	if (offset + journal_batch_span(octets) <= journal->tail_octets ||
	    journal->tail < journal->segments[journal->segment_count - 1].sequence)
		return HA_OK;
	return no_segment(journal);
}

enum ha_error journal_room(struct journal *journal, enum journal_use use, size_t count,
                           size_t octets)
{
	const size_t records = count * JOURNAL_RECORD_HEADER + octets;
	if (count > JOURNAL_ENTRIES_MAX || records > body_limit(journal))
		return HA_E_RANGE;
	pthread_mutex_lock(&journal->mutex);
	const enum ha_error error = look_for_room(journal, use, records, count);
	pthread_mutex_unlock(&journal->mutex);
	return error;
}

void journal_release(struct journal *journal, struct journal_batch *batch)
{
	pthread_mutex_lock(&journal->mutex);
	batch->next = journal->free;
	journal->free = batch;
	const bool wake = journal->log_idle && journal->open;
	if (wake)
		journal->log_idle = false;
	pthread_mutex_unlock(&journal->mutex);
	if (wake)
		pthread_cond_signal(&journal->log_wake);
}

/* ---- the log thread ---- */

/* The open batch is taken only while there is another buffer to collect in:
 * when applying falls behind, batches grow instead of submits being refused.
 * With the mutex. */
static bool has_work(const struct journal *journal)
{
	return journal->sealed_first || (journal->open && journal->free);
}

/* The next batch to write, or NULL. With the mutex. */
static struct journal_batch *take_batch(struct journal *journal)
{
	if (journal->failed)
		return NULL;
	if (!journal->sealed_first && has_work(journal))
		seal_open(journal);
	struct journal_batch *batch = journal->sealed_first;
	if (!batch)
		return NULL;
	journal->sealed_first = batch->next;
	if (!journal->sealed_first)
		journal->sealed_last = NULL;
	batch->next = NULL;
	return batch;
}

/* The file of a batch. Moving on to another one closes the one before. */
static struct journal_segment writing_segment(struct journal *journal,
                                              const struct journal_batch *batch)
{
	int done_with = -1;
	pthread_mutex_lock(&journal->mutex);
	if (journal->writing_sequence != batch->sequence) {
		struct journal_segment *before = journal_segment_at(journal,
		                                                    journal->writing_sequence);
		done_with = before->file;
		before->file = -1;
		journal->writing_sequence = batch->sequence;
	}
	const struct journal_segment segment = *journal_segment_at(journal, batch->sequence);
	pthread_mutex_unlock(&journal->mutex);
	if (done_with >= 0)
		journal->io->close(journal->io->context, done_with);
	return segment;
}

/* Bucket i holds durations below 2^(i/4) microseconds. */
static size_t flush_bucket(uint64_t ns)
{
	static const uint64_t quarters_ns[4] = { 1000, 1189, 1414, 1682 };
	size_t i = 0;
	while (i + 1 < REPLICATION_FLUSH_BUCKETS && ns >= quarters_ns[i % 4] << (i / 4))
		i++;
	return i;
}

static int flush(struct journal *journal, int file)
{
	const uint64_t begin_ns = clock_monotonic_ns();
	int error = journal->io->sync_file(journal->io->context, file);
	const size_t bucket = flush_bucket(clock_monotonic_ns() - begin_ns);
	atomic_fetch_add_explicit(&journal->histogram[bucket], 1, memory_order_relaxed);
	return error;
}

static bool write_batch(struct journal *journal, struct journal_batch *batch)
{
	const struct journal_segment segment = writing_segment(journal, batch);
	batch->header.previous = journal->mark;
	journal_batch_seal(batch->image, &batch->header, segment.seed);

	const char *what = "written";
	atomic_store(&journal->writing_since_ns, clock_monotonic_ns());
	int error = journal_io_write(journal->io, segment.file, batch->image,
	                             journal_batch_span(batch->header.body_octets), batch->offset);
	if (!error) {
		what = "flushed";
		error = flush(journal, segment.file);
	}
	atomic_store(&journal->writing_since_ns, 0);
	if (error) {
		replication_count(REPLICATION_COUNTER_FLUSH_FAILURES, 1);
		journal_fail(journal, ha_error_of_errno(-error),
		             "%s/%s: batch %" PRIu64 " could not be %s: %s",
		             journal->directory_path, journal_segment_name(batch->sequence).text,
		             batch->header.number, what, strerror(-error));
		return false;
	}
	journal->mark = batch->header.mark;
	return true;
}

static void complete(struct journal *journal, struct journal_batch *batch)
{
	const uint32_t entries = batch->header.entries;
	const uint32_t octets = journal_batch_span(batch->header.body_octets);

	pthread_mutex_lock(&journal->mutex);
	journal->stored_serial = batch->header.first_serial + entries - 1;
	journal->durable_sequence = batch->sequence;
	journal->flushes++;
	const bool failed = journal->failed; /* by the keeper meanwhile */
	pthread_mutex_unlock(&journal->mutex);

	replication_count(REPLICATION_COUNTER_BATCHES, 1);
	replication_count(REPLICATION_COUNTER_ENTRIES, entries);
	replication_count(REPLICATION_COUNTER_OCTETS, octets);
	if (failed)
		journal_release(journal, batch);
	else
		journal->client.durable(journal->client.context, batch);
}

bool journal_write_next(struct journal *journal)
{
	pthread_mutex_lock(&journal->mutex);
	struct journal_batch *batch = take_batch(journal);
	pthread_mutex_unlock(&journal->mutex);
	if (!batch)
		return false;
	if (!write_batch(journal, batch)) {
		journal_release(journal, batch);
		return false;
	}
	complete(journal, batch);
	return true;
}

/* Wait for a batch. false when none will come any more. */
static bool log_wait(struct journal *journal)
{
	pthread_mutex_lock(&journal->mutex);
	while (!journal->failed && !has_work(journal) && (!journal->closing || journal->open)) {
		journal->log_idle = true;
		pthread_cond_wait(&journal->log_wake, &journal->mutex);
	}
	journal->log_idle = false;
	const bool more = !journal->failed && has_work(journal);
	pthread_mutex_unlock(&journal->mutex);
	return more;
}

void *journal_log_main(void *argument)
{
	struct journal *journal = argument;
	pthread_setname_np(pthread_self(), "log");
	while (log_wait(journal))
		journal_write_next(journal);
	return NULL;
}
