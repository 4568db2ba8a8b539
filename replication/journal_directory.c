/* journal_directory.c - the log's directory at a start: the lock, the names,
 * the headers. Decides whether the files that are there are ours and all of
 * them; journal_recovery.c reads what is in them. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/log.h"
#include "replication/ballot.h"
#include "replication/journal_internal.h"

#define STRANGERS_NAMED 8u /* files that are not ours: warn about so many */

struct listing {
	struct journal *journal;
	bool preparing_seen;
	unsigned strangers;
};

enum ha_error journal_refuse(struct journal *journal, enum ha_error why, const char *format, ...)
{
	if (journal->report_size == 0)
		return why;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(journal->report, journal->report_size, format, arguments);
	va_end(arguments);
	return why;
}

enum ha_error journal_refuse_io(struct journal *journal, int error, const char *name,
                                const char *what)
{
	return journal_refuse(journal, ha_error_of_errno(-error), "%s/%s: cannot be %s: %s",
	                      journal->directory_path, name, what, strerror(-error));
}

/* ---- the directory ---- */

static enum ha_error open_directory(struct journal *journal)
{
	const struct journal_io *io = journal->io;
	int handle = io->open_directory(io->context, journal->directory_path);
	if (handle < 0)
		return journal_refuse(journal, ha_error_of_errno(-handle),
		                      "%s: the log's directory cannot be opened: %s",
		                      journal->directory_path, strerror(-handle));
	journal->directory = handle;

	handle = io->open(io->context, journal->directory, JOURNAL_LOCK_NAME, JOURNAL_IO_LOCK);
	if (handle == -EWOULDBLOCK)
		return journal_refuse(journal, HA_E_INUSE,
		                      "%s: another process has this log open: stop it first",
		                      journal->directory_path);
	if (handle < 0)
		return journal_refuse_io(journal, handle, JOURNAL_LOCK_NAME, "locked");
	journal->lock = handle;
	return HA_OK;
}

/* Is it the name of a segment, written as we write it? */
static bool parse_name(const char *name, uint64_t *sequence)
{
	if (strncmp(name, "segment-", 8) != 0)
		return false;
	char *end;
	errno = 0;
	const uint64_t value = strtoull(name + 8, &end, 16);
	if (errno || *end || value == 0 || strcmp(journal_segment_name(value).text, name) != 0)
		return false;
	*sequence = value;
	return true;
}

static int take_name(void *argument, const char *name)
{
	struct listing *listing = argument;
	struct journal_segment segment = { .file = -1 };
	if (strcmp(name, JOURNAL_LOCK_NAME) == 0 || strcmp(name, BALLOT_NAME) == 0)
		return 0;
	if (strcmp(name, JOURNAL_PREPARING_NAME) == 0) {
		listing->preparing_seen = true;
		return 0;
	}
	if (parse_name(name, &segment.sequence))
		return journal_segment_push(listing->journal, &segment) == HA_OK ? 0 : -ENOMEM;
	if (listing->strangers++ < STRANGERS_NAMED)
		log_warning("%s/%s: not a file of the log, left alone",
		            listing->journal->directory_path, name);
	return 0;
}

static int compare_sequences(const void *a, const void *b)
{
	const struct journal_segment *left = a;
	const struct journal_segment *right = b;
	return (left->sequence > right->sequence) - (left->sequence < right->sequence);
}

static enum ha_error list_segments(struct listing *listing)
{
	struct journal *journal = listing->journal;
	const struct journal_io *io = journal->io;
	int error = io->list(io->context, journal->directory, take_name, listing);
	if (error)
		return journal_refuse_io(journal, error, "", "listed");
	if (journal->segment_count > 0)
		qsort(journal->segments, journal->segment_count, sizeof(*journal->segments),
		      compare_sequences);
	for (size_t i = 1; i < journal->segment_count; i++) {
		if (journal->segments[i].sequence != journal->segments[i - 1].sequence + 1)
			return journal_refuse(
				journal, HA_E_DAMAGED,
				"%s/%s is missing between its neighbours: " JOURNAL_REMEDY,
				journal->directory_path,
				journal_segment_name(journal->segments[i - 1].sequence + 1).text);
	}
	return HA_OK;
}

