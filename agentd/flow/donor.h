/* donor.h - this member's store for members that lag too far. While one of them
 * reads a moment of it, the log keeps what follows, and the store is written only
 * when it must be: pages that the moment needs cannot be used again.
 *
 * May include: replication, agentd/flow/agent.h. */
#ifndef AGENTD_FLOW_DONOR_H
#define AGENTD_FLOW_DONOR_H

#include "agentd/flow/agent.h"

/* Lend from now on, to the server of the node; the store and replication are open.
 * Errors of snapshot_server_lend. */
enum ha_error donor_begin(struct agent *agent);
/* Nobody reads it any more when this returns. Harmless when nothing is lent. */
void donor_end(struct agent *agent);

#endif
