/* forward_copy.c - one binding's copy: what fits the tunnel goes in, what does not is
 * fragmented before it does, or its sender is told (RFC 2003 section 5). */
#include "agentd/dataplane/forward_internal.h"

#define TTL_MAX 255u

struct copying {
	struct forward_run *run;
	const struct forward_subject *subject;
	const struct tunnels_home *home;
	const struct tunnels_binding *binding;
	const struct forward_agent *agent;
	struct tunnel_end end;
	struct soft_exit exit;
	struct forward_copied result;
};

static size_t mtu_of(const struct copying *copy)
{
	size_t link = copy->run->settings->link_mtu;

	return copy->exit.mtu && copy->exit.mtu < link ? copy->exit.mtu : link;
}

/* RFC 2003 section 3.1: a TTL that takes it to the exit. */
static uint8_t outer_ttl(const struct copying *copy)
{
	uint8_t usual = copy->run->settings->ttl;

	return copy->exit.length > usual ? TTL_MAX : usual;
}

static void drop(struct copying *copy, enum forward_reason reason)
{
	copy->result.sent = false;
	copy->result.reason = reason;
	forward_happened(copy->run, reason);
}

/* Minimal encapsulation keeps the packet's own TTL and identification. */
static struct tunnel_outer outer_of(const struct copying *copy, const struct ip4 *inner)
{
	struct tunnel_outer outer = { .ttl = outer_ttl(copy),
		                      .tos = inner->tos,
		                      .df = !copy->run->settings->df_copied,
		                      .id = inner->id };

	if (tunnel_encapsulation(&copy->end, inner) == ENCAPSULATION_MINIMAL)
		outer.ttl = inner->ttl;
	else
		outer.id = copy->run->context->trial ? 0 : soft_id(copy->run->context->soft);
	return outer;
}

static void emit_outer(const struct copying *copy, struct span outer)
{
	forward_emit(copy->run, &(struct forward_output){
					.kind = FORWARD_OUTER,
					.packet = outer,
					.realm = copy->home->realm,
					.home = copy->home->home,
					.care_of = copy->binding->care_of,
					.endpoint = copy->binding->endpoint,
					.port = copy->binding->endpoint_port,
					.group = copy->home->group,
				});
}

/* A packet or a fragment of one, which fits. */
static bool send_piece(struct copying *copy, struct span piece, const struct ip4 *ip)
{
	const struct forward_context *context = copy->run->context;
	struct writer out = writer_over(context->buffers->outer, sizeof(context->buffers->outer));
	struct tunnel_outer outer = outer_of(copy, ip);

	if (tunnel_wrap(&copy->end, &outer, piece, &out) != HA_OK) {
		drop(copy, FORWARD_TOO_LONG);
		return false;
	}
	if (!context->trial)
		soft_remember(context->soft, copy->home->realm, copy->end.remote, outer.id,
		              outer.ttl, piece, context->now_ns);
	emit_outer(copy, writer_span(&out));
	return true;
}

static size_t overhead_of_fragments(const struct copying *copy)
{
	struct ip4 fragment = copy->subject->ip;

	fragment.mf = true;
	return tunnel_overhead(&copy->end, &fragment);
}

/* Inside first, so that nobody has to put outer packets together. */
static bool send_fragments(struct copying *copy)
{
	struct forward_buffers *buffers = copy->run->context->buffers;
	size_t overhead = overhead_of_fragments(copy), mtu = mtu_of(copy);
	struct ip4_fragments fragments;
	struct ip4 ip;

	if (mtu <= overhead ||
	    ip4_fragments_begin(&fragments, copy->subject->packet, mtu - overhead) != HA_OK) {
		drop(copy, FORWARD_UNCUT);
		return false;
	}
	forward_happened(copy->run, FORWARD_FRAGMENTED);
	for (;;) {
		struct writer out = writer_over(buffers->piece, sizeof(buffers->piece));

		if (!ip4_fragments_next(&fragments, &out))
			return true;
		if (ip4_read(writer_span(&out), &ip) != HA_OK) {
			drop(copy, FORWARD_UNCUT);
			return false;
		}
		if (!send_piece(copy, writer_span(&out), &ip))
			return false;
	}
}

