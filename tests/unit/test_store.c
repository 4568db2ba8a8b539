/* test_store.c - rows of the ordered store: order, snapshots, errors that
 * stick, and random work against a model. Files are in test_store_files.c. */
#include <string.h>

#include "tests/unit/fake_disk.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

static void rows_come_back_in_order(void)
{
	struct place p;
	struct store_reader reader;
	struct store_row row;
	place_begin(&p);
	CU_ASSERT_TRUE_FATAL(place_open_store(&p, FIXTURE_MAP));
	struct store_write w = store_begin(p.store);
	put_text(&w, "b", "2");
	put_text(&w, "a", "1");
	put_text(&w, "d", "4");
	put_text(&w, "c", "three");
	put_text(&w, "c", "3");
	put_text(&w, "ab", "");
	store_delete(&w, STORE_PEERS, text("d"));
	store_delete(&w, STORE_PEERS, text("never"));
	store_put(&w, STORE_BINDINGS, text("x"), text("other table"));
	CU_ASSERT_EQUAL(store_commit(&w), HA_OK);

	static const char *const expected[][2] = {
		{ "a", "1" }, { "ab", "" }, { "b", "2" }, { "c", "3" }
	};
	CU_ASSERT_EQUAL_FATAL(store_read_open(p.store, &reader), HA_OK);
	CU_ASSERT_EQUAL(store_next(&reader, STORE_PEERS, &row), HA_E_NOTFOUND);
	enum ha_error error = store_seek(&reader, STORE_PEERS, text(""), false, &row);
	for (size_t i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL_FATAL(error, HA_OK);
		CU_ASSERT_TRUE(is_text(row.key, expected[i][0]));
		CU_ASSERT_TRUE(is_text(row.value, expected[i][1]));
		error = store_next(&reader, STORE_PEERS, &row);
	}
	CU_ASSERT_EQUAL(error, HA_E_NOTFOUND);
	store_read_close(&reader);
	store_read_close(&reader);
	place_end(&p);
}

static void seeks_find_at_or_after(void)
{
	struct place p;
	struct store_reader reader;
	struct store_row row;
	place_begin(&p);
	CU_ASSERT_TRUE_FATAL(place_open_store(&p, FIXTURE_MAP));
	struct store_write w = store_begin(p.store);
	put_text(&w, "b", "1");
	put_text(&w, "d", "2");
	CU_ASSERT_EQUAL(store_commit(&w), HA_OK);
	static const struct {
		const char *key;
		bool after;
		const char *found; /* NULL = the end */
	} rows[] = {
		{ "", false, "b" },  { "", true, "b" },    { "a", false, "b" }, { "b", false, "b" },
		{ "b", true, "d" },  { "bb", true, "d" },  { "c", false, "d" }, { "d", false, "d" },
		{ "d", true, NULL }, { "e", false, NULL },
	};
	CU_ASSERT_EQUAL_FATAL(store_read_open(p.store, &reader), HA_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const enum ha_error error = store_seek(&reader, STORE_PEERS, text(rows[i].key),
		                                       rows[i].after, &row);
		CU_ASSERT_EQUAL(error, rows[i].found ? HA_OK : HA_E_NOTFOUND);
		if (error == HA_OK)
			CU_ASSERT_TRUE(is_text(row.key, rows[i].found));
	}
	CU_ASSERT_EQUAL(store_seek(&reader, STORE_REPLAY, text(""), false, &row), HA_E_NOTFOUND);
	store_read_close(&reader);
	place_end(&p);
}

/* What one seek finds after another one, both among keys that are rows or lie between them. */
static void check_seek_after_seek(struct store *store, const char *before, const char *key,
                                  bool after)
{
	struct store_reader moved, fresh;
	struct store_row row = { 0 }, expected = { 0 };
	enum ha_error error, expected_error;

	CU_ASSERT_EQUAL_FATAL(store_read_open(store, &moved), HA_OK);
	store_seek(&moved, STORE_PEERS, text(before), false, &row);
	error = store_seek(&moved, STORE_PEERS, text(key), after, &row);
	CU_ASSERT_EQUAL_FATAL(store_read_open(store, &fresh), HA_OK);
	expected_error = store_seek(&fresh, STORE_PEERS, text(key), after, &expected);
	CU_ASSERT_EQUAL(error, expected_error);
	for (; error == HA_OK && expected_error == HA_OK;) {
		CU_ASSERT_EQUAL(row.key.at, expected.key.at);
		CU_ASSERT_EQUAL(row.value.at, expected.value.at);
		error = store_next(&moved, STORE_PEERS, &row);
		expected_error = store_next(&fresh, STORE_PEERS, &expected);
		CU_ASSERT_EQUAL(error, expected_error);
	}
	store_read_close(&moved);
	store_read_close(&fresh);
}

