/* test_foreign_pending.c - the table of requests that wait: its rules one by one, and
 * against a plain list with the dice. Arguments: first and last seed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dice.h"
#include "tests/unit/pending_world.h"
#include "tests/unit/suite.h"

static unsigned first_seed = 1, last_seed = 40;

static void limits_are_checked(void)
{
	struct foreign_pendings *table;

	CU_ASSERT_EQUAL(foreign_pendings_create(LIMITS(0, 1), 0, &table), HA_E_RANGE);
	CU_ASSERT_EQUAL(foreign_pendings_create(LIMITS(1, 0), 0, &table), HA_E_RANGE);
	CU_ASSERT_EQUAL(foreign_pendings_create(LIMITS((1u << 20) + 1, 1), 0, &table), HA_E_RANGE);
	CU_ASSERT_PTR_NULL(table);
	foreign_pendings_free(NULL);
}

static void reply_finds_its_request(void)
{
	struct foreign_pendings *table = table_of(LIMITS(8, 8));
	const struct foreign_registration *found;
	struct in_addr home = address("10.0.0.1");
	struct span none = { NULL, 0 };

	CU_ASSERT_EQUAL(put(table, one(1, 0x100000007, 0)), FOREIGN_PENDING_ADDED);
	found = foreign_pendings_find(table, 0x900000007, home, none);
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	CU_ASSERT_EQUAL(found->identification, 0x100000007);
	CU_ASSERT_PTR_NULL(foreign_pendings_find(table, 0x100000008, home, none));
	CU_ASSERT_PTR_NULL(foreign_pendings_find(table, 7, address("10.0.0.2"), none));
	foreign_pendings_remove(table, found);
	CU_ASSERT_PTR_NULL(foreign_pendings_find(table, 7, home, none));
	CU_ASSERT_EQUAL(foreign_pendings_count(table), 0);
	foreign_pendings_free(table);
}

/* RFC 2794 section 3, RFC 5944 section 3.7.3.1. */
static void names_tell_nodes_apart(void)
{
	struct foreign_pendings *table = table_of(LIMITS(8, 8));
	const struct foreign_registration *found;
	struct in_addr given = address("10.0.0.9");

	put(table, called("a@x", 7));
	put(table, called("b@x", 7));
	CU_ASSERT_EQUAL(foreign_pendings_count(table), 2);
	CU_ASSERT_EQUAL(foreign_pendings_at(table, 0)->nai[0], 'a'); /* by age */
	CU_ASSERT_EQUAL(foreign_pendings_at(table, 1)->nai[0], 'b');
	CU_ASSERT_PTR_NULL(foreign_pendings_at(table, 2));
	found = foreign_pendings_find(table, 7, given, name_of("b@x"));
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	CU_ASSERT_EQUAL(found->nai[0], 'b');
	CU_ASSERT_PTR_NULL(foreign_pendings_find(table, 7, given, name_of("c@x")));
	CU_ASSERT_PTR_NULL(foreign_pendings_find(table, 7, given, name_of("b@")));
	found = foreign_pendings_find(table, 7, given, name_of(""));
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	CU_ASSERT_EQUAL(found->nai[0], 'a');
	foreign_pendings_free(table);
}

/* Who asks what another has asked does not get its reply, not even when the first one
 * asks again meanwhile. */
static void first_asker_is_answered(void)
{
	struct foreign_pendings *table = table_of(LIMITS(8, 8));
	struct span none = { NULL, 0 };

	put(table, one(1, 7, 0));
	put(table, one(2, 7, 1));
	CU_ASSERT_EQUAL(put(table, one(1, 7, 2)), FOREIGN_PENDING_AGAIN);
	CU_ASSERT_EQUAL(foreign_pendings_count(table), 2);
	CU_ASSERT_EQUAL(foreign_pendings_find(table, 7, address("10.0.0.1"), none)->link[5], 1);
	foreign_pendings_free(table);
}

/* A request that differs in anything from the one that waits does not take its place, though
 * it has its identification and comes from the same link address. */
