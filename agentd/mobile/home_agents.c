/* home_agents.c - the home agents that the node may use. One is in use; when that is taken away the
 * binding with it is ended, and the first of the others is used. */
#include <string.h>

#include "agentd/base/log.h"
#include "agentd/mobile/internal.h"

static size_t place_of(const struct mobile *mobile, struct in_addr address)
{
	size_t i = 0;

	while (i < mobile->home_agent_count && !address_equal(mobile->home_agents[i], address))
		i++;
	return i;
}

void mobile_note_home_agent(struct mobile *mobile, struct in_addr address)
{
	if (place_of(mobile, address) == mobile->home_agent_count &&
	    mobile->home_agent_count < MOBILE_HOME_AGENTS_MAX)
		mobile->home_agents[mobile->home_agent_count++] = address;
}

/* What was agreed on with the one before does not count. */
static void use(struct mobile *mobile, struct in_addr address)
{
	mobile->node.home_agent = address;
	mobile->identity = (struct mobile_identity){ .nonces = mobile->settings->nonces };
	mobile->tries = (struct mobile_tries){ 0 };
	mobile->patience_ms = 0;
	mobile->again_ms = UINT64_MAX;
	mobile->pending = false;
	mobile->wanted = mobile->stay.attached;
	if (mobile->stay.attached)
		mobile->state = MOBILE_ASKING;
}

void mobile_drop_home_agent(struct mobile *mobile)
{
	struct in_addr next = { 0 };

	if (mobile->home_agent_count)
		next = mobile->home_agents[0];
	log_notice("home agent %s is not used any more",
	           address_format(mobile->node.home_agent).text);
	mobile->dropping = false;
	mobile->held_count = 0;
	mobile->unlisted = false;
	mobile->granted_s = 0;
	mobile_settle(mobile);
	use(mobile, next);
	mobile_show(mobile);
}

/* It was removed, and what that brought about is not done yet. */
static bool is_taken_back(const struct mobile *mobile, struct in_addr address)
{
	return !mobile->stay.bound && address_equal(mobile->left, address) &&
	       mobile->left_requests == mobile->counts.requests;
}

/* Its binding may have ended, if the request came there. */
static void stay_with(struct mobile *mobile)
{
	mobile->dropping = false;
	mobile->pending = false;
	mobile->wanted = true;
}

enum ha_error mobile_add_home_agent(struct mobile *mobile, struct in_addr address)
{
	if (!address_is_unicast(address))
		return HA_E_MALFORMED;
	if (place_of(mobile, address) < mobile->home_agent_count)
		return HA_E_EXISTS;
	if (mobile->home_agent_count == MOBILE_HOME_AGENTS_MAX)
		return HA_E_CAPACITY;
	mobile->home_agents[mobile->home_agent_count++] = address;
	if (mobile->dropping && !mobile->ending && address_equal(address, mobile->node.home_agent))
		stay_with(mobile);
	else if (mobile->node.home_agent.s_addr == 0 || is_taken_back(mobile, address))
		use(mobile, address);
	return HA_OK;
}

enum ha_error mobile_remove_home_agent(struct mobile *mobile, struct in_addr address)
{
	size_t place = place_of(mobile, address);

	if (place == mobile->home_agent_count)
		return HA_E_NOTFOUND;
	mobile->home_agent_count--;
	memmove(&mobile->home_agents[place], &mobile->home_agents[place + 1],
	        (mobile->home_agent_count - place) * sizeof(mobile->home_agents[0]));
	if (!address_equal(address, mobile->node.home_agent) || mobile->dropping)
		return HA_OK;
	if (!mobile->stay.bound || !mobile->stay.attached || mobile->stay.way == MOBILE_AT_HOME) {
		mobile->left = address;
		mobile->left_requests = mobile->counts.requests;
		mobile_drop_home_agent(mobile);
		return HA_OK;
	}
	mobile_go_back(mobile);
	mobile->dropping = true;
	mobile->pending = false;
	mobile->wanted = true;
	return HA_OK;
}
