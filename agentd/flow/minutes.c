/* minutes.c - differences. */
#include "agentd/flow/minutes.h"

#define MS UINT64_C(1000000) /* nanoseconds */

void minutes_begin(struct minutes *minutes, uint64_t now_ns, uint64_t wall_ms)
{
	*minutes = (struct minutes){ .over_ns = now_ns + MINUTE_NS, .began_ms = wall_ms };
}

static void turn_one(struct minutes_of *of, uint64_t count, bool is_last, uint64_t began_ms)
{
	uint64_t counted = count - of->before;

	of->before = count;
	of->last = is_last ? counted : 0;
	if (of->peak_ms && counted <= of->peak)
		return;
	of->peak = counted;
	of->peak_ms = began_ms;
}

bool minutes_turn(struct minutes *minutes, uint64_t now_ns, uint64_t wall_ms,
                  const uint64_t counts[MINUTES_COUNTERS])
{
	uint64_t over_ns = minutes->over_ns, into_ns = (now_ns - over_ns) % MINUTE_NS;
	bool is_last = now_ns - over_ns < MINUTE_NS;

	for (size_t i = 0; i < MINUTES_COUNTERS; i++)
		turn_one(&minutes->of[i], counts[i], is_last, minutes->began_ms);
	minutes->began_ms = wall_ms - into_ns / MS;
	minutes->over_ns = now_ns - into_ns + MINUTE_NS;
	return is_last;
}
