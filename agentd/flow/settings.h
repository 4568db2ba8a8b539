/* settings.h - what an operator may set, pools and policies among it, judged
 * before it is put in order.
 *
 * May include: agentd/base, agentd/flow/agent.h, agentd/state/change.h. */
#ifndef AGENTD_FLOW_SETTINGS_H
#define AGENTD_FLOW_SETTINGS_H

#include "agentd/flow/agent.h"
#include "agentd/state/change.h"

struct settings_error {
	char text[512];
};

/* The change that sets `name`, its value in the form that is shown. HA_E_NOTFOUND,
 * HA_E_PERMISSION (of the node's file), HA_E_RANGE with a sentence. */
enum ha_error setting_judge(struct agent *agent, const char *name, const char *value,
                            struct change *out, struct settings_error *error);

/* The change that takes it back to its default, or away. The same errors. */
enum ha_error setting_judge_unset(const char *name, struct change *out,
                                  struct settings_error *error);

#endif
