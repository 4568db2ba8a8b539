/* forward_error.c - ICMP errors to those who sent a packet. */
#include "agentd/dataplane/forward_internal.h"

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
                      struct complaint complaint)
{
	const struct forward_context *context = run->context;
	struct forward_buffers *buffers = context->buffers;
	struct writer out = writer_over(buffers->error, sizeof(buffers->error));
	enum complaint_fate fate = COMPLAINT_FORBIDDEN;

	if (!is_to_many(run, agent, about))
		fate = complaint_write(&out, &complaint, agent->address, run->settings->ttl, about,
		                       context->soft, context->now_ns, context->trial);
	if (fate != COMPLAINT_WRITTEN) {
		forward_happened(run, fate == COMPLAINT_LIMITED ? FORWARD_ERROR_LIMITED
		                                                : FORWARD_ERROR_FORBIDDEN);
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
