/* addresses.c - which addresses this host has, and a socket for each that mobile nodes may speak
 * to. */
#include "agentd/visit/internal.h"

#include <stdio.h>
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/base/clock.h"
#include "agentd/base/log.h"

#define MISSING_CARE_OF                                                                            \
	"foreign-agent.care-of: no interface of this host has %s, by which home agents are to "    \
	"reach it: give it to one, or name another"

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
		if (address_equal(visit->local[i].address, address))
			return true;
	return address_is_care_of(visit, address);
}

/* An interface without a network, and one whose network is all there is, tells nothing. */
static bool is_connected(const struct visit *visit, struct in_addr address)
{
	for (size_t i = 0; i < visit->local_count; i++)
		if (visit->local[i].prefix_length > 0 &&
		    interface_address_is_beside(&visit->local[i], address))
			return true;
	return false;
}

bool address_is_at_home_here(const struct visit *visit, struct in_addr home,
                             struct in_addr home_agent)
{
	for (size_t i = 0; i < visit->link_count; i++)
		if (interface_is_on_network(&visit->links[i].interface, home))
			return true;
	if (address_is_here(visit, home) || address_is_home_agents(visit, home))
		return true;
	if (address_is_home_agents(visit, home_agent))
		return false;
	return is_connected(visit, home) ||
	       (visit->settings.home_networks.count > 0 &&
	        address_in_prefixes(home, &visit->settings.home_networks));
}

static void tell_overflow(struct visit *visit, bool overflows)
{
	if (overflows && !visit->local_overflows)
		log_warning("this host has more than %u addresses: the foreign agent does not know "
		            "the others, and who says that he has one of them may visit",
		            HOST_ADDRESSES_MAX);
	visit->local_overflows = overflows;
}

static void note_local(struct visit *visit, const struct ifaddrs *list)
{
	bool overflows = false;

	visit->local_count = 0;
	for (; list; list = list->ifa_next) {
		if (!list->ifa_addr || list->ifa_addr->sa_family != AF_INET)
			continue;
		if (visit->local_count == HOST_ADDRESSES_MAX)
			overflows = true;
		else
			visit->local[visit->local_count++] = interface_address_of(list);
	}
	tell_overflow(visit, overflows);
}

static struct in_addr missing_care_of(const struct visit *visit)
{
	const struct foreign_policy *policy = &visit->settings.policy;

	for (size_t i = 0; i < policy->care_of_count; i++) {
		bool here = false;

		for (size_t l = 0; l < visit->local_count && !here; l++)
			here = address_equal(policy->care_of[i], visit->local[l].address);
		if (!here)
			return policy->care_of[i];
	}
	return (struct in_addr){ INADDR_ANY };
}

/* With an address that is not here nothing can be sent to home agents, and each visitor is denied.
 * Shared ones are with one member only, and of too many nothing is known. */
static void note_missing(struct visit *visit)
{
	const bool told = visit->settings.foreign && !visit->members && !visit->local_overflows;
	const struct in_addr before = visit->missing;

	visit->missing.s_addr = told ? missing_care_of(visit).s_addr : INADDR_ANY;
	if (address_equal(visit->missing, before))
		return;
	if (visit->missing.s_addr)
		log_warning(MISSING_CARE_OF, address_format(visit->missing).text);
	else
		log_notice("foreign-agent.care-of: all addresses are on this host");
}

void addresses_doubt(const struct visit *visit, char *out, size_t size)
{
	if (visit->missing.s_addr)
		snprintf(out, size, MISSING_CARE_OF, address_format(visit->missing).text);
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
	note_missing(visit);
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
