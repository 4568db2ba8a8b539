/* change_text.h - for agentd/control only: changes and what became of them, as
 * words for people. Never a key.
 *
 * May include: proto, agentd/base, agentd/state/change.h. */
#ifndef AGENTD_CONTROL_CHANGE_TEXT_H
#define AGENTD_CONTROL_CHANGE_TEXT_H

#include <stddef.h>

#include "agentd/base/error.h"
#include "agentd/state/change.h"

#define CHANGE_TEXT_MAX 512u

/* As association files have it; "fa-ha" for a foreign agent's. */
const char *association_use_name(enum peer_kind kind, uint8_t use);

/* The name of the peer that is meant, or its address. Borrowed from `out` or the change. */
const char *change_peer(const struct change *change, char out[INET_ADDRSTRLEN]);

/* Why this change was refused, as a sentence. */
void change_explain(const struct change *change, enum ha_error why, char out[CHANGE_TEXT_MAX]);

#endif
