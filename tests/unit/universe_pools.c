/* universe_pools.c - named nodes, their pools and policies. */
#include "tests/unit/universe_pools.h"

#include <stdio.h>
#include <string.h>

#include "agentd/base/address.h"
#include "agentd/state/command.h"
#include "tests/unit/state_universe.h"

static const char *const names[UNIVERSE_NAMES] = {
	"ann@example.net", "bob@example.net", "Bob@example.net", "cy@EXAMPLE.net", "dot",
};

const char *universe_name(unsigned i)
{
	return names[i];
}

static struct name_digest digest_of(uint32_t realm, unsigned i)
{
	return name_digest_of(realm, (struct span){ (const uint8_t *)names[i], strlen(names[i]) });
}

struct in_addr universe_pool_address(unsigned i)
{
	return (struct in_addr){ htonl(0x0a090001u + i) };
}

bool universe_look(struct state *state, uint32_t realm, unsigned name, uint32_t spi,
                   struct state_view *out)
{
	const struct name_digest digest = digest_of(realm, name);
	const struct state_question question = {
		.kind = PEER_MOBILE_NODE,
		.realm = realm,
		.name = &digest,
		.spi = spi,
	};

	return state_look(state, &question, out);
}

/* ---- configuration ---- */

static void name_node(struct dice *dice, struct change *change)
{
	change->peer = PEER_MOBILE_NODE;
	change->realm = dice_chance(dice, 8);
	snprintf(change->nai, sizeof(change->nai), "%s", names[dice_below(dice, UNIVERSE_NAMES)]);
}

/* Mostly with a pool, now and then with an address of its own, even one of a pool. */
static struct change some_association(struct dice *dice)
{
	static const char *const pools[] = { "a", "a", "a", "b", "b", "none" };
	struct change change = { .kind = CHANGE_ADD_ASSOCIATION };

	name_node(dice, &change);
	if (!dice_chance(dice, 6))
		snprintf(change.pool, sizeof(change.pool), "%s", pools[dice_below(dice, 6)]);
	else if (dice_chance(dice, 2))
		change.address = universe_home(dice_below(dice, UNIVERSE_HOMES));
	else
		change.address = universe_pool_address(dice_below(dice, UNIVERSE_POOL_ADDRESSES));
	if (change.address.s_addr && dice_chance(dice, 2))
		change.nai[0] = '\0';
	if (dice_chance(dice, 4))
		snprintf(change.policy, sizeof(change.policy), "%c",
		         (char)('x' + (int)dice_below(dice, 2)));
	change.spi = universe_spi(dice_below(dice, UNIVERSE_SPIS));
	change.algorithm = 1 + dice_below(dice, 3);
	change.key_size = 16;
	memset(change.key, (int)dice_below(dice, 250), change.key_size);
	change.bindings = (uint8_t)(1 + dice_below(dice, 3));
	change.replay = dice_chance(dice, 3);
	change.use = dice_chance(dice, 8);
	change.replace = dice_chance(dice, 2);
	return change;
}

static struct change some_removal(struct dice *dice)
{
	struct change change = { .kind = dice_chance(dice, 3) ? CHANGE_REMOVE_PEER
		                                              : CHANGE_REMOVE_ASSOCIATION };

	name_node(dice, &change);
	change.spi = universe_spi(dice_below(dice, UNIVERSE_SPIS));
	if (dice_chance(dice, 4)) {
		change.nai[0] = '\0';
		change.address = universe_pool_address(dice_below(dice, UNIVERSE_POOL_ADDRESSES));
	}
	return change;
}

static struct change some_node_setting(struct dice *dice)
{
	struct change change = { .kind = CHANGE_SET_NODE };

