/* decide.c - the checks, in the order RFC 5944 section 3.8.2.1 wants them, and
 * the verdict. The first check that does not pass ends the matter. */
#include "agentd/registration/checks.h"

#include "agentd/base/address.h"

static const struct check_row {
	check *check;
	const char *name;
	enum registration_violation violation;
	const char *reason;
} checks[] = {
	{ check_enabled, "enabled", 0,
	  "the home agent is switched off: registration.enabled is no" },
	{ check_extensions_known, "extensions-known", 0,
	  "it has an unknown extension that must not be skipped" },
	{ check_authorization_present, "authorization-present", VIOLATION_MISSING_EXTENSION,
	  "it has no authorization-enabling extension" },
	{ check_association, "association", VIOLATION_NO_ASSOCIATION,
	  "there is no security association with the mobile node" },
	{ check_spi, "spi", VIOLATION_BAD_SPI,
	  "the mobile node has no security association under that SPI" },
	{ check_authenticator, "authenticator", VIOLATION_BAD_AUTHENTICATOR,
	  "the mobile node's authenticator does not verify" },
	{ check_aaa, "aaa-authenticator", VIOLATION_BAD_AUTHENTICATOR,
	  "the MN-AAA authenticator does not verify" },
	{ check_answerable, "answerable", VIOLATION_NO_ASSOCIATION,
	  "the mobile node has no association that could sign a reply" },
	{ check_well_formed, "well-formed", 0, "its extensions are malformed" },
	{ check_order, "order", 0, "its extensions are repeated or in a wrong order" },
	{ check_identification, "identification", VIOLATION_BAD_IDENTIFIER,
	  "the identification is outside the window or not newer than the last" },
	{ check_foreign_agent, "foreign-agent", VIOLATION_BAD_AUTHENTICATOR,
	  "the foreign agent's authenticator is missing or does not verify" },
	{ check_foreign_agent_known, "foreign-agent-known", VIOLATION_NO_ASSOCIATION,
	  "a foreign agent without a security association signed it" },
	{ check_vendor_mobile, "vendor-mobile", 0,
	  "it has a critical vendor extension of the mobile node, and we know none" },
	{ check_vendor_foreign, "vendor-foreign", 0,
	  "it has a critical vendor extension of the foreign agent, and we know none" },
	{ check_discovery, "discovery", 0, "it went to a broadcast address: our own is told" },
	{ check_home_agent, "home-agent", 0, "the home agent address is not ours" },
	{ check_requested_agent, "requested-agent", 0, "it asks for another home agent" },
	{ check_redirect, "redirect", 0, "new mobile nodes are sent to another home agent" },
	{ check_reserved, "reserved", 0, "reserved flags are set" },
	{ check_home_address, "home-address", 0, "the home address is not the mobile node's" },
	{ check_encapsulation, "encapsulation", 0, "that encapsulation is not offered" },
	{ check_reverse_mandatory, "reverse-mandatory", 0,
	  "a reverse tunnel is mandatory and it asks for none" },
	{ check_reverse_tunnel, "reverse-tunnel", 0, "reverse tunnels are not offered" },
	{ check_udp_form, "udp-form", 0,
	  "its UDP tunnel request is not of who decapsulates, or has reserved bits set" },
	{ check_udp_allowed, "udp-allowed", 0, "UDP tunnels are not offered in this case" },
	{ check_udp_encapsulation, "udp-encapsulation", 0,
	  "that encapsulation is not offered inside UDP" },
	{ check_gateway, "gateway", 0,
	  "a gateway foreign agent's address is not accepted from that sender" },
	{ check_care_of_zero, "care-of-zero", 0, "the care-of address is zero" },
	{ check_care_of_form, "care-of-form", 0, "the care-of address cannot be one" },
	{ check_care_of_allowed, "care-of-allowed", 0, "the care-of address is not allowed" },
	{ check_origin, "origin", 0, "mobile nodes may not register from that address" },
	{ check_binding_limit, "binding-limit", 0,
	  "it would exceed the limit of simultaneous bindings" },
	{ check_resources, "resources", 0, "the log cannot take it" },
};

#define CHECK_COUNT (sizeof(checks) / sizeof(checks[0]))

/* Nodes that were granted the maximum together would come back together. The
 * same for the same request, so that its repetition is answered alike. */
static uint16_t jittered_maximum(const struct registration_request *request,
                                 const struct registration_policy *policy)
{
	uint64_t spread_s = (uint64_t)policy->max_lifetime_s * policy->lifetime_jitter / 100;
	uint64_t dice = (request->fixed.identification ^ request->fixed.home.s_addr) *
	                        UINT64_C(0x9e3779b97f4a7c15) >>
	                32;

	if (policy->max_lifetime_s == LIFETIME_INFINITE)
		return LIFETIME_INFINITE;
	return (uint16_t)(policy->max_lifetime_s - dice % (spread_s + 1));
}

