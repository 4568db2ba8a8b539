/* test_replay_log.c - what is promised must be there after any crash.
 *
 * The real checkpoint, recovery, applier and configuration of agentd/flow run
 * over a disk in memory, on one thread. Wherever they touch the store, the
 * engine may go on: new commands are put in order and applied between any two
 * writes of a pass, commits fail now and then, and at some point the disk is
 * copied as a crash would leave it. A new agent that starts from the copy must
 * be indistinguishable from a state that applied the whole log. Then it lives
 * on, with what the crash left behind, to the next crash.
 *
 * A failure names its seed: `test_replay_log <seed>` runs that one alone, and
 * `test_replay_log <first> <last>` as many as there is time for. */
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

#define SEEDS 1200u
#define LIVES 3u
#define DUTIES 30u

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

/* ---- the engine's side ---- */

static void told(void *context, const enum ha_error *results, size_t count)
{
	(void)context;
	(void)results;
	(void)count;
}

static struct change some_setting(void)
{
	struct change change = { .kind = CHANGE_SET, .name = "registration.max-lifetime" };

	if (dice_chance(&world.dice, 2))
		snprintf(change.name, sizeof(change.name), "registration.bindings-per-node");
	snprintf(change.value, sizeof(change.value), "%u", 1 + dice_below(&world.dice, 8));
	return change;
}

static void configure_something(void)
{
	struct change changes[3];
	size_t count = 1 + dice_below(&world.dice, 3);

	for (size_t i = 0; i < count; i++)
		changes[i] = dice_chance(&world.dice, 10)  ? some_setting()
		             : dice_chance(&world.dice, 2) ? universe_pool_change(&world.dice)
		                                           : universe_change(&world.dice);
	CU_ASSERT_EQUAL(agent_configure(world.agent, "test", changes, count, told, NULL), HA_OK);
}

/* What has ended by the clock, as the applier would find it, or anything. */
static size_t expire_something(uint8_t *octets, size_t size)
{
	uint64_t places[8];
	size_t count = state_expired(world.agent->state, world.time_ms, places, 8);

	if (count == 0)
		return universe_expire(&world.dice, world.time_ms, octets, size);
	return command_expire(world.time_ms, places, count, octets, size);
}

static size_t some_command(uint8_t *octets, size_t size)
{
	struct state *state = world.agent->state;
	bool hostile = world.hostile && dice_chance(&world.dice, 4);

	if (dice_chance(&world.dice, 6))
		return expire_something(octets, size);
	if (dice_chance(&world.dice, 12))
		return universe_drop(&world.dice, world.time_ms, octets, size);
	if (dice_chance(&world.dice, 2))
		return universe_pool_registration(&world.dice, state, world.time_ms, hostile,
		                                  octets, size);
	return universe_registration(&world.dice, state, world.time_ms, octets, size);
}

static void submit_something(void)
{
	uint8_t octets[COMMAND_REGISTRATION_MAX];
	struct replication_command command = { .ticket = 1, .command = octets };

	world.time_ms += dice_below(&world.dice, 2000);
	if (dice_chance(&world.dice, 4)) {
		configure_something();
		return;
	}
	command.size = some_command(octets, sizeof(octets));
	if (command.size)
		CU_ASSERT_EQUAL(replication_submit(world.agent->replication, &command, 1), HA_OK);
}

static void go_on(void)
{
	for (unsigned n = dice_below(&world.dice, 4); n > 0; n--)
		submit_something();
	for (unsigned n = dice_below(&world.dice, 4); n > 0; n--)
		memory_step(world.agent->replication);
}

static void crash_now(void)
{
	const struct memory_disk *disk = memory_disk_in_use;
	size_t lost = disk->entry_count - world.agent->applied_index; /* perhaps not durable */

	memory_disk_free(world.crashed);
	world.crashed = memory_disk_copy(disk, disk->entry_count -
	                                               dice_below(&world.dice, (uint32_t)lost + 1));
}

/* Room is kept for the commands of a life's last hooks. */
static void hook(void)
{
	if (world.until_crash > 0 && --world.until_crash == 0)
		crash_now();
	memory_commit_error = dice_chance(&world.dice, 15) ? HA_E_NODISK : HA_OK;
	if (dice_chance(&world.dice, 3) &&
	    memory_disk_in_use->entry_count < MEMORY_ENTRIES_MAX - 16)
		go_on();
}

static enum ha_error take_dirty_after_more(struct state *state, uint32_t **slots, size_t *count)
{
	if (memory_hook == hook)
		hook();
	return state_take_dirty(state, slots, count);
}

/* ---- the store thread's side ---- */

static void last_pass(void)
{
	if (has_changes(world.agent) || world.agent->checkpoint.jobs.first)
		pass(world.agent);
}

/* As next_duty chooses, but without waiting. */
static void do_some_duty(void)
{
	struct checkpoint *c = &world.agent->checkpoint;

	if (c->jobs.first && !c->failing) {
		enum ha_error error = write_some(world.agent, NULL, 0, 0);

		if (error != HA_OK)
			note_failure(world.agent, error);
	} else if (has_changes(world.agent)) {
		pass(world.agent);
	}
}

static struct agent *start(struct memory_disk *disk)
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
static struct state *apply_all(const struct memory_disk *disk)
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

static void check_state(const struct memory_disk *disk, uint64_t seed, unsigned life)
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

