/* forward_error.c - ICMP errors to those who sent a packet: when there may be one (RFC
 * 1812 section 4.3.2), and not too many. */
#include "agentd/dataplane/forward_internal.h"

static enum soft_cause cause_of(const struct forward_complaint *complaint)
{
	if (complaint->type == ICMP4_UNREACHABLE)
		return complaint->code == ICMP4_TOO_BIG ? SOFT_TOO_BIG : SOFT_UNREACHABLE;
	return complaint->type == ICMP4_TIME_EXCEEDED ? SOFT_EXPIRED : SOFT_OTHER;
}

/* To all hosts of a home link: a stranger who claims to be their broadcast address would
 * have an error sent to each of them. */
static bool is_to_many(const struct forward_run *run, const struct forward_agent *agent,
                       struct span about)
{
	const struct forward_network *network;
	struct ip4 ip;

	if (ip4_read_quoted(about, &ip) != HA_OK)
		return true;
	network = forward_network_of(run->settings, agent->realm, ip.source);
	return network && forward_is_directed(network, ip.source);
}

bool forward_complain(struct forward_run *run, const struct forward_agent *agent, struct span about,
                      struct forward_complaint complaint)
{
	const struct forward_context *context = run->context;
	struct forward_buffers *buffers = context->buffers;
	struct writer out = writer_over(buffers->error, sizeof(buffers->error));
	struct icmp4_error error = { .source = agent->address,
		                     .type = complaint.type,
		                     .code = complaint.code,
		                     .pointer = complaint.pointer,
		                     .mtu = complaint.mtu,
		                     .ttl = run->settings->ttl };

	if (!icmp4_may_answer(about) || is_to_many(run, agent, about)) {
		forward_happened(run, FORWARD_ERROR_FORBIDDEN);
		return false;
	}
	if (!context->trial &&
	    !soft_may_complain(context->soft, cause_of(&complaint), context->now_ns)) {
		forward_happened(run, FORWARD_ERROR_LIMITED);
		return false;
	}
	if (!context->trial)
		error.id = soft_id(context->soft);
	if (icmp4_error_write(&out, &error, about) != HA_OK) {
		forward_happened(run, FORWARD_ERROR_FORBIDDEN);
		return false;
	}
	forward_note(run, "ICMP type %u code %u is sent", complaint.type, complaint.code);
	forward_happened(run, FORWARD_ERROR_SENT);
	forward_emit(run, &(struct forward_output){ .kind = FORWARD_ICMP,
	                                            .packet = writer_span(&out),
	                                            .realm = agent->realm,
	                                            .group = agent->group });
	return true;
}
