/* packet_case.c - reading cases: a table of words, each with a function. */
#include "tests/unit/packet_case.h"

#include <stdlib.h>
#include <string.h>

#include "proto/message.h"

#define WORDS_MAX 24u
#define NS_PER_S UINT64_C(1000000000)

struct parsing {
	struct case_file *file;
	const char *path;
	struct packet_case *c;
	uint64_t now_ns;
	uint64_t fenced;
	uint64_t elsewhere;
	struct case_octets *octets; /* where lines of them go */
	char *words[WORDS_MAX];
	size_t count;
};

static void fail(const struct parsing *p, const char *why)
{
	fprintf(stderr, "%s:%u: %s\n", p->path, p->file->line, why);
	exit(2);
}

static const char *word(const struct parsing *p, size_t at)
{
	if (at >= p->count)
		fail(p, "a word is missing");
	return p->words[at];
}

/* The value of "key=value", or NULL. */
static const char *value(const struct parsing *p, const char *key)
{
	size_t size = strlen(key);

	for (size_t i = 1; i < p->count; i++)
		if (strncmp(p->words[i], key, size) == 0 && p->words[i][size] == '=')
			return p->words[i] + size + 1;
	return NULL;
}

static bool has(const struct parsing *p, const char *flag)
{
	for (size_t i = 1; i < p->count; i++)
		if (strcmp(p->words[i], flag) == 0)
			return true;
	return false;
}

static unsigned long number(const struct parsing *p, const char *text, unsigned long most)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (*text == '\0' || *end != '\0' || n > most)
		fail(p, "not a number in range");
	return n;
}

static unsigned long number_of(const struct parsing *p, const char *key, unsigned long most)
{
	return value(p, key) ? number(p, value(p, key), most) : 0;
}

static struct in_addr address(const struct parsing *p, const char *text)
{
	struct in_addr address;

	if (!address_parse(text, &address))
		fail(p, "not an address");
	return address;
}

static struct address_prefix prefix(const struct parsing *p, const char *text)
{
	struct address_prefix prefix;

	if (!address_prefix_parse(text, &prefix))
		fail(p, "not a prefix");
	return prefix;
}

/* Which of the names it is. */
static unsigned choice(const struct parsing *p, const char *text, const char *const names[],
                       size_t count)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(names[i], text) == 0)
			return i;
	fail(p, "not one of the words allowed there");
	return 0;
}

#define CHOICE(p, text, names) choice(p, text, names, sizeof(names) / sizeof(*(names)))

static size_t one_more(const struct parsing *p, size_t *count, size_t most)
{
	if (*count >= most)
		fail(p, "too many of them");
	return (*count)++;
}

static void on_agent(struct parsing *p)
{
	struct packet_case *c = p->c;
	struct in_addr at = address(p, word(p, 1));

	c->agents[one_more(p, &c->settings.agent_count, CASE_LIST_MAX)] = (struct forward_agent){
		.address = at,
		.realm = (uint32_t)number_of(p, "realm", UINT32_MAX),
		.group = (uint8_t)number_of(p, "group", 63)
	};
	c->own[one_more(p, &c->settings.own_count, CASE_LIST_MAX)] = at;
}

static void on_own(struct parsing *p)
{
	struct packet_case *c = p->c;

	c->own[one_more(p, &c->settings.own_count, CASE_LIST_MAX)] = address(p, word(p, 1));
}

static void on_network(struct parsing *p)
{
	static const char *const kinds[] = { "link", "router", "virtual" };
	struct packet_case *c = p->c;

	c->networks[one_more(p, &c->settings.network_count, CASE_LIST_MAX)] =
		(struct forward_network){ .prefix = prefix(p, word(p, 1)),
		                          .kind = (uint8_t)CHOICE(p, word(p, 2), kinds),
		                          .realm = (uint32_t)number_of(p, "realm", UINT32_MAX),
		                          .mtu = (uint16_t)number_of(p, "mtu", 65535),
		                          .group = (uint8_t)number_of(p, "group", 63) };
}

