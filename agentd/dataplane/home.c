/* home.c - home networks by their kind: links to ARP, virtual ones to the hook. */
#include "agentd/dataplane/home.h"

#include <string.h>

#include "agentd/dataplane/home_arp.h"
#include "agentd/dataplane/home_route.h"

static enum ha_error open_links(const struct home_options *options, struct home *out, char *report,
                                size_t size)
{
	const struct config *config = options->config;
	struct home_arp_network networks[HOME_NETWORKS_MAX];
	struct home_arp_options arp = {
		.networks = networks,
		.tunnels = options->tunnels,
		.until = options->until,
		.context = options->context,
	};

	for (size_t i = 0; i < HOME_NETWORKS_MAX; i++) {
		const struct home_network *network = &config->home_networks[i];

		if (!*network->interface)
			continue;
		networks[arp.count] = (struct home_arp_network){
			.realm = config->home_agent_realm,
			.prefix = home_network_prefix(network),
			.interface = network->interface,
		};
		if (strcmp(network->interface, config->interface) == 0)
			networks[arp.count].mac = options->mac;
		arp.count++;
	}
	return home_arp_open(&arp, &out->arp, report, size);
}

static enum ha_error open_virtual(const struct home_options *options, struct home *out,
                                  char *report, size_t size)
{
	const struct config *config = options->config;
	struct home_route_network networks[HOME_NETWORKS_MAX];
	struct home_route_options route = {
		.networks = networks,
		.hook = config->route_hook,
		.until = options->until,
		.context = options->context,
	};

	if (!*config->route_hook)
		return HA_OK; /* others see to the routes */
	for (size_t i = 0; i < HOME_NETWORKS_MAX; i++)
		if (config->home_networks[i].kind == HOME_NETWORK_VIRTUAL)
			networks[route.count++] = (struct home_route_network){
				.prefix = home_network_prefix(&config->home_networks[i]),
			};
	return home_route_open(&route, &out->route, report, size);
}

enum ha_error home_open(const struct home_options *options, struct home *out, char *report,
                        size_t size)
{
	enum ha_error why = open_links(options, out, report, size);

	return why == HA_OK ? open_virtual(options, out, report, size) : why;
}

struct home_status home_status(const struct home *home)
{
	struct home_arp_status arp = home_arp_status(home->arp);

	return (struct home_status){
		.links = arp.links,
		.networks = home_route_announced(home->route),
		.waiting = arp.waiting,
	};
}

void home_close(struct home *home)
{
	home_route_close(home->route);
	home_arp_close(home->arp);
	*home = (struct home){ 0 };
}
