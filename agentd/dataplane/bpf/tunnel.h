/* tunnel.h - packets into a tunnel: the writing of outer headers (RFC 2003, 2004, 2784,
 * 3519). The kernel is told what the new header is, so that it can cut a large packet
 * into its segments behind it. */
#ifndef AGENTD_DATAPLANE_BPF_TUNNEL_H
#define AGENTD_DATAPLANE_BPF_TUNNEL_H

#include "agentd/dataplane/bpf/state.h"

#define MINIMAL_SIZE 12
#define GRE_SIZE 4
#define UDP_DATA_SIZE 12 /* UDP's header and RFC 3519's */
#define ROOM(size) (IP_AT + (size))

struct gre_header {
	__be16 flags;
	__be16 protocol;
};

struct udp_data {
	struct udphdr udp;
	__u8 type;
	__u8 next;
	__u16 reserved;
};

struct minimal_header {
	__u8 protocol;
	__u8 flags;
	__u16 check;
	__be32 destination;
	__be32 source;
};
#define MINIMAL_HAS_SOURCE 0x80

/* Octets that the tunnel adds; 0 for one that is not made here. UDP carries IP in IP
 * only, the others being rare in it. */
static __always_inline __u32 overhead_of(const struct tc_end *end)
{
	if (end->flags & TC_END_UDP)
		return end->encapsulation == IPIP && end->port ? IP_SIZE + UDP_DATA_SIZE : 0;
	if (end->encapsulation == IPIP)
		return IP_SIZE;
	if (end->encapsulation == GRE)
		return IP_SIZE + GRE_SIZE;
	return end->encapsulation == MINIMAL ? MINIMAL_SIZE : 0;
}

static __always_inline __u8 protocol_of(const struct tc_end *end)
{
	if (end->flags & TC_END_UDP)
		return IPPROTO_UDP;
	return end->encapsulation == GRE ? IPPROTO_GRE : IPPROTO_IPIP;
}

/* RFC 2003 section 3.1. The identification matters only where the packet may be cut (RFC
 * 6864). */
static __always_inline void write_outer(struct iphdr *outer, const struct packet *packet,
                                        const struct tc_end *end, __be32 from,
                                        const struct tc_config *settings)
{
	__be16 df = settings->always_df ? bpf_htons(IP_DF) : packet->ip.frag_off & bpf_htons(IP_DF);

	*outer = (struct iphdr){
		.version = 4,
		.ihl = 5,
		.tos = packet->ip.tos,
		.tot_len = bpf_htons((__u16)(packet->length + overhead_of(end))),
		.id = df ? packet->ip.id : (__be16)bpf_get_prandom_u32(),
		.frag_off = df,
		.ttl = settings->ttl,
		.protocol = protocol_of(end),
		.saddr = from,
		.daddr = end->remote,
	};
	header_seal(outer);
}

static __always_inline int write_gre(struct __sk_buff *skb)
{
	const struct gre_header gre = { .protocol = bpf_htons(ETH_P_IP) };

	return (int)bpf_skb_store_bytes(skb, ROOM(IP_SIZE), &gre, sizeof(gre),
	                                BPF_F_RECOMPUTE_CSUM);
}

/* Without a checksum, as RFC 768 allows, since the kernel has none to give over all of a
 * packet; user space sends one. */
static __always_inline int write_udp(struct __sk_buff *skb, const struct packet *packet,
                                     const struct tc_end *end, __be16 port)
{
	const struct udp_data data = {
		.udp = { .source = port,
		         .dest = end->port,
		         .len = bpf_htons((__u16)(packet->length + UDP_DATA_SIZE)) },
		.type = UDP_DATA,
		.next = IPPROTO_IPIP,
	};

	return (int)bpf_skb_store_bytes(skb, ROOM(IP_SIZE), &data, sizeof(data),
	                                BPF_F_RECOMPUTE_CSUM);
}

/* Both IP headers, in place; their sums make up for each other, so that what the card has
 * summed stays right. */
static __always_inline int write_headers(struct __sk_buff *skb, const struct packet *packet,
                                         const struct tc_end *end, __be32 from,
                                         const struct tc_config *settings, __u32 overhead)
{
	struct iphdr *outer = (void *)(long)skb->data + IP_AT;
	struct iphdr *inner = (void *)(long)skb->data + ROOM(overhead);

	if ((void *)(inner + 1) > (void *)(long)skb->data_end)
		return -2;
	write_outer(outer, packet, end, from, settings);
	inner->check = packet->ip.check;
	inner->ttl = packet->ip.ttl;
	header_age(inner);
	return 0;
}

/* A whole IP header in front. 0, or the packet is as it was: -1. Below that it is spoilt. */
static __always_inline int wrap_whole(struct __sk_buff *skb, const struct packet *packet,
                                      const struct tc_end *end, __be32 from,
                                      const struct tc_config *settings)
{
	__u64 how = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L3_IPV4;
	__u32 overhead = overhead_of(end);

	if (end->flags & TC_END_UDP)
		how |= BPF_F_ADJ_ROOM_ENCAP_L4_UDP;
	else if (end->encapsulation == GRE)
		how |= BPF_F_ADJ_ROOM_ENCAP_L4_GRE;
	if (bpf_skb_adjust_room(skb, (__s32)overhead, BPF_ADJ_ROOM_MAC, how) < 0)
		return -1;
	if (end->flags & TC_END_UDP)
		return write_headers(skb, packet, end, from, settings, IP_SIZE + UDP_DATA_SIZE) ||
		                       write_udp(skb, packet, end, settings->port) < 0
		               ? -2
		               : 0;
	if (end->encapsulation == GRE)
		return write_headers(skb, packet, end, from, settings, IP_SIZE + GRE_SIZE) ||
		                       write_gre(skb) < 0
		               ? -2
		               : 0;
	return write_headers(skb, packet, end, from, settings, IP_SIZE);
}

/* RFC 2004 section 3: the header stays, with other addresses; what they were follows. Its
 * DF is the packet's own, and must not become another. */
static __always_inline int wrap_minimal(struct __sk_buff *skb, const struct packet *packet,
                                        const struct tc_end *end, __be32 from)
{
	struct minimal_header minimal = {
		.protocol = packet->ip.protocol,
		.flags = MINIMAL_HAS_SOURCE,
		.destination = packet->ip.daddr,
		.source = packet->ip.saddr,
	};
	const __u16 *words = (const void *)&minimal;
	struct iphdr header = packet->ip;
	__u32 sum = 0;

	if (bpf_skb_adjust_room(skb, MINIMAL_SIZE, BPF_ADJ_ROOM_NET, BPF_F_ADJ_ROOM_FIXED_GSO) < 0)
		return -1;
	for (int i = 0; i < MINIMAL_SIZE / 2; i++)
		sum += words[i];
	minimal.check = (__u16)~fold(sum);
	header.ttl--;
	header.protocol = PROTOCOL_MINIMAL;
	header.tot_len = bpf_htons((__u16)(packet->length + MINIMAL_SIZE));
	header.saddr = from;
	header.daddr = end->remote;
	header_seal(&header);
	if (bpf_skb_store_bytes(skb, IP_AT, &header, IP_SIZE, BPF_F_INVALIDATE_HASH) < 0 ||
	    bpf_skb_store_bytes(skb, ROOM(IP_SIZE), &minimal, MINIMAL_SIZE, BPF_F_RECOMPUTE_CSUM) <
	            0)
		return -2;
	return 0;
}

#endif
