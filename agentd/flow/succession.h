/* succession.h - a store that came from another member takes the place of ours.
 *
 * Directories beside `store` in the data directory, and what each says:
 *
 *   store.fetching   rows are on their way into it; worth nothing
 *   store.incoming   whole and durable; the next start puts it in place
 *   store.old        was replaced; the log may still be the one that belonged to
 *                    it. Goes when the log has been opened over the new one
 *
 * Each step is one rename and a flush, so that a start finds out from the names
 * alone where the one before was cut off, and goes on from there.
 *
 * May include: agentd/base, replication. */
#ifndef AGENTD_FLOW_SUCCESSION_H
#define AGENTD_FLOW_SUCCESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"

#define STORE_DIRECTORY "store"
#define SUCCESSION_FETCHING "store.fetching"
#define SUCCESSION_INCOMING "store.incoming"
#define SUCCESSION_OLD "store.old"

/* store.fetching is complete: it becomes store.incoming. HA_E_NOTFOUND (there is
 * none), HA_E_PERMISSION, HA_E_IO; with a sentence. */
enum ha_error succession_offer(const char *data, char *report, size_t size);

/* Before the store is opened: put store.incoming in place, if there is one, and
 * tidy up. It takes the identity of ours, so that the log can be read with it. One
 * that holds no more than ours is left out: this member has caught up by itself
 * since. *replaced: the log is still of the store before, or may be.
 *
 * HA_E_DAMAGED: the store was replaced, and is gone. The errors of store_open,
 * HA_E_PERMISSION, HA_E_IO; with a sentence. */
enum ha_error succession_run(const char *data, uint64_t map_octets, bool *replaced, char *report,
                             size_t size);

/* The log has been opened over the store: what is left of the one before goes. A
 * failure is a line in the log of the program, and tried again by the next start. */
void succession_finish(const char *data);

#endif
