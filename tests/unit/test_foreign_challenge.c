/* test_foreign_challenge.c - which challenge a mobile node may answer (RFC 4721 section
 * 3.2), as a table over a window that advertised "old-", "then" and "last" in turn. */
#include "agentd/registration/foreign_challenge.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct span span_of(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

static const struct {
	const char *rule;
	const char *used, *accepted, *offered, *answered;
	bool repeated, copied;
	enum foreign_challenge is;
} rows[] = {
	{ "the newest", "", "", "", "last", false, false, CHALLENGE_FRESH },
	{ "within the window", "", "", "", "then", false, false, CHALLENGE_FRESH },
	{ "behind the window", "", "", "", "old-", false, false, CHALLENGE_UNKNOWN },
	{ "never advertised", "", "", "", "none", false, false, CHALLENGE_UNKNOWN },
	{ "only its beginning", "", "", "", "las", false, false, CHALLENGE_UNKNOWN },
	{ "used before", "last", "", "", "last", false, false, CHALLENGE_STALE },
	{ "used before and behind the window", "old-", "", "", "old-", false, false,
	  CHALLENGE_STALE },
	{ "used in a request that waits", "last", "", "", "last", true, false, CHALLENGE_REPEATED },
	{ "older than the one that it used", "last", "", "", "then", false, false,
	  CHALLENGE_STALE },
	{ "newer than the one that it used", "then", "", "", "last", false, false,
	  CHALLENGE_FRESH },
	{ "newer than one behind the window", "old-", "", "", "then", false, false,
	  CHALLENGE_FRESH },
	{ "given to it alone", "", "", "mine", "mine", false, false, CHALLENGE_FRESH },
	{ "given to it alone after one of all", "last", "", "mine", "mine", false, false,
	  CHALLENGE_FRESH },
	{ "given to it alone, and used", "mine", "", "mine", "mine", false, false,
	  CHALLENGE_STALE },
	{ "of all after one given to it alone", "mine", "", "", "then", false, false,
	  CHALLENGE_FRESH },
	{ "nothing", "", "", "", "", false, false, CHALLENGE_UNKNOWN },
	{ "accepted from elsewhere", "", "last", "", "last", false, false, CHALLENGE_STALE },
	{ "older than the one accepted", "", "last", "", "then", false, false, CHALLENGE_STALE },
	{ "newer than the one accepted", "", "then", "", "last", false, false, CHALLENGE_FRESH },
	{ "accepted, and it waits", "", "last", "", "last", true, false, CHALLENGE_REPEATED },
	{ "accepted, and once given to it", "", "mine", "mine", "mine", false, false,
	  CHALLENGE_STALE },
	{ "copied from another", "", "", "", "last", false, true, CHALLENGE_STALE },
	{ "copied with what was given to it", "", "", "mine", "mine", false, true,
	  CHALLENGE_STALE },
};

static void challenges_are_judged_by_the_table(void)
{
	struct foreign_challenges window = { .newest = { { .size = 0 } } };

	CU_ASSERT_EQUAL(foreign_challenges_add(&window, span_of("old-")), HA_OK);
	CU_ASSERT_EQUAL(foreign_challenges_add(&window, span_of("then")), HA_OK);
	CU_ASSERT_EQUAL(foreign_challenges_add(&window, span_of("last")), HA_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct foreign_challenge_past past = { .used = span_of(rows[i].used),
			                               .accepted = span_of(rows[i].accepted),
			                               .offered = span_of(rows[i].offered),
			                               .repeated = rows[i].repeated,
			                               .copied = rows[i].copied };
		enum foreign_challenge is = foreign_challenge_judge(&window, &past,
		                                                    span_of(rows[i].answered));

		if (is != rows[i].is)
			printf("%s: %d\n", rows[i].rule, (int)is);
		CU_ASSERT_EQUAL(is, rows[i].is);
	}
}

/* Before anything is advertised nothing is known, an empty challenge neither. */
static void empty_window_knows_nothing(void)
{
	struct foreign_challenges window = { .newest = { { .size = 0 } } };
	struct foreign_challenge_past past = { .repeated = false };

	CU_ASSERT_EQUAL(foreign_challenge_judge(&window, &past, span_of("last")),
	                CHALLENGE_UNKNOWN);
	CU_ASSERT_EQUAL(foreign_challenge_judge(&window, &past, span_of("")), CHALLENGE_UNKNOWN);
}

static void sizes_are_checked(void)
{
	static const uint8_t octets[FOREIGN_CHALLENGE_MAX + 1] = { 1 };
	struct foreign_challenges window = { .newest = { { .size = 0 } } };
	struct foreign_challenge_past past = { .repeated = false };
	struct span longest = { octets, FOREIGN_CHALLENGE_MAX };

	CU_ASSERT_EQUAL(foreign_challenges_add(&window, (struct span){ octets, 0 }), HA_E_RANGE);
	CU_ASSERT_EQUAL(foreign_challenges_add(&window, (struct span){ octets, sizeof(octets) }),
	                HA_E_RANGE);
	CU_ASSERT_EQUAL(window.newest[0].size, 0);
	CU_ASSERT_EQUAL(foreign_challenges_add(&window, longest), HA_OK);
	CU_ASSERT_EQUAL(foreign_challenge_judge(&window, &past, longest), CHALLENGE_FRESH);
}

static CU_TestInfo tests[] = {
	{ "challenges are judged by the table", challenges_are_judged_by_the_table },
	{ "an empty window knows nothing", empty_window_knows_nothing },
	{ "sizes are checked", sizes_are_checked },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("foreign_challenge", tests);
}