	name_node(dice, &change);
	if (dice_chance(dice, 4)) {
		change.nai[0] = '\0';
		change.address = universe_home(dice_below(dice, UNIVERSE_HOMES));
	}
	change.set_bindings = dice_chance(dice, 2);
	change.bindings = (uint8_t)dice_below(dice, 6);
	change.set_policy = dice_chance(dice, 2);
	if (!dice_chance(dice, 3))
		snprintf(change.policy, sizeof(change.policy), "%c",
		         (char)('x' + (int)dice_below(dice, 3)));
	return change;
}

static struct change some_pool(struct dice *dice)
{
	struct change change = { .kind = dice_chance(dice, 6) ? CHANGE_UNSET : CHANGE_SET };
	bool second = dice_chance(dice, 3);
	unsigned first = second ? 4 : 1 + dice_chance(dice, 8);
	unsigned last = second ? 4 + dice_below(dice, 2) : 2 + dice_below(dice, 3);

	snprintf(change.name, sizeof(change.name), "pool.%c", second ? 'b' : 'a');
	snprintf(change.value, sizeof(change.value), "10.9.0.%u-10.9.0.%u %s realm=%u", first,
	         last < first ? first : last, dice_chance(dice, 2) ? "sticky" : "released",
	         dice_chance(dice, 10));
	return change;
}

static struct change some_policy(struct dice *dice)
{
	struct change change = { .kind = dice_chance(dice, 3) ? CHANGE_UNSET : CHANGE_SET };

	snprintf(change.name, sizeof(change.name), "policy.%c.%s",
	         (char)('x' + (int)dice_below(dice, 2)),
	         dice_chance(dice, 2) ? "max-lifetime" : "burst");
	snprintf(change.value, sizeof(change.value), "%u", 1 + dice_below(dice, 9));
	return change;
}

struct change universe_pool_change(struct dice *dice)
{
	uint32_t what = dice_below(dice, 20);

	if (what < 9)
		return some_association(dice);
	if (what < 11)
		return some_removal(dice);
	if (what < 14)
		return some_node_setting(dice);
	return what < 18 ? some_pool(dice) : some_policy(dice);
}

/* ---- commands ---- */

static struct binding some_binding(struct dice *dice, uint64_t time_ms)
{
	struct binding binding = {
		.care_of = universe_care_of(dice_below(dice, UNIVERSE_CARE_OFS)),
		.granted_s = (uint16_t)(1 + dice_below(dice, 20)),
		.features = (uint16_t)dice_below(dice, 16),
	};

	binding.source = binding.care_of;
	binding.endpoint = binding.care_of;
	if (binding.features & BINDING_UDP) {
		binding.endpoint_port = (uint16_t)(1 + dice_below(dice, 2));
		binding.keepalive_s = 110;
	}
	binding.expires_ms = time_ms + binding.granted_s * 1000u;
	return binding;
}

/* A node, an identification and an address of its pool that are not its own. */
static void tamper(struct dice *dice, struct state *state, const struct state_view *view,
                   struct command_registration *command)
{
	struct in_addr home = universe_pool_address(dice_below(dice, UNIVERSE_POOL_ADDRESSES));
	uint32_t realm = dice_chance(dice, 8);
	struct state_pool pool;

	if (view->pool != LABEL_NONE && state_pool_at(state, view->pool, &pool))
		home.s_addr = htonl(
			address_host(pool.first) +
			dice_below(dice, address_host(pool.last) - address_host(pool.first) + 1));
	command->place = place_of_home(realm, home);
	if (dice_chance(dice, 4))
		command->node = 1 + dice_below(dice, 9);
	if (dice_chance(dice, 4))
		command->identification -= dice_below(dice, 6);
	if (dice_chance(dice, 4))
		command->after = dice_below(dice, 9);
}

/* As agentd/flow does. false: the node must wait, or there is no address. */
static bool claim(struct state *state, struct state_view *view, bool bind, struct in_addr *home)
{
	*home = view->home;
	if (view->in_flight)
		return false;
	if (bind && view->pool != LABEL_NONE && !view->leased) {
		if (state_reserve(state, view) != HA_OK)
			return false;
		*home = view->reserved;
	} else if (view->pool != LABEL_NONE && !view->leased) {
		home->s_addr = 0;
	}
	return state_claim(state, view, &(struct state_pace){ 0 }) == HA_OK;
}

