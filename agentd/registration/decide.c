/* decide.c - the checks, in the order RFC 5944 section 3.8.2.1 wants them.
 * Each looks at one thing; the first that does not pass ends the matter. What
 * comes before `identification` may not depend on anything that is not
 * authenticated. */
#include "agentd/registration/registration.h"

#include "agentd/base/address.h"
#include "agentd/base/clock.h"

#define PASS ((enum mip_code)512) /* the next check goes on; never leaves this file */

typedef enum mip_code check(const struct registration_request *, const struct registration_facts *);

static enum mip_code check_extensions_known(const struct registration_request *request,
                                            const struct registration_facts *facts)
{
	(void)facts;
	return request->fault == HA_E_UNKNOWN_EXTENSION ? MIP_SILENCE : PASS;
}

static enum mip_code check_authorization_present(const struct registration_request *request,
                                                 const struct registration_facts *facts)
{
	(void)request;
	return facts->mobile_home == AUTHENTICATION_ABSENT ? MIP_SILENCE : PASS;
}

static enum mip_code check_association(const struct registration_request *request,
                                       const struct registration_facts *facts)
{
	(void)request;
	return facts->mobile_home == AUTHENTICATION_NO_ASSOCIATION ? MIP_SILENCE : PASS;
}

/* A foreign agent that authenticated itself is told; who did not is told only
 * where the operator wants that, and never when the sender should have
 * authenticated itself and did not. */
static enum mip_code check_authenticator(const struct registration_request *request,
                                         const struct registration_facts *facts)
{
	(void)request;
	if (facts->mobile_home == AUTHENTICATION_VALID)
		return PASS;
	if (facts->foreign_home == AUTHENTICATION_VALID)
		return MIP_MN_AUTH_FAILED;
	if (!facts->foreign_agent_associated && facts->policy.reply_to_failed_authentication)
		return MIP_MN_AUTH_FAILED;
	return MIP_SILENCE;
}

static enum mip_code check_well_formed(const struct registration_request *request,
                                       const struct registration_facts *facts)
{
	(void)facts;
	return request->fault == HA_OK ? PASS : MIP_POORLY_FORMED;
}

static bool inside_window(uint64_t identification, const struct registration_facts *facts)
{
	uint64_t sent_ms = clock_ms_of_ntp(identification, facts->wall_ms);
	uint64_t distance_ms = sent_ms > facts->wall_ms ? sent_ms - facts->wall_ms
	                                                : facts->wall_ms - sent_ms;

	return distance_ms <= facts->policy.tolerance_s * 1000u;
}

/* The very octets of the newest accepted request, once more. */
static bool is_retransmission(const struct registration_request *request,
                              const struct registration_facts *facts)
{
	return request->fixed.identification == facts->newest_identification &&
	       registration_digest(request) == facts->newest_digest;
}

static enum mip_code check_identification(const struct registration_request *request,
                                          const struct registration_facts *facts)
{
	if (!inside_window(request->fixed.identification, facts))
		return MIP_ID_MISMATCH;
	if (clock_ntp_is_later(request->fixed.identification, facts->newest_identification) ||
	    is_retransmission(request, facts))
		return PASS;
	return MIP_ID_MISMATCH;
}

/* A deregistration may come without (RFC 5944 section 3.8.1, last paragraph). */
static enum mip_code check_foreign_agent(const struct registration_request *request,
                                         const struct registration_facts *facts)
{
	if (!facts->foreign_agent_associated || request->fixed.lifetime_s == 0)
		return PASS;
	return facts->foreign_home == AUTHENTICATION_VALID ? PASS : MIP_FA_AUTH_FAILED;
}

static enum mip_code check_foreign_agent_known(const struct registration_request *request,
                                               const struct registration_facts *facts)
{
	if (request->extensions.foreign_home_count > 0 && !facts->foreign_agent_associated)
		return MIP_SILENCE;
	return PASS;
}

