/* journal.c - the life of the log: open, threads, trim, status, failure, close.
 * Entries are written in journal_write.c, files prepared in
 * journal_segments.c, and read at a start in journal_recovery.c. */
#include "replication/journal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agentd/base/clock.h"
#include "replication/journal_internal.h"

void journal_fail(struct journal *journal, enum ha_error why, const char *format, ...)
{
	char what[256];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);

	pthread_mutex_lock(&journal->mutex);
	const bool first = !journal->failed;
	journal->failed = true;
	pthread_cond_broadcast(&journal->log_wake);
	pthread_cond_broadcast(&journal->keeper_wake);
	pthread_mutex_unlock(&journal->mutex);
	if (!first)
		return;
	if (journal->opened)
		journal->client.failed(journal->client.context, why, what);
	else
		journal_refuse(journal, why, "%s", what);
}

void journal_trim(struct journal *journal, uint64_t serial)
{
	pthread_mutex_lock(&journal->mutex);
	const uint64_t before = journal->used;
	/* The newest durable batch stays: it tells the next recovery where the
	 * log ends. */
	while (journal->used < journal->durable_sequence &&
	       journal_segment_at(journal, journal->used)->last_serial <= serial)
		journal->used++;
	if (journal->used != before)
		journal_ask_keeper(journal);
	pthread_mutex_unlock(&journal->mutex);
}

/* With the mutex. */
static uint64_t half_serial(struct journal *journal)
{
	const uint64_t half = (journal->tail - journal->used + 1) / 2;

	return half ? journal_segment_at(journal, journal->used + half - 1)->last_serial : 0;
}

static uint32_t flushing_ms(struct journal *journal)
{
	const uint64_t since_ns = atomic_load(&journal->writing_since_ns);
	const uint64_t now_ns = clock_monotonic_ns();

	return since_ns && now_ns > since_ns ? (uint32_t)((now_ns - since_ns) / 1000000u) : 0;
}

void journal_status(struct journal *journal, struct journal_status *out)
{
	pthread_mutex_lock(&journal->mutex);
	const uint64_t first = journal_segment_at(journal, journal->used)->first_serial;
	*out = (struct journal_status){
		.first_serial = first ? first : journal->next_serial,
		.stored_serial = journal->stored_serial,
		.last_serial = journal->next_serial - 1,
		.half_serial = half_serial(journal),
		.octets = journal->tail_offset,
		.octets_max = (uint64_t)journal->segment_octets * journal->segments_max,
		.flushes = journal->flushes,
		.prepare_failed = journal->prepare_failed,
		.flushing_ms = flushing_ms(journal),
	};
	for (uint64_t s = journal->used; s < journal->tail; s++)
		out->octets += journal_segment_at(journal, s)->octets;
	pthread_mutex_unlock(&journal->mutex);
}

void journal_flush_histogram(struct journal *journal, uint64_t counts[REPLICATION_FLUSH_BUCKETS])
{
	for (size_t i = 0; i < REPLICATION_FLUSH_BUCKETS; i++)
		counts[i] = atomic_load_explicit(&journal->histogram[i], memory_order_relaxed);
}

enum ha_error journal_start(struct journal *journal)
{
	journal->log_started = !pthread_create(&journal->log_thread, NULL, journal_log_main,
	                                       journal);
	journal->keeper_started = !pthread_create(&journal->keeper_thread, NULL,
	                                          journal_keeper_main, journal);
	if (journal->log_started && journal->keeper_started)
		return HA_OK;
	journal_stop(journal);
	return HA_E_NOMEM;
}

void journal_stop(struct journal *journal)
{
	pthread_mutex_lock(&journal->mutex);
	journal->closing = true;
	pthread_cond_broadcast(&journal->log_wake);
	pthread_cond_broadcast(&journal->keeper_wake);
	pthread_mutex_unlock(&journal->mutex);
	if (journal->log_started)
		pthread_join(journal->log_thread, NULL);
	if (journal->keeper_started)
		pthread_join(journal->keeper_thread, NULL);
	journal->log_started = journal->keeper_started = false;
}

/* No batch is to be the first that needs a page, however large it grows; none
 * grows larger than a segment. */
static void touch(void *memory, size_t octets)
{
	volatile uint8_t *at = memory;
	for (size_t i = 0; i < octets; i += JOURNAL_BLOCK)
		at[i] = 0;
}

