/* keep.c - the place that the node was registered at last. Its packets go by that, as long as it is
 * there and registered, until whom it asks instead has accepted. */
#include "agentd/mobile/internal.h"

static bool has_address(const struct mobile *mobile, struct in_addr address)
{
	for (size_t i = 0; i < mobile->address_count; i++)
		if (address_equal(mobile->addresses[i], address))
			return true;
	return false;
}

/* At home the home address is on the link, and away it is not: there is no both. */
static bool is_there(const struct mobile *mobile, uint64_t now_ms)
{
	const struct mobile_stay *stay = &mobile->stay;

	if (!stay->attached || !stay->bound || mobile->at.way == MOBILE_AT_HOME)
		return false;
	switch (stay->way) {
	case MOBILE_BY_AGENT:
		return now_ms < mobile->kept_until_ms;
	case MOBILE_CO_LOCATED:
		return stay->count > 0 && has_address(mobile, stay->care_of[0]);
	default:
		return false;
	}
}

void mobile_keep(struct mobile *mobile, const struct mobile_attachment *before, uint64_t now_ms)
{
	const struct heard_agent *agent = heard_find(&mobile->heard, mobile->stay.agent,
	                                             MOBILE_LINK);

	if (!mobile->kept) {
		mobile->before = *before;
		mobile->before.challenge.size = 0; /* it may be somebody else's by then */
		mobile->kept_until_ms = agent ? agent->expires_ms : 0;
	}
	mobile->kept = is_there(mobile, now_ms);
	if (!mobile->kept)
		mobile_settle(mobile);
}

bool mobile_keeps(struct mobile *mobile, uint64_t now_ms)
{
	if (mobile->kept && !is_there(mobile, now_ms)) {
		mobile_settle(mobile);
		mobile_show(mobile);
	}
	return mobile->kept;
}

void mobile_keep_heard(struct mobile *mobile, struct in_addr source, struct mac from,
                       uint64_t expires_ms)
{
	if (mobile->kept && address_equal(source, mobile->stay.agent) &&
	    mac_equal(from, mobile->stay.agent_mac))
		mobile->kept_until_ms = expires_ms;
}

void mobile_settle(struct mobile *mobile)
{
	struct mobile_stay *stay = &mobile->stay;

	mobile->kept = false;
	mobile->keepalive_ms = 0;
	stay->bound = stay->udp = false;
	stay->way = mobile->at.way;
	stay->agent = mobile->at.agent;
	stay->agent_mac = mobile_mac_of(mobile, mobile->at.agent);
}

void mobile_go_back(struct mobile *mobile)
{
	if (!mobile->kept)
		return;
	/* What is asked for elsewhere may have been granted, and not been heard of yet. */
	mobile->unlisted |= mobile->pending;
	mobile->at = mobile->before;
	mobile->kept = false;
	mobile_forget_rivals(mobile);
}
