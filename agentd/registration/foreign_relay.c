/* foreign_relay.c - what a foreign agent sends for a request: on to the home agent, or
 * back to the mobile node. */
#include "agentd/registration/foreign_checks.h"

#include "agentd/base/address.h"
#include "proto/extension_write.h"

#define ALL_AGENTS UINT32_C(0xe000000b) /* 224.0.0.11 */

enum ha_error foreign_request_decode(struct span payload, struct foreign_request *out)
{
	struct reader in = reader_over(payload.at, payload.size);
	enum ha_error error;

	*out = (struct foreign_request){ .message = payload };
	error = mip_request_decode(&in, &out->fixed);
	if (error == HA_OK)
		out->fault = mip_extensions_decode(payload, &in, &out->extensions);
	return error;
}

/* Our word reaches as far as our own care-of address, and is never needed to leave it
 * (RFC 5944 section 3.5.4). */
static bool is_of_our_care_of(const struct foreign_request *request,
                              const struct foreign_policy *policy)
{
	return !foreign_is_deregistration(request) &&
	       foreign_is_care_of(policy, request->fixed.care_of);
}

struct foreign_relay foreign_relay_plan(const struct foreign_request *request,
                                        const struct foreign_facts *facts)
{
	const struct foreign_policy *policy = facts->policy;
	const struct mip_extensions *e = &request->extensions;
	bool ours = is_of_our_care_of(request, policy);
	bool ends_here = ours && foreign_asks_service(request);
	bool known = foreign_is_care_of(policy, request->fixed.care_of);
	struct foreign_relay relay = {
		.kept = foreign_request_kept(request),
		.source = known ? request->fixed.care_of : policy->care_of[0],
		.destination = foreign_home_agent(request, policy),
		.udp_request = ends_here && foreign_offers(policy, AGENT_UDP_TUNNEL) &&
		               e->udp_request_count == 0,
		.udp_forced = policy->udp_forced,
		.revocation = ends_here && facts->home_agent_associated &&
		              foreign_offers(policy, AGENT_REVOCATION),
		.inform = policy->revocation_inform,
		.authenticated = ours && facts->home_agent_associated,
	};

	relay.challenge = e->challenge_count && e->challenge.at < relay.kept.at + relay.kept.size;
	return relay;
}

void foreign_keep(struct writer *out, struct span kept)
{
	uint8_t *at = writer_reserve(out, kept.size);

	if (at && at != kept.at)
		memcpy(at, kept.at, kept.size);
}

void foreign_relay_write(const struct foreign_relay *relay, const struct foreign_signer *home_agent,
                         uint32_t stamp, struct writer *out)
{
	foreign_keep(out, relay->kept);
	if (relay->udp_request)
		mip_udp_tunnel_request_append(out, relay->udp_forced, false, 0);
	if (relay->revocation)
		mip_revocation_support_append(out, relay->inform, stamp);
	if (relay->authenticated && !home_agent->key)
		writer_fail(out, HA_E_NOTFOUND);
	else if (relay->authenticated)
		mip_authentication_append(out, MIP_EXTENSION_FOREIGN_HOME, home_agent->spi,
		                          home_agent->key);
}

struct foreign_denial foreign_denial_of(const struct foreign_request *request,
                                        const struct foreign_verdict *verdict,
                                        const struct foreign_policy *policy)
{
	return (struct foreign_denial){
		.code = verdict->code,
		.lifetime_s = verdict->lifetime_s,
		.home = request->fixed.home,
		.home_agent = request->fixed.home_agent,
		.identification = request->fixed.identification,
		.reason = policy->message_strings ? verdict->reason : NULL,
	};
}

void foreign_answer_append(struct writer *out, const struct foreign_answer *answer,
                           const char *reason)
{
	if (answer->challenge.size)
		mip_challenge_append(out, answer->challenge);
	if (reason)
		mip_message_string_append(out, MIP_MESSAGE_FROM_FOREIGN, reason);
	if (answer->mobile.key)
		mip_authentication_append(out, MIP_EXTENSION_MOBILE_FOREIGN, answer->mobile.spi,
		                          answer->mobile.key);
}

void foreign_denial_write(const struct foreign_denial *denial, const struct foreign_answer *answer,
                          struct writer *out)
{
	mip_reply_encode(out, &(struct mip_reply){
				      .code = (uint8_t)denial->code,
				      .lifetime_s = denial->lifetime_s,
				      .home = denial->home,
				      .home_agent = denial->home_agent,
				      .identification = denial->identification,
			      });
	foreign_answer_append(out, answer, denial->reason);
}

struct foreign_addresses foreign_addresses_of(struct in_addr asked, struct in_addr here,
                                              struct in_addr home)
{
	struct foreign_addresses to = { .source = asked, .destination = home };

	if (address_host(asked) == ALL_AGENTS || asked.s_addr == INADDR_BROADCAST)
		to.source = here;
	if (home.s_addr == INADDR_ANY)
		to.destination.s_addr = INADDR_BROADCAST;
	return to;
}
