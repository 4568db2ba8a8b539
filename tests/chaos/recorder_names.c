/* recorder_names.c - the calls that change names, put before the C library's
 * own. */
#include "tests/chaos/recorder.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where a name leads, absolute; links in the last part are not followed. */
static bool path_of_name(int at, const char *name, char *out)
{
	char joined[2 * PATH_SIZE], base[PATH_SIZE] = "";
	char *slash;

	if (name[0] != '/' && (at == AT_FDCWD ? !getcwd(base, sizeof(base)) : !recorder_path_of_fd(at, base)))
		return false;
	if (snprintf(joined, sizeof(joined), "%s%s%s", base, name[0] == '/' ? "" : "/", name) >=
	    (int)sizeof(joined))
		return false;
	slash = strrchr(joined, '/');
	*slash = '\0';
	if (!realpath(joined[0] ? joined : "/", base))
		return false;
	return snprintf(out, PATH_SIZE, "%s/%s", strcmp(base, "/") ? base : "", slash + 1) < PATH_SIZE;
}

/* Enter what was done to one name, if it worked and is watched. */
static int name_changed(uint8_t kind, int at, const char *name, int result)
{
	char path[PATH_SIZE];
	const char *inside;

	if (result == 0 && recorder_active() && path_of_name(at, name, path) && (inside = recorder_below(path)))
		recorder_enter_named(kind, inside, strlen(inside));
	return result;
}

static int names_changed(uint8_t kind, int from_at, const char *from, int to_at, const char *to,
                         int result)
{
	char from_path[PATH_SIZE], to_path[PATH_SIZE], both[2 * PATH_SIZE];
	const char *from_inside, *to_inside;
	int size;

	if (result != 0 || !recorder_active() || !path_of_name(from_at, from, from_path) ||
	    !path_of_name(to_at, to, to_path))
		return result;
	from_inside = recorder_below(from_path);
	to_inside = recorder_below(to_path);
	if (!from_inside && !to_inside)
		return result;
	if (!from_inside || !to_inside) {
		recorder_unsupported("a name that moves in or out");
		return result;
	}
	size = snprintf(both, sizeof(both), "%s%c%s", from_inside, 0, to_inside);
	recorder_enter_named(kind, both, (size_t)size);
	return result;
}

int unlink(const char *name)
{
	return name_changed(ENTRY_UNLINK, AT_FDCWD, name,
	                    (int)syscall(SYS_unlinkat, AT_FDCWD, name, 0));
}

int unlinkat(int at, const char *name, int flags)
{
	return name_changed(flags & AT_REMOVEDIR ? ENTRY_RMDIR : ENTRY_UNLINK, at, name,
	                    (int)syscall(SYS_unlinkat, at, name, flags));
}

int mkdir(const char *name, mode_t mode)
{
	return name_changed(ENTRY_MKDIR, AT_FDCWD, name,
	                    (int)syscall(SYS_mkdirat, AT_FDCWD, name, mode));
}

int mkdirat(int at, const char *name, mode_t mode)
{
	return name_changed(ENTRY_MKDIR, at, name, (int)syscall(SYS_mkdirat, at, name, mode));
}

int rmdir(const char *name)
{
	return name_changed(ENTRY_RMDIR, AT_FDCWD, name,
	                    (int)syscall(SYS_unlinkat, AT_FDCWD, name, AT_REMOVEDIR));
}

int rename(const char *from, const char *to)
{
	return names_changed(ENTRY_RENAME, AT_FDCWD, from, AT_FDCWD, to,
	                     (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
	return names_changed(ENTRY_RENAME, from_at, from, to_at, to,
	                     (int)syscall(SYS_renameat2, from_at, from, to_at, to, 0));
}

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags)
{
	int result = (int)syscall(SYS_renameat2, from_at, from, to_at, to, flags);

	if (result == 0 && flags & ~(unsigned)RENAME_NOREPLACE)
		recorder_unsupported("renameat2 with flags");
	return names_changed(ENTRY_RENAME, from_at, from, to_at, to, result);
}

int link(const char *from, const char *to)
{
	return names_changed(ENTRY_LINK, AT_FDCWD, from, AT_FDCWD, to,
	                     (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int linkat(int from_at, const char *from, int to_at, const char *to, int flags)
{
	return names_changed(ENTRY_LINK, from_at, from, to_at, to,
	                     (int)syscall(SYS_linkat, from_at, from, to_at, to, flags));
}
