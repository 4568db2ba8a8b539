/* store.c - the environment of the store: open, identity, errors. LMDB
 * is known to store*.c only. Rows are moved in store_write.c and store_read.c;
 * none is interpreted here, but for two of the store's own in the meta table.
 *
 * The data file is given the full size of the map when it is opened, as a
 * sparse file: a file that is shorter than the pages in use has been cut, and
 * reading it through the map would end the process with SIGBUS. */
#include "replication/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <lmdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replication/store_internal.h"

#define FORMAT_KEY "store/format" /* uint32, little-endian */
#define ID_KEY "store/id"         /* uint64, little-endian */
#define DATA_FILE STORE_DATA_FILE
#define READERS_MAX 256u

const char *const store_table_names[STORE_TABLE_COUNT] = {
#define X(symbol, name) [symbol] = name,
	STORE_TABLES(X)
#undef X
};

/* ---- errors ---- */

enum ha_error store_error_of(int code)
{
	switch (code) {
	case MDB_SUCCESS:
		return HA_OK;
	case MDB_NOTFOUND:
		return HA_E_NOTFOUND;
	case MDB_MAP_FULL:
		return HA_E_NODISK;
	case MDB_READERS_FULL:
		return HA_E_BUSY;
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
	case MDB_INCOMPATIBLE:
		return HA_E_FOREIGN;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_PANIC:
	case MDB_CURSOR_FULL:
		return HA_E_DAMAGED;
	default:
		return code > 0 ? ha_error_of_errno(code) : HA_E_IO;
	}
}

static enum ha_error refuse(struct store *store, enum ha_error why, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static enum ha_error refuse(struct store *store, enum ha_error why, const char *format, ...)
{
	char text[256];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (store->report_size > 0)
		snprintf(store->report, store->report_size, "%s: %s", store->path, text);
	return why;
}

static const char *remedy(enum ha_error why)
{
	switch (why) {
	case HA_E_NODISK:
		return "; make room on the disk, or set a larger store map";
	case HA_E_DAMAGED:
		return "; restore the store and the log from one backup, or build this node anew";
	case HA_E_FOREIGN:
		return "; set the directory of this program's store, or restore a backup if its "
		       "file was damaged";
	case HA_E_PERMISSION:
		return "; the directory must belong to the user of the daemon";
	default:
		return "";
	}
}

static enum ha_error refuse_lmdb(struct store *store, int code, const char *what)
{
	const enum ha_error why = store_error_of(code);
	return refuse(store, why, "the store cannot be %s: %s%s", what, mdb_strerror(code),
	              remedy(why));
}

static enum ha_error refuse_errno(struct store *store, int number, const char *what)
{
	const enum ha_error why = ha_error_of_errno(number);
	return refuse(store, why, "%s: %s%s", what, strerror(number), remedy(why));
}

/* ---- open ---- */

static enum ha_error lock_directory(struct store *store)
{
	store->directory = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->directory < 0)
		return refuse_errno(store, errno, "the store's directory cannot be opened");
	store->lock = openat(store->directory, STORE_LOCK_FILE,
	                     O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->lock < 0)
		return refuse_errno(store, errno, "the lock file cannot be opened");
	if (!flock(store->lock, LOCK_EX | LOCK_NB))
		return HA_OK;
	if (errno == EWOULDBLOCK)
		return refuse(store, HA_E_INUSE,
		              "another process has this store open: stop it first");
	return refuse_errno(store, errno, "the lock file cannot be locked");
}

static enum ha_error open_environment(struct store *store, uint64_t map_octets)
{
	int code = mdb_env_create(&store->environment);
	if (!code)
		code = mdb_env_set_maxdbs(store->environment, STORE_TABLE_COUNT);
	if (!code)
		code = mdb_env_set_maxreaders(store->environment, READERS_MAX);
	if (!code)
		code = mdb_env_set_mapsize(store->environment, map_octets);
	if (!code)
		code = mdb_env_open(store->environment, store->path, MDB_NOTLS | MDB_NORDAHEAD,
		                    0600);
	return code ? refuse_lmdb(store, code, "opened") : HA_OK;
}

