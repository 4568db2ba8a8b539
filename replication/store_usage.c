/* store_usage.c - how much of the map is gone. LMDB writes no page over that a reader may
 * look at: what a transaction freed is used again when no reader is left of a moment
 * before it. So a page is to spare when it was never used, or is free and no reader holds
 * it back; rows and their tables say nothing about the others. */
#include <inttypes.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>

#include "replication/store_internal.h"

/* Of the list of readers, one line each: process, thread and the transaction whose moment
 * it reads. A heading, and readers that are between two moments, have no number there. */
static int note_reader(const char *line, void *context)
{
	uint64_t *oldest = context;
	const char *last = strrchr(line, ' ');
	char *end;
	uint64_t moment;

	if (!last)
		return 0;
	moment = strtoull(last + 1, &end, 10);
	if (end != last + 1 && *end == '\n' && moment < *oldest)
		*oldest = moment;
	return 0;
}

/* In the table of free pages that LMDB keeps under the number 0, there is a row for each
 * transaction that freed some: its number, and a list that begins with its length. What
 * is freed from *oldest on may still be looked at. */
static int count_reusable(MDB_txn *txn, uint64_t oldest, uint64_t *pages)
{
	MDB_val key, list;
	MDB_cursor *cursor;
	int code = mdb_cursor_open(txn, 0, &cursor);

	if (code)
		return code;
	while ((code = mdb_cursor_get(cursor, &key, &list, MDB_NEXT)) == 0) {
		size_t freed_by, count;

		memcpy(&freed_by, key.mv_data, sizeof(freed_by));
		if (freed_by >= oldest)
			break;
		memcpy(&count, list.mv_data, sizeof(count));
		*pages += count;
	}
	mdb_cursor_close(cursor);
	return code == MDB_NOTFOUND ? 0 : code;
}

static int count_used(struct store *store, MDB_txn *txn, struct store_usage *out)
{
	uint64_t oldest = mdb_txn_id(txn), reusable = 0, used;
	MDB_envinfo info;
	MDB_stat stat;
	int code = mdb_reader_list(store->environment, note_reader, &oldest);

	if (code < 0)
		return code;
	code = count_reusable(txn, oldest, &reusable);
	if (!code)
		code = mdb_env_stat(store->environment, &stat);
	if (!code)
		code = mdb_env_info(store->environment, &info);
	if (code)
		return code;
	used = info.me_last_pgno + 1 - reusable;
	out->octets_used = used * stat.ms_psize;
	out->octets_max = info.me_mapsize;
	return 0;
}

static int count_rows(struct store *store, MDB_txn *txn, struct store_usage *out)
{
	MDB_stat stat;
	int code = 0;

	for (size_t i = 0; i < STORE_TABLE_COUNT && !code; i++) {
		code = mdb_stat(txn, store->tables[i], &stat);
		out->rows[i] = code ? 0 : stat.ms_entries;
	}
	return code;
}

enum ha_error store_usage(struct store *store, struct store_usage *out)
{
	struct store_usage usage = { 0 };
	MDB_txn *txn;
	int code = mdb_txn_begin(store->environment, NULL, MDB_RDONLY, &txn);

	if (code)
		return store_error_of(code);
	code = count_used(store, txn, &usage);
	if (!code)
		code = count_rows(store, txn, &usage);
	mdb_txn_abort(txn);
	if (code)
		return store_error_of(code);
	*out = usage;
	return HA_OK;
}