static void on_gateway(struct parsing *p)
{
	struct packet_case *c = p->c;

	c->gateways[one_more(p, &c->settings.gateway_count, CASE_LIST_MAX)] = prefix(p, word(p, 1));
}

static uint8_t categories(const struct parsing *p, char *text)
{
	unsigned bits = 0, i;

	for (char *at = strtok(text, ","); at; at = strtok(NULL, ",")) {
		for (i = 0; i < FORWARD_CATEGORY_COUNT; i++)
			if (strcmp(forward_category_name(i), at) == 0)
				break;
		if (i == FORWARD_CATEGORY_COUNT && strcmp(at, "none") != 0)
			fail(p, "no such category");
		if (i < FORWARD_CATEGORY_COUNT)
			bits |= FORWARD_CATEGORY_BIT(i);
	}
	return (uint8_t)bits;
}

static void on_set(struct parsing *p)
{
	static const char *const names[] = { "link-mtu", "mtu-floor", "udp-port",
		                             "nesting",  "ttl",       "broadcasts",
		                             "errors",   "df",        "categories" };
	struct forward_settings *s = &p->c->settings;
	unsigned which = CHOICE(p, word(p, 1), names);
	unsigned long n = which < 7 ? number(p, word(p, 2), 65535) : 0;

	switch (which) {
	case 0:
		s->link_mtu = (uint16_t)n;
		break;
	case 1:
		s->mtu_floor = (uint16_t)n;
		break;
	case 2:
		s->udp_port = (uint16_t)n;
		break;
	case 3:
		s->nesting = (uint8_t)n;
		break;
	case 4:
		s->ttl = (uint8_t)n;
		break;
	case 5:
		s->broadcasts = (uint32_t)n;
		break;
	case 6:
		p->c->soft.errors_per_s = p->c->soft.errors_burst = (uint32_t)n;
		break;
	case 7:
		s->df_copied = strcmp(word(p, 2), "copied") == 0;
		break;
	default:
		s->categories = categories(p, p->words[2]);
	}
}

static uint8_t flags(const struct parsing *p)
{
	const char *text = value(p, "flags");
	unsigned flags = 0;

	for (; text && *text; text++)
		switch (*text) {
		case 'B':
			flags |= MIP_REQUEST_BROADCAST;
			break;
		case 'D':
			flags |= MIP_REQUEST_DECAPSULATES;
			break;
		case 'T':
			flags |= MIP_REQUEST_REVERSE;
			break;
		default:
			fail(p, "flags are B, D and T");
		}
	return (uint8_t)flags;
}

static struct tunnels_home *home_for(const struct parsing *p, uint32_t realm, struct in_addr at)
{
	struct packet_case *c = p->c;

	for (size_t i = 0; i < c->home_count; i++)
		if (c->homes[i].realm == realm && address_equal(c->homes[i].home, at))
			return &c->homes[i];
	c->homes[one_more(p, &c->home_count, CASE_HOMES_MAX)] = (struct tunnels_home){
		.realm = realm, .home = at, .group = (uint8_t)number_of(p, "group", 63)
	};
	return &c->homes[c->home_count - 1];
}

static void on_bind(struct parsing *p)
{
	static const char *const encapsulations[] = { "ipip", "minimal", "gre" };
	struct tunnels_home *home = home_for(p, (uint32_t)number_of(p, "realm", UINT32_MAX),
	                                     address(p, word(p, 1)));
	const char *care_of = value(p, "care-of"), *endpoint = value(p, "endpoint");
	const char *encapsulation = value(p, "encapsulation");

	if (!care_of || home->count >= BINDING_LIMIT_MAX)
		fail(p, "a binding has a care-of address, and there are 8 at most");
	home->bindings[home->count++] = (struct tunnels_binding){
		.care_of = address(p, care_of),
		.endpoint = address(p, endpoint ? endpoint : care_of),
		.endpoint_port = (uint16_t)number_of(p, "port", 65535),
		.features = has(p, "udp") ? BINDING_UDP : 0,
		.encapsulation = encapsulation ? (uint8_t)CHOICE(p, encapsulation, encapsulations)
		                               : 0,
		.flags = flags(p),
	};
}

