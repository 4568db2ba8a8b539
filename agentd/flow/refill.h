/* refill.h - when this member lags so far that nobody keeps what it lacks: fetch
 * the store of another one, in a thread of its own, while the old one still
 * serves readers; then ask for the agent to start again over it. A witness has
 * nothing to fetch, and only starts again.
 *
 * May include: agentd/base, replication, agentd/flow/agent.h. */
#ifndef AGENTD_FLOW_REFILL_H
#define AGENTD_FLOW_REFILL_H

#include <stdint.h>

#include "agentd/flow/agent.h"

struct refill;

struct refill *refill_new(struct agent *agent); /* NULL: no memory */

/* The store of member `from` is needed. Asked again while it is so: a fetch that
 * failed is tried again then, after a pause; one that is under way goes on.
 * Engine's thread; does not wait. */
void refill_ask(struct refill *refill, uint8_t from);

/* Give up; awaits the thread. Harmless when repeated; accepts NULL. */
void refill_stop(struct refill *refill);
void refill_free(struct refill *refill); /* accepts NULL */

#endif
