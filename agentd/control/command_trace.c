/* command_trace.c - requests and replies of one node while they pass. The call
 * takes what is there as a page; when there is nothing it waits until a network
 * thread wakes it. A client that reads slowly gets pages as slowly, and what does
 * not fit into the ring meanwhile is lost and counted. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agentd/base/log.h"
#include "agentd/control/call.h"
#include "agentd/control/text.h"
#include "agentd/control/whom.h"
#include "proto/codes.h"
#include "proto/message.h"

#define PAGE_ENTRIES 32u /* each of them at most a few thousand octets */

/* ---- an entry as a record ---- */

/* To the millisecond. */
static void add_time(struct answer *answer, uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / 1000000000u);
	char text[32] = "";
	struct tm utc;

	if (gmtime_r(&seconds, &utc))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	answer_text(answer, "time", "%s.%03uZ", text, (unsigned)(time_ns / 1000000u % 1000u));
}

static void add_address(struct answer *answer, const char *name, struct in_addr address)
{
	answer_text(answer, name, "%s", address_format(address).text);
}

static void add_identification(struct answer *answer, uint64_t identification)
{
	answer_text(answer, "identification", "%016llx", (unsigned long long)identification);
}

/* It was decoded once before it came here, unless it was cut. */
static void add_request(struct answer *answer, const struct trace_entry *entry)
{
	struct reader in = reader_over(entry->octets, entry->size);
	struct mip_request request;

	mip_request_decode(&in, &request);
	answer_text(answer, "type", "%s", request.lifetime_s ? "request" : "deregistration");
	add_address(answer, "home", request.home);
	add_address(answer, "care_of", request.care_of);
	answer_number(answer, "lifetime_s", request.lifetime_s);
	add_identification(answer, request.identification);
	answer_null(answer, "code");
}

static void add_reply(struct answer *answer, const struct trace_entry *entry)
{
	struct reader in = reader_over(entry->octets, entry->size);
	struct mip_reply reply;

	mip_reply_decode(&in, &reply);
	answer_text(answer, "type", "%s", entry->kind == TRACE_REPLY ? "reply" : "unsent");
	add_address(answer, "home", reply.home);
	answer_null(answer, "care_of");
	answer_number(answer, "lifetime_s", reply.lifetime_s);
	add_identification(answer, reply.identification);
	answer_number(answer, "code", reply.code);
}

/* As hexadecimal digits, with the address that it went to or came from. */
static void add_octets(struct call *call, const struct trace_entry *entry)
{
	char text[2 * TRACE_OCTETS_MAX + 1] = "";
	struct config config;

	agent_config(call->agent, &config);
	for (size_t i = 0; i < entry->size; i++)
		snprintf(text + 2 * i, 3, "%02x", entry->octets[i]);
	answer_text(&call->answer, "local", "%s:%u",
	            entry->broadcast ? "255.255.255.255"
	                             : address_format(config.home_agent_address).text,
	            config.home_agent_port);
	answer_number(&call->answer, "time_ns", entry->time_ns);
	answer_text(&call->answer, "octets", "%s", text);
}

static void add_entry(struct call *call, const struct trace_entry *entry)
{
	struct answer *answer = &call->answer;

	add_time(answer, entry->time_ns);
	answer_text(answer, "direction", "%s",
	            entry->kind == TRACE_REQUEST ? "in"
	            : entry->kind == TRACE_REPLY ? "out"
	                                         : "none");
	answer_text(answer, "peer", "%s:%u", address_format(entry->peer).text, entry->peer_port);
	if (entry->kind == TRACE_REQUEST)
		add_request(answer, entry);
	else
		add_reply(answer, entry);
	answer_number(answer, "missed", entry->missed);
	answer_text_or_null(answer, "reason", entry->reason);
	if (call->trace.octets)
		add_octets(call, entry);
	answer_record(answer);
}

/* ---- the call ---- */

static bool take_word(struct call_trace *trace, const char *word)
{
	if (strcmp(word, "octets") == 0)
		return trace->octets = true;
	return strncmp(word, "count=", 6) == 0 && number_parse(word + 6, &trace->left) &&
	       trace->left > 0;
}

static enum call_progress begin(struct call *call)
{
	struct call_trace *trace = &call->trace;
	struct whom whom;
	enum ha_error why;

	if (call->options.word_count == 0 || !whom_parse(call, call->options.words[0], &whom))
		return call_usage(call);
	if (!whom.agent.name && !whom.agent.address.s_addr)
		return call_wrong(call, "'%s' is the address of no node", whom.text);
	for (size_t i = 1; i < call->options.word_count; i++)
		if (!take_word(trace, call->options.words[i]))
			return call_wrong(call, "'%.60s': trace takes no more operands",
			                  call->options.words[i]);
	trace->counted = trace->left > 0;
	why = trace_open(agent_traces(call->agent), whom.agent.realm, whom.agent.address,
	                 whom.agent.name, &trace->number);
	if (why == HA_E_BUSY)
		return call_refuse(call, why, "%u traces run already, and more than that cannot",
		                   TRACES_MAX);
	if (why != HA_OK)
		return call_refuse(call, why, "%s", ha_strerror(why));
	trace->open = true;
	log_notice("%s: trace by %s: begun", whom.text, call->who);
	return CALL_MORE; /* a page with nothing on it says that it runs */
}

static enum call_progress finish(struct call *call)
{
	struct call_trace *trace = &call->trace;

	answer_number(&call->answer, "missed",
	              trace_missed(agent_traces(call->agent), trace->number));
	call_end_trace(call);
	return CALL_DONE;
}

/* On a network thread: nothing of the connection may be touched here. */
static void woken(void *context)
{
	struct call *call = context;

	call->finished(call);
}

enum call_progress call_trace(struct call *call)
{
	struct call_trace *trace = &call->trace;
	struct traces *traces = agent_traces(call->agent);
	struct trace_entry entry;
	unsigned taken = 0;

	if (!trace->open)
		return begin(call);
	while (taken < PAGE_ENTRIES && (!trace->counted || trace->left > 0) &&
	       trace_take(traces, trace->number, &entry)) {
		add_entry(call, &entry);
		taken++;
		trace->left -= trace->counted;
	}
	if (trace->counted && trace->left == 0)
		return finish(call);
	if (taken || trace_wait(traces, trace->number, woken, call))
		return CALL_MORE;
	return CALL_WAIT;
}

void call_end_trace(struct call *call)
{
	if (!call->trace.open)
		return;
	call->trace.open = false;
	trace_close(agent_traces(call->agent), call->trace.number);
	log_notice("%s: trace by %s: ended", call->options.words[0], call->who);
}

bool call_cancel(struct call *call)
{
	return call->trace.open && trace_cancel(agent_traces(call->agent), call->trace.number);
}