static void nothing_that_waits_is_changed(void)
{
	struct span none = { NULL, 0 };
	struct foreign_registration others[6];

	for (size_t i = 0; i < ROWS(others); i++)
		others[i] = one(1, 7, 1);
	others[0].home_agent = address("192.0.2.4");
	others[1].care_of = address("198.51.100.9");
	others[2].flags ^= MIP_REQUEST_REVERSE;
	others[3].lifetime_s++;
	others[4].proof++;
	others[5].challenge_size = 1;
	for (size_t i = 0; i < ROWS(others); i++) {
		struct foreign_pendings *table = table_of(LIMITS(8, 8));

		put(table, one(1, 7, 0));
		CU_ASSERT_EQUAL(put(table, others[i]), FOREIGN_PENDING_ADDED);
		CU_ASSERT_EQUAL(put(table, others[i]), FOREIGN_PENDING_AGAIN);
		CU_ASSERT_EQUAL(
			foreign_pendings_find(table, 7, address("10.0.0.1"), none)->since_ms, 0);
		foreign_pendings_free(table);
	}
}

static void source_has_its_limit(void)
{
	struct foreign_pendings *table = table_of(LIMITS(8, 2));
	struct foreign_registration gone, late;

	CU_ASSERT_EQUAL(put(table, one(1, 1, 0)), FOREIGN_PENDING_ADDED);
	CU_ASSERT_EQUAL(put(table, one(1, 2, 10)), FOREIGN_PENDING_ADDED);
	late = one(1, 3, 6999);
	CU_ASSERT_TRUE(foreign_pendings_full(table, &late));
	CU_ASSERT_EQUAL(foreign_pendings_put(table, &late, &gone), FOREIGN_PENDING_FULL);
	CU_ASSERT_EQUAL(put(table, one(2, 3, 6999)), FOREIGN_PENDING_ADDED);
	late.since_ms = 7000;
	CU_ASSERT_FALSE(foreign_pendings_full(table, &late));
	CU_ASSERT_EQUAL(foreign_pendings_put(table, &late, &gone), FOREIGN_PENDING_REPLACED);
	CU_ASSERT_EQUAL(gone.identification, 1);
	CU_ASSERT_EQUAL(foreign_pendings_count(table), 3);
	late = one(1, 2, 7001); /* one of its own again */
	CU_ASSERT_FALSE(foreign_pendings_full(table, &late));
	foreign_pendings_free(table);
}

static void table_has_its_limit(void)
{
	struct foreign_pendings *table = table_of(LIMITS(2, 2));
	struct foreign_registration gone, late = one(3, 3, 6999);

	put(table, one(1, 1, 0));
	put(table, one(2, 2, 10));
	CU_ASSERT_TRUE(foreign_pendings_full(table, &late));
	CU_ASSERT_EQUAL(foreign_pendings_put(table, &late, &gone), FOREIGN_PENDING_FULL);
	late.since_ms = 7000;
	CU_ASSERT_EQUAL(foreign_pendings_put(table, &late, &gone), FOREIGN_PENDING_REPLACED);
	CU_ASSERT_EQUAL(gone.identification, 1);
	CU_ASSERT_EQUAL(foreign_pendings_count(table), 2);
	foreign_pendings_free(table);
}

static void interfaces_are_sources_of_their_own(void)
{
	struct foreign_pendings *table = table_of(LIMITS(4, 1));
	struct foreign_registration other = one(1, 2, 0);

	other.interface = 9;
	CU_ASSERT_EQUAL(put(table, one(1, 1, 0)), FOREIGN_PENDING_ADDED);
	CU_ASSERT_EQUAL(put(table, other), FOREIGN_PENDING_ADDED);
	foreign_pendings_free(table);
}

