/* memory_node.c - store.h and replication.h over arrays. */
#include "tests/unit/memory_node.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replication/counters.h"
#include "replication/snapshot.h"

struct store {
	struct memory_disk *disk;
	struct memory_table draft[STORE_TABLE_COUNT];
	bool writing;
};

struct replication {
	struct replication_machine machine;
	struct memory_disk *disk;
	_Atomic uint64_t applied; /* also asked for by other threads */
};

struct memory_disk *memory_disk_in_use;
void (*memory_hook)(void);
enum ha_error memory_commit_error;
_Atomic enum ha_error memory_submit_error;
_Atomic uint64_t memory_answer_until = UINT64_MAX;
struct replication_status memory_status;

static pthread_mutex_t entries_lock = PTHREAD_MUTEX_INITIALIZER;

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "memory_node: %s\n", what);
	abort();
}

static void happen(void)
{
	if (memory_hook)
		memory_hook();
}

/* ---- the disk ---- */

struct memory_disk *memory_disk_new(void)
{
	struct memory_disk *disk = calloc(1, sizeof(*disk));

	require(disk != NULL, "no memory");
	return disk;
}

static void append(struct memory_disk *disk, const void *octets, size_t size, uint64_t ticket)
{
	struct memory_entry *entry = &disk->entries[disk->entry_count++];

	require(disk->entry_count <= MEMORY_ENTRIES_MAX, "the log is full");
	*entry = (struct memory_entry){ malloc(size ? size : 1), size, ticket };
	require(entry->octets != NULL, "no memory");
	memcpy(entry->octets, octets, size);
}

static void copy_table(struct memory_table *to, const struct memory_table *from)
{
	to->count = from->count;
	memcpy(to->rows, from->rows, from->count * sizeof(from->rows[0]));
}

static void copy_tables(struct memory_table *to, const struct memory_table *from)
{
	for (size_t i = 0; i < STORE_TABLE_COUNT; i++)
		copy_table(&to[i], &from[i]);
}

struct memory_disk *memory_disk_copy(const struct memory_disk *disk, size_t entries)
{
	struct memory_disk *copy = memory_disk_new();

	copy_tables(copy->tables, disk->tables);
	copy->trimmed = disk->trimmed;
	for (size_t i = 0; i < entries; i++)
		append(copy, disk->entries[i].octets, disk->entries[i].size, 0);
	return copy;
}

void memory_disk_free(struct memory_disk *disk)
{
	if (!disk)
		return;
	for (size_t i = 0; i < disk->entry_count; i++)
		free(disk->entries[i].octets);
	free(disk);
}

/* ---- store.h: writing ---- */

struct store *store_open(const char *directory, uint64_t map_octets, enum ha_error *why,
                         char *report, size_t size)
{
	struct store *store = calloc(1, sizeof(*store));

	(void)directory;
	(void)map_octets;
	(void)report;
	(void)size;
	require(store && memory_disk_in_use, "no disk");
	store->disk = memory_disk_in_use;
	*why = HA_OK;
	return store;
}

void store_take_id(struct store_write *w, uint64_t id)
{
	(void)w;
	(void)id;
}

enum ha_error store_remove(const char *directory)
{
	(void)directory;
	return HA_OK;
}

void store_close(struct store *store)
{
	free(store);
}

uint64_t store_id(const struct store *store)
{
	(void)store;
	return 1;
}

enum ha_error store_usage(struct store *store, struct store_usage *out)
{
	(void)store;
	*out = (struct store_usage){ 0 };
	return HA_OK;
}

struct store_write store_begin(struct store *store)
{
	happen();
	require(!store->writing, "one transaction at a time");
	store->writing = true;
	copy_tables(store->draft, store->disk->tables);
	return (struct store_write){ .store = store };
}

static int compare(const struct memory_row *row, const void *key, size_t size)
{
	size_t common = row->key_size < size ? row->key_size : size;
	int order = memcmp(row->key, key, common);

	return order ? order : (row->key_size > size) - (row->key_size < size);
}

/* The first row at or after the key. */
static size_t place_of(const struct memory_table *table, const void *key, size_t size)
{
	size_t i = 0;

	while (i < table->count && compare(&table->rows[i], key, size) < 0)
		i++;
	return i;
}

static bool is_at(const struct memory_table *table, size_t i, const void *key, size_t size)
{
	return i < table->count && compare(&table->rows[i], key, size) == 0;
}

static void put(struct memory_table *table, struct store_bytes key, struct store_bytes value)
{
	size_t i = place_of(table, key.at, key.size);
	struct memory_row *row = &table->rows[i];

	require(key.size <= MEMORY_KEY_MAX && value.size <= MEMORY_VALUE_MAX, "row too large");
	if (!is_at(table, i, key.at, key.size)) {
		require(table->count < MEMORY_ROWS_MAX, "table full");
		memmove(row + 1, row, (table->count - i) * sizeof(*row));
		table->count++;
	}
	row->key_size = (uint16_t)key.size;
	row->value_size = (uint16_t)value.size;
	memcpy(row->key, key.at, key.size);
	memcpy(row->value, value.at, value.size);
}

