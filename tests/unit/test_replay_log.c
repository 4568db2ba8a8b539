/* test_replay_log.c - what is promised must be there after any crash.
 *
 * In the world of replay_world.h, new commands are put in order and applied
 * between any two writes of a pass, commits fail now and then, and at some point
 * there is a crash. Whoever starts from what it left lives on, to the next one.
 *
 * A failure names its seed: `test_replay_log <seed>` runs that one alone, and
 * `test_replay_log <first> <last>` as many as there is time for. */
#include "tests/unit/replay_world.h"

#define SEEDS 300u /* tests/unit/state.cmake adds some */
#define LIVES 3u
#define DUTIES 30u

/* ---- the engine's side ---- */

/* Nodes are counted from some entry on, or never. */
static struct change some_setting(void)
{
	struct change change = { .kind = CHANGE_SET, .name = "registration.max-lifetime" };

	if (dice_chance(&world.dice, 2)) {
		snprintf(change.name, sizeof(change.name), FEATURE_NODE_COUNTERS);
		snprintf(change.value, sizeof(change.value), "on");
		return change;
	}
	if (dice_chance(&world.dice, 2))
		snprintf(change.name, sizeof(change.name), "registration.bindings-per-node");
	snprintf(change.value, sizeof(change.value), "%u", 1 + dice_below(&world.dice, 8));
	return change;
}

static void told_whole(void *context, const struct batch_outcome *outcome)
{
	(void)context;
	(void)outcome;
}

static void configure_something(void)
{
	struct change changes[3];
	size_t count = 1 + dice_below(&world.dice, 3), refused;
	enum ha_error error;

	for (size_t i = 0; i < count; i++)
		changes[i] = dice_chance(&world.dice, 10)  ? some_setting()
		             : dice_chance(&world.dice, 2) ? universe_pool_change(&world.dice)
		                                           : universe_change(&world.dice);
	error = dice_chance(&world.dice, 3)
	                ? batch_configure(world.agent, "test", changes, count, &refused, told_whole,
	                                  NULL)
	                : agent_configure(world.agent, "test", changes, count, told, NULL);
	CU_ASSERT_EQUAL(error, HA_OK);
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
		return universe_completion(&world.dice, world.time_ms, octets);
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

/* ---- the store thread's side ---- */

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

static CU_TestInfo tests[] = {
	{ "any crash leaves what was promised", any_crash_leaves_what_was_promised },
	CU_TEST_INFO_NULL,
};

int main(int argc, char **argv)
{
	if (argc > 1)
		first_seed = last_seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		last_seed = strtoull(argv[2], NULL, 10);
	hooked_on_dirty = true;
	return replay_run("replay_log", tests);
}
