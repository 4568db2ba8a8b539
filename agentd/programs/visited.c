/* visited.c - what the one agent of a process is told of the others. */
#include "agentd/programs/visited.h"

#include "proto/advertisement.h"

#define TELL_MS 500u

uint32_t visited_tick_ms(const struct visit *visit, uint32_t other_ms)
{
	if (!visit)
		return other_ms;
	return other_ms && other_ms < TELL_MS ? other_ms : TELL_MS;
}

static uint16_t flags_of(const struct config *config)
{
	unsigned flags = config->minimal_encapsulation ? AGENT_MINIMAL : 0u;

	flags |= config->gre_encapsulation ? AGENT_GRE : 0u;
	flags |= config->reverse_tunnel ? AGENT_REVERSE_TUNNEL : 0u;
	return (uint16_t)flags;
}

/* A witness may not know them. */
static void add_others(const struct agents *agents, struct visit_home *home)
{
	for (size_t i = 1; i < agents->configs.count; i++)
		if (agents->configs.of[i].home_agent_address.s_addr)
			home->others[home->other_count++] =
				agents->configs.of[i].home_agent_address;
}

void visited_tell(struct visit *visit, const struct agents *agents)
{
	struct visit_home home = { .answers = false };
	struct agent_status status;
	struct config config;

	if (!visit)
		return;
	if (agents->count && !agents->of[0].starting) {
		agent_status(agents->of[0].agent, &status);
		agent_config(agents->of[0].agent, &config);
		home.answers = status.replication.role == REPLICATION_LEADER && !status.witness &&
		               config.enabled;
		home.disabled = !config.enabled;
		home.flags = flags_of(&config);
		home.max_lifetime_s = (uint16_t)config.max_lifetime_s;
	}
	add_others(agents, &home);
	visit_tell_home(visit, &home);
}
