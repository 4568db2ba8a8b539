/* test_move.c - move detection: RFC 5944 sections 2.4.2.1, 2.4.2.2 and 2.4.3. */
#include "agentd/discovery/move.h"

#include "tests/unit/heard_world.h"
#include "tests/unit/suite.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static void take(struct heard_agents *agents, unsigned number, struct advertisement advertisement,
                 uint64_t now_ms)
{
	CU_ASSERT_NOT_EQUAL(heard_take(agents, &advertisement, agent_address(number), LINK, now_ms),
	                    HEARD_UNUSABLE);
}

static void check(struct move_verdict verdict, enum move move, unsigned number)
{
	CU_ASSERT_EQUAL(verdict.move, move);
	CU_ASSERT_EQUAL(verdict.to != NULL, move == MOVE_TO);
	if (verdict.to)
		CU_ASSERT_EQUAL(verdict.to->source.s_addr, agent_address(number).s_addr);
}

/* Algorithm 1 */

static void node_stays_until_the_lifetime_is_over(void)
{
	struct heard_agents agents = { 0 };

	hear(&agents, 1, 0, 0);
	heard_use(&agents, agent_address(1), LINK);
	hear(&agents, 2, 0, 20000);
	check(move_by_lifetime(&agents, 29999), MOVE_STAY, 0);
	check(move_by_lifetime(&agents, 30000), MOVE_TO, 2);
	hear(&agents, 1, 1, 30001); /* contact again */
	check(move_by_lifetime(&agents, 30002), MOVE_STAY, 0);
	check(move_by_lifetime(&agents, 70000), MOVE_SEARCH, 0); /* neither is valid */
}

static void node_without_an_agent_takes_one(void)
{
	struct heard_agents agents = { 0 };

	check(move_by_lifetime(&agents, 0), MOVE_SEARCH, 0);
	hear(&agents, 1, 0, 0);
	check(move_by_lifetime(&agents, 10), MOVE_TO, 1);
}

static void farewell_ends_contact_at_once(void)
{
	struct heard_agents agents = { 0 };
	struct advertisement farewell = heard_foreign(1);

	hear(&agents, 1, 0, 0);
	heard_use(&agents, agent_address(1), LINK);
	farewell.lifetime_s = 0;
	CU_ASSERT_EQUAL(heard_take(&agents, &farewell, agent_address(1), LINK, 10), HEARD_GONE);
	check(move_by_lifetime(&agents, 10), MOVE_SEARCH, 0);
}

static void last_heard_is_taken_and_no_order_matters(void)
{
	struct heard_agents agents = { 0 };

	hear(&agents, 3, 0, 100);
	hear(&agents, 1, 0, 300);
	hear(&agents, 2, 0, 200);
	check(move_by_lifetime(&agents, 400), MOVE_TO, 1);
	hear(&agents, 3, 1, 300);
	check(move_by_lifetime(&agents, 400), MOVE_TO, 1);
	hear(&agents, 2, 1, 301);
	check(move_by_lifetime(&agents, 400), MOVE_TO, 2);
}

static void only_candidates_are_taken(void)
{
	static const struct {
		uint16_t flags;
		uint8_t care_of_count;
		uint16_t lifetime_s;
		bool candidate;
	} rows[] = {
		{ AGENT_FOREIGN, 1, 30, true },
		{ AGENT_FOREIGN | AGENT_HOME | AGENT_REGISTRATION_REQUIRED, 1, 30, true },
		{ AGENT_FOREIGN | AGENT_BUSY, 1, 30, false }, /* section 2.1.1 */
		{ AGENT_HOME, 0, 30, false },
		{ AGENT_HOME, 1, 30, false },
		{ AGENT_HOME | AGENT_FOREIGN, 0, 30, false },
		{ AGENT_FOREIGN, 1, 1, false }, /* not valid any more */
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct heard_agents agents = { 0 };
		struct advertisement advertisement = heard_foreign(0);

		advertisement.flags = rows[i].flags;
		advertisement.care_of_count = rows[i].care_of_count;
		advertisement.lifetime_s = rows[i].lifetime_s;
		take(&agents, 1, advertisement, 0);
		CU_ASSERT_EQUAL(move_is_candidate(&agents.at[0], 1000), rows[i].candidate);
		check(move_by_lifetime(&agents, 1000), rows[i].candidate ? MOVE_TO : MOVE_SEARCH,
		      1);
	}
}

/* Who is served by it already does not mind that it is busy for others. */
static void busy_agent_in_use_is_not_left(void)
{
	struct heard_agents agents = { 0 };
	struct advertisement busy = heard_foreign(1);

	hear(&agents, 1, 0, 0);
	heard_use(&agents, agent_address(1), LINK);
	busy.flags |= AGENT_BUSY;
	take(&agents, 1, busy, 20000);
	hear(&agents, 2, 0, 20001);
	check(move_by_lifetime(&agents, 40000), MOVE_STAY, 0);
}