static void on_fence(struct parsing *p)
{
	p->fenced |= UINT64_C(1) << number(p, word(p, 1), 63);
}

static void on_elsewhere(struct parsing *p)
{
	p->elsewhere |= UINT64_C(1) << number(p, word(p, 1), 63);
}

static void on_now(struct parsing *p)
{
	p->now_ns = number(p, word(p, 1), 1000000) * NS_PER_S;
}

static void on_in(struct parsing *p)
{
	static const char *const entries[] = { "home", "tunnel", "datagram", "icmp", "broadcast" };
	static const char *const arrivals[] = { "wire", "routed", "host" };
	struct packet_case *c = p->c;
	struct case_step *step = &c->steps[one_more(p, &c->step_count, CASE_STEPS_MAX)];

	*step = (struct case_step){ .entry = CHOICE(p, word(p, 1), entries),
		                    .now_ns = p->now_ns,
		                    .fenced = p->fenced,
		                    .elsewhere = p->elsewhere,
		                    .verdict = FORWARD_REASON_COUNT };
	if (step->entry == CASE_HOME) {
		step->arrival = CHOICE(p, word(p, 2), arrivals);
		step->realm = (uint32_t)number_of(p, "realm", UINT32_MAX);
	}
	if (step->entry == CASE_BROADCAST)
		step->broadcast = prefix(p, word(p, 2));
	p->octets = &step->packet;
}

static struct case_step *last_step(const struct parsing *p)
{
	if (p->c->step_count == 0)
		fail(p, "nothing came in yet");
	return &p->c->steps[p->c->step_count - 1];
}

static enum forward_reason reason(const struct parsing *p, const char *name)
{
	for (unsigned i = 0; i < FORWARD_REASON_COUNT; i++)
		if (strcmp(forward_reason_info(i)->name, name) == 0)
			return i;
	fail(p, "no such reason");
	return FORWARD_REASON_COUNT;
}

static void on_verdict(struct parsing *p)
{
	last_step(p)->verdict = reason(p, word(p, 1));
}

static void on_also(struct parsing *p)
{
	for (size_t i = 1; i < p->count; i++)
		last_step(p)->also |= FORWARD_BIT(reason(p, p->words[i]));
}

static void on_out(struct parsing *p)
{
	static const char *const kinds[] = { "outer", "icmp", "inner", "host", "port" };
	struct case_step *step = last_step(p);
	struct case_output *out =
		&step->outputs[one_more(p, &step->output_count, CASE_OUTPUTS_MAX)];

	*out = (struct case_output){ .kind = CHOICE(p, word(p, 1), kinds),
		                     .on_link = has(p, "on-link"),
		                     .port = (uint16_t)number_of(p, "port", 65535) };
	if (value(p, "home"))
		out->home = address(p, value(p, "home"));
	if (value(p, "endpoint"))
		out->endpoint = address(p, value(p, "endpoint"));
	p->octets = &out->packet;
}

static void append(struct case_octets *octets, uint8_t octet, bool cares, size_t times)
{
	octets->at = realloc(octets->at, octets->size + times);
	octets->cares = realloc(octets->cares, octets->size + times);
	if (!octets->at || !octets->cares)
		abort();
	memset(octets->at + octets->size, octet, times);
	memset(octets->cares + octets->size, cares, times);
	octets->size += times;
}

/* "4500..0c", or "00*1400" for one octet many times. */
static void on_octets(struct parsing *p)
{
	if (!p->octets)
		fail(p, "octets of what?");
	for (size_t i = 1; i < p->count; i++)
		for (const char *at = p->words[i]; *at;) {
			unsigned octet = 0;
			size_t times = 1;
			bool cares = strncmp(at, "..", 2) != 0;

			if (cares && sscanf(at, "%2x", &octet) != 1)
				fail(p, "not octets");
			at += 2;
			if (*at == '*') {
				times = number(p, at + 1, 65535);
				at += strlen(at);
			}
			append(p->octets, (uint8_t)octet, cares, times);
		}
}

