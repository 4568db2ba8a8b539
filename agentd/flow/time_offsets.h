/* time_offsets.h - what is known of the members' clocks, for the time on which they agree.
 *
 * May include: agentd/base, replication. */
#ifndef AGENTD_FLOW_TIME_OFFSETS_H
#define AGENTD_FLOW_TIME_OFFSETS_H

#include "agentd/base/clock_agreement.h"
#include "replication/replication.h"

/* The clocks of the others, as they are known now. One thread. */
void time_agreement_update(struct clock_agreement *wall, const struct replication_status *status,
                           uint32_t tolerance_ms);

#endif
