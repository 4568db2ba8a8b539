/* restore.c - the file is opened with the rights of whoever restores, all else
 * is done as the user that agentd will be. */
#include "agentd/programs/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentd/base/config_groups.h"
#include "agentd/control/text.h"
#include "agentd/flow/restore.h"
#include "agentd/programs/privileges.h"

struct restoring {
	const char *path;
	struct config config;
	struct privileges privileges;
	struct restored restored;
	bool made_directory;
	char report[1024];
};

/* The directory, and those above it up to that of the process. */
static enum ha_error make_directory(struct restoring *r)
{
	const char *directory = r->config.data_directory;
	char path[CONFIG_TEXT_MAX];
	enum ha_error why = HA_OK;

	for (int above = r->config.group ? 2 : 0; above >= 0 && why == HA_OK; above--) {
		snprintf(path, sizeof(path), "%s", directory);
		for (int i = 0; i < above; i++)
			*strrchr(path, '/') = '\0';
		why = privileges_directory(&r->privileges, path, 0700, r->report,
		                           sizeof(r->report));
	}
	return why;
}

static enum ha_error prepare(struct restoring *r)
{
	struct stat about;
	enum ha_error why = privileges_find(r->config.user, &r->privileges, r->report,
	                                    sizeof(r->report));

	if (why != HA_OK)
		return why;
	r->made_directory = stat(r->config.data_directory, &about) != 0;
	why = make_directory(r);
	privileges_harden();
	if (why == HA_OK)
		why = privileges_become(&r->privileges, r->report, sizeof(r->report));
	if (why == HA_OK)
		why = privileges_finish(&r->privileges, r->report, sizeof(r->report));
	return why;
}

static void say(const struct restoring *r)
{
	const struct survey *survey = &r->restored.survey;

	printf("restored %" PRIu64 " bindings of %" PRIu64 " mobile nodes, %" PRIu64
	       " foreign agents, %" PRIu64 " associations and %" PRIu64 " settings into %s, "
	       "as they were at %s (backup by version %s)\n",
	       survey->rows[STORE_BINDINGS], survey->mobile_nodes, survey->foreign_agents,
	       survey->rows[STORE_ASSOCIATIONS], survey->settings, r->config.data_directory,
	       time_format(r->restored.backup.taken_ms).text, r->restored.backup.version);
}

static enum ha_error restore(struct restoring *r)
{
	int file = open(r->path, O_RDONLY | O_CLOEXEC);
	enum ha_error why;

	if (file < 0) {
		int number = errno;

		snprintf(r->report, sizeof(r->report), "%s cannot be opened: %s", r->path,
		         strerror(number));
		return ha_error_of_errno(number);
	}
	why = prepare(r);
	if (why == HA_OK)
		why = restore_run(&r->config, file, r->path, &r->restored, r->report,
		                  sizeof(r->report));
	close(file);
	return why;
}

static enum ha_error load(struct restoring *r, const char *path, uint32_t group)
{
	static struct config_groups groups;
	struct config_error error;
	enum ha_error why = config_groups_load(path, &groups, &error);
	const struct config *config;

	if (why != HA_OK)
		return ha_refuse(r->report, sizeof(r->report), why, "%s", error.text);
	config = config_groups_find(&groups, group);
	if (!config)
		return ha_refuse(r->report, sizeof(r->report), HA_E_NOTFOUND,
		                 "%s: there is no group %u", path, group);
	r->config = *config;
	return HA_OK;
}

int restore_main(const char *backup_path, const char *config_path, uint32_t group)
{
	static struct restoring r;
	enum ha_error why = load(&r, config_path, group);

	umask(077);
	r.path = backup_path;
	if (why == HA_OK)
		why = restore(&r);
	if (why == HA_OK) {
		say(&r);
		for (size_t i = 0; i < r.restored.doubt_count; i++)
			fprintf(stderr, "agentd: before the start: %s\n", r.restored.doubts[i]);
		return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	if (r.made_directory)
		rmdir(r.config.data_directory);
	fprintf(stderr, "agentd: nothing was restored: %s\n", r.report);
	return EXIT_FAILURE;
}
