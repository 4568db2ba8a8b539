/* server_socket.h - for the server only: the listening socket as a file.
 *
 * May include: agentd/base. */
#ifndef AGENTD_CONTROL_SERVER_SOCKET_H
#define AGENTD_CONTROL_SERVER_SOCKET_H

#include <stddef.h>
#include <sys/stat.h>

#include "agentd/base/error.h"

struct server_socket {
	int descriptor;
	char path[108];
	struct stat status; /* to remove only what we made */
};

/* As control_server_open has it; the socket is bound but does not listen. */
enum ha_error server_socket_open(struct server_socket *out, const char *path, char *report,
                                 size_t size);
/* Remove the file if it is still the one that was made. */
void server_socket_remove(const struct server_socket *server_socket);

#endif
