/* server_internal.h - for the server's files only: a client, and what it
 * belongs to.
 *
 * May include: uv, agentd/control. */
#ifndef AGENTD_CONTROL_SERVER_INTERNAL_H
#define AGENTD_CONTROL_SERVER_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <uv.h>

#include "agentd/control/call.h"
#include "agentd/control/loop_internal.h"
#include "agentd/control/server.h"
#include "agentd/base/server_socket.h"

struct connection {
	uv_pipe_t pipe;
	uv_write_t write;
	struct control_server *server;
	struct connection *next;
	struct octets in;
	struct call call;
	char who[64];
	uint64_t active_ms; /* last whole request or written page */
	bool reading;
	bool writing;
	bool ended;   /* the page being written is the last one */
	bool hang_up; /* after it */
	bool waiting; /* for the store thread, which has a pointer to the call */
	bool closed;
	/* An import is many requests, and one line of the log at its end. */
	uint64_t imported, import_changes;
};

struct control_server {
	uv_pipe_t pipe;
	uv_timer_t scan;
	uv_async_t wake;
	struct loop *loop;
	struct call_groups groups;
	struct server_socket socket;
	struct connection *connections;
	size_t connection_count;
	unsigned open_handles;
	pthread_mutex_t lock; /* of finished */
	struct call *finished;
};

/* ---- server_connection.c ---- */

/* Take the next request from what was read, or read on. */
void connection_serve(struct connection *c);
/* Answer with nothing but this error, and hang up. */
void connection_refuse(struct connection *c, enum ha_error error, const char *message);
void connection_hang_up(struct connection *c);
/* The change that a call waited for is made. */
void connection_resume(struct connection *c);

#endif