static void seeks_do_not_depend_on_the_one_before(void)
{
	static const char *const keys[] = { "", "a", "b", "ba", "bb", "bbb", "c", "d", "dd", "e" };
	const size_t count = sizeof(keys) / sizeof(keys[0]);
	struct place p;

	place_begin(&p);
	CU_ASSERT_TRUE_FATAL(place_open_store(&p, FIXTURE_MAP));
	struct store_write w = store_begin(p.store);
	put_text(&w, "b", "1");
	put_text(&w, "bb", "2");
	put_text(&w, "c", "3");
	put_text(&w, "dd", "4");
	CU_ASSERT_EQUAL(store_commit(&w), HA_OK);
	for (size_t i = 0; i < count * count * 2; i++)
		check_seek_after_seek(p.store, keys[i / 2 % count], keys[i / 2 / count], i % 2);
	place_end(&p);
}

static void a_reader_sees_one_moment(void)
{
	struct place p;
	struct store_reader reader;
	struct store_bytes value;
	place_begin(&p);
	CU_ASSERT_TRUE_FATAL(place_open_store(&p, FIXTURE_MAP));
	CU_ASSERT_EQUAL(put_one(&p, "k", "old"), HA_OK);
	CU_ASSERT_EQUAL_FATAL(store_read_open(p.store, &reader), HA_OK);
	struct store_write w = store_begin(p.store);
	put_text(&w, "k", "new");
	put_text(&w, "l", "more");
	CU_ASSERT_TRUE(holds(&p, "k", "old"));
	CU_ASSERT_EQUAL(store_commit(&w), HA_OK);
	CU_ASSERT_EQUAL(store_get(&reader, STORE_PEERS, text("k"), &value), HA_OK);
	CU_ASSERT_TRUE(is_text(value, "old"));
	CU_ASSERT_EQUAL(store_get(&reader, STORE_PEERS, text("l"), &value), HA_E_NOTFOUND);
	store_read_close(&reader);
	CU_ASSERT_TRUE(holds(&p, "k", "new"));
	place_end(&p);
}

static void an_abort_leaves_nothing(void)
{
	struct place p;
	place_begin(&p);
	CU_ASSERT_TRUE_FATAL(place_open_store(&p, FIXTURE_MAP));
	struct store_write w = store_begin(p.store);
	put_text(&w, "k", "v");
	store_abort(&w);
	CU_ASSERT_EQUAL(store_commit(&w), HA_E_CLOSED);
	CU_ASSERT_TRUE(holds(&p, "k", NULL));
	place_end(&p);
}

static void the_first_error_sticks(void)
{
	char large[STORE_VALUE_MAX + 1];
	char key[STORE_KEY_MAX + 1];
	memset(large, 'v', sizeof(large));
	memset(key, 'k', sizeof(key));
	struct place p;
	place_begin(&p);
	CU_ASSERT_TRUE_FATAL(place_open_store(&p, FIXTURE_MAP));

	const struct store_bytes keys[] = { { key, sizeof(key) }, { key, 0 }, { key, 1 } };
	const size_t values[] = { 1, 1, sizeof(large) };
	for (size_t i = 0; i < 3; i++) {
		struct store_write w = store_begin(p.store);
		put_text(&w, "before", "1");
		store_put(&w, STORE_PEERS, keys[i], (struct store_bytes){ large, values[i] });
		CU_ASSERT_EQUAL(w.error, HA_E_RANGE);
		put_text(&w, "after", "1");
		CU_ASSERT_EQUAL(store_commit(&w), HA_E_RANGE);
		CU_ASSERT_TRUE(holds(&p, "before", NULL));
	}
	struct store_write w = store_begin(p.store);
	store_put(&w, STORE_PEERS, (struct store_bytes){ key, STORE_KEY_MAX },
	          (struct store_bytes){ large, STORE_VALUE_MAX });
	struct store_write second = store_begin(p.store);
	CU_ASSERT_EQUAL(store_commit(&second), HA_E_BUSY);
	CU_ASSERT_EQUAL(store_commit(&w), HA_OK);
	place_end(&p);
}

