/* test_snapshot_lies.c - what a fetcher does with a member that serves nonsense:
 * what is broken is asked for again, what is wrong ends the fetch with a sentence,
 * and nothing of it stays. The server here is one thread that sends what a case
 * says, each time it is asked. */
#include <string.h>

#include "replication/snapshot_format.h"
#include "replication/snapshot_socket.h"
#include "tests/unit/cluster_fixture.h"
#include "tests/unit/snapshot_fixture.h"
#include "tests/unit/suite.h"

#define SNAPSHOT 77u

struct liar;
typedef void answer(struct liar *liar, const struct snapshot_message *open);

struct liar {
	struct snapshot_socket *socket;
	struct snapshot_peer peer;
	answer *answer;
	unsigned asked; /* times */
	_Atomic bool stop;
	pthread_t thread;
};

/* ---- what it can say ---- */

static void say(struct liar *l, const struct snapshot_message *message)
{
	snapshot_socket_send(l->socket, &l->peer, message);
}

static struct snapshot_message reply(const struct snapshot_message *open, enum snapshot_kind kind)
{
	return (struct snapshot_message){ .kind = kind,
		                          .snapshot = SNAPSHOT,
		                          .stream = open->stream };
}

static void say_opened(struct liar *l, const struct snapshot_message *open, uint32_t format)
{
	struct snapshot_message message = reply(open, SNAPSHOT_OPENED);

	message.rows = format;
	say(l, &message);
}

/* Rows with one-letter keys. */
static void say_chunk(struct liar *l, const struct snapshot_message *open, uint64_t number,
                      uint8_t table, const char *keys)
{
	struct snapshot_message message = reply(open, SNAPSHOT_CHUNK);
	uint8_t *room = snapshot_socket_room(l->socket);
	struct octets_out body = octets_out_over(room, SNAPSHOT_BODY_MAX);

	for (const char *key = keys; *key; key++)
		snapshot_put_row(&body, &(struct store_row){ { key, 1 }, { "value", 5 } });
	message.table = table;
	message.rows = (uint32_t)strlen(keys);
	message.number = number;
	message.body = room;
	message.body_size = octets_used(&body);
	say(l, &message);
}

static void say_end(struct liar *l, const struct snapshot_message *open, uint64_t number,
                    uint64_t peers)
{
	struct snapshot_message message = reply(open, SNAPSHOT_END);
	uint64_t rows[STORE_TABLE_COUNT] = { [STORE_PEERS] = peers };

	message.number = number;
	message.body = snapshot_socket_room(l->socket);
	message.body_size = snapshot_put_counts(snapshot_socket_room(l->socket), rows);
	say(l, &message);
}

static void say_refused(struct liar *l, const struct snapshot_message *open,
                        enum snapshot_refusal why)
{
	struct snapshot_message message = reply(open, SNAPSHOT_REFUSED);

	message.rows = why;
	say(l, &message);
}

/* ---- cases ---- */

static void honest(struct liar *l, const struct snapshot_message *open)
{
	say_opened(l, open, STORE_FORMAT);
	say_chunk(l, open, 1, STORE_PEERS, "abc");
	say_end(l, open, 2, 3);
}

static void rows_go_back(struct liar *l, const struct snapshot_message *open)
{
	say_opened(l, open, STORE_FORMAT);
	say_chunk(l, open, 1, STORE_PEERS, "acb");
}

static void a_row_comes_twice(struct liar *l, const struct snapshot_message *open)
{
	say_opened(l, open, STORE_FORMAT);
	say_chunk(l, open, 1, STORE_PEERS, "ab");
	say_chunk(l, open, 2, STORE_PEERS, "b");
}

static void tables_go_back(struct liar *l, const struct snapshot_message *open)
{
	say_opened(l, open, STORE_FORMAT);
	say_chunk(l, open, 1, STORE_AUDIT, "a");
	say_chunk(l, open, 2, STORE_PEERS, "b");
}

