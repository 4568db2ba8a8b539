/* foreign_check_terms.c - checks of what a mobile node asks a foreign agent for. What is
 * refused here as not offered is what the advertisement does not offer. A deregistration
 * asks for nothing: it is relayed whatever is offered (RFC 5944 section 3.7). */
#include "agentd/registration/foreign_checks.h"

#include "agentd/base/address.h"
#include "agentd/base/binding.h"

enum foreign_code foreign_check_lifetime(const struct foreign_request *request,
                                         const struct foreign_facts *facts)
{
	return request->fixed.lifetime_s > facts->policy->max_lifetime_s ? FOREIGN_LIFETIME_TOO_LONG
	                                                                 : FOREIGN_PASS;
}

enum foreign_code foreign_check_encapsulation(const struct foreign_request *request,
                                              const struct foreign_facts *facts)
{
	unsigned flags = request->fixed.flags;

	if (!foreign_asks_service(request))
		return FOREIGN_PASS;
	if (flags & MIP_REQUEST_MINIMAL && !foreign_offers(facts->policy, AGENT_MINIMAL))
		return FOREIGN_ENCAPSULATION_UNAVAILABLE;
	if (flags & MIP_REQUEST_GRE && !foreign_offers(facts->policy, AGENT_GRE))
		return FOREIGN_ENCAPSULATION_UNAVAILABLE;
	return FOREIGN_PASS;
}

/* An extension that is not empty asks for a style that is not defined yet. */
enum foreign_code foreign_check_delivery_style(const struct foreign_request *request,
                                               const struct foreign_facts *facts)
{
	struct span style = request->extensions.delivery;

	if (!request->extensions.delivery_count || !foreign_asks_service(request))
		return FOREIGN_PASS;
	return facts->policy->encapsulating_delivery && style.size == 2
	               ? FOREIGN_PASS
	               : FOREIGN_DELIVERY_UNSUPPORTED;
}

enum foreign_code foreign_check_reverse_mandatory(const struct foreign_request *request,
                                                  const struct foreign_facts *facts)
{
	return facts->policy->reverse_required && foreign_asks_service(request) &&
	                       !(request->fixed.flags & MIP_REQUEST_REVERSE)
	               ? FOREIGN_REVERSE_MANDATORY
	               : FOREIGN_PASS;
}

/* A node that is not on the link has no business to have its neighbours' packets
 * tunnelled. */
enum foreign_code foreign_check_distance(const struct foreign_request *request,
                                         const struct foreign_facts *facts)
{
	(void)facts;
	return foreign_asks_service(request) && request->fixed.flags & MIP_REQUEST_REVERSE &&
	                       request->ttl != FOREIGN_TTL
	               ? FOREIGN_TOO_DISTANT
	               : FOREIGN_PASS;
}

enum foreign_code foreign_check_reverse_tunnel(const struct foreign_request *request,
                                               const struct foreign_facts *facts)
{
	return foreign_asks_service(request) && request->fixed.flags & MIP_REQUEST_REVERSE &&
	                       !foreign_offers(facts->policy, AGENT_REVERSE_TUNNEL)
	               ? FOREIGN_REVERSE_UNAVAILABLE
	               : FOREIGN_PASS;
}

/* Without an address its reply is known by the NAI. */
enum foreign_code foreign_check_home_address(const struct foreign_request *request,
                                             const struct foreign_facts *facts)
{
	if (request->fixed.home.s_addr != INADDR_ANY)
		return FOREIGN_PASS;
	return request->extensions.nai_count && !facts->policy->home_required
	               ? FOREIGN_PASS
	               : FOREIGN_HOME_REQUIRED;
}

/* A visitor with an address of this place, or with one that no host has, would take
 * packets that are somebody else's. */
bool foreign_home_is_foreign(const struct foreign_policy *policy, struct in_addr home, bool is_ours)
{
	return !is_ours && !foreign_is_care_of(policy, home) && address_is_unicast(home);
}

enum foreign_code foreign_check_home_foreign(const struct foreign_request *request,
                                             const struct foreign_facts *facts)
{
	struct in_addr home = request->fixed.home;

	if (home.s_addr == INADDR_ANY || foreign_is_deregistration(request))
		return FOREIGN_PASS;
	return foreign_home_is_foreign(facts->policy, home, facts->home_is_ours)
	               ? FOREIGN_PASS
	               : FOREIGN_PROHIBITED;
}

struct in_addr foreign_home_agent(const struct foreign_request *request,
                                  const struct foreign_policy *policy)
{
	const struct mip_extensions *e = &request->extensions;

	if (!foreign_asks_any_agent(request))
		return request->fixed.home_agent;
	if (e->dynamic_ha_count && e->dynamic_ha.subtype == MIP_DYNAMIC_HA_REQUESTED)
		return e->dynamic_ha.address;
	return policy->home_agent;
}

enum foreign_code foreign_check_any_home_agent(const struct foreign_request *request,
                                               const struct foreign_facts *facts)
{
	return foreign_asks_any_agent(request) &&
	                       !address_is_unicast(foreign_home_agent(request, facts->policy))
	               ? FOREIGN_HOME_AGENT_REQUIRED
	               : FOREIGN_PASS;
}

/* To relay it to ourselves would be to relay it again and again. */
enum foreign_code foreign_check_home_agent(const struct foreign_request *request,
                                           const struct foreign_facts *facts)
{
	if (facts->home_agent_is_ours)
		return facts->served_here ? FOREIGN_PASS : FOREIGN_INVALID_HOME_AGENT;
	return address_is_unicast(foreign_home_agent(request, facts->policy))
	               ? FOREIGN_PASS
	               : FOREIGN_INVALID_HOME_AGENT;
}

enum foreign_code foreign_check_home_agent_allowed(const struct foreign_request *request,
                                                   const struct foreign_facts *facts)
{
	const struct address_prefixes *allowed = &facts->policy->home_agents;

	return allowed->count == 0 || address_in_prefixes(
					      foreign_home_agent(request, facts->policy), allowed)
	               ? FOREIGN_PASS
	               : FOREIGN_PROHIBITED;
}

/* Busy is to have no room for new ones (RFC 5944 section 2.1.1). */
enum foreign_code foreign_check_busy(const struct foreign_request *request,
                                     const struct foreign_facts *facts)
{
	return foreign_offers(facts->policy, AGENT_BUSY) && !facts->visiting &&
	                       !foreign_is_deregistration(request)
	               ? FOREIGN_NO_RESOURCES
	               : FOREIGN_PASS;
}

enum foreign_code foreign_check_pending(const struct foreign_request *request,
                                        const struct foreign_facts *facts)
{
	(void)request;
	return facts->pending_full ? FOREIGN_NO_RESOURCES : FOREIGN_PASS;
}

enum foreign_code foreign_check_resources(const struct foreign_request *request,
                                          const struct foreign_facts *facts)
{
	return facts->no_resources && !foreign_is_deregistration(request) ? FOREIGN_NO_RESOURCES
	                                                                  : FOREIGN_PASS;
}
