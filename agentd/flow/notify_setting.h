/* notify_setting.h - which notifications are sent, and how many: two settings of each kind
 * of event, notify.KIND.enabled and notify.KIND.per-minute, with the kind by its name in
 * event_kinds.h. They are of group 0, and hold for the process.
 *
 * May include: agentd/base. */
#ifndef AGENTD_FLOW_NOTIFY_SETTING_H
#define AGENTD_FLOW_NOTIFY_SETTING_H

#include <stdbool.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "agentd/base/event_kinds.h"

#define NOTIFY_SETTING "notify." /* how their names begin */
#define NOTIFY_NAME_MAX 64u      /* octets of one, with its NUL */
#define NOTIFY_PER_MINUTE 60u    /* unless it is set */
#define NOTIFY_PER_MINUTE_MAX 6000u

enum notify_option {
	NOTIFY_OPTION_ENABLED,    /* yes, no */
	NOTIFY_OPTION_PER_MINUTE, /* 0 = no limit */
};

/* false: it is the name of no such setting. */
bool notify_setting_parse(const char *name, unsigned *kind, enum notify_option *option);
void notify_setting_name(unsigned kind, enum notify_option option, char out[NOTIFY_NAME_MAX]);

/* The value as a number, 0 and 1 for no and yes. HA_E_RANGE. */
enum ha_error notify_setting_value(enum notify_option option, const char *text, uint32_t *out);

#endif
