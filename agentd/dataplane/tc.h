/* tc.h - the fast path: a BPF program at the ingress of the interfaces (clsact), its
 * maps, and what keeps them equal to the table of tunnels.
 *
 * Program and maps are pinned: they go on while the daemon is restarted, for as long as
 * the deadline of the fence allows, and a daemon of the same version adopts them. What
 * the program does not do itself it leaves to user space, so that it may be taken away
 * at any moment without loss but of speed.
 *
 * All calls from one thread, but for those that say otherwise.
 *
 * May include: agentd/dataplane/tunnels.h, proto/arp.h, agentd/base. */
#ifndef AGENTD_DATAPLANE_TC_H
#define AGENTD_DATAPLANE_TC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agentd/base/address.h"
#include "agentd/base/error.h"
#include "agentd/dataplane/tunnels.h"
#include "proto/arp.h"

#define TC_INTERFACES_MAX 16u
#define TC_INSTANCES_MAX 32u

/* An interface and what is to be done on it. */
struct tc_interface {
	const char *name;
	uint32_t realm;
	bool has_agents; /* home agent addresses are there, under their virtual MACs */
};

/* Home addresses that are together; the larger part of all bindings, it is hoped. */
struct tc_network {
	struct address_prefix prefix;
	uint32_t realm;
	uint8_t group;
	bool has_link; /* nodes can be at home there */
	/* Of tc_options.interfaces, borrowed for the call: the link on which ARP is answered
	 * for them; NULL: on none of these. */
	const char *link;
};

struct tc_options {
	const char *directory; /* below a BPF file system; made where it does not exist */
	/* Which one of several that share directory and interfaces, and know nothing of each
	 * other: below TC_INSTANCES_MAX. */
	unsigned instance;
	const struct tc_interface *interfaces; /* borrowed for the call */
	size_t interface_count;                /* 1 to TC_INTERFACES_MAX */
	const struct tc_network
		*networks; /* borrowed; they get tables, as far as these are not too large */
	size_t network_count;
	struct tunnels_size size; /* of the table that is mirrored */
	/* Set in the mark of packets to nodes at home, so that the host's rules leave them to
	 * its own routes; 0: they are as others. */
	uint32_t home_mark;
	uint8_t ttl;       /* of outer headers */
	uint16_t udp_port; /* of our end of tunnels in UDP, host order */
	bool always_df;
	uid_t owner; /* who will take the pins away: the user that the daemon becomes */
	gid_t group;
};

struct tc;

/* Load the program, or adopt what an earlier daemon of this version and these sizes has
 * left; what another version has left goes away, after the new program stands in its
 * place. Needs CAP_NET_ADMIN, CAP_BPF and CAP_PERFMON, or root.
 *
 * On failure NULL, an error and a sentence that says what is in the way and what would
 * help; nothing is attached then, as after tc_clear. HA_E_RANGE: number of interfaces.
 * HA_E_NOTFOUND: no such interface. HA_E_UNSUPPORTED: an interface is not Ethernet, or
 * the directory is not on a BPF file system. HA_E_PERMISSION, HA_E_NOMEM, HA_E_IO: what
 * the kernel said. */
struct tc *tc_open(const struct tc_options *options, enum ha_error *why, char *report, size_t size);

/* An orderly end takes the program away from the interfaces, and the pins. Not so with
 * `leave`: what is there goes on until its deadline. Accepts NULL. */
void tc_close(struct tc *tc, bool leave);

/* Take away whatever an instance of any version has left below that directory, and from
 * the interfaces: for a daemon that does not use this path. */
void tc_clear(const char *directory, unsigned instance);
/* The same of those that have something pinned there, and whose bit is not set. */
void tc_clear_others(const char *directory, uint32_t instances);

/* Memory for the table's counters, size.bindings rows; until tc_close. */
struct tunnels_counters *tc_rows(struct tc *tc);

/* Was it adopted? Then it has bindings already, and the first reconciliation says which
 * of them are still true. */
bool tc_was_adopted(const struct tc *tc);

/* A home agent address. Begins with both deadlines past, unless the same one was adopted. */
void tc_agent(struct tc *tc, uint8_t group, struct in_addr address);

/* What is sent to that MAC is taken as if it were the interface's own: the virtual one, while
 * this node leads; 0: none. Any thread, no call of the kernel. */
void tc_mac(struct tc *tc, uint8_t group, struct mac mac);

/* Index of the device that user space reads, once it is there; 0: none. */
void tc_user_device(struct tc *tc, uint32_t interface);

/* Readings of clock_monotonic_ns() until which packets of that group are forwarded, and
 * ARP is answered. Any thread, no call of the kernel. */
void tc_fence(struct tc *tc, uint8_t group, uint64_t forward_until_ns, uint64_t attract_until_ns);

/* The bindings of a home address, slots included, as tunnels.h tells its observers. What
 * the kernel does not take is counted, and put right by the next reconciliation. */
void tc_put(struct tc *tc, const struct tunnels_home *home);

/* Is it bound in the maps? */
bool tc_has(const struct tc *tc, uint32_t realm, struct in_addr home);

/* Up to TC_BATCH of them that are bound, faster. */
#define TC_BATCH 1024u
void tc_put_many(struct tc *tc, const struct tunnels_home *homes, size_t count);

/* The largest outer packet that is known to get through to an exit; 0: user space has to
 * see each; UINT32_MAX: nothing is known any more. HA_E_CAPACITY: no room for another. */
enum ha_error tc_exit(struct tc *tc, struct in_addr remote, uint32_t octets);

/* Attach where an interface has come back, and take up this host's own addresses; now and
 * then. HA_E_NOTFOUND and others: an interface is without the program; *report says why. */
enum ha_error tc_refresh(struct tc *tc, char *report, size_t size);

/* Making the maps equal to the table, some steps at a time, while changes go on. */
struct tc_reconcile {
	struct tunnels_place place; /* zeroed to begin, all of it */
	uint64_t key;
	uint32_t at;
	bool begun, pruned;
	uint64_t added, changed, removed; /* results */
};

/* At most `max` home addresses; true while there is more to do. */
bool tc_reconcile_step(struct tc *tc, struct tunnels *tunnels, struct tc_reconcile *reconcile,
                       uint32_t max);

/* What was counted since the program was loaded, one of TC_REASONS (bpf/tc_map.h). */
uint64_t tc_count(const struct tc *tc, unsigned reason);
/* Updates that the kernel refused. */
uint64_t tc_failures(const struct tc *tc);

/* "tc on eth0, eth1"; what is in use, for people. */
void tc_status(const struct tc *tc, char *text, size_t size);

/* Octets of kernel memory that the maps take, as the kernel says. */
uint64_t tc_memory(const struct tc *tc);

/* The program's descriptor, for tests that run it. */
int tc_program(const struct tc *tc);

#endif