static uint16_t granted_lifetime(const struct registration_request *request,
                                 const struct registration_facts *facts)
{
	uint16_t asked_s = request->fixed.lifetime_s;

	if (asked_s <= facts->policy.max_lifetime_s)
		return asked_s;
	return jittered_maximum(request, &facts->policy);
}

/* Coming home names the home address, or none at all. */
static enum registration_effect effect_of(const struct registration_request *request,
                                          const struct registration_facts *facts)
{
	struct in_addr care_of = registration_care_of(request);

	if (!is_deregistration(request))
		return REGISTRATION_BIND;
	return address_equal(care_of, request->fixed.home) ||
	                       address_equal(care_of, facts->node_home)
	               ? REGISTRATION_UNBIND_ALL
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
	if (is_deregistration(request))
		return;

	for (size_t i = 0; i < facts->binding_count; i++) {
		const struct binding *binding = &facts->bindings[i];

		if (binding->identification != request->fixed.identification ||
		    !is_alive(binding, facts))
			continue;
		verdict->lifetime_s = remaining_s(binding, facts->cluster_ms);
		if (verdict->lifetime_s == 0)
			break; /* would read as a deregistration: in its last second it has ended */
		verdict->tunnel = tunnel_of_binding(request, binding);
		verdict->revocable = binding->features & BINDING_REVOCABLE;
		return;
	}
	verdict->code = MIP_ID_MISMATCH;
	verdict->identification = reply_identification(request, facts, MIP_ID_MISMATCH);
	verdict->repeated = false;
	verdict->reason = "retransmission of a registration that has ended";
}

static struct in_addr home_of(const struct registration_request *request,
                              const struct registration_facts *facts)
{
	return request->fixed.home.s_addr ? request->fixed.home : facts->node_home;
}

static struct registration_verdict begin(const struct registration_request *request,
                                         const struct registration_facts *facts, enum mip_code code)
{
	return (struct registration_verdict){
		.code = code,
		.lifetime_s = granted_lifetime(request, facts),
		.identification = reply_identification(request, facts, code),
		.home = home_of(request, facts),
		.check = "",
		.reason = "granted",
	};
}

/* RFC 3543 section 3.2: a foreign agent that authenticated itself offers it. What
 * a mobile node wrote there is not the agent's word, and an agent that relays for
 * a co-located node cannot revoke (section 4.3.2). */
static bool is_revocable(const struct registration_request *request,
                         const struct registration_facts *facts)
{
	struct span support = request->extensions.revocation.at;

	return facts->policy.revocation && request->extensions.revocation_count > 0 &&
	       !(request->fixed.flags & MIP_REQUEST_DECAPSULATES) &&
	       is_of_known_agent(request, facts, support) && !is_of_mobile(request, facts, support);
}

struct registration_verdict registration_refuse(const struct registration_request *request,
                                                const struct registration_facts *facts,
                                                enum mip_code code, const char *reason)
{
	struct registration_verdict verdict = begin(request, facts, code);

	verdict.home = request->fixed.home;
	verdict.reason = reason;
	return verdict;
}

static struct registration_verdict grant(const struct registration_request *request,
                                         const struct registration_facts *facts)
{
	struct registration_verdict verdict = begin(
		request, facts, facts->binding_limit > 1 ? MIP_ACCEPTED : MIP_ACCEPTED_ONE_BINDING);

	verdict.effect = effect_of(request, facts);
	verdict.keep_others = keeps_others(request, facts);
	verdict.tunnel = tunnel_of(request, facts);
	verdict.revocable = verdict.effect == REGISTRATION_BIND && is_revocable(request, facts);
	if (facts->pooled && !facts->leased && verdict.effect == REGISTRATION_BIND)
		verdict.home.s_addr = INADDR_ANY; /* its last one may be somebody else's */
	if (is_retransmission(request, facts)) {
		verdict.home = home_of(request, facts);
		repeat(request, facts, &verdict);
	}
	return verdict;
}

struct registration_verdict registration_decide(const struct registration_request *request,
                                                const struct registration_facts *facts)
{
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		enum mip_code code = checks[i].check(request, facts);
		struct registration_verdict verdict;

		if (code == PASS)
			continue;
		verdict = registration_refuse(request, facts, code, checks[i].reason);
		verdict.violation = checks[i].violation;
		verdict.check = checks[i].name;
		return verdict;
	}
	return grant(request, facts);
}

void registration_explain(const struct registration_request *request,
                          const struct registration_facts *facts, registration_check_visitor *visit,
                          void *context)
{
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		enum mip_code code = checks[i].check(request, facts);

		visit(context, checks[i].name, code == PASS ? 0 : code, checks[i].reason);
	}
}
