/* test_journal_recovery.c - what a recovery of the log accepts, drops and
 * refuses: missing, cut, foreign, newer and damaged files, torn ends, and what
 * a file held before it was used again. */
#include <string.h>

#include "agentd/base/log.h"
#include "replication/counters.h"
#include "tests/unit/journal_fixture.h"
#include "tests/unit/suite.h"

#define FIRST_SEGMENT "segment-0000000000000001"
#define SECOND_SEGMENT "segment-0000000000000002"
#define THIRD_SEGMENT "segment-0000000000000003"

static void a_store_that_is_newer_than_the_log_is_refused(void)
{
	struct fixture f;
	fixture_begin(&f, 4, FIXTURE_PLENTY);
	f.options.applied = 1;
	CU_ASSERT_TRUE(fixture_refused(&f, HA_E_DAMAGED));
	f.options.applied = 0;
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_TRUE(fixture_store(&f, 3, 50));
	f.options.applied = 4;
	CU_ASSERT_TRUE(fixture_refused(&f, HA_E_DAMAGED));
	f.options.applied = 3;
	CU_ASSERT_TRUE(fixture_open(&f));
	fixture_end(&f);
}

static void a_store_that_is_older_than_the_log_is_refused(void)
{
	struct fixture f;
	fixture_begin(&f, 4, FIXTURE_PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_TRUE_FATAL(fixture_fill_to_third(&f));
	fixture_close(&f);
	fake_disk_remove(f.disk, FIRST_SEGMENT);
	CU_ASSERT_TRUE(fixture_refused(&f, HA_E_DAMAGED));
	f.options.applied = f.promised;
	CU_ASSERT_TRUE(fixture_open(&f));
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

static void an_empty_log_begins_where_its_store_says(void)
{
	struct fixture f;
	fixture_begin(&f, 4, FIXTURE_PLENTY);
	f.options.begins = 7;
	f.options.applied = 8; /* an entry was in the log, and the log is gone */
	CU_ASSERT_TRUE(fixture_refused(&f, HA_E_DAMAGED));
	f.options.applied = 7;
	f.accepted = f.promised = f.seen = 7;
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_EQUAL(fixture_status(&f).first_serial, 8);
	CU_ASSERT_EQUAL(fixture_status(&f).stored_serial, 7);
	CU_ASSERT_TRUE(fixture_reopen(&f)); /* still without an entry */
	CU_ASSERT_TRUE(fixture_store(&f, 3, 50));
	CU_ASSERT_EQUAL(fixture_status(&f).stored_serial, 10);

	/* From then on it is a log like any other. */
	CU_ASSERT_TRUE(fixture_reopen(&f));
	CU_ASSERT_EQUAL(f.seen, 10);
	CU_ASSERT_EQUAL(f.wrong, 0);
	f.options.applied = 10;
	CU_ASSERT_TRUE(fixture_reopen(&f));
	f.options.applied = 11;
	CU_ASSERT_TRUE(fixture_refused(&f, HA_E_DAMAGED));
	fixture_end(&f);
}

static void a_missing_segment_is_named(void)
{
	struct fixture f;
	fixture_begin(&f, 4, FIXTURE_PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_TRUE_FATAL(fixture_fill_to_third(&f));
	fixture_close(&f);
	fake_disk_remove(f.disk, SECOND_SEGMENT);
	CU_ASSERT_TRUE(fixture_refused(&f, HA_E_DAMAGED));
	CU_ASSERT_PTR_NOT_NULL(strstr(f.report, SECOND_SEGMENT));
	fixture_end(&f);
}

static void a_cut_off_segment_is_damage(void)
{
	static const uint32_t sizes[] = { 0, 100, JOURNAL_BLOCK, FIXTURE_SEGMENT - 512 };
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct fixture f;
		fixture_begin(&f, 4, FIXTURE_PLENTY);
		CU_ASSERT_TRUE_FATAL(fixture_open(&f));
		CU_ASSERT_TRUE(fixture_store(&f, 3, 100));
		fixture_close(&f);
		fake_disk_resize(f.disk, FIRST_SEGMENT, sizes[i]);
		CU_ASSERT_TRUE(fixture_refused(&f, HA_E_DAMAGED));
		CU_ASSERT_PTR_NOT_NULL(strstr(f.report, FIRST_SEGMENT));
		fixture_end(&f);
	}
}

static void a_foreign_segment_is_refused(void)
{
	struct fixture f;
	fixture_begin(&f, 4, FIXTURE_PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	f.options.store_id++;
	CU_ASSERT_TRUE(fixture_refused(&f, HA_E_FOREIGN));
	fixture_end(&f);
}

static void a_newer_format_is_refused(void)
{
	struct fixture f;
	fixture_begin(&f, 4, FIXTURE_PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	fake_disk_file(f.disk, SECOND_SEGMENT, NULL)[8] = JOURNAL_FORMAT + 1;
	CU_ASSERT_TRUE(fixture_refused(&f, HA_E_NEWER));
	CU_ASSERT_PTR_NOT_NULL(strstr(f.report, SECOND_SEGMENT));
	fixture_end(&f);
}

static void other_files_are_left_alone_and_half_made_ones_removed(void)
{
	struct fixture f;
	fixture_begin(&f, 4, FIXTURE_PLENTY);
	fake_disk_put(f.disk, "notes.txt", "hello", 5);
	fake_disk_put(f.disk, "segment-1", "hello", 5);
	fake_disk_put(f.disk, "segment-000000000000000G", "hello", 5);
	fake_disk_put(f.disk, JOURNAL_PREPARING_NAME, "half", 4);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_TRUE(fixture_store(&f, 3, 100));
	CU_ASSERT_TRUE(fixture_reopen(&f));
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
	fixture_begin(&f, 4, FIXTURE_PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	struct journal *first = f.journal;
	f.journal = NULL;
	CU_ASSERT_TRUE(fixture_refused(&f, HA_E_INUSE));
	f.journal = first;
	CU_ASSERT_TRUE(fixture_reopen(&f));
	fixture_end(&f);
}

/* ---- the end of the log ---- */

/* Three batches; the last one spans `blocks` blocks from offset *at on. */
static void three_batches(struct fixture *f, uint32_t *at)
{
	fixture_begin(f, 4, FIXTURE_PLENTY);
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
		const bool whole = kept * 512 >=
		                   JOURNAL_BATCH_HEADER + 3 * (JOURNAL_RECORD_HEADER + 3500);
		f.promised = whole ? 8 : 5;
		CU_ASSERT_TRUE_FATAL(fixture_open(&f));
		CU_ASSERT_EQUAL(f.seen, whole ? 8 : 5);
		CU_ASSERT_TRUE(fixture_store(&f, 1, 8));
		CU_ASSERT_TRUE(fixture_reopen(&f));
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
	const uint64_t before = counter_read(&replication_counters,
	                                     REPLICATION_COUNTER_TORN_BATCHES);
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
	const uint32_t covered[] = {
		JOURNAL_SEGMENT_HEADER,
		JOURNAL_BATCH_HEADER + 3 * (JOURNAL_RECORD_HEADER + 100),
		JOURNAL_BATCH_HEADER + 2 * (JOURNAL_RECORD_HEADER + 3000),
		JOURNAL_BATCH_HEADER + 3 * (JOURNAL_RECORD_HEADER + 3500),
	};
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
	for (uint32_t i = 0; i < last + 3 * JOURNAL_BLOCK; i += i % JOURNAL_BLOCK < 128 ? 1 : 37) {
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
		header.first_serial += kind == 2;
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
	fixture_begin(&f, 4, FIXTURE_PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_TRUE_FATAL(fixture_fill_to_third(&f));
	fixture_close(&f);
	fake_disk_file(f.disk, FIRST_SEGMENT, NULL)[JOURNAL_BLOCK + 100] ^= 1;
	CU_ASSERT_TRUE(fixture_refused(&f, HA_E_DAMAGED));
	f.options.applied = f.promised - 1;
	CU_ASSERT_TRUE(fixture_open(&f));
	CU_ASSERT_EQUAL(f.seen, f.accepted);
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

static void damage_at_the_end_of_a_segment_is_seen_from_the_next(void)
{
	struct fixture f;
	fixture_begin(&f, 4, FIXTURE_PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_TRUE_FATAL(fixture_fill_to_third(&f));
	fixture_close(&f);
	fake_disk_file(f.disk, SECOND_SEGMENT, NULL)[FIXTURE_SEGMENT - JOURNAL_BLOCK + 70] ^= 1;
	CU_ASSERT_TRUE(fixture_refused(&f, HA_E_DAMAGED));
	CU_ASSERT_PTR_NOT_NULL(strstr(f.report, SECOND_SEGMENT));
	fixture_end(&f);
}

static void stale_batches_of_a_recycled_file_are_not_taken(void)
{
	struct fixture f;
	fixture_begin(&f, 3, FIXTURE_PLENTY);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_TRUE_FATAL(fixture_fill_to_third(&f));
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
	CU_ASSERT_TRUE(file && file[2 * JOURNAL_BLOCK] != 0);
	CU_ASSERT_TRUE(fixture_reopen(&f));
	CU_ASSERT_EQUAL(f.seen, f.accepted);
	CU_ASSERT_EQUAL(f.wrong, 0);

	/* Nor is a whole batch of another file, whatever its number. */
	fixture_close(&f);
	file = fake_disk_file(f.disk, "segment-0000000000000004", NULL);
	const uint8_t *other = fake_disk_file(f.disk, THIRD_SEGMENT, NULL);
	CU_ASSERT_TRUE_FATAL(file && other);
	if (file && other)
		memcpy(file + 2 * JOURNAL_BLOCK, other + JOURNAL_BLOCK, JOURNAL_BLOCK);
	CU_ASSERT_TRUE(fixture_open(&f));
	CU_ASSERT_EQUAL(f.seen, f.promised);
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

static CU_TestInfo tests[] = {
	{ "a newer store is refused", a_store_that_is_newer_than_the_log_is_refused },
	{ "an older store is refused", a_store_that_is_older_than_the_log_is_refused },
	{ "an empty log begins where its store says", an_empty_log_begins_where_its_store_says },
	{ "a missing segment is named", a_missing_segment_is_named },
	{ "a cut off segment is damage", a_cut_off_segment_is_damage },
	{ "a foreign segment is refused", a_foreign_segment_is_refused },
	{ "a newer format is refused", a_newer_format_is_refused },
	{ "other files are left alone", other_files_are_left_alone_and_half_made_ones_removed },
	{ "a second opening is refused", a_second_opening_is_refused },
	{ "a torn last batch is dropped", the_last_batch_torn_at_every_sector_is_dropped },
	{ "a torn batch is counted", a_torn_batch_is_counted },
	{ "an altered octet is noticed", an_altered_octet_is_noticed },
	{ "a batch of another history", a_batch_of_another_history_is_damage },
	{ "old damage is of no concern", damage_before_what_the_store_holds_is_of_no_concern },
	{ "damage at a segment's end is seen",
	  damage_at_the_end_of_a_segment_is_seen_from_the_next },
	{ "stale batches are not taken", stale_batches_of_a_recycled_file_are_not_taken },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return suite_run("journal_recovery", tests);
}
