/* clock.h - the clocks, named by what they are good for.
 *
 * Wall time is what the RFC calls time of day: it is compared with mobile
 * nodes' timestamps. Cluster time is what lifetimes are counted in: it never
 * goes back and never jumps; see decisions in docs/architecture.md. Monotonic
 * time measures how long something took.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_BASE_CLOCK_H
#define AGENTD_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

uint64_t clock_wall_ms(void);      /* Unix time, milliseconds */
uint64_t clock_wall_ns(void);      /* the same clock, nanoseconds */
uint64_t clock_monotonic_ns(void); /* counts while the host is suspended, too */
/* The same, milliseconds. */
static inline uint64_t clock_monotonic_ms(void)
{
	return clock_monotonic_ns() / 1000000u;
}
/* A reading of clock_monotonic_ns() to come, for a condition variable, which can
 * only count in CLOCK_MONOTONIC: that one stands still meanwhile. */
struct timespec clock_condition_time(uint64_t monotonic_ns);

/* Time of day as a 64-bit NTP timestamp (seconds since 1900 in the high half,
 * binary fraction in the low half), RFC 5944 section 5.7.1. */
uint64_t clock_ntp_of_ms(uint64_t unix_ms);
/* Unix milliseconds of an NTP timestamp of the era that holds `near_ms`. */
uint64_t clock_ms_of_ntp(uint64_t ntp, uint64_t near_ms);

/* Was timestamp `a` made after `b`? Also when a new era of NTP began between
 * them (first in February 2036); they are less than 68 years apart. Anything
 * is later than 0, which stands for none, but 0 itself. */
static inline bool clock_ntp_is_later(uint64_t a, uint64_t b)
{
	return b == 0 ? a != 0 : a != b && a - b < UINT64_C(1) << 63;
}

/* Cluster time: follows the wall clock, but advances with the monotonic one,
 * so that a step of the wall clock is slewed, at most one part in
 * CLUSTER_CLOCK_SLEW of the time that passes. One owner, or a lock. */
#define CLUSTER_CLOCK_SLEW 20u

struct cluster_clock {
	uint64_t time_ms;      /* last answer */
	uint64_t monotonic_ns; /* when it was given */
	uint64_t rest_ns;      /* below a millisecond, carried */
};

/* Start at the later of the wall clock and `floor_ms`, the newest time that
 * the store and the log carry. */
void cluster_clock_start(struct cluster_clock *clock, uint64_t floor_ms, uint64_t wall_ms,
                         uint64_t monotonic_ns);

/* Another member's time, of a command that was applied: ours is not behind it. */
void cluster_clock_follow(struct cluster_clock *clock, uint64_t time_ms, uint64_t monotonic_ns);

/* From now on this member's time is the cluster's. It goes on from what it has
 * followed, but not from a time that only our own wall clock had: it is not after
 * the wall clock on which the members agree, nor before `floor_ms`, the newest time
 * that was applied. */
void cluster_clock_lead(struct cluster_clock *clock, uint64_t floor_ms, uint64_t wall_ms,
                        uint64_t monotonic_ns);

/* The cluster time now. Never less than the answer before. */
uint64_t cluster_clock_read(struct cluster_clock *clock, uint64_t wall_ms, uint64_t monotonic_ns);

#endif
