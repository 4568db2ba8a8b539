/* checkpoint.c - the store thread: configuration written through, changed
 * peers in passes, off the reply path.
 *
 * A pass takes the peers that changed, in the order of the store's keys, and
 * writes them in transactions of bounded size; the last one carries the log
 * index that the store then holds. Rows may be newer than that index: they
 * carry their own version, and replaying the log skips them. When passes are made,
 * pace.c says. */
#include "agentd/flow/internal.h"

#include <stdlib.h>

#include "agentd/base/log.h"
#include "agentd/flow/counters.h"
#include "agentd/flow/meta.h"
#include "agentd/flow/stored.h"

#ifndef PEERS_PER_TRANSACTION /* a test wants several transactions in a pass */
#define PEERS_PER_TRANSACTION 1024u
#endif

#define TELL_AGAIN_NS UINT64_C(60000000000) /* that the store cannot be written */

static const enum store_table table_of[] = {
	[ROW_PEER] = STORE_PEERS,       [ROW_ASSOCIATION] = STORE_ASSOCIATIONS,
	[ROW_REPLAY] = STORE_REPLAY,    [ROW_BINDING] = STORE_BINDINGS,
	[ROW_SETTING] = STORE_SETTINGS, [ROW_NODE] = STORE_NODES,
	[ROW_AUDIT] = STORE_AUDIT,
};

static struct store_bytes bytes_of_span(struct span span)
{
	return (struct store_bytes){ span.at, span.size };
}

/* ---- peers, and configuration ---- */

static uint32_t trim_to(struct span value)
{
	struct reader in = reader_over(value.at, value.size);

	return get_u32(&in);
}

static void write_change(struct store_write *w, const struct row_change *change)
{
	enum store_table table = table_of[change->kind];

	switch (change->operation) {
	case ROW_PUT:
		store_put(w, table, bytes_of_span(change->key), bytes_of_span(change->value));
		break;
	case ROW_DELETE:
		store_delete(w, table, bytes_of_span(change->key));
		break;
	case ROW_CLEAR:
		store_replace_prefix(w, table, bytes_of_span(change->key), NULL, 0);
		break;
	case ROW_TRIM:
		store_trim(w, table, trim_to(change->value));
		break;
	}
}

/* A home address whose rows were cleared may be another node's by now, and that
 * one's rows may have been written before these were cleared. */
static void write_cleared(struct agent *agent, struct store_write *w,
                          const struct row_change *change)
{
	struct reader key = reader_over(change->key.at, change->key.size);
	uint32_t realm = get_u32(&key);
	struct state_peer_rows peer;

	if (change->operation != ROW_CLEAR || change->kind != ROW_BINDING)
		return;
	get_u8(&key);
	if (state_copy_at(agent->state, realm, get_address(&key), &peer))
		stored_peer(w, &peer);
}

static void write_job(struct agent *agent, struct store_write *w, const struct configure_job *job)
{
	struct row_change change;
	size_t at = 0;

	while (row_log_next(&job->rows, &at, &change)) {
		write_change(w, &change);
		write_cleared(agent, w, &change);
	}
	meta_put_number(w, META_CONFIGURED, job->index);
	meta_put_number(w, META_NEXT_ID, job->next_id);
}

static void finish_jobs(struct job_list *jobs)
{
	while (jobs->first) {
		struct configure_job *job = jobs->first;

		jobs->first = job->next;
		job_tell(job, true);
		job_free(job);
	}
}

/* Behind those that are in `jobs` already. */
static void take_jobs(struct checkpoint *c, struct job_list *jobs)
{
	pthread_mutex_lock(&c->lock);
	if (c->jobs.first) {
		*jobs->last = c->jobs.first;
		jobs->last = c->jobs.last;
	}
	c->jobs.first = NULL;
	c->jobs.last = &c->jobs.first;
	pthread_mutex_unlock(&c->lock);
}

/* What has been put in order since the last time; false: nothing. */
static bool write_new_jobs(struct agent *agent, struct store_write *w, struct job_list *jobs)
{
	struct configure_job **new = jobs->last;

	take_jobs(&agent->checkpoint, jobs);
	for (const struct configure_job *job = *new; job; job = job->next)
		write_job(agent, w, job);
	return jobs->last != new;
}

static void return_jobs(struct checkpoint *c, struct job_list *jobs)
{
	if (!jobs->first)
		return;
	pthread_mutex_lock(&c->lock);
	*jobs->last = c->jobs.first;
	if (!c->jobs.first)
		c->jobs.last = jobs->last;
	c->jobs.first = jobs->first;
	pthread_mutex_unlock(&c->lock);
}

