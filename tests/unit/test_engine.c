/* test_engine.c - replication.h with one voter, with its threads, on a disk in
 * memory: order, tickets, ticks, submitting from everywhere, stop and failure. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "agentd/base/log.h"
#include "replication/engine.h"
#include "replication/journal_internal.h"
#include "tests/unit/fake_disk.h"
#include "tests/unit/suite.h"

#define SEGMENT (1u << 20)
#define SUBMITTERS 4u
#define GROUPS_EACH 100u
#define GROUP_SIZE 16u
#define GROUP 7u /* of the engine; the above are commands at once */

/* The machine: a tape of what it was given, and a way to wait for it. */
struct machine {
	struct replication *replication;
	struct fake_disk *disk;
	struct replication_options options;
	pthread_mutex_t mutex;
	pthread_cond_t moved;
	uint64_t applied; /* newest index */
	uint64_t replayed;
	uint64_t wrong;
	uint64_t ticks;
	unsigned failures;
	bool after_failure; /* something was called that must not be */
	enum ha_error why;
	char report[256];
	uint64_t next_of[SUBMITTERS]; /* serial expected from each submitter */
	unsigned echoes;              /* commands to submit from within apply */
	unsigned tick_submits;        /* and from within tick */
	bool live;
};

struct message {
	uint64_t submitter;
	uint64_t serial;
};

static void submit_one(struct machine *m, uint64_t ticket)
{
	const struct message message = { .submitter = UINT64_MAX, .serial = ticket };
	const struct replication_command command = {
		.group = GROUP, .ticket = ticket, .command = &message, .size = sizeof(message)
	};
	if (replication_submit(m->replication, &command, 1) != HA_OK)
		m->wrong++;
}

static void check_entry(struct machine *m, const struct replication_entry *entry)
{
	struct message message;
	m->wrong += entry->index != m->applied + 1 || entry->term != 1 ||
	            entry->size != sizeof(message) || entry->group != GROUP;
	m->applied = entry->index;
	memcpy(&message, entry->command, sizeof(message));
	if (message.submitter < SUBMITTERS) {
		m->wrong += message.serial != m->next_of[message.submitter]++;
		m->wrong += entry->ticket != (m->live ? message.serial + 1 : 0);
	} else {
		m->wrong += m->live && entry->ticket != message.serial;
	}
	m->replayed += !m->live;
}

static void on_apply(void *context, const struct replication_entry *entries, size_t count)
{
	struct machine *m = context;
	pthread_mutex_lock(&m->mutex);
	m->after_failure |= m->failures > 0;
	for (size_t i = 0; i < count; i++)
		check_entry(m, &entries[i]);
	if (m->live && m->echoes > 0) {
		m->echoes--;
		submit_one(m, 1000000 + m->echoes);
	}
	pthread_cond_broadcast(&m->moved);
	pthread_mutex_unlock(&m->mutex);
}

static void on_tick(void *context)
{
	struct machine *m = context;
	pthread_mutex_lock(&m->mutex);
	m->after_failure |= m->failures > 0;
	m->ticks++;
	if (m->tick_submits > 0) {
		m->tick_submits--;
		submit_one(m, 2000000 + m->tick_submits);
	}
	pthread_cond_broadcast(&m->moved);
	pthread_mutex_unlock(&m->mutex);
}

static void on_failed(void *context, enum ha_error why, const char *what)
{
	struct machine *m = context;
	pthread_mutex_lock(&m->mutex);
	m->failures++;
	m->why = why;
	snprintf(m->report, sizeof(m->report), "%s", what);
	pthread_cond_broadcast(&m->moved);
	pthread_mutex_unlock(&m->mutex);
}

static void machine_begin(struct machine *m, uint32_t tick_ms)
{
	memset(m, 0, sizeof(*m));
	pthread_mutex_init(&m->mutex, NULL);
	pthread_cond_init(&m->moved, NULL);
	m->disk = fake_disk_new(SEGMENT, 64u << 20);
	m->options = (struct replication_options){
		.group = GROUP,
		.directory = "log",
		.store_id = 9,
		.segment_octets = SEGMENT,
		.segments_max = 8,
		.tick_ms = tick_ms,
	};
}

