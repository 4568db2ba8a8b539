/* trace.c - every entry is printed and flushed as it comes, so that an interruption
 * loses nothing that was shown. */
#include "agentd/programs/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "agentd/base/address.h"
#include "agentd/programs/agentctl_help.h"
#include "agentd/programs/capture.h"
#include "agentd/programs/pcap.h"
#include "agentd/programs/print.h"

struct tracing {
	struct control_client *client;
	struct printer printer;
	struct control_sink sink; /* the printer's */
	/* The words, as they are sent. */
	const char *words[6];
	size_t count;
	char counted[32];
	const char *path; /* of the packets; NULL = none */
	FILE *file;
	bool made;      /* the file, by us */
	bool begun;     /* agentd traces, and the file has its header */
	bool unwritten; /* the file could not be */
	enum ha_error error;
	char message[1024];
};

/* Ending the connection ends every wait for it; both are safe in a handler. */
static volatile sig_atomic_t interrupted;
static int interrupted_descriptor = -1;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
	shutdown(interrupted_descriptor, SHUT_RDWR);
}

static void watch_signals(struct control_client *client)
{
	struct sigaction action = { .sa_handler = on_signal };
	const struct timeval forever = { 0 };

	interrupted_descriptor = client->descriptor;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* A node that is quiet is no agentd that hangs. */
	setsockopt(client->descriptor, SOL_SOCKET, SO_RCVTIMEO, &forever, sizeof(forever));
}

/* ---- words ---- */

static bool take_count(struct tracing *t, const char *value)
{
	char *end;
	unsigned long number = strtoul(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || number < 1 || number > UINT32_MAX)
		return false;
	snprintf(t->counted, sizeof(t->counted), "count=%lu", number);
	return true;
}

#define refuse(t, ...) (snprintf((t)->message, sizeof((t)->message), __VA_ARGS__), false)

static bool take_value(struct tracing *t, const char *name, const char *value)
{
	if (strcmp(name, "--count") == 0)
		return take_count(t, value) ||
		       refuse(t, "--count: '%.60s' is not a number from 1", value);
	if (strcmp(name, "--pcap") == 0) {
		t->path = value;
		return *value || refuse(t, "--pcap: the name of the file is empty");
	}
	t->words[t->count++] = name;
	t->words[t->count++] = value;
	return true;
}

/* `value` is NULL behind the last word. */
static bool take_option(struct tracing *t, const char *name, const char *value)
{
	bool count = strcmp(name, "--count") == 0, pcap = strcmp(name, "--pcap") == 0;

	if (strncmp(name, "--", 2) != 0)
		return refuse(t, "'%.60s': trace takes no more operands", name);
	if (!count && !pcap && strcmp(name, "--realm") != 0)
		return refuse(t, "trace has no option %.60s", name);
	if (count ? *t->counted : pcap ? t->path != NULL : t->count > 1)
		return refuse(t, "%s: it is given twice", name);
	return value ? take_value(t, name, value) : refuse(t, "%s: a value must follow", name);
}

static bool take_words(struct tracing *t, char *const *words, size_t count)
{
	if (count == 0 || strncmp(words[0], "--", 2) == 0)
		return refuse(t, "the mobile node is missing");
	t->words[t->count++] = words[0];
	for (size_t i = 1; i < count; i += 2)
		if (!take_option(t, words[i], i + 1 < count ? words[i + 1] : NULL))
			return false;
	if (*t->counted)
		t->words[t->count++] = t->counted;
	if (t->path)
		t->words[t->count++] = "octets";
	return true;
}

/* ---- packets ---- */

static const struct control_value *find(const struct control_value *values, size_t count,
                                        const char *name)
{
	static const struct control_value none = { .name = "", .text = "" };

	for (size_t i = 0; i < count; i++)
		if (strcmp(values[i].name, name) == 0)
			return &values[i];
	return &none;
}

/* "ADDRESS:PORT" */
static bool parse_endpoint(const struct control_value *value, struct in_addr *address,
                           uint16_t *port)
{
	char text[32];
	char *colon;

	if (value->kind != CONTROL_TEXT ||
	    snprintf(text, sizeof(text), "%s", value->text) >= (int)sizeof(text))
		return false;
	colon = strchr(text, ':');
	if (!colon)
		return false;
	*colon = '\0';
	*port = (uint16_t)strtoul(colon + 1, NULL, 10);
	return address_parse(text, address);
}

static void keep_packet(struct tracing *t, const struct control_value *values, size_t count)
{
	static struct capture octets;
	const struct control_value *direction = find(values, count, "direction");
	const struct control_value *text = find(values, count, "octets");
	bool in = direction->kind == CONTROL_TEXT && strcmp(direction->text, "in") == 0;
	bool out = direction->kind == CONTROL_TEXT && strcmp(direction->text, "out") == 0;
	struct pcap_packet packet = { .time_ns = find(values, count, "time_ns")->number };

	if ((!in && !out) || text->kind != CONTROL_TEXT)
		return; /* it was not on the wire */
	if (!parse_endpoint(find(values, count, "peer"), in ? &packet.source : &packet.destination,
	                    in ? &packet.source_port : &packet.destination_port) ||
	    !parse_endpoint(find(values, count, "local"), in ? &packet.destination : &packet.source,
	                    in ? &packet.destination_port : &packet.source_port) ||
	    capture_hex(&octets, text->text, strlen(text->text)) != HA_OK)
		return;
	packet.payload = (struct span){ octets.octets, octets.size };
	if (!pcap_write_packet(t->file, &packet))
		t->unwritten = true;
}

