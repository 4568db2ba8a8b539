/* pace.c - when the store thread works and when it rests. Passes are paced by
 * their own duration: a small change is in the store at once, a million of them
 * wait for the interval. */
#include "agentd/flow/internal.h"

#include <time.h>

#define REST 2u /* idle time after a transaction of a pass, in durations of it */
#define PACE 3u /* idle time after a pass, in durations of the pass, rests included */
#define PAUSE_MIN_MS 20u
#define RETRY_MS 1000u    /* after a failed write */
#define LENT_LOOK_MS 500u /* between two looks whether a pass may be, when it had to wait */

void pace_wait(struct checkpoint *c, uint64_t deadline_ns)
{
	const struct timespec until = clock_condition_time(deadline_ns);

	pthread_cond_timedwait(&c->wake, &c->lock, &until);
}

static bool log_is_filling(struct agent *agent)
{
	struct replication_status status;

	replication_status(agent->replication, &status);
	return status.log_octets > status.log_octets_max / 2 ||
	       (status.member_count > 0 && status.log_memory > status.log_memory_max / 2);
}

/* While another member reads a moment of the store, every page that is written
 * anew makes the file longer: what can wait does, while the log has room. */
uint64_t pace_unless_lent(struct agent *agent, uint64_t at_ns)
{
	uint64_t look_ns = clock_monotonic_ns() + LENT_LOOK_MS * UINT64_C(1000000);

	if (agent->checkpoint.lent == 0 || log_is_filling(agent) || at_ns > look_ns)
		return at_ns;
	return look_ns;
}

/* The store's flushes hold up the log's, on the same disk and the same
 * processors: small ones with a rest between them cost a registration least.
 * Not while the log waits to be trimmed, nor while somebody waits for us. */
void pace_rest(struct agent *agent, uint64_t worked_ns)
{
	struct checkpoint *c = &agent->checkpoint;
	uint64_t end_ns = clock_monotonic_ns() + worked_ns * REST, until_ns;

	if (log_is_filling(agent))
		return;
	pthread_mutex_lock(&c->lock);
	while (!c->stopping && !c->jobs.first && !c->waiters &&
	       clock_monotonic_ns() < (until_ns = pace_unless_lent(agent, end_ns)))
		pace_wait(c, until_ns);
	pthread_mutex_unlock(&c->lock);
}

uint64_t pace_pause_ms(struct agent *agent, enum ha_error error)
{
	uint64_t pause = agent->checkpoint.duration_ms * PACE;
	uint64_t max_ms = agent->checkpoint_interval_ms;

	if (error != HA_OK)
		return RETRY_MS;
	if (pause < PAUSE_MIN_MS)
		pause = PAUSE_MIN_MS;
	return pause < max_ms ? pause : max_ms;
}
