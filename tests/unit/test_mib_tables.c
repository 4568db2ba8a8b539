/* test_mib_tables.c - the process, its groups and the members of its cluster in HEARTH-MIB:
 * every row in order, what is not known is missing, and a context shows its own group. */
#include <string.h>

#include "agentd/flow/cluster_view.h"
#include "agentd/flow/internal.h"
#include "tests/unit/mib_fixture.h"

static void everything_is_in_order(void)
{
	mib_set_up();
	CU_ASSERT_TRUE(walk(mib_name_of(NULL, 0), NULL) > 500);
	mib_be_member();
	mib_enter(MIB_ALL_GROUPS);
	CU_ASSERT_TRUE(walk(mib_name_of(NULL, 0), NULL) > 500);
	mib_tear_down();
}

static void who_works_alone_leads_nobody(void)
{
	mib_set_up();
	CU_ASSERT_EQUAL(number(NAME(1, 1, 4, 0)), 0);
	CU_ASSERT_EQUAL(number(NAME(1, 1, 5, 0)), 2);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 6, 1)), CLUSTER_ALONE);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 7, 1)), 0);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 14, 0)), 9);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 16, 0)), 9);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 21, 0)), 1);
	CU_ASSERT_EQUAL(walk(NAME(1, 3), NULL), 0);
	mib_tear_down();
}

static void a_group_is_a_row(void)
{
	const uint8_t address[] = { 192, 0, 2, 2 };
	struct mib_value value;

	mib_set_up();
	mib_be_member();
	mib_enter(MIB_ALL_GROUPS);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 2, 1)), MIB_ADDRESS_IPV4);
	value = mib_get(NAME(1, 2, 1, 1, 3, 1));
	CU_ASSERT_TRUE(value.size == 4 && memcmp(value.is.octets, address, 4) == 0);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 4, 1)), 435);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 5, 1)), 7);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 6, 1)), CLUSTER_LEADER);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 7, 1)), 1);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 8, 1)), INT64_C(1) << 33);
	CU_ASSERT_EQUAL(mib_get(NAME(1, 2, 1, 1, 8, 1)).type, MIB_COUNTER64);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 13, 1)), 2);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 14, 1)), 10);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 15, 1)), 9);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 16, 1)), 8);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 20, 1)), MIB_FALSE);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 21, 1)), 3);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 22, 1)), 2);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 23, 1)), 2);
	CU_ASSERT_TRUE(is_missing(NAME(1, 2, 1, 1, 24, 1))); /* nobody sees to the address */
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 26, 1)), 10);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 29, 1)), 10);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 30, 1)), 0);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 34, 1)), 10);
	CU_ASSERT_TRUE(is_missing(NAME(1, 2, 1, 1, 1, 1))); /* the index is no object */
	CU_ASSERT_TRUE(is_missing(NAME(1, 2, 1, 1, 6, 2)));
	mib_tear_down();
}

static void a_witness_has_no_bindings(void)
{
	mib_set_up();
	mib_be_member();
	memory_status.self = 3;
	memory_status.leader = 2;
	memory_status.role = REPLICATION_FOLLOWER;
	memory_status.members[0].self = false;
	memory_status.members[2].self = true;
	agents[1]->witness = true;
	mib_enter(MIB_ALL_GROUPS);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 6, 1)), CLUSTER_WITNESS);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 7, 1)), 2);
	CU_ASSERT_TRUE(is_missing(NAME(1, 2, 1, 1, 23, 1)));
	for (uint32_t column = 17; column <= 34; column++)
		if (column < 21 || column > 22)
			CU_ASSERT_TRUE(is_missing(NAME(1, 2, 1, 1, column, 1)));
	CU_ASSERT_EQUAL(number(NAME(1, 9, 1, 1, 1, 0)), 1);
	CU_ASSERT_TRUE(is_missing(NAME(1, 9, 1, 1, 3, 0)));
	CU_ASSERT_TRUE(is_missing(NAME(1, 9, 1, 1, 1, 1)));
	mib_tear_down();
}

