/* state_universe.h - a small world of peers for tests of agentd/state: few
 * addresses, SPIs and keys, so that random commands meet each other; and a
 * comparison of two states by everything that can be seen of them. */
#ifndef TESTS_UNIT_STATE_UNIVERSE_H
#define TESTS_UNIT_STATE_UNIVERSE_H

#include "agentd/state/state.h"
#include "tests/unit/dice.h"

#define UNIVERSE_HOMES 5u /* the last is also a foreign agent's address */
#define UNIVERSE_SPIS 3u
#define UNIVERSE_CARE_OFS 4u

struct in_addr universe_home(unsigned i);
struct in_addr universe_foreign_agent(unsigned i); /* 0 or 1 */
struct in_addr universe_care_of(unsigned i);
uint32_t universe_spi(unsigned i);

/* Adding, replacing and removing associations and peers, now and then what is
 * out of range. Never a setting. */
struct change universe_change(struct dice *dice);

/* A registration of some home address: usually in order, sometimes of an old
 * identification, an old peer or nobody. Octets of the command in `out`. */
size_t universe_registration(struct dice *dice, struct state *state, uint64_t time_ms, uint8_t *out,
                             size_t size);

/* The end of lifetimes of some home addresses. */
size_t universe_expire(struct dice *dice, uint64_t time_ms, uint8_t *out, size_t size);

/* The port of a UDP tunnel, which may have none, or be none. */
size_t universe_completion(struct dice *dice, uint64_t time_ms, uint8_t *out);

/* One ring with one key, always the same. Static. */
struct keyring *universe_ring(void);
/* That key as a key file. false: it cannot be written. */
bool universe_write_ring(const char *path);

/* NULL when the two cannot be told apart, else what differs. Static. */
const char *universe_difference(struct state *a, struct state *b);
/* The same of the counters of one mobile node, by name or else by address. */
const char *universe_service_difference(struct state *a, struct state *b, uint32_t realm,
                                        struct in_addr where, const struct name_digest *name);
const char *universe_view_difference(const struct state_view *a, const struct state_view *b);

#endif