/* ---- lives ---- */

static void live(bool clean, uint64_t seed, unsigned life)
{
	world.until_crash = clean ? 0 : 1 + dice_below(&world.dice, 60);
	memory_hook = hook;
	for (unsigned i = 0; i < DUTIES && !(world.crashed && !clean); i++) {
		if (memory_disk_in_use->entry_count < MEMORY_ENTRIES_MAX - 32)
			go_on();
		do_some_duty();
	}
	memory_hook = NULL;
	if (clean) {
		while (memory_step(world.agent->replication))
			;
		check_state(memory_disk_in_use, seed, life);
		memory_commit_error = dice_chance(&world.dice, 4) ? HA_E_NODISK : HA_OK;
		last_pass();
	}
	if (!world.crashed)
		crash_now();
}

static void run_seed(uint64_t seed)
{
	struct memory_disk *disk = memory_disk_new();

	world = (struct world){ .dice = { seed }, .time_ms = 1000000, .hostile = seed % 2 };
	world.agent = start(disk);
	for (unsigned i = 0; i < LIVES && !world.failed; i++) {
		live(dice_chance(&world.dice, 3), seed, i);
		configure_abandon(world.agent);
		agent_close(world.agent);
		memory_disk_free(disk);
		disk = world.crashed;
		world.crashed = NULL;
		memory_commit_error = HA_OK;
		world.agent = start(disk);
		check_state(disk, seed, i);
	}
	agent_close(world.agent);
	memory_disk_free(disk);
}

static uint64_t first_seed = 1, last_seed = SEEDS;

static void any_crash_leaves_what_was_promised(void)
{
	for (uint64_t seed = first_seed; seed <= last_seed; seed++)
		run_seed(seed);
}

/* ---- an address whose node is replaced while its rows are written ---- */

static void configure_home(enum change_kind kind)
{
	struct change change = {
		.kind = kind,
		.peer = PEER_MOBILE_NODE,
		.address = universe_home(0),
		.spi = universe_spi(0),
		.algorithm = MIP_HMAC_MD5,
		.key_size = 16,
		.bindings = 1,
	};

	CU_ASSERT_EQUAL(agent_configure(world.agent, "test", &change, 1, told, NULL), HA_OK);
	CU_ASSERT_TRUE(memory_step(world.agent->replication));
}

static void register_home(void)
{
	struct binding binding = { .care_of = universe_care_of(0), .expires_ms = 9999999 };
	struct command_registration registration = {
		.place = place_of_home(0, universe_home(0)),
		.identification = 1,
		.time_ms = 5000,
		.binding = &binding,
	};
	uint8_t octets[COMMAND_REGISTRATION_MAX];
	struct replication_command command = { .ticket = 1, .command = octets };
	struct state_view view;

	CU_ASSERT_TRUE_FATAL(look_at(world.agent->state, PEER_MOBILE_NODE, 0, universe_home(0),
	                             universe_spi(0), &view));
	registration.node = view.id;
	command.size = command_registration(&registration, octets);
	CU_ASSERT_EQUAL(replication_submit(world.agent->replication, &command, 1), HA_OK);
	CU_ASSERT_TRUE(memory_step(world.agent->replication));
}

static void replace_home(void)
{
	memory_hook = NULL;
	configure_home(CHANGE_REMOVE_PEER);
	configure_home(CHANGE_ADD_ASSOCIATION);
	register_home();
}

/* Its new rows are written before the old ones are cleared; and the pass that
 * clears them must not say that the store has the new ones. */
static void replaced_node_keeps_its_binding_over_a_stop(void)
{
	struct memory_disk *disk = memory_disk_new(), *stopped;

	world = (struct world){ .time_ms = 1000000 };
	world.agent = start(disk);
	configure_home(CHANGE_ADD_ASSOCIATION);
	CU_ASSERT_EQUAL(write_some(world.agent, NULL, 0, 0), HA_OK);
	register_home();
	memory_hook = replace_home; /* when its transaction has begun */
	CU_ASSERT_EQUAL(pass(world.agent), HA_OK);
	CU_ASSERT_PTR_NULL(memory_hook);
	last_pass();
	stopped = memory_disk_copy(disk, disk->entry_count);
	agent_close(world.agent);
	memory_disk_free(disk);
	world.agent = start(stopped);
	check_state(stopped, 0, 0);
	agent_close(world.agent);
	memory_disk_free(stopped);
}

static CU_TestInfo tests[] = {
	{ "a replaced node keeps its binding over a stop",
	  replaced_node_keeps_its_binding_over_a_stop },
	{ "any crash leaves what was promised", any_crash_leaves_what_was_promised },
	CU_TEST_INFO_NULL,
};

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

int main(int argc, char **argv)
{
	char keys[sizeof(directory) + 16];
	int status;

	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	if (argc > 1)
		first_seed = last_seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		last_seed = strtoull(argv[2], NULL, 10);
	if (!mkdtemp(directory)) {
		perror(directory);
		return 1;
	}
	snprintf(keys, sizeof(keys), "%s/cluster.key", directory);
	if (!universe_write_ring(keys)) {
		perror(keys);
		return 1;
	}
	status = suite_run("replay_log", tests);
	nftw(directory, remove_one, 4, FTW_DEPTH | FTW_PHYS);
	return status;
}
