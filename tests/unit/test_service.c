/* test_service.c - what is counted of a node: requests accepted, for how long it was
 * bound, from when on, and what a state that loads the rows of another makes of it. */
#include "agentd/state/state.h"

#include <stdlib.h>
#include <string.h>

#include "agentd/flow/inspect.h"
#include "agentd/state/command.h"
#include "tests/unit/look.h"
#include "tests/unit/suite.h"

#define NOW_MS UINT64_C(1700000000000)

static const struct state_capacity capacity = { 4, 8, 20 };
static struct state *state;
static uint64_t next_index, identification;

static struct in_addr home(void)
{
	return (struct in_addr){ htonl(0x0a000001) };
}

static struct in_addr care_of(uint32_t number)
{
	return (struct in_addr){ htonl(0xc6336400u + number) };
}

static struct state *make(void)
{
	const struct peer_row row = {
		.kind = PEER_MOBILE_NODE,
		.address = home(),
		.id = 1,
		.bindings = 3,
		.created = 1,
	};
	enum ha_error why;
	struct state *made = state_new(&capacity, NULL, &why);

	CU_ASSERT_PTR_NOT_NULL_FATAL(made);
	CU_ASSERT_EQUAL(state_load_peer(made, &row), HA_OK);
	return made;
}

static void apply(const void *octets, size_t size)
{
	struct state_outcome outcome;

	CU_ASSERT_EQUAL(state_apply(state, next_index++, (struct span){ octets, size }, &outcome),
	                HA_OK);
	state_outcome_free(&outcome);
}

static void begin_counting(void)
{
	struct change change = { .kind = CHANGE_SET, .name = FEATURE_NODE_COUNTERS, .value = "on" };
	uint8_t *octets;
	size_t size;

	CU_ASSERT_EQUAL(command_configure(NOW_MS, "test", NULL, &change, 1, &octets, &size), HA_OK);
	CU_ASSERT_EQUAL(octets[1], COMMAND_VERSION); /* programs of before refuse it */
	apply(octets, size);
	free(octets);
}

static void set_up(void)
{
	state = make();
	state_set_configured(state, 1, 2);
	next_index = 2;
	identification = 2;
}

static void tear_down(void)
{
	state_free(state);
}

/* `granted_s` 0: a deregistration, of all care-of addresses with number 0. */
static void ask_at(uint64_t second, uint32_t number, uint16_t granted_s, bool keep)
{
	const struct in_addr from = care_of(number);
	struct binding binding = {
		.care_of = from,
		.endpoint = from,
		.granted_s = granted_s,
		.expires_ms = NOW_MS + (second + granted_s) * 1000u,
	};
	struct command_registration command = {
		.node = 1,
		.place = place_of_home(0, home()),
		.identification = identification,
		.time_ms = NOW_MS + second * 1000u,
		.binding = granted_s ? &binding : NULL,
		.care_of = !granted_s && number ? &from : NULL,
		.keep_others = keep,
		.limit = 3,
	};
	uint8_t octets[COMMAND_REGISTRATION_MAX];

	apply(octets, command_registration(&command, octets));
	identification++;
}

static void expire_at(uint64_t second)
{
	const uint64_t place = place_of_home(0, home());
	uint8_t octets[128];

	apply(octets, command_expire(NOW_MS + second * 1000u, &place, 1, octets, sizeof(octets)));
}

static void drop_at(uint64_t second)
{
	uint8_t octets[COMMAND_REGISTRATION_MAX];

	apply(octets,
	      command_drop(NOW_MS + second * 1000u, place_of_home(0, home()), NULL, false, octets));
}

static struct state_service look(void)
{
	struct state_service service;

	CU_ASSERT_TRUE_FATAL(state_service(state, 0, home(), NULL, &service));
	return service;
}

static void check(uint32_t accepted, uint64_t served_s, uint64_t since_s)
{
	struct state_service service = look();

	CU_ASSERT_EQUAL(service.accepted, accepted);
	CU_ASSERT_EQUAL(service.served_ms, served_s * 1000u);
	CU_ASSERT_EQUAL(service.since_ms, since_s ? NOW_MS + since_s * 1000u : 0);
}

