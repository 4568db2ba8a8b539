/* test_snapshot_format.c - messages about snapshots: what is encoded is decoded,
 * and nothing else is. */
#include "replication/snapshot_format.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static uint8_t octets[SNAPSHOT_MESSAGE_MAX];

static struct store_row row_of(const char *key, const char *value)
{
	return (struct store_row){ { key, strlen(key) }, { value, strlen(value) } };
}

static size_t make_chunk(void)
{
	struct octets_out body = octets_out_over(octets + SNAPSHOT_HEADER, SNAPSHOT_BODY_MAX);
	const struct store_row rows[] = { row_of("a", "one"), row_of("b", ""), row_of("cc", "3") };

	for (size_t i = 0; i < 3; i++)
		CU_ASSERT_TRUE(snapshot_put_row(&body, &rows[i]));
	return snapshot_encode(octets, &(struct snapshot_message){
					       .kind = SNAPSHOT_CHUNK,
					       .table = STORE_BINDINGS,
					       .snapshot = 0x0102030405060708,
					       .stream = 9,
					       .rows = 3,
					       .number = 10,
					       .body = octets + SNAPSHOT_HEADER,
					       .body_size = octets_used(&body),
				       });
}

static void what_is_encoded_is_decoded(void)
{
	static const char *const expected[][2] = { { "a", "one" }, { "b", "" }, { "cc", "3" } };
	struct snapshot_message message;
	struct octets_in body;
	struct store_row row;
	size_t size = make_chunk();

	CU_ASSERT_EQUAL_FATAL(snapshot_decode(octets, size, &message), HA_OK);
	CU_ASSERT_EQUAL(message.kind, SNAPSHOT_CHUNK);
	CU_ASSERT_EQUAL(message.table, STORE_BINDINGS);
	CU_ASSERT_EQUAL(message.snapshot, 0x0102030405060708);
	CU_ASSERT_EQUAL(message.stream, 9);
	CU_ASSERT_EQUAL(message.rows, 3);
	CU_ASSERT_EQUAL(message.number, 10);
	body = octets_in_over(message.body, message.body_size);
	for (size_t i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL_FATAL(snapshot_take_row(&body, &row), HA_OK);
		CU_ASSERT_EQUAL(row.key.size, strlen(expected[i][0]));
		CU_ASSERT_EQUAL(row.value.size, strlen(expected[i][1]));
		CU_ASSERT_EQUAL(memcmp(row.key.at, expected[i][0], row.key.size), 0);
		CU_ASSERT_EQUAL(memcmp(row.value.at, expected[i][1], row.value.size), 0);
	}
	CU_ASSERT_EQUAL(snapshot_take_row(&body, &row), HA_E_NOTFOUND);
}

static void every_prefix_is_refused(void)
{
	struct snapshot_message message;
	size_t size = make_chunk();

	for (size_t i = 0; i < size; i++)
		CU_ASSERT_NOT_EQUAL(snapshot_decode(octets, i, &message), HA_OK);
	octets[size] = 0;
	CU_ASSERT_NOT_EQUAL(snapshot_decode(octets, size + 1, &message), HA_OK);
	CU_ASSERT_EQUAL(snapshot_decode(octets, SNAPSHOT_MESSAGE_MAX + 1u, &message),
	                HA_E_MALFORMED);
}

