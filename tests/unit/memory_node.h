/* memory_node.h - a node's disk in memory: store.h and replication.h over
 * arrays, for tests of agentd/flow without threads and without waiting.
 *
 * Linked in place of hearth_replication's objects. Everything happens on the
 * caller's thread: `memory_step` is the engine, the hook runs wherever the
 * store is called, so that a test can let other things happen in between.
 *
 * May include: replication headers. */
#ifndef TESTS_UNIT_MEMORY_NODE_H
#define TESTS_UNIT_MEMORY_NODE_H

#include "replication/replication.h"
#include "replication/store.h"

#define MEMORY_ROWS_MAX 160u
#define MEMORY_ENTRIES_MAX 512u
#define MEMORY_KEY_MAX 64u
#define MEMORY_VALUE_MAX 384u

struct memory_row {
	uint16_t key_size;
	uint16_t value_size;
	uint8_t key[MEMORY_KEY_MAX];
	uint8_t value[MEMORY_VALUE_MAX];
};

struct memory_table {
	size_t count;
	struct memory_row rows[MEMORY_ROWS_MAX]; /* in order of keys */
};

struct memory_entry {
	uint8_t *octets;
	size_t size;
	uint64_t ticket;
};

/* What survives a crash, and the present process's view of it. */
struct memory_disk {
	struct memory_table tables[STORE_TABLE_COUNT]; /* committed */
	struct memory_entry entries[MEMORY_ENTRIES_MAX];
	size_t entry_count; /* entry i has index i + 1 */
	uint64_t trimmed;   /* entries up to here may be gone */
};

struct memory_disk *memory_disk_new(void);
/* The committed tables and the first `entries` entries, as after a crash. */
struct memory_disk *memory_disk_copy(const struct memory_disk *disk, size_t entries);
void memory_disk_free(struct memory_disk *disk);

/* The disk that the next store_open and replication_open use. */
extern struct memory_disk *memory_disk_in_use;
/* Called on entry of store_begin, store_put, store_replace_prefix, store_commit. */
extern void (*memory_hook)(void);
/* Answers of store_commit and replication_submit; HA_OK at first. */
extern enum ha_error memory_commit_error;
extern _Atomic enum ha_error memory_submit_error;

/* What replication_may_answer_until says; UINT64_MAX at first. */
extern _Atomic uint64_t memory_answer_until;
/* What replication_status says, but for what was applied; all zero at first. */
extern struct replication_status memory_status;
/* Entries put in order so far. Any thread, as is putting in order. */
size_t memory_count(void);

/* The tickets of what was not yet given to the machine are lost: the machine is
 * told, and a step later they have ticket 0. */
void memory_lose(struct replication *replication);
/* Those entries will never come: somebody else's took their place. */
void memory_cut(struct replication *replication);
void memory_role(struct replication *replication, enum replication_role role);

/* Give the next entry to the machine. false when there is none. */
bool memory_step(struct replication *replication);

#endif
