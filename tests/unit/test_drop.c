/* test_drop.c - bindings that end without a request of their node: which ones
 * went is told, once, and an address of a pool goes back with them. */
#include <stdlib.h>
#include <string.h>

#include "agentd/state/command.h"
#include "agentd/state/state.h"
#include "tests/unit/state_universe.h"
#include "tests/unit/suite.h"

#define HOME 0x0a400001u /* 10.64.0.1, the only address of the pool */
#define TIME_MS 1000000u

static const struct state_capacity capacity = { 4, 4, 8 };
static struct state *state;
static uint64_t applied; /* index */

static struct state_outcome apply(const void *octets, size_t size)
{
	struct state_outcome outcome;

	CU_ASSERT_EQUAL_FATAL(
		state_apply(state, ++applied, (struct span){ octets, size }, &outcome), HA_OK);
	row_log_free(&outcome.rows);
	free(outcome.ended);
	outcome.ended = NULL; /* of agents to be told: not looked at here */
	return outcome;
}

static void change(const struct change *change)
{
	struct state_outcome outcome;
	uint8_t *octets;
	size_t size;

	CU_ASSERT_EQUAL_FATAL(command_configure(TIME_MS, "test", NULL, change, 1, &octets, &size),
	                      HA_OK);
	outcome = apply(octets, size);
	CU_ASSERT_EQUAL_FATAL(outcome.results[0], HA_OK);
	free(outcome.results);
	free(octets);
}

static void begin(void)
{
	const struct change pool = { .kind = CHANGE_SET,
		                     .name = "pool.p",
		                     .value = "10.64.0.1-10.64.0.1 sticky" };
	const struct change node = {
		.kind = CHANGE_ADD_ASSOCIATION,
		.peer = PEER_MOBILE_NODE,
		.nai = "ann@example.net",
		.pool = "p",
		.spi = 256,
		.algorithm = MIP_HMAC_MD5,
		.key_size = 16,
		.bindings = 3,
	};
	enum ha_error why;

	applied = 0;
	state = state_new(&capacity, universe_ring(), &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
	change(&pool);
	change(&node);
}

static struct state_view look(void)
{
	const struct name_digest name = name_digest_of(
		0, (struct span){ (const uint8_t *)"ann@example.net", 15 });
	const struct state_question question = { .kind = PEER_MOBILE_NODE, .name = &name };
	struct state_view view;

	CU_ASSERT_TRUE_FATAL(state_look(state, &question, &view));
	return view;
}

static void bind_at(uint32_t care_of)
{
	const struct state_view view = look();
	const struct binding binding = {
		.care_of.s_addr = htonl(care_of),
		.endpoint.s_addr = htonl(care_of),
		.source.s_addr = htonl(care_of + 1),
		.granted_s = 300,
		.features = BINDING_REVOCABLE,
		.granted_ms = TIME_MS,
		.expires_ms = TIME_MS + 300000,
	};
	const struct command_registration registration = {
		.node = view.id,
		.place = HOME,
		.identification = ((uint64_t)care_of << 32) + applied,
		.time_ms = TIME_MS,
		.binding = &binding,
		.keep_others = true,
		.name = &view.name,
		.sticky = true,
	};
	uint8_t octets[COMMAND_REGISTRATION_MAX];

	CU_ASSERT_EQUAL_FATAL(apply(octets, command_registration(&registration, octets)).error,
	                      HA_OK);
}

static struct state_outcome drop(uint32_t care_of, bool release)
{
	const struct in_addr one = { htonl(care_of) };
	uint8_t octets[COMMAND_REGISTRATION_MAX];

	return apply(octets, command_drop(TIME_MS, HOME, care_of ? &one : NULL, release, octets));
}

static void one_binding_ends_and_is_told(void)
{
	struct state_outcome outcome;

	begin();
	bind_at(0xc6336401);
	bind_at(0xc6336402);
	outcome = drop(0xc6336401, false);
	CU_ASSERT_EQUAL(outcome.error, HA_OK);
	CU_ASSERT_EQUAL_FATAL(outcome.dropped_count, 1);
	CU_ASSERT_EQUAL(outcome.dropped[0].care_of.s_addr, htonl(0xc6336401));
	CU_ASSERT_EQUAL(outcome.dropped[0].source.s_addr, htonl(0xc6336402));
	CU_ASSERT_EQUAL(outcome.dropped[0].features, BINDING_REVOCABLE);
	CU_ASSERT_EQUAL(look().binding_count, 1);
	outcome = drop(0xc6336401, false);
	CU_ASSERT_EQUAL(outcome.error, HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(outcome.dropped_count, 0);
	state_free(state);
}

static void all_of_them_end_and_the_address_stays(void)
{
	struct state_outcome outcome;

	begin();
	for (uint32_t i = 0; i < 3; i++)
		bind_at(0xc6336401 + i);
	outcome = drop(0, false);
	CU_ASSERT_EQUAL(outcome.dropped_count, 3);
	CU_ASSERT_EQUAL(look().binding_count, 0);
	CU_ASSERT_TRUE(look().leased);
	CU_ASSERT_EQUAL(drop(0, false).error, HA_E_NOTFOUND);
	state_free(state);
}

static void a_release_frees_the_address_bound_or_not(void)
{
	struct state_outcome outcome;

	begin();
	bind_at(0xc6336401);
	outcome = drop(0, true);
	CU_ASSERT_EQUAL(outcome.error, HA_OK);
	CU_ASSERT_EQUAL(outcome.dropped_count, 1);
	CU_ASSERT_FALSE(look().leased);
	bind_at(0xc6336403);
	drop(0, false);
	outcome = drop(0, true);
	CU_ASSERT_EQUAL(outcome.error, HA_OK);
	CU_ASSERT_EQUAL(outcome.dropped_count, 0);
	CU_ASSERT_FALSE(look().leased);
	CU_ASSERT_EQUAL(drop(0, true).error, HA_E_NOTFOUND);
	state_free(state);
}

/* Over rows that are newer than the entry nothing ends, and nobody is told. */
static void what_is_older_than_the_node_ends_nothing(void)
{
	struct state_outcome outcome;

	begin();
	bind_at(0xc6336401);
	applied -= 1;
	outcome = drop(0, true);
	CU_ASSERT_EQUAL(outcome.error, HA_OK);
	CU_ASSERT_EQUAL(outcome.dropped_count, 0);
	CU_ASSERT_EQUAL(look().binding_count, 1);
	CU_ASSERT_TRUE(look().leased);
	state_free(state);
}

static CU_TestInfo tests[] = {
	{ "one binding ends and is told", one_binding_ends_and_is_told },
	{ "all of them end and the address stays", all_of_them_end_and_the_address_stays },
	{ "a release frees the address, bound or not", a_release_frees_the_address_bound_or_not },
	{ "what is older than the node ends nothing", what_is_older_than_the_node_ends_nothing },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("drop", tests);
}
