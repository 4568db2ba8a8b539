/* visited.h - a link with a foreign agent, on which each mobile node of a load has a link
 * address of its own: frames around messages, and the packet socket that they go by.
 *
 * The agent's link address is that of its first answer; until then frames go to everybody, as
 * a node does that has heard of no agent yet.
 *
 * May include: proto, agentd/base. */
#ifndef AGENTD_LOAD_VISITED_H
#define AGENTD_LOAD_VISITED_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "proto/arp.h"
#include "proto/cursor.h"

#define VISITED_HEADERS 42u /* octets of Ethernet, IP and UDP before a message */
#define VISITED_PORT 10434u /* of all nodes */

struct visited {
	struct in_addr agent; /* to which requests are addressed */
	struct mac agent_mac;
};

void visited_init(struct visited *out, struct in_addr agent);

/* A socket for the interface of that name: it hears what comes to VISITED_PORT, whatever the
 * link address. -1 with *why; HA_E_NOTFOUND: no such interface. */
int visited_open(const char *interface, enum ha_error *why);

/* The message of `size` octets at frame + VISITED_HEADERS gets its headers, of a node with that
 * number. */
void visited_wrap(const struct visited *visited, uint32_t node, struct in_addr home, uint8_t *frame,
                  size_t size);

/* The message in a frame; empty: it is broken. */
struct span visited_unwrap(struct visited *visited, struct span frame);

#endif
