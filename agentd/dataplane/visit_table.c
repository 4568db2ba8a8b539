/* visit_table.c - a hash by home address with chains; places are numbered, and those that
 * are free are in a chain of their own. */
#include "agentd/dataplane/visit_table.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agentd/base/binding.h"
#include "agentd/base/clock.h"

#define NOBODY UINT32_MAX
#define SECOND UINT64_C(1000000000)

struct place {
	struct visit_path path;
	uint32_t next; /* of the chain */
	bool taken;
	uint64_t sent_ns; /* into its tunnel */
};

struct visit_table {
	pthread_mutex_t mutex;
	uint64_t seed;
	struct visit_totals totals;
	uint32_t capacity, buckets; /* the latter a power of two */
	uint32_t free;              /* the first free place */
	uint32_t *heads;
	struct place *places;
	struct tunnels_counters *counters;
};

static uint32_t buckets_for(uint32_t capacity)
{
	uint32_t buckets = 8;

	while (buckets < capacity && buckets < UINT32_C(1) << 30)
		buckets *= 2;
	return buckets;
}

size_t visit_table_octets_per_visitor(uint32_t capacity)
{
	size_t heads = buckets_for(capacity) * sizeof(uint32_t);

	return capacity ? sizeof(struct place) + sizeof(struct tunnels_counters) +
	                          (heads + capacity - 1) / capacity
	                : 0;
}

static void make_free(struct visit_table *table)
{
	for (uint32_t i = 0; i < table->buckets; i++)
		table->heads[i] = NOBODY;
	for (uint32_t i = 0; i < table->capacity; i++) {
		table->places[i].taken = false;
		table->places[i].next = i + 1 < table->capacity ? i + 1 : NOBODY;
	}
	table->free = 0;
	table->totals = (struct visit_totals){ .capacity = table->capacity };
}

struct visit_table *visit_table_new(uint32_t capacity)
{
	struct visit_table *table = capacity ? calloc(1, sizeof(*table)) : NULL;

	if (!table)
		return NULL;
	pthread_mutex_init(&table->mutex, NULL);
	if (getrandom(&table->seed, sizeof(table->seed), GRND_NONBLOCK) != sizeof(table->seed))
		table->seed = clock_monotonic_ns();
	table->capacity = capacity;
	table->buckets = buckets_for(capacity);
	table->heads = malloc(table->buckets * sizeof(table->heads[0]));
	table->places = calloc(capacity, sizeof(table->places[0]));
	table->counters = calloc(capacity, sizeof(table->counters[0]));
	if (table->heads && table->places && table->counters) {
		make_free(table);
		return table;
	}
	visit_table_free(table);
	return NULL;
}

void visit_table_free(struct visit_table *table)
{
	if (!table)
		return;
	pthread_mutex_destroy(&table->mutex);
	free(table->heads);
	free(table->places);
	free(table->counters);
	free(table);
}

/* ---- changes ---- */

/* Keyed, so that nobody can choose home addresses that share a chain. */
static uint32_t *head_of(struct visit_table *table, struct in_addr home)
{
	uint64_t x = address_host(home) ^ table->seed;

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9) + table->seed;
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return &table->heads[(uint32_t)(x ^ x >> 31) & (table->buckets - 1)];
}

/* What leads to that visitor: its number is NOBODY where it is not there. */
static uint32_t *link_to(struct visit_table *table, struct in_addr home, struct in_addr home_agent)
{
	uint32_t *at = head_of(table, home);

	while (*at != NOBODY) {
		struct place *place = &table->places[*at];

		if (address_equal(place->path.home, home) &&
		    address_equal(place->path.home_agent, home_agent))
			break;
		at = &place->next;
	}
	return at;
}

/* In the totals, or out of them. */
static void count(struct visit_table *table, const struct visit_path *path, bool more)
{
	const uint32_t one = more ? 1 : UINT32_MAX; /* which is -1 */

	table->totals.visitors += one;
	table->totals.reverse += path->reverse ? one : 0;
	table->totals.udp += path->udp ? one : 0;
}

