/* test_pools.c - ranges of addresses and who may change them: the text of a
 * setting, words of bits and their edges, and random calls against a model of
 * one flag per address. */
#include "agentd/state/pools.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/dice.h"
#include "tests/unit/suite.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define BASE 0x0a000000u

static struct address_pools pools;

static struct in_addr at(uint32_t host)
{
	return (struct in_addr){ htonl(host) };
}

/* ---- the text ---- */

static void text_is_a_range_and_words(void)
{
	static const struct {
		const char *text;
		enum ha_error error;
		struct address_range range;
	} rows[] = {
		{ "10.0.0.1-10.0.0.9", HA_OK, { 0, BASE + 1, BASE + 9, true } },
		{ "10.0.0.1-10.0.0.1 sticky", HA_OK, { 0, BASE + 1, BASE + 1, true } },
		{ "10.0.0.1-10.0.0.9 released", HA_OK, { 0, BASE + 1, BASE + 9, false } },
		{ " 10.0.0.1-10.0.0.9  released  realm=7 ",
		  HA_OK,
		  { 7, BASE + 1, BASE + 9, false } },
		{ "10.0.0.1-10.0.0.9 realm=4294967295",
		  HA_OK,
		  { UINT32_MAX, BASE + 1, BASE + 9, true } },
		{ "10.0.0.0-10.255.255.255", HA_OK, { 0, BASE, BASE + 0xffffffu, true } },
		{ "10.0.0.0-11.0.0.0", HA_E_RANGE, { 0 } },
		{ "10.0.0.2-10.0.0.1", HA_E_RANGE, { 0 } },
		{ "0.0.0.1-0.0.0.9", HA_E_RANGE, { 0 } },
		{ "0.255.255.255-1.0.0.1", HA_E_RANGE, { 0 } },
		{ "126.255.255.0-127.0.0.0", HA_E_RANGE, { 0 } },
		{ "126.255.255.0-128.0.0.1", HA_E_RANGE, { 0 } },
		{ "126.255.255.0-126.255.255.255", HA_OK, { 0, 0x7effff00u, 0x7effffffu, true } },
		{ "223.255.255.0-224.0.0.1", HA_E_RANGE, { 0 } },
		{ "255.255.255.255-255.255.255.255", HA_E_RANGE, { 0 } },
		{ "", HA_E_SYNTAX, { 0 } },
		{ " ", HA_E_SYNTAX, { 0 } },
		{ "10.0.0.1", HA_E_SYNTAX, { 0 } },
		{ "10.0.0.1-", HA_E_SYNTAX, { 0 } },
		{ "-10.0.0.1", HA_E_SYNTAX, { 0 } },
		{ "10.0.0.1 - 10.0.0.9", HA_E_SYNTAX, { 0 } },
		{ "10.0.0.1-10.0.0.9-10.0.0.10", HA_E_SYNTAX, { 0 } },
		{ "10.0.0.1-10.0.0.256", HA_E_SYNTAX, { 0 } },
		{ "10.0.0.1-10.0.0.9 Sticky", HA_E_SYNTAX, { 0 } },
		{ "10.0.0.1-10.0.0.9 realm=", HA_E_SYNTAX, { 0 } },
		{ "10.0.0.1-10.0.0.9 realm=-1", HA_E_SYNTAX, { 0 } },
		{ "10.0.0.1-10.0.0.9 realm=1x", HA_E_SYNTAX, { 0 } },
		{ "10.0.0.1-10.0.0.9 realm=4294967296", HA_E_SYNTAX, { 0 } },
		{ "10.0.0.1-10.0.0.9 realm=99999999999999999999999", HA_E_SYNTAX, { 0 } },
		{ "sticky 10.0.0.1-10.0.0.9", HA_E_SYNTAX, { 0 } },
		{ "10.0.0.1-10.0.0.9 sticky sticky", HA_E_SYNTAX, { 0 } },
		{ "10.0.0.1-10.0.0.9 sticky released", HA_E_SYNTAX, { 0 } },
		{ "10.0.0.1-10.0.0.9 realm=1 realm=2", HA_E_SYNTAX, { 0 } },
		{ "111111111111111111.0.0.1-10.0.0.9", HA_E_SYNTAX, { 0 } },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct address_range range;
		enum ha_error error = address_range_parse(rows[i].text, &range);

		CU_ASSERT_EQUAL(error, rows[i].error);
		if (error != rows[i].error)
			printf("%s\n", rows[i].text);
		if (error != HA_OK)
			continue;
		CU_ASSERT_EQUAL(range.realm, rows[i].range.realm);
		CU_ASSERT_EQUAL(range.first, rows[i].range.first);
		CU_ASSERT_EQUAL(range.last, rows[i].range.last);
		CU_ASSERT_EQUAL(range.sticky, rows[i].range.sticky);
	}
}

