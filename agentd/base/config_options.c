/* config_options.c - the table of options, and looking into it. Every default,
 * range and help text of the configuration is in a row here or, of foreign agents and
 * advertisements, in config_visit.c, and nowhere else. */
#include "agentd/base/config_rows.h"

#include <string.h>

#include "agentd/base/config_values.h"
#include "agentd/base/config_table.h"
#include "agentd/base/log.h"

#define CAPACITY_MAX (16u << 20)

static const struct option_choice log_levels[] = {
	{ "error", LOG_LEVEL_ERROR },   { "warning", LOG_LEVEL_WARNING },
	{ "notice", LOG_LEVEL_NOTICE }, { "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },   { NULL, 0 },
};

static const struct option_choice log_formats[] = {
	{ "text", LOG_FORMAT_TEXT },
	{ "journal", LOG_FORMAT_JOURNAL },
	{ "json", LOG_FORMAT_JSON },
	{ NULL, 0 },
};

/* Values as agentd/registration has them. */
const struct option_choice config_reverse_tunnels[] = {
	{ "no", 0 },    { "yes", 1 },  { "required", 2 },
	{ "false", 0 }, { "true", 1 }, { NULL, 0 }, /* it was a flag once */
};

static const struct option_choice udp_tunnels[] = {
	{ "no", 0 },
	{ "behind-nat", 1 },
	{ "on-request", 2 },
	{ NULL, 0 },
};

static const struct option_choice dataplane_paths[] = {
	{ "off", DATAPLANE_PATH_OFF },
	{ "auto", DATAPLANE_PATH_AUTO },
	{ "user", DATAPLANE_PATH_USER },
	{ "tc", DATAPLANE_PATH_TC },
	{ NULL, 0 },
};

static const struct option_choice snmp_modes[] = {
	{ "off", SNMP_MODE_OFF },
	{ "agentx", SNMP_MODE_AGENTX },
	{ "embedded", SNMP_MODE_EMBEDDED },
	{ NULL, 0 },
};

#define MEMBER_ROW(number, help_)                                                                  \
	{                                                                                          \
		"cluster", "member-" #number, MEMBER(cluster_members[number - 1]), NODE_RESTART,   \
			.preset = "", .help = help_                                                \
	}

#define NETWORK_ROW(number, help_)                                                                 \
	{                                                                                          \
		"home-networks", "network-" #number, AT(home_networks[number - 1]),                \
			.type = OPTION_HOME_NETWORK, .unit = "", GROUP_RESTART, .preset = "",      \
			.help = help_                                                              \
	}

#define GROUP_ROW(number, help_)                                                                   \
	{                                                                                          \
		"groups", "group-" #number, TEXT(group_files[number - 1], 0, 200), NODE_RESTART,   \
			.preset = "", .help = help_                                                \
	}

static const struct config_option options[] = {
	{ "home-agent", "address", ADDRESS(home_agent_address), GROUP_RESTART, .preset = NULL,
	  .help = "Address of the home agent: an address of this host, to which mobile nodes "
	          "register. It must be given, unless this is a foreign agent and no home agent." },
	{ "home-agent", "port", NUMBER(home_agent_port, "", 1, 65535), GROUP_RESTART,
	  .preset = "434", .help = "UDP port for registrations." },
	{ "home-agent", "realm", NUMBER(home_agent_realm, "", 0, UINT32_MAX), GROUP_RESTART,
	  .preset = "0",
	  .help = "Address space to which the home addresses belong; 0 unless customers with "
	          "overlapping addresses are kept apart." },
	{ "home-agent", "interface", TEXT(interface, 0, 15), GROUP_RESTART, .preset = "",
	  .help = "Interface of the home network, on which the leader of a cluster has the address "
	          "of the home agent; empty when others see to it that the address is here." },
	{ "home-agent", "virtual-mac", FLAG(virtual_mac), GROUP_RESTART, .preset = "yes",
	  .help = "Have that address under a link-layer address that moves along with it, so that "
	          "no neighbour has to learn another one." },
	{ "home-agent", "virtual-router", NUMBER(virtual_router, "", 0, 255), GROUP_RESTART,
	  .preset = "0",
	  .help = "Last octet of that link-layer address, 00:00:5e:00:01 and this: the same on every "
	          "member, and another one than those of other clusters and VRRP routers on the "
	          "link; 0 for the last octet of the address." },
	{ "home-agent", "announce-hook", TEXT(announce_hook, 0, 200), GROUP_RESTART, .preset = "",
	  .help = "Program that is called when this node begins or ceases to have the address, and "
	          "does what is needed instead; empty for none." },

	{ "registration", "enabled", FLAG(enabled), CLUSTER_LIVE, .preset = "yes",
	  .help = "no leaves all registration requests unanswered; bindings stay and end with their "
	          "lifetime. A foreign agent beside it does likewise. In MIP-MIB this is mipEnable." },
	{ "registration", "max-lifetime", NUMBER(max_lifetime_s, "seconds", 1, 65535),
	  CLUSTER_POLICY, .preset = "1800",
	  .help = "Longest lifetime granted; 65535 grants infinity too." },
	{ "registration", "lifetime-jitter", NUMBER(lifetime_jitter, "percent", 0, 50),
	  CLUSTER_POLICY, .preset = "5",
	  .help = "Who asks for more than max-lifetime is granted up to this much less than it, so "
	          "that nodes that came together do not come back together." },
	{ "registration", "replay-tolerance", NUMBER(replay_tolerance_s, "seconds", 4, 3600),
	  CLUSTER_POLICY, .preset = "7",
	  .help = "How far the time in a request may be from the time of this host, unless the "
	          "association has a tolerance of its own." },
	{ "registration", "bindings-per-node", NUMBER(bindings_per_node, "", 1, 8), CLUSTER_LIVE,
	  .preset = "2",
	  .help = "Simultaneous bindings of one mobile node, unless it has a limit of its own." },
	{ "registration", "minimum-interval", NUMBER(minimum_interval_ms, "milliseconds", 0, 60000),
	  CLUSTER_POLICY, .preset = "1000",
	  .help = "Registrations of one mobile node are accepted this far apart on the average, as "
	          "RFC 5944 wants it; sooner ones are dropped. 0 accepts all." },
	{ "registration", "burst", NUMBER(burst, "", 1, 1000), CLUSTER_POLICY, .preset = "10",
	  .help = "So many registrations of one mobile node may come at once nevertheless." },
	{ "registration", "reverse-tunnel", CHOICE(reverse_tunnel, config_reverse_tunnels),
	  CLUSTER_POLICY, .preset = "no",
	  .help = "Reverse tunnels: no denies a request for one with code 137; required denies one "
	          "without with code 138." },
	{ "registration", "minimal-encapsulation", FLAG(minimal_encapsulation), CLUSTER_POLICY,
	  .preset = "yes", .help = "Grant minimal encapsulation; otherwise code 139." },
	{ "registration", "gre-encapsulation", FLAG(gre_encapsulation), CLUSTER_POLICY,
	  .preset = "yes", .help = "Grant GRE encapsulation; otherwise code 139." },
	{ "registration", "udp-tunnel", CHOICE(udp_tunnel, udp_tunnels), CLUSTER_POLICY,
	  .preset = "on-request",
	  .help = "Tunnels in UDP through address translators (RFC 3519): never, where one is seen, "
	          "or also where the node forces it." },
	{ "registration", "udp-tunnel-unverified", FLAG(udp_tunnel_unverified), CLUSTER_POLICY,
	  .preset = "no",
	  .help = "Grant a tunnel in UDP also to a foreign agent that does not authenticate itself. "
	          "Whoever overhears a registration can then turn the node's packets to himself." },
	{ "registration", "udp-keepalive", NUMBER(udp_keepalive_s, "seconds", 10, 65535),
	  CLUSTER_POLICY, .preset = "110",
	  .help = "Keepalive interval that nodes with a UDP tunnel are told." },
	{ "registration", "allow-from", PREFIXES(allow_from), CLUSTER_POLICY, .preset = "any",
	  .help = "Networks of care-of addresses from which nodes may register, as up to 8 prefixes "
	          "with commas between them, or any. Others are denied with code 129. Behind an "
	          "address translator its address counts." },
	{ "registration", "dynamic-home-agent", FLAG(dynamic_home_agent), CLUSTER_LIVE,
	  .preset = "yes",
	  .help = "Accept nodes that ask for any home agent by 0.0.0.0 or 255.255.255.255 and their "
	          "name (RFC 4433); otherwise code 136." },
	{ "registration", "redirect", ADDRESS_OR_NONE(redirect), CLUSTER_LIVE, .preset = "none",
	  .help = "Home agent to which such nodes are sent, with code 143; none to serve them." },
	{ "registration", "gateway-agents", FLAG(gateway_agents), CLUSTER_LIVE, .preset = "yes",
	  .help = "Accept a care-of address of zero with the address of a gateway foreign agent that "
	          "authenticates itself (RFC 4857); otherwise code 146." },
	{ "registration", "revocation", FLAG(revocation), CLUSTER_LIVE, .preset = "yes",
	  .help = "Agree on registration revocation (RFC 3543) with foreign agents that offer it." },
	{ "registration", "message-strings", FLAG(message_strings), CLUSTER_LIVE, .preset = "no",
	  .help = "Say in denials why, as text for the user of the mobile node (RFC 4917)." },
	{ "registration", "strict-reserved-bits", FLAG(strict_reserved_bits), CLUSTER_LIVE,
	  .preset = "no",
	  .help = "Deny requests with reserved flags set with code 134, as agents of RFC 2002 did; "
	          "RFC 5944 ignores them." },
	{ "registration", "discovery", FLAG(discovery), GROUP_RESTART, .preset = "yes",
	  .help = "Answer requests that were broadcast on the home network with code 136 and our "
	          "address (dynamic home agent address resolution)." },
	{ "registration", "reply-to-failed-authentication", FLAG(reply_to_failed_authentication),
	  CLUSTER_LIVE, .preset = "no",
	  .help = "Answer requests whose authenticator does not verify with code 131, rather than "
	          "with silence." },

	{ "capacity", "nodes", NUMBER(capacity_nodes, "", 1, CAPACITY_MAX), GROUP_RESTART,
	  .preset = "100000",
	  .help = "Most mobile nodes and foreign agents. Memory for them is taken at the start." },
	{ "capacity", "associations", NUMBER(capacity_associations, "", 1, CAPACITY_MAX),
	  GROUP_RESTART, .preset = "120000",
	  .help = "Most mobility security associations; at least as many as nodes." },
	{ "capacity", "bindings", NUMBER(capacity_bindings, "", 1, CAPACITY_MAX), GROUP_RESTART,
	  .preset = "200000",
	  .help = "Most bindings, counted by the limits of the nodes rather than by use." },

	{ "storage", "directory", TEXT(data_directory, 1, 200), NODE_RESTART,
	  .preset = "/var/lib/hearth",
	  .help = "Directory of the store and the log; on a disk that keeps what it has flushed." },
	{ "storage", "log-segment", NUMBER(log_segment_mib, "MiB", 1, 1024), NODE_RESTART,
	  .preset = "64", .help = "Size of one segment file of the log." },
	{ "storage", "log-segments", NUMBER(log_segments_max, "", 3, 256), NODE_RESTART,
	  .preset = "16",
	  .help = "Most segment files: the log never takes more than this many times the size of "
	          "one." },
	{ "storage", "store-map", NUMBER(store_map_mib, "MiB", 16, 4u << 20), GROUP_RESTART,
	  .preset = "16384",
	  .help = "Largest size of the store. Address space, not memory: the file grows as it is "
	          "filled." },
	{ "storage", "checkpoint-interval", NUMBER(checkpoint_interval_s, "seconds", 1, 3600),
	  GROUP_LIVE, .preset = "10",
	  .help = "How often bindings are written from the log to the store; what readers see "
	          "trails by this much." },
	{ "storage", "associations", TEXT(associations_file, 0, 200), GROUP_RESTART, .preset = "",
	  .help = "File of associations, pools and policies with which an empty store is seeded, "
	          "closed to all but the user; empty for none." },
	{ "storage", "cluster-key", TEXT(cluster_key_file, 0, 200), NODE_RESTART, .preset = "",
	  .help = "File of the keys under which secrets are sealed in the store and the log, closed "
	          "to all but the user, the same on every member; read again at a reload. Empty for "
	          "cluster.key in the directory, which is made when the store is new." },

	{ "cluster", "node", NUMBER(cluster_node, "", 0, CLUSTER_MEMBERS_MAX), NODE_RESTART,
	  .preset = "0",
	  .help = "Number of this node among the members of its cluster; 0 when it works alone." },
	MEMBER_ROW(
		1,
		"Where member 1 is found and connects from, what it does, and the public key that 'agentctl "
		"cluster key make' gave it. A witness votes and serves no mobile nodes. The "
		"same on every member; the port after the one named is used too. Empty when "
		"there is no such member."),
	MEMBER_ROW(2, "The same of member 2."),
	MEMBER_ROW(3, "The same of member 3."),
	MEMBER_ROW(4, "The same of member 4."),
	MEMBER_ROW(5, "The same of member 5."),
	{ "cluster", "key", TEXT(node_key_file, 0, 200), NODE_RESTART, .preset = "",
	  .help = "File of this node's own secret key, closed to all but the user, of which the "
	          "public key stands above; empty for node.key in the storage directory." },
	{ "cluster", "log-memory", NUMBER(log_memory_mib, "MiB", 16, 65536), NODE_RESTART,
	  .preset = "256",
	  .help = "Commands kept in memory for members that lag. Who lags further is sent the whole "
	          "store." },
	{ "cluster", "snapshot-rate", NUMBER(snapshot_rate_mib, "MiB per second", 0, 10000),
	  NODE_RESTART, .preset = "64",
	  .help = "How fast the store is sent to a member that needs it; 0 for no limit." },
	{ "cluster", "clock-tolerance", NUMBER(clock_tolerance_ms, "milliseconds", 10, 60000),
	  NODE_RESTART, .preset = "1000",
	  .help = "A member whose clock is further than this from those of the others does not "
	          "lead." },

	GROUP_ROW(
		1,
		"File with the options of another home agent of this process, group 1, which has "
		"an address, a store and a leader of its own: sections home-agent, registration, "
		"home-networks and capacity, dataplane.trusted-gateways, and of storage store-map, "
		"associations and checkpoint-interval. All other options stand here only. The same "
		"groups on every member; empty when there is no such group."),
	GROUP_ROW(2, "The same of group 2."),
	GROUP_ROW(3, "The same of group 3."),
	GROUP_ROW(4, "The same of group 4."),
	GROUP_ROW(5, "The same of group 5."),
	GROUP_ROW(6, "The same of group 6."),
	GROUP_ROW(7, "The same of group 7."),
	GROUP_ROW(8, "The same of group 8."),
	GROUP_ROW(9, "The same of group 9."),
	GROUP_ROW(10, "The same of group 10."),
	GROUP_ROW(11, "The same of group 11."),
	GROUP_ROW(12, "The same of group 12."),
	GROUP_ROW(13, "The same of group 13."),
	GROUP_ROW(14, "The same of group 14."),
	GROUP_ROW(15, "The same of group 15."),
	{ "groups", "give-up", FLAG(give_up_groups), NODE_RESTART, .preset = "no",
	  .help = "Start a member of a cluster also without groups that it had: the log lets go "
	          "what it holds of them." },
	NETWORK_ROW(
		1,
		"A network of home addresses whose packets this node forwards: its prefix, and how "
		"it is attached. link INTERFACE: this host is one among others on that link, beside "
		"its router. router INTERFACE: this host is the router of that link. virtual: there "
		"is no link, and every node is always away. The same prefixes on every member, and "
		"of no other group; empty when there is none."),
	NETWORK_ROW(2, "Another one."),
	NETWORK_ROW(3, "Another one."),
	NETWORK_ROW(4, "Another one."),
	NETWORK_ROW(5, "Another one."),
	NETWORK_ROW(6, "Another one."),
	NETWORK_ROW(7, "Another one."),
	NETWORK_ROW(8, "Another one."),

	{ "dataplane", "path", CHOICE(dataplane_path, dataplane_paths), NODE_RESTART,
	  .preset = "auto",
	  .help = "What forwards packets to and from mobile nodes, where a home network is given: "
	          "user for a thread of agentd, tc for a BPF program in front of it, auto for the "
	          "fastest that works here, off for nothing of agentd's." },
	{ "dataplane", "interfaces", TEXT(dataplane_interfaces, 1, CONFIG_TEXT_MAX - 1),
	  NODE_RESTART, .preset = "auto",
	  .help = "Where the BPF program is: names of Ethernet interfaces, with commas between "
	          "them, or auto for all that are up and have an address when agentd starts." },
	{ "dataplane", "bpf-directory", TEXT(dataplane_bpf, 1, 100), NODE_RESTART,
	  .preset = "/sys/fs/bpf/hearth",
	  .help = "Directory on a BPF file system for what has to outlive agentd: the program and "
	          "its maps, which go on until the deadline while agentd is restarted." },
	{ "dataplane", "device", TEXT(dataplane_tun, 1, 15), NODE_RESTART, .preset = "hearth",
	  .help = "Name of the TUN device by which packets come to agentd. It is there while agentd "
	          "runs. Further groups have one each, with their numbers at the end: hearth-1." },
	{ "dataplane", "table", NUMBER(dataplane_table, "", 1, INT32_MAX), NODE_RESTART,
	  .preset = "434",
	  .help = "Number of a routing table for agentd alone: whatever is in it at the start is "
	          "taken away. Group N has the table with a number higher by N." },
	{ "dataplane", "rule-priority", NUMBER(dataplane_priority, "", 1, 32765), NODE_RESTART,
	  .preset = "434",
	  .help = "Priority of the rules that send packets for home addresses to that table." },
	{ "dataplane", "mark", NUMBER(dataplane_mark, "", 1, UINT32_MAX), NODE_RESTART,
	  .preset = "1073741824",
	  .help = "Bit or bits by which packets of agentd's own, and those that BPF leaves to nodes at "
	          "home, are known in the rules for routing (fwmark); no other program of this host "
	          "may use them. Binary digit 30 unless given." },
	{ "dataplane", "nesting-limit", NUMBER(nesting_limit, "", 1, 16), NODE_RESTART,
	  .preset = "4",
	  .help = "A packet that is in so many tunnels already is dropped rather than put into "
	          "another one." },
	{ "dataplane", "path-mtu-floor", NUMBER(path_mtu_floor, "octets", 68, 1500), NODE_RESTART,
	  .preset = "576",
	  .help = "The least MTU of a path that is believed of an ICMP error, tunnel headers "
	          "included: anybody on the way can write one. What tells of less counts as this "
	          "much." },
	{ "dataplane", "trusted-gateways", PREFIXES_OR_NONE(trusted_gateways), GROUP_RESTART,
	  .preset = "none",
	  .help = "Addresses of routers that may send packets of any source through tunnels to the "
	          "home agent, as up to 8 prefixes with commas between them, or none. Others may "
	          "send what comes from the mobile nodes that are bound to their address." },
	{ "dataplane", "route-hook", TEXT(route_hook, 0, 200), NODE_RESTART, .preset = "",
	  .help = "Program that is called when this node begins or ceases to lead, for each virtual "
	          "home network, and tells the routers of it; empty for none." },

	{ "overload", "request-age", NUMBER(request_age_ms, "milliseconds", 0, 60000), NODE_LIVE,
	  .preset = "1000",
	  .help = "A datagram that has waited longer than this to be read is dropped: mobile nodes "
	          "ask again after a second. 0 drops none." },
	{ "overload", "source-failures", NUMBER(source_failures, "per second", 0, 1000000),
	  NODE_LIVE, .preset = "1000",
	  .help = "Malformed, forged and replayed datagrams that one source address may send, for each "
	          "network thread. While a thread is behind, what comes from a source beyond that is "
	          "dropped unread but for as many a second, or for every second one if genuine "
	          "requests come from it too. 0 for no limit." },

	{ "snmp", "mode", CHOICE(snmp_mode, snmp_modes), NODE_RESTART, .preset = "agentx",
	  .help = "Who answers SNMP managers: agentx for the snmpd of this host, which agentd "
	          "joins as a subagent as soon as it is there; embedded for agentd itself, where "
	          "millions of rows are walked; off for nobody." },
	{ "snmp", "master", TEXT(snmp_master, 1, 200), NODE_RESTART, .preset = "/var/agentx/master",
	  .help = "agentx: where snmpd listens for subagents, a Unix socket or tcp:ADDRESS:PORT." },
	{ "snmp", "listen", TEXT(snmp_listen, 1, 200), NODE_RESTART, .preset = "udp:127.0.0.1:1161",
	  .help = "embedded: where agentd listens for managers, as snmpd has it: udp:ADDRESS:PORT, "
	          "udp6:[ADDRESS]:PORT, or several with commas between them." },
	{ "snmp", "configuration", TEXT(snmp_configuration, 1, 200), NODE_RESTART,
	  .preset = "/etc/hearth/snmp.conf",
	  .help = "embedded: file of communities, users, views and receivers of notifications, in "
	          "the form of snmpd.conf." },
	{ "snmp", "context", TEXT(snmp_context, 0, 20), NODE_RESTART, .preset = "",
	  .help = "Name of an SNMP context for this node alone, where several are behind one snmpd; "
	          "the contexts of its groups are called NAME-group-N then, and group-N else. "
	          "Empty for none." },

	{ "process", "user", TEXT(user, 1, 32), NODE_RESTART, .preset = "hearth",
	  .help = "User to become after the start as root; root to stay." },
	{ "process", "control-socket", TEXT(control_socket, 1, 107), NODE_RESTART,
	  .preset = "/run/hearth/agentd.sock", .help = "Socket on which agentctl is answered." },
	{ "process", "network-threads", NUMBER(network_threads, "", 1, 16), NODE_RESTART,
	  .preset = "1", .help = "Threads that receive and answer registrations." },
	{ "process", "log-level", CHOICE(log_level, log_levels), NODE_LIVE, .preset = "notice",
	  .help = "Lines of this level and above are written." },
	{ "process", "log-format", CHOICE(log_format, log_formats), NODE_LIVE, .preset = "text",
	  .help = "Form of a line on standard error: text for people, journal for systemd, json "
	          "for collectors." },
};

#define COUNT (sizeof(options) / sizeof(options[0]))

_Static_assert(COUNT + CONFIG_VISIT_OPTIONS <= CONFIG_OPTIONS_MAX, "a place for each");

size_t config_option_count(void)
{
	return COUNT + CONFIG_VISIT_OPTIONS;
}

const struct config_option *config_option_at(size_t i)
{
	if (i < COUNT)
		return &options[i];
	return i < config_option_count() ? &config_visit_options[i - COUNT] : NULL;
}

static enum ha_error validate(const void *values, struct config_error *error)
{
	return config_validate(values, error);
}

/* A witness serves nobody, and a foreign agent need not be a home agent. */
static bool may_lack(const void *values, bool of_group)
{
	return config_is_witness(values) || (!of_group && config_is_foreign_agent(values));
}

const struct config_table agentd_config_table = {
	.count = COUNT + CONFIG_VISIT_OPTIONS,
	.at = config_option_at,
	.size = sizeof(struct config),
	.validate = validate,
	.may_lack = may_lack,
	.introduction =
		"# Configuration of agentd, one file per node. Options that are commented out\n"
		"# show their default. Those of the section registration belong to the cluster:\n"
		"# they are taken from here only while the store is empty, and are changed with\n"
		"# 'agentctl config set' and 'agentctl config unset'.\n",
};

static bool has_name(const struct config_option *option, const char *name)
{
	size_t length = strlen(option->section);

	return strncmp(name, option->section, length) == 0 && name[length] == '.' &&
	       strcmp(name + length + 1, option->name) == 0;
}

size_t config_table_index(const struct config_table *table, const char *name)
{
	size_t i = 0;

	while (i < table->count && !has_name(table->at(i), name))
		i++;
	return i;
}

size_t config_option_index(const char *name)
{
	return config_table_index(&agentd_config_table, name);
}

const struct config_option *config_option_find(const char *name)
{
	return config_option_at(config_option_index(name));
}
