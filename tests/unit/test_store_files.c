/* test_store_files.c - the store's files: identity, reopening, and each file
 * that is not what it should be: foreign, newer, garbage, cut off, full. */
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

static void a_store_keeps_its_identity(void)
{
	struct place p;
	struct place q;
	place_begin(&p);
	place_begin(&q);
	CU_ASSERT_TRUE_FATAL(place_open_store(&p, FIXTURE_MAP));
	CU_ASSERT_TRUE_FATAL(place_open_store(&q, FIXTURE_MAP));
	const uint64_t id = store_id(p.store);
	CU_ASSERT_NOT_EQUAL(id, 0);
	CU_ASSERT_NOT_EQUAL(id, store_id(q.store));
	CU_ASSERT_EQUAL(put_one(&p, "k", "v"), HA_OK);
	place_close_store(&p);
	CU_ASSERT_TRUE_FATAL(place_open_store(&p, 2 * FIXTURE_MAP)); /* the map may grow */
	CU_ASSERT_EQUAL(store_id(p.store), id);
	CU_ASSERT_TRUE(holds(&p, "k", "v"));
	struct store_usage usage;
	CU_ASSERT_EQUAL(store_usage(p.store, &usage), HA_OK);
	CU_ASSERT_EQUAL(usage.rows[STORE_PEERS], 1);
	CU_ASSERT_EQUAL(usage.rows[STORE_BINDINGS], 0);
	CU_ASSERT_EQUAL(usage.octets_max, 2 * FIXTURE_MAP);
	CU_ASSERT_TRUE(usage.octets_used > 0 && usage.octets_used < FIXTURE_MAP);
	place_end(&p);
	place_end(&q);
}

static void a_second_opening_is_refused(void)
{
	struct place p;
	place_begin(&p);
	CU_ASSERT_TRUE_FATAL(place_open_store(&p, FIXTURE_MAP));
	struct place other = p;
	other.store = NULL;
	CU_ASSERT_TRUE(refused(&other, HA_E_INUSE));
	CU_ASSERT_EQUAL(put_one(&p, "k", "v"), HA_OK);
	place_end(&p);
}

static void a_missing_directory_is_refused(void)
{
	struct place p = { .directory = "/nonexistent/store" };
	CU_ASSERT_FALSE(place_open_store(&p, FIXTURE_MAP));
	CU_ASSERT_NOT_EQUAL(p.why, HA_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.report, p.directory));
	CU_ASSERT_PTR_NULL(store_open(p.directory, FIXTURE_MAP, &p.why, NULL, 0));
}

/* Change one row of the meta table behind the store's back. */
static void alter_meta(const struct place *p, const char *key, const void *octets, size_t size)
{
	MDB_env *environment;
	MDB_txn *txn;
	MDB_dbi table;
	CU_ASSERT_EQUAL_FATAL(mdb_env_create(&environment), 0);
	mdb_env_set_maxdbs(environment, 8);
	CU_ASSERT_EQUAL_FATAL(mdb_env_open(environment, p->directory, 0, 0600), 0);
	CU_ASSERT_EQUAL_FATAL(mdb_txn_begin(environment, NULL, 0, &txn), 0);
	CU_ASSERT_EQUAL_FATAL(mdb_dbi_open(txn, "meta", MDB_CREATE, &table), 0);
	MDB_val k = { strlen(key), (void *)(uintptr_t)key };
	MDB_val v = { size, (void *)(uintptr_t)octets };
	CU_ASSERT_EQUAL(octets ? mdb_put(txn, table, &k, &v, 0) : mdb_del(txn, table, &k, NULL), 0);
	CU_ASSERT_EQUAL(mdb_txn_commit(txn), 0);
	mdb_env_close(environment);
}

