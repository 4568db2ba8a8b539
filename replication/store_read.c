/* store_read.c - the readers' side of the store: snapshots, points, ranges. */
#include <lmdb.h>
#include <string.h>

#include "replication/store_internal.h"

static MDB_val val_of(struct store_bytes bytes)
{
	return (MDB_val){ .mv_size = bytes.size, .mv_data = (void *)(uintptr_t)bytes.at };
}

static struct store_bytes bytes_of(const MDB_val *val)
{
	return (struct store_bytes){ .at = val->mv_data, .size = val->mv_size };
}

enum ha_error store_read_open(struct store *store, struct store_reader *out)
{
	MDB_txn *txn;
	*out = (struct store_reader){ 0 };
	const int code = mdb_txn_begin(store->environment, NULL, MDB_RDONLY, &txn);
	if (code)
		return store_error_of(code);
	*out = (struct store_reader){ .store = store, .transaction = txn };
	return HA_OK;
}

void store_read_close(struct store_reader *reader)
{
	if (reader->transaction) {
		store_close_cursors(reader->cursors);
		mdb_txn_abort(reader->transaction);
	}
	*reader = (struct store_reader){ 0 };
}

enum ha_error store_read_count(struct store_reader *reader, uint64_t rows[STORE_TABLE_COUNT])
{
	for (size_t i = 0; i < STORE_TABLE_COUNT; i++) {
		MDB_stat stat = { 0 };
		int code = reader->store->absent[i]
		                   ? 0
		                   : mdb_stat(reader->transaction, reader->store->tables[i], &stat);

		if (code)
			return store_error_of(code);
		rows[i] = stat.ms_entries;
	}
	return HA_OK;
}

enum ha_error store_get(struct store_reader *reader, enum store_table table, struct store_bytes key,
                        struct store_bytes *value)
{
	MDB_val k = val_of(key);
	MDB_val v;
	if (!store_key_fits(key) || reader->store->absent[table])
		return HA_E_NOTFOUND;
	const int code = mdb_get(reader->transaction, reader->store->tables[table], &k, &v);
	if (!code)
		*value = bytes_of(&v);
	return store_error_of(code);
}

static enum ha_error read_row(MDB_cursor *cursor, MDB_val *key, MDB_cursor_op how,
                              struct store_row *out)
{
	MDB_val value;
	const int code = mdb_cursor_get(cursor, key, &value, how);
	if (!code)
		*out = (struct store_row){ .key = bytes_of(key), .value = bytes_of(&value) };
	return store_error_of(code);
}

/* In the order of keys. */
static int compare_keys(struct store_bytes one, struct store_bytes other)
{
	size_t common = one.size < other.size ? one.size : other.size;
	int order = one.at && other.at ? memcmp(one.at, other.at, common) : 0;

	if (order != 0)
		return order;
	return one.size < other.size ? -1 : one.size > other.size;
}

/* Who walks seeks row after row: what is sought is the one after that where the cursor
 * stands, and need not be looked for from the root. false: it is not. */
static bool is_next(MDB_cursor *cursor, struct store_bytes key, bool after, struct store_row *out)
{
	MDB_val k;
	struct store_row row = { 0 };
	int order;

	if (read_row(cursor, &k, MDB_GET_CURRENT, &row) != HA_OK)
		return false;
	order = compare_keys(row.key, key);
	if (order > 0 || (order == 0 && !after) || read_row(cursor, &k, MDB_NEXT, &row) != HA_OK)
		return false;
	order = compare_keys(row.key, key);
	if (order < 0 || (order == 0 && after))
		return false;
	*out = row;
	return true;
}

enum ha_error store_seek(struct store_reader *reader, enum store_table table,
                         struct store_bytes key, bool after, struct store_row *out)
{
	MDB_cursor *cursor;
	bool stands = reader->cursors[table];
	int code = store_cursor_of(reader->store, reader->transaction, reader->cursors, table,
	                           &cursor);
	if (code)
		return store_error_of(code);
	/* LMDB has no empty keys: before them all is the first row. */
	MDB_val k = val_of(key);
	if (key.size == 0)
		return read_row(cursor, &k, MDB_FIRST, out);
	struct store_row row = { 0 };
	if (stands && is_next(cursor, key, after, out))
		return HA_OK;
	enum ha_error error = read_row(cursor, &k, MDB_SET_RANGE, &row);
	if (error == HA_OK && after && row.key.size == key.size &&
	    memcmp(row.key.at, key.at, key.size) == 0)
		error = read_row(cursor, &k, MDB_NEXT, &row);
	if (error == HA_OK)
		*out = row;
	return error;
}

enum ha_error store_seek_before(struct store_reader *reader, enum store_table table,
                                struct store_bytes key, struct store_row *out)
{
	MDB_cursor *cursor;
	int code = store_cursor_of(reader->store, reader->transaction, reader->cursors, table,
	                           &cursor);
	if (code)
		return store_error_of(code);
	MDB_val k = val_of(key);
	struct store_row row;
	if (key.size == 0 || read_row(cursor, &k, MDB_SET_RANGE, &row) == HA_E_NOTFOUND)
		return read_row(cursor, &k, MDB_LAST, out);
	return read_row(cursor, &k, MDB_PREV, out);
}

enum ha_error store_previous(struct store_reader *reader, enum store_table table,
                             struct store_row *out)
{
	MDB_val key;
	if (!reader->cursors[table])
		return HA_E_NOTFOUND;
	return read_row(reader->cursors[table], &key, MDB_PREV, out);
}

enum ha_error store_next(struct store_reader *reader, enum store_table table, struct store_row *out)
{
	MDB_val key;
	if (!reader->cursors[table])
		return HA_E_NOTFOUND;
	return read_row(reader->cursors[table], &key, MDB_NEXT, out);
}
