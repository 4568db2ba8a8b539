/* flow_trace.h - for agentd/flow only: what network threads tell those who watch.
 *
 * May include: agentd/flow/internal.h. */
#ifndef AGENTD_FLOW_FLOW_TRACE_H
#define AGENTD_FLOW_FLOW_TRACE_H

#include "agentd/flow/counters.h"
#include "agentd/flow/inbox.h"
#include "agentd/flow/internal.h"

/* Datagram `i` of a batch; borrowed as long as that. */
struct request_datagram flow_datagram(const struct inbox *inbox, unsigned i, bool broadcast);

/* One that is dropped without a look at its node, and counted so. */
void flow_trace_unread(struct agent *agent, const struct inbox *inbox, unsigned i, bool broadcast,
                       enum flow_counter why);

/* What follows from a request that is watched (mark not 0). `reason` is static. */
void flow_trace_reply(struct agent *agent, uint64_t mark, const struct sockaddr_in *to,
                      struct span reply, const char *reason, bool sent);
/* The same for a reply as it was made, if the request is watched: it is sent now, or
 * not, and counted so. */
void flow_trace_answer(struct agent *agent, const struct request_result *result,
                       const struct sockaddr_in *to);
void flow_trace_unsent(struct agent *agent, const struct request_result *result,
                       const struct sockaddr_in *to, enum flow_counter why);

#endif
