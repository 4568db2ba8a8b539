/* mobile_time.c - identifications, times to wait and lifetimes of a mobile node. */
#include "agentd/registration/mobile_time.h"

#include "agentd/base/binding.h"
#include "agentd/base/clock.h"
#include "proto/codes.h"

#define HALF_A_SECOND UINT64_C(0x80000000) /* NTP: the home agent tells whole ones */
#define BELOW_A_MILLISECOND ((UINT64_C(1) << 22) - 1)
#define STEP_MAX 0xffffu
#define PROCESSING_MS 100u
#define SLOW_LINK_OCTETS_PER_S 1200u

static uint32_t high(uint64_t identification)
{
	return (uint32_t)(identification >> 32);
}

/* The home agent's time of day, with what our clock cannot tell at random; and after all that
 * were given out. */
static uint64_t next_timestamp(const struct mobile_identity *identity, uint64_t unix_ms,
                               uint64_t random)
{
	uint64_t now = clock_ntp_of_ms(unix_ms) + identity->offset;
	uint64_t next = (now & ~BELOW_A_MILLISECOND) | (random & BELOW_A_MILLISECOND);

	if (clock_ntp_is_later(next, identity->newest))
		return next;
	return identity->newest + 1 + (random & STEP_MAX);
}

static uint64_t next_nonce(const struct mobile_identity *identity, uint64_t random)
{
	uint32_t low = (uint32_t)random;

	if (low == (uint32_t)identity->newest)
		low++;
	return (uint64_t)identity->nonce << 32 | low;
}

uint64_t mobile_identification(struct mobile_identity *identity, uint64_t unix_ms, uint64_t random)
{
	identity->newest = identity->nonces ? next_nonce(identity, random)
	                                    : next_timestamp(identity, unix_ms, random);
	return identity->newest;
}

void mobile_identity_learn(struct mobile_identity *identity, unsigned code, uint64_t sent,
                           uint64_t identification, uint64_t unix_ms)
{
	if (identity->nonces) {
		identity->nonce = high(identification);
		return;
	}
	if (mip_code_is_accepted(code))
		identity->accepted = sent;
	if ((code != MIP_ID_MISMATCH && code != MIP_UNKNOWN_HA) || identification == sent)
		return;
	identity->offset = ((uint64_t)high(identification) << 32 | HALF_A_SECOND) -
	                   clock_ntp_of_ms(unix_ms);
	/* What was refused need not be exceeded: the clock may have to go back. */
	identity->newest = identity->accepted;
}

/* ---- asking again ---- */

uint64_t mobile_retry_allowed_ms(const struct mobile_retry *retry)
{
	return retry->any ? retry->sent_ms + MOBILE_INTERVAL_MS : 0;
}

static uint32_t within(uint64_t timeout_ms, uint16_t lifetime_s)
{
	uint64_t most = MOBILE_TIMEOUT_MAX_MS;

	if (lifetime_s > 0 && lifetime_s * UINT64_C(1000) < most)
		most = lifetime_s * UINT64_C(1000);
	if (timeout_ms > most)
		timeout_ms = most;
	return (uint32_t)(timeout_ms < MOBILE_INTERVAL_MS ? MOBILE_INTERVAL_MS : timeout_ms);
}

static void wait(struct mobile_retry *retry, uint64_t now_ms, uint32_t timeout_ms)
{
	*retry = (struct mobile_retry){
		.sent_ms = now_ms,
		.due_ms = now_ms + timeout_ms,
		.timeout_ms = timeout_ms,
		.any = true,
	};
}

void mobile_retry_begin(struct mobile_retry *retry, uint64_t now_ms, uint32_t round_trip_ms,
                        size_t octets, uint16_t lifetime_s)
{
	uint64_t both_ms = 2 * octets * UINT64_C(1000) / SLOW_LINK_OCTETS_PER_S;

	wait(retry, now_ms,
	     within(2 * (uint64_t)round_trip_ms + both_ms + PROCESSING_MS, lifetime_s));
}

void mobile_retry_again(struct mobile_retry *retry, uint64_t now_ms, uint16_t lifetime_s)
{
	wait(retry, now_ms, within(2 * (uint64_t)retry->timeout_ms, lifetime_s));
}

/* ---- how long ---- */

struct mobile_lifetime mobile_lifetime_of(uint64_t sent_ms, uint16_t granted_s)
{
	uint64_t granted_ms = granted_s * UINT64_C(1000), lead_ms = granted_ms / 4;

	if (granted_s == LIFETIME_INFINITE)
		return (struct mobile_lifetime){ UINT64_MAX, UINT64_MAX };
	if (lead_ms > MOBILE_REFRESH_LEAD_MAX_MS)
		lead_ms = MOBILE_REFRESH_LEAD_MAX_MS;
	return (struct mobile_lifetime){
		.refresh_ms = sent_ms + granted_ms - lead_ms,
		.expires_ms = sent_ms + granted_ms,
	};
}
