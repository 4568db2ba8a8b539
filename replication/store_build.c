/* store_build.c - a store that is made of another one's rows: no flush until it
 * is complete, and until then it is worth nothing. And the removal of a store. */
#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replication/store_internal.h"

static const char *const files[] = { STORE_DATA_FILE, "lock.mdb", STORE_LOCK_FILE };

enum ha_error store_remove(const char *directory)
{
	char path[4096];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
		if (unlink(path) != 0 && errno != ENOENT)
			return ha_error_of_errno(errno);
	}
	return rmdir(directory) == 0 || errno == ENOENT ? HA_OK : ha_error_of_errno(errno);
}

static enum ha_error make_directory(const char *directory)
{
	const enum ha_error error = store_remove(directory);

	if (error != HA_OK)
		return error;
	return mkdir(directory, 0700) == 0 ? HA_OK : ha_error_of_errno(errno);
}

struct store *store_build_open(const char *directory, uint64_t map_octets, enum ha_error *why,
                               char *report, size_t size)
{
	struct store *store;
	int code;

	*why = make_directory(directory);
	if (*why != HA_OK) {
		ha_refuse(report, size, *why, "%s: a new store cannot be begun: %s", directory,
		          ha_strerror(*why));
		return NULL;
	}
	store = store_open(directory, map_octets, why, report, size);
	if (!store)
		return NULL;
	code = mdb_env_set_flags(store->environment, MDB_NOSYNC, 1);
	if (code == 0)
		return store;
	*why = ha_refuse(report, size, store_error_of(code), "%s: %s", directory,
	                 mdb_strerror(code));
	store_close(store);
	return NULL;
}

enum ha_error store_build_flush(struct store *store)
{
	return store_error_of(mdb_env_sync(store->environment, 1));
}

enum ha_error store_build_finish(struct store *store)
{
	int code = mdb_env_set_flags(store->environment, MDB_NOSYNC, 0);

	if (code == 0)
		code = mdb_env_sync(store->environment, 1);
	return store_error_of(code);
}
