/* policy.c - the settings in force: the file's, with the cluster's over them,
 * and over those the ones of a policy of mobile nodes. */
#include "agentd/flow/internal.h"

#include <stdio.h>
#include <string.h>

#include "agentd/base/config_values.h"
#include "agentd/base/log.h"
#include "agentd/flow/inspect.h"
#include "agentd/flow/notify_setting.h"
#include "agentd/state/pools.h"

/* Settings of the store that are no options: pools, policies and features. */
static bool is_option(const char *name)
{
	return config_option_find(name) != NULL;
}

static bool is_known(const char *name)
{
	static const char *const families[] = { POLICY_SETTING, POOL_SETTING, FEATURE_PREFIX,
		                                NOTIFY_SETTING };

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (strncmp(name, families[i], strlen(families[i])) == 0)
			return true;
	return false;
}

static void overlay(void *context, const char *name, const char *value)
{
	struct config *config = context;
	struct config_error error;

	if (!is_option(name) && is_known(name))
		return;
	if (config_set(config, name, value, &error) != HA_OK)
		log_warning("setting %s in the store is not understood, its default is used: %s",
		            name, error.text);
}

static void note_option(void *context, const char *name, const char *value)
{
	(void)value;
	*(bool *)context |= is_option(name);
}

/* What an operator has unset is as if it had never been set, on all members:
 * their files seeded the store, and count no more. */
static void forget_seeds(struct config *config)
{
	for (size_t i = 0; i < config_option_count(); i++) {
		const struct config_option *option = config_option_at(i);
		struct config_error error;

		if (option->owner == OWNER_CLUSTER && option->preset)
			config_set_option(config, option, option->preset, &error);
	}
}

void agent_config(struct agent *agent, struct config *out)
{
	bool seeded = false;

	pthread_mutex_lock(&agent->config_lock);
	*out = agent->config;
	pthread_mutex_unlock(&agent->config_lock);
	state_settings(agent->state, note_option, &seeded);
	if (seeded)
		forget_seeds(out);
	state_settings(agent->state, overlay, out);
}

/* ---- policies of mobile nodes ---- */

/* Settings `policy.NAME.OPTION` stand for `registration.OPTION`. */
const struct config_option *policy_option(const char *name, const char *policy)
{
	const struct config_option *option;
	const char *dot = strrchr(name, '.');
	char full[96];

	if (strncmp(name, POLICY_SETTING, strlen(POLICY_SETTING)) != 0 || !dot)
		return NULL;
	name += strlen(POLICY_SETTING);
	if (dot < name || (policy && ((size_t)(dot - name) != strlen(policy) ||
	                              strncmp(name, policy, strlen(policy)) != 0)))
		return NULL;
	snprintf(full, sizeof(full), "registration.%s", dot + 1);
	option = config_option_find(full);
	return option && option->policy ? option : NULL;
}

struct overriding {
	struct config config;
	const char *policy;
};

static void override(void *context, const char *name, const char *value)
{
	struct overriding *overriding = context;
	const struct config_option *option = policy_option(name, overriding->policy);
	struct config_error error;
	char full[96];

	if (!option)
		return;
	snprintf(full, sizeof(full), "%s.%s", option->section, option->name);
	if (config_set(&overriding->config, full, value, &error) != HA_OK)
		log_warning("setting %s in the store is not understood and left out: %s", name,
		            error.text);
}

void agent_policy_config(struct agent *agent, const char *policy, struct config *out)
{
	struct overriding overriding = { .policy = policy };

	agent_config(agent, &overriding.config);
	if (policy[0])
		state_settings(agent->state, override, &overriding);
	*out = overriding.config;
}

static struct registration_policy compile(const struct config *config)
{
	return (struct registration_policy){
		.disabled = !config->enabled,
		.home_agent = config->home_agent_address,
		.redirect = config->redirect,
		.max_lifetime_s = (uint16_t)config->max_lifetime_s,
		.lifetime_jitter = (uint16_t)config->lifetime_jitter,
		.tolerance_s = (uint16_t)config->replay_tolerance_s,
		.keepalive_s = (uint16_t)config->udp_keepalive_s,
		.interval_ms = config->minimum_interval_ms,
		.burst = config->burst,
		.reverse_tunnel = (uint8_t)config->reverse_tunnel,
		.udp_tunnel = (uint8_t)config->udp_tunnel,
		.udp_tunnel_unverified = config->udp_tunnel_unverified,
		.minimal = config->minimal_encapsulation,
		.gre = config->gre_encapsulation,
		.dynamic_home_agent = config->dynamic_home_agent,
		.gateway_agents = config->gateway_agents,
		.revocation = config->revocation,
		.message_strings = config->message_strings,
		.strict_reserved = config->strict_reserved_bits,
		.reply_to_failed_authentication = config->reply_to_failed_authentication,
		.allow_from = config->allow_from,
	};
}

static void compile_policies(struct agent *agent, const struct config *config)
{
	unsigned count = state_policy_count(agent->state);

	for (unsigned i = 0; i < count; i++) {
		char name[LABEL_MAX];
		struct overriding overriding = { .config = *config, .policy = name };

		state_policy_name(agent->state, (uint8_t)i, name);
		state_settings(agent->state, override, &overriding);
		agent->policies[i] = compile(&overriding.config);
	}
	agent->policy_count = count;
}

static void say_of_switch(const struct agent *agent, const struct config *config)
{
	if (agent->policy.disabled == config->enabled)
		log_notice("registration.enabled is %s: registration requests are %s",
		           config->enabled ? "yes" : "no",
		           config->enabled ? "answered again" : "left unanswered");
}

/* Read and set under one lock: of two threads that refresh, the later one has
 * the later settings. */
void policy_refresh(struct agent *agent)
{
	struct config config;

	pthread_mutex_lock(&agent->policy_lock);
	agent_config(agent, &config);
	say_of_switch(agent, &config);
	agent->policy = compile(&config);
	compile_policies(agent, &config);
	secret_refresh(agent);
	agent->bindings_per_node = config.bindings_per_node;
	agent->source_failures = config.source_failures;
	agent->checkpoint_interval_ms = config.checkpoint_interval_s * 1000u;
	agent->request_age_ms = config.request_age_ms;
	pthread_mutex_unlock(&agent->policy_lock);
}

void policy_read(struct agent *agent, struct registration_policy *out)
{
	pthread_mutex_lock(&agent->policy_lock);
	*out = agent->policy;
	pthread_mutex_unlock(&agent->policy_lock);
}

void policy_read_label(struct agent *agent, uint8_t label, struct registration_policy *out)
{
	pthread_mutex_lock(&agent->policy_lock);
	if (label < agent->policy_count)
		*out = agent->policies[label];
	pthread_mutex_unlock(&agent->policy_lock);
}