static void members_are_rows_of_each_group(void)
{
	struct mib_name names[MIB_WALK_MAX];
	size_t count;

	mib_set_up();
	mib_be_member();
	memory_status.members[1].connected = false;
	memory_status.members[2].clock_offset_us = INT64_MIN;
	mib_enter(MIB_ALL_GROUPS);
	count = walk(NAME(1, 3, 1, 1, 9), names);
	CU_ASSERT_EQUAL_FATAL(count, 6);
	for (uint32_t i = 0; i < 6; i++)
		CU_ASSERT_TRUE(names[i].size == 15 && names[i].at[13] == i / 3 &&
		               names[i].at[14] == i % 3 + 1);
	CU_ASSERT_EQUAL(number(NAME(1, 3, 1, 1, 4, 1, 3)), 4340);
	CU_ASSERT_EQUAL(number(NAME(1, 3, 1, 1, 5, 1, 1)), MIB_TRUE);
	CU_ASSERT_EQUAL(number(NAME(1, 3, 1, 1, 6, 1, 3)), MIB_TRUE);
	CU_ASSERT_EQUAL(number(NAME(1, 3, 1, 1, 7, 1, 3)), CLUSTER_WITNESS);
	CU_ASSERT_EQUAL(number(NAME(1, 3, 1, 1, 8, 1, 2)), CLUSTER_IS_UNREACHABLE);
	CU_ASSERT_EQUAL(number(NAME(1, 3, 1, 1, 8, 1, 3)), CLUSTER_IS_WELL);
	CU_ASSERT_EQUAL(number(NAME(1, 3, 1, 1, 10, 1, 3)), 3);
	CU_ASSERT_EQUAL(number(NAME(1, 3, 1, 1, 11, 1, 3)), 130);
	CU_ASSERT_EQUAL(number(NAME(1, 3, 1, 1, 12, 1, 3)), INT32_MIN);
	CU_ASSERT_EQUAL(number(NAME(1, 3, 1, 1, 13, 1, 1)), 0);
	CU_ASSERT_EQUAL(number(NAME(1, 3, 1, 1, 13, 1, 3)), 3);
	CU_ASSERT_EQUAL(number(NAME(1, 3, 1, 1, 14, 1, 3)), 12);
	for (uint32_t column = 10; column <= 12; column++)
		CU_ASSERT_TRUE(is_missing(NAME(1, 3, 1, 1, column, 1, 1))); /* the own row */
	CU_ASSERT_TRUE(is_missing(NAME(1, 3, 1, 1, 11, 1, 2)));
	memory_status.role = REPLICATION_FOLLOWER;
	mib_enter(MIB_ALL_GROUPS);
	CU_ASSERT_EQUAL(walk(NAME(1, 3, 1, 1, 13), NULL), 0); /* only the leader knows */
	CU_ASSERT_EQUAL(walk(NAME(1, 3, 1, 1, 14), NULL), 0);
	mib_tear_down();
}

static void a_context_shows_its_group(void)
{
	mib_set_up();
	mib_be_member();
	mib_enter(1);
	CU_ASSERT_EQUAL(walk(NAME(1, 2, 1, 1, 6), NULL), 1);
	CU_ASSERT_EQUAL(walk(NAME(1, 3, 1, 1, 6), NULL), 3);
	CU_ASSERT_EQUAL(walk(NAME(1, 9, 1, 1, 1), NULL), 1);
	CU_ASSERT_TRUE(is_missing(NAME(1, 2, 1, 1, 6, 0)));
	CU_ASSERT_EQUAL(number(NAME(1, 1, 5, 0)), 1);
	mib_enter(5);
	CU_ASSERT_EQUAL(walk(NAME(1, 2), NULL), 0);
	CU_ASSERT_TRUE(is_missing(NAME(1, 1, 4, 0)));
	mib_tear_down();
}

static void a_group_that_starts_again_is_only_that(void)
{
	mib_set_up();
	view->groups[0].paused = true;
	mib_enter(MIB_ALL_GROUPS);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 6, 0)), CLUSTER_RESTARTING);
	CU_ASSERT_EQUAL(number(NAME(1, 2, 1, 1, 6, 1)), CLUSTER_ALONE);
	CU_ASSERT_TRUE(is_missing(NAME(1, 2, 1, 1, 3, 0)));
	CU_ASSERT_EQUAL(walk(NAME(1, 9, 1, 1, 1), NULL), 1);
	CU_ASSERT_EQUAL(number(NAME(1, 1, 5, 0)), 2);
	CU_ASSERT_EQUAL(number(NAME(1, 1, 4, 0)), 0);
	view->groups[1].paused = true;
	mib_enter(MIB_ALL_GROUPS);
	CU_ASSERT_EQUAL(walk(NAME(1, 2), NULL), 2);
	CU_ASSERT_TRUE(is_missing(NAME(1, 1, 4, 0)));
	CU_ASSERT_TRUE(is_missing(NAME(1, 1, 8, 0)));
	mib_tear_down();
}

/* In a cluster the groups share one log, alone each has its own. */
static void logs_are_counted_once(void)
{
	mib_set_up();
	memory_status.log_octets = 4096;
	memory_status.flushes = 5;
	mib_enter(MIB_ALL_GROUPS);
	CU_ASSERT_EQUAL(number(NAME(1, 1, 8, 0)), 8192);
	CU_ASSERT_EQUAL(number(NAME(1, 1, 11, 0)), 10);
	CU_ASSERT_EQUAL(number(NAME(1, 1, 10, 0)), MIB_FALSE);
	mib_be_member();
	memory_status.full = true;
	mib_enter(MIB_ALL_GROUPS);
	CU_ASSERT_EQUAL(number(NAME(1, 1, 8, 0)), 4096);
	CU_ASSERT_EQUAL(number(NAME(1, 1, 9, 0)), INT64_C(1) << 34);
	CU_ASSERT_EQUAL(number(NAME(1, 1, 11, 0)), 5);
	CU_ASSERT_EQUAL(number(NAME(1, 1, 10, 0)), MIB_TRUE);
	mib_tear_down();
}

static CU_TestInfo tests[] = {
	{ "everything is in order, by each way to ask", everything_is_in_order },
	{ "who works alone leads nobody", who_works_alone_leads_nobody },
	{ "a group is a row", a_group_is_a_row },
	{ "a witness has no bindings", a_witness_has_no_bindings },
	{ "members are rows of each group", members_are_rows_of_each_group },
	{ "a context shows its group", a_context_shows_its_group },
	{ "a group that starts again is only that", a_group_that_starts_again_is_only_that },
	{ "logs are counted once", logs_are_counted_once },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return mib_suite_run("mib_tables", tests);
}
