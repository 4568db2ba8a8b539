/* tunnels.c - chains of home addresses below buckets, chains of bindings below home
 * addresses, each guarded by the lock of the bucket. A change frees what goes before
 * it takes what comes, under one hold of the lock, so that nobody sees half of it. */
#include "agentd/dataplane/tunnels_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agentd/base/address.h"
#include "agentd/base/arena.h"
#include "agentd/base/clock.h"
#include "proto/message.h"

struct tunnels_binding tunnels_binding_of(const struct binding *binding)
{
	return (struct tunnels_binding){
		.care_of = binding->care_of,
		.endpoint = binding->endpoint,
		.slot = TUNNELS_NO_SLOT,
		.endpoint_port = binding->endpoint_port,
		.features = binding->features,
		.encapsulation = binding->encapsulation,
		.flags = binding->flags,
	};
}

static uint32_t buckets_for(uint32_t homes)
{
	uint64_t buckets = 64;

	while (buckets < homes)
		buckets *= 2;
	return (uint32_t)(buckets - 1);
}

static size_t bucket_octets(const struct tunnels *t)
{
	return ((size_t)t->mask + 1) * sizeof(*t->buckets);
}

static bool map_all(struct tunnels *t, struct tunnels_counters *counters)
{
	t->buckets = arena_map(bucket_octets(t));
	t->entries = arena_map(t->size.homes * sizeof(*t->entries));
	t->records = arena_map(t->size.bindings * sizeof(*t->records));
	t->wanting = arena_map(t->size.homes * sizeof(*t->wanting));
	t->owns_counters = !counters;
	t->counters = counters ? counters : arena_map(t->size.bindings * sizeof(*t->counters));
	return t->buckets && t->entries && t->records && t->wanting && t->counters;
}

/* Everything is free, the first to be taken first. */
static void chain_all(struct tunnels *t)
{
	memset(t->buckets, 0xff, bucket_octets(t));
	for (uint32_t i = 0; i < t->size.homes; i++)
		t->entries[i] = (struct tunnels_entry){
			.next = i + 1 < t->size.homes ? i + 1 : TUNNELS_NONE,
			.first = TUNNELS_NONE,
			.wanted = TUNNELS_NONE,
		};
	for (uint32_t i = 0; i < t->size.bindings; i++)
		t->records[i].next = i + 1 < t->size.bindings ? i + 1 : TUNNELS_NONE;
}

struct tunnels *tunnels_new(struct tunnels_size size, struct tunnels_counters *counters)
{
	struct tunnels *t = size.homes && size.bindings && size.homes < TUNNELS_NONE &&
	                                    size.bindings < TUNNELS_NONE
	                            ? calloc(1, sizeof(*t))
	                            : NULL;

	if (!t)
		return NULL;
	t->size = size;
	t->mask = buckets_for(size.homes);
	if (getrandom(&t->seed, sizeof(t->seed), GRND_NONBLOCK) != sizeof(t->seed))
		t->seed = clock_monotonic_ns();
	pthread_mutex_init(&t->wanting_lock, NULL);
	for (size_t i = 0; i < TUNNELS_LOCKS; i++)
		pthread_mutex_init(&t->locks[i], NULL);
	if (!map_all(t, counters)) {
		tunnels_free(t);
		return NULL;
	}
	chain_all(t);
	return t;
}

void tunnels_free(struct tunnels *t)
{
	if (!t)
		return;
	arena_unmap(t->buckets, bucket_octets(t));
	arena_unmap(t->entries, t->size.homes * sizeof(*t->entries));
	arena_unmap(t->records, t->size.bindings * sizeof(*t->records));
	arena_unmap(t->wanting, t->size.homes * sizeof(*t->wanting));
	if (t->owns_counters)
		arena_unmap(t->counters, t->size.bindings * sizeof(*t->counters));
	pthread_mutex_destroy(&t->wanting_lock);
	for (size_t i = 0; i < TUNNELS_LOCKS; i++)
		pthread_mutex_destroy(&t->locks[i]);
	free(t);
}

