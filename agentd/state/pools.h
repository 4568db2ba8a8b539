/* pools.h - pools of home addresses: ranges, and which of their addresses are
 * taken. A bit says only that nobody else shall be given the address; whose it
 * is stands with the peer (lease.c).
 *
 * A pool is a setting `pool.NAME` of the form
 *
 *     FIRST-LAST sticky|released [realm=N]
 *
 * sticky: a node keeps its address until an operator releases it. released: it
 * goes back with the node's last binding.
 *
 * Not locked: the caller does that. May include: proto, agentd/base,
 * agentd/state/change.h. */
#ifndef AGENTD_STATE_POOLS_H
#define AGENTD_STATE_POOLS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "agentd/state/change.h"

#define POOLS_MAX 64u
#define POOL_ADDRESSES_MAX (1u << 24)
#define POOL_SETTING "pool." /* how the names of their settings begin */
#define POLICY_SETTING "policy."

struct address_range {
	uint32_t realm;
	uint32_t first, last; /* host order, both belong to it */
	bool sticky;
};

struct address_pool {
	char name[LABEL_MAX]; /* "" = unused */
	struct address_range range;
	uint32_t users; /* nodes */
	uint32_t taken;
	uint32_t next; /* where to look for a free one */
	uint64_t *bits;
};

struct address_pools {
	struct address_pool pools[POOLS_MAX];
};

/* The name of a pool or policy: small letters, digits and hyphens, not too many,
 * and not none. */
bool setting_label_is_valid(const char *name);

/* A setting's value. HA_E_SYNTAX; HA_E_RANGE (backwards, too large, or not all
 * addresses of hosts). */
enum ha_error address_range_parse(const char *text, struct address_range *out);

/* Its number, or POOLS_MAX. */
unsigned address_pool_find(const struct address_pools *pools, const char *name);

/* Add a pool or change its range; addresses that are taken stay so.
 * HA_E_SYNTAX, HA_E_RANGE; HA_E_TAKEN (shares addresses with another);
 * HA_E_IN_USE (would lose an address of its old range while nodes use it: they
 * may have it, now or when the log is replayed); HA_E_CAPACITY, HA_E_NOMEM.
 * Nothing is changed then. */
enum ha_error address_pool_put(struct address_pools *pools, const char *name, const char *value);
/* HA_E_NOTFOUND, HA_E_IN_USE. */
enum ha_error address_pool_remove(struct address_pools *pools, const char *name);
void address_pools_free(struct address_pools *pools);

bool address_pool_has(const struct address_pool *pool, uint32_t realm, struct in_addr address);

/* Outside the range nothing is taken and marks are ignored. */
bool address_pool_is_taken(const struct address_pool *pool, struct in_addr address);
void address_pool_mark(struct address_pool *pool, struct in_addr address, bool taken);

/* The first address from *from to `last` that is taken: *from becomes it. false: there is
 * none. */
bool address_pool_next_taken(const struct address_pool *pool, struct in_addr *from,
                             struct in_addr last);

/* The next address that is not taken, without taking it; false when all are.
 * Going round: an address that was given back is given out again late. */
bool address_pool_next(struct address_pool *pool, struct in_addr *out);

#endif
