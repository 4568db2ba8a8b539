/* reload.c - sort the differences by who owns an option and when it can change. */
#include "agentd/programs/reload.h"

#include <stdio.h>
#include <string.h>

#include "agentd/base/config_values.h"
#include "agentd/base/log.h"

struct difference {
	char name[128];
	char was[CONFIG_TEXT_MAX], is[CONFIG_TEXT_MAX];
};

static bool find_difference(const struct config *running, const struct config *file,
                            const struct config_option *option, struct difference *out)
{
	if (config_option_equal(running, file, option))
		return false;
	snprintf(out->name, sizeof(out->name), "%s.%s", option->section, option->name);
	config_format(running, option, out->was, sizeof(out->was));
	config_format(file, option, out->is, sizeof(out->is));
	return true;
}

static void take(struct config *running, const struct config_option *option,
                 const struct difference *d)
{
	struct config_error ignored; /* the value was accepted in the file */

	if (option->owner == OWNER_CLUSTER) {
		log_warning("%s: the file says %s, but it belongs to the cluster: use "
		            "'agentctl config set %s %s'",
		            d->name, d->is, d->name, d->is);
	} else if (option->reload == RELOAD_RESTART) {
		log_warning("%s: stays %s; %s takes effect with a restart", d->name, d->was, d->is);
	} else {
		(void)config_set(running, d->name, d->is, &ignored);
		log_notice("%s: %s, was %s", d->name, d->is, d->was);
	}
}

/* An option of the process was told with group 0 and is the same in all. */
static size_t merge_one(struct config *running, const struct config *file)
{
	struct difference difference;
	size_t differences = 0;

	for (size_t i = 0; i < config_option_count(); i++) {
		const struct config_option *option = config_option_at(i);

		if (!find_difference(running, file, option, &difference))
			continue;
		differences++;
		if (option->of_group || running->group == 0)
			take(running, option, &difference);
		else if (option->reload == RELOAD_LIVE)
			config_option_copy(running, file, option);
	}
	return differences;
}

/* NULL: the group is not there any more, or in another file, which is told with
 * group 0. */
static const struct config *file_of(const struct config *running, struct config_groups *files)
{
	const struct config *file = config_groups_find(files, running->group);
	uint32_t i = running->group - 1;

	if (file && running->group && strcmp(running->group_files[i], file->group_files[i]) != 0)
		return NULL;
	return file;
}

void reload_merge(struct config_groups *running, struct config_groups *files)
{
	size_t differences = 0;
	char subject[16];

	for (size_t i = 0; i < running->count; i++) {
		struct config *config = &running->of[i];
		const struct config *file = file_of(config, files);

		if (!file)
			continue;
		snprintf(subject, sizeof(subject), "group %u", config->group);
		log_set_subject(running->count > 1 ? subject : NULL);
		differences += merge_one(config, file);
		log_set_subject(NULL);
	}
	if (differences == 0)
		log_notice("configuration read again: nothing has changed");
}
