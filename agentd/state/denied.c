/* denied.c - the nodes that were denied, in the order of their addresses, so that who
 * lists them needs not look at all the others. It is a treap: a tree in the order of
 * places, in which each node has more weight than those below it. Weights are scattered
 * slots, so nobody can make it deep. Nothing is allocated: a node's place is in its denial.
 *
 * A lock is held for some ten steps, when a node is denied for the first time and when
 * one that was denied gets another address. */
#include "agentd/base/address.h"
#include "agentd/state/command.h"
#include "agentd/state/internal.h"

static uint32_t weight(uint32_t slot)
{
	uint32_t scattered = (slot ^ slot >> 15) * 0x85ebca6bu;

	return scattered ^ scattered >> 13;
}

static bool is_before(const struct state *state, uint32_t slot, uint64_t place, uint32_t other)
{
	uint64_t own = denials_at(state, slot)->place;

	return own < place || (own == place && slot < other);
}

/* Those below `at` that are before a place, and the others. */
static void split(const struct state *state, uint32_t at, uint32_t slot, uint32_t *low,
                  uint32_t *high)
{
	uint64_t place = denials_at(state, slot)->place;

	while (at != SLOT_NONE) {
		struct denial *denial = denials_at(state, at);

		if (is_before(state, at, place, slot)) {
			*low = at;
			low = &denial->behind;
			at = *low;
		} else {
			*high = at;
			high = &denial->before;
			at = *high;
		}
	}
	*low = *high = SLOT_NONE;
}

/* All of `low` are before all of `high`. */
static void merge(const struct state *state, uint32_t low, uint32_t high, uint32_t *link)
{
	while (low != SLOT_NONE && high != SLOT_NONE) {
		if (weight(low) > weight(high)) {
			*link = low;
			link = &denials_at(state, low)->behind;
			low = *link;
		} else {
			*link = high;
			link = &denials_at(state, high)->before;
			high = *link;
		}
	}
	*link = low == SLOT_NONE ? high : low;
}

/* Where it is, or would be above all that have less weight. */
static uint32_t *link_of(struct state *state, uint32_t slot, bool there)
{
	uint64_t place = denials_at(state, slot)->place;
	uint32_t *link = &state->denied.root;

	while (*link != SLOT_NONE && *link != slot && (there || weight(*link) >= weight(slot)))
		link = is_before(state, *link, place, slot) ? &denials_at(state, *link)->behind
		                                            : &denials_at(state, *link)->before;
	return link;
}

static void insert(struct state *state, uint32_t slot)
{
	struct denial *denial = denials_at(state, slot);
	uint32_t *link = link_of(state, slot, false);

	split(state, *link, slot, &denial->before, &denial->behind);
	*link = slot;
}

static void take_out(struct state *state, uint32_t slot)
{
	const struct denial *denial = denials_at(state, slot);

	merge(state, denial->before, denial->behind, link_of(state, slot, true));
}

/* Who has no address now, or had one that others can get, has no row of its own. */
static bool is_listed(const struct peer *peer, const struct denial *denial)
{
	return denial->code && peer->address.s_addr && (peer->pool == LABEL_NONE || peer->leased);
}

void denied_follow(struct state *state, uint32_t slot)
{
	const struct peer *peer = &state->peers[slot];
	struct denial *denial = denials_at(state, slot);
	uint64_t place;
	bool listed;

	if (!denial)
		return;
	listed = is_listed(peer, denial);
	place = place_of_home(peer->realm, peer->address);
	if (listed == denial->listed && (!listed || place == denial->place))
		return;
	pthread_mutex_lock(&state->denied.lock);
	if (denial->listed)
		take_out(state, slot);
	denial->listed = listed;
	denial->place = place;
	if (listed)
		insert(state, slot);
	pthread_mutex_unlock(&state->denied.lock);
}

bool state_next_denied(struct state *state, uint32_t realm, struct in_addr *home)
{
	uint64_t place = place_of_home(realm, *home), found = 0;
	bool any = false;
	uint32_t at;

	pthread_mutex_lock(&state->denied.lock);
	at = state->denied.root;
	while (at != SLOT_NONE) {
		const struct denial *denial = denials_at(state, at);

		if (denial->place >= place) {
			any = true;
			found = denial->place;
			at = denial->before;
		} else {
			at = denial->behind;
		}
	}
	pthread_mutex_unlock(&state->denied.lock);
	if (!any || found >> 32 != realm)
		return false;
	home->s_addr = htonl((uint32_t)found);
	return true;
}
