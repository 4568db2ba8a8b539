/* keys.h - agentctl key new and cluster key: key files on this host.
 *
 * May include: agentd/base, agentd/control. */
#ifndef AGENTD_PROGRAMS_KEYS_H
#define AGENTD_PROGRAMS_KEYS_H

#include <stdbool.h>

/* Make the file or put a new key before its others; says which, never the key.
 * Returns the exit status. */
int key_new_run(const char *path, bool json);

/* Make the key file of a new member, or look into one; says the public key, never
 * the secret one. Returns the exit status. */
int node_key_make_run(const char *path, bool json);
int node_key_show_run(const char *path, bool json);

#endif
