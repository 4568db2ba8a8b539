/* trace_request.c - whose a request is, for those who watch: by every address and
 * name by which its node may be meant. Only while somebody does. */
#include "agentd/flow/flow_trace.h"

#include "agentd/flow/request.h"

static struct trace_subject subject_of(const struct agent *agent, const struct request *r)
{
	const struct mip_extensions *extensions = &r->decoded.extensions;
	struct trace_subject subject = { .realm = agent->realm };

	subject.homes[0] = r->decoded.fixed.home;
	if (extensions->nai_count)
		subject.names[0] = name_digest_of(agent->realm, extensions->nai);
	if (!r->node_known)
		return subject;
	subject.homes[1] = r->node.home;
	subject.homes[2] = r->verdict.home;
	subject.names[1] = r->node.name;
	return subject;
}

static struct trace_event event_of(const struct request_datagram *datagram, const char *reason)
{
	return (struct trace_event){
		.kind = TRACE_REQUEST,
		.broadcast = datagram->broadcast,
		.peer = datagram->source,
		.peer_port = datagram->source_port,
		.octets = datagram->payload,
		.reason = reason,
	};
}

/* Why there will be no reply. */
static const char *reason_of(const struct request *r, enum request_fate fate)
{
	switch (fate) {
	case REQUEST_OUTRUN:
		return "another request of the node is under way";
	case REQUEST_DROPPED:
		return r->verdict.effect == REGISTRATION_NONE
		               ? r->verdict.reason
		               : "the node registers more often than it may";
	default:
		return "";
	}
}

uint64_t request_trace(struct agent *agent, const struct request *r,
                       const struct request_datagram *datagram, enum request_fate fate)
{
	const struct trace_subject subject = subject_of(agent, r);
	uint64_t mark = trace_mark(&agent->traces, &subject);
	struct trace_event event;

	if (mark && !r->facts.no_resources) { /* else it is the second time */
		event = event_of(datagram, reason_of(r, fate));
		trace_event(&agent->traces, mark, &event);
	}
	return mark;
}

struct request_datagram flow_datagram(const struct inbox *inbox, unsigned i, bool broadcast)
{
	return (struct request_datagram){
		.payload = inbox_datagram(inbox, i),
		.source = inbox->from[i].sin_addr,
		.source_port = ntohs(inbox->from[i].sin_port),
		.broadcast = broadcast,
	};
}

void flow_trace_unread(struct agent *agent, const struct inbox *inbox, unsigned i, bool broadcast,
                       enum flow_counter why)
{
	const struct request_datagram datagram = flow_datagram(inbox, i, broadcast);
	struct trace_subject subject;
	struct trace_event event;
	struct request r;

	if (request_open(&r, &datagram) != HA_OK)
		return;
	subject = subject_of(agent, &r);
	event = event_of(&datagram, flow_counters.infos[why].name);
	trace_event(&agent->traces, trace_mark(&agent->traces, &subject), &event);
}

void flow_trace_reply(struct agent *agent, uint64_t mark, const struct sockaddr_in *to,
                      struct span reply, const char *reason, bool sent)
{
	const struct trace_event event = {
		.kind = sent ? TRACE_REPLY : TRACE_UNSENT,
		.peer = to->sin_addr,
		.peer_port = ntohs(to->sin_port),
		.octets = reply,
		.reason = reason,
	};

	trace_event(&agent->traces, mark, &event);
}

void flow_trace_answer(struct agent *agent, const struct request_result *result,
                       const struct sockaddr_in *to)
{
	if (result->traced)
		flow_trace_reply(agent, result->traced, to,
		                 (struct span){ result->reply, result->reply_size }, result->reason,
		                 true);
}

void flow_trace_unsent(struct agent *agent, const struct request_result *result,
                       const struct sockaddr_in *to, enum flow_counter why)
{
	if (result->traced)
		flow_trace_reply(agent, result->traced, to,
		                 (struct span){ result->reply, result->reply_size },
		                 flow_counters.infos[why].name, false);
}
