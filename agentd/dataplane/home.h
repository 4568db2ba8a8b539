/* home.h - where packets for absent mobile nodes come from: the links of home networks,
 * on which this node speaks for them, and the routers that are told of the virtual ones.
 * Both are done while this node leads, by threads that ask that themselves.
 *
 * May include: agentd/base, agentd/dataplane. */
#ifndef AGENTD_DATAPLANE_HOME_H
#define AGENTD_DATAPLANE_HOME_H

#include <stddef.h>
#include <stdint.h>

#include "agentd/base/config.h"
#include "agentd/base/error.h"
#include "agentd/dataplane/tunnels.h"
#include "proto/arp.h"

struct home_options {
	const struct config *config; /* borrowed for the open */
	struct tunnels *tunnels;     /* outlives this; nothing was put into it yet */
	/* Under which home-agent.interface knows the home agent where the members share
	 * one; 0: every interface's own, as on all other links. */
	struct mac mac;
	/* As home_arp_options and home_route_options have it. */
	uint64_t (*until)(void *context, uint8_t group);
	void *context;
};

/* All zero: nothing is open. */
struct home {
	struct home_arp *arp;
	struct home_route *route;
};

struct home_status {
	size_t links;     /* on which this node speaks for absent nodes while it leads */
	size_t networks;  /* virtual ones, announced now */
	uint32_t waiting; /* announcements to come on links */
};

/* With all rights, which the threads do not keep. Errors are those of home_arp_open and
 * home_route_open, with a sentence; what was opened stays in *out. */
enum ha_error home_open(const struct home_options *options, struct home *out, char *report,
                        size_t size);

/* Any thread. */
struct home_status home_status(const struct home *home);

/* Virtual networks are withdrawn; waits for the hook, at most until its time is up. The
 * table must not change any more. Harmless where nothing is open. */
void home_close(struct home *home);

#endif
