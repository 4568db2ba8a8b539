/* test_journal_whole.c - the log of a cluster's member: entries of several groups,
 * indexes that come again, everything replayed whatever it begins with, and all of
 * it erased when another member's store takes its place. */
#include <errno.h>
#include <string.h>

#include "agentd/base/log.h"
#include "tests/unit/journal_fixture.h"
#include "tests/unit/suite.h"

#define SEEN_MAX 4096u
#define FIRST_SEGMENT "segment-0000000000000001"

/* What came back, without the commands: those begin with the octet `mark`. */
struct seen {
	uint64_t serial, index, term, ticket;
	uint32_t group;
	uint8_t kind;
	uint8_t mark;
};

struct member {
	struct fake_disk *disk;
	struct journal *journal;
	struct journal_options options;
	struct seen seen[SEEN_MAX]; /* replayed or made durable since the open */
	size_t count;
	unsigned failures;
	enum ha_error why;
	char report[256];
};

static void note(struct member *m, const struct journal_entry *entry)
{
	const uint8_t *command = entry->command;
	CU_ASSERT_TRUE_FATAL(m->count < SEEN_MAX);
	m->seen[m->count++] = (struct seen){
		.serial = entry->serial,
		.index = entry->index,
		.term = entry->term,
		.ticket = entry->ticket,
		.group = entry->group,
		.kind = entry->kind,
		.mark = entry->size > 0 ? command[0] : 0,
	};
}

static void on_replay(void *context, const struct journal_entry *entries, size_t count)
{
	struct member *m = context;
	for (size_t i = 0; i < count; i++)
		note(m, &entries[i]);
}

static void on_durable(void *context, struct journal_batch *batch)
{
	struct member *m = context;
	struct journal_cursor cursor = journal_batch_cursor(batch);
	struct journal_entry entry;
	while (journal_cursor_next(&cursor, &entry) == HA_OK)
		note(m, &entry);
	journal_release(m->journal, batch);
}

static void on_failed(void *context, enum ha_error why, const char *what)
{
	struct member *m = context;
	(void)why;
	(void)what;
	m->failures++;
}

static void begin(struct member *m)
{
	memset(m, 0, sizeof(*m));
	m->disk = fake_disk_new(2 * FIXTURE_SEGMENT, FIXTURE_PLENTY);
	m->options = (struct journal_options){
		.directory = "log",
		.store_id = FIXTURE_STORE,
		.whole = true,
		.segment_octets = FIXTURE_SEGMENT,
		.segments_max = 4,
		.io = fake_disk_io(m->disk),
	};
}

static bool reopen(struct member *m)
{
	const struct journal_client client = {
		.context = m, .replay = on_replay, .durable = on_durable, .failed = on_failed
	};
	journal_close(m->journal);
	m->count = 0;
	m->report[0] = '\0';
	m->journal = journal_open(&m->options, &client, &m->why, m->report, sizeof(m->report));
	return m->journal != NULL;
}

static void end(struct member *m)
{
	journal_close(m->journal);
	fake_disk_free(m->disk);
}

static uint64_t last_serial(struct member *m)
{
	struct journal_status status;
	journal_status(m->journal, &status);
	return status.last_serial;
}

/* One entry as a batch of its own. False when it was not taken or not stored. */
static bool store_one(struct member *m, size_t size)
{
	static uint8_t octets[FIXTURE_SEGMENT];
	octets[0] = (uint8_t)(last_serial(m) + 1);
	const struct journal_entry entry = {
		.index = 1000, .term = 7, .group = 2, .ticket = 1, .command = octets, .size = size
	};
	const bool taken = journal_append(m->journal, &entry, 1, NULL) == HA_OK &&
	                   journal_write_next(m->journal);
	while (journal_keep(m->journal))
		;
	return taken;
}

static void fill_to_third(struct member *m)
{
	while (m->journal->tail < 3)
		CU_ASSERT_TRUE_FATAL(store_one(m, 3000));
}

/* Serial numbers without a hole, each with the octet it was stored with. */
static void check_ascending(const struct member *m)
{
	for (size_t i = 0; i < m->count; i++) {
		CU_ASSERT_EQUAL(m->seen[i].serial, m->seen[0].serial + i);
		CU_ASSERT_EQUAL(m->seen[i].mark, (uint8_t)m->seen[i].serial);
	}
}

