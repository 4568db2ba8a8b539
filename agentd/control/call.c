/* call.c - what all verbs share: their words, their errors, and the way of a
 * change to the store and back. */
#include "agentd/control/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/control/text.h"
#include "agentd/flow/cluster_view.h"

static call_function *const functions[VERB_COUNT] = {
#define X(id, name, arguments, shape, place, help) [VERB_##id] = call_##id,
	CONTROL_VERBS(X)
#undef X
};

enum call_progress call_refuse(struct call *call, enum ha_error error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(call->message, sizeof(call->message), format, arguments);
	va_end(arguments);
	call->error = error;
	return CALL_DONE;
}

enum call_progress call_wrong(struct call *call, const char *format, ...)
{
	const struct verb_info *info = &verb_infos[call->verb];
	char what[192];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	words_hide_keys(what);
	return call_refuse(call, HA_E_SYNTAX, "%s; usage: agentctl %s%s%s", what, info->name,
	                   *info->arguments ? " " : "", info->arguments);
}

enum call_progress call_usage(struct call *call)
{
	const struct verb_operands operands = verb_operands(call->verb);
	const struct call_options *options = &call->options;

	if (call->error != HA_OK)
		return CALL_DONE;
	if (options->word_count < operands.least || options->word_count == 0)
		return call_wrong(call, "an operand is missing");
	if (options->word_count > operands.most)
		return call_wrong(call, "'%.60s': %s %s", options->words[operands.most],
		                  verb_infos[call->verb].name,
		                  operands.most ? "takes no more operands" : "takes no operand");
	return call_wrong(call, "'%.60s' does not fit", options->words[options->word_count - 1]);
}

/* ---- words ---- */

/* An option of any verb; which verb takes which is in option_allowed. */
static bool take_option(struct call_options *options, const char *name, const char *value)
{
	if (strcmp(name, "--after") == 0) {
		options->after = value;
		return options->has_after = true;
	}
	if (strcmp(name, "--limit") == 0)
		return options->has_limit = number_parse(value, &options->limit) &&
		                            options->limit > 0;
	if (strcmp(name, "--if-version") == 0)
		return options->has_version = number64_parse(value, &options->version);
	if (strcmp(name, "--realm") == 0)
		return options->has_realm = number_parse(value, &options->realm);
	return false;
}

/* The table says in a verb's usage which options it has. */
static bool option_allowed(enum verb_id verb, const char *name)
{
	const char *at = strstr(verb_infos[verb].arguments, name);
	size_t length = strlen(name);

	return at && length > 2 && (at[length] == ' ' || at[length] == ']');
}

static bool refuse_option(struct call *call, const char *word)
{
	char name[32];
	size_t length = strcspn(word, "=");

	snprintf(name, sizeof(name), "%.*s", (int)length, word);
	if (word[length] && option_allowed(call->verb, name))
		call_wrong(call, "%.60s: the value stands apart, as a word after %s", word, name);
	else
		call_wrong(call, "%s has no option %.60s", verb_infos[call->verb].name, word);
	return false;
}

/* The option at arguments[*at], and its value. */
static bool take_option_words(struct call *call, size_t *at)
{
	const struct control_request *request = &call->request;
	const char *word = request->arguments[*at];

	if (!option_allowed(call->verb, word))
		return refuse_option(call, word);
	if (strcmp(word, "--replace") == 0)
		return call->options.replace = true;
	if (++*at == request->argument_count) {
		call_wrong(call, "%s: a value must follow", word);
		return false;
	}
	if (take_option(&call->options, word, request->arguments[*at]))
		return true;
	call_wrong(call, "%s: '%.60s' is not a number%s", word, request->arguments[*at],
	           strcmp(word, "--limit") == 0 ? " from 1" : "");
	return false;
}

static bool take_words(struct call *call)
{
	struct call_options *options = &call->options;
	const struct control_request *request = &call->request;

	for (size_t i = 0; i < request->argument_count; i++) {
		const char *word = request->arguments[i];

		if (word[0] != '-' || word[1] != '-') {
			options->words[options->word_count++] = word;
			continue;
		}
		if (!take_option_words(call, &i))
			return false;
	}
	return true;
}

/* Where to ask instead. */
static enum call_progress refuse_standby(struct call *call, const struct replication_status *status)
{
	const struct replication_peer *leader = cluster_peer(status, cluster_leader(status));

	if (!leader || leader->self)
		return call_refuse(call, HA_E_NOTLEADER,
		                   "no member leads the cluster at present, as far as this one "
		                   "knows: agentctl cluster status says more");
	return call_refuse(call, HA_E_NOTLEADER,
	                   "this node does not lead the cluster: ask member %u at %s, which does",
	                   leader->number, leader->address);
}

/* Of the group of visitors. */
static void look_at_visitors(struct call *call, enum verb_place place)
{
	struct guest_status status;

	guest_status(call->guest, &status);
	if (place != VERB_GROUP && place != VERB_GROUP_LEADER)
		call_refuse(call, HA_E_UNSUPPORTED,
		            "group %u is the foreign agent that the members share, and no home "
		            "agent: it holds nothing of the sort",
		            CONFIG_GROUP_VISITORS);
	else if (status.replication.member_count == 0)
		call_refuse(
			call, HA_E_BUSY,
			"the visitors of another member are being put in the place of ours: ask "
			"again in a moment");
	else if (place == VERB_GROUP_LEADER && status.replication.role != REPLICATION_LEADER)
		refuse_standby(call, &status.replication);
}

