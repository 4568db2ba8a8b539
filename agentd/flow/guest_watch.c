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

static void *run(void *context)
{
	struct guest *guest = context;

	pthread_setname_np(pthread_self(), "watch-visitors");
	log_set_subject(GUEST_SUBJECT);
	do
		look(guest);
	while (looker_rest(&guest->watch.looker, LOOK_MS));
	return NULL;
}

void guest_watch_init(struct guest *guest)
{
	struct guest_watch *watch = &guest->watch;

	watch->report.alarms.group = CONFIG_GROUP_VISITORS;
	watch->report.alarms.of_group_only = true;
	looker_init(&watch->looker);
}

enum ha_error guest_watch_start(struct guest *guest)
{
	return looker_start(&guest->watch.looker, run, guest);
}

void guest_watch_stop(struct guest *guest)
{
	looker_stop(&guest->watch.looker);
}

void guest_watch_free(struct guest *guest)
{
	looker_free(&guest->watch.looker);
}
