/* test_parallel.c - each item of a piece of work is done once, whoever does it. */
#include "agentd/base/parallel.h"

#include <stdatomic.h>
#include <string.h>

#include "tests/unit/suite.h"

#define ITEMS_MAX 5000u

static _Atomic unsigned char done[ITEMS_MAX + 1];
static _Atomic unsigned beyond; /* shares that are none */

static void count(void *context, size_t first, size_t end)
{
	if (context != done || first > end || end > ITEMS_MAX) {
		beyond++;
		return;
	}
	for (size_t i = first; i < end; i++)
		done[i]++;
}

static void each_item_is_done_once(void)
{
	static const size_t counts[] = { 0, 1, 2, 7, 255, 256, 257, 4096, ITEMS_MAX };
	static const size_t minima[] = { 1, 2, 256, ITEMS_MAX, ITEMS_MAX + 1 };

	for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
		for (size_t m = 0; m < sizeof(minima) / sizeof(minima[0]); m++) {
			size_t once = 0;

			memset((void *)done, 0, sizeof(done));
			parallel_do(counts[c], minima[m], count, (void *)done);
			for (size_t i = 0; i < counts[c]; i++)
				once += done[i] == 1;
			CU_ASSERT_EQUAL(once, counts[c]);
			CU_ASSERT_EQUAL(done[counts[c]], 0);
			CU_ASSERT_EQUAL(beyond, 0);
		}
	}
}

static CU_TestInfo tests[] = {
	{ "each item is done once", each_item_is_done_once },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("parallel", tests);
}
