/* leadership.c - what becomes of this member's part when it begins to lead, and
 * when it does no more. All on the engine's thread, which must not be held up:
 * what takes time is for others to do. */
#include "agentd/flow/internal.h"

#include <inttypes.h>

#include "agentd/base/log.h"

static void lose_one(struct agent *agent, uint64_t ticket)
{
	if (ticket & TICKET_CONFIGURE)
		configure_lose(agent, ticket);
	else if (ticket & TICKET_DROP)
		drop_lose(agent, ticket);
	else if (ticket >> 32 && agent->receivers[(ticket >> 32) - 1])
		receiver_lose(agent->receivers[(ticket >> 32) - 1], (uint32_t)ticket);
}

/* They may be applied yet, like those of anybody else: whoever comes last for a
 * node or an address has it. Claims go now, on this thread, so that none of them
 * is let go when another one has taken its place. */
void leadership_lose(void *context, const uint64_t *tickets, size_t count)
{
	struct agent *agent = context;

	reign_end(&agent->reign);
	for (size_t i = 0; i < count; i++)
		lose_one(agent, tickets[i]);
	for (unsigned i = 0; i < agent->receiver_count; i++)
		completions_signal(receiver_completions(agent->receivers[i]));
}

void leadership_change(void *context, enum replication_role role, uint64_t term)
{
	struct agent *agent = context;
	bool leads = role == REPLICATION_LEADER;

	if (leads)
		reign_begin(&agent->reign);
	else
		reign_end(&agent->reign);
	if (leads)
		log_notice("this member leads the cluster, in term %" PRIu64, term);
	else if (agent->led)
		log_notice("this member does not lead the cluster any more");
	agent->led = leads;
}