/* ---- random work against a model ---- */

#define MODEL_PREFIXES 40u
#define MODEL_ROWS 12u /* per prefix */

/* Size of the value per row; 0 = no row. Contents follow from place and size. */
struct model {
	uint16_t size[MODEL_PREFIXES][MODEL_ROWS];
};

static struct store_bytes model_key(uint8_t octets[3], unsigned prefix, unsigned row)
{
	octets[0] = (uint8_t)(prefix / 7);
	octets[1] = (uint8_t)(prefix % 7 * 30);
	octets[2] = (uint8_t)(row * 20);
	return (struct store_bytes){ .at = octets, .size = 3 };
}

static struct store_bytes model_value(uint8_t *octets, unsigned prefix, unsigned row, uint16_t size)
{
	for (uint16_t i = 0; i < size; i++)
		octets[i] = (uint8_t)(prefix * 3 + row * 5 + size + i);
	return (struct store_bytes){ .at = octets, .size = size };
}

static uint16_t random_size(uint64_t *random)
{
	static const uint16_t common[] = { 96, 96, 96, 100, 1, 700, 2100, 4096 };
	return common[fake_random(random) % 8];
}

static void model_replace(struct model *model, struct store_write *w, unsigned prefix,
                          uint64_t *random)
{
	static uint8_t values[MODEL_ROWS][STORE_VALUE_MAX];
	uint8_t keys[MODEL_ROWS][3];
	struct store_row rows[MODEL_ROWS];
	size_t count = 0;
	const unsigned kept = (unsigned)(fake_random(random) % 5); /* 0 = none, 4 = nearly all */
	for (unsigned i = 0; i < MODEL_ROWS; i++) {
		uint16_t *size = &model->size[prefix][i];
		if (fake_random(random) % 4 >= kept)
			*size = 0;
		else if (*size == 0 || fake_random(random) % 3 == 0)
			*size = random_size(random);
		if (*size == 0)
			continue;
		rows[count].key = model_key(keys[count], prefix, i);
		rows[count].value = model_value(values[count], prefix, i, *size);
		count++;
	}
	uint8_t head[3];
	struct store_bytes of_prefix = model_key(head, prefix, 0);
	of_prefix.size = 2;
	store_replace_prefix(w, STORE_BINDINGS, of_prefix, rows, count);
}

static void model_single(struct model *model, struct store_write *w, unsigned prefix,
                         uint64_t *random)
{
	static uint8_t octets[STORE_VALUE_MAX];
	uint8_t key[3];
	const unsigned row = (unsigned)(fake_random(random) % MODEL_ROWS);
	const bool put = fake_random(random) % 2;
	const uint16_t size = put ? random_size(random) : 0;
	model->size[prefix][row] = size;
	if (put)
		store_put(w, STORE_BINDINGS, model_key(key, prefix, row),
		          model_value(octets, prefix, row, size));
	else
		store_delete(w, STORE_BINDINGS, model_key(key, prefix, row));
}

/* All rows of the table, in order, are those of the model. */
static bool model_equals(const struct model *model, struct store *store)
{
	static uint8_t octets[STORE_VALUE_MAX];
	struct store_reader reader;
	struct store_row row;
	if (store_read_open(store, &reader) != HA_OK)
		return false;
	bool equal = true;
	enum ha_error error = store_seek(&reader, STORE_BINDINGS, text(""), false, &row);
	for (unsigned i = 0; i < MODEL_PREFIXES * MODEL_ROWS && equal; i++) {
		uint8_t key[3];
		const uint16_t size = model->size[i / MODEL_ROWS][i % MODEL_ROWS];
		if (size == 0)
			continue;
		const struct store_bytes k = model_key(key, i / MODEL_ROWS, i % MODEL_ROWS);
		const struct store_bytes v = model_value(octets, i / MODEL_ROWS, i % MODEL_ROWS,
		                                         size);
		equal = error == HA_OK && row.key.size == k.size && row.value.size == v.size &&
		        memcmp(row.key.at, k.at, k.size) == 0 &&
		        memcmp(row.value.at, v.at, v.size) == 0;
		error = store_next(&reader, STORE_BINDINGS, &row);
	}
	store_read_close(&reader);
	return equal && error == HA_E_NOTFOUND;
}

