/* snapshot_server.c - the side that has stores: a few fetchers at a time, each
 * with a read transaction that goes when it is done, or silent for long, or when its
 * store is withdrawn. One thread; never more in memory than one chunk. */
#include "replication/snapshot.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agentd/base/background.h"
#include "agentd/base/clock.h"
#include "replication/counters.h"
#include "replication/snapshot_format.h"
#include "replication/snapshot_loans.h"
#include "replication/snapshot_rows.h"
#include "replication/snapshot_socket.h"

#define SESSIONS_MAX 2u
#define IDLE_MS 10000u   /* a fetcher that says nothing: its transaction goes */
#define LOOK_MS 500u     /* between two looks for those */
#define CREDIT_MAX 64u   /* chunks that a fetcher may ask for ahead */
#define PACKETS_MAX 256u /* taken in a row */
/* What was not sent in this time may be sent at once: sleeping is not exact. */
#define BURST_NS UINT64_C(50000000)

struct session {
	struct snapshot_peer peer;
	uint64_t snapshot; /* 0 = free */
	const struct loan *loan;
	struct store_reader reader;
	uint64_t counts[STORE_TABLE_COUNT];
	uint32_t stream;
	uint64_t next;  /* number of the chunk to be sent */
	uint64_t up_to; /* of the last one that is wanted */
	struct snapshot_rows rows;
	bool ended;
	uint64_t heard_ms;
};

struct snapshot_server {
	struct snapshot_server_options options;
	struct snapshot_socket *socket;
	int event;
	_Atomic bool stop;
	pthread_t thread;
	bool started;
	struct loans loans;
	/* The thread's own. */
	struct session sessions[SESSIONS_MAX];
	uint64_t last_snapshot;
	uint64_t free_ns; /* throttle: when the next chunk may leave */
};

/* ---- sessions ---- */

static void session_close(struct session *session)
{
	const struct snapshot_loan *of;

	if (!session->snapshot)
		return;
	of = &session->loan->of;
	store_read_close(&session->reader);
	*session = (struct session){ 0 };
	if (of->closed)
		of->closed(of->context);
}

static struct session *session_find(struct snapshot_server *server,
                                    const struct snapshot_peer *peer, uint64_t snapshot)
{
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct session *session = &server->sessions[i];

		if (session->snapshot && session->snapshot == snapshot &&
		    session->peer.member == peer->member)
			return session;
	}
	return NULL;
}

/* What this member had of it before is not asked for any more. */
static struct session *session_free(struct snapshot_server *server,
                                    const struct snapshot_peer *peer, const struct loan *loan)
{
	struct session *free = NULL;

	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct session *session = &server->sessions[i];

		if (session->snapshot && session->peer.member == peer->member &&
		    session->loan == loan)
			session_close(session);
		if (!session->snapshot)
			free = session;
	}
	return free;
}

/* A number that no run of a server before has given, most likely. */
static uint64_t draw_snapshot(struct snapshot_server *server)
{
	server->last_snapshot++;
	return server->last_snapshot ? server->last_snapshot : ++server->last_snapshot;
}

/* `opened` first: what the log keeps from then on is at least what follows. */
static enum ha_error session_open(struct snapshot_server *server, struct session *session,
                                  const struct snapshot_peer *peer, const struct loan *loan)
{
	enum ha_error error;

	if (loan->of.opened)
		loan->of.opened(loan->of.context);
	session->snapshot = draw_snapshot(server);
	session->peer = *peer;
	session->loan = loan;
	error = store_read_open(loan->of.store, &session->reader);
	if (error == HA_OK)
		error = snapshot_rows_count(&session->reader, session->counts);
	if (error != HA_OK)
		session_close(session);
	else
		replication_count(REPLICATION_COUNTER_SNAPSHOTS_SERVED, 1);
	return error;
}

/* ---- answers ---- */

static void refuse(struct snapshot_server *server, const struct snapshot_peer *to, uint32_t stream,
                   enum snapshot_refusal why)
{
	snapshot_socket_send(server->socket, to,
	                     &(struct snapshot_message){
				     .kind = SNAPSHOT_REFUSED,
				     .stream = stream,
				     .rows = why,
			     });
}

