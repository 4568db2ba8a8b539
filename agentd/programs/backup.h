/* backup.h - agentctl backup: the store of a running agentd to a file, and what
 * such a file holds.
 *
 * May include: agentd/control/client.h. */
#ifndef AGENTD_PROGRAMS_BACKUP_H
#define AGENTD_PROGRAMS_BACKUP_H

#include <stdbool.h>

#include "agentd/control/client.h"

/* The file is there, whole and read back, or it is what it was before. What it
 * holds goes to standard output. Returns the exit status. */
int backup_run(struct control_client *client, const char *path, bool json);

/* Read a file through; asks no agentd. Returns the exit status. */
int backup_verify(const char *path, bool json);

#endif
