/* notify_setting.c - names and values of the settings of notifications. */
#include "agentd/flow/notify_setting.h"

#include <stdio.h>
#include <string.h>

#include "agentd/base/config_values.h"
#include "agentd/flow/events.h"

static const char *const options[] = {
	[NOTIFY_OPTION_ENABLED] = "enabled",
	[NOTIFY_OPTION_PER_MINUTE] = "per-minute",
};

#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

void notify_setting_name(unsigned kind, enum notify_option option, char out[NOTIFY_NAME_MAX])
{
	snprintf(out, NOTIFY_NAME_MAX, NOTIFY_SETTING "%s.%s", event_kind_name(kind),
	         options[option]);
}

bool notify_setting_parse(const char *name, unsigned *kind, enum notify_option *option)
{
	char candidate[NOTIFY_NAME_MAX];

	for (unsigned k = 1; k <= EVENT_KIND_MAX; k++)
		for (unsigned i = 0; i < OPTION_COUNT; i++) {
			notify_setting_name(k, (enum notify_option)i, candidate);
			if (strcmp(name, candidate) != 0)
				continue;
			*kind = k;
			*option = (enum notify_option)i;
			return true;
		}
	return false;
}

enum ha_error notify_setting_value(enum notify_option option, const char *text, uint32_t *out)
{
	if (option == NOTIFY_OPTION_ENABLED) {
		*out = strcmp(text, "yes") == 0;
		return *out || strcmp(text, "no") == 0 ? HA_OK : HA_E_RANGE;
	}
	return config_number(text, 0, NOTIFY_PER_MINUTE_MAX, out) ? HA_OK : HA_E_RANGE;
}
