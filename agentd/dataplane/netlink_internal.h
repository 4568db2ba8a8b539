/* netlink_internal.h - for the files behind netlink.h: a request of rtnetlink and its
 * answers. */
#ifndef AGENTD_DATAPLANE_NETLINK_INTERNAL_H
#define AGENTD_DATAPLANE_NETLINK_INTERNAL_H

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "agentd/dataplane/netlink.h"

struct netlink {
	struct mnl_socket *socket;
	uint32_t sequence;
	int trouble;        /* errno of the last failure */
	char buffer[16384]; /* of the request, then of its answers */
};

/* Note what the kernel said, and the nearest of our errors. */
enum ha_error netlink_fail(struct netlink *netlink, int number);

/* A request in the buffer. */
struct nlmsghdr *netlink_begin(struct netlink *netlink, uint16_t type, uint16_t flags);

/* Send what was begun, and give its answers to `note` until the last one. */
enum ha_error netlink_ask(struct netlink *netlink, const struct nlmsghdr *request, mnl_cb_t note,
                          void *context);

/* Give every address of the host to `note`, which can read it. */
enum ha_error netlink_ask_addresses(struct netlink *netlink, mnl_cb_t note, void *context);
struct netlink_address netlink_address_read(const struct nlmsghdr *answer);

/* Send what was begun, and have it done. */
enum ha_error netlink_tell(struct netlink *netlink, struct nlmsghdr *request);

/* Read a list. One that changed meanwhile is read again. */
enum ha_error netlink_list(struct netlink *netlink,
                           enum ha_error (*read)(struct netlink *netlink, void *context),
                           void *context);

#endif
