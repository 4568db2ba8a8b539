/* tunnels.h - which home addresses are bound, and where their packets go: the one
 * table that user space forwards by, and that faster paths and the answers of ARP
 * are mirrored from.
 *
 * One thread writes, the engine's; any number of threads look, and get a copy of
 * one moment. All memory is taken by tunnels_new: a look or a change never waits
 * for memory, and below capacity a change cannot fail.
 *
 * Beside the bindings there are rows of counters, one for each binding, numbered by
 * its slot. A binding keeps slot and counters while it is registered anew.
 *
 * May include: agentd/base. */
#ifndef AGENTD_DATAPLANE_TUNNELS_H
#define AGENTD_DATAPLANE_TUNNELS_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentd/base/address.h"
#include "agentd/base/binding.h"
#include "agentd/base/error.h"

#define TUNNELS_GROUPS_MAX 256u /* home agent addresses of one daemon */
#define TUNNELS_OBSERVERS_MAX 4u
#define TUNNELS_NO_SLOT UINT32_MAX

/* Where a copy of each packet goes. Plain data, as agreed with the mobile node. */
struct tunnels_binding {
	struct in_addr care_of;
	struct in_addr endpoint; /* exit of the tunnel; the care-of address without NAT */
	uint32_t slot;           /* row of its counters; set by tunnels_put */
	uint16_t endpoint_port;  /* host order; 0 without UDP, or while it is not known */
	uint16_t features;       /* enum binding_feature */
	uint8_t encapsulation;   /* enum encapsulation */
	uint8_t flags;           /* enum mip_request_flag: B, D and T matter here */
};

/* A home address with its bindings. `count` is 0 only for one that is not bound. */
struct tunnels_home {
	uint32_t realm;
	struct in_addr home;
	uint8_t group; /* whose address is the outer source of its tunnels */
	uint8_t count;
	struct tunnels_binding bindings[BINDING_LIMIT_MAX];
};

/* What went through one binding, in packets and octets of the inner packets: `in`
 * came from the mobile node, `out` went to it. The layout may be shared with a BPF
 * array, whose program adds to it as user space does: relaxed, never locked. */
struct tunnels_counters {
	_Atomic uint64_t in_packets;
	_Atomic uint64_t in_octets;
	_Atomic uint64_t out_packets;
	_Atomic uint64_t out_octets;
};
_Static_assert(sizeof(struct tunnels_counters) == 32, "shared with BPF");

struct tunnels_size {
	uint32_t homes;    /* home addresses that can be bound, at least 1 */
	uint32_t bindings; /* of all of them, at least 1: slots are below it */
};

struct tunnels;

/* What tunnels_put needs of a binding. */
struct tunnels_binding tunnels_binding_of(const struct binding *binding);

/* `counters`: memory for size.bindings rows that outlives the table, borrowed; or
 * NULL, and the table takes its own. NULL when there is not enough memory, or a
 * size is 0. */
struct tunnels *tunnels_new(struct tunnels_size size, struct tunnels_counters *counters);
/* Nobody looks any more. Accepts NULL. */
void tunnels_free(struct tunnels *tunnels);

/* Octets that one home address with one binding takes, with its share of the index
 * and its counters, in a table of that size. */
size_t tunnels_octets_per_binding(struct tunnels_size size);

/* Told about every change of a home address, on the writer's thread, after it can be
 * looked up and outside of all locks: as it was and as it is, a count of 0 standing
 * for not bound. Borrowed for the call. Must not call tunnels_put. */
typedef void tunnels_changed(void *context, const struct tunnels_home *before,
                             const struct tunnels_home *after);
/* Before the first change. HA_E_CAPACITY beyond TUNNELS_OBSERVERS_MAX. */
enum ha_error tunnels_observe(struct tunnels *tunnels, tunnels_changed *changed, void *context);

/* Make the bindings of a home address these; a count of 0 removes it. The slots in
 * `home` are not read. What is equal already is no change. The writer's thread.
 *
 * HA_E_RANGE     more than BINDING_LIMIT_MAX bindings
 * HA_E_CAPACITY  the table is full; what was there stays as it was */
enum ha_error tunnels_put(struct tunnels *tunnels, const struct tunnels_home *home);

/* The bindings of a home address, copied. false: not bound, and *out has a count of
 * 0. Any thread. */
bool tunnels_find(struct tunnels *tunnels, uint32_t realm, struct in_addr home,
                  struct tunnels_home *out);

struct tunnels_totals {
	uint32_t homes;
	uint32_t bindings;
	uint32_t wanting; /* home addresses with a binding that asked for broadcasts */
};

/* Any thread. */
struct tunnels_totals tunnels_totals(const struct tunnels *tunnels);

/* Where a walk stands; zeroed to begin. */
struct tunnels_place {
	uint32_t bucket;
	uint32_t ordinal;
};

/* The next home address in no order that means anything; false at the end. Any
 * thread; what is put or removed meanwhile may be left out. */
bool tunnels_walk(struct tunnels *tunnels, struct tunnels_place *place, struct tunnels_home *out);

/* The next home address of a network with a binding that asked for broadcasts (B),
 * *place being 0 to begin; false at the end. Looks at those that asked, not at all that
 * the table holds. Any thread; what is put or removed meanwhile may be left out or come
 * twice. */
bool tunnels_walk_wanting(struct tunnels *tunnels, uint32_t realm,
                          const struct address_prefix *network, uint32_t *place,
                          struct tunnels_home *out);

/* The row of a slot, NULL for one that does not exist. Any thread. A row is zeroed
 * when its slot is given to another binding. */
struct tunnels_counters *tunnels_counters_of(struct tunnels *tunnels, uint32_t slot);

static inline void tunnels_add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static inline uint64_t tunnels_read(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* Making the table equal to what is true, a few home addresses at a time, while
 * tunnels_put goes on between the steps. */
struct tunnels_reconcile {
	/* The next home address that is bound, in any order and as it is at the time of
	 * the call; false at the end. */
	bool (*next)(void *context, struct tunnels_home *out);
	void *context;
	/* Set by the steps; zeroed to begin. */
	bool begun;
	bool listed;   /* `next` has come to its end; what it did not name is removed */
	bool capped;   /* something did not fit before the rest was removed: do it again */
	uint32_t at;   /* where the removal stands */
	uint64_t seen; /* named by `next` */
	uint64_t added;
	uint64_t changed;
	uint64_t removed;
};

/* At most `max` home addresses, or places of the table. true while there is more to
 * do. The writer's thread; one at a time. */
bool tunnels_reconcile_step(struct tunnels *tunnels, struct tunnels_reconcile *reconcile,
                            uint32_t max);

#endif
