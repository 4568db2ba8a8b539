// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* tunnels.bpf.c - what stands around the home agent when its tunnels are measured: who
 * sends, who throws away, and the far end of a tunnel. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char bench_license[] SEC("license") = "Dual BSD/GPL";

struct frame {
	struct ethhdr ethernet;
	struct iphdr ip;
	struct udphdr udp;
} __attribute__((packed));

/* Set by the program that measures. */
__u8 agent_mac[ETH_ALEN], sender_mac[ETH_ALEN];
__u32 sender; /* addresses in host order */
__u32 first_home;
__u32 home_mask; /* homes - 1: they are a power of two */
__u32 out_interface;

__u64 arrived;

static __always_inline void seal(struct iphdr *ip)
{
	const __u16 *words = (const void *)ip;
	__u32 sum = 0;

#pragma unroll
	for (int i = 0; i < 10; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = (__u16)~sum;
}

/* A frame is written anew each time: its memory comes back as it was left. */
SEC("xdp")
int generate(struct xdp_md *context)
{
	struct frame *frame = (void *)(long)context->data;
	__u32 size = (__u32)(context->data_end - context->data);
	struct iphdr ip;

	if ((void *)(frame + 1) > (void *)(long)context->data_end)
		return XDP_DROP;
	__builtin_memcpy(frame->ethernet.h_dest, agent_mac, ETH_ALEN);
	__builtin_memcpy(frame->ethernet.h_source, sender_mac, ETH_ALEN);
	frame->ethernet.h_proto = bpf_htons(ETH_P_IP);
	ip = (struct iphdr){
		.version = 4,
		.ihl = 5,
		.tot_len = bpf_htons((__u16)(size - ETH_HLEN)),
		.ttl = 64,
		.frag_off = bpf_htons(0x4000),
		.protocol = IPPROTO_UDP,
		.saddr = bpf_htonl(sender),
		.daddr = bpf_htonl(first_home + (bpf_get_prandom_u32() & home_mask)),
	};
	seal(&ip);
	frame->ip = ip;
	frame->udp = (struct udphdr){
		.source = bpf_htons(9000),
		.dest = bpf_htons(9000),
		.len = bpf_htons((__u16)(size - ETH_HLEN - sizeof(ip))),
	};
	return (int)bpf_redirect(out_interface, 0);
}

/* In the place of the home agent: what sending alone costs. */
SEC("xdp")
int drop(struct xdp_md *context)
{
	(void)context;
	arrived++;
	return XDP_DROP;
}

SEC("tc")
int sink(struct __sk_buff *skb)
{
	(void)skb;
	arrived++;
	return TC_ACT_SHOT;
}

/* The far end of a tunnel with IP in IP, in front of the mobile node's own stack. */
SEC("tc")
int far_end(struct __sk_buff *skb)
{
	struct iphdr ip;

	if (skb->protocol != bpf_htons(ETH_P_IP) ||
	    bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) < 0 || ip.protocol != IPPROTO_IPIP)
		return TC_ACT_OK;
	if (bpf_skb_adjust_room(skb, -(int)sizeof(ip), BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO) <
	    0)
		return TC_ACT_SHOT;
	return TC_ACT_OK;
}
