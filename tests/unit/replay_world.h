/* replay_world.h - agentd over a disk in memory, on one thread, for tests of what
 * a crash leaves.
 *
 * The real checkpoint, recovery, applier and configuration of agentd/flow run.
 * Wherever they touch the store, memory_hook is called: there the engine may go
 * on, commits fail, or the disk be copied as a crash would leave it. A new agent
 * that starts from the copy must be indistinguishable from a state that applied
 * the whole log. */
#ifndef TESTS_UNIT_REPLAY_WORLD_H
#define TESTS_UNIT_REPLAY_WORLD_H

#include "agentd/flow/internal.h"

#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

static enum ha_error take_dirty_after_more(struct state *state, uint32_t **slots, size_t *count);

#define PEERS_PER_TRANSACTION 2u
#define state_take_dirty take_dirty_after_more
#include "agentd/flow/checkpoint.c"
#undef state_take_dirty

#include "agentd/base/address.h"
#include "agentd/base/log.h"
#include "agentd/state/command.h"
#include "tests/unit/look.h"
#include "tests/unit/memory_node.h"
#include "tests/unit/state_universe.h"
#include "tests/unit/suite.h"
#include "tests/unit/universe_pools.h"

static const struct state_capacity capacity = { .peers = 9, .associations = 14, .bindings = 20 };
static char directory[] = "/tmp/hearth-replay-log.XXXXXX";

/* One run, reached by the hook. */
static struct world {
	struct dice dice;
	struct agent *agent;
	uint64_t time_ms;
	bool hostile;         /* some proposals are of a leader that breaks the rules */
	unsigned until_crash; /* hooks */
	struct memory_disk *crashed;
	unsigned failed;
} world;

static inline void told(void *context, const enum ha_error *results, size_t count)
{
	(void)context;
	(void)results;
	(void)count;
}

static bool hooked_on_dirty; /* the hook also stands where the changed peers are taken */

static enum ha_error take_dirty_after_more(struct state *state, uint32_t **slots, size_t *count)
{
	if (hooked_on_dirty && memory_hook)
		memory_hook();
	return state_take_dirty(state, slots, count);
}

static inline void last_pass(void)
{
	if (has_changes(world.agent) || world.agent->checkpoint.jobs.first)
		pass(world.agent);
}

static inline struct agent *start(struct memory_disk *disk)
{
	struct config config;
	struct agent_options options = { .config = &config };
	struct agent *agent;
	enum ha_error why;
	char report[512] = "";

	config_defaults(&config);
	address_parse("192.0.2.1", &config.home_agent_address);
	snprintf(config.data_directory, sizeof(config.data_directory), "%s", directory);
	config.capacity_nodes = capacity.peers;
	config.capacity_associations = capacity.associations;
	config.capacity_bindings = capacity.bindings;
	memory_disk_in_use = disk;
	agent = agent_open(&options, &why, report, sizeof(report));
	if (!agent)
		fprintf(stderr, "no start: %s: %s\n", ha_strerror(why), report);
	CU_ASSERT_PTR_NOT_NULL_FATAL(agent);
	return agent;
}

/* The state of somebody who applied the whole log and never crashed. */
static inline struct state *apply_all(const struct memory_disk *disk)
{
	enum ha_error why;
	struct state *state = state_new(&capacity, universe_ring(), &why);

	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
	for (size_t i = 0; i < disk->entry_count; i++) {
		struct span command = { disk->entries[i].octets, disk->entries[i].size };
		struct state_outcome outcome;

		CU_ASSERT_EQUAL(state_apply(state, i + 1, command, &outcome), HA_OK);
		state_outcome_free(&outcome);
	}
	return state;
}

static inline void check_state(const struct memory_disk *disk, uint64_t seed, unsigned life)
{
	struct state *expected = apply_all(disk);
	const char *difference = universe_difference(expected, world.agent->state);

	if (!difference)
		difference = universe_pool_difference(expected, world.agent->state);
	if (!difference)
		difference = universe_pool_trouble(world.agent->state, true);
	CU_ASSERT_PTR_NULL(difference);
	if (difference) {
		printf("seed %llu, life %u: %s\n", (unsigned long long)seed, life, difference);
		world.failed++;
	}
	state_free(expected);
}

static inline int remove_one(const char *path, const struct stat *status, int type,
                             struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

/* The suite, in a directory with a key file that is gone afterwards. */
static inline int replay_run(const char *name, CU_TestInfo *tests)
{
	char keys[sizeof(directory) + 16];
	int status;

	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	if (!mkdtemp(directory)) {
		perror(directory);
		return 1;
	}
	snprintf(keys, sizeof(keys), "%s/cluster.key", directory);
	if (!universe_write_ring(keys)) {
		perror(keys);
		return 1;
	}
	status = suite_run(name, tests);
	nftw(directory, remove_one, 4, FTW_DEPTH | FTW_PHYS);
	return status;
}

#endif