size_t tunnels_octets_per_binding(struct tunnels_size size)
{
	size_t buckets = (size_t)buckets_for(size.homes) + 1;
	size_t index = (buckets * sizeof(uint32_t) + size.homes - 1) / size.homes;

	return index + sizeof(struct tunnels_entry) + sizeof(uint32_t) +
	       sizeof(struct tunnels_record) + sizeof(struct tunnels_counters);
}

enum ha_error tunnels_observe(struct tunnels *t, tunnels_changed *changed, void *context)
{
	if (t->observer_count == TUNNELS_OBSERVERS_MAX)
		return HA_E_CAPACITY;
	t->observers[t->observer_count++] = (struct tunnels_observer){ changed, context };
	return HA_OK;
}

/* A seeded mixer keeps it private which addresses share a chain. */
uint32_t tunnels_bucket(const struct tunnels *t, uint32_t realm, struct in_addr home)
{
	uint64_t x = ((uint64_t)realm << 32 | address_host(home)) ^ t->seed;

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)(x ^ x >> 31) & t->mask;
}

static bool is_entry(const struct tunnels_entry *entry, uint32_t realm, struct in_addr home)
{
	return entry->realm == realm && address_equal(entry->home, home);
}

static uint32_t entry_in(const struct tunnels *t, uint32_t bucket, uint32_t realm,
                         struct in_addr home)
{
	uint32_t entry = t->buckets[bucket];

	while (entry != TUNNELS_NONE && !is_entry(&t->entries[entry], realm, home))
		entry = t->entries[entry].next;
	return entry;
}

static struct tunnels_binding binding_of_record(const struct tunnels *t, uint32_t slot)
{
	const struct tunnels_record *record = &t->records[slot];

	return (struct tunnels_binding){
		.care_of = record->care_of,
		.endpoint = record->endpoint,
		.slot = slot,
		.endpoint_port = record->endpoint_port,
		.features = record->features,
		.encapsulation = record->encapsulation,
		.flags = record->flags,
	};
}

void tunnels_copy(const struct tunnels *t, uint32_t at, struct tunnels_home *out)
{
	const struct tunnels_entry *entry = &t->entries[at];
	uint32_t slot = entry->first;

	*out = (struct tunnels_home){
		.realm = entry->realm,
		.home = entry->home,
		.group = entry->group,
		.count = entry->count,
	};
	for (size_t i = 0; i < entry->count; i++) {
		out->bindings[i] = binding_of_record(t, slot);
		slot = t->records[slot].next;
	}
}

bool tunnels_find(struct tunnels *t, uint32_t realm, struct in_addr home, struct tunnels_home *out)
{
	uint32_t bucket = tunnels_bucket(t, realm, home), entry;
	pthread_mutex_t *lock = tunnels_lock_of(t, bucket);

	pthread_mutex_lock(lock);
	entry = entry_in(t, bucket, realm, home);
	if (entry != TUNNELS_NONE)
		tunnels_copy(t, entry, out);
	pthread_mutex_unlock(lock);
	if (entry == TUNNELS_NONE)
		*out = (struct tunnels_home){ .realm = realm, .home = home };
	return entry != TUNNELS_NONE;
}

static bool is_same_tunnel(const struct tunnels_binding *a, const struct tunnels_binding *b)
{
	return address_equal(a->care_of, b->care_of) && address_equal(a->endpoint, b->endpoint);
}

static bool is_equal(const struct tunnels_binding *a, const struct tunnels_binding *b)
{
	return is_same_tunnel(a, b) && a->endpoint_port == b->endpoint_port &&
	       a->features == b->features && a->encapsulation == b->encapsulation &&
	       a->flags == b->flags;
}

static bool is_taken(const struct tunnels_home *home, uint32_t slot)
{
	for (size_t i = 0; i < home->count; i++)
		if (home->bindings[i].slot == slot)
			return true;
	return false;
}

