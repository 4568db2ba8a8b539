/* association_file.c - lines of text to changes. A line is words of the form
 * field=value after the kind of the peer; each field is a row of a table. */
#include "agentd/state/association_file.h"

#include <string.h>

#include "agentd/base/address.h"
#include "agentd/base/binding.h"
#include "agentd/base/hex.h"

#define FIELD_NAME_MAX 11u /* as an error repeats it: too short for a key */
#define TOLERANCE_MIN_S 4u
#define TOLERANCE_MAX_S 3600u

/* Part of the line; borrowed. */
struct word {
	const char *at;
	size_t size;
};

struct field {
	const char *name;
	unsigned kinds;    /* bit 1 << enum peer_kind: where it may stand */
	unsigned required; /* the same bits: where it must */
	bool (*parse)(struct word value, struct change *out);
	const char *allowed;
};

#define MOBILE (1u << PEER_MOBILE_NODE)
#define FOREIGN (1u << PEER_FOREIGN_AGENT)

#define refuse(error, why, ...) ha_refuse((error)->text, sizeof((error)->text), why, __VA_ARGS__)

static bool word_is(struct word word, const char *text)
{
	return word.size == strlen(text) && memcmp(word.at, text, word.size) == 0;
}

/* ---- values ---- */

/* Decimal, or hexadecimal after 0x. */
static bool parse_number(struct word value, uint32_t min, uint32_t max, uint32_t *out)
{
	bool hex = value.size > 2 && value.at[0] == '0' && value.at[1] == 'x';
	uint64_t number = 0;

	if (value.size == 0 || value.size > 12)
		return false;
	for (size_t i = hex ? 2 : 0; i < value.size; i++) {
		int digit = hex_digit(value.at[i]);

		if (digit < 0 || (!hex && digit > 9))
			return false;
		number = number * (hex ? 16 : 10) + (uint64_t)digit;
	}
	if (number < min || number > max)
		return false;
	*out = (uint32_t)number;
	return true;
}

static bool parse_address(struct word value, struct change *out)
{
	char text[INET_ADDRSTRLEN];

	if (value.size >= sizeof(text))
		return false;
	memcpy(text, value.at, value.size);
	text[value.size] = '\0';
	return address_parse(text, &out->address) && address_is_unicast(out->address);
}

static bool parse_spi(struct word value, struct change *out)
{
	return parse_number(value, MIP_SPI_CHAP, UINT32_MAX, &out->spi) &&
	       (out->spi == MIP_SPI_CHAP || out->spi >= MIP_SPI_MIN);
}

/* A text of at most `size` octets with its NUL, not empty. */
static bool copy_word(struct word value, char *out, size_t size)
{
	if (value.size == 0 || value.size >= size)
		return false;
	memcpy(out, value.at, value.size);
	out[value.size] = '\0';
	return true;
}

static bool parse_nai(struct word value, struct change *out)
{
	return mip_nai_is_valid((struct span){ (const uint8_t *)value.at, value.size }) &&
	       copy_word(value, out->nai, sizeof(out->nai));
}

static bool parse_label(struct word value, char out[LABEL_MAX])
{
	for (size_t i = 0; i < value.size; i++) {
		char c = value.at[i];

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-')
			return false;
	}
	return copy_word(value, out, LABEL_MAX);
}

static bool parse_pool(struct word value, struct change *out)
{
	return parse_label(value, out->pool);
}

static bool parse_policy(struct word value, struct change *out)
{
	return parse_label(value, out->policy);
}

static bool parse_use(struct word value, struct change *out)
{
	out->use = word_is(value, "mn-aaa") ? ASSOCIATION_AAA : ASSOCIATION_HOME;
	return out->use == ASSOCIATION_AAA || word_is(value, "mn-ha");
}

static bool parse_replay(struct word value, struct change *out)
{
	out->replay = word_is(value, "nonce") ? REPLAY_NONCE : REPLAY_TIMESTAMP;
	return out->replay == REPLAY_NONCE || word_is(value, "timestamp");
}

static bool parse_algorithm(struct word value, struct change *out)
{
	enum mip_algorithm algorithm;
	char text[32];

	if (value.size >= sizeof(text))
		return false;
	memcpy(text, value.at, value.size);
	text[value.size] = '\0';
	if (!mip_algorithm_parse(text, &algorithm))
		return false;
	out->algorithm = algorithm;
	return true;
}

