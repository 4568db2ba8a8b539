/* watch.c - the thread; what it looks for is in time.c and alarms*.c. */
#include "agentd/flow/watch.h"

#include <stdlib.h>

#include "agentd/base/log.h"
#include "agentd/flow/alarms.h"
#include "agentd/flow/chores.h"
#include "agentd/flow/features.h"
#include "agentd/flow/forwarding.h"
#include "agentd/flow/internal.h"
#include "agentd/flow/watch_facts.h"

#define LOOK_MS 100u
#define REPEAT_MS 1000u

struct watch {
	struct agent *agent;
	struct watch_facts facts;
	struct alarms alarms;
	struct features_pace features;
	uint64_t repeat_ms; /* not before then, of the monotonic clock */
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping;
};

static enum log_level level_of(const struct alarm_turn *turn)
{
	if (!turn->raised)
		return LOG_LEVEL_NOTICE;
	return turn->severity == EVENT_CRITICAL ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING;
}

static void write_line(const struct alarm_turn *turn)
{
	const char *subject = log_set_subject(NULL);

	if (turn->of.group != EVENTS_PROCESS)
		log_set_subject(subject);
	log_line(level_of(turn), "%s", turn->text);
	log_set_subject(subject);
}

static void tell(void *context, const struct alarm_turn *turn)
{
	(void)context;
	if (!turn->told && !turn->again)
		write_line(turn);
	if (turn->again)
		events_raise_again(&turn->of, turn->severity, turn->text);
	else if (turn->raised)
		events_raise(&turn->of, turn->severity, turn->text);
	else
		events_clear(&turn->of, turn->text);
}

static void look_at_members(struct watch *watch)
{
	const struct replication_status *status = &watch->facts.status;
	struct event_leader leader = { .group = watch->agent->group };

	time_agree(watch->agent, status);
	forwarding_watch(watch->agent, status);
	if (watch_facts_leader(&watch->facts, &leader))
		events_leader(&leader);
}

/* What found no place in the list of alarms, or lost it, gets one when others are over. */
static void repeat(struct watch *watch, const struct alarm_facts *facts, uint64_t now_ms)
{
	struct event_summary summary;

	if (now_ms < watch->repeat_ms)
		return;
	watch->repeat_ms = now_ms + REPEAT_MS;
	events_summary(&summary);
	if (summary.unlisted > 0)
		alarms_repeat(&watch->alarms, facts, tell, NULL);
}

static void look(struct watch *watch)
{
	struct agent *agent = watch->agent;
	uint64_t now_ms = clock_monotonic_ms();
	const struct alarm_facts *facts;

	replication_status(agent->replication, &watch->facts.status);
	if (agent->reign.shared)
		look_at_members(watch);
	if (features_pace(&watch->features, features_are_due(agent, &watch->facts.status), now_ms))
		chores_ask(agent->chores);
	facts = watch_facts_look(&watch->facts, agent, now_ms);
	alarms_look(&watch->alarms, facts, now_ms, tell, NULL);
	repeat(watch, facts, now_ms);
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
	watch->alarms.group = agent->group;
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
