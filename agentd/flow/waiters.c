/* waiters.c - those who wait until the store holds what the log held when they
 * came. The store thread looks after them; while there are any, it neither
 * rests nor waits for its next pass to be due. */
#include "agentd/flow/internal.h"

#include <stdlib.h>

struct checkpoint_waiter {
	struct checkpoint_waiter *next;
	uint64_t index;
	agent_changed *done;
	void *context;
};

/* Everything that was acknowledged is durable in the log, and only that counts:
 * what is applied may be known a moment later. In a cluster the log may hold what
 * will never be applied: there it is what was committed. */
enum ha_error agent_checkpoint(struct agent *agent, agent_changed *done, void *context)
{
	struct checkpoint_waiter *waiter = malloc(sizeof(*waiter));
	struct checkpoint *c = &agent->checkpoint;
	struct replication_status status;

	if (!waiter)
		return HA_E_NOMEM;
	replication_status(agent->replication, &status);
	*waiter = (struct checkpoint_waiter){ .index = status.member_count > 0
		                                               ? status.commit_index
		                                               : status.stored_index,
		                              .done = done,
		                              .context = context };
	pthread_mutex_lock(&c->lock);
	waiter->next = c->waiters;
	c->waiters = waiter;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
	return HA_OK;
}

bool waiters_served(const struct checkpoint *c)
{
	for (const struct checkpoint_waiter *waiter = c->waiters; waiter; waiter = waiter->next)
		if (waiter->index <= c->stored_index)
			return true;
	return false;
}

/* Take those who wait for `index` or less off the list. */
static struct checkpoint_waiter *take(struct checkpoint *c, uint64_t index)
{
	struct checkpoint_waiter **link = &c->waiters, *taken = NULL;

	pthread_mutex_lock(&c->lock);
	while (*link) {
		struct checkpoint_waiter *waiter = *link;

		if (waiter->index > index) {
			link = &waiter->next;
			continue;
		}
		*link = waiter->next;
		waiter->next = taken;
		taken = waiter;
	}
	pthread_mutex_unlock(&c->lock);
	return taken;
}

static void tell(struct checkpoint_waiter *waiters, const enum ha_error *result)
{
	while (waiters) {
		struct checkpoint_waiter *waiter = waiters;

		waiters = waiter->next;
		waiter->done(waiter->context, result, result ? 1 : 0);
		free(waiter);
	}
}

void waiters_tell(struct checkpoint *c, enum ha_error why)
{
	tell(take(c, why == HA_OK ? c->stored_index : UINT64_MAX), &why);
}

void waiters_abandon(struct checkpoint *c)
{
	tell(take(c, UINT64_MAX), NULL);
}
