/* tunnel.c - how packets will reach the care-of address: the encapsulation that
 * was asked for, and UDP where a NAT is in between (RFC 3519 sections 3 and
 * 4.6). */
#include "agentd/registration/checks.h"

#include "agentd/base/address.h"

static const struct mip_udp_tunnel_request *udp_request(const struct registration_request *request)
{
	return request->extensions.udp_request_count && !is_deregistration(request)
	               ? &request->extensions.udp_request
	               : NULL;
}

/* The node asks before its authenticator, and decapsulates itself; a foreign
 * agent asks behind that, for what it decapsulates. */
enum mip_code check_udp_form(const struct registration_request *request,
                             const struct registration_facts *facts)
{
	const struct mip_udp_tunnel_request *udp = udp_request(request);
	bool decapsulates = request->fixed.flags & MIP_REQUEST_DECAPSULATES;

	if (!udp)
		return PASS;
	if (udp->reserved_set || is_of_mobile(request, facts, udp->at) != decapsulates)
		return MIP_POORLY_FORMED;
	return PASS;
}

/* A source that is not the care-of address means a NAT (section 4.6); with R the
 * source is a foreign agent in between, and a NAT is taken for granted. */
static bool is_behind_nat(const struct registration_request *request)
{
	return !address_equal(request->source, registration_care_of(request));
}

/* What no authenticator covers, anybody may have added who overheard the request;
 * and the tunnel would go to where he sent it from. */
static bool is_vouched_for(const struct mip_udp_tunnel_request *udp,
                           const struct registration_request *request,
                           const struct registration_facts *facts)
{
	return facts->policy.udp_tunnel_unverified || is_of_mobile(request, facts, udp->at) ||
	       is_of_known_agent(request, facts, udp->at);
}

static bool is_granted(const struct mip_udp_tunnel_request *udp,
                       const struct registration_request *request,
                       const struct registration_facts *facts)
{
	if (facts->policy.udp_tunnel == UDP_TUNNEL_NO || !is_vouched_for(udp, request, facts))
		return false;
	return is_behind_nat(request) || udp->registration_required ||
	       (udp->forced && facts->policy.udp_tunnel == UDP_TUNNEL_ON_REQUEST);
}

/* Declining would leave a node behind a NAT without a way: it is told. */
enum mip_code check_udp_allowed(const struct registration_request *request,
                                const struct registration_facts *facts)
{
	const struct mip_udp_tunnel_request *udp = udp_request(request);

	if (!udp || is_granted(udp, request, facts))
		return PASS;
	return is_behind_nat(request) || udp->registration_required || udp->forced ? MIP_PROHIBITED
	                                                                           : PASS;
}

#define PROTOCOL_IPIP 4u
#define PROTOCOL_GRE 47u
#define PROTOCOL_MINIMAL 55u

static bool can_encapsulate(const struct registration_policy *policy, uint8_t protocol)
{
	switch (protocol) {
	case 0: /* as M and G say, which have a check of their own */
	case PROTOCOL_IPIP:
		return true;
	case PROTOCOL_GRE:
		return policy->gre;
	case PROTOCOL_MINIMAL:
		return policy->minimal;
	default:
		return false;
	}
}

enum mip_code check_udp_encapsulation(const struct registration_request *request,
                                      const struct registration_facts *facts)
{
	const struct mip_udp_tunnel_request *udp = udp_request(request);

	if (!udp || !is_granted(udp, request, facts))
		return PASS;
	return can_encapsulate(&facts->policy, udp->encapsulation) ? PASS : MIP_UDP_UNAVAILABLE;
}

/* G and M together: GRE carries more, where it is offered. */
static uint8_t encapsulation_of(const struct registration_request *request,
                                const struct mip_udp_tunnel_request *udp,
                                const struct registration_policy *policy)
{
	uint8_t flags = request->fixed.flags;

	if (udp && udp->encapsulation)
		flags = udp->encapsulation == PROTOCOL_GRE       ? MIP_REQUEST_GRE
		        : udp->encapsulation == PROTOCOL_MINIMAL ? MIP_REQUEST_MINIMAL
		                                                 : 0;
	if (flags & MIP_REQUEST_GRE && policy->gre)
		return ENCAPSULATION_GRE;
	return flags & MIP_REQUEST_MINIMAL && policy->minimal ? ENCAPSULATION_MINIMAL
	                                                      : ENCAPSULATION_IPIP;
}

struct registration_tunnel tunnel_of(const struct registration_request *request,
                                     const struct registration_facts *facts)
{
	const struct mip_udp_tunnel_request *udp = udp_request(request);
	struct registration_tunnel tunnel = {
		.endpoint = registration_care_of(request),
		.answered = udp != NULL,
		.udp = udp && is_granted(udp, request, facts),
		.reply_code = MIP_UDP_DECLINED,
	};

	tunnel.encapsulation = encapsulation_of(request, tunnel.udp ? udp : NULL, &facts->policy);
	if (!tunnel.udp)
		return tunnel;
	tunnel.reply_code = MIP_UDP_ACCEPTED;
	tunnel.forced = udp->forced && !is_behind_nat(request);
	tunnel.endpoint = request->source;
	if (!udp->registration_required)
		tunnel.endpoint_port = request->source_port;
	return tunnel;
}

struct registration_tunnel tunnel_of_binding(const struct registration_request *request,
                                             const struct binding *binding)
{
	bool udp = binding->features & BINDING_UDP;

	return (struct registration_tunnel){
		.endpoint = binding->endpoint,
		.endpoint_port = binding->endpoint_port,
		.encapsulation = binding->encapsulation,
		.udp = udp,
		.answered = udp_request(request) != NULL,
		.forced = binding->features & BINDING_UDP_FORCED,
		.reply_code = udp ? MIP_UDP_ACCEPTED : MIP_UDP_DECLINED,
	};
}
