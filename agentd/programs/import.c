/* import.c - read lines, send them in batches, keep count. The lines are judged
 * by agentd; a batch that it is too busy for is sent again. */
#include "agentd/programs/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agentd/base/clock.h"
#include "agentd/programs/print_json.h"
#include "agentd/state/association_file.h"

struct import {
	struct control_client *client;
	const struct import_options *options;
	struct association_reader reader;
	struct octets batch;
	uint64_t first; /* line of the batch */
	size_t lines;   /* in it */
	uint64_t done, refused, listed;
	bool at_end;
	/* Of the last answer. */
	enum ha_error error;
	char message[1024];
};

static void refuse_line(struct import *import, uint64_t line, const char *text)
{
	struct control_value values[] = {
		{ .name = "line", .kind = CONTROL_NUMBER, .number = line },
		{ .name = "error", .kind = CONTROL_TEXT, .text = text },
	};

	import->refused++;
	if (!import->options->json) {
		fprintf(stderr, "%s:%llu: %s\n", import->options->path, (unsigned long long)line,
		        text);
		return;
	}
	print_json_record(VERB_LIST, import->listed++ == 0, values, 2);
}

static const struct control_value *find(const struct control_value *values, size_t count,
                                        const char *name)
{
	static const struct control_value none = { .name = "", .text = "" };

	for (size_t i = 0; i < count; i++)
		if (strcmp(values[i].name, name) == 0)
			return &values[i];
	return &none;
}

static void on_record(void *context, const struct control_value *values, size_t count)
{
	const struct control_value *text = find(values, count, "error");

	refuse_line(context, find(values, count, "line")->number, text->text ? text->text : "");
}

static void on_end(void *context, const struct control_end *end)
{
	struct import *import = context;

	import->error = end->error;
	snprintf(import->message, sizeof(import->message), "%s", end->message);
	import->done += find(end->facts, end->fact_count, "done")->number;
}

/* ---- batches ---- */

/* Every line keeps its place in the batch, so that agentd can count them. */
static enum ha_error fill(struct import *import)
{
	struct association_error error = { 0 };

	octets_free(&import->batch);
	import->first = import->reader.line + 1;
	for (import->lines = 0; import->lines < CHANGES_MAX; import->lines++) {
		size_t size = 0;
		enum ha_error why = association_reader_line(&import->reader, &size, &error);

		if (why == HA_E_NOTFOUND) {
			import->at_end = true;
			break;
		}
		if (why == HA_E_IO) {
			snprintf(import->message, sizeof(import->message), "%s %s",
			         import->options->path, error.text);
			return why;
		}
		if (why != HA_OK)
			refuse_line(import, error.line, error.text);
		else if (octets_append(&import->batch, import->reader.text, size) != HA_OK)
			return HA_E_NOMEM;
		if (octets_append(&import->batch, "\n", 1) != HA_OK)
			return HA_E_NOMEM;
	}
	return HA_OK;
}

static enum ha_error ask(struct import *import)
{
	char first[24];
	const char *arguments[] = { first, "--replace" };
	struct control_request request = {
		.verb = "association import",
		.arguments = arguments,
		.argument_count = import->options->replace ? 2 : 1,
		.secret = import->batch.at,
		.secret_size = import->batch.size,
	};
	struct control_sink sink = { .context = import, .record = on_record, .end = on_end };
	enum ha_error why;

	snprintf(first, sizeof(first), "%llu", (unsigned long long)import->first);
	why = control_client_ask(import->client, &request, &sink);
	if (why != HA_OK)
		snprintf(import->message, sizeof(import->message), "%s", import->client->report);
	return why == HA_OK ? import->error : why;
}

static enum ha_error send_batch(struct import *import)
{
	static const struct timespec pause = { .tv_nsec = 20000000 };
	uint64_t deadline_ns = clock_monotonic_ns() + import->options->timeout_s * 1000000000ull;
	enum ha_error why;

	do
		why = ask(import);
	while ((why == HA_E_BUSY || (why == HA_E_CAPACITY && import->refused == 0)) &&
	       clock_monotonic_ns() < deadline_ns && nanosleep(&pause, NULL) == 0);
	return why;
}

static void show_progress(const struct import *import, bool last)
{
	if (!isatty(STDERR_FILENO) || import->options->json)
		return;
	fprintf(stderr, "\r%llu lines, %llu done, %llu refused%s",
	        (unsigned long long)(import->first + import->lines - 1),
	        (unsigned long long)import->done, (unsigned long long)import->refused,
	        last ? "\n" : "");
}

static enum ha_error send_file(struct import *import)
{
	enum ha_error why = HA_OK;

	while (why == HA_OK && !import->at_end) {
		why = fill(import);
		if (why == HA_OK && import->lines)
			why = send_batch(import);
		show_progress(import, why != HA_OK || import->at_end);
	}
	return why;
}

static void print_counts(const struct import *import)
{
	unsigned long long done = import->done, refused = import->refused;

	if (!import->options->json) {
		printf("%llu done, %llu refused\n", done, refused);
		return;
	}
	if (import->listed == 0)
		fputs("[]", stdout);
	else
		fputs("\n]", stdout);
	printf(",\n\"done\": %llu,\n\"refused\": %llu\n}\n", done, refused);
}

int import_run(struct control_client *client, const struct import_options *options)
{
	static struct import import;
	struct association_error error = { 0 };
	enum ha_error why;

	import = (struct import){ .client = client, .options = options };
	if (association_reader_open(&import.reader, options->path, false, &error) != HA_OK) {
		fprintf(stderr, "agentctl: %s\n", error.text);
		return EXIT_FAILURE;
	}
	if (options->json)
		fputs("{\"errors\": ", stdout);
	why = send_file(&import);
	association_reader_close(&import.reader);
	octets_free(&import.batch);
	print_counts(&import);
	if (why != HA_OK)
		fprintf(stderr, "agentctl: stopped after line %llu: %s\n",
		        (unsigned long long)(import.first ? import.first - 1 : 0),
		        *import.message ? import.message : ha_strerror(why));
	return why == HA_OK && import.refused == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
