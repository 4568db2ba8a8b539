/* node_host.c - the host's addresses, routes, rules and neighbours, as the place demands. */
#include "agentd/dataplane/node_host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/log.h"
#include "agentd/dataplane/node_settings.h"
#include "agentd/dataplane/steering.h"

#define ONLY_OWN_ADDRESSES 1u /* arp_ignore: the asked address must be on that link */
#define ONLY_OWN_SENDER 2u    /* arp_announce: likewise of what is asked from */
#define LOOSE 2u              /* rp_filter: packets come from wherever the home agent sends them */

struct node_host {
	struct netlink *netlink;
	struct node_host_options options;
	struct netlink_link link, device;
	struct node_position now;
	struct node_settings before; /* as they were */
	bool quiet;                  /* and are not now */
	uint32_t changes;            /* of the link address */
	bool replaced;
};

#define refuse(report, size, why, ...) ha_refuse(report, size, why, __VA_ARGS__)

static enum ha_error say(const struct node_host *host, enum ha_error why, const char *what,
                         char *report, size_t size)
{
	return why == HA_OK
	               ? HA_OK
	               : refuse(report, size, why, "%s: %s", what, netlink_trouble(host->netlink));
}

/* ---- what is taken away ---- */

static enum ha_error flush(struct node_host *host, char *report, size_t size)
{
	unsigned removed;
	enum ha_error why = netlink_rules_flush(host->netlink, host->options.table, &removed);

	if (why == HA_OK)
		why = netlink_routes_flush(host->netlink, host->options.table, &removed);
	if (why == HA_OK)
		why = netlink_neighbours_flush(host->netlink, &removed);
	return say(host, why, "routes of the mobile node cannot be taken away", report, size);
}

/* From wherever it is: an earlier process, or a place before, put it there. */
static enum ha_error drop_home(struct node_host *host, struct in_addr home, char *report,
                               size_t size)
{
	struct netlink_address found;
	enum ha_error why = HA_OK;

	if (home.s_addr == 0)
		return HA_OK;
	for (unsigned i = 0; i < 8 && why == HA_OK; i++) {
		why = netlink_address_find(host->netlink, home, &found);
		if (why == HA_E_NOTFOUND)
			return HA_OK;
		if (why == HA_OK)
			why = netlink_address_leave(host->netlink, found.link, home,
			                            found.prefix_length);
	}
	return say(host, why, "the home address cannot be taken away", report, size);
}

/* Those of all links count as well on a host that does not forward: either is enough to have a
 * redirect heeded. On one that does, both are needed, and the link's own is. */
static void ignore_redirects_of_all(const struct node_host *host, bool ignored)
{
	uint32_t value = ignored ? 0 : host->before.all_redirects;

	if (host->before.all_redirects == 0 ||
	    (ignored && steering_forwards(host->netlink, host->link.index)))
		return;
	if (!node_settings_set_all_redirects(value))
		log_warning("net.ipv4.conf.all.accept_redirects cannot be set to %u: %s", value,
		            strerror(errno));
}

static void remember(const struct node_host *host)
{
	if (!node_settings_remember(host->options.memory, &host->before))
		log_warning("%s: %s; a kill would leave the settings of %s changed",
		            host->options.memory, strerror(errno), host->options.link);
}

/* Away from home, nobody on the link is to learn where the home address is, packets for it come
 * by the link from anywhere, whichever way it sends, and nobody there says which way that is. */
static enum ha_error keep_quiet(struct node_host *host, bool quiet)
{
	unsigned link = host->link.index;
	enum ha_error why;

	if (quiet == host->quiet)
		return HA_OK;
	if (quiet)
		remember(host);
	ignore_redirects_of_all(host, quiet);
	why = netlink_set(host->netlink, link, NETLINK_ARP_IGNORE,
	                  quiet ? ONLY_OWN_ADDRESSES : host->before.arp_ignore);
	if (why == HA_OK)
		why = netlink_set(host->netlink, link, NETLINK_ARP_ANNOUNCE,
		                  quiet ? ONLY_OWN_SENDER : host->before.arp_announce);
	if (why == HA_OK)
		why = netlink_set(host->netlink, link, NETLINK_REDIRECTS,
		                  quiet ? 0 : host->before.redirects);
	if (why == HA_OK)
		why = quiet ? steering_loosen(host->netlink, link)
		            : netlink_set(host->netlink, link, NETLINK_RP_FILTER,
		                          host->before.rp_filter);
	if (why != HA_OK)
		return why;
	host->quiet = quiet;
	if (!quiet)
		node_settings_forget(host->options.memory);
	return HA_OK;
}