static void choose_effect(struct dice *dice, struct command_registration *command,
                          const struct binding *binding)
{
	if (!dice_chance(dice, 4))
		command->binding = binding;
	else if (dice_chance(dice, 2))
		command->care_of = &binding->care_of;
}

size_t universe_pool_registration(struct dice *dice, struct state *state, uint64_t time_ms,
                                  bool hostile, uint8_t *out, size_t size)
{
	struct binding binding = some_binding(dice, time_ms);
	struct command_registration command = { .time_ms = time_ms };
	uint32_t realm = dice_chance(dice, 8);
	struct in_addr home;
	struct state_view view;

	if (size < COMMAND_REGISTRATION_MAX ||
	    !universe_look(state, realm, dice_below(dice, UNIVERSE_NAMES), universe_spi(0), &view))
		return 0;
	choose_effect(dice, &command, &binding);
	command.node = view.id;
	command.nonces = view.replay_style == REPLAY_NONCE;
	command.after = view.replay.nonced;
	command.identification = command.nonces ? dice_next(dice) | 1
	                                        : view.replay.identification + 4;
	command.digest = dice_next(dice);
	command.keep_others = dice_chance(dice, 2);
	command.name = view.pool != LABEL_NONE ? &view.name : NULL;
	command.spi = view.spi;
	command.limit = view.limit;
	command.sticky = state_pool_is_sticky(state, view.pool);
	if (!hostile && !claim(state, &view, command.binding, &home))
		return 0;
	if (!hostile)
		command.place = place_of_home(realm, home);
	else
		tamper(dice, state, &view, &command);
	return command_registration(&command, out);
}

size_t universe_drop(struct dice *dice, uint64_t time_ms, uint8_t *out, size_t size)
{
	struct in_addr care_of = universe_care_of(dice_below(dice, UNIVERSE_CARE_OFS));
	struct in_addr home = dice_chance(dice, 4) ? universe_home(dice_below(dice, UNIVERSE_HOMES))
	                                           : universe_pool_address(dice_below(
							     dice, UNIVERSE_POOL_ADDRESSES));

	if (size < COMMAND_REGISTRATION_MAX)
		return 0;
	return command_drop(time_ms, place_of_home(dice_chance(dice, 8), home),
	                    dice_chance(dice, 3) ? &care_of : NULL, dice_chance(dice, 2), out);
}

/* ---- comparison ---- */

static const char *pool_name(struct state *state, uint8_t number, struct state_pool *pool)
{
	*pool = (struct state_pool){ .name = "" };
	state_pool_at(state, number, pool);
	return pool->name;
}

static const char *difference_of_labels(struct state *a, const struct state_view *view_a,
                                        struct state *b, const struct state_view *view_b)
{
	char policy_a[LABEL_MAX], policy_b[LABEL_MAX];
	struct state_pool pool_a, pool_b;

	state_policy_name(a, view_a->policy, policy_a);
	state_policy_name(b, view_b->policy, policy_b);
	if (strcmp(policy_a, policy_b) != 0)
		return "policy of a node";
	if (strcmp(pool_name(a, view_a->pool, &pool_a), pool_name(b, view_b->pool, &pool_b)) != 0)
		return "pool of a node";
	if (!address_equal(view_a->home, view_b->home))
		return "address of a node";
	if (view_a->leased != view_b->leased || view_a->sticky != view_b->sticky)
		return "lease of a node";
	return NULL;
}

