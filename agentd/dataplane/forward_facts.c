/* forward_facts.c - small questions about settings and packets. */
#include "agentd/dataplane/forward_internal.h"

struct forward_settings forward_settings_default(void)
{
	return (struct forward_settings){
		.link_mtu = 1500,
		.mtu_floor = IP4_DATAGRAM_MIN,
		.udp_port = TUNNEL_UDP_PORT,
		.nesting = 4,
		.ttl = 64,
		.categories = FORWARD_CATEGORIES_DEFAULT,
		.broadcasts = 1000,
	};
}

const struct forward_agent *forward_agent_of(const struct forward_settings *s, uint8_t group)
{
	for (size_t i = 0; i < s->agent_count; i++)
		if (s->agents[i].group == group)
			return &s->agents[i];
	return NULL;
}

const struct forward_agent *forward_agent_at(const struct forward_settings *s,
                                             struct in_addr address)
{
	for (size_t i = 0; i < s->agent_count; i++)
		if (address_equal(s->agents[i].address, address))
			return &s->agents[i];
	return NULL;
}

/* The longest prefix says which network it is. */
const struct forward_network *forward_network_of(const struct forward_settings *s, uint32_t realm,
                                                 struct in_addr address)
{
	const struct forward_network *best = NULL;

	for (size_t i = 0; i < s->network_count; i++) {
		const struct forward_network *network = &s->networks[i];

		if (network->realm == realm && address_in_prefix(address, &network->prefix) &&
		    (!best || network->prefix.length > best->prefix.length))
			best = network;
	}
	return best;
}

bool forward_is_own(const struct forward_settings *s, struct in_addr address)
{
	for (size_t i = 0; i < s->own_count; i++)
		if (address_equal(s->own[i], address))
			return true;
	return false;
}

/* All ones, or all zeros as of old; with fewer than two bits there is none. */
bool forward_is_directed(const struct forward_network *network, struct in_addr address)
{
	uint32_t hosts = UINT32_MAX >> network->prefix.length % 32;
	uint32_t host = address_host(address) & hosts;

	return network->prefix.length >= 1 && network->prefix.length <= 30 &&
	       address_in_prefix(address, &network->prefix) && (host == hosts || host == 0);
}

struct tunnel_end forward_end(const struct forward_run *run, const struct forward_agent *agent,
                              const struct tunnels_binding *binding)
{
	bool udp = binding->features & BINDING_UDP;

	return (struct tunnel_end){
		.local = agent->address,
		.remote = binding->endpoint,
		.local_port = udp ? run->settings->udp_port : 0,
		.remote_port = udp ? binding->endpoint_port : 0,
		.encapsulation = binding->encapsulation,
		.udp = udp,
	};
}

bool forward_is_allowed(struct forward_run *run, uint8_t group)
{
	if (run->context->may_forward(run->context->context, group))
		return true;
	forward_ends(run, FORWARD_FENCED);
	return false;
}

bool forward_is_from_there(struct forward_run *run, const struct forward_subject *subject)
{
	struct in_addr source = subject->ip.source;

	if (subject->from_host)
		return true;
	if (forward_is_own(run->settings, source))
		forward_ends(run, FORWARD_OWN_SOURCE);
	else if (!address_is_unicast(source))
		forward_ends(run, FORWARD_BAD_SOURCE);
	else
		return true;
	return false;
}

bool forward_attracts(const struct forward_run *run, uint8_t group)
{
	const struct forward_context *context = run->context;

	return !context->may_attract || context->may_attract(context->context, group);
}

bool forward_count_hop(struct forward_run *run, const struct forward_agent *agent,
                       struct forward_subject *subject)
{
	uint8_t *room = run->context->buffers->packet;
	bool lives = subject->ip.ttl > 0;

	if (!subject->counted) {
		memcpy(room, subject->packet.at, subject->ip.total);
		lives = ip4_decrement_ttl(room, &subject->ip);
		subject->packet = (struct span){ room, subject->ip.total };
	}
	if (lives)
		return true;
	forward_ends(run, FORWARD_EXPIRED);
	if (agent)
		forward_complain(run, agent, subject->arrived,
		                 (struct complaint){ .type = ICMP4_TIME_EXCEEDED,
		                                     .code = ICMP4_IN_TRANSIT });
	return false;
}
