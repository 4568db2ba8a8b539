/* test_journal_format.c - the octets of the log: records that add up or do not,
 * and files of format 1, as an older program wrote them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/base/log.h"
#include "tests/unit/journal_fixture.h"
#include "tests/unit/octets.h"
#include "tests/unit/suite.h"

#define FIRST_SEGMENT "segment-0000000000000001"
#define SECOND_SEGMENT "segment-0000000000000002"
#define THIRD_SEGMENT "segment-0000000000000003"

/* ---- records ---- */

/* Three records of three octets, the first one with this serial number. */
static uint32_t three_records(uint8_t *image, uint64_t first)
{
	uint8_t *at = image;
	for (uint64_t serial = first; serial < first + 3; serial++) {
		const struct journal_entry entry = {
			.serial = serial, .term = 1, .command = "abc", .size = 3
		};
		at = journal_record_encode(at, &entry);
	}
	return (uint32_t)(at - image);
}

static enum ha_error walk(const uint8_t *body, const struct journal_batch_header *header)
{
	struct journal_cursor cursor = journal_cursor_over(body, header, NULL);
	struct journal_entry entry;
	enum ha_error error;
	while ((error = journal_cursor_next(&cursor, &entry)) == HA_OK)
		CU_ASSERT_EQUAL(memcmp(entry.command, "abc", 3), 0);
	return error;
}

static void records_that_do_not_add_up_are_damage(void)
{
	uint8_t body[3 * (JOURNAL_RECORD_HEADER + 3)];
	CU_ASSERT_EQUAL_FATAL(three_records(body, 5), sizeof(body));
	static const struct {
		uint32_t entries;
		uint32_t trim;
		enum ha_error end;
	} rows[] = {
		{ 3, 0, HA_E_NOTFOUND }, { 2, 0, HA_E_DAMAGED },   { 4, 0, HA_E_DAMAGED },
		{ 3, 1, HA_E_DAMAGED },  { 3, 4, HA_E_DAMAGED },   { 3, 20, HA_E_DAMAGED },
		{ 3, 27, HA_E_DAMAGED }, { 2, 28, HA_E_NOTFOUND }, { 3, 28, HA_E_DAMAGED },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct journal_batch_header header = {
			.format = JOURNAL_FORMAT,
			.first_serial = 5,
			.entries = rows[i].entries,
			.body_octets = (uint32_t)sizeof(body) - rows[i].trim,
		};
		CU_ASSERT_EQUAL(walk(body, &header), rows[i].end);
	}
}

static void impossible_records_are_damage(void)
{
	static const struct {
		size_t at;
		uint8_t octet;
		enum ha_error end;
	} rows[] = {
		{ 16, 5, HA_E_NOTFOUND },   /* the index as it is */
		{ 16, 200, HA_E_NOTFOUND }, /* any other */
		{ 16, 0, HA_E_DAMAGED },    /* none */
		{ 24, JOURNAL_BARRIER, HA_E_NOTFOUND },
		{ 24, JOURNAL_KIND_COUNT, HA_E_DAMAGED },
		{ 24, JOURNAL_BEGIN, HA_E_NOTFOUND },
		{ 24, 0x80 | JOURNAL_ADMIT, HA_E_NOTFOUND }, /* a copy */
		{ 24, 0x80 | JOURNAL_BEGIN, HA_E_DAMAGED },
		{ 24, 0x80 | JOURNAL_KIND_COUNT, HA_E_DAMAGED },
		{ 6, 0x20, HA_E_DAMAGED }, /* of 2 MiB */
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t body[3 * (JOURNAL_RECORD_HEADER + 3)];
		const struct journal_batch_header header = {
			.format = JOURNAL_FORMAT,
			.first_serial = 5,
			.entries = 3,
			.body_octets = three_records(body, 5),
		};
		body[rows[i].at] = rows[i].octet;
		CU_ASSERT_EQUAL(walk(body, &header), rows[i].end);
	}
}

/* An older program knew neither. */
static void format_2_has_no_copies_and_no_beginnings(void)
{
	static const uint8_t kinds[] = { JOURNAL_ADMIT, JOURNAL_BEGIN, 0x80, 0x80 | JOURNAL_ADMIT };
	for (size_t i = 0; i < sizeof(kinds); i++) {
		uint8_t body[3 * (JOURNAL_RECORD_HEADER + 3)];
		const struct journal_batch_header header = {
			.format = 2,
			.first_serial = 5,
			.entries = 3,
			.body_octets = three_records(body, 5),
		};
		body[24] = kinds[i];
		CU_ASSERT_EQUAL(walk(body, &header), i == 0 ? HA_E_NOTFOUND : HA_E_DAMAGED);
	}
}

