/* reload.h - what a changed configuration file means for a running agent.
 *
 * May include: agentd/base. */
#ifndef AGENTD_PROGRAMS_RELOAD_H
#define AGENTD_PROGRAMS_RELOAD_H

#include "agentd/base/config.h"

/* Take over from `file` into `running` what may change live, and log every
 * difference with what becomes of it. */
void reload_merge(struct config *running, const struct config *file);

#endif
