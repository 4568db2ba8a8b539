/* snmp_internal.h - what the files around Net-SNMP share.
 *
 * May include: Net-SNMP, everything of mib. */
#ifndef MIB_SNMP_INTERNAL_H
#define MIB_SNMP_INTERNAL_H

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/library/large_fd_set.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "mib/notify.h"
#include "mib/set.h"
#include "mib/snmp.h"
#include "mib/tree.h"
#include "mib/view.h"

#define SNMP_NAME "hearth" /* what Net-SNMP calls this application */

/* Where a registration leads. */
struct snmp_place {
	struct mib_service *service;
	uint32_t context; /* the group, or MIB_ALL_GROUPS */
	struct snmp_place *next;
};

#define SNMP_SETS_MAX 8u
#define SNMP_PARTS_MAX 64u

/* A SET under way: what is wanted, collected over its registrations. */
struct snmp_set {
	struct set_plan *plan; /* NULL: there is none here */
	long transaction;
	uint64_t number; /* of all SETs: the least is the oldest */
	uint64_t began_ms;
	/* What registrations say: one that says the same names again repeats itself. */
	uint64_t parts[SNMP_PARTS_MAX];
	unsigned part_count;
	unsigned done; /* of them */
	bool counted;
};

struct mib_service {
	struct mib_options options;
	struct mib_tree *tree;
	struct mib_view view;
	struct snmp_place *places; /* all registrations */
	bool begun;                /* Net-SNMP was */
	struct snmp_set sets[SNMP_SETS_MAX];
	uint64_t set_count; /* so far */
	pthread_t thread;
	bool running;
	_Atomic bool stopping;
	int wake;  /* eventfd: look at `stopping` */
	int ended; /* eventfd, by the thread when it is done */
	/* Held while a request is answered: from the first object to the end of the turn. */
	pthread_mutex_t lock;
	bool locked; /* by the thread */
	bool joined; /* there is a master, or none is needed */
	/* The connection to it, for who must end what waits for its answers; -1 = none. Under a
	 * lock of its own, so that it is never another one of the same number. */
	pthread_mutex_t master_lock;
	int master;
	long refused; /* the last transaction of which something was, by the views */
	struct notifier notifier;
	int events;           /* readable when there are some; -1 = somebody else takes them */
	uint64_t lost_events; /* that are known of */
	bool misses;          /* alarms ended whose end was lost and is still to be told */
	uint64_t silent_until_ms;
	char report[256];
};

/* ---- snmp.c: on the thread ---- */

/* Before the view is used. */
void snmp_hold(struct mib_service *service, uint32_t context);
/* At the end of a turn, and when what was read may not be true any more. */
void snmp_let_go(struct mib_service *service);

/* ---- snmp_settings.c: on the thread, or before there is one ---- */

/* Everything that Net-SNMP is told before its start, and the start. What it complains of
 * until then is about the operator's file, and is a warning. */
enum ha_error snmp_begin(struct mib_service *service);
void snmp_finish(struct mib_service *service);

/* ---- snmp_listen.c ---- */

/* Let managers ask at these addresses, which have commas between them. False: one cannot be
 * listened at. */
bool snmp_listen(const char *addresses);

/* ---- snmp_watch.c ---- */

/* What Net-SNMP says goes to the program's log from now on. */
void snmp_watch_log(struct mib_service *service);
/* Who comes, goes, and is turned away is counted from now on. */
void snmp_watch_peers(struct mib_service *service);
/* Not any more: before Net-SNMP ends, which frees what it still has to call back with. */
void snmp_unwatch_peers(struct mib_service *service);
/* Nobody waits for an answer of the master any more: the connection is broken. Any thread. */
void snmp_break_off(struct mib_service *service);
/* The start is over. */
void snmp_watch_started(struct mib_service *service);

/* ---- snmp_notify.c: on the thread ---- */

/* Send one notification, if there is one and anybody to send it to: who asks is answered
 * between two of them. `told`: the descriptor of events says that there is something. */
void snmp_notify(struct mib_service *service, bool told);
/* Is the descriptor of events to be awaited now? If not, *timeout ends no later than it is to
 * be; *block is whether there is no time-out. */
bool snmp_notify_is_due(const struct mib_service *service, struct timeval *timeout, int *block);

/* ---- snmp_handler.c: on the thread, or before there is one ---- */

/* Register every branch in every context. HA_E_NOMEM, HA_E_EXISTS. */
enum ha_error snmp_register(struct mib_service *service);
void snmp_unregister(struct mib_service *service);

/* ---- snmp_set.c: on the thread ---- */

/* One phase of a SET. */
void snmp_set(struct snmp_place *place, netsnmp_agent_request_info *info,
              netsnmp_request_info *requests);
/* Nobody will end them. */
void snmp_sets_drop(struct mib_service *service);
/* Those that nobody has ended for long. */
void snmp_sets_age(struct mib_service *service);

#endif
