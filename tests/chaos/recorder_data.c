/* recorder_data.c - the calls that change what is in a file, and those that make
 * it durable, put before the C library's own. */
#include "tests/chaos/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- writes ---- */

static size_t total(const struct iovec *data, int pieces)
{
	size_t size = 0;

	for (int i = 0; i < pieces; i++)
		size += data[i].iov_len;
	return size;
}

/* `offset` below 0: at the descriptor's own position. */
static ssize_t write_watched(struct watched *watched, int fd, const struct iovec *data, int pieces,
                             off_t offset)
{
	uint64_t number = recorder_number();
	uint64_t file = atomic_load(&watched->file);
	int flags = atomic_load(&watched->flags);
	off_t at = offset;
	ssize_t n;

	if (flags & O_APPEND)
		at = (off_t)syscall(SYS_lseek, fd, 0, SEEK_END);
	else if (offset < 0)
		at = (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR);
	recorder_enter((struct entry){ .kind = ENTRY_WRITE_BEGIN,
	                      .number = number,
	                      .file = file,
	                      .offset = (uint64_t)at,
	                      .data_size = total(data, pieces) },
	      "", data, pieces);
	n = offset < 0 ? syscall(SYS_writev, fd, data, pieces) :
	                 syscall(SYS_pwritev, fd, data, pieces, offset, 0);
	recorder_enter((struct entry){ .kind = ENTRY_WRITE_END,
	                      .detail = (flags & O_DSYNC) != 0, /* O_SYNC has that bit too */
	                      .number = number,
	                      .file = file,
	                      .offset = n > 0 ? (uint64_t)n : 0 },
	      "", NULL, 0);
	return n;
}

ssize_t write(int fd, const void *octets, size_t size)
{
	struct watched *watched = recorder_watched(fd);
	struct iovec data = { (void *)(uintptr_t)octets, size };

	if (!watched)
		return syscall(SYS_write, fd, octets, size);
	return write_watched(watched, fd, &data, 1, -1);
}

ssize_t writev(int fd, const struct iovec *data, int pieces)
{
	struct watched *watched = recorder_watched(fd);

	if (!watched || pieces > PIECES_MAX)
		return syscall(SYS_writev, fd, data, pieces);
	return write_watched(watched, fd, data, pieces, -1);
}

#define PWRITE(function)                                                                           \
	ssize_t function(int fd, const void *octets, size_t size, off_t offset);                   \
	ssize_t function(int fd, const void *octets, size_t size, off_t offset)                    \
	{                                                                                          \
		struct watched *watched = recorder_watched(fd);                                          \
		struct iovec data = { (void *)(uintptr_t)octets, size };                           \
		if (!watched)                                                                      \
			return syscall(SYS_pwrite64, fd, octets, size, offset);                    \
		return write_watched(watched, fd, &data, 1, offset);                               \
	}
#define PWRITEV(function)                                                                          \
	ssize_t function(int fd, const struct iovec *data, int pieces, off_t offset);              \
	ssize_t function(int fd, const struct iovec *data, int pieces, off_t offset)               \
	{                                                                                          \
		struct watched *watched = recorder_watched(fd);                                          \
		if (!watched || pieces > PIECES_MAX)                                                  \
			return syscall(SYS_pwritev, fd, data, pieces, offset, 0);                  \
		return write_watched(watched, fd, data, pieces, offset);                           \
	}
PWRITE(pwrite)
PWRITE(pwrite64)
PWRITEV(pwritev)
PWRITEV(pwritev64)

/* ---- sizes ---- */

static int truncated(int fd, off_t size, int result)
{
	struct watched *watched = recorder_watched(fd);

	if (watched && result == 0)
		recorder_enter((struct entry){ .kind = ENTRY_TRUNCATE,
		                      .file = atomic_load(&watched->file),
		                      .offset = (uint64_t)size },
		      "", NULL, 0);
	return result;
}

int ftruncate(int fd, off_t size)
{
	return truncated(fd, size, (int)syscall(SYS_ftruncate, fd, size));
}

int ftruncate64(int fd, off_t size)
{
	return truncated(fd, size, (int)syscall(SYS_ftruncate, fd, size));
}

static int allocate(int fd, int mode, off_t offset, off_t size)
{
	struct watched *watched = recorder_watched(fd);
	int result = (int)syscall(SYS_fallocate, fd, mode, offset, size);

	if (!watched || result != 0)
		return result;
	if (mode != 0 && mode != FALLOC_FL_KEEP_SIZE)
		recorder_unsupported("fallocate that changes contents");
	if (mode == 0)
		recorder_enter((struct entry){ .kind = ENTRY_ALLOCATE,
		                      .file = atomic_load(&watched->file),
		                      .offset = (uint64_t)(offset + size) },
		      "", NULL, 0);
	return result;
}

int fallocate(int fd, int mode, off_t offset, off_t size)
{
	return allocate(fd, mode, offset, size);
}

int fallocate64(int fd, int mode, off_t offset, off_t size)
{
	return allocate(fd, mode, offset, size);
}

int posix_fallocate(int fd, off_t offset, off_t size)
{
	return allocate(fd, 0, offset, size) == 0 ? 0 : errno;
}

int posix_fallocate64(int fd, off_t offset, off_t size)
{
	return allocate(fd, 0, offset, size) == 0 ? 0 : errno;
}

/* ---- syncs ---- */

static int sync_by(long call, int fd, uint64_t file)
{
	uint64_t number = recorder_number();
	int result;

	recorder_enter((struct entry){ .kind = ENTRY_SYNC_BEGIN, .number = number, .file = file }, "", NULL, 0);
	result = (int)syscall(call, fd);
	if (result == 0)
		recorder_enter((struct entry){ .kind = ENTRY_SYNC_END, .number = number }, "", NULL, 0);
	return result;
}

static int sync_fd(long call, int fd)
{
	struct watched *watched = recorder_watched(fd);

	return watched ? sync_by(call, fd, atomic_load(&watched->file)) : (int)syscall(call, fd);
}

int fsync(int fd)
{
	return sync_fd(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return sync_fd(SYS_fdatasync, fd);
}

int syncfs(int fd)
{
	return recorder_active() ? sync_by(SYS_syncfs, fd, 0) : (int)syscall(SYS_syncfs, fd);
}

void sync(void)
{
	if (recorder_active())
		sync_by(SYS_sync, 0, 0);
	else
		syscall(SYS_sync);
}

/* sync_file_range promises nothing about durability, so it is not entered. */

static void *map(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	struct watched *watched = recorder_watched(fd);
	char path[PATH_SIZE];

	if (watched && flags & MAP_SHARED && protection & PROT_WRITE && recorder_path_of_fd(fd, path) &&
	    !strstr(path, "lock.mdb"))
		recorder_unsupported("a writable shared mapping");
	return (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset);
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	return map(at, size, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	return map(at, size, protection, flags, fd, offset);
}
