/* minutes.h - what some counters counted in the last full minute, and in the one with
 * most. The counters themselves go on and are never reset: who is the first to notice
 * that a minute is over, before anything of the next one is counted, says what they
 * stand at. Nothing runs when nothing is counted. Minutes begin with the process and
 * have the length of the monotonic clock's, so that a step of the wall clock makes no
 * minute longer. Pure: the clocks are the caller's.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_FLOW_MINUTES_H
#define AGENTD_FLOW_MINUTES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MINUTES_COUNTERS 4u
#define MINUTE_NS UINT64_C(60000000000)

struct minutes_of {
	uint64_t before;  /* what it stood at when the present minute began */
	uint64_t last;    /* counted in the last full minute */
	uint64_t peak;    /* most in a full minute */
	uint64_t peak_ms; /* Unix time when the first such minute began; 0 = none was full yet */
};

struct minutes {
	_Atomic uint64_t over_ns; /* clock_monotonic_ns() when the present minute is over */
	uint64_t began_ms;        /* Unix time */
	struct minutes_of of[MINUTES_COUNTERS];
};

/* The first minute begins. The counters stand at 0. */
void minutes_begin(struct minutes *minutes, uint64_t now_ns, uint64_t wall_ms);

/* Any thread. */
static inline bool minutes_is_over(const struct minutes *minutes, uint64_t now_ns)
{
	return now_ns >= atomic_load_explicit(&minutes->over_ns, memory_order_relaxed);
}

/* The present minute is over, perhaps for long: all that was counted was in it. Returns
 * whether it is the last full one; else nothing was counted in that. One thread at a
 * time. */
bool minutes_turn(struct minutes *minutes, uint64_t now_ns, uint64_t wall_ms,
                  const uint64_t counts[MINUTES_COUNTERS]);

#endif
