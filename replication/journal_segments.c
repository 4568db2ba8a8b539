/* journal_segments.c - the files of the log: names, preparation ahead of use,
 * use again after a trim. Runs in the keeper thread and in the open; the log
 * thread never waits for it. Knows nothing of batches.
 *
 * A file gets its header under a name of preparation and is renamed when the
 * header is durable. Each rename is synced before the next step, because a
 * file whose name and header disagree after a power cut would look damaged. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agentd/base/clock.h"
#include "agentd/base/log.h"
#include "replication/counters.h"
#include "replication/journal_internal.h"

#define READY_AHEAD 1u
/* Zeros are written and synced in pieces, so that flushes of the log find
 * room between them. */
#define ZEROS_OCTETS (1u << 20)
#define WARNING_INTERVAL_NS (60ull * 1000000000ull) /* while the disk stays full */

struct journal_name journal_segment_name(uint64_t sequence)
{
	struct journal_name name;
	snprintf(name.text, sizeof(name.text), "segment-%016" PRIx64, sequence);
	return name;
}

struct journal_segment *journal_segment_at(struct journal *journal, uint64_t sequence)
{
	return &journal->segments[sequence - journal->segments[0].sequence];
}

static enum ha_error reserve_row(struct journal *journal)
{
	if (journal->segment_count < journal->segment_room)
		return HA_OK;
	const size_t room = journal->segment_room ? 2 * journal->segment_room : 16;
	struct journal_segment *more = realloc(journal->segments, room * sizeof(*more));
	if (!more)
		return HA_E_NOMEM;
	journal->segments = more;
	journal->segment_room = room;
	return HA_OK;
}

enum ha_error journal_segment_push(struct journal *journal, const struct journal_segment *segment)
{
	enum ha_error error = reserve_row(journal);
	if (error == HA_OK)
		journal->segments[journal->segment_count++] = *segment;
	return error;
}

static struct journal_segment pop_front(struct journal *journal)
{
	const struct journal_segment front = journal->segments[0];
	journal->segment_count--;
	memmove(journal->segments, journal->segments + 1, journal->segment_count * sizeof(front));
	return front;
}

/* The row's room is still there: it was just taken out. */
static void put_back(struct journal *journal, const struct journal_segment *front)
{
	pthread_mutex_lock(&journal->mutex);
	memmove(journal->segments + 1, journal->segments, journal->segment_count * sizeof(*front));
	journal->segments[0] = *front;
	journal->segment_count++;
	pthread_mutex_unlock(&journal->mutex);
}

static int fill_with_zeros(const struct journal_io *io, int file, uint32_t octets)
{
	uint8_t *zeros = calloc(1, ZEROS_OCTETS);
	if (!zeros)
		return -ENOMEM;
	int error = 0;
	for (uint32_t at = 0; at < octets && !error; at += ZEROS_OCTETS) {
		const uint32_t left = octets - at;
		error = journal_io_write(io, file, zeros, left < ZEROS_OCTETS ? left : ZEROS_OCTETS,
		                         at);
		if (!error)
			error = io->sync_file(io->context, file);
	}
	free(zeros);
	return error;
}

static int write_header(struct journal *journal, const struct journal_segment *segment)
{
	uint8_t block[JOURNAL_BLOCK];
	const struct journal_segment_header header = {
		.format = JOURNAL_FORMAT,
		.octets = segment->octets,
		.sequence = segment->sequence,
		.seed = segment->seed,
		.store_id = journal->store_id,
		.first_serial = segment->floor_serial,
	};
	journal_segment_encode(block, &header);
	int error = journal_io_write(journal->io, segment->file, block, sizeof(block), 0);
	if (!error)
		error = journal->io->sync_file(journal->io->context, segment->file);
	return error;
}

/* Names that are not known to be durable are worth nothing, and a second
 * attempt after a failed sync proves nothing. */
static int sync_names(struct journal *journal)
{
	int error = journal->io->sync_directory(journal->io->context, journal->directory);
	if (error)
		journal_fail(journal, ha_error_of_errno(-error),
		             "%s: names of segments cannot be made durable: %s",
		             journal->directory_path, strerror(-error));
	return error;
}

/* From the open file of preparation to a row of the table. */
static int finish(struct journal *journal, struct journal_segment *segment)
{
	const struct journal_io *io = journal->io;
	const struct journal_name name = journal_segment_name(segment->sequence);

	int error = io->random(io->context, &segment->seed);
	if (!error)
		error = write_header(journal, segment);
	if (!error)
		error = io->rename(io->context, journal->directory, JOURNAL_PREPARING_NAME,
		                   name.text);
	if (!error)
		error = sync_names(journal);
	if (error)
		return error;

	pthread_mutex_lock(&journal->mutex);
	const enum ha_error pushed = journal_segment_push(journal, segment);
	pthread_mutex_unlock(&journal->mutex);
	return pushed == HA_OK ? 0 : -ENOMEM;
}

static int prepare(struct journal *journal, struct journal_segment *segment,
                   enum journal_io_mode mode)
{
	const struct journal_io *io = journal->io;
	int file = io->open(io->context, journal->directory, JOURNAL_PREPARING_NAME, mode);
	if (file < 0)
		return file;
	segment->file = file;
	int error = 0;
	if (mode == JOURNAL_IO_FRESH)
		error = fill_with_zeros(io, file, segment->octets);
	if (!error)
		error = finish(journal, segment);
	if (error) {
		io->close(io->context, file);
		io->remove(io->context, journal->directory, JOURNAL_PREPARING_NAME);
	}
	return error;
}

