/* test_heard.c - the agents that a mobile node has heard: RFC 5944 sections 2.4 and 2.4.4. */
#include "tests/unit/heard_world.h"

#include "tests/unit/suite.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* RFC 5944 section 2.4.4. */
static void restart_is_told_from_rollover(void)
{
	static const struct {
		uint16_t before, now;
		bool restart;
	} rows[] = {
		{ 0, 0, false },       { 0, 1, false },        { 7, 7, false },
		{ 1, 0, true },        { 300, 0, true },       { 300, 255, true },
		{ 300, 256, false },   { 300, 299, false },    { 0xffff, 0, true },
		{ 0xffff, 255, true }, { 0xffff, 256, false }, { 0xffff, 257, false },
		{ 255, 254, true },    { 256, 255, true },     { 0, 0xffff, false },
		{ 255, 256, false },
	};

	for (size_t i = 0; i < ROWS(rows); i++)
		CU_ASSERT_EQUAL(heard_is_restart(rows[i].before, rows[i].now), rows[i].restart);
}

static void events_follow_one_agent(void)
{
	static const struct {
		uint16_t sequence;
		uint64_t now_ms;
		enum heard_event event;
	} rows[] = {
		{ 10, 0, HEARD_NEW },
		{ 11, 10000, HEARD_AGAIN },
		{ 11, 20000, HEARD_AGAIN },
		{ 0, 30000, HEARD_RESTARTED },
		{ 1, 40000, HEARD_AGAIN },
		{ 0xffff, 69999, HEARD_AGAIN },
		{ 256, 99998, HEARD_AGAIN },
		{ 257, 129998, HEARD_NEW },     /* its lifetime is over */
		{ 2, 200000, HEARD_RESTARTED }, /* and that matters more */
	};
	struct heard_agents agents = { 0 };

	for (size_t i = 0; i < ROWS(rows); i++)
		CU_ASSERT_EQUAL(hear(&agents, 1, rows[i].sequence, rows[i].now_ms), rows[i].event);
	CU_ASSERT_EQUAL(agents.count, 1);
}

