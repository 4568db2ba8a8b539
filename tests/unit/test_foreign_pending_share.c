/* test_foreign_pending_share.c - what strangers on the visited link can not do to visitors by
 * requests that wait for a reply. */
#include <string.h>

#include "tests/unit/pending_world.h"
#include "tests/unit/suite.h"

/* From one to the next each comes once. */
static void walks_all(const struct foreign_pendings *table, uint32_t count)
{
	const struct foreign_registration *at = foreign_pendings_at(table, 0), *seen[8];
	uint32_t n = 0;

	for (; at && n < 8; at = foreign_pendings_after(table, at)) {
		for (uint32_t i = 0; i < n; i++)
			CU_ASSERT_PTR_NOT_EQUAL(at, seen[i]);
		seen[n++] = at;
	}
	CU_ASSERT_EQUAL(n, count);
}

/* However many link addresses strangers make up, a visitor can be renewed. */
static void strangers_leave_room_for_visitors(void)
{
	struct foreign_pending_limits limits = *LIMITS(4, 2);
	struct foreign_registration gone, late = one(9, 9, 100), visitor = one(8, 9, 100);
	struct foreign_pendings *table;

	limits.reserved = 4;
	CU_ASSERT_EQUAL(foreign_pendings_create(&limits, 0, &table), HA_E_RANGE);
	limits.reserved = 1;
	table = table_of(&limits);
	for (uint8_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(put(table, one(i, i, i)), FOREIGN_PENDING_ADDED);
	CU_ASSERT_TRUE(foreign_pendings_full(table, &late));
	CU_ASSERT_EQUAL(foreign_pendings_put(table, &late, &gone), FOREIGN_PENDING_FULL);
	visitor.served = true;
	CU_ASSERT_FALSE(foreign_pendings_full(table, &visitor));
	CU_ASSERT_EQUAL(put(table, visitor), FOREIGN_PENDING_ADDED);
	late.since_ms = visitor.since_ms = 7001; /* that of stranger 0 was at 0, of 1 at 1 */
	CU_ASSERT_EQUAL(foreign_pendings_put(table, &late, &gone), FOREIGN_PENDING_REPLACED);
	CU_ASSERT_EQUAL(gone.link[5], 0);
	visitor.identification = 10;
	CU_ASSERT_EQUAL(foreign_pendings_put(table, &visitor, &gone), FOREIGN_PENDING_REPLACED);
	CU_ASSERT_EQUAL(gone.link[5], 1);
	CU_ASSERT_EQUAL(foreign_pendings_at(table, 0)->link[5], 2);
	CU_ASSERT_TRUE(foreign_pendings_at(table, 1)->served); /* by age, whoever it is */
	CU_ASSERT_EQUAL(foreign_pendings_at(table, 2)->served, true);
	CU_ASSERT_EQUAL(foreign_pendings_at(table, 3)->link[5], 9);
	CU_ASSERT_PTR_NULL(foreign_pendings_at(table, 4));
	walks_all(table, 4);
	foreign_pendings_free(table);
}

/* Who speaks for somebody else from a visitor's link address does not use up its share. */
static void visitor_has_a_limit_of_its_own(void)
{
	struct foreign_pendings *table = table_of(LIMITS(8, 1));
	struct foreign_registration visitor = one(1, 2, 0);

	CU_ASSERT_EQUAL(put(table, one(1, 1, 0)), FOREIGN_PENDING_ADDED);
	CU_ASSERT_EQUAL(put(table, one(1, 3, 0)), FOREIGN_PENDING_FULL);
	visitor.served = true;
	CU_ASSERT_EQUAL(put(table, visitor), FOREIGN_PENDING_ADDED);
	visitor.identification = 4;
	CU_ASSERT_EQUAL(put(table, visitor), FOREIGN_PENDING_FULL);
	foreign_pendings_free(table);
}

static void what_the_network_says_is_kept(void)
{
	struct foreign_pendings *table = table_of(LIMITS(4, 4));
	const struct foreign_registration *found;
	struct foreign_registration out;

	put(table, one(1, 7, 0));
	found = foreign_pendings_find(table, 7, address("10.0.0.1"), name_of(""));
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	CU_ASSERT_TRUE(foreign_pendings_doubt(table, found));
	CU_ASSERT_FALSE(foreign_pendings_doubt(table, found));
	CU_ASSERT_PTR_EQUAL(foreign_pendings_find(table, 7, address("10.0.0.1"), name_of("")),
	                    found);
	CU_ASSERT_TRUE(foreign_pendings_expire(table, 7000, &out));
	CU_ASSERT_TRUE(out.doubted);
	foreign_pendings_free(table);
}

/* RFC 4721 section 3.2: who heard a request may say it again, with what it proves. */
static void copies_are_known(void)
{
	struct foreign_pendings *table = table_of(LIMITS(4, 4));
	struct foreign_registration asked = one(1, 7, 0), copy;

	asked.challenge_size = 4;
	memcpy(asked.challenge, "abcd", 4);
	asked.proof = 77;
	copy = asked;
	copy.link[5] = 2;
	CU_ASSERT_FALSE(foreign_pendings_copies(table, &copy));
	put(table, asked);
	CU_ASSERT_FALSE(foreign_pendings_copies(table, &asked)); /* it repeats itself */
	CU_ASSERT_TRUE(foreign_pendings_copies(table, &copy));
	copy.proof = 78;
	CU_ASSERT_FALSE(foreign_pendings_copies(table, &copy));
	copy.proof = 77;
	copy.challenge[0] = 'e';
	CU_ASSERT_FALSE(foreign_pendings_copies(table, &copy));
	copy = asked;
	copy.link[5] = 2;
	copy.challenge_size = 0;
	CU_ASSERT_FALSE(foreign_pendings_copies(table, &copy));
	foreign_pendings_free(table);
}

static CU_TestInfo tests[] = {
	{ "strangers leave room for visitors", strangers_leave_room_for_visitors },
	{ "a visitor has a limit of its own", visitor_has_a_limit_of_its_own },
	{ "what the network says is kept", what_the_network_says_is_kept },
	{ "RFC 4721 3.2: copies are known", copies_are_known },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("foreign_pending_share", tests);
}
