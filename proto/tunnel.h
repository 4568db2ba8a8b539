/* tunnel.h - tunnels of Mobile IP: IP in IP (RFC 2003), minimal encapsulation (RFC
 * 2004), GRE (RFC 2784, 2890), and each of them inside UDP (RFC 3519).
 *
 * A packet goes in, a packet comes out, both the caller's. Ports, keys and lengths are
 * in host order, addresses in network order. Fragments of an outer packet must have
 * been put together before, as a raw socket does.
 *
 * May include: proto/cursor.h, proto/ip4.h, agentd/base. */
#ifndef PROTO_TUNNEL_H
#define PROTO_TUNNEL_H

#include "agentd/base/binding.h"
#include "proto/ip4.h"

#define TUNNEL_OVERHEAD_MAX 48u /* GRE with all fields, inside UDP */
#define TUNNEL_UDP_PORT 434u    /* the home agent's, RFC 3519 section 3.3 */
#define TUNNEL_UDP_DATA 4u      /* type of a message that carries a packet */

/* The two ends of a tunnel and what it is made of. */
struct tunnel_end {
	struct in_addr local, remote;
	uint16_t local_port, remote_port; /* of UDP */
	uint8_t encapsulation;            /* enum encapsulation */
	bool udp;
	/* Of GRE: what is sent. A receiver takes what it understands. */
	bool has_checksum, has_key, has_sequence;
	uint32_t key;
};

/* Of the outer header, what belongs to the packet. Minimal encapsulation keeps the
 * inner packet's own and looks at none of these, except for what it cannot carry. */
struct tunnel_outer {
	uint8_t ttl;
	uint8_t tos;
	bool df; /* set in any case where the inner packet's is, RFC 2003 section 3.1 */
	uint16_t id;
	uint32_t sequence; /* of GRE */
};

/* How `inner` is put into the tunnel: minimal encapsulation cannot carry fragments (RFC
 * 2004 section 3), nor packets with a source route still before them, which would
 * follow it on the outside; IP in IP takes these. */
enum encapsulation tunnel_encapsulation(const struct tunnel_end *end, const struct ip4 *inner);

/* Octets that tunnel_wrap adds to `inner`, for a fragment of it maybe others: ask with `mf`
 * set. TUNNEL_OVERHEAD_MAX for an encapsulation that is none. */
size_t tunnel_overhead(const struct tunnel_end *end, const struct ip4 *inner);

/* Write the outer packet behind what `out` has; `inner` lies elsewhere. Its TTL is the
 * caller's to decrement, before. Nothing is written unless HA_OK is returned.
 * HA_E_TRUNCATED, HA_E_MALFORMED: `inner` as ip4_read. HA_E_RANGE: its TTL is 0 (RFC 2003
 * section 3.1), the sum exceeds 65535 octets, or a UDP port is 0. HA_E_UNSUPPORTED: no such
 * encapsulation. HA_E_NOSPACE. */
enum ha_error tunnel_wrap(const struct tunnel_end *end, const struct tunnel_outer *outer,
                          struct span inner, struct writer *out);

/* X(symbol, error, text): what can be wrong with a packet from a tunnel. */
#define TUNNEL_FAULTS(X)                                                                           \
	X(TUNNEL_NO_FAULT, HA_OK, "none")                                                          \
	X(TUNNEL_OUTER_BROKEN, HA_E_MALFORMED, "its IP header is broken or cut off")               \
	X(TUNNEL_OUTER_FRAGMENT, HA_E_UNSUPPORTED, "it is a fragment of an outer packet")          \
	X(TUNNEL_NO_TUNNEL, HA_E_NOTFOUND, "it is not of a tunnel protocol")                       \
	X(TUNNEL_CUT, HA_E_TRUNCATED, "it ends before the tunnel's header does")                   \
	X(TUNNEL_UDP_BROKEN, HA_E_MALFORMED, "its UDP length or checksum is wrong")                \
	X(TUNNEL_GRE_FLAGS, HA_E_UNSUPPORTED, "its GRE header is of another version or kind")      \
	X(TUNNEL_GRE_CHECKSUM, HA_E_MALFORMED, "its GRE checksum is wrong")                        \
	X(TUNNEL_GRE_PAYLOAD, HA_E_UNSUPPORTED, "GRE carries something else than IPv4")            \
	X(TUNNEL_MINIMAL_CHECKSUM, HA_E_MALFORMED, "the checksum of the minimal header is wrong")  \
	X(TUNNEL_INNER_BROKEN, HA_E_MALFORMED, "the IP header inside is broken or cut off")        \
	X(TUNNEL_INNER_DEAD, HA_E_RANGE, "the TTL inside is 0")                                    \
	X(TUNNEL_NO_ROOM, HA_E_NOSPACE, "it is larger than the buffer for it")

