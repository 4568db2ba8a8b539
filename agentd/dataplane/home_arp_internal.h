/* home_arp_internal.h - the thread's own, for home_arp*.c. */
#ifndef AGENTD_DATAPLANE_HOME_ARP_INTERNAL_H
#define AGENTD_DATAPLANE_HOME_ARP_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "agentd/dataplane/home_arp.h"
#include "agentd/dataplane/home_arp_away.h"
#include "agentd/dataplane/home_arp_bucket.h"
#include "agentd/dataplane/home_arp_decide.h"
#include "agentd/dataplane/home_arp_notes.h"
#include "agentd/dataplane/home_arp_plan.h"
#include "agentd/dataplane/home_arp_socket.h"

#define MS UINT64_C(1000000)
#define HOME_ARP_NAME_MAX 16u
#define HOME_ARP_GROUPS 64u
#define HOME_ARP_PASSES 2u /* over all absent nodes after a takeover */

struct home_arp_link {
	char name[HOME_ARP_NAME_MAX];
	int fd;
};

/* All absent nodes of some groups, one after the other. */
struct home_arp_walk {
	uint64_t groups; /* a bit for each; 0 = nothing to do */
	uint64_t cursor;
	unsigned passes;
	struct home_arp_home homes[HOME_ARP_BATCH];
	size_t count, at;
};

/* What is to be sent on one link. */
struct home_arp_outgoing {
	struct home_arp_batch *batch;
	unsigned link;
	uint64_t until_ns; /* the first of the deadlines of what is in it */
};

struct home_arp {
	struct tunnels *tunnels;
	uint64_t (*until)(void *context, uint8_t group);
	void *context;
	struct home_arp_callbacks ask; /* about the above */
	struct home_arp_net nets[HOME_ARP_NETWORKS_MAX];
	struct home_arp_away away[HOME_ARP_NETWORKS_MAX]; /* of each net */
	size_t net_count;
	struct home_arp_link links[HOME_ARP_NETWORKS_MAX];
	size_t link_count;
	struct home_arp_view view; /* of the above, and the notes */

	_Atomic uint64_t walk_groups; /* to be announced again */
	_Atomic bool woken, stopping;
	_Atomic uint64_t announced; /* by walks */
	_Atomic bool announcing;
	int wake; /* eventfd */

	pthread_mutex_t mutex; /* guards the plan */
	struct home_arp_plan *plan;

	/* The thread's own. */
	struct home_arp_notes *notes;
	struct home_arp_batch *heard;
	struct home_arp_outgoing out;
	struct home_arp_bucket hearing;
	struct home_arp_walk walk;
	uint64_t looked_ns; /* at the links */
	uint64_t led;       /* groups, a bit for each */

	pthread_t thread;
	bool started;
};

/* The questions of decide.h are put to the table, or to what its changes have told,
 * which become events, too. The table is empty yet. */
enum ha_error home_arp_ask_table(struct home_arp *arp);

/* A node left or came home: to be said by the thread. Any thread. */
void home_arp_happened(struct home_arp *arp, enum home_arp_event event, uint32_t realm,
                       struct in_addr home);

void *home_arp_run(void *context); /* the thread */
void home_arp_wake(struct home_arp *arp);

static inline bool home_arp_has_mac(struct mac mac)
{
	static const struct mac none;

	return !mac_equal(mac, none);
}

/* Answer what is there. false: nothing is left to hear, or no more may be heard before
 * *next_ns, which is only ever made earlier. */
bool home_arp_hear(struct home_arp *arp, uint64_t *next_ns);

/* Announce what is due. false: nothing is until *next_ns. */
bool home_arp_announce(struct home_arp *arp, uint64_t *next_ns);

/* Once a second: interfaces that came back, MACs that changed, messages lost. */
void home_arp_look_at_links(struct home_arp *arp);

#endif
