/* reply.c - the binding and the Registration Reply that follow from a
 * verdict. */
#include "agentd/base/clock.h"
#include "agentd/registration/checks.h"
#include "agentd/registration/revocation.h"
#include "proto/extension_write.h"

static uint16_t features_of(const struct registration_request *request,
                            const struct registration_verdict *verdict)
{
	unsigned features = 0;

	if (verdict->tunnel.udp)
		features |= BINDING_UDP;
	if (verdict->tunnel.forced)
		features |= BINDING_UDP_FORCED;
	if (verdict->revocable)
		features |= BINDING_REVOCABLE;
	if (verdict->revocable && request->extensions.revocation.inform)
		features |= BINDING_REVOCATION_INFORM;
	return (uint16_t)features;
}

struct binding registration_binding(const struct registration_request *request,
                                    const struct registration_verdict *verdict,
                                    const struct registration_policy *policy, uint64_t cluster_ms)
{
	return (struct binding){
		.care_of = registration_care_of(request),
		.endpoint = verdict->tunnel.endpoint,
		.endpoint_port = verdict->tunnel.endpoint_port,
		.source = request->source,
		.source_port = request->source_port,
		.granted_s = verdict->lifetime_s,
		.flags = request->fixed.flags,
		.encapsulation = verdict->tunnel.encapsulation,
		.features = features_of(request, verdict),
		.keepalive_s = verdict->tunnel.udp ? policy->keepalive_s : 0,
		.agent_stamp = verdict->revocable ? request->extensions.revocation.timestamp : 0,
		.identification = request->fixed.identification,
		.granted_ms = cluster_ms,
		.expires_ms = verdict->lifetime_s == LIFETIME_INFINITE
		                      ? BINDING_NEVER_EXPIRES
		                      : cluster_ms + verdict->lifetime_s * 1000u,
	};
}

static void append_udp_reply(struct writer *w, const struct registration_verdict *verdict,
                             const struct registration_policy *policy)
{
	const struct registration_tunnel *tunnel = &verdict->tunnel;

	mip_udp_tunnel_reply_append(w, tunnel->reply_code, tunnel->forced,
	                            tunnel->udp ? policy->keepalive_s : 0);
}

static bool has_udp_reply(const struct registration_verdict *verdict)
{
	return mip_code_is_accepted(verdict->code) && verdict->tunnel.answered;
}

/* For the mobile node: before its authenticator. */
static void append_for_mobile(struct writer *w, const struct registration_request *request,
                              const struct registration_verdict *verdict,
                              const struct registration_facts *facts)
{
	const struct mip_extensions *e = &request->extensions;
	const struct registration_policy *policy = &facts->policy;

	if (e->nai_count)
		mip_nai_append(w, e->nai);
	if (verdict->code == MIP_REDIRECTED)
		mip_dynamic_ha_append(w, MIP_DYNAMIC_HA_REDIRECTED, policy->redirect,
		                      e->dynamic_ha_count == 0 || e->dynamic_ha.rfc4433_form);
	if (mip_code_is_accepted(verdict->code) && e->gfa_count)
		mip_gfa_append(w, e->gfa.address);
	if (has_udp_reply(verdict) && is_of_mobile(request, facts, e->udp_request.at))
		append_udp_reply(w, verdict, policy);
	if (policy->message_strings && !mip_code_is_accepted(verdict->code))
		mip_message_string_append(w, MIP_MESSAGE_FROM_HOME, verdict->reason);
}

/* For the foreign agent: behind it. */
static void append_for_foreign(struct writer *w, const struct registration_request *request,
                               const struct registration_verdict *verdict,
                               const struct registration_facts *facts)
{
	const struct mip_extensions *e = &request->extensions;

	if (has_udp_reply(verdict) && !is_of_mobile(request, facts, e->udp_request.at))
		append_udp_reply(w, verdict, &facts->policy);
	if (e->challenge_count)
		mip_challenge_append(w, e->challenge);
	if (verdict->revocable)
		mip_revocation_support_append(w, e->revocation.inform,
		                              revocation_stamp(facts->cluster_ms));
}

/* RFC 5944 section 3.5.4: never on a deregistration. */
static bool wants_foreign_home(const struct registration_request *request,
                               const struct registration_signers *signers)
{
	return signers->foreign_key && !is_deregistration(request);
}

size_t registration_reply(const struct registration_request *request,
                          const struct registration_verdict *verdict,
                          const struct registration_facts *facts,
                          const struct registration_signers *signers,
                          uint8_t out[REGISTRATION_REPLY_MAX])
{
	struct writer w = writer_over(out, REGISTRATION_REPLY_MAX);

	if (verdict->code == MIP_SILENCE || !signers->mobile_key)
		return 0;
	mip_reply_encode(&w, &(struct mip_reply){
				     .code = (uint8_t)verdict->code,
				     .lifetime_s = verdict->lifetime_s,
				     .home = verdict->home,
				     .home_agent = facts->policy.home_agent,
				     .identification = verdict->identification,
			     });
	append_for_mobile(&w, request, verdict, facts);
	mip_authentication_append(&w, MIP_EXTENSION_MOBILE_HOME, signers->mobile_spi,
	                          signers->mobile_key);
	append_for_foreign(&w, request, verdict, facts);
	if (wants_foreign_home(request, signers))
		mip_authentication_append(&w, MIP_EXTENSION_FOREIGN_HOME, signers->foreign_spi,
		                          signers->foreign_key);
	return w.error == HA_OK ? writer_used(&w) : 0;
}