/* Algorithm 2 */

struct network {
	bool has_prefix_lengths;
	uint8_t count, length; /* of routers, and of each of them */
	uint8_t third[2];      /* octet of their addresses */
	uint8_t fourth;
};

static struct advertisement advertisement_of(const struct network *network)
{
	struct advertisement advertisement = heard_foreign(0);

	advertisement.has_prefix_lengths = network->has_prefix_lengths;
	advertisement.router_count = network->count;
	for (size_t i = 0; i < network->count; i++) {
		advertisement.routers[i].address = address4(203, 0, network->third[i],
		                                            network->fourth);
		advertisement.routers[i].prefix_length = network->length;
	}
	return advertisement;
}

static void subnets_are_compared_only_when_both_tell(void)
{
	static const struct {
		struct network one, other;
		enum move_subnet subnet;
	} rows[] = {
		/* the same network, by different routers in it */
		{ { true, 1, 24, { 1 }, 1 }, { true, 1, 24, { 1 }, 2 }, MOVE_SUBNET_SAME },
		{ { true, 1, 24, { 1 }, 1 }, { true, 1, 24, { 2 }, 1 }, MOVE_SUBNET_OTHER },
		{ { true, 1, 25, { 1 }, 1 }, { true, 1, 25, { 1 }, 129 }, MOVE_SUBNET_OTHER },
		{ { true, 1, 32, { 1 }, 1 }, { true, 1, 32, { 1 }, 1 }, MOVE_SUBNET_SAME },
		{ { true, 1, 1, { 1 }, 1 }, { true, 1, 1, { 200 }, 9 }, MOVE_SUBNET_SAME },
		/* another length is another prefix */
		{ { true, 1, 24, { 1 }, 1 }, { true, 1, 25, { 1 }, 1 }, MOVE_SUBNET_OTHER },
		/* any of several */
		{ { true, 2, 24, { 1, 2 }, 1 }, { true, 1, 24, { 2 }, 9 }, MOVE_SUBNET_SAME },
		{ { true, 2, 24, { 1, 2 }, 1 }, { true, 2, 24, { 3, 2 }, 9 }, MOVE_SUBNET_SAME },
		{ { true, 2, 24, { 1, 2 }, 1 }, { true, 2, 24, { 3, 4 }, 9 }, MOVE_SUBNET_OTHER },
		/* the extension is missing from one, or from both */
		{ { false, 1, 0, { 1 }, 1 }, { true, 1, 24, { 2 }, 1 }, MOVE_SUBNET_UNKNOWN },
		{ { true, 1, 24, { 1 }, 1 }, { false, 1, 0, { 2 }, 1 }, MOVE_SUBNET_UNKNOWN },
		{ { false, 1, 0, { 1 }, 1 }, { false, 1, 0, { 2 }, 1 }, MOVE_SUBNET_UNKNOWN },
		/* or says nothing */
		{ { true, 0, 0, { 0 }, 0 }, { true, 1, 24, { 2 }, 1 }, MOVE_SUBNET_UNKNOWN },
		{ { true, 1, 0, { 1 }, 1 }, { true, 1, 24, { 2 }, 1 }, MOVE_SUBNET_UNKNOWN },
		{ { true, 1, 0, { 1 }, 1 }, { true, 1, 0, { 1 }, 1 }, MOVE_SUBNET_UNKNOWN },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct heard_agents agents = { 0 };

		take(&agents, 1, advertisement_of(&rows[i].one), 0);
		take(&agents, 2, advertisement_of(&rows[i].other), 10);
		heard_use(&agents, agent_address(1), LINK);
		CU_ASSERT_EQUAL(move_compare(&agents.at[0], &agents.at[1]), rows[i].subnet);
		CU_ASSERT_EQUAL(move_compare(&agents.at[1], &agents.at[0]), rows[i].subnet);
		check(move_by_prefix(&agents, NULL, 20),
		      rows[i].subnet == MOVE_SUBNET_OTHER ? MOVE_TO : MOVE_STAY, 2);
	}
}