enum tunnel_fault {
#define X(symbol, error, text) symbol,
	TUNNEL_FAULTS(X)
#undef X
};

/* Static string, never NULL. Follows "a packet from a tunnel is dropped: ". */
const char *tunnel_fault_text(enum tunnel_fault fault);

struct tunnel_unwrapped {
	struct ip4 outer;
	uint16_t source_port, destination_port; /* 0 without UDP */
	uint8_t encapsulation;                  /* enum encapsulation */
	bool udp;
	bool has_checksum, has_key, has_sequence; /* of GRE */
	uint32_t key, sequence;
	struct span inner; /* a whole packet, in `packet` or, if minimal, in `scratch` */
	struct ip4 ip;     /* its header; options borrowed from it */
	enum tunnel_fault fault;
};

/* Take the packet out of a tunnel. Whether the tunnel is one of ours, and agreed upon,
 * is tunnel_matches'. `scratch` takes a packet that was encapsulated minimally, behind
 * what it has already, and lies elsewhere than `packet`. On error *out has `fault`, and what was read before it. For
 * UDP any port will do: RFC 3519 messages of another type than data are
 * TUNNEL_NO_TUNNEL. Errors: those of TUNNEL_FAULTS. */
enum ha_error tunnel_unwrap(struct span packet, struct writer *scratch,
                            struct tunnel_unwrapped *out);

/* The same for the payload of a datagram, as it comes from a UDP socket. `outer` has
 * what is known of its header: source and destination, and for minimal encapsulation
 * TTL, TOS, id and DF, which the packet inside inherits. The sizes in it are not looked at. */
enum ha_error tunnel_unwrap_datagram(const struct ip4 *outer, uint16_t source_port,
                                     uint16_t destination_port, struct span payload,
                                     struct writer *scratch, struct tunnel_unwrapped *out);

/* Whether the packet came through that tunnel: from its remote end to its local one,
 * ports included (RFC 3519 section 4.3), with the encapsulation and the key agreed upon
 * (RFC 3024 section 4, RFC 3519 section 3.3). Nothing comes through one inside UDP whose
 * remote port is 0, being not known yet. */
bool tunnel_matches(const struct tunnel_end *end, const struct tunnel_unwrapped *packet);

/* What an ICMP error quotes of a packet that was sent into a tunnel. Routers quote as
 * little as 8 octets behind the outer header. */
struct tunnel_quoted {
	struct ip4 outer;                       /* source: our end; destination: the other; id */
	uint16_t source_port, destination_port; /* 0 without UDP */
	uint8_t encapsulation; /* enum encapsulation; unless `udp` and no `has_encapsulation` */
	bool udp;
	bool has_encapsulation; /* false: quoted up to the UDP header */
	bool has_inner;         /* the whole header inside was quoted */
	bool has_id;            /* else: at least its id */
	bool has_destination;   /* else: at least its destination */
	uint16_t id;
	struct in_addr destination;
	struct span
		inner; /* if has_inner: header and what was quoted behind, borrowed or in scratch */
	struct ip4 ip; /* likewise, as ip4_read_quoted */
};

/* HA_E_TRUNCATED: not even the outer header and 8 octets are there. HA_E_MALFORMED: what
 * is there was not written by tunnel_wrap. HA_E_NOTFOUND: not of a tunnel protocol.
 * HA_E_UNSUPPORTED: about a fragment other than the first. HA_E_NOSPACE: `scratch`. */
enum ha_error tunnel_quote(struct span quoted, struct writer *scratch, struct tunnel_quoted *out);

#endif
