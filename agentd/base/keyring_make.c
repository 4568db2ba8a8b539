/* keyring_make.c - make a key file, or put a new key into one. Nothing is ever
 * half there: a file is written beside the old one and takes its place. */
#include "agentd/base/keyring_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/base/hex.h"

#define LINE_OCTETS_MAX (8u + 10u + 2u * KEYRING_KEY_OCTETS)

/* "key ID HEX\n"; returns its length. */
static size_t make_line(uint32_t id, char out[LINE_OCTETS_MAX])
{
	uint8_t key[KEYRING_KEY_OCTETS];
	size_t length = (size_t)snprintf(out, LINE_OCTETS_MAX, "key %u ", id);

	keyring_random(key, sizeof(key));
	hex_format(key, sizeof(key), out + length);
	length += 2 * sizeof(key);
	out[length++] = '\n';
	explicit_bzero(key, sizeof(key));
	return length;
}

enum ha_error keyring_create(const char *path, struct keyring_error *error)
{
	char line[LINE_OCTETS_MAX];
	size_t length = make_line(1, line);
	enum ha_error why = key_file_create(path, line, length, error);

	explicit_bzero(line, sizeof(line));
	return why;
}

/* One above the highest, so that no number is used twice. */
static enum ha_error next_id(const char *path, struct keyring *ring, uint32_t *out,
                             struct keyring_error *error)
{
	struct keyring_entry entries[KEYRING_KEYS_MAX];
	size_t count = keyring_list(ring, entries);
	uint32_t highest = 0;

	for (size_t i = 0; i < count; i++)
		if (entries[i].id > highest)
			highest = entries[i].id;
	if (count == KEYRING_KEYS_MAX)
		return keyring_refuse(error, HA_E_CAPACITY,
		                      "%.250s has %u keys already: remove those that are used up",
		                      path, KEYRING_KEYS_MAX);
	if (highest == UINT32_MAX)
		return keyring_refuse(
			error, HA_E_RANGE,
			"%.250s: there is no number after %u; give the new key one by hand", path,
			highest);
	*out = highest + 1;
	return HA_OK;
}

static enum ha_error replace(const char *path, const char *with, struct keyring_error *error)
{
	if (rename(with, path) == 0 && key_file_flush_name(path))
		return HA_OK;
	return keyring_refuse(error, HA_E_IO, "%.250s cannot be replaced: %s", path,
	                      strerror(errno));
}

/* The text as it stands, comments and all, behind a new line. */
static enum ha_error prepend(const char *path, const struct key_text *text, uint32_t id,
                             struct keyring_error *error)
{
	char fresh[PATH_MAX], line[LINE_OCTETS_MAX];
	enum ha_error why;
	size_t length;

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh))
		return keyring_refuse(error, HA_E_RANGE, "%.250s...: the name is too long", path);
	length = make_line(id, line);
	why = key_file_write(fresh, line, length, text, error);
	explicit_bzero(line, sizeof(line));
	if (why == HA_E_EXISTS)
		return keyring_refuse(
			error, HA_E_BUSY,
			"%.250s is there: somebody else adds a key, or was interrupted and "
			"it can be removed",
			fresh);
	if (why == HA_OK)
		why = replace(path, fresh, error);
	if (why != HA_OK)
		unlink(fresh);
	return why;
}

static enum ha_error extend(const char *path, const struct key_text *text,
                            struct keyring_error *error)
{
	struct keyring *ring = NULL;
	enum ha_error why = keyring_of_text(path, text, &ring, error);
	uint32_t id = 0;

	if (why == HA_OK)
		why = next_id(path, ring, &id, error);
	keyring_free(ring);
	return why == HA_OK ? prepend(path, text, id, error) : why;
}

static enum ha_error read_first(const char *path, struct keyring_entry *out,
                                struct keyring_error *error)
{
	struct keyring_entry entries[KEYRING_KEYS_MAX];
	struct keyring *ring = NULL;
	struct key_text text;
	enum ha_error why = key_file_read(path, true, &text, error);

	if (why == HA_OK)
		why = keyring_of_text(path, &text, &ring, error);
	if (why == HA_OK) {
		keyring_list(ring, entries);
		*out = entries[0];
	}
	keyring_free(ring);
	key_text_free(&text);
	return why;
}

enum ha_error keyring_extend(const char *path, struct keyring_entry *made,
                             struct keyring_error *error)
{
	char behind_links[PATH_MAX];
	struct key_text text;
	enum ha_error why;

	if (realpath(path, behind_links))
		path = behind_links; /* a link stays one, to the file that is replaced */
	why = key_file_read(path, true, &text, error);
	if (why == HA_OK)
		why = extend(path, &text, error);
	else if (why == HA_E_NOTFOUND)
		why = keyring_create(path, error);
	key_text_free(&text);
	return why == HA_OK ? read_first(path, made, error) : why;
}