static void random_work_agrees_with_a_model(void)
{
	struct place p;
	place_begin(&p);
	CU_ASSERT_TRUE_FATAL(place_open_store(&p, FIXTURE_MAP));
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct model model = { 0 };
		struct model committed = { 0 };
		uint64_t random = seed;
		for (unsigned round = 0; round < 60; round++) {
			struct store_write w = store_begin(p.store);
			if (round == 0)
				for (unsigned i = 0; i < MODEL_PREFIXES; i++) {
					uint8_t head[3];
					struct store_bytes prefix = model_key(head, i, 0);
					prefix.size = 2;
					store_replace_prefix(&w, STORE_BINDINGS, prefix, NULL, 0);
				}
			for (unsigned i = 0; i < 30; i++) {
				const unsigned prefix = (unsigned)(fake_random(&random) %
				                                   MODEL_PREFIXES);
				if (fake_random(&random) % 2)
					model_replace(&model, &w, prefix, &random);
				else
					model_single(&model, &w, prefix, &random);
			}
			if (round > 0 && fake_random(&random) % 5 == 0) {
				store_abort(&w);
				model = committed;
			} else {
				CU_ASSERT_EQUAL(store_commit(&w), HA_OK);
				committed = model;
			}
			CU_ASSERT_TRUE(model_equals(&model, p.store));
		}
		place_close_store(&p);
		CU_ASSERT_TRUE_FATAL(place_open_store(&p, FIXTURE_MAP));
		CU_ASSERT_TRUE(model_equals(&model, p.store));
	}
	place_end(&p);
}

static void replace_prefix_keeps_to_its_prefix(void)
{
	struct place p;
	place_begin(&p);
	CU_ASSERT_TRUE_FATAL(place_open_store(&p, FIXTURE_MAP));
	struct store_write w = store_begin(p.store);
	put_text(&w, "a9", "0");
	put_text(&w, "b", "1");
	put_text(&w, "b1", "2");
	put_text(&w, "b2", "3");
	put_text(&w, "c", "4");
	const struct store_row one = { text("b2"), text("new") };
	store_replace_prefix(&w, STORE_PEERS, text("b"), &one, 1);
	CU_ASSERT_EQUAL(store_commit(&w), HA_OK);
	CU_ASSERT_TRUE(holds(&p, "a9", "0"));
	CU_ASSERT_TRUE(holds(&p, "b", NULL));
	CU_ASSERT_TRUE(holds(&p, "b1", NULL));
	CU_ASSERT_TRUE(holds(&p, "b2", "new"));
	CU_ASSERT_TRUE(holds(&p, "c", "4"));

	const struct store_row wrong[][2] = {
		{ { text("c1"), text("") }, { text("c2"), text("") } }, /* other prefix */
		{ { text("b2"), text("") }, { text("b1"), text("") } }, /* descending */
		{ { text("b1"), text("") }, { text("b1"), text("") } }, /* twice */
	};
	for (size_t i = 0; i < 3; i++) {
		w = store_begin(p.store);
		store_replace_prefix(&w, STORE_PEERS, text("b"), wrong[i], 2);
		CU_ASSERT_EQUAL(store_commit(&w), HA_E_MALFORMED);
	}
	w = store_begin(p.store);
	store_replace_prefix(&w, STORE_PEERS, text(""), NULL, 0);
	CU_ASSERT_EQUAL(store_commit(&w), HA_E_RANGE);
	place_end(&p);
}

