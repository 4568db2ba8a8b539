/* steering.c - see the header. */
#include "agentd/dataplane/steering.h"

#include "agentd/base/log.h"

/* Any packet fits into the device: what is too large for a tunnel is found out, and
 * said, by who knows the tunnel. */
#define DEVICE_MTU 65535u

#define STRICT 1u /* of rp_filter: the way back is the way that it came */
#define LOOSE 2u  /* there is a way back */

/* The IPv4 dummy address (RFC 7600): on an interface without any the kernel takes loose for
 * strict. */
#define DUMMY UINT32_C(0xc0000008)

static enum ha_error clear(struct netlink *netlink, uint32_t table, unsigned *rules,
                           unsigned *routes)
{
	enum ha_error why = netlink_rules_flush(netlink, table, rules);

	*routes = 0;
	return why == HA_OK ? netlink_routes_flush(netlink, table, routes) : why;
}

enum ha_error steering_clear(struct netlink *netlink, uint32_t table, bool told, char *report,
                             size_t size)
{
	unsigned rules, routes;
	enum ha_error why = clear(netlink, table, &rules, &routes);

	if (why != HA_OK)
		return ha_refuse(report, size, why,
		                 "rules and routes of table %u cannot be read or taken away: %s",
		                 table, netlink_trouble(netlink));
	if (told && rules + routes > 0)
		log_notice("%u rules and %u routes of an earlier agentd were cleared away", rules,
		           routes);
	return HA_OK;
}

enum ha_error steering_loosen(struct netlink *netlink, unsigned link)
{
	struct netlink_forwarding all;
	enum ha_error why = netlink_forwarding(netlink, 0, &all);

	return why == HA_OK ? netlink_set(netlink, link, NETLINK_RP_FILTER,
	                                  all.rp_filter == STRICT ? LOOSE : 0)
	                    : why;
}

enum ha_error steering_device(struct netlink *netlink, const char *device, unsigned *link)
{
	const struct in_addr dummy = { htonl(DUMMY) };
	struct netlink_link found;
	enum ha_error why = netlink_find(netlink, device, &found);

	if (why == HA_OK)
		why = netlink_mtu(netlink, found.index, DEVICE_MTU);
	if (why == HA_OK)
		why = netlink_address_inside(netlink, found.index, dummy);
	if (why == HA_OK)
		why = steering_loosen(netlink, found.index);
	if (why == HA_OK)
		why = netlink_set(netlink, found.index, NETLINK_FORWARDING, 1);
	if (why == HA_OK)
		why = netlink_up(netlink, found.index, true);
	*link = found.index;
	return why;
}

void steering_end(struct netlink *netlink, uint32_t table)
{
	unsigned rules, routes;

	if (clear(netlink, table, &rules, &routes) != HA_OK)
		log_warning("rules and routes of table %u cannot be taken away: %s", table,
		            netlink_trouble(netlink));
}

bool steering_forwards(struct netlink *netlink, unsigned link)
{
	struct netlink_forwarding found;

	return netlink_forwarding(netlink, link, &found) != HA_OK || found.forwards;
}

/* The larger number of both holds, and 2 is less strict than 1. */
bool steering_is_strict(struct netlink *netlink, unsigned link)
{
	struct netlink_forwarding all, own;

	return netlink_forwarding(netlink, 0, &all) == HA_OK &&
	       netlink_forwarding(netlink, link, &own) == HA_OK &&
	       (all.rp_filter > own.rp_filter ? all.rp_filter : own.rp_filter) == STRICT;
}
