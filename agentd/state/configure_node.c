/* configure_node.c - what may change about a mobile node while it is bound: its
 * policy and its limit of bindings. */
#include "agentd/state/configure.h"

static void note_node(struct row_log *rows, const struct node_row *row)
{
	struct row_octets key, value;

	node_row_key(row, &key);
	node_row_value(row, &value);
	row_log_append(rows, ROW_PUT, ROW_NODE, (struct span){ key.at, key.size },
	               (struct span){ value.at, value.size });
}

enum ha_error node_set_policy(struct state *state, uint32_t slot, const char *policy,
                              struct row_log *rows)
{
	struct node_row row = {
		.peer = state->peers[slot].id,
		.bindings = state->peers[slot].limit,
		.reserved = state->peers[slot].reserved,
	};
	enum ha_error error;

	if (!policy || !policy[0])
		return HA_OK;
	text_copy(row.policy, sizeof(row.policy), text_span(policy));
	error = peer_set_node(state, slot, &row);
	if (error == HA_OK)
		note_node(rows, &row);
	return error;
}

static bool is_as_seen(struct state *state, const struct peer *peer, const Hearth__SetNode *set)
{
	return (!set->has_was_bindings || set->was_bindings == peer->limit) &&
	       (!set->was_policy || strcmp(set->was_policy, policy_name(state, peer->policy)) == 0);
}

static enum ha_error check_limit(struct state *state, const struct state_capacity *allowed,
                                 const struct peer *peer, struct node_row *row)
{
	struct need need = { 0 };

	if (row->bindings == 0 || row->bindings > BINDING_LIMIT_MAX)
		return HA_E_RANGE;
	if (row->bindings <= peer->reserved)
		return HA_OK;
	/* Never given back while the node is there: entries of the log that were
	 * put in order under a higher limit must find room when it is replayed. */
	need.bindings = row->bindings - peer->reserved;
	row->reserved = row->bindings;
	return room_check(state, allowed, &need);
}

enum ha_error node_apply(struct state *state, const struct state_capacity *allowed,
                         const Hearth__SetNode *set, struct row_log *rows)
{
	struct identity identity = identity_of(PEER_MOBILE_NODE, set->realm, set->address,
	                                       &set->nai, set->has_nai);
	uint32_t slot = identity_find(state, &identity);
	struct node_row row;
	const struct peer *peer;
	enum ha_error error;

	if (slot == SLOT_NONE)
		return HA_E_NOTFOUND;
	peer = &state->peers[slot];
	if (!is_as_seen(state, peer, set))
		return HA_E_CONFLICT;
	row = (struct node_row){
		.peer = peer->id,
		.bindings = set->has_bindings && set->bindings <= UINT8_MAX ? (uint8_t)set->bindings
		            : set->has_bindings                             ? 0
		                                                            : peer->limit,
		.reserved = peer->reserved,
	};
	if (set->policy && (strlen(set->policy) >= LABEL_MAX ||
	                    (set->policy[0] && !policy_exists(state, set->policy))))
		return HA_E_NO_POLICY;
	text_copy(row.policy, sizeof(row.policy),
	          text_span(set->policy ? set->policy : policy_name(state, peer->policy)));
	error = check_limit(state, allowed, peer, &row);
	if (error == HA_OK)
		error = peer_set_node(state, slot, &row);
	if (error == HA_OK)
		note_node(rows, &row);
	return error;
}
