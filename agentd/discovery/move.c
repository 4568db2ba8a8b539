/* move.c - move detection. */
#include "agentd/discovery/move.h"

static const struct move_verdict stay = { .move = MOVE_STAY };

bool move_is_candidate(const struct heard_agent *agent, uint64_t now_ms)
{
	return heard_is_valid(agent, now_ms) && (agent->flags & AGENT_FOREIGN) &&
	       !(agent->flags & AGENT_BUSY) && agent->care_of_count > 0;
}

/* Of two heard in the same millisecond the one with the lower address, so that the answer
 * does not depend on the order of the list. */
static bool is_later(const struct heard_agent *one, const struct heard_agent *other)
{
	if (one->heard_ms != other->heard_ms)
		return one->heard_ms > other->heard_ms;
	return address_host(one->source) < address_host(other->source);
}

static const struct heard_agent *last_candidate(const struct heard_agents *agents, uint64_t now_ms)
{
	const struct heard_agent *last = NULL;

	for (size_t i = 0; i < agents->count; i++) {
		const struct heard_agent *agent = &agents->at[i];

		if (move_is_candidate(agent, now_ms) && (!last || is_later(agent, last)))
			last = agent;
	}
	return last;
}

struct move_verdict move_by_lifetime(const struct heard_agents *agents, uint64_t now_ms)
{
	const struct heard_agent *in_use = heard_in_use(agents);
	struct move_verdict verdict = { .move = MOVE_SEARCH };

	if (in_use && heard_is_valid(in_use, now_ms))
		return stay;
	verdict.to = last_candidate(agents, now_ms);
	if (verdict.to)
		verdict.move = MOVE_TO;
	return verdict;
}

/* A length of 0 is what there is where the extension is missing; and where it says so, that
 * is all of the Internet, and so tells nothing. */
static bool tells_network(const struct advertisement_router *router)
{
	return router->prefix_length > 0;
}

/* `network` has a length above 0. */
static bool has_network(const struct heard_agent *agent, const struct address_prefix *network)
{
	for (size_t i = 0; i < agent->router_count; i++)
		if (agent->routers[i].prefix_length == network->length &&
		    address_in_prefix(agent->routers[i].address, network))
			return true;
	return false;
}

static bool tells_any(const struct heard_agent *agent)
{
	for (size_t i = 0; i < agent->router_count; i++)
		if (tells_network(&agent->routers[i]))
			return true;
	return false;
}

enum move_subnet move_compare_network(const struct address_prefix *network,
                                      const struct heard_agent *heard)
{
	if (network->length == 0 || !tells_any(heard))
		return MOVE_SUBNET_UNKNOWN;
	return has_network(heard, network) ? MOVE_SUBNET_SAME : MOVE_SUBNET_OTHER;
}

/* The network of one of its routers. */
static struct address_prefix network_of(const struct advertisement_router *router)
{
	uint32_t mask = UINT32_MAX << (32u - router->prefix_length); /* of 1 to 32 bits */

	return (struct address_prefix){
		.network = { htonl(address_host(router->address) & mask) },
		.length = router->prefix_length,
	};
}

enum move_subnet move_compare(const struct heard_agent *in_use, const struct heard_agent *heard)
{
	if (!tells_any(in_use) || !tells_any(heard))
		return MOVE_SUBNET_UNKNOWN;
	for (size_t i = 0; i < in_use->router_count; i++) {
		struct address_prefix network;

		if (!tells_network(&in_use->routers[i]))
			continue;
		network = network_of(&in_use->routers[i]);
		if (has_network(heard, &network))
			return MOVE_SUBNET_SAME;
	}
	return MOVE_SUBNET_OTHER;
}

struct move_verdict move_by_prefix(const struct heard_agents *agents,
                                   const struct address_prefix *network, uint64_t now_ms)
{
	const struct heard_agent *in_use = heard_in_use(agents);
	const struct heard_agent *last = last_candidate(agents, now_ms);
	enum move_subnet subnet = MOVE_SUBNET_UNKNOWN;

	if (!last || (in_use && last->heard_ms <= in_use->heard_ms))
		return stay;
	if (in_use)
		subnet = move_compare(in_use, last);
	else if (network)
		subnet = move_compare_network(network, last);
	if (subnet != MOVE_SUBNET_OTHER)
		return stay;
	return (struct move_verdict){ .move = MOVE_TO, .to = last };
}

bool move_is_home(const struct heard_agent *heard, struct in_addr home_agent)
{
	if (!(heard->flags & AGENT_HOME) || home_agent.s_addr == INADDR_ANY)
		return false;
	if (address_equal(heard->source, home_agent))
		return true;
	for (size_t i = 0; i < heard->router_count; i++)
		if (address_equal(heard->routers[i].address, home_agent))
			return true;
	return false;
}