static const char *difference_of_names(struct state *a, struct state *b, uint32_t realm,
                                       unsigned name)
{
	const char *difference = NULL;

	for (unsigned i = 0; i <= UNIVERSE_SPIS && !difference; i++) {
		struct state_view view_a = { .id = 0 }, view_b = { .id = 0 };
		bool found_a = universe_look(a, realm, name, universe_spi(i), &view_a);
		bool found_b = universe_look(b, realm, name, universe_spi(i), &view_b);

		if (found_a != found_b)
			return found_a ? "a named node is missing" : "a named node too many";
		if (!found_a)
			return NULL;
		difference = difference_of_labels(a, &view_a, b, &view_b);
		if (!difference)
			difference = universe_service_difference(a, b, realm, view_a.home,
			                                         &view_a.name);
		if (!difference)
			difference = universe_view_difference(&view_a, &view_b);
	}
	return difference;
}

static const char *difference_of_pools(const struct state_pool *a, const struct state_pool *b)
{
	if (a->realm != b->realm || !address_equal(a->first, b->first) ||
	    !address_equal(a->last, b->last) || a->sticky != b->sticky)
		return "range of a pool";
	if (a->nodes != b->nodes)
		return "nodes of a pool";
	return a->leased == b->leased ? NULL : "addresses taken of a pool";
}

static bool find_pool(struct state *state, const char *name, struct state_pool *out)
{
	for (unsigned i = 0; state_pool_at(state, i, out); i++)
		if (strcmp(out->name, name) == 0)
			return true;
	return false;
}

const char *universe_pool_difference(struct state *a, struct state *b)
{
	const char *difference = NULL;
	struct state_pool pool_a, pool_b;

	for (uint32_t realm = 0; realm < 2; realm++)
		for (unsigned i = 0; i < UNIVERSE_NAMES && !difference; i++)
			difference = difference_of_names(a, b, realm, i);
	for (const char *name = "ab"; *name && !difference; name++) {
		const char text[] = { *name, '\0' };
		bool there = find_pool(a, text, &pool_a);

		if (there != find_pool(b, text, &pool_b))
			return "a pool is missing or too many";
		if (there)
			difference = difference_of_pools(&pool_a, &pool_b);
	}
	return difference;
}

/* ---- what must hold of one state ---- */

struct holders {
	struct state_view views[2 * UNIVERSE_NAMES];
	size_t count;
};

static void gather(struct state *state, struct holders *out)
{
	out->count = 0;
	for (uint32_t realm = 0; realm < 2; realm++)
		for (unsigned i = 0; i < UNIVERSE_NAMES; i++)
			if (universe_look(state, realm, i, 0, &out->views[out->count]))
				out->count++;
}

static const char *trouble_of(const struct holders *all, size_t i)
{
	const struct state_view *view = &all->views[i];

	if (view->pool != LABEL_NONE && view->binding_count > 0 && !view->leased)
		return "a node is bound to an address that it does not have";
	if (view->leased && !view->home.s_addr)
		return "a lease of no address";
	for (size_t j = 0; j < i; j++)
		if (view->home.s_addr && view->realm == all->views[j].realm &&
		    address_equal(view->home, all->views[j].home))
			return "two nodes have one address";
	return NULL;
}

static bool is_in(const struct state_pool *pool, const struct state_view *view)
{
	uint32_t home = address_host(view->home);

	return pool->realm == view->realm && home >= address_host(pool->first) &&
	       home <= address_host(pool->last);
}

const char *universe_pool_trouble(struct state *state, bool at_rest)
{
	const char *trouble = NULL;
	struct holders all;
	struct state_pool pool;

	gather(state, &all);
	for (size_t i = 0; i < all.count && !trouble; i++)
		trouble = trouble_of(&all, i);
	for (unsigned n = 0; !trouble && at_rest && state_pool_at(state, n, &pool); n++) {
		uint32_t leased = 0;

		for (size_t i = 0; i < all.count; i++)
			leased += all.views[i].leased && is_in(&pool, &all.views[i]);
		if (pool.name[0] && pool.leased != leased)
			trouble = "an address is taken that is nobody's, or the other way round";
	}
	return trouble;
}