static const struct journal_entry mixed[] = {
	{ .group = 0, .kind = JOURNAL_BARRIER, .term = 2, .index = 1 },
	{ .group = 0, .term = 2, .index = 2, .ticket = 5, .command = "a", .size = 1 },
	{ .group = 9, .term = 4, .index = 70, .ticket = 6, .command = "bc", .size = 2 },
	{ .group = 0, .term = 2, .index = 3, .ticket = 7, .command = "d", .size = 1 },
	/* of another leader: 2 and 3 go */
	{ .group = 0, .kind = JOURNAL_BARRIER, .term = 3, .index = 2 },
	{ .group = 9, .term = 4, .index = 71 },
	/* the serial number */
	{ .group = 1, .term = 1, .index = 0, .command = "e", .size = 1 },
};
#define MIXED (sizeof(mixed) / sizeof(mixed[0]))

static void check_mixed(const struct member *m, bool live)
{
	CU_ASSERT_EQUAL_FATAL(m->count, MIXED);
	for (size_t i = 0; i < MIXED; i++) {
		const struct seen *seen = &m->seen[i];
		CU_ASSERT_EQUAL(seen->serial, i + 1);
		CU_ASSERT_EQUAL(seen->index, mixed[i].index ? mixed[i].index : i + 1);
		CU_ASSERT_EQUAL(seen->term, mixed[i].term);
		CU_ASSERT_EQUAL(seen->group, mixed[i].group);
		CU_ASSERT_EQUAL(seen->kind, mixed[i].kind);
		CU_ASSERT_EQUAL(seen->ticket, live ? mixed[i].ticket : 0);
	}
}

static void groups_share_the_log_and_an_index_may_come_again(void)
{
	struct member m;
	begin(&m);
	CU_ASSERT_TRUE_FATAL(reopen(&m));
	uint64_t serial = 0;
	CU_ASSERT_EQUAL(journal_append(m.journal, mixed, 4, &serial), HA_OK);
	CU_ASSERT_EQUAL(serial, 1);
	CU_ASSERT_EQUAL(journal_append(m.journal, mixed + 4, MIXED - 4, &serial), HA_OK);
	CU_ASSERT_EQUAL(serial, 5);
	CU_ASSERT_TRUE(journal_write_next(m.journal));
	check_mixed(&m, true);
	CU_ASSERT_TRUE_FATAL(reopen(&m));
	check_mixed(&m, false);
	end(&m);
}

/* The serial number of an entry is the log's own to give. */
static void a_given_serial_number_is_not_looked_at(void)
{
	struct member m;
	begin(&m);
	CU_ASSERT_TRUE_FATAL(reopen(&m));
	const struct journal_entry entry = { .serial = 99, .term = 1 };
	uint64_t serial = 0;
	CU_ASSERT_EQUAL(journal_append(m.journal, &entry, 1, &serial), HA_OK);
	CU_ASSERT_EQUAL(serial, 1);
	CU_ASSERT_TRUE(journal_write_next(m.journal));
	CU_ASSERT_EQUAL(m.seen[0].serial, 1);
	CU_ASSERT_EQUAL(m.seen[0].index, 1);
	end(&m);
}

static void a_log_may_begin_anywhere(void)
{
	struct member m;
	begin(&m);
	CU_ASSERT_TRUE_FATAL(reopen(&m));
	fill_to_third(&m);
	const uint64_t last = last_serial(&m);
	const uint64_t second = m.journal->segments[1].first_serial;
	journal_trim(m.journal, second - 1);
	CU_ASSERT_TRUE_FATAL(reopen(&m)); /* the file is still there */
	CU_ASSERT_EQUAL(m.count, last);
	check_ascending(&m);

	fake_disk_remove(m.disk, FIRST_SEGMENT);
	CU_ASSERT_TRUE_FATAL(reopen(&m));
	CU_ASSERT_EQUAL(m.seen[0].serial, second);
	CU_ASSERT_EQUAL(m.count, last - second + 1);
	check_ascending(&m);
	CU_ASSERT_TRUE(store_one(&m, 10));
	CU_ASSERT_EQUAL(last_serial(&m), last + 1);
	end(&m);
}

/* No store says what has to be there, so the log itself must notice. */
static void damage_at_the_beginning_is_noticed(void)
{
	static const struct {
		uint32_t at, size; /* what is lost of the first file */
	} rows[] = {
		{ JOURNAL_BLOCK, 4 },                               /* the magic */
		{ JOURNAL_BLOCK + 8, 8 },                           /* the seed */
		{ JOURNAL_BLOCK + 20, 1 },                          /* the header */
		{ JOURNAL_BLOCK + 100, 1 },                         /* the body */
		{ JOURNAL_BLOCK, FIXTURE_SEGMENT - JOURNAL_BLOCK }, /* everything */
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct member m;
		begin(&m);
		CU_ASSERT_TRUE_FATAL(reopen(&m));
		fill_to_third(&m);
		uint8_t *file = fake_disk_file(m.disk, FIRST_SEGMENT, NULL);
		memset(file + rows[i].at, 0xee, rows[i].size);
		CU_ASSERT_FALSE(reopen(&m));
		CU_ASSERT_EQUAL(m.why, HA_E_DAMAGED);
		CU_ASSERT_PTR_NOT_NULL(strstr(m.report, FIRST_SEGMENT));
		end(&m);
	}
}

