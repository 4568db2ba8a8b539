/* forward_tunnel.c - packets from reverse tunnels: whose they are (RFC 3024 section
 * 4.3.2, RFC 3519 section 4), and where they go. */
#include "agentd/dataplane/forward_internal.h"

#include "proto/message.h"

/* A packet from a tunnel, and from whom it is. */
struct coming {
	const struct tunnel_unwrapped *unwrapped;
	const struct forward_agent *agent;
	struct tunnels_home home; /* of its inner source; count 0: not bound */
	bool trusted;             /* from a gateway, whatever is in it */
	const struct tunnels_binding *binding;
	unsigned depth; /* tunnels that it was taken out of, but one */
};

static void take(struct forward_run *run, const struct tunnel_unwrapped *unwrapped, unsigned depth);

static enum forward_reason reason_of(enum tunnel_fault fault)
{
	static const uint8_t reasons[] = {
		[TUNNEL_NO_FAULT] = FORWARD_TUNNEL_BROKEN,
		[TUNNEL_OUTER_BROKEN] = FORWARD_TUNNEL_BROKEN,
		[TUNNEL_OUTER_FRAGMENT] = FORWARD_TUNNEL_FRAGMENT,
		[TUNNEL_NO_TUNNEL] = FORWARD_TUNNEL_UNKNOWN,
		[TUNNEL_CUT] = FORWARD_TUNNEL_BROKEN,
		[TUNNEL_UDP_BROKEN] = FORWARD_TUNNEL_CHECKSUM,
		[TUNNEL_GRE_FLAGS] = FORWARD_TUNNEL_UNKNOWN,
		[TUNNEL_GRE_CHECKSUM] = FORWARD_TUNNEL_CHECKSUM,
		[TUNNEL_GRE_PAYLOAD] = FORWARD_TUNNEL_UNKNOWN,
		[TUNNEL_MINIMAL_CHECKSUM] = FORWARD_TUNNEL_CHECKSUM,
		[TUNNEL_INNER_BROKEN] = FORWARD_TUNNEL_BROKEN,
		[TUNNEL_INNER_DEAD] = FORWARD_INNER_DEAD,
		[TUNNEL_NO_ROOM] = FORWARD_TUNNEL_BROKEN,
	};

	return (enum forward_reason)reasons[fault];
}

static void end_as_fault(struct forward_run *run, enum tunnel_fault fault)
{
	forward_note(run, "a packet from a tunnel is dropped: %s", tunnel_fault_text(fault));
	forward_ends(run, reason_of(fault));
}

/* A whole echo request of the mobile node's to its home agent. */
static bool is_keepalive(const struct coming *coming)
{
	const struct tunnel_unwrapped *unwrapped = coming->unwrapped;
	struct icmp4 icmp;

	return unwrapped->udp && unwrapped->ip.protocol == IP4_ICMP &&
	       !ip4_is_fragment(&unwrapped->ip) &&
	       address_equal(unwrapped->ip.destination, coming->agent->address) &&
	       icmp4_read(ip4_payload(unwrapped->inner, &unwrapped->ip), &icmp) == HA_OK &&
	       icmp.type == ICMP4_ECHO;
}

static void answer_keepalive(struct forward_run *run, const struct coming *coming)
{
	const struct forward_context *context = run->context;
	struct forward_buffers *buffers = context->buffers;
	struct writer out = writer_over(buffers->nested, sizeof(buffers->nested));
	struct forward_subject answer = { .realm = coming->home.realm };
	struct forward_copied copied;

	if (icmp4_echo_answer(&out, coming->unwrapped->inner, run->settings->ttl,
	                      context->trial ? 0 : soft_id(context->soft)) != HA_OK ||
	    ip4_read(writer_span(&out), &answer.ip) != HA_OK) {
		forward_ends(run, FORWARD_TUNNEL_BROKEN);
		return;
	}
	answer.packet = answer.arrived = writer_span(&out);
	copied = forward_copy(run, &answer, &coming->home, coming->binding);
	if (copied.sent)
		forward_ends(run, FORWARD_KEEPALIVE);
	else
		run->verdict.reason = copied.reason;
}

/* RFC 3519 section 4.6: from the address that registered, to us, from the home address:
 * then its port is the tunnel's. */
