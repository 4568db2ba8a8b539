/* options.c - the table of options and the walks over it. */
#include "agentd/load/options.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/load/flood.h"
#include "agentd/load/link.h"
#include "agentd/load/plan.h"

enum option_kind {
	NUMBER,
	SECONDS,
	ADDRESS,
	TARGET,
	TEXT,
	FLAG
};

#define NODES_MAX (1u << 24)

struct row {
	const char *name;
	enum option_kind kind;
	size_t offset; /* into struct load_options */
	uint32_t min, max;
	const char *preset; /* NULL: zero */
	const char *value;  /* how usage names it */
	const char *help;
};

#define AT(member) offsetof(struct load_options, member)

static const struct row rows[] = {
	{ "target", TARGET, AT(target), 0, 0, "127.0.0.1:434", "ADDRESS:PORT", "the agent" },
	{ "home-agent", ADDRESS, AT(home_agent), 0, 0, NULL, "ADDRESS",
	  "home agent field of requests; the target's address if not given" },
	{ "nodes", NUMBER, AT(nodes), 1, NODES_MAX, "1000", "N", "mobile nodes" },
	{ "first-home", ADDRESS, AT(first_home), 0, 0, "10.0.0.0", "ADDRESS",
	  "home address of the first; the others follow" },
	{ "first-care-of", ADDRESS, AT(first_care_of), 0, 0, "172.16.0.0", "ADDRESS",
	  "first of the 2^20 care-of addresses" },
	{ "care-of", ADDRESS, AT(care_of), 0, 0, NULL, "ADDRESS",
	  "care-of address of all nodes, which is a foreign agent's" },
	{ "link", TEXT, AT(interface), 0, 0, NULL, "INTERFACE",
	  "where the foreign agent, the target, is registered through: each node has a link address "
	  "of its own there" },
	{ "key-seed", TEXT, AT(key_seed), 0, 0, "hearth", "TEXT",
	  "each key is HMAC-MD5(TEXT, home address); 64 octets at most" },
	{ "spi", NUMBER, AT(spi), MIP_SPI_MIN, UINT32_MAX, "256", "N", "SPI of all associations" },
	{ "algorithm", TEXT, AT(algorithm), 0, 0, "hmac-md5", "NAME", "of all associations" },
	{ "bindings", NUMBER, AT(bindings), 1, 8, "1", "N", "limit written by `associations`" },
	{ "lifetime", NUMBER, AT(lifetime_s), 1, 65535, "1800", "S", "lifetime asked for" },
	{ "window", NUMBER, AT(window), 1, NODES_MAX, "512", "N", "requests under way at most" },
	{ "rate", NUMBER, AT(rate), 1, 10000000, NULL, "R",
	  "requests per second, due whatever became of those before" },
	{ "count", NUMBER, AT(count), 1, UINT32_MAX, NULL, "N", "end after so many requests" },
	{ "duration", SECONDS, AT(duration_ms), 1, 86400000, NULL, "S",
	  "end after so many seconds" },
	{ "timeout", SECONDS, AT(timeout_ms), 1, 60000, "1", "S",
	  "a request without an answer is lost and asked again" },
	{ "retransmit", SECONDS, AT(retransmit_ms), 1, 60000, NULL, "S",
	  "before that, it is sent again as it is after S, then after twice as long each time" },
	{ "tries", NUMBER, AT(tries), 0, 255, "8", "N",
	  "requests until a node gives up; 0: never" },
	{ "sockets", NUMBER, AT(sockets), 1, LINK_SOCKETS_MAX, "4", "N",
	  "UDP sockets to send from" },
	{ "source", ADDRESS, AT(source), 0, 0, NULL, "ADDRESS",
	  "address to send from, of the first socket; the others follow" },
	{ "kind", TEXT, AT(kind), 0, 0, "forged", "NAME", "of what `flood` throws, see above" },
	{ "seed", NUMBER, AT(seed), 0, UINT32_MAX, "1", "N",
	  "of the choice of nodes and requests" },
	{ "record", TEXT, AT(record), 0, 0, NULL, "FILE", "append what was asked and promised" },
	{ "listing", TEXT, AT(listing), 0, 0, NULL, "FILE",
	  "for `verify`: what the agent has, see below; standard input if not given" },
	{ "settle", FLAG, AT(settle), 0, 0, NULL, NULL,
	  "for `verify`: append what was found to the record, as the past" },
	{ "until-accepted", FLAG, AT(until_accepted), 0, 0, NULL, NULL,
	  "end with the first acceptance" },
	{ "echo", FLAG, AT(echo), 0, 0, NULL, NULL, "the target returns requests as they are" },
	{ "help", FLAG, AT(help), 0, 0, NULL, NULL, "print this" },
	{ "version", FLAG, AT(version), 0, 0, NULL, NULL, "print the version" },
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

/* ---- values ---- */

static bool in_range(const struct row *row, uint64_t value)
{
	return value >= row->min && value <= row->max;
}

static bool set_number(const struct row *row, const char *value, void *at)
{
	char *end;
	unsigned long long number;

	errno = 0;
	number = strtoull(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || value[0] == '-' || !in_range(row, number))
		return false;
	*(uint32_t *)at = (uint32_t)number;
	return true;
}

/* Stored in milliseconds, the unit of the row's range. */
static bool set_seconds(const struct row *row, const char *value, void *at)
{
	char *end;
	double seconds = strtod(value, &end);

	if (end == value || *end != '\0' || !(seconds >= 0 && seconds < 1e9) ||
	    !in_range(row, (uint64_t)(seconds * 1000 + 0.5)))
		return false;
	*(uint32_t *)at = (uint32_t)(seconds * 1000 + 0.5);
	return true;
}

static bool set_target(const char *value, struct sockaddr_in *out)
{
	static const struct row port_row = { .min = 1, .max = 65535 };
	const char *colon = strrchr(value, ':');
	char address[INET_ADDRSTRLEN];
	struct sockaddr_in target = { .sin_family = AF_INET };
	uint32_t port;

	if (!colon || (size_t)(colon - value) >= sizeof(address))
		return false;
	memcpy(address, value, (size_t)(colon - value));
	address[colon - value] = '\0';
	if (!address_parse(address, &target.sin_addr) || !set_number(&port_row, colon + 1, &port))
		return false;
	target.sin_port = htons((uint16_t)port);
	*out = target;
	return true;
}

static bool set_value(const struct row *row, const char *value, struct load_options *options)
{
	void *at = (char *)options + row->offset;

	switch (row->kind) {
	case NUMBER:
		return set_number(row, value, at);
	case SECONDS:
		return set_seconds(row, value, at);
	case ADDRESS:
		return address_parse(value, at);
	case TARGET:
		return set_target(value, at);
	case TEXT:
		*(const char **)at = value;
		return true;
	case FLAG:
		*(bool *)at = true;
		return true;
	}
	return false;
}

/* ---- the command line ---- */

static const struct row *find_row(const char *name, size_t length)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (strlen(rows[i].name) == length && strncmp(rows[i].name, name, length) == 0)
			return &rows[i];
	return NULL;
}

