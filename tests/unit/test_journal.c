/* test_journal.c - the log on a disk in memory: round trips, capacity,
 * what a failed flush does. What recovery refuses is in test_journal_recovery.c,
 * faults and power cuts at every operation in test_journal_faults.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/base/log.h"
#include "replication/counters.h"
#include "tests/unit/journal_fixture.h"
#include "tests/unit/suite.h"

#define FIRST_SEGMENT "segment-0000000000000001"

static void an_empty_log_opens_twice(void)
{
	struct fixture f;
	fixture_begin(&f, 4, FIXTURE_PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_EQUAL(f.journal->segment_count, 2);
	CU_ASSERT_EQUAL(fixture_status(&f).first_serial, 1);
	CU_ASSERT_EQUAL(fixture_status(&f).stored_serial, 0);
	CU_ASSERT_TRUE(fixture_reopen(&f));
	CU_ASSERT_EQUAL(f.seen, 0);
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

static void entries_come_back(void)
{
	struct fixture f;
	fixture_begin(&f, 4, FIXTURE_PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	for (size_t count = 1; count <= 12; count++)
		CU_ASSERT_TRUE(fixture_store(&f, count, 8 + count));
	CU_ASSERT_EQUAL(f.promised, 78);
	CU_ASSERT_TRUE(fixture_reopen(&f));
	CU_ASSERT_EQUAL(f.seen, 78);
	CU_ASSERT_TRUE(fixture_store(&f, 1, 100));
	CU_ASSERT_TRUE(fixture_reopen(&f));
	CU_ASSERT_EQUAL(f.seen, 79);
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

static void empty_commands_are_entries_too(void)
{
	struct fixture f;
	fixture_begin(&f, 4, FIXTURE_PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	const struct journal_entry none = { .term = 1, .ticket = 1 };
	uint64_t first = 0;
	CU_ASSERT_EQUAL(journal_append(f.journal, &none, 1, &first), HA_OK);
	CU_ASSERT_EQUAL(first, 1);
	CU_ASSERT_EQUAL(journal_append(f.journal, NULL, 0, NULL), HA_OK);
	CU_ASSERT_TRUE(journal_write_next(f.journal));
	CU_ASSERT_EQUAL(fixture_status(&f).stored_serial, 1);
	fixture_end(&f);
}

static void segments_are_switched_and_used_again(void)
{
	struct fixture f;
	fixture_begin(&f, 3, FIXTURE_PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	for (unsigned round = 0; round < 200; round++) {
		CU_ASSERT_TRUE_FATAL(fixture_store(&f, 1 + round % 7, 1000 + round));
		while (journal_keep(f.journal))
			;
		if (f.promised > 20) {
			f.options.applied = f.promised - 15;
			journal_trim(f.journal, f.options.applied);
		}
		while (journal_keep(f.journal))
			;
		if (round % 20 == 19)
			CU_ASSERT_TRUE_FATAL(fixture_reopen(&f));
	}
	CU_ASSERT_EQUAL(f.journal->segment_count, 3);
	CU_ASSERT_TRUE(f.journal->segments[2].sequence > 10);
	CU_ASSERT_TRUE(fixture_status(&f).first_serial <= f.options.applied + 1);
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

static void entries_before_applied_are_not_replayed(void)
{
	struct fixture f;
	fixture_begin(&f, 4, FIXTURE_PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_TRUE(fixture_store(&f, 10, 50));
	CU_ASSERT_TRUE(fixture_store(&f, 10, 50));
	for (uint64_t applied = 0; applied <= 20; applied++) {
		f.options.applied = applied;
		CU_ASSERT_TRUE(fixture_reopen(&f));
		CU_ASSERT_EQUAL(f.seen, 20);
	}
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

static void impossible_sizes_are_refused(void)
{
	static const struct {
		uint32_t octets, segments;
	} rows[] = {
		{ 0, 4 },
		{ JOURNAL_SEGMENT_MIN - JOURNAL_BLOCK, 4 },
		{ JOURNAL_SEGMENT_MIN + 1, 4 },
		{ JOURNAL_SEGMENT_MAX + JOURNAL_BLOCK, 4 },
		{ JOURNAL_SEGMENT_MIN, 0 },
		{ JOURNAL_SEGMENT_MIN, 1 },
		{ JOURNAL_SEGMENT_MIN, JOURNAL_SEGMENTS_LIMIT + 1 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture f;
		fixture_begin(&f, rows[i].segments, FIXTURE_PLENTY);
		f.options.segment_octets = rows[i].octets;
		CU_ASSERT_TRUE(fixture_refused(&f, HA_E_RANGE));
		fixture_end(&f);
	}
}

/* ---- capacity ---- */