static void an_empty_small_tail_does_not_stay_before_a_larger_one(void)
{
	struct member m;
	begin(&m);
	CU_ASSERT_TRUE_FATAL(reopen(&m));
	m.options.segment_octets = 2 * FIXTURE_SEGMENT;
	CU_ASSERT_TRUE_FATAL(reopen(&m));
	CU_ASSERT_TRUE(store_one(&m, FIXTURE_SEGMENT - 1));
	CU_ASSERT_TRUE_FATAL(reopen(&m));
	CU_ASSERT_EQUAL(m.count, 1);
	end(&m);
}

/* ---- erase ---- */

static void an_erased_log_is_empty_and_its_serial_numbers_go_on(void)
{
	struct member m;
	begin(&m);
	CU_ASSERT_TRUE_FATAL(reopen(&m));
	fill_to_third(&m);
	const uint64_t last = last_serial(&m);
	CU_ASSERT_TRUE_FATAL(reopen(&m));
	CU_ASSERT_EQUAL_FATAL(journal_erase(m.journal, m.report, sizeof(m.report)), HA_OK);
	CU_ASSERT_EQUAL(last_serial(&m), last);
	CU_ASSERT_EQUAL(m.journal->segment_count, 2);
	journal_close(m.journal);
	m.journal = NULL;
	fake_disk_cut(m.disk, 1);
	CU_ASSERT_TRUE_FATAL(reopen(&m));
	CU_ASSERT_EQUAL(m.count, 0);
	CU_ASSERT_EQUAL(last_serial(&m), last);

	CU_ASSERT_EQUAL_FATAL(journal_erase(m.journal, m.report, sizeof(m.report)), HA_OK);
	CU_ASSERT_TRUE(store_one(&m, 10));
	CU_ASSERT_TRUE_FATAL(reopen(&m));
	CU_ASSERT_EQUAL(m.count, 1);
	CU_ASSERT_EQUAL(m.seen[0].serial, last + 1);
	end(&m);
}

/* Erased while the n-th operation fails, or the power goes there. What is left is
 * the end of the log, or nothing; serial numbers never come again. */
static bool erase_with_fault(uint64_t nth)
{
	struct member m;
	begin(&m);
	CU_ASSERT_TRUE_FATAL(reopen(&m));
	fill_to_third(&m);
	const uint64_t last = last_serial(&m);
	CU_ASSERT_TRUE_FATAL(reopen(&m));
	fake_disk_fail(m.disk, nth, EIO, true);
	const enum ha_error error = journal_erase(m.journal, m.report, sizeof(m.report));
	const bool hit = fake_disk_failed(m.disk);
	CU_ASSERT_EQUAL(error == HA_OK, !hit);
	if (hit) {
		CU_ASSERT_TRUE(error == HA_E_IO && strlen(m.report) > 20 && m.failures == 0);
		CU_ASSERT_FALSE(store_one(&m, 10));
	}
	journal_close(m.journal);
	m.journal = NULL;
	fake_disk_cut(m.disk, nth);

	CU_ASSERT_TRUE_FATAL(reopen(&m));
	CU_ASSERT_EQUAL(last_serial(&m), last);
	CU_ASSERT_TRUE(m.count == 0 || m.seen[m.count - 1].serial == last);
	CU_ASSERT_TRUE(hit || m.count == 0);
	check_ascending(&m);
	CU_ASSERT_TRUE(store_one(&m, 10));
	CU_ASSERT_TRUE_FATAL(reopen(&m));
	CU_ASSERT_EQUAL(m.seen[m.count - 1].serial, last + 1);
	end(&m);
	return hit;
}

static void an_interrupted_erasure_leaves_a_log(void)
{
	uint64_t nth = 1;
	while (erase_with_fault(nth))
		nth++;
	CU_ASSERT_TRUE(nth > 15);
}

static CU_TestInfo tests[] = {
	{ "groups share the log", groups_share_the_log_and_an_index_may_come_again },
	{ "a given serial number is not looked at", a_given_serial_number_is_not_looked_at },
	{ "a log may begin anywhere", a_log_may_begin_anywhere },
	{ "damage at the beginning is noticed", damage_at_the_beginning_is_noticed },
	{ "an empty small tail does not stay",
	  an_empty_small_tail_does_not_stay_before_a_larger_one },
	{ "an erased log is empty", an_erased_log_is_empty_and_its_serial_numbers_go_on },
	{ "an interrupted erasure", an_interrupted_erasure_leaves_a_log },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return suite_run("journal_whole", tests);
}
