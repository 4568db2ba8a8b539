/* rival.c - another link address that speaks for the agent that is asked or serves, while that is
 * heard by its own: its successor, or anybody. Nothing that it says is believed. Both are asked in
 * turn, and the home agent's signature tells who is the agent. */
#include "agentd/mobile/internal.h"

#define RIVALS_REST_MS 60000u /* after one that only had a denial to tell */

/* It has had an answer of the home agent passed on, and by which link address. */
static bool is_proven(const struct mobile *mobile)
{
	return mobile->stay.bound && !mobile->kept;
}

static struct mac known(const struct mobile *mobile)
{
	return is_proven(mobile) ? mobile->stay.agent_mac : mobile_mac_of(mobile, mobile->at.agent);
}

bool mobile_is_rival(const struct mobile *mobile, struct in_addr source, struct mac from,
                     uint64_t now_ms)
{
	const struct heard_agent *agent = heard_find(&mobile->heard, source, MOBILE_LINK);

	return mobile_serves(mobile, source) && agent && heard_is_valid(agent, now_ms) &&
	       !mac_equal(from, known(mobile));
}

void mobile_note_rival(struct mobile *mobile, struct mac from, uint64_t now_ms)
{
	mobile->counts.doubted++;
	if (now_ms < mobile->rivals_rest_ms || (mobile->has_rival && mobile->pending))
		return;
	mobile->rival = from;
	mobile->has_rival = true;
	mobile->wanted |= !mobile->pending && mobile->state != MOBILE_REFUSED;
}

void mobile_forget_rivals(struct mobile *mobile)
{
	mobile->has_rival = false;
	mobile->rivals_rest_ms = 0;
	mobile->asked_mac = (struct mac){ { 0 } };
}

struct mac mobile_whom_to_ask(const struct mobile *mobile)
{
	return mobile->has_rival && !mac_equal(mobile->asked_mac, mobile->rival) ? mobile->rival
	                                                                         : known(mobile);
}

struct mac mobile_who_answered(const struct mobile *mobile, struct mac from)
{
	bool is_rival = mobile->has_rival && mac_equal(from, mobile->rival);

	return is_rival || mac_equal(from, known(mobile)) ? from : mobile->asked_mac;
}

/* An agent that shares no key with the node cannot sign what it denies. Of the home agent no signature
 * is missing here, and where no agent is asked there is none to deny. */
static bool is_unsigned_denial(const struct mobile *mobile, const struct mobile_verdict *verdict)
{
	return verdict->effect == MOBILE_DENIED && !verdict->of_home &&
	       !mobile->plan.mobile_foreign.key;
}

/* RFC 5944 section 3.6: the node knows by which link address it asked. What is sent again with nonces
 * is the same to both who speak for the agent: the answer of either comes when it comes. */
bool mobile_is_stranger(const struct mobile *mobile, const struct mobile_verdict *verdict,
                        struct mac from)
{
	bool is_rival = mobile->has_rival && mac_equal(from, mobile->rival);

	return is_unsigned_denial(mobile, verdict) && !is_rival &&
	       !mac_equal(from, mobile->asked_mac) && !mac_equal(from, known(mobile));
}

bool mobile_doubts(struct mobile *mobile, const struct mobile_verdict *verdict, struct mac from,
                   uint64_t now_ms)
{
	if (!is_unsigned_denial(mobile, verdict) || !mobile->has_rival)
		return false;
	if (!mac_equal(from, mobile->rival)) {
		if (is_proven(mobile) || !mac_equal(from, known(mobile)))
			return false;
		mobile_keep_mac(mobile, mobile->at.agent, mobile->rival);
		if (!mobile->kept)
			mobile->stay.agent_mac = mobile->rival;
	}
	mobile->has_rival = false;
	mobile->rivals_rest_ms = now_ms + RIVALS_REST_MS;
	return true;
}