static enum mip_code check_home_agent(const struct registration_request *request,
                                      const struct registration_facts *facts)
{
	return address_equal(request->fixed.home_agent, facts->policy.home_agent) ? PASS
	                                                                          : MIP_UNKNOWN_HA;
}

static enum mip_code check_reverse_tunnel(const struct registration_request *request,
                                          const struct registration_facts *facts)
{
	if (request->fixed.lifetime_s != 0 && request->fixed.flags & MIP_REQUEST_REVERSE &&
	    !facts->policy.reverse_tunnel)
		return MIP_REVERSE_UNAVAILABLE;
	return PASS;
}

static enum mip_code check_care_of_form(const struct registration_request *request,
                                        const struct registration_facts *facts)
{
	struct in_addr care_of = request->fixed.care_of;

	(void)facts;
	if (request->fixed.lifetime_s == 0)
		return PASS;
	if (address_equal(care_of, request->fixed.home))
		return MIP_POORLY_FORMED;
	if (!address_is_unicast(care_of) && !IN_MULTICAST(address_host(care_of)))
		return MIP_POORLY_FORMED;
	return PASS;
}

/* Packets would come straight back. Multicast groups are a matter of policy,
 * and there is none yet that admits one. */
static enum mip_code check_care_of_allowed(const struct registration_request *request,
                                           const struct registration_facts *facts)
{
	struct in_addr care_of = request->fixed.care_of;

	if (request->fixed.lifetime_s != 0 &&
	    (address_equal(care_of, facts->policy.home_agent) || !address_is_unicast(care_of)))
		return MIP_PROHIBITED;
	return PASS;
}

static bool is_alive(const struct binding *binding, const struct registration_facts *facts)
{
	return binding->expires_ms > facts->cluster_ms;
}

/* A limit of one is an agent without simultaneous bindings: S is ignored. */
static bool keeps_others(const struct registration_request *request,
                         const struct registration_facts *facts)
{
	return request->fixed.flags & MIP_REQUEST_SIMULTANEOUS && facts->binding_limit > 1;
}

static enum mip_code check_binding_limit(const struct registration_request *request,
                                         const struct registration_facts *facts)
{
	size_t others = 0;

	if (request->fixed.lifetime_s == 0 || !keeps_others(request, facts))
		return PASS;
	for (size_t i = 0; i < facts->binding_count; i++)
		if (is_alive(&facts->bindings[i], facts) &&
		    !address_equal(facts->bindings[i].care_of, request->fixed.care_of))
			others++;
	return others < facts->binding_limit ? PASS : MIP_TOO_MANY_BINDINGS;
}

static enum mip_code check_resources(const struct registration_request *request,
                                     const struct registration_facts *facts)
{
	return facts->no_resources && !is_retransmission(request, facts) ? MIP_NO_RESOURCES : PASS;
}

static const struct {
	check *check;
	enum registration_violation violation;
	const char *reason;
} checks[] = {
	{ check_extensions_known, 0, "it has an unknown extension that must not be skipped" },
	{ check_authorization_present, VIOLATION_MISSING_EXTENSION,
	  "it has no authorization-enabling extension" },
	{ check_association, VIOLATION_NO_ASSOCIATION,
	  "there is no security association under that SPI" },
	{ check_authenticator, VIOLATION_BAD_AUTHENTICATOR,
	  "the mobile node's authenticator does not verify" },
	{ check_well_formed, 0, "its extensions are malformed" },
	{ check_identification, VIOLATION_BAD_IDENTIFIER,
	  "the identification is outside the window or not newer than the last" },
	{ check_foreign_agent, VIOLATION_BAD_AUTHENTICATOR,
	  "the foreign agent's authenticator is missing or does not verify" },
	{ check_foreign_agent_known, VIOLATION_NO_ASSOCIATION,
	  "a foreign agent without a security association signed it" },
	{ check_home_agent, 0, "the home agent address is not ours" },
	{ check_reverse_tunnel, 0, "reverse tunnels are not offered" },
	{ check_care_of_form, 0, "the care-of address cannot be one" },
	{ check_care_of_allowed, 0, "the care-of address is not allowed" },
	{ check_binding_limit, 0, "it would exceed the limit of simultaneous bindings" },
	{ check_resources, 0, "the log cannot take it" },
};

