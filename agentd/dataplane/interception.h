/* interception.h - how packets for home addresses come to us: rules send them to a
 * routing table of ours, and that sends them to our device. A packet with our mark is
 * left alone: so that what we send on does not come back, and because BPF has seen that
 * it is for a node at home, which is no business of ours.
 *
 *     rule  PRIORITY: to HOME-NETWORK fwmark 0/MARK lookup TABLE
 *     TABLE HOME-NETWORK dev DEVICE
 *     TABLE throw MEMBER
 *
 * The members of the cluster are no mobile nodes, and may be hosts of a home link: what
 * they say to each other never waits for us.
 *
 * The kernel takes the routes away with the device, which is gone with the process. The
 * rules stay behind one that was killed and lead to an empty table, and so nowhere:
 * they are cleared away at the next start.
 *
 * May include: agentd/base, agentd/dataplane/netlink.h. */
#ifndef AGENTD_DATAPLANE_INTERCEPTION_H
#define AGENTD_DATAPLANE_INTERCEPTION_H

#include "agentd/base/cluster_member.h"
#include "agentd/base/home_network.h"
#include "agentd/dataplane/netlink.h"

struct interception {
	const struct home_network *networks;  /* HOME_NETWORKS_MAX, borrowed */
	const struct cluster_member *members; /* CLUSTER_MEMBERS_MAX, borrowed */
	const char *device;                   /* borrowed */
	uint32_t table;
	uint32_t priority;
	uint32_t mark;
};

/* Clear away what was left behind, put the device up and make routes and rules. On
 * failure nothing is left, with a sentence. HA_E_EXISTS: somebody else has such a rule. */
enum ha_error interception_begin(const struct interception *interception, struct netlink *netlink,
                                 char *report, size_t size);

/* The same for what was taken away since. */
enum ha_error interception_again(const struct interception *interception, struct netlink *netlink,
                                 char *report, size_t size);

/* Are packets for home networks led to the device? Asked of the kernel for one address of
 * each network, none of `own`. false: a sentence says which are not. */
bool interception_is_whole(const struct interception *interception, struct netlink *netlink,
                           const struct in_addr *own, size_t own_count, char *out, size_t size);

/* Take the rules and routes away. */
void interception_end(const struct interception *interception, struct netlink *netlink);

/* What of this host stands in the way of forwarding, as a sentence; false: nothing. */
bool interception_doubt(const struct interception *interception, struct netlink *netlink, char *out,
                        size_t size);

#endif
