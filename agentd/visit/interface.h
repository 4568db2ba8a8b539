/* interface.h - an interface on which the agent advertises itself: which index and addresses it has
 * now, and the socket on which mobile nodes are heard there.
 *
 * One thread, which needs CAP_NET_RAW for interface_look.
 *
 * May include: agentd/dataplane, agentd/base. */
#ifndef AGENTD_VISIT_INTERFACE_H
#define AGENTD_VISIT_INTERFACE_H

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/home_network.h"

#define INTERFACE_ADDRESSES_MAX 8u

struct interface_address {
	struct in_addr address;
	uint8_t prefix_length;
};

/* Of an AF_INET row of getifaddrs(); without a netmask of one address alone. */
struct interface_address interface_address_of(const struct ifaddrs *row);
/* The other address is of the same network. */
bool interface_address_is_beside(const struct interface_address *of, struct in_addr address);

struct interface {
	char name[HOME_NETWORK_INTERFACE_MAX];
	unsigned index; /* 0 = it is not there, is down, or has no address */
	int socket;     /* hears what mobile nodes say to agents there; -1 while there is none */
	struct interface_address addresses[INTERFACE_ADDRESSES_MAX]; /* in the kernel's order */
	uint8_t address_count;
	struct in_addr kept; /* the caller's: an address that is among them wherever it is there */
	bool overflows;      /* there are more of them */
};

enum interface_news {
	INTERFACE_SAME,
	INTERFACE_CAME,
	INTERFACE_WENT,
	INTERFACE_CHANGED, /* its addresses; or it is another interface of the same name */
};

void interface_init(struct interface *interface, const char *name);

/* Look at the host's interfaces as getifaddrs() lists them. What has gone has a closed
 * socket, what has come an open one; where that cannot be opened the log says so, seldom,
 * and the link is not there. Of more than INTERFACE_ADDRESSES_MAX addresses the first count,
 * and the one that is to be kept; the log says so once. */
enum interface_news interface_look(struct interface *interface, const struct ifaddrs *list);

bool interface_has_address(const struct interface *interface, struct in_addr address);

/* Of an address of the interface: how long the prefix of its network is, by the shortest of those
 * that the host has there; an address that moves comes without one. */
uint8_t interface_prefix_of(const struct interface *interface, struct in_addr address);

/* The host has one of the links' networks: an address that is at home there. */
bool interface_is_on_network(const struct interface *interface, struct in_addr address);

void interface_close(struct interface *interface);

#endif