static bool is_sound(const struct visit_path *path)
{
	return address_is_unicast(path->home) && address_is_unicast(path->home_agent) &&
	       address_is_unicast(path->care_of) && path->interface &&
	       path->encapsulation <= ENCAPSULATION_GRE && (!path->udp || path->udp_port);
}

static uint32_t take_place(struct visit_table *table)
{
	uint32_t number = table->free;
	struct tunnels_counters *row;

	if (number == NOBODY)
		return NOBODY;
	table->free = table->places[number].next;
	row = &table->counters[number];
	atomic_store_explicit(&row->in_packets, 0, memory_order_relaxed);
	atomic_store_explicit(&row->in_octets, 0, memory_order_relaxed);
	atomic_store_explicit(&row->out_packets, 0, memory_order_relaxed);
	atomic_store_explicit(&row->out_octets, 0, memory_order_relaxed);
	return number;
}

static enum ha_error put(struct visit_table *table, const struct visit_path *path, uint64_t now_ns)
{
	uint32_t *at = link_to(table, path->home, path->home_agent);
	uint32_t number = *at;
	struct place *place;

	if (number == NOBODY)
		number = take_place(table);
	else
		count(table, &table->places[number].path, false);
	if (number == NOBODY)
		return HA_E_CAPACITY;
	place = &table->places[number];
	if (*at == NOBODY) {
		place->next = NOBODY;
		place->taken = true;
		*at = number;
	}
	place->path = *path;
	place->sent_ns = now_ns; /* its registration went there just now */
	count(table, path, true);
	return HA_OK;
}

enum ha_error visit_table_put(struct visit_table *table, const struct visit_path *path,
                              uint64_t now_ns)
{
	enum ha_error why;

	if (!is_sound(path))
		return HA_E_RANGE;
	pthread_mutex_lock(&table->mutex);
	why = put(table, path, now_ns);
	pthread_mutex_unlock(&table->mutex);
	return why;
}

bool visit_table_remove(struct visit_table *table, struct in_addr home, struct in_addr home_agent)
{
	uint32_t *at, number;

	pthread_mutex_lock(&table->mutex);
	at = link_to(table, home, home_agent);
	number = *at;
	if (number != NOBODY) {
		struct place *place = &table->places[number];

		count(table, &place->path, false);
		*at = place->next;
		place->taken = false;
		place->next = table->free;
		table->free = number;
	}
	pthread_mutex_unlock(&table->mutex);
	return number != NOBODY;
}

void visit_table_clear(struct visit_table *table)
{
	pthread_mutex_lock(&table->mutex);
	make_free(table);
	pthread_mutex_unlock(&table->mutex);
}

void visit_table_move(struct visit_table *table, unsigned from, unsigned to)
{
	pthread_mutex_lock(&table->mutex);
	for (uint32_t i = 0; i < table->capacity; i++)
		if (table->places[i].taken && table->places[i].path.interface == from)
			table->places[i].path.interface = to;
	pthread_mutex_unlock(&table->mutex);
}

/* ---- looks ---- */

static void give(const struct visit_table *table, uint32_t number, struct visit_found *out)
{
	out->path = table->places[number].path;
	out->slot = number;
}

bool visit_table_find(struct visit_table *table, struct in_addr home, struct in_addr home_agent,
                      struct visit_found *out)
{
	uint32_t number;

	pthread_mutex_lock(&table->mutex);
	number = *link_to(table, home, home_agent);
	if (number != NOBODY)
		give(table, number, out);
	pthread_mutex_unlock(&table->mutex);
	return number != NOBODY;
}

static bool is_there(const struct visit_path *path, unsigned interface, const uint8_t *link)
{
	return (!interface || path->interface == interface) &&
	       (!link || memcmp(path->link, link, LINK_ADDRESS_OCTETS) == 0);
}

static bool encapsulates(const struct visit_path *path)
{
	return path->reverse && path->delivery;
}

/* Whether packets are rather its than those of `other`, which has the same home address. */
static bool comes_before(const struct visit_path *path, const struct visit_path *other)
{
	if (path->word != other->word)
		return path->word > other->word;
	if (path->word == VISIT_WORD_OWN)
		return path->since_ms > other->since_ms;
	return path->began_ms < other->began_ms;
}

