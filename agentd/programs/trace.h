/* trace.h - agentctl trace: print what passes, and keep it as packets.
 *
 * May include: agentd/control/client.h. */
#ifndef AGENTD_PROGRAMS_TRACE_H
#define AGENTD_PROGRAMS_TRACE_H

#include <stdbool.h>

#include "agentd/control/client.h"

/* `words` are those after the verb. Until interrupted, which is no failure. Returns
 * the exit status. */
int trace_run(struct control_client *client, char *const *words, size_t count, bool json);

#endif
