/* test_guest_store.c - the visitors that members share, as they are read from a store that a crash
 * may have left between two passes. */
#include <string.h>

#include "agentd/flow/guest_internal.h"
#include "agentd/flow/meta.h"
#include "agentd/visitors/command.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

#define SERVED 2u

static struct place place;
static struct guest guest;
static struct guest_list list;
static char report[256];

static void begin(void)
{
	place_begin(&place);
	CU_ASSERT_TRUE_FATAL(place_open_store(&place, FIXTURE_MAP));
	memset(&guest, 0, sizeof(guest));
	guest.store = place.store;
	guest.config.visitors_max = SERVED;
	memset(&list, 0, sizeof(list));
	CU_ASSERT_EQUAL_FATAL(visitors_create(VISITORS_ROOM(SERVED), 1, &list.visitors), HA_OK);
	*report = '\0';
}

static void end(void)
{
	visitors_free(list.visitors);
	place_end(&place);
}

static void put(struct store_write *w, uint32_t home, size_t less)
{
	const struct foreign_visitor visitor = { .home.s_addr = htonl(home),
		                                 .home_agent.s_addr = htonl(9) };
	uint8_t row[VISITOR_ROW_MAX], key[8];

	memcpy(key, &visitor.home, 4);
	memcpy(key + 4, &visitor.home_agent, 4);
	store_put(w, STORE_BINDINGS, (struct store_bytes){ key, sizeof(key) },
	          (struct store_bytes){ row, visitor_row_write(&visitor, row) - less });
}

/* Visitors 1 to `count`, of which the last one lacks that many octets. */
static void fill(uint32_t count, size_t less)
{
	struct store_write w = store_begin(place.store);

	for (uint32_t home = 1; home <= count; home++)
		put(&w, home, home == count ? less : 0);
	meta_put_number(&w, META_APPLIED, 70);
	meta_put_number(&w, META_TERM, 3);
	meta_put_number(&w, META_TIME, 5000);
	CU_ASSERT_EQUAL(store_commit(&w), HA_OK);
}

static enum ha_error load(void)
{
	return guest_store_load(&guest, &list, report, sizeof(report));
}

static void all_that_is_in_the_store_is_read(void)
{
	begin();
	fill(SERVED, 0);
	CU_ASSERT_EQUAL(load(), HA_OK);
	CU_ASSERT_EQUAL(visitors_count(list.visitors), SERVED);
	CU_ASSERT_EQUAL(list.applied, 70);
	CU_ASSERT_EQUAL(list.term, 3);
	CU_ASSERT_EQUAL(list.time_ms, 5000);
	CU_ASSERT_PTR_NULL(guest.visitors); /* nobody sees it yet */
	CU_ASSERT_EQUAL(guest.applied, 0);
	end();
}

static void those_of_before_and_after_a_pass_have_room(void)
{
	begin();
	fill(2 * SERVED, 0);
	CU_ASSERT_EQUAL(load(), HA_OK);
	CU_ASSERT_EQUAL(visitors_count(list.visitors), 2 * SERVED);
	end();
}

static void more_were_those_of_another_setting(void)
{
	begin();
	fill(2 * SERVED + 1, 0);
	CU_ASSERT_EQUAL(load(), HA_E_CAPACITY);
	CU_ASSERT_PTR_NOT_NULL(strstr(report, "foreign-agent.max-visitors: 2 is too few"));
	end();
}

static void a_damaged_row_is_told(void)
{
	begin();
	fill(SERVED, 1);
	CU_ASSERT_EQUAL(load(), HA_E_DAMAGED);
	CU_ASSERT_PTR_NOT_NULL(strstr(report, "unreadable"));
	CU_ASSERT_PTR_NULL(guest.visitors);
	end();
}

static CU_TestInfo tests[] = {
	{ "all that is in the store is read", all_that_is_in_the_store_is_read },
	{ "those of before and after a pass have room",
	  those_of_before_and_after_a_pass_have_room },
	{ "more were those of another setting", more_were_those_of_another_setting },
	{ "a damaged row is told", a_damaged_row_is_told },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("guest_store", tests);
}
