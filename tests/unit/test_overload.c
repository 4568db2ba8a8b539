/* test_overload.c - turns of datagrams while a thread is behind and while it is
 * not: limited sources, fair shares, refreshes before new ones. */
#include "agentd/flow/overload.h"

#include <arpa/inet.h>

#include "tests/unit/suite.h"

#define RATE 10u
#define NOW_MS UINT64_C(5000000)
#define TIME_MS UINT64_C(1700000000000)
#define BEHIND_NS (OVERLOAD_BEHIND_NS + 1)

static struct state *state;
static struct overload overload;

static const uint32_t bound = 0x0a000001, unbound = 0x0a000002, nobody = 0x0a000003;
static const uint32_t stranger = 0xc0000201, access_point = 0xc0000202, foreign_agent = 0xc0000203;

static struct in_addr address(uint32_t host)
{
	return (struct in_addr){ .s_addr = htonl(host) };
}

static void add_peer(enum peer_kind kind, uint32_t where, uint64_t id)
{
	struct peer_row row = { .kind = kind,
		                .address = address(where),
		                .id = id,
		                .bindings = kind == PEER_MOBILE_NODE };

	CU_ASSERT_EQUAL_FATAL(state_load_peer(state, &row), HA_OK);
}

/* `bound` is bound by way of `access_point`. */
static void set_up(uint64_t waited_ns, uint32_t rate)
{
	static const struct state_capacity capacity = { 10, 10, 10 };
	struct binding_row row = { .home = address(bound),
		                   .node = 1,
		                   .binding = { .care_of = address(access_point),
		                                .source = address(access_point),
		                                .expires_ms = BINDING_NEVER_EXPIRES } };
	enum ha_error why;

	state = state_new(&capacity, NULL, &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
	add_peer(PEER_MOBILE_NODE, bound, 1);
	add_peer(PEER_MOBILE_NODE, unbound, 2);
	add_peer(PEER_FOREIGN_AGENT, foreign_agent, 3);
	CU_ASSERT_EQUAL_FATAL(state_load_binding(state, &row), HA_OK);
	state_set_configured(state, 0, 0);
	overload_init(&overload);
	overload_begin(&overload, waited_ns, rate, NOW_MS, TIME_MS);
}

static void tear_down(void)
{
	state_free(state);
}

static enum overload_turn turn(uint32_t home, uint32_t source)
{
	return overload_turn(&overload, state, 0, address(home), address(source));
}

/* Look at so many datagrams of a source and find them forged. */
static void fail(uint32_t source, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		overload_note(&overload, address(source), OVERLOAD_THEN, false);
}

static unsigned looked_at(uint32_t home, uint32_t source, unsigned of)
{
	unsigned count = 0;

	for (unsigned i = 0; i < of; i++)
		count += turn(home, source) != OVERLOAD_LEFT;
	return count;
}

static void nobody_is_refused_by_a_thread_in_time(void)
{
	set_up(OVERLOAD_BEHIND_NS, RATE);
	fail(stranger, 100);
	CU_ASSERT_EQUAL(looked_at(unbound, stranger, 100), 100);
	CU_ASSERT_EQUAL(turn(nobody, stranger), OVERLOAD_FIRST);
	CU_ASSERT_FALSE(overload_gives_way(&overload));
	tear_down();
}

static void a_stranger_is_limited_when_behind(void)
{
	set_up(BEHIND_NS, RATE);
	fail(stranger, RATE - 1);
	CU_ASSERT_EQUAL(turn(unbound, stranger), OVERLOAD_THEN);
	fail(stranger, 1);
	CU_ASSERT_EQUAL(looked_at(unbound, stranger, 100), 0);
	CU_ASSERT_EQUAL(looked_at(bound, stranger, 100), 0);
	CU_ASSERT_EQUAL(turn(unbound, access_point), OVERLOAD_THEN); /* somebody else */
	overload_begin(&overload, BEHIND_NS, RATE, NOW_MS + 100, TIME_MS);
	CU_ASSERT_EQUAL(turn(unbound, stranger), OVERLOAD_THEN);
	overload_note(&overload, address(stranger), OVERLOAD_THEN, true); /* a node is behind it */
	CU_ASSERT_EQUAL(looked_at(unbound, stranger, 100), 100); /* its bucket is not empty */
	fail(stranger, 1);
	CU_ASSERT_EQUAL(looked_at(unbound, stranger, 100), 50); /* but it is known now */
	tear_down();
}

static void a_known_source_keeps_its_share(void)
{
	set_up(BEHIND_NS, RATE);
	fail(access_point, 1);
	overload_note(&overload, address(access_point), OVERLOAD_THEN, true);
	fail(access_point, 100);
	fail(foreign_agent, 100);
	CU_ASSERT_EQUAL(looked_at(bound, access_point, 100), 100); /* bound by way of it */
	CU_ASSERT_EQUAL(looked_at(unbound, access_point, 100), 50);
	CU_ASSERT_EQUAL(looked_at(nobody, access_point, 100), 50);
	CU_ASSERT_EQUAL(looked_at(bound, foreign_agent, 100), 50);
	CU_ASSERT_EQUAL(looked_at(bound, stranger, 100), 100); /* it did not fail */
	tear_down();
}

static void failures_of_a_limited_source_are_not_denied(void)
{
	set_up(BEHIND_NS, RATE);
	fail(access_point, RATE - 1);
	overload_note(&overload, address(access_point), OVERLOAD_THEN, true);
	CU_ASSERT_FALSE(overload_is_mute(&overload, address(access_point)));
	fail(access_point, 1);
	CU_ASSERT_TRUE(overload_is_mute(&overload, address(access_point)));
	CU_ASSERT_FALSE(overload_is_mute(&overload, address(stranger)));
	overload_begin(&overload, 0, RATE, NOW_MS, TIME_MS); /* it has caught up */
	CU_ASSERT_FALSE(overload_is_mute(&overload, address(access_point)));
	tear_down();
}

static void without_a_rate_nobody_is_limited(void)
{
	set_up(BEHIND_NS, 0);
	fail(stranger, 1000);
	CU_ASSERT_FALSE(overload_is_mute(&overload, address(stranger)));
	CU_ASSERT_EQUAL(looked_at(unbound, stranger, 100), 100);
	tear_down();
}

static void bound_nodes_come_first(void)
{
	set_up(BEHIND_NS, RATE);
	CU_ASSERT_EQUAL(turn(bound, access_point), OVERLOAD_FIRST);
	CU_ASSERT_EQUAL(turn(bound, stranger), OVERLOAD_FIRST); /* it may have moved */
	CU_ASSERT_EQUAL(turn(unbound, access_point), OVERLOAD_THEN);
	CU_ASSERT_EQUAL(turn(nobody, access_point), OVERLOAD_THEN);
	tear_down();
}

static unsigned giving_way(unsigned of)
{
	unsigned count = 0;

	for (unsigned i = 0; i < of; i++)
		count += overload_gives_way(&overload);
	return count;
}

static void new_ones_give_way_to_genuine_refreshes_only(void)
{
	set_up(BEHIND_NS, RATE);
	CU_ASSERT_EQUAL(giving_way(100), 0);
	overload_note(&overload, address(access_point), OVERLOAD_FIRST, false); /* forged */
	overload_note(&overload, address(access_point), OVERLOAD_THEN, true);   /* new itself */
	CU_ASSERT_EQUAL(giving_way(100), 0);
	overload_note(&overload, address(access_point), OVERLOAD_FIRST, true);
	CU_ASSERT_EQUAL(giving_way(100), OVERLOAD_CREDIT_EACH);
	tear_down();
}

static void new_ones_never_give_way_altogether(void)
{
	set_up(BEHIND_NS, RATE);
	for (unsigned i = 0; i < 10 * OVERLOAD_CREDIT_MAX; i++)
		overload_note(&overload, address(access_point), OVERLOAD_FIRST, true);
	CU_ASSERT_EQUAL(giving_way(80), 70);
	CU_ASSERT_EQUAL(giving_way(10 * OVERLOAD_CREDIT_MAX), OVERLOAD_CREDIT_MAX - 70);
	overload_note(&overload, address(access_point), OVERLOAD_FIRST, true);
	overload_begin(&overload, 0, RATE, NOW_MS, TIME_MS); /* it has caught up */
	overload_begin(&overload, BEHIND_NS, RATE, NOW_MS, TIME_MS);
	CU_ASSERT_EQUAL(giving_way(100), 0);
	tear_down();
}

static CU_TestInfo tests[] = {
	{ "nobody is refused by a thread in time", nobody_is_refused_by_a_thread_in_time },
	{ "a stranger is limited when behind", a_stranger_is_limited_when_behind },
	{ "a known source keeps its share", a_known_source_keeps_its_share },
	{ "failures of a limited source are not denied",
	  failures_of_a_limited_source_are_not_denied },
	{ "without a rate nobody is limited", without_a_rate_nobody_is_limited },
	{ "bound nodes come first", bound_nodes_come_first },
	{ "new ones give way to genuine refreshes only",
	  new_ones_give_way_to_genuine_refreshes_only },
	{ "new ones never give way altogether", new_ones_never_give_way_altogether },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("overload", tests);
}
