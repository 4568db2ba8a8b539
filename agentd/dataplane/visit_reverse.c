/* visit_reverse.c - packets of visitors: into their reverse tunnels, in both delivery
 * styles, or on by the host's routes (RFC 3024 sections 4.2.2 and 5). */
#include "agentd/dataplane/visit_internal.h"

#include <string.h>

/* ---- into the tunnel ---- */

static void emit_outer(void *context, struct span outer)
{
	struct visit_forward_run *run = context;
	struct ip4 ip;

	(void)ip4_read(outer, &ip);
	visit_forward_emit(run, &(struct visit_forward_output){ .kind = VISIT_FORWARD_OUTER,
	                                                        .packet = outer,
	                                                        .endpoint = ip.destination });
}

static struct tunnel_entry entry_of(struct visit_forward_run *run, const struct visit_path *path)
{
	const struct visit_forward_context *context = run->context;

	return (struct tunnel_entry){
		.end = visit_forward_end(run->settings, path),
		.soft = context->soft,
		.now_ns = context->now_ns,
		.link_mtu = run->settings->link_mtu,
		.ttl = run->settings->ttl,
		.df_copied = run->settings->df_copied,
		.trial = context->trial,
		.piece = context->buffers->piece,
		.outer = context->buffers->outer,
		.emit = emit_outer,
		.context = run,
	};
}

static void count_in(const struct visit_forward_run *run,
                     const struct visit_forward_subject *subject)
{
	const struct visit_forward_context *context = run->context;
	uint32_t slot = subject->visitor->slot;
	struct tunnels_counters *row = context->trial ? NULL
	                                              : visit_table_counters(context->table, slot);

	if (!row)
		return;
	tunnels_add(&row->in_packets, 1);
	tunnels_add(&row->in_octets, subject->ip.total);
}

/* RFC 2003 section 5: what violates what is known of the tunnel goes in all the same. */
static void tell_visitor(struct visit_forward_run *run, const struct visit_forward_subject *subject,
                         const struct tunnel_entry_result *entered)
{
	struct complaint complaint = { .type = ICMP4_UNREACHABLE };

	if (entered->mtu) {
		visit_forward_happened(run, VISITOR_MTU_TOLD);
		complaint.code = ICMP4_TOO_BIG;
		complaint.mtu = entered->mtu;
	} else if (entered->what == TUNNEL_WENT_IN && entered->broken) {
		visit_forward_happened(run, VISITOR_BROKEN_TOLD);
		complaint.code = ICMP4_HOST;
	} else {
		return;
	}
	visit_forward_complain_to_visitor(run, &subject->visitor->path, subject->arrived,
	                                  complaint);
}

/* true: it went in. */
static bool enter(struct visit_forward_run *run, const struct visit_forward_subject *subject,
                  enum visitor_reason end, struct tunnel_entry_result *entered)
{
	static const uint8_t reasons[] = {
		[TUNNEL_TOO_BIG] = VISITOR_TOO_BIG,
		[TUNNEL_UNCUT] = VISITOR_UNCUT,
		[TUNNEL_TOO_LONG] = VISITOR_TOO_LONG,
	};
	struct tunnel_entry entry = entry_of(run, &subject->visitor->path);

	visit_forward_note(run,
	                   "with the outer header it has %zu octets, and the tunnel to %s takes %u",
	                   subject->ip.total + tunnel_overhead(&entry.end, &subject->ip),
	                   address_format(entry.end.remote).text, tunnel_entry_mtu(&entry));
	*entered = tunnel_enter(&entry, subject->packet, &subject->ip);
	if (entered->fragmented)
		visit_forward_happened(run, VISITOR_FRAGMENTED);
	if (entered->what != TUNNEL_WENT_IN) {
		visit_forward_ends(run, (enum visitor_reason)reasons[entered->what]);
		return false;
	}
	if (!run->context->trial && subject->visitor->path.udp)
		visit_table_sent(run->context->table, subject->visitor->slot, run->context->now_ns);
	visit_forward_ends(run, end);
	return true;
}

