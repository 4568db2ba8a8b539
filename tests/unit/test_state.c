/* test_state.c - the state against a model of it that is short enough to be
 * believed: lists, searched from front to back. After every random command the
 * results, the totals and one peer are compared, now and then all of them. */
#include "agentd/state/state.h"

#include <stdlib.h>
#include <string.h>

#include "agentd/state/command.h"
#include "tests/unit/look.h"
#include "tests/unit/state_universe.h"
#include "tests/unit/suite.h"

#define SEEDS 60u
#define COMMANDS 3000u
#define PEERS 6u
#define ASSOCIATIONS 9u
#define BINDINGS 14u

static const struct state_capacity capacity = { PEERS, ASSOCIATIONS, BINDINGS };

struct model_association {
	uint32_t spi;
	uint16_t tolerance_s;
	uint64_t created;
	struct mip_key_state key;
};

struct model_peer {
	enum peer_kind kind; /* 0: nobody */
	uint32_t realm;
	struct in_addr address;
	uint64_t id, version, identification, digest;
	uint8_t limit;
	size_t association_count, binding_count;
	struct model_association associations[UNIVERSE_SPIS]; /* oldest first */
	struct binding bindings[BINDING_LIMIT_MAX];
};

static struct model {
	struct model_peer peers[PEERS];
	uint64_t next_id;
} model;

static struct state *state;

/* ---- the model ---- */

static struct model_peer *find(enum peer_kind kind, uint32_t realm, struct in_addr address)
{
	for (size_t i = 0; i < PEERS; i++) {
		struct model_peer *peer = &model.peers[i];

		if (peer->kind == kind && peer->realm == realm &&
		    peer->address.s_addr == address.s_addr)
			return peer;
	}
	return NULL;
}

static struct state_totals model_totals(void)
{
	struct state_totals totals = { 0 };

	for (size_t i = 0; i < PEERS; i++) {
		const struct model_peer *peer = &model.peers[i];

		totals.mobile_nodes += peer->kind == PEER_MOBILE_NODE;
		totals.foreign_agents += peer->kind == PEER_FOREIGN_AGENT;
		totals.associations += (uint32_t)peer->association_count;
		totals.bindings += (uint32_t)peer->binding_count;
		totals.bindings_committed += peer->limit;
	}
	return totals;
}

static struct model_association *find_spi(struct model_peer *peer, uint32_t spi)
{
	for (size_t i = 0; i < peer->association_count; i++)
		if (peer->associations[i].spi == spi)
			return &peer->associations[i];
	return NULL;
}

static void drop_association(struct model_peer *peer, struct model_association *gone)
{
	struct model_association *end = &peer->associations[peer->association_count--];

	memmove(gone, gone + 1, (size_t)(end - gone - 1) * sizeof(*gone));
}

/* All in one command are of one age: the lower SPI comes first then. */
static void add_association(struct model_peer *peer, struct model_association added)
{
	size_t i = peer->association_count++;

	while (i > 0 && peer->associations[i - 1].created == added.created &&
	       peer->associations[i - 1].spi > added.spi) {
		peer->associations[i] = peer->associations[i - 1];
		i--;
	}
	peer->associations[i] = added;
}

static enum ha_error model_associate(struct model_peer *peer, uint64_t index,
                                     const struct change *change)
{
	struct model_association added = { change->spi, change->tolerance_s, index, { 0 } };
	struct model_association *old = find_spi(peer, change->spi);
	enum ha_error error = mip_key_state_init(&added.key, change->algorithm, change->key,
	                                         change->key_size);

	if (error != HA_OK)
		return error;
	if (old)
		drop_association(peer, old);
	add_association(peer, added);
	return HA_OK;
}

static struct model_peer *model_make(uint64_t index, const struct change *change)
{
	struct model_peer *peer = find(0, 0, (struct in_addr){ 0 });
	uint8_t limit = change->peer == PEER_MOBILE_NODE ? change->bindings : 0;

	if (!peer || model_totals().bindings_committed + limit > BINDINGS)
		return NULL;
	*peer = (struct model_peer){
		.kind = change->peer,
		.realm = change->realm,
		.address = change->address,
		.id = model.next_id++,
		.version = index,
		.limit = limit,
	};
	return peer;
}

