/* forward_broadcast.c - broadcasts and multicasts of a home link, for mobile nodes that
 * asked for them with the B bit (RFC 5944 sections 4.3 and 4.4).
 *
 * The tunnel prolongs the link: TTL is left alone, for many of them have a TTL of 1. */
#include "agentd/dataplane/forward_internal.h"

#include "proto/message.h"

#define DHCP_SERVER 67u
#define DHCP_CLIENT 68u

static bool is_dhcp(struct span packet, const struct ip4 *ip)
{
	struct span payload = ip4_payload(packet, ip);
	struct reader in = reader_over(payload.at, payload.size);
	uint16_t source = get_u16(&in), destination = get_u16(&in);

	return ip->protocol == IP4_UDP && ip->offset == 0 && in.error == HA_OK &&
	       (source == DHCP_SERVER || source == DHCP_CLIENT) &&
	       (destination == DHCP_SERVER || destination == DHCP_CLIENT);
}

/* FORWARD_CATEGORY_COUNT: none of them. */
static enum forward_category category_of(const struct forward_network *network, struct span packet,
                                         const struct ip4 *ip)
{
	uint32_t destination = address_host(ip->destination);
	bool limited = destination == INADDR_BROADCAST;

	if (limited && is_dhcp(packet, ip))
		return FORWARD_CATEGORY_DHCP;
	if (limited)
		return FORWARD_CATEGORY_LIMITED;
	if (forward_is_directed(network, ip->destination))
		return FORWARD_CATEGORY_DIRECTED;
	if (destination >> 8 == 0xe00000)
		return FORWARD_CATEGORY_LINK_GROUPS;
	return IN_MULTICAST(destination) ? FORWARD_CATEGORY_GROUPS : FORWARD_CATEGORY_COUNT;
}

struct spreading {
	struct forward_run *run;
	const struct forward_network *network;
	struct forward_subject plain;
	struct in_addr except;
	uint32_t copies;
};

/* A foreign agent could not tell whose a broadcast is: in a packet to the home address
 * it can, and the mobile node unwraps what is in it. */
static bool nest(struct forward_run *run, const struct forward_agent *agent,
                 const struct tunnels_home *home, struct span packet,
                 struct forward_subject *nested)
{
	struct forward_buffers *buffers = run->context->buffers;
	struct writer out = writer_over(buffers->nested, sizeof(buffers->nested));
	struct tunnel_end end = { .local = agent->address,
		                  .remote = home->home,
		                  .encapsulation = ENCAPSULATION_IPIP };
	struct tunnel_outer outer = {
		.ttl = run->settings->ttl,
		.id = run->context->trial ? 0 : soft_id(run->context->soft),
	};

	if (ip4_read(packet, &nested->ip) != HA_OK) /* the packet's own, for its TOS */
		return false;
	outer.tos = nested->ip.tos;
	if (tunnel_wrap(&end, &outer, packet, &out) != HA_OK)
		return false;
	nested->packet = writer_span(&out);
	return ip4_read(nested->packet, &nested->ip) == HA_OK;
}

static void copy_to_binding(struct spreading *spreading, const struct tunnels_home *home,
                            const struct tunnels_binding *binding)
{
	struct forward_run *run = spreading->run;
	const struct forward_agent *agent = forward_agent_of(run->settings, home->group);
	struct forward_subject subject = spreading->plain;

	if (!agent || !(binding->flags & MIP_REQUEST_BROADCAST))
		return;
	if (!(binding->flags & MIP_REQUEST_DECAPSULATES)) {
		if (!nest(run, agent, home, subject.packet, &subject)) {
			forward_happened(run, FORWARD_TOO_LONG);
			return;
		}
		forward_happened(run, FORWARD_BROADCAST_NESTED);
	}
	spreading->copies += forward_copy(run, &subject, home, binding).sent;
}

