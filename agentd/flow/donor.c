/* donor.c - the store lent to the server of snapshots, and what the rest of the agent
 * is to know of those that are under way. */
#include "agentd/flow/donor.h"

#include <inttypes.h>

#include "agentd/base/log.h"
#include "agentd/flow/internal.h"
#include "replication/snapshot.h"

/* Before the moment is taken: it holds this index at least. */
static void opened(void *context)
{
	struct agent *agent = context;
	const char *before = agent_speak(agent);
	uint64_t index = agent->checkpoint.stored_index;

	if (agent->checkpoint.lent++ == 0)
		replication_hold(agent->replication, index);
	log_notice("another member fetches the store, with entries up to %" PRIu64, index);
	log_set_subject(before);
}

/* The first of two holds the log until both have gone. */
static void closed(void *context)
{
	struct agent *agent = context;
	const char *before;

	if (--agent->checkpoint.lent > 0)
		return;
	replication_hold(agent->replication, UINT64_MAX);
	checkpoint_wake(agent);
	before = agent_speak(agent);
	log_notice("nobody fetches the store any more");
	log_set_subject(before);
}

enum ha_error donor_begin(struct agent *agent)
{
	const struct snapshot_loan loan = {
		.group = agent->group,
		.store = agent->store,
		.context = agent,
		.opened = opened,
		.closed = closed,
	};
	enum ha_error why = snapshot_server_lend(agent->member->snapshots, &loan);

	agent->lends = why == HA_OK;
	return why;
}

void donor_end(struct agent *agent)
{
	if (agent->lends)
		snapshot_server_withdraw(agent->member->snapshots, agent->group);
	agent->lends = false;
}
