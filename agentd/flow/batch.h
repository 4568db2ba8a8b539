/* batch.h - changes of the configuration that are made together or not at all, as one
 * SET of SNMP wants them: on every member of the cluster, by one command of its log.
 *
 *     batch_configure(agent, "snmp noc", changes, count, &refused, done, context)
 *
 * A change may need one before it, as an association does its pool. What it may do only
 * to what was seen has a guard (struct change_guard): that of a setting or an
 * association is its version, and 0 says that it is not there.
 *
 * May include: agentd/flow/agent.h, agentd/state/change.h. */
#ifndef AGENTD_FLOW_BATCH_H
#define AGENTD_FLOW_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "agentd/flow/agent.h"
#include "agentd/state/change.h"

struct batch_outcome {
	/* HA_OK: all were made, are durable here, and can be read in the store.
	 * HA_E_UNCERTAIN: the agent ends, or leads no more, and it is not known.
	 * Else none was made, and this is why `refused` was not: HA_E_EXISTS,
	 * HA_E_NOTFOUND, HA_E_CONFLICT (a guard), HA_E_CAPACITY, HA_E_RANGE,
	 * HA_E_UNSUPPORTED, HA_E_TAKEN, HA_E_IN_USE, HA_E_NO_POOL, HA_E_NO_POLICY,
	 * HA_E_OTHER_IDENTITY, HA_E_OTHER_LIMIT. */
	enum ha_error error;
	size_t refused; /* number of that change, from 0; `count` when there is none */
	uint64_t index; /* of the command: the version of all that it wrote; 0 unless HA_OK */
};

/* From the store thread; must not wait. */
typedef void batch_done(void *context, const struct batch_outcome *outcome);

/* Make all changes or none. Any thread; everything is copied before it returns. `done` is
 * called once, perhaps before the return. `who` is for the audit trail, of any octets.
 *
 * After an error nothing was changed and `done` is not called. What one change is to
 * blame for, with its number in *refused (which is `count` for all others):
 * HA_E_NOTFOUND, HA_E_PERMISSION (no such setting, or the node's file has it), HA_E_RANGE;
 * of one that keeps its key HA_E_NOTFOUND, HA_E_CONFLICT, HA_E_RANGE (no guard),
 * HA_E_NO_KEY, HA_E_OTHER_KEY.
 * HA_E_OLD_MEMBER (a member that would apply it otherwise was heard), HA_E_NOTLEADER,
 * HA_E_BUSY, HA_E_CAPACITY, HA_E_CLOSED, HA_E_NOMEM, HA_E_IO, HA_E_RANGE (none, or more
 * than CHANGES_MAX). */
enum ha_error batch_configure(struct agent *agent, const char *who, const struct change *changes,
                              size_t count, size_t *refused, batch_done *done, void *context);

/* ---- taking it back ---- */

/* What else than the audit trail is needed for that: associations that the batch will
 * replace or remove, sealed as they are in the store. */
struct batch_undo;

/* Before the batch: can it be taken back as a whole? HA_OK, and *out for batch_undo_free.
 * HA_E_UNSUPPORTED: not what change *refused does, which is one that removes a peer, or
 * an association that is its last; or replaces or removes one without a guard; or is
 * about what another one of the batch is about. Errors of own_row_find, with *refused;
 * HA_E_NOMEM. */
enum ha_error batch_undo_prepare(struct agent *agent, const struct change *changes, size_t count,
                                 struct batch_undo **out, size_t *refused);

/* Take back, as a batch of its own, what the batch of `index` did: all of it, and only if
 * nothing of that has changed since (HA_E_CONFLICT or HA_E_NOTFOUND is the outcome
 * else). What a node was bound by meanwhile ends with an association that goes. Errors of
 * batch_configure, the number in *refused aside; HA_E_NOTFOUND: the trail has it no more;
 * HA_E_NO_KEY, HA_E_OTHER_KEY. A batch that left all as it was is taken back without one:
 * the index of the outcome is 0. */
enum ha_error batch_undo(struct agent *agent, const char *who, const struct batch_undo *undo,
                         uint64_t index, batch_done *done, void *context);

void batch_undo_free(struct batch_undo *undo); /* accepts NULL */

#endif
