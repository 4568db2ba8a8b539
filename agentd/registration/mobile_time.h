/* mobile_time.h - what a mobile node counts: the identification of its requests (RFC 5944
 * section 5.7), when to ask again (section 3.6.3), and how long it is registered (section
 * 3.6.2.2).
 *
 * Pure but for the structs that are handed in: no clock, no random numbers. Times ending in
 * _ms are of one monotonic clock, the caller's, but for `unix_ms`.
 *
 * May include: proto, agentd/base. Nothing else. */
#ifndef AGENTD_REGISTRATION_MOBILE_TIME_H
#define AGENTD_REGISTRATION_MOBILE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- identifications ---- */

/* Zeroed: timestamps, and our clock is taken to be right. */
struct mobile_identity {
	bool nonces;       /* the style of the association; else timestamps */
	uint32_t nonce;    /* the home agent's newest */
	uint64_t offset;   /* of its clock before ours, NTP, modulo 2^64 */
	uint64_t newest;   /* that was given out */
	uint64_t accepted; /* by the home agent, of timestamps */
};

/* For a new request; greater than all before, or with both halves new. `random` is a fresh
 * number. */
uint64_t mobile_identification(struct mobile_identity *identity, uint64_t unix_ms, uint64_t random);

/* A reply of the home agent has been found to be authentic, to the request with identification
 * `sent`: its `code` and `identification`. */
void mobile_identity_learn(struct mobile_identity *identity, unsigned code, uint64_t sent,
                           uint64_t identification, uint64_t unix_ms);

/* ---- asking again ---- */

#define MOBILE_INTERVAL_MS 1000u     /* between two requests at least */
#define MOBILE_TIMEOUT_MAX_MS 64000u /* for an answer at most; less where the lifetime is less */

/* Zeroed before the first. */
struct mobile_retry {
	uint64_t sent_ms; /* of the newest request */
	uint64_t due_ms;  /* when it is to be sent again, if no answer has come */
	uint32_t timeout_ms;
	bool any; /* one has been sent */
};

/* When a new request may be sent: a second after the last, whomever that went to. */
uint64_t mobile_retry_allowed_ms(const struct mobile_retry *retry);

/* A new request was sent, of so many octets: the time that an answer may take is that of the
 * round trip twice (0: unknown), of both messages on a slow link, and a tenth of a second; at
 * least a second, and no longer than the lifetime that is asked for. */
void mobile_retry_begin(struct mobile_retry *retry, uint64_t now_ms, uint32_t round_trip_ms,
                        size_t octets, uint16_t lifetime_s);

/* It was sent again, as it was or with another identification: twice as long now. */
void mobile_retry_again(struct mobile_retry *retry, uint64_t now_ms, uint16_t lifetime_s);

/* ---- how long ---- */

#define MOBILE_REFRESH_LEAD_MAX_MS 120000u

struct mobile_lifetime {
	uint64_t refresh_ms; /* UINT64_MAX: never */
	uint64_t expires_ms; /* likewise */
};

/* Counted from when the request was sent, since the home agent cannot have begun before that.
 * It is refreshed when a quarter is left, or two minutes if that is less. */
struct mobile_lifetime mobile_lifetime_of(uint64_t sent_ms, uint16_t granted_s);

#endif