/* Before anything is read through the map: are all its pages in the file? */
static enum ha_error check_size(struct store *store)
{
	MDB_envinfo info;
	MDB_stat stat;
	struct stat file;
	int descriptor;
	int code = mdb_env_get_fd(store->environment, &descriptor);
	if (!code)
		code = mdb_env_info(store->environment, &info);
	if (!code)
		code = mdb_env_stat(store->environment, &stat);
	if (code)
		return refuse_lmdb(store, code, "examined");
	if (fstat(descriptor, &file))
		return refuse_errno(store, errno, DATA_FILE);

	const uint64_t needed = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
	if ((uint64_t)file.st_size < needed)
		return refuse(store, HA_E_DAMAGED,
		              "the store is cut off: " DATA_FILE " has %" PRId64
		              " octets of %" PRIu64 "%s",
		              (int64_t)file.st_size, needed, remedy(HA_E_DAMAGED));
	if ((uint64_t)file.st_size < info.me_mapsize &&
	    (ftruncate(descriptor, (off_t)info.me_mapsize) || fsync(descriptor)))
		return refuse_errno(store, errno, DATA_FILE " cannot be given the size of the map");
	return HA_OK;
}

static void encode_number(uint8_t *octets, size_t size, uint64_t value)
{
	for (size_t i = 0; i < size; i++)
		octets[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t decode_number(const MDB_val *value)
{
	const uint8_t *octets = value->mv_data;
	uint64_t number = 0;
	for (size_t i = value->mv_size; i-- > 0;)
		number = number << 8 | octets[i];
	return number;
}

static MDB_val text_key(const char *text)
{
	return (MDB_val){ .mv_size = strlen(text), .mv_data = (void *)(uintptr_t)text };
}

static int put_number(struct store *store, MDB_txn *txn, const char *name, size_t size,
                      uint64_t number)
{
	uint8_t octets[sizeof(number)];
	MDB_val key = text_key(name);
	MDB_val value = { .mv_size = size, .mv_data = octets };
	encode_number(octets, size, number);
	return mdb_put(txn, store->tables[STORE_META], &key, &value, 0);
}

/* 0 when there is no random number to be had; errno then. */
static uint64_t draw_id(void)
{
	uint64_t id;

	do {
		if (getrandom(&id, sizeof(id), 0) != sizeof(id))
			return 0;
	} while (id == 0);
	return id;
}

static enum ha_error write_identity(struct store *store, MDB_txn *txn)
{
	store->id = draw_id();
	if (store->id == 0)
		return refuse_errno(store, errno, "no random number for the store's identity");
	int code = put_number(store, txn, FORMAT_KEY, sizeof(uint32_t), STORE_FORMAT);
	if (!code)
		code = put_number(store, txn, ID_KEY, sizeof(store->id), store->id);
	return code ? refuse_lmdb(store, code, "created") : HA_OK;
}

enum ha_error store_read_identity(struct store *store, MDB_txn *txn)
{
	MDB_val value;
	MDB_val key = text_key(FORMAT_KEY);
	int code = mdb_get(txn, store->tables[STORE_META], &key, &value);
	if (!code && (value.mv_size != sizeof(uint32_t) || decode_number(&value) == 0))
		return refuse(store, HA_E_DAMAGED, "the store's format cannot be read%s",
		              remedy(HA_E_DAMAGED));
	if (!code && decode_number(&value) > STORE_FORMAT)
		return refuse(store, HA_E_NEWER,
		              "the store has format %" PRIu64 ", this program knows %u: start the "
		              "newer version, or restore the backup made before it",
		              decode_number(&value), STORE_FORMAT);
	key = text_key(ID_KEY);
	if (!code)
		code = mdb_get(txn, store->tables[STORE_META], &key, &value);
	if (code == MDB_NOTFOUND)
		return refuse(store, HA_E_FOREIGN, "the store was not made by this program%s",
		              remedy(HA_E_FOREIGN));
	if (code)
		return refuse_lmdb(store, code, "read");
	store->id = value.mv_size == sizeof(store->id) ? decode_number(&value) : 0;
	if (store->id == 0)
		return refuse(store, HA_E_DAMAGED, "the store's identity cannot be read%s",
		              remedy(HA_E_DAMAGED));
	return HA_OK;
}

/* Has the environment no tables at all: was it made just now? */
static int is_new(MDB_txn *txn, bool *fresh)
{
	MDB_dbi root;
	MDB_stat stat;
	int code = mdb_dbi_open(txn, NULL, 0, &root);
	if (!code)
		code = mdb_stat(txn, root, &stat);
	*fresh = !code && stat.ms_entries == 0;
	return code;
}

/* Nothing is created in an environment that is not ours or is too new. */
static enum ha_error open_tables_in(struct store *store, MDB_txn *txn)
{
	bool fresh;
	int code = is_new(txn, &fresh);
	if (!code)
		code = mdb_dbi_open(txn, store_table_names[STORE_META], fresh ? MDB_CREATE : 0,
		                    &store->tables[STORE_META]);
	if (code == MDB_NOTFOUND)
		return refuse(store, HA_E_FOREIGN, "the store was not made by this program%s",
		              remedy(HA_E_FOREIGN));
	if (code)
		return refuse_lmdb(store, code, "read");
	enum ha_error error = fresh ? write_identity(store, txn) : store_read_identity(store, txn);
	for (size_t i = 0; i < STORE_TABLE_COUNT && error == HA_OK; i++) {
		code = mdb_dbi_open(txn, store_table_names[i], MDB_CREATE, &store->tables[i]);
		if (code)
			error = refuse_lmdb(store, code, "read");
	}
	return error;
}

static enum ha_error open_tables(struct store *store)
{
	MDB_txn *txn;
	int code = mdb_txn_begin(store->environment, NULL, 0, &txn);
	if (code)
		return refuse_lmdb(store, code, "read");
	const enum ha_error error = open_tables_in(store, txn);
	if (error != HA_OK) {
		mdb_txn_abort(txn);
		return error;
	}
	code = mdb_txn_commit(txn);
	return code ? refuse_lmdb(store, code, "written") : HA_OK;
}

struct store *store_open(const char *directory, uint64_t map_octets, enum ha_error *why,
                         char *report, size_t size)
{
	struct store *store = calloc(1, sizeof(*store));
	if (!store) {
		*why = HA_E_NOMEM;
		if (report && size > 0)
			snprintf(report, size, "%s: %s", directory, ha_strerror(*why));
		return NULL;
	}
	store->directory = store->lock = -1;
	store->path = directory;
	store->report = report;
	store->report_size = report ? size : 0;

	*why = lock_directory(store);
	if (*why == HA_OK)
		*why = open_environment(store, map_octets);
	if (*why == HA_OK)
		*why = check_size(store);
	if (*why == HA_OK)
		*why = open_tables(store);
	if (*why == HA_OK && fsync(store->directory))
		*why = refuse_errno(store, errno, "the directory cannot be made durable");
	if (*why != HA_OK) {
		store_close(store);
		return NULL;
	}
	store->path = NULL;
	store->report = NULL;
	store->report_size = 0;
	return store;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	if (store->environment)
		mdb_env_close(store->environment);
	if (store->directory >= 0)
		close(store->directory);
	if (store->lock >= 0)
		close(store->lock);
	free(store);
}

uint64_t store_id(const struct store *store)
{
	return store->id;
}

void store_take_id(struct store_write *w, uint64_t id)
{
	if (w->error != HA_OK)
		return;
	w->error = store_error_of(put_number(w->store, w->transaction, ID_KEY, sizeof(id), id));
	if (w->error == HA_OK)
		w->store->id = id;
}

void store_renew_id(struct store_write *w)
{
	const uint64_t id = draw_id();
	if (id != 0)
		store_take_id(w, id);
	else if (w->error == HA_OK)
		w->error = ha_error_of_errno(errno);
}

/* ---- cursors, for both sides ---- */

int store_cursor_of(struct store *store, void *transaction, void **cursors, enum store_table table,
                    struct MDB_cursor **out)
{
	int code = 0;
	if (store->absent[table])
		return MDB_NOTFOUND;
	if (!cursors[table]) {
		MDB_cursor *cursor;
		code = mdb_cursor_open(transaction, store->tables[table], &cursor);
		if (code)
			return code;
		cursors[table] = cursor;
	}
	*out = cursors[table];
	return code;
}

void store_close_cursors(void **cursors)
{
	for (size_t i = 0; i < STORE_TABLE_COUNT; i++) {
		if (cursors[i])
			mdb_cursor_close(cursors[i]);
		cursors[i] = NULL;
	}
}
