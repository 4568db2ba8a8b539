/* membership.h - what the agents of a cluster's member share: one log with its flushes, the
 * connections to the other members and one server of snapshots, whatever the number of
 * groups.
 *
 *     open the membership and all agents (group 0 first), start it, start the agents
 *     halt the agents, stop it, stop and close the agents, close it
 *
 * May include: agentd/base, replication. */
#ifndef AGENTD_FLOW_MEMBERSHIP_H
#define AGENTD_FLOW_MEMBERSHIP_H

#include "agentd/base/config_groups.h"
#include "agentd/base/error.h"

struct membership;

/* From configurations whose cluster.node is not 0, borrowed for the call. Errors of
 * members_load and replication_node_open, HA_E_DAMAGED (a restore was cut off), and
 * those of making directories; with a sentence. */
struct membership *membership_open(const struct config_groups *groups, enum ha_error *why,
                                   char *report, size_t size);

/* Recover the log, and be a member from now on. Errors of replication_node_start and
 * snapshot_server_open, with a sentence; then it can only be closed, after its agents. */
enum ha_error membership_start(struct membership *m, char *report, size_t size);

/* Hand over what is led here. Harmless when repeated; accepts NULL. */
void membership_stop(struct membership *m);

/* Its agents are closed. Accepts NULL. */
void membership_close(struct membership *m);

#endif
