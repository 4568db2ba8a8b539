/* check_authentic.c - checks of who sent a request and whether it is new. What
 * comes before `identification` may not depend on anything that is not
 * authenticated. */
#include "agentd/registration/checks.h"

const struct mip_authentication *mobile_authentication(const struct registration_request *request,
                                                       const struct registration_facts *facts)
{
	return facts->mobile_home == AUTHENTICATION_VALID ? &request->extensions.mobile_home
	                                                  : &request->extensions.mobile_aaa;
}

bool is_of_mobile(const struct registration_request *request,
                  const struct registration_facts *facts, struct span octets)
{
	return mip_authentication_covers(mobile_authentication(request, facts), octets);
}

bool is_of_known_agent(const struct registration_request *request,
                       const struct registration_facts *facts, struct span octets)
{
	return facts->foreign_home == AUTHENTICATION_VALID &&
	       mip_authentication_covers(&request->extensions.foreign_home, octets);
}

enum mip_code check_enabled(const struct registration_request *request,
                            const struct registration_facts *facts)
{
	(void)request;
	return facts->policy.disabled ? MIP_SILENCE : PASS;
}

enum mip_code check_extensions_known(const struct registration_request *request,
                                     const struct registration_facts *facts)
{
	(void)facts;
	return request->fault == HA_E_UNKNOWN_EXTENSION ? MIP_SILENCE : PASS;
}

enum mip_code check_authorization_present(const struct registration_request *request,
                                          const struct registration_facts *facts)
{
	(void)request;
	return facts->mobile_home == AUTHENTICATION_ABSENT &&
	                       facts->mobile_aaa == AUTHENTICATION_ABSENT
	               ? MIP_SILENCE
	               : PASS;
}

/* With a valid Mobile-Home authenticator the node is known, and told of an
 * MN-AAA association that is not (check_aaa). */
static bool has_no_association(const struct registration_facts *facts)
{
	enum authentication own = facts->mobile_home == AUTHENTICATION_ABSENT ? facts->mobile_aaa
	                                                                      : facts->mobile_home;

	return own == AUTHENTICATION_NO_ASSOCIATION;
}

/* Nobody we know, or nobody whom we could answer. */
enum mip_code check_association(const struct registration_request *request,
                                const struct registration_facts *facts)
{
	(void)request;
	return has_no_association(facts) && (facts->node == 0 || facts->mute) ? MIP_SILENCE : PASS;
}

/* A foreign agent that authenticated itself is told; who did not is told only
 * where the operator wants that, and never when the sender should have
 * authenticated itself and did not. */
static enum mip_code tell_of_failure(const struct registration_facts *facts, enum mip_code code)
{
	if (facts->foreign_home == AUTHENTICATION_VALID)
		return code;
	if (!facts->foreign_agent_associated && facts->policy.reply_to_failed_authentication)
		return code;
	return MIP_SILENCE;
}

/* An authenticator that cannot be checked is not a valid one (RFC 5944 section
 * 3.8.2.1 a, whose reply is signed under an association of before). */
enum mip_code check_spi(const struct registration_request *request,
                        const struct registration_facts *facts)
{
	(void)request;
	if (!has_no_association(facts))
		return PASS;
	return tell_of_failure(facts, facts->mobile_home == AUTHENTICATION_ABSENT
	                                      ? MIP_AAA_AUTH_FAILED
	                                      : MIP_MN_AUTH_FAILED);
}

enum mip_code check_authenticator(const struct registration_request *request,
                                  const struct registration_facts *facts)
{
	(void)request;
	if (facts->mobile_home == AUTHENTICATION_ABSENT ||
	    facts->mobile_home == AUTHENTICATION_VALID)
		return PASS;
	return tell_of_failure(facts, MIP_MN_AUTH_FAILED);
}

/* RFC 4721: all authenticators that enable a request must verify. */
enum mip_code check_aaa(const struct registration_request *request,
                        const struct registration_facts *facts)
{
	(void)request;
	if (facts->mobile_aaa == AUTHENTICATION_ABSENT || facts->mobile_aaa == AUTHENTICATION_VALID)
		return PASS;
	if (facts->mobile_home == AUTHENTICATION_VALID)
		return MIP_AAA_AUTH_FAILED;
	return tell_of_failure(facts, MIP_AAA_AUTH_FAILED);
}

/* Every reply carries a Mobile-Home authenticator (RFC 4721 section 6): without
 * a key for it nothing may be granted. */
enum mip_code check_answerable(const struct registration_request *request,
                               const struct registration_facts *facts)
{
	(void)request;
	return facts->mute ? MIP_SILENCE : PASS;
}

enum mip_code check_well_formed(const struct registration_request *request,
                                const struct registration_facts *facts)
{
	(void)facts;
	return request->fault == HA_OK ? PASS : MIP_POORLY_FORMED;
}

/* What the node says of itself stands before its authenticator (RFC 5944
 * section 3.6.1.3), Mobile-Home before MN-AAA (RFC 4721 section 6), and once. */
enum mip_code check_order(const struct registration_request *request,
                          const struct registration_facts *facts)
{
	const struct mip_extensions *e = &request->extensions;

	if (e->nai_count > 1 || e->dynamic_ha_count > 1 || e->udp_request_count > 1 ||
	    e->gfa_count > 1)
		return MIP_POORLY_FORMED;
	if (e->nai_count && !is_of_mobile(request, facts, e->nai))
		return MIP_POORLY_FORMED;
	if (e->dynamic_ha_count && !is_of_mobile(request, facts, e->dynamic_ha.at))
		return MIP_POORLY_FORMED;
	if (e->mobile_home_count && e->mobile_aaa_count &&
	    !mip_authentication_covers(&e->mobile_aaa, e->mobile_home.authenticator))
		return MIP_POORLY_FORMED;
	return PASS;
}

enum mip_code check_identification(const struct registration_request *request,
                                   const struct registration_facts *facts)
{
	return identification_is_good(request, facts) ? PASS : MIP_ID_MISMATCH;
}

/* A deregistration may come without (RFC 5944 section 3.8.1, last paragraph). */
enum mip_code check_foreign_agent(const struct registration_request *request,
                                  const struct registration_facts *facts)
{
	if (!facts->foreign_agent_associated || is_deregistration(request))
		return PASS;
	return facts->foreign_home == AUTHENTICATION_VALID ? PASS : MIP_FA_AUTH_FAILED;
}

enum mip_code check_foreign_agent_known(const struct registration_request *request,
                                        const struct registration_facts *facts)
{
	if (request->extensions.foreign_home_count > 0 && !facts->foreign_agent_associated)
		return MIP_SILENCE;
	return PASS;
}
