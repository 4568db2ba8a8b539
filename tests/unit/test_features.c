/* test_features.c - features begin by themselves, and those that were refused are tried
 * again: not at once, not rarely, and in an agent that is alone as well. The log is
 * memory_node.c; it moves on a thread of the test. */
#include "agentd/flow/features.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "agentd/base/log.h"
#include "agentd/flow/chores.h"
#include "agentd/flow/internal.h"
#include "agentd/flow/watch.h"
#include "tests/unit/memory_node.h"
#include "tests/unit/suite.h"

/* ---- when ---- */

static void it_rests_longer_each_time_and_not_too_long(void)
{
	struct features_pace pace = { 0 };
	uint64_t tried_ms = 0, rest_ms = 0;
	unsigned tries = 0;

	for (uint64_t now_ms = 500; now_ms < 600000; now_ms += 100) {
		if (!features_pace(&pace, true, now_ms))
			continue;
		if (tries++ > 0) {
			CU_ASSERT_TRUE(now_ms - tried_ms >= rest_ms);
			rest_ms = now_ms - tried_ms;
		}
		tried_ms = now_ms;
	}
	CU_ASSERT_EQUAL(rest_ms, FEATURES_REST_MAX_MS);
	CU_ASSERT_EQUAL(tries, 24); /* five rests of 1 to 16 seconds, then some of 30 */
}

static void what_is_due_anew_is_tried_at_once(void)
{
	struct features_pace pace = { 0 };

	CU_ASSERT_FALSE(features_pace(&pace, false, 100));
	CU_ASSERT_TRUE(features_pace(&pace, true, 200));
	CU_ASSERT_FALSE(features_pace(&pace, true, 300));
	CU_ASSERT_FALSE(features_pace(&pace, false, 400));
	CU_ASSERT_TRUE(features_pace(&pace, true, 500));
	CU_ASSERT_FALSE(features_pace(&pace, true, 500 + FEATURES_REST_MIN_MS - 1));
	CU_ASSERT_TRUE(features_pace(&pace, true, 500 + FEATURES_REST_MIN_MS));
}

/* ---- alone ---- */

#define SEED_ENTRIES 2u /* the settings, and the secret of nonces */

static char directory[] = "/tmp/hearth-features.XXXXXX";
static struct agent *agent;
static pthread_t engine;
static _Atomic bool ends;

/* The log takes what a new store needs, and then nothing: before the last entry of the seed
 * is applied, so that whoever waits for that one finds it so. */
static void *move_on(void *argument)
{
	bool refused = false;

	(void)argument;
	while (!ends) {
		if (!refused && memory_count() >= SEED_ENTRIES) {
			memory_submit_error = HA_E_BUSY;
			refused = true;
		}
		if (!memory_step(agent->replication))
			sched_yield();
	}
	return NULL;
}

static struct agent *open_agent(void)
{
	struct config config;
	struct agent_options options = { .config = &config };
	char report[512] = "";
	enum ha_error why;

	config_defaults(&config);
	config.capacity_nodes = config.capacity_associations = config.capacity_bindings = 20;
	snprintf(config.data_directory, sizeof(config.data_directory), "%s", directory);
	agent = agent_open(&options, &why, report, sizeof(report));
	CU_ASSERT_PTR_NOT_NULL_FATAL(agent);
	return agent;
}

static void start(void)
{
	agent = open_agent();
	ends = false;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&engine, NULL, move_on, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(agent_start(agent), HA_OK);
}

static void an_agent_alone_tries_again_what_was_refused_at_its_start(void)
{
	memory_disk_in_use = memory_disk_new();
	memory_submit_error = HA_OK;
	start();
	CU_ASSERT_EQUAL(memory_count(), SEED_ENTRIES);
	CU_ASSERT_FALSE(state_counts_nodes(agent->state));
	memory_submit_error = HA_OK;
	while (!state_counts_nodes(agent->state))
		sched_yield();
	CU_ASSERT_EQUAL(memory_count(), SEED_ENTRIES + 1);
	agent_stop(agent);
	ends = true;
	pthread_join(engine, NULL);
	agent_close(agent);
	memory_disk_free(memory_disk_in_use);
}

/* As after a start that failed half-way: its threads look at what is closed. */
static void an_agent_that_was_not_stopped_can_be_closed(void)
{
	memory_disk_in_use = memory_disk_new();
	memory_submit_error = HA_E_BUSY;
	agent = open_agent();
	agent->chores = chores_new(agent);
	CU_ASSERT_PTR_NOT_NULL_FATAL(agent->chores);
	CU_ASSERT_EQUAL(watch_start(agent->watch), HA_OK);
	CU_ASSERT_EQUAL(chores_start(agent->chores), HA_OK);
	agent_close(agent);
	memory_disk_free(memory_disk_in_use);
	memory_submit_error = HA_OK;
}

static CU_TestInfo tests[] = {
	{ "it rests longer each time, and not too long",
	  it_rests_longer_each_time_and_not_too_long },
	{ "what is due anew is tried at once", what_is_due_anew_is_tried_at_once },
	{ "an agent alone tries again what was refused at its start",
	  an_agent_alone_tries_again_what_was_refused_at_its_start },
	{ "an agent that was not stopped can be closed",
	  an_agent_that_was_not_stopped_can_be_closed },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return suite_run_in(directory, "features", tests);
}
