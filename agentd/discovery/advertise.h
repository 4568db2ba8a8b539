/* advertise.h - when a mobility agent advertises, to whom, and what it answers to
 * solicitations: the procedures of RFC 1256 section 4.3 as RFC 5944 section 2.3 changes
 * them. Foreign agents and home agents do alike.
 *
 * Pure but for the structs that are handed in: no clock, no random numbers, no socket, no
 * lock, no log. Times are milliseconds of one monotonic clock, the caller's; `random` is a
 * number that nobody foresees, a fresh one for each call.
 *
 * How busy a foreign agent is, is no argument of what decides: it goes on advertising,
 * since those that it serves must know that it is still there (RFC 5944 section 2.1.1).
 * advertise_fill says it in the message.
 *
 * May include: proto, agentd/base. Nothing else. */
#ifndef AGENTD_DISCOVERY_ADVERTISE_H
#define AGENTD_DISCOVERY_ADVERTISE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "agentd/base/error.h"
#include "agentd/discovery/rate.h"
#include "proto/advertisement.h"

#define ADVERTISE_NEVER UINT64_MAX

/* RFC 1256 sections 4.1 and 6. */
#define ADVERTISE_INTERVAL_LEAST_MS 3000u
#define ADVERTISE_MAX_INTERVAL_LEAST_MS 4000u
#define ADVERTISE_INTERVAL_MOST_MS 1800000u
#define ADVERTISE_INTERVAL_DEFAULT_MS 600000u /* the longest, where nothing is configured */
#define ADVERTISE_LIFETIME_MOST_S 9000u
#define ADVERTISE_INITIAL_INTERVAL_MS 16000u
#define ADVERTISE_INITIAL_COUNT 3u
#define ADVERTISE_RESPONSE_DELAY_MS 2000u

/* Between two advertisements to everybody on one interface, whoever asks: the limit that
 * RFC 5944 section 2.3 demands. It is the shortest interval that RFC 1256 allows. */
#define ADVERTISE_GAP_MS ADVERTISE_INTERVAL_LEAST_MS

#define ADVERTISE_SEQUENCE_AFTER_ROLLOVER 256u /* RFC 5944 section 2.3.2 */

/* Of one interface. */
struct advertise_settings {
	struct in_addr everybody; /* 224.0.0.1 or 255.255.255.255 */
	uint32_t min_interval_ms; /* between unsolicited advertisements */
	uint32_t max_interval_ms;
	uint16_t lifetime_s; /* of an advertisement */
	bool solicited_only; /* say nothing unasked: RFC 5944 section 2.3 */
	struct rate answers; /* to single nodes that solicit, on this interface */
};

/* The defaults of RFC 1256 section 4.1: three quarters of, and three times, the longest
 * interval. */
uint32_t advertise_min_interval_default_ms(uint32_t max_interval_ms);
uint16_t advertise_lifetime_default_s(uint32_t max_interval_ms);

/* HA_E_RANGE: an interval or lifetime outside what RFC 1256 section 4.1 allows.
 * HA_E_MALFORMED: another address for everybody (RFC 5944 section 2.1). */
enum ha_error advertise_settings_check(const struct advertise_settings *settings);

/* Whether a mobile node may miss three advertisements in a row before it forgets the agent:
 * that the longest interval is at most a third of the lifetime. RFC 5944 section 2.1 only
 * advises it, so the answer no is for a warning. */
bool advertise_lifetime_is_ample(const struct advertise_settings *settings);

/* What an interface remembers. The caller's, one for each; advertise_init makes it. */
struct advertise_interface {
	bool on;               /* advertises */
	bool told;             /* somebody was told of it since it is on */
	bool answers;          /* the next one to everybody is an answer */
	bool multicast_sent;   /* multicast_ms is valid */
	uint8_t initial;       /* of the first few, those that were sent */
	uint16_t sequence;     /* of the next advertisement */
	uint64_t multicast_ms; /* when the last one was sent to everybody */
	uint64_t due_ms;       /* when the next one is; ADVERTISE_NEVER: unasked none */
	uint64_t fresh_ms;     /* when one with a fresh challenge is due at the latest */
	struct rate_bucket answered;
};

enum advertise_origin {
	ADVERTISE_BOOTED, /* the sequence begins at 0: who was registered registers again */
	/* This agent goes on with the visitors that another member had: no agent was booted,
	 * and nobody is to register again. It begins where a sequence does that has rolled
	 * over, which says just that to a mobile node (RFC 5944 section 2.4.4). */
	ADVERTISE_TAKEN_OVER,
};

