/* visitors.c - slots of a fixed number in chains by a keyed sum of home address and home
 * agent. Slots are named by number, from 1; 0 is none. */
#include "agentd/visitors/visitors.h"

#include <stdlib.h>
#include <string.h>

#include "agentd/base/address.h"

#define NOBODY UINT64_MAX /* of `ends_ms`, as for who stays for ever */

struct slot {
	struct foreign_visitor visitor;
	uint32_t next; /* in its chain, or free */
	bool used;
};

struct visitors {
	uint64_t seed;
	uint32_t capacity, count;
	uint32_t free, fresh; /* a chain of free ones; those from `fresh` on were never used */
	uint32_t buckets;     /* a power of two */
	uint32_t *first;      /* of each chain */
	uint64_t *ends_ms;    /* of each slot, apart, since all of them are looked at */
	struct slot *slots;   /* slots[0] is never used */
};

static uint32_t bucket_of(const struct visitors *visitors, struct in_addr home,
                          struct in_addr home_agent)
{
	uint64_t x = ((uint64_t)home.s_addr << 32 | home_agent.s_addr) ^ visitors->seed;

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9) + visitors->seed;
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)(x ^ x >> 31) & (visitors->buckets - 1);
}

enum ha_error visitors_create(uint32_t capacity, uint64_t seed, struct visitors **out)
{
	struct visitors *visitors = calloc(1, sizeof(*visitors));

	*out = NULL;
	if (!visitors || capacity == 0 || capacity > VISITORS_CAPACITY_MAX) {
		free(visitors);
		return visitors ? HA_E_RANGE : HA_E_NOMEM;
	}
	visitors->seed = seed;
	visitors->capacity = capacity;
	visitors->fresh = 1;
	visitors->buckets = 1;
	while (visitors->buckets < capacity)
		visitors->buckets *= 2;
	visitors->first = calloc(visitors->buckets, sizeof(*visitors->first));
	visitors->ends_ms = calloc((size_t)capacity + 1, sizeof(*visitors->ends_ms));
	visitors->slots = calloc((size_t)capacity + 1, sizeof(*visitors->slots));
	if (!visitors->first || !visitors->ends_ms || !visitors->slots) {
		visitors_free(visitors);
		return HA_E_NOMEM;
	}
	*out = visitors;
	return HA_OK;
}

void visitors_free(struct visitors *visitors)
{
	if (!visitors)
		return;
	free(visitors->first);
	free(visitors->ends_ms);
	free(visitors->slots);
	free(visitors);
}

/* Where the number of the one that is looked for stands; there is 0 where it is not. */
static uint32_t *place_of(const struct visitors *visitors, struct in_addr home,
                          struct in_addr home_agent)
{
	uint32_t *at = &visitors->first[bucket_of(visitors, home, home_agent)];

	while (*at && (!address_equal(visitors->slots[*at].visitor.home, home) ||
	               !address_equal(visitors->slots[*at].visitor.home_agent, home_agent)))
		at = &visitors->slots[*at].next;
	return at;
}

static uint32_t take_slot(struct visitors *visitors)
{
	uint32_t number = visitors->free;

	if (number) {
		visitors->free = visitors->slots[number].next;
		return number;
	}
	return visitors->fresh <= visitors->capacity ? visitors->fresh++ : 0;
}

static enum ha_error put(struct visitors *visitors, const struct foreign_visitor *visitor)
{
	uint32_t *at = place_of(visitors, visitor->home, visitor->home_agent);
	uint32_t number = *at;

	if (!number) {
		number = take_slot(visitors);
		if (!number)
			return HA_E_CAPACITY;
		visitors->slots[number].next = 0;
		visitors->slots[number].used = true;
		*at = number;
		visitors->count++;
	}
	visitors->slots[number].visitor = *visitor;
	visitors->ends_ms[number] = visitor->expires_ms;
	return HA_OK;
}

static enum ha_error end(struct visitors *visitors, const struct foreign_visitor *visitor,
                         uint64_t over_ms)
{
	uint32_t *at = place_of(visitors, visitor->home, visitor->home_agent);
	uint32_t number = *at;
	struct slot *slot = &visitors->slots[number];

	if (!number || slot->visitor.expires_ms > over_ms)
		return HA_E_NOTFOUND;
	*at = slot->next;
	memset(slot, 0, sizeof(*slot));
	slot->next = visitors->free;
	visitors->free = number;
	visitors->ends_ms[number] = NOBODY;
	visitors->count--;
	return HA_OK;
}

enum ha_error visitors_apply(struct visitors *visitors, const struct visitor_command *command)
{
	const struct foreign_visitor *visitor = &command->visitor;

	if (command->kind == VISITOR_PUT)
		return put(visitors, visitor);
	return end(visitors, visitor,
	           command->kind == VISITOR_OVER ? visitor->expires_ms : UINT64_MAX);
}

const struct foreign_visitor *visitors_find(const struct visitors *visitors, struct in_addr home,
                                            struct in_addr home_agent)
{
	uint32_t number = *place_of(visitors, home, home_agent);

	return number ? &visitors->slots[number].visitor : NULL;
}

const struct foreign_visitor *visitors_next(const struct visitors *visitors, uint32_t *place)
{
	uint32_t number = *place ? *place : 1;

	while (number < visitors->fresh && !visitors->slots[number].used)
		number++;
	*place = number;
	return number < visitors->fresh ? &visitors->slots[number].visitor : NULL;
}

const struct foreign_visitor *visitors_expired(const struct visitors *visitors, uint64_t now_ms,
                                               uint32_t *place)
{
	uint32_t number = *place ? *place : 1;

	while (number < visitors->fresh && visitors->ends_ms[number] > now_ms)
		number++;
	*place = number;
	return number < visitors->fresh ? &visitors->slots[number].visitor : NULL;
}

uint32_t visitors_count(const struct visitors *visitors)
{
	return visitors->count;
}
