/* drop.h - bindings that end without a request of their mobile node, because
 * somebody else says so.
 *
 * May include: agentd/flow/agent.h, agentd/base. */
#ifndef AGENTD_FLOW_DROP_H
#define AGENTD_FLOW_DROP_H

#include "agentd/base/binding.h"
#include "agentd/flow/agent.h"

struct agent_drop {
	uint32_t realm;
	struct in_addr home;
	struct in_addr care_of; /* of the one binding that ends; 0 = all of them */
	bool release;           /* the home address goes back to its pool */
};

/* What became of it: HA_OK with the bindings that ended (borrowed; none when only
 * an address went back), HA_E_NOTFOUND when there was nothing to end, HA_E_CLOSED
 * when the agent ends before it is known. */
typedef void agent_dropped(void *context, enum ha_error error, const struct binding *gone,
                           size_t count);

/* Put it in order. `done` is called once, from the applying thread, when it is
 * durable and in force; the store follows as for any binding.
 *
 * HA_E_BUSY, HA_E_NOTLEADER, HA_E_CAPACITY, HA_E_CLOSED, HA_E_NOMEM: nothing ends,
 * and `done` is not called. */
enum ha_error agent_drop(struct agent *agent, const struct agent_drop *drop, agent_dropped *done,
                         void *context);

#endif
