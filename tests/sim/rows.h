/* rows.h - the store of one group of one member, in memory: store.h over sorted
 * arrays. What a commit wrote is durable; a process that dies before it leaves
 * nothing behind.
 *
 * May include: replication headers. */
#ifndef TESTS_SIM_ROWS_H
#define TESTS_SIM_ROWS_H

#include "replication/store.h"

struct row {
	uint16_t key_size, value_size;
	uint8_t *octets; /* key, then value */
};

struct row_table {
	struct row *rows; /* in order of keys */
	size_t count, room;
};

/* One operation of the transaction under way. */
struct row_change_kept {
	int operation;
	enum store_table table;
	uint64_t keep;
	struct row row;
};

struct store {
	struct row_table tables[STORE_TABLE_COUNT];
	struct row_change_kept *changes;
	size_t change_count, change_room;
	bool writing;
	enum ha_error failing; /* what a commit answers */
	uint64_t even_at;      /* from this index on they are what the log makes of them */
};

struct store *rows_new(void);
void rows_free(struct store *store); /* accepts NULL */
struct store *rows_copy(const struct store *store);
/* The process is gone: so is what it had not committed. */
void rows_crash(struct store *store);

#endif