static void a_text_without_end_is_refused(void)
{
	char text[400] = "10.0.0.1-10.0.0.9";
	struct address_range range;

	memset(text + strlen(text), ' ', sizeof(text) - strlen(text) - 1);
	text[sizeof(text) - 1] = '\0';
	CU_ASSERT_EQUAL(address_range_parse(text, &range), HA_E_SYNTAX);
	text[255] = '\0';
	CU_ASSERT_EQUAL(address_range_parse(text, &range), HA_OK);
}

static void names_are_short_and_plain(void)
{
	static const struct {
		const char *name;
		bool valid;
	} rows[] = {
		{ "a", true },
		{ "dial-in-2", true },
		{ "1234567890123456789012345678901", true },
		{ "12345678901234567890123456789012", false },
		{ "", false },
		{ "none", false },
		{ "nones", true },
		{ "A", false },
		{ "a b", false },
		{ "a.b", false },
		{ "a_b", false },
		{ "\xc3\xa4", false },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		CU_ASSERT_EQUAL(setting_label_is_valid(rows[i].name), rows[i].valid);
		CU_ASSERT_EQUAL(address_pool_put(&pools, rows[i].name, "10.0.0.1-10.0.0.9"),
		                rows[i].valid ? HA_OK : HA_E_RANGE);
		if (rows[i].valid)
			CU_ASSERT_EQUAL(address_pool_remove(&pools, rows[i].name), HA_OK);
	}
	address_pools_free(&pools);
}

/* ---- the table ---- */

