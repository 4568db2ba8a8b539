/* inspect.c - answers from the state in memory, without the keys that are in it. */
#include "agentd/flow/inspect.h"

#include <stdio.h>

#include "agentd/flow/internal.h"
#include "agentd/state/pools.h"

bool agent_node(struct agent *agent, const struct agent_whom *whom, struct agent_node *out)
{
	struct state_question question = {
		.kind = PEER_MOBILE_NODE,
		.realm = whom->realm,
		.name = whom->name,
	};
	struct state_view view;

	if (!whom->name)
		question.address = whom->address;
	if (!state_look(agent->state, &question, &view))
		return false;
	mip_wipe(&view.key, sizeof(view.key));
	*out = (struct agent_node){
		.id = view.id,
		.name = view.name,
		.home = view.home,
		.pooled = view.pool != LABEL_NONE,
		.leased = view.leased,
		.limit = view.limit,
		.bindings = view.binding_count,
	};
	state_policy_name(agent->state, view.policy, out->policy);
	return true;
}

uint64_t agent_last_used(struct agent *agent, enum peer_kind kind, const struct agent_whom *whom,
                         uint32_t spi, enum association_use use)
{
	return state_last_used(agent->state, kind, whom->realm, whom->address, whom->name, spi,
	                       use);
}

bool agent_setting_at(struct agent *agent, unsigned i, struct setting_row *out)
{
	return state_setting_at(agent->state, i, out);
}

uint64_t agent_setting_version(struct agent *agent, const char *name)
{
	return state_setting_version(agent->state, name);
}

bool agent_pool_at(struct agent *agent, unsigned i, struct state_pool *out)
{
	return state_pool_at(agent->state, i, out);
}

struct traces *agent_traces(struct agent *agent)
{
	return &agent->traces;
}

const struct option *agent_policy_option(const char *setting)
{
	return policy_option(setting, NULL);
}

/* ---- policies ---- */

struct visit {
	struct agent *agent;
	agent_policy_visitor *visit;
	void *context;
};

static void visit_setting(void *context, const char *name, const char *value)
{
	const struct visit *visit = context;
	struct agent_policy_setting setting = {
		.option = policy_option(name, NULL),
		.value = value,
	};
	const char *from = name + strlen(POLICY_SETTING);

	if (!setting.option)
		return;
	snprintf(setting.policy, sizeof(setting.policy), "%.*s", (int)strcspn(from, "."), from);
	setting.nodes = state_policy_nodes(visit->agent->state, setting.policy);
	visit->visit(visit->context, &setting);
}

void agent_policies(struct agent *agent, agent_policy_visitor *visit, void *context)
{
	struct visit each = { agent, visit, context };

	state_settings(agent->state, visit_setting, &each);
}
