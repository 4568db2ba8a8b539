/* chores.h - what a member does when it begins to lead, besides answering: an empty
 * store gets its first configuration, the secret of nonces is made, a rotation that
 * was cut short goes on. They wait for the log, so they have a thread; a cluster
 * whose configuration is there already does not wait for them. An agent that is alone
 * sees to all that at its start; what was refused then comes here again.
 *
 * May include: agentd/flow/agent.h. */
#ifndef AGENTD_FLOW_CHORES_H
#define AGENTD_FLOW_CHORES_H

#include <stdbool.h>

#include "agentd/flow/agent.h"

struct chores;

struct chores *chores_new(struct agent *agent); /* NULL: no memory */
enum ha_error chores_start(struct chores *chores);

/* This member leads from now on, or a feature is due. Any thread, never waits. */
void chores_ask(struct chores *chores);

/* The thread ends when what it waits for is done or abandoned. */
void chores_stop(struct chores *chores);
void chores_free(struct chores *chores); /* stops it too, awaits the thread; accepts NULL */

#endif
