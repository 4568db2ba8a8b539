/* command_pools.c - pools of home addresses: how full they are, and the settings
 * that make them. */
#include <stdio.h>
#include <string.h>

#include "agentd/control/call.h"
#include "agentd/control/change_text.h"
#include "agentd/flow/settings.h"
#include "agentd/flow/inspect.h"
#include "agentd/state/pools.h"

static void add_pool(struct answer *answer, const struct state_pool *pool)
{
	answer_text(answer, "pool", "%s", pool->name);
	answer_text(answer, "range", "%s-%s", address_format(pool->first).text,
	            address_format(pool->last).text);
	answer_text(answer, "kind", "%s", pool->sticky ? "sticky" : "released");
	answer_number(answer, "size", address_host(pool->last) - address_host(pool->first) + 1);
	answer_number(answer, "leased", pool->leased);
	answer_number(answer, "nodes", pool->nodes);
	answer_number(answer, "realm", pool->realm);
	answer_record(answer);
}

enum call_progress call_pool_list(struct call *call)
{
	struct state_pool pool;

	if (call->options.word_count)
		return call_usage(call);
	for (unsigned i = 0; agent_pool_at(call->agent, i, &pool); i++)
		if (pool.name[0])
			add_pool(&call->answer, &pool);
	return CALL_DONE;
}

/* ---- changes ---- */

static enum call_progress finish_change(struct call *call, const char *what)
{
	const struct change *change = &call->changes[0];
	char text[CHANGE_TEXT_MAX];

	if (call->results[0] != HA_OK) {
		change_explain(change, call->results[0], text);
		return call_refuse(call, call->results[0], "%s", text);
	}
	answer_text(&call->answer, "result", "%s", what);
	answer_text(&call->answer, "pool", "%s", change->name + strlen(POOL_SETTING));
	answer_text_or_null(&call->answer, "value", change->value);
	answer_record(&call->answer);
	return CALL_DONE;
}

/* The words after the name, as the setting has them. */
static bool compose_value(const struct call *call, char *out, size_t size)
{
	size_t length = 0;

	for (size_t i = 1; i < call->options.word_count; i++) {
		int more = snprintf(out + length, size - length, "%s%s", i > 1 ? " " : "",
		                    call->options.words[i]);

		if (more < 0 || (size_t)more >= size - length)
			return false;
		length += (size_t)more;
	}
	return true;
}

enum call_progress call_pool_set(struct call *call)
{
	struct settings_error error;
	char name[CONTROL_TEXT_MAX + 8], value[256];
	enum ha_error why;

	if (call->changed)
		return finish_change(call, "set");
	if (call->options.word_count < 3 || call->options.word_count > 4 ||
	    !compose_value(call, value, sizeof(value)))
		return call_usage(call);
	if (!call_reserve(call, 1))
		return call_refuse(call, HA_E_NOMEM, "out of memory");
	snprintf(name, sizeof(name), POOL_SETTING "%s", call->options.words[0]);
	why = setting_judge(call->agent, name, value, &call->changes[0], &error);
	if (why != HA_OK)
		return call_refuse(call, why, "%s", error.text);
	call->change_count = 1;
	return call_configure(call);
}

enum call_progress call_pool_remove(struct call *call)
{
	struct change *change;

	if (call->changed)
		return finish_change(call, "removed");
	if (call->options.word_count != 1)
		return call_usage(call);
	if (!setting_label_is_valid(call->options.words[0]))
		return call_wrong(call, "'%.60s' is no name of a pool", call->options.words[0]);
	if (!call_reserve(call, 1))
		return call_refuse(call, HA_E_NOMEM, "out of memory");
	change = &call->changes[0];
	change->kind = CHANGE_UNSET;
	snprintf(change->name, sizeof(change->name), POOL_SETTING "%s", call->options.words[0]);
	call->change_count = 1;
	return call_configure(call);
}
