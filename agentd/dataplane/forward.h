/* forward.h - what becomes of a packet: the home agent's data path, pure.
 *
 * A packet goes in; out come a verdict and, through a callback, packets to be sent.
 * What is known comes in with the context: bindings (tunnels.h), soft state (soft.h),
 * settings, time. Nothing here opens a socket, reads a clock, logs or allocates.
 *
 * RFC 5944 sections 4.2.3, 4.3 and 4.4; RFC 2003; RFC 2004; RFC 3024; RFC 3519.
 *
 * May include: agentd/dataplane/tunnels.h, soft.h, tunnel_entry.h, proto, agentd/base. */
#ifndef AGENTD_DATAPLANE_FORWARD_H
#define AGENTD_DATAPLANE_FORWARD_H

#include "agentd/base/address.h"
#include "agentd/dataplane/forward_reasons.h"
#include "agentd/dataplane/soft.h"
#include "agentd/dataplane/tunnel_entry.h"
#include "agentd/dataplane/tunnels.h"
#include "proto/ip4.h"

/* Figure 9 of the article: where a home network is. */
enum forward_network_kind {
	FORWARD_LINK,    /* (a) the agent is a host on its link, beside the router */
	FORWARD_ROUTER,  /* (b) the agent is that router */
	FORWARD_VIRTUAL, /* (c) there is no link: nobody is ever at home */
};

struct forward_network {
	struct address_prefix prefix;
	uint32_t realm;
	uint16_t mtu; /* octets that its link takes; 0: as many as come */
	uint8_t kind; /* enum forward_network_kind */
	uint8_t group;
};

/* A home agent address: the outer source of the tunnels of its group. */
struct forward_agent {
	struct in_addr address;
	uint32_t realm; /* of the home addresses behind it */
	uint8_t group;
};

/* X(id, name, help): what kinds of broadcasts there are (RFC 5944 section 4.3). A packet
 * is of the first that fits. */
#define FORWARD_CATEGORIES(X)                                                                      \
	X(DHCP, "dhcp", "DHCP, whose answers are for hosts on the link")                           \
	X(LIMITED, "limited", "to 255.255.255.255")                                                \
	X(DIRECTED, "directed", "to the broadcast address of the home network")                    \
	X(LINK_GROUPS, "link-groups", "to groups of 224.0.0.0/24, which never leave a link")       \
	X(GROUPS, "groups", "to other multicast groups")

enum forward_category {
#define X(id, name, help) FORWARD_CATEGORY_##id,
	FORWARD_CATEGORIES(X)
#undef X
	FORWARD_CATEGORY_COUNT
};

#define FORWARD_CATEGORY_BIT(category) (1u << (category))
#define FORWARD_CATEGORIES_DEFAULT                                                                 \
	(FORWARD_CATEGORY_BIT(FORWARD_CATEGORY_LIMITED) |                                          \
	 FORWARD_CATEGORY_BIT(FORWARD_CATEGORY_DIRECTED) |                                         \
	 FORWARD_CATEGORY_BIT(FORWARD_CATEGORY_GROUPS))

/* "unknown" for none of them. Static. */
const char *forward_category_name(unsigned category);

/* Borrowed by a context, and constant while it is. */
struct forward_settings {
	const struct forward_agent *agents;
	size_t agent_count;
	const struct in_addr *own; /* addresses of this host, those of agents included */
	size_t own_count;
	const struct forward_network *networks;
	size_t network_count;
	const struct address_prefix *gateways; /* whose tunnels are trusted whatever they hold */
	size_t gateway_count;
	uint16_t link_mtu;   /* octets that a packet to be sent can have */
	uint16_t mtu_floor;  /* below it, no ICMP error about a tunnel's MTU is believed */
	uint16_t udp_port;   /* of our end of UDP tunnels */
	uint8_t nesting;     /* tunnels that a packet may be in already are fewer */
	uint8_t ttl;         /* of outer headers, and of what is sent from here */
	uint8_t categories;  /* FORWARD_CATEGORY_BIT */
	bool df_copied;      /* DF outside only where it is inside; otherwise always */
	uint32_t broadcasts; /* copies of one broadcast, at most */
};

/* Everything as the documents of this program say, and nothing of this host. */
struct forward_settings forward_settings_default(void);

enum forward_output_kind {
	/* A whole outer packet, to be sent as it is. */
	FORWARD_OUTER,
	/* An ICMP error of ours, to be sent to its destination by the host's routes. */
	FORWARD_ICMP,
	/* A packet to be routed as one that arrives: the host counts the hop. With
	 * `on_link`: to be sent to the home link as it is, the hop being counted. */
	FORWARD_INNER,
	/* A packet for this host itself. */
	FORWARD_HOST,
	/* No packet: `port` is where the UDP tunnel of that binding goes (RFC 3519 section
	 * 4.6), which has none yet. The FORWARD_OUTER of the same call answer the keepalive
	 * that says so, and may be sent when the table has the port. */
	FORWARD_PORT,
};

