/* node_key.c - see node_key.h. */
#include "agentd/base/node_key.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "agentd/base/hex.h"
#include "agentd/base/key_file.h"

#define WORD "secret "
#define WORD_OCTETS (sizeof(WORD) - 1)
#define DIGITS (2 * CLUSTER_KEY_OCTETS)
#define COMMENT "# Secret key of one member of a cluster of Hearth; it stays on that member.\n"

_Static_assert(CLUSTER_KEY_OCTETS == crypto_box_SECRETKEYBYTES, "not keys of this library");
_Static_assert(CLUSTER_KEY_OCTETS == crypto_box_PUBLICKEYBYTES, "not keys of this library");

void node_key_wipe(struct node_key *key)
{
	explicit_bzero(key, sizeof(*key));
}

/* ---- reading ---- */

static bool is_ignored(const char *line, size_t length)
{
	size_t blanks = 0;

	while (blanks < length && memchr(" \t\r", line[blanks], 3))
		blanks++;
	return blanks == length || *line == '#';
}

static bool take_key(const char *line, size_t length, uint8_t out[CLUSTER_KEY_OCTETS])
{
	if (length > 0 && line[length - 1] == '\r')
		length--;
	return length > WORD_OCTETS && memcmp(line, WORD, WORD_OCTETS) == 0 &&
	       hex_parse(line + WORD_OCTETS, length - WORD_OCTETS, out, CLUSTER_KEY_OCTETS);
}

/* The only line that is no comment. */
static enum ha_error find_key(const char *name, const char *text, size_t size, struct node_key *out,
                              struct keyring_error *error)
{
	unsigned long number = 1, found = 0;
	const char *end = text + size;

	for (const char *next, *line = text; line < end; line = next, number++) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t length = (size_t)((newline ? newline : end) - line);

		next = newline ? newline + 1 : end;
		if (is_ignored(line, length))
			continue;
		if (found)
			return keyring_refuse(
				error, HA_E_SYNTAX,
				"%.250s:%lu: there must be one key, and line %lu has it", name,
				number, found);
		if (!take_key(line, length, out->secret_key))
			return keyring_refuse(
				error, HA_E_SYNTAX,
				"%.250s:%lu: a line must be: secret and %u hexadecimal digits",
				name, number, DIGITS);
		found = number;
	}
	return found ? HA_OK
	             : keyring_refuse(error, HA_E_SYNTAX, "%.250s: there is no key in it", name);
}

static enum ha_error complete(const char *name, struct node_key *key, struct keyring_error *error)
{
	if (sodium_is_zero(key->secret_key, sizeof(key->secret_key)))
		return keyring_refuse(error, HA_E_RANGE, "%.250s: only zeros are no key", name);
	if (sodium_init() < 0 || crypto_scalarmult_base(key->public_key, key->secret_key) != 0)
		return keyring_refuse(error, HA_E_UNSUPPORTED,
		                      "%.250s: libsodium does not work here", name);
	return HA_OK;
}

enum ha_error node_key_parse(const char *name, const char *text, size_t size, struct node_key *out,
                             struct keyring_error *error)
{
	enum ha_error why = find_key(name, text, size, out, error);

	if (why == HA_OK)
		why = complete(name, out, error);
	if (why != HA_OK)
		node_key_wipe(out);
	return why;
}

enum ha_error node_key_load(const char *path, bool any_owner, struct node_key *out,
                            struct keyring_error *error)
{
	struct key_text text;
	enum ha_error why = key_file_read(path, any_owner, &text, error);

	node_key_wipe(out);
	if (why == HA_OK)
		why = node_key_parse(path, text.at, text.size, out, error);
	key_text_free(&text);
	return why;
}

/* ---- making ---- */

enum ha_error node_key_create(const char *path, uint8_t public_key[CLUSTER_KEY_OCTETS],
                              struct keyring_error *error)
{
	char text[sizeof(COMMENT) + WORD_OCTETS + DIGITS + 1];
	struct node_key key;
	enum ha_error why;
	size_t length;

	keyring_random(key.secret_key, sizeof(key.secret_key));
	why = complete(path, &key, error);
	if (why == HA_OK) {
		length = (size_t)snprintf(text, sizeof(text), COMMENT WORD);
		hex_format(key.secret_key, sizeof(key.secret_key), text + length);
		length += DIGITS;
		text[length++] = '\n';
		why = key_file_create(path, text, length, error);
		explicit_bzero(text, sizeof(text));
	}
	memcpy(public_key, key.public_key, sizeof(key.public_key));
	node_key_wipe(&key);
	return why;
}
