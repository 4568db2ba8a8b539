/* config_visit.c - the options of a foreign agent and of advertisements: the last part of
 * the table of options, and what they must be to one another. */
#include "agentd/base/config_rows.h"

#include <string.h>

#include "agentd/base/config_values.h"
#include "agentd/base/shared_address.h"

#define VISITORS_MAX (1u << 20)
#define PENDING_MAX (1u << 20)

static const struct option_choice visit_udps[] = {
	{ "no", VISIT_UDP_NO },
	{ "behind-nat", VISIT_UDP_BEHIND_NAT },
	{ "always", VISIT_UDP_ALWAYS },
	{ NULL, 0 },
};

static const struct option_choice visit_revocations[] = {
	{ "no", VISIT_REVOCATION_NO },
	{ "yes", VISIT_REVOCATION_YES },
	{ "required", VISIT_REVOCATION_REQUIRED },
	{ NULL, 0 },
};

#define LINK_ROW(number, help_)                                                                    \
	{                                                                                          \
		"advertisement", "link-" #number, AT(advertised_links[number - 1]),                \
			.type = OPTION_ADVERTISED_LINK, .unit = "", NODE_RESTART, .preset = "",    \
			.help = help_                                                              \
	}

const struct config_option config_visit_options[CONFIG_VISIT_OPTIONS] = {
	{ "foreign-agent", "care-of", ADDRESSES(care_of), NODE_RESTART, .preset = "none",
	  .help = "Addresses of this host that visiting mobile nodes are offered as care-of "
	          "addresses, with commas between them; requests are relayed from the one that a "
	          "node takes. none for no foreign agent." },
	{ "foreign-agent", "shared", TEXT(visit_shared, 0, 200), NODE_RESTART, .preset = "",
	  .help = "Of a member of a cluster: the addresses that are on the host of whichever member is "
	          "the foreign agent, and no other, as up to 8 with @ and an interface behind each "
	          "and commas between them: all care-of addresses, and for each interface of the "
	          "section advertisement the one that mobile nodes there know the agent by. Then the "
	          "members have the visitors in common, and another one goes on with them when one "
	          "fails. Empty for a foreign agent of this host alone." },
	{ "foreign-agent", "max-lifetime", NUMBER(visit_lifetime_s, "seconds", 1, 65535),
	  NODE_RESTART, .preset = "1800",
	  .help = "Longest lifetime that a visitor may ask for; 65535 takes any, endless ones too. "
	          "Others are denied with code 69." },
	{ "foreign-agent", "max-visitors", NUMBER(visitors_max, "", 1, VISITORS_MAX), NODE_RESTART,
	  .preset = "10000",
	  .help = "Most mobile nodes at once. Memory for them is taken at the start: about 700 octets "
	          "each. With associations a quarter is for those who have one, and whose home agents "
	          "have." },
	{ "foreign-agent", "busy-above", NUMBER(visitors_busy, "", 0, VISITORS_MAX), NODE_RESTART,
	  .preset = "0",
	  .help = "From so many visitors on the agent says that it is busy, and takes no new ones; 0 "
	          "for max-visitors." },
	{ "foreign-agent", "max-pending", NUMBER(visit_pending_max, "", 1, PENDING_MAX),
	  NODE_RESTART, .preset = "1000",
	  .help = "Most requests that wait for the answer of a home agent; others are denied with "
	          "code 66. A quarter of them is kept free for renewals of visitors." },
	{ "foreign-agent", "pending-per-node", NUMBER(visit_pending_per_node, "", 1, 100),
	  NODE_RESTART, .preset = "5", .help = "Most of them from one link-layer address." },
	{ "foreign-agent", "reverse-tunnel", CHOICE(visit_reverse_tunnel, config_reverse_tunnels),
	  NODE_RESTART, .preset = "yes",
	  .help = "Reverse tunnels (RFC 3024): yes as visitors like, no to deny them with code 74, "
	          "required to deny with code 75 who asks for none." },
	{ "foreign-agent", "minimal-encapsulation", FLAG(visit_minimal), NODE_RESTART,
	  .preset = "yes", .help = "Offer minimal encapsulation (RFC 2004)." },
	{ "foreign-agent", "gre-encapsulation", FLAG(visit_gre), NODE_RESTART, .preset = "yes",
	  .help = "Offer GRE (RFC 2784)." },
	{ "foreign-agent", "udp-tunnel", CHOICE(visit_udp, visit_udps), NODE_RESTART,
	  .preset = "behind-nat",
	  .help = "Tunnels in UDP (RFC 3519): behind-nat where the home agent sees an address "
	          "translator on the way, always to ask for them although there is none, no." },
	{ "foreign-agent", "encapsulating-delivery", FLAG(visit_encapsulating_delivery),
	  NODE_RESTART, .preset = "no",
	  .help = "Let visitors with a reverse tunnel choose to send their packets in a tunnel to "
	          "this agent (RFC 3024 section 5.2); otherwise code 79." },
	{ "foreign-agent", "challenges", FLAG(visit_challenges), NODE_RESTART, .preset = "no",
	  .help = "Advertise challenges, and ask visitors with whom no key is shared to answer "
	          "them (RFC 4721); otherwise code 105." },
	{ "foreign-agent", "revocation", CHOICE(visit_revocation, visit_revocations), NODE_RESTART,
	  .preset = "yes",
	  .help = "Offer registration revocation (RFC 3543) to home agents with whom a key is "
	          "shared, and advertise it: yes where they agree, required to deny with code 65 "
	          "visitors whose home agent does not, no." },
	{ "foreign-agent", "revocation-inform", FLAG(visit_revocation_inform), NODE_RESTART,
	  .preset = "yes",
	  .help = "Let home agents that like to decide whether a mobile node is told that its "
	          "registration was revoked; otherwise each is." },
	{ "foreign-agent", "home-agents", PREFIXES(visit_home_agents), NODE_RESTART,
	  .preset = "any",
	  .help = "Home agents that requests are relayed to, as up to 8 prefixes with commas "
	          "between them, or any. For others it is code 65." },
	{ "foreign-agent", "default-home-agent", ADDRESS_OR_NONE(visit_home_agent), NODE_RESTART,
	  .preset = "none",
	  .help = "Home agent of nodes that ask for any and name none themselves (RFC 4433); none to "
	          "deny them with code 90." },
	{ "foreign-agent", "home-address-required", FLAG(visit_home_required), NODE_RESTART,
	  .preset = "no",
	  .help = "Deny nodes that have no home address yet, but a name, with code 96." },
	{ "foreign-agent", "strict-reserved-bits", FLAG(visit_strict_reserved), NODE_RESTART,
	  .preset = "no", .help = "Deny requests with reserved flags set with code 70." },
	{ "foreign-agent", "fa-errors", FLAG(visit_fa_errors), NODE_RESTART, .preset = "yes",
	  .help = "Send a reply of the home agent on even if it is denied here, with the reason in "
	          "an extension (RFC 4636), rather than a denial in its place." },
	{ "foreign-agent", "message-strings", FLAG(visit_message_strings), NODE_RESTART,
	  .preset = "no",
	  .help = "Say in denials why, as text for the user of the mobile node (RFC 4917)." },
	{ "foreign-agent", "forwarding", FLAG(visit_forwarding), NODE_RESTART, .preset = "yes",
	  .help = "Carry packets between visitors and their home agents; no where something else "
	          "does." },
	{ "foreign-agent", "device", TEXT(visit_device, 1, 15), NODE_RESTART,
	  .preset = "hearth-visit",
	  .help = "Name of the TUN device by which packets of visitors come to agentd. It is there "
	          "while agentd runs." },
	{ "foreign-agent", "table", NUMBER(visit_table, "", 1, INT32_MAX), NODE_RESTART,
	  .preset = "450",
	  .help = "Number of a routing table for that alone: whatever is in it at the start is taken "
	          "away. Its rules have the priority and the mark of the section dataplane." },
	{ "foreign-agent", "associations", TEXT(visit_associations_file, 0, 200), NODE_RESTART,
	  .preset = "",
	  .help = "File of the keys that this agent shares with visitors (lines mobile home=...) and "
	          "with home agents (lines home-agent address=...), closed to all but the user; empty "
	          "for none." },

	LINK_ROW(
		1,
		"An interface on which this host advertises itself to mobile nodes (RFC 5944 section "
		"2) and answers their solicitations: its name, and foreign, home or both for what it "
		"is there. Then, as wanted: router, for everybody and not for visitors alone; "
		"registration-required, to have nodes register here that have an address of their own "
		"on the link, too; every "
		"MIN-MAX, the seconds between advertisements, 450-600 unless given; lifetime, the "
		"seconds that one is valid, three times the longest interval unless given; "
		"prefix-lengths, to tell the network of the interface; solicited, to say nothing "
		"unasked; broadcast, for 255.255.255.255 in the place of 224.0.0.1. Empty when there "
		"is none."),
	LINK_ROW(2, "Another one."),
	LINK_ROW(3, "Another one."),
	LINK_ROW(4, "Another one."),
	LINK_ROW(5, "Another one."),
	LINK_ROW(6, "Another one."),
	LINK_ROW(7, "Another one."),
	LINK_ROW(8, "Another one."),
	{ "advertisement", "answers", NUMBER(advertise_answers, "per second", 1, 10000),
	  NODE_RESTART, .preset = "20",
	  .help = "Most solicitations of single nodes that are answered to them alone, on each "
	          "interface; beyond that, one advertisement to everybody answers all." },
	{ "advertisement", "answers-in-all", NUMBER(advertise_answers_all, "per second", 1, 100000),
	  NODE_RESTART, .preset = "50", .help = "The same on all interfaces together." },
};