static enum ha_error model_add(uint64_t index, const struct change *change)
{
	struct model_peer *peer = find(change->peer, change->realm, change->address);
	bool made = !peer;
	bool old = peer && find_spi(peer, change->spi);
	enum ha_error error;

	if (change->spi < MIP_SPI_MIN)
		return HA_E_RANGE;
	if (change->algorithm > UINT8_MAX)
		return HA_E_UNSUPPORTED;
	if (old && !change->replace)
		return HA_E_EXISTS;
	if (!old && model_totals().associations == ASSOCIATIONS)
		return HA_E_CAPACITY;
	if (made)
		peer = model_make(index, change);
	if (!peer)
		return HA_E_CAPACITY;
	error = model_associate(peer, index, change);
	if (error != HA_OK && made)
		*peer = (struct model_peer){ 0 };
	return error;
}

static enum ha_error model_change(uint64_t index, const struct change *change)
{
	struct model_peer *peer = find(change->peer, change->realm, change->address);
	struct model_association *association;

	if (change->kind == CHANGE_ADD_ASSOCIATION)
		return model_add(index, change);
	if (!peer)
		return HA_E_NOTFOUND;
	if (change->kind == CHANGE_REMOVE_ASSOCIATION) {
		association = find_spi(peer, change->spi);
		if (!association)
			return HA_E_NOTFOUND;
		drop_association(peer, association);
	}
	if (change->kind == CHANGE_REMOVE_PEER || peer->association_count == 0)
		*peer = (struct model_peer){ 0 };
	return HA_OK;
}

/* Keeps those for which all given conditions hold. */
static bool drop_bindings(struct model_peer *peer, uint64_t ended_ms, const struct in_addr *only,
                          const struct in_addr *but)
{
	size_t kept = 0, before = peer->binding_count;

	for (size_t i = 0; i < before; i++) {
		const struct binding *b = &peer->bindings[i];
		bool drop = b->expires_ms <= ended_ms;

		drop = drop || (only && b->care_of.s_addr == only->s_addr);
		drop = drop || (but && b->care_of.s_addr != but->s_addr);
		if (!drop)
			peer->bindings[kept++] = *b;
	}
	peer->binding_count = kept;
	return kept < before;
}

static enum ha_error model_bind(struct model_peer *peer, const struct binding *binding,
                                bool keep_others)
{
	if (!keep_others)
		drop_bindings(peer, 0, NULL, &binding->care_of);
	drop_bindings(peer, 0, &binding->care_of, NULL); /* one care-of address, one binding */
	if (peer->binding_count == peer->limit)
		return HA_E_LIMIT;
	peer->bindings[peer->binding_count++] = *binding;
	return HA_OK;
}

static enum ha_error model_register(uint64_t index, const struct command_registration *r)
{
	struct model_peer *peer = find(PEER_MOBILE_NODE, (uint32_t)(r->place >> 32),
	                               (struct in_addr){ htonl((uint32_t)r->place) });
	enum ha_error error = HA_OK;

	if (!peer || peer->id != r->node)
		return HA_E_NOTFOUND;
	if (peer->identification ? (int64_t)(r->identification - peer->identification) <= 0
	                         : r->identification == 0)
		return HA_E_STALE;
	drop_bindings(peer, r->time_ms, NULL, NULL);
	if (r->binding)
		error = model_bind(peer, r->binding, r->keep_others);
	else if (r->care_of)
		drop_bindings(peer, 0, r->care_of, NULL);
	else
		peer->binding_count = 0;
	if (error == HA_OK) {
		peer->identification = r->identification;
		peer->digest = r->digest;
	}
	peer->version = index;
	return error;
}

static void model_expire(uint64_t index, uint64_t place, uint64_t time_ms)
{
	struct model_peer *peer = find(PEER_MOBILE_NODE, (uint32_t)(place >> 32),
	                               (struct in_addr){ htonl((uint32_t)place) });

	if (peer && drop_bindings(peer, time_ms, NULL, NULL))
		peer->version = index;
}

