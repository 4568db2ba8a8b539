/* histogram.h - durations counted in buckets whose width grows with the value:
 * 64 to an octave, so that a percentile is wrong by at most 1.6 %.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_LOAD_HISTOGRAM_H
#define AGENTD_LOAD_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 6u
#define HISTOGRAM_BUCKETS ((64u - HISTOGRAM_SUB_BITS + 1u) << HISTOGRAM_SUB_BITS)

/* Zero-initialised is empty. */
struct histogram {
	uint64_t counts[HISTOGRAM_BUCKETS];
	uint64_t total;
	uint64_t max;
};

void histogram_add(struct histogram *histogram, uint64_t value);

/* The smallest value that at least `parts` of a million are not above, rounded
 * up to the end of its bucket; the maximum is exact. 0 when empty. */
uint64_t histogram_percentile(const struct histogram *histogram, uint32_t parts);

#endif
