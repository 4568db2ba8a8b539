/* test_codes.c - the table of reply codes from all its sides. */
#include "proto/codes.h"

#include <ctype.h>
#include <string.h>

#include "tests/unit/suite.h"

static const unsigned numbers[] = {
#define X(symbol, number, name, arc, text) number,
	MIP_CODES(X)
#undef X
};

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static bool in_table(unsigned number)
{
	for (size_t i = 0; i < NUMBERS; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

static void numbers_are_the_ones_of_the_rfc(void)
{
	CU_ASSERT_EQUAL(MIP_ACCEPTED, 0);
	CU_ASSERT_EQUAL(MIP_ACCEPTED_ONE_BINDING, 1);
	CU_ASSERT_EQUAL(MIP_UNSPECIFIED, 128);
	CU_ASSERT_EQUAL(MIP_MN_AUTH_FAILED, 131);
	CU_ASSERT_EQUAL(MIP_FA_AUTH_FAILED, 132);
	CU_ASSERT_EQUAL(MIP_ID_MISMATCH, 133);
	CU_ASSERT_EQUAL(MIP_POORLY_FORMED, 134);
	CU_ASSERT_EQUAL(MIP_TOO_MANY_BINDINGS, 135);
	CU_ASSERT_EQUAL(MIP_UNKNOWN_HA, 136);
	CU_ASSERT_EQUAL(MIP_ENCAPSULATION_UNAVAILABLE, 139);
	CU_ASSERT_EQUAL(MIP_CVSE_MOBILE, 140);
	CU_ASSERT_EQUAL(MIP_CVSE_FOREIGN, 141);
	CU_ASSERT_EQUAL(MIP_UDP_UNAVAILABLE, 142);
	CU_ASSERT_EQUAL(MIP_REDIRECTED, 143);
	CU_ASSERT_EQUAL(MIP_AAA_AUTH_FAILED, 144);
	CU_ASSERT_EQUAL(MIP_ZERO_CARE_OF, 145);
	CU_ASSERT_EQUAL(MIP_DYNAMIC_GFA_UNSUPPORTED, 146);
	CU_ASSERT_EQUAL(MIP_PREFIX_ERROR, 147);
	CU_ASSERT_EQUAL(MIP_ROUTER_NOT_PERMITTED, 148);
	CU_ASSERT_EQUAL(NUMBERS, 23);
}

static void every_number_has_its_row_or_none(void)
{
	for (unsigned number = 0; number < 1024; number++) {
		const struct mip_code_info *info = mip_code_info(number);

		CU_ASSERT_EQUAL(info != NULL, in_table(number));
		if (info)
			CU_ASSERT_EQUAL(info->number, number);
		CU_ASSERT_EQUAL(mip_code_is_accepted(number), number < 2);
	}
	CU_ASSERT_PTR_NULL(mip_code_info(MIP_SILENCE));
	CU_ASSERT_PTR_NULL(mip_code_info(UINT32_MAX));
}

static void texts_can_follow_a_colon(void)
{
	for (size_t i = 0; i < NUMBERS; i++) {
		const struct mip_code_info *info = mip_code_info(numbers[i]);

		CU_ASSERT_TRUE(islower((unsigned char)info->text[0]));
		CU_ASSERT_NOT_EQUAL(info->text[strlen(info->text) - 1], '.');
	}
}

static void names_and_arcs_are_unique(void)
{
	for (size_t i = 0; i < NUMBERS; i++) {
		const struct mip_code_info *a = mip_code_info(numbers[i]);

		for (size_t j = i + 1; j < NUMBERS; j++) {
			const struct mip_code_info *b = mip_code_info(numbers[j]);

			CU_ASSERT_NOT_EQUAL(strcmp(a->name, b->name), 0);
			CU_ASSERT_TRUE(a->mib_arc == 0 || a->mib_arc != b->mib_arc);
		}
	}
}

static void counters_are_the_rows(void)
{
	CU_ASSERT_EQUAL_FATAL(mip_code_counters.count, NUMBERS);
	for (size_t i = 0; i < NUMBERS; i++) {
		const struct mip_code_info *info = mip_code_info(numbers[i]);

		CU_ASSERT_STRING_EQUAL(mip_code_counters.infos[i].name, info->name);
		CU_ASSERT_EQUAL(mip_code_counters.infos[i].mib_arc, info->mib_arc);
	}
}

static uint64_t total(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < mip_code_counters.count; i++)
		sum += counter_read(&mip_code_counters, i);
	return sum;
}

static void counting_touches_one_row(void)
{
	for (size_t i = 0; i < NUMBERS; i++) {
		uint64_t before = counter_read(&mip_code_counters, i), sum = total();

		mip_code_count((enum mip_code)numbers[i]);
		CU_ASSERT_EQUAL(counter_read(&mip_code_counters, i), before + 1);
		CU_ASSERT_EQUAL(total(), sum + 1);
	}
}

static void what_has_no_row_counts_nowhere(void)
{
	uint64_t sum = total();

	mip_code_count(MIP_SILENCE);
	mip_code_count((enum mip_code)2);
	mip_code_count((enum mip_code)255);
	CU_ASSERT_EQUAL(total(), sum);
}

static CU_TestInfo tests[] = {
	{ "numbers are the ones of the RFC", numbers_are_the_ones_of_the_rfc },
	{ "every number has its row or none", every_number_has_its_row_or_none },
	{ "texts can follow a colon", texts_can_follow_a_colon },
	{ "names and arcs are unique", names_and_arcs_are_unique },
	{ "counters are the rows", counters_are_the_rows },
	{ "counting touches one row", counting_touches_one_row },
	{ "what has no row counts nowhere", what_has_no_row_counts_nowhere },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("codes", tests);
}