static void a_changed_identity_is_noticed(void)
{
	static const struct {
		const char *key;
		const char *octets;
		size_t size;
		enum ha_error why;
	} rows[] = {
		{ "store/format", "\2\0\0\0", 4, HA_E_NEWER },
		{ "store/format", "\0\0\0\0", 4, HA_E_DAMAGED },
		{ "store/format", "\1", 1, HA_E_DAMAGED },
		{ "store/format", NULL, 0, HA_E_FOREIGN },
		{ "store/id", "\0\0\0\0\0\0\0\0", 8, HA_E_DAMAGED },
		{ "store/id", "abc", 3, HA_E_DAMAGED },
		{ "store/id", NULL, 0, HA_E_FOREIGN },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct place p;
		place_begin(&p);
		CU_ASSERT_TRUE_FATAL(place_open_store(&p, FIXTURE_MAP));
		place_close_store(&p);
		alter_meta(&p, rows[i].key, rows[i].octets, rows[i].size);
		CU_ASSERT_TRUE(refused(&p, rows[i].why));
		place_end(&p);
	}
}

static void an_environment_of_somebody_else_is_left_alone(void)
{
	struct place p;
	place_begin(&p);
	alter_meta(&p, "what", "ever", 4);
	CU_ASSERT_TRUE(refused(&p, HA_E_FOREIGN));
	place_end(&p);
}

