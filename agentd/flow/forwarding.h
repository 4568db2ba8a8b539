/* forwarding.h - what the data plane knows of the state: bindings as they are applied,
 * on every member, and until when it may forward.
 *
 * May include: agentd/dataplane/dataplane.h, replication/replication.h, agentd/base. */
#ifndef AGENTD_FLOW_FORWARDING_H
#define AGENTD_FLOW_FORWARDING_H

#include "agentd/dataplane/dataplane.h"
#include "replication/replication.h"

struct agent;
struct forwarding;

/* With all rights, after the sockets for registrations are open. agent->forwarding stays
 * NULL where this node forwards nothing. With a sentence. */
enum ha_error forwarding_open(struct agent *agent, char *report, size_t size);
void forwarding_close(struct agent *agent);

/* All calls below are harmless where nothing is forwarded. */

/* A run begins: make the table of tunnels what the state says. Before the engine's
 * thread is there. */
void forwarding_start(struct agent *agent);
/* It ends: nothing is forwarded until the next one has begun. */
void forwarding_stop(struct agent *agent);

/* Engine's thread: entries were applied; time has passed. */
void forwarding_applied(struct agent *agent);
void forwarding_tick(struct agent *agent);

/* Of a cluster: how it stands with the others. The watch's thread. */
void forwarding_watch(struct agent *agent, const struct replication_status *status);

/* Whether it leads, or may answer, is not as it was; replication_may_answer_until and
 * leadership_answer_until say how it is. Any thread. */
void forwarding_attract(struct agent *agent);

/* When a majority of the members, this one among them, was in contact last, in
 * milliseconds before `status`; UINT32_MAX = not known. */
uint32_t forwarding_contact_ms(const struct replication_status *status);

#endif