static bool machine_open(struct machine *m)
{
	const struct replication_machine face = {
		.context = m, .apply = on_apply, .tick = on_tick, .failed = on_failed
	};
	m->live = false;
	m->applied = m->options.applied;
	memset(m->next_of, 0, sizeof(m->next_of));
	m->replication = replication_open_over(fake_disk_io(m->disk), &m->options, &face, &m->why,
	                                       m->report, sizeof(m->report));
	m->live = true;
	return m->replication != NULL;
}

static struct journal *writer;

static void release(void *context, struct journal_batch *batch)
{
	(void)context;
	journal_release(writer, batch);
}

/* Put one entry into the log by other means. */
static void write_log(struct machine *m, const struct journal_entry *entry)
{
	const struct journal_client client = { .durable = release };
	const struct journal_options options = {
		.directory = "log",
		.store_id = m->options.store_id,
		.segment_octets = SEGMENT,
		.segments_max = 8,
		.io = fake_disk_io(m->disk),
	};
	writer = journal_open(&options, &client, &m->why, m->report, sizeof(m->report));
	CU_ASSERT_PTR_NOT_NULL_FATAL(writer);
	CU_ASSERT_EQUAL(journal_append(writer, entry, 1, NULL), HA_OK);
	CU_ASSERT_TRUE(journal_write_next(writer));
	journal_close(writer);
}

static void machine_end(struct machine *m)
{
	replication_close(m->replication);
	fake_disk_free(m->disk);
	pthread_cond_destroy(&m->moved);
	pthread_mutex_destroy(&m->mutex);
}

static void wait_applied(struct machine *m, uint64_t index)
{
	pthread_mutex_lock(&m->mutex);
	while (m->applied < index && m->failures == 0)
		pthread_cond_wait(&m->moved, &m->mutex);
	pthread_mutex_unlock(&m->mutex);
}

static uint64_t machine_applied(struct machine *m)
{
	pthread_mutex_lock(&m->mutex);
	const uint64_t applied = m->applied;
	pthread_mutex_unlock(&m->mutex);
	return applied;
}

static void wait_ticks(struct machine *m, uint64_t ticks)
{
	pthread_mutex_lock(&m->mutex);
	while (m->ticks < ticks)
		pthread_cond_wait(&m->moved, &m->mutex);
	pthread_mutex_unlock(&m->mutex);
}

struct submitter {
	struct machine *machine;
	uint64_t id;
	pthread_t thread;
	bool endless;        /* go on until refused for good */
	enum ha_error error; /* that ended it; HA_OK when all was taken */
};

static void *submit_all(void *argument)
{
	struct submitter *s = argument;
	struct message messages[GROUP_SIZE];
	struct replication_command commands[GROUP_SIZE];
	for (uint64_t group = 0; (s->endless || group < GROUPS_EACH) && s->error == HA_OK;) {
		for (uint64_t i = 0; i < GROUP_SIZE; i++) {
			messages[i] = (struct message){ s->id, group * GROUP_SIZE + i };
			commands[i] = (struct replication_command){
				.group = GROUP,
				.ticket = messages[i].serial + 1,
				.command = &messages[i],
				.size = sizeof(messages[i]),
			};
		}
		const enum ha_error error = replication_submit(s->machine->replication, commands,
		                                               GROUP_SIZE);
		if (error == HA_OK)
			group++;
		else if (error != HA_E_BUSY && !(s->endless && error == HA_E_CAPACITY))
			s->error = error;
	}
	return NULL;
}

static void run_submitters(struct machine *m, struct submitter submitters[SUBMITTERS], bool endless)
{
	for (uint64_t i = 0; i < SUBMITTERS; i++) {
		submitters[i] = (struct submitter){ .machine = m, .id = i, .endless = endless };
		CU_ASSERT_EQUAL_FATAL(
			pthread_create(&submitters[i].thread, NULL, submit_all, &submitters[i]), 0);
	}
}

static void join_submitters(struct submitter submitters[SUBMITTERS])
{
	for (size_t i = 0; i < SUBMITTERS; i++)
		pthread_join(submitters[i].thread, NULL);
}

