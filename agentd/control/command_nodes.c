/* command_nodes.c - mobile nodes: who they are, what they have, and what of it an
 * operator may change. Who they are is read from the store, page by page; what
 * they have comes from memory. */
#include <string.h>

#include "agentd/base/binding.h"
#include "agentd/base/clock.h"
#include "agentd/control/call.h"
#include "agentd/control/change_text.h"
#include "agentd/control/text.h"
#include "agentd/control/whom.h"
#include "agentd/state/pools.h"

/* Whose its home address is. */
static const char *tenure(const struct agent_node *node)
{
	if (!node->pooled)
		return "own";
	if (!node->home.s_addr)
		return "none";
	return node->leased ? "leased" : "former";
}

static void add_time_or_null(struct answer *answer, const char *name, uint64_t unix_ms)
{
	if (unix_ms)
		answer_text(answer, name, "%s", time_format(unix_ms).text);
	else
		answer_null(answer, name);
}

/* What came of its requests. Accepted ones are of the group, denials of this member. */
static void add_service(struct call *call, const struct agent_whom *whom)
{
	struct answer *answer = &call->answer;
	uint64_t now_ms = clock_monotonic_ms();
	struct state_service service;

	if (!agent_service(call->agent, whom, &service))
		return;
	answer_number(answer, "accepted", service.accepted);
	add_time_or_null(answer, "accepted_last", service.accepted_ms);
	answer_number(answer, "served_s",
	              agent_served_ms(&service, agent_now_ms(call->agent)) / 1000u);
	answer_number(answer, "denied", service.denied);
	if (!service.denied_code) {
		answer_null(answer, "denied_last");
		answer_null(answer, "denied_code");
		return;
	}
	add_time_or_null(answer, "denied_last", clock_wall_ms() - (now_ms - service.denied_ms));
	answer_number(answer, "denied_code", service.denied_code);
}

static void add_node(struct answer *answer, const struct peer_row *peer,
                     const struct agent_node *node)
{
	answer_text_or_null(answer, "nai", peer->nai);
	if (node->home.s_addr)
		answer_text(answer, "home", "%s", address_format(node->home).text);
	else
		answer_null(answer, "home");
	answer_text(answer, "held", "%s", tenure(node));
	answer_text_or_null(answer, "pool", peer->pool);
	answer_text_or_null(answer, "policy", node->policy);
	answer_number(answer, "limit", node->limit);
	answer_number(answer, "bindings", node->bindings);
	answer_number(answer, "node", peer->id);
	answer_number(answer, "realm", peer->realm);
}

/* One of them, unless it has gone since the store was read. */
static enum ha_error list_node(struct call *call, const struct store_row *raw, bool alone)
{
	struct peer_row peer;
	struct agent_node node;
	struct whom whom;
	enum ha_error why = peer_row_decode((struct span){ raw->key.at, raw->key.size },
	                                    (struct span){ raw->value.at, raw->value.size }, &peer);

	if (why != HA_OK)
		return why;
	whom_of_peer(&peer, &whom);
	if (!agent_node(call->agent, &whom.agent, &node))
		return HA_OK;
	add_node(&call->answer, &peer, &node);
	if (alone)
		add_service(call, &whom.agent);
	answer_record(&call->answer);
	return HA_OK;
}

static bool is_mobile(const struct store_row *raw)
{
	return raw->key.size > 0 && *(const uint8_t *)raw->key.at == PEER_MOBILE_NODE;
}

static enum ha_error list_all(struct call *call, struct store_reader *reader, bool *full)
{
	static const uint8_t first[] = { PEER_MOBILE_NODE };
	struct store_bytes start = { first, sizeof(first) };
	struct store_row raw;
	enum ha_error why;

	if (call->resumed)
		start = (struct store_bytes){ call->key.at, call->key.size };
	why = store_seek(reader, STORE_PEERS, start, call->resumed, &raw);
	for (size_t rows = 0; why == HA_OK && is_mobile(&raw); rows++) {
		*full = rows == CALL_PAGE_ROWS;
		if (*full)
			return HA_OK;
		call->resumed = true;
		call->key.size = raw.key.size;
		memcpy(call->key.at, raw.key.at, raw.key.size);
		why = list_node(call, &raw, false);
		if (why == HA_OK)
			why = store_next(reader, STORE_PEERS, &raw);
	}
	return why == HA_E_NOTFOUND ? HA_OK : why;
}

