/* reload.h - what changed configuration files mean for running agents.
 *
 * May include: agentd/base. */
#ifndef AGENTD_PROGRAMS_RELOAD_H
#define AGENTD_PROGRAMS_RELOAD_H

#include "agentd/base/config_groups.h"

/* Take over from `files` into `running` what may change live, and log every
 * difference with what becomes of it. Groups come and go with a restart. */
void reload_merge(struct config_groups *running, struct config_groups *files);

#endif
