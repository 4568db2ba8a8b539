/* heard.c - the list of agents heard. */
#include "agentd/discovery/heard.h"

#include <string.h>

#include "agentd/base/address.h"

#define MS_PER_S 1000u
#define RESTART_BELOW 256u /* RFC 5944 section 2.3.2: a sequence rolls over to this */

bool heard_is_restart(uint16_t before, uint16_t now)
{
	return now < before && now < RESTART_BELOW;
}

/* The count where it is not in the list. */
static size_t index_of(const struct heard_agents *agents, struct in_addr source, uint32_t interface)
{
	size_t i = 0;

	while (i < agents->count && !(address_equal(agents->at[i].source, source) &&
	                              agents->at[i].interface == interface))
		i++;
	return i;
}

static struct heard_agent *find(struct heard_agents *agents, struct in_addr source,
                                uint32_t interface)
{
	size_t i = index_of(agents, source, interface);

	return i < agents->count ? &agents->at[i] : NULL;
}

const struct heard_agent *heard_find(const struct heard_agents *agents, struct in_addr source,
                                     uint32_t interface)
{
	size_t i = index_of(agents, source, interface);

	return i < agents->count ? &agents->at[i] : NULL;
}

const struct heard_agent *heard_in_use(const struct heard_agents *agents)
{
	for (size_t i = 0; i < agents->count; i++)
		if (agents->at[i].in_use)
			return &agents->at[i];
	return NULL;
}

static void forget(struct heard_agents *agents, struct heard_agent *agent)
{
	*agent = agents->at[--agents->count];
}

/* Of two, the one that can be spared rather. */
static bool is_spared_rather(const struct heard_agent *one, const struct heard_agent *other,
                             uint64_t now_ms)
{
	bool one_valid = heard_is_valid(one, now_ms), other_valid = heard_is_valid(other, now_ms);

	if (one_valid != other_valid)
		return !one_valid;
	if (one->repeated != other->repeated)
		return !one->repeated;
	return one->heard_ms < other->heard_ms;
}

/* A place for one more. There is always one, since only one agent is in use. */
static struct heard_agent *take_place(struct heard_agents *agents, uint64_t now_ms)
{
	struct heard_agent *spared = NULL;

	if (agents->count < HEARD_AGENTS_MAX)
		return &agents->at[agents->count++];
	for (size_t i = 0; i < agents->count; i++) {
		struct heard_agent *agent = &agents->at[i];

		if (!agent->in_use && (!spared || is_spared_rather(agent, spared, now_ms)))
			spared = agent;
	}
	return spared;
}

static uint8_t at_most(size_t count, size_t most)
{
	return (uint8_t)(count < most ? count : most);
}

static void keep(struct heard_agent *agent, const struct advertisement *heard, uint64_t now_ms)
{
	agent->heard_ms = now_ms;
	agent->expires_ms = now_ms + (uint64_t)heard->lifetime_s * MS_PER_S;
	agent->sequence = heard->sequence;
	agent->registration_lifetime_s = heard->registration_lifetime_s;
	agent->flags = heard->flags;
	agent->has_prefix_lengths = heard->has_prefix_lengths;
	agent->care_of_count = at_most(heard->care_of_count, HEARD_CARE_OF_MAX);
	agent->router_count = at_most(heard->router_count, HEARD_ROUTERS_MAX);
	agent->challenge_size = at_most(heard->challenge.size, ADVERTISEMENT_CHALLENGE_MAX);
	memcpy(agent->care_of, heard->care_of, sizeof(agent->care_of));
	memcpy(agent->routers, heard->routers, sizeof(agent->routers));
	if (agent->challenge_size > 0)
		memcpy(agent->challenge, heard->challenge.at, agent->challenge_size);
}

/* RFC 5944 section 2.1.1 forbids to send what is neither. */
static bool is_usable(const struct advertisement *heard)
{
	return (heard->flags & AGENT_HOME) ||
	       ((heard->flags & AGENT_FOREIGN) && heard->care_of_count > 0);
}

static enum heard_event take_known(struct heard_agents *agents, struct heard_agent *agent,
                                   const struct advertisement *heard, uint64_t now_ms)
{
	enum heard_event event = heard_is_valid(agent, now_ms) ? HEARD_AGAIN : HEARD_NEW;

	if (heard->lifetime_s == 0) {
		forget(agents, agent);
		return HEARD_GONE;
	}
	if (heard_is_restart(agent->sequence, heard->sequence))
		event = HEARD_RESTARTED;
	agent->repeated = true;
	keep(agent, heard, now_ms);
	return event;
}

enum heard_event heard_take(struct heard_agents *agents, const struct advertisement *advertisement,
                            struct in_addr source, uint32_t interface, uint64_t now_ms)
{
	struct heard_agent *agent = find(agents, source, interface);

	if (!address_is_unicast(source) || !is_usable(advertisement))
		return HEARD_UNUSABLE;
	if (agent)
		return take_known(agents, agent, advertisement, now_ms);
	if (advertisement->lifetime_s == 0)
		return HEARD_IGNORED;
	agent = take_place(agents, now_ms);
	*agent = (struct heard_agent){ .source = source, .interface = interface };
	keep(agent, advertisement, now_ms);
	return HEARD_NEW;
}

void heard_use_none(struct heard_agents *agents)
{
	for (size_t i = 0; i < agents->count; i++)
		agents->at[i].in_use = false;
}

bool heard_use(struct heard_agents *agents, struct in_addr source, uint32_t interface)
{
	struct heard_agent *agent = find(agents, source, interface);

	heard_use_none(agents);
	if (agent)
		agent->in_use = true;
	return agent != NULL;
}

void heard_forget_interface(struct heard_agents *agents, uint32_t interface)
{
	for (size_t i = agents->count; i-- > 0;)
		if (agents->at[i].interface == interface)
			forget(agents, &agents->at[i]);
}

uint64_t heard_next_expiry_ms(const struct heard_agents *agents, uint64_t now_ms)
{
	uint64_t next_ms = UINT64_MAX;

	for (size_t i = 0; i < agents->count; i++) {
		const struct heard_agent *agent = &agents->at[i];

		if (heard_is_valid(agent, now_ms) && agent->expires_ms < next_ms)
			next_ms = agent->expires_ms;
	}
	return next_ms;
}
