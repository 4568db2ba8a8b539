/* host.h - what of this host the forwarding of packets has to know: its addresses, and
 * how large a packet its links take. Read now and then.
 *
 * May include: agentd/base. */
#ifndef AGENTD_DATAPLANE_HOST_H
#define AGENTD_DATAPLANE_HOST_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/error.h"

#define HOST_ADDRESSES_MAX 256u

struct host {
	struct in_addr addresses[HOST_ADDRESSES_MAX];
	size_t count;
	uint16_t mtu; /* the largest of all links that are up, but for loopback and `device` */
};

/* `agent` is among the addresses in any case, also where another member has it now.
 * `device`: a link of ours that does not count. HA_E_CAPACITY: more addresses than fit,
 * and *out has the first ones; or the errno's nearest, and *out is as it was. */
enum ha_error host_look(struct in_addr agent, const char *device, struct host *out);

/* Octets that a link of that name takes; 0: not known. */
uint16_t host_link_mtu(const char *name);

#endif
