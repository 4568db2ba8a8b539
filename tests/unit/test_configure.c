/* test_configure.c - what configuration makes of nodes, names, pools and policies,
 * what it refuses, and that no refusal depends on who has an address now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/state/command.h"
#include "agentd/state/state.h"
#include "tests/unit/look.h"
#include "tests/unit/state_universe.h"
#include "tests/unit/suite.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static const struct state_capacity capacity = { 8, 10, 16 };
static struct state *state;
static uint64_t applied; /* index */
static struct row_log rows;

static void begin(void)
{
	enum ha_error why;

	applied = 0;
	state = state_new(&capacity, universe_ring(), &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
}

static void end(void)
{
	row_log_free(&rows);
	state_free(state);
}

/* The rows of the last one are kept. */
static enum ha_error change(const struct change *change)
{
	struct state_outcome outcome;
	enum ha_error error;
	uint8_t *octets;
	size_t size;

	CU_ASSERT_EQUAL_FATAL(command_configure(1, "test", NULL, change, 1, &octets, &size), HA_OK);
	CU_ASSERT_EQUAL_FATAL(
		state_apply(state, ++applied, (struct span){ octets, size }, &outcome), HA_OK);
	error = outcome.results[0];
	free(outcome.results);
	row_log_free(&rows);
	rows = outcome.rows;
	free(octets);
	return error;
}

static enum ha_error setting(enum change_kind kind, const char *name, const char *value)
{
	struct change setting = { .kind = kind };

	snprintf(setting.name, sizeof(setting.name), "%s", name);
	snprintf(setting.value, sizeof(setting.value), "%s", value);
	return change(&setting);
}

static enum ha_error set(const char *name, const char *value)
{
	return setting(CHANGE_SET, name, value);
}

static enum ha_error unset(const char *name)
{
	return setting(CHANGE_UNSET, name, "");
}

/* Who is meant: an address of the last octet, a name, or both. */
static struct change about(enum change_kind kind, uint8_t address, const char *nai)
{
	struct change change = {
		.kind = kind,
		.peer = PEER_MOBILE_NODE,
		.spi = 256,
		.algorithm = MIP_HMAC_MD5,
		.key_size = 16,
		.bindings = 2,
	};

	if (address)
		change.address.s_addr = htonl(0x0a000000u + address);
	snprintf(change.nai, sizeof(change.nai), "%s", nai);
	return change;
}

static enum ha_error add(uint8_t address, const char *nai, const char *pool, const char *policy,
                         uint32_t spi)
{
	struct change node = about(CHANGE_ADD_ASSOCIATION, address, nai);

	snprintf(node.pool, sizeof(node.pool), "%s", pool);
	snprintf(node.policy, sizeof(node.policy), "%s", policy);
	node.spi = spi;
	return change(&node);
}

static enum ha_error remove_peer(uint8_t address, const char *nai)
{
	struct change node = about(CHANGE_REMOVE_PEER, address, nai);

	return change(&node);
}

static struct state_view look(const char *nai)
{
	const struct name_digest name = name_digest_of(
		0, (struct span){ (const uint8_t *)nai, strlen(nai) });
	const struct state_question question = { .kind = PEER_MOBILE_NODE, .name = &name };
	struct state_view view = { .id = 0 };

	CU_ASSERT_TRUE(state_look(state, &question, &view));
	return view;
}

static uint32_t committed(void)
{
	struct state_totals totals;

	state_totals(state, &totals);
	return totals.bindings_committed;
}

static bool is_policy(const char *nai, const char *policy)
{
	char name[LABEL_MAX];

	state_policy_name(state, look(nai).policy, name);
	return strcmp(name, policy) == 0;
}

static unsigned count_rows(enum row_operation operation, enum row_kind kind)
{
	struct row_change row;
	unsigned count = 0;
	size_t at = 0;

	while (row_log_next(&rows, &at, &row))
		count += row.operation == operation && row.kind == kind;
	return count;
}

/* ---- identities ---- */

static void a_node_is_known_by_what_it_was_made_with(void)
{
	static const struct {
		uint8_t address;
		const char *nai, *pool, *policy;
		enum ha_error error;
	} cases[] = {
		{ 1, "", "", "", HA_OK },
		{ 1, "ann", "", "", HA_OK },
		{ 0, "ann", "", "", HA_OK },
		{ 0, "ann", "p", "", HA_E_OTHER_IDENTITY },
		{ 2, "ann", "", "", HA_E_OTHER_IDENTITY },
		{ 1, "bob", "", "", HA_E_OTHER_IDENTITY }, /* a name that is new, an address not */
		{ 1, "eve", "", "", HA_E_OTHER_IDENTITY },
		{ 0, "ann", "", "gold", HA_E_OTHER_IDENTITY },
		{ 0, "bob", "", "", HA_OK },
		{ 0, "bob", "p", "gold", HA_OK },
		{ 0, "bob", "q", "", HA_E_OTHER_IDENTITY },
		{ 0, "bob", "none-such", "", HA_E_OTHER_IDENTITY },
		{ 3, "bob", "", "", HA_E_OTHER_IDENTITY },
		{ 0, "cy", "", "", HA_E_NOTFOUND }, /* a name alone says nothing of a new node */
		{ 0, "cy", "none-such", "", HA_E_NO_POOL },
		{ 0, "cy", "far", "", HA_E_NO_POOL }, /* of another realm */
		{ 0, "cy", "p", "silver", HA_E_NO_POLICY },
		{ 4, "", "p", "", HA_E_RANGE }, /* both */
		{ 0, "", "p", "", HA_E_RANGE }, /* neither */
		{ 0, "", "", "", HA_E_RANGE },
	};

	begin();
	CU_ASSERT_EQUAL(set("pool.p", "10.64.0.1-10.64.0.2"), HA_OK);
	CU_ASSERT_EQUAL(set("pool.q", "10.65.0.1-10.65.0.2"), HA_OK);
	CU_ASSERT_EQUAL(set("pool.far", "10.64.0.1-10.64.0.2 realm=1"), HA_OK);
	CU_ASSERT_EQUAL(set("policy.gold.burst", "5"), HA_OK);
	CU_ASSERT_EQUAL(add(1, "ann", "", "", 1000), HA_OK);
	CU_ASSERT_EQUAL(add(0, "bob", "p", "gold", 1000), HA_OK);
	for (size_t i = 0; i < ROWS(cases); i++) {
		enum ha_error error = add(cases[i].address, cases[i].nai, cases[i].pool,
		                          cases[i].policy, 2000 + (uint32_t)i);

		CU_ASSERT_EQUAL(error, cases[i].error);
		if (error != cases[i].error)
			printf("case %zu: %s\n", i, ha_strerror(error));
	}
	end();
}

static void an_address_of_a_pool_is_no_identity(void)
{
	const struct binding binding = { .care_of.s_addr = 9, .expires_ms = 99 };
	struct command_registration registration = {
		.place = 0x0a000005,
		.identification = 1,
		.digest = 1,
		.binding = &binding,
		.sticky = true,
	};
	struct change node = about(CHANGE_SET_NODE, 5, "");
	uint8_t octets[COMMAND_REGISTRATION_MAX];
	struct state_outcome outcome;
	struct state_view view;

	begin();
	CU_ASSERT_EQUAL(set("pool.p", "10.0.0.5-10.0.0.9"), HA_OK);
	CU_ASSERT_EQUAL(add(0, "ann", "p", "", 256), HA_OK);
	view = look("ann");
	registration.node = view.id;
	registration.name = &view.name;
	CU_ASSERT_EQUAL(
		state_apply(state, ++applied,
	                    (struct span){ octets, command_registration(&registration, octets) },
	                    &outcome),
		HA_OK);
	CU_ASSERT_EQUAL(outcome.error, HA_OK);
	CU_ASSERT_TRUE(look("ann").leased);
	node.set_bindings = true;
	CU_ASSERT_EQUAL(change(&node), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(remove_peer(5, ""), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(add(5, "", "", "", 256), HA_E_TAKEN);
	CU_ASSERT_EQUAL(add(6, "", "", "", 256), HA_E_TAKEN); /* leased or not */
	node = about(CHANGE_REMOVE_PEER, 0, "ann");
	node.peer = PEER_FOREIGN_AGENT; /* that has no names */
	CU_ASSERT_EQUAL(change(&node), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(look("ann").binding_count, 1);
	node = about(CHANGE_ADD_ASSOCIATION, 6, "");
	node.peer = PEER_FOREIGN_AGENT; /* one may well stand there */
	CU_ASSERT_EQUAL(change(&node), HA_OK);
	end();
}

static void own_addresses_and_pools_keep_apart(void)
{
	begin();
	CU_ASSERT_EQUAL(add(5, "", "", "", 256), HA_OK);
	CU_ASSERT_EQUAL(set("pool.p", "10.0.0.5-10.0.0.9"), HA_E_TAKEN);
	CU_ASSERT_EQUAL(set("pool.p", "10.0.0.1-10.0.0.5"), HA_E_TAKEN);
	CU_ASSERT_EQUAL(set("pool.p", "10.0.0.6-10.0.0.9"), HA_OK);
	CU_ASSERT_EQUAL(set("pool.p", "10.0.0.5-10.0.0.9"), HA_E_TAKEN);
	CU_ASSERT_EQUAL(set("pool.p", "10.0.0.1-10.0.0.9 realm=1"), HA_OK);
	CU_ASSERT_EQUAL(remove_peer(5, ""), HA_OK);
	CU_ASSERT_EQUAL(set("pool.q", "10.0.0.5-10.0.0.9"), HA_OK);
	end();
}

static void a_node_that_goes_takes_its_rows_along(void)
{
	struct change node = about(CHANGE_SET_NODE, 0, "ann");

	begin();
	CU_ASSERT_EQUAL(set("pool.p", "10.64.0.1-10.64.0.2"), HA_OK);
	CU_ASSERT_EQUAL(add(0, "ann", "p", "", 256), HA_OK);
	CU_ASSERT_EQUAL(count_rows(ROW_PUT, ROW_PEER), 1);
	CU_ASSERT_EQUAL(count_rows(ROW_PUT, ROW_NODE), 0);
	node.set_bindings = true;
	CU_ASSERT_EQUAL(change(&node), HA_OK);
	CU_ASSERT_EQUAL(count_rows(ROW_PUT, ROW_NODE), 1);
	CU_ASSERT_EQUAL(unset("pool.p"), HA_E_IN_USE);
	CU_ASSERT_EQUAL(remove_peer(0, "ann"), HA_OK);
	CU_ASSERT_EQUAL(count_rows(ROW_DELETE, ROW_PEER), 1);
	CU_ASSERT_EQUAL(count_rows(ROW_DELETE, ROW_REPLAY), 1);
	CU_ASSERT_EQUAL(count_rows(ROW_DELETE, ROW_NODE), 1);
	CU_ASSERT_EQUAL(count_rows(ROW_CLEAR, ROW_ASSOCIATION), 1);
	CU_ASSERT_EQUAL(count_rows(ROW_CLEAR, ROW_BINDING), 0); /* it had no address */
	CU_ASSERT_EQUAL(remove_peer(0, "ann"), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(committed(), 0);
	CU_ASSERT_EQUAL(unset("pool.p"), HA_OK);
	CU_ASSERT_EQUAL(unset("pool.p"), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(add(7, "ann", "", "", 256), HA_OK); /* the name is free again */
	CU_ASSERT_EQUAL(remove_peer(0, "ann"), HA_OK);
	CU_ASSERT_EQUAL(count_rows(ROW_CLEAR, ROW_BINDING), 1);
	CU_ASSERT_FALSE(look_at(state, PEER_MOBILE_NODE, 0, (struct in_addr){ htonl(0x0a000007) },
	                        256, &(struct state_view){ 0 }));
	end();
}

/* ---- limits ---- */

static enum ha_error limit(const char *nai, uint8_t bindings)
{
	struct change node = about(CHANGE_SET_NODE, 0, nai);

	node.set_bindings = true;
	node.bindings = bindings;
	return change(&node);
}

static void a_limit_changes_and_what_was_reserved_stays(void)
{
	begin();
	CU_ASSERT_EQUAL(add(1, "ann", "", "", 256), HA_OK);
	CU_ASSERT_EQUAL(committed(), 2);
	CU_ASSERT_EQUAL(limit("ann", 5), HA_OK);
	CU_ASSERT_EQUAL(look("ann").limit, 5);
	CU_ASSERT_EQUAL(committed(), 5);
	CU_ASSERT_EQUAL(limit("ann", 1), HA_OK);
	CU_ASSERT_EQUAL(look("ann").limit, 1);
	CU_ASSERT_EQUAL(committed(), 5); /* a log may be replayed */
	CU_ASSERT_EQUAL(limit("ann", 5), HA_OK);
	CU_ASSERT_EQUAL(committed(), 5);
	CU_ASSERT_EQUAL(limit("ann", 0), HA_E_RANGE);
	CU_ASSERT_EQUAL(limit("ann", 9), HA_E_RANGE);
	CU_ASSERT_EQUAL(limit("ann", 255), HA_E_RANGE);
	CU_ASSERT_EQUAL(limit("eve", 2), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(limit("ann", 8), HA_OK);
	CU_ASSERT_EQUAL(add(2, "bob", "", "", 256), HA_OK);
	CU_ASSERT_EQUAL(limit("bob", 8), HA_OK);
	CU_ASSERT_EQUAL(committed(), 16);
	CU_ASSERT_EQUAL(add(3, "cy", "", "", 256), HA_E_CAPACITY);
	CU_ASSERT_EQUAL(remove_peer(0, "ann"), HA_OK);
	CU_ASSERT_EQUAL(committed(), 8);
	CU_ASSERT_EQUAL(add(3, "cy", "", "", 256), HA_OK);
	CU_ASSERT_EQUAL(limit("cy", 8), HA_OK);
	CU_ASSERT_EQUAL(add(4, "dot", "", "", 256), HA_E_CAPACITY);
	end();
}

static void bindings_above_a_lowered_limit_stay(void)
{
	struct command_registration registration = { .place = 0x0a000001 };
	uint8_t octets[COMMAND_REGISTRATION_MAX];
	struct state_outcome outcome;

	begin();
	CU_ASSERT_EQUAL(add(1, "ann", "", "", 256), HA_OK);
	CU_ASSERT_EQUAL(limit("ann", 3), HA_OK);
	for (uint32_t i = 0; i < 5; i++) {
		const struct binding binding = { .care_of.s_addr = htonl(100 + i),
			                         .expires_ms = 99 };
		size_t size;
		static const enum ha_error expected[] = { HA_OK, HA_OK, HA_OK, HA_E_LIMIT,
			                                  HA_E_LIMIT };

		if (i == 4)
			CU_ASSERT_EQUAL(limit("ann", 1), HA_OK);
		registration.node = 1;
		registration.identification = registration.digest = i + 1;
		registration.binding = &binding;
		registration.keep_others = true;
		registration.limit = look("ann").limit;
		size = command_registration(&registration, octets);
		CU_ASSERT_EQUAL(
			state_apply(state, ++applied, (struct span){ octets, size }, &outcome),
			HA_OK);
		CU_ASSERT_EQUAL(outcome.error, expected[i]);
	}
	CU_ASSERT_EQUAL(look("ann").binding_count, 3);
	end();
}

static void a_node_changes_only_as_it_was_seen(void)
{
	struct change node = about(CHANGE_SET_NODE, 1, "");

	begin();
	CU_ASSERT_EQUAL(set("policy.gold.burst", "5"), HA_OK);
	CU_ASSERT_EQUAL(add(1, "ann", "", "", 256), HA_OK);
	node.set_bindings = node.set_policy = node.guard.set = true;
	node.bindings = 4;
	snprintf(node.policy, sizeof(node.policy), "gold");
	node.guard.bindings = 3;
	CU_ASSERT_EQUAL(change(&node), HA_E_CONFLICT);
	node.guard.bindings = 2;
	snprintf(node.guard.policy, sizeof(node.guard.policy), "gold");
	CU_ASSERT_EQUAL(change(&node), HA_E_CONFLICT);
	node.guard.policy[0] = '\0';
	CU_ASSERT_EQUAL(change(&node), HA_OK);
	CU_ASSERT_EQUAL(look("ann").limit, 4);
	CU_ASSERT_TRUE(is_policy("ann", "gold"));
	CU_ASSERT_EQUAL(change(&node), HA_E_CONFLICT);
	end();
}

/* ---- policies ---- */

static enum ha_error set_policy(const char *nai, const char *policy)
{
	struct change node = about(CHANGE_SET_NODE, 0, nai);

	node.set_policy = true;
	snprintf(node.policy, sizeof(node.policy), "%s", policy);
	return change(&node);
}

static void a_policy_stays_while_nodes_have_it(void)
{
	begin();
	CU_ASSERT_EQUAL(set_policy("ann", "gold"), HA_E_NOTFOUND);
	CU_ASSERT_EQUAL(add(1, "ann", "", "", 256), HA_OK);
	CU_ASSERT_EQUAL(set_policy("ann", "gold"), HA_E_NO_POLICY);
	CU_ASSERT_EQUAL(set("policy.gold.burst", "5"), HA_OK);
	CU_ASSERT_EQUAL(set("policy.gold.max-lifetime", "60"), HA_OK);
	CU_ASSERT_EQUAL(set_policy("ann", "gold"), HA_OK);
	CU_ASSERT_EQUAL(look("ann").limit, 2); /* the rest stays */
	CU_ASSERT_EQUAL(set_policy("ann", "gold"), HA_OK);
	CU_ASSERT_EQUAL(limit("ann", 3), HA_OK);
	CU_ASSERT_TRUE(is_policy("ann", "gold"));
	CU_ASSERT_EQUAL(unset("policy.gold.burst"), HA_OK);
	CU_ASSERT_EQUAL(unset("policy.gold.max-lifetime"), HA_E_IN_USE);
	CU_ASSERT_EQUAL(set("policy.silver.burst", "5"), HA_OK);
	CU_ASSERT_EQUAL(set_policy("ann", "silver"), HA_OK);
	CU_ASSERT_EQUAL(unset("policy.gold.max-lifetime"), HA_OK);
	CU_ASSERT_EQUAL(set_policy("ann", "gold"), HA_E_NO_POLICY);
	CU_ASSERT_EQUAL(set_policy("ann", ""), HA_OK);
	CU_ASSERT_EQUAL(look("ann").policy, LABEL_NONE);
	CU_ASSERT_EQUAL(set_policy("ann", "silver"), HA_OK);
	CU_ASSERT_EQUAL(unset("policy.silver.burst"), HA_E_IN_USE);
	CU_ASSERT_EQUAL(remove_peer(1, ""), HA_OK);
	CU_ASSERT_EQUAL(unset("policy.silver.burst"), HA_OK);
	CU_ASSERT_EQUAL(set("policy..burst", "5"), HA_E_RANGE);
	CU_ASSERT_EQUAL(set("policy.gold", "5"), HA_E_RANGE);
	CU_ASSERT_EQUAL(set("policy.Gold.burst", "5"), HA_E_RANGE);
	end();
}

/* 255 at once, but any number one after the other: a member that has seen fewer
 * decides the same. */
static void policies_that_are_gone_leave_room(void)
{
	char name[64];

	begin();
	CU_ASSERT_EQUAL(add(1, "ann", "", "", 256), HA_OK);
	for (unsigned i = 0; i < 600; i++) {
		snprintf(name, sizeof(name), "policy.p%u.burst", i);
		CU_ASSERT_EQUAL(set(name, "5"), HA_OK);
		snprintf(name, sizeof(name), "p%u", i);
		CU_ASSERT_EQUAL(set_policy("ann", name), HA_OK);
		CU_ASSERT_TRUE(is_policy("ann", name));
		snprintf(name, sizeof(name), "policy.p%u.burst", i - 1);
		if (i > 0)
			CU_ASSERT_EQUAL(unset(name), HA_OK);
	}
	for (unsigned i = 0; i < 255; i++) { /* beside the last one */
		snprintf(name, sizeof(name), "policy.q%u.burst", i);
		CU_ASSERT_EQUAL(set(name, "5"), i < 254 ? HA_OK : HA_E_CAPACITY);
	}
	CU_ASSERT_TRUE(is_policy("ann", "p599"));
	end();
}

/* ---- settings ---- */

/* Nothing is made of a setting for which there is no place. */
static void a_full_table_makes_no_pool(void)
{
	char name[64];

	begin();
	for (unsigned i = 0; i < 1024; i++) {
		snprintf(name, sizeof(name), "name-%u", i);
		CU_ASSERT_EQUAL(set(name, "1"), HA_OK);
	}
	CU_ASSERT_EQUAL(set("pool.p", "10.64.0.1-10.64.0.2"), HA_E_CAPACITY);
	CU_ASSERT_EQUAL(add(0, "ann", "p", "", 256), HA_E_NO_POOL);
	CU_ASSERT_EQUAL(set("policy.gold.burst", "5"), HA_E_CAPACITY);
	CU_ASSERT_EQUAL(set("name-7", "2"), HA_OK);
	CU_ASSERT_EQUAL(unset("name-7"), HA_OK);
	CU_ASSERT_EQUAL(set("pool.p", "10.64.0.1-10.64.0.2"), HA_OK);
	CU_ASSERT_EQUAL(set("pool.p", "10.64.0.1-10.64.0.3"), HA_OK);
	CU_ASSERT_EQUAL(add(0, "ann", "p", "", 256), HA_OK);
	end();
}

static CU_TestInfo tests[] = {
	{ "a node is known by what it was made with", a_node_is_known_by_what_it_was_made_with },
	{ "an address of a pool is no identity", an_address_of_a_pool_is_no_identity },
	{ "own addresses and pools keep apart", own_addresses_and_pools_keep_apart },
	{ "a node that goes takes its rows along", a_node_that_goes_takes_its_rows_along },
	{ "a limit changes, and what was reserved stays",
	  a_limit_changes_and_what_was_reserved_stays },
	{ "bindings above a lowered limit stay", bindings_above_a_lowered_limit_stay },
	{ "a node changes only as it was seen", a_node_changes_only_as_it_was_seen },
	{ "a policy stays while nodes have it", a_policy_stays_while_nodes_have_it },
	{ "policies that are gone leave room", policies_that_are_gone_leave_room },
	{ "a full table makes no pool", a_full_table_makes_no_pool },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("configure", tests);
}