/* RFC 5944 section 3.7.1: denied with 78, oldest first. */
static void time_out_takes_the_oldest(void)
{
	struct foreign_pendings *table = table_of(LIMITS(4, 4));
	struct foreign_registration out;
	struct foreign_denial denial;

	put(table, one(1, 1, 0));
	put(table, one(1, 2, 5));
	put(table, one(1, 1, 10)); /* sent again: younger now */
	CU_ASSERT_FALSE(foreign_pendings_expire(table, 7004, &out));
	CU_ASSERT_TRUE(foreign_pendings_expire(table, 7005, &out));
	CU_ASSERT_EQUAL(out.identification, 2);
	CU_ASSERT_FALSE(foreign_pendings_expire(table, 7009, &out));
	CU_ASSERT_TRUE(foreign_pendings_expire(table, 7010, &out));
	CU_ASSERT_FALSE(foreign_pendings_expire(table, UINT64_MAX, &out));
	out.lifetime_s = 300;
	out.home_agent = address("192.0.2.1");
	denial = foreign_denial_of_pending(&out, FOREIGN_TIMEOUT, NULL);
	CU_ASSERT_EQUAL(denial.code, 78);
	CU_ASSERT_EQUAL(denial.identification, 1);
	CU_ASSERT_EQUAL(denial.lifetime_s, 300);
	CU_ASSERT_EQUAL(denial.home.s_addr, address("10.0.0.1").s_addr);
	CU_ASSERT_EQUAL(denial.home_agent.s_addr, address("192.0.2.1").s_addr);
	foreign_pendings_free(table);
}

/* RFC 4721 section 3.2: what repeats a request may have another identification, and that
 * alone. */
static void repetition_is_known(void)
{
	struct foreign_pendings *table = table_of(LIMITS(4, 4));
	struct foreign_registration asked = one(1, 7, 0), again, others[7];

	asked.nai_size = 1;
	asked.challenge_size = 4;
	memcpy(asked.challenge, "abcd", 4);
	again = asked;
	again.identification = 8;
	CU_ASSERT_FALSE(foreign_pendings_repeats(table, &again));
	put(table, asked);
	CU_ASSERT_TRUE(foreign_pendings_repeats(table, &again));
	for (size_t i = 0; i < ROWS(others); i++)
		others[i] = again;
	others[0].challenge[3] = 'e';
	others[1].flags = MIP_REQUEST_REVERSE;
	others[2].care_of = address("198.51.100.1");
	others[3].home_agent = address("192.0.2.2");
	others[4].lifetime_s = 9;
	others[5].nai[0] = 'a';
	others[6].link[5] = 2;
	for (size_t i = 0; i < ROWS(others); i++)
		CU_ASSERT_FALSE(foreign_pendings_repeats(table, &others[i]));
	put(table, one(1, 9, 0));
	again = one(1, 10, 0);
	CU_ASSERT_FALSE(foreign_pendings_repeats(table, &again));
	foreign_pendings_free(table);
}

/* ---- a plain list, the oldest first, that does the same ---- */

#define MODEL_MAX 12u

struct model {
	struct foreign_registration by_age[MODEL_MAX];
	uint64_t first_put[MODEL_MAX]; /* when it was first there, as a count of puts */
	size_t count;
	struct foreign_pending_limits limits;
	uint64_t puts;
};

static void model_drop(struct model *m, size_t at)
{
	m->count--;
	for (size_t i = at; i < m->count; i++) {
		m->by_age[i] = m->by_age[i + 1];
		m->first_put[i] = m->first_put[i + 1];
	}
}

static void model_append(struct model *m, const struct foreign_registration *r, uint64_t first_put)
{
	m->by_age[m->count] = *r;
	m->first_put[m->count++] = first_put;
}

static bool same_octets(const void *a, const void *b, size_t size)
{
	return memcmp(a, b, size) == 0;
}

static bool from_same(const struct foreign_registration *a, const struct foreign_registration *b)
{
	return a->interface == b->interface && same_octets(a->link, b->link, sizeof(a->link));
}

static bool is_same(const struct foreign_registration *a, const struct foreign_registration *b)
{
	return a->identification == b->identification && a->home.s_addr == b->home.s_addr &&
	       a->nai_size == b->nai_size && same_octets(a->nai, b->nai, a->nai_size) &&
	       from_same(a, b);
}