/* ---- peers ---- */

static void write_peers(struct agent *agent, struct store_write *w, const uint32_t *slots,
                        size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct state_peer_rows peer;

		if (state_copy_peer(agent->state, slots[i], &peer))
			stored_peer(w, &peer);
	}
}

/* One transaction: what was configured, then some peers; `applied` in the last
 * one of a pass, else NULL.
 *
 * A peer may be copied after a change that made what it is possible: a higher
 * limit, a larger pool. Its rows must never be in the store without that. Each
 * client waits for its change, so there are never many. */
static enum ha_error write_some(struct agent *agent, const uint32_t *slots, size_t count,
                                const struct applied *applied)
{
	struct checkpoint *c = &agent->checkpoint;
	struct job_list jobs = { .first = NULL, .last = &jobs.first };
	struct store_write w = store_begin(agent->store);
	struct stored_lost lost = { .slots = NULL };
	struct state_totals totals;
	enum ha_error error;

	write_new_jobs(agent, &w, &jobs);
	write_peers(agent, &w, slots, count);
	do
		error = stored_lost(agent->state, &w, &lost);
	while (write_new_jobs(agent, &w, &jobs) || lost.wrote);
	if (applied) {
		state_totals(agent->state, &totals);
		meta_put_number(&w, META_APPLIED, applied->index);
		meta_put_number(&w, META_TERM, applied->term);
		meta_put_number(&w, META_TIME, totals.time_ms);
	}
	if (error == HA_OK)
		error = store_commit(&w);
	else
		store_abort(&w);
	stored_lost_end(agent->state, &lost, error);
	if (error == HA_OK)
		finish_jobs(&jobs);
	else
		return_jobs(c, &jobs);
	return error;
}

static enum ha_error write_all(struct agent *agent, const uint32_t *slots, size_t count,
                               const struct applied *applied)
{
	size_t done = 0;

	do {
		size_t some = count - done < PEERS_PER_TRANSACTION ? count - done
		                                                   : PEERS_PER_TRANSACTION;
		bool last = done + some == count;
		uint64_t began_ns = clock_monotonic_ns();
		enum ha_error error = write_some(agent, slots + done, some, last ? applied : NULL);

		if (error != HA_OK) {
			state_return_dirty(agent->state, slots + done, count - done, some);
			return error;
		}
		done += some;
		if (!last)
			pace_rest(agent, clock_monotonic_ns() - began_ns);
	} while (done < count);
	return HA_OK;
}

static void note_success(struct agent *agent, uint64_t applied, size_t rows, uint64_t began_ns)
{
	struct checkpoint *c = &agent->checkpoint;

	c->stored_index = applied;
	c->taken_since_ns = 0;
	c->rows = rows;
	c->duration_ms = (clock_monotonic_ns() - began_ns) / 1000000u;
	c->passes++;
	if (c->failing)
		log_notice("the store can be written again");
	c->failing = false;
	replication_trim(agent->replication, applied);
}

static void note_failure(struct agent *agent, enum ha_error error)
{
	struct checkpoint *c = &agent->checkpoint;
	uint64_t now_ns = clock_monotonic_ns();
	bool told = c->failing && now_ns - c->told_ns < TELL_AGAIN_NS;

	if (c->taken_since_ns)
		c->dirty_since_ns = c->taken_since_ns;
	c->taken_since_ns = 0;
	c->failing = true;
	flow_count(FLOW_CHECKPOINT_FAILURES);
	if (told)
		return;
	c->told_ns = now_ns;
	log_warning("the store cannot be written: %s; registrations go on until the log is at its "
	            "cap, then they are denied with code 130",
	            ha_strerror(error));
}

/* Configuration that waits goes first and alone: it may clear rows that an
 * earlier pass has written already for a node's successor, which are then on
 * the list of this pass, before it says what the store holds. */
static enum ha_error write_waiting(struct agent *agent)
{
	struct checkpoint *c = &agent->checkpoint;
	bool waiting;

	pthread_mutex_lock(&c->lock);
	waiting = c->jobs.first;
	pthread_mutex_unlock(&c->lock);
	return waiting ? write_some(agent, NULL, 0, NULL) : HA_OK;
}

