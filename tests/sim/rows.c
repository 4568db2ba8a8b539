/* rows.c - store.h over sorted arrays. */
#include "tests/sim/rows.h"

#include <stdlib.h>
#include <string.h>

enum operation {
	PUT,
	DELETE,
	CLEAR, /* all that begin with the key */
	TRIM,
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

/* ---- tables ---- */

static struct row row_make(const void *key, size_t key_size, const void *value, size_t value_size)
{
	struct row row = { (uint16_t)key_size, (uint16_t)value_size, NULL };

	row.octets = must(malloc(key_size + value_size + 1));
	if (key_size)
		memcpy(row.octets, key, key_size);
	if (value_size)
		memcpy(row.octets + key_size, value, value_size);
	return row;
}

static int compare(const struct row *row, const void *key, size_t size)
{
	size_t common = row->key_size < size ? row->key_size : size;
	int order = common ? memcmp(row->octets, key, common) : 0;

	return order ? order : (row->key_size > size) - (row->key_size < size);
}

/* The first row at or after the key. */
static size_t place_of(const struct row_table *table, const void *key, size_t size)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (compare(&table->rows[middle], key, size) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct row_table *table, size_t i, const void *key, size_t size)
{
	return i < table->count && compare(&table->rows[i], key, size) == 0;
}

static void remove_at(struct row_table *table, size_t i)
{
	free(table->rows[i].octets);
	table->count--;
	memmove(&table->rows[i], &table->rows[i + 1], (table->count - i) * sizeof(table->rows[0]));
}

/* Takes the row over. */
static void put(struct row_table *table, struct row row)
{
	size_t i = place_of(table, row.octets, row.key_size);

	if (is_at(table, i, row.octets, row.key_size)) {
		free(table->rows[i].octets);
		table->rows[i] = row;
		return;
	}
	if (table->count == table->room) {
		table->room = table->room ? 2 * table->room : 32;
		table->rows = must(realloc(table->rows, table->room * sizeof(table->rows[0])));
	}
	memmove(&table->rows[i + 1], &table->rows[i], (table->count - i) * sizeof(table->rows[0]));
	table->rows[i] = row;
	table->count++;
}

static void clear(struct row_table *table, const struct row *prefix)
{
	size_t i = place_of(table, prefix->octets, prefix->key_size);

	while (i < table->count && table->rows[i].key_size >= prefix->key_size &&
	       memcmp(table->rows[i].octets, prefix->octets, prefix->key_size) == 0)
		remove_at(table, i);
}

/* ---- the life of a store ---- */

struct store *rows_new(void)
{
	return must(calloc(1, sizeof(struct store)));
}

void rows_crash(struct store *store)
{
	for (size_t i = 0; i < store->change_count; i++)
		free(store->changes[i].row.octets);
	store->change_count = 0;
	store->writing = false;
}

void rows_free(struct store *store)
{
	if (!store)
		return;
	rows_crash(store);
	for (size_t t = 0; t < STORE_TABLE_COUNT; t++) {
		for (size_t i = 0; i < store->tables[t].count; i++)
			free(store->tables[t].rows[i].octets);
		free(store->tables[t].rows);
	}
	free(store->changes);
	free(store);
}

struct store *rows_copy(const struct store *store)
{
	struct store *copy = rows_new();

	copy->even_at = store->even_at;
	for (size_t t = 0; t < STORE_TABLE_COUNT; t++) {
		for (size_t i = 0; i < store->tables[t].count; i++) {
			const struct row *row = &store->tables[t].rows[i];

			put(&copy->tables[t],
			    row_make(row->octets, row->key_size, row->octets + row->key_size,
			             row->value_size));
		}
	}
	return copy;
}

/* ---- store.h: writing ---- */

struct store_write store_begin(struct store *store)
{
	if (store->writing)
		abort(); /* one transaction at a time */
	store->writing = true;
	return (struct store_write){ .store = store };
}

static void note(struct store_write *w, int operation, enum store_table table, uint64_t keep,
                 struct row row)
{
	struct store *store = w->store;

	if (store->change_count == store->change_room) {
		store->change_room = store->change_room ? 2 * store->change_room : 32;
		store->changes = must(
			realloc(store->changes, store->change_room * sizeof(store->changes[0])));
	}
	store->changes[store->change_count++] = (struct row_change_kept){ operation, table, keep,
		                                                          row };
}

void store_put(struct store_write *w, enum store_table table, struct store_bytes key,
               struct store_bytes value)
{
	note(w, PUT, table, 0, row_make(key.at, key.size, value.at, value.size));
}

void store_delete(struct store_write *w, enum store_table table, struct store_bytes key)
{
	note(w, DELETE, table, 0, row_make(key.at, key.size, NULL, 0));
}

void store_replace_prefix(struct store_write *w, enum store_table table, struct store_bytes prefix,
                          const struct store_row *rows, size_t count)
{
	note(w, CLEAR, table, 0, row_make(prefix.at, prefix.size, NULL, 0));
	for (size_t i = 0; i < count; i++)
		store_put(w, table, rows[i].key, rows[i].value);
}

void store_trim(struct store_write *w, enum store_table table, uint64_t keep)
{
	note(w, TRIM, table, keep, row_make(NULL, 0, NULL, 0));
}

/* Takes the change's row over. */
static void carry_out(struct store *store, struct row_change_kept *change)
{
	struct row_table *table = &store->tables[change->table];
	size_t i = place_of(table, change->row.octets, change->row.key_size);

	switch ((enum operation)change->operation) {
	case PUT:
		put(table, change->row);
		return;
	case DELETE:
		if (is_at(table, i, change->row.octets, change->row.key_size))
			remove_at(table, i);
		break;
	case CLEAR:
		clear(table, &change->row);
		break;
	case TRIM:
		while (table->count > change->keep)
			remove_at(table, 0);
		break;
	}
	free(change->row.octets);
}

enum ha_error store_commit(struct store_write *w)
{
	struct store *store = w->store;

	for (size_t i = 0; i < store->change_count && store->failing == HA_OK; i++) {
		carry_out(store, &store->changes[i]);
		store->changes[i].row.octets = NULL;
	}
	rows_crash(store);
	return store->failing;
}

void store_abort(struct store_write *w)
{
	rows_crash(w->store);
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
	struct row_table *rows = &reader->store->tables[table];
	struct row *row = &rows->rows[i];

	if (i >= rows->count)
		return HA_E_NOTFOUND;
	reader->cursors[table] = row;
	out->key = (struct store_bytes){ row->octets, row->key_size };
	out->value = (struct store_bytes){ row->octets + row->key_size, row->value_size };
	return HA_OK;
}

enum ha_error store_get(struct store_reader *reader, enum store_table table, struct store_bytes key,
                        struct store_bytes *value)
{
	struct row_table *rows = &reader->store->tables[table];
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
	struct row_table *rows = &reader->store->tables[table];
	size_t i = place_of(rows, key.at, key.size);

	if (after && is_at(rows, i, key.at, key.size))
		i++;
	return give(reader, table, i, out);
}

enum ha_error store_next(struct store_reader *reader, enum store_table table, struct store_row *out)
{
	struct row_table *rows = &reader->store->tables[table];
	struct row *at = reader->cursors[table];

	return give(reader, table, (size_t)(at - rows->rows) + 1, out);
}
