/* failing.c - preloaded into agentd, makes its disk fail: while the file that
 * HEARTH_FAILING names exists, nothing becomes durable any more.
 *
 * Flushes, and writes at an offset, return EIO, as a broken device does. Sockets
 * and pipes do not come to these calls. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static bool fails(void)
{
	const char *path = getenv("HEARTH_FAILING");

	if (!path || access(path, F_OK) != 0)
		return false;
	errno = EIO;
	return true;
}

int fsync(int fd)
{
	return fails() ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return fails() ? -1 : (int)syscall(SYS_fdatasync, fd);
}

ssize_t pwrite(int fd, const void *octets, size_t size, off_t at)
{
	return fails() ? -1 : syscall(SYS_pwrite64, fd, octets, size, at);
}
