/* sources.h - who sends what fails: a table of fixed size of source addresses
 * whose datagrams were malformed, forged or replayed, each with a bucket of
 * failures that it may still cause.
 *
 * A bucket holds a second's worth of a rate and fills at that rate; each failure
 * takes one out of it, a genuine request none. A source whose bucket is empty is
 * limited until it has filled a little: of a flood, the rate is still looked at.
 *
 * The address of a source proves nothing: anybody can write that of an honest
 * foreign agent, or sit behind one address translator with honest nodes. So to
 * be limited is a fact here and no sentence, overload.h says what follows from
 * it; and a source from which genuine requests came lately is vouched for.
 *
 * SOURCES_MAX addresses are kept, 16 octets each, one cache line to a set. Who
 * comes new into a full set takes the place of the one that failed least, of
 * those not vouched for if there are such: made-up addresses drive out each
 * other, not the flood from one address. One thread; no lock, no allocation.
 *
 * May include: agentd/base. */
#ifndef AGENTD_FLOW_SOURCES_H
#define AGENTD_FLOW_SOURCES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define SOURCES_SETS 4096u /* a power of two */
#define SOURCES_WAYS 4u
#define SOURCES_MAX (SOURCES_SETS * SOURCES_WAYS)
#define SOURCES_VOUCHED_MS 60000u /* how long a genuine request vouches */

struct source {
	struct in_addr address; /* zero: the place is free */
	uint32_t left;          /* failures in the bucket */
	uint32_t filled_ms;     /* up to when it was filled; wraps */
	uint32_t vouched_ms;    /* of the newest genuine request; 0 = none, wraps */
};

struct sources {
	_Alignas(64) struct source at[SOURCES_SETS][SOURCES_WAYS];
	uint64_t seed;      /* odd; keeps it private who shares a set */
	uint64_t failed_ms; /* of the newest failure of anybody; 0 = none yet */
};

/* `sources` is zeroed but for the seed. */
void sources_init(struct sources *sources, uint64_t seed);

/* A datagram of that source failed. `rate`: failures per second that a source
 * may cause, 1 at least; `now_ms` never goes back. */
void sources_failed(struct sources *sources, struct in_addr address, uint64_t now_ms,
                    uint32_t rate);

/* A genuine request of that source. */
void sources_vouch(struct sources *sources, struct in_addr address, uint64_t now_ms);

/* Is its bucket empty? Never for a source that is not in the table. */
bool sources_is_limited(struct sources *sources, struct in_addr address, uint64_t now_ms,
                        uint32_t rate);
bool sources_is_vouched(struct sources *sources, struct in_addr address, uint64_t now_ms);

#endif
