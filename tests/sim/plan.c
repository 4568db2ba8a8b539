/* plan.c - how a seed's world is: a few traits, each of which some seeds have. */
#include "tests/sim/world.h"

/* A mean time between two faults of a kind, for one world in `in`. */
static uint32_t period(struct dice *dice, uint32_t in, uint32_t least_ms, uint32_t most_ms)
{
	uint32_t period_ms = least_ms + dice_below(dice, most_ms - least_ms + 1);

	return dice_chance(dice, in) ? period_ms : 0;
}

static uint32_t either(struct dice *dice, uint32_t in, uint32_t value)
{
	return dice_chance(dice, in) ? value : 0;
}

/* 2 and a witness, 3, or 5; with a witness it has the highest number. */
static void choose_members(struct dice *dice, unsigned members, struct plan *plan)
{
	static const unsigned sizes[] = { 3, 3, 3, 5 };

	plan->members = members ? members : sizes[dice_below(dice, 4)];
	if (plan->members == 3 && dice_chance(dice, 2))
		plan->witness = 3;
}

static void choose_network(struct dice *dice, struct plan *plan)
{
	plan->delay_us = dice_chance(dice, 5) ? 5000 : 60;
	plan->jitter_us = dice_chance(dice, 3) ? 4 * plan->delay_us : plan->delay_us;
	plan->spike_permille = either(dice, 2, 1 + dice_below(dice, 40));
	plan->spike_us = dice_chance(dice, 3) ? 500000 : 30000;
	plan->loss_permille = either(dice, 2, dice_below(dice, 80));
	plan->double_permille = either(dice, 2, dice_below(dice, 80));
	plan->timing = consensus_timing(2 * plan->delay_us + plan->jitter_us);
}

static void choose_disks(struct dice *dice, struct plan *plan)
{
	plan->flush_us = dice_chance(dice, 4) ? 3000 : 200;
	plan->slow_flush_permille = either(dice, 2, dice_below(dice, 60));
	plan->slow_flush_us = dice_chance(dice, 3) ? 200000 : 20000;
	plan->pass_ms = dice_chance(dice, 3) ? 1000 : 30 + dice_below(dice, 200);
	plan->log_segments = dice_chance(dice, 3) ? 6 : 16;
	plan->memory_max = dice_chance(dice, 2) ? 24576 + dice_below(dice, 65536) : 1u << 20;
	plan->applying_us = either(dice, 4, 1 + dice_below(dice, 20000));
}

static void choose_faults(struct dice *dice, struct plan *plan)
{
	plan->crash_ms = period(dice, 2, 150, 1500);
	plan->power_ms = period(dice, 2, 150, 1500);
	plan->restart_ms = period(dice, 4, 200, 2000);
	plan->freeze_ms = period(dice, 2, 50, 1000);
	plan->freeze_length_ms = dice_chance(dice, 2) ? 60 : 1500;
	plan->cut_ms = period(dice, 2, 100, 1500);
	plan->cut_length_ms = dice_chance(dice, 2) ? 150 : 2000;
	plan->stall_ms = period(dice, 4, 200, 2000);
	plan->disk_error_ms = period(dice, 5, 300, 3000);
	plan->full_ms = period(dice, 5, 500, 3000);
	plan->store_ms = period(dice, 5, 500, 3000);
	plan->clock_ms = period(dice, 4, 100, 2000);
	plan->clock_jump_ms = dice_chance(dice, 3) ? 20000 : 900;
	plan->transfer_ms = period(dice, 3, 50, 1000);
	plan->drain_ms = period(dice, 4, 300, 3000);
	plan->drift_ppm = dice_chance(dice, 2) ? 10000 : 200;
}

/* What stores lack, of all groups, takes a part of the log, at most. */
static void share_log(struct plan *plan)
{
	uint64_t share;

	plan->log_segments += 2;
	share = (uint64_t)plan->log_segments * JOURNAL_SEGMENT_MIN / 4 / plan->groups;
	if (plan->memory_max > share)
		plan->memory_max = share;
}

void plan_make(uint64_t seed, unsigned members, struct plan *out)
{
	struct dice dice = { seed * UINT64_C(0x9e3779b97f4a7c15) + 1 };

	*out = (struct plan){ .groups = dice_chance(&dice, 3) ? 2 + dice_below(&dice, 2) : 1 };
	choose_members(&dice, members, out);
	choose_network(&dice, out);
	choose_disks(&dice, out);
	choose_faults(&dice, out);
	out->faulty_ms = 2000 + dice_below(&dice, 4000);
	out->think_ms = dice_chance(&dice, 3) ? 20 : 200;
	if (out->groups > 1)
		share_log(out);
}