/* What an earlier process left is put back first. */
static enum ha_error take_settings(struct node_host *host)
{
	const struct netlink_link *link = &host->link;
	struct node_settings earlier;

	host->before = (struct node_settings){
		.link = link->index,
		.arp_ignore = link->arp_ignore,
		.arp_announce = link->arp_announce,
		.rp_filter = link->rp_filter,
		.redirects = link->redirects,
		.all_redirects = node_settings_all_redirects(),
	};
	if (!node_settings_recall(host->options.memory, &earlier))
		return HA_OK;
	host->before.all_redirects = earlier.all_redirects;
	if (earlier.link == link->index)
		host->before = earlier;
	host->quiet = true;
	return keep_quiet(host, false);
}

/* ---- what is made ---- */

static enum ha_error put_default(struct node_host *host, const struct node_position *to,
                                 unsigned link, struct in_addr gateway)
{
	const struct netlink_route route = {
		.table = host->options.table,
		.link = link,
		.gateway = gateway,
		.source = to->home,
	};

	return netlink_route_by(host->netlink, &route);
}

static enum ha_error put_rules(struct node_host *host, const struct node_position *to)
{
	struct netlink_rule rule = {
		.from = { .network = to->home, .length = 32 },
		.priority = host->options.priority,
		.table = host->options.table,
		.mark = host->options.mark,
	};
	enum ha_error why = netlink_rule_add(host->netlink, &rule);

	if (why != HA_OK || !host->options.all)
		return why;
	rule.from.network = (struct in_addr){ 0 };
	rule.priority++;
	return netlink_rule_add(host->netlink, &rule);
}

static enum ha_error put_exceptions(struct node_host *host)
{
	const struct address_prefixes *direct = &host->options.direct;
	enum ha_error why = HA_OK;

	for (size_t i = 0; i < direct->count && why == HA_OK; i++)
		why = netlink_route_aside_network(host->netlink, host->options.table,
		                                  direct->at[i]);
	return why;
}

/* At home and with direct delivery: the router, told or the host's own. */
static enum ha_error put_router(struct node_host *host, const struct node_position *to)
{
	static const struct in_addr far_away = { 0x01010101u };
	struct in_addr router = to->router;
	enum ha_error why = HA_OK;

	if (router.s_addr == 0)
		why = netlink_gateway(host->netlink, far_away, host->link.index, host->options.mark,
		                      &router);
	if (why == HA_E_NOTFOUND || router.s_addr == 0)
		return HA_OK; /* no way beyond the link, for anybody */
	if (why == HA_OK && to->has_router_mac)
		why = netlink_neighbour_put(host->netlink, host->link.index, router,
		                            to->router_mac);
	return why == HA_OK ? put_default(host, to, host->link.index, router) : why;
}

static enum ha_error put_way(struct node_host *host, const struct node_position *to)
{
	static const struct in_addr none;
	enum ha_error why = to->place == NODE_TUNNELLED
	                            ? put_default(host, to, host->device.index, none)
	                            : put_router(host, to);

	if (why == HA_OK)
		why = put_exceptions(host);
	return why == HA_OK ? put_rules(host, to) : why;
}

static enum ha_error put_home(struct node_host *host, const struct node_position *to)
{
	if (to->place == NODE_AT_HOME)
		return netlink_address_join(host->netlink, host->link.index, to->home,
		                            to->home_length);
	return netlink_address_join(host->netlink, host->device.index, to->home, 32);
}

static bool is_same(const struct node_position *a, const struct node_position *b)
{
	return a->place == b->place && address_equal(a->home, b->home) &&
	       a->home_length == b->home_length && address_equal(a->router, b->router) &&
	       a->has_router_mac == b->has_router_mac && mac_equal(a->router_mac, b->router_mac);
}

static bool has_home(const struct node_position *at)
{
	return at->place != NODE_NOWHERE && at->place != NODE_UNTOUCHED;
}

/* Does the home address stay where it is? Connections would not survive it otherwise. */
static bool stays(const struct node_position *from, const struct node_position *to)
{
	bool was_there = from->place == NODE_DIRECT || from->place == NODE_TUNNELLED;
	bool is_there = to->place == NODE_DIRECT || to->place == NODE_TUNNELLED;

	return was_there && is_there && address_equal(from->home, to->home);
}