static void every_flipped_bit_is_found(void)
{
	struct snapshot_message message;
	size_t size = make_chunk();

	for (size_t bit = 0; bit < 8 * size; bit++) {
		octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_NOT_EQUAL(snapshot_decode(octets, size, &message), HA_OK);
		octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	CU_ASSERT_EQUAL(snapshot_decode(octets, size, &message), HA_OK);
	octets[4]++; /* the format, before its checksum is looked at */
	CU_ASSERT_EQUAL(snapshot_decode(octets, size, &message), HA_E_NEWER);
}

/* Sealed with the right checksum, and still impossible. */
static void what_cannot_be_is_refused(void)
{
	static uint8_t long_body[SNAPSHOT_BODY_MAX];
	static const struct {
		int kind;
		size_t body;
		enum ha_error why;
	} rows[] = {
		{ 0, 0, HA_E_MALFORMED },
		{ SNAPSHOT_KINDS, 0, HA_E_MALFORMED },
		{ SNAPSHOT_OPEN, STORE_KEY_MAX, HA_OK },
		{ SNAPSHOT_OPEN, STORE_KEY_MAX + 1, HA_E_MALFORMED },
		{ SNAPSHOT_OPENED, 1, HA_E_MALFORMED },
		{ SNAPSHOT_MORE, 1, HA_E_MALFORMED },
		{ SNAPSHOT_CHUNK, 0, HA_E_MALFORMED },
		{ SNAPSHOT_CHUNK, SNAPSHOT_BODY_MAX, HA_OK },
		{ SNAPSHOT_END, 8 * SNAPSHOT_TABLES_MAX, HA_OK },
		{ SNAPSHOT_END, 8 * SNAPSHOT_TABLES_MAX + 8, HA_E_MALFORMED },
		{ SNAPSHOT_REFUSED, 1, HA_E_MALFORMED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct snapshot_message message = {
			.kind = (enum snapshot_kind)rows[i].kind,
			.body = long_body,
			.body_size = rows[i].body,
		};
		size_t size = snapshot_encode(octets, &message);

		CU_ASSERT_EQUAL(snapshot_decode(octets, size, &message), rows[i].why);
	}
}

static void rows_that_cannot_be_are_refused(void)
{
	static const struct {
		uint8_t octets[8];
		size_t size;
	} bodies[] = {
		{ { 0, 0, 0 }, 3 },           /* no key */
		{ { 1, 0, 0 }, 3 },           /* its key is missing */
		{ { 1, 2, 0, 'k', 'v' }, 5 }, /* half of its value is missing */
		{ { 1, 0 }, 2 },              /* half of a header */
		{ { STORE_KEY_MAX + 1, 0, 0 }, 3 },
		{ { 1, 1, 0x10, 'k' }, 4 }, /* a value above the limit */
	};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct octets_in body = octets_in_over(bodies[i].octets, bodies[i].size);
		struct store_row row;

		CU_ASSERT_EQUAL(snapshot_take_row(&body, &row), HA_E_MALFORMED);
		CU_ASSERT_EQUAL(snapshot_take_row(&body, &row), HA_E_MALFORMED);
	}
}

static void a_row_that_does_not_fit_is_left(void)
{
	uint8_t room[8];
	struct octets_out body = octets_out_over(room, sizeof(room));
	struct store_row row = row_of("k", "long"), next = row_of("k", "longer");

	CU_ASSERT_FALSE(snapshot_put_row(&body, &next));
	CU_ASSERT_TRUE(snapshot_put_row(&body, &row));
	CU_ASSERT_FALSE(snapshot_put_row(&body, &row));
	CU_ASSERT_EQUAL(octets_used(&body), 8);
}

static void counts_of_unknown_tables_are_newer(void)
{
	uint8_t body[8 * (STORE_TABLE_COUNT + 1)] = { 0 };
	uint64_t rows[STORE_TABLE_COUNT] = { 1, 2, 3 }, back[STORE_TABLE_COUNT];
	struct snapshot_message message = { .body = body };

	message.body_size = snapshot_put_counts(body, rows);
	CU_ASSERT_EQUAL(snapshot_take_counts(&message, back), HA_OK);
	CU_ASSERT_EQUAL(memcmp(rows, back, sizeof(rows)), 0);
	message.body_size = sizeof(body); /* one table more, and empty */
	CU_ASSERT_EQUAL(snapshot_take_counts(&message, back), HA_OK);
	body[sizeof(body) - 1] = 1;
	CU_ASSERT_EQUAL(snapshot_take_counts(&message, back), HA_E_NEWER);
	message.body_size--;
	CU_ASSERT_EQUAL(snapshot_take_counts(&message, back), HA_E_MALFORMED);
	message.body_size = 8; /* an older program has fewer */
	CU_ASSERT_EQUAL(snapshot_take_counts(&message, back), HA_OK);
	CU_ASSERT_EQUAL(back[1], 0);
}

static CU_TestInfo tests[] = {
	{ "what is encoded is decoded", what_is_encoded_is_decoded },
	{ "every prefix is refused", every_prefix_is_refused },
	{ "every flipped bit is found", every_flipped_bit_is_found },
	{ "what cannot be is refused", what_cannot_be_is_refused },
	{ "rows that cannot be are refused", rows_that_cannot_be_are_refused },
	{ "a row that does not fit is left", a_row_that_does_not_fit_is_left },
	{ "counts of unknown tables are newer", counts_of_unknown_tables_are_newer },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("snapshot_format", tests);
}
