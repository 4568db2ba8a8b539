/* expiry.c - the wheel. */
#include "agentd/state/expiry.h"

#include <stdlib.h>
#include <string.h>

/* Never the bucket that is being looked at, which is one turn away. */
#define FARTHEST (EXPIRY_BUCKETS - 2u)

bool expiry_new(struct expiry *expiry, struct expiry_link *(*link)(void *, uint32_t), void *owner)
{
	*expiry = (struct expiry){ .link = link, .owner = owner };
	expiry->buckets = malloc(EXPIRY_BUCKETS * sizeof(*expiry->buckets));
	if (!expiry->buckets)
		return false;
	memset(expiry->buckets, 0xff, EXPIRY_BUCKETS * sizeof(*expiry->buckets));
	return true;
}

void expiry_free(struct expiry *expiry)
{
	free(expiry->buckets);
	expiry->buckets = NULL;
}

void expiry_start(struct expiry *expiry, uint64_t time_ms)
{
	if (expiry->second == 0)
		expiry->second = time_ms >= 1000 ? time_ms / 1000 : 1;
}

/* A time that the wheel has passed already belongs into the next bucket; one
 * beyond a turn into the farthest: it is moved on when that comes up. */
static uint32_t bucket_of(const struct expiry *expiry, uint64_t expires_ms)
{
	uint64_t second = expires_ms / 1000 + 1; /* ended for sure when it comes up */

	if (second < expiry->second)
		second = expiry->second;
	if (second > expiry->second + FARTHEST)
		second = expiry->second + FARTHEST;
	return (uint32_t)(second % EXPIRY_BUCKETS);
}

static void link_into(struct expiry *expiry, uint32_t slot, uint32_t bucket)
{
	struct expiry_link *link = expiry->link(expiry->owner, slot);
	uint32_t first = expiry->buckets[bucket];

	*link = (struct expiry_link){ EXPIRY_UNLINKED, first, bucket };
	if (first != EXPIRY_UNLINKED)
		expiry->link(expiry->owner, first)->previous = slot;
	expiry->buckets[bucket] = slot;
}

void expiry_insert(struct expiry *expiry, uint32_t slot, uint64_t expires_ms)
{
	if (expires_ms == UINT64_MAX)
		expiry->link(expiry->owner, slot)->bucket = EXPIRY_UNLINKED;
	else
		link_into(expiry, slot, bucket_of(expiry, expires_ms));
}

void expiry_remove(struct expiry *expiry, uint32_t slot)
{
	struct expiry_link *link = expiry->link(expiry->owner, slot);

	if (link->bucket == EXPIRY_UNLINKED)
		return;
	if (link->previous == EXPIRY_UNLINKED)
		expiry->buckets[link->bucket] = link->next;
	else
		expiry->link(expiry->owner, link->previous)->next = link->next;
	if (link->next != EXPIRY_UNLINKED)
		expiry->link(expiry->owner, link->next)->previous = link->previous;
	link->bucket = EXPIRY_UNLINKED;
}

/* How far ahead of the wheel's position a bucket is. */
static uint64_t distance(const struct expiry *expiry, uint32_t bucket)
{
	return (bucket + EXPIRY_BUCKETS - expiry->second % EXPIRY_BUCKETS) % EXPIRY_BUCKETS;
}

void expiry_update(struct expiry *expiry, uint32_t slot, uint64_t expires_ms)
{
	struct expiry_link *link = expiry->link(expiry->owner, slot);

	if (link->bucket != EXPIRY_UNLINKED &&
	    (expires_ms == UINT64_MAX ||
	     distance(expiry, link->bucket) <= distance(expiry, bucket_of(expiry, expires_ms))))
		return; /* comes up early enough: moved on then */
	expiry_remove(expiry, slot);
	expiry_insert(expiry, slot, expires_ms);
}

static bool advance_bucket(struct expiry *expiry, uint32_t bucket, uint64_t time_ms,
                           expiry_visitor *visit, void *context)
{
	while (expiry->buckets[bucket] != EXPIRY_UNLINKED) {
		uint32_t slot = expiry->buckets[bucket];
		uint64_t expires_ms = visit(context, slot);

		if (expires_ms == EXPIRY_STOP)
			return false;
		if (expires_ms <= time_ms)
			expires_ms = time_ms + EXPIRY_RETRY_S * 1000u;
		expiry_remove(expiry, slot);
		expiry_insert(expiry, slot, expires_ms);
	}
	return true;
}

void expiry_advance(struct expiry *expiry, uint64_t time_ms, expiry_visitor *visit, void *context)
{
	uint64_t now_s = time_ms / 1000;

	if (expiry->second == 0)
		return; /* never started */
	if (now_s > expiry->second + EXPIRY_BUCKETS)
		expiry->second = now_s - EXPIRY_BUCKETS; /* one turn sees every bucket */
	while (expiry->second <= now_s) {
		uint32_t bucket = (uint32_t)(expiry->second % EXPIRY_BUCKETS);

		/* What is moved on must not come back into the bucket at hand. */
		expiry->second++;
		if (!advance_bucket(expiry, bucket, time_ms, visit, context)) {
			expiry->second--;
			return;
		}
	}
}
