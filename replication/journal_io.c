/* journal_io.c - the operating system behind struct journal_io. Knows nothing
 * of segments; decides nothing. */
#include "replication/journal_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static int result_of(int result)
{
	return result < 0 ? -errno : result;
}

static int system_open_directory(void *context, const char *path)
{
	(void)context;
	return result_of(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int system_list(void *context, int directory, journal_io_name *each, void *argument)
{
	(void)context;
	/* A descriptor of its own: closedir closes it. */
	int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (copy < 0)
		return -errno;
	DIR *names = fdopendir(copy);
	if (!names) {
		int error = -errno;
		close(copy);
		return error;
	}

	int stop = 0;
	const struct dirent *entry;
	for (errno = 0; !stop && (entry = readdir(names)); errno = 0) {
		if (entry->d_name[0] != '.')
			stop = each(argument, entry->d_name);
	}
	if (!stop && errno)
		stop = -errno;
	closedir(names);
	return stop;
}

static int system_open(void *context, int directory, const char *name, enum journal_io_mode mode)
{
	(void)context;
	int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
	if (mode == JOURNAL_IO_FRESH)
		flags |= O_CREAT | O_TRUNC;
	if (mode == JOURNAL_IO_LOCK)
		flags |= O_CREAT;
	int file = openat(directory, name, flags, 0600);
	if (file < 0)
		return -errno;
	if (mode == JOURNAL_IO_LOCK && flock(file, LOCK_EX | LOCK_NB)) {
		int error = -errno;
		close(file);
		return error;
	}
	return file;
}

static int system_close(void *context, int handle)
{
	(void)context;
	return result_of(close(handle));
}

static int64_t system_size(void *context, int file)
{
	(void)context;
	struct stat about;
	if (fstat(file, &about))
		return -errno;
	return about.st_size;
}

static ssize_t system_pread(void *context, int file, void *octets, size_t size, uint64_t offset)
{
	(void)context;
	ssize_t n = pread(file, octets, size, (off_t)offset);
	return n < 0 ? -errno : n;
}

static ssize_t system_pwrite(void *context, int file, const void *octets, size_t size,
                             uint64_t offset)
{
	(void)context;
	ssize_t n = pwrite(file, octets, size, (off_t)offset);
	return n < 0 ? -errno : n;
}

static int system_sync_file(void *context, int file)
{
	(void)context;
	return result_of(fdatasync(file));
}

static int system_sync_directory(void *context, int directory)
{
	(void)context;
	return result_of(fsync(directory));
}

static int system_rename(void *context, int directory, const char *from, const char *to)
{
	(void)context;
	return result_of(renameat(directory, from, directory, to));
}

static int system_remove(void *context, int directory, const char *name)
{
	(void)context;
	return result_of(unlinkat(directory, name, 0));
}

static int system_random(void *context, uint64_t *out)
{
	(void)context;
	ssize_t n = getrandom(out, sizeof(*out), 0);
	if (n < 0)
		return -errno;
	return n == sizeof(*out) ? 0 : -EIO;
}

const struct journal_io journal_io_system = {
	.open_directory = system_open_directory,
	.list = system_list,
	.open = system_open,
	.close = system_close,
	.size = system_size,
	.pread = system_pread,
	.pwrite = system_pwrite,
	.sync_file = system_sync_file,
	.sync_directory = system_sync_directory,
	.rename = system_rename,
	.remove = system_remove,
	.random = system_random,
};

int journal_io_read(const struct journal_io *io, int file, void *octets, size_t size,
                    uint64_t offset)
{
	uint8_t *at = octets;
	while (size > 0) {
		ssize_t n = io->pread(io->context, file, at, size, offset);
		if (n == -EINTR)
			continue;
		if (n < 0)
			return (int)n;
		if (n == 0)
			return -ENODATA;
		at += n;
		size -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

int journal_io_write(const struct journal_io *io, int file, const void *octets, size_t size,
                     uint64_t offset)
{
	const uint8_t *at = octets;
	while (size > 0) {
		ssize_t n = io->pwrite(io->context, file, at, size, offset);
		if (n == -EINTR)
			continue;
		if (n < 0)
			return (int)n;
		if (n == 0)
			return -ENOSPC;
		at += n;
		size -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}
