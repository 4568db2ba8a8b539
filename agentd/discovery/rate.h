/* rate.h - how many in a while: a bucket that fills with time and that each of them takes
 * one from.
 *
 * Pure but for the bucket that is handed in: no clock, no lock. Times are milliseconds of
 * one monotonic clock, the caller's.
 *
 * May include: agentd/base. Nothing else. */
#ifndef AGENTD_DISCOVERY_RATE_H
#define AGENTD_DISCOVERY_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct rate {
	uint32_t per_s; /* 0: none ever again, once the burst is gone */
	uint32_t burst; /* as many at once; 0: none at all */
};

/* Zeroed: full. */
struct rate_bucket {
	bool begun;
	uint64_t filled_ms;
	uint64_t thousandths; /* what is in it; whole ones can be taken */
};

/* Whether there is one to take. Fills the bucket, and takes nothing. A clock that goes back
 * fills nothing. */
bool rate_has(struct rate_bucket *bucket, const struct rate *rate, uint64_t now_ms);

/* Take one; false, and none is taken, when there is none. */
bool rate_take(struct rate_bucket *bucket, const struct rate *rate, uint64_t now_ms);

#endif
