/* donor.c - the server of snapshots, and what the rest of the agent is to know of
 * those that are under way. */
#include "agentd/flow/donor.h"

#include <inttypes.h>
#include <stdlib.h>

#include "agentd/base/log.h"
#include "agentd/flow/internal.h"
#include "replication/snapshot.h"

struct donor {
	struct agent *agent;
	struct snapshot_server *server;
};

/* Before the moment is taken: it holds this index at least. */
static void opened(void *context)
{
	struct donor *donor = context;
	struct agent *agent = donor->agent;
	uint64_t index = agent->checkpoint.stored_index;

	if (agent->checkpoint.lent++ == 0)
		replication_hold(agent->replication, index);
	log_notice("another member fetches the store, with entries up to %" PRIu64, index);
}

/* The first of two holds the log until both have gone. */
static void closed(void *context)
{
	struct donor *donor = context;
	struct agent *agent = donor->agent;

	if (--agent->checkpoint.lent > 0)
		return;
	replication_hold(agent->replication, UINT64_MAX);
	checkpoint_wake(agent);
	log_notice("nobody fetches the store any more");
}

struct donor *donor_open(struct agent *agent, enum ha_error *why)
{
	struct donor *donor = calloc(1, sizeof(*donor));
	const struct snapshot_server_options options = {
		.cluster = &agent->cluster,
		.store = agent->store,
		.octets_per_ms = agent->cluster.snapshot_octets_per_ms,
		.context = donor,
		.opened = opened,
		.closed = closed,
	};
	char report[512];

	*why = HA_E_NOMEM;
	if (!donor)
		return NULL;
	donor->agent = agent;
	donor->server = snapshot_server_open(&options, why, report, sizeof(report));
	if (donor->server)
		return donor;
	log_error("%s", report);
	free(donor);
	return NULL;
}

void donor_close(struct donor *donor)
{
	if (!donor)
		return;
	snapshot_server_close(donor->server);
	free(donor);
}
