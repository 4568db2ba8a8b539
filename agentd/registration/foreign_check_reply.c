/* foreign_check_reply.c - checks of a home agent's reply. A reply that may be anybody's is
 * met with silence, and its request goes on waiting; of one that is the home agent's and
 * cannot be used the mobile node is told. */
#include "agentd/registration/foreign_checks.h"

#include "agentd/base/address.h"

/* Nothing is awaited longer than the lifetime that was asked for (RFC 5944 section
 * 3.7.2.2). */
static bool has_ended(const struct foreign_registration *pending, uint64_t now_ms)
{
	return pending->lifetime_s > 0 &&
	       now_ms - pending->since_ms >= pending->lifetime_s * UINT64_C(1000);
}

enum foreign_code foreign_check_reply_awaited(const struct foreign_reply *reply,
                                              const struct foreign_reply_facts *facts)
{
	(void)reply;
	return facts->pending && !has_ended(facts->pending, facts->now_ms) ? FOREIGN_PASS
	                                                                   : FOREIGN_SILENCE;
}

enum foreign_code foreign_check_reply_extensions(const struct foreign_reply *reply,
                                                 const struct foreign_reply_facts *facts)
{
	(void)facts;
	return reply->fault == HA_E_UNKNOWN_EXTENSION ? FOREIGN_SILENCE : FOREIGN_PASS;
}

/* From where the request went: addresses and ports are those of the request, turned round
 * (RFC 5944 section 3.8.3.1). That may be the broadcast address of a home network, which
 * looks like any other from here; each home agent there then denies in its own name, and
 * that is how it is found (section 3.6.1.2). But with whom we share a key is one host. */
enum foreign_code foreign_check_reply_sender(const struct foreign_reply *reply,
                                             const struct foreign_reply_facts *facts)
{
	bool asked = address_equal(reply->source, facts->pending->relayed_to);
	bool found = address_equal(reply->source, reply->fixed.home_agent) &&
	             !mip_code_is_accepted(reply->fixed.code);

	if (!asked && facts->pending->features & FOREIGN_HAS_SIGNED)
		return FOREIGN_SILENCE;
	return reply->source_port == MIP_PORT && (asked || found) ? FOREIGN_PASS : FOREIGN_SILENCE;
}

enum foreign_code foreign_check_reply_identification(const struct foreign_reply *reply,
                                                     const struct foreign_reply_facts *facts)
{
	return (uint32_t)reply->fixed.identification == (uint32_t)facts->pending->identification
	               ? FOREIGN_PASS
	               : FOREIGN_SILENCE;
}

enum foreign_code foreign_check_reply_node(const struct foreign_reply *reply,
                                           const struct foreign_reply_facts *facts)
{
	return foreign_registration_is_of(facts->pending, reply->fixed.home, reply->extensions.nai)
	               ? FOREIGN_PASS
	               : FOREIGN_SILENCE;
}

/* Required where we signed the request: what the reply says of itself, a lifetime of zero
 * too, is the word of whom it does not prove to be. One that is there must verify in any
 * case (RFC 5944 sections 3.7.1 and 3.7.3.1). */
enum foreign_code foreign_check_reply_authenticator(const struct foreign_reply *reply,
                                                    const struct foreign_reply_facts *facts)
{
	(void)reply;
	if (!facts->home_agent_associated || facts->foreign_home == AUTHENTICATION_VALID)
		return FOREIGN_PASS;
	return facts->foreign_home == AUTHENTICATION_ABSENT &&
	                       !(facts->pending->features & FOREIGN_HAS_SIGNED)
	               ? FOREIGN_PASS
	               : FOREIGN_HA_AUTH_FAILED;
}

/* Reverse tunnels go to whom an accepted reply names, and a visitor is looked for under that
 * name: a home agent names but itself, whatever key it has. Only one that was asked in the place
 * of any may send a mobile node to another one (RFC 4433), if it proves who it is and nobody
 * visits under that name. */
enum foreign_code foreign_check_reply_named(const struct foreign_reply *reply,
                                            const struct foreign_reply_facts *facts)
{
	struct in_addr named = reply->fixed.home_agent;

	if (named.s_addr == INADDR_ANY)
		return FOREIGN_PASS;
	if (!mip_code_is_accepted(reply->fixed.code) || address_equal(named, reply->source))
		return FOREIGN_PASS;
	return foreign_is_any_agent(facts->pending->home_agent) && !facts->visitor &&
	                       facts->foreign_home == AUTHENTICATION_VALID
	               ? FOREIGN_PASS
	               : FOREIGN_SILENCE;
}

enum foreign_code foreign_check_reply_form(const struct foreign_reply *reply,
                                           const struct foreign_reply_facts *facts)
{
	(void)facts;
	return reply->fault == HA_OK ? FOREIGN_PASS : FOREIGN_POORLY_FORMED_REPLY;
}