static void rows_are_walked_backwards(void)
{
	static const char *const expected[] = { "e", "c", "a" };
	struct place p;
	struct store_reader reader;
	struct store_row row;
	place_begin(&p);
	CU_ASSERT_TRUE_FATAL(place_open_store(&p, FIXTURE_MAP));
	CU_ASSERT_EQUAL_FATAL(store_read_open(p.store, &reader), HA_OK);
	CU_ASSERT_EQUAL(store_seek_before(&reader, STORE_PEERS, text(""), &row), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(store_seek_before(&reader, STORE_PEERS, text("k"), &row), HA_E_NOTFOUND);
	store_read_close(&reader);
	for (size_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(put_one(&p, expected[i], "v"), HA_OK);

	CU_ASSERT_EQUAL_FATAL(store_read_open(p.store, &reader), HA_OK);
	CU_ASSERT_EQUAL(store_previous(&reader, STORE_PEERS, &row), HA_E_NOTFOUND); /* of nothing */
	enum ha_error error = store_seek_before(&reader, STORE_PEERS, text(""), &row);
	for (size_t i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL_FATAL(error, HA_OK);
		CU_ASSERT_TRUE(is_text(row.key, expected[i]));
		error = store_previous(&reader, STORE_PEERS, &row);
	}
	CU_ASSERT_EQUAL(error, HA_E_NOTFOUND);
	static const char *const pairs[][2] = {
		{ "b", "a" }, { "c", "a" }, { "d", "c" }, { "e", "c" }, { "f", "e" }
	};
	for (size_t i = 0; i < 5; i++) {
		CU_ASSERT_EQUAL(store_seek_before(&reader, STORE_PEERS, text(pairs[i][0]), &row),
		                HA_OK);
		CU_ASSERT_TRUE(is_text(row.key, pairs[i][1]));
	}
	CU_ASSERT_EQUAL(store_seek_before(&reader, STORE_PEERS, text("a"), &row), HA_E_NOTFOUND);
	store_read_close(&reader);
	place_end(&p);
}

static void a_trim_keeps_the_last_rows(void)
{
	struct place p;
	char key[8];
	place_begin(&p);
	CU_ASSERT_TRUE_FATAL(place_open_store(&p, FIXTURE_MAP));
	for (unsigned round = 0; round < 3; round++) {
		struct store_write w = store_begin(p.store);
		for (unsigned i = 0; i < 40; i++) {
			snprintf(key, sizeof(key), "%04u", round * 40 + i);
			put_text(&w, key, "row");
		}
		store_trim(&w, STORE_PEERS, 50);
		put_text(&w, "zzz", "put after a trim"); /* behind all others */
		store_trim(&w, STORE_PEERS, 50);
		store_trim(&w, STORE_BINDINGS, 50); /* with fewer rows */
		CU_ASSERT_EQUAL(store_commit(&w), HA_OK);
	}
	struct store_usage usage;
	CU_ASSERT_EQUAL(store_usage(p.store, &usage), HA_OK);
	CU_ASSERT_EQUAL(usage.rows[STORE_PEERS], 50);
	CU_ASSERT_TRUE(holds(&p, "0070", NULL));
	CU_ASSERT_TRUE(holds(&p, "0071", "row"));
	CU_ASSERT_TRUE(holds(&p, "0119", "row"));
	CU_ASSERT_TRUE(holds(&p, "zzz", "put after a trim"));
	struct store_write w = store_begin(p.store);
	store_trim(&w, STORE_PEERS, 0);
	CU_ASSERT_EQUAL(store_commit(&w), HA_OK);
	CU_ASSERT_TRUE(holds(&p, "zzz", NULL));
	place_end(&p);
}

static CU_TestInfo tests[] = {
	{ "rows come back in order", rows_come_back_in_order },
	{ "seeks find at or after", seeks_find_at_or_after },
	{ "seeks do not depend on the one before", seeks_do_not_depend_on_the_one_before },
	{ "a reader sees one moment", a_reader_sees_one_moment },
	{ "an abort leaves nothing", an_abort_leaves_nothing },
	{ "the first error sticks", the_first_error_sticks },
	{ "random work agrees with a model", random_work_agrees_with_a_model },
	{ "replace keeps to its prefix", replace_prefix_keeps_to_its_prefix },
	{ "rows are walked backwards", rows_are_walked_backwards },
	{ "a trim keeps the last rows", a_trim_keeps_the_last_rows },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("store", tests);
}
