/* packet.h - what is known of one packet, and small things that are done with headers,
 * in the BPF programs.
 *
 * Only a header of 20 octets is taken up here; everything else is user space's. */
#ifndef AGENTD_DATAPLANE_BPF_PACKET_H
#define AGENTD_DATAPLANE_BPF_PACKET_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "agentd/dataplane/bpf/tc_map.h"

#define FAMILY_INET 2 /* AF_INET, whose header is not for BPF */
#define IP_AT ETH_HLEN
#define IP_SIZE 20
#define IP_DF 0x4000
#define IP_FRAGMENT 0x3fff /* MF and offset */
#define IP_OFFSET 0x1fff
#define PROTOCOL_MINIMAL 55
#define UDP_DATA 4 /* type of a message that carries a packet, RFC 3519 */
#define OVERHEAD_MAX 32

enum {
	IPIP = 0, /* enum encapsulation */
	MINIMAL = 1,
	GRE = 2,
};

/* One packet, as it goes into a tunnel or came out of one. */
struct packet {
	struct iphdr ip;
	__u32 length;   /* of the packet, GSO: of all of it */
	__u32 segment;  /* of the largest packet that this is on the wire */
	__u32 segments; /* so many packets */
};

static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)sum;
}

/* Sum of a header of 20 octets; 0xffff where it is intact. */
static __always_inline __u16 header_sum(const struct iphdr *ip)
{
	const __u16 *words = (const void *)ip;
	__u32 sum = 0;

#pragma unroll
	for (int i = 0; i < IP_SIZE / 2; i++)
		sum += words[i];
	return fold(sum);
}

static __always_inline void header_seal(struct iphdr *ip)
{
	ip->check = 0;
	ip->check = (__u16)~header_sum(ip);
}

/* RFC 1624, for a TTL of at least 1. */
static __always_inline void header_age(struct iphdr *ip)
{
	__u32 sum = (__u32)ip->check + bpf_htons(0x0100);

	ip->check = (__u16)(sum + (sum >= 0xffff));
	ip->ttl--;
}

/* Intact, without options, and inside `room` octets? */
static __always_inline int header_is_plain(const struct iphdr *ip, __u32 room)
{
	return ip->version == 4 && ip->ihl == 5 && bpf_ntohs(ip->tot_len) >= IP_SIZE &&
	       bpf_ntohs(ip->tot_len) <= room && header_sum(ip) == 0xffff;
}

/* May a packet come from there? Not from nobody, from this host, or from many. */
static __always_inline int is_unicast(__be32 address)
{
	__u32 first = bpf_ntohl(address) >> 24;

	return first != 0 && first != 127 && first < 224;
}

/* Is it a tunnel's packet, whose contents user space wants to see? */
static __always_inline int is_nested(__u8 protocol)
{
	return protocol == IPPROTO_IPIP || protocol == IPPROTO_GRE || protocol == PROTOCOL_MINIMAL;
}

/* Sizes, of a packet whose IP header stands at `at` of the buffer. 0: a GSO packet that
 * no tunnel takes. */
static __always_inline int measure(struct __sk_buff *skb, struct packet *packet, __u32 at)
{
	__u8 offset;

	packet->length = bpf_ntohs(packet->ip.tot_len);
	packet->segment = packet->length;
	packet->segments = 1;
	if (!skb->gso_size)
		return 1;
	packet->segments = skb->gso_segs;
	packet->segment = IP_SIZE + skb->gso_size;
	if (packet->ip.frag_off & bpf_htons(IP_FRAGMENT))
		return 0;
	if (packet->ip.protocol == IPPROTO_UDP) {
		packet->segment += sizeof(struct udphdr);
	} else if (packet->ip.protocol == IPPROTO_TCP) {
		if (bpf_skb_load_bytes(skb, at + IP_SIZE + 12, &offset, 1) < 0)
			return 0;
		packet->segment += (offset >> 4) * 4;
	} else {
		return 0;
	}
	return packet->segments != 0 && packet->length + OVERHEAD_MAX <= 0xffff &&
	       packet->length + at <= skb->len;
}

#endif
