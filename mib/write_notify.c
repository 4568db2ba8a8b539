/* write_notify.c - hearthNotifyTable: switches and limits are settings of group 0. */
#include <stdio.h>

#include "agentd/flow/notify_setting.h"
#include "mib/setting.h"
#include "mib/writings.h"

enum {
	ENABLED = 2,
	PER_MINUTE = 3,
};

static void judge(struct set_row *row)
{
	struct mib_group *group = set_group(row, 0);
	uint32_t kind = mib_key_number_at(&row->key, 0);
	char name[NOTIFY_NAME_MAX], value[16];

	if (!group)
		return;
	if (kind == 0 || kind > EVENT_KIND_MAX) {
		set_refuse(row, 0, REFUSAL_NO_CREATION);
		return;
	}
	if (set_wanted(row, ENABLED)) {
		bool enabled = set_number(row, ENABLED, MIB_TRUE) == MIB_TRUE;

		notify_setting_name(kind, NOTIFY_OPTION_ENABLED, name);
		setting_want(row, ENABLED, group, name, enabled ? "yes" : "no");
	}
	if (set_wanted(row, PER_MINUTE)) {
		notify_setting_name(kind, NOTIFY_OPTION_PER_MINUTE, name);
		snprintf(value, sizeof(value), "%u", (unsigned)set_number(row, PER_MINUTE, 0));
		setting_want(row, PER_MINUTE, group, name, value);
	}
}

static const struct mib_writable writable[] = {
	{ ENABLED, MIB_INTEGER, MIB_TRUE, MIB_FALSE, false },
	{ PER_MINUTE, MIB_UNSIGNED, 0, NOTIFY_PER_MINUTE_MAX, false },
};

const struct mib_writing write_notify = { MIB_WRITABLE(writable), judge };
