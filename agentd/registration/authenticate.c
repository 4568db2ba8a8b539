/* authenticate.c - from octets to authenticated facts; no decision is made
 * here. */
#include "agentd/registration/registration.h"

enum ha_error registration_request_decode(struct span payload, struct registration_request *out)
{
	struct reader in = reader_over(payload.at, payload.size);
	enum ha_error error;

	*out = (struct registration_request){ 0 };
	error = mip_request_decode(&in, &out->fixed);
	if (error == HA_OK)
		out->fault = mip_extensions_decode(payload, &in, &out->extensions);
	return error;
}

uint64_t registration_digest(const struct registration_request *request)
{
	const struct mip_extensions *extensions = &request->extensions;
	struct span authenticator = extensions->mobile_home_count
	                                    ? extensions->mobile_home.authenticator
	                                    : extensions->mobile_aaa.authenticator;
	struct reader in = reader_over(authenticator.at, authenticator.size);

	return get_u64(&in);
}

struct in_addr registration_care_of(const struct registration_request *request)
{
	return request->fixed.care_of.s_addr == INADDR_ANY && request->extensions.gfa_count
	               ? request->extensions.gfa.address
	               : request->fixed.care_of;
}

enum authentication registration_authenticate(const struct mip_authentication *extension,
                                              unsigned count, const struct mip_key_state *key)
{
	if (count == 0)
		return AUTHENTICATION_ABSENT;
	if (!key)
		return AUTHENTICATION_NO_ASSOCIATION;
	if (count > 1 ||
	    !mip_authenticator_verify(key, extension->covered, extension->authenticator))
		return AUTHENTICATION_WRONG;
	return AUTHENTICATION_VALID;
}

enum authentication registration_authenticate_aaa(const struct mip_extensions *extensions,
                                                  const struct mip_key_state *key)
{
	const struct mip_authentication *aaa = &extensions->mobile_aaa;

	if (!extensions->mobile_aaa_count || !key || key->algorithm != MIP_CHAP)
		return registration_authenticate(aaa, extensions->mobile_aaa_count, key);
	return extensions->mobile_aaa_count == 1 &&
	                       mip_chap_verify(key, aaa->covered, extensions->challenge,
	                                       aaa->authenticator)
	               ? AUTHENTICATION_VALID
	               : AUTHENTICATION_WRONG;
}

static bool has_failed(enum authentication authentication)
{
	return authentication == AUTHENTICATION_WRONG ||
	       authentication == AUTHENTICATION_NO_ASSOCIATION;
}

/* In the order of the checks: the first that fails decides. */
uint32_t registration_violation_spi(const struct registration_request *request,
                                    const struct registration_facts *facts,
                                    enum registration_violation violation)
{
	const struct mip_extensions *extensions = &request->extensions;

	if (violation == VIOLATION_BAD_IDENTIFIER)
		return extensions->mobile_home.spi;
	if (violation != VIOLATION_BAD_AUTHENTICATOR)
		return 0;
	if (has_failed(facts->mobile_home))
		return extensions->mobile_home.spi;
	if (has_failed(facts->mobile_aaa))
		return extensions->mobile_aaa.spi;
	return extensions->foreign_home.spi;
}
