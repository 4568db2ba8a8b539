/* snapshot_fetch.c - the side that lacks a store: asks, writes rows behind one
 * another, and asks again behind the last one when something is missing.
 *
 * What comes is authentic, but a member may be wrong: rows must ascend, nothing
 * is taken that no store holds, and at the end both must have counted alike. */
#include "replication/snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agentd/base/clock.h"
#include "replication/counters.h"
#include "replication/snapshot_format.h"
#include "replication/snapshot_socket.h"

#define CREDIT 32u                    /* chunks on their way at once */
#define SLICE_MS 100u                 /* between two looks at `stop` */
#define SILENCE_MS 1000u              /* until it is asked again */
#define PATIENCE_MS 5000u             /* without a word */
#define DAMAGED_MAX 8u                /* broken messages in one fetch */
#define TRANSACTION_OCTETS (4u << 20) /* flushed one by one: one large flush holds up others */

struct fetch {
	const struct snapshot_fetch_options *options;
	struct snapshot_socket *socket;
	struct store *store;
	struct store_write write;
	bool writing;
	size_t written;    /* octets of this transaction */
	uint64_t snapshot; /* 0 = none yet */
	uint32_t stream;
	uint64_t next; /* number of the chunk that is expected */
	/* The last row that is written. */
	uint8_t table;
	uint8_t key[STORE_KEY_MAX];
	size_t key_size;
	uint64_t rows[STORE_TABLE_COUNT];
	bool ended;
	unsigned damaged;
	uint64_t heard_ms, asked_ms;
	char *report;
	size_t report_size;
};

static enum ha_error refuse(struct fetch *f, enum ha_error why, const char *what)
{
	return ha_refuse(f->report, f->report_size, why, "member %u %s", f->options->from, what);
}

/* ---- asking ---- */

/* From behind the last row, as a stream of its own: what is still on its way of
 * another one is not taken. */
static void ask(struct fetch *f)
{
	bool sent;

	f->stream++;
	f->next = 1;
	sent = snapshot_socket_send(f->socket, NULL,
	                            &(struct snapshot_message){
					    .kind = SNAPSHOT_OPEN,
					    .table = f->table,
					    .snapshot = f->snapshot,
					    .stream = f->stream,
					    .rows = STORE_FORMAT,
					    .number = CREDIT,
					    .group = f->options->group,
					    .body = f->key,
					    .body_size = f->key_size,
				    });
	f->asked_ms = sent ? clock_monotonic_ms() : 0; /* there is no connection yet */
}

static void say(struct fetch *f, enum snapshot_kind kind, uint64_t number)
{
	snapshot_socket_send(f->socket, NULL,
	                     &(struct snapshot_message){
				     .kind = kind,
				     .snapshot = f->snapshot,
				     .stream = f->stream,
				     .number = number,
			     });
}

/* ---- the new store ---- */

static void forget_store(struct fetch *f)
{
	if (f->writing)
		store_abort(&f->write);
	f->writing = false;
	store_close(f->store);
	f->store = NULL;
}

/* The first time, or when what came so far is of a moment that nobody has any more. */
static enum ha_error begin(struct fetch *f)
{
	enum ha_error why;

	forget_store(f);
	f->snapshot = 0;
	f->table = 0;
	f->key_size = 0;
	memset(f->rows, 0, sizeof(f->rows));
	*f->options->rows = 0;
	f->store = store_build_open(f->options->directory, f->options->map_octets, &why, f->report,
	                            f->report_size);
	return f->store ? HA_OK : why;
}

static enum ha_error store_failed(struct fetch *f, enum ha_error why)
{
	return ha_refuse(f->report, f->report_size, why, "%s: the new store cannot be written: %s",
	                 f->options->directory, ha_strerror(why));
}

static enum ha_error commit(struct fetch *f)
{
	enum ha_error error = HA_OK;

