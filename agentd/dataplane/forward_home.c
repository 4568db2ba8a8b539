/* forward_home.c - packets to home addresses (RFC 5944 section 4.2.3). */
#include "agentd/dataplane/forward_internal.h"

#include "proto/message.h"

#define UDP_REST 6u /* octets of its header behind the source port */

static bool is_care_of(const struct tunnels_home *home, struct in_addr address)
{
	for (size_t i = 0; i < home->count; i++)
		if (address_equal(home->bindings[i].care_of, address) ||
		    address_equal(home->bindings[i].endpoint, address))
			return true;
	return false;
}

/* A tunnel to the home address: its contents go on as if they had come alone, unless
 * they come from where they would go. false: it ended. */
static bool open_special(struct forward_run *run, struct forward_subject *subject,
                         const struct tunnels_home *home)
{
	struct writer room = tunnel_room(run->context->buffers->inner, subject->packet);
	struct tunnel_unwrapped unwrapped;

	if (!tunnel_is_one(run->settings->udp_port, subject->packet, &subject->ip) ||
	    subject->ip.protocol == IP4_UDP ||
	    tunnel_unwrap(subject->packet, &room, &unwrapped) != HA_OK ||
	    !address_equal(unwrapped.ip.destination, subject->ip.destination))
		return true;
	if (is_care_of(home, subject->ip.source)) {
		forward_ends(run, FORWARD_SPECIAL_LOOP);
		return false;
	}
	forward_happened(run, FORWARD_SPECIAL);
	subject->packet = subject->arrived = unwrapped.inner;
	subject->ip = unwrapped.ip;
	subject->counted = false;
	return forward_is_from_there(run, subject);
}

/* RFC 2003 section 3.2: what claims to come from here, and does not, is in a loop. */
static bool is_in_loop(struct forward_run *run, const struct forward_subject *subject)
{
	if (!forward_is_from_there(run, subject))
		return true;
	if (tunnel_is_too_deep(run->settings->udp_port, run->settings->nesting,
	                       run->context->buffers->probe, subject->packet, subject->ip)) {
		forward_ends(run, FORWARD_NESTING);
		return true;
	}
	return false;
}

/* One error at most, whatever number of copies asks for it. */
static void tell_sender(struct forward_run *run, const struct forward_agent *agent,
                        const struct forward_subject *subject, uint16_t mtu, bool broken)
{
	struct complaint complaint = { .type = ICMP4_UNREACHABLE };

	if (mtu) {
		forward_happened(run, FORWARD_MTU_TOLD);
		complaint.code = ICMP4_TOO_BIG;
		complaint.mtu = mtu;
	} else if (broken) {
		forward_happened(run, FORWARD_BROKEN_TOLD);
		complaint.code = ICMP4_HOST;
	} else {
		return;
	}
	forward_complain(run, agent, subject->arrived, complaint);
}

static void copy_to_all(struct forward_run *run, const struct forward_agent *agent,
                        const struct forward_subject *subject, const struct tunnels_home *home)
{
	unsigned sent = 0, broken = 0;
	uint16_t mtu = 0;

	for (size_t i = 0; i < home->count; i++) {
		struct forward_copied copied = forward_copy(run, subject, home, &home->bindings[i]);

		if (copied.mtu && (!mtu || copied.mtu < mtu))
			mtu = copied.mtu;
		sent += copied.sent;
		broken += copied.sent && copied.broken;
		if (!copied.sent)
			run->verdict.reason = copied.reason;
	}
	if (sent)
		forward_ends(run, subject->tunnelled);
	tell_sender(run, agent, subject, mtu, sent && broken == sent);
}

void forward_bound(struct forward_run *run, struct forward_subject *subject,
                   const struct tunnels_home *home)
{
	const struct forward_agent *agent = forward_agent_of(run->settings, home->group);

	forward_note(run, "%s is bound to %u care-of addresses", address_format(home->home).text,
	             home->count);
	if (!agent) {
		forward_ends(run, FORWARD_NO_AGENT);
		return;
	}
	if (!forward_is_allowed(run, home->group) || is_in_loop(run, subject) ||
	    !open_special(run, subject, home) || !forward_count_hop(run, agent, subject))
		return;
	copy_to_all(run, agent, subject, home);
}

static void emit_on_link(struct forward_run *run, const struct forward_network *network,
                         struct span packet)
{
	forward_emit(run, &(struct forward_output){ .kind = FORWARD_INNER,
	                                            .packet = packet,
	                                            .realm = network->realm,
	                                            .group = network->group,
	                                            .on_link = true,
	                                            .network = network });
}

static void cut_for_link(struct forward_run *run, const struct forward_subject *subject,
                         const struct forward_network *network)
{
	struct forward_buffers *buffers = run->context->buffers;
	struct ip4_fragments fragments;

	if (ip4_fragments_begin(&fragments, subject->packet, network->mtu) != HA_OK) {
		forward_ends(run, FORWARD_UNCUT);
		return;
	}
	forward_happened(run, FORWARD_FRAGMENTED);
	for (;;) {
		struct writer out = writer_over(buffers->piece, sizeof(buffers->piece));

		if (!ip4_fragments_next(&fragments, &out))
			break;
		emit_on_link(run, network, writer_span(&out));
	}
	forward_ends(run, subject->routed);
}

