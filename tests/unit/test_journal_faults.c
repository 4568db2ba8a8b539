/* test_journal_faults.c - the log when the disk fails at each operation in
 * turn, and when the power goes at any of them. The promise under test: what
 * was acknowledged comes back, and nothing comes back that was not accepted. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/log.h"
#include "tests/unit/journal_fixture.h"
#include "tests/unit/suite.h"

#define SEEDS 40u /* by itself; tests/unit/replication.cmake has more */

/* ---- the n-th operation fails ---- */

/* Open, run over several segments with trims, close. Stops at the first sign
 * of trouble. True if nothing went wrong to the end. */
static bool scenario(struct fixture *f)
{
	if (!fixture_open(f))
		return false;
	for (unsigned round = 0; round < 80 && f->failures == 0; round++) {
		const enum ha_error error = fixture_append(f, 1 + round % 3, 900 + 97 * round);
		if (error == HA_OK)
			journal_write_next(f->journal);
		journal_keep(f->journal);
		if (round % 8 == 7) {
			f->options.applied = f->promised;
			journal_trim(f->journal, f->promised);
		}
	}
	const bool well = f->failures == 0;
	fixture_close(f);
	return well && f->promised == f->accepted;
}

/* What the operator must be told when the n-th operation failed. */
static bool reported(const struct fixture *f)
{
	return strlen(f->report) > 20 && f->why != HA_OK;
}

/* Returns false once n is behind the last operation. */
static bool fail_nth(uint64_t nth, int error, bool forever)
{
	struct fixture f;
	fixture_begin(&f, 4, FIXTURE_PLENTY);
	fake_disk_fail(f.disk, nth, error, forever);
	const bool opened_well = scenario(&f);
	const bool hit = fake_disk_failed(f.disk);
	CU_ASSERT_TRUE(opened_well || hit);
	/* A failed preparation is survived, everything else ends in one call of
	 * failed() or in a report. */
	if (!opened_well && f.failures == 0 && f.accepted == 0)
		CU_ASSERT_TRUE(reported(&f));
	CU_ASSERT_TRUE(f.failures <= 1);
	if (f.failures == 1)
		CU_ASSERT_TRUE(reported(&f));

	/* The disk recovers, and the power was gone: all promises hold. */
	fixture_close(&f);
	fake_disk_cut(f.disk, nth);
	CU_ASSERT_TRUE(fixture_open(&f));
	if (f.journal)
		CU_ASSERT_TRUE(fixture_store(&f, 2, 100));
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
	return hit;
}

static void fail_each(int error, bool forever)
{
	uint64_t nth = 1;
	while (fail_nth(nth, error, forever))
		nth++;
	CU_ASSERT_TRUE(nth > 150); /* the scenario is not a trivial one */
}

static void each_operation_fails_once(void)
{
	fail_each(EIO, false);
}

static void each_operation_is_the_last_that_works(void)
{
	fail_each(EIO, true);
}

static void the_disk_is_full_at_each_operation(void)
{
	fail_each(ENOSPC, false);
}

/* A log with entries in it, whose second opening fails at each operation. */
static void each_operation_of_a_recovery_fails_once(void)
{
	uint64_t nth = 1;
	for (bool hit = true; hit; nth++) {
		struct fixture f;
		fixture_begin(&f, 4, FIXTURE_PLENTY);
		CU_ASSERT_TRUE_FATAL(scenario(&f));
		fake_disk_put(f.disk, JOURNAL_PREPARING_NAME, "half", 4);
		fake_disk_fail(f.disk, nth, EIO, false);
		const bool opened = fixture_open(&f);
		hit = fake_disk_failed(f.disk);
		CU_ASSERT_EQUAL(opened, !hit);
		if (!opened)
			CU_ASSERT_TRUE(reported(&f));
		fixture_close(&f);
		fake_disk_restart(f.disk);
		CU_ASSERT_TRUE(fixture_open(&f));
		CU_ASSERT_EQUAL(f.wrong, 0);
		fixture_end(&f);
	}
	CU_ASSERT_TRUE(nth > 20);
}

/* ---- power cuts ---- */

/* One life between two power cuts: random work until the disk goes. */
static void live(struct fixture *f, uint64_t *random)
{
	for (unsigned step = 0; step < 300 && f->failures == 0; step++) {
		switch (fake_random(random) % 8) {
		case 0:
		case 1:
		case 2:
			fixture_append(f, 1 + fake_random(random) % 4,
			               8 + fake_random(random) % 5000);
			break;
		case 3:
		case 4:
		case 5:
			journal_write_next(f->journal);
			break;
		case 6:
			journal_keep(f->journal);
			break;
		case 7:
			/* The store checkpoints a part, and then trims. */
			f->options.applied += fake_random(random) %
			                      (f->promised - f->options.applied + 1);
			journal_trim(f->journal, f->options.applied);
			break;
		}
	}
}

/* Several lives of one log. Prints the seed when something is wrong. */
static bool run_seed(uint64_t seed, unsigned *cuts)
{
	struct fixture f;
	uint64_t random = seed;
	fixture_begin(&f, 3, FIXTURE_PLENTY);
	bool well = true;
	for (unsigned life = 0; life < 6 && well; life++) {
		f.options.segments_max = 2 + (uint32_t)(fake_random(&random) % 4);
		fake_disk_fail(f.disk, 1 + fake_random(&random) % 250, EIO, true);
		if (fixture_open(&f))
			live(&f, &random);
		*cuts += fake_disk_failed(f.disk);
		fixture_close(&f);
		fake_disk_cut(f.disk, fake_random(&random));
		well = fixture_open(&f) && f.wrong == 0;
		if (!well)
			printf("seed %llu, life %u: %s\n", (unsigned long long)seed, life,
			       f.report);
		fixture_close(&f);
		/* And once more: the recovery itself must have been durable. */
		fake_disk_cut(f.disk, fake_random(&random));
	}
	fixture_end(&f);
	return well;
}

static uint64_t first_seed = 1, last_seed = SEEDS;

static void what_was_acknowledged_survives_power_cuts(void)
{
	unsigned cuts = 0;
	for (uint64_t seed = first_seed; seed <= last_seed; seed++)
		CU_ASSERT_TRUE(run_seed(seed, &cuts));
	CU_ASSERT_TRUE(2 * cuts > 5 * (last_seed - first_seed + 1)); /* of six lives each */
}

static CU_TestInfo power_tests[] = {
	{ "promises survive power cuts", what_was_acknowledged_survives_power_cuts },
	CU_TEST_INFO_NULL,
};

static CU_TestInfo tests[] = {
	{ "each operation fails once", each_operation_fails_once },
	{ "each operation is the last that works", each_operation_is_the_last_that_works },
	{ "the disk is full at each operation", the_disk_is_full_at_each_operation },
	{ "each operation of a recovery fails", each_operation_of_a_recovery_fails_once },
	{ "promises survive power cuts", what_was_acknowledged_survives_power_cuts },
	CU_TEST_INFO_NULL,
};

/* With two numbers only power cuts, of these seeds. */
int main(int argc, char **argv)
{
	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	if (argc < 3)
		return suite_run("journal_faults", tests);
	first_seed = strtoull(argv[1], NULL, 10);
	last_seed = strtoull(argv[2], NULL, 10);
	return suite_run("journal_faults", power_tests);
}
