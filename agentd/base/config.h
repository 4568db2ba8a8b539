/* config.h - the configuration of a node: one table of options, one immutable
 * struct.
 *
 * Each option is one row of CONFIG_OPTIONS: where it is in the file, its type,
 * unit, range, default, who owns it, whether it can change live, and its help.
 * The parser, `agentd --check`, `agentctl config`, the commented example and
 * the manual page are walks over that table (config_option_*).
 *
 * A file is YAML of two levels: section and option. Only config_file.c knows
 * the YAML library. Further groups have files of their own (config_groups.h).
 *
 * May include: agentd/base. */
#ifndef AGENTD_BASE_CONFIG_H
#define AGENTD_BASE_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/address.h"
#include "agentd/base/advertised_link.h"
#include "agentd/base/cluster_member.h"
#include "agentd/base/error.h"
#include "agentd/base/home_network.h"

#define CONFIG_TEXT_MAX 256u
#define CONFIG_OPTIONS_MAX 256u                 /* room for them, where each needs a place */
#define CONFIG_GROUPS_MAX 16u                   /* of a process, with group 0 */
#define CONFIG_GROUP_VISITORS CONFIG_GROUPS_MAX /* of the cluster: visitors; no home agent's */

struct config {
	uint32_t group; /* that this is of, and no option; 0 = that of the main file */
	/* home-agent */
	struct in_addr home_agent_address;
	uint32_t home_agent_port;
	uint32_t home_agent_realm;
	char interface[CONFIG_TEXT_MAX]; /* that the leader puts the address on; empty = none */
	bool virtual_mac;
	uint32_t virtual_router;             /* last octet of that MAC; 0 = that of the address */
	char announce_hook[CONFIG_TEXT_MAX]; /* program; empty = none */
	/* registration (owned by the cluster: the file seeds an empty store) */
	bool enabled; /* no: requests are left unanswered */
	uint32_t max_lifetime_s;
	uint32_t lifetime_jitter; /* percent */
	uint32_t replay_tolerance_s;
	uint32_t bindings_per_node;
	uint32_t minimum_interval_ms;
	uint32_t burst;
	uint32_t reverse_tunnel; /* enum reverse_tunnel */
	bool minimal_encapsulation;
	bool gre_encapsulation;
	uint32_t udp_tunnel; /* enum udp_tunnel */
	bool udp_tunnel_unverified;
	uint32_t udp_keepalive_s;
	struct address_prefixes allow_from;
	bool dynamic_home_agent;
	struct in_addr redirect; /* 0 = none */
	bool gateway_agents;
	bool revocation;
	bool message_strings;
	bool strict_reserved_bits;
	bool discovery;                      /* of the node's file */
	bool reply_to_failed_authentication; /* 131 where RFC 5944 leaves it open */
	/* capacity */
	uint32_t capacity_nodes;
	uint32_t capacity_associations;
	uint32_t capacity_bindings;
	/* storage */
	char data_directory[CONFIG_TEXT_MAX];
	uint32_t log_segment_mib;
	uint32_t log_segments_max;
	uint32_t store_map_mib;
	uint32_t checkpoint_interval_s;
	char associations_file[CONFIG_TEXT_MAX]; /* seeds an empty store; empty = none */
	char cluster_key_file[CONFIG_TEXT_MAX];  /* empty = cluster.key in data_directory */
	/* cluster */
	uint32_t cluster_node; /* number of this member; 0 = alone */
	struct cluster_member cluster_members[CLUSTER_MEMBERS_MAX]; /* member i+1 */
	char node_key_file[CONFIG_TEXT_MAX]; /* empty = node.key in data_directory */
	uint32_t log_memory_mib;
	uint32_t snapshot_rate_mib; /* per second; 0 = no limit */
	uint32_t clock_tolerance_ms;
	/* groups */
	char group_files[CONFIG_GROUPS_MAX - 1][CONFIG_TEXT_MAX]; /* of group i+1; empty = none */
	bool give_up_groups;
	/* overload */
	uint32_t request_age_ms;  /* 0 = no limit */
	uint32_t source_failures; /* per second; 0 = no limit */
	/* dataplane */
	uint32_t dataplane_path;                    /* enum dataplane_path */
	char dataplane_interfaces[CONFIG_TEXT_MAX]; /* names with commas; "auto" */
	char dataplane_bpf[CONFIG_TEXT_MAX];        /* directory of pins */
	char dataplane_tun[CONFIG_TEXT_MAX];
	uint32_t dataplane_table;
	uint32_t dataplane_mark;
	uint32_t dataplane_priority;
	uint32_t nesting_limit;
	uint32_t path_mtu_floor;
	struct address_prefixes trusted_gateways; /* empty = none */
	char route_hook[CONFIG_TEXT_MAX];         /* program; empty = none */
	/* home-networks */
	struct home_network home_networks[HOME_NETWORKS_MAX]; /* network i+1 */
	/* foreign-agent */
	struct address_prefixes
		care_of; /* addresses, the first is our own source; empty = no such role */
	char visit_shared[CONFIG_TEXT_MAX]; /* shared_address.h; empty = alone */
	uint32_t visit_lifetime_s;          /* the longest that is relayed */
	uint32_t visitors_max;
	uint32_t visitors_busy; /* from so many on the agent is busy; 0 = when there is no room */
	uint32_t visit_pending_max;
	uint32_t visit_pending_per_node;
	uint32_t visit_reverse_tunnel; /* enum reverse_tunnel */
	bool visit_minimal;
	bool visit_gre;
	uint32_t visit_udp;        /* enum visit_udp */
	uint32_t visit_revocation; /* enum visit_revocation */
	bool visit_encapsulating_delivery;
	bool visit_revocation_inform;
	bool visit_challenges;
	struct address_prefixes visit_home_agents;
	struct in_addr visit_home_agent; /* for nodes that ask for any; 0 = none */
	bool visit_home_required;
	bool visit_strict_reserved;
	bool visit_fa_errors;
	bool visit_message_strings;
	bool visit_forwarding;
	char visit_device[CONFIG_TEXT_MAX];
	uint32_t visit_table;
	char visit_associations_file[CONFIG_TEXT_MAX]; /* empty = none */
	/* advertisement */
	struct advertised_link advertised_links[ADVERTISED_LINKS_MAX]; /* link i+1 */
	uint32_t advertise_answers;     /* to single nodes, per second and link */
	uint32_t advertise_answers_all; /* on all links */
	/* snmp */
	uint32_t snmp_mode;                       /* enum snmp_mode */
	char snmp_master[CONFIG_TEXT_MAX];        /* where it listens for subagents */
	char snmp_listen[CONFIG_TEXT_MAX];        /* embedded: transport and port for managers */
	char snmp_configuration[CONFIG_TEXT_MAX]; /* embedded: users, views, receivers */
	char snmp_context[CONFIG_TEXT_MAX];       /* of this node; empty = none */
	/* process */
	char user[CONFIG_TEXT_MAX];
	char control_socket[CONFIG_TEXT_MAX];
	uint32_t network_threads;
	uint32_t log_level;  /* enum log_level */
	uint32_t log_format; /* enum log_format */
};

