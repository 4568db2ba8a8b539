/* looker.c - see the header. */
#include "agentd/flow/looker.h"

#include "agentd/base/clock.h"

void looker_init(struct looker *looker)
{
	pthread_condattr_t attributes;

	looker->running = false;
	pthread_mutex_init(&looker->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&looker->wake, &attributes);
	pthread_condattr_destroy(&attributes);
}

enum ha_error looker_start(struct looker *looker, void *(*run)(void *context), void *context)
{
	int number;

	looker->stopping = false;
	number = pthread_create(&looker->thread, NULL, run, context);
	looker->running = number == 0;
	return ha_error_of_errno(number);
}

bool looker_rest(struct looker *looker, uint64_t ms)
{
	const struct timespec until = clock_condition_time(clock_monotonic_ns() +
	                                                   ms * UINT64_C(1000000));
	bool stopping;

	pthread_mutex_lock(&looker->lock);
	while (!looker->stopping &&
	       pthread_cond_timedwait(&looker->wake, &looker->lock, &until) == 0)
		;
	stopping = looker->stopping;
	pthread_mutex_unlock(&looker->lock);
	return !stopping;
}

void looker_stop(struct looker *looker)
{
	if (!looker->running)
		return;
	pthread_mutex_lock(&looker->lock);
	looker->stopping = true;
	pthread_cond_signal(&looker->wake);
	pthread_mutex_unlock(&looker->lock);
	pthread_join(looker->thread, NULL);
	looker->running = false;
}

void looker_free(struct looker *looker)
{
	pthread_cond_destroy(&looker->wake);
	pthread_mutex_destroy(&looker->lock);
}
