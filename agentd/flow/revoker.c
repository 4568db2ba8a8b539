/* revoker.c - a table of letters, found by home address, looked through for what
 * is due. */
#include "agentd/flow/revoker.h"

#include <pthread.h>
#include <stdlib.h>

#include "agentd/base/address.h"
#include "agentd/registration/revocation.h"

#define BUCKETS 1024u
#define NONE UINT16_MAX

struct letter {
	uint64_t place;
	struct in_addr care_of, agent;
	uint64_t due_ms;
	uint64_t give_up_ms;
	bool inform;
	bool used;
	uint8_t sends;
	uint16_t next;                       /* of the bucket, or of the free list */
	uint32_t identifiers[REVOKER_SENDS]; /* that were sent */
};

struct revoker {
	pthread_mutex_t lock;
	uint16_t buckets[BUCKETS];
	uint16_t free; /* list of places given back */
	uint16_t fresh;
	size_t count;
	struct letter letters[REVOKER_LETTERS];
};

struct revoker *revoker_new(void)
{
	struct revoker *revoker = calloc(1, sizeof(*revoker));

	if (!revoker)
		return NULL;
	pthread_mutex_init(&revoker->lock, NULL);
	revoker->free = NONE;
	for (size_t i = 0; i < BUCKETS; i++)
		revoker->buckets[i] = NONE;
	return revoker;
}

void revoker_free(struct revoker *revoker)
{
	if (!revoker)
		return;
	pthread_mutex_destroy(&revoker->lock);
	free(revoker);
}

static uint16_t *bucket_of(struct revoker *revoker, uint64_t place)
{
	return &revoker->buckets[place * UINT64_C(0x9e3779b97f4a7c15) >> 54];
}

_Static_assert(BUCKETS == 1u << (64 - 54), "a hash is shifted to the number of a bucket");

static uint16_t take(struct revoker *revoker)
{
	uint16_t at = revoker->free;

	if (at != NONE)
		revoker->free = revoker->letters[at].next;
	else if (revoker->fresh < REVOKER_LETTERS)
		at = revoker->fresh++;
	return at;
}

static void discard(struct revoker *revoker, uint16_t at)
{
	uint16_t *link = bucket_of(revoker, revoker->letters[at].place);

	while (*link != at)
		link = &revoker->letters[*link].next;
	*link = revoker->letters[at].next;
	revoker->letters[at] = (struct letter){ .next = revoker->free };
	revoker->free = at;
	revoker->count--;
}

/* ---- what is owed ---- */

static struct letter letter_of(const struct state_ended *ended, uint64_t time_ms)
{
	const struct binding *binding = &ended->binding;
	uint64_t told_ms = binding->granted_ms + REVOKER_PACE_MS;
	uint64_t give_up_ms = time_ms + REVOKER_AGE_MS;

	return (struct letter){
		.place = ended->place,
		.care_of = binding->care_of,
		.agent = binding->source,
		/* Not within the second of its reply, which bore that second. */
		.due_ms = told_ms > time_ms ? told_ms : time_ms,
		.give_up_ms = binding->expires_ms < give_up_ms ? binding->expires_ms : give_up_ms,
		.inform = !ended->moved && binding->features & BINDING_REVOCATION_INFORM,
		.used = true,
	};
}

static struct letter *find_binding(struct revoker *revoker, const struct letter *like)
{
	uint16_t at = *bucket_of(revoker, like->place);

	for (; at != NONE; at = revoker->letters[at].next) {
		struct letter *letter = &revoker->letters[at];

		if (letter->place == like->place && address_equal(letter->care_of, like->care_of) &&
		    address_equal(letter->agent, like->agent))
			return letter;
	}
	return NULL;
}

/* The node came back there and left again: only the later end is owed. The
 * registration in between came after the last message, so the pace is kept. */