/* The mobile node takes no reply of its home agent without (section 3.6.2.1), nor one with
 * two, and would wait in vain. A NAI that it does not cover is nobody's. */
enum foreign_code foreign_check_reply_authorization(const struct foreign_reply *reply,
                                                    const struct foreign_reply_facts *facts)
{
	const struct mip_extensions *e = &reply->extensions;

	(void)facts;
	return e->mobile_home_count == 1 && e->nai_count <= 1 ? FOREIGN_PASS
	                                                      : FOREIGN_POORLY_FORMED_REPLY;
}

enum foreign_code foreign_check_reply_vendor(const struct foreign_reply *reply,
                                             const struct foreign_reply_facts *facts)
{
	const struct mip_extensions *e = &reply->extensions;

	(void)facts;
	return e->cvse_count && !mip_authentication_covers(&e->mobile_home, e->cvse)
	               ? FOREIGN_CVSE_HOME
	               : FOREIGN_PASS;
}

/* What follows matters to one who is served: a denial goes to the mobile node as it is,
 * so that it learns its reason. */
static bool is_accepted(const struct foreign_reply *reply)
{
	return mip_code_is_accepted(reply->fixed.code);
}

enum foreign_code foreign_check_reply_nai(const struct foreign_reply *reply,
                                          const struct foreign_reply_facts *facts)
{
	return is_accepted(reply) && facts->pending->nai_size > 0 &&
	                       reply->extensions.nai_count == 0
	               ? FOREIGN_MISSING_NAI
	               : FOREIGN_PASS;
}

enum foreign_code foreign_check_reply_home_agent(const struct foreign_reply *reply,
                                                 const struct foreign_reply_facts *facts)
{
	(void)facts;
	return is_accepted(reply) && reply->fixed.home_agent.s_addr == INADDR_ANY
	               ? FOREIGN_MISSING_HOME_AGENT
	               : FOREIGN_PASS;
}

enum foreign_code foreign_check_reply_home(const struct foreign_reply *reply,
                                           const struct foreign_reply_facts *facts)
{
	(void)facts;
	return is_accepted(reply) && reply->fixed.home.s_addr == INADDR_ANY ? FOREIGN_MISSING_HOME
	                                                                    : FOREIGN_PASS;
}

/* The address is the home agent's choice: what a request may not name, it may not give. */
static bool is_assigned(const struct foreign_reply *reply, const struct foreign_reply_facts *facts)
{
	return is_accepted(reply) && facts->pending->home.s_addr == INADDR_ANY &&
	       facts->pending->lifetime_s > 0;
}

enum foreign_code foreign_check_reply_assigned(const struct foreign_reply *reply,
                                               const struct foreign_reply_facts *facts)
{
	return is_assigned(reply, facts) &&
	                       !foreign_home_is_foreign(facts->policy, reply->fixed.home,
	                                                facts->home_is_ours)
	               ? FOREIGN_PROHIBITED
	               : FOREIGN_PASS;
}

/* Who would have had to prove that the address is its own, does not get it by a name. */
enum foreign_code foreign_check_reply_owner(const struct foreign_reply *reply,
                                            const struct foreign_reply_facts *facts)
{
	return is_assigned(reply, facts) && facts->home_associated &&
	                       !(facts->pending->features & FOREIGN_HAS_PROVED)
	               ? FOREIGN_MN_AUTH_FAILED
	               : FOREIGN_PASS;
}

/* Given back by the home agent, it is the one that we relayed; not to give it back is
 * allowed (RFC 4721 section 3.3). */
enum foreign_code foreign_check_reply_challenge(const struct foreign_reply *reply,
                                                const struct foreign_reply_facts *facts)
{
	struct span back = reply->extensions.challenge;
	const struct foreign_registration *pending = facts->pending;

	if (!is_accepted(reply) || reply->extensions.challenge_count == 0)
		return FOREIGN_PASS;
	return pending->features & FOREIGN_HAS_CHALLENGE && back.size == pending->challenge_size &&
	                       memcmp(back.at, pending->challenge, back.size) == 0
	               ? FOREIGN_PASS
	               : FOREIGN_WRONG_CHALLENGE;
}

/* RFC 3543 section 4.2.1: an agent need not serve what it could not be told the end of. */
enum foreign_code foreign_check_reply_revocation(const struct foreign_reply *reply,
                                                 const struct foreign_reply_facts *facts)
{
	const struct foreign_registration *pending = facts->pending;

	if (!facts->policy->revocation_required || !is_accepted(reply) || pending->lifetime_s == 0)
		return FOREIGN_PASS;
	if (pending->flags & MIP_REQUEST_DECAPSULATES)
		return FOREIGN_PASS;
	return reply->extensions.revocation_count && pending->features & FOREIGN_HAS_REVOCATION &&
	                       foreign_is_home_agents_word(reply, facts,
	                                                   reply->extensions.revocation.at)
	               ? FOREIGN_PASS
	               : FOREIGN_PROHIBITED;
}
