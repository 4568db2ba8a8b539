/* visit_forward.h - what becomes of a packet at a foreign agent, pure, in the manner of
 * forward.h: a packet goes in; out come a verdict and, through a callback, packets to be
 * sent.
 *
 * To visitors: out of a tunnel, if it is their home agent's (RFC 5944 section 4.2.2), and
 * from here to their link address. From visitors: into their reverse tunnel (RFC 3024
 * section 5), or on by the host's routes. A home agent's broadcast is in a packet to the
 * home address, and goes to the visitor as that (RFC 5944 section 4.3).
 *
 * May include: agentd/dataplane/visit_table.h, visit_reasons.h, soft.h, tunnel_entry.h,
 * proto, agentd/base. */
#ifndef AGENTD_DATAPLANE_VISIT_FORWARD_H
#define AGENTD_DATAPLANE_VISIT_FORWARD_H

#include "agentd/dataplane/soft.h"
#include "agentd/dataplane/tunnel_entry.h"
#include "agentd/dataplane/visit_reasons.h"
#include "agentd/dataplane/visit_table.h"

#define VISIT_FORWARD_NONCE 16u /* octets of a keepalive that nobody guesses */

/* A link that is visited. */
struct visit_forward_link {
	unsigned index;
	struct in_addr address;           /* of this host, there */
	uint16_t mtu;                     /* 0: as many octets as come */
	bool routes;                      /* for everybody, not for visitors only */
	struct address_prefixes networks; /* of the link; who is no visitor has an address there */
};

/* Borrowed by a context, and constant while it is. */
struct visit_forward_settings {
	const struct in_addr *care_of; /* the outer source of reverse tunnels */
	size_t care_of_count;
	const struct in_addr *own; /* addresses of this host, the above included */
	size_t own_count;
	const struct visit_forward_link *links;
	size_t link_count;
	uint16_t link_mtu;  /* octets that a packet into a tunnel can have */
	uint16_t mtu_floor; /* below it, no ICMP error about a tunnel's MTU is believed */
	uint16_t udp_port;  /* of our end of UDP tunnels */
	uint8_t nesting;    /* tunnels that a packet may be in already are fewer */
	uint8_t ttl;        /* of outer headers, and of what is sent from here */
	bool df_copied;     /* DF outside only where it is inside; otherwise always */
	uint8_t nonce[VISIT_FORWARD_NONCE];
};

/* Everything as the documents of this program say, and nothing of this host. */
struct visit_forward_settings visit_forward_settings_default(void);

enum visit_forward_output_kind {
	/* A whole outer packet, to be sent as it is. */
	VISIT_FORWARD_OUTER,
	/* To the link address of a visitor, as it is: its hop is counted. */
	VISIT_FORWARD_LINK,
	/* To be routed as one that arrives: the host counts the hop. */
	VISIT_FORWARD_ROUTED,
	/* An ICMP error of ours, to be sent to its destination by the host's routes. */
	VISIT_FORWARD_ICMP,
};

/* Borrowed for the call of `emit`. */
struct visit_forward_output {
	enum visit_forward_output_kind kind;
	struct span packet;
	struct in_addr endpoint; /* VISIT_FORWARD_OUTER: exit of the tunnel */
	unsigned interface;      /* VISIT_FORWARD_LINK */
	uint8_t link[LINK_ADDRESS_OCTETS];
};

/* Room to work in; one for each thread. */
struct visit_forward_buffers {
	uint8_t packet[TUNNEL_ENTRY_ROOM]; /* its hop counted */
	uint8_t inner[2][TUNNEL_ENTRY_ROOM];
	uint8_t probe[2][TUNNEL_ENTRY_ROOM];
	uint8_t piece[TUNNEL_ENTRY_ROOM];
	uint8_t outer[TUNNEL_ENTRY_ROOM];
	uint8_t error[1024];
};

struct visit_forward_context {
	const struct visit_forward_settings *settings;
	struct visit_table *table;
	struct soft *soft;
	struct visit_forward_buffers *buffers;
	uint64_t now_ns;
	void *context; /* of the callbacks */
	/* Whether this node may carry packets now (the fence). */
	bool (*may_forward)(void *context);
	void (*emit)(void *context, const struct visit_forward_output *output);
	/* NULL in operation: told in sentences, without a full stop, why what happens
	 * happens. Borrowed for the call. */
	void (*note)(void *context, const char *sentence);
	/* Only say what would happen: no counter moves and no soft state. */
	bool trial;
};

struct visit_forward_verdict {
	enum visitor_reason reason; /* how it ended */
	uint32_t outputs;           /* calls of `emit` */
	uint64_t happened;          /* VISITOR_BIT of all that happened, the end included */
};

/* A packet of protocol 4, 47 or 55, or of UDP, to an address of ours that came by that
 * interface (0: not known): from a home agent, or encapsulated by a visitor for us to pass
 * it on. Whole: a raw socket has put its fragments together. */
struct visit_forward_verdict visit_forward_from_tunnel(const struct visit_forward_context *context,
                                                       struct span packet, unsigned interface);

/* A packet that was sent to the link address of this host on a visited link, from `link`. */
struct visit_forward_verdict visit_forward_from_link(const struct visit_forward_context *context,
                                                     struct span packet, unsigned interface,
                                                     const uint8_t link[LINK_ADDRESS_OCTETS]);

/* A whole packet with an ICMP error to a care-of address (RFC 2003 section 4): what it says
 * of a reverse tunnel, and to the visitor. */
struct visit_forward_verdict visit_forward_from_icmp(const struct visit_forward_context *context,
                                                     struct span packet);

/* Keep the visitor's UDP tunnel alive: an echo request in it, from the home address to the
 * home agent (RFC 3519 section 4.9). */
struct visit_forward_verdict visit_forward_keep_alive(const struct visit_forward_context *context,
                                                      const struct visit_found *visitor);

#endif