static void a_table_is_not_known(struct liar *l, const struct snapshot_message *open)
{
	say_opened(l, open, STORE_FORMAT);
	say_chunk(l, open, 1, STORE_TABLE_COUNT, "a");
}

static void the_store_is_newer(struct liar *l, const struct snapshot_message *open)
{
	say_opened(l, open, STORE_FORMAT + 1);
}

static void fewer_rows_were_sent(struct liar *l, const struct snapshot_message *open)
{
	say_opened(l, open, STORE_FORMAT);
	say_chunk(l, open, 1, STORE_PEERS, "ab");
	say_end(l, open, 2, 3);
}

/* With the checksum that it should have. */
static void a_row_is_cut(struct liar *l, const struct snapshot_message *open)
{
	struct snapshot_message message = reply(open, SNAPSHOT_CHUNK);
	static const uint8_t row[] = { 1, 9, 0, 'a', 'b' };

	say_opened(l, open, STORE_FORMAT);
	message.table = STORE_PEERS;
	message.rows = 1;
	message.number = 1;
	message.body = row;
	message.body_size = sizeof(row);
	say(l, &message);
}

static void identity_of_its_own_is_sent(struct liar *l, const struct snapshot_message *open)
{
	struct snapshot_message message = reply(open, SNAPSHOT_CHUNK);
	uint8_t *room = snapshot_socket_room(l->socket);
	struct octets_out body = octets_out_over(room, SNAPSHOT_BODY_MAX);

	say_opened(l, open, STORE_FORMAT);
	snapshot_put_row(&body, &(struct store_row){ text("store/id"), text("12345678") });
	message.table = STORE_META;
	message.rows = 1;
	message.number = 1;
	message.body = room;
	message.body_size = octets_used(&body);
	say(l, &message);
}

static void the_store_cannot_be_read(struct liar *l, const struct snapshot_message *open)
{
	say_refused(l, open, SNAPSHOT_FAILED);
}

static void we_are_too_old(struct liar *l, const struct snapshot_message *open)
{
	say_refused(l, open, SNAPSHOT_NEWER);
}

/* Asked again behind what came; then there is the rest. */
static void one_gets_lost(struct liar *l, const struct snapshot_message *open)
{
	say_opened(l, open, STORE_FORMAT);
	if (l->asked == 1) {
		say_chunk(l, open, 1, STORE_PEERS, "a");
		say_chunk(l, open, 3, STORE_PEERS, "c");
		return;
	}
	CU_ASSERT_EQUAL(open->snapshot, SNAPSHOT);
	CU_ASSERT_EQUAL(open->table, STORE_PEERS);
	CU_ASSERT_TRUE(open->body_size == 1 && open->body[0] == 'a');
	say_chunk(l, open, 1, STORE_PEERS, "bc");
	say_end(l, open, 2, 3);
}

static void it_is_always_broken(struct liar *l, const struct snapshot_message *open)
{
	struct snapshot_message message = reply(open, SNAPSHOT_OPENED);

	message.body = (const uint8_t *)"!"; /* what no such message has */
	message.body_size = 1;
	say(l, &message);
}

static void it_is_broken_once(struct liar *l, const struct snapshot_message *open)
{
	if (l->asked == 1)
		it_is_always_broken(l, open);
	else
		honest(l, open);
}

/* What is said of an old stream is late, and of another snapshot not meant. */
static void what_is_late_is_said_too(struct liar *l, const struct snapshot_message *open)
{
	struct snapshot_message old = *open;

	old.stream--;
	say_chunk(l, open, 1, STORE_PEERS, "x"); /* before it was opened */
	say_refused(l, &old, SNAPSHOT_FAILED);
	say_opened(l, open, STORE_FORMAT);
	say_chunk(l, &old, 1, STORE_PEERS, "y");
	say_chunk(l, open, 1, STORE_PEERS, "abc");
	say_end(l, &old, 2, 9);
	say_end(l, open, 2, 3);
}

