/* configure.c - changes of the replicated configuration: put in order, applied,
 * written through to the store, then answered. */
#include "agentd/flow/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/flow/features.h"
#include "agentd/flow/keys.h"
#include "agentd/flow/own_key.h"
#include "agentd/flow/settings.h"
#include "agentd/state/audit.h"
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

/* What somebody wants, and how he is told. */
struct request {
	const char *who;
	const struct change *changes;
	size_t count;
	bool whole;
	agent_changed *done;
	batch_done *batch_done;
	void *context;
};

/* Its ticket: from here on others may end it. 0: there is no memory. */
static uint64_t job_put(struct agent *agent, const struct request *request)
{
	struct configure_job *job = job_new(agent);
	uint64_t ticket;

	if (!job)
		return 0;
	job->done = request->done;
	job->batch_done = request->batch_done;
	job->context = request->context;
	pthread_mutex_lock(&agent->jobs_lock);
	job->ticket = ticket = TICKET_CONFIGURE | ++agent->next_ticket;
	job->next = agent->jobs;
	agent->jobs = job;
	pthread_mutex_unlock(&agent->jobs_lock);
	return ticket;
}

static enum ha_error check_setting(struct agent *agent, const struct change *change)
{
	struct settings_error error;
	struct change judged;

	if (change->kind == CHANGE_SET && setting_is_feature(change->name))
		return HA_OK; /* of ours: who sets by name was judged before he came here */
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
static enum ha_error complete_addition(struct agent *agent, struct change *change)
{
	enum ha_error error = HA_OK;

	change->set_bindings = change->bindings != 0;
	if (!change->set_bindings)
		change->bindings = (uint8_t)agent->bindings_per_node;
	if (change->keep_key) {
		change->replace = true;
		error = own_key_take(agent, change);
	}
	return error == HA_OK ? state_seal(agent->state, change) : error;
}

static enum ha_error check_and_complete(struct agent *agent, struct change *change)
{
	switch (change->kind) {
	case CHANGE_ADD_ASSOCIATION:
		return complete_addition(agent, change);
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

/* Does every data member make the same of it? One that was not heard since this process
 * began is not asked: with too old a program it would not apply the command, and stop. */
static enum ha_error check_members(struct agent *agent, const struct request *request)
{
	struct replication_status status;

	if (command_configure_version(request->whole, request->changes, request->count) <
	    COMMAND_VERSION)
		return HA_OK;
	replication_status(agent->replication, &status);
	for (size_t i = 0; i < status.member_count; i++) {
		const struct replication_peer *peer = &status.members[i];

		if (!peer->self && !peer->witness && peer->feature_level != 0 &&
		    peer->feature_level < FEATURE_LEVEL_BATCH)
			return HA_E_OLD_MEMBER;
	}
	return HA_OK;
}

static enum ha_error pack(struct agent *agent, const struct request *request,
                          const struct change *completed, uint8_t **command, size_t *size)
{
	struct state_capacity capacity;
	char who[AUDIT_WHO_MAX];

	state_capacity(agent->state, &capacity);
	audit_who("", request->who, strlen(request->who), who);
	return (request->whole ? command_configure_whole : command_configure)(
		agent_cluster_ms(agent), who, &capacity, completed, request->count, command, size);
}

/* *refused is the change that an error is about, or the count of them. */
static enum ha_error encode(struct agent *agent, const struct request *request, size_t *refused,
                            uint8_t **command, size_t *size)
{
	struct change *completed = malloc(request->count * sizeof(*completed));
	enum ha_error error = completed ? HA_OK : HA_E_NOMEM;

	*refused = request->count;
	for (size_t i = 0; error == HA_OK && i < request->count; i++) {
		completed[i] = request->changes[i];
		error = check_and_complete(agent, &completed[i]);
		if (error != HA_OK)
			*refused = i;
	}
	if (error == HA_OK)
		error = pack(agent, request, completed, command, size);
	if (completed)
		mip_wipe(completed, request->count * sizeof(*completed));
	free(completed);
	return error;
}

/* Wipes and frees the octets. */
static enum ha_error submit(struct agent *agent, uint64_t ticket, uint8_t *octets, size_t size)
{
	const struct replication_command command = {
		.group = agent->group, .command = octets, .size = size, .ticket = ticket
	};
	enum ha_error error = replication_submit(agent->replication, &command, 1);

	if (error != HA_OK) {
		struct configure_job *job = job_take(agent, ticket);

		if (job)
			job_free(job);
		else
			error = HA_OK; /* abandoned meanwhile: who waits was told */
	}
	mip_wipe(octets, size);
	free(octets);
	return error;
}

static enum ha_error request_make(struct agent *agent, const struct request *request,
                                  size_t *refused)
{
	uint8_t *octets = NULL;
	uint64_t ticket = 0;
	size_t size = 0;
	enum ha_error error;

	*refused = request->count;
	if (request->count == 0 || request->count > CHANGES_MAX)
		return HA_E_RANGE;
	error = check_members(agent, request);
	if (error != HA_OK)
		return error;
	pthread_mutex_lock(&agent->keys_lock);
	error = encode(agent, request, refused, &octets, &size);
	if (error == HA_OK)
		ticket = job_put(agent, request);
	pthread_mutex_unlock(&agent->keys_lock);
	if (ticket)
		return submit(agent, ticket, octets, size);
	if (octets)
		mip_wipe(octets, size);
	free(octets);
	return error == HA_OK ? HA_E_NOMEM : error;
}

enum ha_error agent_configure(struct agent *agent, const char *who, const struct change *changes,
                              size_t count, agent_changed *done, void *context)
{
	const struct request request = { who, changes, count, false, done, NULL, context };
	size_t refused;

	return request_make(agent, &request, &refused);
}

enum ha_error batch_configure(struct agent *agent, const char *who, const struct change *changes,
                              size_t count, size_t *refused, batch_done *done, void *context)
{
	const struct request request = { who, changes, count, true, NULL, done, context };

	return request_make(agent, &request, refused);
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

static struct batch_outcome outcome_of(const struct configure_job *job, bool known)
{
	struct batch_outcome outcome = { .error = HA_E_UNCERTAIN, .refused = job->count };

	if (!known || job->count == 0)
		return outcome;
	for (size_t i = 0; i < job->count; i++)
		if (job->results[i] != HA_OK && job->results[i] != HA_E_NOT_DONE)
			outcome.refused = i;
	outcome.error = outcome.refused < job->count ? job->results[outcome.refused] : HA_OK;
	outcome.index = outcome.error == HA_OK ? job->index : 0;
	return outcome;
}

void job_tell(struct configure_job *job, bool known)
{
	struct batch_outcome outcome = outcome_of(job, known);
	agent_changed *done = job->done;
	batch_done *whole_done = job->batch_done;

	job->done = NULL;
	job->batch_done = NULL;
	if (done)
		done(job->context, known ? job->results : NULL, known ? job->count : 0);
	if (whole_done)
		whole_done(job->context, &outcome);
}

/* Applied later all the same, it is written through for nobody. */
void configure_lose(struct agent *agent, uint64_t ticket)
{
	struct configure_job *job = job_take(agent, ticket);

	if (!job)
		return;
	job_tell(job, false);
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
		job_tell(job, false);
		job_free(job);
	}
	pthread_mutex_lock(&agent->checkpoint.lock);
	for (job = agent->checkpoint.jobs.first; job; job = job->next)
		job_tell(job, false);
	pthread_mutex_unlock(&agent->checkpoint.lock);
}