static bool replace(struct revoker *revoker, const struct letter *letter)
{
	struct letter *earlier = find_binding(revoker, letter);
	uint16_t next;

	if (!earlier)
		return false;
	next = earlier->next;
	*earlier = *letter;
	earlier->next = next;
	return true;
}

static bool insert(struct revoker *revoker, const struct letter *letter)
{
	uint16_t *bucket = bucket_of(revoker, letter->place);
	uint16_t at = take(revoker);

	if (at == NONE)
		return false;
	revoker->letters[at] = *letter;
	revoker->letters[at].next = *bucket;
	*bucket = at;
	revoker->count++;
	return true;
}

size_t revoker_add(struct revoker *revoker, const struct state_ended *ended, size_t count,
                   uint64_t time_ms)
{
	size_t lost = 0;

	pthread_mutex_lock(&revoker->lock);
	for (size_t i = 0; i < count; i++) {
		struct letter letter = letter_of(&ended[i], time_ms);

		if (!replace(revoker, &letter) && !insert(revoker, &letter))
			lost++;
	}
	pthread_mutex_unlock(&revoker->lock);
	return lost;
}

/* ---- sending ---- */

/* Waits as long as before once more: 1, 2, 4 and so on. */
static void note_sent(struct letter *letter, uint32_t identifier, uint64_t now_ms)
{
	letter->due_ms = now_ms + ((uint64_t)REVOKER_PACE_MS << letter->sends);
	letter->identifiers[letter->sends++] = identifier;
}

static enum revoker_step visit(struct letter *letter, uint64_t now_ms, revoker_visitor *send,
                               void *context)
{
	const struct revoker_letter due = {
		.place = letter->place,
		.care_of = letter->care_of,
		.agent = letter->agent,
		.inform = letter->inform,
		.identifier = revocation_stamp(now_ms),
	};
	enum revoker_step step = send(context, &due);

	if (step == REVOKER_SENT)
		note_sent(letter, due.identifier, now_ms);
	return step;
}

static bool is_given_up(const struct letter *letter, uint64_t now_ms)
{
	return now_ms >= letter->give_up_ms ||
	       (letter->sends == REVOKER_SENDS && now_ms >= letter->due_ms);
}

size_t revoker_run(struct revoker *revoker, uint64_t now_ms, size_t max, revoker_visitor *send,
                   void *context)
{
	size_t given_up = 0;

	pthread_mutex_lock(&revoker->lock);
	for (uint16_t at = 0; at < revoker->fresh && revoker->count > 0; at++) {
		struct letter *letter = &revoker->letters[at];

		if (letter->used && is_given_up(letter, now_ms)) {
			discard(revoker, at);
			given_up++;
		} else if (letter->used && now_ms >= letter->due_ms && max > 0) {
			max--;
			if (visit(letter, now_ms, send, context) == REVOKER_CANCEL)
				discard(revoker, at);
		}
	}
	pthread_mutex_unlock(&revoker->lock);
	return given_up;
}

/* ---- answers ---- */

static bool is_answer(const struct letter *letter, struct in_addr agent, uint64_t place,
                      uint32_t identifier)
{
	if (letter->place != place || !address_equal(letter->agent, agent))
		return false;
	for (size_t i = 0; i < letter->sends; i++)
		if (letter->identifiers[i] == identifier)
			return true;
	return false;
}

bool revoker_acknowledge(struct revoker *revoker, struct in_addr agent, uint64_t place,
                         uint32_t identifier)
{
	uint16_t at;

	pthread_mutex_lock(&revoker->lock);
	at = *bucket_of(revoker, place);
	while (at != NONE && !is_answer(&revoker->letters[at], agent, place, identifier))
		at = revoker->letters[at].next;
	if (at != NONE)
		discard(revoker, at);
	pthread_mutex_unlock(&revoker->lock);
	return at != NONE;
}

size_t revoker_count(struct revoker *revoker)
{
	size_t count;

	pthread_mutex_lock(&revoker->lock);
	count = revoker->count;
	pthread_mutex_unlock(&revoker->lock);
	return count;
}
