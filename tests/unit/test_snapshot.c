/* test_snapshot.c - a store from one member to another over the loopback network:
 * all rows of one moment, whatever happens to the connection, the server or the
 * disk meanwhile. What a member sends that is wrong is in test_snapshot_lies.c. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "replication/counters.h"
#include "tests/unit/cluster_fixture.h"
#include "tests/unit/snapshot_fixture.h"
#include "tests/unit/suite.h"

#define MEMBERS 4u
#define ROWS 20000u
#define SLOWLY 20000u /* octets per ms: what follows the first chunk takes a while */

struct scene {
	struct replication_cluster clusters[MEMBERS];
	struct place from;
	struct snapshot_server *server;
	_Atomic int opened, closed;
	uint64_t served; /* before */
};

static void on_opened(void *context)
{
	struct scene *s = context;

	s->opened++;
}

static void on_closed(void *context)
{
	struct scene *s = context;

	s->closed++;
}

static void serve(struct scene *s, uint32_t octets_per_ms)
{
	const struct snapshot_server_options options = {
		.cluster = &s->clusters[0],
		.octets_per_ms = octets_per_ms,
	};
	const struct snapshot_loan loan = {
		.group = GROUP,
		.store = s->from.store,
		.context = s,
		.opened = on_opened,
		.closed = on_closed,
	};
	char report[256] = "";
	enum ha_error why;

	s->server = snapshot_server_open(&options, &why, report, sizeof(report));
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->server);
	CU_ASSERT_EQUAL(snapshot_server_lend(s->server, &loan), HA_OK);
	CU_ASSERT_EQUAL(snapshot_server_lend(s->server, &loan), HA_E_EXISTS);
}

/* Values of different sizes, each of its key and the round. */
static void put_row(struct store_write *w, enum store_table table, unsigned number, unsigned round)
{
	char key[16], value[200];

	snprintf(key, sizeof(key), "%08x", number);
	memset(value, (int)('a' + (number + round) % 26), sizeof(value));
	store_put(w, table, text(key), (struct store_bytes){ value, 50 + number % 150 });
}

static void fill(struct scene *s, unsigned rows, unsigned round)
{
	struct store_write w = store_begin(s->from.store);

	for (unsigned i = 0; i < rows; i++)
		put_row(&w, i % 3 ? STORE_BINDINGS : STORE_AUDIT, i, round);
	store_put(&w, STORE_META, text("applied"), text("12345678"));
	store_put(&w, STORE_META, text("zzz"), text(""));
	CU_ASSERT_EQUAL_FATAL(store_commit(&w), HA_OK);
}

static void begin(struct scene *s, unsigned rows)
{
	*s = (struct scene){ .served = counter_read(&replication_counters,
		                                    REPLICATION_COUNTER_SNAPSHOTS_SERVED) };
	cluster_make(s->clusters, MEMBERS);
	place_begin(&s->from);
	CU_ASSERT_TRUE_FATAL(place_open_store(&s->from, FIXTURE_MAP));
	if (rows > 0)
		fill(s, rows, 0);
}

static uint64_t served(const struct scene *s)
{
	return counter_read(&replication_counters, REPLICATION_COUNTER_SNAPSHOTS_SERVED) -
	       s->served;
}

static void end(struct scene *s)
{
	snapshot_server_close(s->server);
	CU_ASSERT_EQUAL(s->opened, s->closed);
	place_end(&s->from);
}

/* What was fetched is a store that opens, is another one, and has all rows. */
static void check_fetched(struct scene *s, struct fetching *f)
{
	enum ha_error why;
	struct store *store = store_open(f->directory, FIXTURE_MAP, &why, f->report,
	                                 sizeof(f->report));

	CU_ASSERT_PTR_NOT_NULL_FATAL(store);
	CU_ASSERT_NOT_EQUAL(store_id(store), store_id(s->from.store));
	CU_ASSERT_TRUE(stores_equal(store, s->from.store));
	store_close(store);
}

static void all_rows_come_over(void)
{
	static const unsigned sizes[] = { 0, 1, 3, ROWS };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct scene s;
		struct fetching f;

		begin(&s, sizes[i]);
		serve(&s, 0);
		fetching_begin(&f, &s.clusters[1]);
		fetching_start(&f);
		CU_ASSERT_EQUAL(fetching_join(&f), HA_OK);
		CU_ASSERT_EQUAL(f.rows, sizes[i] ? sizes[i] + 2 : 0);
		CU_ASSERT_EQUAL(served(&s), 1);
		check_fetched(&s, &f);
		fetching_end(&f);
		end(&s);
	}
}

/* The server's store is another one when the fetch ends: what came is the moment
 * of its beginning. */
