/* server.c - the control socket's life: clients come, go quiet and go, and what
 * the store thread has finished finds its client again. */
#include "agentd/control/server.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agentd/control/server_internal.h"

#define SCAN_MS 5000u
#define BACKLOG 64

/* ---- back from the store thread ---- */

static void on_finished(struct call *call)
{
	struct connection *c = call->connection;
	struct control_server *server = c->server;

	pthread_mutex_lock(&server->lock);
	call->next = server->finished;
	server->finished = call;
	pthread_mutex_unlock(&server->lock);
	uv_async_send(&server->wake);
}

static void resume_finished(struct control_server *server)
{
	struct call *call;

	pthread_mutex_lock(&server->lock);
	call = server->finished;
	server->finished = NULL;
	pthread_mutex_unlock(&server->lock);
	while (call) {
		struct connection *c = call->connection;

		call = call->next;
		connection_resume(c);
	}
}

static void on_wake(uv_async_t *handle)
{
	resume_finished(handle->data);
}

/* ---- new clients, and those that have gone quiet ---- */

static void name_peer(struct connection *c)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	struct passwd entry, *found = NULL;
	char buffer[4096];
	uv_os_fd_t descriptor;

	snprintf(c->who, sizeof(c->who), "somebody");
	if (uv_fileno((uv_handle_t *)&c->pipe, &descriptor) != 0 ||
	    getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return;
	if (getpwuid_r(peer.uid, &entry, buffer, sizeof(buffer), &found) == 0 && found)
		snprintf(c->who, sizeof(c->who), "%.40s (uid %u)", entry.pw_name, peer.uid);
	else
		snprintf(c->who, sizeof(c->who), "uid %u", peer.uid);
}

static void greet(struct connection *c)
{
	struct control_server *server = c->server;

	if (server->connection_count > CONTROL_CLIENTS_MAX) {
		connection_refuse(c, HA_E_BUSY, "too many clients at once, try again");
		return;
	}
	name_peer(c);
	c->call.groups = &server->groups;
	c->call.who = c->who;
	c->call.connection = c;
	c->call.finished = on_finished;
	connection_serve(c);
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct control_server *server = stream->data;
	struct connection *c = status == 0 ? calloc(1, sizeof(*c)) : NULL;

	if (!c)
		return;
	call_clear(&c->call);
	c->server = server;
	c->active_ms = uv_now(&server->loop->uv);
	c->pipe.data = c;
	if (uv_pipe_init(&server->loop->uv, &c->pipe, 0) != 0) {
		free(c);
		return;
	}
	c->next = server->connections;
	server->connections = c;
	server->connection_count++;
	if (uv_accept(stream, (uv_stream_t *)&c->pipe) != 0 ||
	    server->connection_count > 2 * CONTROL_CLIENTS_MAX)
		connection_hang_up(c);
	else
		greet(c);
}

static void on_scan(uv_timer_t *handle)
{
	struct control_server *server = handle->data;
	uint64_t now_ms = uv_now(&server->loop->uv);
	struct connection *next;

	for (struct connection *c = server->connections; c; c = next) {
		uint64_t limit_s = c->writing ? CONTROL_STALL_S : CONTROL_IDLE_S;

		next = c->next;
		if (!c->waiting && now_ms - c->active_ms > limit_s * 1000)
			connection_hang_up(c);
	}
}

/* ---- life ---- */

static int open_handles(struct control_server *server)
{
	uv_loop_t *uv = &server->loop->uv;
	int failed;

	server->pipe.data = server->scan.data = server->wake.data = server;
	failed = uv_pipe_init(uv, &server->pipe, 0);
	if (!failed)
		server->open_handles = 1, failed = uv_timer_init(uv, &server->scan);
	if (!failed)
		server->open_handles = 2, failed = uv_async_init(uv, &server->wake, on_wake);
	if (!failed)
		server->open_handles = 3,
		failed = uv_pipe_open(&server->pipe, server->socket.descriptor);
	if (!failed)
		server->socket.descriptor = -1; /* the pipe's now */
	return failed;
}

struct control_server *control_server_open(struct loop *loop, const char *path, enum ha_error *why,
                                           char *report, size_t size)
{
	struct control_server *server = calloc(1, sizeof(*server));

	if (!server) {
		snprintf(report, size, "control socket %s: out of memory", path);
		*why = HA_E_NOMEM;
		return NULL;
	}
	server->loop = loop;
	pthread_mutex_init(&server->lock, NULL);
	*why = server_socket_open(&server->socket, path, report, size);
	if (*why == HA_OK && open_handles(server) != 0) {
		snprintf(report, size, "control socket %s: no descriptors left for it", path);
		*why = HA_E_IO;
	}
	if (*why != HA_OK) {
		control_server_close(server);
		return NULL;
	}
	return server;
}

void control_server_add(struct control_server *server, struct agent *agent)
{
	server->groups.of[server->groups.count++] = (struct call_group){ .agent = agent };
}

void control_server_guest(struct control_server *server, struct guest *guest)
{
	server->groups.guest = guest;
}

void control_server_visit(struct control_server *server, struct visit *visit,
                          const struct config *config)
{
	server->groups.visit = visit;
	server->groups.config = config;
}

void control_server_start(struct control_server *server)
{
	uv_timer_start(&server->scan, on_scan, SCAN_MS, SCAN_MS);
	uv_listen((uv_stream_t *)&server->pipe, BACKLOG, on_connection);
}

static void set_paused(struct control_server *server, uint32_t group, bool paused)
{
	for (size_t i = 0; i < server->groups.count; i++)
		if (agent_group(server->groups.of[i].agent) == group)
			server->groups.of[i].paused = paused;
}

void control_server_pause(struct control_server *server, uint32_t group)
{
	set_paused(server, group, true);
}

void control_server_resume(struct control_server *server, uint32_t group)
{
	set_paused(server, group, false);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct control_server *server = handle->data;

	server->open_handles--;
}

static void close_handles(struct control_server *server)
{
	uv_handle_t *handles[] = { (uv_handle_t *)&server->pipe, (uv_handle_t *)&server->scan,
		                   (uv_handle_t *)&server->wake };

	for (unsigned i = 0, count = server->open_handles; i < 3 && i < count; i++)
		uv_close(handles[i], on_handle_closed);
	while (server->open_handles || server->connections)
		uv_run(&server->loop->uv, UV_RUN_ONCE);
}

void control_server_close(struct control_server *server)
{
	if (!server)
		return;
	resume_finished(server);
	for (struct connection *c = server->connections; c; c = c->next) {
		c->waiting = false;
		connection_hang_up(c);
	}
	close_handles(server);
	if (server->socket.descriptor >= 0)
		close(server->socket.descriptor);
	if (*server->socket.path)
		server_socket_remove(&server->socket);
	pthread_mutex_destroy(&server->lock);
	free(server);
}
