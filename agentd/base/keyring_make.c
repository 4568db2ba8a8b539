/* keyring_make.c - make a key file, or put a new key into one. Nothing is ever
 * half there: a file is written beside the old one and takes its place. */
#include "agentd/base/keyring_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_OCTETS_MAX (8u + 10u + 2u * KEYRING_KEY_OCTETS)

static bool write_all(int descriptor, const char *octets, size_t size)
{
	while (size) {
		ssize_t n = write(descriptor, octets, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		octets += n;
		size -= (size_t)n;
	}
	return true;
}

/* A name is on the disk only when its directory is flushed. */
static bool flush_directory_of(const char *path)
{
	char copy[PATH_MAX];
	int descriptor;
	bool done;

	snprintf(copy, sizeof(copy), "%s", path);
	descriptor = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	done = descriptor >= 0 && fsync(descriptor) == 0;
	if (descriptor >= 0)
		close(descriptor);
	return done;
}

/* "key ID HEX\n"; returns its length. */
static size_t make_line(uint32_t id, char out[LINE_OCTETS_MAX])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t key[KEYRING_KEY_OCTETS];
	size_t length = (size_t)snprintf(out, LINE_OCTETS_MAX, "key %u ", id);

	keyring_random(key, sizeof(key));
	for (size_t i = 0; i < sizeof(key); i++) {
		out[length++] = digits[key[i] >> 4];
		out[length++] = digits[key[i] & 15];
	}
	out[length++] = '\n';
	explicit_bzero(key, sizeof(key));
	return length;
}

static bool write_rest(int descriptor, const struct keyring_text *rest)
{
	return fchown(descriptor, rest->status.st_uid, rest->status.st_gid) == 0 &&
	       write_all(descriptor, rest->at, rest->size);
}

/* A new file with a new key, before the text of another file and of its owner
 * (NULL: there is none). On the disk when this returns; its name is not. Gone
 * again after a failure. */
static enum ha_error write_file(const char *path, uint32_t id, const struct keyring_text *rest,
                                struct keyring_error *error)
{
	char line[LINE_OCTETS_MAX];
	size_t length = make_line(id, line);
	int number = 0;
	int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (descriptor < 0) {
		number = errno;
	} else {
		if (fchmod(descriptor, 0600) != 0 || !write_all(descriptor, line, length) ||
		    (rest && !write_rest(descriptor, rest)) || fsync(descriptor) != 0) {
			number = errno;
			unlink(path);
		}
		close(descriptor);
	}
	explicit_bzero(line, sizeof(line));
	if (number == 0)
		return HA_OK;
	return keyring_refuse(error, ha_error_of_errno(number), "%.250s cannot be written: %s",
	                      path, strerror(number));
}

/* A name beside `path` that nobody else has. false: it would be too long. */
static bool name_beside(const char *path, char out[PATH_MAX])
{
	uint64_t number;

	keyring_random(&number, sizeof(number));
	return snprintf(out, PATH_MAX, "%s.%016llx", path, (unsigned long long)number) < PATH_MAX;
}

/* The name comes with the whole contents or not at all, also over a power cut:
 * half a file would keep every later start from making one. */
enum ha_error keyring_create(const char *path, struct keyring_error *error)
{
	char fresh[PATH_MAX];
	enum ha_error why;

	if (!name_beside(path, fresh))
		return keyring_refuse(error, HA_E_RANGE, "%.250s...: the name is too long", path);
	why = write_file(fresh, 1, NULL, error);
	if (why != HA_OK)
		return why;
	if (link(fresh, path) != 0) /* never over one that is there */
		why = keyring_refuse(error, ha_error_of_errno(errno), "%.250s cannot be made: %s",
		                     path, strerror(errno));
	unlink(fresh);
	if (why == HA_OK && !flush_directory_of(path))
		why = keyring_refuse(error, HA_E_IO,
		                     "the directory of %.250s cannot be flushed: %s", path,
		                     strerror(errno));
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
	if (rename(with, path) == 0 && flush_directory_of(path))
		return HA_OK;
	return keyring_refuse(error, HA_E_IO, "%.250s cannot be replaced: %s", path,
	                      strerror(errno));
}

/* The text as it stands, comments and all, behind a new line. */
static enum ha_error prepend(const char *path, const struct keyring_text *text, uint32_t id,
                             struct keyring_error *error)
{
	char fresh[PATH_MAX];
	enum ha_error why;

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh))
		return keyring_refuse(error, HA_E_RANGE, "%.250s...: the name is too long", path);
	why = write_file(fresh, id, text, error);
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

static enum ha_error extend(const char *path, const struct keyring_text *text,
                            struct keyring_error *error)
{
	struct keyring *ring = NULL;
	enum ha_error why = keyring_text_ring(path, text, &ring, error);
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
	struct keyring_text text;
	enum ha_error why = keyring_text_read(path, true, &text, error);

	if (why == HA_OK)
		why = keyring_text_ring(path, &text, &ring, error);
	if (why == HA_OK) {
		keyring_list(ring, entries);
		*out = entries[0];
	}
	keyring_free(ring);
	keyring_text_free(&text);
	return why;
}

enum ha_error keyring_extend(const char *path, struct keyring_entry *made,
                             struct keyring_error *error)
{
	char behind_links[PATH_MAX];
	struct keyring_text text;
	enum ha_error why;

	if (realpath(path, behind_links))
		path = behind_links; /* a link stays one, to the file that is replaced */
	why = keyring_text_read(path, true, &text, error);
	if (why == HA_OK)
		why = extend(path, &text, error);
	else if (why == HA_E_NOTFOUND)
		why = keyring_create(path, error);
	keyring_text_free(&text);
	return why == HA_OK ? read_first(path, made, error) : why;
}