static void the_moment_is_gone(struct liar *l, const struct snapshot_message *open)
{
	if (l->asked == 1) {
		say_opened(l, open, STORE_FORMAT);
		say_chunk(l, open, 1, STORE_PEERS, "x");
		say_chunk(l, open, 7, STORE_PEERS, "y"); /* makes it ask again */
	} else if (l->asked == 2) {
		say_refused(l, open, SNAPSHOT_GONE);
	} else {
		CU_ASSERT_EQUAL(open->snapshot, 0);
		CU_ASSERT_EQUAL(open->body_size, 0);
		honest(l, open);
	}
}

/* ---- the thread, and the table of cases ---- */

static void *serve(void *argument)
{
	struct liar *l = argument;
	struct snapshot_message message;
	const void *octets;
	size_t size;

	while (!l->stop) {
		snapshot_socket_wait(l->socket, -1, 10);
		while (snapshot_socket_receive(l->socket, &l->peer, &octets, &size)) {
			CU_ASSERT_EQUAL(snapshot_decode(octets, size, &message), HA_OK);
			CU_ASSERT_EQUAL(l->peer.member, 2);
			if (message.kind != SNAPSHOT_OPEN)
				continue;
			l->asked++;
			l->answer(l, &message);
		}
	}
	return NULL;
}

static void fetch_from(answer *lie, enum ha_error expected, const char *said)
{
	struct replication_cluster clusters[2];
	struct liar l = { .answer = lie };
	struct fetching f;
	enum ha_error why;

	cluster_make(clusters, 2);
	fetching_begin(&f, &clusters[1]);
	l.socket = snapshot_socket_open(&clusters[0], 0, &why, f.report, sizeof(f.report));
	CU_ASSERT_PTR_NOT_NULL_FATAL(l.socket);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&l.thread, NULL, serve, &l), 0);
	fetching_start(&f);
	CU_ASSERT_EQUAL(fetching_join(&f), expected);
	if (expected == HA_OK) {
		CU_ASSERT_EQUAL(f.rows, 3);
	} else {
		CU_ASSERT_PTR_NOT_NULL(strstr(f.report, said));
	}
	l.stop = true;
	pthread_join(l.thread, NULL);
	snapshot_socket_close(l.socket);
	fetching_end(&f);
}

static void what_is_wrong_ends_the_fetch(void)
{
	static const struct {
		answer *answer;
		enum ha_error expected;
		const char *said;
	} rows[] = {
		{ rows_go_back, HA_E_DAMAGED, "out of order" },
		{ a_row_comes_twice, HA_E_DAMAGED, "out of order" },
		{ tables_go_back, HA_E_DAMAGED, "out of order" },
		{ identity_of_its_own_is_sent, HA_E_DAMAGED, "out of order" },
		{ a_row_is_cut, HA_E_DAMAGED, "cannot be" },
		{ fewer_rows_were_sent, HA_E_DAMAGED, "another number of rows" },
		{ a_table_is_not_known, HA_E_NEWER, "newer program" },
		{ the_store_is_newer, HA_E_NEWER, "newer program" },
		{ we_are_too_old, HA_E_NEWER, "newer program" },
		{ it_is_always_broken, HA_E_DAMAGED, "again and again" },
		{ the_store_cannot_be_read, HA_E_IO, "cannot read its store" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		fetch_from(rows[i].answer, rows[i].expected, rows[i].said);
}

static void what_is_missing_is_asked_for_again(void)
{
	fetch_from(honest, HA_OK, "");
	fetch_from(it_is_broken_once, HA_OK, "");
	fetch_from(one_gets_lost, HA_OK, "");
	fetch_from(what_is_late_is_said_too, HA_OK, "");
	fetch_from(the_moment_is_gone, HA_OK, "");
}

static CU_TestInfo tests[] = {
	{ "what is wrong ends the fetch", what_is_wrong_ends_the_fetch },
	{ "what is missing is asked for again", what_is_missing_is_asked_for_again },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("snapshot_lies", tests);
}
