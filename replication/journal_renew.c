/* journal_renew.c - files that come and go before the threads start: the first
 * ones of a log, and those of a log that is to hold nothing of what it held.
 * journal_recovery.c decides which; afterwards the keeper does such work
 * (journal_segments.c). */
#include <inttypes.h>
#include <string.h>

#include "replication/journal_internal.h"

enum ha_error journal_ensure_segments(struct journal *journal, size_t count)
{
	while (journal->segment_count < count) {
		const enum ha_error error = journal_segment_create(journal);
		if (error == HA_E_NODISK)
			return journal_refuse(journal, error,
			                      "%s: no room for a segment of %" PRIu32
			                      " octets: make room, or set a smaller segment size",
			                      journal->directory_path, journal->segment_octets);
		if (error != HA_OK)
			return journal->failed ? error
			                       : journal_refuse(journal, error,
			                                        "%s: a segment cannot be made: %s",
			                                        journal->directory_path,
			                                        ha_strerror(error));
	}
	return HA_OK;
}

enum ha_error journal_segment_remove(struct journal *journal, size_t i)
{
	const struct journal_io *io = journal->io;
	const struct journal_name name = journal_segment_name(journal->segments[i].sequence);
	journal_segment_close(journal, &journal->segments[i]);
	int error = io->remove(io->context, journal->directory, name.text);
	if (!error)
		error = io->sync_directory(io->context, journal->directory);
	if (error)
		return journal_refuse_io(journal, error, name.text, "removed");
	journal->segment_count--;
	memmove(&journal->segments[i], &journal->segments[i + 1],
	        (journal->segment_count - i) * sizeof(journal->segments[i]));
	return HA_OK;
}

enum ha_error journal_leave_tail(struct journal *journal, size_t *tail, bool entries)
{
	enum ha_error error = journal_ensure_segments(journal, *tail + 2);
	if (error != HA_OK)
		return error;
	journal_segment_close(journal, &journal->segments[*tail]);
	++*tail;
	while (error == HA_OK && !entries && *tail > 0) {
		error = journal_segment_remove(journal, 0);
		--*tail;
	}
	return error;
}

/* All files but the tail. The oldest go first, so that at any time what is left
 * has no hole; those ahead of the tail hold nothing. */
static enum ha_error keep_tail_only(struct journal *journal)
{
	enum ha_error error = HA_OK;
	journal->used = journal->tail;
	while (error == HA_OK && journal->segments[0].sequence < journal->tail)
		error = journal_segment_remove(journal, 0);
	while (error == HA_OK && journal->segment_count > 1)
		error = journal_segment_remove(journal, journal->segment_count - 1);
	return error;
}

/* The header of the new file remembers the serial number; so the tail goes last. */
static enum ha_error renew(struct journal *journal)
{
	enum ha_error error = keep_tail_only(journal);
	if (error == HA_OK)
		error = journal_ensure_segments(journal, 2);
	if (error == HA_OK)
		error = journal_segment_remove(journal, 0);
	if (error != HA_OK)
		return error;
	const struct journal_segment *only = &journal->segments[0];
	journal->used = journal->tail = only->sequence;
	journal->durable_sequence = journal->writing_sequence = only->sequence;
	journal->tail_offset = JOURNAL_BLOCK;
	journal->tail_octets = only->octets;
	return journal_ensure_segments(journal, 2);
}

enum ha_error journal_erase(struct journal *journal, char *report, size_t size)
{
	journal->report = report;
	journal->report_size = report ? size : 0;
	journal->opened = false; /* failures go into the report */
	const enum ha_error error = renew(journal);
	journal->opened = true;
	journal->report = NULL;
	journal->report_size = 0;
	if (error != HA_OK)
		journal->failed = true;
	return error;
}
