/* foreign_check_form.c - checks of whether a datagram is a request of a mobile node, and
 * of whom it is. */
#include "agentd/registration/foreign_checks.h"

#include "agentd/base/address.h"

bool foreign_offers(const struct foreign_policy *policy, enum agent_flag offer)
{
	return (policy->offers & offer) != 0;
}

bool foreign_is_care_of(const struct foreign_policy *policy, struct in_addr address)
{
	for (size_t i = 0; i < policy->care_of_count; i++)
		if (address_equal(policy->care_of[i], address))
			return true;
	return false;
}

struct span foreign_kept(struct span message, size_t fixed_size,
                         const struct mip_authentication *one,
                         const struct mip_authentication *other)
{
	const uint8_t *end = message.at + fixed_size;

	if (one->authenticator.at)
		end = one->authenticator.at + one->authenticator.size;
	if (other && other->authenticator.at > end)
		end = other->authenticator.at + other->authenticator.size;
	return (struct span){ .at = message.at, .size = (size_t)(end - message.at) };
}

struct span foreign_request_kept(const struct foreign_request *request)
{
	return foreign_kept(request->message, MIP_REQUEST_SIZE, &request->extensions.mobile_home,
	                    &request->extensions.mobile_aaa);
}

/* Whether the octets lie behind all that authorises the request. */
static bool is_behind(const struct foreign_request *request, struct span octets)
{
	struct span kept = foreign_request_kept(request);

	return octets.at >= kept.at + kept.size;
}

enum foreign_code foreign_check_enabled(const struct foreign_request *request,
                                        const struct foreign_facts *facts)
{
	(void)request;
	return foreign_offers(facts->policy, AGENT_FOREIGN) ? FOREIGN_PASS : FOREIGN_SILENCE;
}

enum foreign_code foreign_check_extensions_known(const struct foreign_request *request,
                                                 const struct foreign_facts *facts)
{
	(void)facts;
	return request->fault == HA_E_UNKNOWN_EXTENSION ? FOREIGN_SILENCE : FOREIGN_PASS;
}

/* It is the agent that offers revocation for its own care-of address. */
enum foreign_code foreign_check_revocation_support(const struct foreign_request *request,
                                                   const struct foreign_facts *facts)
{
	(void)facts;
	return request->extensions.revocation_count &&
	                       !(request->fixed.flags & MIP_REQUEST_DECAPSULATES)
	               ? FOREIGN_SILENCE
	               : FOREIGN_PASS;
}

/* A challenge proves something only under an authenticator that follows it. */
enum foreign_code foreign_check_challenge_signed(const struct foreign_request *request,
                                                 const struct foreign_facts *facts)
{
	const struct mip_extensions *e = &request->extensions;

	(void)facts;
	if (!e->challenge_count || mip_authentication_covers(&e->mobile_foreign, e->challenge) ||
	    mip_authentication_covers(&e->mobile_aaa, e->challenge))
		return FOREIGN_PASS;
	return FOREIGN_SILENCE;
}

enum foreign_code foreign_check_well_formed(const struct foreign_request *request,
                                            const struct foreign_facts *facts)
{
	(void)facts;
	return request->fault == HA_OK ? FOREIGN_PASS : FOREIGN_POORLY_FORMED_REQUEST;
}

/* The home agent would be silent, and the node never told. */
enum foreign_code foreign_check_authorization(const struct foreign_request *request,
                                              const struct foreign_facts *facts)
{
	(void)facts;
	return request->extensions.mobile_home_count || request->extensions.mobile_aaa_count
	               ? FOREIGN_PASS
	               : FOREIGN_POORLY_FORMED_REQUEST;
}

/* What the node says of itself stands before what authorises it, and once; Foreign-Home is
 * ours to write. A challenge stands before MN-AAA, which may be over it (RFC 4721 section 3.2). Who speaks to us only does so behind it (RFC 5944 section 3.6.1.3), and of
 * a delivery style where there is a reverse tunnel (RFC 3024 section 3.3). */
