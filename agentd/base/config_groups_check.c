/* config_groups_check.c - what the home agents of one process must be to one another. A
 * sentence is about the later of two. */
#include "agentd/base/config_groups.h"

#include <string.h>

#include "agentd/base/address.h"
#include "agentd/base/config_values.h"

static const char *file_of(const struct config *config)
{
	return config->group_files[config->group - 1]; /* all have the process's options */
}

#define refuse(config, error, format, ...)                                                         \
	ha_refuse((error)->text, sizeof((error)->text), HA_E_RANGE, "%.200s: " format,             \
	          file_of(config), __VA_ARGS__)

/* Not known yet, of a witness that was not told. */
static bool has_address(const struct config *config)
{
	return config->home_agent_address.s_addr != 0;
}

static bool moves(const struct config *config)
{
	return config->cluster_node != 0 || *config->interface || *config->announce_hook;
}

static enum ha_error check_address(const struct config *a, const struct config *b,
                                   struct config_error *error)
{
	const struct address_text address = address_format(b->home_agent_address);

	if (!has_address(b) || !address_equal(a->home_agent_address, b->home_agent_address))
		return HA_OK;
	if (a->home_agent_port == b->home_agent_port)
		return refuse(b, error,
		              "home-agent.address: %s port %u is not allowed: group %u has them "
		              "already",
		              address.text, b->home_agent_port, a->group);
	if (a->home_agent_realm == b->home_agent_realm)
		return refuse(b, error,
		              "home-agent.realm: %u is not allowed: group %u has it and the "
		              "address %s too, where the tunnels of both would end",
		              b->home_agent_realm, a->group, address.text);
	if (moves(a) || moves(b))
		return refuse(b, error,
		              "home-agent.address: %s is not allowed: it is that of group %u too, "
		              "and an address can move with one leader only",
		              address.text, a->group);
	return HA_OK;
}

/* Last octet of the link-layer address; 0: there is none. */
static uint32_t router_of(const struct config *config)
{
	if (!*config->interface || *config->announce_hook || !config->virtual_mac)
		return 0;
	return config->virtual_router ? config->virtual_router
	                              : address_host(config->home_agent_address) & 0xff;
}

static enum ha_error check_router(const struct config *a, const struct config *b,
                                  struct config_error *error)
{
	uint32_t router = router_of(b);

	if (!has_address(b) || router == 0 || router != router_of(a) ||
	    strcmp(a->interface, b->interface) != 0)
		return HA_OK;
	return refuse(b, error,
	              "home-agent.virtual-router: %u is not allowed: group %u has that link-layer "
	              "address on %s already; give each of them a number of its own",
	              router, a->group, b->interface);
}

/* Rules of the kernel tell them apart by nothing but the address. */
static enum ha_error check_network(const struct config *a, const struct config *b, size_t network,
                                   struct config_error *error)
{
	const struct home_network *ours = &b->home_networks[network];
	char other[64];

	for (size_t i = 0; i < HOME_NETWORKS_MAX; i++) {
		if (!home_networks_meet(&a->home_networks[i], ours))
			continue;
		home_network_format(&a->home_networks[i], other, sizeof(other));
		return refuse(b, error,
		              "home-networks.network-%zu: %s/%u is not allowed: it must have no "
		              "address in common with network-%zu of group %u, %s",
		              network + 1, address_format(ours->network).text, ours->length, i + 1,
		              a->group, other);
	}
	return HA_OK;
}

static enum ha_error check_networks(const struct config *a, const struct config *b,
                                    struct config_error *error)
{
	enum ha_error why = HA_OK;

	if (!config_forwards(a) || !config_forwards(b))
		return HA_OK;
	if (address_equal(a->home_agent_address, b->home_agent_address))
		return refuse(b, error,
		              "home-networks: not allowed: group %u has some and the address %s "
		              "too, where the tunnels of both would end",
		              a->group, address_format(b->home_agent_address).text);
	for (size_t i = 0; i < HOME_NETWORKS_MAX && why == HA_OK; i++)
		why = check_network(a, b, i, error);
	return why;
}

static enum ha_error check_pair(const struct config *a, const struct config *b,
                                struct config_error *error)
{
	static enum ha_error (*const checks[])(const struct config *a, const struct config *b,
	                                       struct config_error *error) = {
		check_address,
		check_router,
		check_networks,
	};
	enum ha_error why = HA_OK;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && why == HA_OK; i++)
		why = checks[i](a, b, error);
	return why;
}

/* What config_groups_place made of the options of the process. */
static enum ha_error check_place(const struct config *config, struct config_error *error)
{
	if (!config_forwards(config))
		return HA_OK;
	if (!interface_name_is_valid(config->dataplane_tun))
		return refuse(config, error,
		              "home-networks: not allowed, since its device would be %s, and the "
		              "name of one has 15 characters at most: shorten dataplane.device",
		              config->dataplane_tun);
	if (config_table_is_local(config->dataplane_table))
		return refuse(config, error,
		              "home-networks: not allowed, since its routing table would be %u, "
		              "which is one of the kernel's own: change dataplane.table",
		              config->dataplane_table);
	return HA_OK;
}

enum ha_error config_groups_check(const struct config_groups *groups, struct config_error *error)
{
	enum ha_error why = HA_OK;

	for (size_t i = 1; i < groups->count && why == HA_OK; i++) {
		why = check_place(&groups->of[i], error);
		for (size_t j = 0; j < i && why == HA_OK; j++)
			why = check_pair(&groups->of[j], &groups->of[i], error);
	}
	return why;
}