/* The one that has waited longest; of two for the same time the visitor's. */
static size_t model_oldest(const struct model *m, bool strangers)
{
	size_t best = m->count;

	for (size_t i = 0; i < m->count; i++) {
		const struct foreign_registration *is = &m->by_age[i];

		if (strangers && is->served)
			continue;
		if (best == m->count || is->since_ms < m->by_age[best].since_ms ||
		    (is->since_ms == m->by_age[best].since_ms && is->served &&
		     !m->by_age[best].served))
			best = i;
	}
	return best;
}

static size_t model_strangers(const struct model *m)
{
	size_t count = 0;

	for (size_t i = 0; i < m->count; i++)
		count += !m->by_age[i].served;
	return count;
}

static enum foreign_pending_put model_put(struct model *m, const struct foreign_registration *r,
                                          struct foreign_registration *gone)
{
	bool crowd = !r->served && model_strangers(m) >= m->limits.total - m->limits.reserved;
	size_t of_source = 0, oldest = 0;

	m->puts++;
	for (size_t i = 0; i < m->count; i++) {
		uint64_t first_put = m->first_put[i];

		if (!is_same(&m->by_age[i], r))
			continue;
		model_drop(m, i);
		model_append(m, r, first_put);
		return FOREIGN_PENDING_AGAIN;
	}
	for (size_t i = m->count; i > 0; i--) {
		if (from_same(&m->by_age[i - 1], r) && m->by_age[i - 1].served == r->served) {
			of_source++;
			oldest = i - 1;
		}
	}
	if (of_source < m->limits.per_source) {
		if (m->count < m->limits.total && !crowd) {
			model_append(m, r, m->puts);
			return FOREIGN_PENDING_ADDED;
		}
		oldest = model_oldest(m, crowd);
	}
	if (r->since_ms - m->by_age[oldest].since_ms < m->limits.timeout_ms)
		return FOREIGN_PENDING_FULL;
	*gone = m->by_age[oldest];
	model_drop(m, oldest);
	model_append(m, r, m->puts);
	return FOREIGN_PENDING_REPLACED;
}

/* Of several that a reply fits, the one that was first there. */
static size_t model_find(const struct model *m, const struct foreign_registration *r)
{
	size_t best = m->count;

	for (size_t i = 0; i < m->count; i++) {
		const struct foreign_registration *is = &m->by_age[i];
		bool named = is->nai_size && r->nai_size;

		if ((uint32_t)is->identification != (uint32_t)r->identification)
			continue;
		if (is->home.s_addr && is->home.s_addr != r->home.s_addr)
			continue;
		if (named &&
		    (is->nai_size != r->nai_size || !same_octets(is->nai, r->nai, r->nai_size)))
			continue;
		if (best == m->count || m->first_put[i] < m->first_put[best])
			best = i;
	}
	return best;
}

static struct foreign_registration thrown(struct dice *dice, uint64_t now_ms)
{
	struct foreign_registration out = one((uint8_t)dice_below(dice, 3), dice_below(dice, 4),
	                                      now_ms);

	out.identification |= (uint64_t)dice_below(dice, 2) << 32;
	out.interface = dice_below(dice, 2);
	out.served = dice_chance(dice, 3);
	if (dice_chance(dice, 3)) {
		out.nai_size = (uint8_t)(1 + dice_below(dice, 2));
		memset(out.nai, 'a' + (int)dice_below(dice, 2), out.nai_size);
	}
	if (out.nai_size && dice_chance(dice, 2))
		out.home.s_addr = INADDR_ANY;
	else if (dice_chance(dice, 2))
		out.home.s_addr = htonl(0x0a000002);
	return out;
}

static bool equal(const struct foreign_registration *a, const struct foreign_registration *b)
{
	return is_same(a, b) && a->since_ms == b->since_ms;
}

static void try_put(struct foreign_pendings *table, struct model *m,
                    const struct foreign_registration *r)
{
	struct foreign_registration gone, model_gone;
	bool full = foreign_pendings_full(table, r);
	enum foreign_pending_put done = foreign_pendings_put(table, r, &gone);

	CU_ASSERT_EQUAL(done, model_put(m, r, &model_gone));
	CU_ASSERT_EQUAL(full, done == FOREIGN_PENDING_FULL);
	if (done == FOREIGN_PENDING_REPLACED)
		CU_ASSERT_TRUE(equal(&gone, &model_gone));
}

