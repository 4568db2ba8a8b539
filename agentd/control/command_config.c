/* command_config.c - the settings in force, and changing those of the cluster,
 * policies of mobile nodes among them. Those of the node are in its file, and
 * only there. */
#include <stdio.h>

#include "agentd/control/call.h"
#include "agentd/control/change_text.h"
#include "agentd/flow/settings.h"
#include "agentd/flow/inspect.h"

static void add_version(struct call *call, const char *name)
{
	uint64_t version = call->agent ? agent_setting_version(call->agent, name) : 0;

	if (version)
		answer_number(&call->answer, "version", version);
	else
		answer_null(&call->answer, "version");
}

static void add_option(struct call *call, const struct config *config,
                       const struct config_option *option)
{
	char value[CONFIG_TEXT_MAX], name[96];

	config_format(config, option, value, sizeof(value));
	snprintf(name, sizeof(name), "%s.%s", option->section, option->name);
	answer_text(&call->answer, "name", "%s", name);
	answer_text(&call->answer, "value", "%s", value);
	answer_text(&call->answer, "unit", "%s", option->unit);
	answer_text(&call->answer, "owner", "%s",
	            option->owner == OWNER_CLUSTER ? "cluster" : "node");
	answer_text(&call->answer, "change", "%s",
	            option->owner == OWNER_CLUSTER  ? "agentctl"
	            : option->reload == RELOAD_LIVE ? "reload"
	                                            : "restart");
	add_version(call, name);
	answer_record(&call->answer);
}

/* Pools, and what policies set otherwise. */
static void add_other(struct call *call, const struct setting_row *setting)
{
	const struct config_option *option = agent_policy_option(setting->name);

	answer_text(&call->answer, "name", "%s", setting->name);
	answer_text(&call->answer, "value", "%s", setting->value);
	answer_text(&call->answer, "unit", "%s", option ? option->unit : "");
	answer_text(&call->answer, "owner", "cluster");
	answer_text(&call->answer, "change",
	            setting_is_feature(setting->name) ? "never" : "agentctl");
	answer_number(&call->answer, "version", setting->version);
	answer_record(&call->answer);
}

enum call_progress call_config_list(struct call *call)
{
	struct config config;
	struct setting_row setting;

	if (call->options.word_count)
		return call_usage(call);
	if (call->agent)
		agent_config(call->agent, &config);
	else
		config = *call->groups->config;
	for (size_t i = 0; i < config_option_count(); i++)
		add_option(call, &config, config_option_at(i));
	for (unsigned i = 0; call->agent && agent_setting_at(call->agent, i, &setting); i++)
		if (setting.name[0] && !config_option_find(setting.name))
			add_other(call, &setting);
	return CALL_DONE;
}

/* A setting that was taken back has the value of its default. */
static void add_value(struct call *call, const struct change *change)
{
	const struct config_option *option = config_option_find(change->name);
	struct config config;
	char value[CONFIG_TEXT_MAX];

	if (change->kind == CHANGE_SET) {
		answer_text(&call->answer, "value", "%s", change->value);
	} else if (option) {
		agent_config(call->agent, &config);
		config_format(&config, option, value, sizeof(value));
		answer_text(&call->answer, "value", "%s", value);
	} else {
		answer_null(&call->answer, "value");
	}
}

static enum call_progress finish_change(struct call *call)
{
	const struct change *change = &call->changes[0];
	char text[CHANGE_TEXT_MAX];

	if (call->results[0] != HA_OK) {
		change_explain(change, call->results[0], text);
		return call_refuse(call, call->results[0], "%s", text);
	}
	answer_text(&call->answer, "name", "%s", change->name);
	add_value(call, change);
	add_version(call, change->name);
	answer_record(&call->answer);
	return CALL_DONE;
}

static enum call_progress change_setting(struct call *call, enum ha_error why,
                                         const struct settings_error *error)
{
	struct change *change = &call->changes[0];

	if (why != HA_OK)
		return call_refuse(call, why, "%s", error->text);
	change->guard.set = call->options.has_version;
	change->guard.version = call->options.version;
	call->change_count = 1;
	return call_configure(call);
}

enum call_progress call_config_set(struct call *call)
{
	const char **words = call->options.words;
	struct settings_error error;

	if (call->changed)
		return finish_change(call);
	if (call->options.word_count != 2)
		return call_usage(call);
	if (!call_reserve(call, 1))
		return call_refuse(call, HA_E_NOMEM, "out of memory");
	return change_setting(
		call, setting_judge(call->agent, words[0], words[1], &call->changes[0], &error),
		&error);
}

enum call_progress call_config_unset(struct call *call)
{
	struct settings_error error;

	if (call->changed)
		return finish_change(call);
	if (call->options.word_count != 1)
		return call_usage(call);
	if (!call_reserve(call, 1))
		return call_refuse(call, HA_E_NOMEM, "out of memory");
	return change_setting(
		call, setting_judge_unset(call->options.words[0], &call->changes[0], &error),
		&error);
}

/* ---- policies of mobile nodes ---- */

static void add_policy_setting(void *context, const struct agent_policy_setting *setting)
{
	struct answer *answer = context;

	answer_text(answer, "policy", "%s", setting->policy);
	answer_text(answer, "option", "%s", setting->option->name);
	answer_text(answer, "value", "%s", setting->value);
	answer_text(answer, "unit", "%s", setting->option->unit);
	answer_number(answer, "nodes", setting->nodes);
	answer_record(answer);
}

enum call_progress call_policy_list(struct call *call)
{
	if (call->options.word_count)
		return call_usage(call);
	agent_policies(call->agent, add_policy_setting, &call->answer);
	return CALL_DONE;
}
