/* test_reign.c - who may take a batch, and that no two threads ever hold batches of
 * two reigns. */
#include "agentd/flow/reign.h"

#include <pthread.h>
#include <sched.h>
#include <stddef.h>

#include "tests/unit/suite.h"

static struct reign reign;

static void alone_it_never_ends(void)
{
	reign_init(&reign, false);
	CU_ASSERT_TRUE(reign_is_on(&reign));
	reign_end(&reign);
	CU_ASSERT_TRUE(reign_is_on(&reign));
	CU_ASSERT_TRUE(reign_enter(&reign, 0));
	reign_leave(&reign, 0);
}

static void a_standby_takes_nothing(void)
{
	reign_init(&reign, true);
	CU_ASSERT_FALSE(reign_is_on(&reign));
	CU_ASSERT_FALSE(reign_enter(&reign, 0));
	reign_begin(&reign);
	CU_ASSERT_TRUE(reign_enter(&reign, 0));
	CU_ASSERT_TRUE(reign_enter(&reign, 1));
	reign_leave(&reign, 0);
	reign_leave(&reign, 1);
	reign_end(&reign);
	reign_end(&reign);
	CU_ASSERT_FALSE(reign_is_on(&reign));
	CU_ASSERT_FALSE(reign_enter(&reign, 1));
}

static void the_next_reign_awaits_the_last_batch_of_this_one(void)
{
	reign_init(&reign, true);
	reign_begin(&reign);
	CU_ASSERT_TRUE(reign_enter(&reign, 3));
	reign_end(&reign);
	reign_begin(&reign);
	CU_ASSERT_FALSE(reign_enter(&reign, 0));
	reign_end(&reign);
	reign_begin(&reign);
	CU_ASSERT_FALSE(reign_enter(&reign, 0));
	reign_leave(&reign, 3);
	CU_ASSERT_TRUE(reign_enter(&reign, 0));
	CU_ASSERT_TRUE(reign_enter(&reign, 3));
}

/* ---- threads ---- */

#define THREADS 4u
#define REIGNS 20000u

static _Atomic uint64_t holds[THREADS]; /* number of the reign of its batch; 0 = none */
static _Atomic uint64_t taken, mixed;
static _Atomic bool finished;

static void *take_batches(void *number)
{
	unsigned thread = (unsigned)(uintptr_t)number;

	while (!finished) {
		uint64_t mine;

		sched_yield(); /* to whoever has a batch or a reign to end */
		if (!reign_enter(&reign, thread))
			continue;
		mine = reign.within[thread];
		holds[thread] = mine;
		taken++;
		sched_yield(); /* so that reigns end while it has a batch */
		for (unsigned i = 0; i < THREADS; i++) {
			uint64_t other = holds[i];

			mixed += other && other < mine;
		}
		holds[thread] = 0;
		reign_leave(&reign, thread);
	}
	return NULL;
}

static void no_two_reigns_at_once(void)
{
	pthread_t threads[THREADS];

	reign_init(&reign, true);
	for (unsigned i = 0; i < THREADS; i++)
		CU_ASSERT_EQUAL_FATAL(
			pthread_create(&threads[i], NULL, take_batches, (void *)(uintptr_t)i), 0);
	for (unsigned i = 0; i < REIGNS; i++) {
		uint64_t before = taken;

		reign_begin(&reign);
		while (taken == before)
			sched_yield(); /* each reign has a batch at least */
		reign_end(&reign);
	}
	finished = true;
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT_TRUE(taken >= REIGNS);
	CU_ASSERT_EQUAL(mixed, 0);
}

static CU_TestInfo tests[] = {
	{ "alone it never ends", alone_it_never_ends },
	{ "a standby takes nothing", a_standby_takes_nothing },
	{ "the next reign awaits the last batch of this one",
	  the_next_reign_awaits_the_last_batch_of_this_one },
	{ "no two reigns at once", no_two_reigns_at_once },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("reign", tests);
}
