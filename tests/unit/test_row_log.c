/* test_row_log.c - what goes into a row log comes out of it in order, also when
 * it has grown several times. */
#include "agentd/state/row_log.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

static void empty_log_has_no_row(void)
{
	struct row_log log = { 0 };
	struct row_change change;
	size_t at = 0;

	CU_ASSERT_FALSE(row_log_next(&log, &at, &change));
	CU_ASSERT_EQUAL(at, 0);
	row_log_free(&log);
	row_log_free(&log);
}

static size_t key_of(unsigned i, char *out, size_t size)
{
	return (size_t)snprintf(out, size, "%u", i * 7919u);
}

static void rows_come_out_as_they_went_in(void)
{
	struct row_log log = { 0 };
	struct row_change change;
	uint8_t value[300];
	char key[16];
	size_t at = 0;
	unsigned count = 2000;

	for (unsigned i = 0; i < count; i++) {
		size_t size = key_of(i, key, sizeof(key));

		memset(value, (int)i, sizeof(value));
		row_log_append(&log, i % 3, i % 5, (struct span){ (uint8_t *)key, size },
		               (struct span){ value, i % 300 });
	}
	CU_ASSERT_EQUAL(log.error, HA_OK);
	for (unsigned i = 0; i < count; i++) {
		size_t size = key_of(i, key, sizeof(key));

		CU_ASSERT_TRUE_FATAL(row_log_next(&log, &at, &change));
		memset(value, (int)i, sizeof(value));
		CU_ASSERT_EQUAL(change.operation, i % 3);
		CU_ASSERT_EQUAL(change.kind, i % 5);
		CU_ASSERT_EQUAL(change.key.size, size);
		CU_ASSERT_EQUAL(memcmp(change.key.at, key, size), 0);
		CU_ASSERT_EQUAL(change.value.size, i % 300);
		CU_ASSERT_EQUAL(memcmp(change.value.at, value, i % 300), 0);
	}
	CU_ASSERT_FALSE(row_log_next(&log, &at, &change));
	row_log_free(&log);
	CU_ASSERT_PTR_NULL(log.octets);
}

static CU_TestInfo tests[] = {
	{ "an empty log has no row", empty_log_has_no_row },
	{ "rows come out as they went in", rows_come_out_as_they_went_in },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("row_log", tests);
}
