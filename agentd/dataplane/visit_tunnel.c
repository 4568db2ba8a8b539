/* visit_tunnel.c - packets out of tunnels, to visitors (RFC 5944 sections 4.2.2 and 4.3,
 * RFC 3519 section 4.3). */
#include "agentd/dataplane/visit_internal.h"

#include <string.h>

static void end_as_fault(struct visit_forward_run *run, enum tunnel_fault fault)
{
	static const uint8_t reasons[] = {
		[TUNNEL_NO_FAULT] = VISITOR_TUNNEL_BROKEN,
		[TUNNEL_OUTER_BROKEN] = VISITOR_HEADER,
		[TUNNEL_OUTER_FRAGMENT] = VISITOR_TUNNEL_FRAGMENT,
		[TUNNEL_NO_TUNNEL] = VISITOR_TUNNEL_UNKNOWN,
		[TUNNEL_CUT] = VISITOR_TUNNEL_BROKEN,
		[TUNNEL_UDP_BROKEN] = VISITOR_TUNNEL_CHECKSUM,
		[TUNNEL_GRE_FLAGS] = VISITOR_TUNNEL_UNKNOWN,
		[TUNNEL_GRE_CHECKSUM] = VISITOR_TUNNEL_CHECKSUM,
		[TUNNEL_GRE_PAYLOAD] = VISITOR_TUNNEL_UNKNOWN,
		[TUNNEL_MINIMAL_CHECKSUM] = VISITOR_TUNNEL_CHECKSUM,
		[TUNNEL_INNER_BROKEN] = VISITOR_TUNNEL_BROKEN,
		[TUNNEL_INNER_DEAD] = VISITOR_INNER_DEAD,
		[TUNNEL_NO_ROOM] = VISITOR_TUNNEL_BROKEN,
	};

	visit_forward_note(run, "a packet from a tunnel is dropped: %s", tunnel_fault_text(fault));
	visit_forward_ends(run, (enum visitor_reason)reasons[fault]);
}

/* RFC 2890 section 2.2. */
static bool is_late(const struct visit_forward_run *run, const struct tunnel_unwrapped *unwrapped)
{
	const struct visit_forward_context *context = run->context;
	const struct soft_flow flow = {
		.source = unwrapped->outer.source,
		.has_key = unwrapped->has_key,
		.key = unwrapped->has_key ? unwrapped->key : 0,
	};

	return unwrapped->has_sequence &&
	       !(context->trial ? soft_in_order : soft_take_in_order)(
		       context->soft, &flow, unwrapped->sequence, context->now_ns);
}

/* The visitor did not ask, and nobody else knows our nonce. */
static bool is_answer_to_us(const struct visit_forward_run *run,
                            const struct tunnel_unwrapped *unwrapped)
{
	struct icmp4 icmp;

	return unwrapped->udp && unwrapped->ip.protocol == IP4_ICMP &&
	       !ip4_is_fragment(&unwrapped->ip) &&
	       address_equal(unwrapped->ip.source, unwrapped->outer.source) &&
	       icmp4_read(ip4_payload(unwrapped->inner, &unwrapped->ip), &icmp) == HA_OK &&
	       icmp.type == ICMP4_ECHO_REPLY && icmp.body.size == VISIT_FORWARD_NONCE &&
	       memcmp(icmp.body.at, run->settings->nonce, VISIT_FORWARD_NONCE) == 0;
}

static void count_out(const struct visit_forward_run *run,
                      const struct visit_forward_subject *subject)
{
	const struct visit_forward_context *context = run->context;
	struct tunnels_counters *row = context->trial
	                                       ? NULL
	                                       : visit_table_counters(context->table,
	                                                              subject->visitor->slot);

	if (!row)
		return;
	tunnels_add(&row->out_packets, 1);
	tunnels_add(&row->out_octets, subject->ip.total);
}

static void cut_for_link(struct visit_forward_run *run, const struct visit_forward_subject *subject,
                         uint16_t mtu)
{
	struct visit_forward_buffers *buffers = run->context->buffers;
	struct ip4_fragments fragments;

	if (ip4_fragments_begin(&fragments, subject->packet, mtu) != HA_OK) {
		visit_forward_ends(run, VISITOR_UNCUT);
		return;
	}
	visit_forward_happened(run, VISITOR_FRAGMENTED);
	for (;;) {
		struct writer out = writer_over(buffers->piece, sizeof(buffers->piece));

		if (!ip4_fragments_next(&fragments, &out))
			break;
		visit_forward_emit_on_link(run, &subject->visitor->path, writer_span(&out));
	}
	count_out(run, subject);
	visit_forward_ends(run, VISITOR_DELIVERED);
}

