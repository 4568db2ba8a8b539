/* service.c - how a node is served: requests accepted, and for how long it was
 * bound. All members count alike, from the entry of the log on that made
 * FEATURE_NODE_COUNTERS: what an earlier program applied is counted nowhere. */
#include "agentd/state/internal.h"

void service_begin(struct state *state, uint64_t index, uint64_t time_ms)
{
	bool counts = state->counted_from && index > state->counted_from;

	state->counting_ms = counts ? time_ms : 0;
}

void service_end(struct state *state)
{
	state->counting_ms = 0;
}

void service_accepted(struct state *state, uint32_t slot)
{
	if (state->counting_ms)
		state->services[slot].accepted++;
}

/* Also what was bound before it was counted is bound since now. */
void service_bound(struct state *state, uint32_t slot)
{
	struct service_slot *service = &state->services[slot];

	if (state->counting_ms && !service->since_ms)
		service->since_ms = state->counting_ms;
}

/* A lifetime may have ended a moment before a command says so. */
void service_unbound(struct state *state, uint32_t slot, uint64_t latest_ms)
{
	struct service_slot *service = &state->services[slot];
	uint64_t end_ms = latest_ms < state->counting_ms ? latest_ms : state->counting_ms;

	if (!state->counting_ms || !service->since_ms)
		return;
	if (end_ms > service->since_ms)
		service->served_ms += end_ms - service->since_ms;
	service->since_ms = 0;
}

struct service service_copy(const struct state *state, uint32_t slot)
{
	const struct service_slot *from = &state->services[slot];

	return (struct service){ from->since_ms, from->served_ms, from->accepted };
}

void service_load(struct state *state, uint32_t slot, const struct service *service)
{
	struct service_slot *to = &state->services[slot];

	to->since_ms = service->since_ms;
	to->served_ms = service->served_ms;
	to->accepted = service->accepted;
}

bool state_counts_nodes(struct state *state)
{
	return state_setting_version(state, FEATURE_NODE_COUNTERS) != 0;
}
