/* agentctl_help.h - help and manual page of agentctl, from the table of verbs.
 *
 * May include: agentd/control/verbs.h. */
#ifndef AGENTD_PROGRAMS_AGENTCTL_HELP_H
#define AGENTD_PROGRAMS_AGENTCTL_HELP_H

#include <stdio.h>

#include "agentd/control/verbs.h"

void agentctl_help(FILE *out);
void agentctl_manual(FILE *out); /* roff */

/* How one verb is used, to standard error. Returns the exit status for it. */
int agentctl_usage(enum verb_id verb);

#endif
