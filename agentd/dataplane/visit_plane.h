/* visit_plane.h - the data plane of a foreign agent: packets between the tunnels of
 * visitors' home agents and the links that they visit, by one thread in user space.
 *
 *     raw sockets      packets from tunnels, and encapsulated to us by visitors; ICMP
 *                      errors; packets into tunnels
 *     packet sockets   what hosts of a visited link send by this one, with the link address
 *                      that it came from; and to visitors' link addresses
 *     TUN device       what goes on by the routes of this host
 *
 * The rules of visit_guard.h lead what comes in by a visited link to the device, which takes
 * nothing: the kernel itself forwards none of it, the thread all. Without the device the same
 * rules lead to a route to nowhere.
 *
 * May include: agentd/dataplane, agentd/base. */
#ifndef AGENTD_DATAPLANE_VISIT_PLANE_H
#define AGENTD_DATAPLANE_VISIT_PLANE_H

#include "agentd/dataplane/visit_guard.h"
#include "agentd/dataplane/visit_table.h"

#define VISIT_CARE_OF_MAX 8u
#define VISIT_DOUBT_MAX 200u

/* A link that is visited. */
struct visit_plane_link {
	unsigned index;
	char name[16];
	struct in_addr address;           /* of this host, there */
	bool routes;                      /* for everybody; else for visitors only */
	struct address_prefixes networks; /* of its addresses */
};

/* Borrowed for the open. */
struct visit_plane_options {
	const struct visit_plane_link *links; /* at most VISIT_LINKS_MAX */
	size_t link_count;
	const struct in_addr *care_of; /* at most VISIT_CARE_OF_MAX; need not be here yet */
	size_t care_of_count;
	struct visit_guard *guard; /* of all these links; there until the close */
	const char *device;        /* name of the TUN device */
	uint32_t table;            /* of the guard */
	uint32_t mark;             /* of what is sent into tunnels, and is left alone */
	uint32_t capacity;         /* visitors */
	uint16_t udp_port;         /* of our end of UDP tunnels; 0: TUNNEL_UDP_PORT */
};

struct visit_plane;

/* Make the device, the sockets and the route, and start the thread, which keeps CAP_NET_ADMIN
 * for making again what others take away. Before privileges are dropped. On failure *out is
 * NULL, nothing is left, and there is a sentence. */
enum ha_error visit_plane_open(const struct visit_plane_options *options, struct visit_plane **out,
                               char *report, size_t size);

/* A visitor's packets go that way from now on. Any thread, and it never waits for the
 * network. Errors: as visit_table_put, and HA_E_RANGE also where the link is none of ours,
 * or the care-of address. */
enum ha_error visit_plane_put(struct visit_plane *plane, const struct visit_path *path);
/* false: it was not there. Any thread. */
bool visit_plane_remove(struct visit_plane *plane, struct in_addr home, struct in_addr home_agent);
void visit_plane_clear(struct visit_plane *plane);

/* Nothing is forwarded or delivered past that moment of clock_monotonic_ns. At first there
 * is no such moment (UINT64_MAX). Any thread. */
void visit_plane_fence(struct visit_plane *plane, uint64_t until_ns);

struct visit_plane_status {
	struct visit_totals totals;
	char doubt[VISIT_DOUBT_MAX]; /* what of this host stands in the way; "" = nothing */
};
/* Any thread. */
void visit_plane_status(struct visit_plane *plane, struct visit_plane_status *out);

/* What went through so far: packets and octets inside of tunnels. */
struct visit_traffic {
	uint64_t in_packets, in_octets;   /* from the visitor */
	uint64_t out_packets, out_octets; /* to it */
};
/* false: there is no such visitor. Any thread. */
bool visit_plane_traffic(struct visit_plane *plane, struct in_addr home, struct in_addr home_agent,
                         struct visit_traffic *out);

/* What would become of a packet, told in parts: "note" for each thing that matters, "output"
 * for each packet that would be sent, "verdict" at last, the word of visit_reasons.h. As if
 * it came from a tunnel, where it is addressed to us; else as if from the link of whoever
 * has its source as home address, or from `interface`. Nothing is sent, and nothing
 * remembered. Any thread. HA_E_NOMEM. */
typedef void visit_teller(void *context, const char *part, const char *text);
enum ha_error visit_plane_explain(struct visit_plane *plane, struct span packet, unsigned interface,
                                  visit_teller *tell, void *context);

/* The guard stays. NULL is fine. */
void visit_plane_close(struct visit_plane *plane);

#endif
