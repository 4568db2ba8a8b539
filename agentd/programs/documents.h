/* documents.h - what agentd prints about itself instead of running.
 *
 * May include: agentd/base, the counters of every module. */
#ifndef AGENTD_PROGRAMS_DOCUMENTS_H
#define AGENTD_PROGRAMS_DOCUMENTS_H

#include <stdio.h>

/* Every set, in the order of the documents. Harmless to repeat. */
void counter_sets_register(void);

void counters_write_markdown(FILE *out);
void configuration_write_manual(FILE *out); /* agentd.yaml(5) */
void agentd_write_manual(FILE *out);        /* agentd(8) */

#endif
