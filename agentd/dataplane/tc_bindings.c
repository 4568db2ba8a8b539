/* tc_bindings.c - home addresses into the maps, and the maps held against the table.
 *
 * One home address is in two maps if it has more than one binding. The further ends are
 * written first and removed last, so that the program never misses what it looks for. */
#include <stdlib.h>
#include <string.h>

#include "agentd/dataplane/tc_internal.h"

static struct tc_end end_of(const struct tunnels_binding *binding)
{
	struct tc_end end = {
		.remote = binding->endpoint.s_addr,
		.slot = binding->slot,
		.encapsulation = binding->encapsulation,
	};

	if (binding->features & BINDING_UDP) {
		end.flags |= TC_END_UDP;
		end.port = htons(binding->endpoint_port);
	}
	return end;
}

static struct tc_home key_of(const struct tunnels_home *home)
{
	return (struct tc_home){ .realm = home->realm, .address = home->home.s_addr };
}

void tc_image_of(const struct tunnels_home *home, struct tc_image *image)
{
	*image = (struct tc_image){
		.key = key_of(home),
		.binding = { .group = home->group,
		             .count = home->count,
		             .end = end_of(&home->bindings[0]) },
	};
	for (unsigned i = 1; i < home->count; i++)
		image->more.ends[i - 1] = end_of(&home->bindings[i]);
}

#define NOWHERE UINT32_MAX

/* Place of a home address in the table, or NOWHERE. */
static uint32_t place_of(const struct tc *tc, const struct tc_home *key)
{
	uint32_t address = ntohl(key->address);

	for (unsigned i = 0; i < tc->wanted_count; i++)
		if ((address & tc->wanted[i].mask) == tc->wanted[i].first &&
		    key->realm == tc->wanted[i].realm)
			return tc->wanted[i].at == TC_NO_TABLE
			               ? NOWHERE
			               : tc->wanted[i].at + (address - tc->wanted[i].first);
	return NOWHERE;
}

/* The home address of a place. */
static struct tc_home home_at(const struct tc *tc, uint32_t at)
{
	for (unsigned i = 0; i < tc->wanted_count; i++)
		if (tc->wanted[i].at != TC_NO_TABLE && at - tc->wanted[i].at <= ~tc->wanted[i].mask)
			return (struct tc_home){ .realm = tc->wanted[i].realm,
				                 .address = htonl(tc->wanted[i].first + at -
				                                  tc->wanted[i].at) };
	return (struct tc_home){ 0 };
}

/* While the program reads: in halves, so that what it finds is bound or not bound, and
 * sent to one care-of address or the other. The half that says so comes last, and goes
 * first. */
static void write_place(struct tc *tc, uint32_t at, const struct tc_binding *binding)
{
	uint64_t *place = (void *)&tc->table[at];
	uint64_t halves[2];

	memcpy(halves, binding, sizeof(halves));
	if (binding->count == 0)
		__atomic_store_n(&place[0], halves[0], __ATOMIC_RELEASE);
	__atomic_store_n(&place[1], halves[1], __ATOMIC_RELEASE);
	__atomic_store_n(&place[0], halves[0], __ATOMIC_RELEASE);
}

static enum ha_error put_binding(struct tc *tc, const struct tc_home *key,
                                 const struct tc_binding *binding)
{
	uint32_t at = place_of(tc, key);

	if (at == NOWHERE)
		return tc_map_put(&tc->object, TC_MAP_BINDINGS, key, binding);
	write_place(tc, at, binding);
	return HA_OK;
}

static enum ha_error remove_binding(struct tc *tc, const struct tc_home *key)
{
	static const struct tc_binding none;
	uint32_t at = place_of(tc, key);

	if (at == NOWHERE)
		return tc_map_remove(&tc->object, TC_MAP_BINDINGS, key);
	write_place(tc, at, &none);
	return HA_OK;
}

static bool get_binding(const struct tc *tc, const struct tc_home *key, struct tc_binding *binding)
{
	uint32_t at = place_of(tc, key);

	if (at == NOWHERE)
		return tc_map_get(&tc->object, TC_MAP_BINDINGS, key, binding);
	*binding = tc->table[at];
	return binding->count != 0;
}

