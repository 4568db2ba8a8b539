/* server_socket.h - a listening Unix socket as a file, for programs that are asked by it.
 *
 * May include: agentd/base. */
#ifndef AGENTD_BASE_SERVER_SOCKET_H
#define AGENTD_BASE_SERVER_SOCKET_H

#include <stddef.h>
#include <sys/stat.h>

#include "agentd/base/error.h"

struct server_socket {
	int descriptor;
	char path[108];
	struct stat status; /* to remove only what we made */
};

/* Of mode 0660: root and the group of this process may ask. One that nobody listens on any more is
 * replaced. It is bound but does not listen. HA_E_INUSE (somebody answers there), HA_E_RANGE (path too
 * long), HA_E_EXISTS (a file of another kind), HA_E_PERMISSION, HA_E_NOTFOUND (no such directory) or
 * HA_E_IO, with a sentence. */
enum ha_error server_socket_open(struct server_socket *out, const char *path, char *report,
                                 size_t size);
/* Remove the file if it is still the one that was made. */
void server_socket_remove(const struct server_socket *server_socket);

#endif
