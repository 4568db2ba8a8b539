/* command_config.c - the settings in force, and changing those of the cluster.
 * Those of the node are in its file, and only there. */
#include <stdio.h>
#include <string.h>

#include "agentd/base/config_values.h"
#include "agentd/control/call.h"

enum call_progress call_config_list(struct call *call)
{
	struct config config;
	char value[CONFIG_TEXT_MAX];

	if (call->options.word_count)
		return call_usage(call);
	agent_config(call->agent, &config);
	for (size_t i = 0; i < config_option_count(); i++) {
		const struct option *option = config_option_at(i);

		config_format(&config, option, value, sizeof(value));
		answer_text(&call->answer, "name", "%s.%s", option->section, option->name);
		answer_text(&call->answer, "value", "%s", value);
		answer_text(&call->answer, "unit", "%s", option->unit);
		answer_text(&call->answer, "owner", "%s",
		            option->owner == OWNER_CLUSTER ? "cluster" : "node");
		answer_text(&call->answer, "change", "%s",
		            option->owner == OWNER_CLUSTER  ? "agentctl"
		            : option->reload == RELOAD_LIVE ? "reload"
		                                            : "restart");
		answer_record(&call->answer);
	}
	return CALL_DONE;
}

static enum call_progress finish_set(struct call *call)
{
	const struct change *change = &call->changes[0];

	if (call->results[0] != HA_OK)
		return call_refuse(call, call->results[0], "%s was not changed: %s", change->name,
		                   ha_strerror(call->results[0]));
	answer_text(&call->answer, "name", "%s", change->name);
	answer_text(&call->answer, "value", "%s", change->value);
	answer_record(&call->answer);
	return CALL_DONE;
}

/* The same judgement as a file's, and the value as a file would have it. */
static enum call_progress judge(struct call *call, const char *name, const char *value)
{
	const struct option *option = config_option_find(name);
	struct config_error error = { "" };
	struct change *change = &call->changes[0];
	struct config config;
	enum ha_error why;

	if (option && option->owner == OWNER_NODE)
		return call_refuse(call, HA_E_PERMISSION,
		                   "%s belongs to the node: edit its configuration file and %s",
		                   name,
		                   option->reload == RELOAD_LIVE ? "reload agentd (SIGHUP)"
		                                                 : "restart agentd");
	agent_config(call->agent, &config);
	why = config_set(&config, name, value, &error);
	if (why == HA_OK)
		why = config_validate(&config, &error);
	if (why != HA_OK)
		return call_refuse(call, why, "%s", error.text);
	change->kind = CHANGE_SET;
	snprintf(change->name, sizeof(change->name), "%s", name);
	config_format(&config, option, change->value, sizeof(change->value));
	call->change_count = 1;
	return CALL_WAIT;
}

enum call_progress call_config_set(struct call *call)
{
	const char **words = call->options.words;

	if (call->changed)
		return finish_set(call);
	if (call->options.word_count != 2)
		return call_usage(call);
	if (!call_reserve(call, 1))
		return call_refuse(call, HA_E_NOMEM, "out of memory");
	return judge(call, words[0], words[1]) == CALL_WAIT ? call_configure(call) : CALL_DONE;
}
