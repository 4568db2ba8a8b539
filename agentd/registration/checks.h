/* checks.h - for agentd/registration only: the checks, one look at one thing
 * each, and what they share.
 *
 * May include: agentd/registration/registration.h. */
#ifndef AGENTD_REGISTRATION_CHECKS_H
#define AGENTD_REGISTRATION_CHECKS_H

#include "agentd/registration/registration.h"

#define PASS ((enum mip_code)512) /* the next check goes on; never leaves this folder */

typedef enum mip_code check(const struct registration_request *, const struct registration_facts *);

/* check_authentic.c: who sent it, and whether it is new */
check check_enabled, check_extensions_known, check_authorization_present, check_association,
	check_spi;
check check_authenticator, check_aaa, check_answerable, check_well_formed, check_order,
	check_identification;
check check_foreign_agent, check_foreign_agent_known;

/* check_request.c: what it asks for */
check check_vendor_mobile, check_vendor_foreign, check_discovery, check_home_agent;
check check_requested_agent, check_redirect, check_reserved, check_home_address;
check check_encapsulation, check_reverse_mandatory, check_reverse_tunnel;
check check_gateway, check_care_of_zero, check_care_of_form, check_care_of_allowed;
check check_origin, check_binding_limit, check_resources;

/* tunnel.c: RFC 3519 */
check check_udp_form, check_udp_allowed, check_udp_encapsulation;
struct registration_tunnel tunnel_of(const struct registration_request *request,
                                     const struct registration_facts *facts);
/* The one that was granted before, for a repeated answer to `request`. */
struct registration_tunnel tunnel_of_binding(const struct registration_request *request,
                                             const struct binding *binding);

/* replay.c: RFC 5944 section 5.7 */
bool identification_is_good(const struct registration_request *request,
                            const struct registration_facts *facts);
/* The very octets of the newest accepted request, once more. */
bool is_retransmission(const struct registration_request *request,
                       const struct registration_facts *facts);
uint64_t reply_identification(const struct registration_request *request,
                              const struct registration_facts *facts, enum mip_code code);

static inline bool is_deregistration(const struct registration_request *request)
{
	return request->fixed.lifetime_s == 0;
}

static inline bool is_alive(const struct binding *binding, const struct registration_facts *facts)
{
	return binding->expires_ms > facts->cluster_ms;
}

/* A limit of one is an agent without simultaneous bindings: S is ignored. */
static inline bool keeps_others(const struct registration_request *request,
                                const struct registration_facts *facts)
{
	return request->fixed.flags & MIP_REQUEST_SIMULTANEOUS && facts->binding_limit > 1;
}

/* The authentication that the mobile node's own extensions stand under: what it
 * does not cover anybody may have added. */
const struct mip_authentication *mobile_authentication(const struct registration_request *request,
                                                       const struct registration_facts *facts);
bool is_of_mobile(const struct registration_request *request,
                  const struct registration_facts *facts, struct span octets);
/* Added by a foreign agent that authenticated itself. */
bool is_of_known_agent(const struct registration_request *request,
                       const struct registration_facts *facts, struct span octets);

/* RFC 4433: the node asks for an agent, any one. */
bool asks_any_agent(const struct registration_request *request,
                    const struct registration_facts *facts);

#endif
