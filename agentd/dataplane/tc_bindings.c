/* tc_bindings.c - home addresses into the maps, and the maps held against the table.
 *
 * One home address is in two maps if it has more than one binding. The further ends are
 * written first and removed last, so that the program never misses what it looks for. */
#include <stdlib.h>
#include <string.h>

#include "agentd/dataplane/tc_internal.h"
#include "proto/message.h"

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
	if (binding->flags & MIP_REQUEST_REVERSE)
		end.flags |= TC_END_REVERSE;
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

bool tc_image_get(const struct tc *tc, const struct tc_home *key, struct tc_image *image)
{
	*image = (struct tc_image){ .key = *key };
	if (!tc_map_get(&tc->object, TC_MAP_BINDINGS, key, &image->binding))
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
	note(tc, tc_map_remove(&tc->object, TC_MAP_BINDINGS, key));
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
	note(tc, tc_map_put(&tc->object, TC_MAP_BINDINGS, &image.key, &image.binding));
	if (home->count == 1)
		note(tc, tc_map_remove(&tc->object, TC_MAP_MORE_ENDS, &image.key));
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
		keys[simple] = image.key;
		values[simple++] = image.binding;
	}
	if (simple == 0 ||
	    tc_map_put_many(&tc->object, TC_MAP_BINDINGS, keys, values, simple) == HA_OK)
		return;
	for (uint32_t i = 0; i < simple; i++)
		note(tc, tc_map_put(&tc->object, TC_MAP_BINDINGS, &keys[i], &values[i]));
}

/* ---- reconciliation ---- */

static bool is_same(const struct tc_image *a, const struct tc_image *b)
{
	return memcmp(&a->binding, &b->binding, sizeof(a->binding)) == 0 &&
	       memcmp(&a->more, &b->more, sizeof(a->more)) == 0;
}

/* What the table does not know leaves the map. The key after it is asked for first: a
 * removed one would send the walk back to its beginning. */
static bool prune(struct tc *tc, struct tunnels *tunnels, struct tc_reconcile *state, uint32_t max)
{
	struct tc_home key, next;
	struct tunnels_home home;
	bool more;

	memcpy(&key, &state->key, sizeof(key));
	if (!state->begun && !tc_map_next(&tc->object, TC_MAP_BINDINGS, NULL, &key))
		return false;
	state->begun = true;
	do {
		struct in_addr address = { .s_addr = key.address };

		more = tc_map_next(&tc->object, TC_MAP_BINDINGS, &key, &next);
		if (!tunnels_find(tunnels, key.realm, address, &home)) {
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
		state->pruned = !prune(tc, tunnels, state, max);
		return true;
	}
	return fill(tc, tunnels, state, max);
}