static void write_file(const struct place *p, const char *name, const void *octets, size_t size)
{
	const int file = open(path_in(p, name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	CU_ASSERT_TRUE_FATAL(file >= 0);
	CU_ASSERT_EQUAL(write(file, octets, size), (ssize_t)size);
	close(file);
}

static void garbage_is_refused(void)
{
	uint8_t garbage[3 * 4096];
	for (size_t i = 0; i < sizeof(garbage); i++)
		garbage[i] = (uint8_t)(i * 37 + 1);
	static const size_t sizes[] = { 1, 100, 4096, sizeof(garbage) };
	for (size_t i = 0; i < 4; i++) {
		struct place p;
		place_begin(&p);
		write_file(&p, "data.mdb", garbage, sizes[i]);
		CU_ASSERT_TRUE(refused(&p, HA_E_FOREIGN));
		place_end(&p);
	}
}

static void fill_with(struct place *p, unsigned rows, char letter)
{
	char key[16];
	char value[512];
	memset(value, letter, sizeof(value));
	struct store_write w = store_begin(p->store);
	for (unsigned i = 0; i < rows; i++) {
		snprintf(key, sizeof(key), "%08u", i);
		store_put(&w, STORE_PEERS, text(key), (struct store_bytes){ value, sizeof(value) });
	}
	CU_ASSERT_EQUAL(store_commit(&w), HA_OK);
}

static void fill(struct place *p, unsigned rows)
{
	fill_with(p, rows, 'x');
}

static void a_cut_off_file_is_damage_not_a_crash(void)
{
	static const off_t sizes[] = { 100, 4096, 8192, 3 * 4096, 100 * 4096 };
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct place p;
		place_begin(&p);
		CU_ASSERT_TRUE_FATAL(place_open_store(&p, FIXTURE_MAP));
		fill(&p, 2000);
		place_close_store(&p);
		CU_ASSERT_EQUAL(truncate(path_in(&p, "data.mdb"), sizes[i]), 0);
		place_close_store(&p);
		CU_ASSERT_FALSE(place_open_store(&p, FIXTURE_MAP));
		CU_ASSERT_TRUE(p.why == HA_E_DAMAGED || p.why == HA_E_FOREIGN);
		if (sizes[i] >= 8192)
			CU_ASSERT_EQUAL(p.why, HA_E_DAMAGED);
		place_end(&p);
	}
}

static void a_compact_copy_opens(void)
{
	struct place p;
	struct stat about;
	place_begin(&p);
	CU_ASSERT_TRUE_FATAL(place_open_store(&p, FIXTURE_MAP));
	fill(&p, 500);
	const uint64_t id = store_id(p.store);
	place_close_store(&p);

	/* As `mdb_copy` leaves it: not one octet behind the last page. */
	MDB_env *environment;
	struct place q;
	place_begin(&q);
	CU_ASSERT_EQUAL_FATAL(mdb_env_create(&environment), 0);
	CU_ASSERT_EQUAL_FATAL(mdb_env_open(environment, p.directory, MDB_RDONLY, 0600), 0);
	CU_ASSERT_EQUAL(mdb_env_copy(environment, q.directory), 0);
	mdb_env_close(environment);
	CU_ASSERT_EQUAL(stat(path_in(&q, "data.mdb"), &about), 0);
	CU_ASSERT_TRUE(about.st_size < (off_t)FIXTURE_MAP);
	CU_ASSERT_TRUE_FATAL(place_open_store(&q, FIXTURE_MAP));
	CU_ASSERT_EQUAL(store_id(q.store), id);
	fill(&q, 600);
	place_end(&p);
	place_end(&q);
}

static void a_full_map_is_told_and_survived(void)
{
	struct place p;
	char key[16];
	char value[4000];
	memset(value, 'x', sizeof(value));
	place_begin(&p);
	CU_ASSERT_TRUE_FATAL(place_open_store(&p, 1u << 20));
	CU_ASSERT_EQUAL(put_one(&p, "kept", "row"), HA_OK);
	enum ha_error error = HA_OK;
	unsigned rows = 0;
	while (error == HA_OK && rows < 1000) {
		struct store_write w = store_begin(p.store);
		for (unsigned i = 0; i < 10; i++) {
			snprintf(key, sizeof(key), "%08u", rows++);
			store_put(&w, STORE_PEERS, text(key),
			          (struct store_bytes){ value, sizeof(value) });
		}
		error = store_commit(&w);
	}
	CU_ASSERT_EQUAL(error, HA_E_NODISK);
	CU_ASSERT_TRUE(holds(&p, "kept", "row"));
	struct store_usage usage;
	CU_ASSERT_EQUAL(store_usage(p.store, &usage), HA_OK);
	CU_ASSERT_EQUAL(usage.rows[STORE_PEERS], rows - 10 + 1);

	/* A larger map, and it goes on. */
	place_close_store(&p);
	CU_ASSERT_TRUE_FATAL(place_open_store(&p, FIXTURE_MAP));
	CU_ASSERT_TRUE(holds(&p, "kept", "row"));
	fill(&p, 100);
	place_end(&p);
}

static uint64_t octets_used(struct place *p)
{
	struct store_usage usage = { 0 };

	CU_ASSERT_EQUAL(store_usage(p->store, &usage), HA_OK);
	return usage.octets_used;
}

/* All rows again and again, each time with other values, in a transaction of its own. */
static void write_again(struct place *p)
{
	for (unsigned times = 0; times < 20; times++)
		fill_with(p, 100, (char)('a' + times));
}

/* What is written again takes no more room, unless a reader holds the old values. */
static void what_a_reader_holds_back_is_used(void)
{
	struct store_reader reader = { 0 };
	struct place p;
	uint64_t before, held;

	place_begin(&p);
	CU_ASSERT_TRUE_FATAL(place_open_store(&p, FIXTURE_MAP));
	write_again(&p);
	before = octets_used(&p);
	write_again(&p);
	CU_ASSERT_EQUAL(octets_used(&p), before);
	CU_ASSERT_EQUAL_FATAL(store_read_open(p.store, &reader), HA_OK);
	write_again(&p);
	held = octets_used(&p);
	CU_ASSERT_TRUE(held > 2 * before);
	store_read_close(&reader);
	CU_ASSERT_TRUE(octets_used(&p) < 2 * before);
	write_again(&p);
	CU_ASSERT_TRUE(octets_used(&p) < held);
	place_end(&p);
}

static CU_TestInfo tests[] = {
	{ "a store keeps its identity", a_store_keeps_its_identity },
	{ "a second opening is refused", a_second_opening_is_refused },
	{ "a missing directory is refused", a_missing_directory_is_refused },
	{ "a changed identity is noticed", a_changed_identity_is_noticed },
	{ "another environment is left alone", an_environment_of_somebody_else_is_left_alone },
	{ "garbage is refused", garbage_is_refused },
	{ "a cut off file is damage", a_cut_off_file_is_damage_not_a_crash },
	{ "a compact copy opens", a_compact_copy_opens },
	{ "a full map is survived", a_full_map_is_told_and_survived },
	{ "what a reader holds back is used", what_a_reader_holds_back_is_used },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("store_files", tests);
}
