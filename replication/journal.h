/* journal.h - the log: batches of entries, flat on disk, one flush per batch,
 * in files that are used again.
 *
 * Knows octets, serial numbers and files; it does not know who orders entries,
 * what they mean, or who applies them: journal_append puts entries behind one
 * another, client->durable hands each batch back once it is safe, and
 * journal_release gives its memory back. Two threads: the log thread writes
 * and flushes, the keeper prepares files ahead of it.
 *
 * The log accepts an entry only when room for it is certain: memory, and a
 * prepared file. So what was accepted becomes durable, or the log has failed.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_JOURNAL_H
#define REPLICATION_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "replication/journal_format.h"
#include "replication/journal_io.h"
#include "replication/replication.h"

#define JOURNAL_SEGMENTS_LIMIT 65536u /* of segments_max */

/* Entries on their way: appended, written, flushed, and then its holder's
 * until journal_release. `next` is its holder's to use. */
struct journal_batch {
	struct journal_batch *next;
	struct journal_batch_header header;
	uint64_t sequence; /* of the segment it goes to */
	uint32_t offset;   /* there */
	uint8_t *image;    /* header and body as on disk: JOURNAL_BATCH_MAX octets */
	uint64_t *tickets; /* one per entry: JOURNAL_ENTRIES_MAX */
};

/* The entries of a durable batch. */
static inline struct journal_cursor journal_batch_cursor(const struct journal_batch *batch)
{
	return journal_cursor_over(batch->image + JOURNAL_BATCH_HEADER, &batch->header,
	                           batch->tickets);
}

/* Who uses the log. No lock of the log is held during these calls. */
struct journal_client {
	void *context;
	/* Entries found by journal_open, in order; from its thread. Borrowed. */
	void (*replay)(void *context, const struct journal_entry *entries, size_t count);
	/* May be NULL. Each entry that journal_open reads, before any of its batch is
	 * replayed, and also where none is because the store holds it. */
	void (*met)(void *context, const struct journal_entry *entry);
	/* A batch is on stable storage. In order, from the log thread. The batch
	 * is the client's until it calls journal_release. */
	void (*durable)(void *context, struct journal_batch *batch);
	/* The log can promise nothing any more. Once, from a thread of the log;
	 * no durable() follows. `what` is borrowed for the call. */
	void (*failed)(void *context, enum ha_error why, const char *what);
};

struct journal_options {
	const char *directory; /* must exist; borrowed for the open */
	uint64_t store_id;
	uint64_t applied; /* serial number: entries up to here are not replayed */
	uint64_t begins;  /* serial number: entries up to here were never in this log */
	/* Replay all there is, whatever it begins with: the client knows what has
	 * to be there. `applied` and `begins` are 0 then. */
	bool whole;
	uint32_t segment_octets;     /* a multiple of JOURNAL_BLOCK from JOURNAL_SEGMENT_MIN on */
	uint32_t segments_max;       /* 2 or more */
	bool shared;                 /* by groups: it keeps room for copies */
	const struct journal_io *io; /* static */
};

struct journal_status {
	uint64_t first_serial;  /* oldest entry in use; last_serial + 1 when there is none */
	uint64_t stored_serial; /* newest durable entry */
	uint64_t last_serial;   /* newest accepted entry */
	uint64_t half_serial; /* newest entry in the older half of the segments in use; 0 = none */
	uint64_t octets;      /* of the segments from the oldest in use to the newest */
	uint64_t octets_max;
	uint64_t flushes;
	bool prepare_failed;  /* the newest try to make another file failed */
	uint32_t flushing_ms; /* how long the batch under way is being written; 0 = none is */
};

struct journal;

/* Recover what is there, replay it, and be ready for journal_start.
 *
 * Errors as of replication_open, and HA_E_RANGE for impossible sizes. */
struct journal *journal_open(const struct journal_options *options,
                             const struct journal_client *client, enum ha_error *why, char *report,
                             size_t size);

/* Before the start: let all entries go, durably; serial numbers go on. For a
 * log whose store was replaced. What is left after an error, or when the power
 * goes meanwhile, is a log without some or all of its oldest entries.
 *
 * HA_E_NODISK, HA_E_NOMEM, HA_E_PERMISSION, HA_E_IO; with a sentence. The log can
 * only be closed then. */
enum ha_error journal_erase(struct journal *journal, char *report, size_t size);

/* Start the two threads. HA_E_NOMEM. */
enum ha_error journal_start(struct journal *journal);

/* Give entries the next serial numbers, all of them or none; copies them.
 * *first_serial (may be NULL) is that of the first one. entry.serial is not
 * looked at; an entry.index of 0 becomes the serial number. Any thread; never
 * waits for the disk.
 *
 * HA_E_BUSY      all buffers are under way, or the next file is being prepared
 * HA_E_CAPACITY  all files are in use, and no other can be had
 * HA_E_CLOSED    stopped or failed
 * HA_E_RANGE     one entry above REPLICATION_COMMAND_MAX, or all of them
 *                together above what one batch or one segment holds */
enum ha_error journal_append(struct journal *journal, const struct journal_entry *entries,
                             size_t count, uint64_t *first_serial);

/* What journal_append would answer to so many entries with so many octets of
 * commands; and HA_E_CAPACITY if there is less room behind them than is kept for other
 * uses. HA_OK holds until the next append, if one thread appends. */
enum ha_error journal_room(struct journal *journal, enum journal_use use, size_t count,
                           size_t octets);

/* The memory of a batch can be used again. Any thread. */
void journal_release(struct journal *journal, struct journal_batch *batch);

/* Entries up to this serial number are not needed any more. Any thread. */
void journal_trim(struct journal *journal, uint64_t serial);

void journal_status(struct journal *journal, struct journal_status *out); /* any thread */
void journal_flush_histogram(struct journal *journal, uint64_t counts[REPLICATION_FLUSH_BUCKETS]);

/* Refuse what comes, make durable what was taken, end the threads. Harmless
 * when repeated; not from a callback. */
void journal_stop(struct journal *journal);

/* Accepts NULL and a half-opened one; stops first if it must. */
void journal_close(struct journal *journal);

#endif
