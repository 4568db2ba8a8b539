/* test_udp_port.c - a UDP tunnel without a port gets one, once, by a command of the log;
 * whatever the node has registered meanwhile stays as it is (RFC 3519 section 4.6). */
#include <stdlib.h>
#include <string.h>

#include "agentd/state/command.h"
#include "agentd/state/state.h"
#include "tests/unit/state_universe.h"
#include "tests/unit/suite.h"

#define TIME_MS 1000000u
#define NAT 99u /* universe_care_of, the source of requests */

static const struct state_capacity capacity = { 4, 4, 8 };
static struct state *state;
static uint64_t applied; /* index */
static unsigned moved;

static void note(void *context, uint32_t realm, struct in_addr home)
{
	(void)context;
	CU_ASSERT_EQUAL(realm, 0);
	CU_ASSERT_EQUAL(home.s_addr, universe_home(0).s_addr);
	moved++;
}

static enum ha_error apply(const void *octets, size_t size)
{
	struct state_outcome outcome;
	enum ha_error error;

	CU_ASSERT_EQUAL_FATAL(
		state_apply(state, ++applied, (struct span){ octets, size }, &outcome), HA_OK);
	error = outcome.error;
	if (outcome.results)
		CU_ASSERT_EQUAL(outcome.results[0], HA_OK);
	state_outcome_free(&outcome);
	return error;
}

