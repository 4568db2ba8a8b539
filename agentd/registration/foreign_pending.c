/* foreign_pending.c - the table of requests that wait for a reply: slots of a fixed
 * number, in a chain by age, in chains by identification and in chains by source. Slots
 * are named by number, from 1; 0 is none. */
#include "agentd/registration/foreign_pending.h"

#include <stdlib.h>

#define TOTAL_MAX (UINT32_C(1) << 20)

/* The chains that a slot is in. By age there are two: of strangers, and of visitors. */
enum chain {
	BY_AGE,
	BY_IDENTIFICATION,
	BY_SOURCE,
	CHAINS,
};

#define AGES 2u

struct link {
	uint32_t before;
	uint32_t after;
};

struct slot {
	struct foreign_registration registration;
	struct link links[CHAINS];
	uint32_t bucket_of[CHAINS];
};

/* First and last of a chain. */
struct ends {
	uint32_t first;
	uint32_t last;
};

struct foreign_pendings {
	struct foreign_pending_limits limits;
	uint64_t seed;
	uint32_t count;
	uint32_t strangers;          /* of them */
	uint32_t free;               /* first free slot, by links[BY_AGE].after */
	uint32_t buckets;            /* a power of two */
	struct slot *slots;          /* slots[0] is never used */
	struct ends *chains[CHAINS]; /* AGES by age, `buckets` of the others */
};

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static uint32_t bucket_of_identification(const struct foreign_pendings *table,
                                         uint64_t identification)
{
	return (uint32_t)mix(table->seed ^ mix((uint32_t)identification + table->seed)) &
	       (table->buckets - 1);
}

static uint32_t bucket_of_source(const struct foreign_pendings *table,
                                 const struct foreign_registration *registration)
{
	uint64_t link = registration->interface;

	for (size_t i = 0; i < FOREIGN_LINK_SIZE; i++)
		link = mix((link << 8 | registration->link[i]) + table->seed);
	return (uint32_t)link & (table->buckets - 1);
}

static bool same_source(const struct foreign_registration *a, const struct foreign_registration *b)
{
	return a->interface == b->interface && memcmp(a->link, b->link, sizeof(a->link)) == 0;
}

static bool same_name(const struct foreign_registration *a, const struct foreign_registration *b)
{
	return a->nai_size == b->nai_size && memcmp(a->nai, b->nai, a->nai_size) == 0;
}

/* ---- chains ---- */

static void chain_append(struct foreign_pendings *table, enum chain chain, uint32_t bucket,
                         uint32_t number)
{
	struct ends *ends = &table->chains[chain][bucket];
	struct slot *slot = &table->slots[number];

	slot->bucket_of[chain] = bucket;
	slot->links[chain] = (struct link){ .before = ends->last };
	if (ends->last)
		table->slots[ends->last].links[chain].after = number;
	else
		ends->first = number;
	ends->last = number;
}

static void chain_remove(struct foreign_pendings *table, enum chain chain, uint32_t number)
{
	struct slot *slot = &table->slots[number];
	struct ends *ends = &table->chains[chain][slot->bucket_of[chain]];
	struct link link = slot->links[chain];

	if (link.before)
		table->slots[link.before].links[chain].after = link.after;
	else
		ends->first = link.after;
	if (link.after)
		table->slots[link.after].links[chain].before = link.before;
	else
		ends->last = link.before;
}

/* ---- making and ending one ---- */

static void forget(struct foreign_pendings *table)
{
	for (unsigned chain = 0; chain < CHAINS; chain++)
		free(table->chains[chain]);
	free(table->slots);
	free(table);
}

static bool allocate(struct foreign_pendings *table)
{
	table->slots = calloc((size_t)table->limits.total + 1, sizeof(*table->slots));
	table->chains[BY_AGE] = calloc(AGES, sizeof(**table->chains));
	table->chains[BY_IDENTIFICATION] = calloc(table->buckets, sizeof(**table->chains));
	table->chains[BY_SOURCE] = calloc(table->buckets, sizeof(**table->chains));
	return table->slots && table->chains[BY_AGE] && table->chains[BY_IDENTIFICATION] &&
	       table->chains[BY_SOURCE];
}

enum ha_error foreign_pendings_create(const struct foreign_pending_limits *limits, uint64_t seed,
                                      struct foreign_pendings **out)
{
	struct foreign_pendings *table;

	*out = NULL;
	if (limits->total == 0 || limits->total > TOTAL_MAX || limits->per_source == 0 ||
	    limits->reserved >= limits->total)
		return HA_E_RANGE;
	table = calloc(1, sizeof(*table));
	if (!table)
		return HA_E_NOMEM;
	table->limits = *limits;
	table->seed = seed;
	table->buckets = 1;
	while (table->buckets < limits->total)
		table->buckets *= 2;
	if (!allocate(table)) {
		forget(table);
		return HA_E_NOMEM;
	}
	for (uint32_t number = limits->total; number > 0; number--) {
		table->slots[number].links[BY_AGE].after = table->free;
		table->free = number;
	}
	*out = table;
	return HA_OK;
}

