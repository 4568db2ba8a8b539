/* test_violations.c - who violated security: rows in the order of addresses, who
 * gives way in a full table, and that nothing is lost between several threads. */
#include "agentd/base/violations.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>

#include "agentd/registration/registration.h"
#include "tests/unit/dice.h"
#include "tests/unit/suite.h"

#define SEED UINT64_C(0x9e3779b97f4a7c15)
#define HOUR_MS UINT64_C(3600000)

static struct violations *violations;
static const uint64_t start_ms = 1000000;

static void set_up(void)
{
	violations = calloc(1, sizeof(*violations));
	CU_ASSERT_PTR_NOT_NULL_FATAL(violations);
	violations_init(violations, SEED);
}

static void tear_down(void)
{
	free(violations);
}

static struct in_addr address(uint32_t host)
{
	return (struct in_addr){ htonl(host) };
}

static bool note(uint32_t host, uint64_t now_ms)
{
	const struct violation seen = {
		.address = address(host),
		.count = 77, /* of no importance */
		.spi = host + 1,
		.reason = VIOLATION_BAD_SPI,
		.identification = now_ms * 3,
		.last_ms = now_ms,
	};

	return violations_note(violations, &seen);
}

static uint32_t count_of(uint32_t host)
{
	struct violation row;

	return violations_find(violations, address(host), &row) ? row.count : 0;
}

/* Rows, and what they counted; they must come in order. */
static size_t walk(uint64_t *sum)
{
	struct violation row = { .address = { 0 } };
	struct in_addr after = { 0 };
	size_t rows = 0;

	*sum = 0;
	while (violations_next(violations, rows ? &after : NULL, &row)) {
		CU_ASSERT_TRUE(!rows || ntohl(row.address.s_addr) > ntohl(after.s_addr));
		after = row.address;
		*sum += row.count;
		rows++;
	}
	return rows;
}

static void a_row_says_what_was_wrong_last(void)
{
	struct violation row;

	set_up();
	CU_ASSERT_FALSE(violations_find(violations, address(5), &row));
	CU_ASSERT_FALSE(note(5, start_ms));
	CU_ASSERT_FALSE(note(5, start_ms + 9));
	CU_ASSERT_TRUE_FATAL(violations_find(violations, address(5), &row));
	CU_ASSERT_EQUAL(row.count, 2);
	CU_ASSERT_EQUAL(row.spi, 6);
	CU_ASSERT_EQUAL(row.reason, VIOLATION_BAD_SPI);
	CU_ASSERT_EQUAL(row.identification, (start_ms + 9) * 3);
	CU_ASSERT_EQUAL(row.last_ms, start_ms + 9);
	tear_down();
}

/* Also those of no address, and of the highest one. */
static void rows_come_in_the_order_of_addresses(void)
{
	static const uint32_t hosts[] = { 0xffffffff, 0x0a000002, 0, 0xc0000201, 0x0a000001, 256 };
	static const uint32_t sorted[] = { 0, 256, 0x0a000001, 0x0a000002, 0xc0000201, 0xffffffff };
	struct violation row;
	struct in_addr after;

	set_up();
	CU_ASSERT_FALSE(violations_next(violations, NULL, &row));
	for (size_t i = 0; i < 6; i++)
		note(hosts[i], start_ms);
	for (size_t i = 0; i < 6; i++) {
		CU_ASSERT_TRUE_FATAL(violations_next(violations, i ? &after : NULL, &row));
		CU_ASSERT_EQUAL(ntohl(row.address.s_addr), sorted[i]);
		after = row.address;
	}
	CU_ASSERT_FALSE(violations_next(violations, &after, &row));
	after = address(0x0a000003); /* of no row */
	CU_ASSERT_TRUE(violations_next(violations, &after, &row));
	CU_ASSERT_EQUAL(ntohl(row.address.s_addr), 0xc0000201);
	tear_down();
}

/* Two million made-up addresses, between which a few come again and again. */
static void made_up_addresses_drive_out_each_other(void)
{
	struct dice dice = { 1 };
	struct violations_gone gone;
	uint64_t sum, gave_way = 0;
	size_t rows;

	set_up();
	for (uint32_t i = 0; i < 2000000; i++) {
		gave_way += note((uint32_t)dice_next(&dice), start_ms + i / 1000);
		if (i % 20000 < 2)
			note(1 + i / 20000 % 10, start_ms + i / 1000);
	}
	for (uint32_t host = 1; host <= 10; host++)
		CU_ASSERT_EQUAL(count_of(host), 20);
	rows = walk(&sum);
	gone = violations_gone(violations);
	CU_ASSERT_EQUAL(rows, VIOLATIONS_MAX);
	CU_ASSERT_TRUE(gone.rows >= gave_way && gone.rows <= gave_way + 200);
	CU_ASSERT_EQUAL(sum + gone.violations, 2000200);
	tear_down();
}

