/* link.h - UDP sockets to the agent, in batches: one system call for up to
 * LINK_BATCH datagrams. Nothing here knows what is in them. Or a packet socket, where each
 * mobile node has a link address of its own (visited.h).
 *
 * A connected socket also reports that nobody listens any more; that is a loss
 * like any other and never an error.
 *
 * May include: agentd/load/visited.h, proto, agentd/base. */
#ifndef AGENTD_LOAD_LINK_H
#define AGENTD_LOAD_LINK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "agentd/base/error.h"
#include "agentd/load/visited.h"

#define LINK_BATCH 64u
#define LINK_DATAGRAM_MAX 256u
#define LINK_SOCKETS_MAX 16u

struct link_batch {
	unsigned count;
	struct mmsghdr headers[LINK_BATCH];
	struct iovec pieces[LINK_BATCH];
	uint8_t octets[LINK_BATCH][LINK_DATAGRAM_MAX];
};

struct link {
	bool framed; /* by frames of `visited` */
	struct visited visited;
	unsigned count;
	unsigned turn; /* the socket that sends next */
	int sockets[LINK_SOCKETS_MAX];
	struct link_batch out;
	struct link_batch in;
};

/* Sockets connected to `target`, the first from the address `source` and each
 * from the one after; zero: from where the route says. HA_E_RANGE for a count of 0
 * or too many; HA_E_NOTFOUND for a source that is no address of this host. */
enum ha_error link_open(struct link *out, const struct sockaddr_in *target, struct in_addr source,
                        unsigned count);
/* A packet socket on the interface of that name, to a foreign agent with that address there. Its
 * datagrams are put by link_put_of alone. Errors: as visited_open. */
enum ha_error link_open_visited(struct link *out, const char *interface, struct in_addr agent);
void link_close(struct link *link);

/* Room for the next datagram of link->out, NULL when the batch is full; then
 * its size. */
uint8_t *link_room(struct link *link);
void link_put(struct link *link, size_t size);
/* The same, of the mobile node with that number and home address. */
void link_put_of(struct link *link, size_t size, uint32_t node, struct in_addr home);

/* The next datagram of link->out, which must have room, from octets that stay
 * until link_send. */
void link_put_borrowed(struct link *link, uint8_t *octets, size_t size);

/* Send link->out and empty it. How many could not be sent: those are lost. */
unsigned link_send(struct link *link);

/* Take what socket `i` holds into link->in, without waiting. Returns how many. */
unsigned link_receive(struct link *link, unsigned i);
/* The datagram of that number in link->in. */
struct span link_datagram(struct link *link, unsigned number);

/* Wait until a socket holds something or `wait_ns` have passed. */
void link_wait(struct link *link, uint64_t wait_ns);

/* Let so much time pass, or less if a signal comes. */
void link_pause(uint64_t pause_ns);

#endif
