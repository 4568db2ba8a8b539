/* keys.h - agentctl key new: a key file on this host.
 *
 * May include: agentd/base, agentd/control. */
#ifndef AGENTD_PROGRAMS_KEYS_H
#define AGENTD_PROGRAMS_KEYS_H

#include <stdbool.h>

/* Make the file or put a new key before its others; says which, never the key.
 * Returns the exit status. */
int key_new_run(const char *path, bool json);

#endif
