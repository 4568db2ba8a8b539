/* foreign_reply.c - the checks of a reply, in the order in which RFC 5944 section 3.7.3.1
 * wants them and the others follow, the verdict, and what the mobile node is sent. */
#include "agentd/registration/foreign_checks.h"

#include "agentd/base/address.h"
#include "agentd/base/binding.h"
#include "proto/extension_write.h"

static const struct foreign_reply_row {
	foreign_reply_check *check;
	const char *name;
	enum registration_violation violation;
	const char *reason;
} checks[] = {
	{ foreign_check_reply_awaited, "awaited", 0, "no request waits for it" },
	{ foreign_check_reply_extensions, "extensions-known", 0,
	  "it has an unknown extension that must not be skipped" },
	{ foreign_check_reply_sender, "sender", VIOLATION_OTHER,
	  "it comes from another than the home agent that was asked" },
	{ foreign_check_reply_identification, "identification", VIOLATION_BAD_IDENTIFIER,
	  "its identification is not that of the request" },
	{ foreign_check_reply_node, "node", 0, "it is about another mobile node" },
	{ foreign_check_reply_authenticator, "authenticator", VIOLATION_BAD_AUTHENTICATOR,
	  "the home agent's authenticator is missing or does not verify" },
	{ foreign_check_reply_named, "named-home-agent", VIOLATION_OTHER,
	  "it grants in the name of another home agent" },
	{ foreign_check_reply_form, "well-formed", 0, "its extensions are malformed" },
	{ foreign_check_reply_authorization, "authorization", 0,
	  "it has not exactly one authenticator for the mobile node" },
	{ foreign_check_reply_vendor, "vendor", 0,
	  "it has a critical vendor extension for foreign agents, and we know none" },
	{ foreign_check_reply_nai, "nai", 0, "the name of the mobile node is missing in it" },
	{ foreign_check_reply_home_agent, "home-agent", 0, "it names no home agent" },
	{ foreign_check_reply_home, "home-address", 0, "it names no home address" },
	{ foreign_check_reply_assigned, "assigned-home", 0,
	  "it gives a home address that no visitor can have" },
	{ foreign_check_reply_owner, "assigned-owner", VIOLATION_BAD_AUTHENTICATOR,
	  "it gives a home address of which the mobile node has not proved that it is its own" },
	{ foreign_check_reply_challenge, "challenge", VIOLATION_OTHER,
	  "the challenge in it is not the one that was relayed" },
	{ foreign_check_reply_revocation, "revocation", 0,
	  "the home agent does not take part in revocation" },
};

#define CHECK_COUNT (sizeof(checks) / sizeof(checks[0]))

enum ha_error foreign_reply_decode(struct span payload, struct foreign_reply *out)
{
	struct reader in = reader_over(payload.at, payload.size);
	enum ha_error error;

	*out = (struct foreign_reply){ .message = payload };
	error = mip_reply_decode(&in, &out->fixed);
	if (error == HA_OK)
		out->fault = mip_extensions_decode(payload, &in, &out->extensions);
	return error;
}

/* RFC 4636: the reply stays what the mobile node can verify, if it is that. RFC 4721
 * section 3.3 knows no other form for a wrong challenge. */
static enum foreign_reply_effect manner_of(const struct foreign_reply *reply,
                                           const struct foreign_reply_facts *facts,
                                           enum foreign_code code)
{
	if (code == FOREIGN_SILENCE)
		return FOREIGN_REPLY_DROP;
	if (reply->extensions.mobile_home_count == 0)
		return FOREIGN_REPLY_DENY;
	return facts->policy->fa_errors || code == FOREIGN_WRONG_CHALLENGE ? FOREIGN_REPLY_PROTEST
	                                                                   : FOREIGN_REPLY_DENY;
}

/* A denial of anybody's; foreign_check_reply_sender let no other pass. */
static bool is_of_another(const struct foreign_reply *reply,
                          const struct foreign_reply_facts *facts)
{
	return !address_equal(reply->source, facts->pending->relayed_to);
}

