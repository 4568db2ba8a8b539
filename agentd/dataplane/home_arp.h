/* home_arp.h - ARP on a home link for mobile nodes that are away (RFC 5944 section
 * 4.6).
 *
 * A thread hears requests on the links of home networks and answers those for
 * addresses that have a binding, with the MAC under which the link knows the home
 * agent; the table of bindings is asked for each. It tells the link when a node
 * leaves, when one returns, and, where members have MACs of their own, that another
 * one leads. It speaks only while the caller's moment lies ahead, and looks at that
 * each time: a process that was stopped and goes on is silent.
 *
 * The work is bounded: so many messages are heard a second and so many announced;
 * the rest waits, or is counted and lost.
 *
 * May include: proto/arp.h, agentd/base. */
#ifndef AGENTD_DATAPLANE_HOME_ARP_H
#define AGENTD_DATAPLANE_HOME_ARP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/address.h"
#include "agentd/base/error.h"
#include "agentd/dataplane/home_arp_counters.h"
#include "agentd/dataplane/tunnels.h"
#include "proto/arp.h"

#define HOME_ARP_NETWORKS_MAX 32u
#define HOME_ARP_HEARD_PER_S 50000u    /* messages looked at, on all links together */
#define HOME_ARP_ANNOUNCED_PER_S 5000u /* addresses announced; each takes two frames */
#define HOME_ARP_AGAIN_MS 1000u        /* between an announcement and its repetition */

/* A physical home network; groups' networks do not overlap within a realm. */
struct home_arp_network {
	uint32_t realm;
	struct address_prefix prefix;
	const char *interface; /* borrowed for the open */
	uint8_t group;         /* whose leader speaks for it */
	struct mac mac;        /* virtual, the same on all members; 0 = that of the interface */
};

struct home_arp_options {
	const struct home_arp_network *networks; /* borrowed for the open */
	size_t count;
	struct tunnels *tunnels; /* outlives the thread; observed from now on */
	/* clock_monotonic_ns() until which this node may speak for the group; 0 when it
	 * does not lead. Looked at several times a second, so that nobody need tell when
	 * that changes. The thread's; must not wait. */
	uint64_t (*until)(void *context, uint8_t group);
	void *context;
	uint32_t heard_per_s, announced_per_s, again_ms; /* 0 = as above */
};

struct home_arp_status {
	size_t links;       /* that have ARP */
	uint32_t waiting;   /* announcements to come */
	bool announcing;    /* all absent nodes, after a takeover */
	uint64_t announced; /* of them, so far */
};

struct home_arp;

/* Before privileges are dropped, and before the first change of the table: needs CAP_NET_RAW; the thread gives up all it has.
 * Networks on links without ARP are left out; *out is NULL and HA_OK returned when
 * none is left. HA_E_NOTFOUND (no such interface), HA_E_PERMISSION, HA_E_RANGE (too
 * many networks), or the errno's nearest; with a sentence. */
enum ha_error home_arp_open(const struct home_arp_options *options, struct home_arp **out,
                            char *report, size_t size);

/* The rest: any thread, never waits, and NULL is nobody's links. */

struct home_arp_status home_arp_status(struct home_arp *arp);

/* Ends the thread; waits for that. The table must not change any more. */
void home_arp_close(struct home_arp *arp);

#endif