#define refuse(error, ...) ha_refuse((error)->text, sizeof((error)->text), HA_E_RANGE, __VA_ARGS__)

bool config_has_home_agent(const struct config *config)
{
	return config->home_agent_address.s_addr != 0 || config_is_witness(config);
}

bool config_is_foreign_agent(const struct config *config)
{
	return config->care_of.count > 0;
}

bool config_shares_visitors(const struct config *config)
{
	return config->cluster_node && config_is_foreign_agent(config) && *config->visit_shared;
}

/* Alone it has no store, no cluster and no packets of its own mobile nodes. */
static enum ha_error check_alone(const struct config *config, struct config_error *error)
{
	if (config_has_home_agent(config))
		return HA_OK;
	if (config->cluster_node)
		return refuse(error,
		              "cluster.node: %u is not allowed: the members of a cluster are home "
		              "agents, so home-agent.address must be given",
		              config->cluster_node);
	for (size_t i = 0; i + 1 < CONFIG_GROUPS_MAX; i++)
		if (*config->group_files[i])
			return refuse(error,
			              "groups.group-%zu: not allowed: the first home agent of the "
			              "process must have its home-agent.address here",
			              i + 1);
	for (size_t i = 0; i < HOME_NETWORKS_MAX; i++)
		if (home_network_is_given(&config->home_networks[i]))
			return refuse(error,
			              "home-networks.network-%zu: not allowed: there is no home "
			              "agent for it, home-agent.address must be given",
			              i + 1);
	return HA_OK;
}