/* Who violated much, but long ago, makes way for who does it now. */
static void old_violations_fade(void)
{
	struct dice dice = { 2 };
	uint64_t sum;

	set_up();
	for (uint32_t i = 0; i < 1000; i++)
		note(1, start_ms);
	for (uint32_t i = 0; i < 20000; i++)
		note((uint32_t)dice_next(&dice), start_ms + VIOLATIONS_FADE_MS / 2);
	CU_ASSERT_EQUAL(count_of(1), 1000);
	for (uint32_t i = 0; i < 20000; i++)
		note((uint32_t)dice_next(&dice), start_ms + 3 * HOUR_MS);
	CU_ASSERT_EQUAL(count_of(1), 0);
	CU_ASSERT_EQUAL(walk(&sum), VIOLATIONS_MAX);
	tear_down();
}

/* A count of 2^32 is one of 0, and still a row. */
static void a_count_wraps_and_the_row_stays(void)
{
	struct violation row;
	uint64_t sum;

	set_up();
	note(1, 0);
	for (size_t i = 0; i < VIOLATIONS_SETS; i++)
		for (size_t j = 0; j < VIOLATIONS_WAYS; j++)
			if (violations->sets[i].rows[j].count)
				violations->sets[i].rows[j].count = UINT32_MAX;
	note(1, 0);
	CU_ASSERT_TRUE(violations_find(violations, address(1), &row));
	CU_ASSERT_EQUAL(row.count, 0);
	CU_ASSERT_EQUAL(walk(&sum), 1);
	tear_down();
}

#define THREADS 4u
#define NOTES 50000u

static void *note_many(void *argument)
{
	struct dice dice = { (uint64_t)(uintptr_t)argument };

	for (unsigned i = 0; i < NOTES; i++)
		note(dice_chance(&dice, 4) ? 7 : dice_below(&dice, 3000), start_ms + i / 100);
	return NULL;
}

static void several_threads_lose_nothing(void)
{
	pthread_t threads[THREADS];
	uint64_t sum;

	set_up();
	for (size_t i = 0; i < THREADS; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, note_many, (void *)(i + 1)),
		                      0);
	for (unsigned i = 0; i < 20; i++)
		CU_ASSERT_TRUE(walk(&sum) <= 3000); /* while rows come and go */
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	walk(&sum);
	CU_ASSERT_EQUAL(sum + violations_gone(violations).violations, THREADS * NOTES);
	CU_ASSERT_TRUE(count_of(7) > THREADS * NOTES / 5);
	tear_down();
}

/* A list is what one gets row by row, whatever its length and wherever it begins. */
static void a_list_has_the_rows_in_order(void)
{
	static const size_t lengths[] = { 0, 1, 2, 7, 100, VIOLATIONS_MAX + 1 };
	static struct violation rows[VIOLATIONS_MAX + 1];
	struct dice dice = { 5 };

	set_up();
	CU_ASSERT_EQUAL(violations_list(violations, NULL, rows, 7), 0);
	for (unsigned i = 0; i < 600; i++)
		note(dice_below(&dice, 2000), start_ms + i);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct in_addr after = address(dice_below(&dice, 2000));
		const struct in_addr *from = i % 2 ? NULL : &after;
		size_t count = violations_list(violations, from, rows, lengths[i]), wrong = 0;
		struct violation row;

		for (size_t j = 0; j < count; j++) {
			wrong += !violations_next(violations, from, &row) ||
			         row.address.s_addr != rows[j].address.s_addr ||
			         row.last_ms != rows[j].last_ms;
			after = row.address;
			from = &after;
		}
		CU_ASSERT_EQUAL(wrong, 0);
		CU_ASSERT_TRUE(count == lengths[i] || !violations_next(violations, from, &row));
	}
	tear_down();
}

static CU_TestInfo tests[] = {
	{ "a row says what was wrong last", a_row_says_what_was_wrong_last },
	{ "rows come in the order of addresses", rows_come_in_the_order_of_addresses },
	{ "a list has the rows in order", a_list_has_the_rows_in_order },
	{ "made-up addresses drive out each other", made_up_addresses_drive_out_each_other },
	{ "old violations fade", old_violations_fade },
	{ "a count wraps and the row stays", a_count_wraps_and_the_row_stays },
	{ "several threads lose nothing", several_threads_lose_nothing },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("violations", tests);
}
