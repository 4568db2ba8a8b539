/* store.h - the ordered store: rows of octets in tables, for readers and for
 * the next start. Decisions are made from memory, never from here.
 *
 * One environment per node. Rows are opaque: agentd/state knows what is in
 * them. One writer at a time (the store thread), any number of readers.
 * A transaction carries its own error: after the first failure every
 * operation is a no-op and the commit becomes an abort.
 *
 * May include: agentd/base. */
#ifndef REPLICATION_STORE_H
#define REPLICATION_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"

#define STORE_FORMAT 1u
#define STORE_OWN_PREFIX "store/" /* of keys in STORE_META that are the store's own */
#define STORE_KEY_MAX 64u         /* octets */
#define STORE_VALUE_MAX 4096u
#define STORE_DATA_FILE "data.mdb" /* in its directory; LMDB's choice */

/* X(symbol, name in the file). Append only. */
#define STORE_TABLES(X)                                                                            \
	X(STORE_META, "meta")                                                                      \
	X(STORE_PEERS, "peers")                                                                    \
	X(STORE_ASSOCIATIONS, "associations")                                                      \
	X(STORE_REPLAY, "replay")                                                                  \
	X(STORE_BINDINGS, "bindings")                                                              \
	X(STORE_SETTINGS, "settings")                                                              \
	X(STORE_NODES, "nodes")                                                                    \
	X(STORE_AUDIT, "audit")

enum store_table {
#define X(symbol, name) symbol,
	STORE_TABLES(X)
#undef X
	STORE_TABLE_COUNT
};

/* Borrowed octets of a key or value. From a read: valid until the reader is
 * closed. */
struct store_bytes {
	const void *at;
	size_t size;
};

struct store;

/* Open or create the environment in an existing directory. The data file gets
 * the size of the map, as a sparse file. Keys of STORE_META that begin with
 * STORE_OWN_PREFIX are the store's own.
 *
 * HA_E_NOTFOUND    the directory does not exist
 * HA_E_INUSE       another process has it open for writing
 * HA_E_NEWER       its format is newer than this program
 * HA_E_FOREIGN     not an environment of this program
 * HA_E_DAMAGED, HA_E_NODISK, HA_E_PERMISSION, HA_E_IO, HA_E_NOMEM
 * On failure NULL, *why, and a sentence for the operator in `report`. */
struct store *store_open(const char *directory, uint64_t map_octets, enum ha_error *why,
                         char *report, size_t size);
void store_close(struct store *store); /* accepts NULL */

/* Made at random when the store was created; never 0. */
uint64_t store_id(const struct store *store);

/* ---- a store made of rows (store_build.c) ---- */

/* Make the directory, or empty it if a store was begun there, and open a store
 * in it whose commits are not flushed: quick, and worth nothing before
 * store_build_finish. Errors of store_open, HA_E_EXISTS (something else is in
 * the directory). */
struct store *store_build_open(const char *directory, uint64_t map_octets, enum ha_error *why,
                               char *report, size_t size);
/* What was committed so far is on the disk. */
enum ha_error store_build_flush(struct store *store);
/* Everything that was committed is durable now, and what follows at its commit.
 * HA_E_NODISK, HA_E_IO. */
enum ha_error store_build_finish(struct store *store);

/* Remove a store that nobody has open, with its directory. One that is not there
 * is removed. HA_E_EXISTS (something else is in the directory), HA_E_PERMISSION,
 * HA_E_IO. */
enum ha_error store_remove(const char *directory);

/* ---- copies (store_copy.c) ---- */

/* Write the newest state of the store in `directory` to a file, from where the
 * descriptor stands: whole pages, those in use only. The store may be open in
 * another process and be written to meanwhile; it keeps what this state needs.
 *
 * HA_E_NOTFOUND, HA_E_PERMISSION, HA_E_NODISK, HA_E_IO, HA_E_FOREIGN, with a
 * sentence that names the store or, for the writing side, nothing. */
enum ha_error store_copy(const char *directory, int to, char *report, size_t size);

