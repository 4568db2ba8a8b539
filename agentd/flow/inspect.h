/* inspect.h - single facts of an agent in operation, for who asks from outside:
 * a mobile node, a pool, a policy. From memory, so newer than the store. Any
 * thread; nothing is changed.
 *
 * May include: everything below layer 4. */
#ifndef AGENTD_FLOW_INSPECT_H
#define AGENTD_FLOW_INSPECT_H

#include "agentd/base/violations.h"
#include "agentd/flow/agent.h"
#include "agentd/flow/trace.h"
#include "agentd/registration/registration.h"
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

/* What came of a mobile node's requests, as state_service has it, found by name where
 * there is one, else by home address; a lock is held for a moment. false: there is no such
 * node. Cluster time is that of agent_now_ms. */
bool agent_service(struct agent *agent, const struct agent_whom *whom, struct state_service *out);
/* For how long the node has been bound in all at that moment of cluster time, in
 * milliseconds: no longer than its bindings last, also where nobody leads who ends them. */
uint64_t agent_served_ms(const struct state_service *service, uint64_t now_ms);
/* As state_next_denied and state_next_leased have it. */
bool agent_next_denied(struct agent *agent, uint32_t realm, struct in_addr *home);
bool agent_next_leased(struct agent *agent, uint32_t realm, struct in_addr *home,
                       struct in_addr last);
/* Cluster time in Unix milliseconds. Waits for nobody for long. */
uint64_t agent_now_ms(struct agent *agent);

/* Who violated security, of all requests to this agent since the start of the process.
 * The agent's, and there as long as it is. */
struct violations *agent_violations(struct agent *agent);

/* As state_last_used has it. */
uint64_t agent_last_used(struct agent *agent, enum peer_kind kind, const struct agent_whom *whom,
                         uint32_t spi, enum association_use use);

/* Where the store has the row of a node, of which home or name is taken. */
void agent_node_key(uint32_t realm, const struct agent_node *node, struct row_octets *out);
/* The name of the node at this home address, if it is still the one with this id. false:
 * it has none, or is another one by now. */
bool agent_name_at(struct agent *agent, struct store_reader *reader, uint32_t realm,
                   struct in_addr home, uint64_t id, char out[MIP_NAI_MAX + 1]);

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
const struct config_option *agent_policy_option(const char *setting);

/* What one policy says of one option. Borrowed for the call. */
struct agent_policy_setting {
	char policy[LABEL_MAX];
	const struct config_option *option;
	const char *value;
	uint32_t nodes; /* of this policy */
};
/* All of them, a policy's together, in the order of names. */
typedef void agent_policy_visitor(void *context, const struct agent_policy_setting *setting);
void agent_policies(struct agent *agent, agent_policy_visitor *visit, void *context);

#endif
