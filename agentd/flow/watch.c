/* watch.c - the thread; what it looks for is in time.c and alarms*.c. */
#include "agentd/flow/watch.h"

#include <stdlib.h>

#include "agentd/flow/alarms_report.h"
#include "agentd/flow/chores.h"
#include "agentd/flow/features.h"
#include "agentd/flow/forwarding.h"
#include "agentd/flow/internal.h"
#include "agentd/flow/watch_facts.h"

#define LOOK_MS 100u

struct watch {
	struct agent *agent;
	struct watch_facts facts;
	struct alarms_report report;
	struct features_pace features;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping;
};

static void look_at_members(struct watch *watch)
{
	const struct replication_status *status = &watch->facts.status;
	struct event_leader leader = { .group = watch->agent->group };

	time_agree(watch->agent, status);
	forwarding_watch(watch->agent, status);
	if (watch_facts_leader(&watch->facts, &leader))
		events_leader(&leader);
}

static void look(struct watch *watch)
{
	struct agent *agent = watch->agent;
	uint64_t now_ms = clock_monotonic_ms();

	replication_status(agent->replication, &watch->facts.status);
	if (agent->reign.shared)
		look_at_members(watch);
	if (features_pace(&watch->features, features_are_due(agent, &watch->facts.status), now_ms))
		chores_ask(agent->chores);
	alarms_report(&watch->report, watch_facts_look(&watch->facts, agent, now_ms), now_ms);
}

static bool rest(struct watch *watch)
{
	const struct timespec until = clock_condition_time(clock_monotonic_ns() +
	                                                   LOOK_MS * UINT64_C(1000000));
	bool stopping;

	pthread_mutex_lock(&watch->lock);
	while (!watch->stopping && pthread_cond_timedwait(&watch->wake, &watch->lock, &until) == 0)
		;
	stopping = watch->stopping;
	pthread_mutex_unlock(&watch->lock);
	return !stopping;
}

static void *run(void *argument)
{
	struct watch *watch = argument;

	agent_thread(watch->agent, "watch");
	do
		look(watch);
	while (rest(watch));
	return NULL;
}

struct watch *watch_new(struct agent *agent)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	pthread_condattr_t attributes;

	if (!watch)
		return NULL;
	watch->agent = agent;
	watch->report.alarms.group = agent->group;
	watch->report.alarms.of_group_only = agent->group != 0;
	pthread_mutex_init(&watch->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&watch->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	return watch;
}

enum ha_error watch_start(struct watch *watch)
{
	int number;

	watch->stopping = false;
	watch->features = (struct features_pace){ 0 };
	watch_facts_begin(&watch->facts);
	number = pthread_create(&watch->thread, NULL, run, watch);
	watch->running = number == 0;
	return ha_error_of_errno(number);
}

void watch_stop(struct watch *watch)
{
	if (!watch || !watch->running)
		return;
	pthread_mutex_lock(&watch->lock);
	watch->stopping = true;
	pthread_cond_signal(&watch->wake);
	pthread_mutex_unlock(&watch->lock);
	pthread_join(watch->thread, NULL);
	watch->running = false;
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	pthread_cond_destroy(&watch->wake);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}
