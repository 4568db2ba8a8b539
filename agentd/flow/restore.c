/* restore.c - a backup laid out in a directory beside where it belongs, made
 * this node's own, judged row by row, and then moved there in one step. */
#include "agentd/flow/restore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/base/keyring.h"
#include "agentd/flow/internal.h"
#include "agentd/flow/keys.h"
#include "agentd/flow/meta.h"

#define PATH_ROOM (CONFIG_TEXT_MAX + 64u)

struct restore {
	const struct config *config;
	const char *path; /* of the backup */
	int file;
	char preparing[PATH_ROOM];
	char preparing_store[PATH_ROOM];
	char store[PATH_ROOM];
	struct restored *out;
	char *report;
	size_t report_size;
};

static enum ha_error refuse_errno(struct restore *r, const char *path, const char *what)
{
	int number = errno;

	snprintf(r->report, r->report_size, "%s cannot be %s: %s", path, what, strerror(number));
	return ha_error_of_errno(number);
}

/* What a new file system brings along, the keys that the backup needs, and what
 * an interrupted restore left. */
static bool may_be_there(const char *name)
{
	static const char *const names[] = { ".",           "..",     "lost+found",
		                             "cluster.key", "groups", RESTORE_DIRECTORY };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static enum ha_error check_empty(struct restore *r)
{
	const char *directory = r->config->data_directory;
	DIR *listing = opendir(directory);
	const struct dirent *entry;
	enum ha_error error = HA_OK;

	if (!listing)
		return refuse_errno(r, directory, "read");
	while (error == HA_OK && (entry = readdir(listing))) {
		if (may_be_there(entry->d_name))
			continue;
		snprintf(r->report, r->report_size,
		         "%s is not empty, it holds %s: a backup is restored into an empty "
		         "directory only; move away what is there",
		         directory, entry->d_name);
		error = HA_E_EXISTS;
	}
	closedir(listing);
	return error;
}

/* The log of a cluster's member goes on from all its stores. */
static enum ha_error check_shared_log(struct restore *r)
{
	char path[PATH_ROOM];

	snprintf(path, sizeof(path), "%s/../../log", r->config->data_directory);
	if (r->config->group == 0 || r->config->cluster_node == 0 || access(path, F_OK) != 0)
		return HA_OK;
	return ha_refuse(r->report, r->report_size, HA_E_EXISTS,
	                 "%s is there, and goes on from the stores that were: in a cluster all "
	                 "groups are restored together, into an empty directory",
	                 path);
}

static void remove_preparation(const struct restore *r)
{
	store_remove(r->preparing_store);
	rmdir(r->preparing);
}

static enum ha_error make_preparation(struct restore *r)
{
	remove_preparation(r);
	if (mkdir(r->preparing, 0700) != 0)
		return refuse_errno(r, r->preparing, "made");
	if (mkdir(r->preparing_store, 0700) != 0)
		return refuse_errno(r, r->preparing_store, "made");
	return HA_OK;
}

static enum ha_error extract(struct restore *r)
{
	char path[PATH_ROOM + 16];
	enum ha_error error;
	int to;

	snprintf(path, sizeof(path), "%s/" STORE_DATA_FILE, r->preparing_store);
	to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return refuse_errno(r, path, "made");
	error = backup_extract(r->file, r->path, to, &r->out->backup, r->report, r->report_size);
	close(to);
	return error;
}

/* Rows can be newer than the pass that the copy fell into: the log goes on
 * behind the newest of them, or its entries would look like old ones. */
static enum ha_error make_own(struct restore *r, struct store *store)
{
	const struct survey *survey = &r->out->survey;
	struct store_write w = store_begin(store);
	enum ha_error error;

	store_renew_id(&w);
	meta_put_number(&w, META_APPLIED, survey->index);
	meta_put_number(&w, META_TERM, 0);
	meta_put_number(&w, META_CONFIGURED, survey->index);
	meta_put_number(&w, META_LOG_BEGINS, survey->index);
	meta_put_number(&w, META_TIME, survey->time_ms);
	meta_put_number(&w, META_NODE, 0);
	store_delete(&w, STORE_SETTINGS,
	             (struct store_bytes){ SECRET_NONCE, strlen(SECRET_NONCE) });
	error = store_commit(&w);
	if (error != HA_OK)
		snprintf(r->report, r->report_size, "%s: the store cannot be written: %s",
		         r->preparing_store, ha_strerror(error));
	return error;
}

static enum ha_error judge(struct restore *r)
{
	enum ha_error error;
	struct store *store = store_open(r->preparing_store,
	                                 (uint64_t)r->config->store_map_mib << 20, &error,
	                                 r->report, r->report_size);

	if (!store)
		return error;
	error = survey_store(store, r->path, &r->out->survey, r->report, r->report_size);
	if (error == HA_OK)
		error = make_own(r, store);
	store_close(store);
	return error;
}

static enum ha_error flush_directory(struct restore *r, const char *path)
{
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum ha_error error = HA_OK;

	if (directory < 0 || fsync(directory) != 0)
		error = refuse_errno(r, path, "flushed");
	if (directory >= 0)
		close(directory);
	return error;
}

static enum ha_error move(struct restore *r)
{
	enum ha_error error = flush_directory(r, r->preparing_store);

	if (error == HA_OK && rename(r->preparing_store, r->store) != 0)
		error = refuse_errno(r, r->store, "made");
	if (error != HA_OK)
		return error;
	snprintf(r->preparing_store, sizeof(r->preparing_store), "%s", r->store); /* to remove */
	rmdir(r->preparing);
	return flush_directory(r, r->config->data_directory);
}

/* ---- will it start? ---- */

__attribute__((format(printf, 2, 3))) static void doubt(struct restored *out, const char *format,
                                                        ...)
{
	va_list arguments;

	if (out->doubt_count == RESTORE_DOUBTS_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(out->doubts[out->doubt_count], sizeof(out->doubts[0]), format, arguments);
	va_end(arguments);
	out->doubt_count++;
}

static void doubt_keys(const struct config *config, struct restored *out)
{
	char path[CONFIG_TEXT_MAX + 16];
	struct keyring_error wrong;
	struct keyring *ring = NULL;

	keys_path(config, path, sizeof(path));
	if (keyring_load(path, &ring, &wrong) == HA_E_NOTFOUND) {
		doubt(out,
		      "there is no %s: put the cluster's key file there, from a copy or from "
		      "another member",
		      path);
	} else if (!ring) {
		doubt(out, "%s", wrong.text);
	} else {
		for (size_t i = 0; i < out->survey.cluster_key_count; i++)
			if (!keyring_has(ring, out->survey.cluster_keys[i]))
				doubt(out,
				      "cluster key %u is not in %s, and keys of the backup "
				      "are sealed under it: add its line",
				      out->survey.cluster_keys[i], path);
	}
	keyring_free(ring);
}

static void doubt_capacity(const struct config *config, struct restored *out)
{
	const struct survey *survey = &out->survey;
	const struct {
		const char *option;
		uint64_t holds;
		uint32_t capacity;
	} rows[] = {
		{ "nodes", survey->mobile_nodes + survey->foreign_agents, config->capacity_nodes },
		{ "associations", survey->rows[STORE_ASSOCIATIONS], config->capacity_associations },
		{ "bindings", survey->rows[STORE_BINDINGS], config->capacity_bindings },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].holds > rows[i].capacity)
			doubt(out, "capacity.%s is %u, and the backup holds %llu: raise it",
			      rows[i].option, rows[i].capacity, (unsigned long long)rows[i].holds);
}

enum ha_error restore_run(const struct config *config, int file, const char *path,
                          struct restored *out, char *report, size_t size)
{
	struct restore r = { .config = config,
		             .path = path,
		             .file = file,
		             .out = out,
		             .report = report,
		             .report_size = size };
	const char *data = config->data_directory;
	enum ha_error error;

	*out = (struct restored){ 0 };
	snprintf(r.preparing, sizeof(r.preparing), "%s/" RESTORE_DIRECTORY, data);
	snprintf(r.preparing_store, sizeof(r.preparing_store), "%s/" RESTORE_DIRECTORY "/store",
	         data);
	snprintf(r.store, sizeof(r.store), "%s/store", data);
	error = check_empty(&r);
	if (error == HA_OK)
		error = check_shared_log(&r);
	if (error != HA_OK)
		return error;
	/* Nothing is made for a file that is no backup. */
	error = backup_check(file, path, &out->backup, report, size);
	if (error != HA_OK)
		return error;
	error = make_preparation(&r);
	if (error == HA_OK)
		error = extract(&r);
	if (error == HA_OK)
		error = judge(&r);
	if (error == HA_OK)
		error = move(&r);
	if (error != HA_OK) {
		remove_preparation(&r);
		return error;
	}
	doubt_keys(config, out);
	doubt_capacity(config, out);
	return HA_OK;
}
