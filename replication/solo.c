/* solo.c - replication with one voter: this node's own disk is the majority.
 * The log orders and stores; one thread applies what is durable and ticks.
 *
 * No lock is held while the machine is called, and submitting never waits, so
 * the machine may submit from within its calls. */
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

struct solo {
	struct replication face;
	struct replication_machine machine;
	struct journal *journal;
	uint32_t tick_ms;
	uint32_t group;
	bool of_cluster; /* the log was written by a member of a cluster */
	bool of_other;   /* by another group */
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

static struct solo *solo_of(struct replication *r)
{
	return (struct solo *)r;
}

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

static void give(struct solo *solo, const struct replication_entry *entries, size_t count)
{
	if (count == 0)
		return;
	solo->machine.apply(solo->machine.context, entries, count);
	atomic_store_explicit(&solo->applied, entries[count - 1].index, memory_order_release);
}

/* ---- called by the log ---- */

static void on_met(void *context, const struct journal_entry *entry)
{
	struct solo *solo = context;

	solo->of_other |= entry->group != solo->group;
}

static void on_replay(void *context, const struct journal_entry *entries, size_t count)
{
	struct solo *solo = context;
	struct replication_entry chunk[APPLY_CHUNK];
	size_t n = 0;
	for (size_t i = 0; i < count && !solo->of_cluster && !solo->of_other; i++) {
		solo->of_cluster = !is_of_lone_member(&entries[i]);
		if (solo->of_cluster)
			break;
		chunk[n++] = of_log(&entries[i]);
		if (n < APPLY_CHUNK)
			continue;
		give(solo, chunk, n);
		n = 0;
	}
	give(solo, chunk, n);
}

static void on_durable(void *context, struct journal_batch *batch)
{
	struct solo *solo = context;
	batch->next = NULL;
	pthread_mutex_lock(&solo->mutex);
	if (solo->last)
		solo->last->next = batch;
	else
		solo->first = batch;
	solo->last = batch;
	const bool wake = solo->idle;
	solo->idle = false;
	pthread_mutex_unlock(&solo->mutex);
	if (wake)
		pthread_cond_signal(&solo->wake);
}

static void on_failed(void *context, enum ha_error why, const char *what)
{
	struct solo *solo = context;
	atomic_store(&solo->leading, false);
	pthread_mutex_lock(&solo->mutex);
	solo->failed = true;
	solo->why = why;
	snprintf(solo->what, sizeof(solo->what), "%s", what);
	pthread_mutex_unlock(&solo->mutex);
	pthread_cond_signal(&solo->wake);
}

/* ---- the engine's thread ---- */

static void apply_batch(struct solo *solo, struct journal_batch *batch)
{
	struct replication_entry chunk[APPLY_CHUNK];
	struct journal_cursor cursor = journal_batch_cursor(batch);
	struct journal_entry entry;
	size_t n = 0;
	while (journal_cursor_next(&cursor, &entry) == HA_OK) {
		chunk[n++] = of_log(&entry);
		if (n < APPLY_CHUNK)
			continue;
		give(solo, chunk, n);
		n = 0;
	}
	give(solo, chunk, n);
	journal_release(solo->journal, batch);
}

enum turn {
	TURN_APPLY,
	TURN_TICK,
	TURN_FAILED,
	TURN_END,
};

/* Sleep until there is something to do. *batch is set for TURN_APPLY. */
static enum turn next_turn(struct solo *solo, uint64_t tick_ns, struct journal_batch **batch)
{
	const struct timespec until = clock_condition_time(tick_ns);
	pthread_mutex_lock(&solo->mutex);
	int result = 0;
	while (!solo->failed && !solo->first && !solo->stopping && result != ETIMEDOUT) {
		solo->idle = true;
		result = pthread_cond_timedwait(&solo->wake, &solo->mutex, &until);
	}
	solo->idle = false;

