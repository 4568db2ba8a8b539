/* snapshot_fixture.c - see snapshot_fixture.h. */
#include "tests/unit/snapshot_fixture.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/suite.h"

/* ---- fetching ---- */

void fetching_begin(struct fetching *f, const struct replication_cluster *cluster)
{
	*f = (struct fetching){ .cluster = *cluster, .map = FIXTURE_MAP, .group = GROUP };
	place_begin(&f->place);
	snprintf(f->directory, sizeof(f->directory), "%s", path_in(&f->place, "fetching"));
}

static void *fetch(void *argument)
{
	struct fetching *f = argument;
	const struct snapshot_fetch_options options = {
		.cluster = &f->cluster,
		.group = f->group,
		.from = 1,
		.directory = f->directory,
		.map_octets = f->map,
		.patience_ms = f->patience_ms,
		.stop = &f->stop,
		.rows = &f->rows,
	};

	f->error = snapshot_fetch(&options, f->report, sizeof(f->report));
	return NULL;
}

void fetching_start(struct fetching *f)
{
	CU_ASSERT_EQUAL_FATAL(pthread_create(&f->thread, NULL, fetch, f), 0);
}

void fetching_await_rows(struct fetching *f)
{
	while (f->rows == 0)
		sched_yield();
}

enum ha_error fetching_join(struct fetching *f)
{
	pthread_join(f->thread, NULL);
	if (f->error != HA_OK) { /* nothing is left, and why is said */
		CU_ASSERT_NOT_EQUAL(access(f->directory, F_OK), 0);
		CU_ASSERT_NOT_EQUAL(f->report[0], '\0');
	}
	return f->error;
}

void fetching_end(struct fetching *f)
{
	CU_ASSERT_EQUAL(store_remove(f->directory), HA_OK);
	place_end(&f->place);
}

static bool is_own(size_t table, const struct store_row *row)
{
	return table == STORE_META && row->key.size > 6 && memcmp(row->key.at, "store/", 6) == 0;
}

static enum ha_error next_row(struct store_reader *reader, size_t table, bool first,
                              struct store_row *out)
{
	enum ha_error error = first ? store_seek(reader, (enum store_table)table, text(""), false,
	                                         out)
	                            : store_next(reader, (enum store_table)table, out);

	while (error == HA_OK && is_own(table, out))
		error = store_next(reader, (enum store_table)table, out);
	return error;
}

static bool equal(struct store_bytes a, struct store_bytes b)
{
	return a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

static bool tables_equal(struct store_reader *a, struct store_reader *b, size_t table)
{
	struct store_row of_a, of_b;

	for (bool first = true;; first = false) {
		enum ha_error error = next_row(a, table, first, &of_a);

		if (next_row(b, table, first, &of_b) != error)
			return false;
		if (error != HA_OK)
			return error == HA_E_NOTFOUND;
		if (!equal(of_a.key, of_b.key) || !equal(of_a.value, of_b.value))
			return false;
	}
}

bool stores_equal(struct store *a, struct store *b)
{
	struct store_reader of_a, of_b;
	bool same = true;

	CU_ASSERT_EQUAL_FATAL(store_read_open(a, &of_a), HA_OK);
	CU_ASSERT_EQUAL_FATAL(store_read_open(b, &of_b), HA_OK);
	for (size_t i = 0; i < STORE_TABLE_COUNT; i++)
		same = same && tables_equal(&of_a, &of_b, i);
	store_read_close(&of_a);
	store_read_close(&of_b);
	return same;
}

/* ---- the wire ---- */

/* Bound to a port of the kernel's choice. */
static int listen_somewhere(uint16_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CU_ASSERT_TRUE_FATAL(listener >= 0);
	CU_ASSERT_EQUAL_FATAL(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(listener, 8), 0);
	CU_ASSERT_EQUAL_FATAL(getsockname(listener, (struct sockaddr *)&at, &size), 0);
	*port = ntohs(at.sin_port);
	return listener;
}

struct wire {
	int listener;
	uint16_t port; /* of the listener */
	uint16_t to;   /* of member 1's snapshots */
	const size_t *cuts;
	_Atomic unsigned made;
	_Atomic bool released, stop;
	pthread_t thread;
};

static int connect_to(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		                  .sin_port = htons(port),
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (out >= 0 && connect(out, (struct sockaddr *)&at, sizeof(at)) == 0)
		return out;
	close(out);
	return -1;
}

/* Some octets; 0: the end. */
static size_t pass(int from, int to)
{
	char octets[16384];
	ssize_t got = read(from, octets, sizeof(octets));

	for (ssize_t done = 0; done < got;) {
		ssize_t written = send(to, octets + done, (size_t)(got - done), MSG_NOSIGNAL);

		if (written <= 0)
			return 0;
		done += written;
	}
	return got > 0 ? (size_t)got : 0;
}

/* One connection, until its end or its cut. */
static void carry(struct wire *w, int near, int far)
{
	size_t back = 0, limit = w->cuts[w->made];

	while (!w->stop && (limit == 0 || back < limit)) {
		struct pollfd wait[] = { { .fd = near, .events = POLLIN },
			                 { .fd = far, .events = POLLIN } };
		size_t some = 0;

		if (poll(wait, 2, 20) <= 0)
			continue;
		if (wait[0].revents && pass(near, far) == 0)
			return;
		if (wait[1].revents && (some = pass(far, near)) == 0)
			return;
		back += some;
	}
	while (!w->released && !w->stop)
		sched_yield();
	if (limit != 0 && back >= limit)
		w->made++;
}

static void *run(void *argument)
{
	struct wire *w = argument;

	while (!w->stop) {
		struct pollfd wait = { .fd = w->listener, .events = POLLIN };
		int near, far;

		if (poll(&wait, 1, 20) <= 0)
			continue;
		near = accept(w->listener, NULL, NULL);
		far = connect_to(w->to);
		if (near >= 0 && far >= 0)
			carry(w, near, far);
		close(near);
		close(far);
	}
	return NULL;
}

struct wire *wire_open(const struct replication_cluster *to, const size_t *cuts)
{
	struct wire *w = calloc(1, sizeof(*w));

	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	w->to = (uint16_t)(to->members[0].port + 1);
	w->cuts = cuts;
	w->listener = listen_somewhere(&w->port);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&w->thread, NULL, run, w), 0);
	return w;
}

void wire_route(const struct wire *w, struct replication_cluster *cluster)
{
	cluster->members[0].port = (uint16_t)(w->port - 1);
}

void wire_release(struct wire *w)
{
	w->released = true;
}

unsigned wire_cuts(struct wire *w)
{
	return w->made;
}

void wire_close(struct wire *w)
{
	w->stop = true;
	pthread_join(w->thread, NULL);
	close(w->listener);
	free(w);
}