static void try_find(struct foreign_pendings *table, struct model *m,
                     const struct foreign_registration *r, bool take)
{
	const struct foreign_registration *found = foreign_pendings_find(
		table, r->identification, r->home, (struct span){ r->nai, r->nai_size });
	size_t at = model_find(m, r);

	CU_ASSERT_EQUAL(found != NULL, at < m->count);
	if (!found || at == m->count)
		return;
	CU_ASSERT_TRUE(equal(found, &m->by_age[at]));
	if (!take)
		return;
	foreign_pendings_remove(table, found);
	model_drop(m, at);
}

static void try_expire(struct foreign_pendings *table, struct model *m, uint64_t now_ms)
{
	struct foreign_registration out;

	while (foreign_pendings_expire(table, now_ms, &out)) {
		CU_ASSERT_TRUE_FATAL(m->count > 0);
		CU_ASSERT_TRUE(equal(&out, &m->by_age[model_oldest(m, false)]));
		model_drop(m, model_oldest(m, false));
	}
	if (m->count)
		CU_ASSERT_TRUE(now_ms - m->by_age[model_oldest(m, false)].since_ms <
		               m->limits.timeout_ms);
}

static void play(unsigned seed)
{
	struct dice dice = { .state = seed };
	struct model m = { .limits = { .total = 1 + dice_below(&dice, MODEL_MAX),
		                       .per_source = 1 + dice_below(&dice, 5),
		                       .timeout_ms = 20 } };
	struct foreign_pendings *table;
	uint64_t now_ms = 1000;

	m.limits.reserved = dice_below(&dice, m.limits.total);
	table = table_of(&m.limits);
	for (unsigned step = 0; step < 2000; step++) {
		struct foreign_registration r;

		now_ms += dice_below(&dice, 3);
		r = thrown(&dice, now_ms);
		switch (dice_below(&dice, 8)) {
		case 0:
			try_expire(table, &m, now_ms);
			break;
		case 1:
		case 2:
			try_find(table, &m, &r, true);
			break;
		case 3:
			try_find(table, &m, &r, false);
			break;
		default:
			try_put(table, &m, &r);
		}
		CU_ASSERT_EQUAL(foreign_pendings_count(table), m.count);
	}
	foreign_pendings_free(table);
}

static void dice_and_a_plain_list_agree(void)
{
	for (unsigned seed = first_seed; seed <= last_seed; seed++) {
		unsigned before = CU_get_number_of_failures();

		play(seed);
		if (CU_get_number_of_failures() != before)
			printf("seed %u\n", seed);
	}
}

static CU_TestInfo tests[] = {
	{ "limits are checked", limits_are_checked },
	{ "RFC 5944 3.7.3.1: a reply finds its request", reply_finds_its_request },
	{ "RFC 2794 3: names tell nodes apart", names_tell_nodes_apart },
	{ "the first asker is answered", first_asker_is_answered },
	{ "nothing that waits is changed", nothing_that_waits_is_changed },
	{ "RFC 5944 3.7.1: a source has its limit", source_has_its_limit },
	{ "RFC 5944 3.7.1: the table has its limit", table_has_its_limit },
	{ "interfaces are sources of their own", interfaces_are_sources_of_their_own },
	{ "RFC 4721 3.2: a repetition is known", repetition_is_known },
	{ "RFC 5944 3.7.1: the time-out takes the oldest", time_out_takes_the_oldest },
	{ "the dice and a plain list agree", dice_and_a_plain_list_agree },
	CU_TEST_INFO_NULL,
};

int main(int count, char **arguments)
{
	if (count == 3) {
		first_seed = (unsigned)strtoul(arguments[1], NULL, 10);
		last_seed = (unsigned)strtoul(arguments[2], NULL, 10);
	}
	return suite_run("foreign_pending", tests);
}
