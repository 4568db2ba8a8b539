/* time.c - the clocks of an agent: cluster time, and the time of day that is
 * compared with the timestamps of mobile nodes. A node alone has its own wall
 * clock; the members of a cluster use the one that they agree on, so that neither
 * changes with the leader. */
#include "agentd/flow/internal.h"
#include "agentd/flow/time_offsets.h"

static uint64_t wall_ms(struct agent *agent, uint64_t monotonic_ns)
{
	return agent->reign.shared ? clock_agreement_ms(&agent->wall, monotonic_ns)
	                           : clock_wall_ms();
}

uint64_t agent_wall_ms(struct agent *agent)
{
	return wall_ms(agent, clock_monotonic_ns());
}

uint64_t agent_cluster_ms(struct agent *agent)
{
	uint64_t time_ms, now_ns;

	pthread_mutex_lock(&agent->clock_lock);
	now_ns = clock_monotonic_ns();
	time_ms = cluster_clock_read(&agent->clock, wall_ms(agent, now_ns), now_ns);
	pthread_mutex_unlock(&agent->clock_lock);
	return time_ms;
}

void time_start(struct agent *agent, uint64_t floor_ms)
{
	uint64_t now_ns = clock_monotonic_ns();

	clock_agreement_start(&agent->wall, clock_wall_ns() / 1000u, now_ns / 1000u);
	cluster_clock_start(&agent->clock, floor_ms, clock_wall_ms(), now_ns);
}

void time_follow(struct agent *agent, uint64_t time_ms)
{
	pthread_mutex_lock(&agent->clock_lock);
	cluster_clock_follow(&agent->clock, time_ms, clock_monotonic_ns());
	pthread_mutex_unlock(&agent->clock_lock);
}

void time_lead(struct agent *agent)
{
	uint64_t now_ns = clock_monotonic_ns();
	struct state_totals totals;

	state_totals(agent->state, &totals);
	pthread_mutex_lock(&agent->clock_lock);
	cluster_clock_lead(&agent->clock, totals.time_ms, wall_ms(agent, now_ns), now_ns);
	pthread_mutex_unlock(&agent->clock_lock);
}

/* Our own clock, and those that were measured. */
static size_t offsets_of(const struct replication_status *status,
                         int64_t out_us[REPLICATION_MEMBERS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < status->member_count; i++) {
		const struct replication_peer *peer = &status->members[i];

		if (peer->self)
			out_us[count++] = 0;
		else if (peer->connected && !peer->refused && peer->round_trip_us > 0)
			out_us[count++] = peer->clock_offset_us;
	}
	return count;
}

void time_agreement_update(struct clock_agreement *wall, const struct replication_status *status,
                           uint32_t tolerance_ms)
{
	int64_t offsets_us[REPLICATION_MEMBERS_MAX];
	size_t count = offsets_of(status, offsets_us);

	clock_agreement_update(wall, clock_wall_ns() / 1000u, clock_monotonic_ns() / 1000u,
	                       offsets_us, count, status->member_count,
	                       tolerance_ms * UINT64_C(1000));
}

void time_agree(struct agent *agent, const struct replication_status *status)
{
	time_agreement_update(&agent->wall, status, agent->config.clock_tolerance_ms);
}