/* As by any router: decapsulated, it is forwarded (RFC 2003 section 3.1), so its hop counts,
 * and who sent it hears what a link does not take (RFC 1812 section 4.2.2.7). What RFC 5944
 * section 4.2.2 forbids to answer is what has no visitor. */
static void deliver(struct visit_forward_run *run, struct visit_forward_subject *subject)
{
	const struct visit_path *path = &subject->visitor->path;
	const struct visit_forward_link *link = visit_forward_link_of(run->settings,
	                                                              path->interface);
	uint16_t mtu = link ? link->mtu : 0;

	if (!address_is_unicast(subject->ip.source)) {
		visit_forward_ends(run, VISITOR_BAD_SOURCE);
		return;
	}
	if (!visit_forward_count_hop(run, subject)) {
		visit_forward_complain_to_sender(run, path, subject->arrived,
		                                 (struct complaint){ .type = ICMP4_TIME_EXCEEDED,
		                                                     .code = ICMP4_IN_TRANSIT });
		return;
	}
	if (mtu == 0 || subject->ip.total <= mtu) {
		visit_forward_emit_on_link(run, path, subject->packet);
		count_out(run, subject);
		visit_forward_ends(run, VISITOR_DELIVERED);
	} else if (subject->ip.df) {
		visit_forward_ends(run, VISITOR_TOO_BIG);
		visit_forward_happened(run, VISITOR_MTU_TOLD);
		visit_forward_complain_to_sender(run, path, subject->arrived,
		                                 (struct complaint){ .type = ICMP4_UNREACHABLE,
		                                                     .code = ICMP4_TOO_BIG,
		                                                     .mtu = mtu });
	} else {
		cut_for_link(run, subject, mtu);
	}
}

/* From the home agent of a visitor: as agreed? */
static void take_for(struct visit_forward_run *run, const struct tunnel_unwrapped *unwrapped,
                     const struct visit_found *visitor)
{
	struct tunnel_end end = visit_forward_end(run->settings, &visitor->path);
	struct visit_forward_subject subject = {
		.visitor = visitor,
		.packet = unwrapped->inner,
		.ip = unwrapped->ip,
		.arrived = unwrapped->inner,
	};

	if (!tunnel_matches(&end, unwrapped)) {
		visit_forward_ends(run, VISITOR_KIND);
		return;
	}
	if (is_late(run, unwrapped)) {
		visit_forward_ends(run, VISITOR_LATE);
		return;
	}
	if (!run->context->trial)
		soft_works(run->context->soft, end.remote, run->context->now_ns);
	if (is_answer_to_us(run, unwrapped))
		visit_forward_ends(run, VISITOR_KEPT_ALIVE);
	else
		deliver(run, &subject);
}

static void take_sound(struct visit_forward_run *run, const struct tunnel_unwrapped *unwrapped,
                       unsigned interface)
{
	struct visit_table *table = run->context->table;
	struct visit_found visitor;

	visit_forward_note(run, "from %s, to %s", address_format(unwrapped->outer.source).text,
	                   address_format(unwrapped->ip.destination).text);
	if (visit_table_find(table, unwrapped->ip.destination, unwrapped->outer.source, &visitor))
		take_for(run, unwrapped, &visitor);
	else if (visit_table_seen(table, unwrapped->outer.source, 0, NULL, &visitor))
		visit_forward_redeliver(run, unwrapped, interface);
	else if (visit_table_seen(table, unwrapped->ip.destination, 0, NULL, &visitor))
		visit_forward_ends(run, VISITOR_OTHER_AGENT);
	else
		visit_forward_ends(run, VISITOR_NO_VISITOR);
}

static void take(struct visit_forward_run *run, const struct tunnel_unwrapped *unwrapped,
                 unsigned interface)
{
	if (unwrapped->fault == TUNNEL_OUTER_BROKEN) {
		end_as_fault(run, unwrapped->fault);
		return;
	}
	if (!visit_forward_is_own(run->settings, unwrapped->outer.destination)) {
		visit_forward_ends(run, VISITOR_NOT_OURS);
		return;
	}
	if (!visit_forward_is_allowed(run))
		return;
	if (unwrapped->fault != TUNNEL_NO_FAULT)
		end_as_fault(run, unwrapped->fault);
	else
		take_sound(run, unwrapped, interface);
}

struct visit_forward_verdict visit_forward_from_tunnel(const struct visit_forward_context *context,
                                                       struct span packet, unsigned interface)
{
	struct visit_forward_run run = visit_forward_begin(context);
	struct writer room = tunnel_room(context->buffers->inner, packet);
	struct tunnel_unwrapped unwrapped;

	(void)tunnel_unwrap(packet, &room, &unwrapped); /* its fault says the same */
	take(&run, &unwrapped, interface);
	return run.verdict;
}