/* Borrowed for the call of `emit`. */
struct forward_output {
	enum forward_output_kind kind;
	struct span packet;
	uint32_t realm;
	struct in_addr home; /* FORWARD_OUTER, FORWARD_PORT: of whom; else 0 */
	struct in_addr care_of;
	struct in_addr endpoint;
	uint16_t port;
	uint8_t group;
	bool on_link;
	/* FORWARD_INNER with on_link: the network whose link it is. Otherwise NULL. */
	const struct forward_network *network;
};

#define FORWARD_ROOM TUNNEL_ENTRY_ROOM

/* Room to work in; one for each thread. */
struct forward_buffers {
	uint8_t packet[FORWARD_ROOM];   /* the packet, its hop counted */
	uint8_t inner[2][FORWARD_ROOM]; /* what came out of a tunnel, and out of a tunnel in it */
	uint8_t probe[2][FORWARD_ROOM]; /* the same, to see how deep it goes */
	uint8_t piece[FORWARD_ROOM];    /* a fragment */
	uint8_t nested[FORWARD_ROOM];   /* an answer, or a broadcast in a packet for one */
	uint8_t outer[FORWARD_ROOM];
	uint8_t error[1024];
};

struct forward_context {
	const struct forward_settings *settings;
	struct tunnels *tunnels;
	struct soft *soft;
	struct forward_buffers *buffers;
	uint64_t now_ns;
	void *context; /* of the callbacks */
	/* Whether this node may forward for a group now (the fence). */
	bool (*may_forward)(void *context, uint8_t group);
	/* Whether it is this node that attracts packets of a group now. Of those that may
	 * forward all hear a home link, and this one alone spreads what it hears. NULL: it
	 * is. */
	bool (*may_attract)(void *context, uint8_t group);
	void (*emit)(void *context, const struct forward_output *output);
	/* NULL in operation: told in sentences, without a full stop, why what happens
	 * happens. Borrowed for the call. */
	void (*note)(void *context, const char *sentence);
	/* Of what is given to forward_tunnel: so many packets it is, with so many octets inside
	 * of the tunnel; 0: one. See forward_leaves_whole. */
	uint32_t parts, parts_octets;
	/* Only say what would happen: no counter moves and no soft state. */
	bool trial;
};

struct forward_verdict {
	enum forward_reason reason; /* how it ended */
	uint32_t outputs;           /* calls of `emit` */
	uint64_t happened;          /* FORWARD_BIT of all that happened, the end included */
};

/* How a packet came here. */
enum forward_arrival {
	FORWARD_FROM_WIRE, /* as it was on the wire: its hop is to be counted */
	FORWARD_ROUTED,    /* by the host's routes, which counted the hop */
	FORWARD_FROM_HOST, /* likewise, and this host made it */
};

/* A packet to an address of a home network. Bound: a copy for each binding. Not bound:
 * to the home link, or host unreachable where there is none. What is for this host is
 * nobody's else, whoever may be bound at its address; one that the routes did not keep
 * here another member has now. */
struct forward_verdict forward_home(const struct forward_context *context, uint32_t realm,
                                    struct span packet, enum forward_arrival arrival);

/* A packet of protocol 4, 47 or 55, or of UDP, to a home agent address: from a reverse
 * tunnel. Whole: a raw socket has put its fragments together. */
struct forward_verdict forward_tunnel(const struct forward_context *context, struct span packet);

/* The same for a datagram of a UDP socket whose first octet is TUNNEL_UDP_DATA. `outer`:
 * as for tunnel_unwrap_datagram; an identification of 0 is not known, and minimal
 * encapsulation's packet gets another one. */
struct forward_verdict forward_datagram(const struct forward_context *context,
                                        const struct ip4 *outer, uint16_t source_port,
                                        uint16_t destination_port, struct span payload);

/* Whether a packet from a reverse tunnel to there only has its headers looked at and goes
 * on by the host's routes, or to the host: then several may come as one. */
bool forward_leaves_whole(const struct forward_context *context, uint32_t realm,
                          struct in_addr destination);

/* A whole packet with an ICMP error to a home agent address (RFC 2003 section 4). */
struct forward_verdict forward_icmp(const struct forward_context *context, struct span packet);

/* On which home link a packet to many is heard, as its addresses say; NULL: on none. */
const struct forward_network *forward_heard_on(const struct forward_settings *settings,
                                               const struct ip4 *ip);

/* A broadcast or multicast as it was on a home link: copies for the mobile nodes of that
 * network that asked for them. `network` is one of the settings'. */
struct forward_verdict forward_broadcast(const struct forward_context *context,
                                         const struct forward_network *network, struct span packet);

#endif
