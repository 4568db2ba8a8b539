/* test_visit_several.c - whose packets are whose, where several have registered one home
 * address. */
#include <stdio.h>

#include "tests/unit/visit_world.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

struct agreed {
	uint8_t word;
	uint64_t since_ms, began_ms;
};

static struct visit_path path_as(const struct agreed *agreed, struct in_addr home_agent)
{
	struct visit_path path = path_of(ENCAPSULATION_IPIP, false);

	path.word = agreed->word;
	path.since_ms = agreed->since_ms;
	path.began_ms = agreed->began_ms;
	path.home_agent = home_agent;
	return path;
}

/* Whoever knows two addresses may say with another home agent that he is the visitor. */
static void of_two_home_agents_the_better_word_holds(void)
{
	static const struct {
		const char *rule;
		struct agreed first, second;
		bool second_has_it;
	} rows[] = {
		{ "who began first", { 0, 2, 2 }, { 0, 3, 3 }, false },
		{ "whichever is put first", { 0, 3, 3 }, { 0, 2, 2 }, true },
		{ "however often he agrees anew", { 0, 9, 2 }, { 0, 3, 3 }, false },
		{ "and so does the other", { 0, 3, 2 }, { 0, 9, 3 }, false },
		{ "a home agent's word counts more", { 0, 2, 2 }, { 1, 3, 3 }, true },
		{ "whoever says something later", { 1, 2, 2 }, { 0, 3, 3 }, false },
		{ "of such words too the first", { 1, 2, 2 }, { 1, 3, 3 }, false },
		{ "its own word counts more", { 1, 2, 2 }, { 2, 3, 3 }, true },
		{ "and is not taken back by others", { 2, 2, 2 }, { 1, 3, 3 }, false },
		{ "nor by who was there before", { 2, 4, 4 }, { 0, 3, 1 }, false },
		{ "of its own words the newest", { 2, 2, 2 }, { 2, 3, 3 }, true },
		{ "whenever it began", { 2, 4, 2 }, { 2, 3, 3 }, false },
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct in_addr other = address4(198, 51, 100, 9);
		bool second_has_it;

		begin();
		visit(path_as(&rows[i].first, agent));
		visit(path_as(&rows[i].second, other));
		CU_ASSERT_EQUAL(linked(packet_of(header(home, correspondent), 8), LINK, mac),
		                VISITOR_REVERSED);
		second_has_it = address_equal(outputs[0].facts.endpoint, other);
		if (second_has_it != rows[i].second_has_it)
			printf("%s\n", rows[i].rule);
		CU_ASSERT_EQUAL(second_has_it, rows[i].second_has_it);
		end();
	}
}

/* Who says from another link address that he has that home address stops nobody. */
static void whoever_else_has_its_home_address_encapsulates_nothing(void)
{
	const struct in_addr other = address4(198, 51, 100, 9);
	const struct ip4 ip = header(home, correspondent);

	for (unsigned kind = 0; kind < 4; kind++) {
		struct visit_path path = path_as(&(struct agreed){ 0, 2, 2 }, agent), second;

		begin();
		path.delivery = true;
		second = path_as(&(struct agreed){ 0, 1, 1 }, other);
		memcpy(second.link, other_mac, sizeof(other_mac));
		second.delivery = kind != 1;
		second.reverse = kind != 0;
		second.began_ms = kind == 2 ? 3 : 1;
		path.word = kind == 3 ? VISIT_WORD_HOME_AGENTS : VISIT_WORD_ANYBODYS;
		visit(second);
		visit(path);
		CU_ASSERT_EQUAL(delivered(link_address, ip, ENCAPSULATION_IPIP, LINK),
		                VISITOR_REDELIVERED);
		CU_ASSERT_TRUE(address_equal(outputs[0].facts.endpoint, agent));
		end();
	}
}

static CU_TestInfo tests[] = {
	{ "of two home agents the better word holds", of_two_home_agents_the_better_word_holds },
	{ "whoever else has its home address encapsulates nothing",
	  whoever_else_has_its_home_address_encapsulates_nothing },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	set_addresses();
	return suite_run("visit_several", tests);
}
