/* lease_world.h - for tests: three named nodes and a pool of two addresses, with
 * commands of one line each. */
#ifndef TESTS_UNIT_LEASE_WORLD_H
#define TESTS_UNIT_LEASE_WORLD_H

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/state/command.h"
#include "agentd/state/state.h"
#include "tests/unit/state_universe.h"

#define FIRST 0x0a400001u /* 10.64.0.1 */
#define SECOND 0x0a400002u
#define CARE_OF 0xc6336401u
#define TIME_MS 1000000u

static struct state *state;
static uint64_t applied; /* index */
static const char *const names[] = { "ann@example.net", "bob@example.net", "cy@example.net" };

static inline struct in_addr at(uint32_t host)
{
	return (struct in_addr){ htonl(host) };
}

static inline uint32_t host(struct in_addr address)
{
	return ntohl(address.s_addr);
}

/* ---- commands ---- */

static inline enum ha_error apply(const void *octets, size_t size)
{
	struct state_outcome outcome;

	CU_ASSERT_EQUAL_FATAL(
		state_apply(state, ++applied, (struct span){ octets, size }, &outcome), HA_OK);
	if (outcome.results)
		outcome.error = outcome.results[0];
	state_outcome_free(&outcome);
	return outcome.error;
}

static inline enum ha_error change(const struct change *change)
{
	enum ha_error error;
	uint8_t *octets;
	size_t size;

	CU_ASSERT_EQUAL_FATAL(command_configure(TIME_MS, "test", NULL, change, 1, &octets, &size),
	                      HA_OK);
	error = apply(octets, size);
	free(octets);
	return error;
}

static inline enum ha_error set(const char *name, const char *value)
{
	struct change setting = { .kind = CHANGE_SET };

	snprintf(setting.name, sizeof(setting.name), "%s", name);
	snprintf(setting.value, sizeof(setting.value), "%s", value);
	return change(&setting);
}

static inline struct change node_change(enum change_kind kind, unsigned who)
{
	struct change node = {
		.kind = kind,
		.peer = PEER_MOBILE_NODE,
		.pool = "p",
		.spi = 256,
		.algorithm = MIP_HMAC_MD5,
		.key_size = 16,
		.bindings = 3,
	};

	snprintf(node.nai, sizeof(node.nai), "%s", names[who]);
	return node;
}

static inline void make(void)
{
	static const struct state_capacity capacity = { 8, 8, 24 };
	enum ha_error why;

	applied = 0;
	state = state_new(&capacity, universe_ring(), &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
}

static inline void begin_over(const char *pool)
{
	make();
	CU_ASSERT_EQUAL(set("pool.p", pool), HA_OK);
	for (unsigned who = 0; who < 3; who++) {
		struct change node = node_change(CHANGE_ADD_ASSOCIATION, who);

		CU_ASSERT_EQUAL(change(&node), HA_OK);
	}
}

static inline void begin(const char *kind)
{
	char pool[64];

	snprintf(pool, sizeof(pool), "10.64.0.1-10.64.0.2 %s", kind);
	begin_over(pool);
}

static inline struct state_view look(unsigned who)
{
	const struct name_digest name = name_digest_of(
		0, (struct span){ (const uint8_t *)names[who], strlen(names[who]) });
	const struct state_question question = { .kind = PEER_MOBILE_NODE, .name = &name };
	struct state_view view;

	CU_ASSERT_TRUE_FATAL(state_look(state, &question, &view));
	return view;
}

static inline enum ha_error claim(const struct state_view *view)
{
	return state_claim(state, view, &(struct state_pace){ 0 });
}

static inline void let_go(const struct state_view *view)
{
	const struct state_hold hold = state_hold_of(view);

	state_release(state, &hold);
}

/* What a node asks for; `home` 0 with an effect that needs none. */
static inline struct command_registration asked(const struct state_view *view, uint32_t home)
{
	return (struct command_registration){
		.node = view->id,
		.place = home,
		.identification = (uint64_t)(applied + 1) << 32,
		.digest = applied + 1,
		.time_ms = TIME_MS,
		.name = &view->name,
		.sticky = state_pool_is_sticky(state, view->pool),
	};
}

static inline enum ha_error put(const struct command_registration *registration)
{
	uint8_t octets[COMMAND_REGISTRATION_MAX];

	return apply(octets, command_registration(registration, octets));
}

static inline enum ha_error bind_at(const struct state_view *view, uint32_t home)
{
	const struct binding binding = {
		.care_of = at(CARE_OF),
		.granted_s = 300,
		.expires_ms = TIME_MS + 300000,
	};
	struct command_registration registration = asked(view, home);

	registration.binding = &binding;
	return put(&registration);
}

static inline enum ha_error unbind(const struct state_view *view)
{
	const struct command_registration registration = asked(view,
	                                                       view->leased ? host(view->home) : 0);

	return put(&registration);
}

static inline enum ha_error expire(uint32_t home)
{
	uint64_t place = home;
	uint8_t octets[128];

	return apply(octets, command_expire(TIME_MS + 300000, &place, 1, octets, sizeof(octets)));
}

static inline enum ha_error drop(uint32_t home, uint32_t care_of, bool release)
{
	const struct in_addr one = at(care_of);
	uint8_t octets[COMMAND_REGISTRATION_MAX];

	return apply(octets, command_drop(TIME_MS, home, care_of ? &one : NULL, release, octets));
}

static inline uint32_t taken(void)
{
	struct state_pool pool;

	CU_ASSERT_TRUE(state_pool_at(state, 0, &pool));
	return pool.leased;
}

/* The whole way: 0 when there is no address. */
static inline uint32_t come(unsigned who)
{
	struct state_view view = look(who);

	if (!view.leased && state_reserve(state, &view) != HA_OK)
		return 0;
	CU_ASSERT_EQUAL(claim(&view), HA_OK);
	CU_ASSERT_EQUAL(bind_at(&view, host(view.leased ? view.home : view.reserved)), HA_OK);
	view = look(who);
	CU_ASSERT_TRUE(view.leased);
	CU_ASSERT_EQUAL(view.binding_count, 1);
	return host(view.home);
}

static inline void check(unsigned who, uint32_t home, bool leased, unsigned bindings)
{
	struct state_view view = look(who);

	CU_ASSERT_EQUAL(host(view.home), home);
	CU_ASSERT_EQUAL(view.leased, leased);
	CU_ASSERT_EQUAL(view.binding_count, bindings);
}

#endif