static void many_threads_submit_and_all_is_applied_in_order(void)
{
	struct machine m;
	struct submitter submitters[SUBMITTERS];
	const uint64_t all = SUBMITTERS * GROUPS_EACH * GROUP_SIZE;
	machine_begin(&m, 1000);
	CU_ASSERT_TRUE_FATAL(machine_open(&m));
	CU_ASSERT_EQUAL_FATAL(replication_start(m.replication), HA_OK);
	run_submitters(&m, submitters, false);
	join_submitters(submitters);
	wait_applied(&m, all);
	for (size_t i = 0; i < SUBMITTERS; i++)
		CU_ASSERT_EQUAL(submitters[i].error, HA_OK);

	struct replication_status status;
	replication_status(m.replication, &status);
	CU_ASSERT_EQUAL(status.role, REPLICATION_LEADER);
	CU_ASSERT_EQUAL(status.term, 1);
	replication_stop(m.replication);
	replication_status(m.replication, &status);
	CU_ASSERT_EQUAL(status.first_index, 1);
	CU_ASSERT_EQUAL(status.stored_index, all);
	CU_ASSERT_EQUAL(status.applied_index, all);
	CU_ASSERT_EQUAL(status.log_octets_max, 8 * SEGMENT);
	CU_ASSERT_TRUE(status.flushes > 0);
	uint64_t counts[REPLICATION_FLUSH_BUCKETS];
	uint64_t flushes = 0;
	replication_flush_histogram(m.replication, counts);
	for (size_t i = 0; i < REPLICATION_FLUSH_BUCKETS; i++)
		flushes += counts[i];
	CU_ASSERT_EQUAL(flushes, status.flushes);

	/* Another life replays all of it, without tickets. */
	replication_close(m.replication);
	CU_ASSERT_TRUE_FATAL(machine_open(&m));
	CU_ASSERT_EQUAL(m.replayed, all);
	CU_ASSERT_EQUAL(m.wrong, 0);
	machine_end(&m);
}

static void many_commands_at_once_are_one_submit(void)
{
	static struct replication_command commands[JOURNAL_ENTRIES_MAX + 1];
	static struct message messages[JOURNAL_ENTRIES_MAX + 1];
	struct machine m;
	machine_begin(&m, 1000);
	CU_ASSERT_TRUE_FATAL(machine_open(&m));
	for (size_t i = 0; i <= JOURNAL_ENTRIES_MAX; i++) {
		messages[i] = (struct message){ .submitter = 0, .serial = i };
		commands[i] = (struct replication_command){ .group = GROUP,
			                                    .ticket = i + 1,
			                                    .command = &messages[i],
			                                    .size = sizeof(messages[i]) };
	}
	CU_ASSERT_EQUAL_FATAL(replication_start(m.replication), HA_OK);
	CU_ASSERT_EQUAL(replication_submit(m.replication, commands, 0), HA_OK);
	CU_ASSERT_EQUAL(replication_submit(m.replication, commands, JOURNAL_ENTRIES_MAX + 1),
	                HA_E_RANGE);
	CU_ASSERT_EQUAL(replication_submit(m.replication, commands, JOURNAL_ENTRIES_MAX), HA_OK);
	wait_applied(&m, JOURNAL_ENTRIES_MAX);
	CU_ASSERT_EQUAL(m.wrong, 0);
	machine_end(&m);
}

static void one_voter_answers_what_a_cluster_is_asked(void)
{
	struct machine m;
	struct replication_status status;
	machine_begin(&m, 1000);
	CU_ASSERT_TRUE_FATAL(machine_open(&m));
	CU_ASSERT_EQUAL_FATAL(replication_start(m.replication), HA_OK);
	CU_ASSERT_EQUAL(replication_may_answer_until(m.replication), UINT64_MAX);
	CU_ASSERT_EQUAL(replication_transfer(m.replication, 0), HA_E_UNSUPPORTED);
	CU_ASSERT_EQUAL(replication_drain(m.replication, true), HA_E_UNSUPPORTED);
	CU_ASSERT_EQUAL(replication_admit(m.replication, 2), HA_E_UNSUPPORTED);
	replication_hold(m.replication, 5);
	replication_status(m.replication, &status);
	CU_ASSERT_EQUAL(status.member_count, 0);
	machine_end(&m);
}

/* Its indexes are not serial numbers, and not all of its entries are commands. */
static void the_log_of_a_member_is_refused(void)
{
	static const struct journal_entry rows[] = {
		{ .term = 1, .index = 1 }, /* as one voter writes it */
		{ .term = 1, .index = 2 },
		{ .term = 2, .index = 1 },
		{ .term = 1, .index = 1, .kind = JOURNAL_BARRIER },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct machine m;
		struct message message = { 0 };
		struct journal_entry entry = rows[i];
		entry.group = GROUP;
		machine_begin(&m, 1000);
		entry.command = &message;
		entry.size = sizeof(message);
		write_log(&m, &entry);
		CU_ASSERT_EQUAL(machine_open(&m), i == 0);
		if (i > 0)
			CU_ASSERT_TRUE(m.why == HA_E_FOREIGN && strstr(m.report, "member"));
		CU_ASSERT_EQUAL(m.replayed, i == 0);
		machine_end(&m);
	}
}

