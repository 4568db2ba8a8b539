/* server_socket.c - make a socket's file with the right mode, in place
 * of one that a dead process left, never of one in use. */
#include "agentd/base/server_socket.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_MODE 0660

struct attempt {
	struct sockaddr_un address;
	char *report;
	size_t size;
};

#define refuse(attempt, why, ...) ha_refuse((attempt)->report, (attempt)->size, why, __VA_ARGS__)

static enum ha_error refuse_errno(const struct attempt *attempt, const char *what)
{
	int number = errno;

	return refuse(attempt, ha_error_of_errno(number), "control socket %s: it cannot %s: %s",
	              attempt->address.sun_path, what, strerror(number));
}

static bool somebody_answers(const struct attempt *attempt)
{
	int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool answers;

	if (descriptor < 0)
		return false;
	answers = connect(descriptor, (const struct sockaddr *)&attempt->address,
	                  sizeof(attempt->address)) == 0 ||
	          errno == EAGAIN;
	close(descriptor);
	return answers;
}

static enum ha_error clear_way(const struct attempt *attempt)
{
	const char *path = attempt->address.sun_path;
	struct stat status;

	if (lstat(path, &status) != 0)
		return errno == ENOENT ? HA_OK : refuse_errno(attempt, "be examined");
	if (!S_ISSOCK(status.st_mode))
		return refuse(attempt, HA_E_EXISTS,
		              "control socket %s: there is something else than a socket", path);
	if (somebody_answers(attempt))
		return refuse(attempt, HA_E_INUSE,
		              "control socket %s: another process answers there", path);
	if (unlink(path) != 0)
		return refuse_errno(attempt, "be replaced");
	return HA_OK;
}

static enum ha_error bind_socket(const struct attempt *attempt, struct server_socket *out)
{
	const char *path = attempt->address.sun_path;
	mode_t mask = umask(0777); /* nobody connects before the owner is right */
	int failed = bind(out->descriptor, (const struct sockaddr *)&attempt->address,
	                  sizeof(attempt->address));

	umask(mask);
	if (failed)
		return refuse_errno(attempt, "be created");
	if (chmod(path, SOCKET_MODE) != 0 || lstat(path, &out->status) != 0)
		return refuse_errno(attempt, "be given its mode");
	return HA_OK;
}

enum ha_error server_socket_open(struct server_socket *out, const char *path, char *report,
                                 size_t size)
{
	struct attempt attempt = { .report = report, .size = size };
	enum ha_error why;

	*out = (struct server_socket){ .descriptor = -1 };
	if (strlen(path) >= sizeof(attempt.address.sun_path))
		return refuse(&attempt, HA_E_RANGE, "control socket %.40s...: the path is too long",
		              path);
	attempt.address.sun_family = AF_UNIX;
	memcpy(attempt.address.sun_path, path, strlen(path));
	memcpy(out->path, path, strlen(path));
	why = clear_way(&attempt);
	if (why != HA_OK)
		return why;
	out->descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (out->descriptor < 0)
		return refuse_errno(&attempt, "be made");
	why = bind_socket(&attempt, out);
	if (why != HA_OK) {
		close(out->descriptor);
		out->descriptor = -1;
	}
	return why;
}

void server_socket_remove(const struct server_socket *server_socket)
{
	struct stat status;

	if (lstat(server_socket->path, &status) == 0 &&
	    status.st_ino == server_socket->status.st_ino &&
	    status.st_dev == server_socket->status.st_dev)
		unlink(server_socket->path);
}
