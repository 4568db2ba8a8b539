/* suite.h - the main function of a unit test program, once.
 *
 *     static CU_TestInfo tests[] = {
 *     	{ "a truncated request is refused", truncated_request_is_refused },
 *     	CU_TEST_INFO_NULL,
 *     };
 *
 *     int main(void)
 *     {
 *     	return suite_run("request", tests);
 *     }
 *
 * May include: CUnit, nothing of ours. */
#ifndef TESTS_UNIT_SUITE_H
#define TESTS_UNIT_SUITE_H

#include <CUnit/CUnit.h>

/* Run all tests in order, print each failure with file, line and expression,
 * and a line of totals. Returns the exit status: 0 only if at least one
 * assertion was checked in every test and none failed. */
int suite_run(const char *name, CU_TestInfo *tests);

/* The same in a new directory, which is the current one meanwhile, and goes with all that
 * is in it. `directory`: its path, to be filled in as mkdtemp does. */
int suite_run_in(char *directory, const char *name, CU_TestInfo *tests);

#endif
