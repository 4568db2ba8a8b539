/* universe_pools.h - nodes with names and pools in the small world of
 * state_universe.h: few names, fewer addresses, so that they are fought over;
 * pools and policies that come and go.
 *
 * There are two kinds of leader. An honest one proposes as agentd/flow does:
 * what it names was reserved or leased, and a node has one proposal under way.
 * A hostile one names any address of a node's pool, and now and then a node that
 * is another. */
#ifndef TESTS_UNIT_UNIVERSE_POOLS_H
#define TESTS_UNIT_UNIVERSE_POOLS_H

#include "agentd/state/state.h"
#include "tests/unit/dice.h"

#define UNIVERSE_NAMES 5u
#define UNIVERSE_POOL_ADDRESSES 5u

const char *universe_name(unsigned i);
struct in_addr universe_pool_address(unsigned i);

/* A node by its name. */
bool universe_look(struct state *state, uint32_t realm, unsigned name, uint32_t spi,
                   struct state_view *out);

/* Associations of named nodes, what may change about nodes, pools and policies;
 * now and then what is refused. */
struct change universe_pool_change(struct dice *dice);

/* A registration of a named node as a command; 0 when it cannot be proposed now.
 * An honest one has claimed its node. */
size_t universe_pool_registration(struct dice *dice, struct state *state, uint64_t time_ms,
                                  bool hostile, uint8_t *out, size_t size);

/* A binding or all of some address, now and then the address itself. */
size_t universe_drop(struct dice *dice, uint64_t time_ms, uint8_t *out, size_t size);

/* NULL when named nodes, pools and policies are alike, else what differs. Static.
 * The version of a node with a pool is no part of that: of one whose address
 * somebody else's newer row names, replaying a log does not see every change. */
const char *universe_pool_difference(struct state *a, struct state *b);

/* NULL when no two nodes have one address, none is bound without its lease, and
 * `taken` of each pool is the number of its leases (where nothing is under way);
 * else what is wrong. Static. */
const char *universe_pool_trouble(struct state *state, bool at_rest);

#endif
