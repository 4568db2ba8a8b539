/* mobile_repair.c - what a mobile node does about a denial, a row for each code that it can
 * do something about (RFC 5944 section 3.6.2.3 and the RFCs named in the rows). */
#include "agentd/registration/mobile_reply.h"

/* Change the terms; false when nothing would be different. */
typedef bool mobile_change(const struct mobile_verdict *, const struct mobile_terms *);

static bool shorten(const struct mobile_verdict *verdict, const struct mobile_terms *terms)
{
	if (verdict->lifetime_s == 0)
		return false;
	terms->at->agent_lifetime_s = verdict->lifetime_s;
	return true;
}

/* The identification is right now: the caller has learnt it. */
static bool resynchronise(const struct mobile_verdict *verdict, const struct mobile_terms *terms)
{
	(void)terms;
	return verdict->of_home;
}

static bool find_home_agent(const struct mobile_verdict *verdict, const struct mobile_terms *terms)
{
	if (!address_is_unicast(verdict->home_agent) ||
	    address_equal(verdict->home_agent, terms->node->home_agent))
		return false;
	terms->node->home_agent = verdict->home_agent;
	return true;
}

/* RFC 4433 section 5.1: it is asked for by the extension, as long as none has been found. */
static bool follow_redirection(const struct mobile_verdict *verdict,
                               const struct mobile_terms *terms)
{
	struct mobile_node *node = terms->node;
	struct in_addr *asked = node->home_agent.s_addr ? &node->home_agent : &node->requested;

	if (!address_is_unicast(verdict->home_agent) || address_equal(verdict->home_agent, *asked))
		return false;
	*asked = verdict->home_agent;
	return true;
}

/* RFC 4721 section 3.5: only with another one, which the caller keeps. */
static bool answer_challenge(const struct mobile_verdict *verdict, const struct mobile_terms *terms)
{
	(void)terms;
	return verdict->challenge.size > 0;
}

static bool set_reverse(const struct mobile_terms *terms, bool reverse)
{
	if (!terms->reverse_optional || terms->wishes->reverse == reverse)
		return false;
	terms->wishes->reverse = reverse;
	return true;
}

static bool leave_reverse(const struct mobile_verdict *verdict, const struct mobile_terms *terms)
{
	(void)verdict;
	return set_reverse(terms, false);
}

static bool take_reverse(const struct mobile_verdict *verdict, const struct mobile_terms *terms)
{
	(void)verdict;
	return set_reverse(terms, true);
}

static bool take_plain(const struct mobile_verdict *verdict, const struct mobile_terms *terms)
{
	(void)verdict;
	if (!terms->encapsulation_optional || terms->wishes->encapsulation == ENCAPSULATION_IPIP)
		return false;
	terms->wishes->encapsulation = ENCAPSULATION_IPIP;
	return true;
}

static bool deliver_directly(const struct mobile_verdict *verdict, const struct mobile_terms *terms)
{
	(void)verdict;
	if (!terms->wishes->encapsulating)
		return false;
	terms->wishes->encapsulating = false;
	return true;
}

static const struct remedy {
	uint8_t code;
	mobile_change *change;
} remedies[] = {
	{ FOREIGN_LIFETIME_TOO_LONG, shorten },
	{ FOREIGN_ENCAPSULATION_UNAVAILABLE, take_plain },
	{ FOREIGN_REVERSE_UNAVAILABLE, leave_reverse }, /* RFC 3024 section 3.4 */
	{ FOREIGN_REVERSE_MANDATORY, take_reverse },
	{ FOREIGN_DELIVERY_UNSUPPORTED, deliver_directly },
	{ FOREIGN_UNKNOWN_CHALLENGE, answer_challenge },
	{ FOREIGN_MISSING_CHALLENGE, answer_challenge },
	{ FOREIGN_STALE_CHALLENGE, answer_challenge },
	{ MIP_ID_MISMATCH, resynchronise },
	{ MIP_UNKNOWN_HA, find_home_agent },
	{ MIP_REVERSE_UNAVAILABLE, leave_reverse },
	{ MIP_REVERSE_MANDATORY, take_reverse },
	{ MIP_ENCAPSULATION_UNAVAILABLE, take_plain },
	{ MIP_UDP_UNAVAILABLE, take_plain }, /* RFC 3519 section 3.5 */
	{ MIP_REDIRECTED, follow_redirection },
};

#define REMEDY_COUNT (sizeof(remedies) / sizeof(remedies[0]))

_Static_assert(REMEDY_COUNT <= 32, "a bit of mobile_tries for each");

enum mobile_remedy mobile_repair(const struct mobile_verdict *verdict, struct mobile_tries *tries,
                                 struct mobile_terms *terms)
{
	for (size_t i = 0; i < REMEDY_COUNT; i++) {
		uint32_t bit = UINT32_C(1) << i;

		if (remedies[i].code != verdict->code || tries->repaired & bit)
			continue;
		tries->repaired |= bit;
		if (remedies[i].change(verdict, terms))
			return MOBILE_AGAIN;
	}
	return verdict->of_home ? MOBILE_GIVE_UP : MOBILE_OTHER_AGENT;
}
