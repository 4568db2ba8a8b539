/* clock_agreement.c - the middle of some clocks, and what goes on without it. */
#include "agentd/base/clock_agreement.h"

#include <string.h>

#define CLOCKS_MAX 16u

static void sort(int64_t *values, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		int64_t value = values[i];
		size_t at = i;

		for (; at > 0 && values[at - 1] > value; at--)
			values[at] = values[at - 1];
		values[at] = value;
	}
}

static int64_t middle(const int64_t *sorted, size_t count)
{
	int64_t low = sorted[(count - 1) / 2], high = sorted[count / 2];

	return low + (high - low) / 2;
}

bool clock_majority(const int64_t *offsets_us, size_t count, size_t voters, uint64_t tolerance_us,
                    int64_t *out_us)
{
	int64_t sorted[CLOCKS_MAX], candidate;
	size_t near = 0;

	if (count == 0 || count > CLOCKS_MAX)
		return false;
	memcpy(sorted, offsets_us, count * sizeof(*sorted));
	sort(sorted, count);
	candidate = middle(sorted, count);
	for (size_t i = 0; i < count; i++) {
		int64_t off = sorted[i] - candidate;

		near += (uint64_t)(off < 0 ? -off : off) <= tolerance_us;
	}
	if (near < voters / 2 + 1)
		return false;
	*out_us = candidate;
	return true;
}

static int64_t ahead(uint64_t wall_us, uint64_t monotonic_us)
{
	return (int64_t)wall_us - (int64_t)monotonic_us;
}

void clock_agreement_start(struct clock_agreement *clock, uint64_t wall_us, uint64_t monotonic_us)
{
	clock->wall_ahead_us = ahead(wall_us, monotonic_us);
	clock->ahead_us = clock->wall_ahead_us;
	clock->settled_us = 0;
}

static void note_step(struct clock_agreement *clock, int64_t wall_ahead_us, uint64_t monotonic_us)
{
	int64_t step = wall_ahead_us - clock->wall_ahead_us;

	clock->wall_ahead_us = wall_ahead_us;
	if (step > (int64_t)CLOCK_STEP_US || step < -(int64_t)CLOCK_STEP_US)
		clock->settled_us = monotonic_us + CLOCK_SETTLE_US;
}

bool clock_agreement_update(struct clock_agreement *clock, uint64_t wall_us, uint64_t monotonic_us,
                            const int64_t *offsets_us, size_t count, size_t voters,
                            uint64_t tolerance_us)
{
	int64_t offset_us;

	note_step(clock, ahead(wall_us, monotonic_us), monotonic_us);
	if (monotonic_us < clock->settled_us ||
	    !clock_majority(offsets_us, count, voters, tolerance_us, &offset_us))
		return false;
	clock->ahead_us = clock->wall_ahead_us + offset_us;
	return true;
}
