/* choose.c - where the node is, from what it hears and which addresses its link has. */
#include <string.h>

#include "agentd/discovery/move.h"
#include "agentd/mobile/internal.h"

/* Who may be asked. */
enum trust {
	WHO_SERVES,
	WHO_MAY, /* for want of those: also who never did */
	ANYBODY, /* for want of somebody better */
};

static bool is_refused(const struct mobile *mobile, struct in_addr agent, enum trust trust,
                       uint64_t now_ms)
{
	if (trust == WHO_SERVES)
		return mobile_rests(mobile, agent, now_ms);
	return trust == WHO_MAY && mobile_is_refused(mobile, agent, now_ms);
}

struct mac mobile_mac_of(const struct mobile *mobile, struct in_addr agent)
{
	for (size_t i = 0; i < HEARD_AGENTS_MAX; i++)
		if (address_equal(mobile->links[i].source, agent))
			return mobile->links[i].mac;
	return (struct mac){ { 0 } };
}

/* ---- agents ---- */

bool mobile_home_is_heard(const struct mobile *mobile, uint64_t now_ms)
{
	for (size_t i = 0; i < mobile->heard.count; i++) {
		const struct heard_agent *agent = &mobile->heard.at[i];

		if (heard_is_valid(agent, now_ms) && move_is_home(agent, mobile->node.home_agent))
			return true;
	}
	return false;
}

/* Whether it offers what cannot be done without. */
static bool is_fit(const struct mobile *mobile, const struct heard_agent *agent)
{
	const struct mobile_settings *settings = mobile->settings;
	static const uint16_t needed[] = {
		[ENCAPSULATION_IPIP] = 0,
		[ENCAPSULATION_MINIMAL] = AGENT_MINIMAL,
		[ENCAPSULATION_GRE] = AGENT_GRE,
	};
	uint16_t flags = 0;

	if (!settings->encapsulation_optional)
		flags |= needed[settings->wishes.encapsulation];
	if (!settings->reverse_optional && settings->wishes.reverse)
		flags |= AGENT_REVERSE_TUNNEL;
	return (agent->flags & flags) == flags;
}

static bool may_be_asked(const struct mobile *mobile, const struct heard_agent *agent,
                         enum trust trust, uint64_t now_ms)
{
	return trust == ANYBODY ||
	       (is_fit(mobile, agent) && !is_refused(mobile, agent->source, trust, now_ms));
}

/* The candidate that was heard last, of those that may be asked. */
static const struct heard_agent *newest_candidate(const struct mobile *mobile, enum trust trust,
                                                  uint64_t now_ms)
{
	const struct heard_agent *newest = NULL;

	for (size_t i = 0; i < mobile->heard.count; i++) {
		const struct heard_agent *agent = &mobile->heard.at[i];

		if (!move_is_candidate(agent, now_ms) ||
		    !may_be_asked(mobile, agent, trust, now_ms))
			continue;
		if (!newest || agent->heard_ms > newest->heard_ms)
			newest = agent;
	}
	return newest;
}

/* RFC 5944 section 2.4.2: the agent in use serves as long as it is heard, unless the operator
 * wants each new subnet to be taken at once. It is in use from the first request on: of two that
 * take turns neither would have time to answer else. */
static const struct heard_agent *pick_agent(const struct mobile *mobile, enum trust trust,
                                            uint64_t now_ms)
{
	const struct heard_agent *used = heard_in_use(&mobile->heard);
	struct move_verdict verdict = { 0 };

	if (!used || !heard_is_valid(used, now_ms) || !may_be_asked(mobile, used, trust, now_ms))
		return newest_candidate(mobile, trust, now_ms);
	if (mobile->settings->eager && mobile->stay.bound && !mobile->kept)
		verdict = move_by_prefix(&mobile->heard, NULL, now_ms);
	if (verdict.move == MOVE_TO && may_be_asked(mobile, verdict.to, trust, now_ms))
		return verdict.to;
	return used;
}