/* A binding of before goes on as one of now: with the same port where there is such
 * a one, or behind a NAT that forgot the old port. */
static void keep_slots(const struct tunnels_home *before, struct tunnels_home *now, bool any_port)
{
	for (size_t i = 0; i < now->count; i++) {
		struct tunnels_binding *binding = &now->bindings[i];

		for (size_t j = 0; j < before->count && binding->slot == TUNNELS_NO_SLOT; j++) {
			const struct tunnels_binding *old = &before->bindings[j];

			if (is_same_tunnel(binding, old) && !is_taken(now, old->slot) &&
			    (any_port || binding->endpoint_port == old->endpoint_port))
				binding->slot = old->slot;
		}
	}
}

static bool is_unchanged(const struct tunnels_home *before, const struct tunnels_home *now)
{
	if (before->count != now->count || before->group != now->group)
		return false;
	for (size_t i = 0; i < now->count; i++)
		if (now->bindings[i].slot != before->bindings[i].slot ||
		    !is_equal(&now->bindings[i], &before->bindings[i]))
			return false;
	return true;
}

static void zero_counters(struct tunnels_counters *row)
{
	atomic_store_explicit(&row->in_packets, 0, memory_order_relaxed);
	atomic_store_explicit(&row->in_octets, 0, memory_order_relaxed);
	atomic_store_explicit(&row->out_packets, 0, memory_order_relaxed);
	atomic_store_explicit(&row->out_octets, 0, memory_order_relaxed);
}

static bool has_room(const struct tunnels *t, const struct tunnels_home *before,
                     const struct tunnels_home *now)
{
	uint32_t room = t->size.bindings -
	                atomic_load_explicit(&t->binding_count, memory_order_relaxed);

	if (before->count == 0 && t->free_entry == TUNNELS_NONE)
		return false;
	return now->count <= before->count || room >= (uint32_t)(now->count - before->count);
}

/* Slots that go are free before slots are taken: to replace one binding by another
 * needs no room. Under the lock, since records that go are still in a chain. */
static void take_slots(struct tunnels *t, const struct tunnels_home *before,
                       struct tunnels_home *now)
{
	for (size_t i = 0; i < before->count; i++) {
		uint32_t slot = before->bindings[i].slot;

		if (is_taken(now, slot))
			continue;
		t->records[slot].next = t->free_record;
		t->free_record = slot;
	}
	for (size_t i = 0; i < now->count; i++) {
		struct tunnels_binding *binding = &now->bindings[i];

		if (binding->slot != TUNNELS_NO_SLOT)
			continue;
		binding->slot = t->free_record;
		t->free_record = t->records[binding->slot].next;
		zero_counters(&t->counters[binding->slot]);
	}
}

static void write_records(struct tunnels *t, struct tunnels_entry *entry,
                          const struct tunnels_home *now)
{
	entry->group = now->group;
	entry->count = now->count;
	entry->first = now->count ? now->bindings[0].slot : TUNNELS_NONE;
	for (size_t i = 0; i < now->count; i++) {
		const struct tunnels_binding *binding = &now->bindings[i];

		t->records[binding->slot] = (struct tunnels_record){
			.care_of = binding->care_of,
			.endpoint = binding->endpoint,
			.next = i + 1u < now->count ? now->bindings[i + 1].slot : TUNNELS_NONE,
			.endpoint_port = binding->endpoint_port,
			.features = binding->features,
			.encapsulation = binding->encapsulation,
			.flags = binding->flags,
		};
	}
}

static uint32_t add_entry(struct tunnels *t, uint32_t bucket, const struct tunnels_home *home)
{
	uint32_t at = t->free_entry, *link = &t->buckets[bucket];
	struct tunnels_entry *entry = &t->entries[at];

	t->free_entry = entry->next;
	entry->realm = home->realm;
	entry->home = home->home;
	entry->next = TUNNELS_NONE;
	while (*link != TUNNELS_NONE)
		link = &t->entries[*link].next;
	*link = at;
	return at;
}

