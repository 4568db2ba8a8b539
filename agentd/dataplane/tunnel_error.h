/* tunnel_error.h - ICMP errors from inside of tunnels, whichever agent's (RFC 2003 sections 4
 * and 5): what they say about the tunnel, and what the sender of the packet is told. Pure.
 *
 * May include: agentd/dataplane/complaint.h, soft.h, proto, agentd/base. */
#ifndef AGENTD_DATAPLANE_TUNNEL_ERROR_H
#define AGENTD_DATAPLANE_TUNNEL_ERROR_H

#include "agentd/dataplane/complaint.h"
#include "proto/tunnel.h"

enum tunnel_lesson {
	TEACHES_NOTHING,
	TEACHES_BROKEN,
	TEACHES_BROKEN_PORT, /* of UDP; there is none in other tunnels */
	TEACHES_MTU,
	TEACHES_LENGTH,
};

enum tunnel_telling {
	TELLS_NOBODY,
	TELLS_HOST,    /* host unreachable */
	TELLS_NETWORK, /* network unreachable, or host if the network is the agent's own */
	TELLS_MTU,     /* fragmentation needed, less what the tunnel adds */
	TELLS_POINTER, /* parameter problem, where the field was the sender's */
};

struct tunnel_error_rule {
	uint8_t type;
	uint8_t code;
	uint8_t lesson;  /* enum tunnel_lesson */
	uint8_t telling; /* enum tunnel_telling */
};

/* Who is told of it. */
struct tunnel_error_facts {
	struct in_addr local; /* our end of the tunnel, to which the error is addressed */
	struct soft *soft;
	uint64_t now_ns;
	uint16_t udp_port;  /* of our end of UDP tunnels */
	uint16_t mtu_floor; /* below it, no error about an MTU is believed */
	uint8_t ttl;        /* of outer headers */
	bool trial;         /* soft state stays as it is */
};

/* An error, the packet that it is about, and the one that was in that. */
struct tunnel_error {
	const struct tunnel_error_rule *rule; /* NULL: nothing follows from it */
	struct icmp4 icmp;
	struct tunnel_quoted quoted;
	struct soft_sent sent;
	bool recalled;        /* as `sent` */
	uint16_t mtu;         /* of the tunnel now, if that is what it is about */
	struct span original; /* as much of the packet inside as is known; empty: nothing */
	struct ip4 ip;        /* its header */
};

/* `ip` is the header of `packet`. *out borrows from both, from `room` and from itself, so it
 * is not copied. HA_E_NOTFOUND: not about a packet from a tunnel of ours. HA_E_MALFORMED:
 * broken or cut off. Otherwise *out has what was quoted, and what is remembered of the
 * packet: anybody can write an error, so that one is believed that is `recalled`, or about
 * what the caller would send there. */
enum ha_error tunnel_error_read(const struct tunnel_error_facts *facts, struct span packet,
                                const struct ip4 *ip, struct writer *room,
                                struct tunnel_error *out);

/* With a rule: nothing is learnt from it, nor told. */
bool tunnel_error_is_silent(const struct tunnel_error *error);
/* Does it tell of a smaller MTU than is believed? */
bool tunnel_error_is_doubtful(const struct tunnel_error_facts *facts,
                              const struct tunnel_error *error);
void tunnel_error_learn(const struct tunnel_error_facts *facts, struct tunnel_error *error);
/* After that: what the sender of `original` is to be told. `own_network`: its destination is
 * of a network of the agent's own. false: nothing. */
bool tunnel_error_complaint(const struct tunnel_error_facts *facts,
                            const struct tunnel_error *error, bool own_network,
                            struct complaint *out);

#endif
