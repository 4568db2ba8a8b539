/* key_file.c - secret keys on the disk. What was read is wiped. */
#include "agentd/base/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agentd/base/arena.h"

/* ---- reading ---- */

void key_text_free(struct key_text *text)
{
	arena_unmap(text->at, KEY_FILE_MAX);
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
			"%.250s holds secret keys, but belongs to user %u; it must belong "
			" to user %u or to root",
			path, (unsigned)status->st_uid, (unsigned)geteuid());
	if (status->st_mode & 077)
		return keyring_refuse(
			error, HA_E_PERMISSION,
			"%.250s holds secret keys, but its mode %04o lets others open it; "
			"chmod 600 mends that",
			path, (unsigned)(status->st_mode & 07777));
	if (status->st_size > (off_t)KEY_FILE_MAX)
		return keyring_refuse(error, HA_E_RANGE, "%.250s is longer than %u octets", path,
		                      KEY_FILE_MAX);
	return HA_OK;
}

static enum ha_error read_all(int descriptor, const char *path, struct key_text *out,
                              struct keyring_error *error)
{
	ssize_t n = 1;

	out->size = 0;
	out->at = arena_map(KEY_FILE_MAX);
	if (!out->at)
		return keyring_refuse(error, HA_E_NOMEM, "%.250s: out of memory", path);
	while (n > 0 && out->size < KEY_FILE_MAX) {
		n = read(descriptor, out->at + out->size, KEY_FILE_MAX - out->size);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			out->size += (size_t)n;
	}
	if (n < 0)
		return keyring_refuse(error, HA_E_IO, "%.250s: %s", path, strerror(errno));
	return HA_OK;
}

enum ha_error key_file_read(const char *path, bool any_owner, struct key_text *out,
                            struct keyring_error *error)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum ha_error why;

	*out = (struct key_text){ 0 };
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

/* ---- writing ---- */

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

static bool write_rest(int descriptor, const struct key_text *rest)
{
	return fchown(descriptor, rest->status.st_uid, rest->status.st_gid) == 0 &&
	       write_all(descriptor, rest->at, rest->size);
}

enum ha_error key_file_write(const char *path, const char *text, size_t size,
                             const struct key_text *rest, struct keyring_error *error)
{
	int number = 0;
	int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (descriptor < 0) {
		number = errno;
	} else {
		if (fchmod(descriptor, 0600) != 0 || !write_all(descriptor, text, size) ||
		    (rest && !write_rest(descriptor, rest)) || fsync(descriptor) != 0) {
			number = errno;
			unlink(path);
		}
		close(descriptor);
	}
	if (number == 0)
		return HA_OK;
	return keyring_refuse(error, ha_error_of_errno(number), "%.250s cannot be written: %s",
	                      path, strerror(number));
}

bool key_file_flush_name(const char *path)
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

/* A name beside `path` that nobody else has. false: it would be too long. */
static bool name_beside(const char *path, char out[PATH_MAX])
{
	uint64_t number;

	keyring_random(&number, sizeof(number));
	return snprintf(out, PATH_MAX, "%s.%016llx", path, (unsigned long long)number) < PATH_MAX;
}

enum ha_error key_file_create(const char *path, const char *text, size_t size,
                              struct keyring_error *error)
{
	char fresh[PATH_MAX];
	enum ha_error why;

	if (!name_beside(path, fresh))
		return keyring_refuse(error, HA_E_RANGE, "%.250s...: the name is too long", path);
	why = key_file_write(fresh, text, size, NULL, error);
	if (why != HA_OK)
		return why;
	if (link(fresh, path) != 0) /* never over one that is there */
		why = keyring_refuse(error, ha_error_of_errno(errno), "%.250s cannot be made: %s",
		                     path, strerror(errno));
	unlink(fresh);
	if (why == HA_OK && !key_file_flush_name(path))
		why = keyring_refuse(error, HA_E_IO,
		                     "the directory of %.250s cannot be flushed: %s", path,
		                     strerror(errno));
	return why;
}