static void what_comes_is_of_one_moment(void)
{
	struct scene s;
	struct fetching f;

	begin(&s, ROWS);
	serve(&s, SLOWLY);
	fetching_begin(&f, &s.clusters[1]);
	fetching_start(&f);
	fetching_await_rows(&f);
	CU_ASSERT_EQUAL(s.opened, 1);
	fill(&s, ROWS + 10, 7);
	CU_ASSERT_EQUAL(fetching_join(&f), HA_OK);
	CU_ASSERT_EQUAL(f.rows, ROWS + 2);
	fill(&s, ROWS, 0); /* as it was, but for the ten */
	struct store_write w = store_begin(s.from.store);
	for (unsigned i = ROWS; i < ROWS + 10; i++) {
		char key[16];

		snprintf(key, sizeof(key), "%08x", i);
		store_delete(&w, i % 3 ? STORE_BINDINGS : STORE_AUDIT, text(key));
	}
	CU_ASSERT_EQUAL(store_commit(&w), HA_OK);
	check_fetched(&s, &f);
	fetching_end(&f);
	end(&s);
}

/* From the same moment, behind the last row that came. */
static void a_broken_connection_is_gone_on_with(void)
{
	static const size_t cuts[] = { 500000, 1, 3000, 900000, 0 };
	struct scene s;
	struct fetching f;
	struct wire *wire;

	begin(&s, ROWS);
	serve(&s, 0);
	wire = wire_open(&s.clusters[0], cuts);
	fetching_begin(&f, &s.clusters[1]);
	wire_route(wire, &f.cluster);
	fetching_start(&f);
	fetching_await_rows(&f);
	wire_release(wire);
	CU_ASSERT_EQUAL(fetching_join(&f), HA_OK);
	CU_ASSERT_EQUAL(wire_cuts(wire), 4);
	CU_ASSERT_EQUAL(served(&s), 1);
	CU_ASSERT_EQUAL(f.rows, ROWS + 2); /* none of them twice */
	check_fetched(&s, &f);
	fetching_end(&f);
	wire_close(wire);
	end(&s);
}

static void a_server_that_starts_again_begins_anew(void)
{
	struct scene s;
	struct fetching f;

	begin(&s, ROWS);
	serve(&s, SLOWLY);
	fetching_begin(&f, &s.clusters[1]);
	fetching_start(&f);
	fetching_await_rows(&f);
	snapshot_server_close(s.server);
	fill(&s, ROWS + 5, 3);
	serve(&s, 0);
	CU_ASSERT_EQUAL(fetching_join(&f), HA_OK);
	CU_ASSERT_EQUAL(served(&s), 2);
	CU_ASSERT_EQUAL(f.rows, ROWS + 7);
	check_fetched(&s, &f);
	fetching_end(&f);
	end(&s);
}

/* Each gets the store that it asked for, and who asks for another one waits for it. */
static void every_group_has_its_own_store(void)
{
	const struct snapshot_loan other_loan = { .group = GROUP + 1 };
	struct snapshot_loan loan = other_loan;
	struct place other;
	struct scene s;
	struct fetching first, second;
	struct store_write w;

	begin(&s, ROWS);
	place_begin(&other);
	CU_ASSERT_TRUE_FATAL(place_open_store(&other, FIXTURE_MAP));
	w = store_begin(other.store);
	store_put(&w, STORE_META, text("applied"), text("1"));
	CU_ASSERT_EQUAL_FATAL(store_commit(&w), HA_OK);
	serve(&s, SLOWLY);
	fetching_begin(&first, &s.clusters[1]);
	fetching_begin(&second, &s.clusters[1]);
	second.group = GROUP + 1;
	fetching_start(&second); /* nobody lends it yet */
	fetching_start(&first);
	fetching_await_rows(&first);
	loan.store = other.store;
	CU_ASSERT_EQUAL(snapshot_server_lend(s.server, &loan), HA_OK);
	CU_ASSERT_EQUAL(fetching_join(&second), HA_OK);
	CU_ASSERT_EQUAL(second.rows, 1);
	CU_ASSERT_EQUAL(fetching_join(&first), HA_OK); /* nobody took its place */
	check_fetched(&s, &first);
	CU_ASSERT_EQUAL(served(&s), 2);
	fetching_end(&first);
	fetching_end(&second);
	end(&s);
	place_end(&other);
}

