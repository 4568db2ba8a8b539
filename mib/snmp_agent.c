/* snmp_agent.c - what agentd is, for the thread of SNMP: out of its configuration. */
#include "agentd/base/config.h"
#include "mib/objects.h"
#include "mib/snmp.h"

static unsigned roles_of(const struct config *config)
{
	unsigned roles = config_has_home_agent(config) ? MIB_HOME_AGENT : 0;

	if (config_is_witness(config))
		return roles;
	for (size_t i = 0; i < ADVERTISED_LINKS_MAX; i++)
		if (advertised_link_is_given(&config->advertised_links[i]))
			roles |= MIB_ADVERTISED;
	return config_is_foreign_agent(config) ? roles | MIB_FOREIGN_AGENT : roles;
}

void mib_options_of(const struct config_groups *configs, struct mib_options *out)
{
	const struct config *config = &configs->of[0]; /* of the process */

	*out = (struct mib_options){
		.roles = roles_of(config),
		.mode = (enum snmp_mode)config->snmp_mode,
		.master = config->snmp_master,
		.listen = config->snmp_listen,
		.configuration = config->snmp_configuration,
		.directory = config->data_directory,
		.context = config->snmp_context,
		.member = config->cluster_node,
		.tables = mib_tables,
		.table_count = mib_table_count,
	};
	for (size_t i = 0; i < configs->count && out->roles & MIB_HOME_AGENT; i++)
		out->groups[out->group_count++] = configs->of[i].group;
}
