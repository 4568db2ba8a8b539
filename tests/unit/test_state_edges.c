/* test_state_edges.c - the state at its limits: full and emptied again and again,
 * settings without end, octets that are no command, rows that damage left. */
#include "agentd/state/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/state/command.h"
#include "tests/unit/state_universe.h"
#include "tests/unit/suite.h"

static const struct state_capacity capacity = { 6, 9, 14 };
static struct state *state;

static struct state_outcome apply(uint64_t index, const void *octets, size_t size)
{
	struct state_outcome outcome;

	CU_ASSERT_EQUAL_FATAL(state_apply(state, index, (struct span){ octets, size }, &outcome),
	                      HA_OK);
	row_log_free(&outcome.rows);
	return outcome;
}

static struct change addition(uint32_t i, uint8_t limit)
{
	return (struct change){
		.kind = CHANGE_ADD_ASSOCIATION,
		.peer = PEER_MOBILE_NODE,
		.address = { htonl(0x0a000100 + i) },
		.spi = 256,
		.algorithm = MIP_HMAC_MD5,
		.key_size = 16,
		.bindings = limit,
	};
}

static enum ha_error change_one(uint64_t index, const struct change *change)
{
	struct state_outcome outcome;
	enum ha_error error;
	uint8_t *octets;
	size_t size;

	CU_ASSERT_EQUAL_FATAL(command_configure(1, "test", NULL, change, 1, &octets, &size), HA_OK);
	outcome = apply(index, octets, size);
	error = outcome.results[0];
	free(outcome.results);
	free(octets);
	return error;
}