static bool completes(const struct forward_run *run, const struct coming *coming,
                      const struct tunnels_binding *binding)
{
	const struct tunnel_unwrapped *unwrapped = coming->unwrapped;

	return binding->features & BINDING_UDP && binding->endpoint_port == 0 &&
	       address_equal(binding->endpoint, unwrapped->outer.source) &&
	       unwrapped->destination_port == run->settings->udp_port &&
	       unwrapped->source_port != 0 && unwrapped->encapsulation == binding->encapsulation &&
	       is_keepalive(coming);
}

static void learn_port(struct forward_run *run, struct coming *coming,
                       struct tunnels_binding *binding)
{
	binding->endpoint_port = coming->unwrapped->source_port;
	coming->binding = binding;
	forward_happened(run, FORWARD_PORT_LEARNT);
	forward_emit(run, &(struct forward_output){
				  .kind = FORWARD_PORT,
				  .realm = coming->home.realm,
				  .home = coming->home.home,
				  .care_of = binding->care_of,
				  .endpoint = binding->endpoint,
				  .port = binding->endpoint_port,
				  .group = coming->home.group,
			  });
}

/* Through which binding it came, if through one. */
static bool is_from_node(struct forward_run *run, struct coming *coming)
{
	struct tunnels_home *home = &coming->home;

	for (size_t i = 0; i < home->count && home->group == coming->agent->group; i++) {
		struct tunnels_binding *binding = &home->bindings[i];
		struct tunnel_end end = forward_end(run, coming->agent, binding);

		if (tunnel_matches(&end, coming->unwrapped)) {
			coming->binding = binding;
			return true;
		}
		if (completes(run, coming, binding)) {
			learn_port(run, coming, binding);
			return true;
		}
	}
	return false;
}

static bool is_gateway(const struct forward_settings *settings, struct in_addr address)
{
	for (size_t i = 0; i < settings->gateway_count; i++)
		if (address_in_prefix(address, &settings->gateways[i]))
			return true;
	return false;
}

static enum forward_reason why_not(const struct coming *coming)
{
	const struct tunnels_home *home = &coming->home;

	if (home->count && home->group != coming->agent->group)
		return FORWARD_REVERSE_AGENT;
	for (size_t i = 0; i < home->count; i++)
		if (address_equal(home->bindings[i].endpoint, coming->unwrapped->outer.source))
			return FORWARD_REVERSE_KIND;
	return home->count ? FORWARD_REVERSE_CARE_OF : FORWARD_REVERSE_UNBOUND;
}

static void count_in(const struct forward_run *run, const struct coming *coming)
{
	const struct forward_context *context = run->context;
	struct tunnels_counters *row = context->trial ? NULL
	                                              : tunnels_counters_of(context->tunnels,
	                                                                    coming->binding->slot);

	if (!row)
		return;
	tunnels_add(&row->in_packets, context->parts ? context->parts : 1);
	tunnels_add(&row->in_octets,
	            context->parts ? context->parts_octets : coming->unwrapped->ip.total);
	soft_works(context->soft, coming->binding->endpoint, context->now_ns);
}

/* RFC 2890 section 2.2. One that comes before others of its flow is taken at once: they
 * are late then. */
static bool is_late(const struct forward_run *run, const struct tunnel_unwrapped *unwrapped)
{
	const struct forward_context *context = run->context;
	const struct soft_flow flow = {
		.source = unwrapped->outer.source,
		.has_key = unwrapped->has_key,
		.key = unwrapped->has_key ? unwrapped->key : 0,
	};

	return unwrapped->has_sequence &&
	       !(context->trial ? soft_in_order : soft_take_in_order)(
		       context->soft, &flow, unwrapped->sequence, context->now_ns);
}

/* To the host itself, as any packet for it. */
static void hand_to_host(struct forward_run *run, const struct coming *coming)
{
	forward_emit(run, &(struct forward_output){ .kind = FORWARD_HOST,
	                                            .packet = coming->unwrapped->inner,
	                                            .realm = coming->agent->realm,
	                                            .group = coming->agent->group });
	forward_ends(run, FORWARD_LOCAL);
}

static void deliver(struct forward_run *run, const struct coming *coming);