	if (f->writing)
		error = store_commit(&f->write);
	if (error == HA_OK && f->writing)
		error = store_build_flush(f->store);
	f->writing = false;
	f->written = 0;
	return error == HA_OK ? HA_OK : store_failed(f, error);
}

static bool is_behind(const struct fetch *f, uint8_t table, struct store_bytes key)
{
	size_t shorter = key.size < f->key_size ? key.size : f->key_size;
	int order;

	if (table != f->table)
		return table > f->table;
	order = memcmp(key.at, f->key, shorter);
	return order ? order > 0 : key.size > f->key_size;
}

static bool is_own(uint8_t table, struct store_bytes key)
{
	static const char prefix[] = STORE_OWN_PREFIX;

	return table == STORE_META && key.size >= sizeof(prefix) - 1 &&
	       memcmp(key.at, prefix, sizeof(prefix) - 1) == 0;
}

static enum ha_error write_row(struct fetch *f, uint8_t table, const struct store_row *row)
{
	if (!is_behind(f, table, row->key) || is_own(table, row->key))
		return refuse(f, HA_E_DAMAGED, "sends rows that are out of order");
	if (!f->writing)
		f->write = store_begin(f->store);
	f->writing = true;
	store_put(&f->write, (enum store_table)table, row->key, row->value);
	f->written += row->key.size + row->value.size;
	f->table = table;
	f->key_size = row->key.size;
	memcpy(f->key, row->key.at, row->key.size);
	f->rows[table]++;
	return HA_OK;
}

static enum ha_error write_rows(struct fetch *f, const struct snapshot_message *chunk)
{
	struct octets_in body = octets_in_over(chunk->body, chunk->body_size);
	enum ha_error error = HA_OK;
	struct store_row row;
	uint32_t rows = 0;

	while (error == HA_OK && (error = snapshot_take_row(&body, &row)) == HA_OK) {
		error = write_row(f, chunk->table, &row);
		rows++;
	}
	if (error == HA_E_MALFORMED || (error == HA_E_NOTFOUND && rows != chunk->rows))
		return refuse(f, HA_E_DAMAGED, "sends rows that cannot be");
	if (error != HA_E_NOTFOUND)
		return error;
	*f->options->rows += rows;
	if (f->write.error != HA_OK || f->written >= TRANSACTION_OCTETS)
		return commit(f);
	return HA_OK;
}

/* ---- what the server says ---- */

static enum ha_error on_opened(struct fetch *f, const struct snapshot_message *message)
{
	if (message->rows > STORE_FORMAT)
		return refuse(f, HA_E_NEWER,
		              "runs a newer program, whose store this one cannot read");
	f->snapshot = message->snapshot;
	return HA_OK;
}

static enum ha_error on_chunk(struct fetch *f, const struct snapshot_message *message)
{
	enum ha_error error;

	if (message->table >= STORE_TABLE_COUNT)
		return refuse(f, HA_E_NEWER,
		              "runs a newer program, whose store this one cannot read");
	error = write_rows(f, message);
	f->next++;
	if (error == HA_OK)
		say(f, SNAPSHOT_MORE, f->next - 1 + CREDIT);
	return error;
}

static enum ha_error on_end(struct fetch *f, const struct snapshot_message *message)
{
	uint64_t rows[STORE_TABLE_COUNT];
	enum ha_error error = snapshot_take_counts(message, rows);

	if (error == HA_E_NEWER)
		return refuse(f, error, "runs a newer program, whose store this one cannot read");
	if (error != HA_OK || memcmp(rows, f->rows, sizeof(rows)) != 0)
		return refuse(f, HA_E_DAMAGED, "has another number of rows than it sent");
	f->ended = true;
	return HA_OK;
}

static enum ha_error on_refused(struct fetch *f, const struct snapshot_message *message)
{
	enum ha_error error = HA_OK;

