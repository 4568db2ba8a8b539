/* features.c - one feature so far: counters of mobile nodes. */
#include "agentd/flow/features.h"

#include <stdio.h>

#include "agentd/base/log.h"
#include "agentd/flow/internal.h"

/* Who is out of reach may come back with any program. */
static bool all_know(const struct replication_status *status, uint16_t level)
{
	for (size_t i = 0; i < status->member_count; i++) {
		const struct replication_peer *peer = &status->members[i];

		if (!peer->self && (!peer->connected || peer->feature_level < level))
			return false;
	}
	return true;
}

bool features_are_due(struct agent *agent, const struct replication_status *status)
{
	bool may = !agent->reign.shared || (status->role == REPLICATION_LEADER && agent->prepared);

	return may && !agent->witness && !state_counts_nodes(agent->state) &&
	       all_know(status, FEATURE_LEVEL_NODE_COUNTERS);
}

bool features_pace(struct features_pace *pace, bool due, uint64_t now_ms)
{
	if (!due) {
		*pace = (struct features_pace){ 0 };
		return false;
	}
	if (pace->rest_ms != 0 && now_ms < pace->next_ms)
		return false;
	pace->rest_ms = pace->rest_ms == 0 ? FEATURES_REST_MIN_MS : 2 * pace->rest_ms;
	if (pace->rest_ms > FEATURES_REST_MAX_MS)
		pace->rest_ms = FEATURES_REST_MAX_MS;
	pace->next_ms = now_ms + pace->rest_ms;
	return true;
}

void features_run(struct agent *agent)
{
	struct change change = { .kind = CHANGE_SET };
	struct replication_status status;
	size_t failed = 0;
	enum ha_error error;

	replication_status(agent->replication, &status);
	if (!features_are_due(agent, &status))
		return;
	snprintf(change.name, sizeof(change.name), FEATURE_NODE_COUNTERS);
	snprintf(change.value, sizeof(change.value), "on");
	error = seed_configure(agent, &change, 1, &failed);
	if (error == HA_OK)
		log_notice("requests are counted for each mobile node from now on: all members "
		           "have a program that does");
	else if (error != HA_E_EXISTS)
		log_info("requests are not counted for each mobile node yet: %s",
		         ha_strerror(error));
}