enum ha_error node_host_place(struct node_host *host, const struct node_position *position,
                              char *report, size_t size)
{
	enum ha_error why;

	if (is_same(&host->now, position))
		return HA_OK;
	why = flush(host, report, size);
	if (why == HA_OK && !stays(&host->now, position))
		why = drop_home(host, host->now.home.s_addr ? host->now.home : position->home,
		                report, size);
	if (why != HA_OK)
		return why;
	host->now = (struct node_position){ .home = position->home };
	why = keep_quiet(host,
	                 position->place != NODE_AT_HOME && position->place != NODE_UNTOUCHED);
	if (why == HA_OK && has_home(position)) {
		why = put_home(host, position);
		if (why == HA_OK)
			why = put_way(host, position);
	}
	if (why == HA_OK)
		host->now = *position;
	return say(host, why, "the host cannot be told where it is", report, size);
}

/* ---- beginning and end ---- */

static enum ha_error find(struct node_host *host, const char *name, struct netlink_link *out,
                          char *report, size_t size)
{
	enum ha_error why = netlink_find(host->netlink, name, out);

	if (why != HA_OK)
		return refuse(report, size, why, "interface %s: %s", name,
		              netlink_trouble(host->netlink));
	return HA_OK;
}

static enum ha_error begin(struct node_host *host, char *report, size_t size)
{
	enum ha_error why = find(host, host->options.link, &host->link, report, size);

	if (why == HA_OK)
		why = find(host, host->options.device, &host->device, report, size);
	if (why == HA_OK)
		why = flush(host, report, size);
	if (why != HA_OK)
		return why;
	why = take_settings(host);
	if (why == HA_OK)
		why = netlink_mtu(host->netlink, host->device.index, host->options.mtu);
	if (why == HA_OK)
		why = netlink_set(host->netlink, host->device.index, NETLINK_RP_FILTER, LOOSE);
	if (why == HA_OK)
		why = netlink_up(host->netlink, host->device.index, true);
	return say(host, why, "the device cannot be set up", report, size);
}

struct node_host *node_host_open(const struct node_host_options *options, enum ha_error *why,
                                 char *report, size_t size)
{
	struct node_host *host = calloc(1, sizeof(*host));

	*why = HA_E_NOMEM;
	if (!host) {
		refuse(report, size, *why, "out of memory");
		return NULL;
	}
	host->options = *options;
	host->netlink = netlink_open(why);
	if (!host->netlink)
		refuse(report, size, *why, "no rtnetlink: %s", ha_strerror(*why));
	else
		*why = begin(host, report, size);
	if (*why == HA_OK)
		return host;
	netlink_close(host->netlink);
	free(host);
	return NULL;
}

void node_host_close(struct node_host *host)
{
	char ignored[256];

	if (!host)
		return;
	(void)flush(host, ignored, sizeof(ignored));
	(void)drop_home(host, host->now.home, ignored, sizeof(ignored));
	(void)keep_quiet(host, false);
	node_settings_forget(host->options.memory);
	netlink_close(host->netlink);
	free(host);
}

unsigned node_host_link(const struct node_host *host)
{
	return host->link.index;
}

struct mac node_host_mac(const struct node_host *host)
{
	return host->link.mac;
}

bool node_host_running(struct node_host *host, uint32_t *changes)
{
	struct netlink_link link;
	enum ha_error why = netlink_find(host->netlink, host->options.link, &link);

	host->replaced = why == HA_OK && link.index != host->link.index;
	*changes = host->changes;
	if (why != HA_OK || host->replaced)
		return false;
	if (!mac_equal(link.mac, host->link.mac)) {
		host->link.mac = link.mac;
		host->changes++;
	}
	*changes = link.carrier_changes + host->changes;
	return link.running;
}

bool node_host_replaced(const struct node_host *host)
{
	return host->replaced;
}

enum ha_error node_host_addresses(struct node_host *host, struct in_addr home,
                                  struct netlink_address *out, size_t max, size_t *count)
{
	enum ha_error why = netlink_addresses(host->netlink, host->link.index, out, max, count);
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++)
		if (!address_equal(out[i].address, home))
			out[kept++] = out[i];
	*count = kept;
	return why;
}