static void begin(void)
{
	const struct change node = {
		.kind = CHANGE_ADD_ASSOCIATION,
		.peer = PEER_MOBILE_NODE,
		.address = universe_home(0),
		.spi = universe_spi(0),
		.algorithm = MIP_HMAC_MD5,
		.key_size = 16,
		.bindings = 3,
	};
	enum ha_error why;
	uint8_t *octets;
	size_t size;

	applied = 0;
	state = state_new(&capacity, universe_ring(), &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
	state_observe(state, note, NULL);
	CU_ASSERT_EQUAL_FATAL(command_configure(TIME_MS, "test", NULL, &node, 1, &octets, &size),
	                      HA_OK);
	apply(octets, size);
	free(octets);
}

static struct state_view look(void)
{
	const struct state_question question = { .kind = PEER_MOBILE_NODE,
		                                 .address = universe_home(0),
		                                 .spi = universe_spi(0) };
	struct state_view view;

	CU_ASSERT_TRUE_FATAL(state_look(state, &question, &view));
	return view;
}

/* Beside the others; `features` says whether there is a UDP tunnel. */
static void bind_at(unsigned care_of, unsigned endpoint, uint16_t port, uint16_t features)
{
	const struct binding binding = {
		.care_of = universe_care_of(care_of),
		.endpoint = universe_care_of(endpoint),
		.source = universe_care_of(endpoint),
		.endpoint_port = port,
		.granted_s = 300,
		.features = features,
		.granted_ms = TIME_MS,
		.expires_ms = TIME_MS + 300000,
	};
	const struct command_registration registration = {
		.node = look().id,
		.place = place_of_home(0, universe_home(0)),
		.identification = (applied + 1) << 32,
		.time_ms = TIME_MS,
		.binding = &binding,
		.keep_others = true,
	};
	uint8_t octets[COMMAND_REGISTRATION_MAX];

	CU_ASSERT_EQUAL(apply(octets, command_registration(&registration, octets)), HA_OK);
}

static enum ha_error complete(unsigned care_of, unsigned endpoint, uint16_t port)
{
	const struct command_completion completion = {
		.place = place_of_home(0, universe_home(0)),
		.care_of = universe_care_of(care_of),
		.endpoint = universe_care_of(endpoint),
		.port = port,
	};
	uint8_t octets[COMMAND_REGISTRATION_MAX];

	return apply(octets, command_complete(TIME_MS, &completion, octets));
}

static void the_first_port_is_taken_and_no_other(void)
{
	struct state_view view;

	begin();
	bind_at(1, NAT, 0, BINDING_UDP);
	moved = 0;
	CU_ASSERT_EQUAL(complete(1, NAT, 40001), HA_OK);
	CU_ASSERT_EQUAL(moved, 1);
	view = look();
	CU_ASSERT_EQUAL(view.bindings[0].endpoint_port, 40001);
	CU_ASSERT_EQUAL(view.version, applied);
	CU_ASSERT_EQUAL(complete(1, NAT, 40002), HA_E_NOTFOUND);
	view = look();
	CU_ASSERT_EQUAL(view.bindings[0].endpoint_port, 40001);
	CU_ASSERT_EQUAL(view.version, applied - 1);
	CU_ASSERT_EQUAL(moved, 1);
	state_free(state);
}

/* RFC 3519 section 4.6: with R each acceptance waits for a keepalive. */
static void registered_anew_it_is_open_again(void)
{
	begin();
	bind_at(1, NAT, 0, BINDING_UDP);
	CU_ASSERT_EQUAL(complete(1, NAT, 40001), HA_OK);
	bind_at(1, NAT, 0, BINDING_UDP);
	CU_ASSERT_EQUAL(look().binding_count, 1);
	CU_ASSERT_EQUAL(look().bindings[0].endpoint_port, 0);
	CU_ASSERT_EQUAL(complete(1, NAT, 40002), HA_OK);
	CU_ASSERT_EQUAL(look().bindings[0].endpoint_port, 40002);
	state_free(state);
}

static void what_is_not_open_is_not_found(void)
{
	begin();
	CU_ASSERT_EQUAL(complete(1, NAT, 40001), HA_E_NOTFOUND);
	bind_at(1, NAT, 0, BINDING_UDP);
	CU_ASSERT_EQUAL(complete(1, 1, 40001), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(complete(2, NAT, 40001), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(complete(1, NAT, 0), HA_E_RANGE);
	bind_at(2, NAT, 7, BINDING_UDP);
	CU_ASSERT_EQUAL(complete(2, NAT, 40001), HA_E_NOTFOUND);
	bind_at(3, 3, 0, 0);
	CU_ASSERT_EQUAL(complete(3, 3, 40001), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(look().bindings[0].endpoint_port, 0);
	CU_ASSERT_EQUAL(look().bindings[1].endpoint_port, 7);
	CU_ASSERT_EQUAL(look().bindings[2].endpoint_port, 0);
	state_free(state);
}

/* The rows of the store are in this order, and the old one must go. */
static void the_store_gets_one_row_of_it(void)
{
	struct state_peer_rows rows;
	uint32_t *slots;
	size_t count;

	begin();
	for (unsigned i = 3; i >= 1; i--)
		bind_at(i, NAT, 0, BINDING_UDP);
	CU_ASSERT_EQUAL(state_take_dirty(state, &slots, &count), HA_OK);
	CU_ASSERT_EQUAL(count, 1);
	CU_ASSERT_TRUE(state_copy_peer(state, slots[0], &rows));
	free(slots);
	CU_ASSERT_EQUAL(complete(2, NAT, 40001), HA_OK);
	CU_ASSERT_EQUAL(state_take_dirty(state, &slots, &count), HA_OK);
	CU_ASSERT_EQUAL_FATAL(count, 1);
	CU_ASSERT_TRUE(state_copy_peer(state, slots[0], &rows));
	CU_ASSERT_EQUAL_FATAL(rows.binding_count, 3);
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(rows.bindings[i].binding.care_of.s_addr,
		                universe_care_of(i + 1).s_addr);
		CU_ASSERT_EQUAL(rows.bindings[i].binding.endpoint_port, i == 1 ? 40001 : 0);
	}
	free(slots);
	state_free(state);
}

/* Over rows that are newer than the entry nothing happens. */
static void what_is_older_than_the_node_changes_nothing(void)
{
	begin();
	bind_at(1, NAT, 0, BINDING_UDP);
	applied--;
	CU_ASSERT_EQUAL(complete(1, NAT, 40001), HA_OK);
	CU_ASSERT_EQUAL(look().bindings[0].endpoint_port, 0);
	state_free(state);
}

/* Members of before refuse what they do not understand, and only that. */
static void it_needs_a_newer_program_than_the_rest(void)
{
	const struct command_completion completion = { .port = 1 };
	uint8_t octets[COMMAND_REGISTRATION_MAX];

	CU_ASSERT_TRUE(command_complete(TIME_MS, &completion, octets) > 2);
	CU_ASSERT_EQUAL(octets[1], COMMAND_VERSION_PORTS);
	CU_ASSERT_TRUE(command_drop(TIME_MS, 1, NULL, false, octets) > 2);
	CU_ASSERT_EQUAL(octets[1], COMMAND_VERSION_OLD);
}

static CU_TestInfo tests[] = {
	{ "the first port is taken, and no other", the_first_port_is_taken_and_no_other },
	{ "registered anew it is open again", registered_anew_it_is_open_again },
	{ "what is not open is not found", what_is_not_open_is_not_found },
	{ "the store gets one row of it", the_store_gets_one_row_of_it },
	{ "what is older than the node changes nothing",
	  what_is_older_than_the_node_changes_nothing },
	{ "it needs a newer program than the rest", it_needs_a_newer_program_than_the_rest },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("udp_port", tests);
}
