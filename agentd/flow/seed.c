/* seed.c - an empty store gets its first settings and associations from the
 * node's files; after that the store has them, and the files are not read
 * again. */
#include "agentd/flow/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "agentd/base/log.h"
#include "agentd/flow/settings.h"
#include "agentd/state/association_file.h"

struct waiting {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool done;
	enum ha_error error; /* first of the batch */
	size_t failed;       /* which change */
};

static void finished(void *context, const enum ha_error *results, size_t count)
{
	struct waiting *waiting = context;

	pthread_mutex_lock(&waiting->lock);
	waiting->done = true;
	waiting->error = results ? HA_OK : HA_E_IO; /* the log of the program says why */
	for (size_t i = 0; i < count && waiting->error == HA_OK; i++) {
		waiting->error = results[i];
		waiting->failed = i;
	}
	pthread_cond_signal(&waiting->wake);
	pthread_mutex_unlock(&waiting->lock);
}

/* With the lock held. A log or store that fails must not hold the start for ever. */
static void wait_a_while(struct agent *agent, struct waiting *waiting)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec++;
	pthread_cond_timedwait(&waiting->wake, &waiting->lock, &until);
	if (waiting->done || (!agent->failed && !agent->checkpoint.failing))
		return;
	pthread_mutex_unlock(&waiting->lock);
	configure_abandon(agent);
	pthread_mutex_lock(&waiting->lock);
}

enum ha_error seed_configure(struct agent *agent, const struct change *changes, size_t count,
                             size_t *failed)
{
	struct waiting waiting = { .done = false };
	enum ha_error error;

	pthread_mutex_init(&waiting.lock, NULL);
	pthread_cond_init(&waiting.wake, NULL);
	error = agent_configure(agent, "seed", changes, count, finished, &waiting);
	if (error == HA_OK) {
		pthread_mutex_lock(&waiting.lock);
		while (!waiting.done)
			wait_a_while(agent, &waiting);
		pthread_mutex_unlock(&waiting.lock);
		error = waiting.error;
		*failed = waiting.failed;
	}
	pthread_cond_destroy(&waiting.wake);
	pthread_mutex_destroy(&waiting.lock);
	return error;
}

static enum ha_error seed_settings(struct agent *agent, char *report, size_t size)
{
	struct change changes[64] = { 0 };
	size_t count = 0, failed = 0;
	enum ha_error error;

	for (size_t i = 0; i < config_option_count() && count < 64; i++) {
		const struct config_option *option = config_option_at(i);
		struct change *change = &changes[count];

		if (option->owner != OWNER_CLUSTER)
			continue;
		change->kind = CHANGE_SET;
		snprintf(change->name, sizeof(change->name), "%s.%s", option->section,
		         option->name);
		config_format(&agent->config, option, change->value, sizeof(change->value));
		count++;
	}
	error = seed_configure(agent, changes, count, &failed);
	if (error != HA_OK)
		snprintf(report, size, "cannot store the setting %s: %s", changes[failed].name,
		         ha_strerror(error));
	return error;
}

/* Changes of a file, and the lines that they are of. */
struct batch {
	size_t count;
	struct change changes[CHANGES_MAX];
	uint64_t lines[CHANGES_MAX];
};

/* "FILE:LINE: why", as of a configuration file. */
static void report_line(const struct agent *agent, uint64_t line, const char *why, char *report,
                        size_t size)
{
	snprintf(report, size, "%s:%llu: %s", agent->config.associations_file,
	         (unsigned long long)line, why);
}

/* HA_E_NOTFOUND at the end of the file. */
static enum ha_error read_line(struct agent *agent, struct association_reader *reader,
                               struct change *change, char *report, size_t size)
{
	struct association_error wrong;
	struct settings_error refused;
	struct change judged;
	size_t count = 0;
	enum ha_error error = association_reader_next(reader, change, 1, &count, &wrong);

	if (error != HA_OK) {
		report_line(agent, wrong.line, wrong.text, report, size);
		return error;
	}
	if (count == 0)
		return HA_E_NOTFOUND;
	if (change->kind == CHANGE_SET)
		error = setting_judge(agent, change->name, change->value, &judged, &refused);
	if (error != HA_OK)
		report_line(agent, reader->line, refused.text, report, size);
	change->replace = true; /* a seeding that was cut short is done again */
	return error == HA_E_NOTFOUND ? HA_E_RANGE : error;
}

static enum ha_error read_batch(struct agent *agent, struct association_reader *reader,
                                struct batch *batch, char *report, size_t size)
{
	enum ha_error error = HA_OK;

	for (batch->count = 0; batch->count < CHANGES_MAX; batch->count++) {
		error = read_line(agent, reader, &batch->changes[batch->count], report, size);
		if (error != HA_OK)
			break;
		batch->lines[batch->count] = reader->line;
	}
	return error == HA_E_NOTFOUND ? HA_OK : error;
}

static enum ha_error seed_batch(struct agent *agent, struct association_reader *reader,
                                struct batch *batch, char *report, size_t size)
{
	size_t failed = 0;
	enum ha_error error = read_batch(agent, reader, batch, report, size);

	if (error != HA_OK || batch->count == 0)
		return error;
	error = seed_configure(agent, batch->changes, batch->count, &failed);
	if (error != HA_OK)
		report_line(agent, batch->lines[failed], ha_strerror(error), report, size);
	return error;
}

static enum ha_error seed_file(struct agent *agent, struct association_reader *reader,
                               struct batch *batch, char *report, size_t size)
{
	struct association_error wrong;
	size_t total = 0;
	enum ha_error error = association_reader_open(reader, agent->config.associations_file,
	                                              false, &wrong);

	if (error != HA_OK) {
		snprintf(report, size, "%s", wrong.text);
		return error;
	}
	do {
		error = seed_batch(agent, reader, batch, report, size);
		total += batch->count;
	} while (error == HA_OK && batch->count > 0);
	association_reader_close(reader);
	if (error == HA_OK)
		log_notice("%zu lines of %s are in the store now", total,
		           agent->config.associations_file);
	return error;
}

static enum ha_error seed_associations(struct agent *agent, char *report, size_t size)
{
	struct association_reader *reader = calloc(1, sizeof(*reader));
	struct batch *batch = calloc(1, sizeof(*batch));
	enum ha_error error = HA_E_NOMEM;

	if (reader && batch)
		error = seed_file(agent, reader, batch, report, size);
	else
		snprintf(report, size, "%s", ha_strerror(HA_E_NOMEM));
	if (batch)
		mip_wipe(batch, sizeof(*batch));
	free(batch);
	free(reader);
	return error;
}

/* A pool or policy may come with the associations, before the settings. */
static void note_setting(void *context, const char *name, const char *value)
{
	(void)value;
	if (config_option_find(name))
		*(bool *)context = true;
}

/* The settings come last: a store that has some was seeded to the end. */
bool seed_is_done(struct agent *agent)
{
	bool seeded = false;

	state_settings(agent->state, note_setting, &seeded);
	return seeded;
}

enum ha_error seed_run(struct agent *agent, char *report, size_t size)
{
	enum ha_error error = HA_OK;

	if (seed_is_done(agent))
		return HA_OK;
	if (agent->config.associations_file[0])
		error = seed_associations(agent, report, size);
	return error == HA_OK ? seed_settings(agent, report, size) : error;
}