/* Left by a crash while a file was made ready: it holds nothing. */
static enum ha_error remove_preparing(struct listing *listing)
{
	struct journal *journal = listing->journal;
	const struct journal_io *io = journal->io;
	if (!listing->preparing_seen)
		return HA_OK;
	log_notice("%s/%s: removed, its preparation was interrupted", journal->directory_path,
	           JOURNAL_PREPARING_NAME);
	int error = io->remove(io->context, journal->directory, JOURNAL_PREPARING_NAME);
	return error ? journal_refuse_io(journal, error, JOURNAL_PREPARING_NAME, "removed") : HA_OK;
}

/* ---- headers ---- */

static enum ha_error judge_header(struct journal *journal, struct journal_segment *segment,
                                  const uint8_t *block, int64_t size)
{
	const char *directory = journal->directory_path;
	const struct journal_name name = journal_segment_name(segment->sequence);
	struct journal_segment_header header;

	const enum ha_error error = journal_segment_decode(block, &header);
	if (error == HA_E_NEWER)
		return journal_refuse(
			journal, error,
			"%s/%s was written by a newer version: start that version, or "
			"restore the backup made before it",
			directory, name.text);
	if (error != HA_OK || header.sequence != segment->sequence)
		return journal_refuse(journal, HA_E_DAMAGED,
		                      "%s/%s: the header of the file is damaged: " JOURNAL_REMEDY,
		                      directory, name.text);
	if (header.store_id != journal->store_id)
		return journal_refuse(journal, HA_E_FOREIGN,
		                      "%s/%s belongs to another store (%016" PRIx64
		                      ", not %016" PRIx64
		                      "): set the data directory that holds both, or restore a "
		                      "backup if the store was lost",
		                      directory, name.text, header.store_id, journal->store_id);
	if (size < (int64_t)header.octets)
		return journal_refuse(journal, HA_E_DAMAGED,
		                      "%s/%s: the file has %" PRId64 " octets instead of %" PRIu32
		                      ": " JOURNAL_REMEDY,
		                      directory, name.text, size, header.octets);
	segment->format = header.format;
	segment->octets = header.octets;
	segment->floor_serial = header.first_serial;
	segment->seed = header.seed;
	return HA_OK;
}

enum ha_error journal_segment_open(struct journal *journal, struct journal_segment *segment)
{
	const struct journal_io *io = journal->io;
	const struct journal_name name = journal_segment_name(segment->sequence);
	uint8_t block[JOURNAL_BLOCK];

	segment->file = io->open(io->context, journal->directory, name.text, JOURNAL_IO_EXISTING);
	if (segment->file < 0)
		return journal_refuse_io(journal, segment->file, name.text, "opened");
	const int64_t size = io->size(io->context, segment->file);
	if (size < 0)
		return journal_refuse_io(journal, (int)size, name.text, "examined");
	if (size < (int64_t)sizeof(block))
		return journal_refuse(journal, HA_E_DAMAGED,
		                      "%s/%s: the file has no header: " JOURNAL_REMEDY,
		                      journal->directory_path, name.text);
	int error = journal_io_read(io, segment->file, block, sizeof(block), 0);
	if (error)
		return journal_refuse_io(journal, error, name.text, "read");
	return judge_header(journal, segment, block, size);
}

void journal_segment_close(struct journal *journal, struct journal_segment *segment)
{
	if (segment->file >= 0)
		journal->io->close(journal->io->context, segment->file);
	segment->file = -1;
}

static enum ha_error check_headers(struct journal *journal)
{
	for (size_t i = 0; i < journal->segment_count; i++) {
		const enum ha_error error = journal_segment_open(journal, &journal->segments[i]);
		journal_segment_close(journal, &journal->segments[i]);
		if (error != HA_OK)
			return error;
	}
	return HA_OK;
}

enum ha_error journal_open_directory(struct journal *journal)
{
	struct listing listing = { .journal = journal };
	enum ha_error error = open_directory(journal);
	if (error == HA_OK)
		error = list_segments(&listing);
	if (error == HA_OK)
		error = remove_preparing(&listing);
	if (error == HA_OK)
		error = check_headers(journal);
	return error;
}
