/* ahead.h - looks at the state before a request is looked at in full: bringing
 * what it will need towards the cache, and telling cheaply whose it would be.
 *
 * A million nodes do not fit into a cache, and a look at one of them waits for
 * four lines of memory, one after the other. Batches overlap those waits: each
 * step is done for all datagrams of a batch before the next one.
 *
 * May include: agentd/state. */
#ifndef AGENTD_STATE_AHEAD_H
#define AGENTD_STATE_AHEAD_H

#include "agentd/state/state.h"

/* Nothing that is known of that address. */
#define STATE_NOWHERE UINT32_MAX

/* The steps after state_prefetch, in order. A place is a hint and may be of
 * another peer, or STATE_NOWHERE. Any thread. */
uint32_t state_prefetch_peer(struct state *state, enum peer_kind kind, uint32_t realm,
                             struct in_addr address);
void state_prefetch_rows(struct state *state, uint32_t place);

/* What a request of a home address would meet, if it were genuine. */
enum state_standing {
	STATE_UNKNOWN,    /* no such node */
	STATE_UNBOUND,    /* a node without a live binding */
	STATE_BOUND,      /* with one, registered from elsewhere */
	STATE_BOUND_THUS, /* with one that was registered from this very source */
};

/* Nothing is copied, no key is touched. `time_ms`: cluster time, against which
 * lifetimes are held. Any thread. */
enum state_standing state_peek(struct state *state, uint32_t realm, struct in_addr home,
                               struct in_addr source, uint64_t time_ms);

/* Is there a peer of that kind and address? Any thread. */
bool state_has_peer(struct state *state, enum peer_kind kind, uint32_t realm,
                    struct in_addr address);

#endif
