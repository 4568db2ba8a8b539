/* command_explain.c - one captured request, explained. agentctl has found it in its
 * file and sends its octets; what else is known of it stands in the words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentd/control/call.h"
#include "agentd/control/text.h"
#include "agentd/flow/explain.h"

#define OCTETS_MAX 65536u

struct explained {
	struct answer *answer;
	uint32_t packet;
};

static bool take_source(const char *value, struct explain_question *question)
{
	return address_parse(value, &question->source);
}

static bool take_port(const char *value, struct explain_question *question)
{
	uint32_t port;

	if (!number_parse(value, &port) || port > UINT16_MAX)
		return false;
	question->source_port = (uint16_t)port;
	return true;
}

static bool take_broadcast(const char *value, struct explain_question *question)
{
	question->broadcast = strcmp(value, "yes") == 0;
	return question->broadcast;
}

/* Unix milliseconds. */
static bool take_time(const char *value, struct explain_question *question)
{
	char *end;

	if (*value < '0' || *value > '9')
		return false;
	question->wall_ms = strtoull(value, &end, 10);
	return *end == '\0' && question->wall_ms > 0 && question->wall_ms < UINT64_C(1) << 48;
}

static const struct {
	const char *name;
	bool (*take)(const char *value, struct explain_question *question);
} fields[] = {
	{ "source=", take_source },
	{ "port=", take_port },
	{ "broadcast=", take_broadcast },
	{ "time=", take_time },
};

static bool take_word(const char *word, struct explain_question *question)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strncmp(word, fields[i].name, strlen(fields[i].name)) == 0)
			return fields[i].take(word + strlen(fields[i].name), question);
	return false;
}

static void begin_row(const struct explained *explained, const char *part, const char *name)
{
	answer_number(explained->answer, "packet", explained->packet);
	answer_text(explained->answer, "part", "%s", part);
	answer_text(explained->answer, "name", "%s", name);
}

static void add_row(void *context, const struct explain_row *row)
{
	const struct explained *explained = context;
	struct answer *answer = explained->answer;

	begin_row(explained, row->part, row->name);
	if (row->is_number)
		answer_number(answer, "value", row->number);
	else
		answer_text_or_null(answer, "value", row->value);
	if (row->deciding == EXPLAIN_NO_CHECK)
		answer_null(answer, "decides");
	else
		answer_flag(answer, "decides", row->deciding == EXPLAIN_DECIDES);
	answer_text_or_null(answer, "meaning", row->meaning);
	answer_record(answer);
}

static void add_time(const struct explained *explained, uint64_t wall_ms)
{
	struct answer *answer = explained->answer;

	begin_row(explained, "packet", "judged-at");
	answer_text(answer, "value", "%s", wall_ms ? time_format(wall_ms).text : "now");
	answer_null(answer, "decides");
	answer_text(answer, "meaning", "%s",
	            wall_ms ? "the time of the capture; the node is as it is now"
	                    : "the node and the clock are as they are now");
	answer_record(answer);
}

enum call_progress call_explain(struct call *call)
{
	struct explain_question question = {
		.payload = { call->request.secret, call->request.secret_size },
	};
	struct explained explained = { .answer = &call->answer, .packet = 1 };

	if (!question.payload.at || question.payload.size == 0 || call->options.word_count == 0 ||
	    !number_parse(call->options.words[0], &explained.packet))
		return call_usage(call);
	if (question.payload.size > OCTETS_MAX)
		return call_refuse(call, HA_E_RANGE, "more than %u octets are no datagram",
		                   OCTETS_MAX);
	for (size_t i = 1; i < call->options.word_count; i++)
		if (!take_word(call->options.words[i], &question))
			return call_usage(call);
	add_time(&explained, question.wall_ms);
	agent_explain(call->agent, &question, add_row, &explained);
	return CALL_DONE;
}