static struct journal_segment next_segment(struct journal *journal)
{
	pthread_mutex_lock(&journal->mutex);
	const struct journal_segment next = {
		.sequence = journal->segment_count
		                    ? journal->segments[journal->segment_count - 1].sequence + 1
		                    : 1,
		.octets = journal->segment_octets,
		.floor_serial = journal->next_serial,
		.format = JOURNAL_FORMAT,
		.file = -1,
	};
	pthread_mutex_unlock(&journal->mutex);
	return next;
}

static int create(struct journal *journal)
{
	struct journal_segment next = next_segment(journal);
	int error = prepare(journal, &next, JOURNAL_IO_FRESH);
	if (!error)
		replication_count(REPLICATION_COUNTER_SEGMENTS_CREATED, 1);
	return error;
}

enum ha_error journal_segment_create(struct journal *journal)
{
	int error = create(journal);
	return error ? ha_error_of_errno(-error) : HA_OK;
}

static int recycle(struct journal *journal, const struct journal_segment *old)
{
	const struct journal_io *io = journal->io;
	const struct journal_name name = journal_segment_name(old->sequence);
	int error = io->rename(io->context, journal->directory, name.text, JOURNAL_PREPARING_NAME);
	if (error) {
		put_back(journal, old);
		return error;
	}
	error = sync_names(journal);
	if (error)
		return error;
	struct journal_segment next = next_segment(journal);
	error = prepare(journal, &next, JOURNAL_IO_EXISTING);
	if (!error)
		replication_count(REPLICATION_COUNTER_SEGMENTS_RECYCLED, 1);
	return error;
}

static int discard(struct journal *journal, const struct journal_segment *old)
{
	const struct journal_io *io = journal->io;
	const struct journal_name name = journal_segment_name(old->sequence);
	int error = io->remove(io->context, journal->directory, name.text);
	if (error)
		put_back(journal, old);
	else
		error = sync_names(journal); /* else a younger one could vanish before it */
	return error;
}

enum task {
	TASK_NONE,
	TASK_CREATE,
	TASK_RECYCLE,
	TASK_DISCARD,
};

/* With the mutex. Takes the file that it concerns out of the table. */
static enum task choose_task(struct journal *journal, struct journal_segment *old)
{
	const uint64_t free_ones = journal->used - journal->segments[0].sequence;
	const uint64_t last = journal->segments[journal->segment_count - 1].sequence;
	enum task task = TASK_NONE;

	if (journal->failed || journal->closing)
		return TASK_NONE;
	if (free_ones > 0 && journal->segment_count > journal->segments_max)
		task = TASK_DISCARD;
	else if (last - journal->tail >= READY_AHEAD)
		return TASK_NONE;
	else if (free_ones > 0 && journal->segments[0].octets == journal->segment_octets)
		task = TASK_RECYCLE;
	else if (free_ones > 0)
		task = TASK_DISCARD;
	else
		return journal->segment_count < journal->segments_max ? TASK_CREATE : TASK_NONE;

	*old = pop_front(journal);
	return task;
}

static void note_result(struct journal *journal, int error)
{
	pthread_mutex_lock(&journal->mutex);
	journal->prepare_failed = error != 0;
	const bool failed = journal->failed;
	pthread_mutex_unlock(&journal->mutex);
	if (!error)
		journal->warned_ns = 0;
	if (!error || failed)
		return;

	replication_count(REPLICATION_COUNTER_PREPARE_FAILURES, 1);
	const uint64_t now_ns = clock_monotonic_ns();
	if (journal->warned_ns != 0 && now_ns - journal->warned_ns < WARNING_INTERVAL_NS)
		return;
	journal->warned_ns = now_ns;
	log_warning(
		"%s: another segment cannot be prepared, going on with those that are there: %s",
		journal->directory_path, strerror(-error));
}

bool journal_keep(struct journal *journal)
{
	struct journal_segment old;
	pthread_mutex_lock(&journal->mutex);
	const enum task task = choose_task(journal, &old);
	pthread_mutex_unlock(&journal->mutex);

	int error = 0;
	switch (task) {
	case TASK_NONE:
		return false;
	case TASK_CREATE:
		error = create(journal);
		break;
	case TASK_RECYCLE:
		error = recycle(journal, &old);
		break;
	case TASK_DISCARD:
		error = discard(journal, &old);
		break;
	}
	note_result(journal, error);
	return error == 0;
}

void journal_ask_keeper(struct journal *journal)
{
	journal->keeper_asked = true;
	pthread_cond_signal(&journal->keeper_wake);
}

/* Wait until there may be something to do; after a failed preparation, at
 * most for JOURNAL_RETRY_MS. false at the end. */
static bool keeper_wait(struct journal *journal)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += JOURNAL_RETRY_S;

	pthread_mutex_lock(&journal->mutex);
	int result = 0;
	while (!journal->closing && !journal->failed && !journal->keeper_asked &&
	       result != ETIMEDOUT) {
		if (journal->prepare_failed)
			result = pthread_cond_timedwait(&journal->keeper_wake, &journal->mutex,
			                                &until);
		else
			pthread_cond_wait(&journal->keeper_wake, &journal->mutex);
	}
	journal->keeper_asked = false;
	const bool more = !journal->closing && !journal->failed;
	pthread_mutex_unlock(&journal->mutex);
	return more;
}

void *journal_keeper_main(void *argument)
{
	struct journal *journal = argument;
	pthread_setname_np(pthread_self(), "keeper");
	do {
		while (journal_keep(journal))
			;
	} while (keeper_wait(journal));
	return NULL;
}