void foreign_pendings_free(struct foreign_pendings *table)
{
	if (table)
		forget(table);
}

/* ---- finding ---- */

static bool same_challenge(const struct foreign_registration *a,
                           const struct foreign_registration *b)
{
	return a->challenge_size == b->challenge_size &&
	       memcmp(a->challenge, b->challenge, a->challenge_size) == 0;
}

static bool asks_the_same(const struct foreign_registration *a,
                          const struct foreign_registration *b)
{
	return a->home.s_addr == b->home.s_addr && a->home_agent.s_addr == b->home_agent.s_addr &&
	       a->care_of.s_addr == b->care_of.s_addr && a->flags == b->flags &&
	       a->lifetime_s == b->lifetime_s && same_name(a, b) && same_source(a, b) &&
	       same_challenge(a, b);
}

/* In all: another's request with the same identification does not change what waits. */
static uint32_t find_same(const struct foreign_pendings *table,
                          const struct foreign_registration *wanted)
{
	uint32_t bucket = bucket_of_identification(table, wanted->identification);
	uint32_t number = table->chains[BY_IDENTIFICATION][bucket].first;

	for (; number; number = table->slots[number].links[BY_IDENTIFICATION].after) {
		const struct foreign_registration *is = &table->slots[number].registration;

		if (is->identification == wanted->identification && is->proof == wanted->proof &&
		    asks_the_same(is, wanted))
			return number;
	}
	return 0;
}

const struct foreign_registration *foreign_pendings_find(const struct foreign_pendings *table,
                                                         uint64_t identification,
                                                         struct in_addr home, struct span nai)
{
	uint32_t bucket = bucket_of_identification(table, identification);
	uint32_t number = table->chains[BY_IDENTIFICATION][bucket].first;

	for (; number; number = table->slots[number].links[BY_IDENTIFICATION].after) {
		const struct foreign_registration *is = &table->slots[number].registration;

		if ((uint32_t)is->identification == (uint32_t)identification &&
		    foreign_registration_is_of(is, home, nai))
			return is;
	}
	return NULL;
}

/* Of two that may be 0. Those of visitors come first among equals. */
static uint32_t older(const struct foreign_pendings *table, uint32_t stranger, uint32_t visitor)
{
	if (!stranger || !visitor)
		return stranger ? stranger : visitor;
	return table->slots[stranger].registration.since_ms <
	                       table->slots[visitor].registration.since_ms
	               ? stranger
	               : visitor;
}

static uint32_t oldest(const struct foreign_pendings *table)
{
	return older(table, table->chains[BY_AGE][false].first, table->chains[BY_AGE][true].first);
}

/* How many the source has, and the oldest of them. Who speaks from the link address of a
 * visitor and for somebody else is counted apart. */
static uint32_t count_of_source(const struct foreign_pendings *table,
                                const struct foreign_registration *registration, uint32_t *first)
{
	uint32_t bucket = bucket_of_source(table, registration);
	uint32_t number = table->chains[BY_SOURCE][bucket].first;
	uint32_t count = 0;

	*first = 0;
	for (; number; number = table->slots[number].links[BY_SOURCE].after) {
		const struct foreign_registration *is = &table->slots[number].registration;

		if (!same_source(is, registration) || is->served != registration->served)
			continue;
		if (count++ == 0)
			*first = number;
	}
	return count;
}

bool foreign_pendings_repeats(const struct foreign_pendings *table,
                              const struct foreign_registration *registration)
{
	uint32_t bucket = bucket_of_source(table, registration);
	uint32_t number = table->chains[BY_SOURCE][bucket].first;

	if (registration->challenge_size == 0)
		return false;
	for (; number; number = table->slots[number].links[BY_SOURCE].after)
		if (asks_the_same(&table->slots[number].registration, registration))
			return true;
	return false;
}

bool foreign_pendings_copies(const struct foreign_pendings *table,
                             const struct foreign_registration *registration)
{
	uint32_t bucket = bucket_of_identification(table, registration->identification);
	uint32_t number = table->chains[BY_IDENTIFICATION][bucket].first;

	if (registration->challenge_size == 0)
		return false;
	for (; number; number = table->slots[number].links[BY_IDENTIFICATION].after) {
		const struct foreign_registration *is = &table->slots[number].registration;

		if (is->proof == registration->proof && same_challenge(is, registration) &&
		    !same_source(is, registration))
			return true;
	}
	return false;
}

/* ---- changing ---- */

static void add(struct foreign_pendings *table, const struct foreign_registration *registration)
{
	uint32_t number = table->free;
	struct slot *slot = &table->slots[number];

	table->free = slot->links[BY_AGE].after;
	slot->registration = *registration;
	chain_append(table, BY_AGE, registration->served, number);
	chain_append(table, BY_IDENTIFICATION,
	             bucket_of_identification(table, registration->identification), number);
	chain_append(table, BY_SOURCE, bucket_of_source(table, registration), number);
	table->count++;
	table->strangers += !registration->served;
}

