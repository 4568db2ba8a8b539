/* home_arp_bucket.h - so many a second, and a little at once.
 *
 * Pure. All times are those of clock_monotonic_ns().
 *
 * May include: nothing of ours. */
#ifndef AGENTD_DATAPLANE_HOME_ARP_BUCKET_H
#define AGENTD_DATAPLANE_HOME_ARP_BUCKET_H

#include <stdint.h>

struct home_arp_bucket {
	uint64_t every_ns; /* one more is there */
	uint64_t most;     /* that it holds */
	uint64_t full_ns;  /* when it is full again, if nothing is spent */
};

/* `per_s` at least 1; holds what comes in `burst_ms`, at least one. Full. */
static inline struct home_arp_bucket home_arp_bucket_of(uint32_t per_s, uint32_t burst_ms,
                                                        uint64_t now_ns)
{
	uint64_t most = (uint64_t)per_s * burst_ms / 1000u;
	uint64_t every_ns = UINT64_C(1000000000) / per_s;

	return (struct home_arp_bucket){
		.every_ns = every_ns ? every_ns : 1u,
		.most = most ? most : 1u,
		.full_ns = now_ns,
	};
}

/* How many are there. */
static inline uint64_t home_arp_bucket_look(const struct home_arp_bucket *bucket, uint64_t now_ns)
{
	uint64_t missing_ns = bucket->full_ns > now_ns ? bucket->full_ns - now_ns : 0;
	uint64_t missing = (missing_ns + bucket->every_ns - 1) / bucket->every_ns;

	return missing < bucket->most ? bucket->most - missing : 0;
}

/* Not more than there were at `now_ns`. */
static inline void home_arp_bucket_spend(struct home_arp_bucket *bucket, uint64_t now_ns,
                                         uint64_t n)
{
	if (bucket->full_ns < now_ns)
		bucket->full_ns = now_ns;
	bucket->full_ns += n * bucket->every_ns;
}

/* When there is one; now_ns when there is. */
static inline uint64_t home_arp_bucket_when(const struct home_arp_bucket *bucket, uint64_t now_ns)
{
	uint64_t empty_ns = (bucket->most - 1) * bucket->every_ns;

	return bucket->full_ns > now_ns + empty_ns ? bucket->full_ns - empty_ns : now_ns;
}

#endif
