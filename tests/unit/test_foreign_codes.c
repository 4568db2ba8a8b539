/* test_foreign_codes.c - the table of a foreign agent's reply codes from all its sides. */
#include "proto/foreign_codes.h"

#include <ctype.h>
#include <string.h>

#include "proto/codes.h"
#include "tests/unit/suite.h"

static const unsigned numbers[] = {
#define X(symbol, number, name, arc, text) number,
	FOREIGN_CODES(X)
#undef X
};

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

/* RFCs 5944, 3024, 4433, 2794, 3115, 4721, 3957 and 4857. 73 is reserved since RFC 3344,
 * 89 is a vendor's, and 83 to 87 are the same as 88 to us. */
static void numbers_are_the_ones_of_the_rfcs(void)
{
	static const unsigned expected[] = {
		64,  65,  66,  67,  68,  69,  70,  71,  72,  74,  75,  76,  77,
		78,  79,  80,  81,  82,  88,  90,  96,  97,  98,  99,  100, 101,
		104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 194,
	};

	CU_ASSERT_EQUAL_FATAL(NUMBERS, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < NUMBERS; i++)
		CU_ASSERT_EQUAL(numbers[i], expected[i]);
}

static void every_number_has_its_row_or_none(void)
{
	size_t rows = 0;

	for (unsigned number = 0; number < 300; number++) {
		const struct foreign_code_info *info = foreign_code_info(number);

		if (!info)
			continue;
		CU_ASSERT_EQUAL(info->number, number);
		CU_ASSERT_EQUAL(number, numbers[rows]);
		rows++;
	}
	CU_ASSERT_EQUAL(rows, NUMBERS);
	CU_ASSERT_PTR_NULL(foreign_code_info(FOREIGN_SILENCE));
	CU_ASSERT_PTR_NULL(foreign_code_info(UINT32_MAX));
}

static void no_code_is_a_home_agents_too(void)
{
	for (size_t i = 0; i < NUMBERS; i++)
		CU_ASSERT_PTR_NULL(mip_code_info(numbers[i]));
}

static void texts_follow_a_colon(void)
{
	for (size_t i = 0; i < NUMBERS; i++) {
		const struct foreign_code_info *info = foreign_code_info(numbers[i]);

		CU_ASSERT_TRUE(islower((unsigned char)info->text[0]));
		CU_ASSERT_NOT_EQUAL(info->text[strlen(info->text) - 1], '.');
		CU_ASSERT_EQUAL(strncmp(info->name, "foreign-denied-", 15), 0);
	}
}

/* faRegistration of RFC 2006, last arcs; what it has no object for has none. */
static void mib_arcs_are_those_of_rfc_2006(void)
{
	static const struct {
		unsigned number, arc;
	} arcs[] = {
		{ 64, 4 },  { 65, 5 },  { 66, 6 },  { 67, 7 },  { 68, 15 }, { 69, 8 },  { 70, 9 },
		{ 71, 16 }, { 72, 10 }, { 80, 12 }, { 81, 12 }, { 82, 12 }, { 88, 12 },
	};
	unsigned with_arc = 0;

	for (size_t i = 0; i < sizeof(arcs) / sizeof(arcs[0]); i++)
		CU_ASSERT_EQUAL(foreign_code_info(arcs[i].number)->mib_arc, arcs[i].arc);
	for (size_t i = 0; i < NUMBERS; i++)
		with_arc += foreign_code_info(numbers[i])->mib_arc != 0;
	CU_ASSERT_EQUAL(with_arc, sizeof(arcs) / sizeof(arcs[0]));
}

static void a_code_counts_in_its_row(void)
{
	CU_ASSERT_EQUAL_FATAL(foreign_code_counters.count, NUMBERS);
	for (size_t i = 0; i < NUMBERS; i++) {
		const struct foreign_code_info *info = foreign_code_info(numbers[i]);
		uint64_t before = counter_read(&foreign_code_counters, i);

		CU_ASSERT_STRING_EQUAL(foreign_code_counters.infos[i].name, info->name);
		foreign_code_count((enum foreign_code)numbers[i]);
		CU_ASSERT_EQUAL(counter_read(&foreign_code_counters, i), before + 1);
	}
	foreign_code_count(FOREIGN_SILENCE);
	foreign_code_count(FOREIGN_NO_CODE);
	for (size_t i = 0; i < NUMBERS; i++)
		CU_ASSERT_EQUAL(counter_read(&foreign_code_counters, i), 1);
}

static CU_TestInfo tests[] = {
	{ "numbers are the ones of the RFCs", numbers_are_the_ones_of_the_rfcs },
	{ "every number has its row or none", every_number_has_its_row_or_none },
	{ "no code is a home agent's too", no_code_is_a_home_agents_too },
	{ "texts follow a colon", texts_follow_a_colon },
	{ "MIB arcs are those of RFC 2006", mib_arcs_are_those_of_rfc_2006 },
	{ "a code counts in its row", a_code_counts_in_its_row },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("foreign_codes", tests);
}
