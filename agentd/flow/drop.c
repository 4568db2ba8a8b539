/* drop.c - commands that end bindings, and who waits for them. */
#include "agentd/flow/drop.h"

#include <stdlib.h>

#include "agentd/flow/internal.h"

struct drop_job {
	struct drop_job *next;
	uint64_t ticket;
	agent_dropped *done;
	void *context;
};

static struct drop_job *job_put(struct agent *agent, agent_dropped *done, void *context)
{
	struct drop_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->done = done;
	job->context = context;
	pthread_mutex_lock(&agent->jobs_lock);
	job->ticket = TICKET_DROP | ++agent->next_ticket;
	job->next = agent->drops;
	agent->drops = job;
	pthread_mutex_unlock(&agent->jobs_lock);
	return job;
}

static struct drop_job *job_take(struct agent *agent, uint64_t ticket)
{
	struct drop_job **link, *job;

	pthread_mutex_lock(&agent->jobs_lock);
	link = &agent->drops;
	while (*link && (*link)->ticket != ticket)
		link = &(*link)->next;
	job = *link;
	if (job)
		*link = job->next;
	pthread_mutex_unlock(&agent->jobs_lock);
	return job;
}

enum ha_error agent_drop(struct agent *agent, const struct agent_drop *drop, agent_dropped *done,
                         void *context)
{
	uint8_t octets[COMMAND_REGISTRATION_MAX];
	struct replication_command command = {
		.group = agent->group,
		.command = octets,
		.size = command_drop(
			agent_cluster_ms(agent), place_of_home(drop->realm, drop->home),
			drop->care_of.s_addr ? &drop->care_of : NULL, drop->release, octets),
	};
	struct drop_job *job = job_put(agent, done, context);
	enum ha_error error;

	if (!job)
		return HA_E_NOMEM;
	command.ticket = job->ticket;
	error = replication_submit(agent->replication, &command, 1);
	if (error == HA_OK)
		return HA_OK;
	job = job_take(agent, command.ticket);
	if (!job)
		return HA_OK; /* abandoned meanwhile: `done` was called */
	free(job);
	return error;
}

/* On the applying thread. Foreign agents that are to be told of what has ended are
 * told by the applier, whether or not somebody waits here. */
void drop_applied(struct agent *agent, uint64_t ticket, const struct state_outcome *outcome)
{
	struct drop_job *job = job_take(agent, ticket);

	if (!job)
		return;
	job->done(job->context, outcome->error, outcome->dropped, outcome->dropped_count);
	free(job);
}

void drop_lose(struct agent *agent, uint64_t ticket)
{
	struct drop_job *job = job_take(agent, ticket);

	if (!job)
		return;
	job->done(job->context, HA_E_UNCERTAIN, NULL, 0);
	free(job);
}

void drop_abandon(struct agent *agent)
{
	struct drop_job *jobs, *job;

	pthread_mutex_lock(&agent->jobs_lock);
	jobs = agent->drops;
	agent->drops = NULL;
	pthread_mutex_unlock(&agent->jobs_lock);
	while ((job = jobs)) {
		jobs = job->next;
		job->done(job->context, HA_E_UNCERTAIN, NULL, 0);
		free(job);
	}
}