static enum ha_error list_one(struct call *call, struct store_reader *reader,
                              const struct whom *whom)
{
	struct row_octets key;
	struct store_row raw;
	enum ha_error why;

	if (!whom_peer_key(call, whom, PEER_MOBILE_NODE, &key)) {
		whom_unknown(call, whom);
		return HA_OK;
	}
	raw.key = (struct store_bytes){ key.at, key.size };
	why = store_get(reader, STORE_PEERS, raw.key, &raw.value);
	if (why == HA_OK)
		why = list_node(call, &raw, true);
	return why == HA_E_NOTFOUND ? HA_OK : why;
}

enum call_progress call_nodes(struct call *call)
{
	struct store_reader reader = { 0 };
	struct whom whom;
	bool full = false;
	enum ha_error why;

	if (call->options.word_count > 1 ||
	    (call->options.word_count == 1 && !whom_parse(call, call->options.words[0], &whom)))
		return call_usage(call);
	why = store_read_open(agent_store(call->agent), &reader);
	if (why == HA_OK)
		why = call->options.word_count ? list_one(call, &reader, &whom)
		                               : list_all(call, &reader, &full);
	store_read_close(&reader);
	if (why != HA_OK)
		return call_refuse(call, why, "the store: %s", ha_strerror(why));
	return full ? CALL_MORE : CALL_DONE;
}

/* ---- node set ---- */

static bool take_policy(const char *value, struct change *change)
{
	change->set_policy = true;
	if (strcmp(value, "none") == 0)
		return true;
	if (!setting_label_is_valid(value))
		return false;
	memcpy(change->policy, value, strlen(value) + 1);
	return true;
}

static bool take_limit(const char *value, struct change *change)
{
	uint32_t number;

	change->set_bindings = true;
	if (!number_parse(value, &number) || number < 1 || number > BINDING_LIMIT_MAX)
		return false;
	change->bindings = (uint8_t)number;
	return true;
}

static enum call_progress refuse_field(struct call *call, const char *word)
{
	if (strncmp(word, "policy=", 7) == 0)
		return call_refuse(call, HA_E_RANGE,
		                   "policy must be the name of a policy, 1 to 31 small letters, "
		                   "digits and hyphens, or none");
	if (strncmp(word, "bindings=", 9) == 0)
		return call_refuse(call, HA_E_RANGE, "bindings must be a number from 1 to %u",
		                   BINDING_LIMIT_MAX);
	return call_wrong(call, "'%.60s' is neither policy=NAME nor bindings=N", word);
}

static enum call_progress take_fields(struct call *call, struct change *change)
{
	for (size_t i = 1; i < call->options.word_count; i++) {
		const char *word = call->options.words[i];
		bool taken = false;

		if (strncmp(word, "policy=", 7) == 0 && !change->set_policy)
			taken = take_policy(word + 7, change);
		else if (strncmp(word, "bindings=", 9) == 0 && !change->set_bindings)
			taken = take_limit(word + 9, change);
		if (!taken)
			return refuse_field(call, word);
	}
	return CALL_WAIT;
}

static enum call_progress finish_set(struct call *call)
{
	const struct change *change = &call->changes[0];
	struct answer *answer = &call->answer;
	struct agent_node node;
	struct whom whom;
	char text[CHANGE_TEXT_MAX];

	if (call->results[0] != HA_OK) {
		change_explain(change, call->results[0], text);
		return call_refuse(call, call->results[0], "%s", text);
	}
	if (!whom_parse(call, call->options.words[0], &whom) ||
	    !agent_node(call->agent, &whom.agent, &node))
		return call_refuse(call, HA_E_NOTFOUND, "%s is gone by now", whom.text);
	answer_text(answer, "result", "changed");
	answer_text(answer, "who", "%s", whom.text);
	answer_text_or_null(answer, "policy", node.policy);
	answer_number(answer, "limit", node.limit);
	answer_record(answer);
	return CALL_DONE;
}

enum call_progress call_node_set(struct call *call)
{
	struct change *change;
	struct whom whom;

	if (call->changed)
		return finish_set(call);
	if (call->options.word_count < 1 || !whom_parse(call, call->options.words[0], &whom))
		return call_usage(call);
	if (call->options.word_count < 2)
		return call_wrong(call, "what to set is missing");
	if (!call_reserve(call, 1))
		return call_refuse(call, HA_E_NOMEM, "out of memory");
	change = &call->changes[0];
	change->kind = CHANGE_SET_NODE;
	change->peer = PEER_MOBILE_NODE;
	whom_name(&whom, change);
	whom_resolve(call, &whom, change);
	call->change_count = 1;
	return take_fields(call, change) == CALL_WAIT ? call_configure(call) : CALL_DONE;
}
