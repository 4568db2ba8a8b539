/* agents.h - the home agents of a process, one per group: opened, started, stopped
 * together, and started again one by one.
 *
 * An agent that got the store of another member starts again while the others go on:
 * its sockets stay, and the last right is gone already. That takes as long as a start,
 * so a thread of its own does it, while the loop goes on: the service manager's
 * watchdog is served, and whoever asks something is told.
 *
 * All on the thread of the loop, unless it says otherwise. Failures end in a sentence
 * in `report`.
 *
 * May include: agentd/flow, agentd/control, mib/snmp.h. */
#ifndef AGENTD_PROGRAMS_AGENTS_H
#define AGENTD_PROGRAMS_AGENTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "agentd/base/config_groups.h"
#include "agentd/control/loop.h"
#include "agentd/control/server.h"
#include "agentd/flow/agent.h"
#include "agentd/flow/guest.h"
#include "agentd/flow/membership.h"
#include "mib/snmp.h"

#define AGENTS_REPORT 512u

struct agents;

struct agents_one {
	struct agents *all;
	struct config *config; /* of `configs`, as far as it is in force */
	struct agent *agent;
	_Atomic bool renewed; /* it wants to start again */
	_Atomic bool started; /* it has */
	pthread_t thread;     /* that starts it, while `starting` */
	bool starting;
	char report[AGENTS_REPORT];
};

/* Zero at first, but for configs. */
struct agents {
	struct config_groups configs;
	struct membership *member; /* of a cluster, or NULL */
	struct guest *guest;       /* visitors that its members share, or NULL */
	struct agents_one of[CONFIG_GROUPS_MAX];
	size_t count;
	struct loop *loop;
	struct control_server *control;
	struct mib_service *snmp; /* NULL = nobody answers SNMP */
};

/* Of the configurations: a bit for each group that forwards packets. */
uint32_t agents_that_forward(const struct agents *agents);

/* Open all over their data, and their sockets; none where the process is no home agent. */
enum ha_error agents_open(struct agents *agents, char report[AGENTS_REPORT]);

/* With all rights given up: answer, and be answered for by the control server and by
 * SNMP, which may be NULL. */
enum ha_error agents_start(struct agents *agents, struct loop *loop, struct control_server *control,
                           struct mib_service *snmp, char report[AGENTS_REPORT]);

/* Of loop_options.wake: see to those that want to start again or have. */
void agents_look(struct agents *agents);
bool agents_are_starting(const struct agents *agents);

/* What is in `configs` by now, where it may change live. Not while one is starting. */
void agents_reload(struct agents *agents);

void agents_stop(struct agents *agents);
/* They are stopped. */
void agents_close(struct agents *agents);

#endif
