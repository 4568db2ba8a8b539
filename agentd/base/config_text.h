/* config_text.h - the table of options as documents: the commented example,
 * and the reference as Markdown and as part of a manual page.
 *
 * May include: agentd/base. */
#ifndef AGENTD_BASE_CONFIG_TEXT_H
#define AGENTD_BASE_CONFIG_TEXT_H

#include <stdio.h>

void config_write_example(FILE *out);
void config_write_markdown(FILE *out);
void config_write_manual(FILE *out); /* roff, the body of a section */

#endif