/* Of a home agent. */
static void look_at_agent(struct call *call, enum verb_place place)
{
	bool of_leader = place == VERB_LEADER || place == VERB_GROUP_LEADER;
	struct agent_status status;

	agent_status(call->agent, &status);
	if (of_leader && status.replication.role != REPLICATION_LEADER)
		refuse_standby(call, &status.replication);
	else if (place != VERB_EVERYWHERE && place != VERB_GROUP && status.witness)
		call_refuse(call, HA_E_UNSUPPORTED,
		            "this member is a witness: it votes, and holds nothing of the sort");
}

/* false: refused. */
static bool is_in_place(struct call *call)
{
	enum verb_place place = verb_infos[call->verb].place;

	if (place == VERB_PROCESS)
		return true;
	if (call->guest) {
		look_at_visitors(call, place);
	} else if (call->agent) {
		look_at_agent(call, place);
	} else {
		call_refuse(call, HA_E_UNSUPPORTED,
		            "this is a foreign agent and no home agent: it holds nothing of the "
		            "sort");
	}
	return call->error == HA_OK;
}

static enum call_progress start(struct call *call)
{
	call->verb = verb_find(call->request.verb);
	if (call->verb == VERB_COUNT)
		return call_refuse(call, HA_E_NOTFOUND,
		                   "agentd %s has no such command; is agentctl newer?",
		                   HEARTH_VERSION);
	if (!take_words(call))
		return call_usage(call);
	return is_in_place(call) ? functions[call->verb](call) : CALL_DONE;
}

/* Leadership went, or agentd ends, before it was known. */
static bool is_uncertain(const struct call *call)
{
	for (size_t i = 0; call->changed && i < call->change_count; i++)
		if (call->results[i] == HA_E_UNCERTAIN)
			return true;
	return call->drop.made && call->drop.error == HA_E_UNCERTAIN;
}

enum call_progress call_step(struct call *call)
{
	if (call->verb == VERB_COUNT)
		return start(call);
	if (is_uncertain(call))
		return call_refuse(call, HA_E_UNCERTAIN,
		                   "%s: this node leads no more; look, or ask again there",
		                   ha_strerror(HA_E_UNCERTAIN));
	return functions[call->verb](call);
}

static void wipe_free(void *at, size_t size)
{
	if (at)
		mip_wipe(at, size);
	free(at);
}

void call_clear(struct call *call)
{
	call_end_trace(call); /* while its words are there */
	control_request_free(&call->request);
	wipe_free(call->changes, call->change_count * sizeof(*call->changes));
	free(call->lines);
	free(call->results);
	call->changes = NULL;
	call->lines = NULL;
	call->results = NULL;
	call->change_count = 0;
	call->refused = 0;
	call->changed = false;
	call->stored = false;
	call->result_count = 0;
	call->resumed = false;
	call->given = 0;
	call->error = HA_OK;
	call->message[0] = '\0';
	call->drop = (struct call_drop){ 0 };
	call->trace = (struct call_trace){ 0 };
	call->options = (struct call_options){ 0 };
	call->verb = VERB_COUNT;
}

/* ---- changes ---- */

bool call_reserve(struct call *call, size_t count)
{
	call->changes = calloc(count, sizeof(*call->changes));
	call->lines = calloc(count, sizeof(*call->lines));
	call->results = calloc(count, sizeof(*call->results));
	call->result_count = call->results ? count : 0;
	return call->changes && call->lines && call->results;
}

/* On the store thread: nothing of the connection may be touched here. No
 * results: what has become of it is not known. */
static void changed(void *context, const enum ha_error *results, size_t count)
{
	struct call *call = context;

	for (size_t i = 0; i < call->result_count; i++)
		call->results[i] = i < count ? results[i] : HA_E_UNCERTAIN;
	call->finished(call);
}

enum call_progress call_configure(struct call *call)
{
	enum ha_error why = agent_configure(call->agent, call->who, call->changes,
	                                    call->change_count, changed, call);

	if (why == HA_OK) {
		call->changed = true;
		return CALL_WAIT;
	}
	return call_refuse(call, why, "nothing was changed: %s", ha_strerror(why));
}

enum call_progress call_checkpoint(struct call *call)
{
	enum ha_error why = agent_checkpoint(call->agent, changed, call);

	if (why != HA_OK)
		return call_refuse(call, why, "%s", ha_strerror(why));
	call->stored = true;
	return CALL_WAIT;
}

void call_subject(const struct call *call, char *out, size_t size)
{
	const struct change *change = &call->changes[0];
	struct address_text address = address_format(change->address);
	const char *subject = change->nai[0] ? change->nai : address.text;

	switch (change->kind) {
	case CHANGE_ADD_ASSOCIATION:
	case CHANGE_REMOVE_ASSOCIATION:
	case CHANGE_RESEAL:
		snprintf(out, size, "%s SPI %u", subject, change->spi);
		break;
	case CHANGE_REMOVE_PEER:
	case CHANGE_SET_NODE:
		snprintf(out, size, "%s", subject);
		break;
	case CHANGE_SET:
		snprintf(out, size, "%s %s", change->name, change->value);
		break;
	case CHANGE_UNSET:
	case CHANGE_SECRET:
		snprintf(out, size, "%s", change->name);
		break;
	}
}

uint32_t call_realm(struct call *call)
{
	struct config config;

	if (call->options.has_realm)
		return call->options.realm;
	agent_config(call->agent, &config);
	return config.home_agent_realm;
}
