/* recorder.c - a library to preload: writes down everything a program does to
 * the files below one directory, and what it made durable, so that
 * tests/chaos/powercut.py can build the directory that a power cut would have
 * left.
 *
 *     HEARTH_RECORDER_DIRECTORY  what is watched (absolute, without symbolic links)
 *     HEARTH_RECORDER_JOURNAL    the file that receives the entries
 *     HEARTH_RECORDER_KILL_AT    end the process by SIGKILL after so many entries
 *
 * A write is entered when it begins and when it has ended: a sync covers what
 * had ended when the sync began, and a write that a kill interrupts may have
 * happened or not. Everything else is entered when it has happened.
 *
 * What would escape it (a writable shared mapping of a watched file other than
 * LMDB's lock table) is entered as unsupported, which fails the test. stdio
 * of the C library does escape it; the tests compare the end result with the
 * real directory, so that nothing escapes unseen.
 *
 * System calls are made directly, so that nothing has to be looked up. */
#include "tests/chaos/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FD_COUNT 65536

static struct watched table[FD_COUNT];
static _Atomic uint64_t numbers = 1;
static _Atomic uint64_t entries;
static uint64_t kill_at;
static char directory[PATH_SIZE];
static size_t directory_size;
static int journal = -1;

/* ---- the journal ---- */

