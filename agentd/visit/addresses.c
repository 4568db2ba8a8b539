/* addresses.c - which addresses this host has, and a socket for each that mobile nodes may speak
 * to. */
#include "agentd/visit/internal.h"

#include <string.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/base/log.h"

bool address_is_home_agents(const struct visit *visit, struct in_addr address)
{
	bool is = visit->settings.home_agent.s_addr &&
	          address_equal(address, visit->settings.home_agent);

	for (size_t i = 0; i < visit->home.other_count; i++)
		is = is || address_equal(address, visit->home.others[i]);
	return is;
}

bool address_is_care_of(const struct visit *visit, struct in_addr address)
{
	for (size_t i = 0; i < visit->settings.policy.care_of_count; i++)
		if (address_equal(visit->settings.policy.care_of[i], address))
			return true;
	return false;
}

bool address_is_here(const struct visit *visit, struct in_addr address)
{
	for (size_t i = 0; i < visit->local_count; i++)
		if (address_equal(visit->local[i], address))
			return true;
	return address_is_care_of(visit, address);
}

bool address_is_at_home_here(const struct visit *visit, struct in_addr home)
{
	for (size_t i = 0; i < visit->link_count; i++)
		if (interface_is_on_network(&visit->links[i].interface, home))
			return true;
	return address_is_here(visit, home) || address_is_home_agents(visit, home);
}

static void note_local(struct visit *visit, const struct ifaddrs *list)
{
	struct sockaddr_in address;

	visit->local_count = 0;
	for (; list && visit->local_count < VISIT_LOCAL_MAX; list = list->ifa_next) {
		if (!list->ifa_addr || list->ifa_addr->sa_family != AF_INET)
			continue;
		memcpy(&address, list->ifa_addr, sizeof(address));
		visit->local[visit->local_count++] = address.sin_addr;
	}
}

/* A home agent's is its own. */
static bool is_wanted(const struct visit *visit, struct in_addr address)
{
	if (address_is_home_agents(visit, address))
		return false;
	for (size_t i = 0; i < visit->link_count; i++)
		if (visit->links[i].settings->of.roles & ADVERTISED_FOREIGN &&
		    interface_has_address(&visit->links[i].interface, address))
			return true;
	return false;
}

static void open_port(struct visit *visit, struct in_addr address)
{
	static struct log_limit limit = { .per_second = 1 };
	enum ha_error why;
	uint64_t held_back;

	why = ports_open(&visit->ports, address);
	if (why != HA_OK && log_limit_pass(&limit, clock_monotonic_ns(), &held_back))
		log_warning("no socket on %s port %u: %s", address_format(address).text, MIP_PORT,
		            ha_strerror(why));
}

void addresses_look(struct visit *visit, const struct ifaddrs *list)
{
	const size_t care_of = visit->settings.policy.care_of_count;

	note_local(visit, list);
	if (!visit->settings.foreign)
		return;
	for (size_t i = visit->ports.count; i > care_of; i--)
		if (!is_wanted(visit, visit->ports.at[i - 1].address))
			ports_drop(&visit->ports, care_of, i - 1);
	for (size_t i = 0; i < visit->link_count; i++) {
		const struct interface *interface = &visit->links[i].interface;

		for (size_t a = 0; a < interface->address_count; a++)
			if (is_wanted(visit, interface->addresses[a].address))
				open_port(visit, interface->addresses[a].address);
	}
}
