/* consensus_lease.c - the newest stamp of a majority, and what follows from it. */
#include "replication/consensus_lease.h"

#define MS UINT64_C(1000000) /* nanoseconds */

void lease_begin(struct lease *lease, uint32_t lease_ms)
{
	*lease = (struct lease){ .lease_ms = lease_ms, .lease_before_ms = lease_ms };
}

uint64_t lease_stamp(struct lease *lease, uint64_t now_ns)
{
	/* Two messages of one moment differ, so that answers tell which came
	 * first. The clock is ahead again with the next event. */
	lease->stamp = now_ns > lease->stamp ? now_ns : lease->stamp + 1;
	return lease->stamp;
}

void lease_change(struct lease *lease, uint32_t lease_ms)
{
	if (lease_ms == lease->lease_ms)
		return;
	lease->lease_before_ms = lease->lease_ms < lease->lease_before_ms ? lease->lease_ms
	                                                                  : lease->lease_before_ms;
	lease->lease_ms = lease_ms;
	lease->since = lease->stamp + 1;
}

bool lease_acknowledge(struct lease *lease, uint8_t member, uint64_t stamp)
{
	if (member > REPLICATION_MEMBERS_MAX || stamp > lease->stamp ||
	    stamp < lease->acknowledged[member])
		return false;
	lease->acknowledged[member] = stamp;
	return true;
}

/* The n-th newest stamp that a member acknowledged, n from 1. */
static uint64_t nth_newest(const struct lease *lease, size_t n)
{
	for (size_t i = 1; i <= REPLICATION_MEMBERS_MAX; i++) {
		size_t as_new = 0, newer = 0;

		for (size_t j = 1; j <= REPLICATION_MEMBERS_MAX; j++) {
			as_new += lease->acknowledged[j] >= lease->acknowledged[i];
			newer += lease->acknowledged[j] > lease->acknowledged[i];
		}
		if (newer < n && as_new >= n)
			return lease->acknowledged[i];
	}
	return 0;
}

uint64_t lease_until(const struct lease *lease, size_t member_count)
{
	/* With us that many others are a majority; we acknowledge every stamp. */
	uint64_t stamp = nth_newest(lease, member_count / 2);
	uint32_t lease_ms = lease->lease_ms;

	if (member_count == 1)
		return UINT64_MAX; /* there is nobody else */
	if (stamp == 0)
		return 0;
	if (stamp < lease->since && lease->lease_before_ms < lease_ms)
		lease_ms = lease->lease_before_ms;
	return stamp + lease_ms * MS / 10 * 9;
}
