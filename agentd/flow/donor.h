/* donor.h - this member's store for members that lag too far. While one of them
 * reads a moment of it, the log keeps what follows, and the store is written only
 * when it must be: pages that the moment needs cannot be used again.
 *
 * May include: replication, agentd/flow/agent.h. */
#ifndef AGENTD_FLOW_DONOR_H
#define AGENTD_FLOW_DONOR_H

#include "agentd/flow/agent.h"

struct donor;

/* Serve from now on; the store and replication are open. Errors of
 * snapshot_server_open, which are in the log then. */
struct donor *donor_open(struct agent *agent, enum ha_error *why);
void donor_close(struct donor *donor); /* accepts NULL */

#endif