static void set_presets(struct load_options *out)
{
	*out = (struct load_options){ 0 };
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].preset)
			set_value(&rows[i], rows[i].preset, out);
}

static enum ha_error refuse(struct load_options_error *error, enum ha_error code, const char *what,
                            const char *text)
{
	snprintf(error->text, sizeof(error->text), "%s: '%.150s'", what, text);
	return code;
}

static enum ha_error refuse_value(struct load_options_error *error, const struct row *row,
                                  const char *value)
{
	static const char *const forms[] = { [ADDRESS] = "an IPv4 address",
		                             [TARGET] = "ADDRESS:PORT",
		                             [TEXT] = "text",
		                             [FLAG] = "" };

	if (row->kind == NUMBER)
		snprintf(error->text, sizeof(error->text),
		         "--%s: '%.60s' is not a number from %u to %u", row->name, value, row->min,
		         row->max);
	else if (row->kind == SECONDS)
		snprintf(error->text, sizeof(error->text),
		         "--%s: '%.60s' is not a number of seconds from %.3f to %.0f", row->name,
		         value, row->min / 1e3, row->max / 1e3);
	else
		snprintf(error->text, sizeof(error->text), "--%s: '%.60s' is not %s", row->name,
		         value, forms[row->kind]);
	return HA_E_RANGE;
}

/* One option, and its value if that is the next argument. Returns how many
 * arguments were used, 0 on failure. */
static int parse_option(int count, char *const *arguments, struct load_options *out,
                        struct load_options_error *error)
{
	const char *name = arguments[0] + 2;
	const char *equals = strchr(name, '=');
	const struct row *row = find_row(name, equals ? (size_t)(equals - name) : strlen(name));
	const char *value = equals ? equals + 1 : NULL;
	int used = 1;

	if (!row || (row->kind == FLAG && equals)) {
		refuse(error, HA_E_SYNTAX, row ? "option takes no value" : "unknown option",
		       arguments[0]);
		return 0;
	}
	if (row->kind != FLAG && !value && count > 1)
		value = arguments[used++];
	if (row->kind != FLAG && !value) {
		refuse(error, HA_E_SYNTAX, "option needs a value", arguments[0]);
		return 0;
	}
	if (!set_value(row, value, out)) {
		refuse_value(error, row, value);
		return 0;
	}
	return used;
}

enum ha_error load_options_parse(int count, char *const *arguments, struct load_options *out,
                                 struct load_options_error *error)
{
	set_presets(out);
	for (int i = 0; i < count;) {
		int used = 1;

		if (strncmp(arguments[i], "--", 2) == 0)
			used = parse_option(count - i, arguments + i, out, error);
		else if (out->mode)
			return refuse(error, HA_E_SYNTAX, "one mode is enough", arguments[i]);
		else
			out->mode = arguments[i];
		if (used == 0)
			return HA_E_SYNTAX;
		i += used;
	}
	if (!out->mode && !out->help && !out->version) {
		snprintf(error->text, sizeof(error->text), "no mode is given; see --help");
		return HA_E_NOTFOUND;
	}
	return HA_OK;
}

