/* association_file.c - lines of text to changes. A line is words of the form
 * field=value after the kind of the peer; each field is a row of a table. */
#include "agentd/state/association_file.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "agentd/base/address.h"
#include "agentd/base/binding.h"

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

__attribute__((format(printf, 3, 4))) static enum ha_error
refuse(struct association_error *error, enum ha_error why, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	return why;
}

static bool word_is(struct word word, const char *text)
{
	return word.size == strlen(text) && memcmp(word.at, text, word.size) == 0;
}

/* ---- values ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

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
	return parse_number(value, MIP_SPI_MIN, UINT32_MAX, &out->spi);
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
	if (value.size % 2 || value.size < 2 * MIP_KEY_SIZE_MIN ||
	    value.size > 2 * MIP_KEY_SIZE_MAX)
		return false;
	for (size_t i = 0; i < value.size; i += 2) {
		int high = hex_digit(value.at[i]), low = hex_digit(value.at[i + 1]);

		if (high < 0 || low < 0)
			return false;
		out->key[i / 2] = (uint8_t)(high << 4 | low);
	}
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

static const struct field fields[] = {
	{ "home", MOBILE, MOBILE, parse_address, HOST_ADDRESS },
	{ "address", FOREIGN, FOREIGN, parse_address, HOST_ADDRESS },
	{ "spi", MOBILE | FOREIGN, MOBILE | FOREIGN, parse_spi,
	  "a number from 256 to 4294967295, decimal or after 0x hexadecimal" },
	{ "algorithm", MOBILE | FOREIGN, MOBILE | FOREIGN, parse_algorithm,
	  "one of" MIP_ALGORITHMS(ALGORITHM_NAME) },
	{ "key", MOBILE | FOREIGN, MOBILE | FOREIGN, parse_key,
	  "16 to 64 octets as 32 to 128 hexadecimal digits" },
	{ "bindings", MOBILE, 0, parse_bindings, "a number from 1 to 8" },
	{ "realm", MOBILE | FOREIGN, 0, parse_realm, "a number from 0 to 4294967295" },
	{ "tolerance", MOBILE, 0, parse_tolerance, "a number of seconds from 4 to 3600" },
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
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (fields[i].required & 1u << change->peer && !(given & 1u << i))
			return refuse(error, HA_E_SYNTAX, "field %s is missing: it must be %s",
			              fields[i].name, fields[i].allowed);
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
	if (word_is(word, "mobile"))
		out->peer = PEER_MOBILE_NODE;
	else if (word_is(word, "foreign-agent"))
		out->peer = PEER_FOREIGN_AGENT;
	else
		return refuse(error, HA_E_SYNTAX, "the first word must be mobile or foreign-agent");
	for (word = next_word(&at, end); word.size && why == HA_OK; word = next_word(&at, end))
		why = take_field(word, ++ordinal, &given, out, error);
	return why == HA_OK ? check_required(given, out, error) : why;
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

/* ---- a file ---- */

void association_reader_start(struct association_reader *reader, FILE *file)
{
	reader->file = file;
	reader->line = 0;
	setvbuf(file, reader->buffer, _IOFBF, sizeof(reader->buffer));
}

enum ha_error association_reader_open(struct association_reader *reader, const char *path,
                                      bool anyone, struct association_error *error)
{
	FILE *file = fopen(path, "re");
	struct stat status;

	reader->file = NULL;
	error->line = 0;
	if (!file)
		return refuse(error, HA_E_IO, "%.160s cannot be opened: %s", path, strerror(errno));
	if (fstat(fileno(file), &status) == 0 && !anyone && S_ISREG(status.st_mode) &&
	    status.st_mode & 077) {
		fclose(file);
		return refuse(error, HA_E_PERMISSION,
		              "%.120s holds keys, but its mode %04o lets others open it; "
		              "chmod 600 mends that",
		              path, (unsigned)(status.st_mode & 07777));
	}
	association_reader_start(reader, file);
	return HA_OK;
}

static void skip_line(FILE *file)
{
	int c;

	do
		c = getc_unlocked(file);
	while (c != EOF && c != '\n');
}

enum ha_error association_reader_line(struct association_reader *reader, size_t *size,
                                      struct association_error *error)
{
	size_t length = 0;
	int c;

	reader->line++;
	error->line = reader->line;
	while ((c = getc_unlocked(reader->file)) != EOF && c != '\n') {
		if (length == ASSOCIATION_LINE_MAX) {
			skip_line(reader->file);
			return refuse(error, HA_E_RANGE, "longer than %u octets",
			              ASSOCIATION_LINE_MAX);
		}
		reader->text[length++] = (char)c;
	}
	if (c == EOF && ferror(reader->file))
		return refuse(error, HA_E_IO, "cannot be read: %s", strerror(errno));
	if (c == EOF && length == 0)
		return HA_E_NOTFOUND;
	reader->text[length] = '\0';
	*size = length;
	return HA_OK;
}

enum ha_error association_reader_next(struct association_reader *reader, struct change *out,
                                      size_t max, size_t *count, struct association_error *error)
{
	size_t size;

	for (*count = 0; *count < max;) {
		enum ha_error why = association_reader_line(reader, &size, error);

		if (why == HA_E_NOTFOUND)
			break;
		if (why == HA_OK) {
			why = association_parse(reader->text, size, &out[*count], error);
			if (why == HA_E_NOTFOUND)
				continue;
		}
		if (why != HA_OK)
			return why;
		(*count)++;
	}
	return HA_OK;
}

void association_reader_close(struct association_reader *reader)
{
	if (reader->file)
		fclose(reader->file);
	mip_wipe(reader, sizeof(*reader));
}
