/* settings.h - what a foreign agent and what is advertised is to be, out of the
 * configuration.
 *
 * May include: agentd/registration, agentd/discovery, agentd/dataplane, agentd/base. */
#ifndef AGENTD_VISIT_SETTINGS_H
#define AGENTD_VISIT_SETTINGS_H

#include "agentd/base/config.h"
#include "agentd/dataplane/netlink.h"
#include "agentd/discovery/advertise.h"
#include "agentd/registration/foreign.h"
#include "agentd/registration/foreign_pending.h"

/* What an operator has made of a link since the start. */
enum served_link_state {
	LINK_ACTIVE,
	LINK_SILENT, /* nothing is said; mobile nodes that are known are served */
	LINK_GONE,   /* the same, after a farewell */
};

struct served_link_settings {
	uint32_t number;       /* of the link in the configuration, from 1 */
	struct in_addr shared; /* the address there that members share; 0 = none */
	struct advertised_link of;
	struct advertise_settings advertise;
	enum served_link_state state;
	bool own_lifetime; /* of registrations: max_lifetime_s, and not that of the agent */
	uint16_t max_lifetime_s;
};

struct foreign_settings {
	bool foreign;  /* there is a foreign agent */
	bool disabled; /* by an operator: neither advertised, nor are requests heard */
	bool cluster;  /* the home agent is one of a cluster */
	bool shared;   /* and so is the foreign agent */
	struct foreign_policy policy;
	struct foreign_pending_limits pending;
	uint32_t visitors_max;
	uint32_t visitors_busy;                /* from so many on it is busy */
	struct in_addr home_agent;             /* of this process; 0 = none */
	struct address_prefixes home_networks; /* of that */
	struct rate answers;                   /* to single nodes, in all */
	struct served_link_settings links[ADVERTISED_LINKS_MAX];
	size_t link_count;
	bool carries; /* packets of visitors */
	char device[NETLINK_NAME_MAX];
	uint32_t table, priority, mark;
	char associations[CONFIG_TEXT_MAX]; /* empty = none */
};

void foreign_settings_of(const struct config *config, struct foreign_settings *out);

#endif
