/* fast.c - see the header. */
#include "agentd/dataplane/fast.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "agentd/base/log.h"

#define OWN_DEVICE "ha-" /* that the address is on: its link beneath is meant */

struct names {
	char text[TC_INTERFACES_MAX][IF_NAMESIZE];
	struct tc_interface list[TC_INTERFACES_MAX];
	size_t count;
};

static bool is_listed(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->text[i], name) == 0)
			return true;
	return false;
}

/* false: there is no room for another. */
static bool add(struct names *names, const char *name, const struct config *config)
{
	if (is_listed(names, name))
		return true;
	if (names->count == TC_INTERFACES_MAX)
		return false;
	snprintf(names->text[names->count], IF_NAMESIZE, "%s", name);
	names->list[names->count] = (struct tc_interface){
		.name = names->text[names->count],
		.realm = config->home_agent_realm,
		.has_agents = strcmp(name, config->interface) == 0,
	};
	names->count++;
	return true;
}

static bool is_ethernet(const struct ifaddrs *all, const char *name)
{
	for (const struct ifaddrs *at = all; at; at = at->ifa_next)
		if (at->ifa_addr && at->ifa_addr->sa_family == AF_PACKET &&
		    strcmp(at->ifa_name, name) == 0)
			return ((const struct sockaddr_ll *)(const void *)at->ifa_addr)
			               ->sll_hatype == ARPHRD_ETHER;
	return false;
}

static bool is_suitable(const struct ifaddrs *all, const struct ifaddrs *at)
{
	return at->ifa_addr && at->ifa_addr->sa_family == AF_INET && at->ifa_flags & IFF_UP &&
	       strncmp(at->ifa_name, OWN_DEVICE, strlen(OWN_DEVICE)) != 0 &&
	       is_ethernet(all, at->ifa_name);
}

static void find_interfaces(struct names *names, const struct config *config)
{
	struct ifaddrs *all;

	if (getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *at = all; at; at = at->ifa_next)
		if (is_suitable(all, at) && !add(names, at->ifa_name, config))
			log_notice("BPF is not put on %s: it is on %u interfaces already",
			           at->ifa_name, TC_INTERFACES_MAX);
	freeifaddrs(all);
}

static enum ha_error take_interfaces(const struct config *config, struct names *names, char *why,
                                     size_t size)
{
	char text[CONFIG_TEXT_MAX], *rest = text, *name;

	if (strcmp(config->dataplane_interfaces, "auto") == 0) {
		find_interfaces(names, config);
		return names->count ? HA_OK
		                    : ha_refuse(why, size, HA_E_NOTFOUND,
		                                "no Ethernet interface is up and has an address");
	}
	snprintf(text, sizeof(text), "%s", config->dataplane_interfaces);
	while ((name = strtok_r(rest, ", ", &rest)))
		if (strlen(name) >= IF_NAMESIZE || !add(names, name, config))
			return ha_refuse(
				why, size, HA_E_RANGE,
				"dataplane.interfaces: %s: too long a name, or one too many", name);
	return HA_OK;
}

static size_t take_networks(const struct config *config, struct tc_network *networks)
{
	size_t count = 0;

	for (size_t i = 0; i < HOME_NETWORKS_MAX; i++)
		if (home_network_is_given(&config->home_networks[i]))
			networks[count++] = (struct tc_network){
				.prefix = home_network_prefix(&config->home_networks[i]),
				.realm = config->home_agent_realm,
				.group = (uint8_t)config->group,
				.has_link = config->home_networks[i].kind != HOME_NETWORK_VIRTUAL,
				.link = config->home_networks[i].interface,
			};
	return count;
}

static enum ha_error open_tc(const struct config *config, uint8_t ttl, bool always_df,
                             struct tc_keep **out, char *why, size_t size)
{
	struct tc_network networks[HOME_NETWORKS_MAX];
	struct names names = { .count = 0 };
	const struct passwd *user = getpwnam(config->user);
	enum ha_error error = take_interfaces(config, &names, why, size);
	const struct tc_options options = {
		.directory = config->dataplane_bpf,
		.instance = config->group,
		.interfaces = names.list,
		.interface_count = names.count,
		.networks = networks,
		.network_count = take_networks(config, networks),
		.size = { config->capacity_nodes, config->capacity_bindings },
		.home_mark = config->dataplane_mark,
		.ttl = ttl,
		.udp_port = (uint16_t)config->home_agent_port,
		.always_df = always_df,
		.owner = user ? user->pw_uid : 0,
		.group = user ? user->pw_gid : 0,
	};

	return error ? error : tc_keep_open(&options, out, why, size);
}

enum ha_error fast_open(const struct config *config, uint8_t ttl, bool always_df,
                        struct tc_keep **out, char *why, size_t size)
{
	enum ha_error error;

	*out = NULL;
	if (config->dataplane_path == DATAPLANE_PATH_USER) {
		tc_clear(config->dataplane_bpf, config->group);
		snprintf(why, size, "it was asked for");
		return HA_OK;
	}
	error = open_tc(config, ttl, always_df, out, why, size);
	if (error == HA_OK || config->dataplane_path == DATAPLANE_PATH_TC)
		return error;
	tc_clear(config->dataplane_bpf, config->group);
	log_notice("user space forwards without BPF: %s", why);
	return HA_OK;
}

void fast_tidy(const struct config *config, uint32_t groups)
{
	_Static_assert(CONFIG_GROUPS_MAX <= TC_INSTANCES_MAX, "each group has one");

	tc_clear_others(config->dataplane_bpf, groups);
}