enum foreign_code foreign_check_order(const struct foreign_request *request,
                                      const struct foreign_facts *facts)
{
	const struct mip_extensions *e = &request->extensions;

	(void)facts;
	if (e->mobile_home_count > 1 || e->mobile_aaa_count > 1 || e->nai_count > 1 ||
	    e->challenge_count > 1 || e->delivery_count > 1 || e->foreign_home_count > 0)
		return FOREIGN_POORLY_FORMED_REQUEST;
	if (e->nai_count && is_behind(request, e->nai))
		return FOREIGN_POORLY_FORMED_REQUEST;
	if (e->challenge_count && e->mobile_aaa_count &&
	    !mip_authentication_covers(&e->mobile_aaa, e->challenge))
		return FOREIGN_POORLY_FORMED_REQUEST;
	if (e->mobile_foreign_count && !is_behind(request, e->mobile_foreign.authenticator))
		return FOREIGN_POORLY_FORMED_REQUEST;
	if (e->delivery_count && !(request->fixed.flags & MIP_REQUEST_REVERSE))
		return FOREIGN_POORLY_FORMED_REQUEST;
	return FOREIGN_PASS;
}

/* r and x are sent as zero and ignored (section 3.3), or must be denied (section
 * 3.7.2.1): the operator chooses. */
enum foreign_code foreign_check_reserved(const struct foreign_request *request,
                                         const struct foreign_facts *facts)
{
	return facts->policy->strict_reserved &&
	                       request->fixed.flags & (MIP_REQUEST_R | MIP_REQUEST_X)
	               ? FOREIGN_POORLY_FORMED_REQUEST
	               : FOREIGN_PASS;
}

enum foreign_code foreign_check_care_of(const struct foreign_request *request,
                                        const struct foreign_facts *facts)
{
	return foreign_asks_service(request) &&
	                       !foreign_is_care_of(facts->policy, request->fixed.care_of)
	               ? FOREIGN_INVALID_CARE_OF
	               : FOREIGN_PASS;
}

enum foreign_code foreign_check_mobile_foreign(const struct foreign_request *request,
                                               const struct foreign_facts *facts)
{
	(void)request;
	return facts->mobile_associated && facts->mobile_foreign != AUTHENTICATION_VALID
	               ? FOREIGN_MN_AUTH_FAILED
	               : FOREIGN_PASS;
}

enum foreign_code foreign_check_aaa(const struct foreign_request *request,
                                    const struct foreign_facts *facts)
{
	(void)request;
	return facts->mobile_aaa == AUTHENTICATION_WRONG ? FOREIGN_AAA_AUTH_FAILED : FOREIGN_PASS;
}

/* A vendor's extension behind what authorises the request is meant for us, one before it
 * for the home agent to judge. */
enum foreign_code foreign_check_vendor(const struct foreign_request *request,
                                       const struct foreign_facts *facts)
{
	(void)facts;
	return request->extensions.cvse_count && is_behind(request, request->extensions.cvse)
	               ? FOREIGN_CVSE_MOBILE
	               : FOREIGN_PASS;
}

enum foreign_code foreign_check_challenge_present(const struct foreign_request *request,
                                                  const struct foreign_facts *facts)
{
	return facts->policy->challenges && !facts->mobile_associated &&
	                       !request->extensions.challenge_count
	               ? FOREIGN_MISSING_CHALLENGE
	               : FOREIGN_PASS;
}

enum foreign_code foreign_check_challenge_known(const struct foreign_request *request,
                                                const struct foreign_facts *facts)
{
	return request->extensions.challenge_count && facts->challenge == CHALLENGE_UNKNOWN
	               ? FOREIGN_UNKNOWN_CHALLENGE
	               : FOREIGN_PASS;
}

enum foreign_code foreign_check_challenge_fresh(const struct foreign_request *request,
                                                const struct foreign_facts *facts)
{
	return request->extensions.challenge_count && facts->challenge == CHALLENGE_STALE
	               ? FOREIGN_STALE_CHALLENGE
	               : FOREIGN_PASS;
}