static enum ha_error allocate_batches(struct journal *journal)
{
	const size_t used = journal->segment_octets < JOURNAL_BATCH_MAX ? journal->segment_octets
	                                                                : JOURNAL_BATCH_MAX;
	for (size_t i = 0; i < JOURNAL_BUFFERS; i++) {
		struct journal_batch *batch = &journal->batches[i];
		batch->image = aligned_alloc(JOURNAL_BLOCK, JOURNAL_BATCH_MAX);
		batch->tickets = calloc(JOURNAL_ENTRIES_MAX, sizeof(*batch->tickets));
		if (!batch->image || !batch->tickets)
			return HA_E_NOMEM;
		touch(batch->image, used);
		touch(batch->tickets, JOURNAL_ENTRIES_MAX * sizeof(*batch->tickets));
		batch->next = journal->free;
		journal->free = batch;
	}
	return HA_OK;
}

static struct journal *journal_new(const struct journal_options *options,
                                   const struct journal_client *client)
{
	struct journal *journal = calloc(1, sizeof(*journal));
	if (!journal)
		return NULL;
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&journal->mutex, NULL);
	pthread_cond_init(&journal->log_wake, NULL);
	pthread_cond_init(&journal->keeper_wake, &monotonic);
	pthread_condattr_destroy(&monotonic);

	journal->client = *client;
	journal->io = options->io;
	journal->directory = journal->lock = -1;
	journal->directory_path = strdup(options->directory);
	journal->store_id = options->store_id;
	journal->applied = options->applied;
	journal->begins = options->begins;
	journal->whole = options->whole;
	journal->segment_octets = options->segment_octets;
	journal->segments_max = options->segments_max;
	journal->shared = options->shared;
	if (!journal->directory_path || allocate_batches(journal) != HA_OK) {
		journal_close(journal);
		return NULL;
	}
	return journal;
}

static enum ha_error check_options(struct journal *journal)
{
	if (journal->segment_octets < JOURNAL_SEGMENT_MIN ||
	    journal->segment_octets > JOURNAL_SEGMENT_MAX ||
	    journal->segment_octets % JOURNAL_BLOCK != 0)
		return journal_refuse(journal, HA_E_RANGE,
		                      "%s: a segment of %" PRIu32
		                      " octets is not possible: a multiple "
		                      "of %u from %u to %u is",
		                      journal->directory_path, journal->segment_octets,
		                      JOURNAL_BLOCK, JOURNAL_SEGMENT_MIN, JOURNAL_SEGMENT_MAX);
	if (journal->segments_max < 2 || journal->segments_max > JOURNAL_SEGMENTS_LIMIT)
		return journal_refuse(journal, HA_E_RANGE,
		                      "%s: %" PRIu32 " segments are not possible: 2 to %u are",
		                      journal->directory_path, journal->segments_max,
		                      JOURNAL_SEGMENTS_LIMIT);
	return HA_OK;
}

struct journal *journal_open(const struct journal_options *options,
                             const struct journal_client *client, enum ha_error *why, char *report,
                             size_t size)
{
	struct journal *journal = journal_new(options, client);
	if (!journal) {
		*why = HA_E_NOMEM;
		if (report && size > 0)
			snprintf(report, size, "%s: %s", options->directory, ha_strerror(*why));
		return NULL;
	}
	journal->report = report;
	journal->report_size = report ? size : 0;

	*why = check_options(journal);
	if (*why == HA_OK)
		*why = journal_recover(journal);
	if (*why != HA_OK) {
		journal_close(journal);
		return NULL;
	}
	journal->report = NULL;
	journal->report_size = 0;
	journal->opened = true;
	return journal;
}

void journal_close(struct journal *journal)
{
	if (!journal)
		return;
	journal_stop(journal);
	for (size_t i = 0; i < journal->segment_count; i++) {
		if (journal->segments[i].file >= 0)
			journal->io->close(journal->io->context, journal->segments[i].file);
	}
	if (journal->directory >= 0)
		journal->io->close(journal->io->context, journal->directory);
	if (journal->lock >= 0)
		journal->io->close(journal->io->context, journal->lock);
	for (size_t i = 0; i < JOURNAL_BUFFERS; i++) {
		free(journal->batches[i].image);
		free(journal->batches[i].tickets);
	}
	pthread_cond_destroy(&journal->keeper_wake);
	pthread_cond_destroy(&journal->log_wake);
	pthread_mutex_destroy(&journal->mutex);
	free(journal->segments);
	free(journal->directory_path);
	free(journal);
}
