/* options.c - the table of options of a mobile node. Every default, range and help text is in a
 * row here and nowhere else. */
#include "agentd/mobile/options.h"

#include <string.h>

#include "agentd/base/config.h"
#include "agentd/base/log.h"
#include "agentd/mobile/mobile.h"

static const struct option_choice care_ofs[] = {
	{ "any", MOBILE_CHOOSE_ANY },
	{ "agent", MOBILE_CHOOSE_AGENT },
	{ "own", MOBILE_CHOOSE_OWN },
	{ NULL, 0 },
};

static const struct option_choice reverses[] = {
	{ "no", MOBILE_REVERSE_NO },
	{ "yes", MOBILE_REVERSE_YES },
	{ "required", MOBILE_REVERSE_REQUIRED },
	{ NULL, 0 },
};

static const struct option_choice encapsulations[] = {
	{ "ipip", ENCAPSULATION_IPIP },
	{ "minimal", ENCAPSULATION_MINIMAL },
	{ "gre", ENCAPSULATION_GRE },
	{ NULL, 0 },
};

static const struct option_choice udps[] = {
	{ "no", MOBILE_UDP_NO },
	{ "behind-nat", MOBILE_UDP_BEHIND_NAT },
	{ "forced", MOBILE_UDP_FORCED },
	{ NULL, 0 },
};