static uint64_t setting(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void start(void)
{
	const char *watched = getenv("HEARTH_RECORDER_DIRECTORY");
	const char *path = getenv("HEARTH_RECORDER_JOURNAL");

	if (!watched || !path || strlen(watched) >= sizeof(directory))
		return;
	kill_at = setting("HEARTH_RECORDER_KILL_AT");
	journal = (int)syscall(SYS_openat, AT_FDCWD, path,
	                       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (journal < 0) {
		dprintf(STDERR_FILENO, "recorder: %s: %s\n", path, strerror(errno));
		_exit(97);
	}
	memcpy(directory, watched, strlen(watched) + 1);
	directory_size = strlen(directory);
}

void recorder_enter(struct entry entry, const char *name, const struct iovec *data, int pieces)
{
	struct iovec all[2 + PIECES_MAX];
	int saved = errno;

	entry.magic = ENTRY_MAGIC;
	all[0] = (struct iovec){ &entry, sizeof(entry) };
	all[1] = (struct iovec){ (void *)(uintptr_t)name, entry.name_size };
	for (int i = 0; i < pieces; i++)
		all[2 + i] = data[i];
	if (syscall(SYS_writev, journal, all, 2 + pieces) < 0) {
		dprintf(STDERR_FILENO, "recorder: the journal: %s\n", strerror(errno));
		_exit(97);
	}
	if (atomic_fetch_add(&entries, 1) + 1 == kill_at)
		kill(getpid(), SIGKILL);
	errno = saved;
}

void recorder_enter_named(uint8_t kind, const char *name, size_t size)
{
	recorder_enter((struct entry){ .kind = kind, .name_size = (uint16_t)size }, name, NULL, 0);
}

void recorder_unsupported(const char *what)
{
	recorder_enter_named(ENTRY_UNSUPPORTED, what, strlen(what));
}

uint64_t recorder_number(void)
{
	return atomic_fetch_add(&numbers, 1);
}

bool recorder_active(void)
{
	return journal >= 0;
}

/* ---- which file ---- */

struct watched *recorder_watched(int fd)
{
	if (fd < 0 || fd >= FD_COUNT || journal < 0 || atomic_load(&table[fd].file) == 0)
		return NULL;
	return &table[fd];
}

const char *recorder_below(const char *path)
{
	if (journal < 0 || strncmp(path, directory, directory_size) != 0)
		return NULL;
	if (path[directory_size] == '\0')
		return ".";
	return path[directory_size] == '/' ? path + directory_size + 1 : NULL;
}

bool recorder_path_of_fd(int fd, char *out)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = syscall(SYS_readlinkat, AT_FDCWD, link, out, PATH_SIZE - 1);
	if (n < 0)
		return false;
	out[n] = '\0';
	return true;
}

static void watch(int fd, int flags, bool created)
{
	char path[PATH_SIZE];
	struct stat status;
	const char *name;
	uint64_t file;
	bool is_directory;

	if (fd < 0 || fd >= FD_COUNT || journal < 0 || !recorder_path_of_fd(fd, path))
		return;
	name = recorder_below(path);
	if (!name || fstat(fd, &status) != 0)
		return;
	is_directory = S_ISDIR(status.st_mode);
	file = recorder_number();
	recorder_enter((struct entry){ .kind = ENTRY_OPEN,
	                      .detail = is_directory ? 2 : created,
	                      .name_size = (uint16_t)strlen(name),
	                      .file = file },
	      name, NULL, 0);
	atomic_store(&table[fd].flags, flags);
	atomic_store(&table[fd].file, file);
	if (flags & O_TRUNC && !is_directory)
		recorder_enter((struct entry){ .kind = ENTRY_TRUNCATE, .file = file }, "", NULL, 0);
}

static int open_at(int at, const char *name, int flags, mode_t mode)
{
	struct stat status;
	bool existed = true;
	int fd;

	if (flags & O_CREAT)
		existed = fstatat(at, name, &status, 0) == 0;
	fd = (int)syscall(SYS_openat, at, name, flags, mode);
	if (fd >= 0)
		watch(fd, flags, !existed);
	return fd;
}

static mode_t mode_argument(int flags, va_list arguments)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(function)                                                                             \
	int function(const char *name, int flags, ...);                                            \
	int function(const char *name, int flags, ...)                                             \
	{                                                                                          \
		va_list arguments;                                                                 \
		va_start(arguments, flags);                                                        \
		mode_t mode = mode_argument(flags, arguments);                                     \
		va_end(arguments);                                                                 \
		return open_at(AT_FDCWD, name, flags, mode);                                       \
	}
#define OPENAT(function)                                                                           \
	int function(int at, const char *name, int flags, ...);                                    \
	int function(int at, const char *name, int flags, ...)                                     \
	{                                                                                          \
		va_list arguments;                                                                 \
		va_start(arguments, flags);                                                        \
		mode_t mode = mode_argument(flags, arguments);                                     \
		va_end(arguments);                                                                 \
		return open_at(at, name, flags, mode);                                             \
	}
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int __open_2(const char *name, int flags);
int __open_2(const char *name, int flags)
{
	return open_at(AT_FDCWD, name, flags, 0);
}

int __open64_2(const char *name, int flags);
int __open64_2(const char *name, int flags)
{
	return open_at(AT_FDCWD, name, flags, 0);
}

int __openat_2(int at, const char *name, int flags);
int __openat_2(int at, const char *name, int flags)
{
	return open_at(at, name, flags, 0);
}

int __openat64_2(int at, const char *name, int flags);
int __openat64_2(int at, const char *name, int flags)
{
	return open_at(at, name, flags, 0);
}

int creat(const char *name, mode_t mode)
{
	return open_at(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int close(int fd)
{
	if (fd >= 0 && fd < FD_COUNT)
		atomic_store(&table[fd].file, 0);
	return (int)syscall(SYS_close, fd);
}

static int copied(int from, int to)
{
	struct watched *watched = recorder_watched(from);

	if (watched && to >= 0 && to < FD_COUNT) {
		atomic_store(&table[to].flags, atomic_load(&watched->flags));
		atomic_store(&table[to].file, atomic_load(&watched->file));
	}
	return to;
}

int dup(int fd)
{
	return copied(fd, (int)syscall(SYS_dup, fd));
}

int dup2(int from, int to)
{
	return copied(from, from == to ? to : (int)syscall(SYS_dup3, from, to, 0));
}

int dup3(int from, int to, int flags)
{
	return copied(from, (int)syscall(SYS_dup3, from, to, flags));
}