/* What a sender that forbids fragments must make do with; the packet goes into the
 * tunnel all the same, unless the first link is what it does not fit. */
static bool send_whole(struct copying *copy, size_t size, size_t overhead)
{
	size_t mtu = mtu_of(copy);

	if (size > mtu)
		copy->result.mtu = (uint16_t)(mtu > overhead ? mtu - overhead : 0);
	if (size > copy->run->settings->link_mtu) {
		drop(copy, FORWARD_TOO_BIG);
		return false;
	}
	return send_piece(copy, copy->subject->packet, &copy->subject->ip);
}

static bool send_copy(struct copying *copy)
{
	const struct ip4 *ip = &copy->subject->ip;
	size_t overhead = tunnel_overhead(&copy->end, ip), size = ip->total + overhead;

	forward_note(copy->run,
	             "the copy for care-of address %s has %zu octets, and the tunnel takes %zu",
	             address_format(copy->binding->care_of).text, size, mtu_of(copy));
	return size > mtu_of(copy) && !ip->df ? send_fragments(copy)
	                                      : send_whole(copy, size, overhead);
}

/* An outer packet to a bound home address would be copied again, for each tunnel of
 * that one: what 8 bindings make of one packet, 8 others multiply. */
static bool is_bound(const struct copying *copy, struct in_addr exit)
{
	struct tunnels_home there;

	return forward_network_of(copy->run->settings, copy->home->realm, exit) &&
	       tunnels_find(copy->run->context->tunnels, copy->home->realm, exit, &there);
}

/* RFC 2003 section 3.2, and what else leads nowhere. */
static bool leads_somewhere(struct copying *copy)
{
	struct in_addr exit = copy->end.remote;

	if (address_equal(exit, copy->home->home))
		drop(copy, FORWARD_SELF_EXIT);
	else if (address_equal(exit, copy->subject->ip.source))
		drop(copy, FORWARD_EXIT_SOURCE);
	else if (is_bound(copy, exit))
		drop(copy, FORWARD_BOUND_EXIT);
	else if (copy->end.udp && copy->end.remote_port == 0)
		drop(copy, FORWARD_NO_PORT);
	else
		return true;
	return false;
}

/* With its own TTL outside, a packet may be known not to get there. */
static bool is_known_to_fail(const struct copying *copy)
{
	uint8_t ttl = outer_ttl(copy);

	if (tunnel_encapsulation(&copy->end, &copy->subject->ip) == ENCAPSULATION_MINIMAL)
		ttl = copy->subject->ip.ttl;
	return copy->exit.broken || copy->exit.length > ttl;
}

static void count(const struct copying *copy)
{
	struct tunnels_counters *row = copy->run->context->trial
	                                       ? NULL
	                                       : tunnels_counters_of(copy->run->context->tunnels,
	                                                             copy->binding->slot);

	if (!row)
		return;
	tunnels_add(&row->out_packets, 1);
	tunnels_add(&row->out_octets, copy->subject->ip.total);
}

struct forward_copied forward_copy(struct forward_run *run, const struct forward_subject *subject,
                                   const struct tunnels_home *home,
                                   const struct tunnels_binding *binding)
{
	struct copying copy = {
		.run = run,
		.subject = subject,
		.home = home,
		.binding = binding,
		.agent = forward_agent_of(run->settings, home->group),
	};

	if (!copy.agent) {
		drop(&copy, FORWARD_NO_AGENT);
		return copy.result;
	}
	copy.end = forward_end(run, copy.agent, binding);
	copy.exit = soft_look(run->context->soft, binding->endpoint, run->context->now_ns);
	if (!leads_somewhere(&copy))
		return copy.result;
	copy.result.broken = is_known_to_fail(&copy);
	copy.result.sent = send_copy(&copy);
	if (copy.result.sent)
		count(&copy);
	return copy.result;
}