/* What is too large for the link is cut, or its sender told, as by any router (RFC 1812
 * section 4.2.2.7): the packet comes by our device, which takes all sizes. */
static void send_to_link(struct forward_run *run, const struct forward_agent *agent,
                         const struct forward_subject *subject,
                         const struct forward_network *network)
{
	if (network->mtu == 0 || subject->ip.total <= network->mtu) {
		emit_on_link(run, network, subject->packet);
		forward_ends(run, subject->routed);
	} else if (subject->ip.df) {
		forward_ends(run, FORWARD_TOO_BIG);
		forward_happened(run, FORWARD_MTU_TOLD);
		forward_complain(run, agent, subject->arrived,
		                 (struct complaint){ .type = ICMP4_UNREACHABLE,
		                                     .code = ICMP4_TOO_BIG,
		                                     .mtu = network->mtu });
	} else {
		cut_for_link(run, subject, network);
	}
}

void forward_unbound(struct forward_run *run, struct forward_subject *subject)
{
	const struct forward_network *network = forward_network_of(run->settings, subject->realm,
	                                                           subject->ip.destination);
	const struct forward_agent *agent = network ? forward_agent_of(run->settings,
	                                                               network->group)
	                                            : NULL;

	forward_note(run,
	             subject->at_home ? "%s asked from home, where the reply goes"
	                              : "%s is not bound",
	             address_format(subject->ip.destination).text);
	if (!network || !agent) {
		forward_ends(run, network ? FORWARD_NO_AGENT : FORWARD_NO_NETWORK);
		return;
	}
	/* What this host says to its own link is no business of the cluster's. */
	if (!subject->from_host && !forward_is_allowed(run, network->group))
		return;
	if (forward_is_directed(network, subject->ip.destination)) {
		forward_ends(run, FORWARD_NOT_UNICAST);
		return;
	}
	if (network->kind == FORWARD_VIRTUAL) {
		forward_ends(run, FORWARD_UNREACHABLE);
		forward_complain(
			run, agent, subject->arrived,
			(struct complaint){ .type = ICMP4_UNREACHABLE, .code = ICMP4_HOST });
		return;
	}
	if (!forward_count_hop(run, agent, subject))
		return;
	send_to_link(run, agent, subject, network);
}

/* A Registration Reply of this host: it goes to where the request came from, so who asked
 * from the home address is at home, whatever is bound still (RFC 5944 section 3.8.3.1). */
static bool is_reply(const struct forward_settings *settings, const struct forward_subject *subject)
{
	const struct span payload = ip4_payload(subject->packet, &subject->ip);
	struct reader in = reader_over(payload.at, payload.size);
	uint16_t source_port = get_u16(&in);

	reader_take(&in, UDP_REST);
	return subject->from_host && subject->ip.protocol == IP4_UDP &&
	       !ip4_is_fragment(&subject->ip) && forward_agent_at(settings, subject->ip.source) &&
	       source_port == settings->udp_port && get_u8(&in) == MIP_TYPE_REPLY &&
	       in.error == HA_OK;
}

static bool is_to_who_is_home(const struct forward_settings *settings,
                              const struct forward_subject *subject)
{
	const struct forward_network *network = forward_network_of(settings, subject->realm,
	                                                           subject->ip.destination);

	return network && network->kind != FORWARD_VIRTUAL && is_reply(settings, subject);
}

struct forward_verdict forward_home(const struct forward_context *context, uint32_t realm,
                                    struct span packet, enum forward_arrival arrival)
{
	struct forward_run run = forward_begin(context);
	struct forward_subject subject = { .realm = realm,
		                           .counted = arrival != FORWARD_FROM_WIRE,
		                           .from_host = arrival == FORWARD_FROM_HOST,
		                           .tunnelled = FORWARD_TUNNELLED,
		                           .routed = FORWARD_HOME_LINK };
	struct tunnels_home home;
	bool own;

	if (ip4_read(packet, &subject.ip) != HA_OK) {
		forward_ends(&run, FORWARD_HEADER);
		return run.verdict;
	}
	packet.size = subject.ip.total;
	subject.packet = subject.arrived = packet;
	own = forward_is_own(context->settings, subject.ip.destination);
	subject.at_home = is_to_who_is_home(context->settings, &subject);
	if (!own && !subject.at_home &&
	    tunnels_find(context->tunnels, realm, subject.ip.destination, &home)) {
		forward_bound(&run, &subject, &home);
	} else if (own && arrival == FORWARD_FROM_WIRE) {
		forward_emit(&run, &(struct forward_output){ .kind = FORWARD_HOST,
		                                             .packet = packet,
		                                             .realm = realm });
		forward_ends(&run, FORWARD_LOCAL);
	} else if (!address_is_unicast(subject.ip.destination)) {
		forward_ends(&run, FORWARD_NOT_UNICAST);
	} else {
		forward_unbound(&run, &subject);
	}
	return run.verdict;
}