static void bound_time_is_from_the_first_binding_to_the_last(void)
{
	set_up();
	begin_counting();
	check(0, 0, 0);
	CU_ASSERT_EQUAL(look().accepted_ms, 0);
	ask_at(10, 1, 100, false);
	check(1, 0, 10);
	ask_at(20, 1, 100, false); /* a refresh */
	ask_at(30, 2, 100, true);  /* a second one */
	ask_at(40, 1, 0, false);   /* the first one goes */
	check(4, 0, 10);
	CU_ASSERT_EQUAL(look().accepted_ms, NOW_MS + 40000);
	ask_at(50, 2, 0, false);
	check(5, 40, 0);
	ask_at(60, 1, 100, false);
	drop_at(75);
	check(6, 55, 0);
	ask_at(80, 0, 0, false); /* nothing is left to end */
	check(7, 55, 0);
	tear_down();
}

static uint64_t served_s_at(uint64_t second)
{
	const struct state_service service = look();

	return agent_served_ms(&service, NOW_MS + second * 1000u) / 1000u;
}

/* Nobody may be there who says that a lifetime is over. */
static void who_is_bound_is_served_until_the_lifetime_ends(void)
{
	set_up();
	begin_counting();
	CU_ASSERT_EQUAL(look().until_ms, 0);
	CU_ASSERT_EQUAL(served_s_at(5), 0);
	ask_at(10, 1, 100, false);
	ask_at(20, 2, 30, true);
	CU_ASSERT_EQUAL(look().until_ms, NOW_MS + 110000);
	CU_ASSERT_EQUAL(served_s_at(10), 0);
	CU_ASSERT_EQUAL(served_s_at(60), 50);
	CU_ASSERT_EQUAL(served_s_at(110), 100);
	CU_ASSERT_EQUAL(served_s_at(300), 100);
	expire_at(301);
	CU_ASSERT_EQUAL(served_s_at(400), 100);
	CU_ASSERT_EQUAL(look().until_ms, 0);
	tear_down();
}

/* Where it is bound next has no gap; where a lifetime ended there is one, although
 * nobody said so at once. */
static void a_lifetime_ends_when_it_ends(void)
{
	set_up();
	begin_counting();
	ask_at(10, 1, 20, false);
	ask_at(20, 2, 20, false); /* moved */
	CU_ASSERT_EQUAL(look().served_ms + NOW_MS + 20000 - look().since_ms, 10000);
	expire_at(43); /* three seconds late */
	check(2, 30, 0);
	ask_at(50, 1, 20, false);
	ask_at(90, 1, 20, false); /* the one before had ended at 70 */
	check(4, 50, 90);
	tear_down();
}

/* Before the entry that begins it nothing is, and what was bound then is from the
 * next request on. */
static void counting_begins_with_an_entry(void)
{
	set_up();
	ask_at(10, 1, 100, false);
	check(0, 0, 0);
	CU_ASSERT_EQUAL(look().accepted_ms, NOW_MS + 10000);
	CU_ASSERT_FALSE(state_counts_nodes(state));
	begin_counting();
	CU_ASSERT_TRUE(state_counts_nodes(state));
	check(0, 0, 0);
	ask_at(20, 1, 100, false);
	check(1, 0, 20);
	begin_counting(); /* once is enough */
	ask_at(30, 1, 0, false);
	check(2, 10, 0);
	tear_down();
}

/* Rows of a cluster that does not count yet are those of before. */
static void check_formats(const struct state_peer_rows *rows, uint8_t format)
{
	struct row_octets value;

	replay_row_value(&rows->replay, &value);
	CU_ASSERT_EQUAL(value.at[0], format);
	for (size_t i = 0; i < rows->binding_count; i++) {
		binding_row_value(&rows->bindings[i], &value);
		CU_ASSERT_EQUAL(value.at[0], format);
	}
}

static void copy_rows(struct state_peer_rows *rows)
{
	CU_ASSERT_TRUE_FATAL(state_copy_at(state, 0, home(), rows));
}

