/* config_values.c - one value of the configuration: from text, to text,
 * compared, checked against its row. Knows nothing of files. */
#include "agentd/base/config_values.h"

#include <stdio.h>
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/base/config_table.h"

static void *value_of(void *config, const struct config_option *option)
{
	return (char *)config + option->offset;
}

static const void *value_at(const void *config, const struct config_option *option)
{
	return (const char *)config + option->offset;
}

#define refuse(error, why, ...) ha_refuse((error)->text, sizeof((error)->text), why, __VA_ARGS__)

struct config_excerpt config_excerpt(const char *text)
{
	struct config_excerpt out;
	size_t length = 0;

	for (; length < sizeof(out.text) - 4 && text[length]; length++) {
		unsigned char c = (unsigned char)text[length];

		out.text[length] = c < 0x20 || c > 0x7e ? '?' : (char)c;
	}
	memcpy(out.text + length, text[length] ? "..." : "", text[length] ? 4 : 1);
	return out;
}

/* ---- from text ---- */

bool config_number(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t number = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		number = number * 10 + (uint64_t)(*text - '0');
		if (number > max)
			return false;
	}
	if (number < min)
		return false;
	*out = (uint32_t)number;
	return true;
}

static bool parse_number(const struct config_option *option, const char *text, void *out)
{
	uint32_t value;

	if (!config_number(text, option->min, option->max, &value))
		return false;
	memcpy(out, &value, sizeof(value));
	return true;
}

static bool parse_flag(const struct config_option *option, const char *text, void *out)
{
	bool value = strcmp(text, "yes") == 0 || strcmp(text, "true") == 0;

	(void)option;
	if (!value && strcmp(text, "no") != 0 && strcmp(text, "false") != 0)
		return false;
	memcpy(out, &value, sizeof(value));
	return true;
}

/* The loopback network is no address to serve nodes under, but one to try
 * things out on. */
static bool parse_address(const struct config_option *option, const char *text, void *out)
{
	struct in_addr address;

	(void)option;
	if (!address_parse(text, &address))
		return false;
	if (!address_is_unicast(address) && address_host(address) >> 24 != 127)
		return false;
	memcpy(out, &address, sizeof(address));
	return true;
}

static bool parse_address_or_none(const struct config_option *option, const char *text, void *out)
{
	static const struct in_addr none;

	if (strcmp(text, "none") != 0)
		return parse_address(option, text, out);
	memcpy(out, &none, sizeof(none));
	return true;
}

static bool parse_prefixes(const struct config_option *option, const char *text, void *out)
{
	struct address_prefixes prefixes;

	(void)option;
	if (!address_prefixes_parse(text, &prefixes))
		return false;
	memcpy(out, &prefixes, sizeof(prefixes));
	return true;
}

static bool parse_prefixes_or_none(const struct config_option *option, const char *text, void *out)
{
	static const struct address_prefixes none;

	if (strcmp(text, "any") == 0)
		return false;
	if (strcmp(text, "none") != 0)
		return parse_prefixes(option, text, out);
	memcpy(out, &none, sizeof(none));
	return true;
}

static bool parse_addresses(const struct config_option *option, const char *text, void *out)
{
	struct address_prefixes addresses = { 0 };

	(void)option;
	if (strcmp(text, "none") != 0 && !address_prefixes_parse(text, &addresses))
		return false;
	if (strcmp(text, "any") == 0)
		return false;
	for (uint8_t i = 0; i < addresses.count; i++)
		if (addresses.at[i].length != 32 || !address_is_unicast(addresses.at[i].network))
			return false;
	memcpy(out, &addresses, sizeof(addresses));
	return true;
}

static bool parse_text(const struct config_option *option, const char *text, void *out)
{
	size_t length = strlen(text);

	if (length < option->min || length > option->max || length >= CONFIG_TEXT_MAX)
		return false;
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return false;
	memset(out, 0, CONFIG_TEXT_MAX);
	memcpy(out, text, length);
	return true;
}

static bool parse_choice(const struct config_option *option, const char *text, void *out)
{
	for (const struct option_choice *c = option->choices; c->name; c++) {
		if (strcmp(c->name, text) == 0) {
			memcpy(out, &c->value, sizeof(c->value));
			return true;
		}
	}
	return false;
}

static bool parse_member(const struct config_option *option, const char *text, void *out)
{
	struct cluster_member member;

	(void)option;
	if (!cluster_member_parse(text, &member))
		return false;
	memcpy(out, &member, sizeof(member));
	return true;
}

static bool parse_home_network(const struct config_option *option, const char *text, void *out)
{
	struct home_network network;

	(void)option;
	if (!home_network_parse(text, &network))
		return false;
	memcpy(out, &network, sizeof(network));
	return true;
}

static bool parse_advertised_link(const struct config_option *option, const char *text, void *out)
{
	struct advertised_link link;

	(void)option;
	if (!advertised_link_parse(text, &link))
		return false;
	memcpy(out, &link, sizeof(link));
	return true;
}

