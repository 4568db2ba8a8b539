/* test_visitors.c - the visitor list: who is in it, who is not, and whose time is over. */
#include <stdlib.h>

#include "agentd/visitors/visitors.h"
#include "tests/unit/suite.h"

#define SEED UINT64_C(0x1122334455667788)

static struct visitors *visitors;

static struct foreign_visitor visitor(uint32_t home, uint32_t home_agent, uint64_t ends_ms)
{
	return (struct foreign_visitor){
		.home.s_addr = htonl(home),
		.home_agent.s_addr = htonl(home_agent),
		.expires_ms = ends_ms,
	};
}

static enum ha_error apply(enum visitor_command_kind kind, uint32_t home, uint32_t home_agent,
                           uint64_t ends_ms)
{
	const struct visitor_command command = { kind, visitor(home, home_agent, ends_ms) };

	return visitors_apply(visitors, &command);
}

static const struct foreign_visitor *find(uint32_t home, uint32_t home_agent)
{
	const struct foreign_visitor wanted = visitor(home, home_agent, 0);

	return visitors_find(visitors, wanted.home, wanted.home_agent);
}

static void begin(uint32_t capacity)
{
	CU_ASSERT_EQUAL_FATAL(visitors_create(capacity, SEED, &visitors), HA_OK);
}

static void a_table_has_room_or_is_none(void)
{
	CU_ASSERT_EQUAL(visitors_create(0, SEED, &visitors), HA_E_RANGE);
	CU_ASSERT_PTR_NULL(visitors);
	CU_ASSERT_EQUAL(visitors_create(VISITORS_CAPACITY_MAX + 1, SEED, &visitors), HA_E_RANGE);
	visitors_free(NULL);
}

static void who_came_is_there_until_it_goes(void)
{
	begin(4);
	CU_ASSERT_EQUAL(apply(VISITOR_GONE, 1, 9, 0), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(apply(VISITOR_PUT, 1, 9, 100), HA_OK);
	CU_ASSERT_EQUAL(apply(VISITOR_PUT, 1, 8, 200), HA_OK); /* of another home agent */
	CU_ASSERT_EQUAL(apply(VISITOR_PUT, 1, 9, 300), HA_OK); /* renewed */
	CU_ASSERT_EQUAL(visitors_count(visitors), 2);
	CU_ASSERT_PTR_NOT_NULL_FATAL(find(1, 9));
	CU_ASSERT_EQUAL(find(1, 9)->expires_ms, 300);
	CU_ASSERT_EQUAL(find(1, 8)->expires_ms, 200);
	CU_ASSERT_EQUAL(apply(VISITOR_GONE, 1, 9, 0), HA_OK);
	CU_ASSERT_PTR_NULL(find(1, 9));
	CU_ASSERT_PTR_NOT_NULL(find(1, 8));
	CU_ASSERT_EQUAL(visitors_count(visitors), 1);
	visitors_free(visitors);
}

static void a_full_table_keeps_whom_it_has(void)
{
	begin(3);
	for (uint32_t i = 1; i <= 3; i++)
		CU_ASSERT_EQUAL(apply(VISITOR_PUT, i, 9, 100), HA_OK);
	CU_ASSERT_EQUAL(apply(VISITOR_PUT, 4, 9, 100), HA_E_CAPACITY);
	CU_ASSERT_EQUAL(apply(VISITOR_PUT, 2, 9, 500), HA_OK);
	CU_ASSERT_EQUAL(apply(VISITOR_GONE, 1, 9, 0), HA_OK);
	CU_ASSERT_EQUAL(apply(VISITOR_PUT, 4, 9, 100), HA_OK);
	CU_ASSERT_EQUAL(find(2, 9)->expires_ms, 500);
	CU_ASSERT_EQUAL(visitors_count(visitors), 3);
	visitors_free(visitors);
}

static void all_are_walked_once_and_the_late_ones_alone(void)
{
	uint32_t place = 0, sum = 0, count = 0;

	begin(1000);
	for (uint32_t i = 1; i <= 1000; i++)
		CU_ASSERT_EQUAL(apply(VISITOR_PUT, i, i % 7, i), HA_OK);
	for (uint32_t i = 1; i <= 1000; i += 2)
		CU_ASSERT_EQUAL(apply(VISITOR_GONE, i, i % 7, 0), HA_OK);
	for (const struct foreign_visitor *at = visitors_next(visitors, &place); at;
	     place++, at = visitors_next(visitors, &place)) {
		sum += ntohl(at->home.s_addr);
		count++;
	}
	CU_ASSERT_EQUAL(count, 500);
	CU_ASSERT_EQUAL(sum, 250500);
	place = count = 0;
	for (const struct foreign_visitor *at = visitors_expired(visitors, 100, &place); at;
	     at = visitors_expired(visitors, 100, &place)) {
		CU_ASSERT_TRUE(at->expires_ms <= 100);
		CU_ASSERT_EQUAL(apply(VISITOR_GONE, ntohl(at->home.s_addr),
		                      ntohl(at->home_agent.s_addr), 0),
		                HA_OK);
		count++;
	}
	CU_ASSERT_EQUAL(count, 50);
	CU_ASSERT_EQUAL(visitors_count(visitors), 450);
	visitors_free(visitors);
}

/* As a table of a simpler kind has it, whatever is done. */
static void any_order_of_commands_is_kept(void)
{
	bool there[64] = { false };
	uint32_t count = 0;

	begin(40);
	srand(7);
	for (unsigned i = 0; i < 20000; i++) {
		uint32_t home = (uint32_t)rand() % 64;
		bool put = rand() % 2;
		enum ha_error wanted = HA_OK;

		if (put && !there[home] && count == 40)
			wanted = HA_E_CAPACITY;
		if (!put && !there[home])
			wanted = HA_E_NOTFOUND;
		CU_ASSERT_EQUAL(apply(put ? VISITOR_PUT : VISITOR_GONE, home, 9, 1), wanted);
		if (wanted == HA_OK && there[home] != put) {
			there[home] = put;
			count += put ? 1u : -1u;
		}
		CU_ASSERT_EQUAL(find(home, 9) != NULL, there[home]);
		CU_ASSERT_EQUAL(visitors_count(visitors), count);
	}
	visitors_free(visitors);
}

static void whose_time_is_over_goes_unless_it_stays_longer_by_now(void)
{
	begin(4);
	CU_ASSERT_EQUAL(apply(VISITOR_OVER, 1, 9, 100), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(apply(VISITOR_PUT, 1, 9, 100), HA_OK);
	CU_ASSERT_EQUAL(apply(VISITOR_PUT, 2, 9, 101), HA_OK);
	CU_ASSERT_EQUAL(apply(VISITOR_OVER, 1, 9, 100), HA_OK);
	CU_ASSERT_EQUAL(apply(VISITOR_OVER, 2, 9, 100), HA_E_NOTFOUND);
	CU_ASSERT_PTR_NULL(find(1, 9));
	CU_ASSERT_PTR_NOT_NULL(find(2, 9));
	visitors_free(visitors);
}

static CU_TestInfo tests[] = {
	{ "a table has room or is none", a_table_has_room_or_is_none },
	{ "who came is there until it goes", who_came_is_there_until_it_goes },
	{ "a full table keeps whom it has", a_full_table_keeps_whom_it_has },
	{ "all are walked once, and the late ones alone",
	  all_are_walked_once_and_the_late_ones_alone },
	{ "any order of commands is kept", any_order_of_commands_is_kept },
	{ "whose time is over goes unless it stays longer by now",
	  whose_time_is_over_goes_unless_it_stays_longer_by_now },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("visitors", tests);
}
