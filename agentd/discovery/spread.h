/* spread.h - a time from a random number.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_DISCOVERY_SPREAD_H
#define AGENTD_DISCOVERY_SPREAD_H

#include <stdint.h>

/* 0 to `range_ms`, both included, as evenly as `random` is distributed over its type. */
static inline uint32_t spread_ms(uint32_t range_ms, uint32_t random)
{
	return (uint32_t)(((uint64_t)range_ms + 1) * random >> 32);
}

#endif
