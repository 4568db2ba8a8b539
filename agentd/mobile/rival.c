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

bool mobile_doubts(struct mobile *mobile, const struct mobile_verdict *verdict, struct mac from,
                   uint64_t now_ms)
{
	bool is_signed = verdict->of_home || mobile->plan.mobile_foreign.key;

	if (verdict->effect != MOBILE_DENIED || is_signed || !mobile->has_rival)
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
