/* rate.c - the bucket. In thousandths, since one per second is a thousandth in each
 * millisecond. */
#include "agentd/discovery/rate.h"

#define ONE 1000u

static void fill(struct rate_bucket *bucket, const struct rate *rate, uint64_t now_ms)
{
	uint64_t full = (uint64_t)rate->burst * ONE;
	uint64_t elapsed_ms = now_ms > bucket->filled_ms ? now_ms - bucket->filled_ms : 0;

	if (!bucket->begun || (rate->per_s > 0 && elapsed_ms >= full / rate->per_s + 1))
		bucket->thousandths = full;
	else
		bucket->thousandths += elapsed_ms * rate->per_s;
	if (bucket->thousandths > full)
		bucket->thousandths = full;
	if (!bucket->begun || now_ms > bucket->filled_ms)
		bucket->filled_ms = now_ms;
	bucket->begun = true;
}

bool rate_has(struct rate_bucket *bucket, const struct rate *rate, uint64_t now_ms)
{
	fill(bucket, rate, now_ms);
	return bucket->thousandths >= ONE;
}

bool rate_take(struct rate_bucket *bucket, const struct rate *rate, uint64_t now_ms)
{
	if (!rate_has(bucket, rate, now_ms))
		return false;
	bucket->thousandths -= ONE;
	return true;
}
