/* watch.c - the thread; what it looks for is in time.c and alarms*.c. */
#include "agentd/flow/watch.h"

#include <stdlib.h>

#include "agentd/flow/alarms_report.h"
#include "agentd/flow/chores.h"
#include "agentd/flow/features.h"
#include "agentd/flow/forwarding.h"
#include "agentd/flow/internal.h"
#include "agentd/flow/looker.h"
#include "agentd/flow/watch_facts.h"

#define LOOK_MS 100u

struct watch {
	struct agent *agent;
	struct watch_facts facts;
	struct alarms_report report;
	struct features_pace features;
	struct looker looker;
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

static void *run(void *argument)
{
	struct watch *watch = argument;

	agent_thread(watch->agent, "watch");
	do
		look(watch);
	while (looker_rest(&watch->looker, LOOK_MS));
	return NULL;
}

struct watch *watch_new(struct agent *agent)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->agent = agent;
	watch->report.alarms.group = agent->group;
	watch->report.alarms.of_group_only = agent->group != 0;
	looker_init(&watch->looker);
	return watch;
}

enum ha_error watch_start(struct watch *watch)
{
	watch->features = (struct features_pace){ 0 };
	watch_facts_begin(&watch->facts);
	return looker_start(&watch->looker, run, watch);
}

void watch_stop(struct watch *watch)
{
	if (watch)
		looker_stop(&watch->looker);
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	looker_free(&watch->looker);
	free(watch);
}
