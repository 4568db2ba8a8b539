/* mobile_reply.c - the checks of a reply to a mobile node, in the order of RFC 5944 section
 * 3.6.2.1. The first that does not pass discards it. */
#include "agentd/registration/mobile_reply.h"

#define CODE_OF_AGENTS_MIN 2u
#define CODE_OF_AGENTS_MAX 127u

enum ha_error mobile_reply_decode(struct span payload, struct mobile_reply *out)
{
	struct reader in = reader_over(payload.at, payload.size);
	enum ha_error why;

	*out = (struct mobile_reply){ .message = payload };
	why = mip_reply_decode(&in, &out->fixed);
	if (why != HA_OK)
		return why;
	out->fault = mip_extensions_decode(payload, &in, &out->extensions);
	return HA_OK;
}

bool mobile_code_is_of_home(unsigned code)
{
	return (code < CODE_OF_AGENTS_MIN || code > CODE_OF_AGENTS_MAX) &&
	       code != FOREIGN_INVALID_HOME_AGENT;
}

const char *mobile_code_text(unsigned code)
{
	const struct mip_code_info *home = mip_code_info(code);
	const struct foreign_code_info *foreign = foreign_code_info(code);

	if (mobile_code_is_of_home(code) && home)
		return home->text;
	return foreign ? foreign->text : "denied, for a reason that is not known here";
}

/* ---- the checks ---- */

typedef bool mobile_check(const struct mobile_reply *, const struct mobile_plan *);

static bool is_of_home(const struct mobile_reply *reply)
{
	return mobile_code_is_of_home(reply->fixed.code);
}

static bool is_wildcard(struct in_addr address)
{
	return address.s_addr == INADDR_ANY;
}

static mobile_check extensions_known, sender, identification, home, name, possible, well_formed,
	mobile_foreign, mobile_home, home_agent, granted;

static const struct mobile_check_row {
	mobile_check *check;
	const char *name;
	enum registration_violation violation;
	const char *reason;
} checks[] = {
	{ extensions_known, "extensions-known", 0,
	  "it has an unknown extension that must not be skipped" },
	{ sender, "sender", VIOLATION_OTHER, "it does not come from whom was asked" },
	{ identification, "identification", VIOLATION_BAD_IDENTIFIER,
	  "it answers another request than the last" },
	{ home, "home", VIOLATION_OTHER, "it is about another home address" },
	{ name, "name", VIOLATION_OTHER, "it is about another name" },
	{ possible, "possible", VIOLATION_OTHER,
	  "it is a foreign agent's denial, and none was asked" },
	{ well_formed, "well-formed", 0, "its extensions are malformed" },
	{ mobile_foreign, "mobile-foreign", VIOLATION_BAD_AUTHENTICATOR,
	  "the foreign agent's authenticator is missing or does not verify" },
	{ mobile_home, "mobile-home", VIOLATION_BAD_AUTHENTICATOR,
	  "the home agent's authenticator is missing or does not verify" },
	{ home_agent, "home-agent", VIOLATION_OTHER, "it is of another home agent" },
	{ granted, "granted", VIOLATION_OTHER, "it grants no address that can be a node's" },
};

#define CHECK_COUNT (sizeof(checks) / sizeof(checks[0]))

static bool extensions_known(const struct mobile_reply *reply, const struct mobile_plan *sent)
{
	(void)sent;
	return reply->fault != HA_E_UNKNOWN_EXTENSION;
}

/* A reply has the addresses of its request the other way round, unless that went to many
 * (RFC 5944 section 3.8.3.1). */
static bool sender(const struct mobile_reply *reply, const struct mobile_plan *sent)
{
	return sent->broadcast || address_equal(reply->source, sent->destination);
}

static bool identification(const struct mobile_reply *reply, const struct mobile_plan *sent)
{
	return (uint32_t)reply->fixed.identification == (uint32_t)sent->fixed.identification;
}

/* Who has a name may be told of another address than it thought of, if it is signed. */
static bool home(const struct mobile_reply *reply, const struct mobile_plan *sent)
{
	return is_wildcard(sent->fixed.home) || sent->nai.size > 0 ||
	       address_equal(reply->fixed.home, sent->fixed.home);
}

