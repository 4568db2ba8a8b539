/* heard.h - the agents whose advertisements a mobile node has heard, and what each new one
 * tells it (RFC 5944 sections 2.4 and 2.4.4).
 *
 * Pure but for the list that is handed in: no clock, no socket, no lock, no log. Times are
 * milliseconds of one monotonic clock, the caller's. Anybody on the link can forge
 * advertisements, in any number: the list has a fixed size, the agent that serves is never
 * pushed out of it, and those that were heard once only push out one another first.
 *
 * May include: proto, agentd/base. Nothing else. */
#ifndef AGENTD_DISCOVERY_HEARD_H
#define AGENTD_DISCOVERY_HEARD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/advertisement.h"

/* What is kept, and of each agent; the rest of a longer advertisement is not. */
#define HEARD_AGENTS_MAX 16u
#define HEARD_CARE_OF_MAX 8u
#define HEARD_ROUTERS_MAX 8u

/* One agent on one interface. Owns all that is in it. */
struct heard_agent {
	struct in_addr source; /* of its advertisements */
	uint32_t interface;    /* the caller's number for it */
	bool in_use;           /* the mobile node is registered through it */
	bool repeated;         /* heard more than once */
	uint64_t heard_ms;     /* the last time */
	uint64_t expires_ms;   /* when that advertisement is not valid any more */
	uint16_t sequence;
	uint16_t registration_lifetime_s;
	uint16_t flags;          /* enum agent_flag */
	bool has_prefix_lengths; /* those of the routers are known */
	uint8_t care_of_count;
	uint8_t router_count;
	uint8_t challenge_size; /* 0: none */
	struct in_addr care_of[HEARD_CARE_OF_MAX];
	struct advertisement_router routers[HEARD_ROUTERS_MAX];
	uint8_t challenge[ADVERTISEMENT_CHALLENGE_MAX];
};

/* Zeroed: empty. Pointers into it are valid until the next call that changes it. */
struct heard_agents {
	uint8_t count;
	struct heard_agent at[HEARD_AGENTS_MAX];
};

enum heard_event {
	HEARD_UNUSABLE,  /* of no use, not kept: neither a home agent, nor with a care-of address */
	HEARD_IGNORED,   /* an unknown agent that says that it goes */
	HEARD_NEW,       /* heard for the first time, or after it had been given up */
	HEARD_AGAIN,     /* as expected */
	HEARD_RESTARTED, /* it has begun anew: who is registered through it registers again */
	HEARD_GONE,      /* it says that it is not valid any more, and is forgotten */
};

/* Whether an agent that is heard with `now` after `before` has been started anew: the
 * number has fallen, and to below 256; where it has fallen to another one it has rolled over
 * (RFC 5944 section 2.4.4). */
bool heard_is_restart(uint16_t before, uint16_t now);

/* An advertisement came (advertisement_read) from `source`, on that interface. Where the
 * list is full it takes the place of another agent: an expired one, else the one of those
 * heard once only that was heard longest ago, else that of all. */
enum heard_event heard_take(struct heard_agents *agents, const struct advertisement *advertisement,
                            struct in_addr source, uint32_t interface, uint64_t now_ms);

/* NULL: not in the list. */
const struct heard_agent *heard_find(const struct heard_agents *agents, struct in_addr source,
                                     uint32_t interface);

/* The one in use, expired or not. NULL: none. */
const struct heard_agent *heard_in_use(const struct heard_agents *agents);

static inline bool heard_is_valid(const struct heard_agent *agent, uint64_t now_ms)
{
	return now_ms < agent->expires_ms;
}

/* The mobile node is registered through this one from now on, and through no other. False,
 * and then through none, if it is not in the list. */
bool heard_use(struct heard_agents *agents, struct in_addr source, uint32_t interface);

/* It is registered through none: at home, or with a care-of address of its own. */
void heard_use_none(struct heard_agents *agents);

/* Nothing that was heard there counts any more: the link went down, or is another one. */
void heard_forget_interface(struct heard_agents *agents, uint32_t interface);

/* When the next of them expires that has not yet; UINT64_MAX when none does. */
uint64_t heard_next_expiry_ms(const struct heard_agents *agents, uint64_t now_ms);

#endif
