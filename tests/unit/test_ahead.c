/* test_ahead.c - peeks tell what is there without a full look, and hints harm
 * nobody, whoever is hinted at. */
#include "agentd/state/ahead.h"

#include <arpa/inet.h>

#include "tests/unit/suite.h"

#define REALM 3u
#define NOW_MS UINT64_C(1700000000000)

static struct state *state;

static struct in_addr address(uint32_t host)
{
	return (struct in_addr){ .s_addr = htonl(host) };
}

static void add_peer(enum peer_kind kind, uint32_t where, uint64_t id)
{
	struct peer_row row = { .kind = kind,
		                .realm = REALM,
		                .address = address(where),
		                .id = id,
		                .bindings = kind == PEER_MOBILE_NODE ? 2 : 0 };

	CU_ASSERT_EQUAL_FATAL(state_load_peer(state, &row), HA_OK);
}

static void add_binding(uint32_t home, uint64_t node, uint32_t care_of, uint32_t source,
                        uint64_t expires_ms)
{
	struct binding_row row = { .realm = REALM,
		                   .home = address(home),
		                   .node = node,
		                   .binding = { .care_of = address(care_of),
		                                .endpoint = address(care_of),
		                                .source = address(source),
		                                .expires_ms = expires_ms } };

	CU_ASSERT_EQUAL_FATAL(state_load_binding(state, &row), HA_OK);
}

/* 10.0.0.1: bound from two sources; .2: its binding has ended; .3: never bound. */
static void set_up(void)
{
	static const struct state_capacity capacity = { 10, 10, 20 };
	enum ha_error why;

	state = state_new(&capacity, NULL, &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
	add_peer(PEER_MOBILE_NODE, 0x0a000001, 1);
	add_peer(PEER_MOBILE_NODE, 0x0a000002, 2);
	add_peer(PEER_MOBILE_NODE, 0x0a000003, 3);
	add_peer(PEER_FOREIGN_AGENT, 0xc6336401, 4);
	add_binding(0x0a000001, 1, 0xc0000201, 0xc6336401, NOW_MS + 1);
	add_binding(0x0a000001, 1, 0xc0000202, 0xc6336402, BINDING_NEVER_EXPIRES);
	add_binding(0x0a000002, 2, 0xc0000203, 0xc6336401, NOW_MS);
	state_set_configured(state, 0, 0);
}

static void tear_down(void)
{
	state_free(state);
}

static enum state_standing peek(uint32_t home, uint32_t source, uint64_t time_ms)
{
	return state_peek(state, REALM, address(home), address(source), time_ms);
}

static void a_peek_tells_bound_from_unbound(void)
{
	set_up();
	CU_ASSERT_EQUAL(peek(0x0a000001, 0xc6336401, NOW_MS), STATE_BOUND_THUS);
	CU_ASSERT_EQUAL(peek(0x0a000001, 0xc6336402, NOW_MS), STATE_BOUND_THUS);
	CU_ASSERT_EQUAL(peek(0x0a000001, 0xc6336403, NOW_MS), STATE_BOUND);
	CU_ASSERT_EQUAL(peek(0x0a000001, 0xc6336401, NOW_MS + 1), STATE_BOUND); /* one ended */
	CU_ASSERT_EQUAL(peek(0x0a000002, 0xc6336401, NOW_MS), STATE_UNBOUND);
	CU_ASSERT_EQUAL(peek(0x0a000003, 0xc6336401, NOW_MS), STATE_UNBOUND);
	CU_ASSERT_EQUAL(peek(0x0a000004, 0xc6336401, NOW_MS), STATE_UNKNOWN);
	CU_ASSERT_EQUAL(peek(0xc6336401, 0xc6336401, NOW_MS), STATE_UNKNOWN); /* no node */
	CU_ASSERT_EQUAL(
		state_peek(state, REALM + 1, address(0x0a000001), address(0xc6336401), NOW_MS),
		STATE_UNKNOWN);
	tear_down();
}

static void a_peer_is_of_one_kind(void)
{
	set_up();
	CU_ASSERT_TRUE(state_has_peer(state, PEER_FOREIGN_AGENT, REALM, address(0xc6336401)));
	CU_ASSERT_FALSE(state_has_peer(state, PEER_FOREIGN_AGENT, REALM, address(0x0a000001)));
	CU_ASSERT_TRUE(state_has_peer(state, PEER_MOBILE_NODE, REALM, address(0x0a000001)));
	CU_ASSERT_FALSE(state_has_peer(state, PEER_FOREIGN_AGENT, 0, address(0xc6336401)));
	tear_down();
}

static uint32_t hint(uint32_t where)
{
	uint32_t place;

	state_prefetch(state, PEER_MOBILE_NODE, REALM, address(where));
	place = state_prefetch_peer(state, PEER_MOBILE_NODE, REALM, address(where));
	state_prefetch_rows(state, place);
	return place;
}

static void hints_change_nothing(void)
{
	set_up();
	CU_ASSERT_NOT_EQUAL(hint(0x0a000001), STATE_NOWHERE);
	CU_ASSERT_NOT_EQUAL(hint(0x0a000003), STATE_NOWHERE);
	for (uint32_t i = 0; i < 100000; i++)
		hint(0x0b000000 + i); /* nobody, by whatever hash */
	CU_ASSERT_EQUAL(peek(0x0a000001, 0xc6336401, NOW_MS), STATE_BOUND_THUS);
	tear_down();
}

static CU_TestInfo tests[] = {
	{ "a peek tells bound from unbound", a_peek_tells_bound_from_unbound },
	{ "a peer is of one kind", a_peer_is_of_one_kind },
	{ "hints change nothing", hints_change_nothing },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("ahead", tests);
}
