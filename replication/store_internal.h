/* store_internal.h - what the files of the store share. Names LMDB's types
 * without including it; for replication/store*.c only, after <lmdb.h>. */
#ifndef REPLICATION_STORE_INTERNAL_H
#define REPLICATION_STORE_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "replication/store.h"

#define STORE_LOCK_FILE "store.lock"

struct MDB_env;
struct MDB_txn;
struct MDB_cursor;

extern const char *const store_table_names[STORE_TABLE_COUNT];

struct store {
	struct MDB_env *environment;
	unsigned int tables[STORE_TABLE_COUNT]; /* MDB_dbi */
	bool absent[STORE_TABLE_COUNT];         /* of an image that an older program made */
	uint64_t id;
	int directory;
	int lock;
	atomic_bool writing; /* a write transaction is under way */
	/* Of that transaction: the last put of the table was behind all rows. */
	bool at_end[STORE_TABLE_COUNT];
	/* of the open */
	const char *path;
	char *report;
	size_t report_size;
};

/* The nearest of ours to a result of LMDB. */
enum ha_error store_error_of(int code);

/* Is it a store of ours that we can read? Takes its identity over. */
enum ha_error store_read_identity(struct store *store, struct MDB_txn *txn);

/* The cursor of a table, opened when it is first asked for. Result of LMDB. */
int store_cursor_of(struct store *store, void *transaction, void **cursors, enum store_table table,
                    struct MDB_cursor **out);
/* All STORE_TABLE_COUNT of them. */
void store_close_cursors(void **cursors);

static inline bool store_key_fits(struct store_bytes key)
{
	return key.size >= 1 && key.size <= STORE_KEY_MAX;
}

#endif
