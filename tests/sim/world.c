/* world.c - one seed's world from its beginning to its end. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/log.h"
#include "tests/sim/world.h"

#define RECOVERY_MS 15000u /* from the end of the faults until all is well, at most */
#define SILENT_MS 500u     /* of it nobody asks anything at the end */
#define LOOK_MS 20u

void world_trace(struct world *world, const char *format, ...)
{
	va_list arguments;

	if (!world->tracing)
		return;
	printf("%10.3f ms  ", (double)world->now_ns / 1e6);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}

/* ---- the beginning ---- */

static void make_policy(struct world *world)
{
	world->policy = (struct registration_policy){
		.home_agent = { htonl(0xc0000201u) },
		.max_lifetime_s = LIFETIME_INFINITE,
		.tolerance_s = 7,
		.gre = true,
	};
}

static void make_ring(struct world *world)
{
	static const uint8_t key[KEYRING_KEY_OCTETS] = { 1 };

	world->ring = keyring_new();
	if (!world->ring || keyring_add(world->ring, 1, key) != HA_OK)
		abort();
}

static void make_roster(struct world *world)
{
	for (uint8_t i = 1; i <= world->plan.members; i++)
		world->roster[i - 1] = (struct replication_member){
			.number = i,
			.witness = i == world->plan.witness,
		};
}

static void begin(struct world *world)
{
	unsigned mobiles = world->plan.groups * WORLD_MOBILES;

	make_policy(world);
	make_ring(world);
	make_roster(world);
	for (unsigned i = 0; i < mobiles; i++)
		mobile_init(world, i);
	for (uint8_t g = 0; g < world->plan.groups; g++)
		mobile_seeding(world, g);
	for (uint8_t i = 1; i <= world->plan.members; i++) {
		member_init(world, i);
		member_boot_at(&world->members[i], (1 + dice_below(&world->dice, 100)) * MS);
	}
	for (unsigned i = 0; i < mobiles; i++)
		mobile_start(&world->mobiles[i], world);
	faults_start(world);
}

/* ---- what happens ---- */

/* Everything waits that a frozen process would do; nothing does that it did not
 * live to see. */
static void happen(struct world *world, struct event *event)
{
	struct member *member = event->member ? &world->members[event->member] : NULL;

	if (member && (!member->alive || (event->life && event->life != member->life))) {
		free(event->octets);
		return;
	}
	if (member && member->frozen_until_ns > world->now_ns) {
		event->at_ns = member->frozen_until_ns + dice_below(&world->dice, 100) * US;
		schedule_put(&world->schedule, event);
		return;
	}
	event->happen(world, event);
	free(event->octets);
	if (member)
		member_settle(member);
	judge_leases(world);
}

static bool is_hopeless(const struct world *world)
{
	for (unsigned i = 0; i < VIOLATION_COUNT; i++)
		if (world->judge.tally.violations[i])
			return true;
	return false;
}

static void go_on_until(struct world *world, uint64_t until_ns)
{
	struct event event;

	while (!is_hopeless(world) && schedule_take(&world->schedule, &event)) {
		if (event.at_ns > until_ns) {
			schedule_put(&world->schedule, &event);
			break;
		}
		world->now_ns = event.at_ns;
		happen(world, &event);
	}
	if (!is_hopeless(world))
		world->now_ns = until_ns;
}

/* ---- the end ---- */

/* Nothing goes wrong any more: within some seconds everything works, and once
 * nobody asks anything all members are alike. */
static void recover(struct world *world)
{
	uint64_t began_ns = world->now_ns, limit_ns = began_ns + RECOVERY_MS * MS;
	const char *why = "";

	world_trace(world, "nothing goes wrong any more");
	faults_end(world);
	go_on_until(world, began_ns + SILENT_MS * MS);
	world->silent = true;
	while (why && !is_hopeless(world) && world->now_ns < limit_ns) {
		go_on_until(world, world->now_ns + LOOK_MS * MS);
		why = judge_unsettled(world);
	}
	if (is_hopeless(world))
		return;
	if (why) {
		judge_describe(world);
		judge_violation(world, VIOLATION_STUCK, "%s", why);
	}
	world->judge.tally.recovery_ms_max = (world->now_ns - began_ns) / MS;
}

static void end(struct world *world)
{
	for (unsigned i = 1; i <= world->plan.members; i++)
		member_free(&world->members[i]);
	for (unsigned g = 0; g < world->plan.groups; g++)
		free(world->seeding[g]);
	schedule_free(&world->schedule);
	keyring_free(world->ring);
	judge_free(&world->judge);
}

void world_run(uint64_t seed, const struct plan *plan, unsigned tracing, struct tally *out)
{
	struct world *world = calloc(1, sizeof(*world));

	if (!world)
		abort();
	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	world->seed = seed;
	world->dice.state = seed;
	world->plan = *plan;
	world->tracing = tracing;
	begin(world);
	go_on_until(world, plan->faulty_ms * MS);
	if (!is_hopeless(world))
		recover(world);
	*out = world->judge.tally;
	end(world);
	free(world);
}