static void remove_at(struct memory_table *table, size_t i)
{
	table->count--;
	memmove(&table->rows[i], &table->rows[i + 1], (table->count - i) * sizeof(table->rows[0]));
}

void store_put(struct store_write *w, enum store_table table, struct store_bytes key,
               struct store_bytes value)
{
	happen();
	put(&w->store->draft[table], key, value);
}

void store_delete(struct store_write *w, enum store_table table, struct store_bytes key)
{
	struct memory_table *rows = &w->store->draft[table];
	size_t i = place_of(rows, key.at, key.size);

	if (is_at(rows, i, key.at, key.size))
		remove_at(rows, i);
}

static bool starts_with(const struct memory_row *row, struct store_bytes prefix)
{
	return row->key_size >= prefix.size && memcmp(row->key, prefix.at, prefix.size) == 0;
}

void store_replace_prefix(struct store_write *w, enum store_table table, struct store_bytes prefix,
                          const struct store_row *rows, size_t count)
{
	struct memory_table *draft = &w->store->draft[table];
	size_t i = place_of(draft, prefix.at, prefix.size);

	happen();
	while (i < draft->count && starts_with(&draft->rows[i], prefix))
		remove_at(draft, i);
	for (size_t n = 0; n < count; n++) {
		require(rows[n].key.size >= prefix.size &&
		                memcmp(rows[n].key.at, prefix.at, prefix.size) == 0,
		        "a row outside its prefix");
		put(draft, rows[n].key, rows[n].value);
	}
}

void store_trim(struct store_write *w, enum store_table table, uint64_t keep)
{
	if (keep > MEMORY_ROWS_MAX / 2) /* there is no room for as many as are asked for */
		keep = MEMORY_ROWS_MAX / 2;
	while (w->store->draft[table].count > keep)
		remove_at(&w->store->draft[table], 0);
}

enum ha_error store_commit(struct store_write *w)
{
	struct store *store = w->store;

	happen();
	store->writing = false;
	if (memory_commit_error == HA_OK)
		copy_tables(store->disk->tables, store->draft);
	return memory_commit_error;
}

void store_abort(struct store_write *w)
{
	w->store->writing = false;
}

/* ---- store.h: reading ---- */

enum ha_error store_read_open(struct store *store, struct store_reader *out)
{
	*out = (struct store_reader){ .store = store };
	return HA_OK;
}

void store_read_close(struct store_reader *reader)
{
	*reader = (struct store_reader){ 0 };
}

static enum ha_error give(struct store_reader *reader, enum store_table table, size_t i,
                          struct store_row *out)
{
	struct memory_table *rows = &reader->store->disk->tables[table];
	struct memory_row *row = &rows->rows[i];

	if (i >= rows->count)
		return HA_E_NOTFOUND;
	reader->cursors[table] = row;
	out->key = (struct store_bytes){ row->key, row->key_size };
	out->value = (struct store_bytes){ row->value, row->value_size };
	return HA_OK;
}

enum ha_error store_get(struct store_reader *reader, enum store_table table, struct store_bytes key,
                        struct store_bytes *value)
{
	struct memory_table *rows = &reader->store->disk->tables[table];
	size_t i = place_of(rows, key.at, key.size);
	struct store_row row;

	if (!is_at(rows, i, key.at, key.size))
		return HA_E_NOTFOUND;
	give(reader, table, i, &row);
	*value = row.value;
	return HA_OK;
}

enum ha_error store_seek(struct store_reader *reader, enum store_table table,
                         struct store_bytes key, bool after, struct store_row *out)
{
	struct memory_table *rows = &reader->store->disk->tables[table];
	size_t i = place_of(rows, key.at, key.size);

	if (after && is_at(rows, i, key.at, key.size))
		i++;
	return give(reader, table, i, out);
}

enum ha_error store_next(struct store_reader *reader, enum store_table table, struct store_row *out)
{
	struct memory_table *rows = &reader->store->disk->tables[table];
	struct memory_row *at = reader->cursors[table];

	return give(reader, table, (size_t)(at - rows->rows) + 1, out);
}

/* ---- replication.h ---- */

size_t memory_count(void)
{
	size_t count;

	pthread_mutex_lock(&entries_lock);
	count = memory_disk_in_use->entry_count;
	pthread_mutex_unlock(&entries_lock);
	return count;
}

static bool next_entry(struct replication *r, struct replication_entry *out)
{
	const struct memory_entry *entry;
	bool there;

	pthread_mutex_lock(&entries_lock);
	there = r->applied < r->disk->entry_count;
	entry = &r->disk->entries[r->applied];
	if (there)
		*out = (struct replication_entry){
			.index = r->applied + 1,
			.term = 1,
			.ticket = entry->ticket,
			.command = entry->octets,
			.size = entry->size,
		};
	pthread_mutex_unlock(&entries_lock);
	return there;
}

