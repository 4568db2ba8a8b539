/* mobiled_documents.h - what mobiled prints about itself instead of running.
 *
 * May include: agentd/mobile, agentd/base. */
#ifndef AGENTD_PROGRAMS_MOBILED_DOCUMENTS_H
#define AGENTD_PROGRAMS_MOBILED_DOCUMENTS_H

#include <stdio.h>

#define MOBILED_CONFIG_PATH "/etc/hearth/mobiled.yaml"

void mobiled_write_help(FILE *out);
void mobiled_write_version(FILE *out);
void mobiled_write_example(FILE *out);
void mobiled_write_manual(FILE *out); /* mobiled(8) */

#endif