/* Its lender may close it: who reads it is cut off, and begins anew with the next. */
static void a_store_that_is_withdrawn_is_read_no_more(void)
{
	struct snapshot_loan loan = { .group = GROUP, .opened = on_opened, .closed = on_closed };
	struct scene s;
	struct fetching f;

	begin(&s, ROWS);
	serve(&s, SLOWLY);
	fetching_begin(&f, &s.clusters[1]);
	fetching_start(&f);
	fetching_await_rows(&f);
	snapshot_server_withdraw(s.server, GROUP + 1); /* was never lent */
	CU_ASSERT_EQUAL(s.opened, 1);
	snapshot_server_withdraw(s.server, GROUP);
	CU_ASSERT_EQUAL(s.closed, 1);
	snapshot_server_withdraw(s.server, GROUP);
	fill(&s, ROWS + 5, 3);
	loan.store = s.from.store;
	loan.context = &s;
	CU_ASSERT_EQUAL(snapshot_server_lend(s.server, &loan), HA_OK);
	CU_ASSERT_EQUAL(fetching_join(&f), HA_OK);
	CU_ASSERT_EQUAL(f.rows, ROWS + 7);
	check_fetched(&s, &f);
	CU_ASSERT_EQUAL(s.opened, 2);
	fetching_end(&f);
	end(&s);
}

/* Two at a time; the third waits until it is its turn. */
static void three_can_fetch(void)
{
	struct scene s;
	struct fetching f[3];

	begin(&s, ROWS);
	serve(&s, SLOWLY);
	for (size_t i = 0; i < 3; i++) {
		fetching_begin(&f[i], &s.clusters[1 + i]);
		fetching_start(&f[i]);
	}
	for (size_t i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(fetching_join(&f[i]), HA_OK);
		check_fetched(&s, &f[i]);
		fetching_end(&f[i]);
	}
	CU_ASSERT_EQUAL(served(&s), 3);
	end(&s);
}

static void a_stranger_gets_nothing(void)
{
	struct scene s;
	struct fetching f;

	begin(&s, 10);
	serve(&s, 0);
	fetching_begin(&f, &s.clusters[1]);
	cluster_make_key(f.cluster.members[1].public_key, f.cluster.secret_key);
	f.patience_ms = 300;
	fetching_start(&f);
	CU_ASSERT_EQUAL(fetching_join(&f), HA_E_TIMEOUT);
	CU_ASSERT_PTR_NOT_NULL(strstr(f.report, "member 1 does not answer"));
	CU_ASSERT_EQUAL(served(&s), 0);
	fetching_end(&f);
	end(&s);
}

static void a_disk_that_is_full_is_told(void)
{
	struct scene s;
	struct fetching f;

	begin(&s, ROWS);
	serve(&s, 0);
	fetching_begin(&f, &s.clusters[1]);
	f.map = 1u << 20;
	fetching_start(&f);
	CU_ASSERT_EQUAL(fetching_join(&f), HA_E_NODISK);
	CU_ASSERT_PTR_NOT_NULL(strstr(f.report, f.directory));
	fetching_end(&f);
	end(&s);
}

static void a_fetch_can_be_stopped(void)
{
	struct scene s;
	struct fetching f;

	begin(&s, ROWS);
	serve(&s, SLOWLY);
	fetching_begin(&f, &s.clusters[1]);
	fetching_start(&f);
	fetching_await_rows(&f);
	f.stop = true;
	CU_ASSERT_EQUAL(fetching_join(&f), HA_E_CLOSED);
	fetching_end(&f);
	end(&s);
}

static void what_a_fetch_before_left_is_removed(void)
{
	struct scene s;
	struct fetching f;

	begin(&s, 3);
	serve(&s, 0);
	fetching_begin(&f, &s.clusters[1]);
	for (unsigned i = 0; i < 2; i++) {
		fetching_start(&f);
		CU_ASSERT_EQUAL(fetching_join(&f), HA_OK);
		check_fetched(&s, &f);
	}
	fetching_end(&f);
	end(&s);
}

static CU_TestInfo tests[] = {
	{ "all rows come over", all_rows_come_over },
	{ "what comes is of one moment", what_comes_is_of_one_moment },
	{ "a broken connection is gone on with", a_broken_connection_is_gone_on_with },
	{ "a server that starts again begins anew", a_server_that_starts_again_begins_anew },
	{ "every group has its own store", every_group_has_its_own_store },
	{ "a store that is withdrawn is read no more", a_store_that_is_withdrawn_is_read_no_more },
	{ "three can fetch", three_can_fetch },
	{ "a stranger gets nothing", a_stranger_gets_nothing },
	{ "a disk that is full is told", a_disk_that_is_full_is_told },
	{ "a fetch can be stopped", a_fetch_can_be_stopped },
	{ "what a fetch before left is removed", what_a_fetch_before_left_is_removed },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("snapshot", tests);
}