/* ---- format 1 ---- */

/* What the last program of format 1 left of the fixture's first six entries: two
 * files of FIXTURE_SEGMENT, zeros except for this. Entries 1 to 3 have ten octets,
 * 4 and 5 twelve, 6 eight. */
// clang-format off
static const struct {
	const char *name;
	uint32_t offset;
	const char *octets;
} format_1[] = {
	{ FIRST_SEGMENT, 0,
	  "48454d4c7365673101000000000001000100000000000000afcd1d7b39a820e28877665544332211"
	  "4931c43e87153a1a" },
	{ FIRST_SEGMENT, 4096,
	  "6274636801000000afcd1d7b39a820e2010000000000000001000000000000000000000000000000"
	  "03000000660000008bb57e3485e50bfd1e5e7f083ab72a84010000000a0000000100000000000000"
	  "01000000000000000100000000000000bbc2020000000a0000000100000000000000020000000000"
	  "000002000000000000003e45030000000a0000000100000000000000030000000000000003000000"
	  "00000000c1c8" },
	{ FIRST_SEGMENT, 8192,
	  "6274636801000000afcd1d7b39a820e2020000000000000004000000000000001e5e7f083ab72a84"
	  "0200000048000000f223bc8bef7030e02bf7c5aad62c52aa040000000c0000000100000000000000"
	  "04000000000000000400000000000000444b5259000000000c000000010000000000000005000000"
	  "000000000500000000000000c7ced5dc" },
	{ FIRST_SEGMENT, 12288,
	  "6274636801000000afcd1d7b39a820e2030000000000000006000000000000002bf7c5aad62c52aa"
	  "0100000020000000b5175a6d24ad289ba4f4086a33a3b09001000000080000000100000000000000"
	  "060000000000000006" },
	{ SECOND_SEGMENT, 0,
	  "48454d4c7365673101000000000001000200000000000000f465b9a16a9e786e8877665544332211"
	  "8f4f5e1d2393e74c" },
};
// clang-format on

#define OLD_ENTRIES 6u
#define OLD_BATCH_AT 12288u /* the last one */

static void put_old_file(struct fixture *f, const char *name, bool batches)
{
	uint8_t *file = calloc(1, FIXTURE_SEGMENT);
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	for (size_t i = 0; i < sizeof(format_1) / sizeof(format_1[0]); i++) {
		if (strcmp(format_1[i].name, name) != 0 || (!batches && format_1[i].offset > 0))
			continue;
		const struct octets octets = octets_of_hex(format_1[i].octets);
		memcpy(file + format_1[i].offset, octets.at, octets.size);
		free(octets.at);
	}
	fake_disk_put(f->disk, name, file, FIXTURE_SEGMENT);
	free(file);
}

/* The directory as that program left it, and the model of what is in it. */
static void old_log(struct fixture *f, uint64_t entries)
{
	fixture_begin(f, 4, FIXTURE_PLENTY);
	put_old_file(f, FIRST_SEGMENT, entries > 0);
	put_old_file(f, SECOND_SEGMENT, false);
	for (uint64_t i = 1; i <= entries; i++)
		f->serial[i] = f->next_serial++;
	f->accepted = f->promised = entries;
}

static uint32_t format_of(struct fixture *f, const char *name)
{
	struct journal_segment_header header = { 0 };
	const uint8_t *file = fake_disk_file(f->disk, name, NULL);
	if (!file || journal_segment_decode(file, &header) != HA_OK)
		return 0;
	return header.format;
}

static void a_log_of_format_1_is_replayed_and_continued(void)
{
	for (uint64_t applied = 0; applied <= OLD_ENTRIES; applied++) {
		struct fixture f;
		old_log(&f, OLD_ENTRIES);
		f.options.applied = applied;
		CU_ASSERT_TRUE_FATAL(fixture_open(&f));
		CU_ASSERT_EQUAL(f.seen, OLD_ENTRIES);
		CU_ASSERT_EQUAL(fixture_status(&f).first_serial, 1);
		CU_ASSERT_EQUAL(format_of(&f, FIRST_SEGMENT), 1);
		CU_ASSERT_EQUAL(format_of(&f, SECOND_SEGMENT), JOURNAL_FORMAT);

		CU_ASSERT_TRUE(fixture_reopen(&f)); /* before anything is written */
		CU_ASSERT_TRUE(fixture_store(&f, 2, 3000));
		CU_ASSERT_TRUE(fixture_reopen(&f));
		CU_ASSERT_EQUAL(f.seen, OLD_ENTRIES + 2);
		CU_ASSERT_TRUE_FATAL(fixture_fill_to_third(&f));
		CU_ASSERT_TRUE(fixture_reopen(&f));
		CU_ASSERT_EQUAL(f.seen, f.accepted);
		CU_ASSERT_EQUAL(f.wrong, 0);
		fixture_end(&f);
	}
}

