/* foreign_decide.c - the foreign agent's checks of a request, in the order in which RFC
 * 5944 section 3.7.2 and the RFCs beside it want them, and the verdict. The first check
 * that does not pass ends the matter. */
#include "agentd/registration/foreign_checks.h"

#include "proto/icmp4.h"

static const struct foreign_check_row {
	foreign_check *check;
	const char *name;
	enum registration_violation violation;
	const char *reason;
} checks[] = {
	{ foreign_check_enabled, "enabled", 0, "this is no foreign agent now" },
	{ foreign_check_extensions_known, "extensions-known", 0,
	  "it has an unknown extension that must not be skipped" },
	{ foreign_check_revocation_support, "revocation-support", VIOLATION_OTHER,
	  "a mobile node offers revocation for a care-of address of ours" },
	{ foreign_check_challenge_signed, "challenge-signed", VIOLATION_MISSING_EXTENSION,
	  "no authenticator covers its challenge" },
	{ foreign_check_well_formed, "well-formed", 0, "its extensions are malformed" },
	{ foreign_check_authorization, "authorization", 0,
	  "it has no authorization-enabling extension" },
	{ foreign_check_order, "order", 0, "its extensions are repeated or in a wrong order" },
	{ foreign_check_reserved, "reserved", 0, "reserved flags are set" },
	{ foreign_check_care_of, "care-of", 0, "the care-of address is not one of ours" },
	{ foreign_check_mobile_foreign, "mobile-foreign", VIOLATION_BAD_AUTHENTICATOR,
	  "the mobile node's authenticator for us is missing or does not verify" },
	{ foreign_check_aaa, "aaa-authenticator", VIOLATION_BAD_AUTHENTICATOR,
	  "the MN-AAA authenticator does not verify" },
	{ foreign_check_vendor, "vendor", 0,
	  "it has a critical vendor extension for foreign agents, and we know none" },
	{ foreign_check_challenge_present, "challenge-present", VIOLATION_MISSING_EXTENSION,
	  "it answers no challenge" },
	{ foreign_check_challenge_known, "challenge-known", VIOLATION_OTHER,
	  "its challenge is not one that we offered lately" },
	{ foreign_check_challenge_fresh, "challenge-fresh", VIOLATION_OTHER,
	  "the mobile node used its challenge before" },
	{ foreign_check_lifetime, "lifetime", 0, "the lifetime is longer than we take" },
	{ foreign_check_encapsulation, "encapsulation", 0, "that encapsulation is not offered" },
	{ foreign_check_delivery_style, "delivery-style", 0, "that delivery style is not offered" },
	{ foreign_check_reverse_mandatory, "reverse-mandatory", 0,
	  "a reverse tunnel is mandatory and it asks for none" },
	{ foreign_check_distance, "distance", 0,
	  "it asks for a reverse tunnel and came through a router" },
	{ foreign_check_reverse_tunnel, "reverse-tunnel", 0, "reverse tunnels are not offered" },
	{ foreign_check_home_address, "home-address", 0,
	  "it has no home address, and its name does not do" },
	{ foreign_check_home_foreign, "home-foreign", 0,
	  "the home address is not one that a visitor can have" },
	{ foreign_check_any_home_agent, "any-home-agent", 0,
	  "it asks for any home agent, and we have none to name" },
	{ foreign_check_home_agent, "home-agent", 0,
	  "the home agent would be this machine, or none can be there" },
	{ foreign_check_home_agent_allowed, "home-agent-allowed", 0,
	  "that home agent is not one that we relay to" },
	{ foreign_check_busy, "busy", 0, "we are busy and take no new mobile nodes" },
	{ foreign_check_pending, "pending", 0, "too many requests wait for their replies" },
	{ foreign_check_resources, "resources", 0, "there is no room for a visitor" },
};

#define CHECK_COUNT (sizeof(checks) / sizeof(checks[0]))

static struct foreign_verdict refuse(const struct foreign_request *request,
                                     const struct foreign_facts *facts, enum foreign_code code,
                                     const struct foreign_check_row *row)
{
	bool silent = code == FOREIGN_SILENCE || facts->denied_lately;

	return (struct foreign_verdict){
		.effect = silent ? FOREIGN_DROP : FOREIGN_DENY,
		.code = code,
		.violation = row->violation,
		.lifetime_s = code == FOREIGN_LIFETIME_TOO_LONG ? facts->policy->max_lifetime_s
		                                                : request->fixed.lifetime_s,
		.check = row->name,
		.reason = row->reason,
	};
}

struct foreign_verdict foreign_decide(const struct foreign_request *request,
                                      const struct foreign_facts *facts)
{
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		enum foreign_code code = checks[i].check(request, facts);

		if (code != FOREIGN_PASS)
			return refuse(request, facts, code, &checks[i]);
	}
	return (struct foreign_verdict){
		.effect = facts->home_agent_is_ours ? FOREIGN_HAND_OVER : FOREIGN_RELAY,
		.lifetime_s = request->fixed.lifetime_s,
		.check = "",
		.reason = facts->home_agent_is_ours ? "this machine is its home agent" : "relayed",
	};
}

void foreign_explain(const struct foreign_request *request, const struct foreign_facts *facts,
                     registration_check_visitor *visit, void *context)
{
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		enum foreign_code code = checks[i].check(request, facts);

		visit(context, checks[i].name, code == FOREIGN_PASS ? 0 : code, checks[i].reason);
	}
}

/* RFC 1812 section 5.2.7.1 has the codes from 6 on: unknown, prohibited, or not for that
 * type of service. What is not listed is of no kind that has a code of its own. */
static const struct {
	uint8_t code; /* of ICMP4_UNREACHABLE */
	enum foreign_code denial;
} unreachable[] = {
	{ ICMP4_NETWORK, FOREIGN_NETWORK_UNREACHABLE },
	{ ICMP4_HOST, FOREIGN_HOST_UNREACHABLE },
	{ ICMP4_PORT, FOREIGN_PORT_UNREACHABLE },
	{ 6, FOREIGN_NETWORK_UNREACHABLE },
	{ 7, FOREIGN_HOST_UNREACHABLE },
	{ 8, FOREIGN_HOST_UNREACHABLE },
	{ 9, FOREIGN_NETWORK_UNREACHABLE },
	{ 10, FOREIGN_HOST_UNREACHABLE },
	{ 11, FOREIGN_NETWORK_UNREACHABLE },
	{ 12, FOREIGN_HOST_UNREACHABLE },
};

enum foreign_code foreign_code_of_icmp(unsigned type, unsigned code)
{
	if (type == ICMP4_TIME_EXCEEDED || type == ICMP4_PARAMETER_PROBLEM)
		return FOREIGN_UNREACHABLE;
	if (type != ICMP4_UNREACHABLE)
		return FOREIGN_NO_CODE;
	for (size_t i = 0; i < sizeof(unreachable) / sizeof(unreachable[0]); i++)
		if (unreachable[i].code == code)
			return unreachable[i].denial;
	return FOREIGN_UNREACHABLE;
}