static uint16_t granted_lifetime(const struct registration_request *request,
                                 const struct registration_facts *facts)
{
	uint16_t max_s = facts->policy.max_lifetime_s;

	return request->fixed.lifetime_s < max_s ? request->fixed.lifetime_s : max_s;
}

/* RFC 5944 section 5.7.1: a wrong timestamp is answered with our time of day
 * above the node's own low half. */
static uint64_t reply_identification(const struct registration_request *request,
                                     const struct registration_facts *facts, enum mip_code code)
{
	uint64_t identification = request->fixed.identification;

	if (code != MIP_ID_MISMATCH)
		return identification;
	return (clock_ntp_of_ms(facts->wall_ms) & ~UINT64_C(0xffffffff)) |
	       (identification & UINT64_C(0xffffffff));
}

static enum registration_effect effect_of(const struct registration_request *request)
{
	if (request->fixed.lifetime_s != 0)
		return REGISTRATION_BIND;
	return address_equal(request->fixed.care_of, request->fixed.home) ? REGISTRATION_UNBIND_ALL
	                                                                  : REGISTRATION_UNBIND;
}

/* Whole seconds that are left of a lifetime, so that a repeated answer never
 * reaches beyond the first one; nor above it, should the clock of the thread
 * that granted it have been read a little later than ours. */
static uint16_t remaining_s(const struct binding *binding, uint64_t cluster_ms)
{
	uint64_t left_s = (binding->expires_ms - cluster_ms) / 1000;

	if (binding->expires_ms == BINDING_NEVER_EXPIRES)
		return LIFETIME_INFINITE;
	return left_s < binding->granted_s ? (uint16_t)left_s : binding->granted_s;
}

/* The answer to a retransmission is the first answer with what is left of its
 * lifetime (RFC 5944 section 3.8.2.2). When its binding is gone meanwhile the
 * request is merely old. */
static void repeat(const struct registration_request *request,
                   const struct registration_facts *facts, struct registration_verdict *verdict)
{
	verdict->effect = REGISTRATION_NONE;
	verdict->repeated = true;
	verdict->reason = "repeated answer to a retransmission";
	if (request->fixed.lifetime_s == 0)
		return;

	for (size_t i = 0; i < facts->binding_count; i++) {
		const struct binding *binding = &facts->bindings[i];

		if (binding->identification != request->fixed.identification ||
		    !is_alive(binding, facts))
			continue;
		verdict->lifetime_s = remaining_s(binding, facts->cluster_ms);
		if (verdict->lifetime_s == 0)
			break; /* would read as a deregistration: in its last second it has ended */
		return;
	}
	verdict->code = MIP_ID_MISMATCH;
	verdict->identification = reply_identification(request, facts, MIP_ID_MISMATCH);
	verdict->repeated = false;
	verdict->reason = "retransmission of a registration that has ended";
}

struct registration_verdict registration_decide(const struct registration_request *request,
                                                const struct registration_facts *facts)
{
	struct registration_verdict verdict = {
		.lifetime_s = granted_lifetime(request, facts),
		.identification = request->fixed.identification,
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		enum mip_code code = checks[i].check(request, facts);

		if (code == PASS)
			continue;
		verdict.code = code;
		verdict.violation = checks[i].violation;
		verdict.reason = checks[i].reason;
		verdict.identification = reply_identification(request, facts, code);
		return verdict;
	}

	verdict.code = facts->binding_limit > 1 ? MIP_ACCEPTED : MIP_ACCEPTED_ONE_BINDING;
	verdict.effect = effect_of(request);
	verdict.keep_others = keeps_others(request, facts);
	verdict.reason = "granted";
	if (is_retransmission(request, facts))
		repeat(request, facts, &verdict);
	return verdict;
}
