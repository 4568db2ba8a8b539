/* ports.h - the UDP sockets of a foreign agent: port 434 of each care-of address, from which
 * requests are relayed and to which home agents answer, and of its addresses on the links, so
 * that the host has no ICMP error for what mobile nodes say there. Packets of tunnels in UDP,
 * which come to the same port (RFC 3519), are left to the data plane.
 *
 * One thread, which needs CAP_NET_BIND_SERVICE for ports_open.
 *
 * May include: proto, agentd/base. */
#ifndef AGENTD_VISIT_PORTS_H
#define AGENTD_VISIT_PORTS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "proto/cursor.h"

#define PORTS_MAX 80u /* care-of addresses, and those of eight links */

struct port {
	struct in_addr address;
	int fd;
};

struct ports {
	struct port at[PORTS_MAX];
	size_t count;
};

/* One more, unless the address is in it already; it need not be here yet. HA_E_INUSE,
 * HA_E_PERMISSION, HA_E_CAPACITY, or the errno's nearest. */
enum ha_error ports_open(struct ports *ports, struct in_addr address);

/* One that was given away; none of the first `keep`, which are care-of addresses. */
void ports_drop(struct ports *ports, size_t keep, size_t i);

/* -1: no such address. */
int ports_find(const struct ports *ports, struct in_addr address);

/* 0, or errno: EHOSTUNREACH, ENETUNREACH and others where the network does not take it,
 * EADDRNOTAVAIL where `from` is not here. */
int ports_send(const struct ports *ports, struct in_addr from, struct in_addr to, uint16_t port,
               struct span message);

/* What came to one. */
struct port_heard {
	struct span message; /* in the caller's room */
	struct in_addr source;
	uint16_t source_port; /* host order */
	unsigned interface;   /* that it came in by, an ICMP error too */
	/* An ICMP error about a message of ours instead: then `message` is that, as much of it
	 * as was quoted, and `source` whom it was for. */
	bool failed;
	uint8_t type, code;
};

/* The next one, errors first. false: none waits. */
bool ports_receive(int fd, uint8_t *room, size_t size, struct port_heard *out);

void ports_close(struct ports *ports);

#endif