/* What forwards packets between correspondents and mobile nodes. */
enum dataplane_path {
	DATAPLANE_PATH_OFF, /* something else does */
	DATAPLANE_PATH_AUTO,
	DATAPLANE_PATH_USER, /* agentd's own thread */
	DATAPLANE_PATH_TC,   /* BPF in front of it */
};

/* Tunnels in UDP for visitors, RFC 3519. */
enum visit_revocation {
	VISIT_REVOCATION_NO,
	VISIT_REVOCATION_YES,
	VISIT_REVOCATION_REQUIRED, /* of home agents */
};

enum visit_udp {
	VISIT_UDP_NO,
	VISIT_UDP_BEHIND_NAT, /* where the home agent sees a NAT */
	VISIT_UDP_ALWAYS,     /* it is asked to use them although it sees none */
};

/* Who answers SNMP managers. */
enum snmp_mode {
	SNMP_MODE_OFF,      /* nobody */
	SNMP_MODE_AGENTX,   /* the host's snmpd, of which agentd is a subagent */
	SNMP_MODE_EMBEDDED, /* agentd itself */
};

enum option_type {
	OPTION_NUMBER,           /* uint32_t */
	OPTION_FLAG,             /* bool; yes/no, true/false */
	OPTION_ADDRESS,          /* struct in_addr, unicast */
	OPTION_ADDRESS_OR_NONE,  /* the same, or none, which is 0 */
	OPTION_PREFIXES,         /* struct address_prefixes */
	OPTION_PREFIXES_OR_NONE, /* the same, or none, which is no prefix at all */
	OPTION_ADDRESSES,        /* struct address_prefixes of single hosts; or none */
	OPTION_TEXT,             /* char[CONFIG_TEXT_MAX] */
	OPTION_CHOICE,           /* uint32_t, one of `choices` */
	OPTION_MEMBER,           /* struct cluster_member */
	OPTION_HOME_NETWORK,     /* struct home_network */
	OPTION_ADVERTISED_LINK,  /* struct advertised_link */
};