static void co_located_node_needs_its_own_network(void)
{
	struct address_prefix same = { address4(203, 0, 1, 0), 24 };
	struct address_prefix other = { address4(203, 0, 2, 0), 24 };
	struct address_prefix shorter = { address4(203, 0, 0, 0), 16 };
	struct address_prefix nothing = { { 0 }, 0 };
	struct heard_agents agents = { 0 }, silent = { 0 };

	take(&agents, 1, heard_on_network(address4(203, 0, 1, 1), 24), 0);
	hear(&silent, 1, 0, 0);
	check(move_by_prefix(&agents, NULL, 10), MOVE_STAY, 0);
	check(move_by_prefix(&agents, &same, 10), MOVE_STAY, 0);
	check(move_by_prefix(&agents, &other, 10), MOVE_TO, 1);
	check(move_by_prefix(&agents, &shorter, 10), MOVE_TO, 1);
	check(move_by_prefix(&agents, &nothing, 10), MOVE_STAY, 0);
	check(move_by_prefix(&silent, &other, 10), MOVE_STAY, 0);
	CU_ASSERT_EQUAL(move_compare_network(&same, &agents.at[0]), MOVE_SUBNET_SAME);
	CU_ASSERT_EQUAL(move_compare_network(&nothing, &agents.at[0]), MOVE_SUBNET_UNKNOWN);
}

/* The advertisement must still be valid, be newer than the one of the agent in use, and of an
 * agent that takes new ones. */
static void only_news_from_a_candidate_count(void)
{
	struct advertisement here = heard_on_network(address4(203, 0, 1, 1), 24);
	struct advertisement there = heard_on_network(address4(203, 0, 2, 1), 24);
	struct heard_agents agents = { 0 };

	take(&agents, 2, there, 0);
	take(&agents, 1, here, 10);
	heard_use(&agents, agent_address(1), LINK);
	check(move_by_prefix(&agents, NULL, 20), MOVE_STAY, 0);
	take(&agents, 2, there, 10); /* in the same millisecond: not newer */
	check(move_by_prefix(&agents, NULL, 20), MOVE_STAY, 0);
	take(&agents, 2, there, 30);
	check(move_by_prefix(&agents, NULL, 40), MOVE_TO, 2);
	check(move_by_prefix(&agents, NULL, 30030), MOVE_STAY, 0);
	here.flags |= AGENT_BUSY; /* for others than this node */
	take(&agents, 1, here, 40);
	check(move_by_prefix(&agents, NULL, 45), MOVE_STAY, 0);
	there.flags |= AGENT_BUSY;
	take(&agents, 2, there, 50);
	check(move_by_prefix(&agents, NULL, 60), MOVE_STAY, 0);
}

/* Section 2.4.3 */
static void home_is_known_by_its_agent(void)
{
	static const struct {
		uint16_t flags;
		uint8_t source, router; /* last octets */
		bool home;
	} rows[] = {
		{ AGENT_HOME, 1, 9, true },
		{ AGENT_HOME, 9, 1, true }, /* another address of the same agent */
		{ AGENT_HOME | AGENT_FOREIGN, 1, 1, true },
		{ AGENT_HOME, 9, 9, false },    /* somebody else's home agent */
		{ AGENT_FOREIGN, 1, 1, false }, /* our home agent, on a link that is not home */
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct heard_agents agents = { 0 };
		struct advertisement advertisement = heard_on_network(
			address4(192, 0, 2, rows[i].router), 24);

		advertisement.flags = rows[i].flags;
		heard_take(&agents, &advertisement, address4(192, 0, 2, rows[i].source), LINK, 0);
		CU_ASSERT_EQUAL(move_is_home(&agents.at[0], address4(192, 0, 2, 1)), rows[i].home);
	}
}

/* A node that does not know its home agent is never at home, whatever routers are made up. */
static void unknown_home_agent_is_nobody(void)
{
	struct heard_agents agents = { 0 };
	struct advertisement advertisement = heard_on_network((struct in_addr){ INADDR_ANY }, 24);

	advertisement.flags = AGENT_HOME;
	take(&agents, 1, advertisement, 0);
	CU_ASSERT_FALSE(move_is_home(&agents.at[0], (struct in_addr){ INADDR_ANY }));
}

static CU_TestInfo tests[] = {
	{ "a node stays until the lifetime is over", node_stays_until_the_lifetime_is_over },
	{ "a node without an agent takes one", node_without_an_agent_takes_one },
	{ "a farewell ends contact at once", farewell_ends_contact_at_once },
	{ "the last heard is taken, and no order matters",
	  last_heard_is_taken_and_no_order_matters },
	{ "only candidates are taken", only_candidates_are_taken },
	{ "a busy agent in use is not left", busy_agent_in_use_is_not_left },
	{ "subnets are compared only when both tell", subnets_are_compared_only_when_both_tell },
	{ "a co-located node needs its own network", co_located_node_needs_its_own_network },
	{ "only news from a candidate count", only_news_from_a_candidate_count },
	{ "home is known by its agent", home_is_known_by_its_agent },
	{ "an unknown home agent is nobody", unknown_home_agent_is_nobody },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("move", tests);
}
