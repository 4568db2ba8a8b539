/* check_request.c - checks of what an authentic request asks for. */
#include "agentd/registration/checks.h"

#include "agentd/base/address.h"

/* RFC 3115: what must be understood and is not, by whose it is. */
enum mip_code check_vendor_mobile(const struct registration_request *request,
                                  const struct registration_facts *facts)
{
	return request->extensions.cvse_count &&
	                       is_of_mobile(request, facts, request->extensions.cvse)
	               ? MIP_CVSE_MOBILE
	               : PASS;
}

enum mip_code check_vendor_foreign(const struct registration_request *request,
                                   const struct registration_facts *facts)
{
	(void)facts;
	return request->extensions.cvse_count ? MIP_CVSE_FOREIGN : PASS;
}

/* Dynamic home agent address resolution (RFC 5944 section 3.8.3.2): the reply's
 * Home Agent field tells. */
enum mip_code check_discovery(const struct registration_request *request,
                              const struct registration_facts *facts)
{
	(void)facts;
	return request->broadcast ? MIP_UNKNOWN_HA : PASS;
}

static bool is_any_agent(struct in_addr home_agent)
{
	return home_agent.s_addr == INADDR_ANY || home_agent.s_addr == INADDR_BROADCAST;
}

bool asks_any_agent(const struct registration_request *request,
                    const struct registration_facts *facts)
{
	return facts->policy.dynamic_home_agent && is_any_agent(request->fixed.home_agent) &&
	       request->extensions.nai_count > 0;
}

enum mip_code check_home_agent(const struct registration_request *request,
                               const struct registration_facts *facts)
{
	return address_equal(request->fixed.home_agent, facts->policy.home_agent) ||
	                       asks_any_agent(request, facts)
	               ? PASS
	               : MIP_UNKNOWN_HA;
}

/* RFC 4433 section 5.3: an agent that is asked for in the extension must be this
 * one, whatever the Home Agent field says. */
enum mip_code check_requested_agent(const struct registration_request *request,
                                    const struct registration_facts *facts)
{
	const struct mip_dynamic_ha *wanted = &request->extensions.dynamic_ha;

	if (!facts->policy.dynamic_home_agent || !request->extensions.dynamic_ha_count ||
	    wanted->subtype != MIP_DYNAMIC_HA_REQUESTED)
		return PASS;
	return address_equal(wanted->address, facts->policy.home_agent) ? PASS : MIP_UNKNOWN_HA;
}

enum mip_code check_redirect(const struct registration_request *request,
                             const struct registration_facts *facts)
{
	return asks_any_agent(request, facts) && facts->policy.redirect.s_addr &&
	                       !is_deregistration(request)
	               ? MIP_REDIRECTED
	               : PASS;
}

/* Sent as zero and ignored (RFC 5944 section 3.3); older agents refused them. */
enum mip_code check_reserved(const struct registration_request *request,
                             const struct registration_facts *facts)
{
	return facts->policy.strict_reserved &&
	                       request->fixed.flags & (MIP_REQUEST_R | MIP_REQUEST_X)
	               ? MIP_POORLY_FORMED
	               : PASS;
}

/* RFC 2794: zero asks for the address that goes with the name. Another one than
 * the node's own is not served; one that a pool would have to give is not the
 * node's to choose. */
enum mip_code check_home_address(const struct registration_request *request,
                                 const struct registration_facts *facts)
{
	struct in_addr home = request->fixed.home;

	if (home.s_addr == INADDR_ANY)
		return PASS;
	return address_equal(home, facts->node_home) ? PASS : MIP_PROHIBITED;
}

/* RFC 3024 section 4.3: these three, in this order. */
enum mip_code check_encapsulation(const struct registration_request *request,
                                  const struct registration_facts *facts)
{
	uint8_t flags = request->fixed.flags;
	bool gre = flags & MIP_REQUEST_GRE && facts->policy.gre;
	bool minimal = flags & MIP_REQUEST_MINIMAL && facts->policy.minimal;

	if (is_deregistration(request) || !(flags & (MIP_REQUEST_GRE | MIP_REQUEST_MINIMAL)))
		return PASS;
	return gre || minimal ? PASS : MIP_ENCAPSULATION_UNAVAILABLE;
}