/* Also where the store holds all of it, and nothing is replayed. */
static void the_log_of_another_group_is_refused(void)
{
	struct message message = { 0 };
	const struct journal_entry entry = {
		.term = 1, .group = GROUP + 1, .command = &message, .size = sizeof(message)
	};
	struct machine m;
	machine_begin(&m, 1000);
	write_log(&m, &entry);
	for (m.options.applied = 0; m.options.applied < 2; m.options.applied++) {
		CU_ASSERT_FALSE(machine_open(&m));
		CU_ASSERT_TRUE(m.why == HA_E_FOREIGN && strstr(m.report, "another group than 7"));
		CU_ASSERT_EQUAL(m.replayed, 0);
	}
	m.options.group = GROUP + 1;
	m.options.applied = 1;
	CU_ASSERT_TRUE_FATAL(machine_open(&m));
	CU_ASSERT_EQUAL_FATAL(replication_start(m.replication), HA_OK);
	CU_ASSERT_EQUAL(replication_submit(m.replication,
	                                   &(struct replication_command){ GROUP, 1, "x", 1 }, 1),
	                HA_E_RANGE);
	machine_end(&m);
}

static void submitting_from_apply_and_tick_does_not_block(void)
{
	struct machine m;
	machine_begin(&m, 1);
	CU_ASSERT_TRUE_FATAL(machine_open(&m));
	m.echoes = 50;
	m.tick_submits = 3;
	CU_ASSERT_EQUAL_FATAL(replication_start(m.replication), HA_OK);
	wait_ticks(&m, 3);
	wait_applied(&m, 53);
	replication_stop(m.replication);
	CU_ASSERT_EQUAL(m.wrong, 0);
	CU_ASSERT_EQUAL(m.applied, 53);
	machine_end(&m);
}

static void ticks_come_while_commands_do(void)
{
	struct machine m;
	struct submitter submitters[SUBMITTERS];
	machine_begin(&m, 1);
	CU_ASSERT_TRUE_FATAL(machine_open(&m));
	CU_ASSERT_EQUAL_FATAL(replication_start(m.replication), HA_OK);
	run_submitters(&m, submitters, false);
	wait_ticks(&m, 5);
	join_submitters(submitters);
	replication_stop(m.replication);
	CU_ASSERT_EQUAL(m.wrong, 0);
	machine_end(&m);
}

static void stop_applies_what_was_taken(void)
{
	struct machine m;
	struct submitter submitters[SUBMITTERS];
	machine_begin(&m, 1000);
	CU_ASSERT_TRUE_FATAL(machine_open(&m));
	CU_ASSERT_EQUAL_FATAL(replication_start(m.replication), HA_OK);
	run_submitters(&m, submitters, true);
	wait_applied(&m, 1);
	replication_stop(m.replication);
	join_submitters(submitters);
	/* Each was taken whole or refused; none is left between. */
	struct replication_status status;
	replication_status(m.replication, &status);
	CU_ASSERT_EQUAL(status.applied_index, status.stored_index);
	CU_ASSERT_EQUAL(m.applied, status.stored_index);
	CU_ASSERT_EQUAL(m.applied % GROUP_SIZE, 0);
	CU_ASSERT_EQUAL(status.role, REPLICATION_FOLLOWER);
	for (size_t i = 0; i < SUBMITTERS; i++)
		CU_ASSERT_EQUAL(submitters[i].error, HA_E_CLOSED);
	const struct replication_command one = {
		.group = GROUP, .ticket = 1, .command = "x", .size = 1
	};
	CU_ASSERT_EQUAL(replication_submit(m.replication, &one, 1), HA_E_CLOSED);
	replication_stop(m.replication);
	CU_ASSERT_EQUAL(m.wrong, 0);
	CU_ASSERT_EQUAL(m.failures, 0);
	machine_end(&m);
}

