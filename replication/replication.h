/* replication.h - the face of replication: commands go in, and come back in
 * one order once they are safe.
 *
 * What is promised: an entry given to `apply` is on stable storage of a
 * majority of the group's voters, and every later leader applies it before it
 * answers anything. With one voter, the majority is this node's own disk.
 * Commands are opaque octets here. docs/architecture.md has the threads.
 *
 * May include: replication, agentd/base. */
#ifndef REPLICATION_REPLICATION_H
#define REPLICATION_REPLICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"

#define REPLICATION_COMMAND_MAX (1u << 20) /* octets of one command */

/* One command in the order in which all members apply it. Borrowed for the
 * call. */
struct replication_entry {
	uint64_t index; /* 1, 2, 3, ... without holes */
	uint64_t term;
	uint32_t group;
	uint64_t ticket; /* what the submitter gave; 0 when it was not this process */
	const void *command;
	size_t size;
};

/* The state machine behind the face. All calls come from the engine's one
 * thread, in order of index; the machine never blocks in them. */
struct replication_machine {
	void *context;
	/* Entries that are safe now. `apply` cannot fail: what does not fit is
	 * the machine's own, deterministic answer. */
	void (*apply)(void *context, const struct replication_entry *entries, size_t count);
	/* About every tick_ms, and never during apply: time for expiry. */
	void (*tick)(void *context);
	/* The log can promise nothing any more (a write or flush failed). Called
	 * once, after which nothing is applied. The process must end. */
	void (*failed)(void *context, enum ha_error why, const char *what);
};

struct replication_options {
	const char *directory; /* of the log's segments; borrowed for the open */
	uint64_t store_id;     /* ties the log to its store */
	uint64_t applied;      /* last index that the store holds; entries after it are replayed */
	uint64_t begins;       /* the log never held entries up to this one: a restored store's */
	uint32_t segment_octets; /* of one segment file */
	uint32_t segments_max;   /* the cap of the log: files of that size */
	uint32_t tick_ms;
};

/* One command to be put in order. */
struct replication_command {
	uint32_t group;
	uint64_t ticket; /* not 0 */
	const void *command;
	size_t size;
};

enum replication_role {
	REPLICATION_FOLLOWER,
	REPLICATION_CANDIDATE,
	REPLICATION_LEADER,
};

struct replication_status {
	enum replication_role role;
	uint64_t term;
	uint64_t first_index;    /* oldest entry still in the log */
	uint64_t stored_index;   /* newest durable entry */
	uint64_t applied_index;  /* newest entry given to the machine */
	uint64_t log_octets;     /* in all segments that hold entries */
	uint64_t log_octets_max; /* the cap */
	uint64_t flushes;        /* batches made durable since start */
};

struct replication;

/* Recover the log and replay what the store does not hold: machine->apply is
 * called for it from this thread, with ticket 0, before the call returns.
 *
 * HA_E_DAMAGED  an acknowledged entry is missing or broken; *report says where
 * HA_E_FOREIGN  the log belongs to another store
 * HA_E_NEWER    written by a newer program
 * HA_E_RANGE    sizes in the options that are not possible
 * HA_E_NOTFOUND the directory does not exist
 * HA_E_INUSE, HA_E_NODISK, HA_E_PERMISSION, HA_E_IO, HA_E_NOMEM
 *
 * One thing cannot be told: damage that befell the newest acknowledged batch
 * on the disk looks like a batch that was never finished, and is dropped,
 * unless the store holds entries of it (then HA_E_DAMAGED).
 *
 * On failure returns NULL, *why is set, and `report` (size octets, may be
 * NULL) holds a sentence for the operator naming the file and the remedy. */
struct replication *replication_open(const struct replication_options *options,
                                     const struct replication_machine *machine, enum ha_error *why,
                                     char *report, size_t size);

/* Start the threads: from here on commands are taken. */
enum ha_error replication_start(struct replication *replication);

/* Put commands in order, all or none of them. Copies them; any thread; never
 * waits for the disk.
 *
 * HA_E_BUSY       too many are under way, or the next segment is not prepared
 *                 yet: drop the request, it comes again
 * HA_E_CAPACITY   the log is at its cap because the store does not keep up
 * HA_E_NOTLEADER  somebody else orders commands
 * HA_E_CLOSED     after replication_stop or a failure
 * HA_E_RANGE      a command larger than REPLICATION_COMMAND_MAX, or all of them
 *                 together more than one batch holds (2 MiB, or one segment) */
enum ha_error replication_submit(struct replication *replication,
                                 const struct replication_command *commands, size_t count);

/* The store holds everything up to `index`: older segments can be used again.
 * Any thread. */
void replication_trim(struct replication *replication, uint64_t index);

/* Any thread; a consistent copy. */
void replication_status(struct replication *replication, struct replication_status *out);

/* Duration of the flushes since start: counts per bucket, bucket i holds those
 * below 2^(i/4) microseconds (i = 0 .. REPLICATION_FLUSH_BUCKETS-1). Any thread. */
#define REPLICATION_FLUSH_BUCKETS 96u
void replication_flush_histogram(struct replication *replication,
                                 uint64_t counts[REPLICATION_FLUSH_BUCKETS]);

/* Refuse new commands, make durable and apply what was taken, end the threads.
 * Harmless when repeated; not from within a call to the machine. */
void replication_stop(struct replication *replication);

/* Accepts NULL; stops first if it must. */
void replication_close(struct replication *replication);

#endif