struct look {
	struct in_addr source;
	unsigned interface;  /* 0: any */
	const uint8_t *link; /* NULL: any */
	bool encapsulated;
};

static bool suits_better(const struct look *look, const struct visit_path *path,
                         const struct visit_path *other)
{
	if (look->encapsulated && encapsulates(path) != encapsulates(other))
		return encapsulates(path);
	return comes_before(path, other);
}

static enum visit_seen seen(struct visit_table *table, const struct look *look,
                            struct visit_found *out)
{
	enum visit_seen seen = VISIT_SEEN_NOBODY;

	pthread_mutex_lock(&table->mutex);
	for (uint32_t at = *head_of(table, look->source); at != NOBODY;
	     at = table->places[at].next) {
		const struct visit_path *path = &table->places[at].path;
		enum visit_seen before = seen;

		if (!address_equal(path->home, look->source))
			continue;
		if (!is_there(path, look->interface, look->link)) {
			seen = seen == VISIT_SEEN_NOBODY ? VISIT_SEEN_ELSEWHERE : seen;
			continue;
		}
		seen = VISIT_SEEN_THERE;
		if (before != VISIT_SEEN_THERE || suits_better(look, path, &out->path))
			give(table, at, out);
	}
	pthread_mutex_unlock(&table->mutex);
	return seen;
}

enum visit_seen visit_table_seen(struct visit_table *table, struct in_addr source,
                                 unsigned interface, const uint8_t *link, struct visit_found *out)
{
	return seen(table, &(struct look){ source, interface, link, false }, out);
}

enum visit_seen visit_table_seen_encapsulated(struct visit_table *table, struct in_addr source,
                                              unsigned interface, struct visit_found *out)
{
	return seen(table, &(struct look){ source, interface, NULL, true }, out);
}

struct visit_totals visit_table_totals(struct visit_table *table)
{
	struct visit_totals totals;

	pthread_mutex_lock(&table->mutex);
	totals = table->totals;
	pthread_mutex_unlock(&table->mutex);
	return totals;
}

uint32_t visit_table_longest(struct visit_table *table)
{
	uint32_t longest = 0;

	pthread_mutex_lock(&table->mutex);
	for (uint32_t i = 0; i < table->buckets; i++) {
		uint32_t length = 0;

		for (uint32_t at = table->heads[i]; at != NOBODY; at = table->places[at].next)
			length++;
		longest = length > longest ? length : longest;
	}
	pthread_mutex_unlock(&table->mutex);
	return longest;
}

/* ---- what goes through ---- */

void visit_table_sent(struct visit_table *table, uint32_t slot, uint64_t now_ns)
{
	pthread_mutex_lock(&table->mutex);
	if (slot < table->capacity)
		table->places[slot].sent_ns = now_ns;
	pthread_mutex_unlock(&table->mutex);
}

static uint64_t interval_ns(const struct visit_path *path)
{
	uint64_t interval_s = path->keepalive_s ? path->keepalive_s : VISIT_KEEPALIVE_S;

	return (interval_s < VISIT_KEEPALIVE_MIN_S ? VISIT_KEEPALIVE_MIN_S : interval_s) * SECOND;
}

static bool is_due(struct place *place, uint64_t now_ns)
{
	return place->taken && place->path.udp && now_ns >= place->sent_ns &&
	       now_ns - place->sent_ns >= interval_ns(&place->path);
}

bool visit_table_due(struct visit_table *table, uint32_t *place, uint32_t *left, uint64_t now_ns,
                     struct visit_found *out)
{
	bool found = false;

	pthread_mutex_lock(&table->mutex);
	if (table->totals.udp == 0)
		*left = 0;
	for (; *left > 0 && !found; --*left) {
		uint32_t number = *place < table->capacity ? *place : 0;

		*place = number + 1;
		found = is_due(&table->places[number], now_ns);
		if (found) {
			table->places[number].sent_ns = now_ns;
			give(table, number, out);
		}
	}
	pthread_mutex_unlock(&table->mutex);
	return found;
}

struct tunnels_counters *visit_table_counters(struct visit_table *table, uint32_t slot)
{
	return slot < table->capacity ? &table->counters[slot] : NULL;
}
