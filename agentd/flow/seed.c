/* seed.c - an empty store gets its first settings and associations from the
 * node's files; after that the store has them, and the files are not read
 * again. */
#include "agentd/flow/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "agentd/base/address.h"
#include "agentd/base/log.h"
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
		const struct option *option = config_option_at(i);
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

static enum ha_error seed_batch(struct agent *agent, struct association_reader *reader,
                                struct change *changes, size_t *count, char *report, size_t size)
{
	struct association_error wrong;
	size_t failed = 0;
	enum ha_error error = association_reader_next(reader, changes, CHANGES_MAX, count, &wrong);

	if (error != HA_OK) {
		snprintf(report, size, "%s line %llu: %s", agent->config.associations_file,
		         (unsigned long long)wrong.line, wrong.text);
		return error;
	}
	for (size_t i = 0; i < *count; i++)
		changes[i].replace = true; /* a seeding that was cut short is done again */
	if (*count > 0)
		error = seed_configure(agent, changes, *count, &failed);
	if (error != HA_OK)
		snprintf(report, size, "%s: cannot store the association of %s: %s",
		         agent->config.associations_file,
		         address_format(changes[failed].address).text, ha_strerror(error));
	return error;
}

static enum ha_error seed_associations(struct agent *agent, char *report, size_t size)
{
	struct association_reader *reader = calloc(1, sizeof(*reader));
	struct change *changes = calloc(CHANGES_MAX, sizeof(*changes));
	struct association_error wrong;
	size_t count = 0, total = 0;
	enum ha_error error = HA_E_NOMEM;

	if (reader && changes) {
		error = association_reader_open(reader, agent->config.associations_file, false,
		                                &wrong);
		if (error != HA_OK)
			snprintf(report, size, "%s", wrong.text);
	}
	while (error == HA_OK) {
		error = seed_batch(agent, reader, changes, &count, report, size);
		total += count;
		if (count == 0)
			break;
	}
	if (reader && reader->file)
		association_reader_close(reader);
	if (changes)
		mip_wipe(changes, CHANGES_MAX * sizeof(*changes));
	free(changes);
	free(reader);
	if (error == HA_OK)
		log_notice("%zu associations from %s are in the store now", total,
		           agent->config.associations_file);
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
enum ha_error seed_run(struct agent *agent, char *report, size_t size)
{
	bool seeded = false;
	enum ha_error error = HA_OK;

	state_settings(agent->state, note_setting, &seeded);
	if (seeded)
		return HA_OK;
	if (agent->config.associations_file[0])
		error = seed_associations(agent, report, size);
	return error == HA_OK ? seed_settings(agent, report, size) : error;
}
