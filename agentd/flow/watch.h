/* watch.h - a thread of a cluster's member that looks at the cluster some times a
 * second: for the time on which the members agree, and for what an operator is to
 * be told.
 *
 * May include: agentd/flow/agent.h. */
#ifndef AGENTD_FLOW_WATCH_H
#define AGENTD_FLOW_WATCH_H

#include "agentd/flow/agent.h"

struct watch;

struct watch *watch_new(struct agent *agent); /* NULL: no memory */
enum ha_error watch_start(struct watch *watch);
void watch_stop(struct watch *watch); /* awaits the thread */
void watch_free(struct watch *watch); /* accepts NULL */

#endif
