/* commit.h - a plan is carried out, and taken back.
 *
 * Changes go through the cluster by one command, so all are made or none, on all
 * members. Who asks waits COMMIT_WAIT_MS for it, and no longer: managers ask again, and
 * others wait behind this one.
 *
 * On the thread of the view.
 *
 * May include: mib/set.h, agentd/flow. */
#ifndef MIB_COMMIT_H
#define MIB_COMMIT_H

#include "mib/set.h"

#define COMMIT_WAIT_MS 700u

/* Carry out what was judged; once for a plan, afterwards the same is answered. `who` is
 * for the audit trail, of any octets. REFUSAL_COMMIT: nothing was done; REFUSAL_LATE: it
 * is not known, and may be done yet. The value to blame is in the plan. */
enum mib_refusal set_commit(struct set_plan *plan, const char *who);

/* Take back what was carried out, unless it was changed since. REFUSAL_UNDO: it stays. */
enum mib_refusal set_undo(struct set_plan *plan, const char *who);

#endif