bool memory_step(struct replication *r)
{
	struct replication_entry given;

	if (!next_entry(r, &given))
		return false;
	r->applied++;
	r->machine.apply(r->machine.context, &given, 1);
	return true;
}

void memory_lose(struct replication *r)
{
	uint64_t tickets[MEMORY_ENTRIES_MAX];
	size_t count = 0;

	pthread_mutex_lock(&entries_lock);
	for (size_t i = r->applied; i < r->disk->entry_count; i++) {
		if (r->disk->entries[i].ticket)
			tickets[count++] = r->disk->entries[i].ticket;
		r->disk->entries[i].ticket = 0;
	}
	pthread_mutex_unlock(&entries_lock);
	r->machine.lost(r->machine.context, tickets, count);
}

void memory_cut(struct replication *r)
{
	pthread_mutex_lock(&entries_lock);
	while (r->disk->entry_count > r->applied)
		free(r->disk->entries[--r->disk->entry_count].octets);
	pthread_mutex_unlock(&entries_lock);
}

void memory_role(struct replication *r, enum replication_role role)
{
	r->machine.role(r->machine.context, role, 1);
}

struct replication *replication_open(const struct replication_options *options,
                                     const struct replication_machine *machine, enum ha_error *why,
                                     char *report, size_t size)
{
	struct replication *r = calloc(1, sizeof(*r));

	(void)report;
	(void)size;
	require(r && memory_disk_in_use, "no disk");
	r->disk = memory_disk_in_use;
	r->machine = *machine;
	r->applied = options->applied;
	require(r->applied >= r->disk->trimmed, "the log was trimmed beyond the store");
	require(r->applied <= r->disk->entry_count, "the store is ahead of the log");
	while (memory_step(r))
		;
	*why = HA_OK;
	return r;
}

enum ha_error replication_start(struct replication *r)
{
	(void)r;
	return HA_OK;
}

enum ha_error replication_submit(struct replication *r, const struct replication_command *commands,
                                 size_t count)
{
	enum ha_error error = memory_submit_error;

	if (error != HA_OK)
		return error;
	pthread_mutex_lock(&entries_lock);
	for (size_t i = 0; i < count; i++)
		append(r->disk, commands[i].command, commands[i].size, commands[i].ticket);
	pthread_mutex_unlock(&entries_lock);
	return HA_OK;
}

uint64_t replication_answer_begin(struct replication *r)
{
	return replication_may_answer_until(r);
}

void replication_answer_end(struct replication *r)
{
	(void)r;
}

uint64_t replication_may_answer_until(const struct replication *r)
{
	(void)r;
	return memory_answer_until;
}

enum ha_error replication_transfer(struct replication *r, uint8_t member)
{
	(void)r;
	(void)member;
	return HA_E_UNSUPPORTED;
}

enum ha_error replication_admit(struct replication *r, uint8_t number)
{
	(void)r;
	(void)number;
	return HA_E_UNSUPPORTED;
}

enum ha_error replication_drain(struct replication *r, bool drain)
{
	(void)r;
	(void)drain;
	return HA_E_UNSUPPORTED;
}

void replication_hold(struct replication *r, uint64_t index)
{
	(void)r;
	(void)index;
}

void replication_trim(struct replication *r, uint64_t index)
{
	require(index >= r->disk->trimmed && index <= r->applied, "trimmed what is needed");
	r->disk->trimmed = index;
}

void replication_status(struct replication *r, struct replication_status *out)
{
	*out = memory_status;
	out->applied_index = r->applied;
}

void replication_flush_histogram(struct replication *r, uint64_t counts[REPLICATION_FLUSH_BUCKETS])
{
	(void)r;
	memset(counts, 0, REPLICATION_FLUSH_BUCKETS * sizeof(counts[0]));
}

void replication_stop(struct replication *r)
{
	(void)r;
}

void replication_close(struct replication *r)
{
	free(r);
}

/* ---- snapshot.h: there is no other member ---- */

enum ha_error snapshot_fetch(const struct snapshot_fetch_options *options, char *report,
                             size_t size)
{
	(void)options;
	(void)report;
	(void)size;
	require(false, "nobody to fetch from");
	return HA_E_TIMEOUT;
}

enum ha_error snapshot_server_lend(struct snapshot_server *server, const struct snapshot_loan *loan)
{
	(void)server;
	(void)loan;
	require(false, "nobody to serve");
	return HA_E_IO;
}

void snapshot_server_withdraw(struct snapshot_server *server, uint32_t group)
{
	(void)server;
	(void)group;
}

struct counter_set replication_counters = { .name = "replication" };
