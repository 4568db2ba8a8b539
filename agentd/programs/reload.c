/* reload.c - sort the differences by who owns an option and when it can change. */
#include "agentd/programs/reload.h"

#include <stdio.h>

#include "agentd/base/log.h"

void reload_merge(struct config *running, const struct config *file)
{
	struct config_error ignored; /* the value was accepted in the file */
	char name[128], was[CONFIG_TEXT_MAX], is[CONFIG_TEXT_MAX];
	size_t differences = 0;

	for (size_t i = 0; i < config_option_count(); i++) {
		const struct option *option = config_option_at(i);

		if (config_option_equal(running, file, option))
			continue;
		differences++;
		snprintf(name, sizeof(name), "%s.%s", option->section, option->name);
		config_format(running, option, was, sizeof(was));
		config_format(file, option, is, sizeof(is));
		if (option->owner == OWNER_CLUSTER) {
			log_warning("%s: the file says %s, but it belongs to the cluster: use "
			            "'agentctl config set %s %s'",
			            name, is, name, is);
		} else if (option->reload == RELOAD_RESTART) {
			log_warning("%s: stays %s; %s takes effect with a restart", name, was, is);
		} else {
			(void)config_set(running, name, is, &ignored);
			log_notice("%s: %s, was %s", name, is, was);
		}
	}
	if (differences == 0)
		log_notice("configuration read again: nothing has changed");
}