static void send_end(struct snapshot_server *server, struct session *s)
{
	uint8_t *body = snapshot_socket_room(server->socket);
	size_t size = snapshot_put_counts(body, s->counts);

	s->ended = true;
	snapshot_socket_send(server->socket, &s->peer,
	                     &(struct snapshot_message){
				     .kind = SNAPSHOT_END,
				     .snapshot = s->snapshot,
				     .stream = s->stream,
				     .number = s->next++,
				     .body = body,
				     .body_size = size,
			     });
}

static void throttle(struct snapshot_server *server, size_t octets)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (server->options.octets_per_ms == 0)
		return;
	if (server->free_ns + BURST_NS < now_ns)
		server->free_ns = now_ns - BURST_NS;
	server->free_ns += octets * UINT64_C(1000000) / server->options.octets_per_ms;
}

static void send_chunk(struct snapshot_server *server, struct session *s)
{
	uint8_t *at = snapshot_socket_room(server->socket);
	struct octets_out body = octets_out_over(at, SNAPSHOT_BODY_MAX);
	uint32_t rows;

	if (snapshot_rows_fill(&s->rows, &s->reader, &body, &rows) != HA_OK) {
		refuse(server, &s->peer, s->stream, SNAPSHOT_FAILED);
		session_close(s);
		return;
	}
	if (rows == 0) {
		send_end(server, s);
		return;
	}
	snapshot_socket_send(server->socket, &s->peer,
	                     &(struct snapshot_message){
				     .kind = SNAPSHOT_CHUNK,
				     .table = (uint8_t)s->rows.table,
				     .snapshot = s->snapshot,
				     .stream = s->stream,
				     .rows = rows,
				     .number = s->next++,
				     .body = at,
				     .body_size = octets_used(&body),
			     });
	replication_count(REPLICATION_COUNTER_SNAPSHOT_OCTETS, octets_used(&body));
	throttle(server, octets_used(&body));
}

/* ---- what fetchers say ---- */

static void begin_stream(struct session *s, const struct snapshot_message *message)
{
	s->stream = message->stream;
	s->next = 1;
	s->up_to = message->number < CREDIT_MAX ? message->number : CREDIT_MAX;
	s->ended = false;
	snapshot_rows_begin(&s->rows, message->table, message->body, message->body_size);
}

/* NULL with *why: there is nothing for it. */
static struct session *begin_session(struct snapshot_server *server,
                                     const struct snapshot_peer *peer, uint32_t group,
                                     enum snapshot_refusal *why)
{
	const struct loan *loan = loans_find(&server->loans, group);
	struct session *s = NULL;

	*why = SNAPSHOT_BUSY; /* also while it is not lent: it may be in a moment */
	if (loan)
		s = session_free(server, peer, loan);
	if (!s || session_open(server, s, peer, loan) == HA_OK)
		return s;
	*why = SNAPSHOT_FAILED;
	return NULL;
}

static void on_open(struct snapshot_server *server, const struct snapshot_peer *peer,
                    const struct snapshot_message *message)
{
	struct session *s = session_find(server, peer, message->snapshot);
	enum snapshot_refusal why = SNAPSHOT_GONE;

	if (message->rows < STORE_FORMAT) {
		refuse(server, peer, message->stream, SNAPSHOT_NEWER);
		return;
	}
	if (!s && message->snapshot == 0)
		s = begin_session(server, peer, message->group, &why);
	if (!s) {
		refuse(server, peer, message->stream, why);
		return;
	}
	s->heard_ms = clock_monotonic_ms();
	s->peer = *peer; /* perhaps by another connection */
	begin_stream(s, message);
	snapshot_socket_send(server->socket, peer,
	                     &(struct snapshot_message){
				     .kind = SNAPSHOT_OPENED,
				     .snapshot = s->snapshot,
				     .stream = s->stream,
				     .rows = STORE_FORMAT,
			     });
}

static void on_more(struct session *s, const struct snapshot_message *message)
{
	uint64_t most = s->next - 1 + CREDIT_MAX;

	if (message->stream != s->stream || message->number <= s->up_to)
		return;
	s->up_to = message->number < most ? message->number : most;
}

static void on_message(struct snapshot_server *server, const struct snapshot_peer *peer,
                       const struct snapshot_message *message)
{
	struct session *s;

	if (message->kind == SNAPSHOT_OPEN) {
		on_open(server, peer, message);
		return;
	}
	s = session_find(server, peer, message->snapshot);
	if (!s)
		return;
	s->heard_ms = clock_monotonic_ms();
	if (message->kind == SNAPSHOT_MORE)
		on_more(s, message);
	else if (message->kind == SNAPSHOT_DONE)
		session_close(s);
}

