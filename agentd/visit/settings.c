/* settings.c - options to what the pure parts want. */
#include "agentd/visit/settings.h"

#include <stdio.h>
#include <string.h>

#include "agentd/base/shared_address.h"

#define ALL_SYSTEMS UINT32_C(0xe0000001) /* 224.0.0.1 */
#define MS 1000u
#define RESERVED 4u /* one in so many that wait is kept free for visitors */

static uint16_t offers_of(const struct config *config)
{
	unsigned offers = AGENT_FOREIGN;

	offers |= config->visit_minimal ? AGENT_MINIMAL : 0u;
	offers |= config->visit_gre ? AGENT_GRE : 0u;
	offers |= config->visit_reverse_tunnel != REVERSE_TUNNEL_NO ? AGENT_REVERSE_TUNNEL : 0u;
	offers |= config->visit_udp != VISIT_UDP_NO ? AGENT_UDP_TUNNEL : 0u;
	offers |= config->visit_revocation != VISIT_REVOCATION_NO ? AGENT_REVOCATION : 0u;
	return (uint16_t)offers;
}

static void set_policy(const struct config *config, struct foreign_policy *policy)
{
	*policy = (struct foreign_policy){
		.offers = offers_of(config),
		.home_agent = config->visit_home_agent,
		.max_lifetime_s = (uint16_t)config->visit_lifetime_s,
		.reverse_required = config->visit_reverse_tunnel == REVERSE_TUNNEL_REQUIRED,
		.encapsulating_delivery = config->visit_encapsulating_delivery,
		.udp_forced = config->visit_udp == VISIT_UDP_ALWAYS,
		.challenges = config->visit_challenges,
		.revocation_inform = config->visit_revocation_inform,
		.revocation_required = config->visit_revocation == VISIT_REVOCATION_REQUIRED,
		.home_required = config->visit_home_required,
		.strict_reserved = config->visit_strict_reserved,
		.fa_errors = config->visit_fa_errors,
		.message_strings = config->visit_message_strings,
		.home_agents = config->visit_home_agents,
	};
	for (uint8_t i = 0; i < config->care_of.count && i < FOREIGN_CARE_OF_MAX; i++)
		policy->care_of[policy->care_of_count++] = config->care_of.at[i].network;
}

static void set_link(const struct advertised_link *from, uint32_t answers,
                     struct served_link_settings *out)
{
	struct advertise_settings *to = &out->advertise;

	out->of = *from;
	to->everybody.s_addr = htonl(from->broadcast ? INADDR_BROADCAST : ALL_SYSTEMS);
	to->max_interval_ms = from->most_s ? from->most_s * MS : ADVERTISE_INTERVAL_DEFAULT_MS;
	to->min_interval_ms = from->most_s ? from->least_s * MS
	                                   : advertise_min_interval_default_ms(to->max_interval_ms);
	to->lifetime_s = from->lifetime_s ? from->lifetime_s
	                                  : advertise_lifetime_default_s(to->max_interval_ms);
	to->solicited_only = from->solicited;
	to->answers = (struct rate){ .per_s = answers, .burst = answers };
}

/* The first of those that are on its interface. */
static struct in_addr shared_on(const struct config *config, const char *interface)
{
	struct shared_address all[SHARED_ADDRESSES_MAX];
	size_t count = 0;

	if (config_shares_visitors(config))
		(void)shared_addresses_parse(config->visit_shared, all, &count);
	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].interface, interface) == 0)
			return all[i].address;
	return (struct in_addr){ 0 };
}

static void add_link(const struct config *config, size_t i, struct foreign_settings *out)
{
	struct served_link_settings *link = &out->links[out->link_count++];

	set_link(&config->advertised_links[i], config->advertise_answers, link);
	link->number = (uint32_t)i + 1;
	link->shared = shared_on(config, link->of.interface);
}

_Static_assert(HOME_NETWORKS_MAX <= ADDRESS_PREFIXES_MAX, "home networks have room");

static void set_home_networks(const struct config *config, struct address_prefixes *out)
{
	if (!config->home_agent_address.s_addr)
		return;
	for (size_t i = 0; i < HOME_NETWORKS_MAX; i++)
		if (home_network_is_given(&config->home_networks[i]))
			out->at[out->count++] = home_network_prefix(&config->home_networks[i]);
}

void foreign_settings_of(const struct config *config, struct foreign_settings *out)
{
	memset(out, 0, sizeof(*out));
	out->foreign = config_is_foreign_agent(config);
	out->cluster = config->cluster_node != 0;
	out->shared = config_shares_visitors(config);
	out->home_agent = config->home_agent_address;
	set_home_networks(config, &out->home_networks);
	out->visitors_max = config->visitors_max;
	out->visitors_busy = config->visitors_busy ? config->visitors_busy : config->visitors_max;
	out->pending = (struct foreign_pending_limits){
		.total = config->visit_pending_max,
		.reserved = config->visit_pending_max / RESERVED,
		.per_source = config->visit_pending_per_node,
		.timeout_ms = FOREIGN_PENDING_TIMEOUT_MS,
	};
	out->answers = (struct rate){ .per_s = config->advertise_answers_all,
		                      .burst = config->advertise_answers_all };
	memcpy(out->associations, config->visit_associations_file, sizeof(out->associations));
	out->carries = out->foreign && config->visit_forwarding;
	snprintf(out->device, sizeof(out->device), "%.15s", config->visit_device);
	out->table = config->visit_table;
	out->priority = config->dataplane_priority;
	out->mark = config->dataplane_mark;
	if (out->foreign)
		set_policy(config, &out->policy);
	for (size_t i = 0; i < ADVERTISED_LINKS_MAX; i++)
		if (advertised_link_is_given(&config->advertised_links[i]))
			add_link(config, i, out);
}