/* Nothing goes into a tunnel whose inner source is not that visitor: who calls this has seen
 * to it. What is to many is said on the home network, where the visitor would be: its hop
 * counts there, as an IGMP report of TTL 1 must (RFC 5944 section 4.4). Of what came as it is
 * on the link, the kernel saw the hops, too, and tells who sent it that they ran out. */
void visit_forward_reverse(struct visit_forward_run *run, struct visit_forward_subject *subject,
                           enum visitor_reason end)
{
	const struct visit_path *path = &subject->visitor->path;
	struct tunnel_entry_result entered;

	if (visit_forward_is_own(run->settings, path->home_agent)) {
		visit_forward_ends(run, VISITOR_SELF_EXIT);
		return;
	}
	if (tunnel_is_too_deep(run->settings->udp_port, run->settings->nesting,
	                       run->context->buffers->probe, subject->packet, subject->ip)) {
		visit_forward_ends(run, VISITOR_NESTING);
		return;
	}
	if (address_is_unicast(subject->ip.destination) && !visit_forward_count_hop(run, subject)) {
		if (end == VISITOR_REDELIVERED)
			visit_forward_complain_to_visitor(
				run, path, subject->arrived,
				(struct complaint){ .type = ICMP4_TIME_EXCEEDED,
			                            .code = ICMP4_IN_TRANSIT });
		return;
	}
	if (enter(run, subject, end, &entered))
		count_in(run, subject);
	tell_visitor(run, subject, &entered);
}

/* ---- the encapsulating delivery style ---- */

/* IP in IP is what any mobile node has (RFC 3024 section 5.2.2). */
static bool is_agreed(const struct visit_path *path, const struct tunnel_unwrapped *unwrapped)
{
	return path->reverse && path->delivery && !unwrapped->udp &&
	       (unwrapped->encapsulation == ENCAPSULATION_IPIP ||
	        unwrapped->encapsulation == path->encapsulation);
}

/* Its link address is not known: it may have come in fragments. */
void visit_forward_redeliver(struct visit_forward_run *run,
                             const struct tunnel_unwrapped *unwrapped, unsigned interface)
{
	struct visit_found visitor;
	struct visit_forward_subject subject = {
		.visitor = &visitor,
		.packet = unwrapped->inner,
		.ip = unwrapped->ip,
		.arrived = unwrapped->inner,
	};

	if (visit_table_seen_encapsulated(run->context->table, unwrapped->outer.source, interface,
	                                  &visitor) != VISIT_SEEN_THERE)
		visit_forward_ends(run, VISITOR_WRONG_PLACE);
	else if (!is_agreed(&visitor.path, unwrapped))
		visit_forward_ends(run, VISITOR_NOT_AGREED);
	else if (!address_equal(unwrapped->ip.source, visitor.path.home))
		visit_forward_ends(run, VISITOR_NOT_ITS_OWN);
	else
		visit_forward_reverse(run, &subject, VISITOR_REDELIVERED);
}

/* ---- as they came on the link ---- */

static void route_on(struct visit_forward_run *run, const struct visit_forward_subject *subject,
                     enum visitor_reason end)
{
	if (subject->ip.ttl <= 1) { /* which the kernel, that saw it too, has told */
		visit_forward_ends(run, VISITOR_EXPIRED);
		return;
	}
	visit_forward_emit(run, &(struct visit_forward_output){ .kind = VISIT_FORWARD_ROUTED,
	                                                        .packet = subject->packet });
	visit_forward_ends(run, end);
}

static bool is_of_link(const struct visit_forward_link *link, struct in_addr source)
{
	for (size_t i = 0; i < link->networks.count; i++)
		if (address_in_prefix(source, &link->networks.at[i]))
			return true;
	return false;
}

/* Who is no visitor may have the link's own address, and be a host of it. By our device the
 * host's own filter of sources does not see from which link it comes; so we look. */