static void at_its_cap_the_log_refuses_until_it_is_trimmed(void)
{
	struct fixture f;
	fixture_begin(&f, 3, FIXTURE_PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	enum ha_error error = HA_OK;
	while (error == HA_OK) {
		error = fixture_append(&f, 2, 1500);
		journal_write_next(f.journal);
		while (journal_keep(f.journal))
			;
	}
	CU_ASSERT_EQUAL(error, HA_E_CAPACITY);
	CU_ASSERT_EQUAL(f.promised, f.accepted);
	CU_ASSERT_EQUAL(f.accepted, 3 * 15 * 2);
	CU_ASSERT_EQUAL(fixture_status(&f).octets, fixture_status(&f).octets_max);
	CU_ASSERT_EQUAL(fixture_append(&f, 1, 8), HA_E_CAPACITY);

	journal_trim(f.journal, 29); /* one entry short of the first segment */
	CU_ASSERT_FALSE(journal_keep(f.journal));
	CU_ASSERT_EQUAL(fixture_append(&f, 1, 8), HA_E_CAPACITY);
	journal_trim(f.journal, 30);
	CU_ASSERT_EQUAL(fixture_append(&f, 1, 8), HA_E_BUSY); /* not prepared yet */
	CU_ASSERT_TRUE(journal_keep(f.journal));
	CU_ASSERT_TRUE(fixture_store(&f, 1, 8));
	f.options.applied = 30;
	CU_ASSERT_TRUE(fixture_reopen(&f));
	CU_ASSERT_EQUAL(f.seen, 91);
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

static uint64_t fill_for(struct fixture *f, enum journal_use use)
{
	while (journal_room(f->journal, use, 1, 1500) == HA_OK) {
		CU_ASSERT_TRUE_FATAL(fixture_store(f, 1, 1500));
		while (journal_keep(f->journal))
			;
	}
	CU_ASSERT_EQUAL(journal_room(f->journal, use, 1, 1500), HA_E_CAPACITY);
	return fixture_status(f).octets;
}

/* What nothing is let go without finds room when nothing else does, also after a start. */
static void room_is_kept_for_what_must_go_on(void)
{
	struct fixture f;
	uint64_t order, copies;
	fixture_begin(&f, 8, FIXTURE_PLENTY);
	f.options.shared = true;
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	order = fill_for(&f, JOURNAL_USE_ORDER);
	CU_ASSERT_TRUE(fixture_reopen(&f));
	CU_ASSERT_EQUAL(journal_room(f.journal, JOURNAL_USE_ORDER, 1, 1500), HA_E_CAPACITY);
	copies = fill_for(&f, JOURNAL_USE_COPIES);
	CU_ASSERT_TRUE(copies >= order + 2 * FIXTURE_SEGMENT);
	CU_ASSERT_TRUE(fixture_reopen(&f));
	CU_ASSERT_EQUAL(journal_room(f.journal, JOURNAL_USE_COPIES, 1, 1500), HA_E_CAPACITY);
	CU_ASSERT_TRUE(fill_for(&f, JOURNAL_USE_BEGIN) >= copies + 15 * JOURNAL_BLOCK);
	CU_ASSERT_EQUAL(fixture_status(&f).octets, fixture_status(&f).octets_max);
	fixture_end(&f);
}

/* Of two files none can be kept: the tail must be able to move on. */
static void two_files_keep_nothing(void)
{
	struct fixture f;
	fixture_begin(&f, 2, FIXTURE_PLENTY);
	f.options.shared = true;
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_EQUAL(fill_for(&f, JOURNAL_USE_ORDER), fixture_status(&f).octets_max);
	CU_ASSERT_EQUAL(fixture_status(&f).half_serial, 15);
	journal_trim(f.journal, 15);
	CU_ASSERT_TRUE(journal_keep(f.journal));
	CU_ASSERT_EQUAL(journal_room(f.journal, JOURNAL_USE_ORDER, 1, 1500), HA_OK);
	fixture_end(&f);
}

static void a_full_disk_stops_growth_and_nothing_else(void)
{
	struct fixture f;
	fixture_begin(&f, 10, 3 * FIXTURE_SEGMENT + 4096);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_TRUE_FATAL(fixture_fill_to_third(&f));
	CU_ASSERT_EQUAL(f.journal->segment_count, 3);
	while (fixture_store(&f, 2, 1500))
		CU_ASSERT_FALSE(journal_keep(f.journal));
	CU_ASSERT_EQUAL(fixture_append(&f, 1, 8), HA_E_CAPACITY);
	CU_ASSERT_EQUAL(f.promised, 90);
	CU_ASSERT_EQUAL(f.failures, 0);
	CU_ASSERT_PTR_NULL(fake_disk_file(f.disk, JOURNAL_PREPARING_NAME, NULL));

	journal_trim(f.journal, 30);
	CU_ASSERT_TRUE(journal_keep(f.journal));
	CU_ASSERT_TRUE(fixture_store(&f, 2, 1500));
	fake_disk_set_capacity(f.disk, FIXTURE_PLENTY);
	CU_ASSERT_TRUE(journal_keep(f.journal));
	CU_ASSERT_EQUAL(f.journal->segment_count, 4);
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

static void a_disk_too_small_for_two_segments_is_refused(void)
{
	struct fixture f;
	fixture_begin(&f, 10, FIXTURE_SEGMENT + 4096);
	CU_ASSERT_TRUE(fixture_refused(&f, HA_E_NODISK));
	fake_disk_set_capacity(f.disk, 2 * FIXTURE_SEGMENT);
	CU_ASSERT_TRUE(fixture_open(&f));
	CU_ASSERT_TRUE(fixture_store(&f, 2, 1500));
	fixture_end(&f);
}

static void a_smaller_cap_and_another_size_take_effect_with_trims(void)
{
	struct fixture f;
	fixture_begin(&f, 6, FIXTURE_PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_TRUE_FATAL(fixture_fill_to_third(&f));
	f.options.segments_max = 2;
	f.options.segment_octets = 2 * FIXTURE_SEGMENT;
	CU_ASSERT_TRUE_FATAL(fixture_reopen(&f));
	CU_ASSERT_TRUE(f.journal->segment_count >= 3);
	f.options.applied = f.promised;
	for (unsigned round = 0; round < 100; round++) {
		journal_trim(f.journal, f.options.applied);
		while (journal_keep(f.journal))
			;
		CU_ASSERT_TRUE(fixture_store(&f, 2, 5000));
		f.options.applied = f.promised;
	}
	CU_ASSERT_EQUAL(f.journal->segment_count, 2);
	CU_ASSERT_EQUAL(f.journal->segments[0].octets, 2 * FIXTURE_SEGMENT);
	CU_ASSERT_TRUE(fixture_reopen(&f));
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

static void too_large_is_refused_and_too_much_is_busy(void)
{
	struct fixture f;
	fixture_begin(&f, 10, FIXTURE_PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	const size_t largest = FIXTURE_SEGMENT - JOURNAL_BLOCK - JOURNAL_BATCH_HEADER -
	                       JOURNAL_RECORD_HEADER;
	CU_ASSERT_EQUAL(fixture_append(&f, 1, largest), HA_OK);
	CU_ASSERT_EQUAL(fixture_append(&f, 1, largest + 1), HA_E_RANGE);
	CU_ASSERT_EQUAL(fixture_append(&f, 1, REPLICATION_COMMAND_MAX + 1), HA_E_RANGE);
	CU_ASSERT_EQUAL(fixture_append(&f, 2, FIXTURE_SEGMENT / 2), HA_E_RANGE);
	CU_ASSERT_TRUE(journal_write_next(f.journal));

	/* Nobody writes: the four buffers fill, then nothing is taken. */
	for (unsigned i = 0; i < JOURNAL_BUFFERS; i++) {
		CU_ASSERT_EQUAL(fixture_append(&f, 1, 50000), HA_OK);
		while (journal_keep(f.journal))
			;
	}
	CU_ASSERT_EQUAL(fixture_append(&f, 1, 50000), HA_E_BUSY);
	while (journal_write_next(f.journal))
		;
	CU_ASSERT_EQUAL(f.promised, 1 + JOURNAL_BUFFERS);
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

/* ---- failure ---- */

static void a_failed_flush_ends_all_promises(void)
{
	/* 1 = the write, 2 = the flush */
	for (uint64_t nth = 1; nth <= 2; nth++) {
		struct fixture f;
		fixture_begin(&f, 4, FIXTURE_PLENTY);
		CU_ASSERT_TRUE_FATAL(fixture_open(&f));
		CU_ASSERT_TRUE(fixture_store(&f, 3, 100));
		fake_disk_fail(f.disk, nth, EIO, false);
		CU_ASSERT_EQUAL(fixture_append(&f, 2, 100), HA_OK);
		CU_ASSERT_FALSE(journal_write_next(f.journal));
		CU_ASSERT_EQUAL(f.failures, 1);
		CU_ASSERT_EQUAL(f.why, HA_E_IO);
		CU_ASSERT_PTR_NOT_NULL(strstr(f.report, FIRST_SEGMENT));
		CU_ASSERT_EQUAL(f.promised, 3);
		CU_ASSERT_EQUAL(fixture_append(&f, 2, 100), HA_E_CLOSED);
		CU_ASSERT_FALSE(journal_write_next(f.journal));
		CU_ASSERT_EQUAL(f.failures, 1);
		CU_ASSERT_EQUAL(f.seen, 3);
		fixture_end(&f);
	}
}

/* After a failed flush the page cache shows what the disk does not have. What
 * a recovery replays from it must be on the disk when the recovery is done. */
static void what_recovery_replays_is_durable(void)
{
	struct fixture f;
	fixture_begin(&f, 4, FIXTURE_PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_TRUE(fixture_store(&f, 3, 100));
	fake_disk_fail(f.disk, 2, EIO, false);
	CU_ASSERT_EQUAL(fixture_append(&f, 2, 5000), HA_OK);
	CU_ASSERT_FALSE(journal_write_next(f.journal));
	fixture_close(&f);
	fake_disk_restart(f.disk);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_EQUAL(f.seen, 5);
	fixture_close(&f);
	fake_disk_cut(f.disk, 1);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_EQUAL(f.seen, 5);
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

/* ---- the real disk ---- */

static void the_operating_system_behaves_like_the_fake_disk(void)
{
	char directory[] = P_tmpdir "/hearth-journal-XXXXXX";
	char path[128];
	struct fixture f;
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
	fixture_begin(&f, 3, FIXTURE_PLENTY);
	f.options.directory = directory;
	f.options.io = &journal_io_system;
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	for (unsigned round = 0; round < 60; round++) {
		CU_ASSERT_TRUE(fixture_store(&f, 2, 1500));
		f.options.applied = f.promised;
		journal_trim(f.journal, f.promised);
		journal_keep(f.journal);
	}
	struct journal *first = f.journal;
	f.journal = NULL;
	CU_ASSERT_TRUE(fixture_refused(&f, HA_E_INUSE));
	f.journal = first;
	f.options.applied = f.promised - 2;
	CU_ASSERT_TRUE(fixture_reopen(&f));
	CU_ASSERT_EQUAL(f.seen, 120);
	CU_ASSERT_EQUAL(f.wrong, 0);

	const uint64_t last = f.journal->segments[f.journal->segment_count - 1].sequence;
	fixture_end(&f);
	for (uint64_t sequence = 1; sequence <= last; sequence++) {
		snprintf(path, sizeof(path), "%s/%s", directory,
		         journal_segment_name(sequence).text);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/%s", directory, JOURNAL_LOCK_NAME);
	CU_ASSERT_EQUAL(unlink(path), 0);
	CU_ASSERT_EQUAL(rmdir(directory), 0);
}

static CU_TestInfo tests[] = {
	{ "an empty log opens twice", an_empty_log_opens_twice },
	{ "entries come back", entries_come_back },
	{ "empty commands are entries too", empty_commands_are_entries_too },
	{ "segments are switched and used again", segments_are_switched_and_used_again },
	{ "entries before applied are not replayed", entries_before_applied_are_not_replayed },
	{ "impossible sizes are refused", impossible_sizes_are_refused },
	{ "the cap refuses until a trim", at_its_cap_the_log_refuses_until_it_is_trimmed },
	{ "room is kept for what must go on", room_is_kept_for_what_must_go_on },
	{ "two files keep nothing", two_files_keep_nothing },
	{ "a full disk stops growth only", a_full_disk_stops_growth_and_nothing_else },
	{ "a disk too small is refused", a_disk_too_small_for_two_segments_is_refused },
	{ "cap and size can change", a_smaller_cap_and_another_size_take_effect_with_trims },
	{ "too large, too much", too_large_is_refused_and_too_much_is_busy },
	{ "a failed flush ends all promises", a_failed_flush_ends_all_promises },
	{ "what recovery replays is durable", what_recovery_replays_is_durable },
	{ "the real disk", the_operating_system_behaves_like_the_fake_disk },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return suite_run("journal", tests);
}
