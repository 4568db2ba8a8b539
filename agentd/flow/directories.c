/* directories.c - made and flushed; the names in a directory are on the disk
 * only when it is flushed, and a start before this one may have been cut off in
 * between. */
#include "agentd/flow/directories.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/base/config.h"

enum ha_error directory_make(const char *path, char *report, size_t size)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return HA_OK;
	return ha_refuse(report, size, ha_error_of_errno(errno),
	                 "cannot create the directory %s: %s", path, strerror(errno));
}

enum ha_error directory_flush(const char *path, char *report, size_t size)
{
	int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int number = descriptor < 0 || fsync(descriptor) != 0 ? errno : 0;

	if (descriptor >= 0)
		close(descriptor);
	if (number == 0)
		return HA_OK;
	return ha_refuse(report, size, ha_error_of_errno(number),
	                 "the directory %s cannot be flushed: %s", path, strerror(number));
}

enum ha_error directory_flush_parent(const char *path, char *report, size_t size)
{
	char parent[CONFIG_TEXT_MAX + 16];
	enum ha_error error;

	snprintf(parent, sizeof(parent), "%s/..", path);
	error = directory_flush(parent, report, size);
	return error == HA_E_PERMISSION ? HA_OK : error;
}
