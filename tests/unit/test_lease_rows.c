/* test_lease_rows.c - what rows of different ages say of an address of a pool, and
 * what becomes of a log that is replayed over them. */
#include "tests/unit/lease_world.h"
#include "tests/unit/suite.h"

/* ---- rows of different ages ---- */

static void load_pool(const char *value)
{
	struct setting_row row = { .name = "pool.p", .version = 1 };

	snprintf(row.value, sizeof(row.value), "%s", value);
	CU_ASSERT_EQUAL(state_load_setting(state, &row), HA_OK);
}

static void load_nodes(void)
{
	make();
	load_pool("10.64.0.1-10.64.0.2 sticky");
	for (unsigned who = 0; who < 3; who++) {
		struct peer_row row = {
			.kind = PEER_MOBILE_NODE,
			.id = who + 1,
			.bindings = 3,
			.created = 2,
			.pool = "p",
		};

		snprintf(row.nai, sizeof(row.nai), "%s", names[who]);
		CU_ASSERT_EQUAL(state_load_peer(state, &row), HA_OK);
	}
}

static void load_lease(unsigned who, uint32_t home, bool leased, uint64_t version)
{
	const struct replay_row row = {
		.peer = who + 1,
		.state.identification = version,
		.home = at(home),
		.leased = leased,
		.sticky = leased,
		.version = version,
	};

	CU_ASSERT_EQUAL(state_load_replay(state, &row), HA_OK);
}

static void load_binding(unsigned who, uint32_t home, uint64_t version)
{
	const struct binding_row row = {
		.home = at(home),
		.binding = { .care_of = at(CARE_OF), .expires_ms = TIME_MS + 300000 },
		.node = who + 1,
		.version = version,
	};

	CU_ASSERT_EQUAL(state_load_binding(state, &row), HA_OK);
}

