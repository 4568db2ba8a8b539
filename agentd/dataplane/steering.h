/* steering.h - a device and a routing table of ours, to which rules lead packets: what is the
 * same for whoever has them led there. The kernel takes the routes away with the device; the
 * rules stay behind a process that was killed, and so do routes to nowhere. A table without
 * these is then empty, and packets go on by the rules behind.
 *
 * May include: agentd/dataplane/netlink.h, agentd/base. */
#ifndef AGENTD_DATAPLANE_STEERING_H
#define AGENTD_DATAPLANE_STEERING_H

#include "agentd/dataplane/netlink.h"

/* Take away all rules that lead to the table, and its routes; `told`: in the log, if there
 * were any. */
enum ha_error steering_clear(struct netlink *netlink, uint32_t table, bool told, char *report,
                             size_t size);

/* Put our device up, for packets of any size that come from anywhere and are forwarded; where
 * rp_filter of all interfaces is not 0, from where this host has any route to. Its index to
 * *link. */
enum ha_error steering_device(struct netlink *netlink, const char *device, unsigned *link);

/* Take rules and routes away; what fails is in the log. */
void steering_end(struct netlink *netlink, uint32_t table);

/* Does a link forward? 0: any of them. Also when that cannot be known. */
bool steering_forwards(struct netlink *netlink, unsigned link);
/* Let packets come by a link from anywhere. Where all interfaces are strict, a loose one of its own
 * takes precedence. */
enum ha_error steering_loosen(struct netlink *netlink, unsigned link);
/* Does it drop what comes from where it would not send to (rp_filter of 1)? */
bool steering_is_strict(struct netlink *netlink, unsigned link);

#endif
