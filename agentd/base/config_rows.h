/* config_rows.h - for the files with rows of options: how a row is written, and which
 * parts the table of options has.
 *
 * May include: agentd/base/config.h. */
#ifndef AGENTD_BASE_CONFIG_ROWS_H
#define AGENTD_BASE_CONFIG_ROWS_H

#include "agentd/base/config.h"

#define AT(member) .offset = offsetof(struct config, member)
#define NUMBER(member, unit_, min_, max_)                                                          \
	AT(member), .type = OPTION_NUMBER, .unit = (unit_), .min = (min_), .max = (max_)
#define FLAG(member) AT(member), .type = OPTION_FLAG, .unit = ""
#define ADDRESS(member) AT(member), .type = OPTION_ADDRESS, .unit = ""
#define ADDRESS_OR_NONE(member) AT(member), .type = OPTION_ADDRESS_OR_NONE, .unit = ""
#define PREFIXES(member) AT(member), .type = OPTION_PREFIXES, .unit = ""
/* min and max are octets of the text. */
#define TEXT(member, min_, max_)                                                                   \
	AT(member), .type = OPTION_TEXT, .unit = "", .min = (min_), .max = (max_)
#define CHOICE(member, choices_)                                                                   \
	AT(member), .type = OPTION_CHOICE, .unit = "", .choices = (choices_)

#define MEMBER(member) AT(member), .type = OPTION_MEMBER, .unit = ""

#define PREFIXES_OR_NONE(member) AT(member), .type = OPTION_PREFIXES_OR_NONE, .unit = ""

#define ADDRESSES(member) AT(member), .type = OPTION_ADDRESSES, .unit = ""

#define NODE_RESTART .owner = OWNER_NODE, .reload = RELOAD_RESTART
#define NODE_LIVE .owner = OWNER_NODE, .reload = RELOAD_LIVE
/* Of a group; those above are of the process. */
#define GROUP_RESTART NODE_RESTART, .of_group = true
#define GROUP_LIVE NODE_LIVE, .of_group = true
#define CLUSTER_LIVE .owner = OWNER_CLUSTER, .reload = RELOAD_LIVE, .of_group = true
#define CLUSTER_POLICY CLUSTER_LIVE, .policy = true

/* Values as agentd/registration has them; ends with a NULL name. */
extern const struct option_choice config_reverse_tunnels[];

/* Of the sections foreign-agent and advertisement: the last ones of the table. */
#define CONFIG_VISIT_OPTIONS 35u
extern const struct config_option config_visit_options[CONFIG_VISIT_OPTIONS];

#endif
