/* explain.h - agentctl explain: captured requests, one by one, to agentd.
 *
 * May include: agentd/control/client.h, verbs.h. */
#ifndef AGENTD_PROGRAMS_EXPLAIN_H
#define AGENTD_PROGRAMS_EXPLAIN_H

#include <stdbool.h>

#include "agentd/control/client.h"

/* `words` are those after the verb. Returns the exit status. */
int explain_run(struct control_client *client, char *const *words, size_t count, bool json);

#endif
