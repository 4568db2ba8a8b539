/* solo.c - replication with one voter: this node's own disk is the majority.
 * The log orders and stores; one thread applies what is durable and ticks.
 *
 * No lock is held while the machine is called, and submitting never waits, so
 * the machine may submit from within its calls. A raft engine comes behind the
 * same face later. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agentd/base/clock.h"
#include "replication/engine.h"
#include "replication/journal.h"

#define ONLY_TERM 1u     /* with one voter there is never another leader */
#define APPLY_CHUNK 256u /* entries given to the machine at once, at most */
#define SUBMIT_FEW 64u   /* commands that are copied without taking memory for them */

struct replication {
	struct replication_machine machine;
	struct journal *journal;
	uint32_t tick_ms;
	bool of_cluster; /* the log was written by a member of a cluster */
	_Atomic uint64_t applied;

	pthread_mutex_t mutex; /* guards all up to the next blank line */
	pthread_cond_t wake;
	bool idle;
	bool stopping; /* the log is drained, nothing more will come */
	bool failed;
	enum ha_error why;
	char what[256];
	struct journal_batch *first; /* durable, to be applied */
	struct journal_batch *last;

	pthread_t thread;
	bool started;
	_Atomic bool leading;
};

/* ---- entries ---- */

static struct replication_entry of_log(const struct journal_entry *entry)
{
	return (struct replication_entry){
		.index = entry->index,
		.term = entry->term,
		.group = entry->group,
		.ticket = entry->ticket,
		.command = entry->command,
		.size = entry->size,
	};
}

static struct journal_entry to_log(const struct replication_command *command)
{
	return (struct journal_entry){
		.term = ONLY_TERM,
		.group = command->group,
		.kind = JOURNAL_COMMAND,
		.ticket = command->ticket,
		.command = command->command,
		.size = command->size,
	};
}

/* Only a lone member writes a log in which nothing is replaced and nothing is
 * its engine's own. */
static bool is_of_lone_member(const struct journal_entry *entry)
{
	return entry->kind == JOURNAL_COMMAND && entry->index == entry->serial &&
	       entry->term == ONLY_TERM;
}

static void give(struct replication *r, const struct replication_entry *entries, size_t count)
{
	if (count == 0)
		return;
	r->machine.apply(r->machine.context, entries, count);
	atomic_store_explicit(&r->applied, entries[count - 1].index, memory_order_release);
}

/* ---- called by the log ---- */

static void on_replay(void *context, const struct journal_entry *entries, size_t count)
{
	struct replication *r = context;
	struct replication_entry chunk[APPLY_CHUNK];
	size_t n = 0;
	for (size_t i = 0; i < count && !r->of_cluster; i++) {
		r->of_cluster = !is_of_lone_member(&entries[i]);
		if (r->of_cluster)
			break;
		chunk[n++] = of_log(&entries[i]);
		if (n < APPLY_CHUNK)
			continue;
		give(r, chunk, n);
		n = 0;
	}
	give(r, chunk, n);
}

static void on_durable(void *context, struct journal_batch *batch)
{
	struct replication *r = context;
	batch->next = NULL;
	pthread_mutex_lock(&r->mutex);
	if (r->last)
		r->last->next = batch;
	else
		r->first = batch;
	r->last = batch;
	const bool wake = r->idle;
	r->idle = false;
	pthread_mutex_unlock(&r->mutex);
	if (wake)
		pthread_cond_signal(&r->wake);
}

static void on_failed(void *context, enum ha_error why, const char *what)
{
	struct replication *r = context;
	atomic_store(&r->leading, false);
	pthread_mutex_lock(&r->mutex);
	r->failed = true;
	r->why = why;
	snprintf(r->what, sizeof(r->what), "%s", what);
	pthread_mutex_unlock(&r->mutex);
	pthread_cond_signal(&r->wake);
}

/* ---- the engine's thread ---- */

