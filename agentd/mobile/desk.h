/* desk.h - where other threads see how a mobile node is, and ask something of it. The node's thread
 * lays a copy there after each turn, and does what is asked before the next one.
 *
 * May include: agentd/mobile/mobile.h, agentd/base. */
#ifndef AGENTD_MOBILE_DESK_H
#define AGENTD_MOBILE_DESK_H

#include "agentd/mobile/mobile.h"

/* A foreign agent that was heard, and one of its care-of addresses. */
struct mobile_heard_pair {
	struct in_addr agent, care_of;
	uint64_t expires_ms;
};

#define MOBILE_PAIRS_MAX (HEARD_AGENTS_MAX * HEARD_CARE_OF_MAX)
#define MOBILE_ATTEMPTS_MAX (MOBILE_BINDINGS_MAX + 1u)

/* A registration that holds, or is asked for. */
struct mobile_attempt {
	struct mobile_held as; /* granted_s: or asked for; expires_ms: 0 where it is asked for */
	bool accepted;
};

#define MOBILE_ASSOCIATIONS_MAX (MOBILE_HOME_AGENTS_MAX + HEARD_AGENTS_MAX)

/* With a home agent that may be used, or a foreign agent that is heard; never its key. */
struct mobile_association_shown {
	struct in_addr peer;
	uint32_t spi;
	uint8_t algorithm; /* enum mip_algorithm */
	bool of_home;      /* it protects requests from replays */
};

/* Plain data. Times are of clock_monotonic_ms(). */
struct mobile_shown {
	enum mobile_state state;
	bool off; /* Mobile IP, or it is about to be */
	bool attached, bound;
	struct in_addr home, home_agent; /* 0 = not known */
	struct in_addr home_agents[MOBILE_HOME_AGENTS_MAX];
	size_t home_agent_count;
	struct mobile_heard_pair pairs[MOBILE_PAIRS_MAX];
	size_t pair_count;
	struct mobile_attempt attempts[MOBILE_ATTEMPTS_MAX];
	size_t attempt_count;
	struct mobile_association_shown associations[MOBILE_ASSOCIATIONS_MAX];
	size_t association_count;
	bool nonces; /* with home agents; else timestamps */
	struct mobile_advertised_last last;
	struct mobile_counts counts;
};

/* Pure. */
void mobile_shown_of(const struct mobile *mobile, struct mobile_shown *out);

struct mobile_desk;

/* NULL: out of memory or descriptors. */
struct mobile_desk *mobile_desk_open(void);
void mobile_desk_close(struct mobile_desk *desk); /* NULL is fine */

/* ---- the node's thread ---- */

/* Readable when something is asked. */
int mobile_desk_descriptor(const struct mobile_desk *desk);
/* Do what is asked, if anything is, and show how it is. */
void mobile_desk_work(struct mobile_desk *desk, struct mobile *mobile);

/* ---- others ---- */

void mobile_desk_look(struct mobile_desk *desk, struct mobile_shown *out);

/* Of any thread: who failed authentication or identification, as the node notes it there. */
struct violations *mobile_desk_violations(struct mobile_desk *desk);

enum mobile_wish_kind {
	MOBILE_WISH_HOME_AGENT, /* it is to be among those that may be used, or not any more */
	MOBILE_WISH_ENABLED,    /* mobile_enable() */
};

struct mobile_wish {
	bool wanted;
	struct in_addr home_agent;
	enum mobile_wish_kind kind;
};

/* Whether all of them can be made one after the other; *refused is the first that cannot, for
 * the reasons of mobile_add_home_agent() and mobile_remove_home_agent(). */
enum ha_error mobile_wishes_check(const struct mobile_shown *shown,
                                  const struct mobile_wish *wishes, size_t count, size_t *refused);

#define MOBILE_DESK_WAIT_MS 700u

/* Have all of them made, or none. `undo` is as long, and takes them back when it is asked as it is.
 * Waits MOBILE_DESK_WAIT_MS at most: HA_E_BUSY, and nothing was done. */
enum ha_error mobile_desk_ask(struct mobile_desk *desk, const struct mobile_wish *wishes,
                              size_t count, struct mobile_wish *undo, size_t *refused);

#endif
