/* notify_settings.c - which notifications an operator wants, and how many. */
#include "agentd/flow/notify_setting.h"
#include "mib/notify.h"
#include "mib/setting.h"

static uint32_t read_option(struct mib_group *group, unsigned kind, enum notify_option option,
                            uint32_t preset)
{
	char name[NOTIFY_NAME_MAX];
	struct setting_row row;
	uint32_t value;

	notify_setting_name(kind, option, name);
	if (setting_read(group, name, &row) &&
	    notify_setting_value(option, row.value, &value) == HA_OK)
		return value;
	return preset;
}

static struct mib_group *group_of_process(struct mib_view *view)
{
	for (size_t i = 0; i < view->group_count; i++)
		if (view->groups[i].number == 0)
			return &view->groups[i];
	return NULL;
}

void notify_limit(struct mib_view *view, enum event_kind kind, struct notify_limit *out)
{
	struct mib_group *group = group_of_process(view);

	*out = (struct notify_limit){ .enabled = true, .per_minute = NOTIFY_PER_MINUTE };
	if (group && !group->paused) {
		out->enabled = read_option(group, kind, NOTIFY_OPTION_ENABLED, 1);
		out->per_minute = read_option(group, kind, NOTIFY_OPTION_PER_MINUTE,
		                              NOTIFY_PER_MINUTE);
	} else if (group && view->knows_limits) {
		*out = view->limits[kind];
	}
}

void notify_limits_keep(struct mib_view *view)
{
	struct mib_group *group = group_of_process(view);

	if (!group || group->paused)
		return;
	for (unsigned kind = 1; kind <= EVENT_KIND_MAX; kind++)
		notify_limit(view, kind, &view->limits[kind]);
	view->knows_limits = true;
	mib_group_forget(group);
}
