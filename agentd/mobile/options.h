/* options.h - the configuration of a mobile node: its table of options and what they are about.
 *
 * May include: agentd/base. */
#ifndef AGENTD_MOBILE_OPTIONS_H
#define AGENTD_MOBILE_OPTIONS_H

#include "agentd/base/config_table.h"

struct mobile_options {
	/* mobile-node */
	char interface[CONFIG_TEXT_MAX];
	char keys[CONFIG_TEXT_MAX];
	char name[CONFIG_TEXT_MAX]; /* NAI; empty = none */
	struct in_addr home;        /* 0 = the home agent gives one */
	struct address_prefixes home_network;
	struct in_addr home_router; /* 0 = the one that the host has */
	struct in_addr home_agent;  /* 0 = looked for */
	struct in_addr requested_home_agent;
	/* registration */
	uint32_t lifetime_s;
	uint32_t care_of; /* enum mobile_choice */
	struct in_addr care_of_address;
	uint32_t reverse_tunnel;
	bool encapsulating_delivery;
	uint32_t encapsulation; /* enum encapsulation */
	bool other_encapsulation;
	uint32_t udp_tunnel; /* enum mobile_udp */
	uint32_t keepalive_s;
	bool broadcasts;
	bool simultaneous;
	bool eager;
	bool deregister;
	/* packets */
	char device[CONFIG_TEXT_MAX];
	uint32_t mtu;
	uint32_t table;
	uint32_t priority;
	uint32_t mark;
	bool default_route;
	struct address_prefixes direct;
	/* snmp */
	uint32_t snmp_mode; /* enum snmp_mode: off or agentx */
	char snmp_master[CONFIG_TEXT_MAX];
	char snmp_context[CONFIG_TEXT_MAX];
	/* process */
	char user[CONFIG_TEXT_MAX];
	char status_socket[CONFIG_TEXT_MAX];
	uint32_t log_level;  /* enum log_level */
	uint32_t log_format; /* enum log_format */
};

enum mobile_reverse {
	MOBILE_REVERSE_NO,       /* unless it is mandatory */
	MOBILE_REVERSE_YES,      /* where it is to be had */
	MOBILE_REVERSE_REQUIRED, /* or not at all */
};

extern const struct config_table mobile_config_table;

#endif
