/* dataplane.h - packets between correspondents and mobile nodes that are away: the
 * face of everything that forwards them. Each group of a process has one of its own, and
 * they share nothing: not the device, nor the routing table, nor the BPF program.
 *
 * Every member of a cluster has all bindings here and may forward; only the leader
 * attracts packets. A fence guards both: two moments of clock_monotonic_ns(), beyond
 * which nothing is forwarded and nothing attracted for a group, whatever else this
 * process does or cannot do any more.
 *
 * May include: proto, agentd/base, agentd/dataplane/tunnels.h. */
#ifndef AGENTD_DATAPLANE_DATAPLANE_H
#define AGENTD_DATAPLANE_DATAPLANE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/config.h"
#include "agentd/base/error.h"
#include "agentd/dataplane/tunnels.h"
#include "proto/arp.h"

#define DATAPLANE_DOUBT_MAX 200u
#define DATAPLANE_WHY_MAX 320u

struct dataplane;

/* Where the UDP tunnel of a binding goes that has no port yet, as its first keepalive
 * says (RFC 3519 section 4.6). Nothing is sent there before dataplane_tunnels has it. */
struct dataplane_port {
	uint32_t realm;
	struct in_addr home;
	struct in_addr care_of;
	struct in_addr endpoint;
	uint16_t port; /* host order */
	uint8_t group;
};

/* On a thread that forwards; must not wait. What comes to nothing is told again with
 * one of the next keepalives. */
typedef void dataplane_completes(void *context, const struct dataplane_port *port);

struct dataplane_options {
	const struct config *config;    /* borrowed for the open */
	dataplane_completes *completes; /* NULL: such tunnels stay without a port */
	/* clock_monotonic_ns() until which this node attracts packets of a group; 0: it does not
	 * lead. On a thread that forwards; must not wait. */
	uint64_t (*until)(void *context, uint8_t group);
	void *context; /* of these two */
	/* Where tunnels in UDP end, bound to the home agent's address and port; belongs to
	 * the data plane from now on, also when the open fails. -1: nowhere. */
	int udp;
	/* Under which this host has the home agent's address while it leads, where the members
	 * share one; 0: that of the interface. */
	struct mac mac;
};

/* Take all memory, make device, routes and sockets, and start the threads; nothing is
 * forwarded before dataplane_fence. *out is NULL and HA_OK returned where this node
 * forwards nothing (config_forwards). Before privileges are dropped: the threads keep
 * what they need of the caller's rights.
 *
 * Errors are those of tun_device_open and interception_begin, HA_E_NOMEM, HA_E_PERMISSION,
 * or the errno's nearest; with a sentence. */
enum ha_error dataplane_open(const struct dataplane_options *options, struct dataplane **out,
                             char *report, size_t size);

/* Take away what an earlier process has left going for groups that forward nothing any
 * more: those whose bit is not set. With all rights. */
void dataplane_tidy(const struct config *config, uint32_t groups);

/* Forward nothing more, and take rules, routes and the device away. NULL is fine. */
void dataplane_close(struct dataplane *dataplane);

/* What is bound to whom. One thread writes it. */
struct tunnels *dataplane_tunnels(struct dataplane *dataplane);

/* Forward for a group (its number is below TUNNELS_GROUPS_MAX) while clock_monotonic_ns() is
 * below `forward_until_ns`, and by BPF attract while it is below `attract_until_ns`;
 * UINT64_MAX: until told otherwise, 0: not at all. What is sent to the virtual MAC
 * goes through BPF from a call at which this node leads to one at which it does not: the
 * moment until which that is certain comes sooner than the next call. Any thread. */
void dataplane_fence(struct dataplane *dataplane, unsigned group, uint64_t forward_until_ns,
                     uint64_t attract_until_ns);

struct dataplane_status {
	const char *path;            /* "off", "user space", "tc" before it; static */
	enum dataplane_path in_use;  /* the same: never auto */
	char why[DATAPLANE_WHY_MAX]; /* it is that one */
	bool slow;     /* BPF was to be used if possible, and user space does its work */
	bool forwards; /* the fence is open now, of one group at least */
	uint32_t homes;
	uint32_t bindings;
	char doubt[DATAPLANE_DOUBT_MAX]; /* what of this host stands in the way; "" = nothing */
};

/* Any thread; of NULL, what is off. */
void dataplane_status(struct dataplane *dataplane, struct dataplane_status *out);

/* Bring counters up to date that the kernel keeps. Any thread. */
void dataplane_count(struct dataplane *dataplane);

/* What went through one binding. false, and zeros: it is not there. Any thread. */
struct dataplane_traffic {
	uint64_t in_packets, in_octets; /* from the mobile node */
	uint64_t out_packets, out_octets;
};
bool dataplane_traffic(struct dataplane *dataplane, uint32_t realm, struct in_addr home,
                       const struct binding *binding, struct dataplane_traffic *out);

/* What would become of a packet that came to this host now, told line by line: each a
 * part ("note", "output", "verdict") and a text, borrowed for the call. A whole packet
 * with its header; one to the home agent address is from a tunnel. Nothing is sent and
 * nothing counted. HA_E_NOMEM. Any thread. */
typedef void dataplane_teller(void *context, const char *part, const char *text);
enum ha_error dataplane_explain(struct dataplane *dataplane, const void *packet, size_t size,
                                dataplane_teller *tell, void *context);

#endif
