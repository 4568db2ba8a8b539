/* suite.c - run a CUnit suite and say what failed.
 *
 * Stricter than CUnit's own runners: a test that checks nothing is a failure,
 * and so is a program without tests. */
#include "tests/unit/suite.h"

#include <CUnit/Basic.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static unsigned asserts_before;
static unsigned empty_tests;

static void test_begins(const CU_pTest test, const CU_pSuite suite)
{
	(void)test;
	(void)suite;
	asserts_before = CU_get_number_of_asserts();
}

static void test_ended(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failure)
{
	bool empty = CU_get_number_of_asserts() == asserts_before;

	printf("%s: %s: %s\n", suite->pName, test->pName,
	       failure ? "FAILED"
	       : empty ? "FAILED, it asserts nothing"
	               : "passed");
	for (CU_pFailureRecord row = failure; row != NULL; row = row->pNext)
		printf("    %s:%u: %s\n", row->strFileName ? row->strFileName : "?",
		       row->uiLineNumber, row->strCondition ? row->strCondition : "?");
	if (empty && !failure)
		empty_tests++;
	fflush(stdout);
}

static int run(const char *name, CU_TestInfo *tests)
{
	CU_SuiteInfo suites[] = {
		{ .pName = name, .pTests = tests },
		CU_SUITE_INFO_NULL,
	};

	if (CU_register_suites(suites) != CUE_SUCCESS) {
		fprintf(stderr, "%s: cannot register the tests: %s\n", name, CU_get_error_msg());
		return 1;
	}
	CU_set_test_start_handler(test_begins);
	CU_set_test_complete_handler(test_ended);
	if (CU_run_all_tests() != CUE_SUCCESS) {
		fprintf(stderr, "%s: cannot run the tests: %s\n", name, CU_get_error_msg());
		return 1;
	}
	printf("%s: %u tests, %u assertions, %u failed\n", name, CU_get_number_of_tests_run(),
	       CU_get_number_of_asserts(), CU_get_number_of_failures() + empty_tests);
	return CU_get_number_of_tests_run() == 0 || CU_get_number_of_failures() != 0 ||
	       empty_tests != 0;
}

int suite_run(const char *name, CU_TestInfo *tests)
{
	int status;

	if (CU_initialize_registry() != CUE_SUCCESS) {
		fprintf(stderr, "%s: cannot start CUnit: %s\n", name, CU_get_error_msg());
		return 1;
	}
	status = run(name, tests);
	CU_cleanup_registry();
	return status;
}

static int remove_one(const char *path, const struct stat *status, int what, struct FTW *place)
{
	(void)status;
	(void)what;
	(void)place;
	return remove(path);
}

int suite_run_in(char *directory, const char *name, CU_TestInfo *tests)
{
	int status;

	if (!mkdtemp(directory) || chdir(directory) != 0) {
		perror(directory);
		return 1;
	}
	status = suite_run(name, tests);
	nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return status;
}
