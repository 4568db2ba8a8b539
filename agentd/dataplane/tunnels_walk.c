/* tunnels_walk.c - going over the table: all of it, those that want broadcasts, and
 * making it equal to what is true. */
#include "agentd/dataplane/tunnels_internal.h"

struct tunnels_totals tunnels_totals(const struct tunnels *t)
{
	return (struct tunnels_totals){
		.homes = atomic_load_explicit(&t->home_count, memory_order_relaxed),
		.bindings = atomic_load_explicit(&t->binding_count, memory_order_relaxed),
		.wanting = atomic_load_explicit(&t->wanting_count, memory_order_relaxed),
	};
}

static bool nth_of_bucket(struct tunnels *t, const struct tunnels_place *place,
                          struct tunnels_home *out)
{
	pthread_mutex_t *lock = tunnels_lock_of(t, place->bucket);
	uint32_t entry, n = place->ordinal;

	pthread_mutex_lock(lock);
	entry = t->buckets[place->bucket];
	for (; entry != TUNNELS_NONE && n > 0; n--)
		entry = t->entries[entry].next;
	if (entry != TUNNELS_NONE)
		tunnels_copy(t, entry, out);
	pthread_mutex_unlock(lock);
	return entry != TUNNELS_NONE;
}

bool tunnels_walk(struct tunnels *t, struct tunnels_place *place, struct tunnels_home *out)
{
	for (; place->bucket <= t->mask; place->bucket++, place->ordinal = 0)
		if (nth_of_bucket(t, place, out)) {
			place->ordinal++;
			return true;
		}
	return false;
}

/* What leaves is replaced by the last one, so the list stays packed. Its places and
 * the names of its entries are stable under wanting_lock: an entry leaves before it is
 * given to another home address. */
void tunnels_want(struct tunnels *t, uint32_t at, bool wants)
{
	struct tunnels_entry *entry = &t->entries[at];
	uint32_t count = atomic_load_explicit(&t->wanting_count, memory_order_relaxed);

	if ((entry->wanted != TUNNELS_NONE) == wants)
		return;
	pthread_mutex_lock(&t->wanting_lock);
	if (wants) {
		entry->wanted = count;
		t->wanting[count++] = at;
	} else {
		uint32_t last = t->wanting[--count];

		t->wanting[entry->wanted] = last;
		t->entries[last].wanted = entry->wanted;
		entry->wanted = TUNNELS_NONE;
	}
	atomic_store_explicit(&t->wanting_count, count, memory_order_relaxed);
	pthread_mutex_unlock(&t->wanting_lock);
}

#define WANTING_AT_ONCE 256u /* looked at under one hold of the lock */

enum named {
	NAMED,
	NAMED_NONE, /* so far */
	NAMED_END,
};

/* The next of a network, among a few. */
static enum named name_wanting(struct tunnels *t, uint32_t realm,
                               const struct address_prefix *network, uint32_t *place,
                               struct in_addr *home)
{
	enum named named = NAMED_NONE;

	pthread_mutex_lock(&t->wanting_lock);
	for (unsigned i = 0; i < WANTING_AT_ONCE && named == NAMED_NONE; i++) {
		const struct tunnels_entry *entry;

		if (*place >= atomic_load_explicit(&t->wanting_count, memory_order_relaxed)) {
			named = NAMED_END;
			break;
		}
		entry = &t->entries[t->wanting[(*place)++]];
		if (entry->realm != realm || !address_in_prefix(entry->home, network))
			continue;
		*home = entry->home;
		named = NAMED;
	}
	pthread_mutex_unlock(&t->wanting_lock);
	return named;
}

bool tunnels_walk_wanting(struct tunnels *t, uint32_t realm, const struct address_prefix *network,
                          uint32_t *place, struct tunnels_home *out)
{
	enum named named;
	struct in_addr home;

	while ((named = name_wanting(t, realm, network, place, &home)) != NAMED_END)
		if (named == NAMED && tunnels_find(t, realm, home, out))
			return true;
	return false;
}

static bool take_next(struct tunnels *t, struct tunnels_reconcile *r)
{
	struct tunnels_home home = { 0 };
	enum tunnels_effect effect;

	if (!r->next(r->context, &home))
		return false;
	r->seen++;
	if (tunnels_put_effect(t, &home, &effect) != HA_OK)
		r->capped = true;
	r->added += effect == TUNNELS_ADDED;
	r->changed += effect == TUNNELS_CHANGED;
	r->removed += effect == TUNNELS_REMOVED;
	return true;
}

/* One that is in use and was not named since the reconciliation began goes. */
static void sweep(struct tunnels *t, struct tunnels_reconcile *r)
{
	const struct tunnels_entry *entry = &t->entries[r->at++];
	struct tunnels_home gone = { .realm = entry->realm, .home = entry->home };
	enum tunnels_effect effect;

	if (entry->first == TUNNELS_NONE || entry->mark == t->mark)
		return;
	(void)tunnels_put_effect(t, &gone, &effect);
	r->removed += effect == TUNNELS_REMOVED;
}

bool tunnels_reconcile_step(struct tunnels *t, struct tunnels_reconcile *r, uint32_t max)
{
	if (!r->begun) {
		t->mark++;
		r->begun = true;
	}
	for (; max > 0 && !r->listed; max--)
		r->listed = !take_next(t, r);
	for (; max > 0 && r->at < t->size.homes; max--)
		sweep(t, r);
	return !r->listed || r->at < t->size.homes;
}
