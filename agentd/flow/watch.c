/* watch.c - the thread; what it looks for is in time.c and alarms.c. */
#include "agentd/flow/watch.h"

#include <stdlib.h>

#include "agentd/base/log.h"
#include "agentd/flow/alarms.h"
#include "agentd/flow/forwarding.h"
#include "agentd/flow/internal.h"

#define LOOK_MS 100u

struct watch {
	struct agent *agent;
	struct alarms alarms;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping;
};

static void say(void *context, enum log_level level, bool of_group, const char *line)
{
	const char *subject = log_set_subject(NULL);

	(void)context;
	if (of_group)
		log_set_subject(subject);
	log_line(level, "%s", line);
	log_set_subject(subject);
}

static void look(struct watch *watch)
{
	struct replication_status status;

	replication_status(watch->agent->replication, &status);
	time_agree(watch->agent, &status);
	forwarding_watch(watch->agent, &status);
	alarms_look(&watch->alarms, &status, clock_monotonic_ns() / 1000000u, say, NULL);
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
	watch->alarms.of_group_only = agent->group != 0;
	pthread_mutex_init(&watch->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&watch->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	return watch;
}

enum ha_error watch_start(struct watch *watch)
{
	int number = pthread_create(&watch->thread, NULL, run, watch);

	watch->running = number == 0;
	return ha_error_of_errno(number);
}

void watch_stop(struct watch *watch)
{
	if (!watch->running)
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
	watch_stop(watch);
	pthread_cond_destroy(&watch->wake);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}