/* A tunnel in the tunnel, to us as well: what a mobile node wraps itself for the foreign
 * agent to pass it on (RFC 3024 section 5.2, RFC 5944 section 4.4), or what a gateway
 * passes on. */
static void unwrap_again(struct forward_run *run, const struct coming *coming)
{
	struct writer room = tunnel_room(run->context->buffers->inner, coming->unwrapped->inner);
	struct tunnel_unwrapped unwrapped;
	struct coming again = *coming;

	if (coming->depth + 1 >= run->settings->nesting) {
		forward_ends(run, FORWARD_NESTING);
		return;
	}
	if (tunnel_unwrap(coming->unwrapped->inner, &room, &unwrapped) != HA_OK) {
		end_as_fault(run, unwrapped.fault);
		return;
	}
	if (coming->trusted) {
		take(run, &unwrapped, coming->depth + 1);
		return;
	}
	if (!address_equal(unwrapped.ip.source, coming->home.home)) {
		forward_ends(run, FORWARD_REVERSE_OTHER);
		return;
	}
	if (is_late(run, &unwrapped)) {
		forward_ends(run, FORWARD_REVERSE_LATE);
		return;
	}
	forward_happened(run, FORWARD_UNWRAPPED_AGAIN);
	again.unwrapped = &unwrapped;
	again.depth++;
	deliver(run, &again);
}

static void deliver_to_us(struct forward_run *run, const struct coming *coming)
{
	const struct tunnel_unwrapped *unwrapped = coming->unwrapped;

	if (!coming->trusted && is_keepalive(coming))
		answer_keepalive(run, coming);
	else if (unwrapped->ip.protocol != IP4_UDP &&
	         tunnel_is_one(run->settings->udp_port, unwrapped->inner, &unwrapped->ip))
		unwrap_again(run, coming);
	else
		hand_to_host(run, coming);
}

static bool is_for_many(const struct forward_network *network, struct in_addr address)
{
	return IN_MULTICAST(address_host(address)) || address.s_addr == INADDR_BROADCAST ||
	       (network && forward_is_directed(network, address));
}

/* As if the mobile node had sent it on its home link: with the TTL that it has, to that
 * link and to others of it that are away. */
static void deliver_to_many(struct forward_run *run, const struct coming *coming,
                            const struct forward_network *network)
{
	const struct tunnel_unwrapped *unwrapped = coming->unwrapped;

	if (coming->trusted || !network) {
		forward_ends(run, coming->trusted ? FORWARD_NOT_UNICAST : FORWARD_NO_NETWORK);
		return;
	}
	if (network->kind != FORWARD_VIRTUAL)
		forward_emit(run, &(struct forward_output){ .kind = FORWARD_INNER,
		                                            .packet = unwrapped->inner,
		                                            .realm = coming->home.realm,
		                                            .group = coming->home.group,
		                                            .on_link = true,
		                                            .network = network });
	forward_fan_out(run, network, unwrapped->inner, coming->home.home);
	forward_ends(run, FORWARD_REVERSE_BROADCAST);
}

/* RFC 2784 section 3.1. */
static bool goes_back(const struct tunnel_unwrapped *unwrapped)
{
	return unwrapped->encapsulation == ENCAPSULATION_GRE &&
	       address_equal(unwrapped->ip.destination, unwrapped->outer.source);
}

static void deliver_to_one(struct forward_run *run, const struct coming *coming)
{
	const struct tunnel_unwrapped *unwrapped = coming->unwrapped;
	struct forward_subject subject = {
		.realm = coming->agent->realm,
		.packet = unwrapped->inner,
		.ip = unwrapped->ip,
		.arrived = unwrapped->inner,
		.tunnelled = coming->trusted ? FORWARD_GATEWAY : FORWARD_HAIRPIN,
		.routed = coming->trusted ? FORWARD_GATEWAY : FORWARD_REVERSE,
	};
	struct tunnels_home home;

	if (goes_back(unwrapped)) {
		forward_ends(run, FORWARD_REVERSE_LOOP);
		return;
	}
	if (tunnels_find(run->context->tunnels, subject.realm, subject.ip.destination, &home)) {
		forward_bound(run, &subject, &home);
		return;
	}
	if (!forward_is_from_there(run, &subject))
		return;
	if (forward_network_of(run->settings, subject.realm, subject.ip.destination)) {
		forward_unbound(run, &subject);
		return;
	}
	if (!address_is_unicast(subject.ip.destination)) {
		forward_ends(run, FORWARD_NOT_UNICAST);
		return;
	}
	forward_emit(run, &(struct forward_output){ .kind = FORWARD_INNER,
	                                            .packet = unwrapped->inner,
	                                            .realm = subject.realm,
	                                            .group = coming->agent->group });
	forward_ends(run, subject.routed);
}