/* Over rows that are newer than the log that follows, as after a crash. */
static void rows_carry_it_and_a_replay_adds_nothing(void)
{
	struct state_peer_rows rows;

	set_up();
	ask_at(5, 1, 100, false);
	copy_rows(&rows);
	check_formats(&rows, 2);
	begin_counting(); /* index 3 */
	ask_at(10, 1, 100, false);
	ask_at(20, 2, 100, true);
	copy_rows(&rows);
	check_formats(&rows, 3);
	tear_down();

	state = make();
	CU_ASSERT_EQUAL(
		state_load_setting(state, &(struct setting_row){ FEATURE_NODE_COUNTERS, "on", 3 }),
		HA_OK);
	for (size_t i = 0; i < rows.binding_count; i++)
		CU_ASSERT_EQUAL(state_load_binding(state, &rows.bindings[i]), HA_OK);
	state_set_configured(state, 3, 2);
	check(2, 0, 10);
	next_index = 4;
	identification = 3;
	ask_at(10, 1, 100, false);
	ask_at(20, 2, 100, true);
	check(2, 0, 10);
	ask_at(30, 0, 0, false);
	check(3, 20, 0);
	copy_rows(&rows);
	CU_ASSERT_EQUAL(rows.binding_count, 0);
	CU_ASSERT_EQUAL(rows.replay.service.accepted, 3);
	CU_ASSERT_EQUAL(rows.replay.service.served_ms, 20000);
	tear_down();
}

/* Who has the address next is another node. */
static void counters_go_with_their_node(void)
{
	struct change change = { .kind = CHANGE_REMOVE_PEER, .peer = PEER_MOBILE_NODE };
	const struct peer_row next = { .kind = PEER_MOBILE_NODE, .address = home(), .id = 9 };
	struct state_service service;
	struct state_view view;
	uint8_t *octets;
	size_t size;

	set_up();
	begin_counting();
	ask_at(10, 1, 100, false);
	CU_ASSERT_TRUE(look_at(state, PEER_MOBILE_NODE, 0, home(), 256, &view));
	state_note_denial(state, &view, 133, 77);
	state_note_denial(state, &view, 130, 78);
	CU_ASSERT_EQUAL(look().denied, 2);
	CU_ASSERT_EQUAL(look().denied_code, 130);
	CU_ASSERT_EQUAL(look().denied_ms, 78);
	change.address = home();
	CU_ASSERT_EQUAL(command_configure(NOW_MS, "test", NULL, &change, 1, &octets, &size), HA_OK);
	apply(octets, size);
	free(octets);
	CU_ASSERT_FALSE(state_service(state, 0, home(), NULL, &service));
	state_note_denial(state, &view, 133, 79); /* of who is gone */
	CU_ASSERT_EQUAL(state_load_peer(state, &next), HA_OK);
	check(0, 0, 0);
	CU_ASSERT_EQUAL(look().denied_code, 0);
	tear_down();
}

static void a_feature_is_made_once_and_stays(void)
{
	struct change unset = { .kind = CHANGE_UNSET, .name = FEATURE_NODE_COUNTERS };
	struct state_outcome outcome;
	uint8_t *octets;
	size_t size;

	set_up();
	begin_counting();
	CU_ASSERT_EQUAL(command_configure(NOW_MS, "test", NULL, &unset, 1, &octets, &size), HA_OK);
	CU_ASSERT_EQUAL(state_apply(state, next_index, (struct span){ octets, size }, &outcome),
	                HA_OK);
	CU_ASSERT_EQUAL(outcome.results[0], HA_E_IN_USE);
	CU_ASSERT_TRUE(state_counts_nodes(state));
	state_outcome_free(&outcome);
	free(octets);
	tear_down();
}

static CU_TestInfo tests[] = {
	{ "bound time is from the first binding to the last",
	  bound_time_is_from_the_first_binding_to_the_last },
	{ "a lifetime ends when it ends", a_lifetime_ends_when_it_ends },
	{ "who is bound is served until the lifetime ends",
	  who_is_bound_is_served_until_the_lifetime_ends },
	{ "counting begins with an entry", counting_begins_with_an_entry },
	{ "rows carry it and a replay adds nothing", rows_carry_it_and_a_replay_adds_nothing },
	{ "counters go with their node", counters_go_with_their_node },
	{ "a feature is made once and stays", a_feature_is_made_once_and_stays },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("service", tests);
}
