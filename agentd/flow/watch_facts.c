/* watch_facts.c - see the header. */
#include "agentd/flow/watch_facts.h"

#include <string.h>

#include "agentd/base/address.h"
#include "agentd/flow/counters.h"
#include "agentd/flow/inspect.h"
#include "agentd/flow/internal.h"

#define SECOND_MS 1000u
#define PERIOD_MS 5000u /* in which flushes are counted */

uint64_t counted_since(struct counted *counted, uint64_t now)
{
	uint64_t since = counted->known && now > counted->before ? now - counted->before : 0;

	counted->before = now;
	counted->known = true;
	return since;
}

void watch_facts_begin(struct watch_facts *watched)
{
	watched->flushed.known = watched->flushed_slowly.known = watched->stuck.known = false;
	watched->facts.flushes = watched->facts.slow_flushes = watched->facts.stuck_flushes = 0;
	watched->second_ms = watched->period_ms = 0;
}

/* ---- who leads ---- */

bool watch_facts_leader(struct watch_facts *watched, struct event_leader *out)
{
	const struct replication_reign *reign = &watched->status.reign;
	bool is_new = reign->changes != watched->reigns;

	watched->reigns = reign->changes;
	if (!is_new || reign->leader != watched->status.self || reign->before == reign->leader)
		return false;
	out->leader = reign->leader;
	out->before = reign->before;
	out->term = reign->term;
	out->without_ms = cluster_vacant_ms(reign);
	return true;
}

/* ---- every second ---- */

static void look_at_pools(struct alarm_facts *facts, struct agent *agent)
{
	struct state_pool found;

	for (unsigned i = 0; agent_pool_at(agent, i, &found); i++) {
		struct alarm_pool *pool = &facts->pools[i];

		pool->size = 0;
		if (!found.name[0])
			continue;
		memcpy(pool->name, found.name, sizeof(pool->name));
		pool->size = address_host(found.last) - address_host(found.first) + 1;
		pool->leased = found.leased;
		pool->nodes = found.nodes;
	}
}

static void look_at_state(struct alarm_facts *facts, struct agent *agent)
{
	struct state_capacity capacity;
	struct state_totals totals;

	state_totals(agent->state, &totals);
	state_capacity(agent->state, &capacity);
	facts->nodes = (struct alarm_use){ totals.mobile_nodes + totals.foreign_agents,
		                           capacity.peers };
	facts->associations = (struct alarm_use){ totals.associations, capacity.associations };
	facts->bindings = (struct alarm_use){ totals.bindings_committed, capacity.bindings };
}

static void look_at_path(struct watch_facts *watched, struct agent *agent)
{
	agent_forwarding(agent, &watched->path);
	watched->facts.path_slow = watched->path.slow;
	watched->facts.path_why = watched->path.why;
	watched->facts.path_doubt = watched->path.doubt;
}

uint64_t watch_facts_failures(void)
{
	uint64_t muted = counter_read(&flow_counters, FLOW_DENIALS_MUTED);

	return counter_read(&flow_counters, FLOW_SECURITY_VIOLATIONS) +
	       counter_read(&flow_counters, FLOW_REVOCATIONS_UNAUTHENTICATED) +
	       counter_read(&flow_counters, FLOW_DROPPED_SOURCE_LIMIT) - muted;
}

static void look_at_failures(struct watch_facts *watched, uint64_t now_ms)
{
	uint64_t passed_ms = now_ms - watched->failed_ms;

	watched->failed_ms = now_ms;
	watched->facts.failures = (uint32_t)(counted_since(&watched->failed,
	                                                   watch_facts_failures()) *
	                                     SECOND_MS / (passed_ms ? passed_ms : 1));
}

/* ---- every few seconds ---- */

static void look_at_flushes(struct watch_facts *watched, struct agent *agent)
{
	uint64_t counts[REPLICATION_FLUSH_BUCKETS], all = 0, slow = 0, stuck = 0;

	replication_flush_histogram(agent->replication, counts);
	for (size_t i = 0; i < REPLICATION_FLUSH_BUCKETS; i++) {
		all += counts[i];
		slow += i >= ALARM_FLUSH_BUCKET ? counts[i] : 0;
		stuck += i >= ALARM_STUCK_BUCKET ? counts[i] : 0;
	}
	watched->facts.flushes = (uint32_t)counted_since(&watched->flushed, all);
	watched->facts.slow_flushes = (uint32_t)counted_since(&watched->flushed_slowly, slow);
	watched->facts.stuck_flushes = (uint32_t)counted_since(&watched->stuck, stuck);
}

/* ---- each time ---- */

static void look_at_store(struct alarm_facts *facts, const struct agent *agent)
{
	const struct room *room = &agent->room;

	facts->store_failing = agent->checkpoint.failing;
	facts->store = (struct alarm_use){ room->store_used, room->store_max };
	facts->disk = (struct alarm_use){ room->disk_used, room->disk_max };
	facts->directory = agent->config.data_directory;
}

const struct alarm_facts *watch_facts_look(struct watch_facts *watched, struct agent *agent,
                                           uint64_t now_ms)
{
	struct alarm_facts *facts = &watched->facts;

	facts->status = &watched->status;
	look_at_store(facts, agent);
	if (now_ms >= watched->second_ms) {
		watched->second_ms = now_ms + SECOND_MS;
		look_at_pools(facts, agent);
		look_at_state(facts, agent);
		look_at_path(watched, agent);
		look_at_failures(watched, now_ms);
	}
	if (now_ms >= watched->period_ms) {
		watched->period_ms = now_ms + PERIOD_MS;
		look_at_flushes(watched, agent);
	}
	return facts;
}