static struct foreign_reply_verdict refuse(const struct foreign_reply *reply,
                                           const struct foreign_reply_facts *facts,
                                           enum foreign_code code,
                                           const struct foreign_reply_row *row)
{
	enum foreign_reply_effect effect = manner_of(reply, facts, code);

	return (struct foreign_reply_verdict){
		.effect = effect,
		.waits = effect == FOREIGN_REPLY_DROP || is_of_another(reply, facts),
		.code = code,
		.violation = row->violation,
		.revoke = effect != FOREIGN_REPLY_DROP && facts->home_agent_associated &&
		          facts->foreign_home == AUTHENTICATION_VALID &&
		          mip_code_is_accepted(reply->fixed.code) && reply->fixed.lifetime_s > 0,
		.check = row->name,
		.reason = row->reason,
	};
}

/* The smallest of what was asked for, what was granted, and what we serve at most: a
 * mobile node counts no more than it asked for (section 3.6.2.2). */
static uint16_t lifetime_of(const struct foreign_reply *reply,
                            const struct foreign_reply_facts *facts)
{
	uint16_t lifetime_s = reply->fixed.lifetime_s;

	if (facts->pending->lifetime_s < lifetime_s)
		lifetime_s = facts->pending->lifetime_s;
	if (facts->policy->max_lifetime_s < lifetime_s)
		lifetime_s = facts->policy->max_lifetime_s;
	return lifetime_s;
}

/* What was deregistered through us may be a binding at another agent, one of several; ours
 * goes on then. Its home address, or none, stands for all. */
static bool leaves_us(const struct foreign_reply *reply, const struct foreign_reply_facts *facts)
{
	struct in_addr care_of = facts->pending->care_of;

	return facts->pending->lifetime_s > 0 || care_of.s_addr == INADDR_ANY ||
	       address_equal(care_of, reply->fixed.home) ||
	       address_equal(care_of, facts->visitor->asked.care_of);
}

/* Section 3.7.3.2. */
static enum foreign_visitor_change change_of(const struct foreign_reply *reply,
                                             const struct foreign_reply_facts *facts)
{
	if (!mip_code_is_accepted(reply->fixed.code))
		return FOREIGN_VISITOR_KEPT;
	if (lifetime_of(reply, facts) > 0)
		return facts->visitor ? FOREIGN_VISITOR_REFRESHED : FOREIGN_VISITOR_CREATED;
	return facts->visitor && leaves_us(reply, facts) ? FOREIGN_VISITOR_ENDED
	                                                 : FOREIGN_VISITOR_KEPT;
}

struct foreign_reply_verdict foreign_reply_decide(const struct foreign_reply *reply,
                                                  const struct foreign_reply_facts *facts)
{
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		enum foreign_code code = checks[i].check(reply, facts);

		if (code != FOREIGN_PASS)
			return refuse(reply, facts, code, &checks[i]);
	}
	return (struct foreign_reply_verdict){
		.effect = FOREIGN_REPLY_RELAY,
		.waits = is_of_another(reply, facts),
		.visitor = change_of(reply, facts),
		.lifetime_s = mip_code_is_accepted(reply->fixed.code) ? lifetime_of(reply, facts)
		                                                      : 0,
		.check = "",
		.reason = mip_code_is_accepted(reply->fixed.code) ? "accepted by the home agent"
		                                                  : "denied by the home agent",
	};
}

void foreign_reply_explain(const struct foreign_reply *reply,
                           const struct foreign_reply_facts *facts,
                           registration_check_visitor *visit, void *context)
{
	for (size_t i = 0; i < CHECK_COUNT && (i == 0 || facts->pending); i++) {
		enum foreign_code code = checks[i].check(reply, facts);

		visit(context, checks[i].name, code == FOREIGN_PASS ? 0 : code, checks[i].reason);
	}
}

void foreign_reply_write(const struct foreign_reply *reply, const struct foreign_reply_facts *facts,
                         const struct foreign_reply_verdict *verdict,
                         const struct foreign_answer *answer, struct writer *out)
{
	const char *reason = facts->policy->message_strings && verdict->code ? verdict->reason
	                                                                     : NULL;
	struct foreign_denial denial;

	if (verdict->effect == FOREIGN_REPLY_DENY) {
		denial = foreign_denial_of_pending(facts->pending, verdict->code, reason);
		foreign_denial_write(&denial, answer, out);
		return;
	}
	/* A reply has no MN-AAA (RFC 4721 section 6): one that is there authorises nothing. */
	foreign_keep(out, foreign_kept(reply->message, MIP_REPLY_SIZE,
	                               &reply->extensions.mobile_home, NULL));
	if (verdict->effect == FOREIGN_REPLY_PROTEST)
		mip_fa_error_append(out, (uint8_t)verdict->code);
	foreign_answer_append(out, answer, reason);
}
