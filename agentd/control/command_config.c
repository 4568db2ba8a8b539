/* command_config.c - the settings in force, and changing those of the cluster,
 * policies of mobile nodes among them. Those of the node are in its file, and
 * only there. */
#include "agentd/control/call.h"
#include "agentd/control/change_text.h"
#include "agentd/control/settings.h"
#include "agentd/flow/inspect.h"

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
	char text[CHANGE_TEXT_MAX];

	if (call->results[0] != HA_OK) {
		change_explain(change, call->results[0], text);
		return call_refuse(call, call->results[0], "%s", text);
	}
	answer_text(&call->answer, "name", "%s", change->name);
	answer_text(&call->answer, "value", "%s", change->value);
	answer_record(&call->answer);
	return CALL_DONE;
}

enum call_progress call_config_set(struct call *call)
{
	const char **words = call->options.words;
	struct settings_error error;
	enum ha_error why;

	if (call->changed)
		return finish_set(call);
	if (call->options.word_count != 2)
		return call_usage(call);
	if (!call_reserve(call, 1))
		return call_refuse(call, HA_E_NOMEM, "out of memory");
	why = setting_judge(call->agent, words[0], words[1], &call->changes[0], &error);
	if (why != HA_OK)
		return call_refuse(call, why, "%s", error.text);
	call->change_count = 1;
	return call_configure(call);
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