/* Filled to the last place and emptied, again and again: nothing leaks. */
static void no_place_is_lost(void)
{
	static const struct state_capacity small = { 10, 10, 20 };
	struct state_totals totals;
	struct change change;
	uint64_t index = 1;
	enum ha_error why;

	state = state_new(&small, universe_ring(), &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
	for (unsigned round = 0; round < 50; round++) {
		for (uint32_t i = 0; i < 10; i++) {
			change = addition(i, 2);
			CU_ASSERT_EQUAL(change_one(index++, &change), HA_OK);
		}
		change = addition(10, 1);
		CU_ASSERT_EQUAL(change_one(index++, &change), HA_E_CAPACITY);
		for (uint32_t i = 0; i < 10; i++) {
			change = addition((i + round) % 10, 2);
			change.kind = round % 2 ? CHANGE_REMOVE_PEER : CHANGE_REMOVE_ASSOCIATION;
			CU_ASSERT_EQUAL(change_one(index++, &change), HA_OK);
		}
		state_totals(state, &totals);
		CU_ASSERT_EQUAL(totals.mobile_nodes + totals.associations, 0);
		CU_ASSERT_EQUAL(totals.bindings_committed, 0);
	}
	state_free(state);
}

static void collect(void *context, const char *name, const char *value)
{
	char *text = context;
	size_t used = strlen(text);

	snprintf(text + used, 256 - used, "%s=%s;", name, value);
}

static void settings_are_in_order_and_limited(void)
{
	struct change change = { .kind = CHANGE_SET, .name = "b", .value = "1" };
	char text[256] = "";
	enum ha_error why;

	state = state_new(&capacity, universe_ring(), &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
	CU_ASSERT_EQUAL(change_one(1, &change), HA_OK);
	snprintf(change.name, sizeof(change.name), "a");
	CU_ASSERT_EQUAL(change_one(2, &change), HA_OK);
	snprintf(change.value, sizeof(change.value), "2");
	CU_ASSERT_EQUAL(change_one(3, &change), HA_OK);
	state_settings(state, collect, text);
	CU_ASSERT_STRING_EQUAL(text, "a=2;b=1;");
	for (unsigned i = 2; i <= 1024; i++) {
		snprintf(change.name, sizeof(change.name), "name-%u", i);
		CU_ASSERT_EQUAL(change_one(2 + i, &change), i < 1024 ? HA_OK : HA_E_CAPACITY);
	}
	state_free(state);
}

static void what_is_no_command_is_refused(void)
{
	static const uint8_t nothing[1];
	struct change change = addition(0, 1);
	struct state_outcome outcome;
	enum ha_error why;
	uint8_t *octets;
	size_t size;

	state = state_new(&capacity, universe_ring(), &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
	CU_ASSERT_EQUAL(command_configure(1, "test", NULL, &change, 1, &octets, &size), HA_OK);
	CU_ASSERT_EQUAL(octets[0], 0x08); /* field 1, the version */
	octets[1] = COMMAND_VERSION + 1;
	CU_ASSERT_EQUAL(state_apply(state, 1, (struct span){ octets, size }, &outcome), HA_E_NEWER);
	octets[1] = 0;
	CU_ASSERT_EQUAL(state_apply(state, 1, (struct span){ octets, size }, &outcome),
	                HA_E_MALFORMED);
	octets[1] = COMMAND_VERSION;
	CU_ASSERT_EQUAL(state_apply(state, 1, (struct span){ octets, size - 1 }, &outcome),
	                HA_E_MALFORMED);
	CU_ASSERT_EQUAL(state_apply(state, 1, (struct span){ nothing, 0 }, &outcome),
	                HA_E_MALFORMED);
	free(octets);
	state_free(state);
}

/* As proto/cluster.proto has it, of a node that is known; only the effect is missing. */
static void a_registration_without_effect_is_refused(void)
{
	/* Version and time, and in 36 octets: node, identification, digest, place. */
	static const uint8_t octets[] = "\x08\x01\x11\1\0\0\0\0\0\0\0\x1a\x24"
					"\x09\1\0\0\0\0\0\0\0\x11\1\0\0\0\0\0\0\0"
					"\x19\1\0\0\0\0\0\0\0\x31\0\1\0\x0a\0\0\0\0";
	struct change node = addition(0, 1);
	struct state_outcome outcome;
	enum ha_error why;

	state = state_new(&capacity, universe_ring(), &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
	CU_ASSERT_EQUAL(change_one(1, &node), HA_OK);
	CU_ASSERT_EQUAL(
		state_apply(state, 2, (struct span){ octets, sizeof(octets) - 1 }, &outcome),
		HA_E_MALFORMED);
	state_free(state);
}

/* Rows as damage could leave them. */
static void damaged_rows_end_the_loading(void)
{
	struct peer_row row = { .kind = PEER_MOBILE_NODE, .id = 5, .bindings = 2, .created = 1 };
	struct association_row association = {
		.peer = 6, .spi = 256, .algorithm = 1, .key_size = 16
	};
	struct replay_row replay = { .peer = 6, .version = 9 };
	size_t loaded;
	enum ha_error why;

	state = state_new(&capacity, universe_ring(), &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
	row.address = universe_home(0);
	CU_ASSERT_EQUAL(state_load_peer(state, &row), HA_OK);
	CU_ASSERT_EQUAL(state_load_peer(state, &row), HA_E_DAMAGED); /* twice */
	row.address = universe_home(1);
	row.id = 0;
	CU_ASSERT_EQUAL(state_load_peer(state, &row), HA_E_DAMAGED);
	row.id = UINT64_MAX;
	CU_ASSERT_EQUAL(state_load_peer(state, &row), HA_E_DAMAGED);
	row.id = UINT64_MAX - 1; /* no table of that size is made */
	CU_ASSERT_EQUAL(state_load_peer(state, &row), HA_OK);
	CU_ASSERT_EQUAL(state_load_associations(state, &association, 1, &loaded), HA_E_DAMAGED);
	association.peer = UINT64_MAX - 1;
	CU_ASSERT_EQUAL(state_load_associations(state, &association, 1, &loaded), HA_OK);
	CU_ASSERT_EQUAL(state_load_replay(state, &replay), HA_OK); /* left by a crash */
	state_free(state);

	state = state_new(&capacity, universe_ring(), &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
	row.id = 5;
	CU_ASSERT_EQUAL(state_load_peer(state, &row), HA_OK);
	row.address = universe_home(0);
	CU_ASSERT_EQUAL(state_load_peer(state, &row), HA_OK);
	CU_ASSERT_EQUAL(state_load_associations(state, &association, 1, &loaded),
	                HA_E_DAMAGED); /* one id */
	state_free(state);
}

/* Apply four nodes of two bindings each where `allowed` was in force. */
static enum ha_error apply_where(const struct state_capacity *allowed, struct state_outcome *out)
{
	struct change changes[4];
	enum ha_error error;
	uint8_t *octets;
	size_t size;

	for (uint32_t i = 0; i < 4; i++)
		changes[i] = addition(i, 2);
	CU_ASSERT_EQUAL_FATAL(command_configure(1, "test", allowed, changes, 4, &octets, &size),
	                      HA_OK);
	error = state_apply(state, 1, (struct span){ octets, size }, out);
	row_log_free(&out->rows);
	free(octets);
	return error;
}

/* What was refused where it was put in order is refused everywhere; what was
 * accepted there and does not fit here ends the process. */
static void who_put_it_in_order_decides_on_room(void)
{
	static const struct state_capacity less[] = { { 3, 9, 14 }, { 6, 3, 14 }, { 6, 9, 7 } };
	static const struct state_capacity more = { 100, 100, 100 };
	struct state_outcome outcome;
	enum ha_error why;

	for (size_t i = 0; i < sizeof(less) / sizeof(less[0]); i++) {
		state = state_new(&capacity, universe_ring(), &why);
		CU_ASSERT_PTR_NOT_NULL_FATAL(state);
		CU_ASSERT_EQUAL(apply_where(&less[i], &outcome), HA_OK);
		CU_ASSERT_EQUAL(outcome.results[2], HA_OK);
		CU_ASSERT_EQUAL(outcome.results[3], HA_E_CAPACITY);
		free(outcome.results);
		state_free(state);
		state = state_new(&less[i], universe_ring(), &why);
		CU_ASSERT_PTR_NOT_NULL_FATAL(state);
		CU_ASSERT_EQUAL(apply_where(&more, &outcome), HA_E_CAPACITY);
		free(outcome.results);
		state_free(state);
	}
}

static void a_limit_does_not_change_in_passing(void)
{
	struct change change = addition(0, 2);
	enum ha_error why;

	state = state_new(&capacity, universe_ring(), &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
	CU_ASSERT_EQUAL(change_one(1, &change), HA_OK);
	change.bindings = 3;
	change.replace = true;
	CU_ASSERT_EQUAL(change_one(2, &change), HA_OK); /* the setting's, not asked for */
	change.set_bindings = true;
	CU_ASSERT_EQUAL(change_one(3, &change), HA_E_OTHER_LIMIT);
	change.bindings = 2;
	CU_ASSERT_EQUAL(change_one(4, &change), HA_OK);
	change.kind = CHANGE_REMOVE_PEER;
	CU_ASSERT_EQUAL(change_one(5, &change), HA_OK);
	change = addition(0, 3);
	change.set_bindings = true;
	CU_ASSERT_EQUAL(change_one(6, &change), HA_OK);
	state_free(state);
}

static CU_TestInfo tests[] = {
	{ "who put it in order decides on room", who_put_it_in_order_decides_on_room },
	{ "a limit does not change in passing", a_limit_does_not_change_in_passing },
	{ "no place is lost", no_place_is_lost },
	{ "settings are in order and limited", settings_are_in_order_and_limited },
	{ "what is no command is refused", what_is_no_command_is_refused },
	{ "a registration without effect is refused", a_registration_without_effect_is_refused },
	{ "damaged rows end the loading", damaged_rows_end_the_loading },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("state_edges", tests);
}
