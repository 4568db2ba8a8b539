/* test_completions.c - the ring between the applying thread and a network
 * thread: everything arrives once, in order, also when the numbers wrap and
 * the ring is full to the last place. */
#include "agentd/flow/completions.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "tests/unit/suite.h"

#define MANY 300000u

static struct completions ring;
static _Atomic uint32_t under_way; /* never more than there are places */

static bool is_signalled(void)
{
	struct pollfd wait = { .fd = ring.event, .events = POLLIN };

	return poll(&wait, 1, 0) == 1;
}

static void open_ring(uint32_t first)
{
	memset(&ring, 0, sizeof(ring));
	CU_ASSERT_EQUAL_FATAL(completions_open(&ring), HA_OK);
	ring.head = first;
	ring.tail = first;
}

static void full_ring_keeps_order(void)
{
	static const uint32_t firsts[] = { 0, UINT32_MAX - 100, UINT32_MAX };
	struct completion got;

	for (size_t n = 0; n < sizeof(firsts) / sizeof(firsts[0]); n++) {
		open_ring(firsts[n]);
		for (uint32_t i = 0; i < COMPLETIONS_MAX; i++)
			completions_post(&ring,
			                 (struct completion){ i, i % 2 ? HA_OK : HA_E_STALE });
		for (uint32_t i = 0; i < COMPLETIONS_MAX; i++) {
			CU_ASSERT_TRUE_FATAL(completions_take(&ring, &got));
			CU_ASSERT_EQUAL(got.pending, i);
			CU_ASSERT_EQUAL(got.error, i % 2 ? HA_OK : HA_E_STALE);
		}
		CU_ASSERT_FALSE(completions_take(&ring, &got));
		completions_close(&ring);
	}
}

static void signal_is_once_per_batch(void)
{
	open_ring(0);
	completions_signal(&ring);
	CU_ASSERT_FALSE(is_signalled()); /* nothing was posted */
	completions_post(&ring, (struct completion){ 1, HA_OK });
	CU_ASSERT_FALSE(is_signalled());
	completions_signal(&ring);
	CU_ASSERT_TRUE(is_signalled());
	completions_clear(&ring);
	CU_ASSERT_FALSE(is_signalled());
	completions_signal(&ring);
	CU_ASSERT_FALSE(is_signalled()); /* told already */
	completions_wake(&ring);
	CU_ASSERT_TRUE(is_signalled());
	completions_close(&ring);
	completions_close(&ring);
}

static void *produce(void *unused)
{
	uint32_t sent = 0;

	(void)unused;
	while (sent < MANY) {
		while (sent < MANY && under_way < COMPLETIONS_MAX) {
			under_way++;
			completions_post(&ring, (struct completion){ sent++, HA_OK });
		}
		completions_signal(&ring);
	}
	return NULL;
}

static void nothing_is_lost_between_threads(void)
{
	struct pollfd wait;
	struct completion got;
	pthread_t producer;
	uint32_t next = 0, wrong = 0;

	open_ring(UINT32_MAX - MANY / 2);
	wait = (struct pollfd){ .fd = ring.event, .events = POLLIN };
	CU_ASSERT_EQUAL_FATAL(pthread_create(&producer, NULL, produce, NULL), 0);
	while (next < MANY) {
		poll(&wait, 1, -1);
		completions_clear(&ring);
		while (completions_take(&ring, &got)) {
			wrong += got.pending != next++;
			under_way--;
		}
	}
	pthread_join(producer, NULL);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(under_way, 0);
	completions_close(&ring);
}

static CU_TestInfo tests[] = {
	{ "a full ring keeps its order", full_ring_keeps_order },
	{ "a signal is once per batch", signal_is_once_per_batch },
	{ "nothing is lost between threads", nothing_is_lost_between_threads },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("completions", tests);
}