static void offer(const struct mobile *mobile, const struct heard_agent *agent,
                  struct mobile_attachment *out)
{
	out->by_agent = true;
	out->agent = agent->source;
	out->offers = agent->flags;
	out->agent_lifetime_s = agent->registration_lifetime_s;
	out->challenge = (struct span){ agent->challenge, agent->challenge_size };
	out->mobile_foreign = mobile->settings->foreign;
}

static bool choose_agent(const struct mobile *mobile, enum trust trust, uint64_t now_ms,
                         struct mobile_attachment *out)
{
	const struct heard_agent *agent = pick_agent(mobile, trust, now_ms);

	if (!agent)
		return false;
	*out = (struct mobile_attachment){ .way = MOBILE_BY_AGENT, .care_of = agent->care_of[0] };
	offer(mobile, agent, out);
	return true;
}

/* ---- addresses ---- */

static struct in_addr own_address(const struct mobile *mobile)
{
	struct in_addr only = mobile->settings->care_of;

	for (size_t i = 0; i < mobile->address_count; i++)
		if (only.s_addr == 0 || address_equal(only, mobile->addresses[i]))
			return mobile->addresses[i];
	return (struct in_addr){ 0 };
}

static bool is_of_home(const struct mobile *mobile, struct in_addr address)
{
	const struct address_prefix *home = &mobile->settings->node.home_network;

	return address.s_addr && home->length > 0 && address_in_prefix(address, home);
}

/* An agent can ask for registration through it even from who has an address (R); the one that is
 * asked already goes before others. */
static void through_agent(const struct mobile *mobile, uint64_t now_ms,
                          struct mobile_attachment *out)
{
	for (size_t i = 0; i < mobile->heard.count; i++) {
		const struct heard_agent *agent = &mobile->heard.at[i];

		if (agent->flags & AGENT_REGISTRATION_REQUIRED && heard_is_valid(agent, now_ms) &&
		    !is_refused(mobile, agent->source, WHO_SERVES, now_ms))
			offer(mobile, agent, out);
		if (out->by_agent && mobile_serves(mobile, out->agent))
			return;
	}
}

static bool choose_own(const struct mobile *mobile, uint64_t now_ms, struct mobile_attachment *out)
{
	struct in_addr address = own_address(mobile);

	if (address.s_addr == 0)
		return false;
	*out = (struct mobile_attachment){ .way = MOBILE_CO_LOCATED, .care_of = address };
	through_agent(mobile, now_ms, out);
	return true;
}

bool mobile_choose(const struct mobile *mobile, uint64_t now_ms, struct mobile_attachment *out)
{
	const struct mobile_attachment home = { .way = MOBILE_AT_HOME };
	enum mobile_choice choice = mobile->settings->choice;

	*out = home;
	if ((mobile_home_is_heard(mobile, now_ms) && !mobile_is_home_refused(mobile, now_ms)) ||
	    is_of_home(mobile, own_address(mobile)))
		return true;
	if (choice != MOBILE_CHOOSE_OWN && choose_agent(mobile, WHO_SERVES, now_ms, out))
		return true;
	if (choice != MOBILE_CHOOSE_AGENT && choose_own(mobile, now_ms, out))
		return true;
	if (choice != MOBILE_CHOOSE_OWN && choose_agent(mobile, WHO_MAY, now_ms, out))
		return true;
	*out = home;
	if (mobile_home_is_heard(mobile, now_ms))
		return true;
	return choice != MOBILE_CHOOSE_OWN && choose_agent(mobile, ANYBODY, now_ms, out);
}

bool mobile_attachment_equal(const struct mobile_attachment *a, const struct mobile_attachment *b)
{
	return a->way == b->way && a->by_agent == b->by_agent &&
	       address_equal(a->care_of, b->care_of) && address_equal(a->agent, b->agent);
}
