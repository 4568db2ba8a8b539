/* clock_agreement.h - the time of day on which a majority of a cluster agrees, so
 * that one clock that is wrong, or is set, moves nothing.
 *
 * Between agreements, and without one, that time goes on with the monotonic
 * clock. Pure: readings are arguments. One thread updates, any reads.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_BASE_CLOCK_AGREEMENT_H
#define AGENTD_BASE_CLOCK_AGREEMENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Our wall clock was set when it moved so much against the monotonic one between
 * two updates. What is known of the others' is from before then, so it counts
 * again only after a while. */
#define CLOCK_STEP_US 10000u
#define CLOCK_SETTLE_US 3000000u

/* The middle of wall clocks, each given as its difference from ours, which is 0
 * and one of them; between the two middle ones of an even number. false: fewer
 * than a majority of `voters` are within tolerance_us of it. */
bool clock_majority(const int64_t *offsets_us, size_t count, size_t voters, uint64_t tolerance_us,
                    int64_t *out_us);

struct clock_agreement {
	_Atomic int64_t ahead_us; /* of the monotonic clock */
	int64_t wall_ahead_us;    /* of our wall clock, at the last update */
	uint64_t settled_us;      /* monotonic: the others' clocks are known from then on */
};

/* Until the first agreement our own wall clock is right. */
void clock_agreement_start(struct clock_agreement *clock, uint64_t wall_us, uint64_t monotonic_us);

/* What is known of the others now; may be nothing. Returns whether a majority
 * agrees. */
bool clock_agreement_update(struct clock_agreement *clock, uint64_t wall_us, uint64_t monotonic_us,
                            const int64_t *offsets_us, size_t count, size_t voters,
                            uint64_t tolerance_us);

/* Unix time, milliseconds. Any thread. */
static inline uint64_t clock_agreement_ms(const struct clock_agreement *clock,
                                          uint64_t monotonic_ns)
{
	int64_t us = atomic_load_explicit(&clock->ahead_us, memory_order_relaxed) +
	             (int64_t)(monotonic_ns / 1000u);

	return us > 0 ? (uint64_t)us / 1000u : 0;
}

#endif
