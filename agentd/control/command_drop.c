/* command_drop.c - an operator ends bindings, or takes an address of a pool back.
 * Both are one command of the log; the answer is made when it is in force. */
#include <string.h>

#include "agentd/base/log.h"
#include "agentd/control/call.h"
#include "agentd/control/whom.h"

/* On the applying thread: nothing of the connection may be touched here. */
static void dropped(void *context, enum ha_error error, const struct binding *gone, size_t count)
{
	struct call *call = context;

	(void)gone;
	call->drop.error = error;
	call->drop.count = count;
	call->finished(call);
}

static enum call_progress begin(struct call *call, const struct agent_drop *drop)
{
	enum ha_error why;

	call->drop.what = *drop;
	why = agent_drop(call->agent, drop, dropped, call);
	if (why != HA_OK)
		return call_refuse(call, why, "nothing was changed: %s", ha_strerror(why));
	call->drop.made = true;
	return CALL_WAIT;
}

static void log_drop(const struct call *call)
{
	enum ha_error why = call->drop.error;

	log_notice("%s: %s by %s: %s", address_format(call->drop.what.home).text,
	           verb_infos[call->verb].name, call->who,
	           why == HA_OK ? "done" : ha_strerror(why));
}

static enum call_progress finish(struct call *call, const char *what)
{
	struct answer *answer = &call->answer;
	struct agent_drop *drop = &call->drop.what;

	answer_text(answer, "result", "%s", what);
	answer_text(answer, "home", "%s", address_format(drop->home).text);
	answer_number(answer, "bindings", call->drop.count);
	answer_number(answer, "realm", drop->realm);
	answer_record(answer);
	return CALL_DONE;
}

/* ---- bindings remove HOME|NAI [CARE-OF] ---- */

static enum call_progress finish_remove(struct call *call)
{
	const char *const *words = call->options.words;

	log_drop(call);
	if (call->drop.error == HA_OK)
		return finish(call, "removed");
	if (call->drop.error != HA_E_NOTFOUND)
		return call_refuse(call, call->drop.error, "it is not known what became of it: %s",
		                   ha_strerror(call->drop.error));
	if (call->options.word_count == 2)
		return call_refuse(call, HA_E_NOTFOUND,
		                   "mobile node %s has no binding with care-of address %s",
		                   words[0], words[1]);
	return call_refuse(call, HA_E_NOTFOUND, "mobile node %s has no binding", words[0]);
}

enum call_progress call_bindings_remove(struct call *call)
{
	struct agent_drop drop = { 0 };
	struct agent_node node;
	struct whom whom;

	if (call->drop.made)
		return finish_remove(call);
	if (call->options.word_count < 1 || call->options.word_count > 2 ||
	    !whom_parse(call, call->options.words[0], &whom))
		return call_usage(call);
	if (call->options.word_count == 2 &&
	    (!address_parse(call->options.words[1], &drop.care_of) || !drop.care_of.s_addr))
		return call_wrong(call, "'%.60s' is no care-of address", call->options.words[1]);
	if (!agent_node(call->agent, &whom.agent, &node))
		return call_refuse(call, HA_E_NOTFOUND, "there is no mobile node %s", whom.text);
	if (node.bindings == 0)
		return call_refuse(call, HA_E_NOTFOUND, "mobile node %s has no binding", whom.text);
	drop.realm = whom.agent.realm;
	drop.home = node.home;
	return begin(call, &drop);
}

/* ---- pool release ADDRESS ---- */

static enum call_progress finish_release(struct call *call)
{
	log_drop(call);
	if (call->drop.error == HA_OK)
		return finish(call, "released");
	if (call->drop.error == HA_E_NOTFOUND)
		return call_refuse(call, HA_E_NOTFOUND, "nobody has %s any more",
		                   call->options.words[0]);
	return call_refuse(call, call->drop.error, "it is not known what became of it: %s",
	                   ha_strerror(call->drop.error));
}

enum call_progress call_pool_release(struct call *call)
{
	struct agent_drop drop = { .release = true };
	struct agent_node node;
	struct whom whom;

	if (call->drop.made)
		return finish_release(call);
	if (call->options.word_count != 1 || !whom_parse(call, call->options.words[0], &whom))
		return call_usage(call);
	if (whom.agent.name)
		return call_wrong(call, "'%.60s' is no IPv4 address", whom.text);
	if (!agent_node(call->agent, &whom.agent, &node))
		return call_refuse(call, HA_E_NOTFOUND, "no mobile node has %s", whom.text);
	if (!node.pooled)
		return call_refuse(call, HA_E_PERMISSION,
		                   "%s is a mobile node's own address, not of a pool", whom.text);
	if (!node.leased)
		return call_refuse(call, HA_E_NOTFOUND,
		                   "%s is free already; it is only the last one that a mobile node "
		                   "had",
		                   whom.text);
	drop.realm = whom.agent.realm;
	drop.home = whom.agent.address;
	return begin(call, &drop);
}