static void remove_entry(struct tunnels *t, uint32_t bucket, uint32_t at)
{
	uint32_t *link = &t->buckets[bucket];

	while (*link != at)
		link = &t->entries[*link].next;
	*link = t->entries[at].next;
	t->entries[at].next = t->free_entry;
	t->free_entry = at;
}

static bool wants_broadcasts(const struct tunnels_home *home)
{
	for (size_t i = 0; i < home->count; i++)
		if (home->bindings[i].flags & MIP_REQUEST_BROADCAST)
			return true;
	return false;
}

static void count_change(struct tunnels *t, const struct tunnels_home *before,
                         const struct tunnels_home *now)
{
	atomic_fetch_add_explicit(&t->binding_count, (uint32_t)now->count - before->count,
	                          memory_order_relaxed);
	atomic_fetch_add_explicit(&t->home_count, (now->count != 0u) - (before->count != 0u),
	                          memory_order_relaxed);
}

/* The change itself, under the lock of its bucket. An entry leaves the list of those
 * that want broadcasts before it can be another one's, and enters it when it is whole. */
static void change(struct tunnels *t, uint32_t bucket, uint32_t entry,
                   const struct tunnels_home *before, struct tunnels_home *now)
{
	pthread_mutex_t *lock = tunnels_lock_of(t, bucket);

	if (entry != TUNNELS_NONE && !wants_broadcasts(now))
		tunnels_want(t, entry, false);
	pthread_mutex_lock(lock);
	if (entry == TUNNELS_NONE)
		entry = add_entry(t, bucket, now);
	take_slots(t, before, now);
	write_records(t, &t->entries[entry], now);
	if (now->count == 0)
		remove_entry(t, bucket, entry);
	pthread_mutex_unlock(lock);
	if (wants_broadcasts(now))
		tunnels_want(t, entry, true);
	t->entries[entry].mark = t->mark;
	count_change(t, before, now);
}

static enum tunnels_effect effect_of(const struct tunnels_home *before,
                                     const struct tunnels_home *now)
{
	return before->count == 0 ? TUNNELS_ADDED
	       : now->count == 0  ? TUNNELS_REMOVED
	                          : TUNNELS_CHANGED;
}

enum ha_error tunnels_put_effect(struct tunnels *t, const struct tunnels_home *home,
                                 enum tunnels_effect *effect)
{
	uint32_t bucket = tunnels_bucket(t, home->realm, home->home);
	uint32_t entry = entry_in(t, bucket, home->realm, home->home);
	struct tunnels_home before = { .realm = home->realm, .home = home->home }, now = *home;

	*effect = TUNNELS_SAME;
	if (home->count > BINDING_LIMIT_MAX)
		return HA_E_RANGE;
	if (entry != TUNNELS_NONE) {
		tunnels_copy(t, entry, &before);
		t->entries[entry].mark = t->mark;
	}
	for (size_t i = 0; i < now.count; i++)
		now.bindings[i].slot = TUNNELS_NO_SLOT;
	keep_slots(&before, &now, false);
	keep_slots(&before, &now, true);
	if (is_unchanged(&before, &now) || (before.count == 0 && now.count == 0))
		return HA_OK;
	if (!has_room(t, &before, &now))
		return HA_E_CAPACITY;
	change(t, bucket, entry, &before, &now);
	*effect = effect_of(&before, &now);
	for (size_t i = 0; i < t->observer_count; i++)
		t->observers[i].changed(t->observers[i].context, &before, &now);
	return HA_OK;
}

enum ha_error tunnels_put(struct tunnels *t, const struct tunnels_home *home)
{
	enum tunnels_effect effect;

	return tunnels_put_effect(t, home, &effect);
}

struct tunnels_counters *tunnels_counters_of(struct tunnels *t, uint32_t slot)
{
	return slot < t->size.bindings ? &t->counters[slot] : NULL;
}
