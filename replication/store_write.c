/* store_write.c - the one writer's side of the store. Ordered passes are what
 * it is made for: a cursor per table that moves forward, rows of equal size
 * written over in place, new rows at the end appended. */
#include <lmdb.h>
#include <string.h>
#include <sys/statvfs.h>

#include "replication/counters.h"
#include "replication/store_internal.h"

static MDB_val val_of(struct store_bytes bytes)
{
	return (MDB_val){ .mv_size = bytes.size, .mv_data = (void *)(uintptr_t)bytes.at };
}

struct store_write store_begin(struct store *store)
{
	struct store_write w = { .store = store };
	if (atomic_exchange(&store->writing, true)) {
		w.error = HA_E_BUSY;
		return w;
	}
	memset(store->at_end, 0, sizeof(store->at_end));
	/* A copy that was killed must not hold old pages for ever. Costs nothing
	 * while all readers are ours. */
	mdb_reader_check(store->environment, NULL);
	MDB_txn *txn;
	w.error = store_error_of(mdb_txn_begin(store->environment, NULL, 0, &txn));
	if (w.error == HA_OK)
		w.transaction = txn;
	else
		atomic_store(&store->writing, false);
	return w;
}

static void write_fail(struct store_write *w, enum ha_error error)
{
	if (w->error == HA_OK)
		w->error = error;
}

/* NULL after a failure, this one or an earlier one. */
static MDB_cursor *write_cursor(struct store_write *w, enum store_table table)
{
	MDB_cursor *cursor;
	if (w->error != HA_OK)
		return NULL;
	const int code = store_cursor_of(w->store, w->transaction, w->cursors, table, &cursor);
	write_fail(w, store_error_of(code));
	return code ? NULL : cursor;
}

static bool row_fits(struct store_write *w, struct store_bytes key, struct store_bytes value)
{
	if (store_key_fits(key) && value.size <= STORE_VALUE_MAX)
		return true;
	write_fail(w, HA_E_RANGE);
	return false;
}

static bool equal(const MDB_val *a, const MDB_val *b)
{
	return a->mv_size == b->mv_size && memcmp(a->mv_data, b->mv_data, a->mv_size) == 0;
}

/* Write over the row under the cursor. In place when the size is the same. */
static int overwrite(MDB_cursor *cursor, MDB_val *key, MDB_val *value, const MDB_val *old)
{
	if (equal(value, old))
		return 0;
	return mdb_cursor_put(cursor, key, value, value->mv_size == old->mv_size ? MDB_CURRENT : 0);
}

/* Find the row or its place first. */
static int put_by_search(MDB_cursor *cursor, MDB_val *key, MDB_val *value, bool *at_end)
{
	MDB_val found = *key;
	MDB_val old;
	int code = mdb_cursor_get(cursor, &found, &old, MDB_SET_RANGE);
	*at_end = code == MDB_NOTFOUND;
	if (code == MDB_NOTFOUND)
		return mdb_cursor_put(cursor, key, value, MDB_APPEND);
	if (code)
		return code;
	if (equal(&found, key))
		return overwrite(cursor, key, value, &old);
	return mdb_cursor_put(cursor, key, value, 0);
}

void store_put(struct store_write *w, enum store_table table, struct store_bytes key,
               struct store_bytes value)
{
	MDB_cursor *cursor = write_cursor(w, table);
	if (!cursor || !row_fits(w, key, value))
		return;
	MDB_val k = val_of(key);
	MDB_val v = val_of(value);
	bool *at_end = &w->store->at_end[table];
	/* Behind the row put last, most likely; LMDB says when it is not. */
	int code = *at_end ? mdb_cursor_put(cursor, &k, &v, MDB_APPEND) : MDB_KEYEXIST;
	if (code == MDB_KEYEXIST)
		code = put_by_search(cursor, &k, &v, at_end);
	write_fail(w, store_error_of(code));
}

void store_delete(struct store_write *w, enum store_table table, struct store_bytes key)
{
	MDB_cursor *cursor = write_cursor(w, table);
	if (!cursor)
		return;
	if (!store_key_fits(key)) {
		write_fail(w, HA_E_RANGE);
		return;
	}
	MDB_val k = val_of(key);
	MDB_val old;
	int code = mdb_cursor_get(cursor, &k, &old, MDB_SET);
	if (!code)
		code = mdb_cursor_del(cursor, 0);
	if (code != MDB_NOTFOUND)
		write_fail(w, store_error_of(code));
}

static bool has_prefix(const MDB_val *key, struct store_bytes prefix)
{
	return key->mv_size >= prefix.size && memcmp(key->mv_data, prefix.at, prefix.size) == 0;
}

/* As LMDB orders keys: octet by octet, the shorter one first. */
static int compare_keys(const MDB_val *a, const MDB_val *b)
{
	const size_t shorter = a->mv_size < b->mv_size ? a->mv_size : b->mv_size;
	const int order = memcmp(a->mv_data, b->mv_data, shorter);
	return order ? order : (a->mv_size > b->mv_size) - (a->mv_size < b->mv_size);
}