/* By enum option_type. */
static const struct {
	bool (*parse)(const struct config_option *option, const char *text, void *out);
	size_t size;
} types[] = {
	[OPTION_NUMBER] = { parse_number, sizeof(uint32_t) },
	[OPTION_FLAG] = { parse_flag, sizeof(bool) },
	[OPTION_ADDRESS] = { parse_address, sizeof(struct in_addr) },
	[OPTION_ADDRESS_OR_NONE] = { parse_address_or_none, sizeof(struct in_addr) },
	[OPTION_PREFIXES] = { parse_prefixes, sizeof(struct address_prefixes) },
	[OPTION_PREFIXES_OR_NONE] = { parse_prefixes_or_none, sizeof(struct address_prefixes) },
	[OPTION_ADDRESSES] = { parse_addresses, sizeof(struct address_prefixes) },
	[OPTION_TEXT] = { parse_text, CONFIG_TEXT_MAX },
	[OPTION_CHOICE] = { parse_choice, sizeof(uint32_t) },
	[OPTION_MEMBER] = { parse_member, sizeof(struct cluster_member) },
	[OPTION_HOME_NETWORK] = { parse_home_network, sizeof(struct home_network) },
	[OPTION_ADVERTISED_LINK] = { parse_advertised_link, sizeof(struct advertised_link) },
};

static size_t allowed_choices(const struct config_option *option, char *out, size_t size)
{
	int length = snprintf(out, size, "one of");

	for (const struct option_choice *c = option->choices; c->name; c++) {
		size_t at = (size_t)length < size ? (size_t)length : size;

		length += snprintf(out + at, size - at, "%s %s", c == option->choices ? "" : ",",
		                   c->name);
	}
	return (size_t)length;
}

size_t config_allowed(const struct config_option *option, char *out, size_t size)
{
	int length = 0;

	switch (option->type) {
	case OPTION_NUMBER:
		length = snprintf(out, size, "a whole number from %u to %u%s%s", option->min,
		                  option->max, *option->unit ? " " : "", option->unit);
		break;
	case OPTION_FLAG:
		length = snprintf(out, size, "yes or no");
		break;
	case OPTION_ADDRESS:
		length = snprintf(out, size, "an IPv4 address of one host");
		break;
	case OPTION_ADDRESS_OR_NONE:
		length = snprintf(out, size, "an IPv4 address of one host, or none");
		break;
	case OPTION_PREFIXES:
	case OPTION_PREFIXES_OR_NONE:
		length = snprintf(out, size,
		                  "%s, or up to %u prefixes such as 192.0.2.0/24 with "
		                  "only commas between them",
		                  option->type == OPTION_PREFIXES ? "any" : "none",
		                  ADDRESS_PREFIXES_MAX);
		break;
	case OPTION_ADDRESSES:
		length = snprintf(out, size,
		                  "none, or up to %u IPv4 addresses of single hosts with only "
		                  "commas between them",
		                  ADDRESS_PREFIXES_MAX);
		break;
	case OPTION_TEXT:
		length = snprintf(out, size, "text of %u to %u octets without control characters",
		                  option->min, option->max);
		break;
	case OPTION_CHOICE:
		return allowed_choices(option, out, size);
	case OPTION_MEMBER:
		length = snprintf(out, size, "%s", CLUSTER_MEMBER_ALLOWED);
		break;
	case OPTION_HOME_NETWORK:
		length = snprintf(out, size, "%s", HOME_NETWORK_ALLOWED);
		break;
	case OPTION_ADVERTISED_LINK:
		length = snprintf(out, size, "%s", ADVERTISED_LINK_ALLOWED);
		break;
	}
	return (size_t)length;
}

enum ha_error config_set_option(void *config, const struct config_option *option, const char *value,
                                struct config_error *error)
{
	char allowed[240];

	if (types[option->type].parse(option, value, value_of(config, option)))
		return HA_OK;
	config_allowed(option, allowed, sizeof(allowed));
	return refuse(error, HA_E_RANGE, "%s.%s: '%s' is not allowed: it must be %s",
	              option->section, option->name, config_excerpt(value).text, allowed);
}

/* ---- names ---- */

/* Edits between two short names; a long one resembles nothing. */
static size_t distance(const char *a, const char *b)
{
	size_t row[48];
	size_t width = strlen(b);

	if (width >= sizeof(row) / sizeof(row[0]) || strlen(a) >= sizeof(row) / sizeof(row[0]))
		return SIZE_MAX;
	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < width; j++) {
			size_t best = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j + 1] + 1 < best)
				best = row[j + 1] + 1;
			row[j + 1] = best;
		}
	}
	return row[width];
}

const char *config_table_nearest(const struct config_table *table, const char *section,
                                 const char *name)
{
	const char *nearest = NULL;
	size_t least = strlen(name) / 2 + 1; /* more edits than that is another word */

	for (size_t i = 0; i < table->count; i++) {
		const struct config_option *option = table->at(i);
		const char *candidate = section ? option->name : option->section;
		size_t edits;

		if (section && strcmp(option->section, section) != 0)
			continue;
		edits = distance(name, candidate);
		if (edits < least) {
			least = edits;
			nearest = candidate;
		}
	}
	return nearest;
}

