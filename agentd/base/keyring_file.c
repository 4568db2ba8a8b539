/* keyring_file.c - cluster keys in a file, line by line. A sentence never repeats
 * any of it. */
#include "agentd/base/keyring_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agentd/base/hex.h"

/* ---- reading lines ---- */

/* A file of keys under the eye, word by word. */
struct scan {
	const char *name;
	const char *at, *end;
	unsigned long line;
	struct keyring_error *error;
};

__attribute__((format(printf, 3, 4))) static enum ha_error
refuse_line(struct scan *scan, enum ha_error why, const char *format, ...)
{
	char *text = scan->error->text;
	size_t size = sizeof(scan->error->text);
	int length = snprintf(text, size, "%.250s:%lu: ", scan->name, scan->line);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + length, size - (size_t)length, format, arguments);
	va_end(arguments);
	return why;
}

/* The next word of the line; size 0 at its end. */
static struct keyring_octets next_word(struct scan *scan)
{
	const char *begin;

	while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\r'))
		scan->at++;
	begin = scan->at;
	while (scan->at < scan->end && !memchr(" \t\r\n", *scan->at, 4))
		scan->at++;
	return (struct keyring_octets){ begin, (size_t)(scan->at - begin) };
}

static void skip_line(struct scan *scan)
{
	const char *newline = memchr(scan->at, '\n', (size_t)(scan->end - scan->at));

	scan->at = newline ? newline + 1 : scan->end;
	scan->line++;
}

/* 0 when it is no number from 1 to 2^32-1. */
static uint32_t parse_id(struct keyring_octets word)
{
	const char *digits = word.at;
	uint64_t id = 0;

	if (word.size == 0 || word.size > 10 || digits[0] == '0')
		return 0;
	for (size_t i = 0; i < word.size; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return 0;
		id = id * 10 + (uint64_t)(digits[i] - '0');
	}
	return id <= UINT32_MAX ? (uint32_t)id : 0;
}

static enum ha_error add_key(struct scan *scan, struct keyring *into, uint32_t id,
                             const uint8_t key[KEYRING_KEY_OCTETS])
{
	enum ha_error why = keyring_add(into, id, key);

	switch (why) {
	case HA_E_EXISTS:
		return refuse_line(scan, why, "key %u: %s", id,
		                   keyring_has(into, id)
		                           ? "a line above has this number"
		                           : "a line above has this key under another number");
	case HA_E_CAPACITY:
		return refuse_line(scan, why, "more than %u keys: remove those that are used up",
		                   KEYRING_KEYS_MAX);
	case HA_E_RANGE:
		return refuse_line(scan, why, "key %u: only zeros are no key", id);
	default:
		return why;
	}
}

/* With the first word of the line read: anything but a comment. */
static enum ha_error parse_line(struct scan *scan, struct keyring_octets word, struct keyring *into)
{
	uint8_t key[KEYRING_KEY_OCTETS];
	struct keyring_octets digits;
	enum ha_error why;
	uint32_t id;

	if (word.size != 3 || memcmp(word.at, "key", 3) != 0)
		return refuse_line(scan, HA_E_SYNTAX,
		                   "a line must be: key NUMBER and %u hexadecimal digits",
		                   2 * KEYRING_KEY_OCTETS);
	id = parse_id(next_word(scan));
	if (id == 0)
		return refuse_line(scan, HA_E_RANGE,
		                   "after key there must be a number from 1 to %u", UINT32_MAX);
	digits = next_word(scan);
	if (!hex_parse(digits.at, digits.size, key, sizeof(key)))
		why = refuse_line(scan, HA_E_SYNTAX, "key %u must be %u hexadecimal digits", id,
		                  2 * KEYRING_KEY_OCTETS);
	else if (next_word(scan).size)
		why = refuse_line(scan, HA_E_SYNTAX, "key %u: more than a key on the line", id);
	else
		why = add_key(scan, into, id, key);
	explicit_bzero(key, sizeof(key));
	return why;
}

enum ha_error keyring_parse(const char *name, const char *text, size_t size, struct keyring *into,
                            struct keyring_error *error)
{
	struct scan scan = { .name = name, .at = text, .end = text + size, .error = error };
	enum ha_error why = HA_OK;

	for (scan.line = 1; scan.at < scan.end && why == HA_OK; skip_line(&scan)) {
		struct keyring_octets word = next_word(&scan);

		if (word.size && *(const char *)word.at != '#')
			why = parse_line(&scan, word, into);
	}
	if (why == HA_OK && keyring_sealing_id(into) == 0)
		why = keyring_refuse(error, HA_E_SYNTAX, "%.250s: there is no key in it", name);
	return why;
}

/* ---- reading files ---- */

enum ha_error keyring_of_text(const char *path, const struct key_text *text, struct keyring **out,
                              struct keyring_error *error)
{
	struct keyring *ring = keyring_new();
	enum ha_error why;

	if (!ring)
		return keyring_refuse(error, HA_E_NOMEM, "%.250s: out of memory", path);
	why = keyring_parse(path, text->at, text->size, ring, error);
	if (why == HA_OK)
		*out = ring;
	else
		keyring_free(ring);
	return why;
}

enum ha_error keyring_load(const char *path, struct keyring **out, struct keyring_error *error)
{
	struct key_text text;
	enum ha_error why = key_file_read(path, false, &text, error);

	*out = NULL;
	if (why == HA_OK)
		why = keyring_of_text(path, &text, out, error);
	key_text_free(&text);
	return why;
}