static void what_is_said_is_kept(void)
{
	static const uint8_t challenge[] = { 1, 2, 3, 4, 5 };
	struct heard_agents agents = { 0 };
	struct advertisement advertisement = heard_on_network(address4(198, 51, 100, 1), 24);
	const struct heard_agent *agent;

	advertisement.flags = AGENT_FOREIGN | AGENT_GRE;
	advertisement.sequence = 5;
	advertisement.challenge = (struct span){ challenge, sizeof(challenge) };
	heard_take(&agents, &advertisement, agent_address(1), LINK, 1000);
	agent = heard_find(&agents, agent_address(1), LINK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(agent);
	CU_ASSERT_EQUAL(agent->flags, AGENT_FOREIGN | AGENT_GRE);
	CU_ASSERT_EQUAL(agent->sequence, 5);
	CU_ASSERT_EQUAL(agent->registration_lifetime_s, 1800);
	CU_ASSERT_EQUAL(agent->heard_ms, 1000);
	CU_ASSERT_EQUAL(agent->expires_ms, 31000);
	CU_ASSERT_TRUE(heard_is_valid(agent, 30999));
	CU_ASSERT_FALSE(heard_is_valid(agent, 31000));
	CU_ASSERT_EQUAL(agent->care_of_count, 1);
	CU_ASSERT_EQUAL(agent->care_of[0].s_addr, address4(198, 51, 100, 2).s_addr);
	CU_ASSERT_EQUAL(agent->router_count, 1);
	CU_ASSERT_EQUAL(agent->routers[0].prefix_length, 24);
	CU_ASSERT_TRUE(agent->has_prefix_lengths);
	CU_ASSERT_EQUAL(agent->challenge_size, sizeof(challenge));
	CU_ASSERT_EQUAL(memcmp(agent->challenge, challenge, sizeof(challenge)), 0);
	advertisement.challenge = (struct span){ 0 };
	heard_take(&agents, &advertisement, agent_address(1), LINK, 2000);
	CU_ASSERT_EQUAL(agent->challenge_size, 0);
}

static void of_a_long_one_the_first_are_kept(void)
{
	struct heard_agents agents = { 0 };
	struct advertisement advertisement = heard_foreign(0);

	advertisement.care_of_count = ADVERTISEMENT_CARE_OF_MAX;
	advertisement.router_count = ADVERTISEMENT_ROUTERS_MAX;
	for (unsigned i = 0; i < ADVERTISEMENT_CARE_OF_MAX; i++)
		advertisement.care_of[i] = address4(203, 0, 113, i);
	heard_take(&agents, &advertisement, agent_address(1), LINK, 0);
	CU_ASSERT_EQUAL(agents.at[0].care_of_count, HEARD_CARE_OF_MAX);
	CU_ASSERT_EQUAL(agents.at[0].router_count, HEARD_ROUTERS_MAX);
	CU_ASSERT_EQUAL(agents.at[0].care_of[7].s_addr, address4(203, 0, 113, 7).s_addr);
}

/* RFC 5944 section 2.1.1 forbids to send these, and RFC 1122 those sources. */
static void what_is_of_no_use_is_not_kept(void)
{
	static const struct {
		uint16_t flags;
		uint8_t care_of_count;
		unsigned first_octet; /* of the source */
		enum heard_event event;
	} rows[] = {
		{ AGENT_FOREIGN, 1, 198, HEARD_NEW },
		{ AGENT_HOME, 0, 198, HEARD_NEW },
		{ AGENT_HOME | AGENT_FOREIGN, 0, 198, HEARD_NEW }, /* is still a home agent */
		{ AGENT_FOREIGN | AGENT_BUSY, 1, 198, HEARD_NEW },
		{ AGENT_FOREIGN, 0, 198, HEARD_UNUSABLE },
		{ 0, 1, 198, HEARD_UNUSABLE },
		{ AGENT_FOREIGN, 1, 0, HEARD_UNUSABLE },
		{ AGENT_FOREIGN, 1, 127, HEARD_UNUSABLE },
		{ AGENT_FOREIGN, 1, 224, HEARD_UNUSABLE },
		{ AGENT_FOREIGN, 1, 255, HEARD_UNUSABLE },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct heard_agents agents = { 0 };
		struct advertisement advertisement = heard_foreign(0);

		advertisement.flags = rows[i].flags;
		advertisement.care_of_count = rows[i].care_of_count;
		CU_ASSERT_EQUAL(heard_take(&agents, &advertisement,
		                           address4(rows[i].first_octet, 51, 100, 1), LINK, 0),
		                rows[i].event);
		CU_ASSERT_EQUAL(agents.count, rows[i].event == HEARD_NEW);
	}
}

/* RFC 1256 section 4.3: a lifetime of zero is a farewell. */
static void farewell_is_believed(void)
{
	struct heard_agents agents = { 0 };
	struct advertisement farewell = heard_foreign(2);

	farewell.lifetime_s = 0;
	CU_ASSERT_EQUAL(heard_take(&agents, &farewell, agent_address(1), LINK, 0), HEARD_IGNORED);
	hear(&agents, 1, 1, 10);
	hear(&agents, 2, 1, 10);
	CU_ASSERT_EQUAL(heard_take(&agents, &farewell, agent_address(1), LINK, 20), HEARD_GONE);
	CU_ASSERT_EQUAL(agents.count, 1);
	CU_ASSERT_PTR_NULL(heard_find(&agents, agent_address(1), LINK));
	CU_ASSERT_PTR_NOT_NULL(heard_find(&agents, agent_address(2), LINK));
}

/* The same address on another link is another agent. */
static void agents_are_of_an_interface(void)
{
	struct heard_agents agents = { 0 };
	struct advertisement advertisement = heard_foreign(9);

	hear(&agents, 1, 5, 0);
	CU_ASSERT_EQUAL(heard_take(&agents, &advertisement, agent_address(1), LINK + 1, 0),
	                HEARD_NEW);
	hear(&agents, 2, 5, 0);
	CU_ASSERT_EQUAL(agents.count, 3);
	heard_forget_interface(&agents, LINK);
	CU_ASSERT_EQUAL(agents.count, 1);
	CU_ASSERT_PTR_NOT_NULL(heard_find(&agents, agent_address(1), LINK + 1));
}

static void one_is_in_use_at_most(void)
{
	struct heard_agents agents = { 0 };

	hear(&agents, 1, 0, 0);
	hear(&agents, 2, 0, 0);
	CU_ASSERT_PTR_NULL(heard_in_use(&agents));
	CU_ASSERT_TRUE(heard_use(&agents, agent_address(1), LINK));
	CU_ASSERT_TRUE(heard_use(&agents, agent_address(2), LINK));
	CU_ASSERT_EQUAL(heard_in_use(&agents)->source.s_addr, agent_address(2).s_addr);
	CU_ASSERT_FALSE(agents.at[0].in_use);
	hear(&agents, 2, 1, 10);
	CU_ASSERT_TRUE(agents.at[1].in_use);
	CU_ASSERT_FALSE(heard_use(&agents, agent_address(3), LINK));
	CU_ASSERT_PTR_NULL(heard_in_use(&agents));
	heard_use(&agents, agent_address(1), LINK);
	heard_use_none(&agents);
	CU_ASSERT_PTR_NULL(heard_in_use(&agents));
}

static void next_expiry_is_of_those_that_are_valid(void)
{
	struct heard_agents agents = { 0 };

	CU_ASSERT_EQUAL(heard_next_expiry_ms(&agents, 0), UINT64_MAX);
	hear(&agents, 1, 0, 5000);
	hear(&agents, 2, 0, 1000);
	CU_ASSERT_EQUAL(heard_next_expiry_ms(&agents, 5000), 31000);
	CU_ASSERT_EQUAL(heard_next_expiry_ms(&agents, 31000), 35000);
	CU_ASSERT_EQUAL(heard_next_expiry_ms(&agents, 35000), UINT64_MAX);
}

/* A full list: who is displaced. */

static void fill(struct heard_agents *agents, unsigned heard_twice)
{
	for (unsigned i = 0; i < HEARD_AGENTS_MAX; i++)
		hear(agents, i + 1, 0, 100 + i);
	for (unsigned i = 0; i < heard_twice; i++)
		hear(agents, i + 1, 1, 200 + i);
}

static bool is_kept(const struct heard_agents *agents, unsigned number)
{
	return heard_find(agents, agent_address(number), LINK) != NULL;
}

static void expired_one_makes_room_first(void)
{
	struct heard_agents agents = { 0 };
	struct advertisement brief = heard_foreign(2);

	fill(&agents, HEARD_AGENTS_MAX);
	brief.lifetime_s = 1;
	heard_take(&agents, &brief, agent_address(9), LINK, 300);
	CU_ASSERT_EQUAL(hear(&agents, 100, 0, 2000), HEARD_NEW);
	CU_ASSERT_EQUAL(agents.count, HEARD_AGENTS_MAX);
	CU_ASSERT_FALSE(is_kept(&agents, 9));
	CU_ASSERT_TRUE(is_kept(&agents, 1));
}

static void then_who_was_heard_once_and_longest_ago(void)
{
	struct heard_agents agents = { 0 };

	fill(&agents, 10);
	hear(&agents, 100, 0, 300);
	CU_ASSERT_FALSE(is_kept(&agents, 11));
	hear(&agents, 101, 0, 301);
	CU_ASSERT_FALSE(is_kept(&agents, 12));
	CU_ASSERT_TRUE(is_kept(&agents, 1));
}

static void then_who_was_heard_longest_ago(void)
{
	struct heard_agents agents = { 0 };

	fill(&agents, HEARD_AGENTS_MAX);
	hear(&agents, 1, 2, 300);
	hear(&agents, 100, 0, 301);
	CU_ASSERT_FALSE(is_kept(&agents, 2));
	CU_ASSERT_TRUE(is_kept(&agents, 1));
}

static void agent_in_use_makes_room_for_none(void)
{
	struct heard_agents agents = { 0 };

	fill(&agents, HEARD_AGENTS_MAX);
	heard_use(&agents, agent_address(1), LINK); /* which was heard longest ago */
	hear(&agents, 100, 0, 300);
	CU_ASSERT_TRUE(is_kept(&agents, 1));
	CU_ASSERT_FALSE(is_kept(&agents, 2));
	for (unsigned i = 0; i < 100; i++)
		hear(&agents, 101 + i, 0, 100000 + i); /* its lifetime is over */
	CU_ASSERT_TRUE(is_kept(&agents, 1));
}

/* Anybody can make up agents: the list grows no further, the agent in use stays even when its
 * lifetime is over, and so do those that are really there and so are heard again. */
static void forged_agents_push_out_only_each_other(void)
{
	struct heard_agents agents = { 0 };

	for (unsigned i = 1; i <= 3; i++) {
		hear(&agents, i, 0, 0);
		hear(&agents, i, 1, 10);
	}
	heard_use(&agents, agent_address(1), LINK);
	for (unsigned forged = 1000; forged < 21000; forged++) {
		uint64_t now_ms = forged - 1000;

		CU_ASSERT_EQUAL(hear(&agents, forged, 0, now_ms + 20), HEARD_NEW);
		if (now_ms % 10000 == 0)
			for (unsigned i = 2; i <= 3; i++)
				CU_ASSERT_EQUAL(hear(&agents, i, 2, now_ms + 20), HEARD_AGAIN);
	}
	CU_ASSERT_EQUAL(agents.count, HEARD_AGENTS_MAX);
	for (unsigned i = 1; i <= 3; i++)
		CU_ASSERT_TRUE(is_kept(&agents, i));
	hear(&agents, 99999, 0, 10000000); /* when all of them have expired */
	CU_ASSERT_TRUE(is_kept(&agents, 1));
}

static CU_TestInfo tests[] = {
	{ "a restart is told from a roll-over", restart_is_told_from_rollover },
	{ "events follow one agent", events_follow_one_agent },
	{ "what is said is kept", what_is_said_is_kept },
	{ "of a long one the first are kept", of_a_long_one_the_first_are_kept },
	{ "what is of no use is not kept", what_is_of_no_use_is_not_kept },
	{ "a farewell is believed", farewell_is_believed },
	{ "agents are of an interface", agents_are_of_an_interface },
	{ "one is in use at most", one_is_in_use_at_most },
	{ "the next expiry is of those that are valid", next_expiry_is_of_those_that_are_valid },
	{ "an expired one makes room first", expired_one_makes_room_first },
	{ "then who was heard once and longest ago", then_who_was_heard_once_and_longest_ago },
	{ "then who was heard longest ago", then_who_was_heard_longest_ago },
	{ "the agent in use makes room for none", agent_in_use_makes_room_for_none },
	{ "forged agents push out only each other", forged_agents_push_out_only_each_other },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("heard", tests);
}
