/* command_trace_packet.c - a packet that might come, explained: by itself, or from the care-of
 * address of a mobile node through its reverse tunnel. */
#include <stdlib.h>
#include <string.h>

#include "agentd/control/call.h"
#include "agentd/control/text.h"
#include "proto/ip4.h"
#include "proto/tunnel.h"

#define SIZE_USUAL 84u /* of an echo request */
#define UDP_HEADER 8u
#define PORT 7u                          /* echo */
#define ROOM (2u * (IP4_TOTAL_MAX + 1u)) /* of the packet, and of what it is in */

#define OUTER_TTL 60u

struct question {
	struct in_addr source, destination;
	uint32_t size;
	bool df;
	bool tunnelled; /* by `tunnel`, whose local end is the care-of address */
	struct tunnel_end tunnel;
};

/* The words of a request that are left. */
struct words {
	const char *const *at;
	size_t count;
};

static bool take_word(struct words *words, const char *word)
{
	bool there = words->count > 0 && strcmp(words->at[0], word) == 0;

	words->at += there;
	words->count -= there;
	return there;
}

static bool take_address(struct words *words, struct in_addr *out)
{
	bool there = words->count > 0 && address_parse(words->at[0], out);

	words->at += there;
	words->count -= there;
	return there;
}

static bool take_number(struct words *words, uint32_t *out)
{
	bool there = words->count > 0 && number_parse(words->at[0], out);

	words->at += there;
	words->count -= there;
	return there;
}

/* "from CARE-OF [minimal | gre | udp PORT]" */
static bool take_tunnel(struct words *words, struct question *out)
{
	struct tunnel_end *tunnel = &out->tunnel;
	uint32_t port = 0;

	out->tunnelled = true;
	if (!take_address(words, &tunnel->local))
		return false;
	if (take_word(words, "minimal"))
		tunnel->encapsulation = ENCAPSULATION_MINIMAL;
	else if (take_word(words, "gre"))
		tunnel->encapsulation = ENCAPSULATION_GRE;
	else if (take_word(words, "udp"))
		tunnel->udp = take_number(words, &port) && port > 0 && port <= UINT16_MAX;
	else
		return true;
	tunnel->local_port = (uint16_t)port;
	return tunnel->encapsulation != ENCAPSULATION_IPIP || tunnel->udp;
}

static bool take(const struct call *call, struct question *out)
{
	struct words words = { call->options.words, call->options.word_count };

	*out = (struct question){ .size = SIZE_USUAL };
	if (!take_address(&words, &out->source) || !take_address(&words, &out->destination))
		return false;
	(void)take_number(&words, &out->size);
	out->df = take_word(&words, "df");
	if (take_word(&words, "from") && !take_tunnel(&words, out))
		return false;
	return words.count == 0;
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

/* Through the tunnel to the home agent, as the mobile node sends it. */
static enum ha_error wrap(const struct call *call, const struct question *question,
                          struct span inner, struct writer *out)
{
	const struct tunnel_outer outer = { .ttl = OUTER_TTL, .id = 1, .df = question->df };
	struct tunnel_end tunnel = question->tunnel;
	struct config config;

	agent_config(call->agent, &config);
	tunnel.remote = config.home_agent_address;
	tunnel.remote_port = (uint16_t)config.home_agent_port;
	return tunnel_wrap(&tunnel, &outer, inner, out);
}

static void add_row(void *context, const char *part, const char *text)
{
	struct answer *answer = context;

	answer_text(answer, "part", "%s", part);
	answer_text(answer, "text", "%s", text);
	answer_record(answer);
}

static enum ha_error explain(struct call *call, const struct question *question, uint8_t *octets)
{
	struct span packet = { octets, make(question, octets) };
	struct writer out = writer_over(octets + question->size, ROOM - question->size);
	enum ha_error why = HA_OK;

	if (question->tunnelled) {
		why = wrap(call, question, packet, &out);
		packet = writer_span(&out);
	}
	return why == HA_OK ? agent_trace_packet(call->agent, packet.at, packet.size, add_row,
	                                         &call->answer)
	                    : why;
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
	octets = malloc(ROOM);
	if (!octets)
		return call_refuse(call, HA_E_NOMEM, "%s", ha_strerror(HA_E_NOMEM));
	why = explain(call, &question, octets);
	free(octets);
	if (why == HA_E_RANGE)
		return call_wrong(call, "%u octets: too large for a packet in a tunnel",
		                  question.size);
	if (why == HA_E_NOTFOUND)
		return call_refuse(call, why,
		                   "this member forwards no packets: no home network is "
		                   "configured, or dataplane.path is off");
	return why == HA_OK ? CALL_DONE : call_refuse(call, why, "%s", ha_strerror(why));
}