static void pools_share_nothing(void)
{
	static const struct {
		const char *value;
		enum ha_error error;
	} rows[] = {
		{ "10.0.0.1-10.0.0.9", HA_E_TAKEN },
		{ "10.0.0.20-10.0.0.29", HA_E_TAKEN },
		{ "10.0.0.5-10.0.0.10", HA_E_TAKEN },
		{ "10.0.0.19-10.0.0.21", HA_E_TAKEN },
		{ "10.0.0.12-10.0.0.15", HA_OK },
		{ "10.0.0.1-10.0.0.30", HA_E_TAKEN },
		{ "10.0.0.1-10.0.0.30 realm=1", HA_OK },
		{ "10.0.0.10-10.0.0.19", HA_OK },
		{ "10.0.0.9-10.0.0.10 realm=2", HA_E_TAKEN },
	};

	CU_ASSERT_EQUAL(address_pool_put(&pools, "a", "10.0.0.1-10.0.0.9"), HA_OK);
	CU_ASSERT_EQUAL(address_pool_put(&pools, "b", "10.0.0.20-10.0.0.29"), HA_OK);
	CU_ASSERT_EQUAL(address_pool_put(&pools, "c", "10.0.0.1-10.0.0.9 realm=2"), HA_OK);
	for (size_t i = 0; i < ROWS(rows); i++)
		CU_ASSERT_EQUAL(address_pool_put(&pools, "d", rows[i].value), rows[i].error);
	CU_ASSERT_EQUAL(address_pool_find(&pools, "a"), 0);
	CU_ASSERT_EQUAL(address_pool_find(&pools, "d"), 3);
	CU_ASSERT_EQUAL(address_pool_find(&pools, "e"), POOLS_MAX);
	CU_ASSERT_EQUAL(address_pool_find(&pools, ""), POOLS_MAX);
	CU_ASSERT_EQUAL(address_pool_remove(&pools, "e"), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(address_pool_remove(&pools, "a"), HA_OK);
	CU_ASSERT_EQUAL(address_pool_put(&pools, "e", "10.0.0.1-10.0.0.9"), HA_OK);
	CU_ASSERT_EQUAL(address_pool_find(&pools, "e"), 0);
	address_pools_free(&pools);
}

static void there_are_so_many(void)
{
	char name[8], value[64];

	for (unsigned i = 0; i <= POOLS_MAX; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		snprintf(value, sizeof(value), "10.0.%u.1-10.0.%u.9", i, i);
		CU_ASSERT_EQUAL(address_pool_put(&pools, name, value),
		                i < POOLS_MAX ? HA_OK : HA_E_CAPACITY);
	}
	CU_ASSERT_EQUAL(address_pool_put(&pools, "p5", "10.0.5.1-10.0.5.99"), HA_OK);
	address_pools_free(&pools);
}

/* While nodes use it, whatever is taken: that is no part of configuration. */
static void a_pool_in_use_only_grows(void)
{
	static const struct {
		const char *value;
		enum ha_error error;
	} rows[] = {
		{ "10.0.0.11-10.0.0.20", HA_E_IN_USE },
		{ "10.0.0.10-10.0.0.19", HA_E_IN_USE },
		{ "10.0.0.30-10.0.0.40", HA_E_IN_USE },
		{ "10.0.0.10-10.0.0.20 realm=1", HA_E_IN_USE },
		{ "10.0.0.10-10.0.0.20 released", HA_OK },
		{ "10.0.0.9-10.0.0.20 sticky", HA_OK },
		{ "10.0.0.9-10.0.1.20", HA_OK },
		{ "10.0.0.10-10.0.1.20", HA_E_IN_USE },
	};
	struct address_pool *pool = &pools.pools[0];

	CU_ASSERT_EQUAL(address_pool_put(&pools, "a", "10.0.0.10-10.0.0.20"), HA_OK);
	pool->users = 1;
	for (size_t i = 0; i < ROWS(rows); i++)
		CU_ASSERT_EQUAL(address_pool_put(&pools, "a", rows[i].value), rows[i].error);
	CU_ASSERT_EQUAL(address_pool_remove(&pools, "a"), HA_E_IN_USE);
	pool->users = 0;
	address_pool_mark(pool, at(BASE + 9), true);
	CU_ASSERT_EQUAL(address_pool_put(&pools, "a", "10.0.0.10-10.0.0.20 realm=1"), HA_OK);
	CU_ASSERT_EQUAL(pool->taken, 0);
	CU_ASSERT_EQUAL(address_pool_remove(&pools, "a"), HA_OK);
	address_pools_free(&pools);
}

static void what_is_taken_stays_so_in_another_range(void)
{
	struct address_pool *pool = &pools.pools[0];

	CU_ASSERT_EQUAL(address_pool_put(&pools, "a", "10.0.0.64-10.0.1.70"), HA_OK);
	pool->users = 1;
	for (uint32_t i = 0; i < 263; i += 3)
		address_pool_mark(pool, at(BASE + 64 + i), true);
	CU_ASSERT_EQUAL(pool->taken, 88);
	CU_ASSERT_EQUAL(address_pool_put(&pools, "a", "10.0.0.1-10.0.9.9"), HA_OK);
	CU_ASSERT_EQUAL(pool->taken, 88);
	for (uint32_t host = BASE; host < BASE + 1024; host++)
		CU_ASSERT_EQUAL(address_pool_is_taken(pool, at(host)),
		                host >= BASE + 64 && host < BASE + 64 + 263 &&
		                        (host - BASE - 64) % 3 == 0);
	address_pools_free(&pools);
}

/* ---- addresses ---- */

static void marks_outside_are_ignored(void)
{
	struct address_pool *pool = &pools.pools[0];

	CU_ASSERT_EQUAL(address_pool_put(&pools, "a", "10.0.0.10-10.0.0.20 realm=3"), HA_OK);
	address_pool_mark(pool, at(BASE + 9), true);
	address_pool_mark(pool, at(BASE + 21), true);
	CU_ASSERT_EQUAL(pool->taken, 0);
	CU_ASSERT_FALSE(address_pool_is_taken(pool, at(BASE + 9)));
	address_pool_mark(pool, at(BASE + 10), true);
	address_pool_mark(pool, at(BASE + 10), true);
	CU_ASSERT_EQUAL(pool->taken, 1);
	address_pool_mark(pool, at(BASE + 10), false);
	address_pool_mark(pool, at(BASE + 10), false);
	CU_ASSERT_EQUAL(pool->taken, 0);
	CU_ASSERT_TRUE(address_pool_has(pool, 3, at(BASE + 20)));
	CU_ASSERT_FALSE(address_pool_has(pool, 0, at(BASE + 20)));
	CU_ASSERT_FALSE(address_pool_has(pool, 3, at(BASE + 21)));
	CU_ASSERT_FALSE(address_pool_has(&pools.pools[1], 0, at(0))); /* one that is none */
	address_pools_free(&pools);
}

/* Around the ends of words: every one once, in order, then none; one that was
 * given back comes again when its turn is. */
static void each_address_comes_once(void)
{
	static const uint32_t sizes[] = { 1, 2, 63, 64, 65, 127, 128, 129, 1000 };

	for (size_t n = 0; n < ROWS(sizes); n++) {
		struct address_pool *pool = &pools.pools[0];
		uint32_t size = sizes[n];
		struct in_addr out;
		char value[64];

		snprintf(value, sizeof(value), "10.0.0.1-10.0.%u.%u", size / 256, size % 256);
		CU_ASSERT_EQUAL_FATAL(address_pool_put(&pools, "a", value), HA_OK);
		for (uint32_t i = 0; i < size; i++) {
			CU_ASSERT_TRUE(address_pool_next(pool, &out));
			CU_ASSERT_EQUAL(out.s_addr, htonl(BASE + 1 + i));
			address_pool_mark(pool, out, true);
		}
		CU_ASSERT_FALSE(address_pool_next(pool, &out));
		for (uint32_t i = 0; i < size; i += 7) {
			address_pool_mark(pool, at(BASE + 1 + i), false);
			CU_ASSERT_TRUE(address_pool_next(pool, &out));
			CU_ASSERT_EQUAL(out.s_addr, htonl(BASE + 1 + i));
			address_pool_mark(pool, out, true);
		}
		CU_ASSERT_EQUAL(pool->taken, size);
		address_pools_free(&pools);
	}
}

static void they_go_round(void)
{
	struct address_pool *pool = &pools.pools[0];
	struct in_addr out;

	CU_ASSERT_EQUAL(address_pool_put(&pools, "a", "10.0.0.1-10.0.0.3"), HA_OK);
	for (uint32_t i = 0; i < 9; i++) {
		CU_ASSERT_TRUE(address_pool_next(pool, &out)); /* and is given back at once */
		CU_ASSERT_EQUAL(out.s_addr, htonl(BASE + 1 + i % 3));
	}
	address_pools_free(&pools);
}

/* ---- a model: one flag per address ---- */

#define MODEL 400u

static struct {
	bool taken[MODEL];
	uint32_t first, last, next;
} model;

static bool model_next(uint32_t *out)
{
	uint32_t size = model.last - model.first + 1;

	for (uint32_t i = 0; i < size; i++) {
		uint32_t place = (model.next + i) % size;

		if (model.taken[model.first + place])
			continue;
		model.next = (place + 1) % size;
		*out = model.first + place;
		return true;
	}
	return false;
}

static void grow(struct dice *dice)
{
	char value[64];

	model.first -= dice_below(dice, model.first > 20 ? 20 : model.first);
	model.last += dice_below(dice, MODEL - model.last > 20 ? 20 : MODEL - model.last);
	model.next = 0;
	snprintf(value, sizeof(value), "10.0.%u.%u-10.0.%u.%u", model.first / 256,
	         model.first % 256, model.last / 256, model.last % 256);
	CU_ASSERT_EQUAL(address_pool_put(&pools, "a", value), HA_OK);
}

static void step(struct dice *dice, struct address_pool *pool)
{
	uint32_t place = dice_below(dice, MODEL), expected = 0;
	struct in_addr out = { 0 };
	bool inside = place >= model.first && place <= model.last, there;

	switch (dice_below(dice, 4)) {
	case 0:
		address_pool_mark(pool, at(BASE + place), false);
		model.taken[place] = model.taken[place] && !inside;
		break;
	case 1:
		address_pool_mark(pool, at(BASE + place), true);
		model.taken[place] = model.taken[place] || inside;
		break;
	default:
		there = model_next(&expected);
		CU_ASSERT_EQUAL(address_pool_next(pool, &out), there);
		if (!there)
			break;
		CU_ASSERT_EQUAL(out.s_addr, htonl(BASE + expected));
		address_pool_mark(pool, out, true);
		model.taken[expected] = true;
	}
}

static void check_model(const struct address_pool *pool)
{
	uint32_t taken = 0;

	for (uint32_t i = 0; i < MODEL; i++) {
		CU_ASSERT_EQUAL(address_pool_is_taken(pool, at(BASE + i)), model.taken[i]);
		taken += model.taken[i];
	}
	CU_ASSERT_EQUAL(pool->taken, taken);
}

static void a_pool_is_like_its_model(void)
{
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct address_pool *pool = &pools.pools[0];
		struct dice dice = { seed };

		memset(&model, 0, sizeof(model));
		model.first = 1 + dice_below(&dice, MODEL - 2);
		model.last = model.first + dice_below(&dice, MODEL - model.first);
		grow(&dice);
		pool->users = 1;
		for (unsigned i = 0; i < 1500; i++) {
			if (dice_chance(&dice, 200))
				grow(&dice);
			step(&dice, pool);
			if (i % 100 == 0)
				check_model(pool);
		}
		address_pools_free(&pools);
	}
}

static CU_TestInfo tests[] = {
	{ "a text is a range and words", text_is_a_range_and_words },
	{ "a text without end is refused", a_text_without_end_is_refused },
	{ "names are short and plain", names_are_short_and_plain },
	{ "pools share nothing", pools_share_nothing },
	{ "there are so many", there_are_so_many },
	{ "a pool in use only grows", a_pool_in_use_only_grows },
	{ "what is taken stays so in another range", what_is_taken_stays_so_in_another_range },
	{ "marks outside are ignored", marks_outside_are_ignored },
	{ "each address comes once", each_address_comes_once },
	{ "they go round", they_go_round },
	{ "a pool is like its model", a_pool_is_like_its_model },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("pools", tests);
}