/* ---- comparison ---- */

static bool has_binding(const struct state_view *view, const struct binding *wanted)
{
	for (size_t i = 0; i < view->binding_count; i++) {
		const struct binding *b = &view->bindings[i];

		if (b->care_of.s_addr == wanted->care_of.s_addr &&
		    b->endpoint.s_addr == wanted->endpoint.s_addr &&
		    b->endpoint_port == wanted->endpoint_port && b->flags == wanted->flags &&
		    b->granted_s == wanted->granted_s && b->granted_ms == wanted->granted_ms &&
		    b->encapsulation == wanted->encapsulation &&
		    b->source.s_addr == wanted->source.s_addr &&
		    b->source_port == wanted->source_port && b->expires_ms == wanted->expires_ms &&
		    b->identification == wanted->identification)
			return true;
	}
	return false;
}

static bool is_like(struct model_peer *peer, const struct state_view *view, uint32_t spi)
{
	struct model_association *association = find_spi(peer, spi);
	bool like = view->associated == (association != NULL);

	if (!association)
		association = &peer->associations[0];
	like = like && view->spi == association->spi &&
	       view->tolerance_s == association->tolerance_s &&
	       memcmp(&view->key, &association->key, sizeof(view->key)) == 0;
	like = like && view->id == peer->id && view->version == peer->version &&
	       view->replay.identification == peer->identification &&
	       view->replay.digest == peer->digest && view->limit == peer->limit &&
	       view->binding_count == peer->binding_count && !view->in_flight;
	for (size_t i = 0; like && i < peer->binding_count; i++)
		like = has_binding(view, &peer->bindings[i]);
	return like;
}

static void check_peer(enum peer_kind kind, uint32_t realm, struct in_addr address, uint32_t spi)
{
	struct model_peer *peer = find(kind, realm, address);
	struct state_view view;
	bool found = look_at(state, kind, realm, address, spi, &view);

	CU_ASSERT_EQUAL(found, peer != NULL);
	if (found && peer)
		CU_ASSERT_TRUE(is_like(peer, &view, spi));
}

static void check_totals(void)
{
	struct state_totals expected = model_totals(), totals;

	state_totals(state, &totals);
	CU_ASSERT_EQUAL(totals.mobile_nodes, expected.mobile_nodes);
	CU_ASSERT_EQUAL(totals.foreign_agents, expected.foreign_agents);
	CU_ASSERT_EQUAL(totals.associations, expected.associations);
	CU_ASSERT_EQUAL(totals.bindings, expected.bindings);
	CU_ASSERT_EQUAL(totals.bindings_committed, expected.bindings_committed);
	CU_ASSERT_TRUE(totals.bindings <= totals.bindings_committed);
	CU_ASSERT_TRUE(totals.bindings_committed <= BINDINGS);
}

static void check_all(void)
{
	for (uint32_t spi = 0; spi <= UNIVERSE_SPIS; spi++) {
		for (uint32_t n = 0; n < 2 * UNIVERSE_HOMES; n++)
			check_peer(PEER_MOBILE_NODE, n % 2, universe_home(n / 2),
			           universe_spi(spi));
		for (uint32_t n = 0; n < 4; n++)
			check_peer(PEER_FOREIGN_AGENT, n % 2, universe_foreign_agent(n / 2),
			           universe_spi(spi));
	}
}

/* ---- random commands, to both ---- */

static struct state_outcome apply(uint64_t index, const void *octets, size_t size)
{
	struct state_outcome outcome;

	CU_ASSERT_EQUAL_FATAL(state_apply(state, index, (struct span){ octets, size }, &outcome),
	                      HA_OK);
	row_log_free(&outcome.rows);
	return outcome;
}

static void configure(struct dice *dice, uint64_t index)
{
	struct change changes[4];
	size_t count = 1 + dice_below(dice, 4), size;
	struct state_outcome outcome;
	uint8_t *octets;

	for (size_t i = 0; i < count; i++)
		changes[i] = universe_change(dice);
	CU_ASSERT_EQUAL_FATAL(command_configure(1, "test", NULL, changes, count, &octets, &size),
	                      HA_OK);
	outcome = apply(index, octets, size);
	CU_ASSERT_EQUAL_FATAL(outcome.result_count, count);
	for (size_t i = 0; i < count; i++)
		CU_ASSERT_EQUAL(outcome.results[i], model_change(index, &changes[i]));
	CU_ASSERT_EQUAL(outcome.next_id, model.next_id);
	free(outcome.results);
	free(octets);
}

