/* test_tc_exits.c - what soft state learns of exits, told to BPF: of all of them, and no
 * longer than it is known. */
#include "agentd/dataplane/tc_exits.h"

#include "agentd/dataplane/tc_internal.h"
#include "tests/unit/suite.h"
#include "tests/unit/tc_fixture.h"

#define MANY 5000u /* a carrier's nodes behind narrow lines */
#define NOW UINT64_C(1000000000000)

static struct tc_fixture fixture;
static struct tc_exits exits;
static struct soft *soft;

static struct in_addr number(uint32_t i)
{
	return (struct in_addr){ htonl(0x64400000 + i * 7) };
}

static bool is_told(struct in_addr exit, uint32_t *octets)
{
	return tc_map_get(&fixture.tc->object, TC_MAP_EXITS, &exit.s_addr, octets);
}

static unsigned told(uint32_t wanted)
{
	unsigned count = 0;
	uint32_t octets;

	for (uint32_t i = 0; i < MANY; i++)
		count += is_told(number(i), &octets) && octets == wanted;
	return count;
}

/* Where a set of soft state is full somebody is forgotten, and sets are drawn by lot. */
static unsigned known(uint32_t wanted)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < MANY; i++)
		count += soft_look(soft, number(i), NOW).mtu == wanted;
	CU_ASSERT_TRUE(count > MANY / 2);
	return count;
}

static void begin(void)
{
	exits = (struct tc_exits){ .turn = 0 };
	fixture_begin(&fixture);
	soft = soft_new((struct soft_size){ .exits = 65536, .sent = 8 });
	CU_ASSERT_PTR_NOT_NULL_FATAL(soft);
}

static void end(void)
{
	soft_free(soft);
	fixture_close(&fixture);
}

static void learn_all(uint16_t mtu)
{
	for (uint32_t i = 0; i < MANY; i++) {
		soft_too_big(soft, number(i), mtu, 1500, 68, NOW);
		tc_exits_learn(&exits, fixture.tc, soft, number(i), NOW);
	}
}

static void thousands_are_told_and_forgotten(void)
{
	begin();
	learn_all(1492);
	CU_ASSERT_EQUAL(told(1492), MANY);
	CU_ASSERT_TRUE(fixture.tc->config->has_exits != 0);
	learn_all(1400);
	CU_ASSERT_EQUAL(told(1400), MANY);
	tc_exits_look(&exits, fixture.tc, soft, NOW + SOFT_MTU_NS - 1);
	CU_ASSERT_EQUAL(told(1400), known(1400));
	tc_exits_look(&exits, fixture.tc, soft, NOW + SOFT_MTU_NS);
	CU_ASSERT_EQUAL(told(1400), 0);
	CU_ASSERT_TRUE(fixture.tc->config->has_exits == 0);
	end();
}

static void what_is_broken_is_for_user_space(void)
{
	uint32_t octets;

	begin();
	soft_broken(soft, number(1), NOW);
	tc_exits_learn(&exits, fixture.tc, soft, number(1), NOW);
	CU_ASSERT_TRUE(is_told(number(1), &octets));
	CU_ASSERT_EQUAL(octets, 0);
	tc_exits_look(&exits, fixture.tc, soft, NOW + SOFT_BROKEN_NS);
	CU_ASSERT_FALSE(is_told(number(1), &octets));
	end();
}

/* Nothing is known of what strangers name, and no row is taken for it. */
static void strangers_take_no_rows(void)
{
	uint32_t octets;

	begin();
	soft_too_big(soft, number(0), 1300, 1500, 68, NOW);
	tc_exits_learn(&exits, fixture.tc, soft, number(0), NOW);
	for (uint32_t i = 1; i < 10 * TC_EXIT_SETS; i++)
		tc_exits_learn(&exits, fixture.tc, soft, number(i), NOW);
	tc_exits_learn(&exits, fixture.tc, soft, (struct in_addr){ 0 }, NOW);
	CU_ASSERT_TRUE(is_told(number(0), &octets));
	CU_ASSERT_EQUAL(fixture.tc->exits, 1);
	end();
}

/* Of one set, more than it holds: the map has no more than the rows. */
static void full_set_forgets_somebody(void)
{
	unsigned of_set = 0;

	begin();
	for (uint32_t i = 1; of_set < 3 * TC_EXIT_WAYS; i++) {
		struct in_addr exit = { i };

		if (i * 2654435761u >> 21 != 5)
			continue;
		of_set++;
		soft_too_big(soft, exit, 1300, 1500, 68, NOW);
		tc_exits_learn(&exits, fixture.tc, soft, exit, NOW);
	}
	CU_ASSERT_EQUAL(fixture.tc->exits, TC_EXIT_WAYS);
	end();
}

static CU_TestInfo tests[] = {
	{ "thousands are told and forgotten", thousands_are_told_and_forgotten },
	{ "what is broken is for user space", what_is_broken_is_for_user_space },
	{ "strangers take no rows", strangers_take_no_rows },
	{ "a full set forgets somebody", full_set_forgets_somebody },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	if (!fixture_network(&fixture))
		return FIXTURE_SKIPPED;
	return suite_run("tc_exits", tests);
}
