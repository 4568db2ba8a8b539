/* merged_socket.h - what the kernel knows of packets from tunnels that are really several
 * (proto/segments.h): into what they are to be cut. A raw socket hands them out as one,
 * and does not say it; a packet socket does, of which the beginning of each is enough.
 *
 * May include: proto/segments.h, agentd/base. */
#ifndef AGENTD_DATAPLANE_MERGED_SOCKET_H
#define AGENTD_DATAPLANE_MERGED_SOCKET_H

#include <netinet/in.h>
#include <stdbool.h>

#include "agentd/base/error.h"
#include "proto/segments.h"

#define MERGED_KEY 40u /* octets */

/* What is known of one. */
struct merged_note {
	uint8_t key[MERGED_KEY]; /* the inner header and what follows it */
	uint16_t size;           /* octets of data in each but the last; 0: it is one */
	bool begun;  /* its checksum is; else it is complete, and looks like this by chance */
	bool marked; /* as in struct segments */
};

/* Hears of those to `agent` whose checksum is, or seems to be, only begun. A descriptor
 * that does not block, or -1 with *why. Needs CAP_NET_RAW. */
int merged_socket_open(struct in_addr agent, enum ha_error *why);

/* The next one that can be made out. false: none waits. */
bool merged_socket_read(int fd, struct merged_note *out);

/* The packet must be as segments_find took it for one. */
void merged_key(const struct segments *segments, uint8_t key[MERGED_KEY]);

#endif