enum mip_code check_reverse_mandatory(const struct registration_request *request,
                                      const struct registration_facts *facts)
{
	return !is_deregistration(request) &&
	                       facts->policy.reverse_tunnel == REVERSE_TUNNEL_REQUIRED &&
	                       !(request->fixed.flags & MIP_REQUEST_REVERSE)
	               ? MIP_REVERSE_MANDATORY
	               : PASS;
}

enum mip_code check_reverse_tunnel(const struct registration_request *request,
                                   const struct registration_facts *facts)
{
	return !is_deregistration(request) && facts->policy.reverse_tunnel == REVERSE_TUNNEL_NO &&
	                       request->fixed.flags & MIP_REQUEST_REVERSE
	               ? MIP_REVERSE_UNAVAILABLE
	               : PASS;
}

/* RFC 4857 section 6.3: an address that a gateway foreign agent appended counts
 * when that agent vouches for it. On the way home it cannot (RFC 5944 section
 * 3.5.4), and only names which of the node's own bindings is to go. */
enum mip_code check_gateway(const struct registration_request *request,
                            const struct registration_facts *facts)
{
	if (!request->extensions.gfa_count)
		return PASS;
	return facts->policy.gateway_agents &&
	                       (is_deregistration(request) ||
	                        is_of_known_agent(request, facts, request->extensions.gfa.at))
	               ? PASS
	               : MIP_DYNAMIC_GFA_UNSUPPORTED;
}

/* Nor can a binding end whose address nobody names. */
enum mip_code check_care_of_zero(const struct registration_request *request,
                                 const struct registration_facts *facts)
{
	(void)facts;
	return request->fixed.care_of.s_addr == INADDR_ANY && !request->extensions.gfa_count
	               ? MIP_ZERO_CARE_OF
	               : PASS;
}

enum mip_code check_care_of_form(const struct registration_request *request,
                                 const struct registration_facts *facts)
{
	struct in_addr care_of = registration_care_of(request);

	if (is_deregistration(request))
		return PASS;
	if (address_equal(care_of, request->fixed.home) || address_equal(care_of, facts->node_home))
		return MIP_POORLY_FORMED;
	if (!address_is_unicast(care_of) && !IN_MULTICAST(address_host(care_of)))
		return MIP_POORLY_FORMED;
	return PASS;
}

/* Packets would come straight back. Multicast groups are a matter of policy,
 * and there is none yet that admits one. */
enum mip_code check_care_of_allowed(const struct registration_request *request,
                                    const struct registration_facts *facts)
{
	struct in_addr care_of = registration_care_of(request);

	if (!is_deregistration(request) &&
	    (address_equal(care_of, facts->policy.home_agent) || !address_is_unicast(care_of)))
		return MIP_PROHIBITED;
	return PASS;
}

/* A node may always come home, and leave. Behind a NAT the care-of address says
 * nothing: then it is where the tunnel goes that counts. */
enum mip_code check_origin(const struct registration_request *request,
                           const struct registration_facts *facts)
{
	struct in_addr endpoint = tunnel_of(request, facts).endpoint;

	return is_deregistration(request) ||
	                       address_in_prefixes(endpoint, &facts->policy.allow_from)
	               ? PASS
	               : MIP_PROHIBITED;
}

enum mip_code check_binding_limit(const struct registration_request *request,
                                  const struct registration_facts *facts)
{
	struct in_addr care_of = registration_care_of(request);
	size_t others = 0;

	if (is_deregistration(request) || !keeps_others(request, facts))
		return PASS;
	for (size_t i = 0; i < facts->binding_count; i++)
		if (is_alive(&facts->bindings[i], facts) &&
		    !address_equal(facts->bindings[i].care_of, care_of))
			others++;
	return others < facts->binding_limit ? PASS : MIP_TOO_MANY_BINDINGS;
}

enum mip_code check_resources(const struct registration_request *request,
                              const struct registration_facts *facts)
{
	return facts->no_resources && !is_retransmission(request, facts) ? MIP_NO_RESOURCES : PASS;
}
