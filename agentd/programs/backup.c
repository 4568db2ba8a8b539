/* backup.c - agentd writes its store, we copy it with the rights of whoever
 * asks: to a file of another name first, which gets its own when it is whole. */
#include "agentd/programs/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/control/text.h"
#include "agentd/flow/survey.h"
#include "agentd/programs/print.h"
#include "replication/backup.h"

struct backup {
	const char *path;
	char partial[PATH_MAX];
	int file;
	struct backup_info info;
	struct survey survey;
	/* Of agentd's answer. */
	char store[PATH_MAX];
	enum ha_error error;
	char report[1024];
};

static enum ha_error refuse_errno(struct backup *b, const char *what)
{
	int number = errno;

	snprintf(b->report, sizeof(b->report), "%s cannot be %s: %s", b->path, what,
	         strerror(number));
	return ha_error_of_errno(number);
}

/* ---- what agentd says ---- */

static void on_record(void *context, const struct control_value *values, size_t count)
{
	struct backup *b = context;

	for (size_t i = 0; i < count; i++)
		if (strcmp(values[i].name, "store") == 0 && values[i].kind == CONTROL_TEXT)
			snprintf(b->store, sizeof(b->store), "%s", values[i].text);
}

static void on_end(void *context, const struct control_end *end)
{
	struct backup *b = context;

	b->error = end->error;
	snprintf(b->report, sizeof(b->report), "%s", end->message);
}

static enum ha_error ask(struct backup *b, struct control_client *client)
{
	struct control_request request = { .verb = verb_infos[VERB_backup].name };
	struct control_sink sink = { .context = b, .record = on_record, .end = on_end };
	enum ha_error why = control_client_ask(client, &request, &sink);

	if (why != HA_OK)
		snprintf(b->report, sizeof(b->report), "%s", client->report);
	return why == HA_OK ? b->error : why;
}

/* ---- files ---- */

static bool is_backup(const char *path)
{
	int file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	bool is = file >= 0 && backup_recognize(file);

	if (file >= 0)
		close(file);
	return is;
}

/* Only a backup gives way to a backup: a name that was mistyped may be that of the
 * cluster's keys. */
static enum ha_error check_target(struct backup *b)
{
	struct stat about;
	bool regular;

	if (lstat(b->path, &about) != 0)
		return HA_OK; /* what else is wrong, making the file tells */
	regular = S_ISREG(about.st_mode);
	if (regular && is_backup(b->path))
		return HA_OK;
	snprintf(b->report, sizeof(b->report), "%s is there already and is no %s", b->path,
	         regular ? "backup, so it stays" : "file");
	return HA_E_EXISTS;
}

static enum ha_error open_partial(struct backup *b)
{
	if (snprintf(b->partial, sizeof(b->partial), "%s.XXXXXX", b->path) >=
	    (int)sizeof(b->partial)) {
		errno = ENAMETOOLONG;
		return refuse_errno(b, "made");
	}
	b->file = mkostemp(b->partial, O_CLOEXEC); /* of mode 0600 */
	return b->file < 0 ? refuse_errno(b, "made") : HA_OK;
}

static enum ha_error survey_image(struct backup *b, const char *path)
{
	enum ha_error why;
	struct store *store = store_open_image(path, &why, b->report, sizeof(b->report));

	if (!store)
		return why;
	why = survey_store(store, b->path, &b->survey, b->report, sizeof(b->report));
	store_close(store);
	return why;
}

static enum ha_error flush_name(struct backup *b)
{
	char path[PATH_MAX];
	int directory;
	enum ha_error why = HA_OK;

	snprintf(path, sizeof(path), "%s", b->path);
	directory = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0 || fsync(directory) != 0)
		why = refuse_errno(b, "made durable");
	if (directory >= 0)
		close(directory);
	return why;
}

static enum ha_error fill(struct backup *b)
{
	enum ha_error why;

	snprintf(b->info.version, sizeof(b->info.version), "%s", HEARTH_VERSION);
	why = backup_write(b->store, b->file, &b->info, b->report, sizeof(b->report));
	if (why == HA_OK)
		why = survey_image(b, b->partial);
	if (why == HA_OK)
		why = check_target(b); /* while the copy was made, another may have come there */
	if (why == HA_OK && rename(b->partial, b->path) != 0)
		why = refuse_errno(b, "made");
	if (why != HA_OK)
		unlink(b->partial);
	return why == HA_OK ? flush_name(b) : why;
}

/* ---- what is in it ---- */

static struct control_value number(const char *name, uint64_t value)
{
	return (struct control_value){ .name = name, .kind = CONTROL_NUMBER, .number = value };
}

static struct control_value text(const char *name, const char *value)
{
	return (struct control_value){ .name = name, .kind = CONTROL_TEXT, .text = value };
}

/* Numbers of the cluster's keys without which it is of little use. */
static void key_numbers(const struct survey *survey, char *out, size_t size)
{
	size_t length = 0;

	out[0] = '\0';
	for (size_t i = 0; i < survey->cluster_key_count; i++)
		length += (size_t)snprintf(out + length, size - length, "%s%u", i ? " " : "",
		                           survey->cluster_keys[i]);
}

static int finish(struct backup *b, enum ha_error why, bool json)
{
	struct time_text taken = time_format(b->info.taken_ms);
	const struct survey *survey = &b->survey;
	char keys[SURVEY_KEYS_MAX * 11 + 1];
	const struct control_value values[] = {
		text("file", b->path),
		text("taken", taken.text),
		text("version", b->info.version),
		number("octets", b->info.image_octets + BACKUP_TRAILER),
		number("index", survey->index),
		number("mobile_nodes", survey->mobile_nodes),
		number("foreign_agents", survey->foreign_agents),
		number("associations", survey->rows[STORE_ASSOCIATIONS]),
		number("bindings", survey->rows[STORE_BINDINGS]),
		number("settings", survey->settings),
		text("cluster_keys", keys),
	};
	struct printer printer;
	struct control_sink sink;

	key_numbers(survey, keys, sizeof(keys));
	if (b->file >= 0)
		close(b->file);
	if (why != HA_OK) {
		fprintf(stderr, "agentctl: %s\n", *b->report ? b->report : ha_strerror(why));
		return EXIT_FAILURE;
	}
	printer_start(&printer, json, VERB_OBJECT);
	sink = printer_sink(&printer);
	sink.record(sink.context, values, sizeof(values) / sizeof(values[0]));
	return printer_finish(&printer) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int backup_run(struct control_client *client, const char *path, bool json)
{
	struct backup b = { .path = path, .file = -1, .info.taken_ms = clock_wall_ms() };
	enum ha_error why = check_target(&b);

	if (why == HA_OK)
		why = ask(&b, client);
	if (why == HA_OK)
		why = open_partial(&b);
	if (why == HA_OK)
		why = fill(&b);
	return finish(&b, why, json);
}

int backup_verify(const char *path, bool json)
{
	struct backup b = { .path = path, .file = open(path, O_RDONLY | O_CLOEXEC) };
	enum ha_error why;

	if (b.file < 0)
		why = refuse_errno(&b, "opened");
	else
		why = backup_check(b.file, path, &b.info, b.report, sizeof(b.report));
	if (why == HA_OK)
		why = survey_image(&b, path);
	return finish(&b, why, json);
}