enum option_owner {
	OWNER_NODE,    /* this file */
	OWNER_CLUSTER, /* the replicated store; the file seeds an empty one */
};

enum option_reload {
	RELOAD_LIVE, /* SIGHUP, or agentctl config set */
	RELOAD_RESTART,
};

struct option_choice {
	const char *name;
	uint32_t value;
};

struct config_option {
	const char *section;
	const char *name; /* the full name is section.name */
	enum option_type type;
	enum option_owner owner;
	enum option_reload reload;
	bool policy;      /* a policy of mobile nodes may set it otherwise */
	bool of_group;    /* each group has its own; the others are of the process */
	const char *unit; /* "seconds", "MiB", or "" */
	size_t offset;    /* into struct config */
	uint32_t min, max;
	const char *preset; /* as it would stand in the file; NULL = must be given */
	const struct option_choice *choices; /* ends with a NULL name */
	const char *help;
};

size_t config_option_count(void);
const struct config_option *config_option_at(size_t i);
/* By full name; NULL if there is none. */
const struct config_option *config_option_find(const char *name);

/* Where and why a value was refused: one sentence with file, line, option,
 * value and what is allowed. */
struct config_error {
	char text[512];
};

/* All defaults; options that must be given are zero. */
void config_defaults(struct config *out);

/* Read a file over the defaults. HA_E_IO (cannot be read), HA_E_SYNTAX (not
 * YAML, unknown or repeated option), HA_E_RANGE (value), HA_E_NOTFOUND (an
 * option that must be given is missing). *out is untouched on failure. */
enum ha_error config_load(const char *path, struct config *out, struct config_error *error);

/* The same for the file of another group of that process, over the defaults and the
 * options of the process, which it must not name (HA_E_SYNTAX). */
enum ha_error config_load_group(const char *path, const struct config *process, struct config *out,
                                struct config_error *error);

/* Set one option from text. HA_E_NOTFOUND, HA_E_RANGE; *config untouched then. */
enum ha_error config_set(struct config *config, const char *name, const char *value,
                         struct config_error *error);

/* The value as it would stand in the file, of the struct that its table is about. Returns the
 * length. */
size_t config_format(const void *config, const struct config_option *option, char *out,
                     size_t size);
bool config_option_equal(const struct config *a, const struct config *b,
                         const struct config_option *option);

/* Cross checks between options (capacities, paths, members). HA_E_RANGE with
 * *error. */
enum ha_error config_validate(const struct config *config, struct config_error *error);

/* Something that is allowed and hardly meant? Then *error says it. */
bool config_doubt(const struct config *config, struct config_error *error);

/* Packets are forwarded here: there is a home network, and it is not turned off. */
bool config_forwards(const struct config *config);

/* A home agent is wanted here: a process without one is a foreign agent alone. */
bool config_has_home_agent(const struct config *config);

/* This is a foreign agent too, or alone. */
bool config_is_foreign_agent(const struct config *config);

/* Is that one shared by the members of a cluster? Then they have a group for its visitors. */
bool config_shares_visitors(const struct config *config);

/* This node votes in its cluster and serves no mobile nodes. */
bool config_is_witness(const struct config *config);

#endif
