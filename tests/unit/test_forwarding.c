/* test_forwarding.c - how long ago a member was in contact with a majority. */
#include "agentd/flow/forwarding.h"

#include <string.h>

#include "tests/unit/suite.h"

#define NEVER UINT32_MAX
#define REFUSED (UINT32_MAX - 1) /* heard, and not one of us */

/* The first one is the member itself. */
static uint32_t contact(size_t members, uint32_t b, uint32_t c, uint32_t d, uint32_t e)
{
	const uint32_t silences[REPLICATION_MEMBERS_MAX] = { 77, b, c, d, e };
	struct replication_status status = { .member_count = members };

	for (size_t i = 0; i < members; i++)
		status.members[i] = (struct replication_peer){
			.number = (uint8_t)(i + 1),
			.self = i == 0,
			.refused = silences[i] == REFUSED,
			.silent_ms = silences[i] == REFUSED ? 1 : silences[i],
		};
	return forwarding_contact_ms(&status);
}

static void a_majority_counts_oneself(void)
{
	CU_ASSERT_EQUAL(contact(1, 0, 0, 0, 0), 0);
	CU_ASSERT_EQUAL(contact(2, 30, 0, 0, 0), 30);
	CU_ASSERT_EQUAL(contact(3, 900, 40, 0, 0), 40);
	CU_ASSERT_EQUAL(contact(3, 40, 900, 0, 0), 40);
	CU_ASSERT_EQUAL(contact(3, NEVER, 50, 0, 0), 50);
	CU_ASSERT_EQUAL(contact(5, 5, 4, 3, 2), 3);
	CU_ASSERT_EQUAL(contact(5, NEVER, 9, NEVER, 800), 800);
}

static void without_one_there_is_no_contact(void)
{
	CU_ASSERT_EQUAL(contact(2, NEVER, 0, 0, 0), NEVER);
	CU_ASSERT_EQUAL(contact(3, NEVER, NEVER, 0, 0), NEVER);
	CU_ASSERT_EQUAL(contact(5, NEVER, NEVER, NEVER, 1), NEVER);
	CU_ASSERT_EQUAL(contact(0, 0, 0, 0, 0), NEVER);
}

static void who_is_none_of_us_does_not_count(void)
{
	CU_ASSERT_EQUAL(contact(3, REFUSED, NEVER, 0, 0), NEVER);
	CU_ASSERT_EQUAL(contact(3, REFUSED, 600, 0, 0), 600);
}

static CU_TestInfo tests[] = {
	{ "a majority counts oneself", a_majority_counts_oneself },
	{ "without one there is no contact", without_one_there_is_no_contact },
	{ "who is none of us does not count", who_is_none_of_us_does_not_count },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("forwarding", tests);
}
