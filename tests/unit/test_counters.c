/* test_counters.c - sets of counters: declared by a table, registered once,
 * visited in order, added to from many threads. */
#include "agentd/base/counters.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "tests/unit/suite.h"

#define FRUIT_COUNTERS(X)                                                                          \
	X(FRUIT_APPLES, "fruit-apples", 7, "apples counted")                                       \
	X(FRUIT_PEARS, "fruit-pears", 0, "pears counted")
#define TREE_COUNTERS(X) X(TREE_OAKS, "tree-oaks", 0, "oaks counted")

enum {
	FRUIT_APPLES,
	FRUIT_PEARS,
	FRUITS
};
enum {
	TREE_OAKS,
	TREES
};

COUNTERS_DEFINE(fruit, "fruit", FRUIT_COUNTERS, FRUITS);
COUNTERS_DEFINE(tree, "tree", TREE_COUNTERS, TREES);

struct visited {
	const char *names[8];
	uint64_t values[8];
	size_t count;
	size_t stop_at; /* 0 = never */
};

static int visit(void *context, const struct counter_set *set, const struct counter_info *info,
                 uint64_t value)
{
	struct visited *visited = context;

	CU_ASSERT_PTR_NOT_NULL(set->name);
	visited->names[visited->count] = info->name;
	visited->values[visited->count] = value;
	visited->count++;
	return visited->count == visited->stop_at ? 42 : 0;
}

static void nothing_is_visible_before_registration(void)
{
	struct visited visited = { .count = 0 };

	CU_ASSERT_EQUAL(counters_visit(visit, &visited), 0);
	CU_ASSERT_EQUAL(visited.count, 0);
	CU_ASSERT_EQUAL(counters_since_ms(), 0);
}

static void table_becomes_infos(void)
{
	CU_ASSERT_EQUAL(fruit.count, 2);
	CU_ASSERT_STRING_EQUAL(fruit.name, "fruit");
	CU_ASSERT_STRING_EQUAL(fruit.infos[FRUIT_APPLES].name, "fruit-apples");
	CU_ASSERT_STRING_EQUAL(fruit.infos[FRUIT_PEARS].help, "pears counted");
	CU_ASSERT_EQUAL(fruit.infos[FRUIT_APPLES].mib_arc, 7);
}

static void registering_twice_is_harmless(void)
{
	struct visited visited = { .count = 0 };

	for (int i = 0; i < 3; i++) {
		counters_register(&fruit);
		counters_register(&fruit);
		counters_register(&tree);
	}
	CU_ASSERT_EQUAL(counters_visit(visit, &visited), 0);
	CU_ASSERT_EQUAL(visited.count, 3);
	CU_ASSERT_STRING_EQUAL(visited.names[0], "fruit-apples");
	CU_ASSERT_STRING_EQUAL(visited.names[1], "fruit-pears");
	CU_ASSERT_STRING_EQUAL(visited.names[2], "tree-oaks");
	CU_ASSERT_TRUE(counters_since_ms() > 0);
}

static void values_are_what_was_added(void)
{
	struct visited visited = { .count = 0 };

	counter_add(&fruit, FRUIT_PEARS, 3);
	counter_add(&fruit, FRUIT_PEARS, 1);
	counter_add(&tree, TREE_OAKS, UINT64_MAX);
	counters_visit(visit, &visited);
	CU_ASSERT_EQUAL(visited.values[0], 0);
	CU_ASSERT_EQUAL(visited.values[1], 4);
	CU_ASSERT_EQUAL(visited.values[2], UINT64_MAX);
	counter_add(&tree, TREE_OAKS, 1); /* wraps, as a Counter64 does */
	CU_ASSERT_EQUAL(counter_read(&tree, TREE_OAKS), 0);
}

static void visitor_can_stop(void)
{
	struct visited visited = { .stop_at = 2 };

	CU_ASSERT_EQUAL(counters_visit(visit, &visited), 42);
	CU_ASSERT_EQUAL(visited.count, 2);
}

#define THREADS 4
#define ADDITIONS 100000

static void *add_many(void *unused)
{
	for (int i = 0; i < ADDITIONS; i++)
		counter_add(&fruit, FRUIT_APPLES, 1);
	return unused;
}

static void no_addition_is_lost(void)
{
	uint64_t before = counter_read(&fruit, FRUIT_APPLES);
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, add_many, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT_EQUAL(counter_read(&fruit, FRUIT_APPLES), before + THREADS * ADDITIONS);
}

static CU_TestInfo tests[] = {
	{ "nothing is visible before registration", nothing_is_visible_before_registration },
	{ "a table becomes infos", table_becomes_infos },
	{ "registering twice is harmless", registering_twice_is_harmless },
	{ "values are what was added", values_are_what_was_added },
	{ "a visitor can stop", visitor_can_stop },
	{ "no addition is lost", no_addition_is_lost },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("counters", tests);
}
