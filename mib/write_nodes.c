/* write_nodes.c - hearthNodePolicy and hearthNodeBindingLimit of a node that is there. */
#include <stdio.h>
#include <string.h>

#include "agentd/flow/inspect.h"
#include "agentd/state/pools.h"
#include "mib/peers.h"
#include "mib/setting.h"
#include "mib/writings.h"

enum {
	POLICY = 9,
	LIMIT = 10,
};

#define REALM_AT 4u
#define IDENTITY_AT 9u /* behind its length */

struct subject {
	struct agent_whom whom;
	struct name_digest name;
	struct agent_node node; /* as it is */
};

/* false: there is no such node. */
static bool find(struct mib_group *group, const struct mib_key *key, struct subject *out)
{
	size_t size = key->at[IDENTITY_AT - 1];

	out->whom = (struct agent_whom){ .realm = mib_key_number_at(key, REALM_AT) };
	if (size == NAME_DIGEST_SIZE) {
		memcpy(out->name.octets, key->at + IDENTITY_AT, NAME_DIGEST_SIZE);
		out->whom.name = &out->name;
	} else if (size == MIB_ADDRESS_OCTETS) {
		memcpy(&out->whom.address, key->at + IDENTITY_AT, MIB_ADDRESS_OCTETS);
	}
	return agent_node(group->agent, &out->whom, &out->node) &&
	       (size == NAME_DIGEST_SIZE || !out->node.pooled);
}

/* ---- the policy ---- */

struct search {
	const char *name;
	bool found;
};

static void on_policy(void *context, const struct agent_policy_setting *setting)
{
	struct search *search = context;

	search->found = search->found || strcmp(setting->policy, search->name) == 0;
}

/* It is there, or this request makes it, before. */
static bool is_policy(const struct set_row *row, struct mib_group *group, const char *name)
{
	struct search search = { .name = name };
	char beginning[LABEL_MAX + sizeof(POLICY_SETTING)];
	int length = snprintf(beginning, sizeof(beginning), POLICY_SETTING "%s.", name);

	agent_policies(group->agent, on_policy, &search);
	for (size_t i = 0; i < row->plan->step_count; i++)
		if (strncmp(row->plan->steps[i].change.name, beginning, (size_t)length) == 0)
			search.found = search.found ||
			               row->plan->steps[i].change.kind == CHANGE_SET;
	return search.found;
}

static void take_policy(struct set_row *row, struct mib_group *group, struct set_step *step,
                        const struct agent_node *node)
{
	if (!set_text(row, POLICY, step->change.policy, sizeof(step->change.policy)))
		return;
	if (step->change.policy[0] && !is_policy(row, group, step->change.policy))
		set_refuse(row, POLICY, REFUSAL_INCONSISTENT);
	step->change.set_policy = true;
	memcpy(step->change.guard.policy, node->policy, sizeof(node->policy));
}

static void take_limit(struct set_row *row, struct mib_group *group, struct set_step *step,
                       const struct agent_node *node)
{
	const struct agent_status *status = mib_group_status(group);
	uint8_t limit = (uint8_t)set_number(row, LIMIT, 0);

	if (!limit)
		return;
	if (limit > node->limit &&
	    status->bindings_committed + limit - node->limit > status->bindings_capacity)
		set_refuse(row, LIMIT, REFUSAL_NO_ROOM);
	step->change.set_bindings = true;
	step->change.bindings = limit;
	step->change.guard.bindings = node->limit;
}

/* By name where it has one: the digest of another name would be another node's. */
static bool take_name(struct mib_group *group, const struct subject *subject, struct change *out)
{
	struct store_reader *reader = mib_group_reader(group);
	struct row_octets key;
	struct peer_row row;

	out->peer = PEER_MOBILE_NODE;
	out->realm = subject->whom.realm;
	out->address = subject->whom.address;
	if (!subject->whom.name)
		return true;
	peer_row_key_of_name(PEER_MOBILE_NODE, out->realm, &subject->name, &key);
	if (!reader || !mib_peer_at(reader, &key, &row))
		return false;
	memcpy(out->nai, row.nai, sizeof(out->nai));
	return true;
}

static void judge(struct set_row *row)
{
	struct mib_group *group = set_group(row, mib_key_number_at(&row->key, 0));
	struct subject subject;
	struct set_step *step;

	if (!group)
		return;
	if (!find(group, &row->key, &subject)) {
		set_refuse(row, 0, REFUSAL_NO_ROW);
		return;
	}
	step = set_step(row, CHANGE_SET_NODE);
	if (!step)
		return;
	if (!take_name(group, &subject, &step->change))
		set_refuse(row, 0, REFUSAL_NO_ROW);
	step->change.guard.set = true;
	take_policy(row, group, step, &subject.node);
	take_limit(row, group, step, &subject.node);
}

static const struct mib_writable writable[] = {
	{ POLICY, MIB_OCTETS, 0, LABEL_MAX - 1, false },
	{ LIMIT, MIB_UNSIGNED, 1, 8, false },
};

const struct mib_writing write_nodes = { MIB_WRITABLE(writable), judge };