static void apply_batch(struct replication *r, struct journal_batch *batch)
{
	struct replication_entry chunk[APPLY_CHUNK];
	struct journal_cursor cursor = journal_batch_cursor(batch);
	struct journal_entry entry;
	size_t n = 0;
	while (journal_cursor_next(&cursor, &entry) == HA_OK) {
		chunk[n++] = of_log(&entry);
		if (n < APPLY_CHUNK)
			continue;
		give(r, chunk, n);
		n = 0;
	}
	give(r, chunk, n);
	journal_release(r->journal, batch);
}

enum turn {
	TURN_APPLY,
	TURN_TICK,
	TURN_FAILED,
	TURN_END,
};

/* Sleep until there is something to do. *batch is set for TURN_APPLY. */
static enum turn next_turn(struct replication *r, uint64_t tick_ns, struct journal_batch **batch)
{
	const struct timespec until = clock_condition_time(tick_ns);
	pthread_mutex_lock(&r->mutex);
	int result = 0;
	while (!r->failed && !r->first && !r->stopping && result != ETIMEDOUT) {
		r->idle = true;
		result = pthread_cond_timedwait(&r->wake, &r->mutex, &until);
	}
	r->idle = false;

	enum turn turn = TURN_TICK;
	if (r->failed) {
		turn = TURN_FAILED;
	} else if (r->first) {
		turn = TURN_APPLY;
		*batch = r->first;
		r->first = r->first->next;
		if (!r->first)
			r->last = NULL;
	} else if (r->stopping) {
		turn = TURN_END;
	}
	pthread_mutex_unlock(&r->mutex);
	return turn;
}

static void *engine_main(void *argument)
{
	struct replication *r = argument;
	const uint64_t tick_ns = (uint64_t)r->tick_ms * 1000000u;
	uint64_t due_ns = clock_monotonic_ns() + tick_ns;

	for (;;) {
		struct journal_batch *batch = NULL;
		switch (next_turn(r, due_ns, &batch)) {
		case TURN_APPLY:
			apply_batch(r, batch);
			break;
		case TURN_TICK:
			break;
		case TURN_FAILED:
			/* The text is not written again after `failed` is set. */
			r->machine.failed(r->machine.context, r->why, r->what);
			return NULL;
		case TURN_END:
			return NULL;
		}
		const uint64_t now_ns = clock_monotonic_ns();
		if (now_ns >= due_ns) {
			r->machine.tick(r->machine.context);
			due_ns = now_ns + tick_ns;
		}
	}
}

/* ---- the face ---- */

static struct replication *replication_new(const struct replication_options *options,
                                           const struct replication_machine *machine)
{
	struct replication *r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&r->mutex, NULL);
	pthread_cond_init(&r->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	r->machine = *machine;
	r->tick_ms = options->tick_ms > 0 ? options->tick_ms : 1;
	atomic_init(&r->applied, options->applied);
	return r;
}

static void refuse_of_cluster(const struct replication_options *options, enum ha_error *why,
                              char *report, size_t size)
{
	*why = HA_E_FOREIGN;
	if (report && size > 0)
		snprintf(report, size,
		         "%s: the log was written by a member of a cluster: start it as that "
		         "member, or restore a backup to make a lone node of it",
		         options->directory);
}

struct replication *replication_open_over(const struct journal_io *io,
                                          const struct replication_options *options,
                                          const struct replication_machine *machine,
                                          enum ha_error *why, char *report, size_t size)
{
	struct replication *r = replication_new(options, machine);
	if (!r) {
		*why = HA_E_NOMEM;
		if (report && size > 0)
			snprintf(report, size, "%s: %s", options->directory, ha_strerror(*why));
		return NULL;
	}
	const struct journal_client client = {
		.context = r,
		.replay = on_replay,
		.durable = on_durable,
		.failed = on_failed,
	};
	const struct journal_options journal = {
		.directory = options->directory,
		.store_id = options->store_id,
		.applied = options->applied,
		.begins = options->begins,
		.segment_octets = options->segment_octets,
		.segments_max = options->segments_max,
		.io = io,
	};
	r->journal = journal_open(&journal, &client, why, report, size);
	if (r->journal && r->of_cluster)
		refuse_of_cluster(options, why, report, size);
	if (!r->journal || r->of_cluster) {
		replication_close(r);
		return NULL;
	}
	return r;
}