static void a_file_of_format_1_is_used_again_in_the_present_one(void)
{
	struct fixture f;
	old_log(&f, OLD_ENTRIES);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_TRUE(fixture_store(&f, 1, 100));
	f.options.applied = OLD_ENTRIES;
	journal_trim(f.journal, OLD_ENTRIES);
	CU_ASSERT_TRUE(journal_keep(f.journal));
	CU_ASSERT_PTR_NULL(fake_disk_file(f.disk, FIRST_SEGMENT, NULL));
	CU_ASSERT_EQUAL(format_of(&f, THIRD_SEGMENT), JOURNAL_FORMAT);
	CU_ASSERT_TRUE_FATAL(fixture_fill_to_third(&f));
	CU_ASSERT_TRUE(fixture_reopen(&f));
	CU_ASSERT_EQUAL(f.seen, f.accepted);
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

static void an_empty_log_of_format_1_is_replaced(void)
{
	struct fixture f;
	old_log(&f, 0);
	CU_ASSERT_TRUE_FATAL(fixture_open(&f));
	CU_ASSERT_PTR_NULL(fake_disk_file(f.disk, FIRST_SEGMENT, NULL));
	CU_ASSERT_TRUE(fixture_store(&f, 2, 100));
	CU_ASSERT_TRUE(fixture_reopen(&f));
	CU_ASSERT_EQUAL(f.seen, 2);
	CU_ASSERT_EQUAL(f.wrong, 0);
	fixture_end(&f);
}

/* The same rules hold as for a log of now. */
static void damage_in_format_1_is_told_from_a_torn_end(void)
{
	for (uint32_t at = JOURNAL_BLOCK; at <= OLD_BATCH_AT; at += JOURNAL_BLOCK) {
		struct fixture f;
		old_log(&f, OLD_ENTRIES);
		fake_disk_file(f.disk, FIRST_SEGMENT, NULL)[at + 70] ^= 1;
		if (at < OLD_BATCH_AT) {
			CU_ASSERT_TRUE(fixture_refused(&f, HA_E_DAMAGED));
		} else {
			f.promised = OLD_ENTRIES - 1;
			CU_ASSERT_TRUE_FATAL(fixture_open(&f));
			CU_ASSERT_TRUE(fixture_store(&f, 1, 100));
			CU_ASSERT_TRUE(fixture_reopen(&f));
			CU_ASSERT_EQUAL(f.seen, OLD_ENTRIES);
		}
		CU_ASSERT_EQUAL(f.wrong, 0);
		fixture_end(&f);
	}
}

/* Whether the disk fails or the power goes at any operation of the first start of
 * a newer program: the entries are there at the next one. */
static void the_change_of_format_survives_faults(void)
{
	uint64_t nth = 1;
	for (bool hit = true; hit; nth++) {
		struct fixture f;
		old_log(&f, OLD_ENTRIES);
		fake_disk_fail(f.disk, nth, EIO, true);
		if (fixture_open(&f))
			fixture_store(&f, 2, 3000);
		hit = fake_disk_failed(f.disk);
		fixture_close(&f);
		fake_disk_cut(f.disk, nth);
		CU_ASSERT_TRUE_FATAL(fixture_open(&f));
		CU_ASSERT_TRUE(f.seen >= OLD_ENTRIES);
		CU_ASSERT_TRUE(fixture_store(&f, 1, 8));
		CU_ASSERT_TRUE(fixture_reopen(&f));
		CU_ASSERT_EQUAL(f.wrong, 0);
		fixture_end(&f);
	}
	CU_ASSERT_TRUE(nth > 25);
}

static CU_TestInfo tests[] = {
	{ "records must add up", records_that_do_not_add_up_are_damage },
	{ "impossible records are damage", impossible_records_are_damage },
	{ "format 2 has no copies and no beginnings", format_2_has_no_copies_and_no_beginnings },
	{ "format 1 is replayed and continued", a_log_of_format_1_is_replayed_and_continued },
	{ "a file of format 1 is used again", a_file_of_format_1_is_used_again_in_the_present_one },
	{ "an empty log of format 1", an_empty_log_of_format_1_is_replaced },
	{ "damage in format 1", damage_in_format_1_is_told_from_a_torn_end },
	{ "the change of format survives faults", the_change_of_format_survives_faults },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return suite_run("journal_format", tests);
}
