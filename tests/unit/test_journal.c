/* test_journal.c - the log on a disk in memory: round trips, what recovery
 * accepts and refuses, capacity, and what a failed flush does. Power cuts and
 * faults at every operation are in test_journal_faults.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agentd/base/log.h"
#include "replication/counters.h"
#include "tests/unit/journal_fixture.h"
#include "tests/unit/suite.h"

#define PLENTY (1u << 30)
#define FIRST_SEGMENT "segment-0000000000000001"
#define SECOND_SEGMENT "segment-0000000000000002"
#define THIRD_SEGMENT "segment-0000000000000003"

static bool reopen(struct fixture *f)
{
	fixture_close(f);
	return fixture_open(f);
}

/* Refused for that reason, with a sentence. */
static bool refused(struct fixture *f, enum ha_error why)
{
	fixture_close(f);
	return !fixture_open(f) && f->why == why && strlen(f->report) > 20;
}

static struct journal_status status_of(struct fixture *f)
{
	struct journal_status status;
	journal_status(f->journal, &status);
	return status;
}

static void an_empty_log_opens_twice(void)
{
	struct fixture f;
	fixture_begin(&f, 4, PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_EQUAL(f.journal->segment_count, 2);
	CU_ASSERT_EQUAL(status_of(&f).first_index, 1);
	CU_ASSERT_EQUAL(status_of(&f).stored_index, 0);
	CU_ASSERT_TRUE(reopen(&f));
	CU_ASSERT_EQUAL(f.seen, 0);
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

static void entries_come_back(void)
{
	struct fixture f;
	fixture_begin(&f, 4, PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	for (size_t count = 1; count <= 12; count++)
		CU_ASSERT_TRUE(fixture_store(&f, count, 8 + count));
	CU_ASSERT_EQUAL(f.promised, 78);
	CU_ASSERT_TRUE(reopen(&f));
	CU_ASSERT_EQUAL(f.seen, 78);
	CU_ASSERT_TRUE(fixture_store(&f, 1, 100));
	CU_ASSERT_TRUE(reopen(&f));
	CU_ASSERT_EQUAL(f.seen, 79);
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

static void empty_commands_are_entries_too(void)
{
	struct fixture f;
	fixture_begin(&f, 4, PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	const struct replication_command none = { .group = 0, .ticket = 1 };
	uint64_t first = 0;
	CU_ASSERT_EQUAL(journal_append(f.journal, 1, &none, 1, &first), HA_OK);
	CU_ASSERT_EQUAL(first, 1);
	CU_ASSERT_EQUAL(journal_append(f.journal, 1, NULL, 0, NULL), HA_OK);
	CU_ASSERT_TRUE(journal_write_next(f.journal));
	CU_ASSERT_EQUAL(status_of(&f).stored_index, 1);
	fixture_end(&f);
}

static void segments_are_switched_and_used_again(void)
{
	struct fixture f;
	fixture_begin(&f, 3, PLENTY);
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
			CU_ASSERT_TRUE_FATAL(reopen(&f));
	}
	CU_ASSERT_EQUAL(f.journal->segment_count, 3);
	CU_ASSERT_TRUE(f.journal->segments[2].sequence > 10);
	CU_ASSERT_TRUE(status_of(&f).first_index <= f.options.applied + 1);
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

static void entries_before_applied_are_not_replayed(void)
{
	struct fixture f;
	fixture_begin(&f, 4, PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_TRUE(fixture_store(&f, 10, 50));
	CU_ASSERT_TRUE(fixture_store(&f, 10, 50));
	for (uint64_t applied = 0; applied <= 20; applied++) {
		f.options.applied = applied;
		CU_ASSERT_TRUE(reopen(&f));
		CU_ASSERT_EQUAL(f.seen, 20);
	}
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

static void a_store_that_is_newer_than_the_log_is_refused(void)
{
	struct fixture f;
	fixture_begin(&f, 4, PLENTY);
	f.options.applied = 1;
	CU_ASSERT_TRUE(refused(&f, HA_E_DAMAGED));
	f.options.applied = 0;
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_TRUE(fixture_store(&f, 3, 50));
	f.options.applied = 4;
	CU_ASSERT_TRUE(refused(&f, HA_E_DAMAGED));
	f.options.applied = 3;
	CU_ASSERT_TRUE(fixture_open(&f));
	fixture_end(&f);
}

/* Batches of one block each until the log stands in its third segment. */
static void fill_to_third_segment(struct fixture *f)
{
	while (f->journal->tail < 3) {
		CU_ASSERT_TRUE_FATAL(fixture_store(f, 2, 1500));
		while (journal_keep(f->journal))
			;
	}
}

static void a_store_that_is_older_than_the_log_is_refused(void)
{
	struct fixture f;
	fixture_begin(&f, 4, PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	fill_to_third_segment(&f);
	fixture_close(&f);
	fake_disk_remove(f.disk, FIRST_SEGMENT);
	CU_ASSERT_TRUE(refused(&f, HA_E_DAMAGED));
	f.options.applied = f.promised;
	CU_ASSERT_TRUE(fixture_open(&f));
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

static void a_missing_segment_is_named(void)
{
	struct fixture f;
	fixture_begin(&f, 4, PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	fill_to_third_segment(&f);
	fixture_close(&f);
	fake_disk_remove(f.disk, SECOND_SEGMENT);
	CU_ASSERT_TRUE(refused(&f, HA_E_DAMAGED));
	CU_ASSERT_PTR_NOT_NULL(strstr(f.report, SECOND_SEGMENT));
	fixture_end(&f);
}

static void a_cut_off_segment_is_damage(void)
{
	static const uint32_t sizes[] = { 0, 100, JOURNAL_BLOCK, FIXTURE_SEGMENT - 512 };
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct fixture f;
		fixture_begin(&f, 4, PLENTY);
		CU_ASSERT_TRUE_FATAL(fixture_open(&f));
		CU_ASSERT_TRUE(fixture_store(&f, 3, 100));
		fixture_close(&f);
		fake_disk_resize(f.disk, FIRST_SEGMENT, sizes[i]);
		CU_ASSERT_TRUE(refused(&f, HA_E_DAMAGED));
		CU_ASSERT_PTR_NOT_NULL(strstr(f.report, FIRST_SEGMENT));
		fixture_end(&f);
	}
}

static void a_foreign_segment_is_refused(void)
{
	struct fixture f;
	fixture_begin(&f, 4, PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	f.options.store_id++;
	CU_ASSERT_TRUE(refused(&f, HA_E_FOREIGN));
	fixture_end(&f);
}

static void a_newer_format_is_refused(void)
{
	struct fixture f;
	fixture_begin(&f, 4, PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	fake_disk_file(f.disk, SECOND_SEGMENT, NULL)[8] = JOURNAL_FORMAT + 1;
	CU_ASSERT_TRUE(refused(&f, HA_E_NEWER));
	CU_ASSERT_PTR_NOT_NULL(strstr(f.report, SECOND_SEGMENT));
	fixture_end(&f);
}

static void other_files_are_left_alone_and_half_made_ones_removed(void)
{
	struct fixture f;
	fixture_begin(&f, 4, PLENTY);
	fake_disk_put(f.disk, "notes.txt", "hello", 5);
	fake_disk_put(f.disk, "segment-1", "hello", 5);
	fake_disk_put(f.disk, "segment-000000000000000G", "hello", 5);
	fake_disk_put(f.disk, JOURNAL_PREPARING_NAME, "half", 4);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_TRUE(fixture_store(&f, 3, 100));
	CU_ASSERT_TRUE(reopen(&f));
	CU_ASSERT_EQUAL(f.seen, 3);
	CU_ASSERT_PTR_NOT_NULL(fake_disk_file(f.disk, "notes.txt", NULL));
	CU_ASSERT_PTR_NOT_NULL(fake_disk_file(f.disk, "segment-1", NULL));
	CU_ASSERT_PTR_NOT_NULL(fake_disk_file(f.disk, "segment-000000000000000G", NULL));
	CU_ASSERT_PTR_NULL(fake_disk_file(f.disk, JOURNAL_PREPARING_NAME, NULL));
	fixture_end(&f);
}

static void a_second_opening_is_refused(void)
{
	struct fixture f;
	fixture_begin(&f, 4, PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	struct journal *first = f.journal;
	f.journal = NULL;
	CU_ASSERT_TRUE(refused(&f, HA_E_INUSE));
	f.journal = first;
	CU_ASSERT_TRUE(reopen(&f));
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
		fixture_begin(&f, rows[i].segments, PLENTY);
		f.options.segment_octets = rows[i].octets;
		CU_ASSERT_TRUE(refused(&f, HA_E_RANGE));
		fixture_end(&f);
	}
}

/* ---- the end of the log ---- */

/* Three batches; the last one spans `blocks` blocks from offset *at on. */
static void three_batches(struct fixture *f, uint32_t *at)
{
	fixture_begin(f, 4, PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(f));
	CU_ASSERT_TRUE_FATAL(fixture_store(f, 3, 100));
	CU_ASSERT_TRUE_FATAL(fixture_store(f, 2, 3000));
	*at = f->journal->tail_offset;
	CU_ASSERT_TRUE_FATAL(fixture_store(f, 3, 3500));
	fixture_close(f);
}

static void the_last_batch_torn_at_every_sector_is_dropped(void)
{
	const uint32_t sectors = 3 * JOURNAL_BLOCK / 512;
	for (uint32_t kept = 0; kept <= sectors; kept++) {
		struct fixture f;
		uint32_t at;
		three_batches(&f, &at);
		uint8_t *file = fake_disk_file(f.disk, FIRST_SEGMENT, NULL);
		memset(file + at + kept * 512, kept % 2 ? 0 : 0xa5, (sectors - kept) * 512);
		/* Octets after the body are padding: it is whole without them. */
		const bool whole = kept * 512 >= JOURNAL_BATCH_HEADER + 3 * (24 + 3500);
		f.promised = whole ? 8 : 5;
		CU_ASSERT_TRUE_FATAL(fixture_open(&f));
		CU_ASSERT_EQUAL(f.seen, whole ? 8 : 5);
		CU_ASSERT_TRUE(fixture_store(&f, 1, 8));
		CU_ASSERT_TRUE(reopen(&f));
		CU_ASSERT_EQUAL(f.seen, whole ? 9 : 6);
		CU_ASSERT_EQUAL(f.wrong, 0);
		fixture_end(&f);
	}
}

static void a_torn_batch_is_counted(void)
{
	struct fixture f;
	uint32_t at;
	three_batches(&f, &at);
	const uint64_t before =
		counter_read(&replication_counters, REPLICATION_COUNTER_TORN_BATCHES);
	fake_disk_file(f.disk, FIRST_SEGMENT, NULL)[at + 200] ^= 1;
	f.promised = 5;
	CU_ASSERT_TRUE(fixture_open(&f));
	CU_ASSERT_EQUAL(counter_read(&replication_counters, REPLICATION_COUNTER_TORN_BATCHES),
	                before + 1);
	fixture_end(&f);
}

/* What an altered octet of that file must lead to: entries seen, or 0 for a
 * refusal. Padding carries nothing. */
static uint64_t seen_when_altered(uint32_t i, uint32_t second, uint32_t last)
{
	const uint32_t begins[] = { 0, JOURNAL_BLOCK, second, last };
	const uint32_t covered[] = { 48, 64 + 3 * 124, 64 + 2 * 3024, 64 + 3 * 3524 };
	const uint64_t seen[] = { 0, 0, 0, 5 };
	for (size_t k = 0; k < 4; k++) {
		if (i >= begins[k] && i < begins[k] + covered[k])
			return seen[k];
	}
	return 8;
}

/* Headers octet by octet, the rest in steps that meet every block: nothing
 * that was acknowledged may be missing without a word. Only damage to the very
 * last batch cannot be told from one that was never finished. */
static void an_altered_octet_is_noticed(void)
{
	struct fixture f;
	uint32_t last;
	three_batches(&f, &last);
	const uint32_t second = 2 * JOURNAL_BLOCK;
	uint8_t *file = fake_disk_file(f.disk, FIRST_SEGMENT, NULL);
	for (uint32_t i = 0; i < last + 3 * JOURNAL_BLOCK;
	     i += i % JOURNAL_BLOCK < 128 ? 1 : 37) {
		const uint64_t expected = seen_when_altered(i, second, last);
		file[i] ^= 0x10;
		f.promised = expected;
		f.accepted = 8;
		const bool opened = fixture_open(&f);
		CU_ASSERT_EQUAL(opened, expected > 0);
		if (opened)
			CU_ASSERT_EQUAL(f.seen, expected);
		if (!opened)
			CU_ASSERT_TRUE(f.why == HA_E_DAMAGED || f.why == HA_E_NEWER);
		fixture_close(&f);
		file[i] ^= 0x10;
	}
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

/* Whole in itself, but not the continuation of the batch before it: another
 * mark, or other indexes. */
static void a_batch_of_another_history_is_damage(void)
{
	for (unsigned kind = 0; kind < 3; kind++) {
		struct fixture f;
		uint32_t at;
		three_batches(&f, &at);
		uint8_t *file = fake_disk_file(f.disk, FIRST_SEGMENT, NULL);
		struct journal_segment_header segment;
		struct journal_batch_header header;
		CU_ASSERT_EQUAL_FATAL(journal_segment_decode(file, &segment), HA_OK);
		CU_ASSERT_EQUAL_FATAL(journal_batch_decode(file + at, segment.seed, &header),
		                      JOURNAL_BATCH_HEADED);
		header.previous ^= kind == 1;
		header.first_index += kind == 2;
		journal_batch_seal(file + at, &header, segment.seed);
		CU_ASSERT_EQUAL(fixture_open(&f), kind == 0);
		if (kind > 0)
			CU_ASSERT_EQUAL(f.why, HA_E_DAMAGED);
		CU_ASSERT_EQUAL(f.wrong, 0);
		fixture_end(&f);
	}
}

static void damage_before_what_the_store_holds_is_of_no_concern(void)
{
	struct fixture f;
	fixture_begin(&f, 4, PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	fill_to_third_segment(&f);
	fixture_close(&f);
	fake_disk_file(f.disk, FIRST_SEGMENT, NULL)[JOURNAL_BLOCK + 100] ^= 1;
	CU_ASSERT_TRUE(refused(&f, HA_E_DAMAGED));
	f.options.applied = f.promised - 1;
	CU_ASSERT_TRUE(fixture_open(&f));
	CU_ASSERT_EQUAL(f.seen, f.accepted);
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

static void damage_at_the_end_of_a_segment_is_seen_from_the_next(void)
{
	struct fixture f;
	fixture_begin(&f, 4, PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	fill_to_third_segment(&f);
	fixture_close(&f);
	fake_disk_file(f.disk, SECOND_SEGMENT, NULL)[FIXTURE_SEGMENT - JOURNAL_BLOCK + 70] ^= 1;
	CU_ASSERT_TRUE(refused(&f, HA_E_DAMAGED));
	CU_ASSERT_PTR_NOT_NULL(strstr(f.report, SECOND_SEGMENT));
	fixture_end(&f);
}

static void stale_batches_of_a_recycled_file_are_not_taken(void)
{
	struct fixture f;
	fixture_begin(&f, 3, PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	fill_to_third_segment(&f);
	f.options.applied = f.promised;
	journal_trim(f.journal, f.promised);
	CU_ASSERT_TRUE(journal_keep(f.journal));
	while (f.journal->tail < 4)
		CU_ASSERT_TRUE_FATAL(fixture_store(&f, 1, 3000));
	/* Behind the one new batch in it stand batches of its former life. */
	uint32_t size;
	uint8_t *file = fake_disk_file(f.disk, "segment-0000000000000004", &size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL(size, FIXTURE_SEGMENT);
	CU_ASSERT_TRUE(file[2 * JOURNAL_BLOCK] != 0);
	CU_ASSERT_TRUE(reopen(&f));
	CU_ASSERT_EQUAL(f.seen, f.accepted);
	CU_ASSERT_EQUAL(f.wrong, 0);

	/* Nor is a whole batch of another file, whatever its number. */
	fixture_close(&f);
	file = fake_disk_file(f.disk, "segment-0000000000000004", NULL);
	memcpy(file + 2 * JOURNAL_BLOCK,
	       fake_disk_file(f.disk, THIRD_SEGMENT, NULL) + JOURNAL_BLOCK, JOURNAL_BLOCK);
	CU_ASSERT_TRUE(fixture_open(&f));
	CU_ASSERT_EQUAL(f.seen, f.promised);
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

/* ---- capacity ---- */

static void at_its_cap_the_log_refuses_until_it_is_trimmed(void)
{
	struct fixture f;
	fixture_begin(&f, 3, PLENTY);
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
	CU_ASSERT_EQUAL(status_of(&f).octets, status_of(&f).octets_max);
	CU_ASSERT_EQUAL(fixture_append(&f, 1, 8), HA_E_CAPACITY);

	journal_trim(f.journal, 29); /* one entry short of the first segment */
	CU_ASSERT_FALSE(journal_keep(f.journal));
	CU_ASSERT_EQUAL(fixture_append(&f, 1, 8), HA_E_CAPACITY);
	journal_trim(f.journal, 30);
	CU_ASSERT_EQUAL(fixture_append(&f, 1, 8), HA_E_BUSY); /* not prepared yet */
	CU_ASSERT_TRUE(journal_keep(f.journal));
	CU_ASSERT_TRUE(fixture_store(&f, 1, 8));
	f.options.applied = 30;
	CU_ASSERT_TRUE(reopen(&f));
	CU_ASSERT_EQUAL(f.seen, 91);
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

static void a_full_disk_stops_growth_and_nothing_else(void)
{
	struct fixture f;
	fixture_begin(&f, 10, 3 * FIXTURE_SEGMENT + 4096);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	fill_to_third_segment(&f);
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
	fake_disk_set_capacity(f.disk, PLENTY);
	CU_ASSERT_TRUE(journal_keep(f.journal));
	CU_ASSERT_EQUAL(f.journal->segment_count, 4);
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

static void a_disk_too_small_for_two_segments_is_refused(void)
{
	struct fixture f;
	fixture_begin(&f, 10, FIXTURE_SEGMENT + 4096);
	CU_ASSERT_TRUE(refused(&f, HA_E_NODISK));
	fake_disk_set_capacity(f.disk, 2 * FIXTURE_SEGMENT);
	CU_ASSERT_TRUE(fixture_open(&f));
	CU_ASSERT_TRUE(fixture_store(&f, 2, 1500));
	fixture_end(&f);
}

static void a_smaller_cap_and_another_size_take_effect_with_trims(void)
{
	struct fixture f;
	fixture_begin(&f, 6, PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	fill_to_third_segment(&f);
	f.options.segments_max = 2;
	f.options.segment_octets = 2 * FIXTURE_SEGMENT;
	CU_ASSERT_TRUE_FATAL(reopen(&f));
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
	CU_ASSERT_TRUE(reopen(&f));
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

static void too_large_is_refused_and_too_much_is_busy(void)
{
	struct fixture f;
	fixture_begin(&f, 10, PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_EQUAL(fixture_append(&f, 1, FIXTURE_SEGMENT - JOURNAL_BLOCK - 64 - 24), HA_OK);
	CU_ASSERT_EQUAL(fixture_append(&f, 1, FIXTURE_SEGMENT - JOURNAL_BLOCK - 64 - 23),
	                HA_E_RANGE);
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
		fixture_begin(&f, 4, PLENTY);
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
	fixture_begin(&f, 4, PLENTY);
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

/* ---- format ---- */

static void records_that_do_not_add_up_are_damage(void)
{
	uint8_t *image = aligned_alloc(JOURNAL_BLOCK, JOURNAL_BATCH_MAX);
	CU_ASSERT_PTR_NOT_NULL_FATAL(image);
	uint8_t *at = image + JOURNAL_BATCH_HEADER;
	for (uint64_t index = 5; index < 8; index++) {
		const struct replication_entry entry = {
			.index = index, .term = 1, .command = "abc", .size = 3
		};
		at = journal_record_encode(at, &entry);
	}
	const uint32_t octets = (uint32_t)(at - image - JOURNAL_BATCH_HEADER);
	static const struct {
		uint64_t first;
		uint32_t entries;
		int trim;
		enum ha_error end;
	} rows[] = {
		{ 5, 3, 0, HA_E_NOTFOUND },  { 4, 3, 0, HA_E_DAMAGED },
		{ 6, 3, 0, HA_E_DAMAGED },   { 5, 2, 0, HA_E_DAMAGED },
		{ 5, 4, 0, HA_E_DAMAGED },   { 5, 3, 1, HA_E_DAMAGED },
		{ 5, 3, 4, HA_E_DAMAGED },   { 5, 3, 20, HA_E_DAMAGED },
		{ 5, 2, 27, HA_E_NOTFOUND },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct journal_batch_header header = {
			.first_index = rows[i].first,
			.entries = rows[i].entries,
			.body_octets = octets - (uint32_t)rows[i].trim,
		};
		struct journal_cursor cursor =
			journal_cursor_over(image + JOURNAL_BATCH_HEADER, &header, NULL);
		struct replication_entry entry;
		enum ha_error error;
		while ((error = journal_cursor_next(&cursor, &entry)) == HA_OK)
			CU_ASSERT_EQUAL(memcmp(entry.command, "abc", 3), 0);
		CU_ASSERT_EQUAL(error, rows[i].end);
	}
	free(image);
}

/* ---- the real disk ---- */

static void the_operating_system_behaves_like_the_fake_disk(void)
{
	char directory[] = P_tmpdir "/hearth-journal-XXXXXX";
	char path[128];
	struct fixture f;
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
	fixture_begin(&f, 3, PLENTY);
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
	CU_ASSERT_TRUE(refused(&f, HA_E_INUSE));
	f.journal = first;
	f.options.applied = f.promised - 2;
	CU_ASSERT_TRUE(reopen(&f));
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
	{ "a newer store is refused", a_store_that_is_newer_than_the_log_is_refused },
	{ "an older store is refused", a_store_that_is_older_than_the_log_is_refused },
	{ "a missing segment is named", a_missing_segment_is_named },
	{ "a cut off segment is damage", a_cut_off_segment_is_damage },
	{ "a foreign segment is refused", a_foreign_segment_is_refused },
	{ "a newer format is refused", a_newer_format_is_refused },
	{ "other files are left alone", other_files_are_left_alone_and_half_made_ones_removed },
	{ "a second opening is refused", a_second_opening_is_refused },
	{ "impossible sizes are refused", impossible_sizes_are_refused },
	{ "a torn last batch is dropped", the_last_batch_torn_at_every_sector_is_dropped },
	{ "a torn batch is counted", a_torn_batch_is_counted },
	{ "an altered octet is noticed", an_altered_octet_is_noticed },
	{ "a batch of another history", a_batch_of_another_history_is_damage },
	{ "old damage is of no concern", damage_before_what_the_store_holds_is_of_no_concern },
	{ "damage at a segment's end is seen", damage_at_the_end_of_a_segment_is_seen_from_the_next },
	{ "stale batches are not taken", stale_batches_of_a_recycled_file_are_not_taken },
	{ "the cap refuses until a trim", at_its_cap_the_log_refuses_until_it_is_trimmed },
	{ "a full disk stops growth only", a_full_disk_stops_growth_and_nothing_else },
	{ "a disk too small is refused", a_disk_too_small_for_two_segments_is_refused },
	{ "cap and size can change", a_smaller_cap_and_another_size_take_effect_with_trims },
	{ "too large, too much", too_large_is_refused_and_too_much_is_busy },
	{ "a failed flush ends all promises", a_failed_flush_ends_all_promises },
	{ "what recovery replays is durable", what_recovery_replays_is_durable },
	{ "records must add up", records_that_do_not_add_up_are_damage },
	{ "the real disk", the_operating_system_behaves_like_the_fake_disk },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return suite_run("journal", tests);
}
