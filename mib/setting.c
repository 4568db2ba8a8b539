/* setting.c - a setting is read, and becomes a step of a plan. */
#include "mib/setting.h"

#include <string.h>

#include "agentd/flow/settings.h"

bool setting_read(struct mib_group *group, const char *name, struct setting_row *out)
{
	struct store_reader *reader = mib_group_reader(group);
	struct store_bytes value, key = { name, strlen(name) };

	return reader && key.size && key.size <= STORE_KEY_MAX &&
	       store_get(reader, STORE_SETTINGS, key, &value) == HA_OK &&
	       setting_row_decode(mib_span(key), mib_span(value), out) == HA_OK;
}

/* Of a name that is none, or belongs to a node's file, there is never a row. */
static void refuse(struct set_row *row, uint32_t arc, enum ha_error why)
{
	if (why == HA_E_NOTFOUND || why == HA_E_PERMISSION)
		set_refuse(row, 0, REFUSAL_NO_CREATION);
	else if (why != HA_OK)
		set_refuse(row, arc, REFUSAL_VALUE);
}

void setting_want(struct set_row *row, uint32_t arc, struct mib_group *group, const char *name,
                  const char *value)
{
	struct set_step *step = set_step(row, value ? CHANGE_SET : CHANGE_UNSET);
	struct settings_error error;
	struct setting_row was;
	bool existed = setting_read(group, name, &was);
	enum ha_error why;

	if (!step)
		return;
	why = value ? setting_judge(group->agent, name, value, &step->change, &error)
	            : setting_judge_unset(name, &step->change, &error);
	if (why != HA_OK)
		refuse(row, arc, why);
	step->change.guard.set = true;
	step->change.guard.version = existed ? was.version : 0;
}
