/* settings.c - the same judgement for `config set`, for `pool set`, and for the
 * settings among associations, imported or of a seed. */
#include "agentd/flow/settings.h"

#include <stdio.h>
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/base/config_values.h"
#include "agentd/flow/inspect.h"
#include "agentd/flow/notify_setting.h"
#include "agentd/state/pools.h"

#define refuse(error, why, ...) ha_refuse((error)->text, sizeof((error)->text), why, __VA_ARGS__)

static bool begins_with(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool is_label(const char *text, size_t size)
{
	char label[LABEL_MAX];

	if (size >= sizeof(label))
		return false;
	memcpy(label, text, size);
	label[size] = '\0';
	return setting_label_is_valid(label);
}

static enum ha_error refuse_label(struct settings_error *error, const char *name)
{
	return refuse(error, HA_E_RANGE,
	              "%s: a name is 1 to 31 small letters, digits and hyphens, and not none",
	              config_excerpt(name).text);
}

/* What is wrong with the option of a policy is said of the policy's. */
static enum ha_error refuse_as(struct settings_error *error, enum ha_error why, const char *name,
                               const struct config_option *option, const char *trouble)
{
	char own[64];
	size_t length = (size_t)snprintf(own, sizeof(own), "%s.%s:", option->section, option->name);

	if (begins_with(trouble, own))
		return refuse(error, why, "%s:%s", name, trouble + length);
	if (begins_with(name, POLICY_SETTING))
		return refuse(error, why, "%s: %s", name, trouble);
	return refuse(error, why, "%s", trouble);
}

/* A value by the row of its option, in the form that a file would have. */
static enum ha_error judge_option(struct agent *agent, const struct config_option *option,
                                  const char *value, struct change *out,
                                  struct settings_error *error)
{
	struct config_error trouble = { "" };
	struct config config;
	enum ha_error why;

	agent_config(agent, &config);
	why = config_set_option(&config, option, value, &trouble);
	if (why == HA_OK)
		why = config_validate(&config, &trouble);
	if (why != HA_OK)
		return refuse_as(error, why, out->name, option, trouble.text);
	config_format(&config, option, out->value, sizeof(out->value));
	return HA_OK;
}

static enum ha_error refuse_unknown(struct settings_error *error, const char *name)
{
	struct config_error trouble = { "" };
	struct config config;

	config_defaults(&config);
	config_set(&config, name, "", &trouble); /* for what it says of the name */
	return refuse(error, HA_E_NOTFOUND, "%s", trouble.text);
}

static enum ha_error refuse_of_node(struct settings_error *error, const char *name,
                                    const struct config_option *option)
{
	return refuse(error, HA_E_PERMISSION,
	              "%s belongs to the node: edit its configuration file and %s", name,
	              option->reload == RELOAD_LIVE ? "reload agentd (SIGHUP)" : "restart agentd");
}

static enum ha_error judge_plain(struct agent *agent, const char *name, const char *value,
                                 struct change *out, struct settings_error *error)
{
	const struct config_option *option = config_option_find(name);

	if (!option)
		return refuse_unknown(error, name);
	if (option->owner == OWNER_NODE)
		return refuse_of_node(error, name, option);
	return judge_option(agent, option, value, out, error);
}

static enum ha_error refuse_policy_option(struct settings_error *error, const char *name)
{
	char options[400] = "";
	size_t length = 0;

	for (size_t i = 0; i < config_option_count(); i++) {
		const struct config_option *option = config_option_at(i);

		if (option->policy && length < sizeof(options))
			length += (size_t)snprintf(options + length, sizeof(options) - length,
			                           "%s%s", length ? ", " : "", option->name);
	}
	return refuse(error, HA_E_NOTFOUND, "%s: policy.NAME.OPTION, with OPTION one of %s",
	              config_excerpt(name).text, options);
}

static enum ha_error judge_policy(struct agent *agent, const char *name, const char *value,
                                  struct change *out, struct settings_error *error)
{
	const struct config_option *option = agent_policy_option(name);
	const char *label = name + strlen(POLICY_SETTING);

	if (!option)
		return refuse_policy_option(error, name);
	if (!is_label(label, (size_t)(strrchr(name, '.') - label)))
		return refuse_label(error, name);
	return judge_option(agent, option, value, out, error);
}

static bool is_own(struct agent *agent, const struct address_range *range)
{
	struct config config;
	uint32_t own;

	agent_config(agent, &config);
	own = address_host(config.home_agent_address);
	return range->realm == config.home_agent_realm && own >= range->first && own <= range->last;
}

/* Judged again where it is applied, but for what is no part of what is agreed on:
 * which address is our own. */
static enum ha_error judge_pool(struct agent *agent, const char *name, const char *value,
                                struct change *out, struct settings_error *error)
{
	struct address_range range;
	enum ha_error why;

	if (!setting_label_is_valid(name + strlen(POOL_SETTING)))
		return refuse_label(error, name);
	why = address_range_parse(value, &range);
	if (why == HA_E_RANGE)
		return refuse(error, HA_E_RANGE,
		              "%s: from the first to the last address, all of them of hosts, at "
		              "most %u",
		              name, POOL_ADDRESSES_MAX);
	if (why != HA_OK)
		return refuse(error, HA_E_RANGE,
		              "%s: a pool is FIRST-LAST sticky|released [realm=N], as in "
		              "10.64.0.1-10.64.255.254 sticky",
		              name);
	if (is_own(agent, &range))
		return refuse(error, HA_E_RANGE,
		              "%s: the home agent's own address is in that range", name);
	snprintf(out->value, sizeof(out->value), "%s", value);
	return HA_OK;
}

static enum ha_error refuse_notify(struct settings_error *error, const char *name)
{
	return refuse(error, HA_E_NOTFOUND,
	              "%s: notify.KIND.enabled or notify.KIND.per-minute, with KIND a kind of "
	              "HearthEventKind such as pool-exhausted",
	              config_excerpt(name).text);
}

static enum ha_error judge_notify(const char *name, const char *value, struct change *out,
                                  struct settings_error *error)
{
	enum notify_option option;
	unsigned kind;
	uint32_t number;

	if (!notify_setting_parse(name, &kind, &option))
		return refuse_notify(error, name);
	if (notify_setting_value(option, value, &number) != HA_OK)
		return refuse(error, HA_E_RANGE, "%s: '%s' is not %s", name,
		              config_excerpt(value).text,
		              option == NOTIFY_OPTION_ENABLED
		                      ? "yes or no"
		                      : "a whole number from 0 to 6000; 0 is no limit");
	snprintf(out->value, sizeof(out->value), "%s", value);
	return HA_OK;
}

enum ha_error setting_judge(struct agent *agent, const char *name, const char *value,
                            struct change *out, struct settings_error *error)
{
	*out = (struct change){ .kind = CHANGE_SET };
	if (strlen(name) >= sizeof(out->name))
		return refuse_unknown(error, name);
	snprintf(out->name, sizeof(out->name), "%s", name);
	if (begins_with(name, POLICY_SETTING))
		return judge_policy(agent, name, value, out, error);
	if (begins_with(name, POOL_SETTING))
		return judge_pool(agent, name, value, out, error);
	if (begins_with(name, NOTIFY_SETTING))
		return judge_notify(name, value, out, error);
	return judge_plain(agent, name, value, out, error);
}

enum ha_error setting_judge_unset(const char *name, struct change *out,
                                  struct settings_error *error)
{
	const struct config_option *option = config_option_find(name);
	enum notify_option of_kind;
	unsigned kind;

	*out = (struct change){ .kind = CHANGE_UNSET };
	if (strlen(name) >= sizeof(out->name))
		return refuse_unknown(error, name);
	snprintf(out->name, sizeof(out->name), "%s", name);
	if (begins_with(name, POLICY_SETTING))
		return agent_policy_option(name) ? HA_OK : refuse_policy_option(error, name);
	if (begins_with(name, POOL_SETTING))
		return HA_OK;
	if (begins_with(name, NOTIFY_SETTING))
		return notify_setting_parse(name, &kind, &of_kind) ? HA_OK
		                                                   : refuse_notify(error, name);
	if (!option)
		return refuse_unknown(error, name);
	return option->owner == OWNER_NODE ? refuse_of_node(error, name, option) : HA_OK;
}