static enum ha_error check_care_of(const struct config *config, struct config_error *error)
{
	for (uint8_t i = 0; i < config->care_of.count; i++)
		if (address_equal(config->care_of.at[i].network, config->home_agent_address))
			return refuse(error,
			              "foreign-agent.care-of: %s is not allowed: it is "
			              "home-agent.address, where the home agent takes all messages",
			              address_format(config->home_agent_address).text);
	return HA_OK;
}

/* ---- what members share ---- */

static bool is_shared(const struct shared_address *all, size_t count, struct in_addr address)
{
	for (size_t i = 0; i < count; i++)
		if (address_equal(all[i].address, address))
			return true;
	return false;
}

static bool is_shared_on(const struct shared_address *all, size_t count, const char *interface)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].interface, interface) == 0)
			return true;
	return false;
}

/* Each moves with one leader only, and that of a member not at all. */
static enum ha_error check_moving(const struct config *config, struct in_addr address,
                                  struct config_error *error)
{
	if (address_equal(address, config->home_agent_address))
		return refuse(error,
		              "foreign-agent.shared: %s is not allowed: it is home-agent.address, "
		              "which moves with the home agent",
		              address_format(address).text);
	for (size_t i = 0; i < CLUSTER_MEMBERS_MAX; i++)
		if (cluster_member_is_given(&config->cluster_members[i]) &&
		    address_equal(config->cluster_members[i].address, address))
			return refuse(error,
			              "foreign-agent.shared: %s is not allowed: member-%zu is "
			              "reached under it, so it must not move",
			              address_format(address).text, i + 1);
	return HA_OK;
}

/* What mobile nodes and home agents know the agent by is not left behind. */
static enum ha_error check_left(const struct config *config, const struct shared_address *all,
                                size_t count, struct config_error *error)
{
	for (uint8_t i = 0; i < config->care_of.count; i++)
		if (!is_shared(all, count, config->care_of.at[i].network))
			return refuse(error,
			              "foreign-agent.shared: the care-of address %s must be in it, "
			              "with the interface that it is put on",
			              address_format(config->care_of.at[i].network).text);
	for (size_t i = 0; i < ADVERTISED_LINKS_MAX; i++)
		if (config->advertised_links[i].roles & ADVERTISED_FOREIGN &&
		    !is_shared_on(all, count, config->advertised_links[i].interface))
			return refuse(error,
			              "foreign-agent.shared: an address on %s must be in it, by "
			              "which mobile nodes of advertisement.link-%zu know the agent",
			              config->advertised_links[i].interface, i + 1);
	return HA_OK;
}

static enum ha_error check_shared(const struct config *config, struct config_error *error)
{
	struct shared_address all[SHARED_ADDRESSES_MAX];
	enum ha_error why = HA_OK;
	size_t count;