/* ---- the face ---- */

void config_table_defaults(const struct config_table *table, void *out)
{
	struct config_error ignored; /* a test sets every preset by itself */

	memset(out, 0, table->size);
	for (size_t i = 0; i < table->count; i++) {
		const struct config_option *option = table->at(i);

		if (option->preset)
			(void)config_set_option(out, option, option->preset, &ignored);
	}
}

void config_defaults(struct config *out)
{
	config_table_defaults(&agentd_config_table, out);
}

const char *config_nearest(const char *section, const char *name)
{
	return config_table_nearest(&agentd_config_table, section, name);
}

enum ha_error config_set(struct config *config, const char *name, const char *value,
                         struct config_error *error)
{
	const struct config_option *option = config_option_find(name);
	const char *dot = strchr(name, '.');
	const char *nearest = NULL;
	char section[32];

	if (option)
		return config_set_option(config, option, value, error);
	if (dot && (size_t)(dot - name) < sizeof(section)) {
		snprintf(section, sizeof(section), "%.*s", (int)(dot - name), name);
		nearest = config_nearest(section, dot + 1);
	}
	if (nearest)
		return refuse(error, HA_E_NOTFOUND,
		              "there is no option '%s'; did you mean '%s.%s'?",
		              config_excerpt(name).text, section, nearest);
	return refuse(error, HA_E_NOTFOUND, "there is no option '%s'; names are section.option",
	              config_excerpt(name).text);
}

static const char *choice_name(const struct config_option *option, uint32_t value)
{
	for (const struct option_choice *c = option->choices; c->name; c++)
		if (c->value == value)
			return c->name;
	return "";
}

static size_t format_addresses(const struct address_prefixes *addresses, char *out, size_t size)
{
	int length = snprintf(out, size, "%s", addresses->count ? "" : "none");

	for (size_t i = 0; i < addresses->count && (size_t)length < size; i++)
		length += snprintf(out + length, size - (size_t)length, "%s%s", i ? "," : "",
		                   address_format(addresses->at[i].network).text);
	return (size_t)length;
}

size_t config_format(const void *config, const struct config_option *option, char *out, size_t size)
{
	const void *at = value_at(config, option);
	struct address_prefixes prefixes;
	struct in_addr address;
	uint32_t number;
	int length = 0;

	switch (option->type) {
	case OPTION_NUMBER:
	case OPTION_CHOICE:
		memcpy(&number, at, sizeof(number));
		length = option->choices ? snprintf(out, size, "%s", choice_name(option, number))
		                         : snprintf(out, size, "%u", number);
		break;
	case OPTION_FLAG:
		length = snprintf(out, size, "%s", *(const bool *)at ? "yes" : "no");
		break;
	case OPTION_ADDRESS:
		memcpy(&address, at, sizeof(address));
		length = snprintf(out, size, "%s",
		                  address.s_addr ? address_format(address).text : "");
		break;
	case OPTION_ADDRESS_OR_NONE:
		memcpy(&address, at, sizeof(address));
		length = snprintf(out, size, "%s",
		                  address.s_addr ? address_format(address).text : "none");
		break;
	case OPTION_PREFIXES:
	case OPTION_PREFIXES_OR_NONE:
		memcpy(&prefixes, at, sizeof(prefixes));
		if (option->type == OPTION_PREFIXES_OR_NONE && prefixes.count == 0)
			return (size_t)snprintf(out, size, "none");
		return address_prefixes_format(&prefixes, out, size);
	case OPTION_ADDRESSES:
		return format_addresses(at, out, size);
	case OPTION_TEXT:
		length = snprintf(out, size, "%s", (const char *)at);
		break;
	case OPTION_MEMBER:
		return cluster_member_format(at, out, size);
	case OPTION_HOME_NETWORK:
		return home_network_format(at, out, size);
	case OPTION_ADVERTISED_LINK:
		return advertised_link_format(at, out, size);
	}
	return (size_t)length;
}

void config_option_copy(void *to, const void *from, const struct config_option *option)
{
	memcpy(value_of(to, option), value_at(from, option), types[option->type].size);
}

bool config_option_equal(const struct config *a, const struct config *b,
                         const struct config_option *option)
{
	char text_a[CONFIG_TEXT_MAX], text_b[CONFIG_TEXT_MAX];

	if (option->type != OPTION_PREFIXES && option->type != OPTION_PREFIXES_OR_NONE &&
	    option->type != OPTION_ADDRESSES)
		return memcmp(value_at(a, option), value_at(b, option), types[option->type].size) ==
		       0;
	/* These have octets that say nothing. */
	config_format(a, option, text_a, sizeof(text_a));
	config_format(b, option, text_b, sizeof(text_b));
	return strcmp(text_a, text_b) == 0;
}
