/* consensus_lease.h - who promised what until when. Pure arithmetic.
 *
 * A leader stamps its messages. Who acknowledges a stamp promises, from the
 * moment it took the message, not to help anybody else for `lease`. That moment
 * was after the leader read its clock for the stamp, so the leader is alone
 * until stamp + lease, for the newest stamp that a majority acknowledged, by
 * clocks that differ in speed by less than a tenth. Nobody compares clocks.
 *
 * May include: replication. */
#ifndef REPLICATION_CONSENSUS_LEASE_H
#define REPLICATION_CONSENSUS_LEASE_H

#include <stddef.h>
#include <stdint.h>

#include "replication/replication.h"

/* A leader's side, for one term. */
struct lease {
	uint64_t acknowledged[REPLICATION_MEMBERS_MAX + 1]; /* newest stamp, by member */
	uint64_t stamp;                                     /* newest given */
	uint32_t lease_ms;        /* that stamps from `since` on ask for */
	uint32_t lease_before_ms; /* that those before it asked for */
	uint64_t since;
};

void lease_begin(struct lease *lease, uint32_t lease_ms);
/* A stamp for a message that leaves now: later than all before it. */
uint64_t lease_stamp(struct lease *lease, uint64_t now_ns);
/* Stamps ask for another time from now on. */
void lease_change(struct lease *lease, uint32_t lease_ms);
/* false: older than what the member acknowledged before, or never given. */
bool lease_acknowledge(struct lease *lease, uint8_t member, uint64_t stamp);
/* Until when a leader of so many members is alone; 0 = it does not know. */
uint64_t lease_until(const struct lease *lease, size_t member_count);

#endif