	if (!*config->visit_shared)
		return HA_OK;
	if (!shared_addresses_parse(config->visit_shared, all, &count))
		return refuse(
			error,
			"foreign-agent.shared: '%s' is not allowed: it must be " SHARED_ADDRESSES_ALLOWED,
			config_excerpt(config->visit_shared).text);
	if (!config->cluster_node)
		return refuse(
			error,
			"foreign-agent.shared: '%s' is not allowed: only members of a cluster "
			"share addresses, and cluster.node is 0",
			config_excerpt(config->visit_shared).text);
	if (!config_is_foreign_agent(config))
		return refuse(
			error,
			"foreign-agent.shared: '%s' is not allowed: there is no foreign agent, "
			"foreign-agent.care-of must be given",
			config_excerpt(config->visit_shared).text);
	for (size_t i = 0; i < count && why == HA_OK; i++)
		why = check_moving(config, all[i].address, error);
	return why == HA_OK ? check_left(config, all, count, error) : why;
}

static enum ha_error check_limits(const struct config *config, struct config_error *error)
{
	if (config->visitors_busy > config->visitors_max)
		return refuse(error,
		              "foreign-agent.busy-above: %u is not allowed: it must be at most "
		              "foreign-agent.max-visitors, %u",
		              config->visitors_busy, config->visitors_max);
	if (config->visit_pending_per_node > config->visit_pending_max)
		return refuse(error,
		              "foreign-agent.pending-per-node: %u is not allowed: it must be at "
		              "most foreign-agent.max-pending, %u",
		              config->visit_pending_per_node, config->visit_pending_max);
	if (config->visit_revocation == VISIT_REVOCATION_REQUIRED &&
	    !*config->visit_associations_file)
		return refuse(error,
		              "foreign-agent.revocation: required is not allowed: home agents "
		              "agree where a key is shared with them, and "
		              "foreign-agent.associations names no file of keys");
	if (config->visit_encapsulating_delivery && config->visit_reverse_tunnel == 0)
		return refuse(error,
		              "foreign-agent.encapsulating-delivery: yes is not allowed: it is a "
		              "way into a reverse tunnel, and foreign-agent.reverse-tunnel is no");
	return HA_OK;
}

/* Two data planes of one process have nothing of the host's in common. That of a further group
 * has its place by then (config_groups_place), which counts from the table of the file. */
static enum ha_error check_plane(const struct config *config, struct config_error *error)
{
	uint32_t table = config->visit_table, other = config->dataplane_table - config->group;

	if (!interface_name_is_valid(config->visit_device) || strchr(config->visit_device, '%') ||
	    strcmp(config->visit_device, config->dataplane_tun) == 0)
		return refuse(
			error,
			"foreign-agent.device: '%s' is not allowed: it must be the name of an "
			"interface, and another one than dataplane.device",
			config_excerpt(config->visit_device).text);
	if (config_table_is_local(table) || (table >= other && table - other < CONFIG_GROUPS_MAX))
		return refuse(error,
		              "foreign-agent.table: %u is not allowed: it must be no table of the "
		              "kernel's own, 253 to 255, nor one of the home agents, %u to %u",
		              table, other, other + CONFIG_GROUPS_MAX - 1);
	return HA_OK;
}

/* An agent is what the configuration says elsewhere. */
static enum ha_error check_link(const struct config *config, size_t number,
                                struct config_error *error)
{
	const struct advertised_link *link = &config->advertised_links[number];

	if (link->roles & ADVERTISED_FOREIGN && !config_is_foreign_agent(config))
		return refuse(error,
		              "advertisement.link-%zu: %s is not allowed: there is no foreign "
		              "agent to advertise, foreign-agent.care-of must be given",
		              number + 1, advertised_role_name(link->roles));
	if (link->roles & ADVERTISED_HOME && config->home_agent_address.s_addr == 0)
		return refuse(error,
		              "advertisement.link-%zu: %s is not allowed: there is no home agent "
		              "to advertise, home-agent.address must be given",
		              number + 1, advertised_role_name(link->roles));
	if (link->required && !(link->roles & ADVERTISED_FOREIGN))
		return refuse(error,
		              "advertisement.link-%zu: registration-required is not allowed: it is "
		              "for foreign agents",
		              number + 1);
	for (size_t i = 0; i < number; i++)
		if (advertised_link_is_given(link) &&
		    strcmp(config->advertised_links[i].interface, link->interface) == 0)
			return refuse(error,
			              "advertisement.link-%zu: %s is not allowed: link-%zu is that "
			              "interface already",
			              number + 1, link->interface, i + 1);
	return HA_OK;
}

enum ha_error config_visit_check(const struct config *config, struct config_error *error)
{
	static enum ha_error (*const checks[])(const struct config *config,
	                                       struct config_error *error) = {
		check_alone, check_care_of, check_shared, check_limits, check_plane,
	};
	enum ha_error why = HA_OK;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && why == HA_OK; i++)
		why = checks[i](config, error);
	for (size_t i = 0; i < ADVERTISED_LINKS_MAX && why == HA_OK; i++)
		why = check_link(config, i, error);
	return why;
}