struct replication *replication_open(const struct replication_options *options,
                                     const struct replication_machine *machine, enum ha_error *why,
                                     char *report, size_t size)
{
	return replication_open_over(&journal_io_system, options, machine, why, report, size);
}

enum ha_error replication_start(struct replication *r)
{
	if (pthread_create(&r->thread, NULL, engine_main, r))
		return HA_E_NOMEM;
	r->started = true;
	atomic_store(&r->leading, true);
	const enum ha_error error = journal_start(r->journal);
	if (error != HA_OK)
		replication_stop(r);
	return error;
}

enum ha_error replication_submit(struct replication *r, const struct replication_command *commands,
                                 size_t count)
{
	struct journal_entry few[SUBMIT_FEW];
	struct journal_entry *entries = few;
	if (count == 0)
		return HA_OK;
	if (count > JOURNAL_ENTRIES_MAX)
		return HA_E_RANGE;
	if (count > SUBMIT_FEW)
		entries = malloc(count * sizeof(*entries));
	if (!entries)
		return HA_E_BUSY;
	for (size_t i = 0; i < count; i++)
		entries[i] = to_log(&commands[i]);
	const enum ha_error error = journal_append(r->journal, entries, count, NULL);
	if (entries != few)
		free(entries);
	return error;
}

/* Nobody else could. What is said while the log ends is true all the same. */
uint64_t replication_may_answer_until(const struct replication *r)
{
	(void)r;
	return UINT64_MAX;
}

enum ha_error replication_transfer(struct replication *r, uint8_t member)
{
	(void)r;
	(void)member;
	return HA_E_UNSUPPORTED;
}

enum ha_error replication_drain(struct replication *r, bool drain)
{
	(void)r;
	(void)drain;
	return HA_E_UNSUPPORTED;
}

enum ha_error replication_admit(struct replication *r, uint8_t number)
{
	(void)r;
	(void)number;
	return HA_E_UNSUPPORTED;
}

/* There is nobody who lags. */
void replication_hold(struct replication *r, uint64_t index)
{
	(void)r;
	(void)index;
}

void replication_trim(struct replication *r, uint64_t index)
{
	journal_trim(r->journal, index);
}

void replication_status(struct replication *r, struct replication_status *out)
{
	/* Read before the log's figures: what is applied was stored earlier. */
	const uint64_t applied = atomic_load_explicit(&r->applied, memory_order_acquire);
	struct journal_status log;
	journal_status(r->journal, &log);
	*out = (struct replication_status){
		.role = atomic_load(&r->leading) ? REPLICATION_LEADER : REPLICATION_FOLLOWER,
		.term = ONLY_TERM,
		.first_index = log.first_serial,
		.stored_index = log.stored_serial,
		.applied_index = applied,
		.log_octets = log.octets,
		.log_octets_max = log.octets_max,
		.flushes = log.flushes,
	};
}

void replication_flush_histogram(struct replication *r, uint64_t counts[REPLICATION_FLUSH_BUCKETS])
{
	journal_flush_histogram(r->journal, counts);
}

void replication_stop(struct replication *r)
{
	atomic_store(&r->leading, false);
	journal_stop(r->journal);
	if (!r->started)
		return;
	pthread_mutex_lock(&r->mutex);
	r->stopping = true;
	pthread_mutex_unlock(&r->mutex);
	pthread_cond_signal(&r->wake);
	pthread_join(r->thread, NULL);
	r->started = false;
}

void replication_close(struct replication *r)
{
	if (!r)
		return;
	if (r->journal)
		replication_stop(r);
	journal_close(r->journal);
	pthread_cond_destroy(&r->wake);
	pthread_mutex_destroy(&r->mutex);
	free(r);
}
