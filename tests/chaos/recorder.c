/* recorder.c - a library to preload: writes down everything a program does to
 * the files below one directory, and what it made durable, so that
 * tests/chaos/powercut.py can build the directory that a power cut would have
 * left.
 *
 *     HEARTH_RECORDER_DIRECTORY  what is watched (absolute, without symbolic links)
 *     HEARTH_RECORDER_JOURNAL    the file that receives the entries
 *     HEARTH_RECORDER_KILL_AT    end the process by SIGKILL after so many entries
 *
 * Every change is entered before its call and again when it has returned: a sync
 * covers what had returned when it began, and what a kill interrupts may have
 * happened or not.
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

uint64_t recorder_enter(struct entry entry, const char *name, const struct iovec *data, int pieces)
{
	struct iovec all[2 + PIECES_MAX];
	int saved = errno;

	entry.magic = ENTRY_MAGIC;
	if (entry.number == 0)
		entry.number = atomic_fetch_add(&numbers, 1);
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
	return entry.number;
}

uint64_t recorder_enter_named(uint8_t kind, uint8_t detail, const char *name, size_t size)
{
	return recorder_enter(
		(struct entry){ .kind = kind, .detail = detail, .name_size = (uint16_t)size }, name,
		NULL, 0);
}

void recorder_done(uint64_t number, enum entry_result result, uint64_t octets)
{
	recorder_enter((struct entry){ .kind = ENTRY_DONE,
	                               .detail = (uint8_t)result,
	                               .number = number,
	                               .offset = octets },
	               "", NULL, 0);
}

void recorder_unsupported(const char *what)
{
	recorder_enter_named(ENTRY_UNSUPPORTED, 0, what, strlen(what));
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

bool recorder_path_of_name(int at, const char *name, char *out)
{
	char joined[2 * PATH_SIZE], base[PATH_SIZE] = "";
	char *slash;

	if (name[0] != '/' &&
	    (at == AT_FDCWD ? !getcwd(base, sizeof(base)) : !recorder_path_of_fd(at, base)))
		return false;
	if (snprintf(joined, sizeof(joined), "%s%s%s", base, name[0] == '/' ? "" : "/", name) >=
	    (int)sizeof(joined))
		return false;
	slash = strrchr(joined, '/');
	*slash = '\0';
	if (!realpath(joined[0] ? joined : "/", base))
		return false;
	return snprintf(out, PATH_SIZE, "%s/%s", strcmp(base, "/") ? base : "", slash + 1) <
	       PATH_SIZE;
}

static void watch(int fd, int flags)
{
	char path[PATH_SIZE];
	struct stat status;
	const char *name;
	uint64_t file;

	if (fd < 0 || fd >= FD_COUNT || journal < 0 || !recorder_path_of_fd(fd, path))
		return;
	name = recorder_below(path);
	if (!name || fstat(fd, &status) != 0)
		return;
	file = atomic_fetch_add(&numbers, 1);
	recorder_enter((struct entry){ .kind = ENTRY_OPEN,
	                               .detail = S_ISDIR(status.st_mode),
	                               .name_size = (uint16_t)strlen(name),
	                               .file = file },
	               name, NULL, 0);
	atomic_store(&table[fd].flags, flags);
	atomic_store(&table[fd].file, file);
}

/* Enter that a file is about to be made or emptied; 0 if this opens nothing of
 * the kind. */
static uint64_t creates(int at, const char *name, int flags)
{
	char path[PATH_SIZE];
	const char *inside;

	if (journal < 0 || !(flags & (O_CREAT | O_TRUNC)) || !recorder_path_of_name(at, name, path))
		return 0;
	inside = recorder_below(path);
	if (!inside)
		return 0;
	return recorder_enter_named(ENTRY_CREATE, (flags & O_TRUNC) != 0, inside, strlen(inside));
}

static int open_at(int at, const char *name, int flags, mode_t mode)
{
	uint64_t number = creates(at, name, flags);
	int fd = (int)syscall(SYS_openat, at, name, flags, mode);

	if (number)
		recorder_done(number, fd < 0 ? RESULT_FAILED : RESULT_HAPPENED, 0);
	if (fd >= 0)
		watch(fd, flags);
	return fd;
}

#define OPEN(function)                                                                             \
	int function(const char *name, int flags, ...);                                            \
	int function(const char *name, int flags, ...)                                             \
	{                                                                                          \
		va_list arguments;                                                                 \
		va_start(arguments, flags);                                                        \
		mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;       \
		va_end(arguments);                                                                 \
		return open_at(AT_FDCWD, name, flags, mode);                                       \
	}
#define OPENAT(function)                                                                           \
	int function(int at, const char *name, int flags, ...);                                    \
	int function(int at, const char *name, int flags, ...)                                     \
	{                                                                                          \
		va_list arguments;                                                                 \
		va_start(arguments, flags);                                                        \
		mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;       \
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

#define FCNTL(function)                                                                            \
	int function(int fd, int command, ...);                                                    \
	int function(int fd, int command, ...)                                                     \
	{                                                                                          \
		va_list arguments;                                                                 \
		va_start(arguments, command);                                                      \
		long argument = va_arg(arguments, long); /* or a pointer, or nothing */            \
		va_end(arguments);                                                                 \
		int result = (int)syscall(SYS_fcntl, fd, command, argument);                       \
		bool copies = command == F_DUPFD || command == F_DUPFD_CLOEXEC;                    \
		return copies ? copied(fd, result) : result;                                       \
	}
FCNTL(fcntl)
FCNTL(fcntl64)
