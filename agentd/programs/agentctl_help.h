/* agentctl_help.h - help and manual page of agentctl, from the table of verbs.
 *
 * May include: agentd/control/verbs.h, agentd/programs/agentctl_words.h. */
#ifndef AGENTD_PROGRAMS_AGENTCTL_HELP_H
#define AGENTD_PROGRAMS_AGENTCTL_HELP_H

#include <stdbool.h>
#include <stdio.h>

#include "agentd/control/verbs.h"

#define EXIT_USAGE 2

void agentctl_help(FILE *out);
void agentctl_manual(FILE *out); /* roff */

/* How the verbs that begin with these words are used. false: there is none. */
bool agentctl_help_of(FILE *out, char *const *words, size_t count);

/* What is wrong with the words of a verb, and how it is used, to standard error.
 * Returns the exit status for it. */
int agentctl_usage(enum verb_id verb, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
