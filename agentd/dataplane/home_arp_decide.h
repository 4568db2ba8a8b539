/* home_arp_decide.h - what becomes of a message of ARP on a home link (RFC 5944
 * section 4.6).
 *
 * Pure: no socket, no clock; whether a node is absent and until when this node may
 * answer is asked of the caller.
 *
 * May include: proto/arp.h, agentd/base. */
#ifndef AGENTD_DATAPLANE_HOME_ARP_DECIDE_H
#define AGENTD_DATAPLANE_HOME_ARP_DECIDE_H

#include "agentd/base/address.h"
#include "agentd/dataplane/home_arp.h"
#include "agentd/dataplane/home_arp_notes.h"

enum home_arp_verdict {
#define X(id, name, mib_arc, help) HOME_ARP_IS_##id,
	HOME_ARP_VERDICTS(X)
#undef X
};

struct home_arp_home {
	uint32_t realm;
	struct in_addr address;
};

/* What the thread asks; none may wait. */
struct home_arp_callbacks {
	/* Is the node away: has it a binding? `net`: index of the network it is of. */
	bool (*bound)(void *context, unsigned net, struct in_addr home);
	/* clock_monotonic_ns() until which this node may speak for the group. */
	uint64_t (*until)(void *context, uint8_t group);
	/* Up to `max` nodes that are away, in any order, from *cursor on, which is 0
	 * at first; 0 when there are no more. */
	size_t (*walk)(void *context, uint64_t *cursor, struct home_arp_home *out, size_t max);
	void *context;
};

/* One home network as the thread has it. */
struct home_arp_net {
	struct address_prefix prefix;
	uint32_t realm;
	uint8_t group;
	uint8_t link;    /* index of the link it is on */
	bool fixed;      /* its MAC is a virtual one, the same on all members */
	struct mac ours; /* under which the link knows the home agent */
};

struct home_arp_view {
	const struct home_arp_net *nets;
	size_t count;
	const struct home_arp_callbacks *ask;
	const struct home_arp_notes *notes;
};

/* The network of a link that an address is of, the longest prefix; -1 = none. */
int home_arp_net_of(const struct home_arp_view *view, unsigned link, struct in_addr address);

/* Whatever has realm and address, on any link; -1 = none. */
int home_arp_net_of_home(const struct home_arp_view *view, uint32_t realm, struct in_addr home);

/* May this node speak for the network's absent nodes now? */
bool home_arp_may_speak(const struct home_arp_view *view, const struct home_arp_net *net,
                        uint64_t now_ns);

/* `since_ns`: notes from then on count. *net is the network, -1 = none. */
enum home_arp_verdict home_arp_decide(const struct home_arp_view *view, unsigned link,
                                      const struct arp *heard, uint64_t now_ns, uint64_t since_ns,
                                      int *net);

/* Does a message of that verdict tell where its sender is? */
bool home_arp_tells_sender(enum home_arp_verdict verdict);

#endif