static struct binding some_binding(struct dice *dice, uint64_t time_ms, uint64_t identification)
{
	uint32_t lifetime_s = 1 + dice_below(dice, 30);
	struct binding binding = {
		.care_of = universe_care_of(dice_below(dice, UNIVERSE_CARE_OFS)),
		.endpoint = universe_care_of(50 + dice_below(dice, 2)),
		.source = universe_care_of(60),
		.endpoint_port = (uint16_t)dice_below(dice, 2),
		.source_port = (uint16_t)dice_below(dice, 65536),
		.granted_s = (uint16_t)lifetime_s,
		.flags = (uint8_t)dice_below(dice, 256),
		.encapsulation = (uint8_t)dice_below(dice, 3),
		.identification = identification,
		.granted_ms = time_ms,
		.expires_ms = time_ms + lifetime_s * 1000u,
	};

	if (dice_chance(dice, 10))
		binding.expires_ms = BINDING_NEVER_EXPIRES;
	return binding;
}

static void registration(struct dice *dice, uint64_t index, uint64_t time_ms)
{
	struct in_addr home = universe_home(dice_below(dice, UNIVERSE_HOMES));
	struct in_addr care_of = universe_care_of(dice_below(dice, UNIVERSE_CARE_OFS));
	uint32_t realm = dice_chance(dice, 8);
	struct model_peer *peer = find(PEER_MOBILE_NODE, realm, home);
	struct command_registration r = {
		.node = (peer ? peer->id : 1) - dice_chance(dice, 20),
		.place = place_of_home(realm, home),
		.identification = (peer ? peer->identification : 0) + 4 - dice_below(dice, 6),
		.digest = dice_next(dice),
		.time_ms = time_ms,
		.keep_others = dice_chance(dice, 2),
	};
	struct binding binding = some_binding(dice, time_ms, r.identification);
	uint8_t octets[COMMAND_REGISTRATION_MAX];

	if (dice_below(dice, 4) > 0)
		r.binding = &binding;
	else if (dice_chance(dice, 2))
		r.care_of = &care_of;
	CU_ASSERT_EQUAL(apply(index, octets, command_registration(&r, octets)).error,
	                model_register(index, &r));
	check_peer(PEER_MOBILE_NODE, realm, home, universe_spi(dice_below(dice, 4)));
}

static void expire(struct dice *dice, uint64_t index, uint64_t time_ms)
{
	uint64_t places[8];
	uint8_t octets[256];
	size_t count = state_expired(state, time_ms, places, 8);

	if (count == 0)
		places[count++] = place_of_home(0, universe_home(dice_below(dice, UNIVERSE_HOMES)));
	apply(index, octets, command_expire(time_ms, places, count, octets, sizeof(octets)));
	for (size_t i = 0; i < count; i++)
		model_expire(index, places[i], time_ms);
}

static void run_seed(uint64_t seed)
{
	struct dice dice = { seed };
	uint64_t time_ms = 1000000;
	enum ha_error why;

	model = (struct model){ .next_id = 1 };
	state = state_new(&capacity, universe_ring(), &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(state);
	for (uint64_t index = 1; index <= COMMANDS; index++) {
		uint32_t what = dice_below(&dice, 10);

		time_ms += dice_below(&dice, 2000);
		if (what < 2)
			configure(&dice, index);
		else if (what < 3)
			expire(&dice, index, time_ms);
		else
			registration(&dice, index, time_ms);
		check_totals();
		if (index % 50 == 0)
			check_all();
	}
	state_free(state);
}

static void state_is_like_its_model(void)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		run_seed(seed);
}

static CU_TestInfo tests[] = {
	{ "the state is like its model", state_is_like_its_model },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_run("state", tests);
}