/* What is on a link as well reaches who attracts there, whoever put it there. */
static bool is_ours_to_spread(const struct spreading *spreading, uint8_t group)
{
	return spreading->network->kind == FORWARD_VIRTUAL ||
	       forward_attracts(spreading->run, group);
}

static bool is_addressee(const struct spreading *spreading, const struct tunnels_home *home)
{
	const struct forward_context *context = spreading->run->context;

	return !address_equal(home->home, spreading->except) &&
	       !address_equal(home->home, spreading->plain.ip.source) &&
	       context->may_forward(context->context, home->group) &&
	       is_ours_to_spread(spreading, home->group);
}

static void spread(struct spreading *spreading)
{
	struct forward_run *run = spreading->run;
	struct tunnels_home home;
	uint32_t place = 0;

	while (tunnels_walk_wanting(run->context->tunnels, spreading->network->realm,
	                            &spreading->network->prefix, &place, &home)) {
		if (!is_addressee(spreading, &home))
			continue;
		if (spreading->copies >= run->settings->broadcasts) {
			forward_happened(run, FORWARD_BROADCAST_CAPPED);
			return;
		}
		for (size_t i = 0; i < home.count; i++)
			copy_to_binding(spreading, &home, &home.bindings[i]);
	}
}

uint32_t forward_fan_out(struct forward_run *run, const struct forward_network *network,
                         struct span packet, struct in_addr except)
{
	struct spreading spreading = {
		.run = run,
		.network = network,
		.plain = { .realm = network->realm, .packet = packet, .arrived = packet },
		.except = except,
	};
	enum forward_category category;

	if (ip4_read(packet, &spreading.plain.ip) != HA_OK || spreading.plain.ip.ttl == 0)
		return 0;
	category = category_of(network, packet, &spreading.plain.ip);
	forward_note(run, "it is of category %s", forward_category_name(category));
	if (run->settings->categories & FORWARD_CATEGORY_BIT(category))
		spread(&spreading);
	return spreading.copies;
}

static bool is_heard_on(const struct forward_network *network, const struct ip4 *ip)
{
	bool is_for_link = ip->destination.s_addr == INADDR_BROADCAST ||
	                   IN_MULTICAST(address_host(ip->destination));

	return network->kind != FORWARD_VIRTUAL &&
	       (forward_is_directed(network, ip->destination) ||
	        (is_for_link && address_in_prefix(ip->source, &network->prefix)));
}

const struct forward_network *forward_heard_on(const struct forward_settings *settings,
                                               const struct ip4 *ip)
{
	for (size_t i = 0; i < settings->network_count; i++)
		if (is_heard_on(&settings->networks[i], ip))
			return &settings->networks[i];
	return NULL;
}

struct forward_verdict forward_broadcast(const struct forward_context *context,
                                         const struct forward_network *network, struct span packet)
{
	struct forward_run run = forward_begin(context);
	enum forward_category category;
	struct ip4 ip;

	if (ip4_read(packet, &ip) != HA_OK) {
		forward_ends(&run, FORWARD_HEADER);
		return run.verdict;
	}
	packet.size = ip.total;
	category = category_of(network, packet, &ip);
	if (category == FORWARD_CATEGORY_COUNT)
		forward_ends(&run, FORWARD_BROADCAST_UNICAST);
	else if (!forward_is_allowed(&run, network->group))
		return run.verdict;
	else if (!forward_attracts(&run, network->group))
		forward_ends(&run, FORWARD_BROADCAST_ELSEWHERE);
	else if (forward_is_own(context->settings, ip.source))
		forward_ends(&run, FORWARD_OWN_SOURCE);
	else if (!(context->settings->categories & FORWARD_CATEGORY_BIT(category)))
		forward_ends(&run, FORWARD_BROADCAST_CATEGORY);
	else if (forward_fan_out(&run, network, packet, (struct in_addr){ 0 }) == 0)
		forward_ends(&run, FORWARD_BROADCAST_NOBODY);
	else
		forward_ends(&run, FORWARD_BROADCAST);
	return run.verdict;
}
