/* explain.c - find the requests, ask about each, print all answers as one. */
#include "agentd/programs/explain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/base/address.h"
#include "agentd/programs/agentctl_help.h"
#include "agentd/programs/capture.h"
#include "agentd/programs/print.h"

enum explain_clock {
	CLOCK_AS_FITS, /* the capture's where there is one */
	CLOCK_NOW,
	CLOCK_OF_CAPTURE,
};

struct explaining {
	struct control_client *client;
	struct printer printer;
	struct control_sink sink; /* the printer's */
	/* The words. */
	const char *input;
	struct in_addr source;
	uint16_t port;
	bool broadcast;
	enum explain_clock clock;
	/* Of agentd's answers. */
	uint64_t agent_port;
	enum ha_error error;
	char message[1024];
	uint64_t explained;
};

/* ---- words ---- */

static bool take_port(struct explaining *e, const char *value)
{
	char *end;
	unsigned long number = strtoul(value, &end, 10);

	e->port = (uint16_t)number;
	return *value >= '0' && *value <= '9' && !*end && number >= 1 && number <= UINT16_MAX;
}

static bool take_clock(struct explaining *e, const char *value)
{
	e->clock = strcmp(value, "now") == 0 ? CLOCK_NOW : CLOCK_OF_CAPTURE;
	return e->clock == CLOCK_NOW || strcmp(value, "capture") == 0;
}

static bool take_source(struct explaining *e, const char *value)
{
	return address_parse(value, &e->source);
}

#define refuse(e, ...) (snprintf((e)->message, sizeof((e)->message), __VA_ARGS__), false)

/* `value` is NULL behind the last word. */
static bool take_option(struct explaining *e, const char *name, const char *value)
{
	static const struct {
		const char *name;
		bool (*take)(struct explaining *e, const char *value);
		const char *form;
	} rows[] = {
		{ "--source", take_source, "an IPv4 address" },
		{ "--port", take_port, "a port, 1 to 65535" },
		{ "--at", take_clock, "now or capture" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(name, rows[i].name) != 0)
			continue;
		if (!value)
			return refuse(e, "%s: a value must follow", name);
		return rows[i].take(e, value) ||
		       refuse(e, "%s: '%.60s' is not %s", name, value, rows[i].form);
	}
	return refuse(e, "explain has no option %.60s", name);
}

static bool take_words(struct explaining *e, char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i], "--broadcast") == 0) {
			e->broadcast = true;
		} else if (strncmp(words[i], "--", 2) == 0) {
			if (!take_option(e, words[i], i + 1 < count ? words[i + 1] : NULL))
				return false;
			i++;
		} else if (e->input) {
			return refuse(e, "'%.60s': explain takes no more operands", words[i]);
		} else {
			e->input = words[i];
		}
	}
	return e->input || refuse(e, "the request is missing");
}

/* ---- asking ---- */

static void on_status(void *context, const struct control_value *values, size_t count)
{
	struct explaining *e = context;

	for (size_t i = 0; i < count; i++)
		if (strcmp(values[i].name, "port") == 0 && values[i].kind == CONTROL_NUMBER)
			e->agent_port = values[i].number;
}

static void on_record(void *context, const struct control_value *values, size_t count)
{
	struct explaining *e = context;

	e->sink.record(e->sink.context, values, count);
}

static void on_end(void *context, const struct control_end *end)
{
	struct explaining *e = context;

	e->error = end->error;
	snprintf(e->message, sizeof(e->message), "%s", end->message);
}

static enum ha_error ask(struct explaining *e, const struct control_request *request,
                         void (*record)(void *, const struct control_value *, size_t))
{
	const struct control_sink sink = { .context = e, .record = record, .end = on_end };
	enum ha_error why = control_client_ask(e->client, request, &sink);

	if (why != HA_OK)
		snprintf(e->message, sizeof(e->message), "%s", e->client->report);
	return why == HA_OK ? e->error : why;
}

/* To which port requests go. */
static enum ha_error ask_port(struct explaining *e)
{
	const struct control_request request = { .verb = "status" };

	return ask(e, &request, on_status);
}

/* The words of one packet, as command_explain.c takes them. */
struct packet_words {
	char text[5][48];
	const char *at[5];
	size_t count;
};

static char *next_word(struct packet_words *words)
{
	words->at[words->count] = words->text[words->count];
	return words->text[words->count++];
}

static void compose(const struct explaining *e, const struct pcap_packet *packet,
                    struct packet_words *words)
{
	struct in_addr source = e->source.s_addr ? e->source : packet->source;
	unsigned port = e->port ? e->port : packet->source_port;
	uint64_t time_ms = e->clock == CLOCK_NOW ? 0 : packet->time_ns / 1000000u;