static void take_from_stranger(struct visit_forward_run *run,
                               const struct visit_forward_subject *subject,
                               const struct visit_forward_link *link)
{
	if (visit_forward_is_own(run->settings, subject->ip.source))
		visit_forward_ends(run, VISITOR_OWN_SOURCE);
	else if (!address_is_unicast(subject->ip.source))
		visit_forward_ends(run, VISITOR_BAD_SOURCE);
	else if (!link || !link->routes)
		visit_forward_ends(run, VISITOR_STRANGER);
	else if (!is_of_link(link, subject->ip.source))
		visit_forward_ends(run, VISITOR_BAD_SOURCE);
	else
		route_on(run, subject, VISITOR_PASSED);
}

/* RFC 3024 section 5.2.1: of who encapsulates, what is not encapsulated goes by the routes. */
static void take_from_visitor(struct visit_forward_run *run, struct visit_forward_subject *subject)
{
	const struct visit_path *path = &subject->visitor->path;

	if (path->reverse && !path->delivery) {
		visit_forward_reverse(run, subject, VISITOR_REVERSED);
		return;
	}
	route_on(run, subject, VISITOR_ROUTED);
	if (run->verdict.reason == VISITOR_ROUTED)
		count_in(run, subject);
}

struct visit_forward_verdict visit_forward_from_link(const struct visit_forward_context *context,
                                                     struct span packet, unsigned interface,
                                                     const uint8_t link[LINK_ADDRESS_OCTETS])
{
	struct visit_forward_run run = visit_forward_begin(context);
	struct visit_forward_subject subject = { .visitor = NULL };
	struct visit_found visitor;

	if (ip4_read(packet, &subject.ip) != HA_OK) {
		visit_forward_ends(&run, VISITOR_HEADER);
		return run.verdict;
	}
	packet.size = subject.ip.total;
	subject.packet = subject.arrived = packet;
	if (visit_forward_is_own(context->settings, subject.ip.destination)) {
		visit_forward_ends(&run, VISITOR_LOCAL);
		return run.verdict;
	}
	if (!visit_forward_is_allowed(&run))
		return run.verdict;
	if (!address_is_unicast(subject.ip.destination)) {
		visit_forward_ends(&run, VISITOR_NOT_UNICAST);
		return run.verdict;
	}
	switch (visit_table_seen(context->table, subject.ip.source, interface, link, &visitor)) {
	case VISIT_SEEN_NOBODY:
		take_from_stranger(&run, &subject,
		                   visit_forward_link_of(context->settings, interface));
		break;
	case VISIT_SEEN_ELSEWHERE:
		visit_forward_ends(&run, VISITOR_WRONG_PLACE);
		break;
	case VISIT_SEEN_THERE:
		subject.visitor = &visitor;
		take_from_visitor(&run, &subject);
		break;
	}
	return run.verdict;
}

/* ---- keepalives ---- */

struct visit_forward_verdict visit_forward_keep_alive(const struct visit_forward_context *context,
                                                      const struct visit_found *visitor)
{
	struct visit_forward_run run = visit_forward_begin(context);
	struct writer out = writer_over(context->buffers->inner[0], TUNNEL_ENTRY_ROOM);
	const struct span nonce = { run.settings->nonce, VISIT_FORWARD_NONCE };
	struct visit_forward_subject subject = { .visitor = visitor };
	struct tunnel_entry_result entered;
	const struct ip4 header = { .source = visitor->path.home,
		                    .destination = visitor->path.home_agent,
		                    .ttl = run.settings->ttl,
		                    .protocol = IP4_ICMP,
		                    .id = context->trial ? 0 : soft_id(context->soft) };

	if (!visit_forward_is_allowed(&run))
		return run.verdict;
	if (icmp4_echo_write(&out, &header, 0, header.id, nonce) != HA_OK ||
	    ip4_read(writer_span(&out), &subject.ip) != HA_OK) {
		visit_forward_ends(&run, VISITOR_HEADER);
		return run.verdict;
	}
	subject.packet = subject.arrived = writer_span(&out);
	(void)enter(&run, &subject, VISITOR_KEEPALIVE_SENT, &entered);
	return run.verdict;
}
