/* violations.c - a table of sets, each with a lock. */
#include "agentd/base/violations.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "agentd/base/address.h"

void violations_init(struct violations *violations, uint64_t seed)
{
	violations->seed = seed | 1u;
	for (size_t i = 0; i < VIOLATIONS_SETS; i++)
		pthread_mutex_init(&violations->sets[i].lock, NULL);
}

static struct violation_set *set_of(struct violations *violations, struct in_addr address)
{
	uint64_t mixed = (address.s_addr ^ violations->seed >> 32) * violations->seed;

	return &violations->sets[mixed >> 32 & (VIOLATIONS_SETS - 1)];
}

static bool is_free(const struct violation *row)
{
	return row->count == 0 && row->last_ms == 0; /* a count alone may have wrapped */
}

static struct violation *find(struct violation_set *set, struct in_addr address)
{
	for (size_t i = 0; i < VIOLATIONS_WAYS; i++)
		if (!is_free(&set->rows[i]) && address_equal(set->rows[i].address, address))
			return &set->rows[i];
	return NULL;
}

/* What a row counts for now. */
static uint32_t weight_of(const struct violation *row, uint64_t now_ms)
{
	uint64_t halvings = now_ms > row->last_ms ? (now_ms - row->last_ms) / VIOLATIONS_FADE_MS
	                                          : 0;

	return halvings < 32 ? row->count >> halvings : 0;
}

static bool is_less(const struct violation *a, const struct violation *b, uint64_t now_ms)
{
	uint32_t weight_a = weight_of(a, now_ms), weight_b = weight_of(b, now_ms);

	return weight_a != weight_b ? weight_a < weight_b : a->last_ms < b->last_ms;
}

/* A free row, else the one that gives way. */
static struct violation *place_in(struct violation_set *set, uint64_t now_ms)
{
	struct violation *least = &set->rows[0];

	for (size_t i = 0; i < VIOLATIONS_WAYS; i++) {
		if (is_free(&set->rows[i]))
			return &set->rows[i];
		if (is_less(&set->rows[i], least, now_ms))
			least = &set->rows[i];
	}
	return least;
}

/* How many violations the row had that is replaced by this one. With the lock. */
static uint32_t note_in(struct violation_set *set, const struct violation *seen)
{
	struct violation *row = find(set, seen->address);
	uint32_t before = 0, gone = 0;

	if (row) {
		before = row->count;
	} else {
		row = place_in(set, seen->last_ms);
		gone = row->count;
	}
	*row = *seen;
	row->count = before + 1;
	if (row->last_ms == 0)
		row->last_ms = 1; /* else the row would be free when its count wraps */
	return gone;
}

bool violations_note(struct violations *violations, const struct violation *seen)
{
	struct violation_set *set = set_of(violations, seen->address);
	uint32_t gone;

	pthread_mutex_lock(&set->lock);
	gone = note_in(set, seen);
	pthread_mutex_unlock(&set->lock);
	if (gone == 0)
		return false;
	atomic_fetch_add_explicit(&violations->rows_gone, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&violations->violations_gone, gone, memory_order_relaxed);
	return true;
}

/* The lowest rows so far, in order. */
struct lowest {
	struct violation *rows;
	size_t count, max;
};

static void insert(struct lowest *lowest, const struct violation *row)
{
	uint32_t number = address_host(row->address);
	size_t at = lowest->count;

	while (at > 0 && address_host(lowest->rows[at - 1].address) > number)
		at--;
	if (at == lowest->max)
		return;
	if (lowest->count < lowest->max)
		lowest->count++;
	memmove(&lowest->rows[at + 1], &lowest->rows[at],
	        (lowest->count - 1 - at) * sizeof(*lowest->rows));
	lowest->rows[at] = *row;
}

static void insert_set(struct lowest *lowest, struct violation_set *set,
                       const struct in_addr *after)
{
	struct violation rows[VIOLATIONS_WAYS];

	pthread_mutex_lock(&set->lock);
	memcpy(rows, set->rows, sizeof(rows));
	pthread_mutex_unlock(&set->lock);
	for (size_t i = 0; i < VIOLATIONS_WAYS; i++)
		if (!is_free(&rows[i]) &&
		    (!after || address_host(rows[i].address) > address_host(*after)))
			insert(lowest, &rows[i]);
}

size_t violations_list(struct violations *violations, const struct in_addr *after,
                       struct violation *out, size_t max)
{
	struct lowest lowest = { out, 0, max };

	for (size_t i = 0; max > 0 && i < VIOLATIONS_SETS; i++)
		insert_set(&lowest, &violations->sets[i], after);
	return lowest.count;
}

bool violations_next(struct violations *violations, const struct in_addr *after,
                     struct violation *out)
{
	struct violation next = { .count = 0 };
	bool found = violations_list(violations, after, &next, 1) == 1;

	if (found)
		*out = next;
	return found;
}

bool violations_find(struct violations *violations, struct in_addr address, struct violation *out)
{
	struct violation_set *set = set_of(violations, address);
	const struct violation *row;

	pthread_mutex_lock(&set->lock);
	row = find(set, address);
	if (row)
		*out = *row;
	pthread_mutex_unlock(&set->lock);
	return row != NULL;
}

struct violations_gone violations_gone(struct violations *violations)
{
	return (struct violations_gone){
		atomic_load_explicit(&violations->rows_gone, memory_order_relaxed),
		atomic_load_explicit(&violations->violations_gone, memory_order_relaxed),
	};
}