bool tc_image_get(const struct tc *tc, const struct tc_home *key, struct tc_image *image)
{
	*image = (struct tc_image){ .key = *key };
	if (!get_binding(tc, key, &image->binding))
		return false;
	if (image->binding.count > 1)
		(void)tc_map_get(&tc->object, TC_MAP_MORE_ENDS, key, &image->more);
	return true;
}

static void note(struct tc *tc, enum ha_error error)
{
	if (error && error != HA_E_NOTFOUND)
		atomic_fetch_add(&tc->failures, 1);
}

static void remove_home(struct tc *tc, const struct tc_home *key, bool has_more)
{
	note(tc, remove_binding(tc, key));
	if (has_more)
		note(tc, tc_map_remove(&tc->object, TC_MAP_MORE_ENDS, key));
}

void tc_put(struct tc *tc, const struct tunnels_home *home)
{
	struct tc_image image;

	if (home->count == 0) {
		image.key = key_of(home);
		remove_home(tc, &image.key, true);
		return;
	}
	tc_image_of(home, &image);
	if (home->count > 1)
		note(tc, tc_map_put(&tc->object, TC_MAP_MORE_ENDS, &image.key, &image.more));
	note(tc, put_binding(tc, &image.key, &image.binding));
	if (home->count == 1)
		note(tc, tc_map_remove(&tc->object, TC_MAP_MORE_ENDS, &image.key));
}

bool tc_has(const struct tc *tc, uint32_t realm, struct in_addr home)
{
	const struct tc_home key = { .realm = realm, .address = home.s_addr };
	struct tc_binding binding;

	return get_binding(tc, &key, &binding);
}

void tc_put_many(struct tc *tc, const struct tunnels_home *homes, size_t count)
{
	struct tc_home keys[TC_BATCH];
	struct tc_binding values[TC_BATCH];
	struct tc_image image;
	uint32_t simple = 0;

	for (size_t i = 0; i < count && i < TC_BATCH; i++) {
		if (homes[i].count != 1) {
			tc_put(tc, &homes[i]);
			continue;
		}
		tc_image_of(&homes[i], &image);
		if (place_of(tc, &image.key) != NOWHERE) {
			note(tc, put_binding(tc, &image.key, &image.binding));
			continue;
		}
		keys[simple] = image.key;
		values[simple++] = image.binding;
	}
	if (simple == 0 ||
	    tc_map_put_many(&tc->object, TC_MAP_BINDINGS, keys, values, simple) == HA_OK)
		return;
	for (uint32_t i = 0; i < simple; i++)
		note(tc, put_binding(tc, &keys[i], &values[i]));
}

/* ---- sizes ---- */

#define TABLE_MIN 65536u
#define TABLE_MAX (1u << 24)
#define HASHED_MIN 1024u /* where every home network has its table */

static uint8_t place_of_link(const struct tc *tc, const char *link)
{
	for (size_t i = 0; link && i < tc->place_count; i++)
		if (strcmp(tc->places[i].name, link) == 0)
			return tc->places[i].link.place;
	return 0;
}

static struct tc_range range_of(const struct tc *tc, const struct tc_network *network)
{
	uint8_t length = network->prefix.length;
	uint32_t mask = length ? UINT32_MAX << (32 - length) : 0;

	return (struct tc_range){
		.realm = network->realm,
		.first = ntohl(network->prefix.network.s_addr) & mask,
		.mask = mask,
		.at = TC_NO_TABLE,
		.group = network->group,
		.flags = network->has_link ? TC_RANGE_LINK : 0,
		.place = place_of_link(tc, network->link),
	};
}

/* The program takes the first that fits, which is to be the longest prefix. */
static void insert_range(struct tc *tc, const struct tc_range *range)
{
	size_t at = tc->wanted_count++;

	for (; at > 0 && tc->wanted[at - 1].mask < range->mask; at--)
		tc->wanted[at] = tc->wanted[at - 1];
	tc->wanted[at] = *range;
}

