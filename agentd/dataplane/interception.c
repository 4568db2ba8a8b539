/* interception.c - rules and routes for home networks. */
#include "agentd/dataplane/interception.h"

#include <stdio.h>

#include "agentd/dataplane/steering.h"

#define PROBES 8u /* addresses of a network that are tried for one that is nobody's */

/* Where there is no link, a packet that does not come to us must not go by the default
 * route, from where it would come back. */
static enum ha_error put_network(const struct interception *i, struct netlink *netlink,
                                 const struct home_network *network, unsigned link)
{
	const struct address_prefix prefix = home_network_prefix(network);
	const struct netlink_rule rule = {
		.to = prefix,
		.priority = i->priority,
		.table = i->table,
		.mark = i->mark,
	};
	enum ha_error why = netlink_route_put(netlink, i->table, prefix, link);

	if (why == HA_OK && network->kind == HOME_NETWORK_VIRTUAL)
		why = netlink_route_nowhere(netlink, i->table, prefix, 0);
	return why == HA_OK ? netlink_rule_add(netlink, &rule) : why;
}

static enum ha_error put_members_aside(const struct interception *i, struct netlink *netlink,
                                       char *report, size_t size)
{
	enum ha_error why = HA_OK;

	for (size_t n = 0; n < CLUSTER_MEMBERS_MAX && why == HA_OK; n++) {
		const struct cluster_member *member = &i->members[n];

		if (!cluster_member_is_given(member))
			continue;
		why = netlink_route_aside(netlink, i->table, member->address);
		if (why != HA_OK)
			ha_refuse(
				report, size, why,
				"cluster.member-%zu: its address cannot be kept out of table %u: %s",
				n + 1, i->table, netlink_trouble(netlink));
	}
	return why;
}

static enum ha_error put_all(const struct interception *i, struct netlink *netlink, char *report,
                             size_t size)
{
	unsigned link = 0;
	enum ha_error why;

	why = steering_device(netlink, i->device, &link);
	if (why != HA_OK)
		return ha_refuse(report, size, why, "device %s cannot be set up: %s", i->device,
		                 netlink_trouble(netlink));
	why = put_members_aside(i, netlink, report, size);
	for (size_t n = 0; n < HOME_NETWORKS_MAX && why == HA_OK; n++) {
		const struct home_network *network = &i->networks[n];

		if (!home_network_is_given(network))
			continue;
		why = put_network(i, netlink, network, link);
		if (why != HA_OK)
			ha_refuse(report, size, why,
			          "home-networks.network-%zu: a route to %s/%u, or a rule for it, "
			          "cannot be made: %s",
			          n + 1, address_format(network->network).text, network->length,
			          netlink_trouble(netlink));
	}
	if (why != HA_OK)
		interception_end(i, netlink);
	return why;
}

enum ha_error interception_again(const struct interception *i, struct netlink *netlink,
                                 char *report, size_t size)
{
	enum ha_error why = steering_clear(netlink, i->table, false, report, size);

	return why == HA_OK ? put_all(i, netlink, report, size) : why;
}

enum ha_error interception_begin(const struct interception *i, struct netlink *netlink,
                                 char *report, size_t size)
{
	enum ha_error why = steering_clear(netlink, i->table, true, report, size);

	return why == HA_OK ? put_all(i, netlink, report, size) : why;
}

void interception_end(const struct interception *i, struct netlink *netlink)
{
	steering_end(netlink, i->table);
}

/* ---- what is in the way ---- */

static bool is_among(const struct in_addr *list, size_t count, struct in_addr address)
{
	for (size_t i = 0; i < count; i++)
		if (address_equal(list[i], address))
			return true;
	return false;
}

static bool is_member(const struct interception *i, struct in_addr address)
{
	for (size_t n = 0; n < CLUSTER_MEMBERS_MAX; n++)
		if (cluster_member_is_given(&i->members[n]) &&
		    address_equal(i->members[n].address, address))
			return true;
	return false;
}

/* One address of a network that is to be led to us; false: none was found. */
static bool probe_of(const struct interception *i, const struct address_prefix *prefix,
                     const struct in_addr *own, size_t own_count, struct in_addr *out)
{
	uint32_t most = UINT32_MAX >> prefix->length % 32;

	if (prefix->length == 32)
		most = 0;
	for (uint32_t n = most > 1; n <= most && n <= PROBES; n++) {
		out->s_addr = htonl(address_host(prefix->network) + n);
		if (!is_among(own, own_count, *out) && !is_member(i, *out))
			return true;
	}
	return false;
}

bool interception_is_whole(const struct interception *i, struct netlink *netlink,
                           const struct in_addr *own, size_t own_count, char *out, size_t size)
{
	struct netlink_link device;

	*out = '\0';
	if (netlink_find(netlink, i->device, &device) != HA_OK) {
		snprintf(out, size, "the device %s is gone", i->device);
		return false;
	}
	for (size_t n = 0; n < HOME_NETWORKS_MAX; n++) {
		const struct address_prefix prefix = home_network_prefix(&i->networks[n]);
		struct in_addr probe;
		unsigned link;

		if (!home_network_is_given(&i->networks[n]) ||
		    !probe_of(i, &prefix, own, own_count, &probe) ||
		    netlink_way(netlink, probe, &link) != HA_OK || link == device.index)
			continue;
		snprintf(out, size,
		         "packets for home-networks.network-%zu are not led to %s: rule %u or a "
		         "route of table %u is missing, or another one goes before it",
		         n + 1, i->device, i->priority, i->table);
		return false;
	}
	return true;
}

/* ---- what stands in the way ---- */

bool interception_doubt(const struct interception *i, struct netlink *netlink, char *out,
                        size_t size)
{
	if (!steering_forwards(netlink, 0)) {
		snprintf(out, size,
		         "net.ipv4.ip_forward is 0: this host forwards nothing, neither to mobile "
		         "nodes nor from them; set it to 1");
		return true;
	}
	for (size_t n = 0; n < HOME_NETWORKS_MAX; n++) {
		const char *interface = i->networks[n].interface;
		struct netlink_link link;

		if (!*interface)
			continue;
		if (netlink_find(netlink, interface, &link) != HA_OK) {
			snprintf(out, size,
			         "home-networks.network-%zu: there is no interface %s now", n + 1,
			         interface);
			return true;
		}
		if (steering_is_strict(netlink, link.index)) {
			snprintf(out, size,
			         "net.ipv4.conf.%s.rp_filter is 1, or that of all: what nodes at "
			         "home there send is dropped, as the way to them leads through "
			         "agentd; set it to 2",
			         interface);
			return true;
		}
		if (!steering_forwards(netlink, link.index)) {
			snprintf(out, size,
			         "net.ipv4.conf.%s.forwarding is 0: what comes in there for mobile "
			         "nodes is not forwarded; set it to 1",
			         interface);
			return true;
		}
	}
	*out = '\0';
	return false;
}
