/* test_expiry.c - the wheel against a list: after every step each entry that
 * has ended is named in time, none is named before its end, none is lost. */
#include "agentd/state/expiry.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/dice.h"
#include "tests/unit/suite.h"

#define SLOTS 64u
#define STEPS 100000u
#define SEEDS 6u
#define START_MS UINT64_C(1700000000123)

static struct entry {
	bool present;
	uint64_t expires_ms;
	uint64_t due_ms; /* named by the first look at or after this time */
	struct expiry_link link;
} entries[SLOTS];

static uint64_t now_ms;
static unsigned room; /* before the visitor says stop */
static bool stopped;

static struct expiry_link *link_of(void *owner, uint32_t slot)
{
	(void)owner;
	return &entries[slot].link;
}

/* The bucket after the second in which it ends. */
static uint64_t due_of(uint64_t expires_ms)
{
	return expires_ms == UINT64_MAX ? UINT64_MAX : (expires_ms / 1000 + 1) * 1000;
}

static uint64_t visit(void *context, uint32_t slot)
{
	struct entry *entry = &entries[slot];

	(void)context;
	CU_ASSERT_TRUE(entry->present);
	if (entry->expires_ms > now_ms)
		return entry->expires_ms;
	stopped = room == 0;
	if (stopped)
		return EXPIRY_STOP;
	room--;
	entry->due_ms = due_of(now_ms + EXPIRY_RETRY_S * 1000u);
	return EXPIRY_ENDED;
}

static void look(struct expiry *expiry, unsigned max)
{
	room = max;
	stopped = false;
	expiry_advance(expiry, now_ms, visit, NULL);
	for (size_t i = 0; i < SLOTS && !stopped; i++)
		if (entries[i].present)
			CU_ASSERT_TRUE(entries[i].due_ms > now_ms);
}

static uint64_t some_end(struct dice *dice)
{
	static const uint32_t range_ms[] = { 1, 3000, 60000, 65535000 };

	switch (dice_below(dice, 12)) {
	case 0:
		return UINT64_MAX;
	case 1: /* long over */
		return now_ms - dice_below(dice, 200000000);
	case 2: /* beyond a turn of the wheel */
		return now_ms + EXPIRY_BUCKETS * UINT64_C(1000) + dice_below(dice, 2000000000);
	case 3:
		return 0;
	default:
		return now_ms + dice_below(dice, range_ms[dice_below(dice, 4)]);
	}
}

/* An end that is over already is due at the next look. */
static void set_end(struct entry *entry, uint64_t expires_ms)
{
	uint64_t due_ms = due_of(expires_ms);
	uint64_t next_ms = now_ms / 1000 * 1000 + 1000;

	entry->expires_ms = expires_ms;
	entry->due_ms = due_ms > next_ms ? due_ms : next_ms;
}

static void change_one(struct expiry *expiry, struct dice *dice)
{
	uint32_t slot = dice_below(dice, SLOTS);
	struct entry *entry = &entries[slot];

	if (entry->present && dice_chance(dice, 3)) {
		expiry_remove(expiry, slot);
		entry->present = false;
		return;
	}
	set_end(entry, some_end(dice));
	if (entry->present)
		expiry_update(expiry, slot, entry->expires_ms);
	else
		expiry_insert(expiry, slot, entry->expires_ms);
	entry->present = true;
}

static void pass_time(struct dice *dice)
{
	static const uint32_t steps_ms[] = { 0, 100, 1000, 10000, 1000000, 300000000 };
	uint32_t which = dice_below(dice, 60);

	now_ms += dice_below(dice, steps_ms[which < 5 ? which : which < 59 ? 1 : 5] + 1);
}

static void run_seed(uint64_t seed)
{
	struct dice dice = { seed };
	struct expiry expiry;

	memset(entries, 0, sizeof(entries));
	now_ms = START_MS;
	CU_ASSERT_TRUE_FATAL(expiry_new(&expiry, link_of, NULL));
	expiry_advance(&expiry, now_ms, visit, NULL); /* not started: nothing to see */
	expiry_start(&expiry, now_ms);
	for (unsigned step = 0; step < STEPS; step++) {
		change_one(&expiry, &dice);
		if (dice_chance(&dice, 3))
			pass_time(&dice);
		if (dice_chance(&dice, 3))
			look(&expiry, dice_chance(&dice, 4) ? dice_below(&dice, 3) : SLOTS);
	}
	look(&expiry, SLOTS);
	expiry_free(&expiry);
}

static void nothing_is_lost_early_or_late(void)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		run_seed(seed);
}

static void put(struct expiry *expiry, uint32_t slot, uint64_t expires_ms)
{
	set_end(&entries[slot], expires_ms);
	entries[slot].present = true;
	expiry_insert(expiry, slot, expires_ms);
}

static void stop_goes_on_where_it_stopped(void)
{
	struct expiry expiry;
	unsigned named = 0;

	memset(entries, 0, sizeof(entries));
	now_ms = START_MS;
	CU_ASSERT_TRUE_FATAL(expiry_new(&expiry, link_of, NULL));
	expiry_start(&expiry, now_ms);
	for (uint32_t slot = 0; slot < 30; slot++)
		put(&expiry, slot, START_MS + slot % 3 * 1000);
	now_ms += 10000;
	do {
		look(&expiry, 4);
		named += 4 - room;
	} while (stopped);
	CU_ASSERT_EQUAL(named, 30);
	look(&expiry, 100);
	CU_ASSERT_EQUAL(room, 100); /* named only once */
	now_ms += (EXPIRY_RETRY_S + 1) * 1000;
	look(&expiry, 100);
	CU_ASSERT_EQUAL(room, 70); /* nobody expired them: again */
	expiry_free(&expiry);
}

/* Time zero is a time like any other, and not a reason to stop. */
static void end_at_zero_is_named(void)
{
	struct expiry expiry;

	memset(entries, 0, sizeof(entries));
	now_ms = 5000;
	CU_ASSERT_TRUE_FATAL(expiry_new(&expiry, link_of, NULL));
	expiry_start(&expiry, 0);
	put(&expiry, 0, 0);
	look(&expiry, 10);
	CU_ASSERT_EQUAL(room, 9);
	expiry_free(&expiry);
}

static CU_TestInfo tests[] = {
	{ "nothing is lost, early or late", nothing_is_lost_early_or_late },
	{ "a stop goes on where it stopped", stop_goes_on_where_it_stopped },
	{ "an end at zero is named", end_at_zero_is_named },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("expiry", tests);
}
