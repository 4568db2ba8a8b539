/* histogram.h - durations counted in buckets whose width grows with the value:
 * 64 to an octave, so that a percentile is wrong by at most 1.6 %.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_BASE_HISTOGRAM_H
#define AGENTD_BASE_HISTOGRAM_H

#include <stdatomic.h>
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

/* One that many threads fill while another takes out, now and then, what has come since
 * it did so last. Nobody waits. Zero-initialised is empty. */
struct histogram_live {
	_Atomic uint64_t counts[HISTOGRAM_BUCKETS];
	_Atomic uint64_t max;              /* of what was not taken yet */
	uint64_t taken[HISTOGRAM_BUCKETS]; /* of `counts`; who takes */
};

/* Any thread. */
void histogram_live_add(struct histogram_live *live, uint64_t value);

/* One thread at a time. Each value is taken once. The maximum is exact, unless values came
 * meanwhile: then it may be the end of its bucket. */
void histogram_live_take(struct histogram_live *live, struct histogram *out);

#endif
