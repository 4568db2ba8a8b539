/* watch.h - a thread of an agent that looks at it some times a second: for the time on
 * which the members of a cluster agree, and for what an operator is to be told. What was
 * told outlasts a run, so that a run that begins goes on with it.
 *
 * May include: agentd/flow/agent.h. */
#ifndef AGENTD_FLOW_WATCH_H
#define AGENTD_FLOW_WATCH_H

#include "agentd/flow/agent.h"

struct watch;

struct watch *watch_new(struct agent *agent); /* NULL: no memory */
/* Of a run: the agent's replication is there until watch_stop, which awaits the thread. */
enum ha_error watch_start(struct watch *watch);
void watch_stop(struct watch *watch); /* accepts NULL, and one that is not started */
void watch_free(struct watch *watch); /* of no run any more; accepts NULL */

#endif
