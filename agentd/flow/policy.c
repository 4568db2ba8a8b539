/* policy.c - the settings in force: the file's, with the cluster's over them. */
#include "agentd/flow/internal.h"

#include "agentd/base/log.h"

static void overlay(void *context, const char *name, const char *value)
{
	struct config *config = context;
	struct config_error error;

	if (config_set(config, name, value, &error) != HA_OK)
		log_warning("setting %s in the store is not understood, the file's is used: %s",
		            name, error.text);
}

void agent_config(struct agent *agent, struct config *out)
{
	pthread_mutex_lock(&agent->config_lock);
	*out = agent->config;
	pthread_mutex_unlock(&agent->config_lock);
	state_settings(agent->state, overlay, out);
}

/* Read and set under one lock: of two threads that refresh, the later one has
 * the later settings. */
void policy_refresh(struct agent *agent)
{
	struct config config;

	pthread_mutex_lock(&agent->policy_lock);
	agent_config(agent, &config);
	agent->policy = (struct registration_policy){
		.home_agent = config.home_agent_address,
		.max_lifetime_s = (uint16_t)config.max_lifetime_s,
		.tolerance_s = (uint16_t)config.replay_tolerance_s,
		.reverse_tunnel = config.reverse_tunnel,
		.reply_to_failed_authentication = config.reply_to_failed_authentication,
	};
	agent->bindings_per_node = config.bindings_per_node;
	agent->request_age_ms = config.request_age_ms;
	agent->checkpoint_interval_ms = config.checkpoint_interval_s * 1000u;
	pthread_mutex_unlock(&agent->policy_lock);
}

void policy_read(struct agent *agent, struct registration_policy *out)
{
	pthread_mutex_lock(&agent->policy_lock);
	*out = agent->policy;
	pthread_mutex_unlock(&agent->policy_lock);
}
