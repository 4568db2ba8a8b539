/* tunnels_internal.h - what the files of tunnels.h share.
 *
 * May include: agentd/dataplane/tunnels.h. */
#ifndef AGENTD_DATAPLANE_TUNNELS_INTERNAL_H
#define AGENTD_DATAPLANE_TUNNELS_INTERNAL_H

#include <pthread.h>

#include "agentd/dataplane/tunnels.h"

#define TUNNELS_NONE UINT32_MAX
#define TUNNELS_LOCKS 1024u /* power of two */

/* A home address. Free ones are linked by `next`. */
struct tunnels_entry {
	uint32_t realm;
	struct in_addr home;
	uint32_t next;   /* of the same bucket */
	uint32_t first;  /* of its bindings; TUNNELS_NONE: free */
	uint32_t wanted; /* where it stands among those that want broadcasts */
	uint8_t group;
	uint8_t count;
	uint8_t mark; /* of the reconciliation that saw it last; the writer's */
	uint8_t reserved;
};

/* A binding; its number is its slot. Free ones are linked by `next`. */
struct tunnels_record {
	struct in_addr care_of;
	struct in_addr endpoint;
	uint32_t next; /* of the same home address */
	uint16_t endpoint_port;
	uint16_t features;
	uint8_t encapsulation;
	uint8_t flags;
	uint8_t reserved[2];
};

struct tunnels_observer {
	tunnels_changed *changed;
	void *context;
};

/* A bucket, its entries and their records belong to one of the locks. What only the
 * writer touches has none. */
struct tunnels {
	struct tunnels_size size;
	uint64_t seed;
	uint32_t mask;     /* of buckets */
	uint32_t *buckets; /* first entry of each */
	struct tunnels_entry *entries;
	struct tunnels_record *records;
	uint32_t *wanting; /* entries that want broadcasts, packed; under wanting_lock */
	struct tunnels_counters *counters;
	bool owns_counters;
	uint32_t free_entry;  /* the writer's */
	uint32_t free_record; /* the writer's */
	uint8_t mark;         /* the writer's */
	uint8_t observer_count;
	struct tunnels_observer observers[TUNNELS_OBSERVERS_MAX];
	_Atomic uint32_t home_count;
	_Atomic uint32_t binding_count;
	_Atomic uint32_t wanting_count;
	pthread_mutex_t wanting_lock;
	pthread_mutex_t locks[TUNNELS_LOCKS];
};

uint32_t tunnels_bucket(const struct tunnels *tunnels, uint32_t realm, struct in_addr home);

static inline pthread_mutex_t *tunnels_lock_of(struct tunnels *tunnels, uint32_t bucket)
{
	return &tunnels->locks[bucket % TUNNELS_LOCKS];
}

/* Copy an entry out, under its lock or on the writer's thread. */
void tunnels_copy(const struct tunnels *tunnels, uint32_t entry, struct tunnels_home *out);

/* Enter or leave the list of those that want broadcasts. The writer's thread. */
void tunnels_want(struct tunnels *tunnels, uint32_t entry, bool wants);

/* tunnels_put, which also says what it did. */
enum tunnels_effect {
	TUNNELS_SAME,
	TUNNELS_ADDED,
	TUNNELS_CHANGED,
	TUNNELS_REMOVED,
};
enum ha_error tunnels_put_effect(struct tunnels *tunnels, const struct tunnels_home *home,
                                 enum tunnels_effect *effect);

#endif
