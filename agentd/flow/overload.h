/* overload.h - which datagrams are looked at, and in which order, by a thread that
 * cannot look at all of them in time.
 *
 * While it can, nothing here refuses anything: to verify an authenticator costs
 * less than the kernel's work for the datagram, and a limit that is always on
 * would only be a weapon for whoever writes somebody else's address into his
 * datagrams. A thread is behind when the oldest datagram of a batch has waited
 * for OVERLOAD_BEHIND_NS, and the batch is full: one that is not has all that waits,
 * after a stall of the host. Then:
 *
 *  1. Sources that caused more failures than overload.source-failures allows are
 *     limited (sources.h): of a stranger, that many datagrams a second are still
 *     looked at, in the order in which they come. A genuine one among them makes
 *     the source known.
 *  2. A known source, one vouched for within a minute or a foreign agent that has
 *     an association, keeps a fair share while somebody else writes its address:
 *     requests of nodes that are bound by way of it are looked at, and every
 *     second one of the rest. A node behind it is heard at the second try, mostly;
 *     the attacker gains at most what the same flood from many addresses would.
 *     What failed is not denied to a limited source, known or not: signing and
 *     sending a denial costs more than to look at the request did.
 *  3. Nodes with a live binding come first, since they lose traffic that flows.
 *     For each refresh that proves genuine, a few requests of nodes without a
 *     binding are left unanswered, as many as cost about the same to drop as it
 *     costs to serve one; never all of them. Where there are no refreshes, nobody
 *     gives way to anybody.
 *
 * What is not looked at is counted, and asks again (RFC 5944 section 3.6.3). What
 * anybody forges can be the cause of 1. and 2. only: credit for 3. is earned
 * by authenticated requests alone.
 *
 * One thread; fixed size. May include: agentd/state, agentd/base. */
#ifndef AGENTD_FLOW_OVERLOAD_H
#define AGENTD_FLOW_OVERLOAD_H

#include "agentd/flow/sources.h"
#include "agentd/state/ahead.h"

#define OVERLOAD_BEHIND_NS 10000000u
#define OVERLOAD_CREDIT_EACH 8u  /* dropping so many costs what serving one does */
#define OVERLOAD_CREDIT_MAX 512u /* a few batches' worth */
#define OVERLOAD_SPARED_EVERY 8u /* of those that could give way, one in so many does not */
#define OVERLOAD_SHARE_EVERY 2u  /* of a known source, one in so many */

struct overload {
	bool behind;
	uint32_t rate;             /* overload.source-failures; 0 = no limit */
	uint64_t now_ms;           /* monotonic */
	uint64_t time_ms;          /* cluster time */
	uint32_t credit;           /* requests that may give way */
	uint32_t shared, gave_way; /* for taking turns */
	struct sources sources;
};

/* Who shares a place in the table of sources is drawn anew each time. */
void overload_init(struct overload *overload);

/* A new batch. `waited_ns`: its oldest datagram, 0 where that is not known, or no more wait. */
void overload_begin(struct overload *overload, uint64_t waited_ns, uint32_t rate, uint64_t now_ms,
                    uint64_t time_ms);

enum overload_turn {
	OVERLOAD_FIRST, /* a refresh */
	OVERLOAD_THEN,  /* anything else that is to be looked at */
	OVERLOAD_LEFT,  /* not looked at: its source is limited */
};

/* When a datagram's turn is, by what it claims. FIRST without a look when the
 * thread is not behind. */
enum overload_turn overload_turn(struct overload *overload, struct state *state, uint32_t realm,
                                 struct in_addr home, struct in_addr source);

/* Is a denial of what failed not worth sending to that source? */
bool overload_is_mute(struct overload *overload, struct in_addr source);

/* Does the next one whose turn is THEN give way? Asked after all FIRST ones. */
bool overload_gives_way(struct overload *overload);

/* What a datagram that was looked at turned out to be: `genuine`, an authentic
 * request that is new; anything else is a failure of its source. */
void overload_note(struct overload *overload, struct in_addr source, enum overload_turn turn,
                   bool genuine);

#endif
