/* index.h - from (kind, realm, address) to the slot of a peer: open addressing
 * of fixed size. One thread inserts and removes; any thread looks up, without
 * a lock: a slot found is a candidate that the caller confirms under the
 * slot's own lock; that nobody was found counts only if no removal went on
 * meanwhile (peer_index_version).
 *
 * May include: agentd/base. */
#ifndef AGENTD_STATE_INDEX_H
#define AGENTD_STATE_INDEX_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "agentd/state/change.h"

#define SLOT_NONE UINT32_MAX

struct peer_index {
	_Atomic uint64_t *cells; /* fingerprint in the high half, slot + 1 in the low */
	uint64_t mask;
	uint64_t seed;
	uint64_t octets;
	_Atomic uint32_t version; /* odd while a removal moves cells */
};

/* Room for `capacity` peers, at most half full. false: no memory. */
bool peer_index_new(struct peer_index *index, uint32_t capacity, uint64_t seed);
void peer_index_free(struct peer_index *index);

uint64_t peer_index_hash(const struct peer_index *index, enum peer_kind kind, uint32_t realm,
                         struct in_addr address);

/* The next candidate for `hash`, or SLOT_NONE. *probe is 0 at first. */
uint32_t peer_index_probe(const struct peer_index *index, uint64_t hash, uint64_t *probe);

/* Even and the same before and after: no removal went on in between. */
uint32_t peer_index_version(const struct peer_index *index);

/* Bring the first cell of `hash` towards the cache. */
void peer_index_prefetch(const struct peer_index *index, uint64_t hash);

void peer_index_insert(struct peer_index *index, uint64_t hash, uint32_t slot);
void peer_index_remove(struct peer_index *index, uint64_t hash, uint32_t slot);

#endif
