/* reply.c - the binding and the Registration Reply that follow from a
 * verdict. */
#include "agentd/registration/registration.h"

static uint8_t encapsulation_of(uint8_t flags)
{
	if (flags & MIP_REQUEST_GRE)
		return ENCAPSULATION_GRE; /* G and M together: GRE carries more */
	if (flags & MIP_REQUEST_MINIMAL)
		return ENCAPSULATION_MINIMAL;
	return ENCAPSULATION_IPIP;
}

struct binding registration_binding(const struct registration_request *request,
                                    const struct registration_verdict *verdict, uint64_t cluster_ms)
{
	return (struct binding){
		.care_of = request->fixed.care_of,
		.endpoint = request->fixed.care_of,
		.source = request->source,
		.source_port = request->source_port,
		.granted_s = verdict->lifetime_s,
		.flags = request->fixed.flags,
		.encapsulation = encapsulation_of(request->fixed.flags),
		.identification = verdict->identification,
		.granted_ms = cluster_ms,
		.expires_ms = verdict->lifetime_s == LIFETIME_INFINITE
		                      ? BINDING_NEVER_EXPIRES
		                      : cluster_ms + verdict->lifetime_s * 1000u,
	};
}

/* RFC 5944 section 3.5.4: never on a deregistration. */
static bool wants_foreign_home(const struct registration_request *request,
                               const struct registration_signers *signers)
{
	return signers->foreign_key && request->fixed.lifetime_s != 0;
}

size_t registration_reply(const struct registration_request *request,
                          const struct registration_verdict *verdict,
                          const struct registration_policy *policy,
                          const struct registration_signers *signers,
                          uint8_t out[REGISTRATION_REPLY_MAX])
{
	struct writer w = writer_over(out, REGISTRATION_REPLY_MAX);

	if (verdict->code == MIP_SILENCE || !signers->mobile_key)
		return 0;
	mip_reply_encode(&w, &(struct mip_reply){
				     .code = (uint8_t)verdict->code,
				     .lifetime_s = verdict->lifetime_s,
				     .home = request->fixed.home,
				     .home_agent = policy->home_agent,
				     .identification = verdict->identification,
			     });
	mip_authentication_append(&w, MIP_EXTENSION_MOBILE_HOME, signers->mobile_spi,
	                          signers->mobile_key);
	if (wants_foreign_home(request, signers))
		mip_authentication_append(&w, MIP_EXTENSION_FOREIGN_HOME, signers->foreign_spi,
		                          signers->foreign_key);
	return w.error == HA_OK ? writer_used(&w) : 0;
}
