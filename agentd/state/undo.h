/* undo.h - the change that takes another one back, as its row of the audit trail tells
 * it: what was so before is so again, if nobody changed it since. Pure.
 *
 * May include: agentd/state/audit.h, agentd/state/change.h. */
#ifndef AGENTD_STATE_UNDO_H
#define AGENTD_STATE_UNDO_H

#include "agentd/state/audit.h"
#include "agentd/state/change.h"

/* HA_E_UNSUPPORTED  it destroyed what cannot be made again from the row, as a key
 *                   (audit_kind_undoable), or a newer program made it
 * HA_E_RANGE        it left everything as it was */
enum ha_error undo_compose(const struct audit_row *row, struct change *out);

#endif