static bool rows_fit(struct store_write *w, struct store_bytes prefix, const struct store_row *rows,
                     size_t count)
{
	if (!store_key_fits(prefix))
		write_fail(w, HA_E_RANGE);
	for (size_t i = 0; i < count && w->error == HA_OK; i++) {
		if (!row_fits(w, rows[i].key, rows[i].value))
			break;
		const MDB_val key = val_of(rows[i].key);
		const MDB_val before = i > 0 ? val_of(rows[i - 1].key) : (MDB_val){ 0 };
		if (!has_prefix(&key, prefix) || (i > 0 && compare_keys(&before, &key) >= 0))
			write_fail(w, HA_E_MALFORMED);
	}
	return w->error == HA_OK;
}

/* The merge of old rows and new ones: the cursor stands on an old row of the
 * prefix, or `ended` says that there is none left. */
struct merge {
	MDB_cursor *cursor;
	struct store_bytes prefix;
	MDB_val key; /* under the cursor */
	MDB_val value;
	bool ended;
};

static int merge_move(struct merge *m, MDB_cursor_op how)
{
	const int code = mdb_cursor_get(m->cursor, &m->key, &m->value, how);
	m->ended = code != 0 || !has_prefix(&m->key, m->prefix);
	return code == MDB_NOTFOUND ? 0 : code;
}

static int merge_delete(struct merge *m)
{
	uint8_t deleted[STORE_KEY_MAX];
	const size_t size = m->key.mv_size;
	if (size > sizeof(deleted))
		return MDB_CORRUPTED;
	memcpy(deleted, m->key.mv_data, size);
	const int code = mdb_cursor_del(m->cursor, 0);
	if (code)
		return code;
	m->key = (MDB_val){ .mv_size = size, .mv_data = deleted };
	return merge_move(m, MDB_SET_RANGE);
}

/* One step. *used says whether the new row was dealt with; `row` is NULL when
 * there is no new one left. */
static int merge_step(struct merge *m, const struct store_row *row, bool *used)
{
	*used = false;
	if (!row)
		return merge_delete(m);
	MDB_val key = val_of(row->key);
	MDB_val value = val_of(row->value);
	const int order = m->ended ? -1 : compare_keys(&key, &m->key);
	if (order > 0)
		return merge_delete(m);

	*used = true;
	const int code = order == 0 ? overwrite(m->cursor, &key, &value, &m->value)
	                            : mdb_cursor_put(m->cursor, &key, &value, 0);
	return code ? code : merge_move(m, MDB_NEXT);
}

void store_replace_prefix(struct store_write *w, enum store_table table, struct store_bytes prefix,
                          const struct store_row *rows, size_t count)
{
	struct merge m = { .cursor = write_cursor(w, table), .prefix = prefix };
	if (!m.cursor || !rows_fit(w, prefix, rows, count))
		return;
	m.key = val_of(prefix);
	int code = merge_move(&m, MDB_SET_RANGE);
	for (size_t i = 0; !code && (i < count || !m.ended);) {
		bool used;
		code = merge_step(&m, i < count ? &rows[i] : NULL, &used);
		i += used;
	}
	write_fail(w, store_error_of(code));
}

static int trim(MDB_cursor *cursor, uint64_t surplus)
{
	MDB_val key;
	MDB_val value;
	int code = 0;
	for (; !code && surplus > 0; surplus--) {
		code = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
		if (!code)
			code = mdb_cursor_del(cursor, 0);
	}
	return code;
}

void store_trim(struct store_write *w, enum store_table table, uint64_t keep)
{
	MDB_stat stat;
	MDB_cursor *cursor = write_cursor(w, table);
	if (!cursor)
		return;
	int code = mdb_stat(w->transaction, w->store->tables[table], &stat);
	if (!code && stat.ms_entries > keep)
		code = trim(cursor, stat.ms_entries - keep);
	w->store->at_end[table] = false;
	write_fail(w, store_error_of(code));
}

#define NEARLY_NOTHING (1u << 20) /* octets; less than a transaction needs */

/* LMDB calls a write that the disk took in part an input or output error; the
 * operator wants to hear that the disk is full. */
static enum ha_error commit_error(const struct store *store, int code)
{
	enum ha_error error = store_error_of(code);
	struct statvfs disk;

	if (error == HA_E_IO && fstatvfs(store->directory, &disk) == 0 &&
	    (uint64_t)disk.f_bavail * disk.f_frsize < NEARLY_NOTHING)
		return HA_E_NODISK;
	return error;
}

enum ha_error store_commit(struct store_write *w)
{
	enum ha_error error = w->error;
	if (w->transaction) {
		store_close_cursors(w->cursors);
		if (error == HA_OK)
			error = commit_error(w->store, mdb_txn_commit(w->transaction));
		else
			mdb_txn_abort(w->transaction);
		atomic_store(&w->store->writing, false);
	}
	replication_count(error == HA_OK ? REPLICATION_COUNTER_STORE_COMMITS
	                                 : REPLICATION_COUNTER_STORE_FAILURES,
	                  1);
	*w = (struct store_write){ .store = w->store, .error = HA_E_CLOSED };
	return error;
}

void store_abort(struct store_write *w)
{
	if (w->transaction) {
		store_close_cursors(w->cursors);
		mdb_txn_abort(w->transaction);
		atomic_store(&w->store->writing, false);
	}
	*w = (struct store_write){ .store = w->store, .error = HA_E_CLOSED };
}
