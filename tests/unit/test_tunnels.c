/* test_tunnels.c - the table of bound home addresses: against a model that is too
 * simple to be wrong, at its capacity, and looked at while it changes. */
#include "agentd/dataplane/tunnels.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

#include "proto/message.h"
#include "tests/unit/dice.h"
#include "tests/unit/suite.h"

#define HOMES 40u

static struct tunnels *tunnels;
static const struct address_prefix everywhere = { { 0 }, 0 };

static struct in_addr address(uint32_t host)
{
	return (struct in_addr){ htonl(host) };
}

static struct in_addr home_of(uint32_t number)
{
	return address(0x0a000000u + number);
}

static struct tunnels_binding binding(uint32_t care_of, uint8_t flags)
{
	return (struct tunnels_binding){
		.care_of = address(0xc0000200u + care_of),
		.endpoint = address(0xc0000200u + care_of),
		.slot = TUNNELS_NO_SLOT,
		.flags = flags,
	};
}

static struct tunnels_home bound(uint32_t number, uint8_t count)
{
	struct tunnels_home home = { .home = home_of(number), .group = 1, .count = count };

	for (uint8_t i = 0; i < count; i++)
		home.bindings[i] = binding(i + 1u, 0);
	return home;
}

static void begin(uint32_t homes, uint32_t bindings)
{
	tunnels = tunnels_new((struct tunnels_size){ homes, bindings }, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(tunnels);
}

static struct tunnels_home found(uint32_t number)
{
	struct tunnels_home home;

	memset(&home, 0xaa, sizeof(home));
	CU_ASSERT_EQUAL(tunnels_find(tunnels, 0, home_of(number), &home), home.count > 0);
	return home;
}

static void put(const struct tunnels_home *home)
{
	CU_ASSERT_EQUAL(tunnels_put(tunnels, home), HA_OK);
}

static void what_was_put_is_found(void)
{
	struct tunnels_home home = bound(7, 2), seen;

	begin(10, 10);
	home.bindings[1].endpoint = address(0xcb007101);
	home.bindings[1].endpoint_port = 4434;
	home.bindings[1].features = BINDING_UDP;
	home.bindings[1].encapsulation = ENCAPSULATION_GRE;
	home.bindings[1].flags = MIP_REQUEST_REVERSE;
	CU_ASSERT_EQUAL(found(7).count, 0);
	put(&home);
	seen = found(7);
	CU_ASSERT_EQUAL_FATAL(seen.count, 2);
	CU_ASSERT_EQUAL(seen.group, 1);
	CU_ASSERT_EQUAL(seen.bindings[0].care_of.s_addr, home.bindings[0].care_of.s_addr);
	CU_ASSERT_EQUAL(seen.bindings[1].endpoint.s_addr, home.bindings[1].endpoint.s_addr);
	CU_ASSERT_EQUAL(seen.bindings[1].endpoint_port, 4434);
	CU_ASSERT_EQUAL(seen.bindings[1].features, BINDING_UDP);
	CU_ASSERT_EQUAL(seen.bindings[1].encapsulation, ENCAPSULATION_GRE);
	CU_ASSERT_EQUAL(seen.bindings[1].flags, MIP_REQUEST_REVERSE);
	CU_ASSERT_FALSE(tunnels_find(tunnels, 1, home_of(7), &seen));
	home.count = 0;
	put(&home);
	CU_ASSERT_EQUAL(found(7).count, 0);
	CU_ASSERT_EQUAL(tunnels_totals(tunnels).homes, 0);
	CU_ASSERT_EQUAL(tunnels_totals(tunnels).bindings, 0);
	tunnels_free(tunnels);
}

static void binding_is_made_from_what_was_granted(void)
{
	struct binding granted = { .care_of = address(1),
		                   .endpoint = address(2),
		                   .endpoint_port = 3,
		                   .flags = MIP_REQUEST_BROADCAST,
		                   .encapsulation = ENCAPSULATION_MINIMAL,
		                   .features = BINDING_UDP };
	struct tunnels_binding made = tunnels_binding_of(&granted);

	CU_ASSERT_EQUAL(made.care_of.s_addr, address(1).s_addr);
	CU_ASSERT_EQUAL(made.endpoint.s_addr, address(2).s_addr);
	CU_ASSERT_EQUAL(made.endpoint_port, 3);
	CU_ASSERT_EQUAL(made.flags, MIP_REQUEST_BROADCAST);
	CU_ASSERT_EQUAL(made.encapsulation, ENCAPSULATION_MINIMAL);
	CU_ASSERT_EQUAL(made.features, BINDING_UDP);
	CU_ASSERT_EQUAL(made.slot, TUNNELS_NO_SLOT);
}

static void counters_stay_with_a_binding(void)
{
	struct tunnels_home home = bound(1, 2);
	uint32_t first, second;

	begin(4, 8);
	put(&home);
	first = found(1).bindings[0].slot;
	second = found(1).bindings[1].slot;
	CU_ASSERT_NOT_EQUAL(first, second);
	tunnels_add(&tunnels_counters_of(tunnels, second)->out_packets, 5);

	home.bindings[0] = home.bindings[1]; /* the first goes, the second is renewed */
	home.bindings[0].flags = MIP_REQUEST_BROADCAST;
	home.bindings[0].endpoint_port = 4434;
	home.count = 1;
	put(&home);
	CU_ASSERT_EQUAL(found(1).bindings[0].slot, second);
	CU_ASSERT_EQUAL(tunnels_read(&tunnels_counters_of(tunnels, second)->out_packets), 5);

	home.bindings[0].care_of = address(0xcb007109); /* another one begins at nothing */
	put(&home);
	second = found(1).bindings[0].slot;
	CU_ASSERT_EQUAL(tunnels_read(&tunnels_counters_of(tunnels, second)->out_packets), 0);
	CU_ASSERT_PTR_NULL(tunnels_counters_of(tunnels, 8));
	CU_ASSERT_PTR_NULL(tunnels_counters_of(tunnels, TUNNELS_NO_SLOT));
	tunnels_free(tunnels);
}

/* Two tunnels through one NAT differ by their ports alone. */
static void ports_tell_tunnels_apart(void)
{
	struct tunnels_home home = bound(1, 2), now;

	begin(4, 8);
	home.bindings[1] = home.bindings[0];
	home.bindings[0].endpoint_port = 1000;
	home.bindings[1].endpoint_port = 2000;
	put(&home);
	now = found(1);
	home.bindings[0].endpoint_port = 2000;
	home.bindings[1].endpoint_port = 1000;
	put(&home);
	CU_ASSERT_EQUAL(found(1).bindings[0].slot, now.bindings[1].slot);
	CU_ASSERT_EQUAL(found(1).bindings[1].slot, now.bindings[0].slot);
	tunnels_free(tunnels);
}

static void counters_can_live_elsewhere(void)
{
	static struct tunnels_counters rows[3];
	struct tunnels_home home = bound(1, 3);

	tunnels = tunnels_new((struct tunnels_size){ 1, 3 }, rows);
	CU_ASSERT_PTR_NOT_NULL_FATAL(tunnels);
	put(&home);
	for (uint32_t i = 0; i < 3; i++)
		CU_ASSERT_PTR_EQUAL(tunnels_counters_of(tunnels, i), &rows[i]);
	tunnels_free(tunnels);
	CU_ASSERT_PTR_NULL(tunnels_new((struct tunnels_size){ 0, 3 }, rows));
	CU_ASSERT_PTR_NULL(tunnels_new((struct tunnels_size){ 3, 0 }, rows));
}

static void full_table_refuses_and_keeps(void)
{
	struct tunnels_home two = bound(1, 2), three = bound(1, 3), other = bound(2, 1);

	begin(1, 2);
	put(&two);
	CU_ASSERT_EQUAL(tunnels_put(tunnels, &three), HA_E_CAPACITY);
	CU_ASSERT_EQUAL(tunnels_put(tunnels, &other), HA_E_CAPACITY);
	CU_ASSERT_EQUAL(found(1).count, 2);
	CU_ASSERT_EQUAL(found(2).count, 0);
	two.bindings[0].care_of = address(0xcb007101);
	two.bindings[1].care_of = address(0xcb007102);
	put(&two); /* to replace needs no room */
	CU_ASSERT_EQUAL(found(1).bindings[1].care_of.s_addr, address(0xcb007102).s_addr);
	three.count = BINDING_LIMIT_MAX + 1;
	CU_ASSERT_EQUAL(tunnels_put(tunnels, &three), HA_E_RANGE);
	two.count = 0;
	put(&two);
	put(&other);
	CU_ASSERT_EQUAL(found(2).count, 1);
	tunnels_free(tunnels);
}

struct news {
	unsigned told;
	struct tunnels_home before, after;
};

static void note_news(void *context, const struct tunnels_home *before,
                      const struct tunnels_home *after)
{
	struct news *news = context;

	*news = (struct news){ news->told + 1, *before, *after };
}

static void observers_hear_of_changes_alone(void)
{
	struct tunnels_home home = bound(3, 1);
	struct news news = { 0 };

	begin(4, 4);
	for (unsigned i = 0; i < TUNNELS_OBSERVERS_MAX; i++)
		CU_ASSERT_EQUAL(tunnels_observe(tunnels, note_news, &news), HA_OK);
	CU_ASSERT_EQUAL(tunnels_observe(tunnels, note_news, &news), HA_E_CAPACITY);
	put(&home);
	CU_ASSERT_EQUAL(news.told, TUNNELS_OBSERVERS_MAX);
	CU_ASSERT_EQUAL(news.before.count, 0);
	CU_ASSERT_EQUAL(news.after.bindings[0].slot, found(3).bindings[0].slot);
	put(&home);
	CU_ASSERT_EQUAL(news.told, TUNNELS_OBSERVERS_MAX);
	home.count = 0;
	put(&home);
	CU_ASSERT_EQUAL(news.told, 2 * TUNNELS_OBSERVERS_MAX);
	CU_ASSERT_EQUAL(news.before.count, 1);
	CU_ASSERT_EQUAL(news.after.count, 0);
	CU_ASSERT_EQUAL(news.after.home.s_addr, home_of(3).s_addr);
	put(&home);
	CU_ASSERT_EQUAL(news.told, 2 * TUNNELS_OBSERVERS_MAX);
	tunnels_free(tunnels);
}

static struct tunnels_home model[HOMES];

static bool wants(const struct tunnels_home *home)
{
	for (uint8_t i = 0; i < home->count; i++)
		if (home->bindings[i].flags & MIP_REQUEST_BROADCAST)
			return true;
	return false;
}

static void check_model(void)
{
	struct tunnels_totals totals = tunnels_totals(tunnels), expected = { 0 };
	struct tunnels_place place = { 0 };
	struct tunnels_home home;
	uint32_t walked = 0, wanting = 0, at = 0;

	for (uint32_t i = 0; i < HOMES; i++) {
		struct tunnels_home seen = found(i);

		CU_ASSERT_EQUAL_FATAL(seen.count, model[i].count);
		for (uint8_t j = 0; j < seen.count; j++)
			CU_ASSERT_EQUAL(seen.bindings[j].care_of.s_addr,
			                model[i].bindings[j].care_of.s_addr);
		expected.homes += model[i].count > 0;
		expected.bindings += model[i].count;
		expected.wanting += wants(&model[i]);
	}
	while (tunnels_walk(tunnels, &place, &home))
		walked += model[ntohl(home.home.s_addr) & 0xff].count == home.count;
	while (tunnels_walk_wanting(tunnels, 0, &everywhere, &at, &home))
		wanting += wants(&home);
	CU_ASSERT_EQUAL(walked, expected.homes);
	CU_ASSERT_EQUAL(wanting, expected.wanting);
	CU_ASSERT_EQUAL(totals.homes, expected.homes);
	CU_ASSERT_EQUAL(totals.bindings, expected.bindings);
	CU_ASSERT_EQUAL(totals.wanting, expected.wanting);
}

static struct tunnels_home any(struct dice *dice, uint32_t number)
{
	struct tunnels_home home = bound(number, (uint8_t)dice_below(dice, 4));

	for (uint8_t i = 0; i < home.count; i++)
		home.bindings[i] = binding(8u * dice_below(dice, 5) + i,
		                           dice_chance(dice, 4) ? MIP_REQUEST_BROADCAST : 0);
	return home;
}

static void random_changes_agree_with_the_model(void)
{
	struct dice dice = { 11 };

	memset(model, 0, sizeof(model));
	begin(HOMES, 3 * HOMES);
	for (unsigned i = 0; i < 3000; i++) {
		uint32_t number = dice_below(&dice, HOMES);

		model[number] = any(&dice, number);
		put(&model[number]);
		if (i % 16 == 0)
			check_model();
	}
	tunnels_free(tunnels);
}

static bool next_of_model(void *context, struct tunnels_home *out)
{
	uint32_t *at = context;

	while (*at < HOMES && model[*at].count == 0)
		++*at;
	if (*at >= HOMES)
		return false;
	*out = model[(*at)++];
	return true;
}

static void reconciliation_heals_whatever_differs(void)
{
	struct dice dice = { 12 };

	begin(HOMES, 3 * HOMES);
	for (unsigned round = 0; round < 300; round++) {
		uint32_t at = 0, number = dice_below(&dice, HOMES);
		struct tunnels_reconcile r = { .next = next_of_model, .context = &at };

		for (uint32_t i = 0; i < HOMES; i++)
			if (round == 0 || dice_chance(&dice, 3))
				model[i] = any(&dice, i);
		while (tunnels_reconcile_step(tunnels, &r, 1 + dice_below(&dice, 9)))
			if (dice_chance(&dice, 4)) { /* life goes on */
				model[number] = any(&dice, number);
				put(&model[number]);
			}
		CU_ASSERT_FALSE(r.capped);
		check_model();
		at = 0;
		r = (struct tunnels_reconcile){ .next = next_of_model, .context = &at };
		CU_ASSERT_FALSE(tunnels_reconcile_step(tunnels, &r, 4 * HOMES));
		CU_ASSERT_EQUAL(r.added + r.changed + r.removed, 0);
		CU_ASSERT_EQUAL(r.seen, tunnels_totals(tunnels).homes);
	}
	tunnels_free(tunnels);
}

/* What came in place of something that is not swept yet finds room the second time. */
static void reconciliation_says_when_it_must_be_done_again(void)
{
	struct tunnels_home old = bound(30, 1);
	uint32_t at = 0;
	struct tunnels_reconcile r = { .next = next_of_model, .context = &at };

	memset(model, 0, sizeof(model));
	model[5] = bound(5, 1);
	begin(1, 1);
	put(&old);
	while (tunnels_reconcile_step(tunnels, &r, 1))
		CU_ASSERT_FALSE(r.seen > 1);
	CU_ASSERT_TRUE(r.capped);
	CU_ASSERT_EQUAL(r.removed, 1);
	at = 0;
	r = (struct tunnels_reconcile){ .next = next_of_model, .context = &at };
	CU_ASSERT_FALSE(tunnels_reconcile_step(tunnels, &r, 10));
	CU_ASSERT_FALSE(r.capped);
	CU_ASSERT_EQUAL(found(5).count, 1);
	tunnels_free(tunnels);
}

/* More of other networks than are looked at in one go. */
static void broadcasts_are_of_one_network(void)
{
	const struct address_prefix few = { home_of(0), 30 }, none = { address(0x0b000000), 8 };
	struct tunnels_home seen;
	unsigned count = 0;
	uint32_t at = 0;

	begin(1000, 1000);
	for (uint32_t i = 0; i < 1000; i++) {
		struct tunnels_home home = bound(i < 998 ? i + 4 : i - 998, 1);

		home.bindings[0].flags = MIP_REQUEST_BROADCAST;
		put(&home);
	}
	for (; tunnels_walk_wanting(tunnels, 0, &few, &at, &seen); count++)
		CU_ASSERT_TRUE(address_in_prefix(seen.home, &few));
	CU_ASSERT_EQUAL(count, 2);
	at = 0;
	CU_ASSERT_FALSE(tunnels_walk_wanting(tunnels, 0, &none, &at, &seen));
	at = 0;
	CU_ASSERT_FALSE(tunnels_walk_wanting(tunnels, 1, &everywhere, &at, &seen));
	tunnels_free(tunnels);
}

static void memory_of_a_binding_is_small(void)
{
	size_t octets = tunnels_octets_per_binding((struct tunnels_size){ 1000000, 1000000 });

	CU_ASSERT_TRUE(octets <= 96);
	CU_ASSERT_TRUE(octets > sizeof(struct tunnels_counters));
}

static _Atomic bool finished;
static _Atomic uint32_t torn, looked;

/* All bindings of a home address are put with the same flags and port, and the group
 * says which: anything else is half of a change. */
static bool is_torn(const struct tunnels_home *home)
{
	for (uint8_t i = 0; i < home->count; i++)
		if (home->bindings[i].endpoint_port != home->group ||
		    home->bindings[i].slot >= 3 * HOMES)
			return true;
	return home->count > BINDING_LIMIT_MAX;
}

static void look_once(struct dice *dice)
{
	struct tunnels_place place = { 0 };
	struct tunnels_home home;
	uint32_t at = 0;

	if (tunnels_find(tunnels, 0, home_of(dice_below(dice, HOMES)), &home)) {
		looked++;
		torn += is_torn(&home);
		tunnels_add(&tunnels_counters_of(tunnels, home.bindings[0].slot)->out_packets, 1);
	}
	if (dice_chance(dice, 64))
		while (tunnels_walk(tunnels, &place, &home))
			torn += is_torn(&home);
	if (dice_chance(dice, 64))
		while (tunnels_walk_wanting(tunnels, 0, &everywhere, &at, &home))
			torn += is_torn(&home);
}

static void *look(void *seed)
{
	struct dice dice = { (uintptr_t)seed };

	while (!finished)
		look_once(&dice);
	return NULL;
}

static void put_many(void)
{
	struct dice dice = { 13 };

	for (unsigned i = 0; i < 30000; i++) {
		struct tunnels_home home = any(&dice, dice_below(&dice, HOMES));

		home.group = (uint8_t)(1 + dice_below(&dice, 200));
		for (uint8_t j = 0; j < home.count; j++)
			home.bindings[j].endpoint_port = home.group;
		put(&home);
	}
}

static void lookers_see_one_moment(void)
{
	pthread_t threads[2];

	begin(HOMES, 3 * HOMES);
	finished = false;
	for (uintptr_t i = 0; i < 2; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, look, (void *)(100 + i)),
		                      0);
	do
		put_many();
	while (looked == 0);
	finished = true;
	for (size_t i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(pthread_join(threads[i], NULL), 0);
	CU_ASSERT_EQUAL(torn, 0);
	CU_ASSERT_TRUE(looked > 0);
	tunnels_free(tunnels);
}

static CU_TestInfo tests[] = {
	{ "what was put is found", what_was_put_is_found },
	{ "a binding is made from what was granted", binding_is_made_from_what_was_granted },
	{ "counters stay with a binding", counters_stay_with_a_binding },
	{ "ports tell tunnels apart", ports_tell_tunnels_apart },
	{ "counters can live elsewhere", counters_can_live_elsewhere },
	{ "a full table refuses and keeps", full_table_refuses_and_keeps },
	{ "observers hear of changes alone", observers_hear_of_changes_alone },
	{ "random changes agree with the model", random_changes_agree_with_the_model },
	{ "reconciliation heals whatever differs", reconciliation_heals_whatever_differs },
	{ "it says when it must be done again", reconciliation_says_when_it_must_be_done_again },
	{ "broadcasts are of one network", broadcasts_are_of_one_network },
	{ "memory of a binding is small", memory_of_a_binding_is_small },
	{ "lookers see one moment", lookers_see_one_moment },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("tunnels", tests);
}
