/* command_trace_packet.c - a packet that might come, explained. */
#include <stdlib.h>
#include <string.h>

#include "agentd/control/call.h"
#include "agentd/control/text.h"
#include "proto/ip4.h"

#define SIZE_USUAL 84u /* of an echo request */
#define UDP_HEADER 8u
#define PORT 7u /* echo */

struct question {
	struct in_addr source, destination;
	uint32_t size;
	bool df;
};

static bool take(const struct call *call, struct question *out)
{
	const struct call_options *options = &call->options;
	size_t next = 2;

	*out = (struct question){ .size = SIZE_USUAL };
	if (options->word_count < 2 || options->word_count > 4 ||
	    !address_parse(options->words[0], &out->source) ||
	    !address_parse(options->words[1], &out->destination))
		return false;
	if (next < options->word_count && number_parse(options->words[next], &out->size))
		next++;
	if (next < options->word_count && strcmp(options->words[next], "df") == 0) {
		out->df = true;
		next++;
	}
	return next == options->word_count;
}

/* UDP from the one to the other, of zeros. */
static size_t make(const struct question *question, uint8_t *octets)
{
	struct writer out = writer_over(octets, question->size);
	const struct ip4 ip = {
		.source = question->source,
		.destination = question->destination,
		.total = (uint16_t)question->size,
		.id = 1,
		.ttl = 63,
		.protocol = IP4_UDP,
		.df = question->df,
	};

	ip4_write(&out, &ip);
	put_u16(&out, PORT);
	put_u16(&out, PORT);
	put_u16(&out, (uint16_t)(question->size - IP4_HEADER_MIN));
	put_u16(&out, 0);
	memset(octets + writer_used(&out), 0, question->size - writer_used(&out));
	return question->size;
}

static void add_row(void *context, const char *part, const char *text)
{
	struct answer *answer = context;

	answer_text(answer, "part", "%s", part);
	answer_text(answer, "text", "%s", text);
	answer_record(answer);
}

enum call_progress call_trace_packet(struct call *call)
{
	struct question question;
	enum ha_error why;
	uint8_t *octets;

	if (!take(call, &question))
		return call_usage(call);
	if (question.size < IP4_HEADER_MIN + UDP_HEADER || question.size > IP4_TOTAL_MAX)
		return call_wrong(call, "%u octets: a packet has %u to %u", question.size,
		                  IP4_HEADER_MIN + UDP_HEADER, IP4_TOTAL_MAX);
	octets = malloc(question.size);
	if (!octets)
		return call_refuse(call, HA_E_NOMEM, "%s", ha_strerror(HA_E_NOMEM));
	why = agent_trace_packet(call->agent, octets, make(&question, octets), add_row,
	                         &call->answer);
	free(octets);
	if (why == HA_E_NOTFOUND)
		return call_refuse(call, why,
		                   "this member forwards no packets: no home network is "
		                   "configured, or dataplane.path is off");
	return why == HA_OK ? CALL_DONE : call_refuse(call, why, "%s", ha_strerror(why));
}
