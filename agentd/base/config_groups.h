/* config_groups.h - the configurations of all groups of a process: that of the main
 * file, which is group 0, and those of the files that it names (groups.group-N).
 *
 * A group is a home agent with an address of its own. What is of the process is the
 * same in all of them, but for what the number of the group makes its own: its data is in
 * DIRECTORY/groups/N, its device is DEVICE-N, and its routing table that of group 0 plus N.
 *
 * May include: agentd/base. */
#ifndef AGENTD_BASE_CONFIG_GROUPS_H
#define AGENTD_BASE_CONFIG_GROUPS_H

#include "agentd/base/config.h"

struct config_groups {
	size_t count;                        /* at least 1 */
	struct config of[CONFIG_GROUPS_MAX]; /* ascending by `group`; the first is group 0 */
};

/* Read the main file and those of its groups, and check them together. Errors of
 * config_load; the sentence begins with the name of the file it is about. *out is
 * untouched on failure. */
enum ha_error config_groups_load(const char *path, struct config_groups *out,
                                 struct config_error *error);

/* Each is well by itself: can they be in one process? HA_E_RANGE with *error. */
enum ha_error config_groups_check(const struct config_groups *groups, struct config_error *error);

/* Make `config`, which is the first one's process's, that of group `number`: its place
 * in the data directory, what its data plane has of the host's, and the files of keys that
 * all groups share. */
void config_groups_place(struct config *config, uint32_t number);

/* NULL: there is none. */
struct config *config_groups_find(struct config_groups *groups, uint32_t number);

/* What all members of a cluster must have alike, as replication_node_options.groups
 * wants it: numbers and addresses; the group of visitors is the lowest bit of the numbers, and
 * what its members must have alike besides is counted with the addresses. */
uint32_t config_groups_digest(const struct config_groups *groups);

#endif
