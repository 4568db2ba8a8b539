/* foreign_checks.h - for agentd/registration only: the foreign agent's checks, one look at
 * one thing each, and what they share.
 *
 * May include: agentd/registration/foreign.h and foreign_reply.h. */
#ifndef AGENTD_REGISTRATION_FOREIGN_CHECKS_H
#define AGENTD_REGISTRATION_FOREIGN_CHECKS_H

#include "agentd/registration/foreign.h"
#include "agentd/registration/foreign_reply.h"

#define FOREIGN_PASS ((enum foreign_code)512) /* the next check goes on; never leaves this folder */

/* Of requests. */

typedef enum foreign_code foreign_check(const struct foreign_request *,
                                        const struct foreign_facts *);

/* foreign_check_form.c: whether it is one, and whose */
foreign_check foreign_check_enabled, foreign_check_extensions_known;
foreign_check foreign_check_revocation_support, foreign_check_challenge_signed;
foreign_check foreign_check_well_formed, foreign_check_authorization, foreign_check_order;
foreign_check foreign_check_reserved, foreign_check_care_of, foreign_check_mobile_foreign;
foreign_check foreign_check_aaa, foreign_check_vendor, foreign_check_challenge_present;
foreign_check foreign_check_challenge_known, foreign_check_challenge_fresh;

/* foreign_check_terms.c: what it asks for */
foreign_check foreign_check_lifetime, foreign_check_encapsulation, foreign_check_delivery_style;
foreign_check foreign_check_reverse_mandatory, foreign_check_distance;
foreign_check foreign_check_reverse_tunnel, foreign_check_home_address, foreign_check_home_foreign;
foreign_check foreign_check_any_home_agent, foreign_check_home_agent;
foreign_check foreign_check_home_agent_allowed, foreign_check_busy, foreign_check_pending;
foreign_check foreign_check_resources;

/* Of replies. */

typedef enum foreign_code foreign_reply_check(const struct foreign_reply *,
                                              const struct foreign_reply_facts *);

/* foreign_check_reply.c */
foreign_reply_check foreign_check_reply_awaited, foreign_check_reply_extensions;
foreign_reply_check foreign_check_reply_sender, foreign_check_reply_identification;
foreign_reply_check foreign_check_reply_node, foreign_check_reply_authenticator;
foreign_reply_check foreign_check_reply_named;
foreign_reply_check foreign_check_reply_form, foreign_check_reply_authorization;
foreign_reply_check foreign_check_reply_vendor, foreign_check_reply_nai;
foreign_reply_check foreign_check_reply_home_agent, foreign_check_reply_home;
foreign_reply_check foreign_check_reply_assigned, foreign_check_reply_owner;
foreign_reply_check foreign_check_reply_challenge, foreign_check_reply_revocation;

/* The octets of a message that nobody on the way may change: to the last of the extensions
 * that authorise it (`other` NULL: it can have but one). Without any, its fixed part. */
struct span foreign_kept(struct span message, size_t fixed_size,
                         const struct mip_authentication *one,
                         const struct mip_authentication *other);
/* Of a request: Mobile-Home and MN-AAA do. */
struct span foreign_request_kept(const struct foreign_request *request);

/* Write them, in place where the writer stands over them already. */
void foreign_keep(struct writer *out, struct span kept);

bool foreign_offers(const struct foreign_policy *policy, enum agent_flag offer);
/* Whether a visitor can have that home address; `is_ours`: it belongs here. */
bool foreign_home_is_foreign(const struct foreign_policy *policy, struct in_addr home,
                             bool is_ours);
bool foreign_is_care_of(const struct foreign_policy *policy, struct in_addr address);

/* What the reply says to us counts where it is known to be the home agent's word, or where
 * nothing is shared to know it by. */
bool foreign_is_home_agents_word(const struct foreign_reply *reply,
                                 const struct foreign_reply_facts *facts, struct span octets);

/* The end of the reply: 132, 145 and 33, where there is what they need. */
void foreign_answer_append(struct writer *out, const struct foreign_answer *answer,
                           const char *reason);

static inline bool foreign_is_deregistration(const struct foreign_request *request)
{
	return request->fixed.lifetime_s == 0;
}

/* The mobile node is to be served by us: its tunnel ends here. */
static inline bool foreign_asks_service(const struct foreign_request *request)
{
	return !foreign_is_deregistration(request) &&
	       !(request->fixed.flags & MIP_REQUEST_DECAPSULATES);
}

/* RFC 4433: what stands for an agent, any one. */
static inline bool foreign_is_any_agent(struct in_addr home_agent)
{
	return home_agent.s_addr == INADDR_ANY || home_agent.s_addr == INADDR_BROADCAST;
}

static inline bool foreign_asks_any_agent(const struct foreign_request *request)
{
	return foreign_is_any_agent(request->fixed.home_agent);
}

#endif
