/* inspect.c - answers from the state in memory, without the keys that are in it. */
#include "agentd/flow/inspect.h"

#include <stdio.h>
#include <string.h>

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

bool agent_service(struct agent *agent, const struct agent_whom *whom, struct state_service *out)
{
	return state_service(agent->state, whom->realm, whom->address, whom->name, out);
}

bool agent_next_denied(struct agent *agent, uint32_t realm, struct in_addr *home)
{
	return state_next_denied(agent->state, realm, home);
}

bool agent_next_leased(struct agent *agent, uint32_t realm, struct in_addr *home,
                       struct in_addr last)
{
	return state_next_leased(agent->state, realm, home, last);
}

uint64_t agent_served_ms(const struct state_service *service, uint64_t now_ms)
{
	uint64_t end_ms = now_ms < service->until_ms ? now_ms : service->until_ms;
	uint64_t present_ms = service->since_ms && end_ms > service->since_ms
	                              ? end_ms - service->since_ms
	                              : 0;

	return service->served_ms + present_ms;
}

uint64_t agent_now_ms(struct agent *agent)
{
	return agent_cluster_ms(agent);
}

struct violations *agent_violations(struct agent *agent)
{
	return &agent->violations;
}

uint64_t agent_last_used(struct agent *agent, enum peer_kind kind, const struct agent_whom *whom,
                         uint32_t spi, enum association_use use)
{
	return state_last_used(agent->state, kind, whom->realm, whom->address, whom->name, spi,
	                       use);
}

void agent_node_key(uint32_t realm, const struct agent_node *node, struct row_octets *out)
{
	if (node->pooled)
		peer_row_key_of_name(PEER_MOBILE_NODE, realm, &node->name, out);
	else
		peer_row_key_of_address(PEER_MOBILE_NODE, realm, node->home, out);
}

bool agent_name_at(struct agent *agent, struct store_reader *reader, uint32_t realm,
                   struct in_addr home, uint64_t id, char out[MIP_NAI_MAX + 1])
{
	const struct agent_whom whom = { .realm = realm, .address = home };
	struct agent_node node;
	struct row_octets key;
	struct store_bytes value;
	struct peer_row peer;

	if (!agent_node(agent, &whom, &node) || node.id != id || name_digest_is_none(&node.name))
		return false;
	agent_node_key(realm, &node, &key);
	if (store_get(reader, STORE_PEERS, (struct store_bytes){ key.at, key.size }, &value) !=
	            HA_OK ||
	    peer_row_decode((struct span){ key.at, key.size },
	                    (struct span){ value.at, value.size }, &peer) != HA_OK)
		return false;
	memcpy(out, peer.nai, sizeof(peer.nai));
	return true;
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

const struct config_option *agent_policy_option(const char *setting)
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
