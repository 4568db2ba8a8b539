/* replay.c - whether an identification is new, and the one that a reply gets
 * (RFC 5944 section 5.7). */
#include "agentd/base/clock.h"
#include "agentd/registration/checks.h"

#define LOW_HALF UINT64_C(0xffffffff)
#define SALT_SHIFT 28u
#define SALTS 16u

uint32_t registration_nonce(const struct mip_key_state *secret, uint64_t node, uint32_t spi,
                            uint64_t newest, unsigned salt)
{
	uint8_t octets[24], keyed[MIP_AUTHENTICATOR_SIZE_MAX] = { 0 };
	struct writer w = writer_over(octets, sizeof(octets));
	struct reader in = reader_over(keyed, sizeof(keyed));

	put_u64(&w, node);
	put_u32(&w, spi);
	put_u64(&w, newest);
	put_u32(&w, salt);
	mip_authenticator_compute(secret, writer_span(&w), keyed);
	return (get_u32(&in) & ((UINT32_C(1) << SALT_SHIFT) - 1)) | salt << SALT_SHIFT;
}

static uint32_t nonce_of(const struct registration_facts *facts, uint64_t newest, unsigned salt)
{
	return registration_nonce(facts->nonce_secret, facts->node, facts->spi, newest, salt);
}

/* Never the salt of the request's own nonce, and another one for another
 * request: each reply has a fresh nonce, and the same for the same request. */
static unsigned fresh_salt(uint64_t identification)
{
	unsigned own = (unsigned)(identification >> 32 >> SALT_SHIFT);
	unsigned step = (unsigned)((identification & LOW_HALF) % (SALTS - 1));

	return (own + 1 + step) % SALTS;
}

static bool inside_window(uint64_t identification, const struct registration_facts *facts)
{
	uint64_t sent_ms = clock_ms_of_ntp(identification, facts->wall_ms);
	uint64_t distance_ms = sent_ms > facts->wall_ms ? sent_ms - facts->wall_ms
	                                                : facts->wall_ms - sent_ms;

	return distance_ms <= facts->policy.tolerance_s * 1000u;
}

bool is_retransmission(const struct registration_request *request,
                       const struct registration_facts *facts)
{
	return request->fixed.identification == facts->newest_identification &&
	       registration_digest(request) == facts->newest_digest;
}

static bool is_our_nonce(uint32_t nonce, const struct registration_facts *facts)
{
	return facts->nonce_secret &&
	       nonce == nonce_of(facts, facts->newest_identification, nonce >> SALT_SHIFT);
}

bool identification_is_good(const struct registration_request *request,
                            const struct registration_facts *facts)
{
	uint64_t identification = request->fixed.identification;

	if (facts->nonces)
		return is_our_nonce((uint32_t)(identification >> 32), facts) ||
		       is_retransmission(request, facts);
	if (!inside_window(identification, facts))
		return false;
	return clock_ntp_is_later(identification, facts->newest_identification) ||
	       is_retransmission(request, facts);
}

/* The node's own low half, below our time of day when its timestamp is wrong
 * (section 5.7.1), or below the nonce of its next request (section 5.7.2). */
uint64_t reply_identification(const struct registration_request *request,
                              const struct registration_facts *facts, enum mip_code code)
{
	uint64_t identification = request->fixed.identification;
	uint64_t newest = mip_code_is_accepted(code) ? identification
	                                             : facts->newest_identification;

	if (facts->nonces)
		return facts->nonce_secret
		               ? (uint64_t)nonce_of(facts, newest, fresh_salt(identification))
		                                 << 32 |
		                         (identification & LOW_HALF)
		               : identification;
	if (code != MIP_ID_MISMATCH)
		return identification;
	return (clock_ntp_of_ms(facts->wall_ms) & ~LOW_HALF) | (identification & LOW_HALF);
}
