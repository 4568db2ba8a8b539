/* whom.h - for agentd/control only: whom a word of a command line means, a home
 * address or a name, and where the store has it.
 *
 * May include: agentd/flow, agentd/control/call.h. */
#ifndef AGENTD_CONTROL_WHOM_H
#define AGENTD_CONTROL_WHOM_H

#include "agentd/control/call.h"
#include "agentd/flow/inspect.h"
#include "agentd/state/rows.h"

/* Not to be copied: it points into itself. */
struct whom {
	struct agent_whom agent;
	struct name_digest name;
	const char *text; /* borrowed */
};

/* An address, else a NAI; but digits and dots are no NAI. false: the word is
 * neither, which the call has said. */
bool whom_parse(struct call *call, const char *word, struct whom *out);

/* The same for a peer's row, which is borrowed. */
void whom_of_peer(const struct peer_row *peer, struct whom *out);

/* End because there is no such mobile node: HA_E_NOTFOUND. */
enum call_progress whom_unknown(struct call *call, const struct whom *whom);

/* A change that means them: by address, or by name. */
void whom_name(const struct whom *whom, struct change *change);

/* A mobile node of a pool is known by its name only: a change that names an
 * address which it has now becomes one that names it. */
void whom_resolve(struct call *call, const struct whom *whom, struct change *change);

/* The key of the peer's row, wherever its address comes from. false: there is no
 * such mobile node, or a name was given for a foreign agent. */
bool whom_peer_key(struct call *call, const struct whom *whom, enum peer_kind kind,
                   struct row_octets *out);

#endif
