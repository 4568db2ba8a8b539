/* tc_exits.h - tunnel exits of which BPF knows what soft state has learnt: how much they
 * take, or that user space has to see each packet.
 *
 * Sets of a few, as soft state has them; in a full one somebody is forgotten, to be
 * learnt again by the next ICMP error. Whoever calls has the lock of the maps.
 *
 * May include: agentd/dataplane/tc.h, soft.h. */
#ifndef AGENTD_DATAPLANE_TC_EXITS_H
#define AGENTD_DATAPLANE_TC_EXITS_H

#include "agentd/dataplane/bpf/tc_map.h"
#include "agentd/dataplane/soft.h"
#include "agentd/dataplane/tc.h"

#define TC_EXIT_WAYS 8u
#define TC_EXIT_SETS 2048u
_Static_assert(TC_EXIT_WAYS *TC_EXIT_SETS <= TC_EXITS_MAX, "tc_map.h");

struct tc_exit_row {
	struct in_addr remote; /* 0: the row is free */
	uint32_t octets;       /* as BPF was told */
};

/* Zero-initialise. */
struct tc_exits {
	struct tc_exit_row rows[TC_EXIT_SETS][TC_EXIT_WAYS];
	unsigned turn; /* who is to be forgotten next */
};

/* Something may have been learnt of that exit. */
void tc_exits_learn(struct tc_exits *exits, struct tc *tc, struct soft *soft, struct in_addr remote,
                    uint64_t now_ns);

/* What was learnt grows old. */
void tc_exits_look(struct tc_exits *exits, struct tc *tc, struct soft *soft, uint64_t now_ns);

#endif
