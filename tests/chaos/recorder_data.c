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

/* `offset` below 0: at the descriptor's own position. `mode`: RWF_ flags. */
static ssize_t write_watched(struct watched *watched, int fd, const struct iovec *data, int pieces,
                             off_t offset, int mode)
{
	int flags = atomic_load(&watched->flags);
	bool through = flags & O_DSYNC || mode & (RWF_DSYNC | RWF_SYNC);
	enum entry_result happened = through ? RESULT_DURABLE : RESULT_HAPPENED;
	off_t at = offset;
	uint64_t number;
	ssize_t n;

	if (flags & O_APPEND || mode & RWF_APPEND)
		at = (off_t)syscall(SYS_lseek, fd, 0, SEEK_END);
	else if (offset < 0)
		at = (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR);
	number = recorder_enter((struct entry){ .kind = ENTRY_WRITE,
	                                        .file = atomic_load(&watched->file),
	                                        .offset = (uint64_t)at,
	                                        .data_size = total(data, pieces) },
	                        "", data, pieces);
	n = syscall(SYS_pwritev2, fd, data, pieces, offset, 0, mode); /* -1 is the position */
	recorder_done(number, n < 0 ? RESULT_FAILED : happened, n > 0 ? (uint64_t)n : 0);
	return n;
}

ssize_t write(int fd, const void *octets, size_t size)
{
	struct watched *watched = recorder_watched(fd);
	struct iovec data = { (void *)(uintptr_t)octets, size };

	if (!watched)
		return syscall(SYS_write, fd, octets, size);
	return write_watched(watched, fd, &data, 1, -1, 0);
}

ssize_t writev(int fd, const struct iovec *data, int pieces)
{
	struct watched *watched = recorder_watched(fd);

	if (!watched || pieces > PIECES_MAX)
		return syscall(SYS_writev, fd, data, pieces);
	return write_watched(watched, fd, data, pieces, -1, 0);
}

#define PWRITE(function)                                                                           \
	ssize_t function(int fd, const void *octets, size_t size, off_t offset);                   \
	ssize_t function(int fd, const void *octets, size_t size, off_t offset)                    \
	{                                                                                          \
		struct watched *watched = recorder_watched(fd);                                    \
		struct iovec data = { (void *)(uintptr_t)octets, size };                           \
		if (!watched)                                                                      \
			return syscall(SYS_pwrite64, fd, octets, size, offset);                    \
		return write_watched(watched, fd, &data, 1, offset, 0);                            \
	}
#define PWRITEV(function)                                                                          \
	ssize_t function(int fd, const struct iovec *data, int pieces, off_t offset);              \
	ssize_t function(int fd, const struct iovec *data, int pieces, off_t offset)               \
	{                                                                                          \
		struct watched *watched = recorder_watched(fd);                                    \
		if (!watched || pieces > PIECES_MAX)                                               \
			return syscall(SYS_pwritev, fd, data, pieces, offset, 0);                  \
		return write_watched(watched, fd, data, pieces, offset, 0);                        \
	}
PWRITE(pwrite)
PWRITE(pwrite64)
PWRITEV(pwritev)
PWRITEV(pwritev64)

#define PWRITEV2(function)                                                                         \
	ssize_t function(int fd, const struct iovec *data, int pieces, off_t offset, int mode);    \
	ssize_t function(int fd, const struct iovec *data, int pieces, off_t offset, int mode)     \
	{                                                                                          \
		struct watched *watched = recorder_watched(fd);                                    \
		if (!watched || pieces > PIECES_MAX)                                               \
			return syscall(SYS_pwritev2, fd, data, pieces, offset, 0, mode);           \
		return write_watched(watched, fd, data, pieces, offset, mode);                     \
	}
PWRITEV2(pwritev2)
PWRITEV2(pwritev64v2)

/* ---- sizes ---- */

static uint64_t enter_size(uint8_t kind, const struct watched *watched, off_t size)
{
	return recorder_enter((struct entry){ .kind = kind,
	                                      .file = atomic_load(&watched->file),
	                                      .offset = (uint64_t)size },
	                      "", NULL, 0);
}

static enum entry_result result_of(int result)
{
	return result == 0 ? RESULT_HAPPENED : RESULT_FAILED;
}

static int truncate_fd(int fd, off_t size)
{
	struct watched *watched = recorder_watched(fd);
	uint64_t number = watched ? enter_size(ENTRY_TRUNCATE, watched, size) : 0;
	int result = (int)syscall(SYS_ftruncate, fd, size);

	if (watched)
		recorder_done(number, result_of(result), 0);
	return result;
}

int ftruncate(int fd, off_t size)
{
	return truncate_fd(fd, size);
}

int ftruncate64(int fd, off_t size)
{
	return truncate_fd(fd, size);
}

static int allocate(int fd, int mode, off_t offset, off_t size)
{
	struct watched *watched = recorder_watched(fd);
	uint64_t number = 0;
	int result;

	if (watched && mode != 0 && mode != FALLOC_FL_KEEP_SIZE)
		recorder_unsupported("fallocate that changes contents");
	if (watched && mode == 0)
		number = enter_size(ENTRY_ALLOCATE, watched, offset + size);
	result = (int)syscall(SYS_fallocate, fd, mode, offset, size);
	if (number)
		recorder_done(number, result_of(result), 0);
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
	uint64_t number = recorder_enter((struct entry){ .kind = ENTRY_SYNC, .file = file }, "",
	                                 NULL, 0);
	int result = (int)syscall(call, fd);

	recorder_done(number, result_of(result), 0);
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

	if (watched && flags & MAP_SHARED && protection & PROT_WRITE &&
	    recorder_path_of_fd(fd, path) && !strstr(path, "lock.mdb"))
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
