/* succession.c - from one store to the next by renames; see succession.h for
 * what the names say. */
#include "agentd/flow/succession.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/base/config.h"
#include "agentd/base/log.h"
#include "agentd/flow/directories.h"
#include "agentd/flow/meta.h"

struct path {
	char text[CONFIG_TEXT_MAX + 32];
};

static struct path path_of(const char *data, const char *name)
{
	struct path path;

	snprintf(path.text, sizeof(path.text), "%s/%s", data, name);
	return path;
}

static bool is_there(const char *data, const char *name)
{
	return access(path_of(data, name).text, F_OK) == 0;
}

static enum ha_error move(const char *data, const char *from, const char *to, char *report,
                          size_t size)
{
	struct path source = path_of(data, from), target = path_of(data, to);

	if (rename(source.text, target.text) == 0)
		return directory_flush(data, report, size);
	return ha_refuse(report, size, ha_error_of_errno(errno), "%s cannot become %s: %s",
	                 source.text, target.text, strerror(errno));
}

static enum ha_error discard(const char *data, const char *name, char *report, size_t size)
{
	struct path path = path_of(data, name);
	enum ha_error error = store_remove(path.text);

	if (error != HA_OK)
		ha_refuse(report, size, error, "%s cannot be removed: %s", path.text,
		          ha_strerror(error));
	return error;
}

enum ha_error succession_offer(const char *data, char *report, size_t size)
{
	enum ha_error error = discard(data, SUCCESSION_INCOMING, report, size);

	return error == HA_OK ? move(data, SUCCESSION_FETCHING, SUCCESSION_INCOMING, report, size)
	                      : error;
}

/* ---- at a start ---- */

/* What a store says of itself. */
struct standing {
	uint64_t id;
	uint64_t applied;
};

static enum ha_error read_standing(struct store *store, struct standing *out)
{
	struct store_reader reader;
	enum ha_error error = store_read_open(store, &reader);

	out->id = store_id(store);
	if (error == HA_OK)
		error = meta_get_number(&reader, META_APPLIED, &out->applied);
	store_read_close(&reader);
	return error;
}

static enum ha_error look(const char *path, uint64_t map_octets, struct standing *out, char *report,
                          size_t size)
{
	enum ha_error error;
	struct store *store = store_open(path, map_octets, &error, report, size);

	if (!store)
		return error;
	error = read_standing(store, out);
	store_close(store);
	if (error != HA_OK)
		snprintf(report, size, "%s: the store's position is unreadable: %s", path,
		         ha_strerror(error));
	return error;
}

/* The log is tied to our store by its identity. Whether it goes on from the new one
 * is for replication to say, and it must be able to read it. */
static enum ha_error take_identity(const char *path, uint64_t map_octets, uint64_t id, char *report,
                                   size_t size)
{
	enum ha_error error;
	struct store *store = store_open(path, map_octets, &error, report, size);
	struct store_write w;

	if (!store)
		return error;
	w = store_begin(store);
	store_take_id(&w, id);
	error = store_commit(&w);
	store_close(store);
	if (error != HA_OK)
		snprintf(report, size, "%s cannot be written: %s", path, ha_strerror(error));
	return error;
}

/* What this member acknowledged since may be in its own store only. */
static enum ha_error prepare_incoming(const char *data, uint64_t map_octets, bool *ahead,
                                      char *report, size_t size)
{
	struct path ours = path_of(data, STORE_DIRECTORY);
	struct path incoming = path_of(data, SUCCESSION_INCOMING);
	struct standing old = { 0 }, new = { 0 };
	enum ha_error error = look(ours.text, map_octets, &old, report, size);

	if (error == HA_OK)
		error = look(incoming.text, map_octets, &new, report, size);
	if (error != HA_OK)
		return error;
	*ahead = new.applied > old.applied;
	log_notice("the store of another member holds entries up to %" PRIu64
	           ", ours up to %" PRIu64 "%s",
	           new.applied, old.applied, *ahead ? "" : ": ours stays");
	return *ahead ? take_identity(incoming.text, map_octets, old.id, report, size) : HA_OK;
}

static enum ha_error put_aside(const char *data, char *report, size_t size)
{
	enum ha_error error = discard(data, SUCCESSION_OLD, report, size);

	return error == HA_OK ? move(data, STORE_DIRECTORY, SUCCESSION_OLD, report, size) : error;
}

/* There is no store to be put aside, if not already: the name says it all the same. */
static enum ha_error mark_replaced(const char *data, char *report, size_t size)
{
	struct path path = path_of(data, SUCCESSION_OLD);

	if (mkdir(path.text, 0700) == 0 || errno == EEXIST)
		return HA_OK;
	return ha_refuse(report, size, ha_error_of_errno(errno), "%s cannot be made: %s", path.text,
	                 strerror(errno));
}

static enum ha_error put_in_place(const char *data, uint64_t map_octets, char *report, size_t size)
{
	enum ha_error error = HA_OK;
	bool ahead = true;

	if (is_there(data, STORE_DIRECTORY))
		error = prepare_incoming(data, map_octets, &ahead, report, size);
	if (error == HA_OK && !ahead)
		return discard(data, SUCCESSION_INCOMING, report, size);
	if (error == HA_OK)
		error = is_there(data, STORE_DIRECTORY) ? put_aside(data, report, size)
		                                        : mark_replaced(data, report, size);
	if (error == HA_OK)
		error = move(data, SUCCESSION_INCOMING, STORE_DIRECTORY, report, size);
	return error;
}

enum ha_error succession_run(const char *data, uint64_t map_octets, bool *replaced, char *report,
                             size_t size)
{
	enum ha_error error = discard(data, SUCCESSION_FETCHING, report, size);

	*replaced = false;
	if (error == HA_OK && is_there(data, SUCCESSION_INCOMING))
		error = put_in_place(data, map_octets, report, size);
	if (error != HA_OK)
		return error;
	*replaced = is_there(data, SUCCESSION_OLD);
	if (!*replaced || is_there(data, STORE_DIRECTORY))
		return HA_OK;
	return ha_refuse(report, size, HA_E_DAMAGED,
	                 "%s was replaced by another member's store, and that is gone: remove the "
	                 "whole data directory to get it from the cluster again",
	                 path_of(data, STORE_DIRECTORY).text);
}

void succession_finish(const char *data)
{
	char report[CONFIG_TEXT_MAX + 128];

	if (discard(data, SUCCESSION_OLD, report, sizeof(report)) != HA_OK)
		log_warning("%s", report);
}
