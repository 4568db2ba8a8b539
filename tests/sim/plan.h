/* plan.h - what a seed stands for, and the run of it.
 *
 * May include: replication headers. */
#ifndef TESTS_SIM_PLAN_H
#define TESTS_SIM_PLAN_H

#include "replication/consensus.h"
#include "tests/sim/judge.h"

/* How a seed's world is, and what goes wrong in it: a mean time between two, in
 * milliseconds, 0 = never. */
struct plan {
	unsigned members, witness, groups;
	uint64_t faulty_ms; /* afterwards nothing goes wrong */
	uint32_t delay_us, jitter_us, spike_permille, spike_us;
	uint32_t loss_permille, double_permille;
	uint32_t flush_us, slow_flush_permille, slow_flush_us;
	uint32_t pass_ms, log_segments;
	uint64_t memory_max;
	uint32_t think_ms; /* of mobile nodes */
	uint32_t crash_ms, power_ms, restart_ms, freeze_ms, freeze_length_ms;
	uint32_t cut_ms, cut_length_ms;
	uint32_t stall_ms, disk_error_ms, full_ms, store_ms;
	uint32_t clock_ms, clock_jump_ms;
	uint32_t transfer_ms, drain_ms;
	uint32_t applying_us; /* entries are applied late by up to this */
	int32_t drift_ppm;    /* at most, of a monotonic clock */
	struct consensus_timing timing;
};

/* `members` 0: by the seed. */
void plan_make(uint64_t seed, unsigned members, struct plan *out);

/* The whole life of a world. What was seen is in *out. `tracing`: it is told; 2: with
 * the messages of members. */
void world_run(uint64_t seed, const struct plan *plan, unsigned tracing, struct tally *out);

#endif
