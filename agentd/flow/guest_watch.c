/* guest_watch.c - a thread that looks at the group of visitors some times a second, for what an
 * operator is to be told (alarms.h). It waits for no disk: the store thread may. */
#include "agentd/flow/guest_internal.h"

#include "agentd/base/log.h"

#define LOOK_MS 100u

/* false: another member's store is being put here, and there is nothing to look at. */
static bool look_at_log(struct guest *guest)
{
	struct guest_watch *watch = &guest->watch;
	bool shown;

	pthread_mutex_lock(&guest->answer_lock);
	shown = guest->shown;
	if (shown)
		replication_status(guest->replication, &watch->status);
	pthread_mutex_unlock(&guest->answer_lock);
	return shown;
}

static void look(struct guest *guest)
{
	struct guest_watch *watch = &guest->watch;
	const struct room *room = &guest->room;
	const struct alarm_facts facts = {
		.status = &watch->status,
		.of_visitors = true,
		.store_failing = guest->failing,
		.store = { room->store_used, room->store_max },
		.disk = { room->disk_used, room->disk_max },
		.directory = guest->directory,
		.path_why = "",
		.path_doubt = "",
	};

	if (look_at_log(guest))
		alarms_report(&watch->report, &facts, clock_monotonic_ms());
}

static bool rest(struct guest_watch *watch)
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

static void *run(void *context)
{
	struct guest *guest = context;

	pthread_setname_np(pthread_self(), "watch-visitors");
	log_set_subject(GUEST_SUBJECT);
	do
		look(guest);
	while (rest(&guest->watch));
	return NULL;
}

void guest_watch_init(struct guest *guest)
{
	struct guest_watch *watch = &guest->watch;
	pthread_condattr_t attributes;

	watch->report.alarms.group = CONFIG_GROUP_VISITORS;
	watch->report.alarms.of_group_only = true;
	pthread_mutex_init(&watch->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&watch->wake, &attributes);
	pthread_condattr_destroy(&attributes);
}

enum ha_error guest_watch_start(struct guest *guest)
{
	int number = pthread_create(&guest->watch.thread, NULL, run, guest);

	guest->watch.running = number == 0;
	return ha_error_of_errno(number);
}

void guest_watch_stop(struct guest *guest)
{
	struct guest_watch *watch = &guest->watch;

	if (!watch->running)
		return;
	pthread_mutex_lock(&watch->lock);
	watch->stopping = true;
	pthread_cond_signal(&watch->wake);
	pthread_mutex_unlock(&watch->lock);
	pthread_join(watch->thread, NULL);
	watch->running = false;
}

void guest_watch_free(struct guest *guest)
{
	pthread_cond_destroy(&guest->watch.wake);
	pthread_mutex_destroy(&guest->watch.lock);
}