static enum ha_error pass(struct agent *agent)
{
	struct checkpoint *c = &agent->checkpoint;
	uint64_t began_ns = clock_monotonic_ns();
	enum ha_error error = write_waiting(agent);
	/* Before the list: it holds all up to here. */
	struct applied applied = applier_position(agent);
	uint32_t *slots = NULL;
	size_t count = 0;

	c->taken_since_ns = atomic_exchange(&c->dirty_since_ns, 0);
	if (error == HA_OK)
		error = state_take_dirty(agent->state, &slots, &count);
	if (error == HA_OK) {
		error = write_all(agent, slots, count, &applied);
		free(slots);
	}
	if (error == HA_OK)
		note_success(agent, applied.index, count, began_ns);
	else
		note_failure(agent, error);
	waiters_tell(c, error);
	return error;
}

/* ---- the thread ---- */

static bool has_changes(struct agent *agent)
{
	return agent->applied_index > agent->checkpoint.stored_index ||
	       state_dirty_count(agent->state) > 0;
}

enum duty {
	DUTY_STOP,
	DUTY_TELL,
	DUTY_CONFIGURE,
	DUTY_PASS,
	DUTY_LOOK /* at the room that is left */
};

/* Sleeps until there is something to do. A pass is due at `due_ns`, or when
 * somebody waits for it. */
static enum duty next_duty(struct agent *agent, uint64_t due_ns)
{
	struct checkpoint *c = &agent->checkpoint;
	enum duty duty;

	pthread_mutex_lock(&c->lock);
	for (;;) {
		bool changes = has_changes(agent);
		uint64_t at_ns = pace_unless_lent(agent, due_ns);

		if (c->stopping) {
			duty = DUTY_STOP;
			break;
		}
		if (waiters_served(c)) {
			duty = DUTY_TELL;
			break;
		}
		if (c->jobs.first && !c->failing) {
			duty = DUTY_CONFIGURE;
			break;
		}
		if (changes && (c->waiters || clock_monotonic_ns() >= at_ns)) {
			duty = DUTY_PASS;
			break;
		}
		if (clock_monotonic_ns() >= agent->room.due_ns) {
			duty = DUTY_LOOK;
			break;
		}
		c->idle = !changes;
		pace_wait(c, changes && at_ns < agent->room.due_ns ? at_ns : agent->room.due_ns);
		c->idle = false;
	}
	pthread_mutex_unlock(&c->lock);
	return duty;
}

static void *run(void *argument)
{
	struct agent *agent = argument;
	uint64_t due_ns = 0;
	enum duty duty;

	agent_thread(agent, "store");
	while ((duty = next_duty(agent, due_ns)) != DUTY_STOP) {
		enum ha_error error = HA_OK;

		if (duty == DUTY_PASS) {
			error = pass(agent);
			due_ns = clock_monotonic_ns() + pace_pause_ms(agent, error) * 1000000u;
			continue;
		}
		if (duty == DUTY_TELL) {
			waiters_tell(&agent->checkpoint, HA_OK);
			continue;
		}
		if (duty == DUTY_LOOK) {
			room_look(&agent->room, agent->store, agent->config.data_directory);
			continue;
		}
		error = write_some(agent, NULL, 0, NULL);
		if (error != HA_OK)
			note_failure(agent, error);
	}
	/* The last pass: what is not written now is replayed from the log. */
	if (has_changes(agent) || agent->checkpoint.jobs.first)
		pass(agent);
	return NULL;
}

void checkpoint_dirty(struct agent *agent)
{
	struct checkpoint *c = &agent->checkpoint;

	if (!c->dirty_since_ns)
		c->dirty_since_ns = clock_monotonic_ns();
	pthread_mutex_lock(&c->lock);
	if (c->idle)
		pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
}

void checkpoint_wake(struct agent *agent)
{
	struct checkpoint *c = &agent->checkpoint;

	pthread_mutex_lock(&c->lock);
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
}

void checkpoint_write_through(struct agent *agent, struct configure_job *job)
{
	struct checkpoint *c = &agent->checkpoint;

	pthread_mutex_lock(&c->lock);
	job_list_append(&c->jobs, job);
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
}

enum ha_error checkpoint_start(struct agent *agent)
{
	int number = pthread_create(&agent->checkpoint.thread, NULL, run, agent);

	agent->checkpoint.running = number == 0;
	return ha_error_of_errno(number);
}

void checkpoint_stop(struct agent *agent)
{
	struct checkpoint *c = &agent->checkpoint;

	if (!c->running)
		return;
	pthread_mutex_lock(&c->lock);
	c->stopping = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	c->running = false;
}
