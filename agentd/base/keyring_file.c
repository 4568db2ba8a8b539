/* keyring_file.c - cluster keys in a file, read with suspicion. What was read is
 * wiped; a sentence never repeats any of it. */
#include "agentd/base/keyring_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/base/arena.h"
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

void keyring_text_free(struct keyring_text *text)
{
	arena_unmap(text->at, KEYRING_FILE_MAX);
}

/* Who can write the file decides what everything is sealed under. `any_owner`:
 * root tends a file of the agent's user. */
static enum ha_error check_file(const char *path, const struct stat *status, bool any_owner,
                                struct keyring_error *error)
{
	if (!S_ISREG(status->st_mode))
		return keyring_refuse(error, HA_E_PERMISSION, "%.250s is not a regular file", path);
	if (status->st_uid != geteuid() && status->st_uid != 0 && !(any_owner && geteuid() == 0))
		return keyring_refuse(
			error, HA_E_PERMISSION,
			"%.250s holds the cluster's keys, but belongs to user %u; it must "
			"belong to user %u or to root",
			path, (unsigned)status->st_uid, (unsigned)geteuid());
	if (status->st_mode & 077)
		return keyring_refuse(
			error, HA_E_PERMISSION,
			"%.250s holds the cluster's keys, but its mode %04o lets others open "
			"it; chmod 600 mends that",
			path, (unsigned)(status->st_mode & 07777));
	if (status->st_size > (off_t)KEYRING_FILE_MAX)
		return keyring_refuse(error, HA_E_RANGE, "%.250s is longer than %u octets", path,
		                      KEYRING_FILE_MAX);
	return HA_OK;
}

static enum ha_error read_all(int descriptor, const char *path, struct keyring_text *out,
                              struct keyring_error *error)
{
	ssize_t n = 1;

	out->size = 0;
	out->at = arena_map(KEYRING_FILE_MAX);
	if (!out->at)
		return keyring_refuse(error, HA_E_NOMEM, "%.250s: out of memory", path);
	while (n > 0 && out->size < KEYRING_FILE_MAX) {
		n = read(descriptor, out->at + out->size, KEYRING_FILE_MAX - out->size);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			out->size += (size_t)n;
	}
	if (n < 0)
		return keyring_refuse(error, HA_E_IO, "%.250s: %s", path, strerror(errno));
	return HA_OK;
}

enum ha_error keyring_text_read(const char *path, bool any_owner, struct keyring_text *out,
                                struct keyring_error *error)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum ha_error why;

	*out = (struct keyring_text){ 0 };
	if (descriptor < 0)
		return keyring_refuse(error, ha_error_of_errno(errno), "%.250s: %s", path,
		                      strerror(errno));
	if (fstat(descriptor, &out->status) != 0)
		why = keyring_refuse(error, HA_E_IO, "%.250s: %s", path, strerror(errno));
	else
		why = check_file(path, &out->status, any_owner, error);
	if (why == HA_OK)
		why = read_all(descriptor, path, out, error);
	close(descriptor);
	return why;
}

enum ha_error keyring_text_ring(const char *path, const struct keyring_text *text,
                                struct keyring **out, struct keyring_error *error)
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
	struct keyring_text text;
	enum ha_error why = keyring_text_read(path, false, &text, error);

	*out = NULL;
	if (why == HA_OK)
		why = keyring_text_ring(path, &text, out, error);
	keyring_text_free(&text);
	return why;
}
