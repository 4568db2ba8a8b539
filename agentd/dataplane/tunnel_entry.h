/* tunnel_entry.h - how a packet goes into a tunnel, whichever agent's it is: what fits goes
 * in, what does not is fragmented before it does, or its sender is to be told (RFC 2003
 * sections 3.1 and 5). Pure: what is known of the way comes from soft.h.
 *
 * May include: agentd/dataplane/soft.h, proto, agentd/base. */
#ifndef AGENTD_DATAPLANE_TUNNEL_ENTRY_H
#define AGENTD_DATAPLANE_TUNNEL_ENTRY_H

#include "agentd/dataplane/soft.h"
#include "proto/tunnel.h"

#define TUNNEL_ENTRY_ROOM (IP4_TOTAL_MAX + 1u)

/* A tunnel as it is at its entry. Borrowed for the call. */
struct tunnel_entry {
	struct tunnel_end end;
	struct soft *soft;
	uint64_t now_ns;
	uint32_t realm;    /* of the packets, to be remembered by */
	uint16_t link_mtu; /* octets that a packet to be sent can have */
	uint8_t ttl;       /* of outer headers */
	bool df_copied;    /* DF outside only where it is inside; otherwise always */
	bool trial;        /* soft state stays as it is, and identifications are 0 */
	uint8_t *piece;    /* rooms of TUNNEL_ENTRY_ROOM octets: a fragment, */
	uint8_t *outer;    /* and what is sent */
	/* A whole outer packet, borrowed for the call. */
	void (*emit)(void *context, struct span outer);
	void *context;
};

enum tunnel_entered {
	TUNNEL_WENT_IN,
	TUNNEL_TOO_BIG,  /* for the first link, and it must not be fragmented */
	TUNNEL_UNCUT,    /* it cannot be fragmented */
	TUNNEL_TOO_LONG, /* with the outer header it would exceed 65535 octets */
};

struct tunnel_entry_result {
	enum tunnel_entered what;
	bool fragmented;
	bool broken;  /* the tunnel is known not to work; what went in went in all the same */
	uint16_t mtu; /* not 0: the sender must make do with that */
};

/* What such a tunnel takes, in octets of the outer packet. */
uint16_t tunnel_entry_mtu(const struct tunnel_entry *entry);

/* `ip` is the header of `packet`, whose hop is counted, if it is one. The packet lies in
 * none of the rooms. */
struct tunnel_entry_result tunnel_enter(const struct tunnel_entry *entry, struct span packet,
                                        const struct ip4 *ip);

/* Can the packet be one of a tunnel: protocol 4, 47, 55, or UDP from or to that port? */
bool tunnel_is_one(uint16_t udp_port, struct span packet, const struct ip4 *ip);

/* Is it in so many tunnels already? A loop that no check sees grows by a tunnel each time it
 * comes round. What is found inside is looked at in two rooms of TUNNEL_ENTRY_ROOM octets. */
bool tunnel_is_too_deep(uint16_t udp_port, unsigned nesting, uint8_t room[2][TUNNEL_ENTRY_ROOM],
                        struct span packet, struct ip4 ip);

/* Of two rooms the one that `packet` is not in, for what comes out of it. */
struct writer tunnel_room(uint8_t room[2][TUNNEL_ENTRY_ROOM], struct span packet);

#endif
