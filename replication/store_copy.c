/* store_copy.c - the store as one file: written from a running store by another
 * process, and read where it lies. What makes such a file a backup, and tells a
 * whole one from a broken one, is in backup.c. */
#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replication/store_internal.h"

static enum ha_error explain(int code, const char *path, char *report, size_t size)
{
	const enum ha_error why = store_error_of(code);
	if (why == HA_E_NODISK)
		snprintf(report, size, "the copy cannot be written: %s", ha_strerror(why));
	else
		snprintf(report, size, "the store in %s cannot be copied: %s%s", path,
		         mdb_strerror(code),
		         why == HA_E_PERMISSION ? "; that takes root or the user of agentd" : "");
	return why;
}

enum ha_error store_copy(const char *directory, int to, char *report, size_t size)
{
	MDB_env *environment;
	int code = mdb_env_create(&environment);
	if (code)
		return explain(code, directory, report, size);
	code = mdb_env_open(environment, directory, MDB_RDONLY | MDB_NORDAHEAD, 0600);
	if (!code)
		code = mdb_env_copyfd2(environment, to, MDB_CP_COMPACT);
	mdb_env_close(environment);
	return code ? explain(code, directory, report, size) : HA_OK;
}

static int open_image(struct store *store)
{
	int code = mdb_env_create(&store->environment);
	if (!code)
		code = mdb_env_set_maxdbs(store->environment, STORE_TABLE_COUNT);
	if (!code)
		code = mdb_env_open(store->environment, store->path,
		                    MDB_RDONLY | MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOTLS, 0600);
	return code;
}

static int open_tables(struct store *store, MDB_txn *txn)
{
	for (size_t i = 0; i < STORE_TABLE_COUNT; i++) {
		const int code = mdb_dbi_open(txn, store_table_names[i], 0, &store->tables[i]);
		store->absent[i] = code == MDB_NOTFOUND;
		if (code && code != MDB_NOTFOUND)
			return code;
	}
	return store->absent[STORE_META] ? MDB_INVALID : 0;
}

/* Handles outlive the transaction that made them only if it is committed. */
static enum ha_error read_image(struct store *store)
{
	MDB_txn *txn = NULL;
	int code = open_image(store);
	if (!code)
		code = mdb_txn_begin(store->environment, NULL, MDB_RDONLY, &txn);
	if (!code)
		code = open_tables(store, txn);
	enum ha_error error = store_error_of(code);
	if (error != HA_OK)
		snprintf(store->report, store->report_size, "%s: cannot be read: %s", store->path,
		         mdb_strerror(code));
	else
		error = store_read_identity(store, txn);
	if (error == HA_OK)
		error = store_error_of(mdb_txn_commit(txn));
	else if (txn)
		mdb_txn_abort(txn);
	return error;
}

struct store *store_open_image(const char *path, enum ha_error *why, char *report, size_t size)
{
	struct store *store = calloc(1, sizeof(*store));
	if (!store) {
		*why = HA_E_NOMEM;
		snprintf(report, size, "%s: %s", path, ha_strerror(*why));
		return NULL;
	}
	store->directory = store->lock = -1;
	store->path = path;
	store->report = report;
	store->report_size = size;
	*why = read_image(store);
	store->path = NULL;
	store->report = NULL;
	store->report_size = 0;
	if (*why == HA_OK)
		return store;
	store_close(store);
	return NULL;
}