static void receive(struct snapshot_server *server)
{
	struct snapshot_message message;
	struct snapshot_peer peer;
	const void *octets;
	size_t size;

	for (unsigned i = 0; i < PACKETS_MAX; i++) {
		enum ha_error error;

		if (!snapshot_socket_receive(server->socket, &peer, &octets, &size))
			return;
		error = snapshot_decode(octets, size, &message);
		if (error == HA_OK)
			on_message(server, &peer, &message);
		else
			replication_count(REPLICATION_COUNTER_SNAPSHOT_DAMAGED, 1);
	}
}

/* ---- the thread ---- */

static bool wants_chunk(const struct session *s)
{
	return s->snapshot && !s->ended && s->next <= s->up_to;
}

static uint32_t pause_ms(const struct snapshot_server *server)
{
	uint64_t now_ns = clock_monotonic_ns();
	bool wanted = false;

	for (size_t i = 0; i < SESSIONS_MAX; i++)
		wanted = wanted || wants_chunk(&server->sessions[i]);
	if (!wanted)
		return LOOK_MS;
	return server->free_ns > now_ns ? (uint32_t)((server->free_ns - now_ns) / 1000000u) + 1 : 0;
}

static void serve(struct snapshot_server *server)
{
	uint64_t now = clock_monotonic_ms();

	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct session *s = &server->sessions[i];

		if (s->snapshot && now - s->heard_ms > IDLE_MS)
			session_close(s);
		if (wants_chunk(s) && server->free_ns <= clock_monotonic_ns())
			send_chunk(server, s);
	}
}

/* Whoever reads a store that is withdrawn is cut off, and the lender told. */
static void let_go(struct snapshot_server *server)
{
	const struct loan *loan;

	while ((loan = loans_withdrawn(&server->loans))) {
		for (size_t i = 0; i < SESSIONS_MAX; i++)
			if (server->sessions[i].loan == loan)
				session_close(&server->sessions[i]);
		loans_let_go(&server->loans, loan);
	}
}

static void *run(void *argument)
{
	struct snapshot_server *server = argument;
	uint64_t told;

	pthread_setname_np(pthread_self(), "snapshots");
	background_thread();
	while (!server->stop) {
		snapshot_socket_wait(server->socket, server->event, pause_ms(server));
		if (read(server->event, &told, sizeof(told)) > 0)
			let_go(server);
		receive(server);
		serve(server);
	}
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		session_close(&server->sessions[i]);
	return NULL;
}

/* ---- life ---- */

enum ha_error snapshot_server_lend(struct snapshot_server *server, const struct snapshot_loan *loan)
{
	return loans_lend(&server->loans, loan);
}

static void tell(struct snapshot_server *server)
{
	const uint64_t one = 1;

	while (write(server->event, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void snapshot_server_withdraw(struct snapshot_server *server, uint32_t group)
{
	const struct loan *loan = loans_withdraw(&server->loans, group);

	if (!loan)
		return;
	tell(server);
	loans_await(&server->loans, loan);
}

static enum ha_error start(struct snapshot_server *server)
{
	int number;

	server->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (server->event < 0)
		return HA_E_NOMEM;
	number = pthread_create(&server->thread, NULL, run, server);
	server->started = number == 0;
	return ha_error_of_errno(number);
}

struct snapshot_server *snapshot_server_open(const struct snapshot_server_options *options,
                                             enum ha_error *why, char *report, size_t size)
{
	struct snapshot_server *server = calloc(1, sizeof(*server));

	*why = HA_E_NOMEM;
	ha_refuse(report, size, *why, "the server of snapshots cannot be started: %s",
	          ha_strerror(*why));
	if (!server)
		return NULL;
	server->options = *options;
	loans_init(&server->loans);
	server->event = -1;
	server->last_snapshot = clock_wall_ns();
	server->socket = snapshot_socket_open(options->cluster, 0, why, report, size);
	if (server->socket)
		*why = start(server);
	if (server->started)
		return server;
	snapshot_server_close(server);
	return NULL;
}

void snapshot_server_close(struct snapshot_server *server)
{
	if (!server)
		return;
	server->stop = true;
	if (server->started) {
		tell(server);
		pthread_join(server->thread, NULL);
	}
	snapshot_socket_close(server->socket);
	if (server->event >= 0)
		close(server->event);
	loans_destroy(&server->loans);
	free(server);
}