static void deliver(struct forward_run *run, const struct coming *coming)
{
	struct in_addr destination = coming->unwrapped->ip.destination;
	const struct forward_network *network = coming->trusted
	                                                ? NULL
	                                                : forward_network_of(run->settings,
	                                                                     coming->home.realm,
	                                                                     coming->home.home);

	if (forward_is_own(run->settings, destination))
		deliver_to_us(run, coming);
	else if (is_for_many(network, destination))
		deliver_to_many(run, coming, network);
	else
		deliver_to_one(run, coming);
}

/* From a mobile node, from a gateway, or from nobody. */
static void take_from(struct forward_run *run, struct coming *coming)
{
	const struct tunnel_unwrapped *unwrapped = coming->unwrapped;

	forward_note(run, "from %s, of %s", address_format(unwrapped->outer.source).text,
	             address_format(unwrapped->ip.source).text);
	tunnels_find(run->context->tunnels, coming->agent->realm, unwrapped->ip.source,
	             &coming->home);
	if (!is_from_node(run, coming)) {
		coming->trusted = is_gateway(run->settings, unwrapped->outer.source);
		if (!coming->trusted) {
			forward_ends(run, why_not(coming));
			return;
		}
	}
	if (is_late(run, unwrapped)) {
		forward_ends(run, FORWARD_REVERSE_LATE);
		return;
	}
	if (!coming->trusted)
		count_in(run, coming);
	deliver(run, coming);
}

static void take(struct forward_run *run, const struct tunnel_unwrapped *unwrapped, unsigned depth)
{
	struct coming coming = { .unwrapped = unwrapped, .depth = depth };

	if (unwrapped->fault == TUNNEL_OUTER_BROKEN) {
		end_as_fault(run, unwrapped->fault);
		return;
	}
	coming.agent = forward_agent_at(run->settings, unwrapped->outer.destination);
	if (!coming.agent) {
		forward_ends(run, FORWARD_NOT_OURS);
		return;
	}
	if (!forward_is_allowed(run, coming.agent->group))
		return;
	if (unwrapped->fault != TUNNEL_NO_FAULT)
		end_as_fault(run, unwrapped->fault);
	else
		take_from(run, &coming);
}

struct forward_verdict forward_tunnel(const struct forward_context *context, struct span packet)
{
	struct forward_run run = forward_begin(context);
	struct writer room = tunnel_room(context->buffers->inner, packet);
	struct tunnel_unwrapped unwrapped;

	(void)tunnel_unwrap(packet, &room, &unwrapped); /* its fault says the same */
	take(&run, &unwrapped, 0);
	return run.verdict;
}

struct forward_verdict forward_datagram(const struct forward_context *context,
                                        const struct ip4 *outer, uint16_t source_port,
                                        uint16_t destination_port, struct span payload)
{
	struct forward_run run = forward_begin(context);
	struct writer room = tunnel_room(context->buffers->inner, payload);
	struct tunnel_unwrapped unwrapped;
	struct ip4 whole = *outer;

	/* A socket does not say it, and pieces of packets that all have the same one would be
	 * put together wrongly further on (RFC 4963). */
	if (payload.size > 1 && payload.at[1] == IP4_MINIMAL && whole.id == 0 && !context->trial)
		whole.id = soft_id(context->soft);
	(void)tunnel_unwrap_datagram(&whole, source_port, destination_port, payload, &room,
	                             &unwrapped);
	take(&run, &unwrapped, 0);
	return run.verdict;
}

bool forward_leaves_whole(const struct forward_context *context, uint32_t realm,
                          struct in_addr destination)
{
	struct tunnels_home home;

	return address_is_unicast(destination) &&
	       !forward_network_of(context->settings, realm, destination) &&
	       !tunnels_find(context->tunnels, realm, destination, &home);
}
