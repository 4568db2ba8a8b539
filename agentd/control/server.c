/* server.c - clients of the control socket: frames in, steps of a call, frames
 * out. One request of a client is under way at a time, and while it is, nothing
 * is read from that client: what a client can make us hold is one request and
 * one page of its answer. */
#include "agentd/control/server.h"

#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "agentd/base/log.h"
#include "agentd/control/call.h"
#include "agentd/control/loop_internal.h"
#include "agentd/control/server_socket.h"

#define SCAN_MS 5000u
#define READ_OCTETS (64u << 10)
#define BACKLOG 64

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
	struct agent *agent;
	struct server_socket socket;
	struct connection *connections;
	size_t connection_count;
	unsigned open_handles;
	pthread_mutex_t lock; /* of finished */
	struct call *finished;
};

static void serve(struct connection *c);

/* ---- the end of a connection ---- */

static void free_if_done(struct connection *c)
{
	if (!c->closed || c->waiting)
		return;
	octets_free(&c->in);
	answer_free(&c->call.answer);
	call_clear(&c->call);
	free(c);
}

static void unlink_connection(struct connection *c)
{
	struct connection **at = &c->server->connections;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->server->connection_count--;
}

static void log_import(const struct connection *c)
{
	if (c->import_changes)
		log_notice("%s by %s: %llu of %llu changes made",
		           verb_infos[VERB_association_import].name, c->who,
		           (unsigned long long)c->imported, (unsigned long long)c->import_changes);
}

static void on_connection_closed(uv_handle_t *handle)
{
	struct connection *c = handle->data;

	log_import(c);
	unlink_connection(c);
	c->closed = true;
	free_if_done(c);
}

static void hang_up(struct connection *c)
{
	if (!uv_is_closing((uv_handle_t *)&c->pipe))
		uv_close((uv_handle_t *)&c->pipe, on_connection_closed);
}

/* ---- answering ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
	struct connection *c = handle->data;

	(void)suggested;
	*out = uv_buf_init(NULL, 0);
	if (octets_reserve(&c->in, READ_OCTETS) == HA_OK)
		*out = uv_buf_init((char *)c->in.at + c->in.size, READ_OCTETS);
}

static void on_read(uv_stream_t *stream, ssize_t octets, const uv_buf_t *buffer)
{
	struct connection *c = stream->data;

	(void)buffer;
	if (octets < 0) {
		hang_up(c);
		return;
	}
	c->in.size += (size_t)octets;
	serve(c);
}

static void step(struct connection *c);

static void on_written(uv_write_t *write, int status)
{
	struct connection *c = write->data;

	c->writing = false;
	c->active_ms = uv_now(&c->server->loop->uv);
	if (status < 0 || c->hang_up || uv_is_closing((uv_handle_t *)&c->pipe)) {
		hang_up(c);
		return;
	}
	if (!c->ended) {
		step(c);
		return;
	}
	call_clear(&c->call);
	serve(c);
}

static void send_page(struct connection *c)
{
	struct answer *answer = &c->call.answer;
	uv_buf_t buffer;

	answer_seal(answer);
	if (answer->frame.size < CONTROL_HEADER_SIZE) { /* no memory for a word */
		hang_up(c);
		return;
	}
	buffer = uv_buf_init((char *)answer->frame.at, (unsigned)answer->frame.size);
	c->write.data = c;
	c->writing = true;
	c->active_ms = uv_now(&c->server->loop->uv);
	if (uv_write(&c->write, (uv_stream_t *)&c->pipe, &buffer, 1, on_written) != 0) {
		c->writing = false;
		hang_up(c);
	}
}

static void send_end(struct connection *c, enum ha_error error, const char *message)
{
	c->ended = true;
	answer_end(&c->call.answer, error, message);
	send_page(c);
}

/* What was changed goes to the log with who asked for it. */
static void log_change(struct connection *c)
{
	const struct call *call = &c->call;
	char subject[384];
	size_t made = 0;

	if (!call->changed)
		return;
	for (size_t i = 0; i < call->change_count; i++)
		made += call->results[i] == HA_OK;
	if (call->verb == VERB_association_import) {
		c->imported += made;
		c->import_changes += call->change_count;
		return;
	}
	call_subject(call, subject, sizeof(subject));
	log_notice("%s: %s by %s: %s", subject, verb_infos[call->verb].name, c->who,
	           made ? "done" : ha_strerror(call->results[0]));
}

static void step(struct connection *c)
{
	struct call *call = &c->call;

	if (!c->waiting) /* what a call said before it waited stays said */
		answer_begin(&call->answer);
	c->waiting = true; /* until call_step says otherwise: the change may be quicker */
	switch (call_step(call)) {
	case CALL_WAIT:
		return;
	case CALL_MORE:
		c->waiting = false;
		if (call->answer.error == HA_OK)
			send_page(c);
		else
			send_end(c, call->answer.error, NULL);
		return;
	case CALL_DONE:
		c->waiting = false;
		log_change(c);
		send_end(c, call->error, *call->message ? call->message : NULL);
		return;
	}
}

/* A frame that is no request ends the connection: its peer is not agentctl. */
static void begin(struct connection *c, size_t size)
{
	struct call *call = &c->call;
	enum ha_error why;

	uv_read_stop((uv_stream_t *)&c->pipe);
	c->reading = false;
	c->ended = false;
	c->active_ms = uv_now(&c->server->loop->uv);
	why = control_request_decode(c->in.at + CONTROL_HEADER_SIZE, size, &call->request);
	octets_drop(&c->in, CONTROL_HEADER_SIZE + size);
	if (c->in.size == 0)
		octets_free(&c->in);
	if (why == HA_OK) {
		step(c);
		return;
	}
	c->hang_up = true;
	answer_begin(&call->answer);
	send_end(c, why, "not a request of this protocol");
}

static void serve(struct connection *c)
{
	size_t size = 0;

	if (c->in.size >= CONTROL_HEADER_SIZE) {
		if (!frame_header_decode(c->in.at, CONTROL_REQUEST_MAX, &size)) {
			hang_up(c);
			return;
		}
		if (c->in.size >= CONTROL_HEADER_SIZE + size) {
			begin(c, size);
			return;
		}
	}
	if (c->reading)
		return;
	c->reading = uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read) == 0;
	if (!c->reading)
		hang_up(c);
}

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
		if (!uv_is_closing((uv_handle_t *)&c->pipe)) {
			step(c);
			continue;
		}
		c->waiting = false;
		free_if_done(c);
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
		c->hang_up = true;
		answer_begin(&c->call.answer);
		send_end(c, HA_E_BUSY, "too many clients at once, try again");
		return;
	}
	name_peer(c);
	c->call.agent = server->agent;
	c->call.who = c->who;
	c->call.connection = c;
	c->call.finished = on_finished;
	serve(c);
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
		hang_up(c);
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
			hang_up(c);
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

void control_server_start(struct control_server *server, struct agent *agent)
{
	server->agent = agent;
	uv_timer_start(&server->scan, on_scan, SCAN_MS, SCAN_MS);
	uv_listen((uv_stream_t *)&server->pipe, BACKLOG, on_connection);
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

	for (unsigned i = 0, count = server->open_handles; i < count; i++)
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
		hang_up(c);
	}
	close_handles(server);
	if (server->socket.descriptor >= 0)
		close(server->socket.descriptor);
	if (*server->socket.path)
		server_socket_remove(&server->socket);
	pthread_mutex_destroy(&server->lock);
	free(server);
}