/* Open a file that such a copy begins, as it stands, for reading. The caller
 * knows that it is whole (replication/backup.h): pages are not checked. A table
 * that was unknown when it was made is empty.
 *
 * HA_E_NEWER, HA_E_FOREIGN, HA_E_DAMAGED, HA_E_NOTFOUND, HA_E_PERMISSION,
 * HA_E_IO, HA_E_NOMEM as of store_open. */
struct store *store_open_image(const char *path, enum ha_error *why, char *report, size_t size);

struct store_usage {
	/* Pages that nothing new can be written to: in use, or free and held back by a reader
	 * of an earlier moment, of any process. */
	uint64_t octets_used;
	uint64_t octets_max; /* the map */
	uint64_t rows[STORE_TABLE_COUNT];
};
/* Any thread; it reads a moment of its own. Errors as of store_read_open. */
enum ha_error store_usage(struct store *store, struct store_usage *out);

/* ---- writing: one transaction at a time, on one thread ---- */

struct store_write {
	struct store *store;
	void *transaction;
	void *cursors[STORE_TABLE_COUNT];
	enum ha_error error;
};

/* While another one is under way, its error is HA_E_BUSY. */
struct store_write store_begin(struct store *store);

/* Insert or overwrite; a row that is equal is left alone. Ascending keys of one
 * table cost least. HA_E_RANGE for a key or value of an impossible size. */
void store_put(struct store_write *w, enum store_table table, struct store_bytes key,
               struct store_bytes value);
/* Absent is not an error. */
void store_delete(struct store_write *w, enum store_table table, struct store_bytes key);

/* Make the rows under `prefix` exactly the given ones (ascending, all starting
 * with `prefix`): rows that are equal are left, others are written or
 * deleted. For a table whose rows come and go together. HA_E_RANGE as above;
 * HA_E_MALFORMED when the rows are not ascending or not of the prefix. */
struct store_row {
	struct store_bytes key;
	struct store_bytes value;
};
void store_replace_prefix(struct store_write *w, enum store_table table, struct store_bytes prefix,
                          const struct store_row *rows, size_t count);

/* Delete the first rows of a table until at most `keep` are left. */
void store_trim(struct store_write *w, enum store_table table, uint64_t keep);

/* The store is another one from the commit on: no log of before belongs to it. */
void store_renew_id(struct store_write *w);
/* The store takes the place of the one that has this identity, not 0: that one's
 * log belongs to it from the commit on. */
void store_take_id(struct store_write *w, uint64_t id);

/* First error of any of them, or durable. HA_E_NODISK: nothing was written; the
 * map or the disk is full. Ends the transaction either way. */
enum ha_error store_commit(struct store_write *w);
void store_abort(struct store_write *w);

/* ---- reading: a consistent snapshot, for milliseconds, never across a wait ---- */

struct store_reader {
	void *transaction;
	void *cursors[STORE_TABLE_COUNT];
	struct store *store;
};

enum ha_error store_read_open(struct store *store, struct store_reader *out);
void store_read_close(struct store_reader *reader); /* accepts a zeroed one */

/* Rows per table. */
enum ha_error store_read_count(struct store_reader *reader, uint64_t rows[STORE_TABLE_COUNT]);

/* HA_E_NOTFOUND when absent. */
enum ha_error store_get(struct store_reader *reader, enum store_table table, struct store_bytes key,
                        struct store_bytes *value);

/* The first row at or after `key` (strictly after it if `after`).
 * HA_E_NOTFOUND at the end. */
enum ha_error store_seek(struct store_reader *reader, enum store_table table,
                         struct store_bytes key, bool after, struct store_row *out);
/* The last row before `key`; with an empty key the last of all. HA_E_NOTFOUND
 * when there is none. */
enum ha_error store_seek_before(struct store_reader *reader, enum store_table table,
                                struct store_bytes key, struct store_row *out);
/* The row before the one that the last seek, next or previous of this table gave. */
enum ha_error store_previous(struct store_reader *reader, enum store_table table,
                             struct store_row *out);
/* The row after the one that the last seek or next of this table gave. */
enum ha_error store_next(struct store_reader *reader, enum store_table table,
                         struct store_row *out);

#endif