	switch ((enum snapshot_refusal)message->rows) {
	case SNAPSHOT_GONE:
		error = begin(f);
		if (error == HA_OK)
			ask(f);
		return error;
	case SNAPSHOT_NEWER:
		return refuse(f, HA_E_NEWER,
		              "runs a newer program, whose store this one cannot read");
	case SNAPSHOT_FAILED:
		return refuse(f, HA_E_IO, "cannot read its store");
	case SNAPSHOT_BUSY:
		break;
	}
	return HA_OK; /* asked again after a silence */
}

static enum ha_error on_message(struct fetch *f, const struct snapshot_message *message)
{
	if (message->stream != f->stream)
		return HA_OK; /* late */
	if (message->kind == SNAPSHOT_REFUSED)
		return on_refused(f, message);
	if (message->kind == SNAPSHOT_OPENED && f->next == 1)
		return on_opened(f, message);
	if (f->snapshot == 0 || message->snapshot != f->snapshot ||
	    (message->kind != SNAPSHOT_CHUNK && message->kind != SNAPSHOT_END))
		return HA_OK;
	if (message->number != f->next) { /* one got lost in between */
		ask(f);
		return HA_OK;
	}
	return message->kind == SNAPSHOT_CHUNK ? on_chunk(f, message) : on_end(f, message);
}

static enum ha_error on_damaged(struct fetch *f)
{
	replication_count(REPLICATION_COUNTER_SNAPSHOT_DAMAGED, 1);
	if (++f->damaged > DAMAGED_MAX)
		return refuse(f, HA_E_DAMAGED, "sends what is broken, again and again");
	ask(f);
	return HA_OK;
}

static enum ha_error receive(struct fetch *f)
{
	struct snapshot_message message;
	struct snapshot_peer nobody;
	enum ha_error error = HA_OK;
	const void *octets;
	size_t size;

	while (error == HA_OK && !f->ended &&
	       snapshot_socket_receive(f->socket, &nobody, &octets, &size)) {
		f->heard_ms = clock_monotonic_ms();
		error = snapshot_decode(octets, size, &message);
		if (error == HA_E_NEWER)
			return refuse(f, error, "runs a newer program and must fetch from us");
		error = error == HA_OK ? on_message(f, &message) : on_damaged(f);
		if (*f->options->stop)
			break;
	}
	return error;
}

/* ---- the whole ---- */

static enum ha_error run(struct fetch *f)
{
	uint64_t patience_ms = f->options->patience_ms ? f->options->patience_ms : PATIENCE_MS;
	enum ha_error error = begin(f);

	if (error != HA_OK)
		return error;
	f->heard_ms = clock_monotonic_ms();
	ask(f);
	while (error == HA_OK && !f->ended) {
		uint64_t now;

		snapshot_socket_wait(f->socket, -1, SLICE_MS);
		if (*f->options->stop)
			return refuse(f, HA_E_CLOSED, "is asked no more");
		error = receive(f);
		now = clock_monotonic_ms();
		if (now - f->heard_ms > patience_ms)
			return refuse(f, HA_E_TIMEOUT, "does not answer");
		if (f->asked_ms == 0 ||
		    (now - f->heard_ms > SILENCE_MS && now - f->asked_ms > SILENCE_MS))
			ask(f);
	}
	if (error == HA_OK)
		error = commit(f);
	if (error != HA_OK)
		return error;
	say(f, SNAPSHOT_DONE, 0);
	error = store_build_finish(f->store);
	return error == HA_OK ? HA_OK : store_failed(f, error);
}

enum ha_error snapshot_fetch(const struct snapshot_fetch_options *options, char *report,
                             size_t size)
{
	struct fetch f = { .options = options, .report = report, .report_size = size };
	enum ha_error error;

	f.socket = snapshot_socket_open(options->cluster, options->from, &error, report, size);
	if (!f.socket)
		return error;
	error = run(&f);
	forget_store(&f);
	snapshot_socket_close(f.socket);
	if (error != HA_OK)
		store_remove(options->directory);
	return error;
}