enum ha_error load_options_identity(const struct load_options *options, struct load_identity *out,
                                    struct load_options_error *error)
{
	enum mip_algorithm algorithm;

	if (!mip_algorithm_parse(options->algorithm, &algorithm))
		return refuse(error, HA_E_UNSUPPORTED, "no such algorithm", options->algorithm);
	if (options->interface && (options->care_of.s_addr == 0 || options->home_agent.s_addr == 0))
		return refuse(error, HA_E_RANGE, "--link needs --care-of and --home-agent",
		              options->interface);
	if (options->interface && options->mode && !load_mode_find(options->mode))
		return refuse(error, HA_E_UNSUPPORTED, "--link is not for this mode",
		              options->mode);
	*out = (struct load_identity){ .first_home = options->first_home,
		                       .first_care_of = options->first_care_of,
		                       .care_of = options->care_of,
		                       .home_agent = options->home_agent,
		                       .spi = options->spi,
		                       .algorithm = (uint8_t)algorithm };
	if (out->home_agent.s_addr == 0)
		out->home_agent = options->target.sin_addr;
	if (load_seed_init(&out->seed, options->key_seed) != HA_OK)
		return refuse(error, HA_E_RANGE, "--key-seed: not 1 to 64 octets",
		              options->key_seed);
	return HA_OK;
}

void load_options_settings(const struct load_options *options, const struct load_mode *mode,
                           struct load_settings *out)
{
	*out = (struct load_settings){ .target = options->target,
		                       .interface = options->interface,
		                       .source = options->source,
		                       .nodes = options->nodes,
		                       .sockets = options->sockets,
		                       .window = options->window,
		                       .rate = options->rate,
		                       .count = options->count,
		                       .duration_ns = options->duration_ms * 1000000ull,
		                       .timeout_ns = options->timeout_ms * 1000000ull,
		                       .retransmit_ns = options->retransmit_ms * 1000000ull,
		                       .tries = options->tries,
		                       .seed = options->seed,
		                       .lifetime_s = (uint16_t)options->lifetime_s,
		                       .echo = options->echo,
		                       .until_accepted = options->until_accepted };
	if (mode && mode->once && out->count == 0 && out->duration_ns == 0)
		out->count = options->nodes;
}

/* ---- usage ---- */

static void usage_row(FILE *out, const struct row *row)
{
	char left[40];

	snprintf(left, sizeof(left), "--%s%s%s", row->name, row->value ? " " : "",
	         row->value ? row->value : "");
	fprintf(out, "  %-26s %s", left, row->help);
	if (row->preset)
		fprintf(out, " [%s]", row->preset);
	fputc('\n', out);
}

void load_options_usage(FILE *out)
{
	static const char *const others[][2] = {
		{ "associations", "print the nodes' associations, to be imported by the agent" },
		{ "storm", "register every node once at --rate, with doubling retransmissions" },
		{ "watch",
		  "register one node anew every --timeout; a line per acceptance: when its "
		  "request left and when it came, monotonic ns" },
		{ "flood", "throw datagrams of --kind and await nothing, at --rate or flat out" },
		{ "verify", "hold a listing of bindings against --record" },
		{ "replay", "send --count accepted requests of --record once more" },
	};

	fputs("usage: agentload [OPTION]... MODE\n\nModes that send registrations:\n", out);
	for (const struct load_mode *mode = load_modes; mode->name; mode++)
		fprintf(out, "  %-26s %s\n", mode->name, mode->help);
	fputs("\nOther modes:\n", out);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		fprintf(out, "  %-26s %s\n", others[i][0], others[i][1]);
	fputs("\nKinds of a flood:\n", out);
	for (const struct flood_kind *kind = flood_kinds; kind->name; kind++)
		fprintf(out, "  %-26s %s\n", kind->name, kind->help);
	fputs("\nOptions:\n", out);
	for (size_t i = 0; i < ROW_COUNT; i++)
		usage_row(out, &rows[i]);
	fputs("\nA listing has a line per binding: home address, care-of address, identification,\n"
	      "apart by blanks. 16 hexadecimal digits, as agentctl prints an identification, or\n"
	      "digits after 0x are hexadecimal, others decimal. To make one of a running agent:\n"
	      "  agentctl --json bindings |\n"
	      "    jq -r '.[] | \"\\(.home) \\(.care_of) \\(.identification)\"'\n",
	      out);
	fputs("\nThe result is one line of JSON on standard output.\n"
	      "Exit status: 0 done; 1 nothing accepted, a bad answer, or a broken promise; "
	      "2 usage.\n",
	      out);
}