static void a_failing_disk_is_told_once_and_ends_everything(void)
{
	for (uint64_t nth = 1; nth <= 12; nth++) {
		struct machine m;
		struct submitter submitters[SUBMITTERS];
		machine_begin(&m, 1);
		CU_ASSERT_TRUE_FATAL(machine_open(&m));
		fake_disk_fail(m.disk, nth, EIO, true);
		CU_ASSERT_EQUAL_FATAL(replication_start(m.replication), HA_OK);
		run_submitters(&m, submitters, true);
		join_submitters(submitters);
		wait_applied(&m, UINT64_MAX);
		const uint64_t applied = machine_applied(&m);
		replication_stop(m.replication);
		CU_ASSERT_EQUAL(m.applied, applied);
		CU_ASSERT_EQUAL(m.why, HA_E_IO);
		CU_ASSERT_TRUE(strlen(m.report) > 20);
		for (size_t i = 0; i < SUBMITTERS; i++)
			CU_ASSERT_EQUAL(submitters[i].error, HA_E_CLOSED);
		CU_ASSERT_EQUAL(m.failures, 1);
		CU_ASSERT_FALSE(m.after_failure);
		CU_ASSERT_EQUAL(m.wrong, 0);

		/* What was applied is there after the power went. */
		replication_close(m.replication);
		fake_disk_cut(m.disk, nth);
		CU_ASSERT_TRUE_FATAL(machine_open(&m));
		CU_ASSERT_TRUE(m.applied >= applied);
		CU_ASSERT_EQUAL(m.wrong, 0);
		machine_end(&m);
	}
}

static void trims_let_it_run_for_ever(void)
{
	struct machine m;
	machine_begin(&m, 1000);
	m.options.segments_max = 3;
	CU_ASSERT_TRUE_FATAL(machine_open(&m));
	CU_ASSERT_EQUAL_FATAL(replication_start(m.replication), HA_OK);
	uint8_t *large = calloc(1, 200000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(large);
	uint64_t taken = 0;
	while (taken < 60) {
		struct replication_command command = {
			.group = GROUP, .ticket = 1, .command = large, .size = 200000
		};
		const enum ha_error error = replication_submit(m.replication, &command, 1);
		taken += error == HA_OK;
		CU_ASSERT_TRUE_FATAL(error == HA_OK || error == HA_E_BUSY ||
		                     error == HA_E_CAPACITY);
		wait_applied(&m, taken);
		replication_trim(m.replication, taken);
	}
	replication_stop(m.replication);
	struct replication_status status;
	replication_status(m.replication, &status);
	CU_ASSERT_TRUE(status.first_index > 40);
	CU_ASSERT_EQUAL(status.applied_index, 60);
	CU_ASSERT_TRUE(status.log_octets <= status.log_octets_max);
	free(large);
	machine_end(&m);
}

static void an_open_that_fails_says_why(void)
{
	struct machine m;
	machine_begin(&m, 1000);
	m.options.applied = 5;
	CU_ASSERT_FALSE(machine_open(&m));
	CU_ASSERT_EQUAL(m.why, HA_E_DAMAGED);
	CU_ASSERT_TRUE(strlen(m.report) > 20);
	replication_close(NULL);

	const struct replication_machine face = { .context = &m };
	m.options.directory = "/nonexistent/log";
	CU_ASSERT_PTR_NULL(replication_open(&m.options, &face, &m.why, NULL, 0));
	CU_ASSERT_NOT_EQUAL(m.why, HA_OK);
	machine_end(&m);
}

static CU_TestInfo tests[] = {
	{ "many threads submit", many_threads_submit_and_all_is_applied_in_order },
	{ "apply and tick may submit", submitting_from_apply_and_tick_does_not_block },
	{ "ticks come under load", ticks_come_while_commands_do },
	{ "stop applies what was taken", stop_applies_what_was_taken },
	{ "a failing disk ends everything", a_failing_disk_is_told_once_and_ends_everything },
	{ "trims let it run for ever", trims_let_it_run_for_ever },
	{ "a failed open says why", an_open_that_fails_says_why },
	{ "many commands at once", many_commands_at_once_are_one_submit },
	{ "what a cluster is asked", one_voter_answers_what_a_cluster_is_asked },
	{ "the log of a member is refused", the_log_of_a_member_is_refused },
	{ "the log of another group is refused", the_log_of_another_group_is_refused },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return suite_run("engine", tests);
}
