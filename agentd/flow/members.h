/* members.h - the cluster that a configuration names, as replication wants it.
 *
 * May include: agentd/base, replication. */
#ifndef AGENTD_FLOW_MEMBERS_H
#define AGENTD_FLOW_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include "agentd/base/config.h"
#include "agentd/base/error.h"
#include "replication/replication.h"

#define MEMBERS_KEY_NAME "node.key" /* in the data directory, unless cluster.key says otherwise */

/* The members and limits of a configuration whose cluster.node is not 0, and the
 * key of this one from its file; `any_owner`: root looks at what another user will
 * read. Errors of node_key_load; HA_E_OTHER_KEY: it is
 * not the key that the configuration names for this member. With a sentence. */
enum ha_error members_load(const struct config *config, bool any_owner,
                           struct replication_cluster *out, char *report, size_t size);

/* The cluster of a configuration whose cluster.node is not 0, in a sentence without
 * full stop: which member this is, what the cluster survives, who the others are. */
#define MEMBERS_TEXT 512u
void members_describe(const struct config *config, char out[MEMBERS_TEXT]);

/* Wipe the secret key. */
void members_wipe(struct replication_cluster *cluster);

#endif
