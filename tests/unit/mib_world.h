/* mib_world.h - two home agents with real stores full of rows, for tests of tables: mobile
 * nodes by address and by name, foreign agents, associations, bindings and pools, in
 * several realms, with what the two have in common. No thread runs.
 *
 * May include: everything. */
#ifndef TESTS_UNIT_MIB_WORLD_H
#define TESTS_UNIT_MIB_WORLD_H

#include "agentd/base/violations.h"
#include "agentd/state/rows.h"
#include "mib/tree.h"
#include "mib/view.h"

#define WORLD_GROUPS 2u
#define WORLD_NUMBER_OF(group) ((group) == 0 ? 0u : 3u) /* of the group */
#define WORLD_REALM_OF(group) ((group) == 0 ? 0u : 7u)
#define WORLD_OTHER_REALM 0x80000001u /* of some peers of the first group */
#define WORLD_ASSOCIATIONS_MAX 3u
#define WORLD_BINDINGS_MAX 4u
#define WORLD_VERSION 90u /* of rows, index of the store */
#define WORLD_VIOLATIONS 40u
#define WORLD_UPTIME 100000u /* sysUpTime of requests */

struct world_peer {
	struct peer_row row;
	struct replay_row replay; /* of who has no binding, or an address from a pool */
	struct service service;
	uint64_t used_ms, denied_ms; /* 0 = never */
	uint8_t denied_code;
	struct node_row node; /* without a peer: there is none */
	size_t association_count;
	struct association_row associations[WORLD_ASSOCIATIONS_MAX];
	size_t binding_count;
	struct binding_row bindings[WORLD_BINDINGS_MAX];
};

struct world_pool {
	const char *name, *first, *last;
	bool sticky;
};
extern const struct world_pool world_pools[]; /* in no order of names */
extern const size_t world_pool_count;

struct world {
	char directory[32];
	size_t peer_count[WORLD_GROUPS];
	struct world_peer *peers[WORLD_GROUPS];
	struct agent *agents[WORLD_GROUPS];
	struct mib_view view;
	struct mib_tree *tree;
	bool leads[WORLD_GROUPS]; /* what the view is told; both at first */
	uint64_t now_ms;          /* cluster time when it was made */
	uint64_t monotonic_ms;    /* then */
	struct violation violations[WORLD_GROUPS][WORLD_VIOLATIONS];
};

/* With so many mobile nodes in each group, and a tree of these tables. */
struct world *world_new(size_t nodes, struct mib_table *const *tables, size_t count);
void world_free(struct world *world);

/* A request begins, in a context or in that of all groups. */
void world_ask(struct world *world, uint32_t context);

/* A setting of the cluster in the store of a group. */
void world_set(struct world *world, unsigned group, const char *name, const char *value);

/* Rows that cannot be read: `count` between those that can, in each table of the store. */
void world_spoil(struct world *world, size_t count);

/* Of mib_world_peers.c: who there is, and numbers one after the other as addresses that are
 * all different and in no order. */
void world_make_peers(struct world *world, unsigned group, size_t nodes);
struct in_addr world_address(uint32_t network, size_t i);

/* Calls that read a row of a store, since the last call of this. */
unsigned world_reads(void);

#endif
