/* node_packets.c - one packet at a time. */
#include "agentd/dataplane/node_packets.h"

#include "proto/icmp4.h"

#define TTL 64u
#define ECHO_REPLY 0u
#define ECHO_REQUEST 8u
#define ECHO_SIZE 8u

/* ---- out ---- */

static enum node_fate wrap(const struct node_tunnels *tunnels, struct span packet,
                           const struct ip4 *ip, uint16_t id, struct writer *out)
{
	const struct tunnel_outer outer = { .ttl = TTL, .tos = ip->tos, .df = ip->df, .id = id };

	return tunnel_wrap(&tunnels->at[0], &outer, packet, out) == HA_OK ? NODE_WRAPPED
	                                                                  : NODE_BROKEN;
}

enum node_fate node_wrap(const struct node_tunnels *tunnels, struct span packet, uint16_t id,
                         struct writer *out)
{
	struct ip4 ip;

	if (ip4_read(packet, &ip) != HA_OK)
		return NODE_BROKEN;
	if (tunnels->count == 0 || !tunnels->reverse)
		return NODE_UNBOUND;
	if (!address_equal(ip.source, tunnels->home))
		return NODE_FOREIGN;
	return wrap(tunnels, packet, &ip, id, out);
}

enum node_fate node_keepalive(const struct node_tunnels *tunnels, struct in_addr home_agent,
                              uint16_t sequence, struct writer *out)
{
	uint8_t octets[IP4_HEADER_MIN + ECHO_SIZE], echo[ECHO_SIZE];
	struct writer inner = writer_over(octets, sizeof(octets));
	struct writer message = writer_over(echo, sizeof(echo));
	const struct ip4 ip = {
		.source = tunnels->home,
		.destination = home_agent,
		.total = sizeof(octets),
		.ttl = TTL,
		.protocol = IP4_ICMP,
	};
	uint16_t checksum;

	if (tunnels->count == 0)
		return NODE_UNBOUND;
	put_u8(&message, ECHO_REQUEST);
	put_u8(&message, 0);
	put_u16(&message, 0);
	put_u16(&message, tunnels->keepalive_id);
	put_u16(&message, sequence);
	checksum = ip4_checksum(writer_span(&message));
	echo[2] = (uint8_t)(checksum >> 8);
	echo[3] = (uint8_t)checksum;
	ip4_write(&inner, &ip);
	put_octets(&inner, echo, sizeof(echo));
	return wrap(tunnels, writer_span(&inner), &ip, sequence, out);
}

/* ---- in ---- */

static bool is_agreed(const struct node_tunnels *tunnels, const struct tunnel_unwrapped *packet)
{
	for (size_t i = 0; i < tunnels->count; i++)
		if (tunnel_matches(&tunnels->at[i], packet))
			return true;
	return false;
}

static bool is_for_all(const struct node_tunnels *tunnels, struct in_addr to)
{
	const struct address_prefix *network = &tunnels->home_network;
	uint32_t hosts = network->length ? UINT32_MAX >> network->length : 0;

	if (to.s_addr == INADDR_BROADCAST || address_host(to) >> 28 == 0xe)
		return true;
	return network->length > 0 && network->length < 31 &&
	       address_host(to) == (address_host(network->network) | hosts);
}

static bool is_for_us(const struct node_tunnels *tunnels, const struct ip4 *ip)
{
	if (address_equal(ip->source, tunnels->home))
		return false; /* we said that ourselves */
	return address_equal(ip->destination, tunnels->home) ||
	       (tunnels->broadcasts && is_for_all(tunnels, ip->destination));
}

static bool is_our_echo(const struct node_tunnels *tunnels, const struct tunnel_unwrapped *packet)
{
	struct span payload = ip4_payload(packet->inner, &packet->ip);
	struct reader in = reader_over(payload.at, payload.size);

	if (!packet->udp || packet->ip.protocol != IP4_ICMP || get_u8(&in) != ECHO_REPLY)
		return false;
	reader_take(&in, 3);
	return get_u16(&in) == tunnels->keepalive_id && in.error == HA_OK;
}

static enum node_fate judge(const struct node_tunnels *tunnels,
                            const struct tunnel_unwrapped *packet, struct span *inner)
{
	if (!is_agreed(tunnels, packet))
		return NODE_STRANGE;
	if (!is_for_us(tunnels, &packet->ip))
		return NODE_MISDIRECTED;
	if (is_our_echo(tunnels, packet))
		return NODE_KEEPALIVE;
	*inner = packet->inner;
	return NODE_DELIVERED;
}

enum node_fate node_unwrap(const struct node_tunnels *tunnels, struct span packet,
                           struct writer *scratch, struct span *inner)
{
	struct tunnel_unwrapped unwrapped;

	*inner = (struct span){ 0 };
	if (tunnel_unwrap(packet, scratch, &unwrapped) != HA_OK)
		return NODE_BROKEN;
	return judge(tunnels, &unwrapped, inner);
}

enum node_fate node_unwrap_datagram(const struct node_tunnels *tunnels, const struct ip4 *outer,
                                    uint16_t source_port, uint16_t destination_port,
                                    struct span payload, struct writer *scratch, struct span *inner)
{
	struct tunnel_unwrapped unwrapped;

	*inner = (struct span){ 0 };
	if (tunnel_unwrap_datagram(outer, source_port, destination_port, payload, scratch,
	                           &unwrapped) != HA_OK)
		return NODE_BROKEN;
	return judge(tunnels, &unwrapped, inner);
}
