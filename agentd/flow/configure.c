/* configure.c - changes of the replicated configuration: put in order, applied,
 * written through to the store, then answered. */
#include "agentd/flow/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/flow/keys.h"
#include "agentd/flow/settings.h"
#include "agentd/state/command.h"
#include "agentd/state/pools.h"
#include "agentd/state/seal.h"

void job_list_append(struct job_list *list, struct configure_job *job)
{
	job->next = NULL;
	*list->last = job;
	list->last = &job->next;
}

static struct configure_job *job_new(struct agent *agent)
{
	struct configure_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->agent = agent;
	agent->configuring++;
	return job;
}

void job_free(struct configure_job *job)
{
	job->agent->configuring--;
	row_log_free(&job->rows);
	free(job->results);
	free(job);
}

static struct configure_job *job_take(struct agent *agent, uint64_t ticket)
{
	struct configure_job **link, *job;

	pthread_mutex_lock(&agent->jobs_lock);
	link = &agent->jobs;
	while (*link && (*link)->ticket != ticket)
		link = &(*link)->next;
	job = *link;
	if (job)
		*link = job->next;
	pthread_mutex_unlock(&agent->jobs_lock);
	return job;
}

static struct configure_job *job_put(struct agent *agent, agent_changed *done, void *context)
{
	struct configure_job *job = job_new(agent);

	if (!job)
		return NULL;
	job->done = done;
	job->context = context;
	pthread_mutex_lock(&agent->jobs_lock);
	job->ticket = TICKET_CONFIGURE | ++agent->next_ticket;
	job->next = agent->jobs;
	agent->jobs = job;
	pthread_mutex_unlock(&agent->jobs_lock);
	return job;
}

static enum ha_error check_setting(struct agent *agent, const struct change *change)
{
	struct settings_error error;
	struct change judged;

	if (change->kind == CHANGE_UNSET)
		return setting_judge_unset(change->name, &judged, &error);
	return setting_judge(agent, change->name, change->value, &judged, &error);
}

/* Sealed some time ago: what its key can no longer open must not be put in order,
 * or it would end this process and every later start. With the lock of keys. */
static enum ha_error check_sealed(struct agent *agent, const struct change *change)
{
	return keyring_has(agent->keyring, seal_blob_key(&change->sealed)) ? HA_OK : HA_E_NO_KEY;
}

/* The limit of a node is fixed in the command, so that all members agree even
 * while the setting changes. */
static enum ha_error check_and_complete(struct agent *agent, struct change *change)
{
	switch (change->kind) {
	case CHANGE_ADD_ASSOCIATION:
		change->set_bindings = change->bindings != 0;
		if (!change->set_bindings)
			change->bindings = (uint8_t)agent->bindings_per_node;
		return state_seal(agent->state, change);
	case CHANGE_SET:
	case CHANGE_UNSET:
		return check_setting(agent, change);
	case CHANGE_RESEAL:
	case CHANGE_SECRET:
		return check_sealed(agent, change);
	default:
		return HA_OK;
	}
}

static enum ha_error encode(struct agent *agent, const char *who, const struct change *changes,
                            size_t count, uint8_t **command, size_t *size)
{
	struct change *completed = malloc(count * sizeof(*completed));
	struct state_capacity capacity;
	enum ha_error error = completed ? HA_OK : HA_E_NOMEM;

	state_capacity(agent->state, &capacity);
	for (size_t i = 0; error == HA_OK && i < count; i++) {
		completed[i] = changes[i];
		error = check_and_complete(agent, &completed[i]);
	}
	if (error == HA_OK)
		error = command_configure(agent_cluster_ms(agent), who, &capacity, completed, count,
		                          command, size);
	if (completed)
		mip_wipe(completed, count * sizeof(*completed));
	free(completed);
	return error;
}

enum ha_error agent_configure(struct agent *agent, const char *who, const struct change *changes,
                              size_t count, agent_changed *done, void *context)
{
	struct replication_command command = { .group = agent->group };
	struct configure_job *job;
	uint8_t *octets = NULL;
	enum ha_error error;

	if (count == 0 || count > CHANGES_MAX)
		return HA_E_RANGE;
	pthread_mutex_lock(&agent->keys_lock);
	error = encode(agent, who, changes, count, &octets, &command.size);
	job = error == HA_OK ? job_put(agent, done, context) : NULL;
	pthread_mutex_unlock(&agent->keys_lock);
	if (error != HA_OK)
		return error;
	if (job) {
		command.command = octets;
		command.ticket = job->ticket;
		error = replication_submit(agent->replication, &command, 1);
		job = error == HA_OK ? NULL : job_take(agent, command.ticket);
		if (job)
			job_free(job);
		else
			error = HA_OK; /* or abandoned meanwhile: `done` was called */
	} else {
		error = HA_E_NOMEM;
	}
	mip_wipe(octets, command.size);
	free(octets);
	return error;
}

/* On the applying thread. Rows are written through in any case; who waits is
 * told when that is done. */
void configure_applied(struct agent *agent, uint64_t ticket, uint64_t index,
                       struct state_outcome *outcome)
{
	struct configure_job *job = job_take(agent, ticket);

	if (!job)
		job = job_new(agent);
	if (!job) {
		agent_fail(agent, HA_E_NOMEM, "a configuration was applied but cannot be kept");
		return;
	}
	job->index = index;
	job->next_id = outcome->next_id;
	job->rows = outcome->rows;
	job->results = outcome->results;
	job->count = outcome->result_count;
	outcome->rows = (struct row_log){ 0 }; /* the job's now */
	outcome->results = NULL;
	policy_refresh(agent);
	keys_watch(agent);
	checkpoint_write_through(agent, job);
}

static void tell_nothing(struct configure_job *job)
{
	agent_changed *done = job->done;

	job->done = NULL;
	if (done)
		done(job->context, NULL, 0);
}

/* Applied later all the same, it is written through for nobody. */
void configure_lose(struct agent *agent, uint64_t ticket)
{
	struct configure_job *job = job_take(agent, ticket);

	if (!job)
		return;
	tell_nothing(job);
	job_free(job);
}

/* Whoever still waits is told that it is not known what will become of it. What
 * was applied stays on the store thread's list: it must be written or replayed. */
void configure_abandon(struct agent *agent)
{
	struct configure_job *jobs, *job;

	pthread_mutex_lock(&agent->jobs_lock);
	jobs = agent->jobs;
	agent->jobs = NULL;
	pthread_mutex_unlock(&agent->jobs_lock);
	while ((job = jobs)) {
		jobs = job->next;
		tell_nothing(job);
		job_free(job);
	}
	pthread_mutex_lock(&agent->checkpoint.lock);
	for (job = agent->checkpoint.jobs.first; job; job = job->next)
		tell_nothing(job);
	pthread_mutex_unlock(&agent->checkpoint.lock);
}