	words->count = 0;
	snprintf(next_word(words), 48, "%llu", (unsigned long long)packet->record);
	if (source.s_addr)
		snprintf(next_word(words), 48, "source=%s", address_format(source).text);
	if (port)
		snprintf(next_word(words), 48, "port=%u", port);
	if (e->broadcast || packet->broadcast)
		snprintf(next_word(words), 48, "broadcast=yes");
	if (time_ms)
		snprintf(next_word(words), 48, "time=%llu", (unsigned long long)time_ms);
}

static enum ha_error ask_packet(struct explaining *e, const struct pcap_packet *packet)
{
	struct packet_words words;
	struct control_request request = {
		.verb = "explain",
		.secret = packet->payload.at,
		.secret_size = packet->payload.size,
	};

	if (packet->payload.size == 0)
		return HA_OK; /* nothing was asked */
	compose(e, packet, &words);
	request.arguments = words.at;
	request.argument_count = words.count;
	return ask(e, &request, on_record);
}

/* ---- the input ---- */

static bool is_hex(const char *text)
{
	return strlen(text) >= 2 && strspn(text, "0123456789abcdefABCDEF:") == strlen(text);
}

static enum ha_error open_input(struct explaining *e, struct capture *capture, FILE **file)
{
	enum ha_error why;

	if (strcmp(e->input, "-") == 0) {
		*file = stdin;
	} else if (is_hex(e->input) && access(e->input, F_OK) != 0) {
		why = capture_hex(capture, e->input, strlen(e->input));
		snprintf(e->message, sizeof(e->message), "the request: %s", capture->report);
		return why;
	} else {
		*file = fopen(e->input, "rbe");
	}
	if (!*file) {
		snprintf(e->message, sizeof(e->message), "%s cannot be opened: %s", e->input,
		         strerror(errno));
		return HA_E_IO;
	}
	why = capture_open(capture, *file);
	snprintf(e->message, sizeof(e->message), "%s: %s", e->input, capture->report);
	return why;
}

static enum ha_error check_clock(struct explaining *e, const struct capture *capture)
{
	if (e->clock != CLOCK_OF_CAPTURE || capture->packets)
		return HA_OK;
	snprintf(
		e->message, sizeof(e->message),
		"--at capture: the time of the capture is known only of a file of captured packets");
	return HA_E_RANGE;
}

static enum ha_error check_any(struct explaining *e, const struct capture *capture)
{
	if (e->explained)
		return HA_OK;
	snprintf(e->message, sizeof(e->message),
	         "%s: none of its %llu packets is a whole datagram to UDP port %llu%s", e->input,
	         (unsigned long long)capture->pcap.records, (unsigned long long)e->agent_port,
	         capture->pcap.cut ? "; the capture has cut some, tcpdump -s 0 does not" : "");
	return HA_E_NOTFOUND;
}

static enum ha_error explain_all(struct explaining *e, struct capture *capture)
{
	struct pcap_packet packet;
	enum ha_error why;

	while ((why = capture_next(capture, (uint16_t)e->agent_port, &packet)) == HA_OK) {
		why = ask_packet(e, &packet);
		if (why != HA_OK)
			return why;
		e->explained++;
	}
	if (why == HA_E_NOTFOUND)
		return check_any(e, capture);
	snprintf(e->message, sizeof(e->message), "%s: %s", e->input, capture->report);
	return why;
}

static enum ha_error explain_input(struct explaining *e)
{
	static struct capture capture;
	FILE *file = NULL;
	enum ha_error why = open_input(e, &capture, &file);

	if (why == HA_OK)
		why = check_clock(e, &capture);
	if (why == HA_OK)
		why = ask_port(e);
	if (why == HA_OK)
		why = explain_all(e, &capture);
	if (file && file != stdin)
		fclose(file);
	return why;
}

static int finish(struct explaining *e, enum ha_error why)
{
	const struct control_end end = { .error = why, .message = e->message };

	e->sink.end(e->sink.context, &end);
	if (!printer_finish(&e->printer)) {
		fputs("agentctl: standard output cannot be written\n", stderr);
		return EXIT_FAILURE;
	}
	if (why == HA_OK)
		return EXIT_SUCCESS;
	fprintf(stderr, "agentctl: %s\n", *e->message ? e->message : ha_strerror(why));
	return EXIT_FAILURE;
}

int explain_run(struct control_client *client, char *const *words, size_t count, bool json)
{
	static struct explaining e;

	e = (struct explaining){ .client = client };
	if (!take_words(&e, words, count))
		return agentctl_usage(VERB_explain, "%s", e.message);
	printer_start(&e.printer, json, VERB_LIST);
	e.sink = printer_sink(&e.printer);
	return finish(&e, explain_input(&e));
}
