/* chores.c - the thread, and the order of the chores. */
#include "agentd/flow/chores.h"

#include <stdlib.h>

#include "agentd/base/log.h"
#include "agentd/flow/features.h"
#include "agentd/flow/internal.h"
#include "agentd/flow/rotation.h"

struct chores {
	struct agent *agent;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool wanted;
	bool stopping;
};

/* Who cannot seed must not lead: another member can, or an operator sees to it.
 * What failed because leadership went is the next leader's to do. */
static void give_up(struct agent *agent, uint64_t reign, enum ha_error why, const char *report)
{
	if (agent->stopping || agent->reign.ended != reign)
		return;
	log_error("%s", report);
	agent_fail(agent, why, "the cluster's first configuration cannot be made");
}

/* Who hands leadership over takes nothing, and says so before the reign has ended: then
 * the next one does it, or this one when it leads again. */
static void do_all(struct agent *agent)
{
	uint64_t reign = agent->reign.ended;
	char report[512] = "";
	enum ha_error error = seed_run(agent, report, sizeof(report));

	if (error == HA_OK)
		error = secret_run(agent, report, sizeof(report));
	if (error == HA_OK) {
		agent->prepared = true;
		rotation_go_on(agent->rotation);
		features_run(agent);
	} else if (error != HA_E_BUSY && error != HA_E_NOTLEADER) {
		give_up(agent, reign, error, report);
	}
}

static void *run(void *argument)
{
	struct chores *chores = argument;

	agent_thread(chores->agent, "chores");
	pthread_mutex_lock(&chores->lock);
	while (!chores->stopping) {
		if (!chores->wanted) {
			pthread_cond_wait(&chores->wake, &chores->lock);
			continue;
		}
		chores->wanted = false;
		pthread_mutex_unlock(&chores->lock);
		do_all(chores->agent);
		pthread_mutex_lock(&chores->lock);
	}
	pthread_mutex_unlock(&chores->lock);
	return NULL;
}

struct chores *chores_new(struct agent *agent)
{
	struct chores *chores = calloc(1, sizeof(*chores));

	if (!chores)
		return NULL;
	chores->agent = agent;
	pthread_mutex_init(&chores->lock, NULL);
	pthread_cond_init(&chores->wake, NULL);
	return chores;
}

enum ha_error chores_start(struct chores *chores)
{
	int number = pthread_create(&chores->thread, NULL, run, chores);

	chores->running = number == 0;
	return ha_error_of_errno(number);
}

void chores_ask(struct chores *chores)
{
	pthread_mutex_lock(&chores->lock);
	chores->wanted = true;
	pthread_cond_signal(&chores->wake);
	pthread_mutex_unlock(&chores->lock);
}

void chores_stop(struct chores *chores)
{
	pthread_mutex_lock(&chores->lock);
	chores->stopping = true;
	pthread_cond_signal(&chores->wake);
	pthread_mutex_unlock(&chores->lock);
}

void chores_free(struct chores *chores)
{
	if (!chores)
		return;
	chores_stop(chores);
	if (chores->running)
		pthread_join(chores->thread, NULL);
	pthread_cond_destroy(&chores->wake);
	pthread_mutex_destroy(&chores->lock);
	free(chores);
}
