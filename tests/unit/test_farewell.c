/* test_farewell.c - which bindings that end are reported, and what a revocation by
 * a foreign agent does to a node: once, again, too late, and after a restart. */
#include "agentd/state/state.h"

#include <stdlib.h>
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/state/command.h"
#include "tests/unit/look.h"
#include "tests/unit/suite.h"

#define NOW_MS UINT64_C(1700000000000)
#define REVOCABLE (BINDING_REVOCABLE | BINDING_REVOCATION_INFORM)

static struct state *state;
static uint64_t next_index;
static uint64_t identification;
static struct state_outcome outcome; /* of the newest command */

static struct in_addr address(uint32_t host)
{
	return (struct in_addr){ htonl(host) };
}

static struct in_addr home(void)
{
	return address(0x0a000001);
}

static struct in_addr agent_number(uint32_t number)
{
	return address(0xc6336400u + number);
}

static void make(void)
{
	static const struct state_capacity capacity = { 4, 8, 20 };
	enum ha_error why;

	state = state_new(&capacity, NULL, &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
	next_index = 2;
	identification = 1;
	memset(&outcome, 0, sizeof(outcome));
}

static void set_up(void)
{
	const struct peer_row row = {
		.kind = PEER_MOBILE_NODE,
		.address = home(),
		.id = 1,
		.bindings = 3,
		.created = 1,
	};

	make();
	CU_ASSERT_EQUAL(state_load_peer(state, &row), HA_OK);
	state_set_configured(state, 1, 2);
}

static void forget_outcome(void)
{
	state_outcome_free(&outcome);
	memset(&outcome, 0, sizeof(outcome));
}

static void tear_down(void)
{
	forget_outcome();
	state_free(state);
}

static enum ha_error apply(const uint8_t *octets, size_t size)
{
	forget_outcome();
	CU_ASSERT_EQUAL_FATAL(
		state_apply(state, next_index++, (struct span){ octets, size }, &outcome), HA_OK);
	CU_ASSERT_EQUAL(outcome.ended_lost, 0);
	return outcome.error;
}

/* ---- commands ---- */

struct bound {
	uint32_t care_of; /* numbers of agents */
	uint32_t source;
	uint16_t features;
	bool keep_others;
	uint32_t stamp;
	uint16_t port; /* of the endpoint */
};

static enum ha_error bind_to(struct bound bound)
{
	const struct binding binding = {
		.care_of = agent_number(bound.care_of),
		.endpoint = agent_number(bound.care_of),
		.endpoint_port = bound.port,
		.source = agent_number(bound.source),
		.granted_s = 300,
		.features = bound.features,
		.agent_stamp = bound.stamp,
		.granted_ms = NOW_MS,
		.expires_ms = NOW_MS + 300000,
	};
	const uint64_t next = identification + 1;
	const struct command_registration command = {
		.node = 1,
		.place = place_of_home(0, home()),
		.identification = next,
		.time_ms = NOW_MS,
		.binding = &binding,
		.keep_others = bound.keep_others,
	};
	uint8_t octets[COMMAND_REGISTRATION_MAX];

	identification = next;
	return apply(octets, command_registration(&command, octets));
}

static enum ha_error unbind(const struct in_addr *care_of, uint32_t source)
{
	const uint64_t next = identification + 1;
	const struct command_registration command = {
		.node = 1,
		.place = place_of_home(0, home()),
		.identification = next,
		.time_ms = NOW_MS,
		.care_of = care_of,
		.source = agent_number(source),
	};
	uint8_t octets[COMMAND_REGISTRATION_MAX];

	identification = next;
	return apply(octets, command_registration(&command, octets));
}

static enum ha_error drop(const struct in_addr *care_of, uint64_t time_ms)
{
	uint8_t octets[COMMAND_REGISTRATION_MAX];

	return apply(octets,
	             command_drop(time_ms, place_of_home(0, home()), care_of, false, octets));
}

static enum ha_error revoke_by(uint32_t agent, uint32_t care_of, uint32_t identifier,
                               uint64_t time_ms)
{
	const struct revocation_mark mark = { agent_number(agent), agent_number(care_of),
		                              identifier };
	uint8_t octets[COMMAND_REGISTRATION_MAX];

	return apply(octets, command_revoke(time_ms, place_of_home(0, home()), &mark, octets));
}

static struct state_view node(void)
{
	struct state_view view;

	CU_ASSERT_TRUE_FATAL(look_at(state, PEER_MOBILE_NODE, 0, home(), 256, &view));
	return view;
}

static void expect_end(size_t i, uint32_t agent, bool moved)
{
	CU_ASSERT_TRUE_FATAL(i < outcome.ended_count);
	CU_ASSERT_EQUAL(outcome.ended[i].place, place_of_home(0, home()));
	CU_ASSERT_TRUE(address_equal(outcome.ended[i].binding.source, agent_number(agent)));
	CU_ASSERT_TRUE(outcome.ended[i].binding.features & BINDING_REVOCABLE);
	CU_ASSERT_EQUAL(outcome.ended[i].moved, moved);
}

/* ---- what is reported ---- */

static void who_moves_is_reported_where_it_was(void)
{
	set_up();
	bind_to((struct bound){ 1, 1, REVOCABLE, false, 7, 0 });
	CU_ASSERT_EQUAL(outcome.ended_count, 0);
	bind_to((struct bound){ 2, 2, REVOCABLE, false, 7, 0 });
	CU_ASSERT_EQUAL_FATAL(outcome.ended_count, 1);
	expect_end(0, 1, true);
	CU_ASSERT_EQUAL(outcome.ended[0].binding.agent_stamp, 7);
	CU_ASSERT_EQUAL(outcome.ended[0].binding.expires_ms, NOW_MS + 300000);
	bind_to((struct bound){ 3, 3, 0, true, 0, 0 }); /* beside it */
	CU_ASSERT_EQUAL(outcome.ended_count, 0);
	bind_to((struct bound){ 3, 3, 0, false, 0, 0 });
	CU_ASSERT_EQUAL(outcome.ended_count, 1);
	expect_end(0, 2, true);
	bind_to((struct bound){ 1, 1, 0, false, 0, 0 }); /* what it left could not be revoked */
	CU_ASSERT_EQUAL(outcome.ended_count, 0);
	tear_down();
}

static void agent_that_relayed_knows(void)
{
	const struct in_addr first = agent_number(1);

	set_up();
	bind_to((struct bound){ 1, 9, REVOCABLE, true, 7, 0 });
	bind_to((struct bound){ 2, 9, REVOCABLE, false, 7, 0 }); /* another address of the agent */
	CU_ASSERT_EQUAL(outcome.ended_count, 0);
	bind_to((struct bound){ 1, 1, REVOCABLE, true, 7, 0 });
	unbind(NULL, 9);
	CU_ASSERT_EQUAL(outcome.ended_count, 1);
	expect_end(0, 1, true);
	bind_to((struct bound){ 1, 1, REVOCABLE, false, 7, 0 });
	unbind(&first, 1);
	CU_ASSERT_EQUAL(outcome.ended_count, 0);
	CU_ASSERT_EQUAL(node().binding_count, 0);
	tear_down();
}

static void refresh_and_new_endpoint_are_no_end(void)
{
	set_up();
	bind_to((struct bound){ 1, 1, REVOCABLE, false, 7, 0 });
	bind_to((struct bound){ 1, 1, REVOCABLE, false, 8, 0 });
	CU_ASSERT_EQUAL(outcome.ended_count, 0);
	bind_to((struct bound){ 1, 2, REVOCABLE, false, 9, 4000 });
	CU_ASSERT_EQUAL(outcome.ended_count, 0);
	CU_ASSERT_EQUAL(node().bindings[0].agent_stamp, 9);
	tear_down();
}

static void what_we_take_away_is_reported(void)
{
	const struct in_addr second = agent_number(2);

	set_up();
	bind_to((struct bound){ 1, 1, REVOCABLE, true, 7, 0 });
	bind_to((struct bound){ 2, 2, REVOCABLE, true, 7, 0 });
	bind_to((struct bound){ 3, 3, 0, true, 7, 0 });
	CU_ASSERT_EQUAL(drop(&second, NOW_MS), HA_OK);
	CU_ASSERT_EQUAL(outcome.ended_count, 1);
	expect_end(0, 2, false);
	CU_ASSERT_EQUAL(drop(NULL, NOW_MS), HA_OK);
	CU_ASSERT_EQUAL(outcome.ended_count, 1);
	expect_end(0, 1, false);
	CU_ASSERT_EQUAL(drop(NULL, NOW_MS), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(outcome.ended_count, 0);
	tear_down();
}

/* RFC 3543 section 3.3: no revocation of what has expired. */
static void what_has_expired_is_not_reported(void)
{
	const uint64_t place = place_of_home(0, home());
	uint8_t octets[128];

	set_up();
	bind_to((struct bound){ 1, 1, REVOCABLE, true, 7, 0 });
	CU_ASSERT_EQUAL(drop(NULL, NOW_MS + 300000), HA_OK);
	CU_ASSERT_EQUAL(outcome.ended_count, 0);
	bind_to((struct bound){ 1, 1, REVOCABLE, true, 7, 0 });
	apply(octets, command_expire(NOW_MS + 300000, &place, 1, octets, sizeof(octets)));
	CU_ASSERT_EQUAL(outcome.ended_count, 0);
	CU_ASSERT_EQUAL(node().binding_count, 0);
	tear_down();
}

static void removed_nodes_are_reported(void)
{
	const struct change change = {
		.kind = CHANGE_REMOVE_PEER,
		.peer = PEER_MOBILE_NODE,
		.address = home(),
	};
	uint8_t *octets;
	size_t size;

	set_up();
	for (uint32_t i = 1; i <= 3; i++)
		bind_to((struct bound){ i, i, REVOCABLE, true, 7, 0 });
	CU_ASSERT_EQUAL_FATAL(command_configure(NOW_MS, "test", NULL, &change, 1, &octets, &size),
	                      HA_OK);
	apply(octets, size);
	free(octets);
	CU_ASSERT_EQUAL(outcome.results[0], HA_OK);
	CU_ASSERT_EQUAL_FATAL(outcome.ended_count, 3);
	for (uint32_t i = 0; i < 3; i++)
		expect_end(i, i + 1, false);
	tear_down();
}

/* ---- revoked by an agent ---- */

static void revocation_ends_one_binding_and_is_remembered(void)
{
	set_up();
	bind_to((struct bound){ 1, 1, REVOCABLE, true, 100, 0 });
	bind_to((struct bound){ 2, 2, REVOCABLE, true, 100, 0 });
	CU_ASSERT_EQUAL(revoke_by(1, 1, 101, NOW_MS), HA_OK);
	CU_ASSERT_EQUAL(outcome.ended_count, 0); /* the agent knows */
	CU_ASSERT_EQUAL_FATAL(node().binding_count, 1);
	CU_ASSERT_TRUE(address_equal(node().bindings[0].care_of, agent_number(2)));
	CU_ASSERT_EQUAL(node().replay.revoked.identifier, 101);
	CU_ASSERT_EQUAL(revoke_by(1, 1, 102, NOW_MS), HA_OK);
	CU_ASSERT_EQUAL(revoke_by(1, 1, 102, NOW_MS), HA_E_STALE);
	CU_ASSERT_EQUAL(revoke_by(1, 1, 101, NOW_MS), HA_E_STALE);
	CU_ASSERT_EQUAL(node().replay.revoked.identifier, 102);
	tear_down();
}

static void revocation_is_judged_again_when_applied(void)
{
	set_up();
	bind_to((struct bound){ 1, 1, REVOCABLE, true, 100, 0 });
	CU_ASSERT_EQUAL(revoke_by(1, 1, 100, NOW_MS),
	                HA_E_STALE); /* the registration's own second */
	CU_ASSERT_EQUAL(revoke_by(3, 1, 101, NOW_MS), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(revoke_by(1, 3, 101, NOW_MS), HA_E_NOTFOUND);
	bind_to((struct bound){ 1, 1, REVOCABLE, true, 200, 0 }); /* came before it in the log */
	CU_ASSERT_EQUAL(revoke_by(1, 1, 150, NOW_MS), HA_E_STALE);
	bind_to((struct bound){ 1, 1, 0, true, 0, 0 });
	CU_ASSERT_EQUAL(revoke_by(1, 1, 300, NOW_MS), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(node().binding_count, 1);
	CU_ASSERT_EQUAL(node().replay.revoked.agent.s_addr, 0);
	CU_ASSERT_EQUAL(revoke_by(1, 1, 300, NOW_MS + 300000), HA_E_NOTFOUND); /* it has ended */
	CU_ASSERT_EQUAL(node().binding_count, 0);
	tear_down();
}

static void revocation_of_nobody_is_not_found(void)
{
	const struct revocation_mark mark = { agent_number(1), agent_number(1), 1 };
	uint8_t octets[COMMAND_REGISTRATION_MAX];
	size_t size = command_revoke(NOW_MS, place_of_home(0, address(9)), &mark, octets);

	set_up();
	CU_ASSERT_EQUAL(apply(octets, size), HA_E_NOTFOUND);
	tear_down();
}

/* What the store holds after it, loaded again. */
static void reload(void)
{
	struct state_peer_rows rows;
	uint32_t *slots;
	size_t count;

	CU_ASSERT_EQUAL_FATAL(state_take_dirty(state, &slots, &count), HA_OK);
	CU_ASSERT_EQUAL_FATAL(count, 1);
	CU_ASSERT_TRUE(state_copy_peer(state, slots[0], &rows));
	free(slots);
	tear_down();
	set_up();
	if (rows.binding_count == 0)
		CU_ASSERT_EQUAL(state_load_replay(state, &rows.replay), HA_OK);
	for (size_t i = 0; i < rows.binding_count; i++)
		CU_ASSERT_EQUAL(state_load_binding(state, &rows.bindings[i]), HA_OK);
}

static void what_was_revoked_outlives_a_restart(void)
{
	for (unsigned bindings = 1; bindings <= 2; bindings++) {
		set_up();
		for (uint32_t i = 1; i <= bindings; i++)
			bind_to((struct bound){ i, i, REVOCABLE, true, 100, 0 });
		CU_ASSERT_EQUAL(revoke_by(1, 1, 101, NOW_MS), HA_OK);
		reload();
		/* The log once more, over rows that have it. */
		next_index = 2;
		for (uint32_t i = 1; i <= bindings; i++)
			bind_to((struct bound){ i, i, REVOCABLE, true, 100, 0 });
		CU_ASSERT_EQUAL(revoke_by(1, 1, 101, NOW_MS), HA_OK);
		CU_ASSERT_EQUAL(node().binding_count, bindings - 1);
		CU_ASSERT_EQUAL(revoke_by(1, 1, 101, NOW_MS), HA_E_STALE);
		CU_ASSERT_EQUAL(revoke_by(1, 1, 102, NOW_MS), HA_OK);
		tear_down();
	}
}

/* ---- many at once ---- */

#define MANY_BINDINGS 32u /* of one node */
#define MANY (CHANGES_MAX * MANY_BINDINGS)
_Static_assert(MANY > STATE_ENDED_MAX, "more than are told");

static void list_grows_to_its_limit(void)
{
	static const struct state_capacity capacity = { CHANGES_MAX, 10, MANY };
	struct change *changes = calloc(CHANGES_MAX, sizeof(*changes));
	enum ha_error why;
	uint8_t *octets;
	size_t size;

	CU_ASSERT_PTR_NOT_NULL_FATAL(changes);
	memset(&outcome, 0, sizeof(outcome));
	state = state_new(&capacity, NULL, &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
	for (uint32_t i = 0; i < CHANGES_MAX; i++) {
		const struct peer_row row = {
			.kind = PEER_MOBILE_NODE,
			.address = address(0x0a000000 + i),
			.id = i + 1,
			.bindings = MANY_BINDINGS,
		};

		CU_ASSERT_EQUAL(state_load_peer(state, &row), HA_OK);
		changes[i] = (struct change){ .kind = CHANGE_REMOVE_PEER,
			                      .peer = PEER_MOBILE_NODE,
			                      .address = row.address };
	}
	for (uint32_t i = 0; i < MANY; i++) {
		const struct binding_row row = {
			.home = address(0x0a000000 + i / MANY_BINDINGS),
			.node = i / MANY_BINDINGS + 1,
			.binding = { .care_of = agent_number(i % MANY_BINDINGS),
			             .source = agent_number(i % MANY_BINDINGS),
			             .features = BINDING_REVOCABLE,
			             .expires_ms = BINDING_NEVER_EXPIRES },
		};

		CU_ASSERT_EQUAL(state_load_binding(state, &row), HA_OK);
	}
	state_set_configured(state, 1, CHANGES_MAX);
	CU_ASSERT_EQUAL_FATAL(
		command_configure(NOW_MS, "test", NULL, changes, CHANGES_MAX, &octets, &size),
		HA_OK);
	CU_ASSERT_EQUAL(state_apply(state, 2, (struct span){ octets, size }, &outcome), HA_OK);
	CU_ASSERT_EQUAL(outcome.ended_count, STATE_ENDED_MAX);
	CU_ASSERT_EQUAL(outcome.ended_lost, MANY - STATE_ENDED_MAX);
	CU_ASSERT_EQUAL(
		outcome.ended[STATE_ENDED_MAX - 1].place,
		place_of_home(0, address(0x0a000000 + STATE_ENDED_MAX / MANY_BINDINGS - 1)));
	free(octets);
	free(changes);
	tear_down();
}

static CU_TestInfo tests[] = {
	{ "who moves is reported where it was", who_moves_is_reported_where_it_was },
	{ "the agent that relayed knows", agent_that_relayed_knows },
	{ "a refresh and a new endpoint are no end", refresh_and_new_endpoint_are_no_end },
	{ "what we take away is reported", what_we_take_away_is_reported },
	{ "what has expired is not reported", what_has_expired_is_not_reported },
	{ "removed nodes are reported", removed_nodes_are_reported },
	{ "a revocation ends one binding and is remembered",
	  revocation_ends_one_binding_and_is_remembered },
	{ "a revocation is judged again when applied", revocation_is_judged_again_when_applied },
	{ "a revocation of nobody is not found", revocation_of_nobody_is_not_found },
	{ "what was revoked outlives a restart", what_was_revoked_outlives_a_restart },
	{ "the list grows to its limit", list_grows_to_its_limit },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("farewell", tests);
}