	enum turn turn = TURN_TICK;
	if (solo->failed) {
		turn = TURN_FAILED;
	} else if (solo->first) {
		turn = TURN_APPLY;
		*batch = solo->first;
		solo->first = solo->first->next;
		if (!solo->first)
			solo->last = NULL;
	} else if (solo->stopping) {
		turn = TURN_END;
	}
	pthread_mutex_unlock(&solo->mutex);
	return turn;
}

static void *engine_main(void *argument)
{
	struct solo *solo = argument;
	const uint64_t tick_ns = (uint64_t)solo->tick_ms * 1000000u;
	uint64_t due_ns = clock_monotonic_ns() + tick_ns;

	for (;;) {
		struct journal_batch *batch = NULL;
		switch (next_turn(solo, due_ns, &batch)) {
		case TURN_APPLY:
			apply_batch(solo, batch);
			break;
		case TURN_TICK:
			break;
		case TURN_FAILED:
			/* The text is not written again after `failed` is set. */
			solo->machine.failed(solo->machine.context, solo->why, solo->what);
			return NULL;
		case TURN_END:
			return NULL;
		}
		const uint64_t now_ns = clock_monotonic_ns();
		if (now_ns >= due_ns) {
			solo->machine.tick(solo->machine.context);
			due_ns = now_ns + tick_ns;
		}
	}
}

/* ---- the face ---- */

static struct solo *solo_new(const struct replication_options *options,
                             const struct replication_machine *machine)
{
	struct solo *solo = calloc(1, sizeof(*solo));
	if (!solo)
		return NULL;
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&solo->mutex, NULL);
	pthread_cond_init(&solo->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	solo->face.engine = &replication_engine_solo;
	solo->machine = *machine;
	solo->group = options->group;
	solo->tick_ms = options->tick_ms > 0 ? options->tick_ms : 1;
	atomic_init(&solo->applied, options->applied);
	return solo;
}

static bool is_foreign(const struct solo *solo, const struct replication_options *options,
                       enum ha_error *why, char *report, size_t size)
{
	if (solo->of_cluster)
		*why = ha_refuse(report, size, HA_E_FOREIGN,
		                 "%s: the log was written by a member of a cluster: start it as "
		                 "that member, or restore a backup to make a lone node of it",
		                 options->directory);
	else if (solo->of_other)
		*why = ha_refuse(report, size, HA_E_FOREIGN,
		                 "%s: the log is that of another group than %u: each has a "
		                 "directory of its own",
		                 options->directory, options->group);
	return solo->of_cluster || solo->of_other;
}

static void solo_stop(struct replication *r)
{
	struct solo *solo = solo_of(r);
	atomic_store(&solo->leading, false);
	journal_stop(solo->journal);
	if (!solo->started)
		return;
	pthread_mutex_lock(&solo->mutex);
	solo->stopping = true;
	pthread_mutex_unlock(&solo->mutex);
	pthread_cond_signal(&solo->wake);
	pthread_join(solo->thread, NULL);
	solo->started = false;
}

/* Takes a half-opened one. */
static void solo_close(struct replication *r)
{
	struct solo *solo = solo_of(r);
	if (solo->journal)
		solo_stop(r);
	journal_close(solo->journal);
	pthread_cond_destroy(&solo->wake);
	pthread_mutex_destroy(&solo->mutex);
	free(solo);
}

static struct replication *solo_open(const struct journal_io *io,
                                     const struct replication_options *options,
                                     const struct replication_machine *machine, enum ha_error *why,
                                     char *report, size_t size)
{
	struct solo *solo = solo_new(options, machine);
	if (!solo) {
		*why = HA_E_NOMEM;
		if (report && size > 0)
			snprintf(report, size, "%s: %s", options->directory, ha_strerror(*why));
		return NULL;
	}
	const struct journal_client client = {
		.context = solo,
		.met = on_met,
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
	solo->journal = journal_open(&journal, &client, why, report, size);
	if (!solo->journal || is_foreign(solo, options, why, report, size)) {
		solo_close(&solo->face);
		return NULL;
	}
	return &solo->face;
}

static enum ha_error solo_start(struct replication *r)
{
	struct solo *solo = solo_of(r);
	if (pthread_create(&solo->thread, NULL, engine_main, solo))
		return HA_E_NOMEM;
	solo->started = true;
	atomic_store(&solo->leading, true);
	const enum ha_error error = journal_start(solo->journal);
	if (error != HA_OK)
		solo_stop(r);
	return error;
}

/* `entries` has room for all of them. */
static enum ha_error append(struct solo *solo, const struct replication_command *commands,
                            size_t count, struct journal_entry *entries)
{
	size_t i = 0;
	do {
		if (commands[i].group != solo->group)
			return HA_E_RANGE;
		entries[i] = to_log(&commands[i]);
	} while (++i < count);
	return journal_append(solo->journal, entries, count, NULL);
}

static enum ha_error solo_submit(struct replication *r, const struct replication_command *commands,
                                 size_t count)
{
	struct solo *solo = solo_of(r);
	struct journal_entry few[SUBMIT_FEW];
	if (count == 0)
		return HA_OK;
	if (count <= SUBMIT_FEW)
		return append(solo, commands, count, few);
	if (count > JOURNAL_ENTRIES_MAX)
		return HA_E_RANGE;
	struct journal_entry *entries = malloc(count * sizeof(*entries));
	if (!entries)
		return HA_E_BUSY;
	const enum ha_error error = append(solo, commands, count, entries);
	free(entries);
	return error;
}

/* Nobody else could. What is said while the log ends is true all the same. */
static uint64_t solo_may_answer_until(const struct replication *r)
{
	(void)r;
	return UINT64_MAX;
}

static void solo_trim(struct replication *r, uint64_t index)
{
	journal_trim(solo_of(r)->journal, index);
}

static void solo_status(struct replication *r, struct replication_status *out)
{
	struct solo *solo = solo_of(r);
	/* Read before the log's figures: what is applied was stored earlier. */
	const uint64_t applied = atomic_load_explicit(&solo->applied, memory_order_acquire);
	struct journal_status log;
	journal_status(solo->journal, &log);
	*out = (struct replication_status){
		.role = atomic_load(&solo->leading) ? REPLICATION_LEADER : REPLICATION_FOLLOWER,
		.term = ONLY_TERM,
		.first_index = log.first_serial,
		.stored_index = log.stored_serial,
		.applied_index = applied,
		.log_octets = log.octets,
		.log_octets_max = log.octets_max,
		.flushes = log.flushes,
		.log_failing = log.prepare_failed,
		.flushing_ms = log.flushing_ms,
		.full = journal_room(solo->journal, JOURNAL_USE_BEGIN, 1, 0) == HA_E_CAPACITY,
	};
}

static void solo_flush_histogram(struct replication *r, uint64_t counts[REPLICATION_FLUSH_BUCKETS])
{
	journal_flush_histogram(solo_of(r)->journal, counts);
}

const struct replication_engine replication_engine_solo = {
	.open = solo_open,
	.start = solo_start,
	.submit = solo_submit,
	.may_answer_until = solo_may_answer_until,
	.trim = solo_trim,
	.status = solo_status,
	.flush_histogram = solo_flush_histogram,
	.stop = solo_stop,
	.close = solo_close,
};
