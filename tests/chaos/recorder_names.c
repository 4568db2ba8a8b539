/* recorder_names.c - the calls that change names, put before the C library's
 * own. */
#include "tests/chaos/recorder.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Enter what is about to happen to one name; 0 when it is not watched. */
static uint64_t enter_name(uint8_t kind, int at, const char *name)
{
	char path[PATH_SIZE];
	const char *inside;

	if (!recorder_active() || !recorder_path_of_name(at, name, path))
		return 0;
	inside = recorder_below(path);
	return inside ? recorder_enter_named(kind, 0, inside, strlen(inside)) : 0;
}

static uint64_t enter_names(uint8_t kind, int from_at, const char *from, int to_at, const char *to)
{
	char from_path[PATH_SIZE], to_path[PATH_SIZE], both[2 * PATH_SIZE];
	const char *from_inside, *to_inside;
	int size;

	if (!recorder_active() || !recorder_path_of_name(from_at, from, from_path) ||
	    !recorder_path_of_name(to_at, to, to_path))
		return 0;
	from_inside = recorder_below(from_path);
	to_inside = recorder_below(to_path);
	if (!from_inside && !to_inside)
		return 0;
	if (!from_inside || !to_inside) {
		recorder_unsupported("a name that moves in or out");
		return 0;
	}
	size = snprintf(both, sizeof(both), "%s%c%s", from_inside, 0, to_inside);
	return recorder_enter_named(kind, 0, both, (size_t)size);
}

static int done(uint64_t number, long result)
{
	if (number)
		recorder_done(number, result == 0 ? RESULT_HAPPENED : RESULT_FAILED, 0);
	return (int)result;
}

int unlinkat(int at, const char *name, int flags)
{
	uint64_t number = enter_name(ENTRY_UNLINK, at, name);

	return done(number, syscall(SYS_unlinkat, at, name, flags));
}

int unlink(const char *name)
{
	return unlinkat(AT_FDCWD, name, 0);
}

int rmdir(const char *name)
{
	return unlinkat(AT_FDCWD, name, AT_REMOVEDIR);
}

int mkdirat(int at, const char *name, mode_t mode)
{
	uint64_t number = enter_name(ENTRY_MKDIR, at, name);

	return done(number, syscall(SYS_mkdirat, at, name, mode));
}

int mkdir(const char *name, mode_t mode)
{
	return mkdirat(AT_FDCWD, name, mode);
}

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags)
{
	uint64_t number = enter_names(ENTRY_RENAME, from_at, from, to_at, to);

	if (number && flags & ~(unsigned)RENAME_NOREPLACE)
		recorder_unsupported("renameat2 with flags");
	return done(number, syscall(SYS_renameat2, from_at, from, to_at, to, flags));
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
	return renameat2(from_at, from, to_at, to, 0);
}

int rename(const char *from, const char *to)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int linkat(int from_at, const char *from, int to_at, const char *to, int flags)
{
	uint64_t number = enter_names(ENTRY_LINK, from_at, from, to_at, to);

	return done(number, syscall(SYS_linkat, from_at, from, to_at, to, flags));
}

int link(const char *from, const char *to)
{
	return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}