void tc_plan(struct tc *tc, const struct tc_options *options)
{
	/* What a table takes, a hash would take four to eight times over for what is bound. */
	uint32_t homes = options->size.homes, left = homes < TABLE_MAX / 4 ? homes * 4 : TABLE_MAX;

	if (left < TABLE_MIN)
		left = TABLE_MIN;
	tc->has_hashed = options->network_count == 0;
	for (size_t i = 0; i < options->network_count; i++) {
		struct tc_range range = range_of(tc, &options->networks[i]);

		if (range.mask == 0 || ~range.mask >= left || tc->wanted_count == TC_RANGES_MAX) {
			tc->has_hashed = true;
		} else {
			range.at = tc->sizes.table;
			tc->sizes.table += ~range.mask + 1;
			left -= ~range.mask + 1;
		}
		if (tc->wanted_count < TC_RANGES_MAX)
			insert_range(tc, &range);
	}
	if (tc->sizes.table == 0)
		tc->sizes.table = 1;
	tc->sizes.bindings = tc->has_hashed || homes < HASHED_MIN ? homes : HASHED_MIN;
	tc->sizes.more_ends = options->size.bindings / 2; /* each has two at least */
	if (tc->sizes.more_ends == 0)
		tc->sizes.more_ends = 1;
	tc->sizes.rows = options->size.bindings;
}

/* ---- reconciliation ---- */

static bool is_same(const struct tc_image *a, const struct tc_image *b)
{
	return memcmp(&a->binding, &b->binding, sizeof(a->binding)) == 0 &&
	       memcmp(&a->more, &b->more, sizeof(a->more)) == 0;
}

static bool is_unknown(struct tunnels *tunnels, const struct tc_home *key)
{
	struct in_addr address = { .s_addr = key->address };
	struct tunnels_home home;

	return !tunnels_find(tunnels, key->realm, address, &home);
}

#define PLACES 64u /* that nobody is bound at, which cost as much as one home address */

/* What the table of tunnels does not know leaves ours. Most of the table may be empty, and
 * to see that takes time, too. */
static bool prune_table(struct tc *tc, struct tunnels *tunnels, struct tc_reconcile *state,
                        uint32_t max)
{
	uint64_t left = (uint64_t)max * PLACES;

	for (; state->at < tc->sizes.table && left > 0; state->at++) {
		struct tc_home key;

		left--;
		if (tc->table[state->at].count == 0)
			continue;
		left -= left < PLACES ? left : PLACES;
		key = home_at(tc, state->at);
		if (is_unknown(tunnels, &key)) {
			remove_home(tc, &key, true);
			state->removed++;
		}
	}
	return state->at < tc->sizes.table;
}

/* What the table does not know leaves the map. The key after it is asked for first: a
 * removed one would send the walk back to its beginning. */
static bool prune_map(struct tc *tc, struct tunnels *tunnels, struct tc_reconcile *state,
                      uint32_t max)
{
	struct tc_home key, next;
	bool more;

	memcpy(&key, &state->key, sizeof(key));
	if (!state->begun && !tc_map_next(&tc->object, TC_MAP_BINDINGS, NULL, &key))
		return false;
	state->begun = true;
	do {
		more = tc_map_next(&tc->object, TC_MAP_BINDINGS, &key, &next);
		if (is_unknown(tunnels, &key)) {
			remove_home(tc, &key, true);
			state->removed++;
		}
		key = next;
	} while (more && --max > 0);
	memcpy(&state->key, &key, sizeof(key));
	return more;
}

static bool fill(struct tc *tc, struct tunnels *tunnels, struct tc_reconcile *state, uint32_t max)
{
	struct tc_image wanted, there;
	struct tunnels_home home;

	for (; max > 0; max--) {
		if (!tunnels_walk(tunnels, &state->place, &home))
			return false;
		tc_image_of(&home, &wanted);
		if (!tc_image_get(tc, &wanted.key, &there))
			state->added++;
		else if (is_same(&wanted, &there))
			continue;
		else
			state->changed++;
		tc_put(tc, &home);
	}
	return true;
}

bool tc_reconcile_step(struct tc *tc, struct tunnels *tunnels, struct tc_reconcile *state,
                       uint32_t max)
{
	_Static_assert(sizeof(state->key) == sizeof(struct tc_home), "a key between two steps");

	if (!state->pruned) {
		state->pruned = !prune_table(tc, tunnels, state, max) &&
		                !prune_map(tc, tunnels, state, max);
		return true;
	}
	return fill(tc, tunnels, state, max);
}