static bool is_same(struct span a, struct span b)
{
	return a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

/* A denial need not repeat the name (RFC 2794 section 3). */
static bool name(const struct mobile_reply *reply, const struct mobile_plan *sent)
{
	const struct mip_extensions *e = &reply->extensions;

	if (e->nai_count == 0)
		return true;
	return e->nai_count == 1 && is_same(e->nai, sent->nai);
}

static bool possible(const struct mobile_reply *reply, const struct mobile_plan *sent)
{
	return sent->by_agent || is_of_home(reply);
}

static bool well_formed(const struct mobile_reply *reply, const struct mobile_plan *sent)
{
	(void)sent;
	return reply->fault == HA_OK;
}

static bool verifies(const struct mip_authentication *extension, unsigned count,
                     const struct mobile_key *with)
{
	return count == 1 && extension->spi == with->spi &&
	       registration_authenticate(extension, count, with->key) == AUTHENTICATION_VALID;
}

static bool mobile_foreign(const struct mobile_reply *reply, const struct mobile_plan *sent)
{
	const struct mip_extensions *e = &reply->extensions;

	return !sent->mobile_foreign.key ||
	       verifies(&e->mobile_foreign, e->mobile_foreign_count, &sent->mobile_foreign);
}

static bool mobile_home(const struct mobile_reply *reply, const struct mobile_plan *sent)
{
	const struct mip_extensions *e = &reply->extensions;

	return !is_of_home(reply) ||
	       verifies(&e->mobile_home, e->mobile_home_count, &sent->mobile_home);
}

/* Whom it was asked for by name grants, or nobody. */
static bool home_agent(const struct mobile_reply *reply, const struct mobile_plan *sent)
{
	if (!mip_code_is_accepted(reply->fixed.code) || sent->broadcast ||
	    sent->fixed.home_agent.s_addr == INADDR_BROADCAST)
		return true;
	return address_equal(reply->fixed.home_agent, sent->fixed.home_agent);
}

static bool granted(const struct mobile_reply *reply, const struct mobile_plan *sent)
{
	(void)sent;
	return !mip_code_is_accepted(reply->fixed.code) ||
	       (address_is_unicast(reply->fixed.home) &&
	        address_is_unicast(reply->fixed.home_agent));
}

/* ---- what it says ---- */

/* Only what the home agent has signed is its word. */
static bool is_signed(const struct mobile_reply *reply, struct span octets)
{
	return mip_authentication_covers(&reply->extensions.mobile_home, octets);
}

static uint16_t lifetime_of(const struct mobile_reply *reply, const struct mobile_plan *sent)
{
	uint16_t lifetime_s = reply->fixed.lifetime_s;

	if (reply->fixed.code == FOREIGN_LIFETIME_TOO_LONG)
		return lifetime_s;
	if (!mip_code_is_accepted(reply->fixed.code))
		return 0;
	return lifetime_s < sent->fixed.lifetime_s ? lifetime_s : sent->fixed.lifetime_s;
}

static void note_tunnel(const struct mobile_reply *reply, const struct mobile_plan *sent,
                        struct mobile_verdict *out)
{
	const struct mip_udp_tunnel_reply *udp = &reply->extensions.udp_reply;

	if (!sent->udp_request || reply->extensions.udp_reply_count != 1 ||
	    !is_signed(reply, udp->at))
		return;
	out->udp = udp->code == MIP_UDP_ACCEPTED;
	out->keepalive_s = udp->keepalive_s;
}

static struct in_addr home_agent_of(const struct mobile_reply *reply)
{
	const struct mip_dynamic_ha *other = &reply->extensions.dynamic_ha;

	if (reply->fixed.code != MIP_REDIRECTED)
		return reply->fixed.home_agent;
	if (reply->extensions.dynamic_ha_count == 1 &&
	    other->subtype == MIP_DYNAMIC_HA_REDIRECTED && is_signed(reply, other->at))
		return other->address;
	return (struct in_addr){ INADDR_ANY };
}

static struct mobile_verdict verdict_of(const struct mobile_reply *reply,
                                        const struct mobile_plan *sent)
{
	struct mobile_verdict verdict = {
		.effect = mip_code_is_accepted(reply->fixed.code) ? MOBILE_ACCEPTED : MOBILE_DENIED,
		.code = reply->fixed.code,
		.of_home = is_of_home(reply),
		.one_binding = reply->fixed.code == MIP_ACCEPTED_ONE_BINDING,
		.lifetime_s = lifetime_of(reply, sent),
		.home = reply->fixed.home,
		.home_agent = home_agent_of(reply),
		.identification = reply->fixed.identification,
		.text = reply->extensions.message.text,
		.check = "",
		.reason = mobile_code_text(reply->fixed.code),
	};

	if (sent->by_agent)
		verdict.challenge = reply->extensions.challenge;
	if (verdict.effect == MOBILE_ACCEPTED)
		note_tunnel(reply, sent, &verdict);
	return verdict;
}

struct mobile_verdict mobile_reply_judge(const struct mobile_reply *reply,
                                         const struct mobile_plan *sent)
{
	for (size_t i = 0; i < CHECK_COUNT; i++)
		if (!checks[i].check(reply, sent))
			return (struct mobile_verdict){
				.effect = MOBILE_DISCARD,
				.code = reply->fixed.code,
				.violation = checks[i].violation,
				.check = checks[i].name,
				.reason = checks[i].reason,
			};
	return verdict_of(reply, sent);
}
