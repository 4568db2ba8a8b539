/* inspect.h - single facts of an agent in operation, for who asks from outside:
 * a mobile node, a pool, a policy. From memory, so newer than the store. Any
 * thread; nothing is changed.
 *
 * May include: everything below layer 4. */
#ifndef AGENTD_FLOW_INSPECT_H
#define AGENTD_FLOW_INSPECT_H

#include "agentd/flow/agent.h"
#include "agentd/flow/trace.h"
#include "agentd/state/state.h"

/* Who is meant: by name where there is one, else by address. Borrowed. */
struct agent_whom {
	uint32_t realm;
	struct in_addr address;
	const struct name_digest *name; /* NULL without */
};

struct agent_node {
	uint64_t id;
	struct name_digest name; /* none when it has no NAI */
	struct in_addr home;     /* 0 = none yet; of a pool and not leased: its last one */
	bool pooled;             /* its address comes from a pool */
	bool leased;             /* and it has one now */
	char policy[LABEL_MAX];  /* "" = none */
	uint8_t limit;           /* of bindings */
	uint8_t bindings;
};

/* false: there is no such mobile node. */
bool agent_node(struct agent *agent, const struct agent_whom *whom, struct agent_node *out);

/* As state_last_used has it. */
uint64_t agent_last_used(struct agent *agent, enum peer_kind kind, const struct agent_whom *whom,
                         uint32_t spi, enum association_use use);

/* As state_setting_at has it. */
bool agent_setting_at(struct agent *agent, unsigned i, struct setting_row *out);
/* As state_setting_version has it. */
uint64_t agent_setting_version(struct agent *agent, const char *name);

/* As state_pool_at has it. */
bool agent_pool_at(struct agent *agent, unsigned i, struct state_pool *out);

/* For who watches. The agent's, and there as long as it is. */
struct traces *agent_traces(struct agent *agent);

/* The settings in force for nodes of this policy; "" = of none. */
void agent_policy_config(struct agent *agent, const char *policy, struct config *out);

/* The option that a setting `policy.NAME.OPTION` overrides; NULL when it is no
 * such setting. */
const struct option *agent_policy_option(const char *setting);

/* What one policy says of one option. Borrowed for the call. */
struct agent_policy_setting {
	char policy[LABEL_MAX];
	const struct option *option;
	const char *value;
	uint32_t nodes; /* of this policy */
};
/* All of them, a policy's together, in the order of names. */
typedef void agent_policy_visitor(void *context, const struct agent_policy_setting *setting);
void agent_policies(struct agent *agent, agent_policy_visitor *visit, void *context);

#endif