static bool is_shown(const struct control_value *value)
{
	return strcmp(value->name, "octets") != 0 && strcmp(value->name, "local") != 0 &&
	       strcmp(value->name, "time_ns") != 0;
}

static void on_record(void *context, const struct control_value *values, size_t count)
{
	struct control_value shown[CONTROL_VALUES_MAX];
	struct tracing *t = context;
	size_t shown_count = 0;

	if (t->begun)
		keep_packet(t, values, count);
	for (size_t i = 0; i < count; i++)
		if (is_shown(&values[i]))
			shown[shown_count++] = values[i];
	t->sink.record(t->sink.context, shown, shown_count);
	if (t->unwritten || ferror(stdout))
		on_signal(0);
}

/* What the file holds is lost only to a trace that runs. A pipe holds nothing. */
static void on_page(void *context)
{
	struct tracing *t = context;

	if (t->begun || !t->file)
		return;
	t->begun = true;
	if ((ftruncate(fileno(t->file), 0) == 0 || errno == EINVAL) && pcap_write_header(t->file) &&
	    fflush(t->file) == 0)
		return;
	t->unwritten = true;
	on_signal(0);
}

static void on_end(void *context, const struct control_end *end)
{
	struct tracing *t = context;

	t->error = end->error;
	snprintf(t->message, sizeof(t->message), "%s", end->message);
	t->sink.end(t->sink.context, end);
}

/* ---- the whole ---- */

static enum ha_error refuse_file(struct tracing *t)
{
	snprintf(t->message, sizeof(t->message), "%s cannot be written: %s", t->path,
	         strerror(errno));
	return HA_E_IO;
}

/* As it is: it changes when agentd has agreed. Others need not see who registers
 * from where. */
static enum ha_error open_file(struct tracing *t)
{
	int descriptor;

	if (!t->path)
		return HA_OK;
	descriptor = open(t->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	t->made = descriptor >= 0;
	if (descriptor < 0 && errno == EEXIST)
		descriptor = open(t->path, O_RDWR | O_CLOEXEC);
	if (descriptor < 0)
		return refuse_file(t);
	if (!pcap_may_replace(descriptor)) {
		close(descriptor);
		snprintf(t->message, sizeof(t->message),
		         "%s is there already and is no pcap file, so it stays", t->path);
		return HA_E_EXISTS;
	}
	t->file = fdopen(descriptor, "wb");
	return t->file ? HA_OK : refuse_file(t);
}

static int close_file(struct tracing *t, int status)
{
	if (t->file && fclose(t->file) != 0)
		status = EXIT_FAILURE;
	if (t->made && !t->begun)
		unlink(t->path);
	return status;
}

static enum ha_error follow(struct tracing *t)
{
	const struct control_request request = {
		.verb = "trace",
		.arguments = t->words,
		.argument_count = t->count,
	};
	const struct control_sink sink = {
		.context = t,
		.record = on_record,
		.end = on_end,
		.page = on_page,
	};
	enum ha_error why = control_client_ask(t->client, &request, &sink);

	if (t->unwritten) {
		snprintf(t->message, sizeof(t->message), "%s cannot be written any more", t->path);
		return HA_E_IO;
	}
	if (why != HA_OK && interrupted)
		return HA_OK;
	if (why != HA_OK)
		snprintf(t->message, sizeof(t->message), "%s", t->client->report);
	return why == HA_OK ? t->error : why;
}

static int finish(struct tracing *t, enum ha_error why)
{
	if (!printer_finish(&t->printer)) {
		fputs("agentctl: standard output cannot be written\n", stderr);
		return EXIT_FAILURE;
	}
	if (why == HA_OK)
		return EXIT_SUCCESS;
	fprintf(stderr, "agentctl: %s\n", *t->message ? t->message : ha_strerror(why));
	return why == HA_E_SYNTAX ? EXIT_USAGE : EXIT_FAILURE;
}

int trace_run(struct control_client *client, char *const *words, size_t count, bool json)
{
	static struct tracing t;
	enum ha_error why;

	t = (struct tracing){ .client = client };
	if (!take_words(&t, words, count))
		return agentctl_usage(VERB_trace, "%s", t.message);
	watch_signals(client);
	printer_start(&t.printer, json, VERB_STREAM);
	t.sink = printer_sink(&t.printer);
	why = open_file(&t);
	if (why == HA_OK)
		why = follow(&t);
	return close_file(&t, finish(&t, why));
}
