/* restore.h - agentd --restore: a backup into an empty data directory, instead
 * of running.
 *
 * May include: everything. */
#ifndef AGENTD_PROGRAMS_RESTORE_H
#define AGENTD_PROGRAMS_RESTORE_H

#include <stdint.h>

/* Into the directory of this group. Says on standard output what was restored, or on standard error why nothing
 * was. Returns the exit status. */
int restore_main(const char *backup_path, const char *config_path, uint32_t group);

#endif