static const struct {
	const char *word;
	void (*handle)(struct parsing *p);
} statements[] = {
	{ "agent", on_agent },     { "own", on_own },
	{ "network", on_network }, { "gateway", on_gateway },
	{ "set", on_set },         { "bind", on_bind },
	{ "fence", on_fence },     { "now", on_now },
	{ "in", on_in },           { "verdict", on_verdict },
	{ "also", on_also },       { "out", on_out },
	{ "+", on_octets },        { "elsewhere", on_elsewhere },
};

static void handle(struct parsing *p, char *line)
{
	p->count = 0;
	for (char *at = strtok(line, " \n"); at; at = strtok(NULL, " \n")) {
		if (p->count == WORDS_MAX)
			fail(p, "too many words");
		p->words[p->count++] = at;
	}
	for (size_t i = 0; i < sizeof(statements) / sizeof(*statements); i++)
		if (strcmp(statements[i].word, p->words[0]) == 0) {
			statements[i].handle(p);
			return;
		}
	fail(p, "no such statement");
}

bool case_file_open(struct case_file *file, const char *path)
{
	*file = (struct case_file){ .file = fopen(path, "r") };
	return file->file != NULL;
}

void case_file_close(struct case_file *file)
{
	fclose(file->file);
}

static bool next_line(struct case_file *file, char *line, size_t size)
{
	do {
		if (file->ahead[0]) {
			snprintf(line, size, "%s", file->ahead);
			file->ahead[0] = '\0';
			return true;
		}
		if (!fgets(line, (int)size, file->file))
			return false;
		file->line++;
	} while (line[0] == '#' || line[0] == '\n');
	return true;
}

static void begin_case(struct parsing *p, const char *line)
{
	struct packet_case *c = p->c;

	if (strncmp(line, "case ", 5) != 0)
		fail(p, "a case begins with its name");
	*c = (struct packet_case){ .line = p->file->line,
		                   .settings = forward_settings_default(),
		                   .soft = { .exits = 64,
		                             .sent = 64,
		                             .errors_per_s = 100,
		                             .errors_burst = 100,
		                             .first_id = 0x1000 } };
	snprintf(c->name, sizeof(c->name), "%.*s", (int)strcspn(line + 5, "\n"), line + 5);
	c->settings.agents = c->agents;
	c->settings.own = c->own;
	c->settings.networks = c->networks;
	c->settings.gateways = c->gateways;
}

static void check_whole(const struct parsing *p)
{
	if (p->c->step_count == 0)
		fail(p, "a case without a packet");
	for (size_t i = 0; i < p->c->step_count; i++)
		if (p->c->steps[i].verdict == FORWARD_REASON_COUNT)
			fail(p, "a packet without a verdict");
}

bool packet_case_next(struct case_file *file, const char *path, struct packet_case *out)
{
	struct parsing p = { .file = file, .path = path, .c = out, .now_ns = 1000 * NS_PER_S };
	char line[sizeof(file->ahead)];

	if (!next_line(file, line, sizeof(line)))
		return false;
	begin_case(&p, line);
	while (next_line(file, line, sizeof(line))) {
		if (strncmp(line, "case ", 5) == 0) {
			snprintf(file->ahead, sizeof(file->ahead), "%s", line);
			break;
		}
		handle(&p, line);
	}
	check_whole(&p);
	return true;
}

static void release(struct case_octets *octets)
{
	free(octets->at);
	free(octets->cares);
}

void packet_case_release(struct packet_case *c)
{
	for (size_t i = 0; i < c->step_count; i++) {
		release(&c->steps[i].packet);
		for (size_t j = 0; j < c->steps[i].output_count; j++)
			release(&c->steps[i].outputs[j].packet);
	}
}

bool case_octets_match(const struct case_octets *expected, struct span seen)
{
	if (expected->size != seen.size)
		return false;
	for (size_t i = 0; i < seen.size; i++)
		if (expected->cares[i] && expected->at[i] != seen.at[i])
			return false;
	return true;
}
