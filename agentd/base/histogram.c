/* histogram.c - log-linear buckets. Values below 2^HISTOGRAM_SUB_BITS have a
 * bucket each; above, the leading bits after the first choose it. */
#include "agentd/base/histogram.h"

#define SUB_COUNT (1u << HISTOGRAM_SUB_BITS)
#define MILLION 1000000u

static unsigned bucket_of(uint64_t value)
{
	unsigned shift;

	if (value < SUB_COUNT)
		return (unsigned)value;
	shift = 63u - (unsigned)__builtin_clzll(value) - HISTOGRAM_SUB_BITS;
	return ((shift + 1) << HISTOGRAM_SUB_BITS) + (unsigned)(value >> shift) - SUB_COUNT;
}

/* The largest value that falls into a bucket. */
static uint64_t bucket_end(unsigned bucket)
{
	unsigned octave = bucket >> HISTOGRAM_SUB_BITS;
	uint64_t sub = bucket & (SUB_COUNT - 1);

	if (octave == 0)
		return sub;
	return ((SUB_COUNT + sub + 1) << (octave - 1)) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
	histogram->counts[bucket_of(value)]++;
	histogram->total++;
	if (value > histogram->max)
		histogram->max = value;
}

uint64_t histogram_percentile(const struct histogram *histogram, uint32_t parts)
{
	/* Rounded up, and in two steps so that a large total cannot overflow. */
	uint64_t wanted = histogram->total / MILLION * parts +
	                  (histogram->total % MILLION * parts + MILLION - 1) / MILLION;
	uint64_t seen = 0;

	for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
		seen += histogram->counts[bucket];
		if (seen >= wanted && seen > 0) {
			uint64_t end = bucket_end(bucket);
			return end < histogram->max ? end : histogram->max;
		}
	}
	return histogram->max;
}

void histogram_live_add(struct histogram_live *live, uint64_t value)
{
	uint64_t max = atomic_load_explicit(&live->max, memory_order_relaxed);

	while (value > max &&
	       !atomic_compare_exchange_weak_explicit(&live->max, &max, value, memory_order_relaxed,
	                                              memory_order_relaxed))
		;
	atomic_fetch_add_explicit(&live->counts[bucket_of(value)], 1, memory_order_relaxed);
}

/* The maximum is that of a value which was not counted in time, or lacks one that was:
 * the buckets know better. */
static uint64_t max_of(uint64_t max, uint64_t total, unsigned last)
{
	if (total == 0)
		return 0;
	return bucket_of(max) == last ? max : bucket_end(last);
}

void histogram_live_take(struct histogram_live *live, struct histogram *out)
{
	uint64_t max = atomic_exchange_explicit(&live->max, 0, memory_order_relaxed);
	unsigned last = 0;

	out->total = 0;
	for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
		uint64_t count = atomic_load_explicit(&live->counts[bucket], memory_order_relaxed);

		out->counts[bucket] = count - live->taken[bucket];
		out->total += out->counts[bucket];
		live->taken[bucket] = count;
		if (out->counts[bucket])
			last = bucket;
	}
	out->max = max_of(max, out->total, last);
}
