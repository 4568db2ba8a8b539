/* journal_internal.h - what the files of the log share, and the two steps
 * that its threads repeat, so that tests can take them one at a time without
 * threads. For replication/journal*.c and tests only. */
#ifndef REPLICATION_JOURNAL_INTERNAL_H
#define REPLICATION_JOURNAL_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "replication/journal.h"

#define JOURNAL_BUFFERS 4u
#define JOURNAL_NAME_MAX 32u
#define JOURNAL_LOCK_NAME "lock"
#define JOURNAL_PREPARING_NAME "segment.preparing"
#define JOURNAL_RETRY_S 1 /* seconds, until a file that could not be prepared is tried again */

struct journal_segment {
	uint64_t sequence;
	uint64_t seed;
	uint64_t floor_serial; /* of the header: no entry has a lower one */
	uint64_t first_serial; /* 0: no entries */
	uint64_t last_serial;
	uint32_t format;
	uint32_t octets;
	int file; /* open for the tail and for those ahead of it; else -1 */
};

struct journal_name {
	char text[JOURNAL_NAME_MAX];
};

/* The table `segments` is in order of sequence, without holes:
 *     free ... free | used ... tail | ready ...
 * `used` and `tail` are sequences. Free ones are trimmed and wait to be used
 * again, ready ones are prepared and empty. */
struct journal {
	struct journal_client client;
	const struct journal_io *io;
	char *directory_path;
	uint64_t store_id;
	uint64_t applied; /* at open */
	uint64_t begins;  /* an empty log goes on after this entry */
	bool whole;
	uint32_t segment_octets;
	uint32_t segments_max;
	bool shared;
	int directory;
	int lock;

	pthread_mutex_t mutex; /* guards all up to the next blank line */
	pthread_cond_t log_wake;
	pthread_cond_t keeper_wake;
	bool log_idle;
	bool closing;
	bool failed;
	bool keeper_asked;
	bool prepare_failed; /* the newest attempt; until one succeeds */
	struct journal_segment *segments;
	size_t segment_count;
	size_t segment_room;
	uint64_t used;
	uint64_t tail;
	uint32_t tail_offset;      /* where the open or next batch goes */
	uint32_t tail_octets;      /* of the tail segment */
	uint64_t durable_sequence; /* segment of the newest durable batch */
	uint64_t next_number;
	uint64_t next_serial;
	uint64_t stored_serial;
	uint64_t flushes;
	struct journal_batch *free;
	struct journal_batch *open; /* collecting; NULL when none */
	struct journal_batch *sealed_first;
	struct journal_batch *sealed_last;

	/* the log thread's own */
	uint64_t mark; /* of the newest batch written */
	uint64_t writing_sequence;

	_Atomic uint64_t histogram[REPLICATION_FLUSH_BUCKETS];
	_Atomic uint64_t writing_since_ns; /* the batch under way; 0 = none is */
	struct journal_batch batches[JOURNAL_BUFFERS];
	pthread_t log_thread;
	pthread_t keeper_thread;
	bool log_started;
	bool keeper_started;
	uint64_t warned_ns; /* keeper's own: when it last warned; 0 = all is well */
	bool opened;        /* failures go to the client, not into the report */
	char *report;       /* during the open */
	size_t report_size;
};

/* Every refusal of a start ends in a sentence for the operator. */
#define JOURNAL_REMEDY                                                                             \
	"put the file back from a backup of this directory, or build this node anew from another " \
	"member or a backup"

/* ---- journal_recovery.c ---- */

/* Read the directory into *journal and replay. Sets the report on failure. */
enum ha_error journal_recover(struct journal *journal);

/* ---- journal_directory.c ---- */

/* Lock the directory and fill the table of segments from it; their headers are
 * checked, their files closed again. Sets the report on failure. */
enum ha_error journal_open_directory(struct journal *journal);

/* Open the file of a row and check its header. Sets the report on failure. */
enum ha_error journal_segment_open(struct journal *journal, struct journal_segment *segment);
void journal_segment_close(struct journal *journal, struct journal_segment *segment);

/* Set the report of the open; returns `why`. */
enum ha_error journal_refuse(struct journal *journal, enum ha_error why, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* "<name> cannot be <what>", for a negative errno. */
enum ha_error journal_refuse_io(struct journal *journal, int error, const char *name,
                                const char *what);

/* ---- journal_renew.c: before the threads start; set the report on failure ---- */

/* Create until there are that many. */
enum ha_error journal_ensure_segments(struct journal *journal, size_t count);

/* Remove the file of a row, durably, and the row. */
enum ha_error journal_segment_remove(struct journal *journal, size_t i);

/* Let the row behind *tail be the tail, created if there is none. Those before it
 * stay if there are entries in them. */
enum ha_error journal_leave_tail(struct journal *journal, size_t *tail, bool entries);

/* ---- journal_segments.c ---- */

struct journal_name journal_segment_name(uint64_t sequence);

/* By sequence; it must be in the table. With the mutex. */
struct journal_segment *journal_segment_at(struct journal *journal, uint64_t sequence);

/* Put one behind the last (its sequence must follow). HA_E_NOMEM. */
enum ha_error journal_segment_push(struct journal *journal, const struct journal_segment *segment);

/* Write a new file and put it behind the last. Without the mutex. */
enum ha_error journal_segment_create(struct journal *journal);

/* One step of the keeper: create, use again or remove one file. false if there
 * was nothing to do or it failed: then wait. Without the mutex. */
bool journal_keep(struct journal *journal);
void *journal_keeper_main(void *journal); /* the keeper thread */

/* Wake the keeper. With the mutex. */
void journal_ask_keeper(struct journal *journal);

/* ---- journal_write.c ---- */

/* One step of the log thread: write and flush at most one batch. false if
 * there was none, or the log has failed. */
bool journal_write_next(struct journal *journal);

void *journal_log_main(void *journal); /* the log thread */

/* ---- journal.c ---- */

/* End all promises, once, and tell the client. Without the mutex. */
void journal_fail(struct journal *journal, enum ha_error why, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