/* X(symbol, whether something is sent, word): what came of a call. */
#define ADVERTISE_FATES(X)                                                                         \
	X(ADVERTISE_WAIT, false, "wait")             /* nothing is due */                          \
	X(ADVERTISE_PERIODIC, true, "periodic")      /* to everybody, unasked */                   \
	X(ADVERTISE_ANSWER_ALL, true, "answer-all")  /* to everybody, since somebody asked */      \
	X(ADVERTISE_ANSWER_ONE, true, "answer-one")  /* to who asked */                            \
	X(ADVERTISE_RESET, true, "reset")            /* to one: its registration is gone */        \
	X(ADVERTISE_FAREWELL, true, "farewell")      /* to everybody: not valid any more */        \
	X(ADVERTISE_POSTPONED, false, "postponed")   /* the next one to everybody answers */       \
	X(ADVERTISE_SILENT, false, "silent")         /* the interface does not advertise */        \
	X(ADVERTISE_BAD_SOURCE, false, "bad-source") /* from an address that no node has */

enum advertise_fate {
#define X(symbol, sends, word) symbol,
	ADVERTISE_FATES(X)
#undef X
	ADVERTISE_FATE_COUNT
};

/* Static, never NULL. */
const char *advertise_fate_word(enum advertise_fate fate);
bool advertise_fate_sends(enum advertise_fate fate);

/* Which challenge a foreign agent that has some puts into it (RFC 4721 section 2.1). */
enum advertise_challenge {
	ADVERTISE_CHALLENGE_NEWEST,  /* the one that was advertised last; none is made */
	ADVERTISE_CHALLENGE_FRESH,   /* a new one, which enters the window */
	ADVERTISE_CHALLENGE_OF_NODE, /* the last one of that node if unused, else a new one */
};

/* The members behind `fate` count only when something is sent. */
struct advertise_verdict {
	enum advertise_fate fate;
	enum advertise_challenge challenge;
	struct in_addr destination;
	uint16_t sequence;
	uint16_t lifetime_s;
};

/* Once for each interface when the agent starts, and not when an interface comes back: a
 * sequence that began anew would have everybody register again. */
void advertise_init(struct advertise_interface *interface, enum advertise_origin origin);

/* The interface advertises from now on. The first one is due within two seconds, or not at
 * all where only solicitations are answered. No change while it is on already. */
void advertise_begin(struct advertise_interface *interface,
                     const struct advertise_settings *settings, uint64_t now_ms, uint32_t random);

/* It ceases to. The verdict is a farewell when anybody was told (RFC 1256 section 4.3
 * recommends it), else ADVERTISE_SILENT. Not to be called by who gives the agent to another
 * member. */
struct advertise_verdict advertise_end(struct advertise_interface *interface,
                                       const struct advertise_settings *settings, uint64_t now_ms);

/* Settings have changed while it advertises: the next one is due as soon as the new ones would
 * have it at most, and none unasked where they say so. */
void advertise_changed(struct advertise_interface *interface,
                       const struct advertise_settings *settings, uint64_t now_ms, uint32_t random);

/* To be called when `due_ms` has come; later does no harm, and sooner is ADVERTISE_WAIT. */
struct advertise_verdict advertise_tick(struct advertise_interface *interface,
                                        const struct advertise_settings *settings, uint64_t now_ms,
                                        uint32_t random);

/* All interfaces together. */
struct advertise_total {
	struct rate answers;
	struct rate_bucket answered;
};

/* A valid solicitation came from `source` (solicitation_read), which need not be a
 * neighbour's address (RFC 5944 section 2.3). Answered at once and to that address, as long
 * as the rates of the interface and in all allow; the link address must be the one that it
 * came from (RFC 5944 section 2.1). Else, and to who has no address yet, by one
 * advertisement to everybody within two seconds, which is ADVERTISE_POSTPONED, and never
 * sooner than ADVERTISE_GAP_MS after another: a flood gets no more than that. */
struct advertise_verdict advertise_solicited(struct advertise_interface *interface,
                                             const struct advertise_settings *settings,
                                             struct advertise_total *total, struct in_addr source,
                                             uint64_t now_ms, uint32_t random);

/* Put a verdict into a message that has all else: sequence, lifetime, and B, set when `busy`
 * and never but by a foreign agent. */
void advertise_fill(struct advertisement *message, const struct advertise_verdict *verdict,
                    bool busy);

#endif