static void of_two_rows_the_newer_is_right(void)
{
	static const struct {
		uint64_t ann, bob;
		bool ann_leased, bob_leased;
	} rows[] = {
		{ 10, 11, true, true },   { 11, 10, true, true },   { 10, 11, true, false },
		{ 11, 10, true, false },  { 10, 11, false, true },  { 11, 10, false, true },
		{ 10, 11, false, false }, { 11, 10, false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool ann = rows[i].ann > rows[i].bob;

		load_nodes();
		load_lease(0, FIRST, rows[i].ann_leased, rows[i].ann);
		load_lease(1, FIRST, rows[i].bob_leased, rows[i].bob);
		check(0, ann ? FIRST : 0, ann && rows[i].ann_leased, 0);
		check(1, ann ? 0 : FIRST, !ann && rows[i].bob_leased, 0);
		CU_ASSERT_EQUAL(look(0).version, rows[i].ann); /* both are as old as they say */
		CU_ASSERT_EQUAL(look(1).version, rows[i].bob);
		CU_ASSERT_EQUAL(look(0).replay.identification, rows[i].ann);
		CU_ASSERT_EQUAL(taken(), ann ? rows[i].ann_leased : rows[i].bob_leased);
		state_set_configured(state, 2, 4);
		CU_ASSERT_EQUAL(state_dirty_count(state), 1); /* the older row is no longer so */
		state_free(state);
	}
}

static void bindings_are_of_the_age_of_their_node(void)
{
	load_nodes();
	load_lease(0, FIRST, true, 10);
	load_binding(0, FIRST, 9);   /* older */
	load_binding(0, SECOND, 10); /* elsewhere */
	load_binding(7, FIRST, 10);  /* nobody's */
	check(0, FIRST, true, 0);
	load_binding(0, FIRST, 11); /* what the replay row does not know */
	check(0, FIRST, true, 0);
	load_binding(0, FIRST, 10);
	check(0, FIRST, true, 1);
	load_lease(1, SECOND, false, 12);
	load_binding(1, SECOND, 12); /* without its lease */
	check(1, SECOND, false, 0);
	state_free(state);
}

/* Bob's row is from after entry 30, when he took the first address. */
static void begin_replay(void)
{
	load_nodes();
	load_lease(0, FIRST, true, 10);
	load_lease(1, FIRST, true, 30);
	load_binding(1, FIRST, 30);
	state_set_configured(state, 2, 4);
}

static void an_outlived_registration_counts_and_binds_nothing(void)
{
	struct state_view view;

	begin_replay();
	check(0, 0, false, 0);
	view = look(0);
	applied = 14;
	CU_ASSERT_EQUAL(bind_at(&view, SECOND), HA_OK);
	check(0, SECOND, true, 1);
	applied = 19;
	CU_ASSERT_EQUAL(bind_at(&view, FIRST), HA_E_EXISTS);
	check(0, 0, false, 0); /* it went there, and lost that since */
	CU_ASSERT_EQUAL(look(0).replay.identification, (uint64_t)20 << 32);
	CU_ASSERT_EQUAL(look(0).version, 20);
	check(1, FIRST, true, 1);
	CU_ASSERT_EQUAL(taken(), 1);
	applied = 24; /* at the place of somebody who is newer */
	CU_ASSERT_EQUAL(expire(FIRST), HA_OK);
	CU_ASSERT_EQUAL(drop(FIRST, 0, true), HA_OK);
	check(1, FIRST, true, 1);
	applied = 40;
	CU_ASSERT_EQUAL(bind_at(&view, FIRST), HA_OK);
	check(0, FIRST, true, 1);
	check(1, 0, false, 0);
	state_free(state);
}

/* An entry that its node's rows have still ends the hold of others. */
static void an_entry_that_is_skipped_evicts(void)
{
	struct state_view view;

	load_nodes();
	load_lease(0, FIRST, true, 10);
	load_binding(0, FIRST, 10);
	load_lease(1, SECOND, true, 30); /* went on from the first */
	state_set_configured(state, 2, 4);
	view = look(1);
	applied = 19;
	CU_ASSERT_EQUAL(bind_at(&view, FIRST), HA_OK);
	check(0, 0, false, 0);
	check(1, SECOND, true, 0);
	CU_ASSERT_EQUAL(look(1).version, 30);
	CU_ASSERT_EQUAL(taken(), 1);
	state_free(state);
}

/* ---- rows of an earlier program: own addresses in a pool ---- */

#define OWNED 4100u

static void own_addresses_are_passed_over(void)
{
	static const struct state_capacity capacity = { 5000, 5000, 5000 };
	struct peer_row row = { .kind = PEER_MOBILE_NODE, .bindings = 1, .created = 1 };
	struct state_view view;
	enum ha_error why;

	applied = 0;
	state = state_new(&capacity, universe_ring(), &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
	load_pool("10.64.0.1-10.64.32.0 sticky");
	for (row.id = 2; row.id < OWNED + 2; row.id++) {
		row.address = at(FIRST + (uint32_t)row.id - 2);
		CU_ASSERT_EQUAL_FATAL(state_load_peer(state, &row), HA_OK);
	}
	row.address.s_addr = 0;
	row.id = 1;
	snprintf(row.nai, sizeof(row.nai), "%s", names[0]);
	snprintf(row.pool, sizeof(row.pool), "p");
	CU_ASSERT_EQUAL_FATAL(state_load_peer(state, &row), HA_OK);
	state_set_configured(state, 1, OWNED + 2);
	view = look(0);
	CU_ASSERT_EQUAL(state_reserve(state, &view), HA_E_CAPACITY); /* looked at enough */
	CU_ASSERT_EQUAL(state_reserve(state, &view), HA_OK);         /* goes on from there */
	CU_ASSERT_EQUAL(host(view.reserved), FIRST + OWNED);
	applied = 1;
	CU_ASSERT_EQUAL(bind_at(&view, FIRST), HA_E_EXISTS);
	check(0, 0, false, 0);
	state_free(state);
}

static CU_TestInfo tests[] = {
	{ "of two rows the newer is right", of_two_rows_the_newer_is_right },
	{ "bindings are of the age of their node", bindings_are_of_the_age_of_their_node },
	{ "an outlived registration counts and binds nothing",
	  an_outlived_registration_counts_and_binds_nothing },
	{ "an entry that is skipped evicts", an_entry_that_is_skipped_evicts },
	{ "own addresses are passed over", own_addresses_are_passed_over },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("lease_rows", tests);
}
