/* own_key.h - for who changes an association and does not know its key: it is taken
 * from the store, to be sealed again together with the change.
 *
 * May include: agentd/flow/agent.h, agentd/state/change.h. */
#ifndef AGENTD_FLOW_OWN_KEY_H
#define AGENTD_FLOW_OWN_KEY_H

#include "agentd/flow/agent.h"
#include "agentd/state/change.h"
#include "agentd/state/rows.h"

/* An association as it stands in the store, sealed. */
struct own_row {
	struct association_row row;
	struct row_octets place; /* of its peer */
	bool only;               /* the peer has no other one */
};

/* The one that a guarded change is about. Any thread. HA_E_RANGE (no guard);
 * HA_E_NOTFOUND; HA_E_CONFLICT (it has another version); errors of the store. */
enum ha_error own_row_find(struct agent *agent, const struct change *change, struct own_row *out);
/* Its algorithm and key into a change, which the caller wipes. Errors of seal_open_key. */
enum ha_error own_row_open(struct agent *agent, const struct own_row *own, struct change *change);

/* Both. */
enum ha_error own_key_take(struct agent *agent, struct change *change);

#endif
