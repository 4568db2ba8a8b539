/* test_mib_index.c - arcs of an index to keys and back: in the order that SNMP has, for
 * whole, short, overlong and impossible ones. */
#include <stdlib.h>
#include <string.h>

#include "mib/index.h"
#include "tests/unit/suite.h"

static const struct mib_index addresses = {
	2, { { .kind = MIB_PART_ADDRESS }, { .kind = MIB_PART_ADDRESS } }
};
static const struct mib_index mixed = { 3,
	                                { { .kind = MIB_PART_NUMBER },
	                                  { .kind = MIB_PART_STRING, .max = 4 },
	                                  { .kind = MIB_PART_IMPLIED, .max = 3 } } };

struct row {
	const struct mib_index *index;
	size_t count;
	uint32_t arcs[10];
	bool exact, after;
	size_t key;
};

static const struct row rows[] = {
	{ &addresses, 0, { 0 }, false, false, 0 },
	{ &addresses, 3, { 10, 0, 0 }, false, false, 3 },
	{ &addresses, 8, { 10, 0, 0, 1, 192, 0, 2, 9 }, true, true, 8 },
	{ &addresses, 9, { 10, 0, 0, 1, 192, 0, 2, 9, 0 }, false, true, 8 },
	{ &addresses, 4, { 10, 256, 0, 1 }, false, true, MIB_KEY_MAX },
	{ &addresses, 8, { 10, 0, 0, 1, 192, 0, 2, UINT32_MAX }, false, true, MIB_KEY_MAX },
	{ &mixed, 1, { 7 }, false, false, 4 },
	{ &mixed, 1, { UINT32_MAX }, false, false, 4 },
	{ &mixed, 2, { 7, 0 }, false, false, 5 },
	{ &mixed, 3, { 7, 0, 97 }, true, true, 6 },
	{ &mixed, 3, { 7, 5, 97 }, false, true, MIB_KEY_MAX },
	{ &mixed, 6, { 7, 2, 97, 98, 99, 100 }, true, true, 9 },
	{ &mixed, 8, { 7, 2, 97, 98, 99, 100, 101, 102 }, false, true, 10 },
};

static void test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct mib_key bound, exact;
		uint32_t arcs[MIB_INDEX_MAX];

		CU_ASSERT_EQUAL(mib_index_bound(row->index, row->arcs, row->count, &bound),
		                row->after);
		CU_ASSERT_EQUAL(bound.size, row->key);
		CU_ASSERT_EQUAL(mib_index_exact(row->index, row->arcs, row->count, &exact),
		                row->exact);
		if (!row->exact)
			continue;
		CU_ASSERT_EQUAL(mib_index_arcs(row->index, &exact, arcs), row->count);
		CU_ASSERT_EQUAL(memcmp(arcs, row->arcs, row->count * sizeof(arcs[0])), 0);
	}
}

/* ---- the order of keys is that of arcs ---- */

static size_t make_whole(unsigned *seed, uint32_t arcs[MIB_INDEX_MAX])
{
	size_t length = (size_t)(rand_r(seed) % 4), count = 0, tail;

	arcs[count++] = (uint32_t)(rand_r(seed) % 3);
	arcs[count++] = (uint32_t)length;
	while (length-- > 0)
		arcs[count++] = (uint32_t)(rand_r(seed) % 3);
	tail = 1 + (size_t)(rand_r(seed) % 3);
	while (tail-- > 0)
		arcs[count++] = (uint32_t)(rand_r(seed) % 3);
	return count;
}

/* Anything near of what could be an index. */
static size_t make_any(unsigned *seed, uint32_t arcs[MIB_INDEX_MAX])
{
	static const uint32_t values[] = { 0, 1, 2, 3, 4, 5, 255, 256, UINT32_MAX };
	size_t count = make_whole(seed, arcs);

	if (rand_r(seed) % 2)
		arcs[(size_t)rand_r(seed) % count] = values[(size_t)rand_r(seed) % 9];
	return rand_r(seed) % 3 ? count : (size_t)rand_r(seed) % (count + 1);
}

static int compare_arcs(const uint32_t *one, size_t one_count, const uint32_t *other,
                        size_t other_count)
{
	for (size_t i = 0; i < one_count && i < other_count; i++)
		if (one[i] != other[i])
			return one[i] < other[i] ? -1 : 1;
	return one_count < other_count ? -1 : one_count > other_count;
}

static void test_order(void)
{
	unsigned seed = 1;
	unsigned wrong = 0;

	for (int i = 0; i < 200000; i++) {
		uint32_t row[MIB_INDEX_MAX], asked[MIB_INDEX_MAX];
		size_t row_count = make_whole(&seed, row), asked_count = make_any(&seed, asked);
		struct mib_key key, bound;
		bool after = mib_index_bound(&mixed, asked, asked_count, &bound);
		int order;

		CU_ASSERT_TRUE(mib_index_exact(&mixed, row, row_count, &key));
		order = mib_key_compare(&key, &bound);
		if ((order > 0 || (order == 0 && !after)) !=
		    (compare_arcs(row, row_count, asked, asked_count) > 0))
			wrong++;
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

static CU_TestInfo tests[] = {
	{ "whole, short, overlong and impossible indexes", test_rows },
	{ "the order of keys is that of arcs", test_order },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("mib_index", tests);
}