static const struct option_choice levels[] = {
	{ "error", LOG_LEVEL_ERROR },   { "warning", LOG_LEVEL_WARNING },
	{ "notice", LOG_LEVEL_NOTICE }, { "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },   { NULL, 0 },
};

static const struct option_choice formats[] = {
	{ "text", LOG_FORMAT_TEXT },
	{ "journal", LOG_FORMAT_JOURNAL },
	{ "json", LOG_FORMAT_JSON },
	{ NULL, 0 },
};

static const struct option_choice snmp_modes[] = {
	{ "off", SNMP_MODE_OFF },
	{ "agentx", SNMP_MODE_AGENTX },
	{ NULL, 0 },
};

#define AT(member)                                                                                 \
	.offset = offsetof(struct mobile_options, member), .owner = OWNER_NODE,                    \
	.reload = RELOAD_RESTART
#define NUMBER(member, unit_, min_, max_)                                                          \
	AT(member), .type = OPTION_NUMBER, .unit = (unit_), .min = (min_), .max = (max_)
#define FLAG(member) AT(member), .type = OPTION_FLAG, .unit = ""
#define ADDRESS_OR_NONE(member) AT(member), .type = OPTION_ADDRESS_OR_NONE, .unit = ""
#define PREFIXES_OR_NONE(member) AT(member), .type = OPTION_PREFIXES_OR_NONE, .unit = ""
#define TEXT(member, min_, max_)                                                                   \
	AT(member), .type = OPTION_TEXT, .unit = "", .min = (min_), .max = (max_)
#define CHOICE(member, choices_)                                                                   \
	AT(member), .type = OPTION_CHOICE, .unit = "", .choices = (choices_)

static const struct config_option options[] = {
	{ "mobile-node", "interface", TEXT(interface, 1, 15), .preset = NULL,
	  .help = "Interface by which this host is attached, at home and elsewhere." },
	{ "mobile-node", "keys", TEXT(keys, 1, 255), .preset = "/etc/hearth/mobiled.keys",
	  .help = "File of the security associations, which nobody else may read. A line each: 'home "
	          "SPI ALGORITHM KEY', with 'nonces' behind it where that is the style of replay "
	          "protection; 'foreign SPI ALGORITHM KEY' for what is shared with foreign agents; "
	          "'aaa SPI ALGORITHM KEY'. The key in hexadecimal digits." },
	{ "mobile-node", "name", TEXT(name, 0, 253), .preset = "",
	  .help = "Network access identifier, such as user@example.com. Empty for none." },
	{ "mobile-node", "home-address", ADDRESS_OR_NONE(home), .preset = "none",
	  .help = "Home address, which is not to be configured anywhere else on this host. none: the "
	          "home agent gives one to the name." },
	{ "mobile-node", "home-network", PREFIXES_OR_NONE(home_network), .preset = "none",
	  .help = "The home network, one prefix. An interface with another address of it is at home, "
	          "and its broadcast address is where a home agent is looked for. none for a network "
	          "that is nowhere, or not known." },
	{ "mobile-node", "home-router", ADDRESS_OR_NONE(home_router), .preset = "none",
	  .help = "Default router of the home network. none for the one that this host has." },
	{ "mobile-node", "home-agent", ADDRESS_OR_NONE(home_agent), .preset = "none",
	  .help = "Home agent. none: it is looked for, in the home network or, by its name, where a "
	          "foreign agent knows one (RFC 4433)." },
	{ "mobile-node", "requested-home-agent", ADDRESS_OR_NONE(requested_home_agent),
	  .preset = "none", .help = "Where any home agent would do: the one that is asked first." },

	{ "registration", "lifetime", NUMBER(lifetime_s, "seconds", 10, 65535), .preset = "1800",
	  .help = "Lifetime that is asked for; 65535 is for ever. No more is asked than the foreign "
	          "agent takes." },
	{ "registration", "care-of", CHOICE(care_of, care_ofs), .preset = "any",
	  .help = "Care-of address: agent for that of a foreign agent, own for an address of the "
	          "interface, such as a DHCP client gets it; any for a foreign agent where there is "
	          "one, and else an address of its own." },
	{ "registration", "care-of-address", ADDRESS_OR_NONE(care_of_address), .preset = "none",
	  .help = "The one address of the interface that may be a care-of address. none for the first "
	          "that it has." },
	{ "registration", "reverse-tunnel", CHOICE(reverse_tunnel, reverses), .preset = "yes",
	  .help = "Whether what this host sends goes through the home agent too (RFC 3024): no, unless "
	          "it is mandatory; yes, where it is to be had; required, or there is no registration." },
	{ "registration", "encapsulating-delivery", FLAG(encapsulating_delivery), .preset = "no",
	  .help = "With a reverse tunnel of a foreign agent, send packets to the agent in a tunnel, if it "
	          "takes them so (RFC 3024 section 5.2); else as they are." },
	{ "registration", "encapsulation", CHOICE(encapsulation, encapsulations), .preset = "ipip",
	  .help = "Encapsulation that is asked for." },
	{ "registration", "other-encapsulation", FLAG(other_encapsulation), .preset = "yes",
	  .help = "IP in IP will do where that is not to be had." },
	{ "registration", "udp-tunnel", CHOICE(udp_tunnel, udps), .preset = "behind-nat",
	  .help = "Tunnels in UDP (RFC 3519), with an address of its own: no; where the home agent "
	          "sees a NAT; or always." },
	{ "registration", "udp-keepalive", NUMBER(keepalive_s, "seconds", 10, 65535),
	  .preset = "110", .help = "Between keepalives, unless the home agent says otherwise." },
	{ "registration", "broadcasts", FLAG(broadcasts), .preset = "no",
	  .help = "Have broadcasts of the home network, with a care-of address of its own." },
	{ "registration", "simultaneous", FLAG(simultaneous), .preset = "no",
	  .help = "Keep the binding that was there before, as long as it lasts, so that packets come to "
	          "both care-of addresses." },
	{ "registration", "eager", FLAG(eager), .preset = "no",
	  .help = "Change to a foreign agent of another subnet as soon as one is heard; else when the "
	          "present one is not heard any more." },
	{ "registration", "deregister", FLAG(deregister), .preset = "yes",
	  .help = "End all bindings when the program is ended." },

	{ "packets", "device", TEXT(device, 1, 15), .preset = "mobile0",
	  .help = "Name of the device that has the home address while this host is away." },
	{ "packets", "mtu", NUMBER(mtu, "octets", 576, 65535), .preset = "1400",
	  .help = "Of that device: what the path to the home agent carries less what a tunnel adds, 20 "
	          "to 48 octets." },
	{ "packets", "table", NUMBER(table, "", 1, 4294967294), .preset = "43400",
	  .help = "Routing table for this program alone." },
	{ "packets", "priority", NUMBER(priority, "", 1, 32764), .preset = "4340",
	  .help = "Of the first of its two rules." },
	{ "packets", "mark", NUMBER(mark, "", 1, UINT32_MAX), .preset = "536870912",
	  .help = "Bit or bits by which packets of its own are known (fwmark); they are routed as if there were no home address." },
	{ "packets", "default-route", FLAG(default_route), .preset = "yes",
	  .help = "Whatever has no source address yet is sent from the home address; else only what is "
	          "bound to it." },
	{ "packets", "direct", PREFIXES_OR_NONE(direct), .preset = "none",
	  .help = "Networks that are reached as if there were no home address." },

	{ "snmp", "mode", CHOICE(snmp_mode, snmp_modes), .preset = "off",
	  .help = "Who answers SNMP managers: agentx for the snmpd of this host, which mobiled asks for "
	          "its place; off for nobody." },
	{ "snmp", "master", TEXT(snmp_master, 1, 200), .preset = "/var/agentx/master",
	  .help = "Where snmpd listens for subagents, a Unix socket or tcp:ADDRESS:PORT." },
	{ "snmp", "context", TEXT(snmp_context, 1, 20), .preset = "mobile-node",
	  .help = "SNMP context in which the mobile node is seen, and in no other: agents on the same host "
	          "have the default one." },

	{ "process", "user", TEXT(user, 1, 32), .preset = "hearth",
	  .help = "User to become after the start as root; root to stay." },
	{ "process", "status-socket", TEXT(status_socket, 1, 107),
	  .preset = "/run/hearth/mobiled.sock", .help = "Socket by which mobiled --status asks." },
	{ "process", "log-level", CHOICE(log_level, levels), .preset = "notice",
	  .help = "Lines of this level and above are written." },
	{ "process", "log-format", CHOICE(log_format, formats), .preset = "text",
	  .help = "Form of a line on standard error: text for people, journal for systemd, json for "
	          "collectors." },
};

#define refuse(error, ...) ha_refuse((error)->text, sizeof((error)->text), HA_E_RANGE, __VA_ARGS__)

static enum ha_error validate(const void *values, struct config_error *error)
{
	const struct mobile_options *o = values;

	if (o->home.s_addr == 0 && !*o->name)
		return refuse(error,
		              "mobile-node.home-address: none is not allowed without a name");
	if (o->home_network.count > 1)
		return refuse(error, "mobile-node.home-network: there can be one alone");
	if (o->home_agent.s_addr == 0 && o->home_network.count == 0 && !*o->name)
		return refuse(error, "mobile-node.home-agent: none is not allowed with neither a "
		                     "home network nor a name to look for one with");
	if (o->keys[0] != '/' || o->status_socket[0] != '/')
		return refuse(error, "%s: '%.100s' is not allowed: it must begin with /",
		              o->keys[0] != '/' ? "mobile-node.keys" : "process.status-socket",
		              o->keys[0] != '/' ? o->keys : o->status_socket);
	if (strcmp(o->interface, o->device) == 0)
		return refuse(error, "packets.device: %s is the interface already", o->device);
	if (o->table >= 253 && o->table <= 255)
		return refuse(error, "packets.table: %u is one of the kernel's own", o->table);
	return HA_OK;
}

#define COUNT (sizeof(options) / sizeof(options[0]))

_Static_assert(COUNT <= CONFIG_OPTIONS_MAX, "a place for each");

static const struct config_option *option_at(size_t i)
{
	return i < COUNT ? &options[i] : NULL;
}

const struct config_table mobile_config_table = {
	.count = COUNT,
	.at = option_at,
	.size = sizeof(struct mobile_options),
	.validate = validate,
	.introduction =
		"# Configuration of mobiled. Options that are commented out show their default.\n",
};