static bool parse_key(struct word value, struct change *out)
{
	if (value.size < 2 * MIP_KEY_SIZE_MIN || value.size > 2 * MIP_KEY_SIZE_MAX ||
	    !hex_parse(value.at, value.size, out->key, value.size / 2))
		return false;
	out->key_size = (uint8_t)(value.size / 2);
	return true;
}

static bool parse_bindings(struct word value, struct change *out)
{
	uint32_t number;

	if (!parse_number(value, 1, BINDING_LIMIT_MAX, &number))
		return false;
	out->bindings = (uint8_t)number;
	return true;
}

static bool parse_realm(struct word value, struct change *out)
{
	return parse_number(value, 0, UINT32_MAX, &out->realm);
}

static bool parse_tolerance(struct word value, struct change *out)
{
	uint32_t number;

	if (!parse_number(value, TOLERANCE_MIN_S, TOLERANCE_MAX_S, &number))
		return false;
	out->tolerance_s = (uint16_t)number;
	return true;
}

#define ALGORITHM_NAME(symbol, value, name, help) " " name
#define HOST_ADDRESS "the IPv4 address of one host"
#define LABEL "1 to 31 small letters, digits and hyphens"

static const struct field fields[] = {
	{ "home", MOBILE, 0, parse_address, HOST_ADDRESS },
	{ "nai", MOBILE, 0, parse_nai, "a name such as user@realm, 1 to 253 printable characters" },
	{ "pool", MOBILE, 0, parse_pool, LABEL },
	{ "policy", MOBILE, 0, parse_policy, LABEL },
	{ "address", FOREIGN, FOREIGN, parse_address, HOST_ADDRESS },
	{ "spi", MOBILE | FOREIGN, MOBILE | FOREIGN, parse_spi,
	  "a number from 256 to 4294967295, decimal or after 0x hexadecimal (2 for chap)" },
	{ "algorithm", MOBILE | FOREIGN, MOBILE | FOREIGN, parse_algorithm,
	  "one of" MIP_ALGORITHMS(ALGORITHM_NAME) },
	{ "key", MOBILE | FOREIGN, MOBILE | FOREIGN, parse_key,
	  "16 to 64 octets as 32 to 128 hexadecimal digits" },
	{ "bindings", MOBILE, 0, parse_bindings, "a number from 1 to 8" },
	{ "realm", MOBILE | FOREIGN, 0, parse_realm, "a number from 0 to 4294967295" },
	{ "tolerance", MOBILE, 0, parse_tolerance, "a number of seconds from 4 to 3600" },
	{ "use", MOBILE, 0, parse_use, "mn-ha or mn-aaa" },
	{ "replay", MOBILE, 0, parse_replay, "timestamp or nonce" },
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

_Static_assert(BINDING_LIMIT_MAX == 8, "said in the table");
_Static_assert(MIP_KEY_SIZE_MIN == 16 && MIP_KEY_SIZE_MAX == 64, "said in the table");

/* ---- a line ---- */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next word; its size is 0 at the end of the line or before a comment. */
static struct word next_word(const char **at, const char *end)
{
	struct word word;

	while (*at < end && is_space(**at))
		(*at)++;
	word.at = *at;
	if (*at < end && **at == '#')
		*at = end;
	else
		while (*at < end && !is_space(**at))
			(*at)++;
	word.size = word.at < end && *word.at == '#' ? 0 : (size_t)(*at - word.at);
	return word;
}

static const struct field *find_field(struct word name)
{
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (word_is(name, fields[i].name))
			return &fields[i];
	return NULL;
}

/* A name may be repeated in an error only when it cannot be part of a key. */
static bool is_harmless(struct word name)
{
	if (name.size == 0 || name.size > FIELD_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.size; i++)
		if ((name.at[i] < 'a' || name.at[i] > 'z') && name.at[i] != '-')
			return false;
	return true;
}

static enum ha_error refuse_word(struct association_error *error, struct word name, size_t ordinal)
{
	if (is_harmless(name))
		return refuse(error, HA_E_SYNTAX, "word %zu: there is no field '%.*s'", ordinal,
		              (int)name.size, name.at);
	return refuse(error, HA_E_SYNTAX, "word %zu is %s", ordinal,
	              name.size ? "no field" : "not of the form field=value");
}

static enum ha_error take_field(struct word word, size_t ordinal, unsigned *given,
                                struct change *out, struct association_error *error)
{
	const char *equals = memchr(word.at, '=', word.size);
	struct word name = { word.at, equals ? (size_t)(equals - word.at) : 0 };
	const struct field *field = find_field(name);
	unsigned bit;

	if (!field)
		return refuse_word(error, name, ordinal);
	bit = 1u << (field - fields);
	if (!(field->kinds & 1u << out->peer))
		return refuse(error, HA_E_SYNTAX, "field %s is not allowed for this kind of peer",
		              field->name);
	if (*given & bit)
		return refuse(error, HA_E_SYNTAX, "field %s is given twice", field->name);
	*given |= bit;
	if (!field->parse((struct word){ equals + 1, word.size - name.size - 1 }, out))
		return refuse(error, HA_E_RANGE, "field %s must be %s", field->name,
		              field->allowed);
	return HA_OK;
}

static enum ha_error check_required(unsigned given, const struct change *change,
                                    struct association_error *error)
{
	if (change->peer == PEER_MOBILE_NODE && !change->address.s_addr && !change->nai[0])
		return refuse(error, HA_E_SYNTAX,
		              "field home is missing: a mobile node needs home, or nai and pool");
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (fields[i].required & 1u << change->peer && !(given & 1u << i))
			return refuse(error, HA_E_SYNTAX, "field %s is missing: it must be %s",
			              fields[i].name, fields[i].allowed);
	return HA_OK;
}

/* What no single field can say. */
static enum ha_error check_together(const struct change *change, struct association_error *error)
{
	bool chap = change->algorithm == MIP_CHAP;

	if (change->peer != PEER_MOBILE_NODE)
		return chap || change->spi < MIP_SPI_MIN
		               ? refuse(error, HA_E_SYNTAX, "chap and SPI 2 are for use=mn-aaa")
		               : HA_OK;
	if (change->address.s_addr && change->pool[0])
		return refuse(error, HA_E_SYNTAX,
		              "fields home and pool: a node has an address of its own or one of a "
		              "pool");
	if (chap != (change->spi == MIP_SPI_CHAP) || (chap && change->use != ASSOCIATION_AAA))
		return refuse(error, HA_E_SYNTAX,
		              "algorithm chap and spi=2 go together, and with use=mn-aaa");
	return HA_OK;
}

/* Before a comment, which begins like a word. */
static const char *end_of_text(const char *at, const char *end)
{
	for (const char *c = at; c < end; c++)
		if (*c == '#' && (c == at || is_space(c[-1])))
			end = c;
	while (end > at && is_space(end[-1]))
		end--;
	return end;
}

/* "set NAME VALUE": the value is the rest of the line. */
static enum ha_error parse_setting(const char *at, const char *end, struct change *out,
                                   struct association_error *error)
{
	struct word name = next_word(&at, end);
	struct word value;

	while (at < end && is_space(*at))
		at++;
	value = (struct word){ at, (size_t)(end_of_text(at, end) - at) };
	out->kind = CHANGE_SET;
	if (!copy_word(name, out->name, sizeof(out->name)) ||
	    !copy_word(value, out->value, sizeof(out->value)))
		return refuse(error, HA_E_SYNTAX, "a setting is: set NAME VALUE");
	return HA_OK;
}

static enum ha_error parse_line(const char *at, const char *end, struct change *out,
                                struct association_error *error)
{
	struct word word = next_word(&at, end);
	enum ha_error why = HA_OK;
	unsigned given = 0;
	size_t ordinal = 1;

	if (word.size == 0)
		return HA_E_NOTFOUND;
	if (word_is(word, "set"))
		return parse_setting(at, end, out, error);
	if (word_is(word, "mobile"))
		out->peer = PEER_MOBILE_NODE;
	else if (word_is(word, "foreign-agent"))
		out->peer = PEER_FOREIGN_AGENT;
	else
		return refuse(error, HA_E_SYNTAX,
		              "the first word must be mobile or foreign-agent, or set");
	for (word = next_word(&at, end); word.size && why == HA_OK; word = next_word(&at, end))
		why = take_field(word, ++ordinal, &given, out, error);
	if (why == HA_OK)
		why = check_required(given, out, error);
	return why == HA_OK ? check_together(out, error) : why;
}

enum ha_error association_parse(const char *line, size_t size, struct change *out,
                                struct association_error *error)
{
	enum ha_error why;

	memset(out, 0, sizeof(*out));
	out->kind = CHANGE_ADD_ASSOCIATION;
	if (size > ASSOCIATION_LINE_MAX)
		why = refuse(error, HA_E_RANGE, "longer than %u octets", ASSOCIATION_LINE_MAX);
	else if (memchr(line, '\0', size))
		why = refuse(error, HA_E_SYNTAX, "contains a NUL character");
	else
		why = parse_line(line, line + size, out, error);
	if (why != HA_OK)
		mip_wipe(out, sizeof(*out));
	return why;
}
