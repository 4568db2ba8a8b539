/* user.h - packets forwarded by a thread of this process: complete, and what every
 * faster path hands over what it does not do itself.
 *
 *     TUN device      packets for home addresses, and back into the kernel
 *     raw sockets     packets from tunnels, ICMP errors; packets into tunnels
 *     UDP socket      packets from tunnels in UDP
 *
 * May include: agentd/dataplane, agentd/base. */
#ifndef AGENTD_DATAPLANE_USER_H
#define AGENTD_DATAPLANE_USER_H

#include "agentd/dataplane/dataplane.h"
#include "agentd/dataplane/forward.h"
#include "agentd/dataplane/interception.h"

struct user;

/* Borrowed for the open, but for what is said to be. */
struct user_options {
	struct interception interception; /* what it points to is borrowed until the close */
	struct in_addr agent;
	/* Without own addresses and the MTU of the link, which are looked up; what it points
	 * to is borrowed until the close. */
	struct forward_settings settings;
	struct tunnels *tunnels; /* borrowed until the close */
	struct soft *soft;       /* likewise */
	/* The fence, asked before each packet. The thread's; must not wait. */
	bool (*may_forward)(void *context, uint8_t group, uint64_t now_ns);
	/* Likewise: whether this node attracts packets, and thus spreads broadcasts. */
	bool (*may_attract)(void *context, uint8_t group, uint64_t now_ns);
	/* Whether a fence has closed that may be open again in a moment: packets wait. */
	bool (*may_return)(void *context, uint64_t now_ns);
	/* Told of each packet with an ICMP error, after it was taken note of; NULL: nobody. */
	void (*learnt)(void *context, struct span packet);
	/* Of struct dataplane_options. */
	dataplane_completes *completes;
	/* Told when the device was made again, with its name; NULL: nobody. The thread's. */
	void (*moved)(void *context, const char *device);
	void *context;
	int udp; /* -1 = none; stays the caller's */
};

/* Make the device, the sockets, routes and rules, and start the thread, which keeps
 * CAP_NET_ADMIN for taking them away. Before privileges are dropped. On failure *out is
 * NULL, nothing is left, and there is a sentence. */
enum ha_error user_open(const struct user_options *options, struct user **out, char *report,
                        size_t size);

/* What of this host stands in the way, as it was seen last; "" = nothing. Any thread. */
void user_doubt(struct user *user, char *out, size_t size);

/* As dataplane_explain. */
enum ha_error user_explain(struct user *user, struct span packet, dataplane_teller *tell,
                           void *context);

/* Rules and routes first, then the device. NULL is fine. */
void user_close(struct user *user);

#endif
