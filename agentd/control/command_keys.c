/* command_keys.c - the cluster's keys: which there are, what is sealed under
 * them, and sealing anew. A key itself is in no answer. */
#include "agentd/control/call.h"

static const char *state_of(struct call *call, const struct agent_key *key)
{
	if (!key->present)
		return "missing";
	if (key->seals)
		return "seals";
	if (key->associations + key->secrets > 0 || !agent_keys_settled(call->agent))
		return "in use";
	return "unused";
}

enum call_progress call_key_list(struct call *call)
{
	struct agent_key keys[AGENT_KEYS_MAX];
	struct answer *answer = &call->answer;
	size_t count;

	if (call->options.word_count)
		return call_usage(call);
	count = agent_keys(call->agent, keys);
	for (size_t i = 0; i < count; i++) {
		answer_number(answer, "key", keys[i].id);
		if (keys[i].present)
			answer_text(answer, "fingerprint", "%s", keys[i].fingerprint);
		else
			answer_null(answer, "fingerprint");
		answer_number(answer, "associations", keys[i].associations);
		answer_number(answer, "secrets", keys[i].secrets);
		answer_text(answer, "state", "%s", state_of(call, &keys[i]));
		answer_record(answer);
	}
	answer_flag(answer, "rotating", agent_is_rotating(call->agent));
	return CALL_DONE;
}

enum call_progress call_key_rotate(struct call *call)
{
	struct agent_key keys[AGENT_KEYS_MAX];
	struct answer *answer = &call->answer;
	uint64_t left = 0;
	enum ha_error why;
	size_t count;

	if (call->options.word_count)
		return call_usage(call);
	count = agent_keys(call->agent, keys);
	for (size_t i = 0; i < count; i++)
		if (!keys[i].seals)
			left += keys[i].associations + keys[i].secrets;
	why = agent_rotate(call->agent);
	if (why != HA_OK && why != HA_E_NOTFOUND)
		return call_refuse(call, why, "nothing was begun: %s", ha_strerror(why));
	answer_text(answer, "result", "%s", why == HA_OK ? "begun" : "nothing to do");
	answer_number(answer, "key", keys[0].id);
	answer_number(answer, "left", why == HA_OK ? left : 0);
	answer_record(answer);
	return CALL_DONE;
}

/* A file of keys is none of agentd's business before it is told to read it. */
enum call_progress call_key_new(struct call *call)
{
	return call_refuse(call, HA_E_UNSUPPORTED, "agentctl makes keys itself; is it older?");
}

enum call_progress call_cluster_key(struct call *call)
{
	return call_refuse(call, HA_E_UNSUPPORTED, "agentctl makes keys itself; is it older?");
}
