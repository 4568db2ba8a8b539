/* expiry.h - which bindings end when: a wheel of one bucket per second, far
 * longer than any lifetime. A refreshed binding stays where it is until its
 * bucket comes up and is moved on then, so that a refresh touches no list.
 *
 * One thread. Links live in the owner's table and are found by its callback.
 *
 * May include: nothing of ours. */
#ifndef AGENTD_STATE_EXPIRY_H
#define AGENTD_STATE_EXPIRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPIRY_BUCKETS 131072u /* seconds; twice the longest lifetime */
#define EXPIRY_UNLINKED UINT32_MAX

struct expiry_link {
	uint32_t previous, next; /* slots, or EXPIRY_UNLINKED */
	uint32_t bucket;         /* EXPIRY_UNLINKED when in none */
};

struct expiry {
	uint32_t *buckets; /* first slot of each */
	uint64_t second;   /* buckets before this one have been looked at */
	struct expiry_link *(*link)(void *owner, uint32_t slot);
	void *owner;
};

/* false: no memory. */
bool expiry_new(struct expiry *expiry, struct expiry_link *(*link)(void *, uint32_t), void *owner);
void expiry_free(struct expiry *expiry);

/* Before the first insert: a time that is not in the future. Later calls do
 * nothing. */
void expiry_start(struct expiry *expiry, uint64_t time_ms);

void expiry_insert(struct expiry *expiry, uint32_t slot, uint64_t expires_ms);
/* A binding that was inserted has another end now. Cheap when it is later. */
void expiry_update(struct expiry *expiry, uint32_t slot, uint64_t expires_ms);
void expiry_remove(struct expiry *expiry, uint32_t slot);

/* Look at every binding that may have ended by time_ms: `visit` answers when it
 * really ends. Those that have ended are moved RETRY seconds on (whoever
 * expires them removes them). Stops when `visit` answers EXPIRY_STOP; the
 * next call goes on there. */
#define EXPIRY_STOP UINT64_C(0)
#define EXPIRY_ENDED UINT64_C(1) /* some time that is over */
#define EXPIRY_RETRY_S 5u
typedef uint64_t expiry_visitor(void *context, uint32_t slot);
void expiry_advance(struct expiry *expiry, uint64_t time_ms, expiry_visitor *visit, void *context);

#endif