/* Younger, and where it was among those with the same identification. */
static void renew(struct foreign_pendings *table, uint32_t number,
                  const struct foreign_registration *registration)
{
	struct slot *slot = &table->slots[number];

	chain_remove(table, BY_AGE, number);
	chain_remove(table, BY_SOURCE, number);
	table->strangers -= !slot->registration.served;
	table->strangers += !registration->served;
	slot->registration = *registration;
	chain_append(table, BY_AGE, registration->served, number);
	chain_append(table, BY_SOURCE, slot->bucket_of[BY_SOURCE], number);
}

static void take_out(struct foreign_pendings *table, uint32_t number)
{
	for (unsigned chain = 0; chain < CHAINS; chain++)
		chain_remove(table, (enum chain)chain, number);
	table->strangers -= !table->slots[number].registration.served;
	table->slots[number].links[BY_AGE].after = table->free;
	table->free = number;
	table->count--;
}

/* Strangers can make up as many link addresses as they like: what is reserved they leave free
 * to the visitors, and only a stranger gives way to one. */
static uint32_t in_its_place(const struct foreign_pendings *table, bool served)
{
	if (!served && table->strangers >= table->limits.total - table->limits.reserved)
		return table->chains[BY_AGE][false].first;
	return table->count < table->limits.total ? 0 : oldest(table);
}

/* What must give way to a new one: 0 none, `full` when it would have to and may not yet. */
static uint32_t in_the_way(const struct foreign_pendings *table,
                           const struct foreign_registration *registration, bool *full)
{
	uint32_t number;

	if (count_of_source(table, registration, &number) < table->limits.per_source)
		number = in_its_place(table, registration->served);
	*full = number && registration->since_ms - table->slots[number].registration.since_ms <
	                          table->limits.timeout_ms;
	return number;
}

bool foreign_pendings_full(const struct foreign_pendings *table,
                           const struct foreign_registration *registration)
{
	bool full;

	in_the_way(table, registration, &full);
	return full && find_same(table, registration) == 0;
}

enum foreign_pending_put foreign_pendings_put(struct foreign_pendings *table,
                                              const struct foreign_registration *registration,
                                              struct foreign_registration *gone)
{
	uint32_t same = find_same(table, registration);
	uint32_t old;
	bool full;

	if (same) {
		renew(table, same, registration);
		return FOREIGN_PENDING_AGAIN;
	}
	old = in_the_way(table, registration, &full);
	if (full)
		return FOREIGN_PENDING_FULL;
	if (old) {
		*gone = table->slots[old].registration;
		take_out(table, old);
	}
	add(table, registration);
	return old ? FOREIGN_PENDING_REPLACED : FOREIGN_PENDING_ADDED;
}

/* Of what foreign_pendings_find() gave. */
static uint32_t number_of(const struct foreign_pendings *table,
                          const struct foreign_registration *found)
{
	const struct slot *slot = (const struct slot *)(const void *)found;

	return (uint32_t)(slot - table->slots);
}

bool foreign_pendings_doubt(struct foreign_pendings *table,
                            const struct foreign_registration *found)
{
	struct foreign_registration *is = &table->slots[number_of(table, found)].registration;
	bool news = !is->doubted;

	is->doubted = true;
	return news;
}

void foreign_pendings_remove(struct foreign_pendings *table,
                             const struct foreign_registration *found)
{
	take_out(table, number_of(table, found));
}

bool foreign_pendings_expire(struct foreign_pendings *table, uint64_t now_ms,
                             struct foreign_registration *out)
{
	uint32_t number = oldest(table);

	if (!number ||
	    now_ms - table->slots[number].registration.since_ms < table->limits.timeout_ms)
		return false;
	*out = table->slots[number].registration;
	take_out(table, number);
	return true;
}

const struct foreign_registration *foreign_pendings_at(const struct foreign_pendings *table,
                                                       uint32_t i)
{
	uint32_t stranger = table->chains[BY_AGE][false].first;
	uint32_t visitor = table->chains[BY_AGE][true].first;
	uint32_t number = older(table, stranger, visitor);

	while (number && i-- > 0) {
		if (number == stranger)
			stranger = table->slots[number].links[BY_AGE].after;
		else
			visitor = table->slots[number].links[BY_AGE].after;
		number = older(table, stranger, visitor);
	}
	return number ? &table->slots[number].registration : NULL;
}

const struct foreign_registration *foreign_pendings_after(const struct foreign_pendings *table,
                                                          const struct foreign_registration *found)
{
	uint32_t number = table->slots[number_of(table, found)].links[BY_AGE].after;

	/* Behind the chain of the oldest comes the other one. */
	if (!number && table->slots[oldest(table)].registration.served == found->served)
		number = table->chains[BY_AGE][!found->served].first;
	return number ? &table->slots[number].registration : NULL;
}

uint32_t foreign_pendings_count(const struct foreign_pendings *table)
{
	return table->count;
}
